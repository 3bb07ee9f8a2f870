"""From the linear programme's solution to a proof, block by block.

Bounds of blocks and large neighbourhood search bring plan and bound together; reduced-cost fixing
leaves one integer programme that HiGHS can finish.
"""

from __future__ import annotations

import itertools
from dataclasses import replace
from functools import partial

import numpy as np

from matching.problem import columns as c
from matching.solvers.column_generation.fractional import is_fractional
from matching.solvers.column_generation.generation import ColumnGeneration, LPSolution
from matching.solvers.column_generation.lagrangian import lagrangian_bound
from matching.solvers.column_generation.pdlp_master import PDLPMaster
from matching.solvers.linear_programme import (
    continue_lp,
    is_by_pdlp,
    offer_heuristic_plan,
)
from matching.solvers.neighbourhoods.difference_neighbourhoods import difference_neighbourhoods
from matching.solvers.neighbourhoods.large_neighbourhood_search import (
    MAX_NODES,
    gap_shares,
    large_neighbourhood_search,
)
from matching.solvers.neighbourhoods.roster_blocks import roster_block_search
from matching.solvers.subproblems.block_merging import merge_blocks
from matching.solvers.subproblems.blocks import Blocks
from matching.solvers.subproblems.differences import residual_gap
from matching.solvers.subproblems.executor import SubproblemExecutor
from matching.solvers.subproblems.partition import Partition, cells
from matching.solvers.subproblems.reduced_mip import solve_reduced_mip

# A smaller problem is solved at once: to solve blocks first saves nothing.
_MIN_ARCS_FOR_BLOCKS = 50_000
_BLOCK_REQUESTS = 100
_MAX_BLOCK_REQUESTS = 2_000
# Of the time left, for duals half way to the plan.
_CENTRED_TIME_SHARE = 0.15
# Below this relative gap block bounds, and what differs from them, tell better where to look than
# the map does.
_MIN_GAP_FOR_ROSTERS = 1e-3
# Blocks keep a quota that has a price, however small.
_LEAST_PRICE = 1e-3
# A pass over all blocks that closes less of the gap is the last of its block size.
_MIN_GAP_CLOSED_PER_PASS = 0.2
# After a round of merging that closes less of the gap, what is left is often a plan that blocks do
# not come by: one near other duals.
_MIN_GAP_CLOSED_BY_BLOCKS = 0.05
# After rounds that each close less of the gap, neighbourhoods grow by a ring and are searched
# longer; after so many rings nothing is left to try.
_MIN_GAP_CLOSED_PER_ROUND = 0.02
_IDLE_ROUNDS_PER_RING, _MAX_RINGS = 2, 4
_NODES_FACTOR_PER_RING = 4


def block_search(
    generation: ColumnGeneration, lp: LPSolution, executor: SubproblemExecutor
) -> None:
    """Improve the plan and the bound in blocks until proved, or nothing is left to try."""
    _close(generation, lp, executor)
    # Other duals take a while: they are for where the first have nothing left to try.
    if generation.incumbent.goes_on():
        centred = _centred(generation, lp, executor)
        if centred is not lp:
            _close(generation, centred, executor)


def _close(generation: ColumnGeneration, lp: LPSolution, executor: SubproblemExecutor) -> None:
    """Bring plan and bound together from some duals on; at first there are no blocks."""
    lagrangian = lagrangian_bound(generation, lp.dual)
    no_block = np.full(len(generation.problem.requests), -1, np.int32)
    blocks = Blocks(generation, lagrangian, Partition(generation, lagrangian, no_block), executor)
    merged = _merge_blocks(blocks, lp)
    solve_reduced_mip(generation, merged.arcs_after_fixing(generation.incumbent.value))


