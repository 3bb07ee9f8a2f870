"""The master's linear programme by a first-order method, where the simplex method would take long.

Where seats outnumber the people who could fill them, nearly every volunteer's row is tight: bases
grow dense, and one iteration takes what a thousand took before. OR-Tools' PDLP only multiplies by
the matrix. Its solutions are near rather than exact, which is enough: any duals prove a bound.
"""

from __future__ import annotations

import numpy as np
from ortools.pdlp import solvers_pb2
from ortools.pdlp.python import pdlp
from scipy import sparse

from matching.problem import columns as c
from matching.solvers.column_generation.constraints import Rows
from matching.solvers.column_generation.pool import ColumnPool
from matching.solvers.column_generation.restricted_master import MasterSolution

# Relative accuracy of the first solution; of each further one, half of that before; of the last.
_FIRST, _LAST = 1e-3, 3e-5
# Nearer than this to whole is whole.
_WHOLE = 0.01
# Work is always parted alike, so that the solution is the same for any number of threads.
_SHARDS = 8


class PDLPMaster:
    """A maximisation over 0 <= team <= most and 0 <= schedules <= 1."""

    def __init__(self, volunteers: int, threads: int) -> None:
        self.threads = threads
        self.accuracy = _FIRST
        self.x: c.Floats = np.empty(0)
        self.dual: c.Floats = np.empty(0)
        self.person: c.Floats = np.zeros(volunteers)

    def grow(self, rows: Rows, pool: ColumnPool) -> None:
        """Take up the rows and schedules that are new."""
        several = np.bincount(pool.volunteer, minlength=len(self.person)) > 1
        self.people = np.flatnonzero(several)
        row_of = np.full(len(self.person), -1)
        row_of[self.people] = np.arange(len(self.people))
        row = row_of[pool.volunteer]
        held = np.flatnonzero(row >= 0)
        teams, shape = len(rows.worth), (len(self.people), len(pool))
        persons = sparse.csr_array((np.ones(len(held)), (row[held], held)), shape=shape)
        matrix = sparse.block_array(
            [[rows.service_coefficients, rows.arc_coefficients @ pool.holds()], [None, persons]],
            format="csc",
        )
        self.rows, self.teams = len(rows.low), teams
        size = teams + len(pool)
        programme = pdlp.QuadraticProgram()
        programme.resize_and_initialize(size, matrix.shape[0])
        programme.objective_vector = -np.append(rows.worth, pool.value)
        programme.constraint_matrix = sparse.csc_matrix(matrix)
        programme.variable_lower_bounds = np.zeros(size)
        programme.variable_upper_bounds = np.append(rows.most, np.ones(len(pool)))
        programme.constraint_lower_bounds = np.append(rows.low, np.full(len(self.people), -np.inf))
        programme.constraint_upper_bounds = np.append(rows.high, np.ones(len(self.people)))
        self.programme = programme
        self.x = np.append(self.x, np.zeros(size - len(self.x)))
        self.dual = np.append(self.dual, np.zeros(self.rows - len(self.dual)))

    def solve(self, seconds: float) -> MasterSolution | None:
        """Solve it more exactly than the last time; None if there is no time."""
        asked = solvers_pb2.PrimalDualHybridGradientParams()
        asked.num_threads, asked.num_shards = self.threads, _SHARDS
        criteria = asked.termination_criteria
        criteria.simple_optimality_criteria.eps_optimal_relative = self.accuracy
        criteria.simple_optimality_criteria.eps_optimal_absolute = 1e-9
        if seconds <= 0:
            return None
        criteria.time_sec_limit = seconds
        start = pdlp.PrimalAndDualSolution()
        start.primal_solution = self.x
        start.dual_solution = -np.append(self.dual, self.person[self.people])
        found = pdlp.primal_dual_hybrid_gradient(self.programme, asked, start)
        self.accuracy = max(self.accuracy / 2, _LAST)
        self.x, dual = found.primal_solution, -found.dual_solution
        self.dual, self.person[self.people] = dual[: self.rows], dual[self.rows :]
        value = -float(self.programme.objective_vector @ self.x)
        x = np.clip(self.x, 0.0, self.programme.variable_upper_bounds)
        near = np.rint(x)
        x = np.where(np.abs(x - near) < _WHOLE, near, x)
        return MasterSolution(value, x[self.teams :], x[: self.teams], self.dual.copy())
