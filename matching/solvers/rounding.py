"""From a linear programme that is almost whole to a whole plan: solve exactly what is not."""

from __future__ import annotations

import numpy as np
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, milp

from matching import columns as c
from matching.solvers.generation import Box, Generation
from matching.solvers.linear import Relaxed
from matching.solvers.pool import Pool

_WHOLE = 1e-6
_INFEASIBLE = 2


def whole_part(generation: Generation, relaxed: Relaxed) -> c.Bools:
    """Tell which schedules are taken whole and touch no request that is in question.

    A request is in question if it is served in part, or by a schedule that is taken in part.
    """
    problem, pool = generation.problem, generation.pool
    request = problem.slots.request[generation.weeks.arcs.slot]
    taken = np.append(relaxed.taken, np.zeros(len(pool) - len(relaxed.taken)))
    partly = (taken > _WHOLE) & (taken < 1 - _WHOLE)
    served = relaxed.team[: len(problem.options)]
    loose = np.zeros(len(problem.requests), np.bool_)
    loose[problem.options.request[generation.asked & (served > _WHOLE) & (served < 1 - _WHOLE)]] = (
        True
    )
    loose[request[pool.arc[partly[pool.owner]]]] = True
    touched = np.bincount(pool.owner, loose[request[pool.arc]], minlength=len(pool)) > 0
    fixed: c.Bools = (taken >= 1 - _WHOLE) & ~touched
    return fixed


def rounded(
    generation: Generation, pool: Pool, box: Box, fixed: c.Bools, seconds: float, gap: float
) -> tuple[c.Longs | None, bool]:
    """Solve the master over the schedules of a pool as an integer programme, some of them fixed.

    Returns
    -------
    arcs : int64 array or None
        The arcs of the plan; None if none was found.
    proved : bool
        Whether nothing better can be made of these schedules.
    """
    rows = generation.rows
    decided = np.zeros(len(generation.problem.volunteers), np.int64)
    decided[pool.volunteer[fixed]] = -1
    must = generation.weeks.arcs.volunteer[box.must]
    np.add.at(decided, must, 1)
    # Who has to serve somewhere takes a schedule that holds all of it; nobody what is excluded.
    free = pool.count(box.must) == np.maximum(decided, 0)[pool.volunteer]
    free &= pool.count(box.never) == 0
    free &= fixed | (decided[pool.volunteer] >= 0)
    fixed = fixed & free
    many = int(free.sum())
    matrix = sparse.hstack([(rows.on_arc @ pool.holds())[:, free], rows.on_team], format="csr")
    person = pool.per_volunteer(len(rows.worth))
    person = person[:, np.append(np.flatnonzero(free), len(pool) + np.arange(len(rows.worth)))]
    integral = np.zeros(matrix.shape[1])
    integral[: many + len(generation.problem.options)] = 1
    answer = milp(
        -np.append(pool.value[free], rows.worth),
        integrality=integral,
        bounds=Bounds(
            np.append(fixed[free].astype(float), box.least),
            np.append(np.ones(many), box.most),
        ),
        constraints=[
            LinearConstraint(matrix, rows.low, rows.high),
            LinearConstraint(person, np.isin(pool.volunteers, must).astype(float), 1),
        ],
        options={"time_limit": max(seconds, 0.01), "mip_rel_gap": gap},
    )
    if answer.x is None:
        return None, answer.status == _INFEASIBLE
    chosen = np.zeros(len(pool), np.bool_)
    chosen[np.flatnonzero(free)[answer.x[:many] > 0.5]] = True
    return pool.arc[chosen[pool.owner]], answer.status == 0
