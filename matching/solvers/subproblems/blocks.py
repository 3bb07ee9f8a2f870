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
from scipy import sparse

from matching.problem import columns as c
from matching.solvers.column_generation.generation import ColumnGeneration
from matching.solvers.column_generation.lagrangian import LagrangianBound
from matching.solvers.subproblems.executor import SubproblemExecutor
from matching.solvers.subproblems.partition import Partition, cells
from matching.solvers.subproblems.subproblem import Subproblem

# How far from the best weeks arcs are looked at: further, while that gains more.
_SLACKS = (100.0, 3_000.0, 30_000.0)
_NODES = 1_000
# A block of more requests would take too long to be closed: it is cut into some of about so many.
MOST_REQUESTS = 100


class Blocks:
    """Disjoint parts of the bound, one per group of requests.

    Parameters
    ----------
    territory : Partition
    crew : SubproblemExecutor
        Who solves them.
    gained : float64 array, shape (groups,), optional
        By how much groups are known to lower the bound; 0 where it is left out.

    Attributes
    ----------
    taken : dict of int to int64 array
        The arcs that the best solution of each group takes, of those that were solved.
    """

    def __init__(
        self,
        generation: ColumnGeneration,
        parts: LagrangianBound,
        territory: Partition,
        crew: SubproblemExecutor,
        gained: c.Floats | None = None,
    ) -> None:
        self.generation, self.parts, self.territory = generation, parts, territory
        self.crew = crew
        self.rows = c.Groups(generation.rows.request, len(territory.group))
        arcs, slots = generation.weeks.arcs, generation.problem.slots
        self.first_arc = c.starts_of(arcs.volunteer, len(generation.problem.volunteers))
        # Elsewhere a service that is not worth its load never helps, but as a way around the travel
        # rule: a stop at an unknown place takes no time to reach.
        unknown = np.isnan(generation.problem.requests.lat[slots.request[arcs.slot]])
        self.pays = (parts.reward > generation.weeks.first_load[arcs.volunteer]) | unknown
        writer = generation.writer
        # Of a joint row that costs nothing there is enough.
        self.room = np.where(parts.dual[writer.joint] > 0, writer.limit, np.inf)
        self.gained = np.zeros(territory.size) if gained is None else gained
        self.taken: dict[int, c.Longs] = {}

    def close(self, told: Callable[[float], None], numbers: c.Longs | None = None) -> None:
        """Solve groups exactly.

        Parameters
        ----------
        told : callable
            Receives each bound on the way.
        numbers : int64 array, optional
            Which groups; all, if left out.
        """
        numbers = self.territory.numbers if numbers is None else numbers
        for number, solved in zip(numbers, self.crew.map(self.solved, numbers), strict=True):
            gained, taken = solved
            self.gained[number] = max(self.gained[number], gained)
            if taken is not None:
                self.taken[int(number)] = taken
            told(self.bound)

    @property
    def bound(self) -> float:
        """No plan is worth more."""
        return self.parts.bound - float(self.gained.sum())

    def arcs_after_fixing(self, value: int | None) -> c.Longs:
        """Return the arcs that a plan worth more than a value could hold, sorted.

        With an arc that falls short of the best week a plan is worth that much less than the
        bound, but for what the arc's own blocks have lowered it by.
        """
        arcs = self.generation.weeks.arcs
        if value is None:
            return np.arange(len(arcs))
        # The last is that of no group.
        gained = np.append(self.gained, 0.0)
        owner, group = self.territory.owner[arcs.volunteer], self.territory.of_arc
        slack = self.bound - value + gained[owner]
        slack += np.where(group != owner, gained[group], 0.0)
        return np.flatnonzero(self.parts.reduced_cost_bound <= slack)

    def solved(self, number: int) -> tuple[float, c.Longs | None]:
        """Return by how much a block lowers the bound, and the arcs it takes at its best.

        A plan that holds an arc further than the slack from the best weeks is worth at most the
        block's share minus the slack: such arcs are left out, and the gain is at most the slack.
        """
        gained, taken, best = 0.0, None, self.generation.best
        for slack in _SLACKS:
            if not best.goes_on():
                break
            place, share = self._place(number, slack)
            answer = self.crew.solve(
                place.programme, best.seconds_left, 0.0, best.stop, nodes=_NODES
            )
            if answer.x is not None:
                taken = place.taken(answer.x)
            gain = share - answer.bound
            before, gained = gained, max(gained, min(gain, slack))
            if gain <= slack or gained <= before:
                break
        return gained, taken

    def _place(self, number: int, slack: float) -> tuple[Subproblem, float]:
        """Write a block; return also its share of the bound."""
        generation, parts = self.generation, self.parts
        arcs, first_load = generation.weeks.arcs, generation.weeks.first_load
        of_arc, owner = self.territory.of_arc, self.territory.owner
        requests = self.territory.requests.of(np.array([number]))
        people = self.territory.people.of(np.array([number]))
        row = self.rows.of(requests)
        inside = np.sort(generation.writer.arcs_of.of(requests))
        part = generation.rows.arc_coefficients[row]
        charge = _over(part, inside, parts.dual[row])
        own = owner[arcs.volunteer[inside]] == number
        needed = self._cheapest(part, inside, charge, own)
        near = np.where(own, parts.reduced_cost_bound[inside] <= slack, needed)
        inside, charge = inside[near], charge[near]
        many = self.first_arc[people + 1] - self.first_arc[people]
        outside = c.ranges(self.first_arc[people], many)
        outside = outside[(of_arc[outside] != number) & self.pays[outside]]
        outside = outside[parts.reduced_cost_bound[outside] <= slack]
        arc = np.sort(np.append(inside, outside))
        who = arcs.volunteer[arc]
        own = owner[who] == number
        gain = np.where(own, parts.reward[arc] - first_load[who], 0.0)
        gain[np.searchsorted(arc, inside)] += charge
        # Joint rows are paid at their price; that even a block alone may not use more makes
        # it the stronger.
        place = generation.writer.write(requests, arc, gain, loose=~own, room=self.room)
        teams = generation.writer.team_of.of(requests)
        share = parts.week[people].sum() + parts.team[teams].sum() + parts.row[row].sum()
        return place, float(share)

    def _cheapest(
        self, part: sparse.csr_array, arc: c.Longs, charge: c.Floats, own: c.Bools
    ) -> c.Bools:
        """Tell which arcs of others a block may need, for what they are charged.

        Theirs come at a price and are tied to nothing else: of those that do the same for all the
        rows of the block no more are needed than there are seats.
        """
        problem, writer = self.generation.problem, self.generation.writer
        # What an arc does for the rows is told by the sum of these rows' random numbers.
        random = np.random.default_rng(0)
        same = _over(part, arc, random.random(part.shape[0]))
        same += writer.joint_of_arc[arc] @ random.random(len(writer.joint))
        order = np.lexsort((-charge, same, own))
        order = order[: int((~own).sum())]
        first = np.diff(same[order], prepend=np.nan) != 0
        rank = np.arange(len(order)) - np.flatnonzero(first)[np.cumsum(first) - 1]
        seats = problem.posts.seats[problem.slots.post[self.generation.weeks.arcs.slot[arc]]]
        needed = np.zeros(len(arc), np.bool_)
        needed[order[rank < seats[order]]] = True
        return needed


def _over(part: sparse.csr_array, arc: c.Longs, weight: c.Floats) -> c.Floats:
    """Return the weighted sum of some rows for each of some arcs, sorted; they hold no others."""
    weights = part.data * np.repeat(weight, np.diff(part.indptr))
    at = np.searchsorted(arc, part.indices)
    return np.bincount(at, weights, minlength=len(arc)).astype(np.float64)


def cut(
    generation: ColumnGeneration, group: c.Ints, turn: int = 0, size: int = MOST_REQUESTS
) -> c.Ints:
    """Cut groups of more requests than a size along the map; each turn along other lines."""
    requests = generation.problem.requests
    many = np.bincount(group + 1)
    large = np.flatnonzero((group >= 0) & (many[group + 1] > size))
    cell = cells(requests.lat[large], requests.lon[large], size, turn)
    number = np.unique(c.combine(group[large], cell), return_inverse=True)[1]
    parted = group.copy()
    parted[large] = number + len(many)
    return parted
