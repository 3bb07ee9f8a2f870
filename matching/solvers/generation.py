"""Column generation: schedules come in while any would improve the master's linear programme."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse
from scipy.optimize import linprog

from matching import columns as c
from matching.certificate import reward
from matching.prices import Prices
from matching.problem import Problem
from matching.schedules import Schedules, all_schedules, best_schedules
from matching.solvers.incumbent import Incumbent
from matching.solvers.master import Constraints, Rows
from matching.solvers.pool import Pool
from matching.weeks import Weeks

# Schedules of one volunteer that come in at once: some that are not the best save later rounds.
_AT_ONCE = 4
_WHOLE = 1e-6
# Values are whole numbers: what a linear programme may still gain below this is its arithmetic.
_CONVERGED = 1e-3
_BONUS = 1e6
_TIME_LIMIT = 1


@dataclass(frozen=True)
class Relaxed:
    """A solution of the linear programme over the schedules at hand.

    Attributes
    ----------
    value : float
    taken : float64 array, shape (schedules,)
    team : float64 array, shape (team variables,)
    dual : float64 array, shape (rows,)
        What each row charges: at least 0 for an upper limit, at most 0 for a lower one.
    week : float64 array, shape (volunteers,)
        What each volunteer's week is worth under these duals.
    """

    value: float
    taken: c.Floats
    team: c.Floats
    dual: c.Floats
    week: c.Floats


class UnsolvedError(Exception):
    """The linear programme was given up, for its numbers and not for the clock."""


@dataclass(frozen=True)
class Box:
    """Where a search stands: what is decided.

    What has to be is a bonus, taken off again from the bound: the schedules at hand may not suffice
    for it, and then prices must say which do. However large the bonus, the bound is true.

    Attributes
    ----------
    least, most : float64 arrays, shape (team variables,)
        Bounds of the team variables.
    must, never : int64 arrays
        Arcs that are in the plan, and that are not.
    """

    least: c.Floats
    most: c.Floats
    must: c.Longs
    never: c.Longs

    def split(self, option: int) -> tuple[Box, Box]:
        """Return the box in which an option is not served, and that in which it is."""
        most, least = self.most.copy(), self.least.copy()
        most[option], least[option] = 0.0, 1.0
        return replace(self, most=most), replace(self, least=least)

    def split_arc(self, arc: int) -> tuple[Box, Box]:
        """Return the box without an arc, and that with it."""
        without = replace(self, never=np.append(self.never, arc))
        return without, replace(self, must=np.append(self.must, arc))

    @property
    def bonus(self) -> float:
        """What is paid for what has to be."""
        return _BONUS * (float(self.least.sum()) + len(self.must))


@dataclass(frozen=True)
class Solved:
    """A linear programme solved over all schedules.

    Attributes
    ----------
    relaxed : Relaxed
        The last solution.
    dual : float64 array
        The duals of the best bound.
    bound : float
        No plan in the box is worth more.
    """

    relaxed: Relaxed
    dual: c.Floats
    bound: float


class Generation:
    """The linear programme over all schedules, by way of few of them."""

    def __init__(self, problem: Problem, weeks: Weeks, quality: c.Longs, seed: int) -> None:
        self.problem, self.weeks, self.quality = problem, weeks, quality
        constraints = Constraints(problem, weeks.arcs)
        self.arc_option = constraints.arc_option
        self.rows = constraints.rows()
        # At which options something hangs on being served; elsewhere z is free to be anything.
        self.asked = ~constraints.alone()
        self.linked = self.asked[self.arc_option]
        self.pool = Pool(weeks, quality, seed)

    @property
    def everywhere(self) -> Box:
        """The box that excludes nothing."""
        none = np.empty(0, np.int64)
        return Box(np.zeros(len(self.rows.most)), self.rows.most, none, none)

    def start(self, prices: Prices) -> None:
        """Take in the best schedules under some prices."""
        worth = reward(self.problem, self.weeks.arcs, self.quality, prices)
        self.pool.add(self._price(worth, np.zeros(len(self.problem.volunteers))))

    def run(self, best: Incumbent, box: Box, told: Callable[[float], None]) -> Solved | None:
        """Bring in schedules and links until nothing improves or it is time to stop.

        Returns
        -------
        Solved or None
            None if not even one linear programme could be solved in time.
        """
        lowest, answer, before = np.inf, None, np.inf
        while True:
            relaxed = self._relaxed(box, best.seconds_left)
            if relaxed is None:
                return answer
            found = self._price(self._reward(box, relaxed.dual), relaxed.week)
            week = relaxed.week.copy()
            np.maximum.at(week, found.volunteer, found.value)
            bound = float(week.sum()) + rest_of_bound(self.rows, box, relaxed.dual)
            if bound <= lowest or answer is None:
                lowest, answer = bound, Solved(relaxed, relaxed.dual, bound)
            answer = replace(answer, relaxed=relaxed)
            told(lowest)
            links = self._link(relaxed)
            new = self.pool.add(found)
            # What is left to gain here: below a part of the gap asked for, it is not worth a round.
            enough = max(_CONVERGED, best.gap_limit / 4 * relaxed.value)
            settled = bound - relaxed.value <= enough and (
                not links or before - relaxed.value <= enough
            )
            hopeless = best.value is not None and lowest < best.value + 1
            if settled or hopeless or not (new or links) or best.stop():
                return answer
            before = relaxed.value

    def near_best(self, box: Box, dual: c.Floats, slack: float) -> Schedules:
        """Return every schedule a plan better than the incumbent could hold.

        Under any duals a plan is worth at most the bound minus what its schedules fall short of
        their volunteers' best weeks, so no schedule that falls short by the whole gap is needed.

        Raises
        ------
        TooManyPathsError
            If they are too many.
        """
        worth = self._reward(box, dual)
        week = np.zeros(len(self.problem.volunteers))
        found = self._price(worth, week)
        np.maximum.at(week, found.volunteer, found.value)
        return all_schedules(
            self.problem, self.weeks.arcs, worth, self.weeks.first_load, week, slack + _CONVERGED
        )

    def _reward(self, box: Box, dual: c.Floats) -> c.Floats:
        worth: c.Floats = self.quality - self.rows.on_arc[: len(dual)].T @ dual
        worth[box.must] += _BONUS
        worth[box.never] = -np.inf
        return worth

    def _price(self, worth: c.Floats, above: c.Floats) -> Schedules:
        every = np.arange(len(self.weeks.arcs))
        return best_schedules(
            self.problem, self.weeks.arcs, every, worth, self.weeks.first_load, above, _AT_ONCE
        )

    def _relaxed(self, box: Box, seconds: float) -> Relaxed | None:
        """Solve the linear programme over the schedules at hand; None if time runs out."""
        rows, pool = self.rows, self.pool
        matrix = sparse.hstack([rows.on_arc @ pool.holds(), rows.on_team], format="csr")
        person = pool.per_volunteer(rows.on_team.shape[1])
        equal = rows.low == rows.high
        below, over = np.isfinite(rows.high) & ~equal, np.isfinite(rows.low) & ~equal
        most = np.append(np.where(pool.count(box.never), 0.0, np.inf), box.most)
        value = pool.value + _BONUS * pool.count(box.must)
        answer = linprog(
            -np.append(value, rows.worth + _BONUS * box.least),
            A_ub=sparse.vstack([matrix[below], -matrix[over], person], format="csr"),
            b_ub=np.concatenate([rows.high[below], -rows.low[over], np.ones(person.shape[0])]),
            A_eq=matrix[equal],
            b_eq=rows.low[equal],
            bounds=np.stack([np.zeros(len(most)), most], axis=1),
            method="highs",
            options={"time_limit": max(seconds, 0.01)},
        )
        if answer.status == _TIME_LIMIT:
            return None
        if answer.x is None:
            raise UnsolvedError(answer.message)
        marginal = -answer.ineqlin.marginals
        first, second = int(below.sum()), int(below.sum() + over.sum())
        dual = np.zeros(len(rows.low))
        dual[below], dual[over] = marginal[:first], -marginal[first:second]
        dual[equal] = -answer.eqlin.marginals
        week = np.zeros(len(self.problem.volunteers))
        week[pool.volunteers] = np.maximum(marginal[second:], 0.0)
        return Relaxed(
            -answer.fun - box.bonus, answer.x[: len(pool)], answer.x[len(pool) :], dual, week
        )

    def _link(self, relaxed: Relaxed) -> int:
        """Add the rows "an arc only where its option is served" that the solution breaks."""
        pool = self.pool
        used = np.bincount(pool.arc, relaxed.taken[pool.owner], minlength=len(self.weeks.arcs))
        served = relaxed.team[self.arc_option]
        broken = np.flatnonzero(self.linked & (used > served + _WHOLE))
        many = len(broken)
        if many:
            rows, number = self.rows, np.arange(many)
            on_arc = sparse.csr_array((np.ones(many), (number, broken)), (many, len(used)))
            on_team = sparse.csr_array(
                (-np.ones(many), (number, self.arc_option[broken])), (many, len(rows.worth))
            )
            self.rows = replace(
                rows,
                on_arc=sparse.vstack([rows.on_arc, on_arc], format="csr"),
                on_team=sparse.vstack([rows.on_team, on_team], format="csr"),
                low=np.append(rows.low, np.full(many, -np.inf)),
                high=np.append(rows.high, np.zeros(many)),
            )
        return many

    def prices(self, dual: c.Floats) -> Prices:
        """Read the prices off the duals: a slot's, and those of arcs with rows of their own."""
        problem, arcs = self.problem, self.weeks.arcs
        slot = -dual[: len(problem.slots)]
        quota = np.zeros(len(problem.organisations))
        of_quota = self.rows.quota_rows
        quota[problem.organisations.limited] = np.maximum(0.0, dual[of_quota])
        charged = dual.copy()
        charged[of_quota] = 0.0
        own = -(self.rows.on_arc[: len(dual)].T @ charged)
        different = np.flatnonzero(np.abs(own - slot[arcs.slot]) > 1e-9)
        key = c.combine(arcs.volunteer[different], arcs.slot[different])
        return Prices(slot, quota, key, own[different])


def rest_of_bound(rows: Rows, box: Box, dual: c.Floats) -> float:
    """Return the requests' and rows' part of the bound, which any duals prove."""
    dual = np.where(np.isinf(rows.high), np.minimum(dual, 0.0), dual)
    dual = np.where(np.isinf(rows.low), np.maximum(dual, 0.0), dual)
    limit = np.where(dual > 0, rows.high, rows.low)
    of_rows = float((dual[dual != 0] * limit[dual != 0]).sum())
    left = rows.worth + _BONUS * box.least - rows.on_team.T @ dual
    return of_rows + float((np.maximum(left, 0.0) * box.most).sum()) - box.bonus
