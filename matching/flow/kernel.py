"""Shortest paths on a residual `graph`, in Numba: the loops that NumPy cannot express.

Successive shortest paths with potentials (Ahuja, Magnanti and Orlin, Network Flows, 1993, ch. 9.7),
searched from the seats' side: there are fewer seats than people, and a search ends at the first way
home. The edges into a post are sorted by a lower bound on their reduced cost, and looked at one by
one as the search comes to need them (short lists, after Gottschlich and Schuhmacher, PLoS ONE 9(10)
e110214, 2014; exact here, since what has not been looked at yet waits in the heap).
"""

from __future__ import annotations

import heapq
from typing import cast

import numpy as np

from matching.flow.graph import FAR, GONE, HOME, NONE, Graph, edges_of, send, unlink
from matching.parallel.compiled import compiled
from matching.problem import columns as c

# Constants, not literals: for every literal a function is compiled anew.
_FORWARD, _BACK = cast("tuple[bool, bool]", (np.bool_(True), np.bool_(False)))


@compiled
def search(graph: Graph, start: int, goal: int, forward: bool, limit: int) -> tuple[int, int, int]:
    """Find the shortest path between a node and home, or the goal, by Dijkstra on reduced costs.

    Parameters
    ----------
    goal : int
        Another node to end at; `NONE` if there is none.
    forward : bool
        From the start, as a surplus would go; else towards it, as what is missing would come.
    limit : int
        Ways that are not shorter do not count.

    Returns
    -------
    distance, edge, labelled : int
        The limit and `NONE`, if there is no such way; the last edge of the way otherwise; and how
        many nodes have labels.
    """
    tail, head, cost, potential = graph.tail, graph.head, graph.cost, graph.potential
    distance, via, labelled = graph.distance, graph.via, graph.labelled
    best, last, slack = limit, NONE, graph.slack[0] + graph.slack[1]
    distance[start], via[start], labelled[0] = 0, NONE, start
    count = 1
    heap = [(0, labelled[0], NONE)]
    while len(heap):
        reached, x, at = heapq.heappop(heap)
        if reached >= best:
            break
        here = distance[x]
        later, out, before = NONE, NONE, NONE
        if at == NONE:
            if reached > here:
                continue
            later = graph.newest[x]
            if forward:
                at = graph.begin[x]
            else:
                # Of edges out of a node, only those with flow can be taken back.
                at, out = graph.into[x], graph.used[x]
        short = graph.short[x] and not forward
        while out != NONE or later != NONE or at < graph.begin[x + 1]:
            if out != NONE:
                e = out
                out = graph.next_used[e]
            elif later != NONE:
                e = later
                later = graph.older_out[e] if tail[e] == x else graph.older_in[e]
                if graph.capacity[e] == GONE:
                    unlink(graph, x, before, later)
                    continue
                before = e
            else:
                e = graph.edge[at]
                if short and head[e] == x:
                    least = here + graph.least[e] - slack - potential[x]
                    if least >= best:
                        break
                    if least > reached and len(heap) and heap[0][0] < least:
                        heapq.heappush(heap, (least, x, at))
                        break
                at += 1
            leaves = tail[e] == x
            y = head[e] if leaves else tail[e]
            if leaves == forward:
                if graph.flow[e] >= graph.capacity[e]:
                    continue
            elif graph.flow[e] <= 0:
                continue
            step = cost[e] + potential[tail[e]] - potential[head[e]]
            there = here + (step if leaves == forward else -step)
            if there >= best:
                continue
            if (y == HOME) | (y == goal):
                best, last = there, e
                continue
            if there >= distance[y]:
                continue
            if distance[y] == FAR:
                labelled[count] = y
                count += 1
            distance[y], via[y] = there, e
            heapq.heappush(heap, (there, y, NONE))
    return best, last, count


@compiled
def forget(graph: Graph, labelled: int) -> None:
    """Take back the labels of a search."""
    for i in range(labelled):
        graph.distance[graph.labelled[i]] = FAR


