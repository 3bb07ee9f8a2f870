"""Merging blocks whose best solutions disagree with the plan about something that they share.

With those who have what a block wants in one block, the bound comes down or the plan comes up.
A large block does not merge: what it wants otherwise than the plan is split off as another block.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from matching.problem import columns as c
from matching.solvers.subproblems.blocks import Blocks
from matching.solvers.subproblems.differences import (
    Differences,
    differences,
    first_component,
    largest_shares,
    residual_gap,
    small_quotas,
    uses_of,
)
from matching.solvers.subproblems.partition import Partition

# Arcs of at most this reduced cost count as the size of a block, and no more of them may merge.
_SIZE_REDUCED_COST = 100.0
_MAX_ARCS = 8_000
# A block of more arcs does not merge.
_MAX_ARCS_TO_MERGE = 4_000
# Where blocks are larger, their programmes are not solved in time.
_MAX_DOUBLINGS = 2


@dataclass(frozen=True)
class _Links(c.Columns):
    """What a difference component wants in one block; the links of one only help together.

    Nodes are the requests, after them the blocks, and after them the components.
    """

    component: c.Longs
    node: c.Longs
    gap: c.Floats  # of the component


def merge_blocks(blocks: Blocks, chosen: c.Longs, doublings: int = 0) -> tuple[Blocks, c.Longs]:
    """Merge the blocks with the largest shares of the gap with those they compete with.

    Returns
    -------
    Blocks
        With what is known of those that stay as they were.
    int64 array
        Those to solve: with large shares of the gap, and not solved as they are now.
    """
    before, arcs = blocks.partition, blocks.generation.weeks.arcs
    requests, size = len(before.block_of_request), before.size
    arc_count = _arc_count(blocks)
    doublings = min(doublings, _MAX_DOUBLINGS)
    large = np.append(arc_count[requests:] > _MAX_ARCS_TO_MERGE << doublings, False)
    found = differences(blocks, chosen)
    links = _links(blocks, chosen, found, large)
    links = _within_size(links, blocks, large, arc_count[:requests], _MAX_ARCS << doublings)
    label = _components(blocks, links, large)
    of_request, of_block, of_component = np.split(label, [requests, requests + size])
    is_block = np.zeros(label.max(initial=0) + 1, np.bool_)
    is_block[of_block] = True
    is_block[of_component[links.component]] = True
    gap, lone = residual_gap(blocks, chosen)
    largest = largest_shares(np.append(lone, gap))
    is_block[of_request[largest[largest < requests]]] = True
    # What is split off a large block, requests and volunteers; the rest stays together.
    shrinks = np.zeros(size + 1, np.bool_)
    divided = large[before.block_of_request]
    split = divided & is_block[of_request]
    shrinks[before.block_of_request[split]] = True
    of_request = np.where(is_block[of_request], of_request, -1)
    of_request = np.where(
        divided & ~split, np.append(of_block, -1)[before.block_of_request], of_request
    )
    merges = found.take(np.isin(found.component, links.component))
    wanted_by = first_component(merges, arcs.volunteer[merges.arc], len(before.block_of_volunteer))
    owner = before.block_of_volunteer
    split = (wanted_by >= 0) & ((owner < 0) | large[owner])
    shrinks[owner[split]] = True
    shrinks[-1] = False
    of_volunteer = np.where(shrinks[owner], -1, np.append(of_block, -1)[owner])
    of_volunteer[split] = of_component[wanted_by[split]]
    # A partition numbers its blocks anew.
    number = np.unique(of_request[of_request >= 0])
    new_number = c.lookup(number, of_block)
    partition = Partition(
        blocks.generation,
        blocks.lagrangian,
        of_request.astype(np.int32),
        c.lookup(number, of_volunteer).astype(np.int32),
    )
    whole = np.flatnonzero((new_number >= 0) & ~shrinks[:-1])

    def added(of_old: c.Floats | c.Longs) -> c.Floats:
        total = np.bincount(new_number[whole], of_old[whole], minlength=partition.size)
        return total.astype(np.float64)

    after = Blocks(
        blocks.generation, blocks.lagrangian, partition, blocks.executor, added(blocks.reduction)
    )
    same = added(np.ones(size)) == 1
    for old, new in (
        (before.requests, partition.requests),
        (before.volunteers, partition.volunteers),
    ):
        same &= added(np.diff(old.start)) == np.diff(new.start)
    for old in whole[same[new_number[whole]]].tolist():
        if old in blocks.selected:
            after.selected[int(new_number[old])] = blocks.selected[old]
    largest = largest_shares(residual_gap(after, chosen)[0])
    is_new = np.zeros(partition.size, np.bool_)
    is_new[[k for k in largest if int(k) not in after.selected]] = True
    return after, partition.numbers[is_new[partition.numbers]]


def _arc_count(blocks: Blocks) -> c.Longs:
    """Return how many arcs of small reduced cost each request has and, after them, each block.

    Only those of volunteers in some block count: copies are few.
    """
    partition, arcs = blocks.partition, blocks.generation.weeks.arcs
    near = blocks.lagrangian.reduced_cost_bound <= _SIZE_REDUCED_COST
    near &= partition.block_of_volunteer[arcs.volunteer] >= 0
    request = blocks.generation.problem.slots.request[arcs.slot[near]]
    count = np.bincount(request, minlength=len(partition.block_of_request))
    of_block = np.bincount(partition.block_of_request + 1, count, minlength=partition.size + 1)[1:]
    return np.append(count, of_block.astype(np.int64))


def _links(blocks: Blocks, chosen: c.Longs, found: Differences, large: c.Bools) -> _Links:
    """Link difference components to requests, to their own block and to those of volunteers.

    Of a large block what is inside it alone is left there.
    """
    partition, arcs = blocks.partition, blocks.generation.weeks.arcs
    requests = len(partition.block_of_request)
    owner = partition.block_of_volunteer[arcs.volunteer[found.arc]]
    outside = (owner != found.block) | (partition.block_of_arc[found.arc] != found.block)
    reaches = np.bincount(found.component, outside) > 0
    kept = reaches[found.component] | ~large[found.block]
    found, owner = found.take(kept), owner[kept]
    request = blocks.generation.problem.slots.request[arcs.slot]
    by, other = _quota_rivals(blocks, chosen, found.arc)
    own, owned = np.flatnonzero(~large[found.block]), np.flatnonzero((owner >= 0) & ~large[owner])
    each = np.arange(len(found))
    of = np.concatenate([each, own, owned, by])
    of_blocks = np.append(found.block[own], owner[owned]) + requests
    node = np.concatenate([request[found.arc], of_blocks, request[other]])
    return _Links(found.component[of], node, found.gap[of])


def _quota_rivals(blocks: Blocks, chosen: c.Longs, arc: c.Longs) -> tuple[c.Longs, c.Longs]:
    """Return which of some arcs use a priced quota, and the plan's arcs that use the same one."""
    plan = blocks.generation.builder.joint_of_arc[chosen].tocsc()
    services = np.diff(plan.indptr)
    by, row = uses_of(blocks, arc, small_quotas(blocks, chosen))
    rival = chosen[plan.indices[c.ranges(plan.indptr[row], services[row])]]
    return np.repeat(by, services[row]), rival


