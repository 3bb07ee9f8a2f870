"""The restricted master by a first-order method, where the simplex method would be slow.

Where there are more than half as many seats as volunteers, nearly every convexity row is tight:
bases grow dense, and one iteration takes as long as a thousand did before. PDLP (Applegate et al.,
2021, Practical large-scale linear programming using primal-dual hybrid gradient, arXiv:2106.04756)
only multiplies by the matrix. Its solutions are approximate, which is enough: any duals prove a
bound.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from ortools.pdlp import solvers_pb2
from scipy import sparse

from matching.problem import columns as c
from matching.solvers.column_generation.pdlp_process import PDLPProcess, Programme
from matching.solvers.column_generation.pool import ColumnPool
from matching.solvers.column_generation.restricted_master import MasterSolution
from matching.solvers.column_generation.rows import Rows

# Halved with every solution.
_FIRST_RELATIVE_TOLERANCE, _LAST_RELATIVE_TOLERANCE = 1e-3, 3e-5
# While rosters are still missing, a more exact solution is of no use.
_MAX_ITERATIONS = 250
_INTEGRALITY_TOLERANCE = 0.01
# A fixed number makes the solution the same for any number of threads.
_SHARDS = 8


class PDLPMaster:
    """A maximisation over 0 <= service <= upper and 0 <= selected <= 1.

    Parameters
    ----------
    stop : callable
        Tells when to end in the middle of a solve. Once true, it stays so.
    """

    def __init__(
        self, volunteers: int, threads: int, stop: Callable[[], bool] = lambda: False
    ) -> None:
        self.threads, self.process = threads, PDLPProcess(stop)
        self.tolerance = _FIRST_RELATIVE_TOLERANCE
        # Relative: nearer to the bound than this, other steps gain more than another round does.
        self.accuracy = 1e-4
        # How far steps go in the primal and in the dual is learnt slowly: the next programme, which
        # is nearly the same, begins with what the last one ended with.
        self.primal_weight = 0.0
        self.x: c.Floats = np.empty(0)
        self.dual: c.Floats = np.empty(0)
        self.convexity_dual: c.Floats = np.zeros(volunteers)

    def grow(self, rows: Rows, pool: ColumnPool) -> None:
        """Write the programme with the rows and rosters there are, warm-started."""
        several = np.bincount(pool.volunteer, minlength=len(self.convexity_dual)) > 1
        self.people = np.flatnonzero(several)
        row_of = np.full(len(self.convexity_dual), -1)
        row_of[self.people] = np.arange(len(self.people))
        row = row_of[pool.volunteer]
        held = np.flatnonzero(row >= 0)
        services, shape = len(rows.value), (len(self.people), len(pool))
        persons = sparse.csr_array((np.ones(len(held)), (row[held], held)), shape=shape)
        matrix = sparse.block_array(
            [[rows.service_coefficients, rows.arc_coefficients @ pool.holds()], [None, persons]],
            format="csc",
        )
        self.rows, self.services = len(rows.low), services
        size = services + len(pool)
        start = np.append(self.x, np.zeros(size - len(self.x)))
        self.dual = np.append(self.dual, np.zeros(self.rows - len(self.dual)))
        self.programme = Programme(
            objective=-np.append(rows.value, pool.value),
            matrix=sparse.csc_matrix(matrix),
            low=np.append(rows.low, np.full(len(self.people), -np.inf)),
            high=np.append(rows.high, np.ones(len(self.people))),
            upper=np.append(rows.upper, np.ones(len(pool))),
            primal=start,
            dual=-np.append(self.dual, self.convexity_dual[self.people]),
        )

    def solve(self, seconds: float) -> MasterSolution | None:
        """Solve it to half the last tolerance; None if there is no time, or no wish."""
        parameters = solvers_pb2.PrimalDualHybridGradientParams()
        parameters.num_threads, parameters.num_shards = self.threads, _SHARDS
        criteria = parameters.termination_criteria
        criteria.simple_optimality_criteria.eps_optimal_relative = self.tolerance
        criteria.simple_optimality_criteria.eps_optimal_absolute = 1e-9
        if seconds <= 0:
            return None
        criteria.time_sec_limit = seconds
        criteria.iteration_limit = _MAX_ITERATIONS
        if self.primal_weight:
            parameters.initial_primal_weight = self.primal_weight
        found = self.process.solve(self.programme, parameters.SerializeToString())
        if found is None:
            return None
        self.primal_weight = found.primal_weight
        self.tolerance = max(self.tolerance / 2, _LAST_RELATIVE_TOLERANCE)
        self.x, dual = found.primal, -found.dual
        self.dual, self.convexity_dual[self.people] = dual[: self.rows], dual[self.rows :]
        value = -float(self.programme.objective @ self.x)
        x = np.clip(self.x, 0.0, self.programme.upper)
        near = np.rint(x)
        x = np.where(np.abs(x - near) < _INTEGRALITY_TOLERANCE, near, x)
        return MasterSolution(value, x[self.services :], x[: self.services], self.dual.copy())
