"""Diving over the whole map, after PDLP: its solution tells which options are settled.

PDLP serves nearly all options whole or not at all. With those fixed, and only the rosters near the
best of their volunteers, HiGHS solves from nothing within seconds what is left, to a vertex, which
a first-order method never comes to; from there each step of a dive is short.
"""

from __future__ import annotations

import copy

import numpy as np

from matching.problem import columns as c
from matching.solvers.column_generation.fractional import is_fractional
from matching.solvers.column_generation.generation import ColumnGeneration, Generation, LPSolution
from matching.solvers.column_generation.restricted_master import (
    MasterSolution,
    RestrictedMaster,
    UnsolvedError,
)
from matching.solvers.neighbourhoods.diving import dive

# HiGHS takes 0.7 to 1.6 times as long to the vertex of a city: with less time it is not begun.
_SECONDS_PER_ROSTER = 1e-4


def whole_dive(generation: ColumnGeneration, lp: LPSolution, seconds: float) -> c.Longs | None:
    """Return the arcs of a plan near a solution, better than the incumbent; None if there is none.

    Parameters
    ----------
    seconds : float
        For the first linear programme: the rest of the dive takes about as long.
    """
    problem, incumbent, rows = generation.problem, generation.incumbent, generation.rows
    near = generation.pool.near(generation.reward(lp.dual))
    if seconds < _SECONDS_PER_ROSTER * near.sum():
        return None
    pool, pairs = generation.pool.part(near), copy.copy(generation.pairs)
    pairs.needs_cut = pairs.needs_cut.copy()
    master = RestrictedMaster(rows, len(problem.volunteers), incumbent.stop)
    part = Generation(generation.weeks, generation.quality, incumbent, rows, pairs, pool, master)
    master.grow(rows, pool)
    served = lp.primal.service[: len(problem.options)]
    settled = np.flatnonzero(generation.needs_link & ~is_fractional(served))
    master.fix(settled, served[settled])
    try:
        solution = _vertex(master, settled, served[settled], seconds)
        if solution is None:
            return None
        request = problem.slots.request[generation.weeks.arcs.slot]
        return dive(part, solution, generation.needs_link, request, incumbent.value or 0)
    except UnsolvedError:
        return None


def _vertex(
    master: RestrictedMaster, settled: c.Longs, served: c.Floats, seconds: float
) -> MasterSolution | None:
    """Solve the master with some options fixed; where that leaves no solution, they may be less."""
    try:
        return master.solve(seconds)
    except UnsolvedError:
        master.fix(settled, 0.0, served)
        return master.solve(seconds)