def _within_size(
    links: _Links, blocks: Blocks, large: c.Bools, arc_count: c.Longs, most: int
) -> _Links:
    """Drop difference components with the least of the gap until no block would be too large."""
    first = len(arc_count) + blocks.partition.size
    while True:
        label = _components(blocks, links, large)
        too_large = np.bincount(label[: len(arc_count)], arc_count, len(label)) > most
        held = np.flatnonzero(too_large[label[first + links.component]])
        if not len(held):
            return links
        # In each that is too large the lesser half goes.
        component, at = np.unique(links.component[held], return_index=True)
        of, gap = label[first + component], links.gap[held[at]]
        order = np.lexsort((gap, of))
        start = c.starts_of(of[order], len(label))
        rank = np.arange(len(order)) - start[of[order]]
        lesser = 2 * rank <= (start[1:] - start[:-1])[of[order]] - 1
        links = links.take(~np.isin(links.component, component[order[lesser]]))


def _components(blocks: Blocks, links: _Links, large: c.Bools) -> c.Ints:
    """Label what links, and blocks that are not large, hold together; shape (nodes,)."""
    block, size = blocks.partition.block_of_request, blocks.partition.size
    held = np.flatnonzero((block >= 0) & ~large[block])
    first = len(block) + size
    tail = np.concatenate([links.component + first, block[held] + len(block)])
    head = np.concatenate([links.node, held])
    shape = (first + int(links.component.max(initial=-1)) + 1,) * 2
    graph = sparse.coo_array((np.ones(len(tail)), (tail, head)), shape=shape)
    label: c.Ints = connected_components(graph, directed=False)[1]
    return label