def improve_by_rosters(
    generation: ColumnGeneration, lp: LPSolution, executor: SubproblemExecutor
) -> LPSolution:
    """Where PDLP left much of a gap, plan large blocks anew over rosters, turn by turn.

    Each turn cuts the map along other lines.

    Returns
    -------
    LPSolution
        With a better bound, if there was no time to solve it to its end before.
    """
    incumbent = generation.incumbent
    gap = incumbent.progress("neighbourhood search").gap
    if not is_by_pdlp(generation) or gap is None or gap <= _MIN_GAP_FOR_ROSTERS:
        return lp
    requests = generation.problem.requests
    lagrangian = lagrangian_bound(generation, lp.dual)
    size, turn = _MAX_BLOCK_REQUESTS, 0
    while size >= _BLOCK_REQUESTS and incumbent.goes_on():
        split = cells(requests.lat, requests.lon, size, turn)
        partition = Partition(generation, lagrangian, split.astype(np.int32))
        blocks = Blocks(generation, lagrangian, partition, executor)
        before = incumbent.value or 0
        plan = roster_block_search(blocks, incumbent.chosen, turn)
        incumbent.offer(plan, "neighbourhood search")
        value = incumbent.value or 0
        if value - before < _MIN_GAP_CLOSED_PER_PASS * (incumbent.bound - value):
            size //= 2
        turn += 1
    more = continue_lp(generation, lambda bound, solution: None) if incumbent.goes_on() else None
    return lp if more is None or more.bound > lp.bound else more


def _centred(
    generation: ColumnGeneration, lp: LPSolution, executor: SubproblemExecutor
) -> LPSolution:
    """Return duals half way to those of the services that the incumbent has; offer a plan near.

    PDLP's are no extreme ones, but not exact: they are made more so.

    Where an option is served in part, duals are extreme: whoever could serve there is paid what
    makes the part worth it. Fixed as the plan has it, the programme has duals that suit the plan
    and prove little. Blocks, which are whole, gain most in between.
    """
    incumbent, master = generation.incumbent, generation.master
    wanted = incumbent.value is not None and incumbent.goes_on() and _has_blocks(generation)
    if not wanted:
        return lp
    if isinstance(master, PDLPMaster):
        master.accuracy = 0.0
        more = continue_lp(generation, lambda bound, solution: None, 0.5 * incumbent.seconds_left)
        return lp if more is None or more.bound > lp.bound else more
    options = len(generation.problem.options)
    in_part = is_fractional(lp.primal.service[:options]) & generation.needs_link
    near = _as_planned(generation, np.flatnonzero(in_part))
    if near is None:
        return lp
    offer_heuristic_plan(generation, near, executor)
    dual = np.append(lp.dual, np.zeros(len(near.dual) - len(lp.dual)))
    return replace(lp, dual=(dual + near.dual) / 2)


def _after_a_plan_near(blocks: Blocks, lp: LPSolution) -> Blocks:
    """Offer a plan near centred duals; return the blocks as they are, with the rows there are now.

    With PDLP that takes much of the time that is left: it comes when nothing else is left to try.
    """
    generation = blocks.generation
    if is_by_pdlp(generation):
        return blocks
    _centred(generation, lp, blocks.executor)
    return _over_present_rows(blocks)


def _kept_from_quotas(blocks: Blocks) -> c.Longs:
    """Return the options that would use quotas which the plan leaves, for half of what is to close.

    With PDLP no option can be fixed: none.
    """
    generation, incumbent = blocks.generation, blocks.generation.incumbent
    if is_by_pdlp(generation):
        return np.empty(0, np.int64)
    wanted = gap_shares(generation, blocks.lagrangian, incumbent.chosen).wanted
    to_close = incumbent.bound - incumbent.sufficient_bound
    wants = wanted[generation.problem.options.request] > to_close / 2
    return np.flatnonzero(wants & generation.needs_link)


