"""Events as changes of tables: so a plan remembers them, and whatever is made from it knows."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl

from matching.guards.moments import Moment
from matching.orders.happenings import before_they_began, happened
from matching.orders.moments import minute_of
from matching.problem import Problem
from matching.problem import columns as c
from matching.schema import key_of

_PAIR = ["volunteer_id", "request_id"]


def as_changes(
    problem: Problem,
    tables: Mapping[str, pl.DataFrame],
    events: pl.DataFrame,
    now: Moment | None = None,
) -> dict[str, pl.DataFrame]:
    """Return the changes of tables that say what events say.

    Parameters
    ----------
    problem : Problem
        The week of the tables.
    tables : Mapping of str to polars.DataFrame
    events : polars.DataFrame
        See `matching.orders.happenings.happened`, also for what is raised.
    now : str or datetime.datetime, optional
        An order that began by then is not called off any more.

    Returns
    -------
    dict of str to polars.DataFrame
        See `matching.answers.edited.edited`; without a table in which nothing changes.
    """
    minute = None if now is None else minute_of(problem, now)
    heard = before_they_began(problem, happened(problem, events), minute)
    changes = {}
    off = problem.requests.id.filter(pl.Series(heard.withdrawn)).alias("request_id")
    if len(off):
        changes["requests"] = pl.DataFrame({"action": ["remove"] * len(off), "request_id": off})
    # What hangs on an order that is off goes with it.
    rows = np.flatnonzero(~heard.withdrawn[heard.request])
    if len(rows):
        posts, first = problem.posts, c.starts_of(problem.posts.request, len(problem.requests))
        no = rows[~heard.agreed[rows]]
        count = first[heard.request[no] + 1] - first[heard.request[no]]
        yes = rows[heard.agreed[rows]]
        who = np.append(np.repeat(heard.volunteer[no], count), heard.volunteer[yes])
        post = np.append(c.ranges(first[heard.request[no]], count), heard.post[yes])
        option = np.append(np.full(int(count.sum()), -1), heard.option[yes])
        named = pl.Series(option, dtype=pl.Int64).replace(-1, None)
        said = pl.DataFrame(
            {
                "action": ["add"] * len(post),
                "volunteer_id": problem.volunteers.id.gather(who),
                "request_id": problem.requests.id.gather(posts.request[post]),
                "post": posts.id.gather(post),
                "option": problem.options.id.gather(named),
                "status": ["declined"] * int(count.sum()) + ["accepted"] * len(yes),
            }
        )
        gone = _taken_back(tables, said.select(_PAIR).unique(maintain_order=True))
        changes["assignments"] = pl.concat([gone, said], how="diagonal")
    return changes


def _taken_back(tables: Mapping[str, pl.DataFrame], pairs: pl.DataFrame) -> pl.DataFrame:
    """Return the change that takes out what was known of some people and requests."""
    known = tables.get("assignments")
    keys = key_of("assignments")
    if known is None:
        return pl.DataFrame(schema=dict.fromkeys(("action", *keys), pl.String))
    columns = [name for name in keys if name in known.columns]
    rows = known.select(pl.col(columns).cast(pl.String).str.strip_chars())
    rows = rows.join(pairs, on=_PAIR, how="semi").unique(maintain_order=True)
    return rows.select(pl.lit("remove").alias("action"), *columns)