@compiled
def push(graph: Graph, start: int, goal: int, forward: bool, limit: int) -> int:
    """Send one unit along the shortest way, and raise or lower the potentials to fit.

    Parameters
    ----------
    start, goal, forward, limit
        As in `search`: a unit that is left over at the start goes forward, one that is missing
        there comes from the other end.

    Returns
    -------
    int
        The node at the other end, or `NONE`: then the potentials say that no way is shorter than
        the limit.
    """
    tail, head = graph.tail, graph.head
    best, e, count = search(graph, start, goal, forward, limit)
    for i in range(count):
        x = graph.labelled[i]
        more = best - graph.distance[x]
        if more > 0:
            if forward:
                graph.potential[x] -= more
                graph.slack[0] = max(graph.slack[0], graph.floor[x] - graph.potential[x])
            else:
                graph.potential[x] += more
    end = NONE
    if e != NONE:
        # The last edge ends at home or the goal, whichever is not the node before.
        end = HOME if tail[e] == HOME or head[e] == HOME else goal
        x = end
        while e != NONE:
            leaves = tail[e] == x
            send(graph, e, 1 if leaves != forward else -1)
            x = head[e] if leaves else tail[e]
            e = graph.via[x]
    forget(graph, count)
    return end


@compiled
def repair(graph: Graph, e: int) -> None:
    """Make the flow the cheapest again after an edge was added or changed.

    The edge is filled or emptied as its reduced cost says; what is then left over at one end and
    missing at the other finds its way.
    """
    # Sums are of 64 bits, as `NONE` is: searches are compiled for one kind of node.
    tail, head = HOME + graph.tail[e], HOME + graph.head[e]
    reduced = graph.cost[e] + graph.potential[tail] - graph.potential[head]
    if reduced < 0:
        wanted = graph.capacity[e]
    elif reduced > 0:
        wanted = 0
    else:
        wanted = min(graph.flow[e], graph.capacity[e])
    more = wanted - graph.flow[e]
    if more == 0:
        return
    send(graph, e, more)
    over, under = (head, tail) if more > 0 else (tail, head)
    for _ in range(abs(more)):
        if over != HOME and push(graph, over, under, _FORWARD, FAR) == under:
            continue
        if under != HOME:
            push(graph, under, NONE, _BACK, FAR)


@compiled
def repair_all(graph: Graph, edges: c.Longs) -> None:
    """Repair some edges, one after the other."""
    for e in edges:
        repair(graph, e)


@compiled
def open_all(graph: Graph, edges: c.Longs) -> None:
    """Give some edges without room that of one unit, one after the other.

    Together they could be a cycle that gains: a search takes for granted that there is none.
    """
    for e in edges:
        graph.capacity[e] = 1
        repair(graph, e)


@compiled
def reach(graph: Graph, start: int) -> tuple[bool, int]:
    """Look for anybody at all who could come to a post while no other loses a seat that is filled.

    Returns
    -------
    found : bool
    labelled : int
        How many nodes have labels: if nobody is found, those that are short of people.
    """
    distance, labelled = graph.distance, graph.labelled
    distance[start], labelled[0] = 0, start
    count, at, found = 1, 0, False
    while at < count and not found:
        x = labelled[at]
        at += 1
        for e in edges_of(graph, x):
            leaves = graph.tail[e] == x
            y = graph.head[e] if leaves else graph.tail[e]
            if leaves and (graph.flow[e] <= 0 or y == HOME):
                continue
            if not leaves and graph.flow[e] >= graph.capacity[e]:
                continue
            if y == HOME:
                found = True
            elif distance[y] == FAR:
                distance[y], labelled[count] = 0, y
                count += 1
    forget(graph, count)
    return found, count


@compiled
def detach(graph: Graph, start: int) -> None:
    """Close all edges of a volunteer: what the volunteer did is done by others, or by nobody."""
    for e in edges_of(graph, start):
        if graph.head[e] == start:
            graph.capacity[e] = 0
            repair(graph, e)
            graph.capacity[e] = GONE
    below = [start]
    while len(below):
        x = below.pop()
        for e in edges_of(graph, x):
            if graph.tail[e] == x:
                graph.capacity[e] = GONE
                if not graph.short[graph.head[e]]:
                    below.append(graph.head[e])


@compiled
def exchange(graph: Graph, old: c.Longs, new: c.Longs, shifts: c.Longs) -> None:
    """Take volunteers out and open the shifts of those in their place, one after the other.

    All at once would leave what they do to nobody near, and searches would go far.

    Parameters
    ----------
    old, new : int64 arrays of equal length
        The nodes of each, `NONE` where there is none.
    shifts : int64 array
        Edges into the new nodes, without room, in the order of these.
    """
    at = 0
    for n in range(len(old)):
        if old[n] != NONE:
            detach(graph, old[n])
        begin = at
        while at < len(shifts) and graph.head[shifts[at]] == new[n]:
            at += 1
        open_all(graph, shifts[begin:at])
