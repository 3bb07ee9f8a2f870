"""The search under the full rulebook: repair, price, round, close."""

from __future__ import annotations

import numpy as np

from matching import columns as c
from matching.prices import Prices
from matching.problem import Problem
from matching.schedules import TooManyPathsError
from matching.solvers.generation import Generation
from matching.solvers.incumbent import Incumbent
from matching.solvers.relaxation import Relaxation, best_candidates
from matching.solvers.repair import repaired
from matching.solvers.rounding import rounded, whole_part
from matching.weeks import Weeks

# The exact remainder may take this share of the time left, the whole pool then this share.
_SHARE = 0.3


def search(
    problem: Problem,
    weeks: Weeks,
    quality: c.Longs,
    relaxation: Relaxation,
    best: Incumbent,
    seed: int,
) -> Prices:
    """Improve the incumbent and its bound until proved, near enough, or told to stop.

    Returns
    -------
    Prices
        Those of the best bound found.
    """
    best.offer(repaired(problem, weeks, quality, relaxation.chosen), "repair")
    if not best.goes_on():
        return relaxation.prices
    generation = Generation(problem, weeks, quality, seed)
    generation.pool.add_singles(np.flatnonzero(best_candidates(problem, weeks, quality)))
    generation.start(relaxation.prices)
    answer = generation.run(best)
    if answer is None:
        return relaxation.prices
    relaxed, dual = answer
    nothing = np.zeros(len(generation.pool), np.bool_)
    for fixed, phase in ((whole_part(generation, relaxed), "round"), (nothing, "branch")):
        if best.goes_on():
            plan, _ = rounded(generation, fixed, _SHARE * best.seconds_left, best.gap_limit / 2)
            if plan is not None:
                best.offer(plan, phase)
    if best.goes_on():
        _close(generation, dual, best)
    return generation.prices(dual)


def _close(generation: Generation, dual: c.Floats, best: Incumbent) -> None:
    """List every schedule that a better plan could hold, and solve over those: the optimum."""
    if best.value is None:
        return
    try:
        generation.pool.add(generation.near_best(dual, best.bound - best.value))
    except TooManyPathsError:
        return
    nothing = np.zeros(len(generation.pool), np.bool_)
    plan, optimal = rounded(generation, nothing, best.seconds_left, 0.0)
    if plan is not None and best.offer(plan, "close") and optimal:
        best.prove(best.value, "close")
