"""A first basis of the restricted master, put together from those of its parts.

From nothing, the simplex method takes many times longer for a province than for its cities one by
one. Most rosters are of one part of the map: each part is solved alone, with what crosses borders
left out, and the whole begins where the parts end. The optimum is the same from any basis. Crash
bases: Bixby (1992), Implementing the simplex method: the initial basis.
"""

from __future__ import annotations

import highspy
import numpy as np

from matching.problem import columns as c
from matching.solvers.column_generation.generation import ColumnGeneration
from matching.solvers.column_generation.restricted_master import RestrictedMaster
from matching.solvers.subproblems.executor import SubproblemExecutor
from matching.solvers.subproblems.mip import Statuses
from matching.solvers.subproblems.partition import cells

# Each takes a third of a second: short enough not to be interrupted.
_PART_REQUESTS = 2_000


def crash(generation: ColumnGeneration, executor: SubproblemExecutor) -> None:
    """Give the master a basis to begin at, if there is more than one part."""
    master, requests = generation.master, generation.problem.requests
    place = cells(requests.lat, requests.lon, _PART_REQUESTS)
    parts, part = np.unique(place, return_inverse=True)
    if not isinstance(master, RestrictedMaster) or len(parts) < 2:
        return
    master.grow(generation.rows, generation.pool)
    of_column, of_row = _parts(generation, master, part)
    columns, rows = (c.Groups(of.astype(np.int32), len(parts)) for of in (of_column, of_row))
    programme, incumbent = master.programme(), generation.incumbent
    by_row = programme.matrix.tocsr()

    def solve(number: int) -> tuple[c.Longs, c.Longs, tuple[Statuses, Statuses] | None]:
        column, row = (np.sort(of.of(np.array([number]))) for of in (columns, rows))
        if incumbent.stop() or not len(column) or not len(row):
            return column, row, None
        return column, row, programme.part(by_row, row, column).basis(incumbent.seconds_left)

    # What is of no part is not used: rosters at 0, and the slack of rows in the basis.
    status = highspy.HighsBasisStatus
    of_columns = np.full(len(of_column), status.kLower, np.object_)
    of_rows = np.full(len(of_row), status.kBasic, np.object_)
    for column, row, basis in executor.map(solve, range(len(parts))):
        if basis is not None:
            of_columns[column], of_rows[row] = basis
    master.begin_at(of_columns, of_rows)


def _parts(
    generation: ColumnGeneration, master: RestrictedMaster, part: c.Longs
) -> tuple[c.Longs, c.Longs]:
    """Return the part of each column and row of the master; -1 for none."""
    rows, pool, arcs = generation.rows, generation.pool, generation.weeks.arcs
    of_arc = part[generation.problem.slots.request[arcs.slot[pool.arc]]]
    first = np.flatnonzero(np.diff(pool.roster, prepend=-1))
    of_roster = np.minimum.reduceat(of_arc, first)
    of_roster[of_roster < np.maximum.reduceat(of_arc, first)] = -1
    home = _home(pool.volunteer, of_roster, len(generation.problem.volunteers))
    of_roster[of_roster != home[pool.volunteer]] = -1
    of_row = np.full(master.size, -1)
    of_row[master.row_at] = np.where(rows.request < 0, -1, part[rows.request])
    several = np.flatnonzero(master.convexity_row >= 0)
    of_row[master.convexity_row[several]] = home[several]
    return np.append(part[rows.service_request], of_roster), of_row


def _home(volunteer: c.Ints, part: c.Longs, volunteers: int) -> c.Longs:
    """Return the part that most rosters of each volunteer are of; -1 for none."""
    known = np.flatnonzero(part >= 0)
    both, rosters = np.unique(c.combine(volunteer[known], part[known]), return_counts=True)
    order = np.argsort(rosters, kind="stable")
    home = np.full(volunteers, -1)
    home[both[order] >> 32] = (both[order] & 0xFFFFFFFF) - 1
    return home
