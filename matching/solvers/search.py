"""The search under the full rulebook: repair, price, round, solve what is in doubt, branch."""

from __future__ import annotations

import numpy as np

from matching import columns as c
from matching.prices import Prices
from matching.problem import Problem
from matching.solvers.blocks import closer_bound, dissected, in_doubt, widened
from matching.solvers.branching import branch
from matching.solvers.generation import Generation, Solved
from matching.solvers.incumbent import Incumbent
from matching.solvers.linear import Relaxed, UnsolvedError
from matching.solvers.relaxation import Relaxation, best_candidates
from matching.solvers.repair import repaired
from matching.solvers.rounding import rounded, split
from matching.weeks import Weeks

# An integer programme may take this share of the time left.
_SHARE = 0.3
# So much of the time left is kept for rounding when the linear programme begins.
_RESERVE = 0.3
# Requests join a place in doubt if its volunteers would lose no more by serving them.
_NEAR = 1.0
# A first plan is made of weeks that fall short of the best by no more.
_CLOSE = 1_000.0


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

    def told(bound: float, relaxed: Relaxed) -> None:
        best.prove(bound, "price")
        _guess(generation, relaxed, best)

    reserve = _RESERVE * best.seconds_left
    try:
        solved = generation.run(generation.everywhere, told, reserve)
    except UnsolvedError:
        solved = None
    if solved is None:
        return relaxation.prices
    _close_in(generation, solved, best)
    if best.goes_on():
        branch(generation, solved, best)
    return generation.prices(solved.dual)


def _close_in(generation: Generation, solved: Solved, best: Incumbent) -> None:
    """Round the linear programme, and solve the places in doubt exactly."""
    group = in_doubt(generation, solved.relaxed)
    for near in (_CLOSE, np.inf):
        if best.goes_on():
            _round(generation, solved, best, group >= 0, near)
    if best.goes_on():
        parts = dissected(generation, solved)
        closer_bound(generation, parts, group, lambda bound: best.prove(bound, "close in"))
    if best.goes_on():
        group = widened(generation, group, parts, _NEAR)
        _round(generation, solved, best, group >= 0, np.inf)


def _mostly(relaxed: Relaxed) -> c.Longs:
    """Return the schedules that the linear programme takes by more than half."""
    return np.flatnonzero(relaxed.taken > 0.5)


def _guess(generation: Generation, relaxed: Relaxed, best: Incumbent) -> None:
    """Make a plan of what the linear programme mostly takes, by giving up what breaks a rule."""
    pool = generation.pool
    mostly = np.zeros(len(pool), np.bool_)
    mostly[_mostly(relaxed)] = True
    arcs = pool.arc[mostly[pool.owner]]
    problem, weeks, quality = generation.problem, generation.weeks, generation.quality
    best.offer(repaired(problem, weeks, quality, arcs), "price")


def _round(
    generation: Generation, solved: Solved, best: Incumbent, loose: c.Bools, near: float
) -> None:
    """Make a plan of the linear programme, with some requests left open.

    A first plan does without the quotas that cost nothing: they would tie everything together.
    """
    rows, relaxed = generation.rows, solved.relaxed
    fixed, free = split(generation, relaxed, loose, near)
    ignored = None
    if np.isfinite(near):
        dual = np.append(relaxed.dual, np.zeros(len(rows.low) - len(relaxed.dual)))
        ignored = (rows.request < 0) & (dual <= 0)
    seconds, everywhere = _SHARE * best.seconds_left, generation.everywhere
    pool, gap = generation.pool, best.gap_limit / 4
    mostly = _mostly(solved.relaxed)
    plan, _ = rounded(generation, pool, everywhere, fixed, free, seconds, gap, mostly, ignored)
    if plan is not None and not best.offer(plan, "round"):
        problem, weeks, quality = generation.problem, generation.weeks, generation.quality
        best.offer(repaired(problem, weeks, quality, plan), "round")
