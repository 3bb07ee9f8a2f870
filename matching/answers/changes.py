"""The single changes that could fill a seat: the problem as it would be."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import polars as pl

from matching.problem import Problem
from matching.problem import columns as c
from matching.problem.part import Parts, joined

NOBODY = -1


class Change(NamedTuple):
    """One change of a week.

    Attributes
    ----------
    kind : str
        ``move``, ``level``, ``travel``, ``window``, ``train`` or ``person``.
    slot : int
        The slot whose seat is to be filled.
    amount : float
        Minutes later (earlier, if negative); the level that is asked for, or to be had; the
        kilometres that somebody goes in all; minutes of more time; people.
    volunteer : int
        Who changes, or `NOBODY`.
    qualification : int
        Which one it is about, or -1.
    """

    kind: str
    slot: int
    amount: float
    volunteer: int = NOBODY
    qualification: int = -1


def moved(problem: Problem, change: Change) -> Problem:
    """Return the week with a service at another time of its day."""
    option, options = problem.slots.option[change.slot], problem.options
    shift = np.zeros(len(options), np.int32)
    shift[option] = int(change.amount)
    moments = ("start", "end", "first_end")
    times = replace(options, **{name: getattr(options, name) + shift for name in moments})
    sessions, later = problem.sessions, shift[problem.sessions.option]
    sessions = replace(sessions, start=sessions.start + later, end=sessions.end + later)
    return replace(problem, options=times, sessions=sessions)


def lowered(problem: Problem, change: Change) -> Problem:
    """Return the week in which a post asks for a lower level."""
    needs = problem.needs
    level = needs.level.copy()
    at = needs.post == problem.slots.post[change.slot]
    level[at & (needs.qualification == change.qualification)] = int(change.amount)
    return replace(problem, needs=replace(needs, level=level))


def with_changed(part: Problem, change: Change, volunteer: int) -> Problem:
    """Return a problem in which a volunteer, of that number in it, is another."""
    who, option = _one(volunteer), part.slots.option[[change.slot]]
    if change.kind == "travel":
        km = part.volunteers.travel_km.copy()
        km[volunteer] = change.amount
        return replace(part, volunteers=replace(part.volunteers, travel_km=km))
    if change.kind == "window":
        start, end = part.options.start[option], part.options.end[option]
        windows = joined(part.windows, c.Windows(who, start, end, _one(0)))
        return replace(part, windows=windows.take(np.lexsort((windows.start, windows.volunteer))))
    learned, level = _one(change.qualification), _one(int(change.amount))
    ever = _one(c.NO_LIMIT)
    holdings = joined(part.holdings, c.Holdings(learned, who, level, -ever, ever))
    order = np.argsort(holdings.qualification, kind="stable")
    return replace(part, holdings=holdings.take(order))


def newcomer(problem: Problem, parts: Parts, slot: int) -> Problem:
    """Return the part of somebody new, who lives where a service is and can do just that."""
    nobody = parts.of(np.empty(0, np.int64))
    request, option = problem.slots.request[slot], problem.slots.option[[slot]]
    requests = problem.requests
    organisation = max(requests.organisation[request], requests.menu_organisation[request])
    needs = problem.needs.take(problem.needs.post == problem.slots.post[slot])
    zeros, ever = np.zeros(len(needs), np.int32), np.full(len(needs), c.NO_LIMIT, np.int32)
    return replace(
        nobody,
        volunteers=c.Volunteers(
            id=pl.Series(["new"]),
            organisation=_one(organisation),
            station=_one(-1),
            lat=requests.lat[[request]],
            lon=requests.lon[[request]],
            travel_km=np.array([problem.policy.travel_km], np.float64),
            max_shifts=_one(problem.policy.max_shifts),
            max_minutes=_one(c.NO_LIMIT),
            max_shifts_per_day=_one(c.NO_LIMIT),
            max_days=_one(c.NO_LIMIT),
            max_consecutive_days=_one(c.NO_LIMIT),
            max_in_days=_one(c.NO_LIMIT),
            in_days=_one(1),
            min_rest=_one(0),
            recent_hours=np.zeros(1),
            max_offers=_one(problem.policy.max_offers),
            show_up=np.full(1, np.nan),
            refuses=np.zeros(1, np.bool_),
        ),
        windows=c.Windows(
            _one(0), problem.options.start[option], problem.options.end[option], _one(0)
        ),
        holdings=c.Holdings(needs.qualification, zeros, needs.level, -ever, ever),
    )


def _one(number: int) -> c.Ints:
    return np.array([number], np.int32)
