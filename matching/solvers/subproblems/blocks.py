"""Block bounds: parts of the Lagrangian bound, each replaced by an integer programme's.

Under any duals the bound is a sum over volunteers, requests and rows. A block is some requests with
the volunteers who could serve them; its terms together are solved as one integer programme, in
which other volunteers serve as split copies, paid at their price (Lagrangian decomposition:
Guignard and Kim, 1987). Most volunteers are cheap, and in no block: a copy of theirs costs also the
arc's reduced cost. Blocks that share neither a request nor a volunteer lower the bound by the sum
of what each gains, however many there are, where a search tree would try the combinations.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import sparse

from matching.problem import columns as c
from matching.solvers.column_generation.generation import ColumnGeneration
from matching.solvers.column_generation.lagrangian import LagrangianBound
from matching.solvers.subproblems.executor import SubproblemExecutor
from matching.solvers.subproblems.partition import Partition
from matching.solvers.subproblems.subproblem import Subproblem

# Arcs with a larger reduced cost are left out at first.
_FIRST_SLACK = 100.0
_MAX_NODES = 1_000
# Before the root of a larger programme is solved HiGHS does not look at the clock.
_MAX_COLUMNS = 60_000
# Nor does it always at the root of one with more columns than these, which takes so long a column.
_COLUMNS_IN_NO_TIME, _SECONDS_PER_COLUMN = 20_000, 3e-4


class Blocks:
    """Disjoint parts of the bound, one per block of a partition.

    Parameters
    ----------
    reduction : float64 array, shape (blocks,), optional
        By how much blocks are known to lower the bound; 0 where it is left out.

    Attributes
    ----------
    selected : dict of int to int64 array
        The arcs of the best solution of each block that was solved.
    """

    def __init__(
        self,
        generation: ColumnGeneration,
        lagrangian: LagrangianBound,
        partition: Partition,
        executor: SubproblemExecutor,
        reduction: c.Floats | None = None,
    ) -> None:
        self.generation, self.lagrangian, self.partition = generation, lagrangian, partition
        self.executor = executor
        self.rows = c.Groups(generation.rows.request, len(partition.block_of_request))
        arcs, slots = generation.weeks.arcs, generation.problem.slots
        self.first_arc = c.starts_of(arcs.volunteer, len(generation.problem.volunteers))
        # A service elsewhere that does not pay its load only helps as a way around the travel rule:
        # a stop at an unknown place takes no time to reach.
        unknown = np.isnan(generation.problem.requests.lat[slots.request[arcs.slot]])
        elsewhere = lagrangian.reward + lagrangian.copy_cost
        self.pays = (elsewhere > generation.weeks.first_load[arcs.volunteer]) | unknown
        # A joint row with dual 0 is slack.
        builder = generation.builder
        priced = lagrangian.dual[builder.joint] > 0
        self.joint_capacity = np.where(priced, builder.limit, np.inf)
        self.reduction = np.zeros(partition.size) if reduction is None else reduction
        self.selected: dict[int, c.Longs] = {}

    def tighten_block_bounds(
        self,
        on_bound: Callable[[float], None],
        numbers: c.Longs | None = None,
        gap: c.Floats | None = None,
    ) -> None:
        """Solve blocks.

        Parameters
        ----------
        on_bound : callable
            Receives each bound on the way.
        numbers : int64 array, optional
            The blocks; all, if left out.
        gap : float64 array, shape (blocks,), optional
            The share of a plan's gap that each block has: no reduction is larger.
        """
        numbers = self.partition.numbers if numbers is None else numbers
        most = np.full(self.partition.size, np.inf) if gap is None else gap + self.reduction
        # Any block may end where it closes the whole gap by itself.
        enough = self.bound - self.generation.incumbent.sufficient_bound + self.reduction

        def solve(number: int) -> tuple[float, c.Longs | None]:
            return self.solve(number, float(most[number]), float(enough[number]))

        for number, solved in zip(numbers, self.executor.map(solve, numbers), strict=True):
            reduction, selected = solved
            self.reduction[number] = max(self.reduction[number], reduction)
            if selected is not None:
                self.selected[int(number)] = selected
            on_bound(self.bound)

    @property
    def bound(self) -> float:
        """No plan is worth more."""
        return self.lagrangian.bound - float(self.reduction.sum())

    def arcs_after_fixing(self, value: int | None) -> c.Longs:
        """Return the arcs that a plan worth more than a value could hold, sorted.

        Reduced-cost fixing (Irnich, Desaulniers, Desrosiers and Hadjar, 2010, Path-reduced costs
        for eliminating arcs in routing and scheduling): a plan with an arc is worth at most the
        bound less the arc's reduced cost, but for what its own blocks have lowered the bound by.
        """
        arcs = self.generation.weeks.arcs
        if value is None:
            return np.arange(len(arcs))
        # The last entry stands for no block.
        reduction = np.append(self.reduction, 0.0)
        of_volunteer = self.partition.block_of_volunteer[arcs.volunteer]
        of_arc = self.partition.block_of_arc
        slack = self.bound - value + reduction[of_volunteer]
        slack += np.where(of_arc != of_volunteer, reduction[of_arc], 0.0)
        return np.flatnonzero(self.lagrangian.reduced_cost_bound <= slack)

    def solve(
        self, number: int, most: float = np.inf, enough: float = np.inf
    ) -> tuple[float, c.Longs | None]:
        """Return by how much a block lowers the bound, at most, and the arcs of its best solution.

        Once it lowers the bound by enough, it may be left unsolved.

        A plan that holds an arc of larger reduced cost is worth at most the block's share minus
        the slack: such arcs are left out, and the reduction is at most the slack. With more arcs
        no block gains more, so that a slack of what was gained without them is enough.
        """
        reduction, selected, incumbent = 0.0, None, self.generation.incumbent
        # What is known to gain much needs more arcs anyway.
        known = self.reduction[number] > _FIRST_SLACK and np.isfinite(most)
        slack = most + 1.0 if known else min(_FIRST_SLACK, most + 1.0)
        for _ in range(2):
            if not incumbent.goes_on():
                break
            subproblem, share = self._build(number, slack)
            columns = len(subproblem.mip.gain)
            if columns > _MAX_COLUMNS:
                break
            if incumbent.seconds_left < _SECONDS_PER_COLUMN * (columns - _COLUMNS_IN_NO_TIME):
                incumbent.timed_out = True
                break
            result = self.executor.solve(
                subproblem.mip,
                incumbent.seconds_left,
                0.0,
                incumbent.stop,
                nodes=_MAX_NODES,
                sufficient_bound=share - enough,
            )
            if result.x is not None:
                selected = subproblem.selected(result.x)
            gain = share - result.bound
            reduction = max(reduction, min(gain, slack))
            if gain <= slack or slack > most:
                break
            slack = min(gain, most + 1.0)
        return reduction, selected

    def _build(self, number: int, slack: float) -> tuple[Subproblem, float]:
        """Build the programme of a block; return also its share of the bound."""
        generation, lagrangian, partition = self.generation, self.lagrangian, self.partition
        arcs, first_load = generation.weeks.arcs, generation.weeks.first_load
        requests = partition.requests.of(np.array([number]))
        volunteers = partition.volunteers.of(np.array([number]))
        row = self.rows.of(requests)
        inside = np.sort(generation.builder.arcs_of.of(requests))
        coefficients = generation.rows.arc_coefficients[row]
        charge = _weighted_sum(coefficients, inside, lagrangian.dual[row])
        own = partition.block_of_volunteer[arcs.volunteer[inside]] == number
        copy_cost = lagrangian.copy_cost[inside]
        charge = np.where(own, charge, charge - copy_cost)
        near = self._undominated_copies(coefficients, inside, charge, own) & (copy_cost <= slack)
        near = np.where(own, lagrangian.reduced_cost_bound[inside] <= slack, near)
        inside, charge = inside[near], charge[near]
        count = self.first_arc[volunteers + 1] - self.first_arc[volunteers]
        outside = c.ranges(self.first_arc[volunteers], count)
        outside = outside[(partition.block_of_arc[outside] != number) & self.pays[outside]]
        # What a copy is charged for elsewhere is not missed here.
        short = lagrangian.reduced_cost_bound[outside] - lagrangian.copy_cost[outside]
        outside = outside[short <= slack]
        arc = np.sort(np.append(inside, outside))
        who = arcs.volunteer[arc]
        own = partition.block_of_volunteer[who] == number
        gain = np.where(own, lagrangian.reward[arc] - first_load[who], 0.0)
        gain[np.searchsorted(arc, inside)] += charge
        gain[np.searchsorted(arc, outside)] += lagrangian.copy_cost[outside]
        # Joint rows are paid for; to limit what a block uses, too, makes the bound stronger.
        subproblem = generation.builder.build(
            requests, arc, gain, split_copies=~own, joint_capacity=self.joint_capacity
        )
        service = generation.builder.service_of.of(requests)
        share = lagrangian.roster[volunteers].sum() + lagrangian.service[service].sum()
        return subproblem, float(share + lagrangian.row[row].sum())

    def _undominated_copies(
        self, coefficients: sparse.csr_array, arc: c.Longs, charge: c.Floats, own: c.Bools
    ) -> c.Bools:
        """Tell which split copies a block may need, given their charges.

        Nothing else ties them: of copies with equal columns, no more are needed than there are
        seats.
        """
        problem, builder = self.generation.problem, self.generation.builder
        # Arcs with equal columns have the same sum of the rows' random numbers.
        random = np.random.default_rng(0)
        hashed = _weighted_sum(coefficients, arc, random.random(coefficients.shape[0]))
        hashed += builder.joint_of_arc[arc] @ random.random(len(builder.joint))
        order = np.lexsort((-charge, hashed, own))
        order = order[: int((~own).sum())]
        first = np.diff(hashed[order], prepend=np.nan) != 0
        rank = np.arange(len(order)) - np.flatnonzero(first)[np.cumsum(first) - 1]
        seats = problem.posts.seats[problem.slots.post[self.generation.weeks.arcs.slot[arc]]]
        needed = np.zeros(len(arc), np.bool_)
        needed[order[rank < seats[order]]] = True
        return needed


def _weighted_sum(rows: sparse.csr_array, arc: c.Longs, weight: c.Floats) -> c.Floats:
    """Return the weighted sum of rows for each of the arcs, sorted; the rows hold no others."""
    weights = rows.data * np.repeat(weight, np.diff(rows.indptr))
    at = np.searchsorted(arc, rows.indices)
    return np.bincount(at, weights, minlength=len(arc)).astype(np.float64)
