"""Blocks: places where the linear programme is not whole, each solved exactly and on its own.

Under any duals the bound falls apart into the volunteers' best weeks, the requests' parts and the
limits of rows. A block takes some requests together with the volunteers who could serve them, and
solves their joint part as an integer programme; what its volunteers do elsewhere is paid at its
price. Blocks that share neither a request nor a volunteer lower the bound by the sum of what each
gains, however many there are, where a search tree would try the combinations.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from matching import columns as c
from matching.solvers.dissection import Dissection
from matching.solvers.generation import Generation
from matching.solvers.places import Place

# How far from the best weeks arcs are looked at: first, and at most.
_FIRST_SLACK, _MOST_SLACK = 1_000.0, 30_000.0
_NODES = 1_000
# A block of more requests would take too long.
_MOST_REQUESTS = 300


class Blocks:
    """Disjoint parts of the bound, one per group of requests.

    Attributes
    ----------
    numbers : int64 array, shape (groups,)
        The groups to solve, large ones first.
    """

    def __init__(self, generation: Generation, parts: Dissection, group: c.Ints) -> None:
        self.generation, self.parts, self.group = generation, parts, group
        numbers, size = np.unique(group[group >= 0], return_counts=True)
        order = np.argsort(-size, kind="stable")
        self.numbers = numbers[order[size[order] <= _MOST_REQUESTS]]
        most = int(group.max(initial=-1)) + 1
        self.requests = c.Groups(group, most)
        self.owner = self._claims()
        self.people = c.Groups(self.owner, most)
        self.rows = c.Groups(generation.rows.request, len(group))
        arcs, slots = generation.weeks.arcs, generation.problem.slots
        self.first_arc = c.starts_of(arcs.volunteer, len(self.owner))
        self.request = slots.request[arcs.slot]
        # Elsewhere a service that is not worth its load never helps, but as a way around the travel
        # rule: a stop at an unknown place takes no time to reach.
        unknown = np.isnan(generation.problem.requests.lat[self.request])
        self.pays = (parts.reward > generation.weeks.first_load[arcs.volunteer]) | unknown
        self.gained = np.zeros(most + 1)

    def close(self, workers: int, told: Callable[[float], None]) -> None:
        """Solve each group exactly, the large ones first.

        Parameters
        ----------
        told : callable
            Receives each bound on the way.
        """
        with ThreadPoolExecutor(workers) as pool:
            for number, gained in zip(self.numbers, pool.map(self.gain, self.numbers), strict=True):
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
        if value is None:
            return np.arange(len(self.request))
        owner = self.owner[self.generation.weeks.arcs.volunteer]
        group = self.group[self.request]
        slack = self.bound - value + self.gained[owner]
        slack += np.where(group != owner, self.gained[group], 0.0)
        return np.flatnonzero(self.parts.shortfall <= slack)

    def _claims(self) -> c.Ints:
        """Give every volunteer to the block where their best arc is; -1 for none."""
        arcs = self.generation.weeks.arcs
        of_arc = self.group[self.generation.problem.slots.request[arcs.slot]]
        rows = np.flatnonzero(of_arc >= 0)
        rows = rows[np.lexsort((-self.parts.reward[rows], arcs.volunteer[rows]))]
        first = np.diff(arcs.volunteer[rows], prepend=-1) != 0
        owner = np.full(len(self.generation.problem.volunteers), -1, np.int32)
        owner[arcs.volunteer[rows[first]]] = of_arc[rows[first]]
        return owner

    def gain(self, number: int) -> float:
        """Return by how much a block lowers the bound.

        A plan that holds an arc further than the slack from the best weeks is worth at most the
        block's share minus the slack: such arcs are left out, and the gain is at most the slack.
        """
        slack, gained = _FIRST_SLACK, 0.0
        while self.generation.best.goes_on():
            gain = self._gain(number, slack)
            before, gained = gained, max(gained, min(gain, slack))
            if gain <= slack or gained <= before or slack >= _MOST_SLACK:
                break
            slack = _MOST_SLACK
        return gained

    def _gain(self, number: int, slack: float) -> float:
        best = self.generation.best
        place, share = self._place(number, slack)
        answer = place.programme.solve(best.seconds_left, 0.0, best.stop, nodes=_NODES)
        return share - answer.bound

    def _place(self, number: int, slack: float) -> tuple[Place, float]:
        """Write a block; return also its share of the bound."""
        generation, parts = self.generation, self.parts
        arcs, first_load = generation.weeks.arcs, generation.weeks.first_load
        requests = self.requests.of(np.array([number]))
        people = self.people.of(np.array([number]))
        row = self.rows.of(requests)
        inside = np.sort(generation.writer.arcs_of.of(requests))
        charge = self._charge(row, inside)
        own = self.owner[arcs.volunteer[inside]] == number
        # Of those who belong to other blocks only what they do here counts: it comes at its price.
        near = ~own | (parts.shortfall[inside] <= slack)
        inside, charge = inside[near], charge[near]
        many = self.first_arc[people + 1] - self.first_arc[people]
        outside = c.ranges(self.first_arc[people], many)
        outside = outside[(self.group[self.request[outside]] != number) & self.pays[outside]]
        outside = outside[parts.shortfall[outside] <= slack]
        arc = np.sort(np.append(inside, outside))
        who = arcs.volunteer[arc]
        own = self.owner[who] == number
        gain = np.where(own, parts.reward[arc] - first_load[who], 0.0)
        gain[np.searchsorted(arc, inside)] += charge
        place = generation.writer.write(requests, arc, gain, ~own)
        teams = generation.writer.team_of.of(requests)
        share = parts.week[people].sum() + parts.team[teams].sum() + parts.row[row].sum()
        return place, float(share)

    def _charge(self, row: c.Longs, arc: c.Longs) -> c.Floats:
        """Return what some rows charge each of some arcs, sorted; they speak of no others."""
        part = self.generation.rows.on_arc[row]
        weight = part.data * np.repeat(self.parts.dual[row], np.diff(part.indptr))
        at = np.searchsorted(arc, part.indices)
        return np.bincount(at, weight, minlength=len(arc)).astype(np.float64)
