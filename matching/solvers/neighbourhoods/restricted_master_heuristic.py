"""From a linear programme that is almost whole to a whole plan: solve exactly what is not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from matching.problem import columns as c
from matching.solvers.column_generation.generation import ColumnGeneration
from matching.solvers.column_generation.restricted_master import MasterSolution
from matching.solvers.subproblems.executor import SubproblemExecutor
from matching.solvers.subproblems.mip import MIP

_WHOLE = 1e-6
# A week that may be chosen falls short of its volunteer's best by no more.
_NEAR = 1_000.0
# Of a larger part HiGHS makes nothing in the time there is.
_MOST_COLUMNS = 100_000


@dataclass(frozen=True)
class Split:
    """What is settled, and what may still be chosen from.

    Attributes
    ----------
    kept : int64 array
        Arcs of weeks that the linear programme takes whole and that touch no request in question.
    free : int64 array, sorted
        Arcs of volunteers who are not settled.
    """

    kept: c.Longs
    free: c.Longs


def split(generation: ColumnGeneration, relaxed: MasterSolution, loose: c.Bools) -> Split:
    """Tell what is settled.

    Parameters
    ----------
    loose : bool array, shape (requests,)
        The requests in question: nothing is settled there.
    """
    problem, pool = generation.problem, generation.pool
    request = problem.slots.request[generation.weeks.arcs.slot]
    taken = pool.padded(relaxed.taken)
    touches = np.bincount(pool.owner, loose[request[pool.arc]], minlength=len(pool)) > 0
    fixed = (taken >= 1 - _WHOLE) & ~touches
    settled = np.zeros(len(problem.volunteers), np.bool_)
    settled[pool.volunteer[fixed]] = True
    gain, week = generation.gains(relaxed.dual)
    free = (touches & (gain >= week[pool.volunteer] - _NEAR)) | (taken > _WHOLE)
    free &= ~settled[pool.volunteer]
    return Split(pool.arcs_of(fixed), np.unique(pool.arcs_of(free)))


def rounded(
    generation: ColumnGeneration,
    parts: Split,
    joint: c.Bools,
    fallback: c.Longs,
    seconds: float,
    gap: float,
    crew: SubproblemExecutor,
) -> c.Longs:
    """Choose among the free arcs; return those of the plan, which may break rules.

    What falls apart is solved apart. A request that no free arc touches stays as it is.

    Parameters
    ----------
    joint : bool array, shape (joint rows,)
        Which of the rows of no single request to keep.
    fallback : int64 array
        The arcs to take where a part is not solved.
    """
    arcs, best, writer = generation.weeks.arcs, generation.best, generation.writer
    free = parts.free
    requests = np.unique(generation.problem.slots.request[arcs.slot[free]]).astype(np.int64)
    # A row that does not matter has all the room there is.
    kept = np.sort(parts.kept)
    left = np.where(joint, writer.limit - writer.used(kept), np.inf)
    place = writer.write(requests, free, generation.alone[free], kept=kept, room=left)
    columns = len(place.programme.gain)
    x = np.zeros(columns)
    x[len(place.team) : len(place.team) + len(free)] = np.isin(free, fallback)

    def solve(part: tuple[c.Longs, MIP]) -> None:
        column, programme = part
        if len(column) > _MOST_COLUMNS:
            return
        share = max(seconds * crew.workers * len(column) / columns, min(1.0, seconds))
        answer = crew.solve(programme, share, gap, best.stop)
        if answer.x is not None:
            x[column] = answer.x

    list(crew.map(solve, place.programme.apart()))
    return np.append(parts.kept, place.taken(x))
