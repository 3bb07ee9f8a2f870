"""The residual network of a flow: it stays optimal, repaired after every change."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from matching.bounds.labelling import never
from matching.flow.graph import FAR, HOME, NONE, Graph, count_edges, link_edges, list_edges
from matching.flow.kernel import repair, repair_all
from matching.flow.network import Network
from matching.parallel.compiled import is_at_hand, plain
from matching.problem import columns as c

_OF_NODES = (
    *("potential", "floor", "begin", "into", "used", "short", "newest"),
    *("distance", "via", "labelled"),
)
_OF_EDGES = ("tail", "head", "capacity", "flow", "cost", "next_used", "older_out", "older_in")
# The clock, and Ctrl-C, are heard between two calls of compiled loops: of so many seats at first,
# and so long; the last seats may take a hundred times as long as the first.
_SEATS_AT_ONCE, _SECONDS_AT_ONCE = 1 << 10, 0.05
# Arcs up to which a flow is found in plain Python, step by step the same, where the loops would
# have to be compiled: that takes seconds, and this half a second at most.
MOST_PLAIN_ARCS = 10_000
# No sum of costs comes near this; twice as much is what a node costs that no way leads to.
NO_WAY = FAR // 8


class Residual:
    """The cheapest flow on a network, with potentials that prove it.

    The columns of the network become those of the graph, changed in place: whoever needs the
    network itself keeps a copy.

    Attributes
    ----------
    graph : Graph
    network : Network
        Without its edges.
    arc : int32 array
        The arcs that stand for the edges of `Network.arc_edges`, in the order that they have here.
    complete : bool
        Whether all seats were looked at before it had to stop; the dearest ones were at least.
    """

    def __init__(self, network: Network, stop: Callable[[], bool] = never) -> None:
        few = len(network.arc) <= MOST_PLAIN_ARCS and not is_at_hand(repair_all)
        repaired = plain(repair_all) if few else repair_all
        nothing = np.empty(0, np.int32)
        # The last edge is the bypass: it joins source and sink, which are one here.
        tail, head, cost = network.tail[:-1], network.head[:-1], network.cost[:-1]
        tail[tail == 1], head[head == 1] = HOME, HOME
        arcs, nodes, edges = network.arc_edges, network.nodes, len(tail)
        potential = _cheapest(nodes, tail, head, cost, arcs)
        cheapest, self.arc = _sort_arcs(tail, head, cost, potential, arcs, network.arc)
        cost, least = _of_one_kind(cost, cheapest)
        del cheapest
        # Where nobody can come a first unit costs as much as the best seat is worth.
        posts = network.post_node[potential[network.post_node] >= NO_WAY]
        potential[posts] = 0
        of_these = np.flatnonzero(np.isin(tail[arcs.stop :], posts)) + arcs.stop
        np.maximum.at(potential, tail[of_these], -cost[of_these])
        floor = np.full(nodes, -FAR)
        floor[tail[arcs]] = potential[tail[arcs]]
        begin = np.zeros(nodes + 1, np.int64)
        (plain(count_edges) if few else count_edges)(tail, head, begin[1:])
        begin[1 + HOME] = 0
        np.cumsum(begin, out=begin)
        edge, into = np.empty(begin[-1], np.int32), np.empty(nodes, np.int32)
        listed = plain(list_edges) if few else list_edges
        listed(tail, head, begin[:-1].copy(), edge, into)
        short = np.zeros(nodes, np.bool_)
        short[network.post_node] = True
        self.graph = Graph(
            tail=tail,
            head=head,
            capacity=network.capacity[:-1].astype(np.int32, copy=False),
            flow=np.zeros(edges, np.int32),
            cost=cost,
            potential=potential,
            floor=floor,
            slack=np.zeros(2, np.int64),
            least=least,
            begin=begin,
            edge=edge,
            into=into,
            used=np.full(nodes, NONE, np.int32),
            next_used=np.empty(edges, np.int32),
            short=short,
            newest=np.full(nodes, NONE, np.int32),
            # There is room for these as soon as there are later edges.
            older_out=nothing,
            older_in=nothing,
            distance=np.full(nodes, FAR),
            via=np.full(nodes, NONE, np.int32),
            labelled=np.empty(nodes, np.int32),
            total=np.zeros(1, np.int64),
        )
        self.network = replace(network, tail=nothing, head=nothing, capacity=nothing, cost=nothing)
        self.nodes, self.edges = nodes, edges
        seats = np.arange(arcs.stop, edges)
        # The dearest seats first: later ones then seldom take a volunteer from them.
        seats = seats[np.argsort(cost[seats], kind="stable")]
        at, some = 0, _SEATS_AT_ONCE
        while at < len(seats) and not stop():
            began = time.perf_counter()
            repaired(self.graph, seats[at : at + some])
            at += some
            quick = time.perf_counter() - began < _SECONDS_AT_ONCE
            some = 2 * some if quick else max(1, some // 2)
        self.complete = at >= len(seats)

    def change(self, edge: int, capacity: int | None = None, cost: int | None = None) -> None:
        """Change an edge, and make the flow the cheapest again.

        Parameters
        ----------
        edge : int
            By its number here: of arcs, see ``arc``; of others, that of the network.
        capacity, cost : int, optional
            Unchanged if absent.
        """
        graph = self.graph
        if capacity is not None:
            graph.capacity[edge] = capacity
        if cost is not None:
            graph = self._with_room_for(np.array([cost]))
            lower = int(graph.cost[edge]) - cost
            if graph.short[graph.head[edge]]:
                # The short lists are not sorted again: the slack allows for that.
                graph.slack[1] += max(0, lower)
            graph.total[0] -= lower * int(graph.flow[edge])
            graph.cost[edge] = cost
        repair(graph, edge)

    def change_costs(self, edges: c.Longs, cost: c.Longs) -> None:
        """Change the costs of some edges, each once, and make the flow the cheapest again.

        Those of arcs may fall as far below what they were at first as `leave_room` said.
        """
        graph = self._with_room_for(cost)
        graph.total[0] += ((cost - graph.cost[edges]) * graph.flow[edges]).sum()
        graph.cost[edges] = cost
        repair_all(graph, edges)

    def leave_room(self, lower: int) -> None:
        """Let the costs of arcs fall so far below what they are: the short lists stay as they are.

        The slack allows for that, and searches look a little farther.
        """
        self.graph.slack[1] += lower

    @property
    def chosen(self) -> c.Longs:
        """The arcs with flow, and those pinned."""
        used = self.arc[self.graph.flow[self.network.arc_edges] > 0]
        return np.append(self.network.pinned, used)

    def add_nodes(self, potential: c.Longs, *, posts: bool = False) -> c.Longs:
        """Add nodes without edges; return their numbers."""
        first, count = self.nodes, len(potential)
        self._reserve(count, 0)
        self.nodes += count
        self.graph.potential[first : self.nodes] = potential
        self.graph.short[first : self.nodes] = posts
        return np.arange(first, self.nodes)

    def add_edges(self, tail: c.Longs, head: c.Longs, capacity: c.Whole, cost: c.Whole) -> c.Longs:
        """Add edges without flow; return their numbers. Whoever adds them sees to their repair."""
        first, count = self.edges, len(tail)
        self._reserve(0, count)
        self.edges += count
        graph, rows = self._with_room_for(cost), slice(first, self.edges)
        graph.tail[rows], graph.head[rows] = tail, head
        graph.capacity[rows], graph.cost[rows] = capacity, cost
        link_edges(graph, first, self.edges)
        return np.arange(first, self.edges)

    def room_for(self, nodes: int, edges: int, cost: c.Whole) -> Graph:
        """Return the graph with room for more nodes, and more edges at such costs."""
        self._reserve(nodes, edges)
        return self._with_room_for(cost)

    def _reserve(self, nodes: int, edges: int) -> None:
        """Make room for more nodes and edges: half as many again, if there is none."""
        graph = self.graph
        room: dict[str, int] = {}
        if self.nodes + nodes > len(graph.potential):
            room |= dict.fromkeys(_OF_NODES, self.nodes + nodes + self.nodes // 2)
        if self.edges + edges > len(graph.older_out):
            room |= dict.fromkeys(_OF_EDGES, self.edges + edges + self.edges // 2)
        if room:
            more = {}
            for name, size in room.items():
                column = getattr(graph, name)
                size += 1 if name == "begin" else 0
                more[name] = np.append(column, _filled(name, column, size - len(column)))
            self.graph = graph._replace(**more)

    def _with_room_for(self, cost: c.Whole) -> Graph:
        """Return the graph, from now on in 64 bits where costs do not fit into fewer."""
        graph = self.graph
        if c.narrow(cost).dtype == np.int64 != graph.cost.dtype:
            wider = {name: getattr(graph, name).astype(np.int64) for name in ("cost", "least")}
            self.graph = graph._replace(**wider)
        return self.graph

    @property
    def value(self) -> int:
        """What the plan is worth."""
        return self.network.pinned_value - int(self.graph.total[0])

    def prices(self) -> tuple[c.Longs, c.Longs]:
        """Return what one more is worth at each post, and on each of the network's quotas.

        Returns
        -------
        int64 arrays, shapes (posts,) and (quotas,)
        """
        network, potential = self.network, self.graph.potential
        seats = slice(network.arc_edges.stop, len(self.graph.tail))
        # A post is worth no more than its best seat, and nothing where nobody could come.
        most = np.zeros(network.nodes, np.int64)
        np.maximum.at(most, self.graph.tail[seats], -self.graph.cost[seats])
        post = np.minimum(potential[network.post_node], most[network.post_node])
        edges = network.quota_edges
        quota = potential[self.graph.head[edges]] - potential[self.graph.tail[edges]]
        return post, np.maximum(quota, 0)


def _sort_arcs(
    tail: c.Ints, head: c.Ints, cost: c.Whole, potential: c.Longs, arcs: slice, arc: c.Ints
) -> tuple[c.Longs, c.Ints]:
    """Sort the edges of arcs post by post, the cheapest first, and give posts their potentials.

    A search reads those of a post in one go.

    Returns
    -------
    least : int64 array
        What a unit costs along each edge; 0 along those before.
    arc : int32 array
        What the edges stand for.
    """
    least = np.zeros(arcs.stop, np.int64)
    least[arcs] = cost[arcs] + potential[tail[arcs]]
    order = c.order_of(head[arcs], least[arcs])
    for column in (tail, head, cost, least):
        column[arcs] = column[arcs][order]
    first, _ = c.numbered(head[arcs])
    potential[head[arcs][first]] = least[arcs][first]
    return least, arc[order]


def _of_one_kind(cost: c.Whole, least: c.Longs) -> tuple[c.Whole, c.Whole]:
    """Return both in 32 bits, where they fit, or in 64: the kernel is compiled for either."""
    # It is a lower bound, and may be lower: where no way leads to, it is beyond all costs.
    pair = c.narrow(cost), c.narrow(np.minimum(least, c.MOST_INT))
    if pair[0].dtype == pair[1].dtype:
        return pair
    return cost.astype(np.int64), least


def _filled(name: str, column: npt.NDArray[Any], count: int) -> npt.NDArray[Any]:
    """Return what stands in a column for a node or an edge that nothing was said of."""
    if name == "begin":
        # The lists of edges are as they were: to new nodes they give none.
        return np.full(count, column[-1])
    # Nor do they say where such edges would begin.
    value = {"distance": FAR, "newest": NONE, "used": NONE, "floor": -FAR, "into": c.MOST_INT}.get(
        name, 0
    )
    return np.full(count, value, column.dtype)


def _cheapest(nodes: int, tail: c.Ints, head: c.Ints, cost: c.Whole, arcs: slice) -> c.Longs:
    """Return what a first unit at each node costs: home, and the tree from the top."""
    cheapest = np.full(nodes, 2 * NO_WAY)
    cheapest[HOME] = 0
    above = slice(0, arcs.start)
    while True:
        before = cheapest[head[above]]
        np.minimum.at(cheapest, head[above], cheapest[tail[above]] + cost[above])
        if (cheapest[head[above]] == before).all():
            break
    return cheapest
