"""Where a plan falls short of what blocks prove, and what their best solutions do otherwise there.

A block is solved as if what lies outside came at its price. Where the plan falls short of that, the
block wanted something that others have: a service, a volunteer, the last of a quota. The symmetric
difference of its solution and the plan names these others. Most of it does not change the value;
only connected components of it with a share of the gap matter.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from matching.problem import columns as c
from matching.solvers.neighbourhoods.large_neighbourhood_search import (
    MIN_GAP_VALUE,
    GapShares,
    gap_shares,
)
from matching.solvers.subproblems.blocks import Blocks

# A quota that more of the plan's services use joins nothing.
_MAX_QUOTA_SERVICES = 20
# The largest shares that together are this part of the gap are looked at.
_COVERED_PART_OF_GAP = 0.95


@dataclass(frozen=True)
class Differences(c.Columns):
    """What blocks choose and the plan does not, or the other way round.

    Attributes
    ----------
    block, arc, component : int64 arrays of equal length
        Whose difference it is, the arc, and the connected component that it is part of.
    gap : float64 array, of equal length
        The share of the gap of its component.
    """

    block: c.Longs
    arc: c.Longs
    component: c.Longs
    gap: c.Floats


def residual_gap(blocks: Blocks, chosen: c.Longs) -> tuple[c.Floats, c.Floats]:
    """Return the share of the gap of each block, and of each request in no block.

    Returns
    -------
    float64 arrays, shapes (blocks,) and (requests,)
    """
    generation, partition = blocks.generation, blocks.partition
    arcs, size = generation.weeks.arcs, partition.size
    shares = gap_shares(generation, blocks.lagrangian, chosen)
    of_request = request_shares(blocks, shares)
    # What a copy is charged where it serves is of the share of its volunteer.
    request, owner = generation.problem.slots.request, partition.block_of_volunteer
    copies = chosen[owner[arcs.volunteer[chosen]] != partition.block_of_arc[chosen]]
    cost = blocks.lagrangian.copy_cost[copies]
    np.add.at(of_request, request[arcs.slot[copies]], cost)
    roster = shares.roster - np.bincount(arcs.volunteer[copies], cost, len(owner))
    # A volunteer in no block is counted at their best request.
    rows = np.flatnonzero(((owner < 0) & (roster > MIN_GAP_VALUE))[arcs.volunteer])
    best = c.best_of(arcs.volunteer, blocks.lagrangian.reward, rows)
    np.add.at(of_request, request[arcs.slot[best]], roster[arcs.volunteer[best]])
    gap = np.bincount(partition.block_of_request + 1, of_request, minlength=size + 1)[1:]
    gap = gap + np.bincount(owner + 1, roster, size + 1)[1:]
    return gap - blocks.reduction, np.where(partition.block_of_request < 0, of_request, 0.0)


def request_shares(blocks: Blocks, shares: GapShares) -> c.Floats:
    """Return the shares of the rows, service variables and quotas of each request."""
    rows = blocks.generation.rows
    of_row = np.flatnonzero(rows.request >= 0)
    request = np.append(rows.request[of_row], rows.service_request)
    share = np.append(shares.row[of_row], shares.service)
    requests = len(blocks.partition.block_of_request)
    return np.bincount(request, share, minlength=requests) + shares.wanted


def largest_shares(gap: c.Floats) -> c.Longs:
    """Return the largest shares of a gap, which together are almost all of it."""
    order = np.argsort(-gap, kind="stable")
    order = order[gap[order] > MIN_GAP_VALUE]
    enough = _COVERED_PART_OF_GAP * gap[order].sum()
    return order[: np.searchsorted(np.cumsum(gap[order]), enough) + 1]


def differences(blocks: Blocks, chosen: c.Longs) -> Differences:
    """Return the differences that matter, of the blocks with the largest shares of the gap."""
    partition, arcs = blocks.partition, blocks.generation.weeks.arcs
    gap, _ = residual_gap(blocks, chosen)
    asking = [int(k) for k in largest_shares(gap) if int(k) in blocks.selected]
    asks = np.zeros(partition.size + 1, np.bool_)
    asks[asking] = True
    wanted = [c.combine(k, blocks.selected[k]) for k in asking]
    planned = [
        c.combine(block, chosen)[asks[block]]
        for block in (
            partition.block_of_volunteer[arcs.volunteer[chosen]],
            partition.block_of_arc[chosen],
        )
    ]
    differ = np.setxor1d(np.concatenate([*wanted, np.empty(0, np.int64)]), np.concatenate(planned))
    block, arc = differ >> 32, (differ & 0xFFFFFFFF) - 1
    component, gap = _components(blocks, chosen, block, arc)
    found = Differences(block, arc, component, gap[component])
    return found.take(found.gap > MIN_GAP_VALUE)


def first_component(found: Differences, item: c.Ints | c.Longs, size: int) -> c.Longs:
    """Return the component with the largest share of the gap that holds each item; -1 for none."""
    order = np.lexsort((found.component, -found.gap))
    first = np.full(size, -1)
    first[item[order][::-1]] = found.component[order][::-1]
    return first


def _components(
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
    by, quota = uses_of(blocks, arc, small_quotas(blocks, chosen))
    shared, at_shared = np.unique(c.combine(block[by], quota), return_inverse=True)
    shape = (len(who) + len(where) + len(shared),) * 2
    tail = np.append(at_who, at_who[by])
    head = np.append(len(who) + at_where, len(who) + len(where) + at_shared)
    ends = (np.ones(len(tail)), (tail, head))
    count, label = connected_components(sparse.coo_array(ends, shape=shape), directed=False)
    of_requests = request_shares(blocks, shares)[(where & 0xFFFFFFFF) - 1]
    share = np.append(shares.roster[(who & 0xFFFFFFFF) - 1], of_requests)
    gap = np.bincount(label[: len(share)], share, minlength=count).astype(np.float64)
    return label[at_who].astype(np.int64), gap


def small_quotas(blocks: Blocks, chosen: c.Longs) -> c.Bools:
    """Tell which joint rows are priced and used by few of the plan's services."""
    services = np.diff(blocks.generation.builder.joint_of_arc[chosen].tocsc().indptr)
    small: c.Bools = np.isfinite(blocks.joint_capacity) & (services <= _MAX_QUOTA_SERVICES)
    return small


def uses_of(blocks: Blocks, arc: c.Longs, joint: c.Bools) -> tuple[c.Longs, c.Ints]:
    """Return which of some arcs use which of some joint rows."""
    use = blocks.generation.builder.joint_of_arc[arc]
    by, row = np.repeat(np.arange(len(arc)), np.diff(use.indptr)), use.indices
    return by[joint[row]], row[joint[row]]
