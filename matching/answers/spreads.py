"""How many of several come: exact distributions of sums, of all groups at once.

A spread holds, for each group, the odds of 0, 1, 2, ... Sums are taken of two parts at a time in
all groups, so there are as many rounds as the largest group has parts, by their logarithm.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from matching.problem import columns as c

# Two parts of more products than this are multiplied by themselves.
_LARGE = 1 << 16


class Spread(NamedTuple):
    """Distributions of counts, one after the other.

    Attributes
    ----------
    first : int64 array, shape (groups + 1,)
        Where the odds of each group begin.
    odds : float64 array
        Of 0, of 1, and so on.
    """

    first: c.Longs
    odds: c.Floats

    @property
    def counts(self) -> c.Longs:
        """Which count each of the odds is of."""
        size = np.diff(self.first)
        counts: c.Longs = c.ranges(np.zeros_like(size), size)
        return counts

    def at_least(self, wanted: c.Whole) -> c.Floats:
        """Return the odds that each group has as many as are wanted."""
        return np.minimum(self._sums(self.only(wanted).odds), 1.0)

    def expected(self) -> c.Floats:
        """Return how many each group has in the mean."""
        return self._sums(self.odds * self.counts)

    def only(self, wanted: c.Whole) -> Spread:
        """Let nothing count where fewer than wanted come."""
        enough = self.counts >= np.repeat(wanted, np.diff(self.first))
        return Spread(self.first, np.where(enough, self.odds, 0.0))

    def at_most(self, most: c.Whole) -> Spread:
        """Let those above a number of each group not count."""
        size = np.minimum(np.diff(self.first), most + np.int64(1))
        first = np.append(0, np.cumsum(size))
        count = np.minimum(self.counts, np.repeat(most, np.diff(self.first)))
        at = np.repeat(first[:-1], np.diff(self.first)) + count
        odds: c.Floats = np.bincount(at, self.odds, minlength=int(first[-1])).astype(np.float64)
        return Spread(first, odds)

    def _sums(self, values: c.Floats) -> c.Floats:
        if not len(values):
            return np.empty(0)
        sums: c.Floats = np.add.reduceat(values, self.first[:-1])
        return sums


def of_people(odds: c.Floats) -> Spread:
    """Return the spread of each person, who comes or does not."""
    both = np.stack([1 - odds, odds], axis=1).ravel()
    return Spread(np.arange(0, len(both) + 1, 2), both)


def summed(parts: Spread, group: c.Whole, size: int) -> Spread:
    """Return how many come of all independent parts of each group.

    Parameters
    ----------
    parts : Spread
    group : int array, shape (parts,)
        The group of each part.
    size : int
        How many groups there are; one without parts has 0 for certain.
    """
    # Nobody is a part of every group: so none is without.
    order = np.argsort(np.append(np.arange(size), group), kind="stable")
    nobody = Spread(np.arange(size), np.ones(size))
    first = np.append(nobody.first, size + parts.first)
    spread = _taken(Spread(first, np.append(nobody.odds, parts.odds)), order)
    of: c.Longs = np.append(np.arange(size), group).astype(np.int64)[order]
    while len(of) > size:
        place = np.arange(len(of)) - c.starts_of(of, size)[of]
        left = np.flatnonzero(place % 2 == 0)
        other = left + 1
        alone = np.append(of, -1)[other] != of[left]
        spread = _joined(spread, left, other, alone)
        of = of[left]
    return spread


def _taken(spread: Spread, order: c.Longs) -> Spread:
    size = np.diff(spread.first)[order]
    at = c.ranges(spread.first[order], size)
    return Spread(np.append(0, np.cumsum(size)), spread.odds[at])


def _joined(spread: Spread, left: c.Longs, other: c.Longs, alone: c.Bools) -> Spread:
    """Sum each part with the next, or leave it as it is."""
    width = np.append(np.diff(spread.first), 1)
    a, b = width[left], np.where(alone, 1, width[other])
    first = np.append(0, np.cumsum(a + b - 1))
    total = np.zeros(int(first[-1]))
    large = a * b > _LARGE
    for n in np.flatnonzero(large & ~alone).tolist():
        one, two = spread.first[left[n]], spread.first[other[n]]
        product = np.convolve(spread.odds[one : one + a[n]], spread.odds[two : two + b[n]])
        total[first[n] : first[n + 1]] = product
    products = np.where(large & ~alone, 0, a * b)
    pair = np.repeat(np.arange(len(left)), products)
    within = c.ranges(np.zeros_like(products), products)
    i, j = within // b[pair], within % b[pair]
    odds = spread.odds[spread.first[left[pair]] + i]
    # One that is alone has no other to look at.
    at = np.where(alone[pair], 0, spread.first[np.minimum(other, len(width) - 2)][pair] + j)
    odds *= np.where(alone[pair], 1.0, spread.odds[at])
    total += np.bincount(first[pair] + i + j, odds, minlength=len(total))
    return Spread(first, total)
