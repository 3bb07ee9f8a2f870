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
from matching.solvers.neighbourhoods.fixed_plan import FixedPlan, Part
from matching.solvers.subproblems.blocks import Blocks

MAX_NODES = 200
# A smaller share of the gap, in value, is not worth a block of its own.
MIN_GAP_VALUE = 1.0
# Whoever could take a service at no larger reduced cost is near it.
NEAR_REDUCED_COST = 100.0
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
    wanted : float64 array, shape (requests,)
        The shares of quotas again, each at the request that would use most of what the plan leaves.
    """

    roster: c.Floats
    service: c.Floats
    row: c.Floats
    wanted: c.Floats


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
    row = lagrangian.row - used
    return GapShares(
        lagrangian.roster - own,
        lagrangian.service - value * y,
        row,
        _wanted(generation, lagrangian, chosen, row),
    )


def _wanted(
    generation: ColumnGeneration, lagrangian: LagrangianBound, chosen: c.Longs, share: c.Floats
) -> c.Floats:
    """Return the shares of joint rows by request: of each whose empty seats would use it most."""
    rows, arcs, problem = generation.rows, generation.weeks.arcs, generation.problem
    wanted, slots = np.zeros(len(problem.requests)), problem.slots
    joint = np.flatnonzero((rows.request < 0) & (share > MIN_GAP_VALUE))
    if not len(joint):
        return wanted
    # Seats that could still be filled: of an option that is served, or of a request that is not.
    empty = problem.posts.seats[slots.post] - np.bincount(arcs.slot[chosen], minlength=len(slots))
    is_served = np.zeros(len(problem.requests), np.bool_)
    is_served[slots.request[arcs.slot[chosen]]] = True
    option = np.bincount(slots.option[arcs.slot[chosen]], minlength=len(problem.options)) > 0
    empty[is_served[slots.request] & ~option[slots.option]] = 0
    use = rows.arc_coefficients[joint]
    which, arc = np.repeat(np.arange(len(joint)), np.diff(use.indptr)), use.indices
    near = lagrangian.reduced_cost_bound[arc] <= NEAR_REDUCED_COST
    near &= ~np.isin(arc, chosen) & (empty[arcs.slot[arc]] > 0)
    key, many = np.unique(c.combine(which[near], arcs.slot[arc[near]]), return_counts=True)
    slot = (key & 0xFFFFFFFF) - 1
    at, of = np.unique(c.combine(key >> 32, slots.option[slot]), return_inverse=True)
    uses = np.bincount(of, np.minimum(many, empty[slot]), len(at)).astype(np.float64)
    most = c.best_of(at >> 32, uses, np.arange(len(at)))
    request = problem.options.request[(at[most] & 0xFFFFFFFF) - 1]
    np.add.at(wanted, request, share[joint[at[most] >> 32]])
    return wanted


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
    plan = FixedPlan(blocks, chosen, turn)

    def optimise(number: int) -> tuple[c.Longs, c.Longs]:
        return _optimised(plan, plan.part(int(number)), nodes)

    return plan.replaced(list(blocks.executor.map(optimise, numbers)))


def _optimised(plan: FixedPlan, part: Part, nodes: int) -> tuple[c.Longs, c.Longs]:
    """Return arcs of the plan, and the arcs that replace them."""
    generation = plan.blocks.generation
    incumbent, builder = generation.incumbent, generation.builder
    arc = _closest(plan, part.free, len(part.requests))
    if not incumbent.goes_on() or not len(arc):
        return part.before, part.before
    arc = np.sort(np.append(arc, part.elsewhere))
    subproblem = builder.build(
        part.requests,
        arc,
        generation.first_shift_value[arc],
        kept=part.kept,
        joint_capacity=part.joint_capacity,
    ).fixing(part.elsewhere)
    now = np.union1d(part.kept, part.before)
    start = subproblem.start(generation.problem, generation.weeks.arcs, now)
    seconds = _TIME_SHARE * incumbent.seconds_left
    result = plan.blocks.executor.solve(
        subproblem.mip, seconds, 0.0, incumbent.stop, nodes=nodes, start=start
    )
    return part.before, part.before if result.x is None else subproblem.selected(result.x)


def _closest(plan: FixedPlan, arc: c.Longs, requests: int) -> c.Longs:
    """Return the arcs of the plan and those of least reduced cost, where there are many."""
    most = max(_MAX_ARCS, _MAX_ARCS_PER_REQUEST * requests)
    if len(arc) <= most:
        return arc
    cost = np.where(plan.selected[arc], -np.inf, plan.blocks.lagrangian.reduced_cost_bound[arc])
    return arc[np.argpartition(cost, most)[:most]]
