"""The residual graph as flat arrays: its flow, and which edges each node has."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from matching.parallel.compiled import compiled, inner, whole
from matching.problem import columns as c

# Source and sink in one: where idle volunteers are, and where every seat ends.
HOME = whole(0)
FAR = whole(1 << 60)
NONE = whole(-1)
# The capacity of an edge that nothing will flow along again.
GONE = whole(-1)


class Graph(NamedTuple):
    """A residual network as flat arrays; index e of edges, x of nodes.

    Attributes
    ----------
    tail, head, capacity, flow : int32 arrays, shape (edges,)
    cost : int32 or int64 array, shape (edges,)
    potential : int64 array, shape (nodes,)
        What one more unit at the node costs: no edge with room has a negative reduced cost
        ``cost + potential[tail] - potential[head]``, and none with flow a positive one.
    floor : int64 array, shape (nodes,)
    slack : int64 array, shape (2,)
        By how much potentials are lower than their floors at most, and costs than ``least`` allows.
    least : array of the same kind, shape (edges,) up to the last of an arc
        No more than the cost plus the floor of the tail, but for the slack.
    begin, edge : int64 array, shape (nodes + 1,), and int32 array
        The edges of each node but home: node x has ``edge[begin[x]:begin[x + 1]]``.
    into : int32 array, shape (nodes,)
        Where those into a node begin; they come after those out of it.
    used, next_used : int32 arrays, shapes (nodes,) and (edges,)
        One of the edges with flow out of each node but home, and after each another; or `NONE`.
        They are few: of all out of a quota, or of a volunteer, most carry nothing.
    short : bool array, shape (nodes,)
        Whether the edges into a node come last, and rise by ``least``.
    newest : int32 array, shape (nodes,)
        The last edge that each node got later, or `NONE`; searches unlink those that are gone.
    older_out, older_in : int32 arrays, shape (edges,)
        The edge that the tail, or the head, got before this one; empty as long as there are none.
    distance, via, labelled : int64, int32 and int32 arrays, shape (nodes,)
        Of a search: distances are `FAR` before it; the edge that a node was reached by; the nodes.
    total : int64 array, shape (1,)
        What the flow costs.
    """

    tail: c.Ints
    head: c.Ints
    capacity: c.Ints
    flow: c.Ints
    cost: c.Whole
    potential: c.Longs
    floor: c.Longs
    slack: c.Longs
    least: c.Whole
    begin: c.Longs
    edge: c.Ints
    into: c.Ints
    used: c.Ints
    next_used: c.Ints
    short: c.Bools
    newest: c.Ints
    older_out: c.Ints
    older_in: c.Ints
    distance: c.Longs
    via: c.Ints
    labelled: c.Ints
    total: c.Longs


@inner
def send(graph: Graph, e: int, amount: int) -> None:
    """Change the flow of an edge, and what the flow costs."""
    before, x = graph.flow[e], graph.tail[e]
    graph.flow[e] += amount
    graph.total[0] += amount * graph.cost[e]
    if x == HOME or (before > 0) == (graph.flow[e] > 0):
        return
    if before == 0:
        graph.next_used[e], graph.used[x] = graph.used[x], e
    elif graph.used[x] == e:
        graph.used[x] = graph.next_used[e]
    else:
        at = graph.used[x]
        while graph.next_used[at] != e:
            at = graph.next_used[at]
        graph.next_used[at] = graph.next_used[e]


@inner
def unlink(graph: Graph, x: int, before: int, after: int) -> None:
    """Take what is between two later edges of a node out of its list."""
    if before == NONE:
        graph.newest[x] = after
    elif graph.tail[before] == x:
        graph.older_out[before] = after
    else:
        graph.older_in[before] = after


@compiled
def count_edges(tail: c.Ints, head: c.Ints, count: c.Longs) -> None:
    """Count the edges of each node."""
    for e in range(len(tail)):
        count[tail[e]] += 1
        count[head[e]] += 1


@compiled
def list_edges(tail: c.Ints, head: c.Ints, at: c.Longs, edge: c.Ints, into: c.Ints) -> None:
    """List the edges of each node but home, beginning at ``at``; those out of it come first."""
    for e in range(len(tail)):
        if tail[e] != HOME:
            edge[at[tail[e]]] = e
            at[tail[e]] += 1
    # Arrays assigned whole would bring along all that it takes to say that their shapes differ.
    for x in range(len(into)):
        into[x] = at[x]
    for e in range(len(head)):
        if head[e] != HOME:
            edge[at[head[e]]] = e
            at[head[e]] += 1


@compiled
def link_edges(graph: Graph, first: int, stop: int) -> None:
    """Give some new edges to the nodes at their ends."""
    for e in range(first, stop):
        for x in (graph.tail[e], graph.head[e]):
            if x == HOME:
                continue
            if graph.tail[e] == x:
                graph.older_out[e] = graph.newest[x]
            else:
                graph.older_in[e] = graph.newest[x]
            graph.newest[x] = e


@inner
def edges_of(graph: Graph, x: int) -> Iterator[int]:
    """Yield the edges of a node."""
    e = graph.newest[x]
    while e != NONE:
        yield e
        e = graph.older_out[e] if graph.tail[e] == x else graph.older_in[e]
    for at in range(graph.begin[x], graph.begin[x + 1]):
        yield graph.edge[at]
