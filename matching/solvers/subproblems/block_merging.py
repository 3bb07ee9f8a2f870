"""Merging blocks whose best solutions disagree with the plan about something that they share.

A block is solved as if all outside it were for sale at its price. Where the plan falls short, the
block wanted something that others have: a service, a volunteer, the last of a quota. The symmetric
difference of its solution and the plan names these others; with them in one block, the bound comes
down or the plan comes up.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from matching.problem import columns as c
from matching.solvers.neighbourhoods.large_neighbourhood_search import GapShares, gap_shares
from matching.solvers.subproblems.blocks import Blocks
from matching.solvers.subproblems.partition import Partition

# A smaller share of the gap, in value, is not worth a block of its own.
_MIN_GAP_VALUE = 1.0
# The largest shares that together are this part of the gap are looked at.
_COVERED_PART_OF_GAP = 0.95
# Arcs of at most this reduced cost count as the size of a block, and no more of them may merge.
_SIZE_REDUCED_COST = 100.0
_MAX_ARCS = 8_000
# A quota that more of the plan's services use is no reason to merge.
_MAX_QUOTA_SERVICES = 20


@dataclass(frozen=True)
class _Links(c.Columns):
    """What should be in one block; links of one difference component only help together.

    Nodes are the requests and, after them, the blocks.
    """

    tail: c.Longs
    head: c.Longs
    component: c.Longs
    gap: c.Floats  # of the component


def residual_gap(blocks: Blocks, chosen: c.Longs) -> tuple[c.Floats, c.Floats]:
    """Return the share of the gap of each block, and of each request in no block.

    Returns
    -------
    float64 arrays, shapes (blocks,) and (requests,)
    """
    generation, partition = blocks.generation, blocks.partition
    arcs, size = generation.weeks.arcs, partition.size
    shares = gap_shares(generation, blocks.lagrangian, chosen)
    of_request = _request_shares(blocks, shares)
    # A volunteer in no block is counted at their best request.
    lone = (partition.block_of_volunteer < 0) & (shares.roster > _MIN_GAP_VALUE)
    rows = np.flatnonzero(lone[arcs.volunteer])
    best = c.best_of(arcs.volunteer, blocks.lagrangian.reward, rows)
    request = generation.problem.slots.request[arcs.slot[best]]
    np.add.at(of_request, request, shares.roster[arcs.volunteer[best]])
    gap = np.bincount(partition.block_of_request + 1, of_request, minlength=size + 1)[1:]
    gap = gap + np.bincount(partition.block_of_volunteer + 1, shares.roster, size + 1)[1:]
    return gap - blocks.reduction, np.where(partition.block_of_request < 0, of_request, 0.0)


def _request_shares(blocks: Blocks, shares: GapShares) -> c.Floats:
    """Return the shares of the rows and service variables of each request."""
    rows = blocks.generation.rows
    of_row = np.flatnonzero(rows.request >= 0)
    request = np.append(rows.request[of_row], rows.service_request)
    share = np.append(shares.row[of_row], shares.service)
    requests = len(blocks.partition.block_of_request)
    return np.bincount(request, share, minlength=requests).astype(np.float64)


def largest_shares(gap: c.Floats) -> c.Longs:
    """Return the largest shares of a gap, which together are almost all of it."""
    order = np.argsort(-gap, kind="stable")
    order = order[gap[order] > _MIN_GAP_VALUE]
    enough = _COVERED_PART_OF_GAP * gap[order].sum()
    return order[: np.searchsorted(np.cumsum(gap[order]), enough) + 1]


def merge_blocks(blocks: Blocks, chosen: c.Longs) -> tuple[Blocks, c.Longs]:
    """Merge the blocks with the largest shares of the gap with those they compete with.

    Returns
    -------
    Blocks
        With what is known of those that stay as they were.
    int64 array
        Which of them are new.
    """
    before = blocks.partition
    requests = len(before.block_of_request)
    gap, lone = residual_gap(blocks, chosen)
    largest = largest_shares(np.append(lone, gap))
    links = _links(blocks, chosen, largest[largest >= requests] - requests)
    label = _components(blocks, _within_size(blocks, links))
    of_request, of_block = label[:requests], label[requests:]
    is_block = np.zeros(label.max(initial=0) + 1, np.bool_)
    is_block[of_block] = True
    is_block[of_request[largest[largest < requests]]] = True
    of_block = (np.cumsum(is_block) - 1)[of_block]
    block_of_volunteer = np.full(len(before.block_of_volunteer), -1, np.int32)
    owned = np.flatnonzero(before.block_of_volunteer >= 0)
    block_of_volunteer[owned] = of_block[before.block_of_volunteer[owned]]
    partition = Partition(
        blocks.generation,
        blocks.lagrangian,
        np.where(is_block[of_request], of_request, -1).astype(np.int32),
        block_of_volunteer,
    )
    merged = np.bincount(of_block, minlength=partition.size)
    known = np.bincount(of_block, np.diff(before.requests.start), minlength=partition.size)
    new = (merged != 1) | (known != np.diff(partition.requests.start))
    reduction = np.bincount(of_block, blocks.reduction, minlength=partition.size).astype(np.float64)
    after = Blocks(blocks.generation, blocks.lagrangian, partition, blocks.executor, reduction)
    for old, selected in blocks.selected.items():
        if not new[of_block[old]]:
            after.selected[int(of_block[old])] = selected
    return after, partition.numbers[new[partition.numbers]]


def _links(blocks: Blocks, chosen: c.Longs, asking: c.Longs) -> _Links:
    """Link blocks to the requests and volunteers where their solutions differ from the plan.

    Much of the difference does not change the value; only difference components with a share of
    the gap matter.
    """
    partition, arcs = blocks.partition, blocks.generation.weeks.arcs
    requests = len(partition.block_of_request)
    asking = np.array([k for k in asking if int(k) in blocks.selected], np.int64)
    asks = np.zeros(partition.size + 1, np.bool_)
    asks[asking] = True
    wanted = [c.combine(k, blocks.selected[int(k)]) for k in asking]
    planned = [
        c.combine(block, chosen)[asks[block]]
        for block in (
            partition.block_of_volunteer[arcs.volunteer[chosen]],
            partition.block_of_arc[chosen],
        )
    ]
    differ = np.setxor1d(np.concatenate([*wanted, np.empty(0, np.int64)]), np.concatenate(planned))
    block, arc = differ >> 32, (differ & 0xFFFFFFFF) - 1
    component, gap = _difference_components(blocks, chosen, block, arc)
    matters = gap[component] > _MIN_GAP_VALUE
    block, arc, component = block[matters], arc[matters], component[matters]
    owner = partition.block_of_volunteer[arcs.volunteer[arc]]
    request = blocks.generation.problem.slots.request[arcs.slot]
    by, other = _quota_rivals(blocks, chosen, arc)
    owned = np.flatnonzero((owner >= 0) & (owner != block))
    tail = np.concatenate([block, block[owned], block[by]]) + requests
    head = np.concatenate([request[arc], owner[owned] + requests, request[other]])
    component = np.concatenate([component, component[owned], component[by]])
    return _Links(tail, head, component, gap[component])


def _difference_components(
    blocks: Blocks, chosen: c.Longs, block: c.Longs, arc: c.Longs
) -> tuple[c.Longs, c.Floats]:
    """Label the connected components of a block's differences, joined by who and what they share.

    Returns
    -------
    int64 array, shape (differences,)
    float64 array, shape (components,)
        The shares of the gap of their volunteers and requests.
    """
    arcs = blocks.generation.weeks.arcs
    shares = gap_shares(blocks.generation, blocks.lagrangian, chosen)
    request = blocks.generation.problem.slots.request[arcs.slot[arc]]
    who, at_who = np.unique(c.combine(block, arcs.volunteer[arc]), return_inverse=True)
    where, at_where = np.unique(c.combine(block, request), return_inverse=True)
    shape = (len(who) + len(where),) * 2
    ends = (np.ones(len(arc)), (at_who, len(who) + at_where))
    count, label = connected_components(sparse.coo_array(ends, shape=shape), directed=False)
    of_requests = _request_shares(blocks, shares)[(where & 0xFFFFFFFF) - 1]
    share = np.append(shares.roster[(who & 0xFFFFFFFF) - 1], of_requests)
    gap = np.bincount(label, share, minlength=count).astype(np.float64)
    return label[at_who].astype(np.int64), gap


def _quota_rivals(blocks: Blocks, chosen: c.Longs, arc: c.Longs) -> tuple[c.Longs, c.Longs]:
    """Return which of some arcs use a priced quota, and the plan's arcs that use the same one."""
    joint_of_arc = blocks.generation.builder.joint_of_arc
    plan = joint_of_arc[chosen].tocsc()
    services = np.diff(plan.indptr)
    counts = np.isfinite(blocks.joint_capacity) & (services <= _MAX_QUOTA_SERVICES)
    use = joint_of_arc[arc]
    by, row = np.repeat(np.arange(len(arc)), np.diff(use.indptr)), use.indices
    by, row = by[counts[row]], row[counts[row]]
    rival = chosen[plan.indices[c.ranges(plan.indptr[row], services[row])]]
    return np.repeat(by, services[row]), rival


