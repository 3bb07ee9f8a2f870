"""Which requests the linear programme leaves in doubt, and which of them belong together."""

from __future__ import annotations

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from matching import columns as c
from matching.solvers.dissection import Dissection
from matching.solvers.generation import Generation
from matching.solvers.linear import Relaxed

_WHOLE = 1e-6
# Groups of more requests are not made by joining.
_MOST_REQUESTS = 50


def in_doubt(generation: Generation, relaxed: Relaxed) -> c.Ints:
    """Group the requests that the linear programme leaves in doubt, shape (requests,); else -1.

    In doubt are those it serves in part, or by weeks that it takes in part; together are those that
    share a volunteer with such a week.
    """
    problem, pool, arcs = generation.problem, generation.pool, generation.weeks.arcs
    many = len(problem.requests)
    taken = np.append(relaxed.taken, np.zeros(len(pool) - len(relaxed.taken)))
    partly = (taken > _WHOLE) & (taken < 1 - _WHOLE)
    arc = pool.arc[partly[pool.owner]]
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


def widened(generation: Generation, group: c.Ints, parts: Dissection, near: float) -> c.Ints:
    """Add to each group the requests that its volunteers could almost as well serve.

    Groups that meet become one, unless it were too large; then they stay as they are.
    """
    problem, arcs, pool = generation.problem, generation.weeks.arcs, generation.pool
    request = problem.slots.request[arcs.slot]
    close = pool.gain(parts.reward) >= parts.week[pool.volunteer] - near
    inside = group[request[pool.arc]] >= 0
    touched = np.zeros(len(problem.volunteers), np.bool_)
    touched[pool.volunteer[pool.owner[inside & close[pool.owner]]]] = True
    held = np.flatnonzero(touched[arcs.volunteer[pool.arc]] & close[pool.owner])
    arc = pool.arc[held]
    volunteers, many = len(problem.volunteers), len(group)
    old = np.flatnonzero(group >= 0)
    tail = np.concatenate([arcs.volunteer[arc], volunteers + old])
    head = np.concatenate([request[arc], many + group[old]]) + volunteers
    size = volunteers + many + int(group.max(initial=0)) + 1
    graph = sparse.coo_array((np.ones(len(tail)), (tail, head)), shape=(size, size))
    _, label = connected_components(graph, directed=False)
    label = label[volunteers : volunteers + many]
    joined = np.bincount(label, group >= 0) > 0
    large = np.bincount(label) > _MOST_REQUESTS
    wide = np.where(joined[label] & ~large[label], label, -1)
    # What would be too large keeps the groups it was made of, under numbers of their own.
    kept = (group >= 0) & large[label]
    return np.where(kept, group + label.max() + 1, wide).astype(np.int32)
