"""Column generation: rosters are added while any would improve the restricted master.

Dantzig and Wolfe (1960), Decomposition principle for linear programs; Desaulniers, Desrosiers and
Solomon (2005), Column Generation. Pricing is `matching.bounds.labelling`; duals of any master give
Lagrangian bounds, which is what ends the loop early.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from matching.bounds.certificate import reward
from matching.bounds.labelling import Stopped
from matching.bounds.prices import Prices
from matching.bounds.pricing import Weeks
from matching.bounds.rosters import Rosters, solve_pricing
from matching.problem import Problem
from matching.problem import columns as c
from matching.solvers.column_generation.constraints import Constraints
from matching.solvers.column_generation.linking import VolunteerOptions, separate_linking_cuts
from matching.solvers.column_generation.pdlp_master import PDLPMaster
from matching.solvers.column_generation.pool import ColumnPool
from matching.solvers.column_generation.restricted_master import MasterSolution, RestrictedMaster
from matching.solvers.column_generation.rows import Rows
from matching.solvers.incumbent import Incumbent
from matching.solvers.subproblems.subproblem import SubproblemBuilder

# Several rosters of a volunteer at once, not only the best, save later rounds.
_ROSTERS_PER_VOLUNTEER = 4
# Values are whole numbers: a linear programme's gain below this is rounding error.
_CONVERGED_VALUE = 1e-3
_CONVERGED_SHARE = 1e-6
# Above this many arcs, where bases grow dense, the simplex method is slow.
_MIN_ARCS_FOR_PDLP = 200_000


@dataclass(frozen=True)
class LPSolution:
    """The linear programme over all rosters, solved.

    Attributes
    ----------
    primal : MasterSolution
        Of the last restricted master.
    dual : float64 array
        The duals of the best bound.
    bound : float
        No plan is worth more.
    """

    primal: MasterSolution
    dual: c.Floats
    bound: float


class Generation:
    """A linear programme over rosters, of which a pool holds only few.

    Parameters
    ----------
    rows : Rows
        They grow by linking cuts.
    constant : float
        What of every solution's value is the same.
    """

    def __init__(
        self,
        weeks: Weeks,
        quality: c.Longs,
        incumbent: Incumbent,
        rows: Rows,
        pairs: VolunteerOptions,
        pool: ColumnPool,
        master: RestrictedMaster | PDLPMaster,
        constant: float = 0.0,
    ) -> None:
        self.problem, self.weeks, self.quality = weeks.problem, weeks, quality
        self.incumbent, self.rows, self.pairs, self.pool = incumbent, rows, pairs, pool
        self.master, self.constant = master, constant

    def run(
        self, on_round: Callable[[float, MasterSolution], None], reserve_seconds: float = 0.0
    ) -> LPSolution | None:
        """Add rosters and linking cuts until nothing improves or it is time to stop.

        Parameters
        ----------
        on_round : callable
            Receives the bound and the solution of every round.
        reserve_seconds : float
            To leave for what comes after.

        Returns
        -------
        LPSolution or None
            None if not even one restricted master could be solved in time.
        """
        incumbent, lp, last_value = self.incumbent, None, np.inf
        while True:
            self.master.grow(self.rows, self.pool)
            reserve = reserve_seconds if lp else 0.0
            solution = self.master.solve(incumbent.seconds_left - reserve)
            if solution is None:
                incumbent.timed_out = True
                return lp
            arc_reward = self.reward(solution.dual)
            best = self.pool.best(self.pool.gain(arc_reward))
            try:
                found = self._solve_pricing(arc_reward, best)
            except Stopped:
                return lp
            np.maximum.at(best, found.volunteer, found.value)
            bound = float(best.sum()) + rest_of_bound(self.rows, solution.dual)
            if lp is None or bound <= lp.bound:
                lp = LPSolution(solution, solution.dual, bound)
            lp = replace(lp, primal=solution)
            on_round(lp.bound, solution)
            added, cut = self._add(solution, found)
            # A gain below a quarter of the gap asked for, or next to nothing of the whole, is not
            # worth a round.
            share = max(incumbent.gap_limit / 4, _CONVERGED_SHARE, self.master.accuracy)
            tolerance = max(_CONVERGED_VALUE, share * (solution.value - self.constant))
            converged = bound - solution.value <= tolerance and (
                not cut or last_value - solution.value <= tolerance
            )
            if converged or self._is_proved(lp.bound) or not (added or cut):
                return lp
            if incumbent.stop() or incumbent.seconds_left < reserve_seconds:
                incumbent.timed_out = True
                return lp
            last_value = solution.value

    def reoptimise(self, pricing: bool = True) -> MasterSolution | None:
        """Solve the master as it is now, and once more with the rosters that pay in it.

        None if time runs out. Without pricing it is solved once.
        """
        solution = self._solve_master()
        if solution is None or not pricing:
            return solution
        arc_reward = self.reward(solution.dual)
        found = self._solve_pricing(arc_reward, self.pool.best(self.pool.gain(arc_reward)))
        return self._solve_master() if any(self._add(solution, found)) else solution

    def _solve_master(self) -> MasterSolution | None:
        self.master.grow(self.rows, self.pool)
        return self.master.solve(self.incumbent.seconds_left)

    def _add(self, solution: MasterSolution, found: Rosters) -> tuple[int, bool]:
        """Add rosters and the cuts that go with them; return how many, and whether any cut."""
        rows = separate_linking_cuts(self.rows, self.pairs, self.pool, solution, found)
        cut, self.rows = rows is not self.rows, rows
        return self.pool.add(found), cut

    def _is_proved(self, bound: float) -> bool:
        """Tell whether a bound ends the search."""
        return False

    def reward(self, dual: c.Floats) -> c.Floats:
        """Return what each arc is worth to its volunteer under some duals, before load."""
        charge = self.rows.arc_coefficients[: len(dual)].T @ dual
        arc_reward: c.Floats = self.quality - charge
        return arc_reward

    def _solve_pricing(self, arc_reward: c.Floats, above: c.Floats) -> Rosters:
        return solve_pricing(
            self.problem,
            self.weeks.arcs,
            np.arange(len(self.weeks.arcs)),
            arc_reward,
            self.weeks.first_load,
            above,
            _ROSTERS_PER_VOLUNTEER,
            self.incumbent.stop,
        )


class ColumnGeneration(Generation):
    """The linear programme over all rosters."""

    def __init__(
        self,
        problem: Problem,
        weeks: Weeks,
        quality: c.Longs,
        seed: int,
        incumbent: Incumbent,
        workers: int = 1,
    ) -> None:
        self.constraints = constraints = Constraints(problem, weeks.arcs)
        rows = constraints.rows()
        self.needs_link = ~constraints.any_volunteer_suffices()
        first_load = weeks.first_load[weeks.arcs.volunteer]
        self.first_shift_value: c.Floats = (quality - first_load).astype(np.float64)
        pairs = VolunteerOptions(weeks.arcs.volunteer, constraints.arc_option, self.needs_link)
        master: RestrictedMaster | PDLPMaster
        if len(weeks.arcs) > _MIN_ARCS_FOR_PDLP and _bases_grow_dense(weeks):
            master = PDLPMaster(len(problem.volunteers), workers, incumbent.stop)
        else:
            master = RestrictedMaster(rows, len(problem.volunteers), incumbent.stop)
        pool = ColumnPool(weeks, quality, seed)
        super().__init__(weeks, quality, incumbent, rows, pairs, pool, master)
        self.builder = SubproblemBuilder(problem, weeks.arcs, rows, self.needs_link, pairs.of_arc)

    def start(self, prices: Prices) -> None:
        """Add the best rosters under some prices."""
        arc_reward = reward(self.problem, self.weeks.arcs, self.quality, prices)
        self.pool.add(self._solve_pricing(arc_reward, np.zeros(len(self.problem.volunteers))))

    def best_rosters(self, dual: c.Floats) -> tuple[c.Floats, c.Floats]:
        """Return each arc's reward under some duals, and the value of every best roster."""
        arc_reward = self.reward(dual)
        best = np.zeros(len(self.problem.volunteers))
        found = self._solve_pricing(arc_reward, best)
        np.maximum.at(best, found.volunteer, found.value)
        return arc_reward, best

    def prices(self, dual: c.Floats) -> Prices:
        """Read the prices off the duals: a slot's, and those of arcs with rows of their own."""
        problem, arcs = self.problem, self.weeks.arcs
        slot = -dual[: len(problem.slots)]
        quota = np.zeros(len(problem.organisations))
        of_quota = self.rows.quota_rows
        quota[problem.organisations.limited] = np.maximum(0.0, dual[of_quota])
        charged = dual.copy()
        charged[of_quota] = 0.0
        own = -(self.rows.arc_coefficients[: len(dual)].T @ charged)
        different = np.flatnonzero(np.abs(own - slot[arcs.slot]) > 1e-9)
        key = c.combine(arcs.volunteer[different], arcs.slot[different])
        return Prices(slot, quota, key, own[different])

    def _is_proved(self, bound: float) -> bool:
        value = self.incumbent.value
        return value is not None and bound < value + 1


