"""Column generation: schedules come in while any would improve the master's linear programme."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from matching.bounds.certificate import reward
from matching.bounds.labelling import Rosters, Stopped, solve_pricing
from matching.bounds.prices import Prices
from matching.bounds.pricing import Weeks
from matching.problem import Problem
from matching.problem import columns as c
from matching.solvers.column_generation.constraints import Constraints, Rows
from matching.solvers.column_generation.linking import VolunteerOptions
from matching.solvers.column_generation.pdlp_master import PDLPMaster
from matching.solvers.column_generation.pool import ColumnPool
from matching.solvers.column_generation.restricted_master import MasterSolution, RestrictedMaster
from matching.solvers.incumbent import Incumbent
from matching.solvers.subproblems.subproblem import SubproblemBuilder

# Rosters of one volunteer that come in at once: some that are not the best save later rounds.
_AT_ONCE = 4
_WHOLE = 1e-6
# Values are whole numbers: what a linear programme may still gain below this is its arithmetic.
_CONVERGED = 1e-3
_NEGLIGIBLE = 1e-6
# Of so many arcs, and scarce people, the simplex method takes long.
_LARGE = 200_000


@dataclass(frozen=True)
class LPSolution:
    """A linear programme solved over all schedules.

    Attributes
    ----------
    relaxed : MasterSolution
        The last solution.
    dual : float64 array
        The duals of the best bound.
    bound : float
        No plan is worth more.
    """

    relaxed: MasterSolution
    dual: c.Floats
    bound: float


class ColumnGeneration:
    """The linear programme over all schedules, by way of few of them."""

    def __init__(
        self,
        problem: Problem,
        weeks: Weeks,
        quality: c.Longs,
        seed: int,
        best: Incumbent,
        workers: int = 1,
    ) -> None:
        self.problem, self.weeks, self.quality, self.best = problem, weeks, quality, best
        self.constraints = constraints = Constraints(problem, weeks.arcs)
        self.rows = constraints.rows()
        self.arc_option = constraints.arc_option
        # At which options something hangs on being served; elsewhere z is free to be anything.
        self.asked = ~constraints.alone()
        # What a service is worth if it is the only one of the week.
        first_load = weeks.first_load[weeks.arcs.volunteer]
        self.alone: c.Floats = (quality - first_load).astype(np.float64)
        self.meetings = VolunteerOptions(weeks.arcs.volunteer, self.arc_option)
        self.pool = ColumnPool(weeks, quality, seed)
        self.linear: RestrictedMaster | PDLPMaster
        if len(weeks.arcs) > _LARGE and self._scarce():
            self.linear = PDLPMaster(len(problem.volunteers), workers)
        else:
            self.linear = RestrictedMaster(self.rows, len(problem.volunteers), best.stop)
        self.writer = SubproblemBuilder(problem, weeks.arcs, self.rows, self.asked, self.meetings)

    def _scarce(self) -> bool:
        """Tell whether there are nearly as many seats as people who could fill any."""
        could = len(np.unique(self.weeks.arcs.volunteer))
        return bool(self.problem.posts.seats.sum() > could / 2)

    def start(self, prices: Prices) -> None:
        """Take in the best schedules under some prices."""
        worth = reward(self.problem, self.weeks.arcs, self.quality, prices)
        self.pool.add(self._price(worth, np.zeros(len(self.problem.volunteers))))

    def run(
        self, told: Callable[[float, MasterSolution], None], reserve: float = 0.0
    ) -> LPSolution | None:
        """Bring in schedules and links until nothing improves or it is time to stop.

        Parameters
        ----------
        told : callable
            Receives the bound and the solution of every round.
        reserve : float
            Seconds to leave for what comes after.

        Returns
        -------
        LPSolution or None
            None if not even one linear programme could be solved in time.
        """
        best, lowest, answer, before = self.best, np.inf, None, np.inf
        while True:
            self.linear.grow(self.rows, self.pool)
            relaxed = self.linear.solve(best.seconds_left - (reserve if answer else 0.0))
            if relaxed is None:
                return answer
            worth = self._reward(relaxed.dual)
            week = self.pool.best(self.pool.gain(worth), len(self.problem.volunteers))
            try:
                found = self._price(worth, week)
            except Stopped:
                return answer
            np.maximum.at(week, found.volunteer, found.value)
            bound = float(week.sum()) + rest_of_bound(self.rows, relaxed.dual)
            if bound <= lowest or answer is None:
                lowest, answer = bound, LPSolution(relaxed, relaxed.dual, bound)
            answer = replace(answer, relaxed=relaxed)
            told(lowest, relaxed)
            links = self._link(relaxed, found)
            new = self.pool.add(found)
            # What is left to gain here: below a part of the gap asked for, or next to nothing of
            # the whole, it is not worth a round.
            share = max(best.gap_limit / 4, _NEGLIGIBLE)
            enough = max(_CONVERGED, share * relaxed.value)
            settled = bound - relaxed.value <= enough and (
                not links or before - relaxed.value <= enough
            )
            hopeless = best.value is not None and lowest < best.value + 1
            late = best.stop() or best.seconds_left < reserve
            if settled or hopeless or late or not (new or links):
                return answer
            before = relaxed.value

    def best_weeks(self, dual: c.Floats) -> tuple[c.Floats, c.Floats]:
        """Return what each arc is worth under some duals, and every volunteer's best week."""
        worth = self._reward(dual)
        week = np.zeros(len(self.problem.volunteers))
        found = self._price(worth, week)
        np.maximum.at(week, found.volunteer, found.value)
        return worth, week

    def gains(self, dual: c.Floats) -> tuple[c.Floats, c.Floats]:
        """Return what each schedule of the pool is worth under some duals, and the best of each."""
        gain = self.pool.gain(self._reward(dual))
        return gain, self.pool.best(gain, len(self.problem.volunteers))

    def _reward(self, dual: c.Floats) -> c.Floats:
        worth: c.Floats = self.quality - self.rows.arc_coefficients[: len(dual)].T @ dual
        return worth

    def _price(self, worth: c.Floats, above: c.Floats) -> Rosters:
        every = np.arange(len(self.weeks.arcs))
        return solve_pricing(
            self.problem,
            self.weeks.arcs,
            every,
            worth,
            self.weeks.first_load,
            above,
            _AT_ONCE,
            self.best.stop,
        )

    def _link(self, relaxed: MasterSolution, found: Rosters) -> int:
        """Add the rows "serves at an option only if it is served" that are broken, or will be.

        All posts of an option are at one time, so a volunteer serves on one of them at most: the
        row speaks of their sum, and is the stronger for it. The schedules found bring theirs along:
        what looks worth its while without them may not be with them.
        """
        pool, meetings = self.pool, self.meetings
        many = len(meetings.option)
        arc = pool.arc[: np.searchsorted(pool.owner, len(relaxed.taken))]
        taken = relaxed.taken[pool.owner[: len(arc)]]
        used = np.bincount(meetings.of_arc[arc], taken, minlength=many)
        served = relaxed.team[meetings.option]
        broken = used > served + _WHOLE
        coming = meetings.of_arc[found.arc]
        broken[coming] |= served[coming] < 1 - _WHOLE
        broken &= self.asked[meetings.option] & ~meetings.linked
        number = np.flatnonzero(broken)
        if len(number):
            meetings.linked |= broken
            row_of = np.full(many, -1)
            row_of[number] = np.arange(len(number))
            row = row_of[meetings.of_arc]
            held = np.flatnonzero(row >= 0)
            option = meetings.option[number]
            self.rows = self.rows.linked(row[held], held, option)
        return len(number)

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


def sign_feasible(rows: Rows, dual: c.Floats) -> c.Floats:
    """Return the duals with those of the wrong sign at 0."""
    dual = np.where(np.isinf(rows.high), np.minimum(dual, 0.0), dual)
    return np.where(np.isinf(rows.low), np.maximum(dual, 0.0), dual)


def limits_of(rows: Rows, dual: c.Floats) -> c.Floats:
    """Return what each row's limit is worth under duals of the right sign, shape (rows,)."""
    limit = np.where(dual > 0, rows.high, rows.low)
    return np.multiply(dual, limit, out=np.zeros(len(dual)), where=dual != 0)


def teams_of(rows: Rows, dual: c.Floats) -> c.Floats:
    """Return what each team variable adds under duals of the right sign."""
    adds: c.Floats = np.maximum(rows.worth - rows.service_coefficients.T @ dual, 0.0) * rows.most
    return adds


def rest_of_bound(rows: Rows, dual: c.Floats) -> float:
    """Return the requests' and rows' part of the bound, which any duals prove."""
    dual = sign_feasible(rows, dual)
    return float(limits_of(rows, dual).sum() + teams_of(rows, dual).sum())
