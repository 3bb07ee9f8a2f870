"""The search under the full rulebook: repair, price, round, close in, prove."""

from __future__ import annotations

import itertools

import numpy as np

from matching.bounds.labelling import Stopped
from matching.bounds.prices import Prices
from matching.bounds.pricing import Weeks
from matching.flow.relaxation import Relaxation, best_candidates
from matching.problem import Problem
from matching.problem import columns as c
from matching.solvers.column_generation.fractional import fractional_components
from matching.solvers.column_generation.generation import ColumnGeneration, LPSolution
from matching.solvers.column_generation.lagrangian import LagrangianBound, lagrangian_bound
from matching.solvers.column_generation.restricted_master import MasterSolution, UnsolvedError
from matching.solvers.incumbent import Incumbent
from matching.solvers.neighbourhoods.large_neighbourhood_search import mended
from matching.solvers.neighbourhoods.repair import repaired
from matching.solvers.neighbourhoods.restricted_master_heuristic import rounded, split
from matching.solvers.subproblems.block_merging import joined, residual_gap, worst
from matching.solvers.subproblems.blocks import MOST_REQUESTS, Blocks, cut
from matching.solvers.subproblems.executor import SubproblemExecutor
from matching.solvers.subproblems.partition import Partition
from matching.solvers.subproblems.reduced_mip import prove

# Rounding may take this share of the time left.
_SHARE = 0.15
# A plan that others will mend need not be nearer to the best than this share of its value.
_ROUGH = 1e-4
# So much of the time left is kept for rounding when the linear programme begins.
_RESERVE = 0.3
# Of so few arcs all are solved at once: to solve parts first saves nothing.
_SMALL = 50_000
# A turn helps if it takes this share off the gap.
_HELPS = 0.2
# A plan that is further off than this share of its value is mended in ever larger blocks first.
_FAR = 1e-3
_LARGEST = 10 * MOST_REQUESTS
# After so many turns that changed neither the plan nor the bound by much, no other will.
_IDLE = 2


def search(
    problem: Problem,
    weeks: Weeks,
    quality: c.Longs,
    relaxation: Relaxation,
    best: Incumbent,
    seed: int,
    crew: SubproblemExecutor,
) -> Prices:
    """Improve the incumbent and its bound until proved, near enough, or told to stop.

    Returns
    -------
    Prices
        Those of the linear programme; of the flow, if it was not reached.
    """
    best.offer(repaired(problem, weeks, quality, relaxation.chosen), "repair")
    if not best.goes_on():
        return relaxation.prices
    generation = ColumnGeneration(problem, weeks, quality, seed, best, crew.workers)
    generation.pool.add_singles(np.flatnonzero(best_candidates(problem, weeks, quality)))
    try:
        generation.start(relaxation.prices)
    except Stopped:
        return relaxation.prices
    rounds = itertools.count(1)

    def told(bound: float, relaxed: MasterSolution) -> None:
        best.prove(bound, "price")
        # A plan of every round would cost as much as the rounds: one of the 1st, 2nd, 4th, 8th ...
        if next(rounds).bit_count() == 1:
            _offer_repaired(generation, _mostly(generation, relaxed), best, "price")

    reserve = _RESERVE * best.seconds_left
    try:
        solved = generation.run(told, reserve)
    except UnsolvedError:
        solved = None
    if solved is None:
        if best.goes_on():
            prove(generation, np.arange(len(weeks.arcs)), best)
        return relaxation.prices
    _close_in(generation, solved, best, crew)
    return generation.prices(solved.dual)


def _close_in(
    generation: ColumnGeneration, solved: LPSolution, best: Incumbent, crew: SubproblemExecutor
) -> None:
    """Round the linear programme, solve the places in doubt exactly, then all that is left."""
    group = fractional_components(generation, solved.relaxed)
    _round(generation, solved, best, group >= 0, crew)
    if not best.goes_on():
        return
    try:
        parts = lagrangian_bound(generation, solved.dual)
    except Stopped:
        return
    blocks = _begin(generation, parts, group, best, crew)
    if len(generation.weeks.arcs) > _SMALL:
        blocks.close(lambda bound: best.prove(bound, "close in"))
        blocks = _mend(blocks, best)
    if best.goes_on():
        prove(generation, blocks.arcs_after_fixing(best.value), best)


def _begin(
    generation: ColumnGeneration,
    parts: LagrangianBound,
    group: c.Ints,
    best: Incumbent,
    crew: SubproblemExecutor,
) -> Blocks:
    """Mend the first plan, cutting blocks along other lines while that helps.

    Far from the bound larger blocks find what smaller ones cannot. Near it, to join blocks that
    disagree does more.
    """

    def blocks(size: int) -> Blocks:
        parted = cut(generation, group, turn, size)
        return Blocks(generation, parts, Partition(generation, parts, parted), crew)

    def far() -> bool:
        return best.value is not None and best.bound - best.value > _FAR * best.value

    size, turn = 2 * MOST_REQUESTS if far() else MOST_REQUESTS, 0
    many = len(generation.weeks.arcs)
    while best.value is not None and best.goes_on() and many > _SMALL:
        before, here = best.value, blocks(size)
        best.offer(mended(here, here.territory.numbers, best.chosen, turn), "mend")
        turn += 1
        if best.value - before >= _HELPS * (best.bound - best.value):
            continue
        if size == _LARGEST or not far():
            break
        size = min(2 * size, _LARGEST)
    return blocks(MOST_REQUESTS)


def _mend(blocks: Blocks, best: Incumbent) -> Blocks:
    """Mend the plan block by block, and join blocks to what they ask for, by turns."""
    idle = 0
    for turn in itertools.count():
        if best.value is None or not best.goes_on():
            break
        before = best.bound - best.value
        left, _ = residual_gap(blocks, best.chosen)
        plan = mended(blocks, worst(left), best.chosen, turn)
        best.offer(plan, "mend")
        blocks, new = joined(blocks, best.chosen)
        blocks.close(lambda bound: best.prove(bound, "close in"), new)
        idle = idle + 1 if best.bound - best.value > before * 0.999 else 0
        if idle == _IDLE:
            break
    return blocks


def _mostly(generation: ColumnGeneration, relaxed: MasterSolution) -> c.Longs:
    """Return the arcs of the schedules that the linear programme takes by more than half."""
    return generation.pool.arcs_of(generation.pool.padded(relaxed.taken) > 0.5)


def _round(
    generation: ColumnGeneration,
    solved: LPSolution,
    best: Incumbent,
    loose: c.Bools,
    crew: SubproblemExecutor,
) -> None:
    """Make a plan of the linear programme, with some requests left open.

    It does without the quotas that cost nothing: they would tie everything together.
    """
    writer, relaxed = generation.writer, solved.relaxed
    joint = relaxed.dual[writer.joint] > 0
    parts, seconds = split(generation, relaxed, loose), _SHARE * best.seconds_left
    mostly = _mostly(generation, relaxed)
    gap = max(best.gap_limit / 4, _ROUGH)
    plan = rounded(generation, parts, joint, mostly, seconds, gap, crew)
    if not best.offer(plan, "round"):
        _offer_repaired(generation, plan, best, "round")


def _offer_repaired(
    generation: ColumnGeneration, plan: c.Longs, best: Incumbent, phase: str
) -> None:
    """Give up of a plan what breaks a rule."""
    problem, weeks, quality = generation.problem, generation.weeks, generation.quality
    best.offer(repaired(problem, weeks, quality, plan), phase)
