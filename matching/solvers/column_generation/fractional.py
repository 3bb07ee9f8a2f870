"""Where the linear programme is fractional, by connected component."""

from __future__ import annotations

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from matching.problem import columns as c
from matching.solvers.column_generation.generation import ColumnGeneration
from matching.solvers.column_generation.restricted_master import MasterSolution

_INTEGRALITY_TOLERANCE = 1e-6


def fractional_components(generation: ColumnGeneration, solution: MasterSolution) -> c.Ints:
    """Group the requests where a linear programme is fractional, shape (requests,); else -1.

    Such requests are served in part, or by rosters that are selected in part. Those that share a
    volunteer with such a roster are in one group.
    """
    problem, pool, arcs = generation.problem, generation.pool, generation.weeks.arcs
    requests, volunteers = len(problem.requests), len(problem.volunteers)
    arc = pool.arcs_of(is_fractional(pool.padded(solution.selected)))
    request = problem.slots.request[arcs.slot[arc]]
    served = generation.needs_link & is_fractional(solution.service[: len(problem.options)])
    ends = (np.ones(len(arc)), (arcs.volunteer[arc], volunteers + request))
    graph = sparse.coo_array(ends, shape=(volunteers + requests,) * 2)
    label = connected_components(graph, directed=False)[1][volunteers:]
    hit = np.zeros(label.max(initial=0) + 1, np.bool_)
    hit[label[problem.options.request[served]]] = True
    hit[label[request]] = True
    return np.where(hit[label], label, -1).astype(np.int32)


def is_fractional(value: c.Floats) -> c.Bools:
    """Tell which values are neither 0 nor 1."""
    fractional: c.Bools = (value > _INTEGRALITY_TOLERANCE) & (value < 1 - _INTEGRALITY_TOLERANCE)
    return fractional
