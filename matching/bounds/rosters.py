"""Every volunteer's best rosters, batch by batch: the best labels, walked back to their arcs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from matching.arcs.eligibility import Arcs
from matching.arcs.journeys import leads_around
from matching.bounds.labelling import RosterLabelling, Stopped, never
from matching.bounds.labels import Labels
from matching.problem import Problem
from matching.problem import columns as c

# Pairs of services of the same volunteer, per batch.
_PAIRS_PER_BATCH = 1 << 22


@dataclass(frozen=True, eq=False)
class Rosters:
    """Whole weeks of volunteers, each with its arcs.

    Attributes
    ----------
    volunteer : int32 array, shape (rosters,)
    value : float64 array, shape (rosters,)
        Rewards minus load.
    roster, arc : int64 arrays of equal length
        Which roster holds which arc, sorted by roster.
    """

    volunteer: c.Ints
    value: c.Floats
    roster: c.Longs
    arc: c.Longs


def solve_pricing(
    problem: Problem,
    arcs: Arcs,
    rows: c.Longs,
    reward: c.Floats,
    first_load: c.Longs,
    above: c.Floats,
    per_volunteer: int = 1,
    stop: Callable[[], bool] = never,
) -> Rosters:
    """Return the best rosters of every volunteer who has arcs among the rows.

    Parameters
    ----------
    rows : int64 array
        The arcs to look at, all arcs of each volunteer or none, sorted by volunteer.
    reward : float64 array, shape (arcs,)
        What each service is worth, before load.
    first_load : int64 array, shape (volunteers,)
        What any service costs each volunteer.
    above : float64 array, shape (volunteers,)
        Only rosters worth more are returned; at least 0.
    per_volunteer : int
        Return at most this many of each, best first. Beyond the first they are the best among
        the undominated labels, not the best of all.
    stop : callable
        Asked often; true ends it.

    Raises
    ------
    Stopped
        If ``stop`` said so.
    """
    none = np.empty(0, np.int64)
    found = [Rosters(none.astype(np.int32), np.empty(0), none, none)]
    for batch in batches(arcs, worth_a_look(problem, arcs, rows, reward, first_load)):
        if stop():
            raise Stopped
        # One at a time: what may follow what takes much more memory than the rosters.
        labelling = RosterLabelling(problem, arcs, batch, reward, first_load)
        levels = labelling.solve(stop)
        if levels:
            found.append(_best_rosters(labelling, levels, above, per_volunteer))
    sizes = np.cumsum([0, *(len(part.volunteer) for part in found[:-1])])
    return Rosters(
        np.concatenate([part.volunteer for part in found]),
        np.concatenate([part.value for part in found]),
        np.concatenate([part.roster + size for part, size in zip(found, sizes, strict=True)]),
        np.concatenate([part.arc for part in found]),
    )


def _best_rosters(
    labelling: RosterLabelling, levels: list[Labels], above: c.Floats, per_volunteer: int
) -> Rosters:
    """Pick the best labels of each volunteer, and walk back through their parents."""
    level = np.repeat(np.arange(len(levels)), [len(labels) for labels in levels])
    index = np.concatenate([np.arange(len(labels)) for labels in levels])
    value = np.concatenate([labels.value for labels in levels])
    volunteer = np.concatenate([labelling.volunteer[labels.service] for labels in levels])
    rows = np.flatnonzero(value > above[volunteer])
    rows = rows[np.lexsort((level[rows], -value[rows], volunteer[rows]))]
    begin = np.searchsorted(volunteer[rows], volunteer[rows])
    rows = rows[np.arange(len(rows)) - begin < per_volunteer]
    roster, arc = [], []
    walking, at = np.empty(0, np.int64), np.empty(0, np.int64)
    for number in range(len(levels) - 1, -1, -1):
        joins = np.flatnonzero(level[rows] == number)
        walking, at = np.append(walking, joins), np.append(at, index[rows[joins]])
        roster.append(walking)
        arc.append(labelling.arc[levels[number].service[at]])
        at = levels[number].parent[at]
    flat = np.concatenate(roster)
    order = np.argsort(flat, kind="stable")
    return Rosters(volunteer[rows], value[rows], flat[order], np.concatenate(arc)[order])


def worth_a_look(
    problem: Problem, arcs: Arcs, rows: c.Longs, reward: c.Floats, first_load: c.Longs
) -> c.Longs:
    """Return the arcs that can be part of a best roster.

    A service that does not pay its load is only ever a way around the travel rule.
    """
    around = leads_around(problem, problem.slots.request[arcs.slot[rows]])
    kept: c.Longs = rows[(reward[rows] - first_load[arcs.volunteer[rows]] > 0) | around]
    return kept


def batches(arcs: Arcs, rows: c.Longs) -> list[c.Longs]:
    """Split arcs, sorted by volunteer, so that each volunteer's are in one batch."""
    if not len(rows):
        return []
    begin = np.flatnonzero(np.diff(arcs.volunteer[rows], prepend=-1))
    services = np.diff(np.append(begin, len(rows))).astype(np.int64)
    pairs = np.cumsum(services * services)
    steps = np.arange(_PAIRS_PER_BATCH, int(pairs[-1]), _PAIRS_PER_BATCH)
    cuts = np.unique(np.searchsorted(pairs, steps, side="right"))
    batches = np.split(rows, begin[cuts[(cuts > 0) & (cuts < len(begin))]])
    return [batch for batch in batches if len(batch)]
