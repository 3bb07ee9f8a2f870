"""A plan, and what of it each block of requests may change while the rest stays as it is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from matching.problem import columns as c
from matching.solvers.subproblems.blocks import Blocks


@dataclass(frozen=True)
class Part:
    """What is planned anew.

    Attributes
    ----------
    requests : int64 array
    free : int64 array, sorted
        Arcs into the block, of volunteers who belong to it.
    kept : int64 array, sorted
        Arcs of the plan into the block, of other volunteers.
    elsewhere : int64 array
        The block's volunteers keep these arcs of the plan outside.
    before : int64 array, sorted
        All arcs of the plan that the block's volunteers have.
    joint_capacity : float64 array, shape (joint rows,)
        What these use now, and slack: with that limit all blocks can be solved at once.
    """

    requests: c.Longs
    free: c.Longs
    kept: c.Longs
    elsewhere: c.Longs
    before: c.Longs
    joint_capacity: c.Floats


class FixedPlan:
    """Divides a plan over blocks so that each can be planned anew by itself.

    Parameters
    ----------
    chosen : int64 array
        The arcs of the plan.
    turn : int
        Rotates which blocks may use the slack of the rows that they share.

    Attributes
    ----------
    block_of_volunteer : int array, shape (volunteers,)
        Who serves belongs to the block they serve in; if in several, to a different one each turn.
    spare : float64 array, shape (joint rows,)
        The slack of each joint row under the plan.
    spare_for : int64 array, shape (joint rows,)
        The block that may use it, a different one each turn; -1 for none.
    """

    def __init__(self, blocks: Blocks, chosen: c.Longs, turn: int) -> None:
        self.blocks, self.partition = blocks, blocks.partition
        builder, arcs = blocks.generation.builder, blocks.generation.weeks.arcs
        of_arc, of_volunteer = self.partition.block_of_arc, self.partition.home
        self.selected = np.zeros(len(arcs), np.bool_)
        self.selected[chosen] = True
        inside = chosen[of_arc[chosen] >= 0]
        serves = _rotating(arcs.volunteer[inside], of_arc[inside], len(of_volunteer), turn)
        self.block_of_volunteer = np.where(serves >= 0, serves, of_volunteer)
        self.chosen = np.sort(chosen)
        self.chosen_by_block = c.Groups(
            self.block_of_volunteer[arcs.volunteer[self.chosen]], self.partition.size
        )
        self.spare = builder.limit - builder.used(self.chosen)
        block = self.block_of_volunteer[arcs.volunteer]
        arc = np.flatnonzero((block >= 0) & (block == of_arc))
        use = builder.joint_of_arc[arc]
        users = np.repeat(block[arc], np.diff(use.indptr))
        self.spare_for = _rotating(use.indices, users, len(self.spare), turn)

    def part(self, number: int) -> Part:
        """Return what a block may change."""
        builder, arcs = self.blocks.generation.builder, self.blocks.generation.weeks.arcs
        requests = self.partition.requests.of(np.array([number]))
        inside = np.sort(builder.arcs_of.of(requests))
        free = self.block_of_volunteer[arcs.volunteer[inside]] == number
        now = self.selected[inside]
        theirs = self.chosen[self.chosen_by_block.of(np.array([number]))]
        elsewhere = theirs[self.partition.block_of_arc[theirs] != number]
        before = np.sort(np.append(inside[free & now], elsewhere))
        spare = np.where(self.spare_for == number, self.spare, 0.0)
        return Part(
            requests, inside[free], inside[now & ~free], elsewhere, before,
            builder.used(before) + spare,
        )  # fmt: skip

    def replaced(self, changes: list[tuple[c.Longs, c.Longs]]) -> c.Longs:
        """Return the plan's arcs with some of them replaced."""
        selected = self.selected.copy()
        for before, after in changes:
            selected[before] = False
            selected[after] = True
        return np.flatnonzero(selected)


def _rotating(owner: c.Ints | c.Longs, item: c.Ints, size: int, turn: int) -> c.Longs:
    """Return one item per owner, a different one each turn; -1 where an owner has none."""
    key = c.distinct(c.combine(owner, item))
    first = c.starts_of(key >> 32, size)
    count = np.diff(first)
    some = np.flatnonzero(count)
    one = np.full(size, -1)
    one[some] = (key[first[some] + turn % count[some]] & 0xFFFFFFFF) - 1
    return one
