"""More services for volunteers who are in a residual network, beside what they do there.

Where somebody's week is a tree with a new service and without it, their other services are together
in the same clusters as before: the new one is another branch. Nobody is taken out for that, and no
potential changes but that of the new post, which nothing leaves yet.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from matching.flow.attaching import CLOSED, FREE, ONCE, Attached, Beds, put_edge
from matching.flow.graph import GONE, NONE, Graph, edges_of, link_edges, send
from matching.flow.residual import Residual
from matching.parallel.compiled import compiled, inner
from matching.problem import columns as c

# At most, of a new service: the nodes and edges of itself, a shift, and what is put above it.
_NODES, _EDGES = 2, 4


class Grown(NamedTuple):
    """What some volunteers do already, and where its edges may be found at once.

    Attributes
    ----------
    slot : int32 array, shape (arcs,)
    fresh : int
        Slots from this one on are new.
    volunteers : int64 array, shape (volunteers,)
        Their numbers in the week.
    first, first_slot, first_edge : int arrays
        Of the week as it was at first: where each volunteer's arcs begin, their slots, and their
        edges, `NONE` of pins, and at their times.
    edge_slot : int32 array, shape (edges,)
        What each edge of an arc stands for.
    """

    slot: c.Ints
    fresh: int
    volunteers: c.Longs
    first: c.Longs
    first_slot: c.Ints
    first_edge: c.Ints
    edge_slot: c.Ints


def graft(residual: Residual, beds: Beds, grown: Grown, roots: c.Longs) -> Attached:
    """Add what is new in the weeks of some volunteers.

    Parameters
    ----------
    beds : Beds
        With all that they could serve, old and new, and no pins.
    roots : int64 array, shape (volunteers,)
        The node of each, or `NONE` for those who are left as they are.

    Returns
    -------
    Attached
        Of some old services, too, which may have other edges than before.
    """
    size, many = len(beds.volunteer), int((grown.slot >= grown.fresh).sum())
    graph = residual.room_for(_NODES * many, _EDGES * many + size, beds.costs)
    found = Attached(roots, np.full(len(grown.slot), NONE), np.empty(many, np.int64))
    residual.nodes, residual.edges, shifts = branch(
        graph, beds, grown, found, residual.nodes, residual.edges
    )
    return found._replace(shifts=found.shifts[:shifts])


@inner
def edge_of(graph: Graph, grown: Grown, root: int, v: int, slot: int) -> int:
    """Return the edge by which a volunteer serves a slot."""
    if v + 1 < len(grown.first):
        for at in range(grown.first[v], grown.first[v + 1]):
            e = grown.first_edge[at]
            if grown.first_slot[at] == slot and e != NONE and graph.capacity[e] != GONE:
                return int(e)
    # They have changed, or the slot came later: all below them is looked at.
    below, at, count = graph.labelled, 0, 1
    below[0] = root
    while at < count:
        x = below[at]
        at += 1
        for e in edges_of(graph, x):
            if graph.tail[e] != x or graph.capacity[e] == GONE:
                continue
            if graph.short[graph.head[e]]:
                if grown.edge_slot[e] == slot:
                    return int(e)
            else:
                below[count] = graph.head[e]
                count += 1
    return NONE


@inner
def served(beds: Beds, grown: Grown, found: Attached, cluster: int) -> tuple[int, int]:
    """Return how many arcs of a cluster have edges, and the oldest of these."""
    many, oldest = 0, NONE
    for row in range(beds.begin[cluster], beds.begin[cluster + 1]):
        arc = beds.order[row]
        if grown.slot[arc] < grown.fresh or found.edge[arc] != NONE:
            many += 1
            if oldest == NONE or arc < oldest:
                oldest = arc
    return many, oldest


@inner
def edge_into(graph: Graph, beds: Beds, grown: Grown, found: Attached, cluster: int) -> int:
    """Return the edge of the oldest arc of a cluster."""
    _, arc = served(beds, grown, found, cluster)
    if found.edge[arc] == NONE:
        v = beds.volunteer[cluster]
        found.edge[arc] = edge_of(graph, grown, found.node[v], grown.volunteers[v], grown.slot[arc])
    return int(found.edge[arc])


@inner
def top_of(graph: Graph, beds: Beds, grown: Grown, found: Attached, cluster: int) -> int:
    """Return the edge that all ways to a cluster lead along."""
    e = edge_into(graph, beds, grown, found, cluster)
    if served(beds, grown, found, cluster)[0] > 1:
        node = graph.tail[e]
        for e in edges_of(graph, node):
            if graph.head[e] == node and graph.capacity[e] != GONE:
                break
    return e


@inner
def add_edge(graph: Graph, e: int, tail: int, head: int, capacity: int, cost: int) -> int:
    """Write and link an edge; return the number of the next."""
    put_edge(graph, e, tail, head, capacity, cost)
    link_edges(graph, e, e + 1)
    return e + 1


@inner
def move_below(
    graph: Graph, beds: Beds, found: Attached, cluster: int, e: int, between: int, new: int
) -> int:
    """Let an edge to a cluster leave the node below; return the number of the next edge.

    Parameters
    ----------
    e : int
    between : int
        The edge to that node.
    new : int
        The edge that goes on in its place.
    """
    flow = graph.flow[e]
    after = add_edge(
        graph, new, graph.head[between], graph.head[e], graph.capacity[e], graph.cost[e]
    )
    send(graph, e, -flow)
    send(graph, between, flow)
    send(graph, new, flow)
    graph.capacity[e] = GONE
    for row in range(beds.begin[cluster], beds.begin[cluster + 1]):
        if found.edge[beds.order[row]] == e:
            found.edge[beds.order[row]] = new
    return after


@inner
def parent_of_new(
    graph: Graph,
    beds: Beds,
    grown: Grown,
    found: Attached,
    stretch: tuple[int, int],
    cluster: int,
    nodes: int,
    edges: int,
) -> tuple[int, int, int]:
    """Return the node that a new cluster hangs from: the group's, where its limit binds."""
    parent, most, many = found.node[beds.volunteer[cluster]], beds.most[cluster], 0
    for other in range(*stretch):
        if beds.group[other] == beds.group[cluster]:
            many += served(beds, grown, found, other)[0] > 0
    if many < most:
        return parent, nodes, edges
    between = edges
    if many == most:
        # It binds from now on.
        graph.potential[nodes] = graph.potential[parent]
        edges = add_edge(graph, between, parent, nodes, most, FREE)
        parent, nodes = nodes, nodes + 1
    for other in range(*stretch):
        if beds.group[other] != beds.group[cluster] or not served(beds, grown, found, other)[0]:
            continue
        top = top_of(graph, beds, grown, found, other)
        if many > most:
            return graph.tail[top], nodes, edges
        edges = move_below(graph, beds, found, other, top, between, edges)
    return parent, nodes, edges


