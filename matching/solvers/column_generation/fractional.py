"""Which requests the linear programme leaves in doubt, and which of these belong together."""

from __future__ import annotations

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from matching.problem import columns as c
from matching.solvers.column_generation.generation import ColumnGeneration
from matching.solvers.column_generation.restricted_master import MasterSolution

_WHOLE = 1e-6


def fractional_components(generation: ColumnGeneration, relaxed: MasterSolution) -> c.Ints:
    """Group the requests that the linear programme leaves in doubt, shape (requests,); else -1.

    In doubt are those it serves in part, or by weeks that it takes in part; together are those that
    share a volunteer with such a week.
    """
    problem, pool, arcs = generation.problem, generation.pool, generation.weeks.arcs
    many = len(problem.requests)
    taken = pool.padded(relaxed.taken)
    partly = (taken > _WHOLE) & (taken < 1 - _WHOLE)
    arc = pool.arcs_of(partly)
    request = problem.slots.request[arcs.slot]
    served = relaxed.team[: len(problem.options)]
    halved = generation.asked & (served > _WHOLE) & (served < 1 - _WHOLE)
    some = np.zeros(many, np.bool_)
    some[problem.options.request[halved]] = True
    some[request[arc]] = True
    volunteers = len(problem.volunteers)
    ends = (np.ones(len(arc)), (arcs.volunteer[arc], volunteers + request[arc]))
    graph = sparse.coo_array(ends, shape=(volunteers + many,) * 2)
    _, label = connected_components(graph, directed=False)
    label = label[volunteers:]
    hit = np.zeros(label.max(initial=0) + 1, np.bool_)
    hit[label[some]] = True
    return np.where(hit[label], label, -1).astype(np.int32)
