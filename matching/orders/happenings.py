"""Events that change a plan in force: who is not coming, who has agreed, which orders are off."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import polars as pl

from matching.errors import UsageError, listed
from matching.guards.characters import missing
from matching.problem import Problem
from matching.problem import columns as c
from matching.problem.part import joined
from matching.problem.series import index_in
from matching.schema import DEFAULT_POST, STATUSES
from matching.tables.faults import faults_of, raise_any

# What becomes of a person's service, and of an order.
FREED = ("cancelled", "declined", "no_show", "expired", "recalled", "handed_over")
AGREED = ("accepted", "assigned", "kept", "took_over")
OFF = ("withdrawn", "refused", "lapsed")
# What changes no plan.
OTHERS = (
    *("ordered", "checked", "dispatched", "opened", "settled", "done", "reviewed", "closed"),
    *("offered", "interested", "stood_by", "waited", "reserved", "passed_over"),
    *("called", "promoted", "called_last", "put_up", "applied"),
    *("checked_in", "checked_out", "forced_out"),
)
_NEEDED = ("request_id", "event", "volunteer_id")
_SAID = -1


class Happened(NamedTuple):
    """What events say of a week.

    Attributes
    ----------
    volunteer, request : int32 arrays, shape (answers,)
        Whose answer to what: the last of each pair.
    post : int32 array, shape (answers,)
        What was agreed to; -1 where all posts are meant.
    option : int32 array, shape (answers,)
        -1: at any.
    agreed : bool array, shape (answers,)
        Or else they do not come.
    withdrawn : bool array, shape (requests,)
    """

    volunteer: c.Ints
    request: c.Ints
    post: c.Ints
    option: c.Ints
    agreed: c.Bools
    withdrawn: c.Bools


def nothing(problem: Problem) -> Happened:
    """Return that nothing happened."""
    none = np.empty(0, np.int32)
    off = np.zeros(len(problem.requests), np.bool_)
    return Happened(none, none, none, none, np.empty(0, np.bool_), off)


def happened(problem: Problem, events: pl.DataFrame) -> Happened:
    """Read events.

    Parameters
    ----------
    problem : Problem
    events : polars.DataFrame
        ``request_id``, ``event``, ``volunteer_id`` and, where they are known, ``version``, ``post``
        and ``option``; the later of two has the higher version, or stands below.

    Raises
    ------
    UsageError
        If a column is missing.
    DataError
        If the week has no such request or volunteer, or there is no such event.
    """
    lacking = [name for name in _NEEDED if name not in events.columns]
    if lacking:
        raise UsageError(
            f"events have no column {lacking[0]}: the table has {listed(events.columns)}"
        )
    optional = [name for name in ("post", "option") if name not in events.columns]
    rows = events.with_columns(pl.lit(None, pl.String).alias(name) for name in optional)
    rows = rows.with_columns(
        pl.when(pl.col(name).cast(pl.String) != "").then(pl.col(name).cast(pl.String))
        for name in ("request_id", "event", "volunteer_id", "post", "option")
    )
    if "row" not in rows.columns:
        rows = rows.with_row_index("row", offset=1)
    order = ["version", "row"] if "version" in rows.columns else ["row"]
    if "version" in rows.columns:
        rows = rows.with_columns(pl.col("version").cast(pl.Int64, strict=False))
    rows = rows.sort(order, maintain_order=True)
    rows = rows.with_columns(
        q=pl.Series(index_in(rows["request_id"], problem.requests.id)),
        v=pl.Series(index_in(rows["volunteer_id"], problem.volunteers.id)),
    )
    event = pl.col("event")
    # An order is cancelled where nobody's service is.
    off = event.is_in(OFF) | ((event == "cancelled") & pl.col("volunteer_id").is_null())
    answers = event.is_in([*FREED, *AGREED]) & ~off
    known = event.is_in([*FREED, *AGREED, *OFF, *OTHERS]).fill_null(False)
    unsaid = rows.filter(answers, pl.col("volunteer_id").is_null())
    nobody = rows.filter(answers, pl.col("volunteer_id").is_not_null(), pl.col("v") < 0)
    # A log may be of all weeks.
    weeks = problem.names["requests"]["request_id"] if problem.names else problem.requests.id
    elsewhere = pl.col("request_id").is_in(weeks.implode()).fill_null(False)
    nowhere = rows.filter(answers | off, pl.col("q") < 0, ~elsewhere)
    rows = rows.filter(~elsewhere | (pl.col("q") >= 0))
    raise_any(
        [
            faults_of("events", rows.filter(~known), ("event",), "event", _LEGAL),
            faults_of("events", unsaid, ("volunteer_id",), "required", "say whose service it is"),
            faults_of("events", nobody, ("volunteer_id",), "reference",
                      missing(problem.volunteers.id, "volunteers has no such volunteer_id")),
            faults_of("events", nowhere, ("request_id",), "reference",
                      missing(problem.requests.id, "the week has no such request")),
        ]
    )  # fmt: skip
    withdrawn = np.zeros(len(problem.requests), np.bool_)
    withdrawn[rows.filter(off)["q"].to_numpy()] = True
    last = rows.filter(answers).unique(["v", "q"], keep="last", maintain_order=True)
    agreed = last["event"].is_in(AGREED).to_numpy()
    post = np.where(agreed, _posts(problem, last, agreed), -1).astype(np.int32)
    option = _options(problem, last)
    who, what = (last[name].to_numpy().astype(np.int32) for name in ("v", "q"))
    return Happened(who, what, post, option, agreed, withdrawn)


_LEGAL = f"no event changes a plan so: write one of {', '.join((*FREED, *AGREED, *OFF))}"


def _posts(problem: Problem, rows: pl.DataFrame, agreed: c.Bools) -> c.Ints:
    """Return the posts that were agreed to; refuse a request with several, if none is said."""
    posts = problem.posts
    known = pl.DataFrame({"q": posts.request, "post": posts.id, "n": np.arange(len(posts))})
    only = known.filter(pl.len().over("q") == 1).select("q", only="post")
    asked = rows.select("row", "q", "request_id", "post").join(
        only, on="q", how="left", maintain_order="left"
    )
    asked = asked.with_columns(post=pl.coalesce("post", "only", pl.lit(DEFAULT_POST)))
    found = asked.join(known, on=["q", "post"], how="left", maintain_order="left")
    lost = found.filter(pl.col("n").is_null(), pl.Series(agreed))
    text = "the request has no such post: say to which of its posts was agreed"
    raise_any([faults_of("events", lost, ("request_id", "post"), "reference", text)])
    return found["n"].fill_null(-1).to_numpy().astype(np.int32)


def _options(problem: Problem, rows: pl.DataFrame) -> c.Ints:
    options = problem.options
    known = pl.DataFrame({"q": options.request, "option": options.id, "o": np.arange(len(options))})
    found = rows.select("row", "q", "request_id", "option").join(
        known, on=["q", "option"], how="left", maintain_order="left"
    )
    lost = found.filter(pl.col("option").is_not_null(), pl.col("o").is_null())
    text = "the request has no such option"
    raise_any([faults_of("events", lost, ("request_id", "option"), "reference", text)])
    return found["o"].fill_null(-1).to_numpy().astype(np.int32)


def said_in(problem: Problem, what: Happened) -> Problem:
    """Return the week with these answers, in the place of what was said before."""
    if not len(what.volunteer) and not what.withdrawn.any():
        return problem
    earlier, posts = problem.earlier, problem.posts
    # Of what is off nothing more is to be known.
    wanted = ~what.withdrawn[what.request]
    what = what._replace(
        volunteer=what.volunteer[wanted],
        request=what.request[wanted],
        post=what.post[wanted],
        option=what.option[wanted],
        agreed=what.agreed[wanted],
    )
    said = np.sort(c.combine(what.volunteer, what.request))
    old = c.lookup(said, c.combine(earlier.volunteer, posts.request[earlier.post])) < 0
    old &= ~what.withdrawn[posts.request[earlier.post]]
    # Who does not come does not come to any post of the request.
    first = c.starts_of(posts.request, len(problem.requests))
    no = np.flatnonzero(~what.agreed)
    count = first[what.request[no] + 1] - first[what.request[no]]
    refused = c.ranges(first[what.request[no]], count).astype(np.int32)
    yes = np.flatnonzero(what.agreed)
    more = c.Earlier(
        np.append(np.repeat(what.volunteer[no], count), what.volunteer[yes]),
        np.append(refused, what.post[yes]),
        np.append(np.full(len(refused), -1, np.int32), what.option[yes]),
        np.append(
            np.full(len(refused), STATUSES.index("declined"), np.int32),
            np.full(len(yes), STATUSES.index("accepted"), np.int32),
        ),
        np.full(len(refused) + len(yes), _SAID, np.int32),
    )
    return replace(problem, earlier=joined(earlier.take(old), more).sorted())


def before_they_began(problem: Problem, what: Happened, now: int | None) -> Happened:
    """Return what happened without orders that were called off after all their times had begun."""
    if now is None:
        return what
    latest = np.full(len(problem.requests), now)
    np.maximum.at(latest, problem.options.request, problem.options.start)
    return what._replace(withdrawn=what.withdrawn & (latest > now))
