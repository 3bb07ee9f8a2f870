"""DIMACS min-cost flow through the kernel: a network of ours from a file, and the raw solver."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
from ortools.graph.python import min_cost_flow

from benchmarks.public.tables import Column
from matching.flow.network import Network

SOURCE, SINK = 0, 1


class File(NamedTuple):
    """A problem as it stands in the file; nodes count from 0."""

    supply: Column
    tail: Column
    head: Column
    capacity: Column
    cost: Column


def read(path: Path) -> File:
    """Read the lines ``p``, ``n`` and ``a``.

    Raises
    ------
    ValueError
        If an edge has a lower bound above 0, which the kernel does not take.
    """
    lines = path.read_text().splitlines()
    kinds = {kind: [line[2:] for line in lines if line.startswith(f"{kind} ")] for kind in "pna"}
    nodes = int(kinds["p"][0].split()[1])
    node, amount = np.loadtxt(kinds["n"], np.int64, ndmin=2).T
    tail, head, low, capacity, cost = np.loadtxt(kinds["a"], np.int64, ndmin=2).T
    if low.any():
        raise ValueError(f"{path.name}: an edge has a lower bound above 0; 0 is wanted")
    supply = np.zeros(nodes, np.int64)
    supply[node - 1] = amount
    return File(supply, tail - 1, head - 1, capacity, cost)


def network_of(file: File) -> Network:
    """Make a network of the kernel: one source, one sink, and a bypass dearer than any path."""
    supply, tail, head, capacity, cost = file
    first = 2  # the source and the sink come before
    gives, takes = np.flatnonzero(supply > 0), np.flatnonzero(supply < 0)
    amount = int(supply[gives].sum())
    dearest = len(supply) * int(np.abs(cost).max()) + 1
    edges = [
        (tail + first, head + first, capacity, cost),
        (np.full(len(gives), SOURCE), gives + first, supply[gives], np.zeros_like(gives)),
        (takes + first, np.full(len(takes), SINK), -supply[takes], np.zeros_like(takes)),
        ([SOURCE], [SINK], [amount + 1], [dearest]),
    ]
    tails, heads, capacities, costs = map(np.concatenate, zip(*edges, strict=True))
    none = np.zeros(0, np.int32)
    return Network(
        tail=tails.astype(np.int32),
        head=heads.astype(np.int32),
        capacity=capacities,
        cost=costs,
        nodes=len(supply) + first,
        arc_edges=slice(0, len(tail)),
        arc=np.arange(len(tail)),
        post_node=none,
        quota_edges=slice(0, 0),
        quota=none,
        amount=amount,
    )


def least_cost(network: Network, potentials: Column) -> int:
    """Return what no flow can cost less than, whatever the potentials: the dual value.

    A potential is what one more unit at a node would gain: minus its distance to the sink. Every
    edge that is cheaper than the distance it covers may save that much per unit of its capacity.
    """
    to_sink = -potentials
    saved = to_sink[network.tail] - to_sink[network.head] - network.cost
    total = network.amount * (to_sink[SOURCE] - to_sink[SINK])
    return int(total - (network.capacity * np.maximum(saved, 0)).sum())


def raw(file: File) -> int:
    """Solve the file as it is by OR-Tools; return the least cost."""
    solver = min_cost_flow.SimpleMinCostFlow()
    solver.add_arcs_with_capacity_and_unit_cost(
        file.tail.astype(np.int32), file.head.astype(np.int32), file.capacity, file.cost
    )
    solver.set_nodes_supplies(np.arange(len(file.supply), dtype=np.int32), file.supply)
    status = solver.solve()
    if status != solver.OPTIMAL:
        raise RuntimeError(f"OR-Tools says: {status.name}")
    return int(solver.optimal_cost())
