"""Whose is what, when requests are put into groups that share nothing."""

from __future__ import annotations

import numpy as np

from matching.problem import columns as c
from matching.solvers.column_generation.generation import ColumnGeneration
from matching.solvers.column_generation.lagrangian import LagrangianBound


class Partition:
    """Groups of requests, and the volunteers of each.

    Parameters
    ----------
    group : int32 array, shape (requests,)
        Which group each request is in; -1 for none. Groups are numbered anew in the same order.
    owner : int32 array, shape (volunteers,), optional
        The group that volunteers are known to belong to, by its new number; -1 where it is open.

    Attributes
    ----------
    size : int
        How many groups there are.
    numbers : int64 array, shape (groups,)
        The groups, small ones first.
    group : int32 array, shape (requests,)
    of_arc : int32 array, shape (arcs,)
        In which group each arc ends.
    owner : int32 array, shape (volunteers,)
        The group each belongs to: if it is open, that where their best arc ends; -1 for none.
    requests, people : Groups
        Those of each group.
    """

    def __init__(
        self,
        generation: ColumnGeneration,
        parts: LagrangianBound,
        group: c.Ints,
        owner: c.Ints | None = None,
    ) -> None:
        arcs, problem = generation.weeks.arcs, generation.problem
        number = np.unique(np.append(group, -1), return_inverse=True)[1][:-1] - 1
        self.group = number.astype(np.int32)
        many = np.bincount(self.group[self.group >= 0])
        self.size = len(many)
        self.numbers = np.argsort(many, kind="stable")
        self.of_arc = self.group[problem.slots.request[arcs.slot]]
        known = np.full(len(problem.volunteers), -1, np.int32) if owner is None else owner
        rows = np.flatnonzero((self.of_arc >= 0) & (known[arcs.volunteer] < 0))
        best = c.best_of(arcs.volunteer, parts.reward, rows)
        self.owner = known.copy()
        self.owner[arcs.volunteer[best]] = self.of_arc[best]
        self.requests = c.Groups(self.group, self.size)
        self.people = c.Groups(self.owner, self.size)


def cells(lat: c.Floats, lon: c.Floats, size: int, turn: int = 0) -> c.Longs:
    """Cut places into cells of about a size: strips one way, and each the other way.

    Parameters
    ----------
    lat, lon : float64 arrays of equal length
    turn : int
        Each turn cuts along other lines.
    """
    if turn % 2:
        lat, lon = lon, lat
    many = len(lat)
    strips = max(1, round(np.sqrt(many / size)))
    shift = (turn // 2) * size // 2
    strip = np.empty(many, np.int64)
    strip[np.argsort(lat, kind="stable")] = (np.arange(many) * strips) // max(many, 1)
    rank = np.empty(many, np.int64)
    rank[np.lexsort((lon, strip))] = np.arange(many)
    return strip * many + (rank + shift) // size
