"""The restricted master in HiGHS: it grows by columns and rows, and restarts from its last basis.

Service variables come first among the columns, then the rosters as the pool holds them. A volunteer
with a single roster needs no convexity row: the upper bound of the column says the same. Most have
one, and leaving their rows out makes the simplex method several times faster.
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
from matching.solvers.column_generation.pool import ColumnPool
from matching.solvers.column_generation.rows import Rows
from matching.solvers.subproblems.mip import MIP, Quiet, Statuses


@dataclass(frozen=True)
class MasterSolution:
    """A solution of the linear programme over the rosters of the pool.

    Attributes
    ----------
    value : float
    selected : float64 array, shape (rosters,)
    service : float64 array, shape (service variables,)
    dual : float64 array, shape (rows,)
        What each row charges: at least 0 for an upper limit, at most 0 for a lower one.
    """

    value: float
    selected: c.Floats
    service: c.Floats
    dual: c.Floats


class UnsolvedError(Exception):
    """HiGHS gave up on the linear programme for numerical reasons, not for time."""


class RestrictedMaster:
    """A maximisation over 0 <= service <= upper and 0 <= selected <= 1."""

    accuracy = 0.0

    def __init__(self, rows: Rows, volunteers: int, interrupted: Callable[[], bool]) -> None:
        self.services = len(rows.value)
        self.row_at = np.empty(0, np.int64)
        self.convexity_row = np.full(volunteers, -1, np.int64)
        self.rosters_of = np.zeros(volunteers, np.int64)
        self.rosters = self.size = 0
        self.highs: highspy.Highs = Quiet()  # type: ignore[no-untyped-call]
        self.highs.setOptionValue("threads", 1)
        for callback in (self.highs.cbSimplexInterrupt, self.highs.cbMipInterrupt):
            callback += lambda event: event.interrupt() if interrupted() else None
        self._add_columns(-rows.value, rows.upper, sparse.csc_array((0, self.services)))

    def grow(self, rows: Rows, pool: ColumnPool) -> None:
        """Add the rows and rosters that are new."""
        fresh = np.arange(len(self.row_at), len(rows.low))
        new = np.arange(self.rosters, len(pool))
        if not len(fresh) and not len(new):
            return
        holds = pool.holds()
        if len(fresh):
            on_old = rows.arc_coefficients[fresh] @ holds[:, : self.rosters]
            matrix = sparse.hstack([rows.service_coefficients[fresh], on_old], format="csr")
            at = self._add_rows(matrix, rows.low[fresh], rows.high[fresh])
            self.row_at = np.append(self.row_at, at)
        if len(new):
            self._add_convexity_rows(pool, new)
            self._add_rosters(rows, pool, new, holds)

    def _add_convexity_rows(self, pool: ColumnPool, new: c.Longs) -> None:
        """Add a convexity row for each volunteer who now has more than one roster."""
        people = len(self.convexity_row)
        self.rosters_of += np.bincount(pool.volunteer[new], minlength=people)
        fresh = np.flatnonzero((self.rosters_of > 1) & (self.convexity_row < 0))
        row_of = np.full(people, -1)
        row_of[fresh] = np.arange(len(fresh))
        row = row_of[pool.volunteer[: self.rosters]]
        old = np.flatnonzero(row >= 0)
        shape = (len(fresh), self.services + self.rosters)
        matrix = sparse.csr_array((np.ones(len(old)), (row[old], old + self.services)), shape=shape)
        self.convexity_row[fresh] = self._add_rows(matrix, -np.inf, 1.0)

    def _add_rosters(
        self, rows: Rows, pool: ColumnPool, new: c.Longs, holds: sparse.csc_array
    ) -> None:
        part = sparse.coo_array(rows.arc_coefficients @ holds[:, new])
        person = self.convexity_row[pool.volunteer[new]]
        several = np.flatnonzero(person >= 0)
        row = np.append(self.row_at[part.coords[0]], person[several])
        column = np.append(part.coords[1], several)
        weight = np.append(part.data, np.ones(len(several)))
        matrix = sparse.csc_array((weight, (row, column)), shape=(self.size, len(new)))
        self._add_columns(-pool.value[new], np.ones(len(new)), matrix)
        self.rosters = len(pool)

    def _add_rows(self, matrix: sparse.csr_array, low: npt.ArrayLike, high: npt.ArrayLike) -> Any:
        count = matrix.shape[0]
        at = np.arange(self.size, self.size + count)
        if count:
            lower, upper = (np.broadcast_to(x, count).astype(np.float64) for x in (low, high))
            parts = _parts(matrix)
            self._done(self.highs.addRows(count, lower, upper, matrix.nnz, *parts))
        self.size += count
        return at

    def _add_columns(self, cost: c.Floats, upper: c.Floats, matrix: sparse.csc_array) -> None:
        zero = np.zeros(len(cost))
        self._done(self.highs.addCols(len(cost), cost, zero, upper, matrix.nnz, *_parts(matrix)))

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
        if status in (highspy.HighsModelStatus.kTimeLimit, highspy.HighsModelStatus.kInterrupt):
            return None
        if status != highspy.HighsModelStatus.kOptimal:
            raise UnsolvedError(self.highs.modelStatusToString(status))
        solution = self.highs.getSolution()
        x, dual = np.array(solution.col_value), -np.array(solution.row_dual)
        value = -self.highs.getInfo().objective_function_value
        return MasterSolution(value, x[self.services :], x[: self.services], dual[self.row_at])

    def programme(self) -> MIP:
        """Return it as it stands."""
        lp = self.highs.getLp()
        inside = (lp.a_matrix_.value_, lp.a_matrix_.index_, lp.a_matrix_.start_)
        shape = (lp.num_row_, lp.num_col_)
        return MIP(
            sparse.csc_array(tuple(np.array(column) for column in inside), shape=shape),
            np.array(lp.row_lower_),
            np.array(lp.row_upper_),
            -np.array(lp.col_cost_),
            np.array(lp.col_lower_),
            np.array(lp.col_upper_),
            np.zeros(lp.num_col_, np.bool_),
        )

    def begin_at(self, columns: Statuses, rows: Statuses) -> None:
        """Begin at a basis, a status for each column and row; from nothing, if HiGHS refuses it."""
        basis = highspy.HighsBasis()
        basis.col_status, basis.row_status, basis.valid = columns.tolist(), rows.tolist(), True
        self.highs.setBasis(basis)

    def fix(self, columns: c.Longs, low: npt.ArrayLike, high: npt.ArrayLike | None = None) -> None:
        """Fix some service variables, or rosters behind them, at a value each or between two."""
        high = low if high is None else high
        bounds = (np.broadcast_to(x, len(columns)).astype(np.float64) for x in (low, high))
        self._done(self.highs.changeColsBounds(len(columns), columns.astype(np.int32), *bounds))

    def solve_whole(
        self, columns: c.Longs, seconds: float, nodes: int
    ) -> tuple[float, c.Floats] | None:
        """Solve it with some of the columns taken whole; return the value and what is selected.

        None if there is no such solution, or none was found. It cannot be solved again after.
        """
        kinds = np.full(len(columns), highspy.HighsVarType.kInteger)
        self._done(self.highs.changeColsIntegrality(len(columns), columns.astype(np.int32), kinds))
        self.highs.setOptionValue("time_limit", self.highs.getRunTime() + max(seconds, 0.01))
        self.highs.setOptionValue("mip_max_nodes", nodes)
        self.highs.run()
        status = self.highs.getInfo().primal_solution_status
        if status != highspy.SolutionStatus.kSolutionStatusFeasible:
            return None
        x = np.array(self.highs.getSolution().col_value)
        return -self.highs.getInfo().objective_function_value, x[self.services :]

    def _done(self, status: highspy.HighsStatus) -> None:
        if status == highspy.HighsStatus.kError:
            raise UnsolvedError("HiGHS refused a change of the linear programme")


def _parts(matrix: sparse.csr_array | sparse.csc_array) -> tuple[c.Ints, c.Ints, c.Floats]:
    return matrix.indptr[:-1].astype(np.int32), matrix.indices.astype(np.int32), matrix.data
