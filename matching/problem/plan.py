"""A plan: who serves where, as indices into a problem; and as the table ``plan``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from matching.errors import DataError, UsageError, listed
from matching.guards.characters import missing
from matching.guards.doors import constructor, door
from matching.guards.showing import Shown
from matching.guards.urls import shown_value
from matching.problem import columns as c
from matching.problem.problem import Problem
from matching.problem.series import index_in
from matching.schema import KEPT, STATUSES
from matching.tables.cells import to_local, to_utc, week_start
from matching.tables.faults import fault, faults_of

KEPT_STATUSES = tuple(STATUSES.index(name) for name in KEPT)
_KEYS = ["request_id", "post", "option", "volunteer_id"]


@constructor
@dataclass(frozen=True, eq=False, repr=False)
class Plan(c.Columns, Shown):
    """One row per filled seat, in any order.

    Attributes
    ----------
    volunteer, slot : int32 arrays of equal length
        Indices into ``problem.volunteers`` and ``problem.slots``.
    """

    volunteer: c.Ints
    slot: c.Ints

    @classmethod
    def empty(cls) -> Plan:
        """Return the plan in which nobody serves."""
        return cls(np.empty(0, np.int32), np.empty(0, np.int32))

    __repr__ = Shown.__repr__

    def _figures(self) -> dict[str, object]:
        return {
            "seats filled": len(self),
            "volunteers": len(np.unique(self.volunteer)),
            "posts": len(np.unique(self.slot)),
        }

    @classmethod
    @door
    def of(cls, problem: Problem, given: object) -> Plan:
        """Return the plan for this problem from what the caller has.

        Parameters
        ----------
        problem : Problem
        given : Plan, Result, polars.DataFrame or Mapping
            A result may be another problem's: its plan is found by the ids. A frame is the table
            ``plan``; a Mapping holds it under that name.

        Returns
        -------
        Plan

        Raises
        ------
        UsageError
            If it is none of these.
        DataError
            If it names a volunteer, request, post or option that the week does not have.
        """
        held = held_by(given, "plan", problem)
        if isinstance(held, pl.DataFrame):
            return cls.from_frame(problem, held)
        if isinstance(held, Plan):
            return held
        raise UsageError(
            f"plan = {shown_value(given)}: give a matching.Result, a matching.Plan, or the table "
            "plan as a polars.DataFrame, by itself or among its tables"
        )

    @classmethod
    @door
    def from_frame(cls, problem: Problem, frame: pl.DataFrame) -> Plan:
        """Read a plan from any source.

        Parameters
        ----------
        problem : Problem
        frame : polars.DataFrame
            ``request_id``, ``post``, ``volunteer_id`` and, where a request has options, ``option``.

        Returns
        -------
        Plan

        Raises
        ------
        DataError
            If a row names a volunteer, request, post or option that the week does not have.
        """
        if "option" not in frame.columns:
            frame = frame.with_columns(option=pl.lit(None, dtype=pl.String))
        absent = [name for name in _KEYS if name not in frame.columns]
        if absent:
            text = "this column is required and was not given; the table has "
            text += listed(frame.columns)
            faults = [fault("plan", "required_column", text, column=name) for name in absent]
            raise DataError(pl.concat(faults))
        frame = frame.select(pl.col(_KEYS).cast(pl.String)).with_columns(
            pl.col("option").replace("", None)
        )
        frame = frame.with_row_index("row", offset=1)
        known = slot_keys(problem).with_row_index("slot")
        joined = frame.join(
            known, on=_KEYS[:3], how="left", nulls_equal=True, maintain_order="left"
        )
        volunteer = index_in(frame["volunteer_id"], problem.volunteers.id)
        slot = joined["slot"].cast(pl.Int32).fill_null(-1).to_numpy()
        text = "the week has no such post at this option"
        people = missing(problem.volunteers.id, "volunteers has no such volunteer_id")
        faults = [
            faults_of("plan", frame.filter(pl.Series(index < 0)), columns, "reference", message)
            for index, columns, message in (
                (slot, tuple(_KEYS[:3]), missing(problem.requests.id, text)),
                (volunteer, ("volunteer_id",), people),
            )
        ]
        if any(found.height for found in faults):
            raise DataError(pl.concat(faults))
        return cls(volunteer, slot)

    @door
    def to_frame(self, problem: Problem, quality: c.Ints | c.Longs) -> pl.DataFrame:
        """Return the table ``plan``: requests as in their table, then sorted by post and volunteer.

        Parameters
        ----------
        problem : Problem
        quality : integer array, one per row
            The quality of each pair.
        """
        option = problem.slots.option[self.slot]
        times = local_times(problem)
        frame = slot_keys(problem)[self.slot].with_columns(
            start=times["start"].gather(option),
            end=times["end"].gather(option),
            volunteer_id=problem.volunteers.id.gather(self.volunteer),
            quality=pl.Series(quality, dtype=pl.Int64),
            status=self._status(problem),
            row=problem.requests.row[problem.slots.request[self.slot]],
        )
        return frame.sort("row", "post", "volunteer_id").drop("row")

    def _status(self, problem: Problem) -> pl.Series:
        earlier = problem.earlier.take(np.isin(problem.earlier.status, KEPT_STATUSES))
        before = pl.DataFrame({"v": earlier.volunteer, "n": earlier.post, "o": earlier.option})
        names = pl.Series(STATUSES, dtype=pl.String).gather(earlier.status)
        before = before.with_columns(status=names)
        slots = problem.slots.take(self.slot)
        rows = pl.DataFrame({"v": self.volunteer, "n": slots.post, "o": slots.option})

        def known(decided: pl.DataFrame, *keys: str) -> pl.Series:
            once = decided.unique(keys)
            return rows.join(once, on=keys, how="left", maintain_order="left")["status"]

        anyway = known(before.filter(pl.col("o") < 0), "v", "n")
        return known(before, "v", "n", "o").fill_null(anyway).fill_null("proposed")


def held_by(given: Any, name: str, problem: Problem) -> object:
    """Return the named part of a result or of its tables; anything else as it is.

    Another problem's result has other indices, so its tables are read, which have ids.
    """
    if hasattr(given, name) and hasattr(given, "problem"):
        given = getattr(given, name) if given.problem is problem else given.tables()
    return given.get(name, given) if isinstance(given, Mapping) else given


def slot_keys(problem: Problem) -> pl.DataFrame:
    """Return ``request_id``, ``post`` and ``option`` of every slot."""
    slots = problem.slots
    return pl.select(
        request_id=problem.requests.id.gather(slots.request),
        post=problem.posts.id.gather(slots.post),
        option=problem.options.id.gather(slots.option),
    )


def local_times(problem: Problem) -> pl.DataFrame:
    """Return the local wall-clock ``start`` and ``end`` of every option."""
    options = problem.options
    return pl.DataFrame(
        {"start": local_of(problem, options.start), "end": local_of(problem, options.end)}
    )


def local_of(problem: Problem, minutes: c.Ints) -> pl.Series:
    """Return the local wall-clock times of some minutes of the week."""
    return pl.select(to_local(_utc(problem, minutes), problem.policy.time_zone)).to_series()


def moments(problem: Problem) -> pl.Series:
    """Return the start of every option in its time zone, where the local clock may repeat."""
    return zoned_of(problem, problem.options.start)


def zoned_of(problem: Problem, minutes: c.Ints) -> pl.Series:
    """Return some minutes of the week in its time zone, where the local clock may repeat."""
    utc = _utc(problem, minutes).dt.replace_time_zone("UTC")
    return pl.select(moment=utc.dt.convert_time_zone(problem.policy.time_zone)).to_series()


def _utc(problem: Problem, minutes: c.Ints) -> pl.Expr:
    monday = pl.select(to_utc(week_start(problem.week), problem.policy.time_zone)).item()
    return pl.lit(monday, dtype=pl.Datetime("us")) + pl.duration(minutes=pl.lit(pl.Series(minutes)))
