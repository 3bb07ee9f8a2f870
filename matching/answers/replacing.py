"""Somebody cannot come, for a day or a request: the plan without them, and few others moved."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import NamedTuple

import numpy as np
import polars as pl

from matching.answers.names import number_of
from matching.answers.what_if import what_if
from matching.arcs.meetings import meetings_of
from matching.errors import UsageError
from matching.guards.doors import door
from matching.problem import Problem
from matching.problem.plan import slot_keys, zoned_of
from matching.result import Result
from matching.schema import key_of

_DAY = 24 * 60
_MOMENT = "%Y-%m-%dT%H:%M%:z"
# What agreed to a service; whoever cannot come takes it back.
_AGREED = ("pinned", "accepted", "published", "offered")


class Replaced(NamedTuple):
    """A plan without somebody.

    Attributes
    ----------
    tables : dict of str to polars.DataFrame
        ``changes``: who is told what, see `plan_changes`; ``open``: ``request_id``, ``post`` and
        ``seats`` that stay empty of those that were left; ``summaries``.
    changes : dict of str to polars.DataFrame
        What was changed in the tables: see `matching.answers.edited.edited`.
    result : Result
        The week, planned anew.
    """

    tables: dict[str, pl.DataFrame]
    changes: dict[str, pl.DataFrame]
    result: Result


@door
def replaced(
    result: Result,
    tables: Mapping[str, pl.DataFrame],
    volunteer_id: str,
    days: Iterable[date] | None = None,
    request_id: str | None = None,
    *,
    time_limit: float = 60.0,
) -> Replaced:
    """Return the plan without a volunteer, and with the fewest people moved.

    Whatever the volunteer had agreed to there is taken back. Others are moved only where that is
    worth more than `policy.change_cost` each.

    Parameters
    ----------
    result : Result
        The plan as it stands.
    tables : Mapping of str to polars.DataFrame
        The raw tables that it was made from.
    volunteer_id : str
    days : iterable of datetime.date, optional
        On which the volunteer cannot come; the whole week, if neither they nor a request are given.
    request_id : str, optional
        To which the volunteer does not come.
    time_limit : float
        Seconds of each of two searches.

    Raises
    ------
    UsageError
        If the week has no such volunteer, request or day, or no plan is left.
    """
    problem = result.problem
    v = number_of(problem.volunteers.id, volunteer_id, "volunteer")
    if request_id is not None:
        q = number_of(problem.requests.id, request_id, "request")
        changes = _declined(problem, tables, volunteer_id, q)
    else:
        changes = _absent(problem, tables, v, _spans(problem, days))
    found = what_if(
        result,
        tables,
        changes,
        time_limit=time_limit,
        staying=max(1, problem.policy.change_cost),
    )
    moved = found.tables["changes"]
    theirs = (pl.col("volunteer_id") == volunteer_id) & pl.col("to").is_null()
    why = pl.when(theirs & (pl.col("why") == "not_allowed")).then(pl.lit("cannot_come"))
    moved = moved.with_columns(why=why.otherwise("why"))
    told = {
        "changes": moved,
        "open": _left_open(found.result, result, v),
        "summaries": found.tables["summaries"],
    }
    return Replaced(told, changes, found.result)


def _spans(problem: Problem, days: Iterable[date] | None) -> list[tuple[int, int]]:
    """Return days of the week as minutes of it."""
    if days is None:
        return [(0, 7 * _DAY)]
    numbers = sorted({(day - problem.week).days for day in days})
    if wrong := [number for number in numbers if not 0 <= number < 7]:
        day = date.fromordinal(problem.week.toordinal() + wrong[0])
        last = date.fromordinal(problem.week.toordinal() + 6)
        raise UsageError(f"{day} is not in the week of the plan, {problem.week} to {last}")
    return [(number * _DAY, (number + 1) * _DAY) for number in numbers]


def _absent(
    problem: Problem, tables: Mapping[str, pl.DataFrame], v: int, spans: list[tuple[int, int]]
) -> dict[str, pl.DataFrame]:
    """Return the changes with which somebody has no time, and has agreed to nothing, then."""
    name = problem.volunteers.id[v]
    windows = problem.windows.take(problem.windows.volunteer == v)
    rows = zip(windows.start, windows.end, windows.preference, strict=True)
    left = [(int(start), int(end), int(liked)) for start, end, liked in rows]
    for first, last in spans:
        left = [
            (max(start, low), min(end, high), liked)
            for start, end, liked in left
            for low, high in ((start, first), (last, end))
            if max(start, low) < min(end, high)
        ]
    changes = _taken_back(tables, problem, name, _at(problem, spans))
    if "availability" in tables and len(windows):
        times = pl.DataFrame(left, schema=["start", "end", "preference"], orient="row")
        moments = {
            column: zoned_of(problem, times[column].cast(pl.Int32).to_numpy()).dt.strftime(_MOMENT)
            for column in ("start", "end")
        }
        added = times.with_columns(
            pl.col("preference").cast(pl.String),
            action=pl.lit("add"),
            volunteer_id=pl.lit(name),
            **moments,
        )
        gone = pl.DataFrame({"action": ["remove"], "volunteer_id": [name]})
        changes["availability"] = pl.concat([gone, added], how="diagonal_relaxed")
    if not changes:
        raise UsageError(f"{name} has no time in that week as it is")
    return changes


def _declined(
    problem: Problem, tables: Mapping[str, pl.DataFrame], name: str, q: int
) -> dict[str, pl.DataFrame]:
    """Return the changes with which somebody has said no to a request."""
    keys = slot_keys(problem).filter(request_id=problem.requests.id[q])
    posts = keys["post"].unique(maintain_order=True)
    rows = {"action": "add", "volunteer_id": name, "request_id": problem.requests.id[q]}
    added = pl.DataFrame({"post": posts}).with_columns(
        *(pl.lit(cell).alias(column) for column, cell in rows.items()), status=pl.lit("declined")
    )
    gone = _taken_back(tables, problem, name, keys, all_of_them=True)
    return {"assignments": pl.concat([*gone.values(), added], how="diagonal")}


def _at(problem: Problem, spans: list[tuple[int, int]]) -> pl.DataFrame:
    """Return the keys of services that lie in some of these times."""
    meetings = meetings_of(problem)
    meets = np.zeros(len(meetings.start), np.bool_)
    for first, last in spans:
        meets |= (meetings.start < last) & (meetings.end > first)
    some = np.add.reduceat(meets, meetings.first[:-1]) if len(meets) else meets
    return slot_keys(problem).filter(pl.Series(some[problem.slots.option] > 0))


def _taken_back(
    tables: Mapping[str, pl.DataFrame],
    problem: Problem,
    name: str,
    keys: pl.DataFrame,
    all_of_them: bool = False,
) -> dict[str, pl.DataFrame]:
    """Return the change that takes out what somebody agreed to among some services, if anything.

    What may be kept at another time of the request stays; also what was declined, unless it is all.
    """
    known = tables.get("assignments")
    if known is None:
        return {}
    columns = [column for column in key_of("assignments") if column in known.columns]
    rows = known.select(pl.col(*columns, "status").cast(pl.String).str.strip_chars())
    rows = rows.filter(volunteer_id=name)
    if "option" not in columns:
        rows = rows.with_columns(option=pl.lit(None, pl.String))
    rows = rows.with_columns(option=pl.when(pl.col("option") != "").then("option"))
    every = slot_keys(problem)
    same = ["request_id", "post"]
    hit, others = (
        keys.select(*same, "option"),
        every.join(keys, on=every.columns, how="anti", nulls_equal=True),
    )
    named = rows.join(hit, on=[*same, "option"], how="semi", nulls_equal=True)
    anyhow = rows.filter(pl.col("option").is_null()).join(hit, on=same, how="semi")
    anyhow = anyhow.join(others, on=same, how="anti")
    rows = pl.concat([named, anyhow]).unique(maintain_order=True)
    if not all_of_them:
        rows = rows.filter(pl.col("status").is_in(_AGREED))
    if rows.is_empty():
        return {}
    gone = rows.select(pl.lit("remove").alias("action"), *columns)
    return {"assignments": gone}


def _left_open(after: Result, before: Result, v: int) -> pl.DataFrame:
    """Return the seats that stay empty where somebody served."""
    keys = ["request_id", "post"]
    served = slot_keys(before.problem)[before.plan.slot[before.plan.volunteer == v]].select(keys)
    there = slot_keys(after.problem)[after.plan.slot[after.plan.volunteer == v]].select(keys)
    left = served.join(there, on=keys, how="anti").unique(maintain_order=True)
    empty = after.unfilled.select(*keys, seats=pl.col("seats") - pl.col("filled"))
    return empty.join(left, on=keys, how="semi").filter(pl.col("seats") > 0).sort(keys)
