"""Labelling: every path from service to service that could be a volunteer's best roster.

The resource-constrained shortest path problem, solved by labelling with dominance (Irnich and
Desaulniers, 2005, Shortest path problems with resource constraints). A path keeps every rule of a
volunteer: each service starts after the one before has ended, with time to travel and to rest;
hours, shifts and what else is counted (`counting`) stay within their limits. Labels grow by one
service at a time, for all volunteers at once; those dominated are dropped (`labels`).

Services of several meetings come first in a path, whenever they are: each leaves room for what
follows or does not, so that a label must remember all of these, and of the others the last.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from matching.arcs.eligibility import Arcs
from matching.arcs.journeys import is_late, spots
from matching.arcs.meetings import clash, meetings_of, most_a_day, tired_alone
from matching.bounds.counting import Counts
from matching.bounds.labels import Labels, concatenated, undominated
from matching.bounds.several_meetings import SeveralMeetings
from matching.problem import Problem
from matching.problem import columns as c

# Extensions of labels per batch.
_EXTENSIONS_PER_BATCH = 1 << 22
# From this many pairs on, labels are pruned by a bound on their completion.
_MIN_PAIRS_FOR_BOUNDING = 1 << 19
_MAX_SHIFTS_FOR_BOUNDING = 64
# Labels of each volunteer and length that are followed for a first value.
_BEAM_WIDTH = 64
_TOLERANCE = 1e-6
# Labels of one length that counts may tell apart: of all, and of one volunteer.
_MOST_COUNTED, _MOST_COUNTED_OF_ONE = 1 << 21, 20_000


class _Crowded(Exception):
    """Counts tell too many labels apart; the argument tells whose, by their first service."""


class Stopped(Exception):
    """Pricing was told to stop before it was over."""


def never() -> bool:
    """Go on to the end."""
    return False


def fits_alone(problem: Problem, volunteer: c.Ints, option: c.Ints) -> c.Bools:
    """Tell which services keep every rule of their volunteer's week if they are the only one."""
    people = problem.volunteers
    fits: c.Bools = problem.options.minutes[option] <= people.max_minutes[volunteer]
    fits &= (people.max_shifts[volunteer] > 0) & (people.max_shifts_per_day[volunteer] > 0)
    if len(problem.sessions):
        meetings = meetings_of(problem)
        fits &= most_a_day(meetings)[option] <= people.max_shifts_per_day[volunteer]
        fits &= ~tired_alone(problem, meetings, volunteer, option)
    return fits


