"""The residual network of a flow: it stays optimal, repaired after every change."""

from __future__ import annotations

import numpy as np

from matching.flow.kernel import FAR, HOME, Graph, count_edges, list_edges, repair, repair_all
from matching.flow.network import Network
from matching.problem import columns as c


class Residual:
    """The cheapest flow on a network, with potentials that prove it.

    Attributes
    ----------
    graph : Graph
    arc : int64 array
        The arcs that stand for the edges of `Network.arc_edges`, in the order that they have here.
    """

    def __init__(self, network: Network) -> None:
        self.network = network
        # The last edge is the bypass: it joins source and sink, which are one here.
        tail, head = network.tail[:-1].copy(), network.head[:-1].copy()
        cost = network.cost[:-1].copy()
        tail[tail == 1], head[head == 1] = HOME, HOME
        arcs, nodes, edges = network.arc_edges, network.nodes, len(tail)
        potential = _cheapest(nodes, tail, head, cost, arcs)
        # Arcs stand post by post, the cheapest first: a search reads them in one go.
        least = cost + potential[tail]
        order = c.order_of(head[arcs], least[arcs])
        self.arc = network.arc[order]
        tail[arcs], head[arcs] = tail[arcs][order], head[arcs][order]
        cost[arcs], least[arcs] = cost[arcs][order], least[arcs][order]
        first, _ = c.numbered(head[arcs])
        potential[head[arcs][first]] = least[arcs][first]
        begin, edge = _edges_of(nodes, tail, head)
        short = np.zeros(nodes, np.bool_)
        short[network.post_node] = True
        self.graph = Graph(
            tail=tail,
            head=head,
            capacity=network.capacity[:-1].astype(np.int32),
            flow=np.zeros(edges, np.int32),
            cost=cost,
            potential=potential,
            floor=potential.copy(),
            slack=np.zeros(1, np.int64),
            least=least,
            begin=begin,
            edge=edge,
            short=short,
            distance=np.full(nodes, FAR),
            via=np.full(nodes, -1, np.int32),
            labelled=np.empty(nodes, np.int32),
        )
        seats = np.arange(arcs.stop, edges)
        # The dearest seats first: later ones then seldom take a volunteer from them.
        repair_all(self.graph, seats[np.argsort(cost[seats], kind="stable")])

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
            # The short lists are not sorted again: the slack allows for that.
            graph.slack[0] = max(graph.slack[0], graph.cost[edge] - cost)
            graph.cost[edge] = cost
        repair(graph, edge)

    @property
    def chosen(self) -> c.Longs:
        """The arcs with flow."""
        return self.arc[self.graph.flow[self.network.arc_edges] > 0]

    @property
    def value(self) -> int:
        """What the flow is worth."""
        return -int(self.graph.flow.astype(np.int64) @ self.graph.cost)

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


def _cheapest(nodes: int, tail: c.Ints, head: c.Ints, cost: c.Longs, arcs: slice) -> c.Longs:
    """Return what a first unit at each node costs: home, and the tree from the top."""
    # No sum of costs comes near this, and sums with it do not overflow.
    cheapest = np.full(nodes, FAR // 4)
    cheapest[HOME] = 0
    above = slice(0, arcs.start)
    while True:
        before = cheapest[head[above]]
        np.minimum.at(cheapest, head[above], cheapest[tail[above]] + cost[above])
        if (cheapest[head[above]] == before).all():
            break
    return cheapest


def _edges_of(nodes: int, tail: c.Ints, head: c.Ints) -> tuple[c.Longs, c.Ints]:
    """List the edges of each node but home: those out of it, then those into it as they stand."""
    begin = np.zeros(nodes + 1, np.int64)
    count_edges(tail, head, begin[1:])
    begin[1 + HOME] = 0
    np.cumsum(begin, out=begin)
    edge = np.empty(begin[-1], np.int32)
    list_edges(tail, head, begin[:-1].copy(), edge)
    return begin, edge
