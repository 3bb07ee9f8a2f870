"""Blocks: places where the linear programme is not whole, each solved exactly and on its own.

Under any duals the bound falls apart into the volunteers' best weeks, the requests' parts and the
limits of rows. A block takes some requests together with the volunteers who could serve them, and
solves their joint part as an integer programme; what its volunteers do elsewhere is paid at its
price. Blocks that share neither a request nor a volunteer lower the bound by the sum of what each
gains, however many there are, where a search tree would try the combinations.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from matching import columns as c
from matching.solvers.crew import Crew
from matching.solvers.dissection import Dissection
from matching.solvers.generation import Generation
from matching.solvers.places import Place
from matching.solvers.territory import Territory, cells

# How far from the best weeks arcs are looked at: further, while that gains more.
_SLACKS = (100.0, 3_000.0, 30_000.0)
_NODES = 1_000
# A block of more requests would take too long: it is cut into some of about so many.
_MOST_REQUESTS = 100


class Blocks:
    """Disjoint parts of the bound, one per group of requests."""

    def __init__(
        self, generation: Generation, parts: Dissection, group: c.Ints, crew: Crew
    ) -> None:
        self.generation, self.parts, self.crew = generation, parts, crew
        self.territory = Territory(generation, parts, _cut(generation, group))
        self.rows = c.Groups(generation.rows.request, len(group))
        arcs, slots = generation.weeks.arcs, generation.problem.slots
        self.first_arc = c.starts_of(arcs.volunteer, len(generation.problem.volunteers))
        # Elsewhere a service that is not worth its load never helps, but as a way around the travel
        # rule: a stop at an unknown place takes no time to reach.
        unknown = np.isnan(generation.problem.requests.lat[slots.request[arcs.slot]])
        self.pays = (parts.reward > generation.weeks.first_load[arcs.volunteer]) | unknown
        # The last is that of no group.
        self.gained = np.zeros(len(self.territory.numbers) + 1)

    def close(self, told: Callable[[float], None]) -> None:
        """Solve each group exactly.

        Parameters
        ----------
        told : callable
            Receives each bound on the way.
        """
        numbers = self.territory.numbers
        for number, gained in zip(numbers, self.crew.map(self.gain, numbers), strict=True):
            self.gained[number] = gained
            told(self.bound)

    @property
    def bound(self) -> float:
        """No plan is worth more."""
        return self.parts.bound - float(self.gained.sum())

    def open_arcs(self, value: int | None) -> c.Longs:
        """Return the arcs that a plan worth more than a value could hold, sorted.

        With an arc that falls short of the best week a plan is worth that much less than the
        bound, but for what the arc's own blocks have lowered it by.
        """
        arcs = self.generation.weeks.arcs
        if value is None:
            return np.arange(len(arcs))
        owner, group = self.territory.owner[arcs.volunteer], self.territory.of_arc
        slack = self.bound - value + self.gained[owner]
        slack += np.where(group != owner, self.gained[group], 0.0)
        return np.flatnonzero(self.parts.shortfall <= slack)

    def gain(self, number: int) -> float:
        """Return by how much a block lowers the bound.

        A plan that holds an arc further than the slack from the best weeks is worth at most the
        block's share minus the slack: such arcs are left out, and the gain is at most the slack.
        """
        gained = 0.0
        for slack in _SLACKS:
            gain = self._gain(number, slack)
            before, gained = gained, max(gained, min(gain, slack))
            if gain <= slack or gained <= before or not self.generation.best.goes_on():
                break
        return gained

    def _gain(self, number: int, slack: float) -> float:
        best = self.generation.best
        place, share = self._place(number, slack)
        answer = self.crew.solve(place.programme, best.seconds_left, 0.0, best.stop, nodes=_NODES)
        return share - answer.bound

    def _place(self, number: int, slack: float) -> tuple[Place, float]:
        """Write a block; return also its share of the bound."""
        generation, parts = self.generation, self.parts
        arcs, first_load = generation.weeks.arcs, generation.weeks.first_load
        of_arc, owner = self.territory.of_arc, self.territory.owner
        requests = self.territory.requests.of(np.array([number]))
        people = self.territory.people.of(np.array([number]))
        row = self.rows.of(requests)
        inside = np.sort(generation.writer.arcs_of.of(requests))
        charge = self._charge(row, inside)
        own = owner[arcs.volunteer[inside]] == number
        # Of those who belong to other blocks only what they do here counts: it comes at its price.
        near = ~own | (parts.shortfall[inside] <= slack)
        inside, charge = inside[near], charge[near]
        many = self.first_arc[people + 1] - self.first_arc[people]
        outside = c.ranges(self.first_arc[people], many)
        outside = outside[(of_arc[outside] != number) & self.pays[outside]]
        outside = outside[parts.shortfall[outside] <= slack]
        arc = np.sort(np.append(inside, outside))
        who = arcs.volunteer[arc]
        own = owner[who] == number
        gain = np.where(own, parts.reward[arc] - first_load[who], 0.0)
        gain[np.searchsorted(arc, inside)] += charge
        place = generation.writer.write(requests, arc, gain, unpaid=~own)
        teams = generation.writer.team_of.of(requests)
        share = parts.week[people].sum() + parts.team[teams].sum() + parts.row[row].sum()
        return place, float(share)

    def _charge(self, row: c.Longs, arc: c.Longs) -> c.Floats:
        """Return what some rows charge each of some arcs, sorted; they speak of no others."""
        part = self.generation.rows.on_arc[row]
        weight = part.data * np.repeat(self.parts.dual[row], np.diff(part.indptr))
        at = np.searchsorted(arc, part.indices)
        return np.bincount(at, weight, minlength=len(arc)).astype(np.float64)


def _cut(generation: Generation, group: c.Ints) -> c.Ints:
    """Cut groups that are too large along the map."""
    requests = generation.problem.requests
    size = np.bincount(group + 1)
    large = np.flatnonzero((group >= 0) & (size[group + 1] > _MOST_REQUESTS))
    cell = cells(requests.lat[large], requests.lon[large], _MOST_REQUESTS)
    number = np.unique(c.combine(group[large], cell), return_inverse=True)[1]
    cut = group.copy()
    cut[large] = number + len(size)
    return cut
