"""A plan in force under all rules: what changed is planned anew, and as much around it as it takes.

Small weeks are one integer programme. Of others the orders that lost somebody, or are new, are
planned with those that their possible helpers serve, as another; all else stays. The bound is that
of prices, any prices, for value less the costs of changes: each volunteer's best week counts them.
"""

from __future__ import annotations

import time
from copy import copy
from dataclasses import dataclass

import numpy as np

from matching.arcs.eligibility import Arcs
from matching.arcs.value import quality
from matching.bounds.certificate import best_weeks, rest_of_bound, reward
from matching.bounds.labelling import never
from matching.bounds.prices import Prices
from matching.bounds.pricing import Weeks
from matching.errors import UsageError
from matching.flow.relaxation import relax
from matching.orders.change_costs import ChangeCosts
from matching.orders.plan_network import staying_worth
from matching.problem import Problem
from matching.problem import columns as c
from matching.solvers.column_generation.constraints import Constraints
from matching.solvers.column_generation.linking import VolunteerOptions, with_every_cut
from matching.solvers.column_generation.rows import Rows
from matching.solvers.neighbourhoods.repair import repair
from matching.solvers.subproblems.roster_constraints import Dearer
from matching.solvers.subproblems.subproblem import (
    MAX_LINKS_PER_OPTION,
    Subproblem,
    SubproblemBuilder,
)

# Where there are no more, all is one programme.
_MAX_ARCS_FOR_ALL = 10_000
# Of larger ones, so many rings at most are planned anew, with so many requests; the best so many
# people for each slot count, and the search tree has so many nodes.
_ROUNDS, _MAX_REQUESTS, _ARCS_PER_SLOT, _NODES = 3, 400, 40, 2_000
_LEAST_SECONDS = 1.0


@dataclass(frozen=True)
class Found:
    """A plan and what bounds it.

    Attributes
    ----------
    chosen : int64 array
        Its arcs, sorted.
    bound : float
        No plan that keeps as much of what has to stay is worth more, less what its changes cost.
    """

    chosen: c.Longs
    bound: float


