"""Where the linear programme is fractional."""

from __future__ import annotations

import numpy as np

from matching.problem import columns as c
from matching.solvers.column_generation.generation import ColumnGeneration
from matching.solvers.column_generation.restricted_master import MasterSolution

_INTEGRALITY_TOLERANCE = 1e-6


def fractional_requests(generation: ColumnGeneration, solution: MasterSolution) -> c.Bools:
    """Tell which requests are served in part, or by rosters selected in part: shape (requests,)."""
    problem, pool, slots = generation.problem, generation.pool, generation.problem.slots
    rosters = is_fractional(pool.padded(solution.selected))
    served = generation.needs_link & is_fractional(solution.service[: len(problem.options)])
    found = np.zeros(len(problem.requests), np.bool_)
    found[slots.request[generation.weeks.arcs.slot[pool.arcs_of(rosters)]]] = True
    found[problem.options.request[served]] = True
    return found


def is_fractional(value: c.Floats) -> c.Bools:
    """Tell which values are neither 0 nor 1."""
    fractional: c.Bools = (value > _INTEGRALITY_TOLERANCE) & (value < 1 - _INTEGRALITY_TOLERANCE)
    return fractional
