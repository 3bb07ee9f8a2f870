"""A mixed-integer programme, and HiGHS to solve it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import highspy
import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from matching.problem import columns as c

# Small components are solved together, up to this many columns.
_COLUMNS_PER_BATCH = 4_000
# Of larger programmes presolve merges cliques for minutes, whatever the time limit. Where a good
# plan is at hand it costs more than it saves long before.
_MAX_COLUMNS_FOR_PRESOLVE, _MAX_COLUMNS_FROM_START = 50_000, 20_000
# What costs more than it brings.
_OFF = ("mip_detect_symmetry", "mip_heuristic_run_feasibility_jump")
# And that, where cuts at the root close nearly all of the gap or a plan is at hand: the search for
# plans, and a restart, which presolves again.
_OFF_IF_EASY = (
    "mip_heuristic_run_rins",
    "mip_heuristic_run_rens",
    "mip_heuristic_run_root_reduced_cost",
    "mip_allow_restart",
)
# From nothing, a plan of 43,000 columns is found in a third of the time by searching for it.
_MAX_COLUMNS_IF_EASY = 20_000

# Of columns or rows in a basis: `highspy.HighsBasisStatus`.
Statuses: TypeAlias = npt.NDArray[np.object_]


def _above(info: Any) -> float:
    """Return what is more than the objective of a solution can be, by rounding alone."""
    objective = info.objective_function_value
    return float(objective + max(0.5, 1e-9 * abs(objective)))


class Quiet(highspy.Highs):
    """HiGHS without output: it prints a banner as callbacks are enabled, so silence comes first."""

    def enableCallbacks(self) -> None:
        """Turn output off before."""
        self.setOptionValue("output_flag", False)
        super().enableCallbacks()  # type: ignore[no-untyped-call]


@dataclass(frozen=True)
class MIPResult:
    """The best solution and bound.

    Attributes
    ----------
    x : float64 array, shape (columns,), or None
        The best solution found; None if none was.
    bound : float
        No solution is worth more; minus infinity if there is none.
    proved : bool
        Whether nothing better exists.
    """

    x: c.Floats | None
    bound: float
    proved: bool


@dataclass(frozen=True)
class MIP:
    """Maximise ``gain @ x`` under ``low <= matrix @ x <= high`` and ``lower <= x <= upper``.

    Attributes
    ----------
    matrix : scipy.sparse.csc_array, shape (rows, columns)
    low, high : float64 arrays, shape (rows,)
    gain, lower, upper : float64 arrays, shape (columns,)
    integer : bool array, shape (columns,)
    """

    matrix: sparse.csc_array
    low: c.Floats
    high: c.Floats
    gain: c.Floats
    lower: c.Floats
    upper: c.Floats
    integer: c.Bools

    def solve(
        self,
        seconds: float,
        gap: float,
        interrupted: Callable[[], bool],
        *,
        nodes: int | None = None,
        start: tuple[c.Longs, c.Floats] | None = None,
        sufficient_bound: float = -np.inf,
    ) -> MIPResult:
        """Solve it as far as time allows.

        Parameters
        ----------
        gap : float
            Relative gap at which the best solution is good enough.
        nodes : int, optional
            At most this many nodes of the search tree.
        start : pair of arrays, optional
            Columns and their values in a solution to start from.
        sufficient_bound : float
            It may end once no solution is worth more.
        """

        def ends(event: Any) -> bool:
            return interrupted() or -event.data_out.mip_dual_bound <= sufficient_bound

        columns = len(self.gain)
        if not columns:
            return MIPResult(np.empty(0), 0.0, True)
        highs = self._model(self.integer, seconds)
        highs.setOptionValue("mip_rel_gap", gap)
        highs.setOptionValue("mip_abs_gap", 1e-6)
        begun = start is not None and nodes is None
        if columns > (_MAX_COLUMNS_FROM_START if begun else _MAX_COLUMNS_FOR_PRESOLVE):
            highs.setOptionValue("presolve", "off")
        easy = begun or nodes is not None or columns <= _MAX_COLUMNS_IF_EASY
        for option in _OFF + _OFF_IF_EASY if easy else _OFF:
            highs.setOptionValue(option, False)
        if nodes is not None:
            highs.setOptionValue("mip_max_nodes", nodes)
        if start is not None:
            highs.setSolution(len(start[0]), start[0].astype(np.int32), start[1])
        highs.cbMipInterrupt += lambda event: event.interrupt() if ends(event) else None
        highs.run()
        status, info = highs.getModelStatus(), highs.getInfo()
        if status == highspy.HighsModelStatus.kInfeasible:
            return MIPResult(None, -np.inf, True)
        found = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
        x = np.array(highs.getSolution().col_value) if found else None
        if start is not None and x is not None and -(self.gain @ x) > _above(info):
            # HiGHS improved the start in presolve, said so, and gave the start itself back.
            left = seconds - highs.getRunTime()
            return self.solve(left, gap, interrupted, nodes=nodes)
        bound = np.inf if np.isnan(info.mip_dual_bound) else -info.mip_dual_bound
        return MIPResult(x, bound, status == highspy.HighsModelStatus.kOptimal)

    def duals(self, seconds: float) -> c.Floats | None:
        """Return what each row's limit is worth to the linear relaxation; None without an optimum.

        Presolve takes longer than what it saves.
        """
        highs = self._model(np.zeros(len(self.gain), np.bool_), seconds)
        highs.setOptionValue("presolve", "off")
        highs.run()
        if highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return None
        return -np.array(highs.getSolution().row_dual)

    def basis(self, seconds: float) -> tuple[Statuses, Statuses] | None:
        """Return the status of each column and row where it is best; None without an optimum."""
        highs = self._model(np.zeros(len(self.gain), np.bool_), seconds)
        highs.run()
        if highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return None
        basis = highs.getBasis()
        return np.array(basis.col_status, np.object_), np.array(basis.row_status, np.object_)

    def _model(self, integer: c.Bools, seconds: float) -> Any:
        """Hand it to a new HiGHS of one thread."""
        highs: Any = Quiet()  # type: ignore[no-untyped-call]
        highs.setOptionValue("output_flag", False)
        highs.setOptionValue("threads", 1)
        highs.setOptionValue("time_limit", max(seconds, 0.01))
        rows, columns = self.matrix.shape
        highs.passModel(
            columns,
            rows,
            self.matrix.nnz,
            int(highspy.MatrixFormat.kColwise),
            int(highspy.ObjSense.kMinimize),
            0.0,
            -self.gain,
            self.lower,
            self.upper,
            self.low,
            self.high,
            self.matrix.indptr.astype(np.int32),
            self.matrix.indices.astype(np.int32),
            self.matrix.data,
            integer.astype(np.int32),
        )
        return highs

    def components(self) -> list[tuple[c.Longs, MIP]]:
        """Split it into programmes that share no row, each with its columns; small ones together.

        Rows that nothing between the bounds can violate are left out.
        """
        binds = np.flatnonzero(self._can_bind())
        by_row = self.matrix.tocsr()
        parts = []
        for row, column in _components(by_row[binds]):
            part = self.part(by_row, binds[row], column)
            parts.append((column, part))
        return parts

    def part(self, by_row: sparse.csr_array, row: c.Longs, column: c.Longs) -> MIP:
        """Return some rows and columns of it; ``by_row`` is its matrix."""
        return MIP(
            by_row[row][:, column].tocsc(),
            self.low[row],
            self.high[row],
            self.gain[column],
            self.lower[column],
            self.upper[column],
            self.integer[column],
        )

    def _can_bind(self) -> c.Bools:
        """Tell which rows something between the bounds could violate."""
        up, down = self.matrix.copy(), self.matrix.copy()
        up.data, down.data = np.maximum(up.data, 0.0), np.minimum(down.data, 0.0)
        activity_max = up @ self.upper + down @ self.lower
        activity_min = up @ self.lower + down @ self.upper
        can: c.Bools = (activity_max > self.high + 1e-9) | (activity_min < self.low - 1e-9)
        return can


def _components(matrix: sparse.csr_array) -> list[tuple[c.Longs, c.Longs]]:
    """Return rows and columns of the connected components, small ones joined."""
    rows = matrix.shape[0]
    graph = sparse.block_array([[None, matrix], [matrix.T, None]], format="csr")
    count, label = connected_components(graph, directed=False)
    size = np.bincount(label[rows:], minlength=count)
    order = np.argsort(size, kind="stable")
    batch = np.empty(count, np.int64)
    batch[order] = np.cumsum(size[order]) // _COLUMNS_PER_BATCH
    large = size >= _COLUMNS_PER_BATCH
    batch[large] = batch.max(initial=0) + 1 + np.arange(int(large.sum()))
    batch = np.unique(batch, return_inverse=True)[1]
    row_order = np.argsort(batch[label[:rows]], kind="stable")
    column_order = np.argsort(batch[label[rows:]], kind="stable")
    last = batch.max(initial=-1) + 1
    row_at = c.starts_of(batch[label[:rows]][row_order], last)
    column_at = c.starts_of(batch[label[rows:]][column_order], last)
    return [
        (row_order[row_at[i] : row_at[i + 1]], column_order[column_at[i] : column_at[i + 1]])
        for i in range(last)
        if column_at[i + 1] > column_at[i]
    ]