def _bases_grow_dense(weeks: Weeks) -> bool:
    """Tell whether there are more than half as many seats as volunteers who could fill any."""
    volunteers = len(c.distinct(weeks.arcs.volunteer))
    return bool(weeks.problem.posts.seats.sum() > volunteers / 2)


def sign_feasible(rows: Rows, dual: c.Floats) -> c.Floats:
    """Return the duals with those of the wrong sign at 0."""
    dual = np.where(np.isinf(rows.high), np.minimum(dual, 0.0), dual)
    return np.where(np.isinf(rows.low), np.maximum(dual, 0.0), dual)


def row_shares(rows: Rows, dual: c.Floats) -> c.Floats:
    """Return what each row's limit is worth under duals of the right sign, shape (rows,)."""
    limit = np.where(dual > 0, rows.high, rows.low)
    return np.multiply(dual, limit, out=np.zeros(len(dual)), where=dual != 0)


def service_shares(rows: Rows, dual: c.Floats) -> c.Floats:
    """Return what each service variable adds under duals of the right sign."""
    adds: c.Floats = np.maximum(rows.value - rows.service_coefficients.T @ dual, 0.0) * rows.upper
    return adds


def rest_of_bound(rows: Rows, dual: c.Floats) -> float:
    """Return the requests' and rows' part of the bound, which any duals prove."""
    dual = sign_feasible(rows, dual)
    return float(row_shares(rows, dual).sum() + service_shares(rows, dual).sum())
