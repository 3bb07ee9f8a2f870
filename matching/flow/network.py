"""Networks of a min-cost flow: what edges there are, and what they stand for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from matching.problem import columns as c


@dataclass(frozen=True, eq=False)
class Network:
    """Edges of a min-cost flow from node 0 to node 1; a bypass between them takes what is left.

    Attributes
    ----------
    tail, head, capacity : int32 arrays, shape (edges,)
    cost : int32 or int64 array, shape (edges,)
        Minus value; in 32 bits where all fit.
    nodes : int
    arc_edges : slice
        The edges that stand for arcs, in the order of ``arc``.
    arc : int32 array
        Indices of the arcs that are in the network.
    post_node : int32 array, shape (posts,)
        Node of each post.
    quota_edges : slice
        The edges that stand for quotas, in the order of ``quota``.
    quota : int32 array
        Indices of the organisations that have one.
    amount : int
        What leaves the source.
    shift_edges : slice
        The edges that stand for shifts; up to those of arcs, all have to do with one volunteer.
    volunteer, volunteer_node : int32 arrays
        The volunteers who are in the network, and their nodes.
    pinned : int64 array
        Indices of the arcs that are in every plan.
    pinned_value : int
        What those are worth by themselves.
    """

    tail: c.Ints
    head: c.Ints
    capacity: c.Ints
    cost: c.Whole
    nodes: int
    arc_edges: slice
    arc: c.Ints
    post_node: c.Ints
    quota_edges: slice
    quota: c.Ints
    amount: int
    shift_edges: slice = field(default_factory=lambda: slice(0))
    volunteer: c.Ints = field(default_factory=lambda: np.empty(0, np.int32))
    volunteer_node: c.Ints = field(default_factory=lambda: np.empty(0, np.int32))
    pinned: c.Longs = field(default_factory=lambda: np.empty(0, np.int64))
    pinned_value: int = 0


class Edges:
    """Collects edges and numbers nodes."""

    def __init__(self) -> None:
        self.nodes = 2
        self.columns: list[tuple[c.Longs | c.Ints, ...]] = []
        self.size = 0

    def node(self, count: int) -> c.Longs:
        """Add nodes; return their numbers."""
        self.nodes += count
        return np.arange(self.nodes - count, self.nodes)

    def add(self, *columns: c.Longs | c.Ints | int) -> slice:
        """Add edges: tail, head, capacity, cost; return where they stand."""
        ends = [np.asarray(row, np.int32) for row in columns[:3]]
        tail, head, capacity, cost = np.broadcast_arrays(*ends, c.narrow(np.asarray(columns[3])))
        self.columns.append((tail, head, capacity, cost))
        self.size += len(tail)
        return slice(self.size - len(tail), self.size)

    def take(self, column: int) -> Any:
        """Put one of the four columns together, and let go of its parts."""
        parts = [rows[column] for rows in self.columns]
        nothing = parts[0][:0]
        self.columns = [
            tuple(nothing if n == column else part for n, part in enumerate(rows))
            for rows in self.columns
        ]
        return np.concatenate(parts)


def once(edges: Edges, above: c.Longs, arcs: c.Longs) -> c.Longs:
    """Put a node of capacity one above the arcs of a cluster, where there are several."""
    several = arcs > 1
    node = above.copy()
    node[several] = edges.node(int(several.sum()))
    edges.add(above[several], node[several], 1, 0)
    return node
