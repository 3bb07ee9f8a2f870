"""The linear programme over rosters, and a plan near its solution."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np

from matching.flow.relaxation import Relaxation, best_candidates
from matching.solvers.column_generation.crash import crash
from matching.solvers.column_generation.fractional import fractional_requests
from matching.solvers.column_generation.generation import ColumnGeneration, LPSolution
from matching.solvers.column_generation.pdlp_master import PDLPMaster
from matching.solvers.column_generation.restricted_master import MasterSolution, UnsolvedError
from matching.solvers.neighbourhoods.repair import repair
from matching.solvers.neighbourhoods.restricted_master_heuristic import (
    mostly_selected,
    restricted_master_heuristic,
)
from matching.solvers.neighbourhoods.whole_dive import whole_dive
from matching.solvers.subproblems.executor import SubproblemExecutor

# Shares of the time left.
_HEURISTIC_TIME_SHARE = 0.3
_TIME_SHARE_AFTER_COLUMN_GENERATION = 0.3
# A dive takes about as long as the programme that it begins with.
_FIRST_LP_TIME_SHARE = 0.5
# What PDLP leaves is approximate, so that more is left to do.
_TIME_SHARE_AFTER_PDLP = 0.5
# Where there are fewer, all rounds together take no longer than a few repairs.
_MIN_ARCS_FOR_REPAIR = 10_000


def solve_lp(
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

    share = (
        _TIME_SHARE_AFTER_PDLP if is_by_pdlp(generation) else _TIME_SHARE_AFTER_COLUMN_GENERATION
    )
    return continue_lp(generation, on_round, share * incumbent.seconds_left)


def continue_lp(
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


def offer_heuristic_plan(
    generation: ColumnGeneration, lp: LPSolution, executor: SubproblemExecutor
) -> None:
    """Offer a plan near the programme's solution, by rounding or by a dive."""
    incumbent = generation.incumbent
    if is_by_pdlp(generation):
        # Of rosters half are fractional and all approximate.
        seconds = _FIRST_LP_TIME_SHARE * incumbent.seconds_left
        dived = whole_dive(generation, lp, seconds)
        plan = mostly_selected(generation, lp.primal) if dived is None else dived
    else:
        seconds = _HEURISTIC_TIME_SHARE * incumbent.seconds_left
        fractional = fractional_requests(generation, lp.primal)
        plan = restricted_master_heuristic(generation, lp.primal, fractional, seconds, executor)
    if not incumbent.offer(plan, "restricted master heuristic"):
        plan = repair(generation.problem, generation.weeks, generation.quality, plan)
        incumbent.offer(plan, "restricted master heuristic")


def is_by_pdlp(generation: ColumnGeneration) -> bool:
    """Tell whether the programme is solved approximately."""
    return isinstance(generation.master, PDLPMaster)