@compiled
def branch(
    graph: Graph, beds: Beds, grown: Grown, found: Attached, nodes: int, edges: int
) -> tuple[int, int, int]:
    """Add the services that are new, volunteer by volunteer.

    Returns
    -------
    nodes, edges, shifts : int
        How many there are now.
    """
    shifts, stop = 0, 0
    while stop < len(beds.volunteer):
        begin, v = stop, beds.volunteer[stop]
        while stop < len(beds.volunteer) and beds.volunteer[stop] == v:
            stop += 1
        root = found.node[v]
        for row in range(beds.begin[begin], beds.begin[stop] if root != NONE else 0):
            arc = beds.order[row]
            if grown.slot[arc] < grown.fresh:
                continue
            cluster, count = begin, 0
            for other in range(begin, stop):
                if beds.begin[other] <= row:
                    cluster = other
                count += served(beds, grown, found, other)[0] > 0
            many, _ = served(beds, grown, found, cluster)
            if many == 0:
                if count < beds.max_shifts[v]:
                    cost = beds.load[v] + beds.rising[count]
                    found.shifts[shifts] = edges
                    edges = add_edge(graph, edges, beds.above[v], root, CLOSED, cost)
                    shifts += 1
                parent, nodes, edges = parent_of_new(
                    graph, beds, grown, found, (begin, stop), cluster, nodes, edges
                )
            else:
                e = edge_into(graph, beds, grown, found, cluster)
                parent = graph.tail[e]
                if many == 1:
                    # With a second one there is a node above both.
                    between = edges
                    graph.potential[nodes] = graph.potential[parent]
                    edges = add_edge(graph, between, parent, nodes, ONCE, FREE)
                    edges = move_below(graph, beds, found, cluster, e, between, edges)
                    parent, nodes = nodes, nodes + 1
            found.edge[arc] = edges
            edges = add_edge(graph, edges, parent, beds.post_node[arc], ONCE, -beds.quality[arc])
    return nodes, edges, shifts
