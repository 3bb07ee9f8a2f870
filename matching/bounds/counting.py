"""What paths remember of limits: counts packed into words, each with a bit above that says "full".

A field begins so that one service more than the limit carries into the bit above. So adding,
comparing and forgetting are a few operations on whole numbers, for all limits of all paths at once.
"""

from __future__ import annotations

import numpy as np

from matching.arcs.eligibility import Arcs
from matching.arcs.limits import counters_of
from matching.problem import Problem
from matching.problem import columns as c

_BITS = 63


class Counts:
    """The counts of paths over some services, sorted by volunteer and start.

    Parameters
    ----------
    arcs : Arcs
        The services.
    day : int32 array, shape (services,)
        The day that each starts on.
    """

    def __init__(self, problem: Problem, arcs: Arcs, day: c.Ints) -> None:
        counters, size = counters_of(problem, arcs), len(arcs)
        if not len(counters):
            self.begin = self.each = self.daily = self.full = self.left = np.zeros(
                (size, 0), np.int64
            )
            return
        self.width = int(counters.most.max()).bit_length()
        in_word = _BITS // (self.width + 1)
        number = np.arange(len(counters)) - np.searchsorted(counters.volunteer, counters.volunteer)
        words, word = int(number.max()) // in_word + 1, number // in_word
        one = np.int64(1) << number % in_word * (self.width + 1)
        limit = np.int64(1) << self.width
        # A volunteer's fields, before the first service.
        people, person = np.unique(arcs.volunteer, return_inverse=True)
        field = np.searchsorted(people, counters.volunteer), word
        begin, full = np.zeros((2, len(people), words), np.int64)
        np.add.at(begin, field, (limit - 1 - counters.most) * one)
        np.add.at(full, field, limit * one)
        self.begin, self.full = begin[person], full[person]
        # What a service adds: to counts of services, and on a new day to those of days.
        self.each, self.daily = np.zeros((2, size, words), np.int64)
        of, arc, daily = counters.counter, counters.arc, counters.by_day[counters.counter]
        for table, rows in ((self.each, ~daily), (self.daily, daily)):
            np.add.at(table, (arc[rows], word[of[rows]]), one[of[rows]])
        # Later services can add no more than this, or than a field holds.
        fresh = (np.diff(day, prepend=-1) != 0) | (np.diff(person, prepend=-1) != 0)
        steps_down = np.flatnonzero(fresh[arc] | ~daily)
        steps_down = steps_down[np.lexsort((arc[steps_down], of[steps_down]))]
        of, arc = of[steps_down], arc[steps_down]
        later = np.searchsorted(of, of, "right") - np.arange(len(of))
        step = np.minimum(later, limit) - np.minimum(later - 1, limit)
        steps = np.zeros((size + 1, words), np.int64)
        np.add.at(steps, (arc, word[of]), step * one[of])
        # From the end on, and of one volunteer: what goes round within 64 bits comes back.
        ahead = np.cumsum(steps[::-1], axis=0)[::-1]
        last = np.searchsorted(person, person, "right")
        self.left = ahead[1:] - ahead[last]

    def leave_out(self, services: c.Bools) -> None:
        """Count nothing of some services, which are all of their volunteers."""
        for table in (self.begin, self.each, self.daily, self.full, self.left):
            table[services] = 0

    def first(self, service: c.Longs) -> c.Longs:
        """Return the counts of paths of one service."""
        return self.begin[service] + self.each[service] + self.daily[service]

    def more(self, before: c.Longs, service: c.Longs, same_day: c.Bools) -> c.Longs:
        """Return the counts of paths with one service more."""
        daily = np.where(same_day[:, None], 0, self.daily[service])
        return before + self.each[service] + daily

    def fits(self, counts: c.Longs, service: c.Longs) -> c.Bools:
        """Tell which paths are within all limits."""
        fits: c.Bools = np.logical_not((counts & self.full[service]).any(axis=1))
        return fits

    def settled(self, counts: c.Longs, service: c.Longs) -> c.Longs:
        """Forget what can no longer bind: then more paths are alike."""
        if not counts.shape[1]:
            return counts
        binding = (counts + self.left[service]) & self.full[service]
        return counts & (binding - (binding >> self.width))