def _beyond_quotas(blocks: Blocks, option: c.Longs) -> Blocks:
    """Return blocks of other duals, which suit the plan where it keeps some options from a quota.

    Blocks pay for what they use of a quota; the price of what is left lowers no block's bound. With
    these options as the plan has them the programme has duals by which the quota is cheap, and the
    block of those who want it is exact again.
    """
    generation, partition = blocks.generation, blocks.partition
    lp = _as_planned(generation, option)
    if lp is None:
        return _over_present_rows(blocks)
    dual, joint = lp.dual.copy(), generation.builder.joint
    before = np.minimum(blocks.lagrangian.dual[joint], _LEAST_PRICE)
    dual[joint] = np.maximum(dual[joint], before)
    lagrangian = lagrangian_bound(generation, dual)
    partition = Partition(
        generation, lagrangian, partition.block_of_request, partition.block_of_volunteer
    )
    return Blocks(generation, lagrangian, partition, blocks.executor)


def _as_planned(generation: ColumnGeneration, option: c.Longs) -> LPSolution | None:
    """Solve the programme with some options as the incumbent has them; None if that has no end."""
    incumbent, master = generation.incumbent, generation.master
    assert not isinstance(master, PDLPMaster)
    master.fix(option, generation.constraints.service_of(incumbent.chosen)[option])
    reserve = (1 - _CENTRED_TIME_SHARE) * incumbent.seconds_left
    near = continue_lp(generation, lambda bound, solution: None, reserve)
    master.fix(option, 0.0, generation.rows.upper[option])
    return near


def _over_present_rows(blocks: Blocks) -> Blocks:
    """Return the blocks as they are, with the rows there are now."""
    lagrangian = blocks.lagrangian.over(blocks.generation.rows)
    after = Blocks(
        blocks.generation, lagrangian, blocks.partition, blocks.executor, blocks.reduction
    )
    after.selected = blocks.selected
    return after


def _has_blocks(generation: ColumnGeneration) -> bool:
    return len(generation.weeks.arcs) > _MIN_ARCS_FOR_BLOCKS


def _merge_blocks(blocks: Blocks, lp: LPSolution) -> Blocks:
    """Plan anew where blocks differ from the plan, and merge them there.

    Returns
    -------
    Blocks
        Those that are left, for reduced-cost fixing.
    """
    incumbent = blocks.generation.incumbent
    if not _has_blocks(blocks.generation) or incumbent.value is None:
        return blocks
    idle = doublings = 0
    is_plan_near = has_quotas = False
    for turn in itertools.count():
        if not incumbent.goes_on():
            break
        before = incumbent.bound - incumbent.value
        rings = idle // _IDLE_ROUNDS_PER_RING
        near = difference_neighbourhoods(blocks, incumbent.chosen, rings)
        # Blocks that do not differ from the plan, or are not there yet, leave it as it is.
        if near.partition.size:
            nodes = MAX_NODES * _NODES_FACTOR_PER_RING**rings
            plan = large_neighbourhood_search(
                near, near.partition.numbers, incumbent.chosen, turn, nodes
            )
            incumbent.offer(plan, "neighbourhood search")
            if not incumbent.goes_on():
                break
        # A round that makes blocks, the first or anew, may close nothing yet.
        makes = turn == 0
        if not (makes or has_quotas) and len(option := _kept_from_quotas(blocks)):
            makes = has_quotas = True
            blocks = _beyond_quotas(blocks, option)
        blocks, new = merge_blocks(blocks, incumbent.chosen, doublings)
        bound = incumbent.bound
        gap, _ = residual_gap(blocks, incumbent.chosen)
        blocks.tighten_block_bounds(partial(incumbent.prove, phase="block bounds"), new, gap)
        if bound - incumbent.bound < _MIN_GAP_CLOSED_PER_ROUND * before:
            doublings += 1
        gap_closed = before - (incumbent.bound - incumbent.value)
        if not (makes or is_plan_near) and gap_closed < _MIN_GAP_CLOSED_BY_BLOCKS * before:
            is_plan_near, blocks = True, _after_a_plan_near(blocks, lp)
        elif gap_closed >= _MIN_GAP_CLOSED_PER_ROUND * before:
            idle = 0
        elif rings == _MAX_RINGS:
            break
        else:
            idle += 1
    return blocks
