"""Cuts "serves at an option only if it is served", separated as they are violated."""

from __future__ import annotations

import numpy as np

from matching.bounds.rosters import Rosters
from matching.problem import columns as c
from matching.solvers.column_generation.pool import ColumnPool
from matching.solvers.column_generation.restricted_master import MasterSolution
from matching.solvers.column_generation.rows import Rows

_INTEGRALITY_TOLERANCE = 1e-6


class VolunteerOptions:
    """Pairs of a volunteer and an option that arcs join; whether each has its cut yet.

    Attributes
    ----------
    of_arc : int64 array, shape (arcs,)
    option : int32 array, shape (pairs,)
    needs_cut : bool array, shape (pairs,)
        False where any single volunteer makes a team, and where the cut is there already.
    """

    def __init__(self, volunteer: c.Ints, option: c.Ints, needs_link: c.Bools) -> None:
        _, first, self.of_arc = np.unique(
            c.combine(volunteer, option), return_index=True, return_inverse=True
        )
        self.option = option[first]
        self.needs_cut = needs_link[self.option]


def separate_linking_cuts(
    rows: Rows,
    pairs: VolunteerOptions,
    pool: ColumnPool,
    solution: MasterSolution,
    found: Rosters,
) -> Rows:
    """Return the rows, and the linking cuts that are violated or soon would be.

    All posts of an option are at one time, so a volunteer serves on one of them at most: the cut
    bounds their sum, and is the stronger for it. Rosters just found bring their cuts along: one
    that is profitable without them may not be with them.
    """
    count = len(pairs.option)
    arc = pool.arc[: np.searchsorted(pool.roster, len(solution.selected))]
    selected = solution.selected[pool.roster[: len(arc)]]
    used = np.bincount(pairs.of_arc[arc], selected, minlength=count)
    served = solution.service[pairs.option]
    violated = used > served + _INTEGRALITY_TOLERANCE
    coming = pairs.of_arc[found.arc]
    violated[coming] |= served[coming] < 1 - _INTEGRALITY_TOLERANCE
    violated &= pairs.needs_cut
    cut = np.flatnonzero(violated)
    if not len(cut):
        return rows
    pairs.needs_cut &= ~violated
    return _with_cuts(rows, pairs, cut)


def with_every_cut(rows: Rows, pairs: VolunteerOptions, most: int) -> Rows:
    """Return the rows, and the linking cuts of all options with at most so many volunteers."""
    few = np.bincount(pairs.option)[pairs.option] <= most
    return _with_cuts(rows, pairs, np.flatnonzero(pairs.needs_cut & few))


def _with_cuts(rows: Rows, pairs: VolunteerOptions, cut: c.Longs) -> Rows:
    row_of = np.full(len(pairs.option), -1)
    row_of[cut] = np.arange(len(cut))
    row = row_of[pairs.of_arc]
    held = np.flatnonzero(row >= 0)
    return rows.linked(row[held], held, pairs.option[cut])
