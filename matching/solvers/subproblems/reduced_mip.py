"""The last step: one integer programme over every arc that a better plan could hold."""

from __future__ import annotations

import numpy as np

from matching.problem import columns as c
from matching.solvers.column_generation.generation import ColumnGeneration

# HiGHS proves nothing about a larger programme in any time that one would wait.
_MAX_ARCS = 100_000
# The bound where no plan keeps the pins: less than any plan is worth.
_NO_PLAN = -float(2**53)


def solve_reduced_mip(generation: ColumnGeneration, arcs_after_fixing: c.Longs) -> None:
    """Find the best plan of some arcs, sorted; a plan better than the incumbent holds no others."""
    problem, weeks, incumbent = generation.problem, generation.weeks, generation.incumbent
    if len(arcs_after_fixing) > _MAX_ARCS or not incumbent.goes_on():
        return
    subproblem = generation.builder.build(
        np.arange(len(problem.requests)),
        arcs_after_fixing,
        generation.first_shift_value[arcs_after_fixing],
        joint_capacity=generation.builder.limit,
        # No plan misses a pin: only the linear programme has variables for that.
    ).dropping_services(len(generation.rows.value) - len(problem.pins))
    start = None
    if incumbent.value:
        start = subproblem.start(problem, weeks.arcs, incumbent.chosen)
    while True:
        result = subproblem.mip.solve(
            incumbent.seconds_left, incumbent.gap_limit / 2, incumbent.stop, start=start
        )
        # No better plan holds other arcs; of these, none is worth more than the bound.
        least = _NO_PLAN if incumbent.value is None else incumbent.value
        incumbent.prove(max(result.bound, least), "reduced MIP")
        if result.x is None:
            return
        chosen = subproblem.selected(result.x)
        incumbent.offer(chosen, "reduced MIP")
        # The roster constraints allow a little too much: the pricing oracle has the last word.
        infeasible_rosters = weeks.infeasible_rosters(chosen)
        if not len(infeasible_rosters) or not incumbent.goes_on():
            return
        subproblem = subproblem.without(
            infeasible_rosters, weeks.arcs.volunteer[infeasible_rosters]
        )
