"""The network of `raw_flow` in NetworkX's network simplex: for the ``network`` rules only."""

from __future__ import annotations

import numpy as np

from benchmarks.peers import raw_flow
from benchmarks.peers.proposal import Proposal, of_network
from matching.arcs.eligibility import Arcs
from matching.problem import Problem
from matching.problem.columns import Longs


def propose(problem: Problem, arcs: Arcs, worth: Longs, seconds: float) -> Proposal:
    """Solve the flow, which takes no limit; refuse a week whose rules are not a network's."""
    import networkx as nx

    net = raw_flow.network(problem, arcs, worth)
    graph = nx.MultiDiGraph()
    graph.add_node(raw_flow.SOURCE, demand=-net.amount)
    graph.add_node(raw_flow.SINK, demand=net.amount)
    columns = (net.tail, net.head, net.capacity, net.cost)
    tails, heads, capacities, costs = (column.tolist() for column in columns)
    for key, (tail, head, capacity, cost) in enumerate(
        zip(tails, heads, capacities, costs, strict=True)
    ):
        graph.add_edge(tail, head, key, capacity=capacity, weight=cost)
    cost, flow = nx.network_simplex(graph)
    taken = [flow[tails[key]][heads[key]][key] > 0 for key in range(*net.arcs.indices(len(tails)))]
    return Proposal(of_network(problem, arcs, np.array(taken, np.bool_)), -cost)
