"""The search under the full rulebook, from the flow's plan and prices to a proof.

A branch-and-price in spirit, without the tree: column generation gives a bound and a plan near it;
block bounds and large neighbourhood search bring the two together; reduced-cost fixing leaves one
integer programme that HiGHS can finish.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from matching.bounds.labelling import Stopped
from matching.bounds.prices import Prices
from matching.bounds.pricing import Weeks
from matching.flow.relaxation import Relaxation, best_candidates
from matching.problem import Problem
from matching.problem import columns as c
from matching.solvers.column_generation.crash import crash
from matching.solvers.column_generation.fractional import fractional_components, is_fractional
from matching.solvers.column_generation.generation import ColumnGeneration, LPSolution
from matching.solvers.column_generation.lagrangian import lagrangian_bound
from matching.solvers.column_generation.pdlp_master import PDLPMaster
from matching.solvers.column_generation.restricted_master import (
    MasterSolution,
    UnsolvedError,
)
from matching.solvers.incumbent import Incumbent
from matching.solvers.neighbourhoods.difference_neighbourhoods import difference_neighbourhoods
from matching.solvers.neighbourhoods.large_neighbourhood_search import (
    MAX_NODES,
    large_neighbourhood_search,
)
from matching.solvers.neighbourhoods.repair import repair
from matching.solvers.neighbourhoods.restricted_master_heuristic import (
    mostly_selected,
    restricted_master_heuristic,
)
from matching.solvers.neighbourhoods.roster_blocks import roster_block_search
from matching.solvers.neighbourhoods.whole_dive import whole_dive
from matching.solvers.subproblems.block_merging import merge_blocks
from matching.solvers.subproblems.blocks import Blocks
from matching.solvers.subproblems.differences import largest_shares, residual_gap
from matching.solvers.subproblems.executor import SubproblemExecutor
from matching.solvers.subproblems.partition import Partition, split_by_place
from matching.solvers.subproblems.reduced_mip import solve_reduced_mip, solve_whole_mip

# Shares of the time left when these begin.
_HEURISTIC_TIME_SHARE = 0.05
_TIME_SHARE_AFTER_COLUMN_GENERATION = 0.3
# A dive takes about as long as the programme that it begins with.
_FIRST_LP_TIME_SHARE = 0.5
# What PDLP leaves is approximate, so that more is left to do.
_TIME_SHARE_AFTER_PDLP = 0.5
# Where there are no more, HiGHS alone is quickest.
_MAX_ARCS_FOR_WHOLE_MIP = 10_000
# Where there are fewer, all rounds together take no longer than a few repairs.
_MIN_ARCS_FOR_REPAIR = 10_000
# A smaller problem is solved at once: to solve blocks first saves nothing.
_MIN_ARCS_FOR_BLOCKS = 50_000
_BLOCK_REQUESTS = 100
_MAX_BLOCK_REQUESTS = 2_000
# Below this relative gap block bounds, and what differs from them, tell better where to look than
# the map does.
_MIN_GAP_FOR_PLACES = 1e-3
# Of more arcs, duals are centred only where the programme's own do not end it.
_MAX_ARCS_TO_CENTRE_FIRST = 1 << 21
# A pass of large neighbourhood search that closes less of the gap is the last of its block size.
_MIN_GAP_CLOSED_PER_PASS = 0.2
# After rounds of merging that each close less of the gap, neighbourhoods grow by a ring and are
# searched longer; after so many rings nothing is left to try.
_MIN_GAP_CLOSED_PER_ROUND = 0.02
_IDLE_ROUNDS_PER_RING, _MAX_RINGS = 2, 4
_NODES_FACTOR_PER_RING = 4


def search(
    problem: Problem,
    weeks: Weeks,
    quality: c.Longs,
    relaxation: Relaxation,
    incumbent: Incumbent,
    seed: int,
    executor: SubproblemExecutor,
) -> Prices:
    """Improve the incumbent and its bound until proved, near enough, or told to stop.

    Returns
    -------
    Prices
        Those of the linear programme; of the flow, if it was not reached.
    """
    prices = relaxation.prices
    if not incumbent.goes_on():
        return prices
    generation = ColumnGeneration(problem, weeks, quality, seed, incumbent, executor.workers)
    try:
        lp = _solve_lp(generation, relaxation, executor)
        if lp is None:
            solve_reduced_mip(generation, np.arange(len(weeks.arcs)))
            return prices
        prices = generation.prices(lp.dual)
        group = fractional_components(generation, lp.primal)
        _offer_heuristic_plan(generation, lp, group >= 0, executor)
        if incumbent.goes_on():
            lp = _improve_by_rosters(generation, lp, executor)
            prices = generation.prices(lp.dual)
            # The next begins only where one has nothing left to try.
            for blocks in _starts(generation, lp, group, executor):
                merged = _merge_blocks(blocks)
                solve_reduced_mip(generation, merged.arcs_after_fixing(incumbent.value))
    except Stopped:  # the incumbent has the best plan and bound so far
        pass
    return prices


def is_one_programme(weeks: Weeks) -> bool:
    """Tell whether HiGHS solves all at once, without columns or a plan to begin at."""
    return not weeks.are_long and len(weeks.arcs) <= _MAX_ARCS_FOR_WHOLE_MIP


def search_at_once(
    weeks: Weeks, quality: c.Longs, incumbent: Incumbent, seed: int
) -> Prices | None:
    """Find the best plan of all by one integer programme.

    Returns
    -------
    Prices, optional
        Those of its linear relaxation, if there was time for it.
    """
    try:
        return solve_whole_mip(ColumnGeneration(weeks.problem, weeks, quality, seed, incumbent, 1))
    except Stopped:
        return None


def _solve_lp(
    generation: ColumnGeneration, relaxation: Relaxation, executor: SubproblemExecutor
) -> LPSolution | None:
    """Solve the linear programme over all rosters, with a plan every now and then.

    Raises
    ------
    Stopped
        If it is time to stop before there is a first master.
    """
    incumbent, weeks, quality = generation.incumbent, generation.weeks, generation.quality
    candidates = best_candidates(generation.problem, weeks, quality)
    generation.pool.add_singles(np.flatnonzero(candidates))
    generation.start(relaxation.prices)
    try:
        crash(generation, executor)
    except UnsolvedError:
        return None
    rounds = itertools.count(1)

    def on_round(bound: float, solution: MasterSolution) -> None:
        # Repair costs as much as a round: only after the 1st, 2nd, 4th, 8th ...
        if next(rounds).bit_count() == 1 and len(weeks.arcs) > _MIN_ARCS_FOR_REPAIR:
            plan = mostly_selected(generation, solution)
            incumbent.offer(repair(generation.problem, weeks, quality, plan), "column generation")

    share = _TIME_SHARE_AFTER_PDLP if _by_pdlp(generation) else _TIME_SHARE_AFTER_COLUMN_GENERATION
    return _run(generation, on_round, share * incumbent.seconds_left)


def _run(
    generation: ColumnGeneration,
    on_round: Callable[[float, MasterSolution], None],
    reserve_seconds: float = 0.0,
) -> LPSolution | None:
    """Go on with column generation; None if the linear programme cannot be solved."""

    def on_bound(bound: float, solution: MasterSolution) -> None:
        generation.incumbent.prove(bound, "column generation")
        on_round(bound, solution)

    try:
        return generation.run(on_bound, reserve_seconds)
    except UnsolvedError:
        return None


def _offer_heuristic_plan(
    generation: ColumnGeneration,
    lp: LPSolution,
    open_requests: c.Bools,
    executor: SubproblemExecutor,
) -> None:
    incumbent = generation.incumbent
    if _by_pdlp(generation):
        # Of rosters half are fractional and all approximate.
        seconds = _FIRST_LP_TIME_SHARE * incumbent.seconds_left
        dived = whole_dive(generation, lp, seconds)
        plan = mostly_selected(generation, lp.primal) if dived is None else dived
    else:
        seconds = _HEURISTIC_TIME_SHARE * incumbent.seconds_left
        plan = restricted_master_heuristic(generation, lp.primal, open_requests, seconds, executor)
    if not incumbent.offer(plan, "restricted master heuristic"):
        plan = repair(generation.problem, generation.weeks, generation.quality, plan)
        incumbent.offer(plan, "restricted master heuristic")


def _improve_by_rosters(
    generation: ColumnGeneration, lp: LPSolution, executor: SubproblemExecutor
) -> LPSolution:
    """Where PDLP left much of a gap, plan large blocks anew over rosters, each turn along others.

    Returns
    -------
    LPSolution
        With a better bound, if there was no time to solve it to its end before.
    """
    incumbent = generation.incumbent
    if not _by_pdlp(generation) or not _is_far(incumbent):
        return lp
    everywhere = np.zeros(len(generation.problem.requests), np.int32)
    lagrangian = lagrangian_bound(generation, lp.dual)
    size, turn = _MAX_BLOCK_REQUESTS, 0
    while size >= _BLOCK_REQUESTS and incumbent.goes_on():
        split = split_by_place(generation, everywhere, size, turn)
        partition = Partition(generation, lagrangian, split)
        blocks = Blocks(generation, lagrangian, partition, executor)
        if not _closes_much(incumbent, roster_block_search(blocks, incumbent.chosen, turn)):
            size //= 2
        turn += 1
    more = _run(generation, lambda bound, solution: None) if incumbent.goes_on() else None
    return lp if more is None or more.bound > lp.bound else more


def _starts(
    generation: ColumnGeneration, lp: LPSolution, group: c.Ints, executor: SubproblemExecutor
) -> Iterator[Blocks]:
    """Yield blocks under the programme's duals and under centred ones, the best bound first.

    To centre the duals of a province takes as long as all that is left to do: there it comes last,
    and so do more exact ones where PDLP made them.
    """

    def start(duals: LPSolution) -> Blocks:
        return _tighten_block_bounds(_improve_by_lns(generation, duals, group, executor))

    at_once = len(generation.weeks.arcs) <= _MAX_ARCS_TO_CENTRE_FIRST
    at_once &= not _by_pdlp(generation)
    if not at_once:
        yield start(lp)
    centred = _centred(generation, lp, executor)
    more = [lp] * at_once + [centred] * (centred is not lp)
    yield from sorted(map(start, more), key=lambda each: each.bound)


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
        more = _run(generation, lambda bound, solution: None, 0.5 * incumbent.seconds_left)
        return lp if more is None or more.bound > lp.bound else more
    options = len(generation.problem.options)
    in_part = is_fractional(lp.primal.service[:options]) & generation.needs_link
    option = np.flatnonzero(in_part)
    master.fix(option, generation.constraints.service_of(incumbent.chosen)[option])
    reserve = (1 - _HEURISTIC_TIME_SHARE) * incumbent.seconds_left
    near = _run(generation, lambda bound, solution: None, reserve)
    if near is None:
        return lp
    group = fractional_components(generation, near.primal)
    _offer_heuristic_plan(generation, near, group >= 0, executor)
    dual = np.append(lp.dual, np.zeros(len(near.dual) - len(lp.dual)))
    return replace(lp, dual=(dual + near.dual) / 2)


def _improve_by_lns(
    generation: ColumnGeneration, lp: LPSolution, group: c.Ints, executor: SubproblemExecutor
) -> Blocks:
    """Far from the bound, improve the plan in small blocks, split along other lines each turn.

    Returns
    -------
    Blocks
        For the bounds, split along the next lines.
    """
    incumbent = generation.incumbent
    lagrangian = lagrangian_bound(generation, lp.dual)

    def blocks() -> Blocks:
        split = split_by_place(generation, group, _BLOCK_REQUESTS, turn)
        return Blocks(generation, lagrangian, Partition(generation, lagrangian, split), executor)

    turn, much = 0, _has_blocks(generation) and _is_far(incumbent)
    while much and incumbent.goes_on():
        now = blocks()
        numbers = largest_shares(residual_gap(now, incumbent.chosen)[0])
        plan = large_neighbourhood_search(now, numbers, incumbent.chosen, turn)
        much = _closes_much(incumbent, plan)
        turn += 1
    return blocks()


def _by_pdlp(generation: ColumnGeneration) -> bool:
    return isinstance(generation.master, PDLPMaster)


def _has_blocks(generation: ColumnGeneration) -> bool:
    return len(generation.weeks.arcs) > _MIN_ARCS_FOR_BLOCKS


def _is_far(incumbent: Incumbent) -> bool:
    gap = incumbent.progress("neighbourhood search").gap
    return gap is not None and gap > _MIN_GAP_FOR_PLACES


def _closes_much(incumbent: Incumbent, plan: c.Longs) -> bool:
    """Offer a plan; tell whether it closes so much of the gap that more of its kind may come."""
    before = incumbent.value or 0
    incumbent.offer(plan, "neighbourhood search")
    value = incumbent.value or 0
    return value - before >= _MIN_GAP_CLOSED_PER_PASS * (incumbent.bound - value)


def _tighten_block_bounds(blocks: Blocks) -> Blocks:
    """Solve the blocks with a share of the gap, or all without a plan; give them back."""
    incumbent = blocks.generation.incumbent
    if _has_blocks(blocks.generation) and incumbent.goes_on():
        if incumbent.value is None:
            blocks.tighten_block_bounds(_proves(incumbent))
        else:
            gap, _ = residual_gap(blocks, incumbent.chosen)
            blocks.tighten_block_bounds(_proves(incumbent), largest_shares(gap), gap)
    return blocks


def _proves(incumbent: Incumbent) -> Callable[[float], None]:
    return lambda bound: incumbent.prove(bound, "block bounds")


def _merge_blocks(blocks: Blocks) -> Blocks:
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
    for turn in itertools.count():
        if not incumbent.goes_on():
            break
        before = incumbent.bound - incumbent.value
        rings = idle // _IDLE_ROUNDS_PER_RING
        near = difference_neighbourhoods(blocks, incumbent.chosen, rings)
        nodes = MAX_NODES * _NODES_FACTOR_PER_RING**rings
        plan = large_neighbourhood_search(
            near, near.partition.numbers, incumbent.chosen, turn, nodes
        )
        incumbent.offer(plan, "neighbourhood search")
        if not incumbent.goes_on():
            break
        blocks, new = merge_blocks(blocks, incumbent.chosen, doublings)
        bound = incumbent.bound
        gap, _ = residual_gap(blocks, incumbent.chosen)
        blocks.tighten_block_bounds(_proves(incumbent), new, gap)
        if bound - incumbent.bound < _MIN_GAP_CLOSED_PER_ROUND * before:
            doublings += 1
        gap_closed = before - (incumbent.bound - incumbent.value)
        if gap_closed >= _MIN_GAP_CLOSED_PER_ROUND * before:
            idle = 0
        elif rings == _MAX_RINGS:
            break
        else:
            idle += 1
    return blocks