def _within_size(blocks: Blocks, links: _Links) -> _Links:
    """Drop difference components with the least of the gap until no block would be too large."""
    requests = len(blocks.partition.block_of_request)
    near = blocks.lagrangian.reduced_cost_bound <= _SIZE_REDUCED_COST
    request = blocks.generation.problem.slots.request[blocks.generation.weeks.arcs.slot[near]]
    size = np.bincount(request, minlength=requests)
    block = blocks.partition.block_of_request + 1
    size = np.append(size, np.bincount(block, size, minlength=blocks.partition.size + 1)[1:])
    while True:
        label = _components(blocks, links)
        arcs = np.bincount(label[:requests], size[:requests])
        # A block that is large already may still grow a little.
        largest = np.zeros(len(arcs))
        np.maximum.at(largest, label, size)
        too_large = (arcs > _MAX_ARCS) & (arcs - largest > _MAX_ARCS / 4)
        large = np.flatnonzero(too_large[label[links.tail]])
        if not len(large):
            return links
        # Drop the lesser half of each that is too large.
        component, first = np.unique(links.component[large], return_index=True)
        of, gap = label[links.tail[large[first]]], links.gap[large[first]]
        order = np.lexsort((gap, of))
        start = c.starts_of(of[order], len(arcs))
        rank = np.arange(len(order)) - start[of[order]]
        lesser = 2 * rank <= (start[1:] - start[:-1])[of[order]] - 1
        links = links.take(~np.isin(links.component, component[order[lesser]]))


def _components(blocks: Blocks, links: _Links) -> c.Ints:
    """Label the connected components of links and blocks, shape (requests and blocks,)."""
    block, size = blocks.partition.block_of_request, blocks.partition.size
    held = np.flatnonzero(block >= 0)
    tail = np.concatenate([links.tail, block[held] + len(block)])
    head = np.concatenate([links.head, held])
    shape = (len(block) + size,) * 2
    graph = sparse.coo_array((np.ones(len(tail)), (tail, head)), shape=shape)
    label: c.Ints = connected_components(graph, directed=False)[1]
    return label
