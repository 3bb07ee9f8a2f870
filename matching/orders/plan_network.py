"""A plan in force under network rules: after whatever happens, the best one less what changes cost.

The costs of changes stand on the edges of the flow: those of arcs, and those of a volunteer's
services beyond as many as there were. So the flow is the optimum of value less costs, and its
potentials prove it; see `matching.flow.kernel`. What has to stay is worth more than anything else.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from matching.arcs.eligibility import Arcs
from matching.arcs.value import quality, seat_value
from matching.bounds.prices import Prices
from matching.bounds.pricing import Weeks
from matching.flow.capacities import build
from matching.flow.residual import Residual
from matching.orders.change_costs import Before, ChangeCosts
from matching.problem import Problem
from matching.problem import columns as c

_NONE = -1


class PlanNetwork:
    """The flow of a week with a plan in force.

    Parameters
    ----------
    problem : Problem
        Its rules are those of the network.
    arcs : Arcs
    costs : ChangeCosts
    settled : bool array, shape (arcs,)
        What stays: it is past, running, pinned or accepted.
    open : bool array, shape (arcs,)
        What may be in a plan at all.
    now : int or None
        The minute of the week.

    Attributes
    ----------
    costs : ChangeCosts
        As they are now.
    """

    def __init__(
        self,
        problem: Problem,
        arcs: Arcs,
        costs: ChangeCosts,
        settled: c.Bools,
        open: c.Bools,
        now: int | None,
    ) -> None:
        self.problem, self.arcs, self.costs, self.settled = problem, arcs, costs, settled.copy()
        self.now = now
        self.quality = quality(problem, arcs)
        weeks = Weeks(problem, arcs)
        self.staying = staying_worth(problem, self.quality, weeks, costs)
        network = build(
            problem, arcs, self.worth(slice(None)), weeks.clusters, weeks.first_load, open,
            every=True,
        )  # fmt: skip
        shifts = network.shift_edges
        first, of = c.numbered(network.head[shifts])
        # By volunteer: the first edge of their services, and how many there are.
        self.first_shift, self.shifts = np.full((2, len(problem.volunteers)), _NONE)
        who = (
            network.volunteer[network.head[shifts][first] - network.volunteer_node[0]]
            if len(first)
            else np.empty(0, np.int32)
        )
        self.first_shift[who] = first + shifts.start
        self.shifts[who] = np.bincount(of, minlength=len(first))
        self.shift_cost = network.cost[shifts].astype(np.int64)
        self.shifts_start = shifts.start
        nth = np.arange(len(of)) - first[of]
        beyond = nth >= costs.allowance[who][of]
        network.cost[shifts] += (costs.step * beyond).astype(network.cost.dtype)
        self.first_seat = network.arc_edges.stop + np.append(0, np.cumsum(problem.posts.seats))
        self.residual = Residual(network)
        # From what an arc costs now, the bonus of a service that stays may come off, and the cost
        # of one that is given at short notice.
        self.residual.leave_room(costs.step + 2 * costs.soon)
        self.edge = np.full(len(arcs), _NONE)
        rows = self.residual.network.arc_edges
        self.edge[self.residual.arc] = np.arange(rows.start, rows.stop)

    def worth(self, rows: c.Longs | slice) -> c.Longs:
        """Return what some arcs are worth, changes and what has to stay included."""
        worth: c.Longs = self.quality[rows] + self.costs.bonus(rows)
        return worth + self.staying * self.settled[rows]

    @property
    def chosen(self) -> c.Longs:
        """The arcs of the best plan, sorted."""
        return np.sort(self.residual.chosen)

    def net(self, chosen: c.Longs) -> int:
        """Return the value less what changes cost; no plan that keeps as much has more."""
        kept = int(self.settled[chosen].sum())
        return -int(self.residual.graph.total[0]) - self.staying * kept - self.costs.constant

    def close(self, arcs: c.Longs) -> None:
        """Let nobody serve on these arcs any more."""
        self.settled[arcs] = False
        for edge in self.edge[arcs][self.edge[arcs] != _NONE].tolist():
            self.residual.change(edge, capacity=0)

    def call_off(self, requests: c.Longs) -> None:
        """Close requests that are not wanted any more: whoever serves there has to be told."""
        if not len(requests):
            return
        gone = np.zeros(len(self.problem.requests), np.bool_)
        gone[requests] = True
        posts = np.flatnonzero(gone[self.problem.posts.request])
        seats = c.ranges(self.first_seat[posts], np.diff(self.first_seat)[posts])
        for edge in seats.tolist():
            self.residual.change(edge, capacity=0)
        here = gone[self.problem.slots.request[self.arcs.slot]]
        self.settled &= ~here
        # Their services stay counted, and told: so the costs know of them, and no arc goes on.
        self.costs = replace(self.costs, in_force=self.costs.in_force & ~here)

    def settle(self, arcs: c.Longs) -> None:
        """Let services of the plan stay whatever happens."""
        fresh = arcs[~self.settled[arcs]]
        self.settled[fresh] = True
        self._recost(fresh)

    def stand(self, arcs: c.Longs, now: int | None) -> None:
        """Let these arcs, which are those of the best plan, be in force; what began is as it is."""
        options, is_later = self.problem.options, now != self.now
        option = self.problem.slots.option[self.arcs.slot[arcs]]
        before = Before(self.arcs.volunteer[arcs], options.start[option], options.end[option], arcs)
        is_soon = None if is_later else self.costs.is_soon
        old, self.costs = self.costs, ChangeCosts.of(self.problem, self.arcs, before, now, is_soon)
        if now is not None and is_later:
            begun = (options.start <= now)[self.problem.slots.option[self.arcs.slot]]
            # Nobody serves there, so nothing is to be repaired.
            idle = np.flatnonzero(begun & ~old.in_force & (self.edge != _NONE))
            self.residual.graph.capacity[self.edge[idle]] = 0
            self.settle(arcs[begun[arcs]])
        self._recost(old.other_than(self.costs))
        self._recost_shifts(np.flatnonzero(old.allowance != self.costs.allowance))
        self.now = now

    def agree(self, arcs: c.Longs, quality: c.Longs) -> None:
        """Let services of the plan that were accepted stay, and fit as well as they do now."""
        self.quality[arcs] = quality
        self.settled[arcs] = True
        self._recost(arcs)

    def prices(self) -> Prices:
        """Return what seats are worth, as far as a flow with these costs can say."""
        price, of_quota = self.residual.prices()
        quota = np.zeros(len(self.problem.organisations))
        quota[self.residual.network.quota] = of_quota
        return Prices(price[self.problem.slots.post].astype(np.float64), quota)

    def _recost(self, arcs: c.Longs) -> None:
        arcs = arcs[self.edge[arcs] != _NONE]
        self.residual.change_costs(self.edge[arcs], -self.worth(arcs))

    def _recost_shifts(self, who: c.Longs) -> None:
        who = who[self.first_shift[who] != _NONE]
        edges = c.ranges(self.first_shift[who], self.shifts[who])
        nth = c.ranges(np.zeros_like(who), self.shifts[who])
        beyond = nth >= np.repeat(self.costs.allowance[who], self.shifts[who])
        cost = self.shift_cost[edges - self.shifts_start] + self.costs.step * beyond
        self.residual.change_costs(edges, cost)


def staying_worth(problem: Problem, quality: c.Longs, weeks: Weeks, costs: ChangeCosts) -> int:
    """Return more than anything could gain by taking the place of one service that stays."""
    posts = problem.posts
    some = np.flatnonzero(posts.seats > 0).astype(np.int32)
    most = seat_value(problem, some, np.ones_like(some)) * posts.seats[some].astype(np.int64)
    of_request = np.bincount(posts.request[some], most, minlength=1)
    seat = of_request.max(initial=0) + problem.requests.bonus.max(initial=0)
    load = weeks.first_load.max(initial=0) + problem.policy.load_first
    load += problem.policy.load_step * int(problem.volunteers.max_shifts.max(initial=0))
    fit = np.abs(quality).max(initial=0)
    return 8 * int(seat + fit + load + costs.step + 2 * costs.soon + 1)
