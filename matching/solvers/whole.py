"""The last step: one integer programme over every arc that a better plan could hold."""

from __future__ import annotations

import numpy as np

from matching import columns as c
from matching.solvers.generation import Generation
from matching.solvers.incumbent import Incumbent

# Of more arcs HiGHS makes nothing in any time one would wait.
_MOST_ARCS = 100_000
# The bound where no plan keeps the pins: less than any plan is worth.
_NO_PLAN = -float(2**53)


def prove(generation: Generation, open_arcs: c.Longs, best: Incumbent) -> None:
    """Find the best plan of some arcs, which every better plan is made of.

    Parameters
    ----------
    open_arcs : int64 array, sorted
        Every plan worth more than the incumbent holds no others.
    """
    if len(open_arcs) > _MOST_ARCS:
        return
    problem, weeks = generation.problem, generation.weeks
    writer, requests = generation.writer, np.arange(len(problem.requests))
    place = writer.write(requests, open_arcs, generation.alone[open_arcs], room=writer.limit)
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
        misfits = weeks.misfits(chosen)
        if not len(misfits) or not best.goes_on():
            return
        place = place.without(misfits, weeks.arcs.volunteer[misfits])
