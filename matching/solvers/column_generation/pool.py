"""The columns of the restricted master: rosters, each once."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from matching.bounds.pricing import Weeks
from matching.bounds.rosters import Rosters
from matching.problem import columns as c

# A plan near a solution needs no roster of larger reduced cost.
_MAX_REDUCED_COST = 1_000.0


class ColumnPool:
    """Rosters over a fixed set of arcs; index j.

    Attributes
    ----------
    volunteer : int32 array, shape (rosters,)
    value : float64 array, shape (rosters,)
        Quality minus load.
    roster, arc : int64 arrays of equal length
        Which roster holds which arc, sorted by roster.
    """

    def __init__(self, weeks: Weeks, quality: c.Longs, seed: int) -> None:
        self.weeks, self.quality, self.seed = weeks, quality, seed
        # Rosters are compared by the sum of their arcs' random numbers.
        random = np.random.default_rng(seed)
        self.arc_hash = random.integers(0, 2**63, len(weeks.arcs), dtype=np.uint64)
        self.known = np.empty(0, np.uint64)
        self.volunteer = np.empty(0, np.int32)
        self.value: c.Floats = np.empty(0)
        self.roster, self.arc = np.empty(0, np.int64), np.empty(0, np.int64)

    def __len__(self) -> int:
        return len(self.volunteer)

    def add(self, found: Rosters) -> int:
        """Add the rosters that are new; return how many."""
        hashed = np.zeros(len(found.volunteer), np.uint64)
        np.add.at(hashed, found.roster, self.arc_hash[found.arc])
        fresh = np.zeros(len(hashed), np.bool_)
        fresh[np.unique(hashed, return_index=True)[1]] = True
        fresh &= ~np.isin(hashed, self.known)
        number = np.cumsum(fresh) - 1 + len(self)
        held = fresh[found.roster]
        self.known = np.append(self.known, hashed[fresh])
        self.volunteer = np.append(self.volunteer, found.volunteer[fresh])
        self.roster = np.append(self.roster, number[found.roster[held]])
        self.arc = np.append(self.arc, found.arc[held])
        shifts = np.bincount(self.roster, minlength=len(self))
        quality = np.bincount(self.roster, self.quality[self.arc], minlength=len(self))
        self.value = quality.astype(np.float64) - self.weeks.load(self.volunteer, shifts)
        return int(fresh.sum())

    def part(self, rosters: c.Bools) -> ColumnPool:
        """Return a pool of some of the rosters."""
        number, held = np.cumsum(rosters) - 1, rosters[self.roster]
        taken = Rosters(
            self.volunteer[rosters],
            self.value[rosters],
            number[self.roster[held]],
            self.arc[held],
        )
        pool = ColumnPool(self.weeks, self.quality, self.seed)
        pool.add(taken)
        return pool

    def near(self, reward: c.Floats) -> c.Bools:
        """Tell which rosters fall short of their volunteer's best here by little."""
        gain = self.gain(reward)
        near: c.Bools = gain >= self.best(gain)[self.volunteer] - _MAX_REDUCED_COST
        return near

    def add_singles(self, arc: c.Longs) -> int:
        """Add the rosters of one service each, for those of the arcs that may stand alone."""
        arc = arc[self.weeks.fit_alone(arc)]
        number = np.arange(len(arc))
        return self.add(Rosters(self.weeks.arcs.volunteer[arc], np.zeros(len(arc)), number, arc))

    def gain(self, reward: c.Floats) -> c.Floats:
        """Return the value of each roster where arcs have these rewards instead of quality."""
        more = (reward - self.quality)[self.arc]
        gain: c.Floats = self.value + np.bincount(self.roster, more, minlength=len(self))
        return gain

    def best(self, gain: c.Floats) -> c.Floats:
        """Return the best each volunteer has, at least 0, given the value of each roster."""
        best = np.zeros(len(self.weeks.problem.volunteers))
        np.maximum.at(best, self.volunteer, gain)
        return best

    def padded(self, selected: c.Floats) -> c.Floats:
        """Return how far each roster is selected: those that came in later are not."""
        return np.append(selected, np.zeros(len(self) - len(selected)))

    def arcs_of(self, rosters: c.Bools) -> c.Longs:
        """Return the arcs of some rosters, one after the other."""
        return self.arc[rosters[self.roster]]

    def holds(self) -> sparse.csc_array:
        """Return which roster holds which arc, shape (arcs, rosters)."""
        ones = np.ones(len(self.roster))
        shape = (len(self.weeks.arcs), len(self))
        return sparse.csc_array((ones, (self.arc, self.roster)), shape=shape)
