"""Half days: what a menu is promised for, and when somebody new could come."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from matching.errors import UsageError
from matching.guards.urls import shown_value
from matching.problem import columns as c
from matching.week import WEEKDAYS

_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)|24:00")


class HalfDay(NamedTuple):
    """A part of every day.

    Attributes
    ----------
    name : str
    start, end : int
        Minutes since midnight by the local clock.
    """

    name: str
    start: int
    end: int


# Within the morning, afternoon and evening of the national system, in which people say when they
# are free.
HALF_DAYS = (
    HalfDay("morning", 8 * 60, 12 * 60),
    HalfDay("afternoon", 14 * 60, 18 * 60),
    HalfDay("evening", 19 * 60, 21 * 60),
)


def half_days_of(given: Mapping[str, tuple[str, str]] | None) -> tuple[HalfDay, ...]:
    """Return half days by name and times of day, in the order of the day; the usual ones for None.

    Raises
    ------
    UsageError
        If a time is none, or half days overlap.
    """
    if given is None:
        return HALF_DAYS
    found = [
        HalfDay(name, _minutes(name, start), _minutes(name, end))
        for name, (start, end) in given.items()
    ]
    found.sort(key=lambda half: half.start)
    for half in found:
        if half.end <= half.start:
            raise UsageError(f"half day {shown_value(half.name)}: it has to end after it starts")
    for one, other in pairwise(found):
        if other.start < one.end:
            raise UsageError(
                f"half days {shown_value(one.name)} and {shown_value(other.name)} overlap: let one "
                "begin when the other has ended"
            )
    if not found:
        raise UsageError("no half days: give at least one, such as morning=08:00-12:00")
    return tuple(found)


def _minutes(name: str, clock: str) -> int:
    found = _CLOCK.fullmatch(clock)
    if found is None:
        raise UsageError(
            f"half day {shown_value(name)}: {shown_value(clock)} is no time of day; write it as "
            "08:00, midnight at its end as 24:00"
        )
    return 24 * 60 if found[1] is None else int(found[1]) * 60 + int(found[2])


def part_of_day(minute: c.Ints) -> c.Longs:
    """Return which of the usual half days a service that starts then belongs to.

    The first that has not ended by then; what starts after the last belongs to it.
    """
    ends = np.array([half.end for half in HALF_DAYS])
    found: c.Longs = np.minimum(np.searchsorted(ends, minute, side="right"), len(ends) - 1)
    return found


def label(day: int, name: str) -> str:
    """Return what tables call a half day of the week, such as ``tue morning``."""
    return f"{WEEKDAYS[day]} {name}"
