"""Edited rosters become pins of the week that is planned anew, or faults in the sheet's words."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np
import polars as pl

from matching.audit import violations_of
from matching.audit.pins import settled
from matching.errors import DataError
from matching.problem import Problem
from matching.problem import columns as c
from matching.problem.plan import Plan
from matching.problem.series import index_in
from matching.reports import sheets
from matching.reports.edits import PAIR, Edits, sheet_faults, stands
from matching.reports.resolving import post_keys, resolved
from matching.reports.sheets import Words
from matching.schema import STATUSES

_TEAM_RULES = ("min_seats", "min_people", "team", "together", "group")


@dataclass(frozen=True)
class Repinned:
    """A problem with the pins of an edited workbook.

    Attributes
    ----------
    problem : Problem
    kept, added, set_aside, taken_off : int
        Rows as they were, rows with somebody new there, rows that are against a rule or cannot be
        read, and people who do not come back.
    """

    problem: Problem
    kept: int
    added: int
    set_aside: int
    taken_off: int
    _words: Words
    _rows: pl.DataFrame
    _touched: pl.Series

    def counts(self) -> dict[str, int]:
        """Return the counts by name, as the summary has them."""
        return {name: getattr(self, name) for name in ("kept", "added", "set_aside", "taken_off")}

    def check_served(self) -> None:
        """Say what keeps edited requests from being served, as the pins alone stand.

        For when no plan was found.

        Raises
        ------
        DataError
            If an order that the edit touched lacks somebody.
        """
        plan = _plan_of(self.problem)
        broken = violations_of(self.problem, plan, _TEAM_RULES)
        broken = broken.filter(pl.col("request_id").is_in(self._touched.implode()))
        if broken.is_empty():
            return
        found = self._rows.select("row", "request_id").unique("request_id", keep="first")
        found = found.join(broken, on="request_id", maintain_order="right")
        faults = [
            sheet_faults(
                self._words,
                rows,
                ("request_id",),
                f"pinned_{rule}",
                "the rows of this order lack somebody, and nobody can be added under the rules; "
                "put somebody there who fits, or take all rows of the order off",
            ).with_columns(message=pl.format("{}: {}", rows["detail"], pl.col("message")))
            for (rule,), rows in found.group_by("rule", maintain_order=True)
        ]
        raise DataError(pl.concat(faults).sort("row"))


def repinned(problem: Problem, edits: Edits) -> Repinned:
    """Return the problem with the workbook's rows as pins.

    Every row that stands stays; who was taken off a request does not come back to it; what the
    tables say of these assignments gives way to the workbook.

    Parameters
    ----------
    problem : Problem
        As the tables have it.

    Raises
    ------
    DataError
        If a row cannot be understood or breaks a rule, unless the problem sets faults aside.
    """
    rows, faults = resolved(problem, edits)
    every = pl.concat([edits.faults, faults]).sort("row", "column", maintain_order=True)
    if every.height and problem.on_error == "raise":
        raise DataError(every)
    rows = rows.filter(~pl.col("row").is_in(every["row"].implode()))
    standing = rows.filter(pl.col("volunteer_id").is_not_null(), stands())
    gone = edits.taken_off()
    base = int(problem.earlier.row.max(initial=0)) + 1
    option = standing["option_index"].fill_null(-1)
    pins = _decided(problem, standing, "pinned", option, standing["row"] + base)
    parts = (_superseded(problem, standing, gone), pins, _bans(problem, gone))
    names = [field.name for field in fields(c.Earlier)]
    earlier = c.Earlier(*(np.concatenate([getattr(p, name) for p in parts]) for name in names))
    problem = replace(problem, earlier=earlier, faults=pl.concat([problem.faults, every]))
    try:
        problem = settled(problem)
    except DataError as error:
        raise DataError(_in_words_of_the_sheet(error.faults, base, edits.words)) from None
    problem = replace(problem, faults=_in_words_of_the_sheet(problem.faults, base, edits.words))
    # What is pinned in the end counts: rules may have set rows aside.
    aside = problem.faults.filter(pl.col("table") == edits.words.roster)["row"].unique()
    pinned = standing.filter(~pl.col("row").is_in(aside.implode()))
    new = standing.join(edits.original, on=[*PAIR, "post"], how="anti")
    added = pinned.join(new, on="row", how="semi").height
    touched = pl.concat([gone["request_id"], new["request_id"]]).unique()
    return Repinned(
        problem,
        pinned.height - added,
        added,
        len(aside),
        gone.height,
        edits.words,
        standing,
        touched,
    )


def _plan_of(problem: Problem) -> Plan:
    """Return the plan of the pins alone, those without an option at the first."""
    pins = problem.pins
    slots = pl.DataFrame({"post": problem.slots.post, "option": problem.slots.option})
    rows = pl.DataFrame({"volunteer": pins.volunteer, "post": pins.post, "option": pins.option})
    fits = (pl.col("option") < 0) | (pl.col("option") == pl.col("option_right"))
    found = rows.with_row_index("pin").join(slots.with_row_index("slot"), on="post").filter(fits)
    found = found.sort("pin", "slot").unique("pin", keep="first", maintain_order=True)
    return Plan(found["volunteer"].to_numpy(), found["slot"].to_numpy().astype(np.int32))


def _superseded(problem: Problem, standing: pl.DataFrame, gone: pl.DataFrame) -> c.Earlier:
    """Return what the tables say of other pairs, and what was declined."""
    earlier, posts = problem.earlier, problem.posts
    theirs = pl.select(
        request_id=problem.requests.id.gather(posts.request[earlier.post]),
        volunteer_id=problem.volunteers.id.gather(earlier.volunteer),
    ).with_row_index("at")
    ours = pl.concat([standing.select(PAIR), gone.select(PAIR)])
    kept = theirs.join(ours, on=PAIR, how="anti")["at"]
    declined = np.flatnonzero(earlier.status == STATUSES.index("declined"))
    return earlier.take(np.union1d(kept.to_numpy(), declined))


def _bans(problem: Problem, gone: pl.DataFrame) -> c.Earlier:
    """Return a refusal of every post of the request for each pair."""
    known = post_keys(problem).drop("post")
    gone = gone.filter(pl.col("volunteer_id").is_in(problem.volunteers.id.implode()))
    found = gone.join(known, on="request_id", how="inner", maintain_order="left")
    nothing = pl.repeat(-1, found.height, dtype=pl.Int32, eager=True)
    return _decided(problem, found, "declined", nothing, nothing)


def _decided(
    problem: Problem, rows: pl.DataFrame, status: str, option: pl.Series, row: pl.Series
) -> c.Earlier:
    """Return what was decided of some volunteers, each of whom the problem knows."""
    volunteer = index_in(rows["volunteer_id"], problem.volunteers.id)
    known = np.full(rows.height, STATUSES.index(status), np.int32)
    post, option, row = (one.cast(pl.Int32) for one in (rows["post_index"], option, row))
    return c.Earlier(volunteer, post.to_numpy(), option.to_numpy(), known, row.to_numpy())


def _in_words_of_the_sheet(faults: pl.DataFrame, base: int, said: Words) -> pl.DataFrame:
    """Turn faults of our rows of ``assignments``, from `base` on, into faults of the sheet."""
    ours = (pl.col("table") == "assignments") & (pl.col("row") >= base)
    keys = ("volunteer_id", "request_id", "post")
    value = pl.col("value")
    for name in keys:  # as in post=cook
        value = value.str.replace(rf"(^|, ){name}=", f"${{1}}{said.headers[name]}=")
    rule = pl.col("rule").str.strip_prefix("pinned_")
    advice = rule.replace_strict(sheets.ADVICE, default="change the row, or the tables")
    words = {
        "table": pl.lit(said.roster),
        "row": pl.col("row") - base,
        "column": pl.lit(", ".join(said.headers[name] for name in keys)),
        "value": value,
        "message": pl.format("{}; {}", "message", advice),
    }
    return faults.with_columns(
        pl.when(ours).then(text).otherwise(name).alias(name) for name, text in words.items()
    )
