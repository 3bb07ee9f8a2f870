"""Large neighbourhood search: better plans block by block, where one falls short of the bound.

Each block is a neighbourhood: its requests are planned anew as an integer programme, with the rest
of the plan as it is (fix-and-optimise). Shaw (1998), Using constraint programming and local search
methods to solve vehicle routing problems.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from matching.problem import columns as c
from matching.solvers.column_generation.generation import ColumnGeneration
from matching.solvers.column_generation.lagrangian import LagrangianBound
from matching.solvers.subproblems.blocks import Blocks

MAX_NODES = 200
# Of the time left. The clock cuts short only what is too large for its time, so that elsewhere the
# same seed gives the same plan.
_TIME_SHARE = 0.25
# A larger neighbourhood is cut down to the arcs of least reduced cost.
_MAX_ARCS, _MAX_ARCS_PER_REQUEST = 10_000, 40


@dataclass(frozen=True)
class GapShares:
    """What each term of a Lagrangian bound adds to the gap between it and a plan's value.

    Attributes
    ----------
    roster : float64 array, shape (volunteers,)
    service : float64 array, shape (service variables,)
    row : float64 array, shape (rows,)
    """

    roster: c.Floats
    service: c.Floats
    row: c.Floats


def gap_shares(
    generation: ColumnGeneration, lagrangian: LagrangianBound, chosen: c.Longs
) -> GapShares:
    """Split the gap of a plan into its terms, each at least 0."""
    rows, weeks = generation.rows, generation.weeks
    x = np.zeros(len(weeks.arcs))
    x[chosen] = 1.0
    y = generation.constraints.service_of(chosen)
    value = rows.value - rows.service_coefficients.T @ lagrangian.dual
    who = weeks.arcs.volunteer[chosen]
    volunteers = len(lagrangian.roster)
    load = weeks.load(np.arange(volunteers), np.bincount(who, minlength=volunteers))
    own = np.bincount(who, lagrangian.reward[chosen], minlength=volunteers) - load
    used = lagrangian.dual * (rows.arc_coefficients @ x + rows.service_coefficients @ y)
    return GapShares(lagrangian.roster - own, lagrangian.service - value * y, lagrangian.row - used)


def large_neighbourhood_search(
    blocks: Blocks, numbers: c.Longs, chosen: c.Longs, turn: int = 0, nodes: int = MAX_NODES
) -> c.Longs:
    """Return a plan at least as good as the given one, improved in some of the blocks.

    Parameters
    ----------
    numbers : int64 array
        The blocks to plan anew.
    chosen : int64 array
        The arcs of the plan.
    turn : int
        Rotates which blocks may use the slack of the rows that they share.
    """
    plan = _FixedPlan(blocks, chosen, turn, nodes)
    selected = plan.selected.copy()
    for before, after in list(blocks.executor.map(plan.optimise, numbers)):
        selected[before] = False
        selected[after] = True
    return np.flatnonzero(selected)


class _FixedPlan:
    """A plan, and what of it each block may change, so that blocks are independent.

    Attributes
    ----------
    block_of_volunteer : int array, shape (volunteers,)
        Who serves belongs to the block they serve in; if in several, to a different one each turn.
    spare : float64 array, shape (joint rows,)
        The slack of each joint row under the plan.
    spare_for : int64 array, shape (joint rows,)
        The block that may use it, a different one each turn; -1 for none.
    """

    def __init__(self, blocks: Blocks, chosen: c.Longs, turn: int, nodes: int) -> None:
        self.blocks, self.partition, self.nodes = blocks, blocks.partition, nodes
        builder, arcs = blocks.generation.builder, blocks.generation.weeks.arcs
        of_arc, of_volunteer = self.partition.block_of_arc, self.partition.block_of_volunteer
        self.selected = np.zeros(len(arcs), np.bool_)
        self.selected[chosen] = True
        inside = chosen[of_arc[chosen] >= 0]
        serves = _rotating(arcs.volunteer[inside], of_arc[inside], len(of_volunteer), turn)
        self.block_of_volunteer = np.where(serves >= 0, serves, of_volunteer)
        self.chosen = np.sort(chosen)
        self.chosen_by_block = c.Groups(
            self.block_of_volunteer[arcs.volunteer[self.chosen]], self.partition.size
        )
        self.spare = builder.limit - builder.used(self.chosen)
        block = self.block_of_volunteer[arcs.volunteer]
        arc = np.flatnonzero((block >= 0) & (block == of_arc))
        use = builder.joint_of_arc[arc]
        users = np.repeat(block[arc], np.diff(use.indptr))
        self.spare_for = _rotating(use.indices, users, len(self.spare), turn)

    def optimise(self, number: int) -> tuple[c.Longs, c.Longs]:
        """Return arcs of the plan, and the arcs that replace them."""
        generation, incumbent = self.blocks.generation, self.blocks.generation.incumbent
        builder, arcs = generation.builder, generation.weeks.arcs
        requests = self.partition.requests.of(np.array([number]))
        inside = np.sort(builder.arcs_of.of(requests))
        free = self.block_of_volunteer[arcs.volunteer[inside]] == number
        now = self.selected[inside]
        before, arc = inside[free & now], self._closest(inside[free], len(requests))
        if not incumbent.goes_on() or not len(arc):
            return before, before
        # These volunteers keep their services elsewhere.
        elsewhere = self.chosen[self.chosen_by_block.of(np.array([number]))]
        elsewhere = elsewhere[self.partition.block_of_arc[elsewhere] != number]
        before, arc = np.append(before, elsewhere), np.sort(np.append(arc, elsewhere))
        # What it uses now and its slack: with that limit all blocks can be solved at once.
        spare = np.where(self.spare_for == number, self.spare, 0.0)
        subproblem = builder.build(
            requests,
            arc,
            generation.first_shift_value[arc],
            kept=inside[now & ~free],
            joint_capacity=builder.used(np.sort(before)) + spare,
        ).fixing(elsewhere)
        start = subproblem.start(generation.problem, arcs, np.append(inside[now], elsewhere))
        seconds = _TIME_SHARE * incumbent.seconds_left
        result = self.blocks.executor.solve(
            subproblem.mip, seconds, 0.0, incumbent.stop, nodes=self.nodes, start=start
        )
        return before, before if result.x is None else subproblem.selected(result.x)

    def _closest(self, arc: c.Longs, requests: int) -> c.Longs:
        """Return the arcs of the plan and those of least reduced cost, where there are many."""
        most = max(_MAX_ARCS, _MAX_ARCS_PER_REQUEST * requests)
        if len(arc) <= most:
            return arc
        cost = np.where(self.selected[arc], -np.inf, self.blocks.lagrangian.reduced_cost_bound[arc])
        return arc[np.argpartition(cost, most)[:most]]


def _rotating(owner: c.Ints | c.Longs, item: c.Ints, size: int, turn: int) -> c.Longs:
    """Return one item per owner, a different one each turn; -1 where an owner has none."""
    key = np.unique(c.combine(owner, item))
    first = c.starts_of(key >> 32, size)
    count = np.diff(first)
    some = np.flatnonzero(count)
    one = np.full(size, -1)
    one[some] = (key[first[some] + turn % count[some]] & 0xFFFFFFFF) - 1
    return one
