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

from matching import columns as c
from matching.solvers.blocks import Blocks
from matching.solvers.mending import shares
from matching.solvers.territory import Territory

# Smaller shares of the gap are not worth a block of their own.
_SHARE = 1.0
# The blocks that leave open so much of what all leave open are looked at.
_MOST = 0.95
# Arcs this near the best weeks count when blocks join, and no more of them may come together.
_NEAR = 100.0
_MOST_ARCS = 20_000
# A quota that more of the plan's services use brings nobody together.
_MOST_USES = 20


class Links(NamedTuple):
    """Who asks for whom, and how much the asking block leaves open.

    Nodes are the requests and, after them, the blocks.
    """

    ends: c.Longs
    others: c.Longs
    weight: c.Floats


def unexplained(blocks: Blocks, chosen: c.Longs) -> tuple[c.Floats, c.Floats]:
    """Return what each block leaves of its share of a plan's gap, and what requests in none have.

    Returns
    -------
    float64 arrays, shapes (groups,) and (requests,)
    """
    generation, territory = blocks.generation, blocks.territory
    problem, arcs, rows = generation.problem, generation.weeks.arcs, generation.rows
    many = len(problem.requests)
    # A volunteer of no block counts at the request that suits them best.
    share = shares(generation, blocks.parts, chosen)
    open_ = (territory.owner < 0) & (share.week > _SHARE)
    best = c.best_of(arcs.volunteer, blocks.parts.reward, np.flatnonzero(open_[arcs.volunteer]))
    of_best = problem.slots.request[arcs.slot[best]]
    of_row = np.flatnonzero(rows.request >= 0)
    request = np.concatenate([rows.request[of_row], rows.team_request, of_best])
    part = np.concatenate([share.row[of_row], share.team, share.week[arcs.volunteer[best]]])
    group = territory.group[request]
    left = np.bincount(group + 1, part, minlength=territory.size + 1)[1:]
    left += np.bincount(territory.owner + 1, share.week, minlength=territory.size + 1)[1:]
    alone = group < 0
    lone = np.bincount(request[alone], part[alone], minlength=many)
    return left - blocks.gained, lone.astype(np.float64)


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
    left, lone = unexplained(blocks, chosen)
    order = worst(np.append(lone, left))
    links = _within(blocks, _links(blocks, chosen, order[order >= many] - many, left))
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
    territory = Territory(generation, blocks.parts, group, owner)
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


def _links(blocks: Blocks, chosen: c.Longs, asking: c.Longs, left: c.Floats) -> Links:
    """Return what some blocks do otherwise than the plan: at whose requests, with whose people."""
    generation, territory = blocks.generation, blocks.territory
    arcs = generation.weeks.arcs
    many = len(territory.group)
    request = generation.problem.slots.request[arcs.slot]
    asking = np.array([k for k in asking if int(k) in blocks.taken], np.int64)
    asks = np.zeros(territory.size + 1, np.bool_)
    asks[asking] = True
    taken = [c.combine(k, blocks.taken[int(k)]) for k in asking]
    done = []
    for of in (territory.owner[arcs.volunteer[chosen]], territory.of_arc[chosen]):
        done.append(c.combine(of, chosen)[asks[of]])
    differ = np.setxor1d(np.concatenate([*taken, np.empty(0, np.int64)]), np.concatenate(done))
    block, arc = differ >> 32, (differ & 0xFFFFFFFF) - 1
    owner = territory.owner[arcs.volunteer[arc]]
    user, used = _users(blocks, chosen, block, arc)
    owned = np.flatnonzero((owner >= 0) & (owner != block))
    ends = np.concatenate([block, block[owned], user]) + many
    others = np.concatenate([request[arc], owner[owned] + many, request[used]])
    return Links(ends, others, left[ends - many])


def _users(
    blocks: Blocks, chosen: c.Longs, block: c.Longs, arc: c.Longs
) -> tuple[c.Longs, c.Longs]:
    """Return who else uses the priced quotas of some arcs: for each block, arcs of the plan."""
    writer = blocks.generation.writer
    now = writer.joint_of_arc[chosen].tocsc()
    counts = np.isfinite(blocks.room) & (np.diff(now.indptr) <= _MOST_USES)
    use = writer.joint_of_arc[arc]
    asks = np.unique(c.combine(np.repeat(block, np.diff(use.indptr)), use.indices))
    user, row = asks >> 32, (asks & 0xFFFFFFFF) - 1
    user, row = user[counts[row]], row[counts[row]]
    uses = np.diff(now.indptr)[row]
    return np.repeat(user, uses), chosen[now.indices[c.ranges(now.indptr[row], uses)]]


def _within(blocks: Blocks, links: Links) -> Links:
    """Leave out weak links until nothing too large comes together."""
    near = blocks.parts.shortfall <= _NEAR
    request = blocks.generation.problem.slots.request[blocks.generation.weeks.arcs.slot[near]]
    size = np.bincount(request, minlength=len(blocks.territory.group))
    while True:
        label = _components(blocks, links)
        arcs = np.bincount(label[: len(size)], size)
        of = label[links.ends]
        large = np.flatnonzero(arcs[of] > _MOST_ARCS)
        if not len(large):
            return links
        # In each that is too large the weaker half goes.
        order = large[np.lexsort((links.weight[large], of[large]))]
        first = c.starts_of(of[order], len(arcs))
        rank = np.arange(len(order)) - first[of[order]]
        goes = np.zeros(len(links.ends), np.bool_)
        goes[order[2 * rank <= (first[1:] - first[:-1])[of[order]]]] = True
        links = Links(links.ends[~goes], links.others[~goes], links.weight[~goes])


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
