"""Diving: a plan from a linear programme over rosters, which is solved again at every step.

What is fractional is mostly which requests are served, a few dozen of thousands. Those served least
are given up, some at a time; the people go where they help others most, which then become whole.
Once all are served by more than half, those served most are made whole; where people are missing
for that, it is taken back, and the one served least is given up, which is always possible.
See Sadykov, Vanderbeck, Pessoa, Tahiri and Uchoa (2019), Primal heuristics for branch and price.
"""

from __future__ import annotations

import numpy as np

from matching.problem import columns as c
from matching.solvers.column_generation.fractional import is_fractional
from matching.solvers.column_generation.generation import Generation
from matching.solvers.column_generation.restricted_master import (
    MasterSolution,
    RestrictedMaster,
    UnsolvedError,
)

# Of the options that are served in part, this share is decided at once.
_SHARE_PER_STEP = 0.25
_MIN_SHARE_TO_KEEP = 0.5
_MAX_NODES = 100


def dive(
    generation: Generation,
    solution: MasterSolution,
    may_drop: c.Bools,
    request: c.Ints,
    least: float,
) -> c.Longs | None:
    """Return the arcs of a plan near a solution; None if it is worth no more than the least.

    None, too, if there was no time. The master cannot be used again.

    Parameters
    ----------
    may_drop : bool array, shape (options,)
        Which of the options, the first service variables, may be given up.
    request : int32 array, shape (arcs,)
    """
    master, incumbent = generation.master, generation.incumbent
    assert isinstance(master, RestrictedMaster)
    priced = np.inf
    while solution.value > least:
        served = solution.service[: len(may_drop)]
        partly = np.flatnonzero(is_fractional(served) & may_drop)
        if not len(partly):
            break
        # New rosters pay little, but for the first steps.
        pricing = len(partly) <= priced / 2
        priced = len(partly) if pricing else priced
        again = _decided(
            generation, partly[np.argsort(served[partly], kind="stable")], served, pricing
        )
        if again is None:
            return None
        solution = again
    value, selected = solution.value, solution.selected
    touched, free = _still_free(generation, solution, request)
    if len(free) and value > least:
        fixed = np.setdiff1d(np.arange(len(selected)), free)
        master.fix(master.services + fixed, np.rint(selected[fixed]))
        # Weeks taken whole may leave no way to serve all that weeks in part could.
        decided, serves = np.flatnonzero(may_drop), np.rint(served[may_drop])
        in_doubt = touched[generation.rows.service_request[decided]] & (serves > 0)
        master.fix(decided, np.where(in_doubt, 0.0, serves), serves)
        columns = np.append(decided[in_doubt], master.services + free)
        whole = master.solve_whole(columns, incumbent.seconds_left, _MAX_NODES)
        if whole is None:
            return None
        value, selected = whole
    if value <= least:
        return None
    pool = generation.pool
    return np.sort(pool.arcs_of(pool.padded(selected) > 0.5))


def _decided(
    generation: Generation, partly: c.Longs, served: c.Floats, pricing: bool
) -> MasterSolution | None:
    """Give up some options or make some whole, those served least first; solve the master again."""
    master, most = generation.master, max(1, int(_SHARE_PER_STEP * len(partly)))
    assert isinstance(master, RestrictedMaster)
    least = partly[:most][served[partly[:most]] < _MIN_SHARE_TO_KEEP]
    if not len(least):
        try:
            master.fix(partly[-most:], 1.0)
            return generation.reoptimise(pricing)
        except UnsolvedError:
            master.fix(partly[-most:], 0.0, 1.0)
            least = partly[:1]
    master.fix(least, 0.0)
    return generation.reoptimise(pricing)


def _still_free(
    generation: Generation, solution: MasterSolution, request: c.Ints
) -> tuple[c.Bools, c.Longs]:
    """Return whose requests rosters serve that are selected in part, and what competes with them.

    Returns
    -------
    bool array, shape (requests,)
    int64 array
        Those rosters, and others that serve one of the requests.
    """
    pool, size = generation.pool, len(solution.selected)
    partly = is_fractional(pool.padded(solution.selected))
    touched = np.zeros(len(generation.problem.requests), np.bool_)
    if not partly.any():
        return touched, np.empty(0, np.int64)
    touched[request[pool.arcs_of(partly)]] = True
    competes = np.bincount(pool.roster, touched[request[pool.arc]], minlength=len(pool)) > 0
    near = pool.near(generation.reward(solution.dual))
    competes &= near | (pool.padded(solution.selected) > 0)
    return touched, np.flatnonzero(competes[:size])
