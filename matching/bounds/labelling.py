"""Rosters: whole weeks of one volunteer, as paths from one service to the next.

A path keeps every volunteer rule: each service starts after the one before has ended, with time to
travel and to rest; hours, shifts a week and shifts a day stay within their limits. Labels grow by
one service at a time, for all volunteers at once; of two paths that end alike, the one that is
worth no more and has used no fewer hours is dropped.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from matching.arcs.eligibility import Arcs
from matching.arcs.spatial import distance_km
from matching.problem import Problem
from matching.problem import columns as c

# Pairs of services of one volunteer looked at in one go.
_BLOCK = 1 << 22


# From so many ways to go on, paths are held against a bound on what may follow.
_MANY_WAYS = 1 << 19
# So many paths of each volunteer and length are followed for a first value.
_BEAM = 64
# The bound is computed shift by shift, up to so many.
_MOST_SHIFTS = 64
_ARITHMETIC = 1e-6


class Stopped(Exception):
    """The search for best weeks was told to stop before it was over."""


def never() -> bool:
    """Go on to the end."""
    return False


@dataclass(frozen=True, eq=False, repr=False)
class Labels(c.Columns):
    """Labels of one length; the parent is an index into the paths one service shorter."""

    arc: c.Longs  # the last service, an index into the arcs of the block
    value: c.Floats
    minutes: c.Longs
    today: c.Longs  # services on the day of the last one; 0 where no limit by the day binds
    parent: c.Longs


class RosterLabelling:
    """The services of some volunteers, sorted by volunteer and start, and what may follow what."""

    def __init__(
        self, problem: Problem, arcs: Arcs, rows: c.Longs, reward: c.Floats, first_load: c.Longs
    ) -> None:
        option = problem.slots.option[arcs.slot[rows]]
        order = np.lexsort((problem.options.start[option], arcs.volunteer[rows]))
        self.problem, self.rows = problem, rows[order]
        self.volunteer = arcs.volunteer[self.rows]
        # Whose a service is: where theirs begin.
        self.first = np.searchsorted(self.volunteer, self.volunteer)
        slot = arcs.slot[self.rows]
        option = problem.slots.option[slot]
        self.start = problem.options.start[option].astype(np.int64)
        self.end = problem.options.end[option].astype(np.int64)
        self.day = problem.options.day[option]
        request = problem.slots.request[slot]
        self.lat, self.lon = problem.requests.lat[request], problem.requests.lon[request]
        self.reward = reward[self.rows]
        self.first_load = first_load[self.volunteer]
        people = problem.volunteers
        shifts = people.max_shifts[self.volunteer]
        self.max_shifts = shifts
        services = np.searchsorted(self.volunteer, self.volunteer, side="right") - self.first
        self.most = np.minimum(shifts, services)
        self.max_minutes = people.max_minutes[self.volunteer].astype(np.int64)
        self.by_day = people.max_shifts_per_day[self.volunteer]
        self.counts_days = self.by_day < shifts
        self.counts_minutes = self.max_minutes < c.NO_LIMIT
        self._link()

    def _link(self) -> None:
        """List, for each service, those of the same volunteer that may come next."""
        size = len(self.rows)
        last = np.searchsorted(self.volunteer, self.volunteer, side="right")
        first = np.arange(1, size + 1)
        a = np.repeat(np.arange(size), last - first)
        b = c.ranges(first.astype(np.int64), (last - first).astype(np.int64))
        gap = self.start[b] - self.end[a]
        a, b, gap = a[gap >= 0], b[gap >= 0], gap[gap >= 0]
        rest = self.problem.volunteers.min_rest[self.volunteer[a]]
        fits = (gap >= rest) | (self.day[a] == self.day[b])
        a, b, gap = a[fits], b[fits], gap[fits]
        speed = self.problem.policy.travel_kmh
        if np.isfinite(speed):
            km = distance_km(self.lat[a], self.lon[a], self.lat[b], self.lon[b])
            # NaN, where a place is unknown, is never too far.
            fits = ~(km / speed * 60 > gap * (1 + 1e-9))
            a, b = a[fits], b[fits]
        self.next = b
        self.next_of = c.starts_of(a.astype(np.int32), size)

    def grow(self, stop: Callable[[], bool] = never) -> list[Labels]:
        """Return paths of one service, of two, and so on, that no other dominates.

        Where there are very many ways, those that cannot become a best path are left out.
        """
        if len(self.next) < _MANY_WAYS or self.most.max() > _MOST_SHIFTS:
            return self._grown(stop)
        rest = self._completion_bound()
        # A few of the most promising give a value that the best path reaches at least.
        reached = np.zeros(len(self.rows))
        for paths in self._grown(stop, rest, beam=_BEAM):
            np.maximum.at(reached, self.first[paths.arc], paths.value)
        return self._grown(stop, rest, reached)

    def _grown(
        self,
        stop: Callable[[], bool],
        rest: c.Floats | None = None,
        reached: c.Floats | None = None,
        beam: int = 0,
    ) -> list[Labels]:
        alone = np.flatnonzero(
            (self.end - self.start <= self.max_minutes) & (self.max_shifts > 0) & (self.by_day > 0)
        )
        minutes = np.where(self.counts_minutes, self.end - self.start, 0)
        paths = Labels(
            alone,
            (self.reward - self.first_load)[alone],
            minutes[alone],
            self.counts_days[alone].astype(np.int64),
            np.full(len(alone), -1, np.int64),
        )
        levels: list[Labels] = []
        step = self.problem.policy.load_step
        while True:
            paths = _dominance(paths)
            if rest is not None:
                left = self.most[paths.arc] - len(levels) - 1
                most = paths.value + rest[left, paths.arc]
                who = self.first[paths.arc]
                if reached is not None:
                    paths = paths.take(most >= reached[who] - _ARITHMETIC)
                else:
                    order = np.lexsort((-most, who))
                    rank = np.arange(len(order)) - np.searchsorted(who[order], who[order])
                    paths = paths.take(np.sort(order[rank < beam]))
            if not len(paths):
                return levels
            levels.append(paths)
            paths = self._extended(paths, minutes, step * len(levels), len(levels) + 1, stop)

    def _completion_bound(self) -> c.Floats:
        """Return a bound on what may follow each service, shape (shifts left, services).

        Hours and days are let go; load and the number of shifts are not.
        """
        shifts = int(self.most.max())
        rest = np.zeros((shifts, len(self.rows)))
        some = np.flatnonzero(np.diff(self.next_of))
        gain = (self.reward - self.first_load)[self.next]
        limit = self.most[self.next]
        step = self.problem.policy.load_step
        for left in range(1, shifts):
            follow = gain - step * (limit - left) + rest[left - 1, self.next]
            rest[left, some] = np.maximum(np.maximum.reduceat(follow, self.next_of[some]), 0.0)
        return rest

    def _extended(
        self, paths: Labels, minutes: c.Longs, load: int, shifts: int, stop: Callable[[], bool]
    ) -> Labels:
        """Add one service to the paths in every way; where ways are many, some paths at a time."""
        index = np.flatnonzero(self.max_shifts[paths.arc] >= shifts)
        ways = np.cumsum((self.next_of[paths.arc + 1] - self.next_of[paths.arc])[index])
        most = int(ways[-1]) if len(ways) else 0
        cuts = np.unique(np.searchsorted(ways, np.arange(_BLOCK, most, _BLOCK), side="right"))
        grown = []
        for part in np.split(index, cuts):
            if stop():
                raise Stopped
            longer = self._longer(paths, part, minutes, load)
            grown.append(_dominance(longer) if len(cuts) else longer)
        return grown[0] if len(grown) == 1 else _all(grown)

    def _longer(self, paths: Labels, index: c.Longs, minutes: c.Longs, load: int) -> Labels:
        many = (self.next_of[paths.arc + 1] - self.next_of[paths.arc])[index]
        parent = np.repeat(index, many)
        arc = self.next[c.ranges(self.next_of[paths.arc[index]], many)]
        before = paths.take(parent)
        same_day = self.day[before.arc] == self.day[arc]
        today = np.where(self.counts_days[arc], np.where(same_day, before.today, 0) + 1, 0)
        longer = Labels(
            arc,
            before.value + self.reward[arc] - self.first_load[arc] - load,
            before.minutes + minutes[arc],
            today,
            parent,
        )
        fits = (longer.minutes <= self.max_minutes[arc]) & (today <= self.by_day[arc])
        return longer.take(fits)


def _all(parts: list[Labels]) -> Labels:
    return Labels(
        np.concatenate([part.arc for part in parts]),
        np.concatenate([part.value for part in parts]),
        np.concatenate([part.minutes for part in parts]),
        np.concatenate([part.today for part in parts]),
        np.concatenate([part.parent for part in parts]),
    )


def _dominance(paths: Labels) -> Labels:
    """Keep, of the paths with the same last service and day count, those worth their minutes."""
    if not len(paths):
        return paths
    order = np.lexsort((-paths.value, paths.minutes, paths.today, paths.arc))
    paths = paths.take(order)
    group = paths.arc * (paths.today.max() + 1) + paths.today
    fresh = np.diff(group, prepend=-1) != 0
    number = np.cumsum(fresh)
    # With minutes rising, a path is worth keeping only above all before it. Ranks instead of
    # values, lifted by the group's number, let one running maximum serve all groups.
    rank = np.unique(paths.value, return_inverse=True)[1]
    lifted = number * np.int64(len(paths) + 1) + rank
    before = np.append(-1, np.maximum.accumulate(lifted)[:-1])
    return paths.take(np.flatnonzero(lifted > before))


@dataclass(frozen=True, eq=False)
class Rosters:
    """Whole weeks, each with its arcs.

    Attributes
    ----------
    volunteer : int32 array, shape (schedules,)
    value : float64 array, shape (schedules,)
        Rewards minus load.
    owner, arc : int64 arrays of equal length
        Which schedule holds which arc, sorted by schedule.
    """

    volunteer: c.Ints
    value: c.Floats
    owner: c.Longs
    arc: c.Longs


def solve_pricing(
    problem: Problem,
    arcs: Arcs,
    rows: c.Longs,
    reward: c.Floats,
    first_load: c.Longs,
    above: c.Floats,
    most: int = 1,
    stop: Callable[[], bool] = never,
) -> Rosters:
    """Return the best schedules of every volunteer who has arcs among the rows.

    Parameters
    ----------
    rows : int64 array
        The arcs to look at, all arcs of each volunteer or none, sorted by volunteer.
    reward : float64 array, shape (arcs,)
        What each service is worth, before load.
    first_load : int64 array, shape (volunteers,)
        What any service costs each volunteer.
    above : float64 array, shape (volunteers,)
        Only schedules worth more are returned; at least 0.
    most : int
        So many of each volunteer, the best first. Beyond the first they are the best among paths
        of which none dominates another, not the best of all.
    stop : callable
        Asked often; true ends it.

    Raises
    ------
    Stopped
        If told to stop.
    """
    found = []
    for part in _useful_parts(problem, arcs, rows, reward, first_load):
        if stop():
            raise Stopped
        # One at a time: what may follow what takes much more memory than the weeks.
        block = RosterLabelling(problem, arcs, part, reward, first_load)
        found.append(_picked(block, block.grow(stop), above, most))
    return _joined(found)


def _joined(parts: list[Rosters]) -> Rosters:
    if not parts:
        none = np.empty(0, np.int64)
        return Rosters(none.astype(np.int32), np.empty(0), none, none)
    sizes = np.cumsum([0, *(len(part.volunteer) for part in parts)])
    owner = [part.owner + size for part, size in zip(parts, sizes, strict=False)]
    return Rosters(
        np.concatenate([part.volunteer for part in parts]),
        np.concatenate([part.value for part in parts]),
        np.concatenate(owner),
        np.concatenate([part.arc for part in parts]),
    )


def _picked(block: RosterLabelling, levels: list[Labels], above: c.Floats, most: int) -> Rosters:
    """Pick the best paths of each volunteer, and walk back through their parents."""
    if not levels:
        return _joined([])
    level = np.repeat(np.arange(len(levels)), [len(paths) for paths in levels])
    index = np.concatenate([np.arange(len(paths)) for paths in levels])
    value = np.concatenate([paths.value for paths in levels])
    volunteer = np.concatenate([block.volunteer[paths.arc] for paths in levels])
    rows = np.flatnonzero(value > above[volunteer])
    rows = rows[np.lexsort((level[rows], -value[rows], volunteer[rows]))]
    begin = np.searchsorted(volunteer[rows], volunteer[rows])
    rows = rows[np.arange(len(rows)) - begin < most]
    owner, arc = [], []
    walking, at = np.empty(0, np.int64), np.empty(0, np.int64)
    for number in range(len(levels) - 1, -1, -1):
        joins = np.flatnonzero(level[rows] == number)
        walking, at = np.append(walking, joins), np.append(at, index[rows[joins]])
        owner.append(walking)
        arc.append(block.rows[levels[number].arc[at]])
        at = levels[number].parent[at]
    flat = np.concatenate(owner)
    order = np.argsort(flat, kind="stable")
    return Rosters(volunteer[rows], value[rows], flat[order], np.concatenate(arc)[order])


def _useful_parts(
    problem: Problem,
    arcs: Arcs,
    rows: c.Longs,
    reward: c.Floats,
    first_load: c.Longs,
) -> list[c.Longs]:
    """Split the arcs that can be part of a best path, each volunteer's in one part."""
    # A service that is not worth its load is only ever a way around the travel rule: a stop at an
    # unknown place takes no time to reach.
    unknown = np.isnan(problem.requests.lat[problem.slots.request[arcs.slot[rows]]])
    worth = reward[rows] - first_load[arcs.volunteer[rows]] > 0
    rows = rows[worth | unknown]
    if not len(rows):
        return []
    who = arcs.volunteer[rows]
    begin = np.flatnonzero(np.diff(who, prepend=-1))
    many = np.diff(np.append(begin, len(rows))).astype(np.int64)
    work = np.cumsum(many * many)
    cuts = np.unique(np.searchsorted(work, np.arange(_BLOCK, int(work[-1]), _BLOCK), side="right"))
    parts = np.split(rows, begin[cuts[(cuts > 0) & (cuts < len(begin))]])
    return [part for part in parts if len(part)]
