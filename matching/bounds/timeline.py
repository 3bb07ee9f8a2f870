"""Best weeks where only time, shifts and load count: a quick bound where services are very many.

Travel, rest, hours and shifts a day are left out, so that nothing but the moment counts from which
somebody is free: the most that so many services until then are worth, moment by moment (weighted
interval scheduling), for all volunteers at once.
"""

from __future__ import annotations

import numpy as np

from matching.arcs.eligibility import Arcs
from matching.problem import Problem
from matching.problem import columns as c

# Volunteers times moments times shifts held at one time.
_CELLS = 1 << 24


def best_timelines(
    problem: Problem, arcs: Arcs, rows: c.Longs, reward: c.Floats, first_load: c.Longs
) -> c.Floats:
    """Return what the best week of each volunteer is worth at most, shape (volunteers,).

    Parameters
    ----------
    rows : int64 array
        The arcs to look at, sorted by volunteer; 0 is returned for who has none.
    reward : float64 array, shape (arcs,)
        What each service is worth, before load.
    first_load : int64 array, shape (volunteers,)
    """
    best = np.zeros(len(problem.volunteers))
    gain = reward[rows] - first_load[arcs.volunteer[rows]]
    rows, gain = rows[gain > 0], gain[gain > 0]
    if not len(rows):
        return best
    option = problem.slots.option[arcs.slot[rows]]
    # Of several meetings the first is in the way of others, and the rest is left out.
    begin, until = problem.options.start[option], problem.options.first_end[option]
    moments, at = np.unique(np.append(begin, until), return_inverse=True)
    start, end = at[: len(rows)], at[len(rows) :]
    who, number = np.unique(arcs.volunteer[rows], return_inverse=True)
    # Nobody serves more often than the shortest service goes into the time that there is.
    most = int(moments[-1] - moments[0]) // int((until - begin).min())
    shifts = np.minimum(problem.volunteers.max_shifts[who], np.bincount(number))
    shifts = np.minimum(shifts, most)
    steps = max(1, _CELLS // (len(moments) * (int(shifts.max()) + 1)))
    for low in range(0, len(who), steps):
        inside = (number >= low) & (number < low + steps)
        best[who[low : low + steps]] = _best(
            number[inside] - low,
            start[inside],
            end[inside],
            gain[inside],
            shifts[low : low + steps],
            len(moments),
            problem.policy.load_step,
        )
    return np.maximum(best - problem.policy.load_first, 0.0)


def _best(
    number: c.Longs,
    start: c.Longs,
    end: c.Longs,
    gain: c.Floats,
    shifts: c.Ints,
    moments: int,
    load_step: int,
) -> c.Floats:
    """Return the best of some volunteers, who have numbers from 0 on."""
    many = int(shifts.max(initial=0))
    # At a moment, for a volunteer, the most that k services which have ended are worth.
    value = np.full((moments, len(shifts), many + 1), -np.inf)
    value[:, :, 0] = 0.0
    load = load_step * np.arange(many, dtype=np.float64)
    order = np.lexsort((number, end))
    number, start, gain = number[order], start[order], gain[order]
    first = c.starts_of(end[order], moments)
    for now in range(1, moments):
        rows = slice(first[now], first[now + 1])
        value[now, :, 1:] = value[now - 1, :, 1:]
        if first[now] == first[now + 1]:
            continue
        after = value[start[rows], number[rows], :-1] + gain[rows, None] - load
        begin = np.flatnonzero(np.diff(number[rows], prepend=-1))
        who = number[rows][begin]
        longer = np.maximum.reduceat(after, begin, axis=0)
        value[now, who, 1:] = np.maximum(value[now, who, 1:], longer)
    allowed = np.arange(many + 1) <= shifts[:, None]
    best: c.Floats = np.where(allowed, value[-1], -np.inf).max(axis=1)
    return best
