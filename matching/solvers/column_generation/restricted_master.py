"""The master's linear programme in HiGHS: it grows by columns and rows, and starts where it stood.

Team variables come first among the columns, then the schedules as the pool holds them. A volunteer
with a single schedule needs no row: the schedule's upper bound of 1 is the rule "one week each".
Most have one, and leaving their rows out makes the simplex method several times faster.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import highspy
import numpy as np
import numpy.typing as npt
from scipy import sparse

from matching.problem import columns as c
from matching.solvers.column_generation.constraints import Rows
from matching.solvers.column_generation.pool import ColumnPool
from matching.solvers.subproblems.mip import Quiet


@dataclass(frozen=True)
class MasterSolution:
    """A solution of the linear programme over the schedules at hand.

    Attributes
    ----------
    value : float
    taken : float64 array, shape (schedules,)
    team : float64 array, shape (team variables,)
    dual : float64 array, shape (rows,)
        What each row charges: at least 0 for an upper limit, at most 0 for a lower one.
    """

    value: float
    taken: c.Floats
    team: c.Floats
    dual: c.Floats


class UnsolvedError(Exception):
    """The linear programme was given up, for its numbers and not for the clock."""


class RestrictedMaster:
    """A maximisation over 0 <= team <= most and 0 <= schedules <= 1."""

    def __init__(self, rows: Rows, volunteers: int, interrupted: Callable[[], bool]) -> None:
        self.teams = len(rows.worth)
        self.row_at = np.empty(0, np.int64)
        self.person_row = np.full(volunteers, -1, np.int64)
        self.schedules_of = np.zeros(volunteers, np.int64)
        self.schedules = self.size = 0
        self.highs: highspy.Highs = Quiet()  # type: ignore[no-untyped-call]
        self.highs.setOptionValue("threads", 1)
        self.highs.cbSimplexInterrupt += lambda event: _ask(event, interrupted)
        self._add_columns(-rows.worth, rows.most, sparse.csc_array((0, self.teams)))

    def grow(self, rows: Rows, pool: ColumnPool) -> None:
        """Take up the rows and schedules that are new."""
        holds = pool.holds()
        fresh = np.arange(len(self.row_at), len(rows.low))
        if len(fresh):
            on_old = rows.arc_coefficients[fresh] @ holds[:, : self.schedules]
            matrix = sparse.hstack([rows.service_coefficients[fresh], on_old], format="csr")
            at = self._add_rows(matrix, rows.low[fresh], rows.high[fresh])
            self.row_at = np.append(self.row_at, at)
        new = np.arange(self.schedules, len(pool))
        if len(new):
            self._add_persons(pool, new)
            self._add_schedules(rows, pool, new, holds)

    def _add_persons(self, pool: ColumnPool, new: c.Longs) -> None:
        """Give a row to each volunteer who now has more than one schedule."""
        people = len(self.person_row)
        self.schedules_of += np.bincount(pool.volunteer[new], minlength=people)
        fresh = np.flatnonzero((self.schedules_of > 1) & (self.person_row < 0))
        row_of = np.full(people, -1)
        row_of[fresh] = np.arange(len(fresh))
        row = row_of[pool.volunteer[: self.schedules]]
        old = np.flatnonzero(row >= 0)
        shape = (len(fresh), self.teams + self.schedules)
        matrix = sparse.csr_array((np.ones(len(old)), (row[old], old + self.teams)), shape=shape)
        self.person_row[fresh] = self._add_rows(matrix, -np.inf, 1.0)

    def _add_schedules(
        self, rows: Rows, pool: ColumnPool, new: c.Longs, holds: sparse.csc_array
    ) -> None:
        part = sparse.coo_array(rows.arc_coefficients @ holds[:, new])
        person = self.person_row[pool.volunteer[new]]
        several = np.flatnonzero(person >= 0)
        row = np.append(self.row_at[part.coords[0]], person[several])
        column = np.append(part.coords[1], several)
        weight = np.append(part.data, np.ones(len(several)))
        matrix = sparse.csc_array((weight, (row, column)), shape=(self.size, len(new)))
        self._add_columns(-pool.value[new], np.ones(len(new)), matrix)
        self.schedules = len(pool)

    def _add_rows(self, matrix: sparse.csr_array, low: npt.ArrayLike, high: npt.ArrayLike) -> Any:
        many = matrix.shape[0]
        at = np.arange(self.size, self.size + many)
        if many:
            lowest, highest = (np.broadcast_to(x, many).astype(np.float64) for x in (low, high))
            parts = _parts(matrix)
            self._done(self.highs.addRows(many, lowest, highest, matrix.nnz, *parts))
        self.size += many
        return at

    def _add_columns(self, cost: c.Floats, most: c.Floats, matrix: sparse.csc_array) -> None:
        zero = np.zeros(len(cost))
        self._done(self.highs.addCols(len(cost), cost, zero, most, matrix.nnz, *_parts(matrix)))

    def solve(self, seconds: float) -> MasterSolution | None:
        """Solve it; None if time runs out or somebody asks for the end.

        Raises
        ------
        UnsolvedError
            If HiGHS gives up for another reason.
        """
        self.highs.setOptionValue("time_limit", self.highs.getRunTime() + max(seconds, 0.01))
        self.highs.run()
        status = self.highs.getModelStatus()
        if status in _STOPPED:
            return None
        if status != highspy.HighsModelStatus.kOptimal:
            raise UnsolvedError(self.highs.modelStatusToString(status))
        solution = self.highs.getSolution()
        x, dual = np.array(solution.col_value), -np.array(solution.row_dual)
        value = -self.highs.getInfo().objective_function_value
        return MasterSolution(value, x[self.teams :], x[: self.teams], dual[self.row_at])

    def _done(self, status: highspy.HighsStatus) -> None:
        if status == highspy.HighsStatus.kError:
            raise UnsolvedError("HiGHS refused a change of the linear programme")


_STOPPED = (
    highspy.HighsModelStatus.kTimeLimit,
    highspy.HighsModelStatus.kInterrupt,
)


def _parts(matrix: sparse.csr_array | sparse.csc_array) -> tuple[c.Ints, c.Ints, c.Floats]:
    return matrix.indptr[:-1].astype(np.int32), matrix.indices.astype(np.int32), matrix.data


def _ask(event: Any, interrupted: Callable[[], bool]) -> None:
    if interrupted():
        event.interrupt()
