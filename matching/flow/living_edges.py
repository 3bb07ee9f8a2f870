"""What edges of a living week's residual network stand for: arcs, and the seats of posts."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from matching.arcs.eligibility import Arcs
from matching.arcs.value import seat_value
from matching.flow.graph import HOME, NONE
from matching.flow.kernel import open_all
from matching.flow.pinned_places import PinnedPlaces
from matching.flow.residual import Residual
from matching.problem import Problem
from matching.problem import columns as c


class ArcEdges:
    """Whose arcs the edges are, and at which slots.

    Attributes
    ----------
    volunteer, slot : int32 arrays, shape (edges,)
        `NONE` where an edge is no arc's.
    """

    def __init__(self, residual: Residual, arcs: Arcs) -> None:
        self.residual, self.arcs = residual, len(arcs)
        self.volunteer, self.slot = np.full((2, residual.edges), NONE, np.int32)
        rows = residual.network.arc_edges
        self.volunteer[rows] = arcs.volunteer[residual.arc]
        self.slot[rows] = arcs.slot[residual.arc]

    @cached_property
    def at_first(self) -> c.Ints:
        """The edge of each arc that there was at first; `NONE` of pins, and at their times."""
        edge, rows = np.full(self.arcs, NONE, np.int32), self.residual.network.arc_edges
        edge[self.residual.arc] = np.arange(rows.start, rows.stop)
        return edge

    def name(self, volunteers: c.Longs, arcs: Arcs, edge: c.Longs) -> None:
        """Note what edges stand for; there may be more than before."""
        self.make_room()
        there = np.flatnonzero(edge != NONE)
        self.volunteer[edge[there]] = volunteers[arcs.volunteer[there]]
        self.slot[edge[there]] = arcs.slot[there]

    def make_room(self) -> None:
        """Make room for what edges stand for, where there are more of them."""
        more = np.full(len(self.residual.graph.tail) - len(self.slot), NONE, np.int32)
        if len(more):
            self.volunteer = np.append(self.volunteer, more)
            self.slot = np.append(self.slot, more)


class SeatEdges:
    """The edge of each seat of each post; those pinned come first, and have none."""

    def __init__(self, residual: Residual, pinned: PinnedPlaces, seats: c.Ints) -> None:
        self.residual, self.pinned = residual, pinned
        count = np.maximum(seats - pinned.seats, 0)
        self.first = residual.network.arc_edges.stop + np.append(0, np.cumsum(count))
        self.changed: dict[int, list[int]] = {}

    def of(self, post: int) -> list[int]:
        """Return the edge of each seat of a post, `NONE` where there is none."""
        if post not in self.changed:
            edges = range(self.first[post], self.first[post + 1])
            self.changed[post] = [NONE] * int(self.pinned.seats[post]) + list(edges)
        return self.changed[post]

    def set(self, problem: Problem, post_node: c.Longs, post: int, edges: list[int]) -> None:
        """Give a post the seats that it has now, but for those pinned."""
        seats = int(problem.posts.seats[post])
        k = np.arange(1, max(seats, len(edges)) + 1)
        value = seat_value(problem, np.full(len(k), post, np.int32), k) if seats else 0 * k
        opened = (k > self.pinned.seats[post]) & (k <= seats)
        edges += [NONE] * (len(k) - len(edges))
        for at in range(len(k)):
            if edges[at] != NONE:
                graph, now = self.residual.graph, (int(opened[at]), -int(value[at]))
                if (graph.capacity[edges[at]], graph.cost[edges[at]]) != now:
                    self.residual.change(edges[at], *now)
            elif opened[at]:
                tail, home = post_node[[post]], np.array([HOME])
                new = self.residual.add_edges(tail, home, np.zeros(1, int), -value[[at]])
                edges[at] = int(new[0])
                open_all(self.residual.graph, new)
        self.changed[post] = edges
