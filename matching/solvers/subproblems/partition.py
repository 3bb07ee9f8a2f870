"""A partition of requests into blocks, and the block that each volunteer belongs to."""

from __future__ import annotations

import numpy as np

from matching.problem import columns as c
from matching.solvers.column_generation.generation import ColumnGeneration
from matching.solvers.column_generation.lagrangian import LagrangianBound


class Partition:
    """Blocks of requests, and the volunteers of each.

    Parameters
    ----------
    block_of_request : int32 array, shape (requests,)
        -1 for none. Blocks are numbered anew in the same order.
    block_of_volunteer : int32 array, shape (volunteers,), optional
        The block that volunteers are known to belong to, by its new number; -1 where it is open.

    Attributes
    ----------
    size : int
        How many blocks there are.
    numbers : int64 array, shape (blocks,)
        The blocks, small ones first.
    block_of_request : int32 array, shape (requests,)
    block_of_arc : int32 array, shape (arcs,)
        The block of the arc's request.
    home : int32 array, shape (volunteers,)
        If it was open, the block of their best arc; -1 for none.
    block_of_volunteer : int32 array, shape (volunteers,)
        Whose rosters the block has whole: those of its home who are dear, or known to belong to it.
    requests, volunteers : Groups
        Those of each block.
    """

    def __init__(
        self,
        generation: ColumnGeneration,
        lagrangian: LagrangianBound,
        block_of_request: c.Ints,
        block_of_volunteer: c.Ints | None = None,
    ) -> None:
        arcs, problem = generation.weeks.arcs, generation.problem
        number = np.unique(np.append(block_of_request, -1), return_inverse=True)[1][:-1] - 1
        self.block_of_request = number.astype(np.int32)
        requests = np.bincount(number[number >= 0])
        self.size = len(requests)
        self.numbers = np.argsort(requests, kind="stable")
        self.block_of_arc = self.block_of_request[problem.slots.request[arcs.slot]]
        if block_of_volunteer is None:
            block_of_volunteer = np.full(len(problem.volunteers), -1, np.int32)
        is_open = block_of_volunteer[arcs.volunteer] < 0
        rows = np.flatnonzero((self.block_of_arc >= 0) & is_open)
        best = c.best_of(arcs.volunteer, lagrangian.reward, rows)
        self.home = block_of_volunteer.copy()
        self.home[arcs.volunteer[best]] = self.block_of_arc[best]
        # Whoever is cheap serves as copies alone, until a block is known to hold them: programmes
        # of the few who matter are several times smaller, and lose next to nothing.
        tied = (block_of_volunteer >= 0) | lagrangian.is_dear
        self.block_of_volunteer = np.where(tied, self.home, -1).astype(np.int32)
        self.requests = c.Groups(self.block_of_request, self.size)
        self.volunteers = c.Groups(self.block_of_volunteer, self.size)


def cells(lat: c.Floats, lon: c.Floats, size: int, turn: int = 0) -> c.Longs:
    """Group places into cells of about ``size``: strips one way, each cut the other way.

    Parameters
    ----------
    lat, lon : float64 arrays of equal length
    size : int
        Places of a cell.
    turn : int
        Each turn cuts along other lines.
    """
    if turn % 2:
        lat, lon = lon, lat
    count = len(lat)
    strips = max(1, round(np.sqrt(count / size)))
    shift = (turn // 2) * size // 2
    strip = np.empty(count, np.int64)
    strip[np.argsort(lat, kind="stable")] = (np.arange(count) * strips) // max(count, 1)
    rank = np.empty(count, np.int64)
    rank[np.lexsort((lon, strip))] = np.arange(count)
    return strip * count + (rank + shift) // size
