"""Min-cost flow on a network, and the prices in its residual."""

from __future__ import annotations

import numpy as np
from ortools.graph.python import min_cost_flow

from matching.errors import PolicyError
from matching.flow.network import Network
from matching.problem import columns as c


def solve_flow(network: Network) -> c.Longs:
    """Return the cheapest flow on every edge.

    Raises
    ------
    RuntimeError
        If the solver gives up; a bypass makes every network of ours feasible, so this is a bug,
        and the message holds its status.
    PolicyError
        If weights are beyond its range.
    """
    solver = min_cost_flow.SimpleMinCostFlow()
    solver.add_arcs_with_capacity_and_unit_cost(
        network.tail,
        network.head,
        network.capacity.astype(np.int64),
        network.cost.astype(np.int64),
    )
    solver.set_nodes_supplies(
        np.array([0, 1], np.int32), np.array([network.amount, -network.amount])
    )
    status = solver.solve()
    if status == solver.BAD_COST_RANGE:
        most = int(np.abs(network.cost).max())
        raise PolicyError(
            f"one service could be worth {most:,}, more than the flow of {network.nodes:,} nodes "
            "can be computed with; divide all weights of the policy, and affinities, by a thousand"
        )
    if status != solver.OPTIMAL:
        raise RuntimeError(f"the min-cost flow solver answered {status.name}")
    flow: c.Longs = solver.flows(np.arange(len(network.tail), dtype=np.int32))
    return flow


def potentials(network: Network, flow: c.Longs) -> c.Longs:
    """Return what one more unit at each node would gain, shape (nodes,).

    Minus the shortest distance to the sink in the residual network (Bellman and Ford's sweeps, all
    edges at once): an optimal flow leaves no negative cycle, so the sweeps end.
    """
    forward, backward = flow < network.capacity, flow > 0
    tail = np.concatenate([network.tail[forward], network.head[backward]])
    head = np.concatenate([network.head[forward], network.tail[backward]])
    cost = np.concatenate([network.cost[forward], -network.cost[backward]])
    order = np.argsort(tail, kind="stable")
    tail, head, cost = tail[order], head[order], cost[order]
    begin = np.flatnonzero(np.diff(tail, prepend=-1))
    node = tail[begin]
    unknown = np.int64(2**60)
    distance = np.full(network.nodes, unknown)
    distance[1] = 0
    while True:
        nearer = np.minimum.reduceat(distance[head] + cost, begin)
        nearer = np.minimum(nearer, distance[node])
        if (nearer == distance[node]).all():
            break
        distance[node] = nearer
    # No way leads from a post without seats: nobody is worth anything there.
    nothing = np.abs(network.cost).max(initial=0)
    return np.where(distance > unknown // 2, -nothing, -distance)
