"""The schedules at hand, each once."""

from __future__ import annotations

import copy

import numpy as np
from scipy import sparse

from matching.bounds.labelling import Rosters
from matching.bounds.pricing import Weeks
from matching.problem import columns as c


class ColumnPool:
    """Rosters of a fixed set of arcs; index j."""

    def __init__(self, weeks: Weeks, quality: c.Longs, seed: int) -> None:
        self.weeks, self.quality = weeks, quality
        # A schedule is told by the sum of its arcs' random numbers.
        random = np.random.default_rng(seed)
        self.mark = random.integers(0, 2**63, len(weeks.arcs), dtype=np.uint64)
        self.known = np.empty(0, np.uint64)
        self.volunteer = np.empty(0, np.int32)
        self.value: c.Floats = np.empty(0)
        self.owner, self.arc = np.empty(0, np.int64), np.empty(0, np.int64)

    def __len__(self) -> int:
        return len(self.volunteer)

    def add(self, found: Rosters) -> int:
        """Take in the schedules that are new; return how many."""
        mark = np.zeros(len(found.volunteer), np.uint64)
        np.add.at(mark, found.owner, self.mark[found.arc])
        _, first = np.unique(mark, return_index=True)
        fresh = np.zeros(len(mark), np.bool_)
        fresh[first] = True
        fresh &= ~np.isin(mark, self.known)
        number = np.cumsum(fresh) - 1 + len(self)
        held = fresh[found.owner]
        owner, arc = number[found.owner[held]], found.arc[held]
        self.known = np.append(self.known, mark[fresh])
        self.volunteer = np.append(self.volunteer, found.volunteer[fresh])
        self.owner, self.arc = np.append(self.owner, owner), np.append(self.arc, arc)
        shifts = np.bincount(self.owner, minlength=len(self))
        load = self.weeks.load(self.volunteer, shifts)
        worth = np.bincount(self.owner, self.quality[self.arc], minlength=len(self))
        self.value = worth.astype(np.float64) - load
        return int(fresh.sum())

    def extended(self, found: Rosters) -> ColumnPool:
        """Return a pool of these schedules and more."""
        pool = copy.copy(self)
        pool.add(found)
        return pool

    def add_singles(self, arc: c.Longs) -> int:
        """Take in the weeks of one service each, for those of the arcs that allow it alone."""
        problem, arcs = self.weeks.problem, self.weeks.arcs
        who, option = arcs.volunteer[arc], problem.slots.option[arcs.slot[arc]]
        minutes = problem.options.end[option] - problem.options.start[option]
        people = problem.volunteers
        fits = (minutes <= people.max_minutes[who]) & (people.max_shifts[who] > 0)
        arc = arc[fits & (people.max_shifts_per_day[who] > 0)]
        number = np.arange(len(arc))
        return self.add(Rosters(arcs.volunteer[arc], np.zeros(len(arc)), number, arc))

    def gain(self, worth: c.Floats) -> c.Floats:
        """Return what each schedule is worth where each arc is worth so much."""
        more = (worth - self.quality)[self.arc]
        gain: c.Floats = self.value + np.bincount(self.owner, more, minlength=len(self))
        return gain

    def best(self, gain: c.Floats, volunteers: int) -> c.Floats:
        """Return the best each volunteer has, at least 0, given what each schedule is worth."""
        best = np.zeros(volunteers)
        np.maximum.at(best, self.volunteer, gain)
        return best

    def padded(self, taken: c.Floats) -> c.Floats:
        """Return how far each schedule is taken: those that came in later are not."""
        return np.append(taken, np.zeros(len(self) - len(taken)))

    def arcs_of(self, schedules: c.Bools) -> c.Longs:
        """Return the arcs of some schedules, one after the other."""
        return self.arc[schedules[self.owner]]

    def count(self, arcs: c.Longs) -> c.Longs:
        """Return how many of some arcs each schedule holds, shape (schedules,)."""
        held = np.isin(self.arc, arcs)
        return np.bincount(self.owner[held], minlength=len(self))

    def holds(self) -> sparse.csc_array:
        """Return which schedule holds which arc, shape (arcs, schedules)."""
        ones = np.ones(len(self.owner))
        shape = (len(self.weeks.arcs), len(self))
        return sparse.csc_array((ones, (self.arc, self.owner)), shape=shape)

    @property
    def volunteers(self) -> c.Ints:
        """Everybody who has a schedule, sorted."""
        return np.unique(self.volunteer)