class SubPlans:
    """Plans parts of a week anew.

    Parameters
    ----------
    problem : Problem
    arcs : Arcs
        Those that may be in a plan.
    costs : ChangeCosts
        Of these arcs.
    settled : bool array, shape (arcs,)
        What stays.
    time_limit : float
        Seconds.
    """

    def __init__(
        self,
        problem: Problem,
        arcs: Arcs,
        costs: ChangeCosts,
        settled: c.Bools,
        time_limit: float,
    ) -> None:
        self.problem, self.arcs, self.costs, self.settled = problem, arcs, costs, settled
        self.ends = time.perf_counter() + time_limit
        self.weeks = Weeks(problem, arcs)
        self.quality = quality(problem, arcs)
        self.staying = staying_worth(problem, self.quality, self.weeks, costs)
        self.worth = self.quality + costs.bonus() + self.staying * settled
        constraints = Constraints(problem, arcs)
        self.rows = constraints.rows()
        self.needs_link = ~constraints.any_volunteer_suffices()
        self.pairs = VolunteerOptions(arcs.volunteer, constraints.arc_option, self.needs_link)
        # Each service of whoever had none is one more.
        first = self.weeks.first_load + costs.step * (costs.allowance == 0)
        self.gain: c.Floats = (self.worth - first[arcs.volunteer]).astype(np.float64)
        self.dearer = Dearer(costs.allowance, costs.step)

    @property
    def seconds_left(self) -> float:
        """How much time there is."""
        return max(0.0, self.ends - time.perf_counter())

    def prices(self) -> Prices:
        """Return those of the flow, which overlooks rules."""
        return relax(self.problem, self.weeks, self.worth).prices

    def find(self, touched: c.Longs, prices: Prices) -> Found:
        """Find the best plan that is near.

        Parameters
        ----------
        touched : int64 array
            The requests that have changed, or lost somebody.
        prices : Prices
            Those of the plan in force, or any others.

        Raises
        ------
        UsageError
            If no plan keeps what is pinned.
        """
        if len(self.arcs) <= _MAX_ARCS_FOR_ALL:
            chosen, bound = self._all()
        else:
            chosen, bound = self._around(touched), np.inf
        return Found(chosen, min(bound, self.bound(prices, chosen)))

    def bound(self, prices: Prices, chosen: c.Longs) -> float:
        """Return what no plan that keeps as much as this one is worth, less its costs.

        What somebody costs who had ``k`` services and has ``n``, of which some are kept, is at
        least the step times ``k`` less those kept, and at least ``n`` less those kept: the best
        week under either is a bound, and the smaller one counts.
        """
        problem, costs = self.problem, self.costs
        kept = np.zeros(len(self.arcs), np.bool_)
        kept[chosen] = True
        worth = self.worth - self.staying * (self.settled & ~kept)
        rewards = reward(problem, self.arcs, worth, prices)
        weeks = copy(self.weeks)
        weeks.first_load = weeks.first_load + costs.step
        each = best_weeks(weeks, rewards)
        had = np.flatnonzero(costs.allowance > 0)
        rows = np.flatnonzero(costs.allowance[self.arcs.volunteer] > 0)
        free = best_weeks(Weeks(problem, self.arcs.take(rows)), rewards[rows])
        each[had] = np.minimum(each[had] + costs.step * costs.allowance[had], free[had])
        total = float(each.sum()) + rest_of_bound(problem, self.arcs, prices)
        return self._less_constants(total, chosen)

    def _less_constants(self, objective: float, chosen: c.Longs) -> float:
        """Return a bound on value less costs, from one on what a programme maximises."""
        return objective - self.costs.constant - self.staying * int(self.settled[chosen].sum())

    def _all(self) -> tuple[c.Longs, float]:
        """Solve all of it as one programme."""
        rows = with_every_cut(self.rows, self.pairs, MAX_LINKS_PER_OPTION)
        builder = self._builder(rows, np.zeros_like(self.needs_link))
        everything = np.arange(len(self.arcs))
        subproblem = builder.build(
            np.arange(len(self.problem.requests)),
            everything,
            self.gain,
            joint_capacity=builder.limit,
        )
        chosen, bound = self._solved(subproblem)
        return chosen, self._less_constants(bound, chosen)

    def _around(self, touched: c.Longs) -> c.Longs:
        """Solve the requests that were touched with those around them, ring by ring."""
        arcs = self.arcs
        before = np.flatnonzero(self.costs.in_force)
        chosen = repair(self.problem, self.weeks, self.worth, before)
        request = self.problem.slots.request[arcs.slot]
        touched = np.union1d(touched, request[np.setdiff1d(before, chosen)])
        builder = self._builder(self.rows, self.needs_link)
        for _ in range(_ROUNDS):
            if not len(touched) or not self.seconds_left:
                break
            after = self._replanned(builder, chosen, touched)
            moved = np.setxor1d(after, chosen)
            chosen = after
            fresh = np.setdiff1d(request[moved], touched)
            if not len(fresh):
                break
            touched = np.union1d(touched, fresh)
        return chosen

    def _replanned(self, builder: SubproblemBuilder, chosen: c.Longs, touched: c.Longs) -> c.Longs:
        """Return a plan in which some requests, and those around them, are planned anew."""
        arcs = self.arcs
        request = self.problem.slots.request[arcs.slot]
        served = np.zeros(len(arcs), np.bool_)
        served[chosen] = True
        near = self._closest(builder.arcs_of.of(touched), served)
        helpers = np.unique(arcs.volunteer[near])
        theirs = chosen[np.isin(arcs.volunteer[chosen], helpers)]
        requests = np.union1d(touched, request[theirs])
        if len(requests) > _MAX_REQUESTS:
            requests = touched
        inside = self._closest(builder.arcs_of.of(requests), served)
        people = np.union1d(helpers, arcs.volunteer[inside])
        inside = inside[np.isin(arcs.volunteer[inside], people)]
        old = chosen[np.isin(arcs.volunteer[chosen], people)]
        elsewhere = old[~np.isin(request[old], requests)]
        arc = np.union1d(inside, elsewhere)
        room = builder.limit - builder.used(chosen) + builder.used(old)
        subproblem = builder.build(
            np.sort(requests), arc, self.gain[arc], joint_capacity=room
        ).fixing(elsewhere)
        start = subproblem.start(self.problem, arcs, np.intersect1d(old, arc))
        found, _ = self._solved(subproblem, start, nodes=_NODES)
        return np.union1d(np.setdiff1d(chosen, old), found)

    def _closest(self, arc: c.Longs, served: c.Bools) -> c.Longs:
        """Return the arcs of the plan and the best of each slot, sorted."""
        slot = self.arcs.slot[arc]
        order = np.lexsort((-self.gain[arc], ~served[arc], slot))
        rank = c.ranges(
            np.zeros(len(np.unique(slot)), np.int64), np.unique(slot, return_counts=True)[1]
        )
        best = arc[order][(rank < _ARCS_PER_SLOT) | served[arc[order]]]
        return np.sort(best)

    def _builder(self, rows: Rows, needs_link: c.Bools) -> SubproblemBuilder:
        return SubproblemBuilder(
            self.problem, self.arcs, rows, needs_link, self.pairs.of_arc, self.dearer
        )

    def _solved(
        self,
        subproblem: Subproblem,
        start: tuple[c.Longs, c.Floats] | None = None,
        nodes: int | None = None,
    ) -> tuple[c.Longs, float]:
        """Return the arcs of a programme's best solution, and its bound."""
        # No plan misses a pin.
        subproblem = subproblem.dropping_services(len(self.rows.value) - len(self.problem.pins))
        while True:
            result = subproblem.mip.solve(
                max(self.seconds_left, _LEAST_SECONDS), 0.0, never, nodes=nodes, start=start
            )
            if result.x is None:
                raise UsageError(_impossible(self.problem, result.proved))
            chosen = subproblem.selected(result.x)
            # The roster constraints allow a little too much: the pricing oracle has the last word.
            wrong = self.weeks.infeasible_rosters(chosen)
            if not len(wrong):
                return chosen, result.bound
            subproblem = subproblem.without(wrong, self.arcs.volunteer[wrong])


def _impossible(problem: Problem, proved: bool) -> str:
    """Say that there is no plan, and why."""
    if not proved:
        return "no plan was found in time: give it more seconds (--time-limit)"
    posts = problem.posts.request[problem.pins.post]
    pinned = ", ".join(problem.requests.id.gather(posts).unique().sort()[:5])
    return (
        "no plan keeps every pin and every rule any more; take the pins out of assignments that "
        f"cannot stay: look at {pinned}"
    )
