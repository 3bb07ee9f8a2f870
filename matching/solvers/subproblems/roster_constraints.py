"""The rules of volunteers' rosters as rows over arcs, one method per rule.

The master has a column per roster. In a subproblem arcs are the columns, and these rows say which
of them fit in one roster. All posts of an option are at one time, so what counts is the service: a
volunteer at an option.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import sparse

from matching.arcs.eligibility import Arcs
from matching.arcs.journeys import is_late, leads_around, spots
from matching.arcs.limits import counters_of
from matching.arcs.meetings import clash, meetings_of, tired_alone
from matching.problem import Problem
from matching.problem import columns as c


class Dearer(NamedTuple):
    """A cost of each service of a volunteer beyond some number of them.

    Attributes
    ----------
    after : int64 array, shape (volunteers,)
        How many are without it. Where that is none, each has it in its gain.
    cost : int
    """

    after: c.Longs
    cost: int


class RosterConstraints:
    """Builds the rows over arcs and more columns: further shifts, each dearer, and days.

    Parameters
    ----------
    arcs : Arcs
        The columns.
    dearer : Dearer, optional

    Attributes
    ----------
    cost : float64 array, shape (more columns,)
        What a volunteer's second shift costs beyond the first, and so on; nothing, of a day; what
        the call costs.
    shifter : int64 array, shape (further shifts,)
        Whose it is.
    person : int64 array, shape (arcs,)
        The arc's volunteer, counting only those who have arcs.
    """

    def __init__(self, problem: Problem, arcs: Arcs, dearer: Dearer | None = None) -> None:
        self.problem, self.counters = problem, counters_of(problem, arcs)
        options = problem.options
        option = problem.slots.option[arcs.slot]
        start = options.start[option].astype(np.int64)
        order = np.lexsort((option, start, arcs.volunteer))
        fresh = np.diff(arcs.volunteer[order], prepend=-1) != 0
        fresh |= np.diff(option[order], prepend=-1) != 0
        people, self.person = np.unique(arcs.volunteer, return_inverse=True)
        self.volunteer, self.people = people, problem.volunteers.take(people)
        # Services sorted by volunteer and start, each with its arcs.
        self.of_arc = np.empty(len(arcs), np.int64)
        self.of_arc[order] = np.cumsum(fresh) - 1
        self.arc_order = order
        self.first_arc = np.append(np.flatnonzero(fresh), len(arcs))
        first = order[self.first_arc[:-1]]
        self.who, self.option = self.person[first], option[first]
        self.start, self.end = start[first], options.end[self.option].astype(np.int64)
        self.day, self.minutes = options.day[self.option], options.minutes[self.option]
        self.meetings = meetings_of(problem)
        self.several = self.meetings.several[self.option]
        self.services = np.bincount(self.who, minlength=len(people))
        further = np.maximum(np.minimum(self.services, self.people.max_shifts) - 1, 0)
        further = further.astype(np.int64)
        self.shifter = np.repeat(np.arange(len(people)), further)
        nth = c.ranges(np.ones(len(further), np.int64), further)
        self.cost: c.Floats = problem.policy.load_step * nth.astype(np.float64)
        if dearer is not None:
            after = dearer.after[people[self.shifter]]
            self.cost += dearer.cost * ((after > 0) & (nth >= after))
        # The days that are counted for somebody have a column each.
        counted = self.counters.arc[self.counters.by_day[self.counters.counter]]
        self.day_key = 8 * self.who + self.day
        self.days = np.unique(self.day_key[self.of_arc[counted]])
        # So has, where it costs something, the call of each.
        self.calls = len(people) if problem.policy.load_first else 0
        calls = np.full(self.calls, problem.policy.load_first, np.float64)
        self.cost = np.concatenate([self.cost, np.zeros(len(self.days)), calls])
        self.size = 0
        self.parts: list[tuple[c.Longs, c.Longs, c.Floats]] = []
        self.bounds: list[tuple[c.Floats, c.Floats]] = []

    def rows(self) -> tuple[sparse.csr_array, c.Floats, c.Floats]:
        """Return the rows over arcs and then the other columns, and their limits."""
        self._shifts()
        self._minutes()
        self._by_day()
        self._counters()
        a, b = self._pairs()
        if self.several.any():
            mixed = self.several[a] | self.several[b]
            self._conflicts_of_meetings(a[mixed], b[mixed])
            a, b = a[~mixed], b[~mixed]
        self._overlap_cliques(a, b)
        self._conflict_pairs(a, b)
        row, column, weight = (np.concatenate(part) for part in zip(*self.parts, strict=True))
        shape = (self.size, len(self.person) + len(self.cost))
        low, high = (np.concatenate(part) for part in zip(*self.bounds, strict=True))
        return sparse.csr_array((weight, (row, column)), shape=shape), low, high

    def _new(self, count: int, high: float | c.Ints) -> c.Longs:
        row = np.arange(self.size, self.size + count)
        self.size += count
        self.bounds.append((np.full(count, -np.inf), np.broadcast_to(high, count).astype(float)))
        return row

    def _put(self, row: c.Longs, column: c.Longs, weight: c.Longs | float) -> None:
        self.parts.append((row, column, np.broadcast_to(weight, len(row)).astype(np.float64)))

    def _services(self, row: c.Longs, service: c.Longs, weight: float = 1.0) -> None:
        """Put all arcs of some services into rows."""
        count = self.first_arc[service + 1] - self.first_arc[service]
        arc = self.arc_order[c.ranges(self.first_arc[service], count)]
        self._put(np.repeat(row, count), arc, weight)

    def _of_volunteers(self, who: c.Longs, high: float | c.Ints, weight: c.Longs) -> c.Longs:
        """Put the weighted arcs of each of some volunteers into a row; return which row."""
        row_of = np.full(len(self.services), -1)
        row_of[who] = self._new(len(who), high)
        arc = np.flatnonzero(row_of[self.person] >= 0)
        self._put(row_of[self.person[arc]], arc, weight[arc])
        return row_of

    def _shifts(self) -> None:
        """One shift, and as many more as further shifts are paid for; none beyond the limit.

        Where the call costs, the one has a column of its own, of which each service is a part.
        """
        limit = self.people.max_shifts
        who = np.flatnonzero((self.services > 1) | (self.services > limit))
        one = np.ones(len(self.person), np.int64)
        row_of = self._of_volunteers(who, np.minimum(limit[who], 1), one)
        if self.calls:
            row = self._new(len(self.who), 0.0)
            self._services(row, np.arange(len(self.who)))
            column = len(self.person) + len(self.shifter) + len(self.days)
            self._put(row, column + self.who, -1.0)
        self._put(row_of[self.shifter], len(self.person) + np.arange(len(self.shifter)), -1.0)

    def _minutes(self) -> None:
        """No more minutes in the week than the volunteer's limit."""
        limit = self.people.max_minutes
        total = np.bincount(self.who, self.minutes, minlength=len(limit))
        who = np.flatnonzero(total > limit)
        self._of_volunteers(who, limit[who], self.minutes[self.of_arc].astype(np.int64))

    def _by_day(self) -> None:
        """No more meetings that start on a day than the volunteer's limit."""
        first = self.meetings.first
        many = first[self.option + 1] - first[self.option]
        service = np.repeat(np.arange(len(self.option)), many)
        day = self.meetings.day[c.ranges(first[self.option], many)]
        key, of, count = np.unique(
            c.combine(self.who[service], day), return_inverse=True, return_counts=True
        )
        limit = self.people.max_shifts_per_day[key >> 32]
        binds = count > limit
        row_of = np.full(len(key), -1)
        row_of[binds] = self._new(int(binds.sum()), limit[binds])
        row = np.flatnonzero(binds[of])
        self._services(row_of[of[row]], service[row])

    def _counters(self) -> None:
        """No more services, or days on which one starts, than a limit of the volunteer."""
        counters = self.counters
        if not len(counters):
            return
        row = self._new(len(counters), counters.most)[counters.counter]
        daily = counters.by_day[counters.counter]
        self._put(row[~daily], counters.arc[~daily], 1.0)
        service = self.of_arc[counters.arc[daily]]
        used = np.unique(np.stack([row[daily], self.day_key[service]]), axis=1)
        column = len(self.person) + len(self.shifter)
        self._put(used[0], column + np.searchsorted(self.days, used[1]), 1.0)
        # A day is one on which one starts.
        one = np.flatnonzero(np.isin(self.day_key, self.days))
        row = self._new(len(one), 0.0)
        self._services(row, one)
        self._put(row, column + np.searchsorted(self.days, self.day_key[one]), -1.0)

    def _pairs(self) -> tuple[c.Longs, c.Longs]:
        """Return all pairs of services of one volunteer, by their start."""
        size = len(self.who)
        last = np.searchsorted(self.who, self.who, side="right")
        first = np.arange(1, size + 1)
        return np.repeat(np.arange(size), last - first), c.ranges(first, last - first)

    def _conflicts_of_meetings(self, a: c.Longs, b: c.Longs) -> None:
        """Two services of which one has several meetings go together, or exclude each other.

        One whose own meetings leave too little rest is not for its volunteer.
        """
        whose = self.volunteer[self.who], self.option
        alone = np.flatnonzero(tired_alone(self.problem, self.meetings, *whose))
        self._services(self._new(len(alone), 0.0), alone)
        who = self.volunteer[self.who[a]]
        close = clash(self.problem, self.meetings, who, self.option[a], self.option[b])
        row = self._new(int(close.sum()), 1.0)
        self._services(row, a[close])
        self._services(row, b[close])

    def _overlap_cliques(self, a: c.Longs, b: c.Longs) -> None:
        """At most one is served of the services under way when one starts, itself included."""
        over = self.start[b] < self.end[a]
        a, b = a[over], b[over]
        one = np.unique(np.append(b, np.flatnonzero(np.diff(self.first_arc) > 1)))
        row_of = np.full(len(self.who), -1)
        row_of[one] = self._new(len(one), 1.0)
        self._services(row_of[one], one)
        self._services(row_of[b], a)

    def _conflict_pairs(self, a: c.Longs, b: c.Longs) -> None:
        """Two services too close to follow one another conflict.

        A third in between that leads around the way lifts that, but not where the rest between
        days is too short.
        """
        gap = self.start[b] - self.end[a]
        after = gap >= 0
        a, b, gap = a[after], b[after], gap[after]
        tired = (self.day[a] != self.day[b]) & (gap < self.people.min_rest[self.who[a]])
        request = self.problem.options.request[self.option]
        here, there = (spots(self.problem.requests, request[x]) for x in (a, b))
        close = tired | is_late(self.problem, here, there, gap)
        a, b, tired = a[close], b[close], tired[close]
        row = self._new(len(a), 1.0)
        self._services(row, a)
        self._services(row, b)
        around = np.flatnonzero(leads_around(self.problem, request))
        first, last = np.searchsorted(around, a, side="right"), np.searchsorted(around, b)
        count = np.where(tired, 0, last - first)
        between = around[c.ranges(first, count)]
        of = np.repeat(np.arange(len(a)), count)
        fits = (self.start[between] >= self.end[a[of]]) & (self.end[between] <= self.start[b[of]])
        self._services(row[of[fits]], between[fits], -1.0)
