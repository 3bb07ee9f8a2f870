"""Column generation: schedules come in while any would improve the master's linear programme."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, linprog, milp

from matching import columns as c
from matching.prices import Prices
from matching.problem import Problem
from matching.schedules import Schedules, best_schedules
from matching.solvers.master import Constraints, Rows
from matching.weeks import Weeks

# Schedules of one volunteer that come in at once: some that are not the best save later rounds.
_AT_ONCE = 4
_WHOLE = 1e-6
_IMPROVES = 1e-4


@dataclass(frozen=True)
class Relaxed:
    """A solution of the linear programme over the schedules at hand.

    Attributes
    ----------
    taken : float64 array, shape (schedules,)
    served : float64 array, shape (options,)
    value : float
    dual : float64 array, shape (rows,)
        What each row charges, at least 0 for an upper limit and at most 0 for a lower one.
    week : float64 array, shape (volunteers,)
        What each volunteer's week is worth under these duals.
    """

    taken: c.Floats
    served: c.Floats
    value: float
    dual: c.Floats
    week: c.Floats


class Pool:
    """The schedules at hand, each once."""

    def __init__(self, weeks: Weeks, quality: c.Longs, seed: int) -> None:
        self.weeks, self.quality = weeks, quality
        # A schedule is told by the sum of its arcs' random numbers.
        random = np.random.default_rng(seed)
        self.mark = random.integers(0, 2**63, len(weeks.arcs), dtype=np.uint64)
        self.known = np.empty(0, np.uint64)
        self.volunteer = np.empty(0, np.int32)
        self.value = np.empty(0)
        self.owner, self.arc = np.empty(0, np.int64), np.empty(0, np.int64)

    def __len__(self) -> int:
        return len(self.volunteer)

    def add(self, found: Schedules) -> int:
        """Take in the schedules that are new; return how many."""
        mark = np.zeros(len(found.volunteer), np.uint64)
        np.add.at(mark, found.owner, self.mark[found.arc])
        _, first = np.unique(mark, return_index=True)
        fresh = np.zeros(len(mark), np.bool_)
        fresh[first] = True
        fresh &= ~np.isin(mark, self.known)
        number = np.cumsum(fresh) - 1 + len(self)
        held = fresh[found.owner]
        owner, arc = number[found.owner[held]], found.arc[held]
        self.known = np.append(self.known, mark[fresh])
        self.volunteer = np.append(self.volunteer, found.volunteer[fresh])
        self.owner, self.arc = np.append(self.owner, owner), np.append(self.arc, arc)
        shifts = np.bincount(self.owner, minlength=len(self))
        step = self.weeks.problem.policy.load_step
        load = shifts * self.weeks.first_load[self.volunteer] + step * (shifts * (shifts - 1) // 2)
        worth = np.bincount(self.owner, self.quality[self.arc], minlength=len(self))
        self.value = worth - load
        return int(fresh.sum())

    def add_singles(self, arc: c.Longs) -> int:
        """Take in the weeks of one service each, for those of the arcs that allow it alone."""
        problem, arcs = self.weeks.problem, self.weeks.arcs
        who, option = arcs.volunteer[arc], problem.slots.option[arcs.slot[arc]]
        minutes = problem.options.end[option] - problem.options.start[option]
        people = problem.volunteers
        fits = (minutes <= people.max_minutes[who]) & (people.max_shifts[who] > 0)
        arc = arc[fits & (people.max_shifts_per_day[who] > 0)]
        number = np.arange(len(arc))
        return self.add(Schedules(arcs.volunteer[arc], np.zeros(len(arc)), number, arc))

    def holds(self) -> sparse.csc_array:
        """Return which schedule holds which arc, shape (arcs, schedules)."""
        ones = np.ones(len(self.owner))
        shape = (len(self.weeks.arcs), len(self))
        return sparse.csc_array((ones, (self.arc, self.owner)), shape=shape)


class Generation:
    """The linear programme over all schedules, by way of few of them."""

    def __init__(self, problem: Problem, weeks: Weeks, quality: c.Longs, seed: int) -> None:
        self.problem, self.weeks, self.quality = problem, weeks, quality
        constraints = Constraints(problem, weeks.arcs)
        self.arc_option = constraints.arc_option
        self.rows = constraints.rows()
        self.first_link = len(self.rows.low)
        self.linked = ~self._can_be_partly_served(constraints)[self.arc_option]
        self.pool = Pool(weeks, quality, seed)

    def _can_be_partly_served(self, constraints: Constraints) -> c.Bools:
        """Tell at which options any single person is a team: there no arc needs a link."""
        problem = self.problem
        request = problem.options.request
        whole = problem.requests.min_people[request] > 1
        whole[problem.slots.option[constraints.needed > 0]] = True
        ruled = np.zeros(len(problem.requests), np.bool_)
        ruled[problem.team_rules.request] = True
        several = np.bincount(request, minlength=len(problem.requests)) > 1
        alone: c.Bools = ~(whole | ruled[request] | several[request])
        return alone

    def price(self, charge: c.Floats, above: c.Floats) -> Schedules:
        """Return schedules worth more than ``above`` when each arc is charged."""
        every = np.arange(len(self.weeks.arcs))
        reward = self.quality - charge
        return best_schedules(
            self.problem, self.weeks.arcs, every, reward, self.weeks.first_load, above, _AT_ONCE
        )

    def run(
        self, stop: Callable[[], bool], told: Callable[[float, float], None]
    ) -> tuple[Relaxed, float, c.Floats]:
        """Solve until nothing improves or it is time to stop: the last LP, the bound, its duals."""
        best, best_dual = np.inf, np.zeros(len(self.rows.low))
        while True:
            relaxed = self.relaxed()
            charge = self.rows.on_arc.T @ relaxed.dual
            above = np.maximum(relaxed.week, 0.0) + _IMPROVES
            found = self.price(charge, above)
            week = np.maximum(relaxed.week, 0.0) + _IMPROVES
            np.maximum.at(week, found.volunteer, found.value)
            bound = week.sum() + dual_value(self.rows, relaxed.dual)
            if bound < best:
                best, best_dual = bound, relaxed.dual
            told(relaxed.value, best)
            new = self.pool.add(found)
            links = self._link(relaxed)
            if (not new and not links) or stop():
                return relaxed, best, best_dual
            best_dual = np.append(best_dual, np.zeros(links))

    def relaxed(self) -> Relaxed:
        """Solve the linear programme over the schedules at hand."""
        rows, pool = self.rows, self.pool
        who, number = np.unique(pool.volunteer, return_inverse=True)
        per_person = sparse.csr_array(
            (np.ones(len(pool)), (number, np.arange(len(pool)))), shape=(len(who), len(pool))
        )
        matrix = sparse.hstack([rows.on_arc @ pool.holds(), rows.on_team], format="csr")
        equal, below = rows.low == rows.high, np.isfinite(rows.high) & (rows.low != rows.high)
        over = np.isfinite(rows.low) & ~equal
        none = sparse.csr_array((len(who), rows.on_team.shape[1]))
        person = sparse.hstack([per_person, none], format="csr")
        answer = linprog(
            -np.append(pool.value, rows.worth),
            A_ub=sparse.vstack([matrix[below], -matrix[over], person], format="csr"),
            b_ub=np.concatenate([rows.high[below], -rows.low[over], np.ones(len(who))]),
            A_eq=matrix[equal],
            b_eq=rows.low[equal],
            bounds=np.stack(
                [np.zeros(matrix.shape[1]), np.append(np.full(len(pool), np.inf), rows.most)], axis=1
            ),
            method="highs",
        )
        if answer.x is None:
            raise Unreachable(answer.message)
        dual = np.zeros(len(rows.low))
        marginal = -answer.ineqlin.marginals
        dual[below] = marginal[: below.sum()]
        dual[over] = -marginal[below.sum() : below.sum() + over.sum()]
        dual[equal] = -answer.eqlin.marginals
        week = np.zeros(len(self.problem.volunteers))
        week[who] = marginal[below.sum() + over.sum() :]
        served = answer.x[len(pool) : len(pool) + len(self.problem.options)]
        return Relaxed(answer.x[: len(pool)], served, -answer.fun, dual, week)

    def _link(self, relaxed: Relaxed) -> int:
        """Add the rows "an arc only where its option is served" that the solution breaks."""
        used = np.bincount(
            self.pool.arc, relaxed.taken[self.pool.owner[: len(self.pool.arc)]]
            if len(relaxed.taken) == len(self.pool)
            else np.append(relaxed.taken, np.zeros(len(self.pool) - len(relaxed.taken)))[
                self.pool.owner
            ],
            minlength=len(self.weeks.arcs),
        )
        broken = np.flatnonzero(self.linked & (used > relaxed.served[self.arc_option] + _WHOLE))
        many = len(broken)
        if many:
            number = np.arange(many)
            on_arc = sparse.csr_array((np.ones(many), (number, broken)), (many, len(used)))
            on_team = sparse.csr_array(
                (-np.ones(many), (number, self.arc_option[broken])),
                (many, self.rows.on_team.shape[1]),
            )
            self.rows = replace(
                self.rows,
                on_arc=sparse.vstack([self.rows.on_arc, on_arc], format="csr"),
                on_team=sparse.vstack([self.rows.on_team, on_team], format="csr"),
                low=np.append(self.rows.low, np.full(many, -np.inf)),
                high=np.append(self.rows.high, np.zeros(many)),
            )
        return many

    def whole(self, relaxed: Relaxed, seconds: float) -> c.Longs | None:
        """Return the arcs of a whole plan: what is whole stays, the rest is solved exactly."""
        rows, pool = self.rows, self.pool
        taken = np.append(relaxed.taken, np.zeros(len(pool) - len(relaxed.taken)))
        request = self.problem.slots.request[self.weeks.arcs.slot]
        options = self.problem.options
        loose = np.zeros(len(self.problem.requests), np.bool_)
        part = (relaxed.served > _WHOLE) & (relaxed.served < 1 - _WHOLE) & self._asks()
        loose[options.request[part]] = True
        partly = (taken > _WHOLE) & (taken < 1 - _WHOLE)
        loose[request[pool.arc[partly[pool.owner]]]] = True
        touched = np.bincount(pool.owner, loose[request[pool.arc]], minlength=len(pool)) > 0
        fixed = (taken >= 1 - _WHOLE) & ~touched
        settled = np.zeros(len(self.problem.volunteers), np.bool_)
        settled[pool.volunteer[fixed]] = True
        open_ = fixed | ~settled[pool.volunteer]
        low = np.concatenate([fixed[open_].astype(float), np.zeros(len(rows.worth))])
        high = np.concatenate([np.ones(int(open_.sum())), rows.most])
        matrix = sparse.hstack([(rows.on_arc @ pool.holds())[:, open_], rows.on_team], format="csr")
        who, number = np.unique(pool.volunteer[open_], return_inverse=True)
        person = sparse.csr_array(
            (np.ones(len(number)), (number, np.arange(len(number)))),
            shape=(len(who), matrix.shape[1]),
        )
        whole = np.zeros(matrix.shape[1])
        whole[: len(number) + len(options)] = 1
        answer = milp(
            -np.append(pool.value[open_], rows.worth),
            integrality=whole,
            bounds=Bounds(low, high),
            constraints=[
                LinearConstraint(matrix, rows.low, rows.high),
                LinearConstraint(person, -np.inf, 1),
            ],
            options={"time_limit": max(seconds, 0.1), "mip_rel_gap": 0.0},
        )
        if answer.x is None:
            return None
        chosen = np.flatnonzero(open_)[answer.x[: len(number)] > 0.5]
        return pool.arc[np.isin(pool.owner, chosen)]

    def _asks(self) -> c.Bools:
        """Tell which options stand for a choice of their own: elsewhere z is free to be anything."""
        asks = np.zeros(len(self.problem.options), np.bool_)
        asks[self.arc_option[self.linked]] = True
        return asks

    def prices(self, dual: c.Floats) -> Prices:
        """Read the prices off the duals: a slot's, and those of arcs with rows of their own."""
        problem, arcs = self.problem, self.weeks.arcs
        slots = len(problem.slots)
        slot = -dual[:slots]
        quota = np.zeros(len(problem.organisations))
        limited = np.flatnonzero(problem.organisations.max_seats < c.NO_LIMIT)
        rows = self.rows
        first_quota = self.first_link - len(problem.pins) - len(limited)
        quota[limited] = np.maximum(0.0, dual[first_quota : first_quota + len(limited)])
        charged = dual.copy()
        charged[first_quota : first_quota + len(limited)] = 0.0
        own = -(rows.on_arc.T @ charged)
        different = np.flatnonzero(np.abs(own - slot[arcs.slot]) > 1e-9)
        key = c.combine(arcs.volunteer[different], arcs.slot[different])
        return Prices(slot, quota, key, own[different])


class Unreachable(Exception):
    """No plan keeps every rule: something pinned cannot be kept."""


def dual_value(rows: Rows, dual: c.Floats) -> float:
    """Return the requests' and rows' part of the bound that any duals prove."""
    dual = np.where(np.isinf(rows.high), np.minimum(dual, 0.0), dual)
    dual = np.where(np.isinf(rows.low), np.maximum(dual, 0.0), dual)
    limit = np.where(dual > 0, rows.high, rows.low)
    of_rows = float((dual[dual != 0] * limit[dual != 0]).sum())
    left = rows.worth - rows.on_team.T @ dual
    return of_rows + float((np.maximum(left, 0.0) * rows.most).sum())
