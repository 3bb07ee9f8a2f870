"""Joining: which blocks belong together, told by where they and the plan disagree.

A block is solved as if what lies outside came at its price. Where the plan falls short of that, the
block wanted something that others have: a service, a volunteer, the last of a quota. What it and
the plan do differently names these others; with them in one block, the bound comes down or the plan
comes up.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from matching.problem import columns as c
from matching.solvers.neighbourhoods.large_neighbourhood_search import GapShares, shares
from matching.solvers.subproblems.blocks import Blocks
from matching.solvers.subproblems.partition import Partition

# Smaller shares of the gap are not worth a block of their own.
_SHARE = 1.0
# The blocks that leave open so much of what all leave open are looked at.
_MOST = 0.95
# Arcs this near the best weeks count when blocks join, and no more of them may come together.
_NEAR = 100.0
_MOST_ARCS = 8_000
# A quota that more of the plan's services use brings nobody together.
_MOST_USES = 20


class Links(NamedTuple):
    """Who asks for whom, and how much of the gap is at stake.

    Nodes are the requests and, after them, the blocks. Links of one swap only help together.
    """

    ends: c.Longs
    others: c.Longs
    swap: c.Longs
    stake: c.Floats

    def take(self, rows: c.Bools) -> Links:
        """Return the chosen links."""
        return Links(self.ends[rows], self.others[rows], self.swap[rows], self.stake[rows])


def residual_gap(blocks: Blocks, chosen: c.Longs) -> tuple[c.Floats, c.Floats]:
    """Return what each block leaves of its share of a plan's gap, and what requests in none have.

    Returns
    -------
    float64 arrays, shapes (groups,) and (requests,)
    """
    generation, territory = blocks.generation, blocks.territory
    problem, arcs = generation.problem, generation.weeks.arcs
    share = shares(generation, blocks.parts, chosen)
    part = _of_requests(blocks, share)
    # A volunteer of no block counts at the request that suits them best.
    open_ = (territory.owner < 0) & (share.week > _SHARE)
    best = c.best_of(arcs.volunteer, blocks.parts.reward, np.flatnonzero(open_[arcs.volunteer]))
    np.add.at(part, problem.slots.request[arcs.slot[best]], share.week[arcs.volunteer[best]])
    left = np.bincount(territory.group + 1, part, minlength=territory.size + 1)[1:]
    left = left + np.bincount(territory.owner + 1, share.week, minlength=territory.size + 1)[1:]
    return left - blocks.gained, np.where(territory.group < 0, part, 0.0)


def _of_requests(blocks: Blocks, share: GapShares) -> c.Floats:
    """Return what the rows and team variables of each request are answerable for."""
    rows = blocks.generation.rows
    of_row = np.flatnonzero(rows.request >= 0)
    request = np.append(rows.request[of_row], rows.team_request)
    part = np.append(share.row[of_row], share.team)
    return np.bincount(request, part, minlength=len(blocks.territory.group)).astype(np.float64)


def worst(left: c.Floats) -> c.Longs:
    """Return what leaves most, and together almost all."""
    order = np.argsort(-left, kind="stable")
    order = order[left[order] > _SHARE]
    many = np.searchsorted(np.cumsum(left[order]), _MOST * left[order].sum()) + 1
    return order[:many]


def joined(blocks: Blocks, chosen: c.Longs) -> tuple[Blocks, c.Longs]:
    """Join the blocks that leave most to those they ask for.

    Returns
    -------
    Blocks
        With what is known of those that stay as they were.
    int64 array
        Which of them are new.
    """
    generation, before = blocks.generation, blocks.territory
    many = len(before.group)
    left, lone = residual_gap(blocks, chosen)
    order = worst(np.append(lone, left))
    links = _within(blocks, _links(blocks, chosen, order[order >= many] - many))
    label = _components(blocks, links)
    of_request, of_block = label[:many], label[many:]
    held = np.zeros(label.max(initial=0) + 1, np.bool_)
    held[of_block] = True
    held[of_request[order[order < many]]] = True
    group = np.where(held[of_request], of_request, -1).astype(np.int32)
    number = np.cumsum(held) - 1
    owner = np.full(len(before.owner), -1, np.int32)
    owned = np.flatnonzero(before.owner >= 0)
    owner[owned] = number[of_block[before.owner[owned]]]
    territory = Partition(generation, blocks.parts, group, owner)
    of_block = number[of_block]
    parts = np.bincount(of_block, minlength=territory.size)
    known = np.bincount(of_block, np.diff(before.requests.start), minlength=territory.size)
    new = (parts != 1) | (known != np.diff(territory.requests.start))
    gained = np.bincount(of_block, blocks.gained, minlength=territory.size).astype(np.float64)
    after = Blocks(generation, blocks.parts, territory, blocks.crew, gained)
    after.taken = {
        int(of_block[old]): taken for old, taken in blocks.taken.items() if not new[of_block[old]]
    }
    return after, territory.numbers[new[territory.numbers]]


def _links(blocks: Blocks, chosen: c.Longs, asking: c.Longs) -> Links:
    """Return what some blocks do otherwise than the plan: at whose requests, with whose people.

    Much of that changes nothing, being worth the same. What is at stake stands in the swaps (what
    hangs together of the differences) that somebody answerable for a share of the gap is part of.
    """
    territory, arcs = blocks.territory, blocks.generation.weeks.arcs
    many = len(territory.group)
    request = blocks.generation.problem.slots.request[arcs.slot]
    asking = np.array([k for k in asking if int(k) in blocks.taken], np.int64)
    asks = np.zeros(territory.size + 1, np.bool_)
    asks[asking] = True
    taken = [c.combine(k, blocks.taken[int(k)]) for k in asking]
    done = []
    for of in (territory.owner[arcs.volunteer[chosen]], territory.of_arc[chosen]):
        done.append(c.combine(of, chosen)[asks[of]])
    differ = np.setxor1d(np.concatenate([*taken, np.empty(0, np.int64)]), np.concatenate(done))
    block, arc = differ >> 32, (differ & 0xFFFFFFFF) - 1
    swap, stake = _swaps(blocks, chosen, block, arc)
    counts = stake[swap] > _SHARE
    block, arc, swap = block[counts], arc[counts], swap[counts]
    owner = territory.owner[arcs.volunteer[arc]]
    by, used = _users(blocks, chosen, arc)
    owned = np.flatnonzero((owner >= 0) & (owner != block))
    ends = np.concatenate([block, block[owned], block[by]]) + many
    others = np.concatenate([request[arc], owner[owned] + many, request[used]])
    swap = np.concatenate([swap, swap[owned], swap[by]])
    return Links(ends, others, swap, stake[swap])


def _swaps(
    blocks: Blocks, chosen: c.Longs, block: c.Longs, arc: c.Longs
) -> tuple[c.Longs, c.Floats]:
    """Put differences of a block that share a volunteer or a request into swaps.

    Returns
    -------
    int64 array, shape (differences,)
    float64 array, shape (swaps,)
        What their volunteers and requests are answerable for.
    """
    arcs = blocks.generation.weeks.arcs
    share = shares(blocks.generation, blocks.parts, chosen)
    request = blocks.generation.problem.slots.request[arcs.slot[arc]]
    person, one = np.unique(c.combine(block, arcs.volunteer[arc]), return_inverse=True)
    place, other = np.unique(c.combine(block, request), return_inverse=True)
    shape = (len(person) + len(place),) * 2
    ends = (np.ones(len(arc)), (one, len(person) + other))
    swaps, label = connected_components(sparse.coo_array(ends, shape=shape), directed=False)
    part = np.append(
        share.week[(person & 0xFFFFFFFF) - 1],
        _of_requests(blocks, share)[(place & 0xFFFFFFFF) - 1],
    )
    return label[one].astype(np.int64), np.bincount(label, part, minlength=swaps).astype(np.float64)


def _users(blocks: Blocks, chosen: c.Longs, arc: c.Longs) -> tuple[c.Longs, c.Longs]:
    """Return who else uses the priced quotas of some arcs: which of these, and arcs of the plan."""
    writer = blocks.generation.writer
    now = writer.joint_of_arc[chosen].tocsc()
    uses = np.diff(now.indptr)
    counts = np.isfinite(blocks.room) & (uses <= _MOST_USES)
    use = writer.joint_of_arc[arc]
    by, row = np.repeat(np.arange(len(arc)), np.diff(use.indptr)), use.indices
    by, row = by[counts[row]], row[counts[row]]
    return np.repeat(by, uses[row]), chosen[now.indices[c.ranges(now.indptr[row], uses[row])]]


def _within(blocks: Blocks, links: Links) -> Links:
    """Leave out swaps of little stake until nothing too large comes together."""
    territory = blocks.territory
    near = blocks.parts.reduced_cost_bound <= _NEAR
    request = blocks.generation.problem.slots.request[blocks.generation.weeks.arcs.slot[near]]
    size = np.bincount(request, minlength=len(territory.group))
    of_block = np.bincount(territory.group + 1, size, minlength=territory.size + 1)[1:]
    size = np.append(size, of_block)
    while True:
        label = _components(blocks, links)
        arcs = np.bincount(label[: len(territory.group)], size[: len(territory.group)])
        # What was large before may still take in a little.
        largest = np.zeros(len(arcs))
        np.maximum.at(largest, label, size)
        too_large = (arcs > _MOST_ARCS) & (arcs - largest > _MOST_ARCS / 4)
        large = np.flatnonzero(too_large[label[links.ends]])
        if not len(large):
            return links
        # In each that is too large the lesser half goes.
        swap, first = np.unique(links.swap[large], return_index=True)
        of, stake = label[links.ends[large[first]]], links.stake[large[first]]
        order = np.lexsort((stake, of))
        start = c.starts_of(of[order], len(arcs))
        rank = np.arange(len(order)) - start[of[order]]
        lesser = 2 * rank <= (start[1:] - start[:-1])[of[order]] - 1
        links = links.take(~np.isin(links.swap, swap[order[lesser]]))


def _components(blocks: Blocks, links: Links) -> c.Ints:
    """Label what links and blocks hold together, shape (requests and blocks,)."""
    group, size = blocks.territory.group, blocks.territory.size
    held = np.flatnonzero(group >= 0)
    ends = np.concatenate([links.ends, group[held] + len(group)])
    others = np.concatenate([links.others, held])
    shape = (len(group) + size,) * 2
    graph = sparse.coo_array((np.ones(len(ends)), (ends, others)), shape=shape)
    label: c.Ints = connected_components(graph, directed=False)[1]
    return label