class RosterLabelling:
    """The services of some volunteers, sorted by volunteer and start, and what may follow what."""

    def __init__(
        self, problem: Problem, arcs: Arcs, rows: c.Longs, reward: c.Floats, first_load: c.Longs
    ) -> None:
        option = problem.slots.option[arcs.slot[rows]]
        self.meetings = meetings_of(problem)
        single = ~self.meetings.several
        order = np.lexsort((problem.options.start[option], single[option], arcs.volunteer[rows]))
        self.arc, option = rows[order], option[order]
        self.single = single[option]
        self.volunteer = who = arcs.volunteer[self.arc]
        # Where each service's volunteer begins.
        self.first = np.searchsorted(who, who)
        self.reward, self.first_load = reward[self.arc], first_load[who]
        self.load_step, self.call = problem.policy.load_step, problem.policy.load_first
        self.starts = problem.options.day[option]
        # A service of several meetings is on the same day as none.
        self.day = np.where(self.single, self.starts, -1)
        self.alone = np.flatnonzero(fits_alone(problem, who, option))
        people = problem.volunteers
        services = np.searchsorted(who, who, side="right") - self.first
        self.max_shifts = np.minimum(people.max_shifts[who], services)
        self.max_shifts_per_day = people.max_shifts_per_day[who]
        self.counts = Counts(problem, arcs.take(self.arc), self.starts)
        self.counts_days = self.max_shifts_per_day < people.max_shifts[who]
        self.max_minutes = people.max_minutes[who].astype(np.int64)
        minutes = problem.options.minutes[option].astype(np.int64)
        # Where hours have no limit, labels that differ by their hours alone are alike.
        self.minutes = np.where(self.max_minutes < c.NO_LIMIT, minutes, 0)
        # The services that may follow one are next[next_of[it] : next_of[it + 1]].
        self.next, self.next_of = self._successors(problem, option)
        self.several: SeveralMeetings | None = None
        if not self.single.all():
            limit = np.where(self.counts_days, self.max_shifts_per_day, c.NO_LIMIT)
            self.several = SeveralMeetings(self.meetings, option, self.next, self.next_of, limit)

    def _successors(self, problem: Problem, option: c.Ints) -> tuple[c.Longs, c.Longs]:
        """List, for each service, those of the same volunteer that may come next."""
        size = len(self.arc)
        last = np.searchsorted(self.volunteer, self.volunteer, side="right").astype(np.int64)
        first = np.arange(1, size + 1)
        a, b = np.repeat(np.arange(size), last - first), c.ranges(first, last - first)
        apart, beside = a[:0], b[:0]
        if not self.single.all():
            some = ~self.single[a]
            apart, beside = a[some], b[some]
            a, b = a[~some], b[~some]
            ends = option[apart], option[beside]
            goes = ~clash(problem, self.meetings, self.volunteer[apart], *ends)
            apart, beside = apart[goes], beside[goes]
        start = problem.options.start[option].astype(np.int64)
        gap = start[b] - problem.options.end[option].astype(np.int64)[a]
        a, b, gap = a[gap >= 0], b[gap >= 0], gap[gap >= 0]
        rest = problem.volunteers.min_rest[self.volunteer[a]]
        fits = (gap >= rest) | (self.day[a] == self.day[b])
        a, b, gap = a[fits], b[fits], gap[fits]
        request = problem.options.request[option]
        here, there = (spots(problem.requests, request[x]) for x in (a, b))
        fits = ~is_late(problem, here, there, gap)
        a, b = a[fits], b[fits]
        if len(apart):
            a, b = np.append(a, apart), np.append(b, beside)
            order = np.lexsort((b, a))
            a, b = a[order], b[order]
        return b, c.starts_of(a.astype(np.int32), size)

    def solve(self, stop: Callable[[], bool] = never) -> list[Labels]:
        """Return the undominated labels of one service, of two, and so on.

        Where counts tell too many apart, those of the volunteer are left out: what is found is then
        worth no less than the best roster, and need not be one (state space relaxation:
        Christofides, Mingozzi and Toth, 1981).
        """
        while True:
            try:
                return self._solve(stop)
            except _Crowded as crowded:
                self.counts.leave_out(np.isin(self.first, crowded.args[0]))

    def _solve(self, stop: Callable[[], bool]) -> list[Labels]:
        """Return the undominated labels, counts and all.

        Where there are very many paths, those that cannot become a best roster are left out: beam
        search bounds every volunteer's best from below, the completion bound from above.
        """
        few = len(self.next) < _MIN_PAIRS_FOR_BOUNDING
        if few or self.max_shifts.max() > _MAX_SHIFTS_FOR_BOUNDING:
            return self._extend_all(stop)
        completion = self._completion_bound()
        reached = np.zeros(len(self.arc))

        def bound(labels: Labels, shifts: int) -> c.Floats:
            left = self.max_shifts[labels.service] - shifts
            at_most: c.Floats = labels.value + completion[left, labels.service]
            return at_most

        def beam(labels: Labels, shifts: int) -> Labels:
            who = self.first[labels.service]
            order = np.lexsort((-bound(labels, shifts), who))
            rank = np.arange(len(order)) - np.searchsorted(who[order], who[order])
            return labels.take(np.sort(order[rank < _BEAM_WIDTH]))

        def promising(labels: Labels, shifts: int) -> Labels:
            best = reached[self.first[labels.service]]
            return labels.take(bound(labels, shifts) >= best - _TOLERANCE)

        for labels in self._extend_all(stop, beam):
            np.maximum.at(reached, self.first[labels.service], labels.value)
        return self._extend_all(stop, promising)

    def _completion_bound(self) -> c.Floats:
        """Return a bound on what may follow each service, shape (shifts left, services).

        Hours and days are relaxed; load and the number of shifts are not.
        """
        shifts = int(self.max_shifts.max())
        bound = np.zeros((shifts, len(self.arc)))
        some = np.flatnonzero(np.diff(self.next_of))
        gain = (self.reward - self.first_load)[self.next]
        limit = self.max_shifts[self.next]
        for left in range(1, shifts):
            follow = gain - self.load_step * (limit - left) + bound[left - 1, self.next]
            bound[left, some] = np.maximum(np.maximum.reduceat(follow, self.next_of[some]), 0.0)
        return bound

    def _extend_all(
        self,
        stop: Callable[[], bool],
        prune: Callable[[Labels, int], Labels] = lambda labels, shifts: labels,
    ) -> list[Labels]:
        """Extend labels while any is left; prune those of each number of shifts."""
        counts = self.counts.first(self.alone)
        fits = self.counts.fits(counts, self.alone)
        alone, counts = self.alone[fits], counts[fits]
        labels = Labels(
            alone,
            (self.reward - self.first_load)[alone] - self.call,
            self.minutes[alone],
            (self.counts_days & self.single)[alone].astype(np.int64),
            self.counts.settled(counts, alone),
            np.full(len(alone), -1, np.int64),
            self._held(np.zeros(len(alone), np.int64), alone),
        )
        levels: list[Labels] = []
        while True:
            labels = prune(undominated(labels), len(levels) + 1)
            if not len(labels):
                return levels
            self._check_crowd(labels)
            levels.append(labels)
            labels = self._extend(labels, len(levels) + 1, stop)

    def _check_crowd(self, labels: Labels) -> None:
        if not labels.counts.shape[1] or len(labels) <= _MOST_COUNTED_OF_ONE:
            return
        whose, many = np.unique(self.first[labels.service], return_counts=True)
        most = _MOST_COUNTED_OF_ONE
        if len(labels) > _MOST_COUNTED:
            most = min(most, _MOST_COUNTED // len(whose))
        counted = self.counts.full[whose].any(axis=1)
        if (counted & (many > most)).any():
            raise _Crowded(whose[counted & (many > most)])

    def _extend(self, labels: Labels, shifts: int, stop: Callable[[], bool]) -> Labels:
        """Extend labels by one service in every way, in batches where there are many."""
        index = np.flatnonzero(self.max_shifts[labels.service] >= shifts)
        ways = np.cumsum(np.diff(self.next_of)[labels.service[index]])
        most = int(ways[-1]) if len(ways) else 0
        steps = np.arange(_EXTENSIONS_PER_BATCH, most, _EXTENSIONS_PER_BATCH)
        cuts = np.unique(np.searchsorted(ways, steps, side="right"))
        extended = []
        for batch in np.split(index, cuts):
            if stop():
                raise Stopped
            longer = self._extend_batch(labels, batch, self.load_step * (shifts - 1))
            extended.append(undominated(longer) if len(cuts) else longer)
        return concatenated(extended)

    def _extend_batch(self, labels: Labels, index: c.Longs, load: int) -> Labels:
        last = labels.service[index]
        count = self.next_of[last + 1] - self.next_of[last]
        parent = np.repeat(index, count)
        service = self.next[c.ranges(self.next_of[last], count)]
        before = labels.take(parent)
        same_day = self.day[before.service] == self.day[service]
        known = same_day
        if self.several is not None:
            same_day &= self.single[service]
            known = same_day | self.several.begins_on(before.held, self.starts[service])
        counts = self.counts_days[service] & self.single[service]
        today = np.where(counts, np.where(same_day, before.today, 0) + 1, 0)
        longer = Labels(
            service,
            before.value + self.reward[service] - self.first_load[service] - load,
            before.minutes + self.minutes[service],
            today,
            self.counts.more(before.counts, service, known),
            parent,
            before.held,
        )
        fits = longer.minutes <= self.max_minutes[service]
        fits &= today <= self.max_shifts_per_day[service]
        longer = longer.take(fits & self.counts.fits(longer.counts, service))
        if self.several is not None:
            goes = self.several.goes_with_all(longer.held, longer.service, longer.today)
            longer = longer.take(goes)
        settled = self.counts.settled(longer.counts, longer.service)
        return replace(longer, counts=settled, held=self._held(longer.held, longer.service))

    def _held(self, held: c.Longs, service: c.Longs) -> c.Longs:
        """Return the sets with one service more each, if that has several meetings."""
        if self.several is None:
            return held
        return np.where(self.single[service], held, self.several.added(held, service))
