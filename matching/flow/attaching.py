"""Some volunteers more in a residual network: their nodes and edges, with potentials that fit.

What `capacities` builds of a week, one compiled loop builds of a few volunteers, in its place.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from matching.arcs.living import Crew
from matching.arcs.value import rising_load
from matching.bounds.pricing import Weeks
from matching.flow.graph import NONE, Graph, link_edges
from matching.flow.residual import NO_WAY, Residual
from matching.parallel.compiled import compiled, inner, whole
from matching.problem import columns as c

# What is written down at once of most edges: a cost of nothing; a capacity of one; and a capacity
# of nothing, until they are opened.
FREE, ONCE, CLOSED = whole(0), whole(1), whole(0)


class Beds(NamedTuple):
    """The places of some volunteers in a network, from the node above each down to the posts.

    All that the compiled loops need to know of them, in flat columns. Each volunteer has a stretch
    of clusters, and each cluster a stretch of ``order``: the arcs of which they serve one at most.
    Volunteers, clusters and arcs have numbers among themselves; nodes have those of the network.

    Attributes
    ----------
    above : int64 array, shape (volunteers,)
        The node of the nearest quota, or home.
    load : int64 array, shape (volunteers,)
        What any shift costs, but for ``rising``.
    rising : int64 array, shape (clusters,)
        How much more the first, second, ... shift of anybody costs.
    max_shifts : int32 array, shape (volunteers,)
        How many shifts each can serve, pinned ones among them.
    begin : int64 array, shape (clusters + 1,)
        Where the stretch of each cluster begins in ``order``, and where the last one ends.
    order : int32 array, shape (arcs,)
        The arcs, cluster by cluster.
    volunteer, group, most : int32 arrays, shape (clusters,)
        Whose each cluster is, its group, and how many clusters of that they can serve.
    pins : int64 array, shape (clusters,)
        How many arcs of each are pinned: they take the time of all.
    post_node : int64 array, shape (arcs,)
        The node of the post that each is a service at.
    quality : int64 array, shape (arcs,)
        What each is worth: its edge costs as much less than nothing.
    costs : int64 array
        Between the least and the most of these is whatever an edge of theirs costs.
    """

    above: c.Longs
    load: c.Longs
    rising: c.Longs
    max_shifts: c.Ints
    begin: c.Longs
    order: c.Ints
    volunteer: c.Ints
    group: c.Ints
    most: c.Ints
    pins: c.Longs
    post_node: c.Longs
    quality: c.Longs
    costs: c.Longs


class Attached(NamedTuple):
    """What became of them.

    Attributes
    ----------
    node : int64 array, shape (volunteers,)
        `NONE` for those who can serve nothing beside their pins.
    edge : int64 array, shape (arcs,)
        `NONE` for what is pinned, or at the time of a pin.
    shifts : int64 array
        The edges of shifts: they have no room yet, see `kernel.open_all`.
    """

    node: c.Longs
    edge: c.Longs
    shifts: c.Longs


def attach(residual: Residual, beds: Beds, roots: c.Longs, arcs: int) -> Attached:
    """Put some volunteers into a residual network; they serve nobody yet.

    Parameters
    ----------
    roots : int64 array, shape (volunteers,)
        The nodes of those who are there as they should be; `NONE` for those to put in.
    arcs : int
        How many there are.
    """
    size, people = len(beds.volunteer), len(roots)
    graph = residual.room_for(people + 2 * size, 3 * size + arcs, beds.costs)
    found = Attached(roots.copy(), np.full(arcs, NONE), np.empty(size, np.int64))
    residual.nodes, residual.edges, shifts = plant(
        graph, beds, found, residual.nodes, residual.edges
    )
    return found._replace(shifts=found.shifts[:shifts])


def beds_of(crew: Crew, weeks: Weeks, quota_node: c.Longs, post_node: c.Longs) -> Beds:
    """Return what a crew could serve.

    Parameters
    ----------
    quota_node : int64 array, shape (organisations + 1,)
        By the nearest organisation with a quota; last, for those without.
    post_node : int64 array, shape (posts,)
    """
    _, part, arcs, quality, pinned = crew
    clusters, people = weeks.clusters, part.volunteers
    size = len(clusters.begin)
    rising = rising_load(part, np.arange(size))
    most = weeks.first_load.max(initial=0) + rising.max(initial=0)
    return Beds(
        quota_node[part.organisations.nearest_limited[people.organisation]],
        weeks.first_load,
        rising,
        people.max_shifts,
        np.append(clusters.begin, len(arcs)),
        clusters.order,
        clusters.volunteer,
        clusters.group,
        clusters.most,
        np.bincount(clusters.of_arc[pinned], minlength=size),
        post_node[part.slots.post[arcs.slot]],
        quality,
        np.append(-quality, most),
    )


@inner
def put_edge(graph: Graph, e: int, tail: int, head: int, capacity: int, cost: int) -> None:
    """Write an edge without flow; it is not linked yet."""
    graph.tail[e], graph.head[e] = tail, head
    graph.capacity[e], graph.cost[e] = capacity, cost


@inner
def put_shifts(
    graph: Graph, beds: Beds, v: int, root: int, k: int, stop: int, edges: int
) -> tuple[int, int]:
    """Give a volunteer edges for some shifts: return what the first costs, and the next edge."""
    above, cheapest = beds.above[v], NO_WAY
    for shift in range(k, stop):
        cost = beds.load[v] + beds.rising[shift]
        cheapest = min(cheapest, graph.potential[above] + cost)
        put_edge(graph, edges, above, root, CLOSED, cost)
        edges += 1
    return cheapest, edges


@inner
def limit_of(beds: Beds, first: int, stop: int, cluster: int) -> int:
    """Return how many clusters of a group can still be served, or `NONE` if that cannot bind."""
    done, free = 0, 0
    for other in range(first, stop):
        if beds.group[other] == beds.group[cluster]:
            done += beds.pins[other]
            free += beds.pins[other] == 0
    limit = max(0, beds.most[cluster] - done)
    return limit if limit < free else NONE


@compiled
def plant(
    graph: Graph, beds: Beds, found: Attached, nodes: int, edges: int
) -> tuple[int, int, int]:
    """Build quota > volunteer > group > cluster > arc > post; see `capacities`.

    A volunteer is worth what a first shift costs, or more where they would gain somewhere: then the
    edges of their shifts need repair.

    Returns
    -------
    nodes, edges, shifts : int
        How many there are now.
    """
    first_edge, shifts, first = edges, 0, 0
    above = np.empty(len(beds.volunteer), np.int64)
    while first < len(beds.volunteer):
        v, stop, done, free = beds.volunteer[first], first, 0, 0
        while stop < len(beds.volunteer) and beds.volunteer[stop] == v:
            done += beds.pins[stop]
            free += beds.pins[stop] == 0
            stop += 1
        begin, first = first, stop
        if free == 0 or found.node[v] != NONE:
            continue
        root, before = nodes, edges
        found.node[v] = root
        nodes += 1
        many = max(0, min(beds.max_shifts[v] - done, free))
        worth, edges = put_shifts(graph, beds, v, root, done, done + many, edges)
        graph.potential[root] = worth
        for e in range(before, edges):
            found.shifts[shifts] = e
            shifts += 1
        for cluster in range(begin, stop):
            if beds.pins[cluster]:
                continue
            group = NONE
            for other in range(begin, cluster):
                if beds.group[other] == beds.group[cluster] and not beds.pins[other]:
                    group = above[other]
                    break
            if group == NONE:
                group = root
                limit = limit_of(beds, begin, stop, cluster)
                if limit != NONE:
                    group = nodes
                    graph.potential[group] = worth
                    put_edge(graph, edges, root, group, limit, FREE)
                    nodes, edges = nodes + 1, edges + 1
            above[cluster] = below = group
            rows = range(beds.begin[cluster], beds.begin[cluster + 1])
            if len(rows) > 1:
                below = nodes
                graph.potential[below] = worth
                put_edge(graph, edges, group, below, ONCE, FREE)
                nodes, edges = nodes + 1, edges + 1
            for row in rows:
                arc = beds.order[row]
                post, cost = beds.post_node[arc], -beds.quality[arc]
                put_edge(graph, edges, below, post, ONCE, cost)
                found.edge[arc] = edges
                edges += 1
                for x in (below, group, root):
                    graph.potential[x] = max(graph.potential[x], graph.potential[post] - cost)
    link_edges(graph, first_edge, edges)
    return nodes, edges, shifts
