"""Some volunteers more in a residual network: their nodes and edges, with potentials that fit."""

from __future__ import annotations

import numpy as np

from matching.flow.graph import HOME
from matching.flow.network import Network
from matching.flow.residual import NO_WAY, Residual
from matching.problem import columns as c

# From a volunteer to what they may serve: days, clusters, arcs.
_LEVELS = 3


def attach(
    residual: Residual, network: Network, post_node: c.Longs
) -> tuple[c.Longs, c.Longs, c.Longs]:
    """Put the volunteers of a network into a residual one; they serve nobody yet.

    Parameters
    ----------
    residual : Residual
        Of the same requests, with every quota.
    network : Network
        Of some volunteers, with every quota.
    post_node : int64 array, shape (posts,)
        The posts' nodes in the residual network.

    Returns
    -------
    node : int64 array
        Of each of the network's volunteers.
    arcs : int64 array
        The edges of its arcs.
    shifts : int64 array
        The edges of shifts: they have no room yet, see `kernel.open_all`.
    """
    quotas = 2 + len(network.quota)
    # Quotas come first in both networks; what is between them and the posts is new.
    node = np.arange(network.nodes)
    node[1] = HOME
    node[network.post_node] = post_node
    fresh = np.arange(quotas, network.nodes - len(network.post_node))
    node[fresh] = fresh - quotas + residual.nodes
    rows = slice(network.shift_edges.start, network.arc_edges.stop)
    tail, head, cost = network.tail[rows], network.head[rows], network.cost[rows]
    shifts = network.shift_edges.stop - network.shift_edges.start
    known = residual.graph.potential
    potential = np.full(network.nodes, NO_WAY)
    potential[:quotas], potential[network.post_node] = known[node[:quotas]], known[post_node]
    # A volunteer is worth what a first shift costs, or more where they would gain somewhere: then
    # the edges of their shifts need repair.
    np.minimum.at(potential, head[:shifts], potential[tail[:shifts]] + cost[:shifts])
    below = slice(shifts, network.arc_edges.start - rows.start)
    for _ in range(_LEVELS):
        potential[head[below]] = potential[tail[below]]
    for _ in range(_LEVELS):
        np.maximum.at(potential, tail[shifts:], potential[head[shifts:]] - cost[shifts:])
    residual.add_nodes(potential[fresh])
    capacity = network.capacity[rows].copy()
    capacity[:shifts] = 0
    edges = residual.add_edges(node[tail], node[head], capacity, cost)
    of_arcs = edges[network.arc_edges.start - rows.start :]
    return node[network.volunteer_node], of_arcs, edges[:shifts]
