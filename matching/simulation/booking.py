"""A week of offers: who was asked, who agreed, and who may be asked today."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from matching.arcs.eligibility import eligible
from matching.arcs.value import quality
from matching.bounds.pricing import Weeks
from matching.errors import UsageError
from matching.flow.relaxation import relax
from matching.policy import Policy
from matching.problem import Problem
from matching.problem import columns as c
from matching.problem.plan import Plan
from matching.simulation.turns import in_turn


class Booking:
    """The week's pairs, and what has become of each.

    Attributes
    ----------
    problem : Problem
    arcs : Arcs
        Every eligible pair.
    order : int64 array, shape (arcs,)
        A number of each pair's order, another each time that it is ordered again.
    asked, agreed : bool arrays, shape (arcs,)
        An offer, or a look at the menu, and a yes.
    offers : int64 array, shape (volunteers,)
        Had this week.
    """

    def __init__(
        self, problem: Problem, orders: c.Longs, age: c.Ints, arrived: c.Ints, workers: int
    ) -> None:
        self.problem = problem
        self.arcs = eligible(problem, workers)
        arcs, slots = self.arcs, problem.slots
        self.post, self.request = slots.post[arcs.slot], slots.request[arcs.slot]
        self.orders, self.age, self.arrived = orders, age, arrived
        self.order = c.combine(age, orders)[self.request]
        self.clusters = Weeks(problem, arcs).clusters
        self.day = problem.options.day[slots.option[arcs.slot]]
        # Nobody is asked twice for the same order.
        self.of_both = c.numbered(c.combine(arcs.volunteer, self.request))[1]
        self.asked, self.agreed = np.zeros((2, len(arcs)), np.bool_)
        self.offers = np.zeros(len(problem.volunteers), np.int64)
        self.qualities: dict[Policy, c.Longs] = {}
        if not self.clusters.tree.all():
            raise UsageError(
                "travel, rest or hours can bind between two services of one volunteer, and the "
                "simulation knows network rules alone; see matching generate --rules network"
            )

    @property
    def left(self) -> c.Longs:
        """Seats left at each post."""
        filled = np.bincount(self.post[self.agreed], minlength=len(self.problem.posts))
        return self.problem.posts.seats - filled

    @property
    def shifts(self) -> c.Longs:
        """Services that each volunteer has agreed to."""
        who = self.arcs.volunteer[self.agreed]
        return np.bincount(who, minlength=len(self.problem.volunteers))

    def known(self, day: int) -> c.Bools:
        """Tell which requests have arrived by a day."""
        known: c.Bools = self.arrived <= day
        return known

    def open(self, day: int) -> c.Bools:
        """Tell which pairs could still be: known, with a seat, a shift and the time left."""
        people, who = self.problem.volunteers, self.arcs.volunteer
        rows = self.agreed
        today = c.combine(who, self.day)
        many = np.unique(today[rows], return_counts=True)
        at = c.lookup(many[0], today)
        daily = np.where(at >= 0, many[1][at] if len(many[1]) else 0, 0)
        busy = np.zeros(len(self.clusters.begin), np.bool_)
        busy[self.clusters.of_arc[rows]] = True
        refused = np.zeros(int(self.of_both.max(initial=-1)) + 1, np.bool_)
        refused[self.of_both[self.asked]] = True
        open_: c.Bools = (
            self.known(day)[self.request]
            & (self.left[self.post] > 0)
            & (self.shifts[who] < people.max_shifts[who])
            & (daily < people.max_shifts_per_day[who])
            & ~busy[self.clusters.of_arc]
            & ~refused[self.of_both]
        )
        return open_

    def may_be_asked(self) -> c.Bools:
        """Tell who may have another offer this week."""
        may: c.Bools = self.offers < self.problem.volunteers.max_offers
        return may

    def quota(self) -> c.Longs:
        """Return the seats left to each organisation in this week."""
        tree, quota = self.problem.organisations, self.problem.organisations.max_seats
        left = quota.astype(np.int64)
        at = self.problem.volunteers.organisation[self.arcs.volunteer[self.agreed]]
        while len(at := at[at >= 0]):
            left -= np.bincount(at, minlength=len(left))
            at = tree.parent[at]
        return left

    def take_in_turn(self, pairs: c.Longs, free: c.Bools, each: int = 1) -> c.Longs:
        """Return, of pairs in order, those that are left when their turn comes; one a volunteer."""
        people, tree = self.problem.volunteers, self.problem.organisations
        taken = in_turn(
            self.arcs.volunteer[pairs],
            self.post[pairs],
            each * self.left,
            free.copy(),
            people.organisation,
            tree.parent,
            each * self.quota(),
        )
        left: c.Longs = pairs[taken]
        return left

    def best(self, policy: Policy, recent_hours: c.Floats, free: c.Bools, day: int) -> c.Longs:
        """Return the pairs that the best plan of all that is known adds to what is agreed.

        It is the flow of `matching.solve`, over the pairs that are left: the optimum, since all
        rules are those of a network.

        Parameters
        ----------
        policy : Policy
        recent_hours : float64 array, shape (volunteers,)
        free : bool array, shape (volunteers,)
            Who may be given one more service; the others are given none.
        day : int
        """
        shifts, people = self.shifts, self.problem.volunteers
        more = np.minimum(people.max_shifts, shifts + free).astype(np.int32)
        requests = self.problem.requests
        priority = requests.priority + policy.age_priority * self.age
        problem = replace(
            self.problem.under(policy),
            volunteers=replace(people, max_shifts=more, recent_hours=recent_hours),
            requests=replace(requests, priority=priority),
        )
        rows = np.flatnonzero(self.agreed | (self.open(day) & free[self.arcs.volunteer]))
        arcs = self.arcs.take(rows)
        pinned = np.flatnonzero(self.agreed[rows])
        flow = relax(problem, Weeks(problem, arcs), self._quality(policy)[rows], pinned=pinned)
        chosen = np.sort(rows[flow.chosen])
        added: c.Longs = chosen[~self.agreed[chosen]]
        return added

    def _quality(self, policy: Policy) -> c.Longs:
        if policy not in self.qualities:
            self.qualities[policy] = quality(self.problem.under(policy), self.arcs)
        return self.qualities[policy]

    def plan(self) -> Plan:
        """Return what is agreed."""
        rows = np.flatnonzero(self.agreed)
        return Plan(self.arcs.volunteer[rows], self.arcs.slot[rows])
