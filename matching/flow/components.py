"""Independent parts of a network: each is a flow of its own, which any worker can solve.

Requests are in one part if somebody may serve both, or if those who may serve them share a quota.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from matching.arcs.eligibility import Arcs
from matching.flow.min_cost_flow import potentials, solve_flow
from matching.flow.network import Network
from matching.problem import Problem
from matching.problem import columns as c

# Small parts are solved together.
_REQUESTS_PER_BATCH = 2_000


@dataclass(frozen=True, eq=False)
class ComponentFlow:
    """The optimum of one part.

    Attributes
    ----------
    chosen : int64 array
        The arcs with flow, and those pinned.
    value : int
    price : float64 array, shape (posts,)
        What the posts of the part gain by one more volunteer.
    quota : int32 array
        The organisations of the part that have a quota.
    quota_price : float64 array, of equal length
    """

    chosen: c.Longs
    value: int
    price: c.Floats
    quota: c.Ints
    quota_price: c.Floats


def parts_of(problem: Problem, arcs: Arcs) -> c.Ints:
    """Return the part of each request, shape (requests,)."""
    people, orders = len(problem.volunteers), len(problem.requests)
    nearest = problem.organisations.nearest_limited
    quota = np.flatnonzero(problem.organisations.limited)
    member = np.flatnonzero(nearest[problem.volunteers.organisation] >= 0)
    below = quota[nearest[problem.organisations.parent[quota]] >= 0]
    first_quota = people + orders
    tail: list[c.Ints | c.Longs] = [arcs.volunteer, member, first_quota + below]
    head: list[c.Ints | c.Longs] = [
        people + problem.slots.request[arcs.slot],
        first_quota + nearest[problem.volunteers.organisation[member]],
        first_quota + nearest[problem.organisations.parent[below]],
    ]
    size = first_quota + len(problem.organisations)
    rows, columns = np.concatenate(tail).astype(np.int64), np.concatenate(head).astype(np.int64)
    links = (np.ones(len(rows), np.bool_), (rows, columns))
    graph = sparse.coo_array(links, shape=(size, size))
    of_node = connected_components(graph, directed=False)[1]
    of_request = np.unique(of_node[people:first_quota], return_inverse=True)[1]
    # Large ones first, one by one; small ones are solved in batches.
    count = np.bincount(of_request)
    order = np.argsort(-count, kind="stable")
    before = np.cumsum(count[order]) - count[order]
    part = np.empty(len(count), np.int64)
    part[order] = np.where(count[order] >= _REQUESTS_PER_BATCH, np.arange(len(count)), -1)
    small = part[order] < 0
    part[order[small]] = len(count) + before[small] // _REQUESTS_PER_BATCH
    return np.unique(part[of_request], return_inverse=True)[1].astype(np.int32)


def solve_component(network: Network) -> ComponentFlow:
    """Solve one part, and read the prices off the potentials.

    A post's is its own; a quota's is the difference across it.
    """
    flow = solve_flow(network)
    potential = potentials(network, flow)
    edges = network.quota_edges
    step = potential[network.head[edges]] - potential[network.tail[edges]]
    return ComponentFlow(
        np.append(network.pinned, network.arc[flow[network.arc_edges] > 0]),
        network.pinned_value - int(flow @ network.cost),
        potential[network.post_node].astype(np.float64),
        network.quota,
        np.maximum(0, step).astype(np.float64),
    )
