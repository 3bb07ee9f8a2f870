"""The restricted master heuristic: an integer programme over what its solution leaves open.

See Joncour, Michel, Sadykov, Sverdlov and Vanderbeck (2010), Column generation based primal
heuristics. Arcs rather than rosters are the columns, so that rosters may mix.
"""

from __future__ import annotations

import numpy as np

from matching.problem import columns as c
from matching.solvers.column_generation.generation import ColumnGeneration
from matching.solvers.column_generation.restricted_master import MasterSolution
from matching.solvers.subproblems.executor import SubproblemExecutor
from matching.solvers.subproblems.mip import MIP

_INTEGRALITY_TOLERANCE = 1e-6
# A larger component cannot be solved in the time there is.
_MAX_COLUMNS = 100_000
# Relative; large neighbourhood search improves the plan further.
_MIN_GAP = 1e-4
_MIN_SECONDS_PER_COMPONENT = 1.0


def restricted_master_heuristic(
    generation: ColumnGeneration,
    solution: MasterSolution,
    open_requests: c.Bools,
    seconds: float,
    executor: SubproblemExecutor,
) -> c.Longs:
    """Return the arcs of a plan near a solution of the master, which may break rules.

    Each connected component is solved by itself. Quotas with a dual of 0 are left out, since they
    would join all components.

    Parameters
    ----------
    open_requests : bool array, shape (requests,)
        Nothing is fixed there.
    seconds : float
        For all components together; each has a share by its size.
    """
    arcs, incumbent, builder = generation.weeks.arcs, generation.incumbent, generation.builder
    fixed, free = _fix(generation, solution, open_requests)
    requests = c.distinct(generation.problem.slots.request[arcs.slot[free]]).astype(np.int64)
    kept = np.sort(fixed)
    priced = solution.dual[builder.joint] > 0
    left = np.where(priced, builder.limit - builder.used(kept), np.inf)
    subproblem = builder.build(
        requests, free, generation.first_shift_value[free], kept=kept, joint_capacity=left
    )
    columns = len(subproblem.mip.gain)
    x = np.zeros(columns)
    # Where a component is not solved, the solution is rounded.
    fallback = np.isin(free, mostly_selected(generation, solution))
    x[len(subproblem.service) : len(subproblem.service) + len(free)] = fallback
    gap = max(incumbent.gap_limit / 4, _MIN_GAP)

    def solve(component: tuple[c.Longs, MIP]) -> None:
        column, mip = component
        if len(column) > _MAX_COLUMNS:
            return
        share = seconds * executor.workers * len(column) / columns
        share = min(seconds, max(share, _MIN_SECONDS_PER_COMPONENT))
        result = executor.solve(mip, share, gap, incumbent.stop)
        if result.x is not None:
            x[column] = result.x

    list(executor.map(solve, subproblem.mip.components()))
    return np.append(fixed, subproblem.selected(x))


def mostly_selected(generation: ColumnGeneration, solution: MasterSolution) -> c.Longs:
    """Return the arcs of the rosters that a solution selects by more than half."""
    return generation.pool.arcs_of(generation.pool.padded(solution.selected) > 0.5)


def _fix(
    generation: ColumnGeneration, solution: MasterSolution, open_requests: c.Bools
) -> tuple[c.Longs, c.Longs]:
    """Return the arcs of rosters selected whole, and, sorted, those that are free to choose."""
    problem, pool = generation.problem, generation.pool
    is_open = open_requests[problem.slots.request[generation.weeks.arcs.slot[pool.arc]]]
    selected = pool.padded(solution.selected)
    touches = np.bincount(pool.roster, is_open, minlength=len(pool)) > 0
    fixed = (selected >= 1 - _INTEGRALITY_TOLERANCE) & ~touches
    settled = np.zeros(len(problem.volunteers), np.bool_)
    settled[pool.volunteer[fixed]] = True
    near = pool.near(generation.reward(solution.dual))
    free = (touches & near) | (selected > _INTEGRALITY_TOLERANCE)
    free &= ~settled[pool.volunteer]
    return pool.arcs_of(fixed), c.distinct(pool.arcs_of(free))
