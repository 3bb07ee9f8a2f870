"""Limits of one volunteer's week beyond shifts and hours, all as one: of these services, so many.

A limit counts services, or the days that they start on: of a subject (`limits`), in the week
(`max_days`), or in a window of days that may reach into the weeks next door, where what a volunteer
is held to counts (`max_consecutive_days`, `max_in_days`). What remains of the window in this week
is a limit of this week with that much less room.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from matching.arcs.eligibility import Arcs
from matching.arcs.pair_rules import subject_codes
from matching.problem import Problem
from matching.problem import columns as c
from matching.problem.part import joined

_LAST = 6  # the last day of the week
_ANY = -1


def limits_of(problem: Problem) -> c.Limits:
    """Return the limits of single volunteers, those of the table and of the table `volunteers`."""
    people = problem.volunteers
    windows = (
        (np.full(len(people), _LAST + 1, np.int32), people.max_days, True),
        (people.max_consecutive_days + 1, people.max_consecutive_days, True),
        (people.in_days, people.max_in_days, False),
    )
    found = [problem.limits]
    for number, (length, most, by_day) in enumerate(windows):
        who = np.flatnonzero(most < c.NO_LIMIT)
        if len(who):
            found.append(_windows(problem, who, length[who], most[who], by_day, edges=number > 0))
    if len(found) == 1:
        return problem.limits
    limits = joined(*found)
    return limits.take(np.argsort(limits.volunteer, kind="stable"))


def _windows(
    problem: Problem, who: c.Longs, length: c.Ints, most: c.Ints, by_day: bool, *, edges: bool
) -> c.Limits:
    """Return a limit for each window of so many days that matters.

    Of a window within the week only its days count. One that reaches beyond the week asks for more
    only if something is there: it begins or ends in the week, or where such a service starts.
    """
    there = problem.other_weeks
    there = there.take(np.flatnonzero(~there.later))
    served = np.unique(np.stack([there.volunteer, there.day, there.start]), axis=1)
    if by_day:
        served = np.unique(served[:2], axis=1)
    served = served[:, np.isin(served[0], who)] if edges else served[:, :0]
    whose = np.searchsorted(who, served[0])
    size, ends = len(who), np.arange(_LAST + 1)
    row = np.concatenate([np.repeat(np.arange(size), 2 * len(ends)), whose])
    first = (ends[None, :] - length[:, None] + 1).astype(np.int64)
    first = np.concatenate(
        [np.concatenate([first, np.broadcast_to(ends, first.shape)], axis=1).ravel(), served[1]]
    )
    last = first + length[row] - 1
    keys = c.combine(whose, served[1])
    before = np.searchsorted(keys, c.combine(row, first))
    taken = np.searchsorted(keys, c.combine(row, last), "right") - before
    begin, end = np.maximum(first, 0), np.minimum(last, _LAST)
    within = end - begin + 1
    matters = (within == np.minimum(length[row], _LAST + 1)) | ((taken > 0) & (within > 0))
    room = np.maximum(most[row] - taken, 0)
    rows = np.flatnonzero(matters)
    order = rows[np.lexsort((room[rows], end[rows], begin[rows], row[rows]))]
    same = np.stack([row[order], begin[order], end[order]])
    order = order[np.append(True, (np.diff(same, axis=1) != 0).any(axis=0))]
    order = order[_tightest(row[order], begin[order], end[order], room[order])]
    none = np.full(len(order), _ANY, np.int32)
    return c.Limits(
        who[row[order]].astype(np.int32),
        none,
        none,
        begin[order].astype(np.int32),
        end[order].astype(np.int32),
        room[order].astype(np.int32),
        np.full(len(order), by_day),
    )


def _tightest(row: c.Longs, begin: c.Longs, end: c.Longs, room: c.Longs) -> c.Longs:
    """Leave out windows within another of the same row, sorted, that has no more room."""
    first = np.searchsorted(row, row)
    count = np.searchsorted(row, row, "right") - first
    one, other = np.repeat(np.arange(len(row)), count), c.ranges(first, count)
    within = (begin[other] <= begin[one]) & (end[other] >= end[one])
    needless = np.zeros(len(row), np.bool_)
    needless[one[within & (room[other] <= room[one]) & (one != other)]] = True
    return np.flatnonzero(~needless)


@dataclass(frozen=True, eq=False)
class Counters:
    """The limits that can bind, each of one volunteer, and the arcs that they count.

    Attributes
    ----------
    volunteer, most : int32 arrays, shape (counters,)
        Sorted by volunteer.
    by_day : bool array, shape (counters,)
        Whether days are counted instead of services.
    counter, arc : int64 arrays of equal length
        Which counter counts which arc, sorted by counter.
    """

    volunteer: c.Ints
    most: c.Ints
    by_day: c.Bools
    counter: c.Longs
    arc: c.Longs

    def __len__(self) -> int:
        return len(self.volunteer)


def counters_of(problem: Problem, arcs: Arcs) -> Counters:
    """Return the counters of some arcs, leaving out limits that these cannot reach."""
    limits, hits = limits_of(problem), _Hits(problem, arcs)
    windows = limits.subject < 0
    if windows.any():
        hits.add_windows(limits.take(windows))
    for table in (limits, problem.limits_for_all):
        for subject in np.unique(table.subject[table.subject >= 0]).tolist():
            hits.add_subject(table.take(table.subject == subject), subject)
    return hits.counters()


def broken_by(problem: Problem, arcs: Arcs) -> c.Bools:
    """Tell who could not serve all of some arcs for a limit, shape (volunteers,)."""
    broken = np.zeros(len(problem.volunteers), np.bool_)
    # A limit that these arcs cannot reach has no counter; shifts are no matter here.
    everybody = replace(
        problem.volunteers, max_shifts=np.full_like(problem.volunteers.max_shifts, c.NO_LIMIT)
    )
    broken[counters_of(replace(problem, volunteers=everybody), arcs).volunteer] = True
    return broken


class _Hits:
    """Collects which limit counts which arc."""

    def __init__(self, problem: Problem, arcs: Arcs) -> None:
        self.problem, self.arcs = problem, arcs
        self.day = problem.options.day[problem.slots.option[arcs.slot]]
        # Arcs, a number for what is counted, how many, and whether days are.
        self.parts: list[tuple[c.Longs, c.Longs, c.Ints, c.Bools]] = []
        self.numbers = 0

    def _add(self, arc: c.Longs, number: c.Longs, limits: c.Limits) -> None:
        self.parts.append((arc, self.numbers + number, limits.most, limits.by_day))
        self.numbers += int(number.max(initial=-1)) + 1

    def add_windows(self, limits: c.Limits) -> None:
        """Count the services that start in windows of days."""
        first = c.starts_of(limits.volunteer, len(self.problem.volunteers))
        who = self.arcs.volunteer
        many = first[who + 1] - first[who]
        arc, limit = np.repeat(np.arange(len(who)), many), c.ranges(first[who], many)
        day = self.day[arc]
        inside = (limits.first_day[limit] <= day) & (day <= limits.last_day[limit])
        arc, limit = arc[inside], limit[inside]
        self._add(arc, limit, limits.take(limit))

    def add_subject(self, limits: c.Limits, subject: int) -> None:
        """Count the services of one value, or of each."""
        code = subject_codes(self.problem, subject)[self.arcs.slot]
        about = np.flatnonzero(code >= 0)
        code, who = code[about].astype(np.int64), self.arcs.volunteer[about]
        whose = who if limits.volunteer[0] >= 0 else np.full(len(who), _ANY)
        keys = c.combine(limits.volunteer, limits.code)
        order = np.argsort(keys)
        for named in (code, np.full(len(code), _ANY)):
            at = c.lookup(keys[order], c.combine(whose, named))
            rows = np.flatnonzero(at >= 0)
            limit: c.Longs = order[at[rows]]
            number: c.Longs = limit * (int(code.max(initial=0)) + 1)
            if named is not code:
                number += code[rows]
            self._add(about[rows], number, limits.take(limit))

    def counters(self) -> Counters:
        """Return what was found, but for limits that cannot bind."""
        none, no_one = np.empty(0, np.int64), np.empty(0, np.int32)
        if not self.parts:
            return Counters(no_one, no_one, np.empty(0, np.bool_), none, none)
        arc, number, most, by_day = map(np.concatenate, zip(*self.parts, strict=True))
        # What a limit of everybody counts is counted of each by themself.
        keys, first, of, reached = np.unique(
            self.arcs.volunteer[arc] * np.int64(self.numbers) + number,
            return_index=True,
            return_inverse=True,
            return_counts=True,
        )
        volunteer, most, by_day = self.arcs.volunteer[arc[first]], most[first], by_day[first]
        days = np.bincount(c.distinct(of * 8 + self.day[arc]) >> 3, minlength=len(keys))
        reached = np.minimum(
            np.where(by_day, days, reached), self.problem.volunteers.max_shifts[volunteer]
        )
        binds = most < reached
        rows = np.flatnonzero(binds[of])
        counter = (np.cumsum(binds) - 1)[of[rows]]
        order = np.argsort(counter, kind="stable")
        return Counters(
            volunteer[binds], most[binds], by_day[binds], counter[order], arc[rows[order]]
        )
