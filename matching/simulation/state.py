"""What one week leaves to the next: hours, fatigue, bonds, and orders that wait."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from matching.problem import columns as c
from matching.simulation.world import World

# Hours of so many weeks ago count half as recent ones.
RECENT_WEEKS = 4.0


@dataclass(eq=False)
class State:
    """Of each volunteer and order, after the weeks so far.

    Attributes
    ----------
    recent_hours, hours : float64 arrays, shape (volunteers,)
        Lately, fading; and in all.
    fatigue : float64 array, shape (volunteers,)
        Offers lately, fading.
    bonds : Bonds
        Sorted by volunteer and beneficiary, each pair once.
    waiting : int64 array
        Orders that nobody came for, ordered again, ascending.
    age : int32 array, shape (orders,)
        Weeks that each has waited.
    """

    recent_hours: c.Floats
    hours: c.Floats
    fatigue: c.Floats
    bonds: c.Bonds
    waiting: c.Longs
    age: c.Ints

    @classmethod
    def first(cls, world: World) -> State:
        """Return how things are before the first week."""
        people = world.folded.volunteers
        return cls(
            recent_hours=people.recent_hours.copy(),
            hours=np.zeros(len(people)),
            fatigue=np.zeros(len(people)),
            bonds=_once(world.folded.bonds),
            waiting=np.empty(0, np.int64),
            age=np.zeros(len(world.week), np.int32),
        )

    def serve(self, volunteer: c.Ints, hours: c.Floats, beneficiary: c.Ints) -> None:
        """Book a week's services; a beneficiary may be -1."""
        served = np.bincount(volunteer, hours, len(self.hours))
        self.hours += served
        self.recent_hours = self.recent_hours * 2 ** (-1 / RECENT_WEEKS) + served
        known = beneficiary >= 0
        more = c.Bonds(volunteer[known], beneficiary[known], np.ones(known.sum(), np.int32))
        columns = zip(
            *((b.volunteer, b.beneficiary, b.visits) for b in (self.bonds, more)), strict=True
        )
        self.bonds = _once(c.Bonds(*map(np.concatenate, columns)))

    def wait(self, unmatched: c.Longs, patience: float) -> c.Longs:
        """Let orders wait another week; return those that have waited long enough, and are lost."""
        lost = self.age[unmatched] >= patience
        self.waiting = unmatched[~lost]
        self.age[self.waiting] += 1
        return unmatched[lost]


def _once(bonds: c.Bonds) -> c.Bonds:
    """Add up the visits of each pair."""
    key = c.combine(bonds.volunteer, bonds.beneficiary)
    order = np.argsort(key, kind="stable")
    first, _ = c.numbered(key[order])
    visits = np.add.reduceat(bonds.visits[order], first) if len(first) else bonds.visits
    pair = bonds.take(order[first])
    return c.Bonds(pair.volunteer, pair.beneficiary, visits.astype(np.int32))
