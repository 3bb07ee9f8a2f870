"""The search under the full rulebook: repair, price, round, branch."""

from __future__ import annotations

import numpy as np

from matching import columns as c
from matching.prices import Prices
from matching.problem import Problem
from matching.solvers.branching import branch
from matching.solvers.generation import Generation
from matching.solvers.incumbent import Incumbent
from matching.solvers.linear import UnsolvedError
from matching.solvers.relaxation import Relaxation, best_candidates
from matching.solvers.repair import repaired
from matching.solvers.rounding import rounded, whole_part
from matching.weeks import Weeks

# The exact remainder may take this share of the time left.
_SHARE = 0.5


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
        Those of the linear programme; of the flow, if it was not reached.
    """
    best.offer(repaired(problem, weeks, quality, relaxation.chosen), "repair")
    if not best.goes_on():
        return relaxation.prices
    generation = Generation(problem, weeks, quality, seed, best)
    generation.pool.add_singles(np.flatnonzero(best_candidates(problem, weeks, quality)))
    generation.start(relaxation.prices)
    everywhere = generation.everywhere
    try:
        solved = generation.run(everywhere, lambda bound: best.prove(bound, "price"))
    except UnsolvedError:
        solved = None
    if solved is None:
        return relaxation.prices
    if best.goes_on():
        fixed = whole_part(generation, solved.relaxed)
        seconds = _SHARE * best.seconds_left
        plan, _ = rounded(
            generation, generation.pool, everywhere, fixed, seconds, best.gap_limit / 2
        )
        if plan is not None:
            best.offer(plan, "round")
    if best.goes_on():
        branch(generation, solved, best)
    return generation.prices(solved.dual)
