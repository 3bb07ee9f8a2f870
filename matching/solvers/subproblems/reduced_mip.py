"""The last step: one integer programme over every arc that a better plan could hold."""

from __future__ import annotations

import numpy as np

from matching.problem import columns as c
from matching.solvers.column_generation.generation import ColumnGeneration
from matching.solvers.incumbent import Incumbent

# Of more arcs HiGHS makes nothing in any time one would wait.
_MOST_ARCS = 100_000
# The bound where no plan keeps the pins: less than any plan is worth.
_NO_PLAN = -float(2**53)


def prove(generation: ColumnGeneration, arcs_after_fixing: c.Longs, best: Incumbent) -> None:
    """Find the best plan of some arcs, which every better plan is made of.

    Parameters
    ----------
    arcs_after_fixing : int64 array, sorted
        Every plan worth more than the incumbent holds no others.
    """
    if len(arcs_after_fixing) > _MOST_ARCS:
        return
    problem, weeks = generation.problem, generation.weeks
    writer, requests = generation.writer, np.arange(len(problem.requests))
    place = writer.write(
        requests, arcs_after_fixing, generation.alone[arcs_after_fixing], room=writer.limit
    )
    # No plan misses a pin: only a linear programme needs the words for it.
    place = place.without_team(len(generation.rows.worth) - len(problem.pins))
    start = place.start(problem, weeks.arcs, best.chosen) if best.value else None
    while True:
        answer = place.programme.solve(
            best.seconds_left, best.gap_limit / 2, best.stop, start=start
        )
        # No better plan holds other arcs; of these, none is worth more than the bound.
        best.prove(max(answer.bound, _NO_PLAN if best.value is None else best.value), "whole")
        if answer.x is None:
            return
        chosen = place.taken(answer.x)
        best.offer(chosen, "whole")
        # The rows of weeks are there for their strength: what a week is, its oracle says.
        infeasible_rosters = weeks.infeasible_rosters(chosen)
        if not len(infeasible_rosters) or not best.goes_on():
            return
        place = place.without(infeasible_rosters, weeks.arcs.volunteer[infeasible_rosters])
