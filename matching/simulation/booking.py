"""A week of offers: who was asked, who agreed, and who may be asked today."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from matching.arcs.eligibility import eligible
from matching.bounds.pricing import Weeks
from matching.problem import Problem
from matching.problem import columns as c
from matching.problem.part import of_requests
from matching.problem.plan import Plan
from matching.schema import STATUSES
from matching.simulation.turns import in_turn

_PINNED, _DECLINED = STATUSES.index("pinned"), STATUSES.index("declined")


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
        self.orders, self.arrived = orders, arrived
        self.order = c.combine(age, orders)[self.request]
        self.clusters = Weeks(problem, arcs).clusters
        self.day = problem.options.day[slots.option[arcs.slot]]
        # Nobody is asked twice for the same order.
        self.of_both = c.numbered(c.combine(arcs.volunteer, self.request))[1]
        self.asked, self.agreed = np.zeros((2, len(arcs)), np.bool_)
        self.offers = np.zeros(len(problem.volunteers), np.int64)

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

    def of_day(self, day: int, may: c.Bools) -> tuple[Problem, c.Longs]:
        """Return the problem as it stands on a day, and the number of each of its slots here.

        Who agreed is pinned, who was asked has declined, and nobody is given more than one more.
        """
        problem, known = self.problem, self.known(day)
        part = of_requests(problem, np.flatnonzero(known))
        post = np.full(len(problem.posts), -1, np.int32)
        post[np.flatnonzero(known[problem.posts.request])] = np.arange(len(part.posts))
        shifts, people = self.shifts, problem.volunteers
        more = np.minimum(people.max_shifts, shifts + may)
        answered = np.flatnonzero(self.asked | self.agreed)
        status = np.where(self.agreed[answered], _PINNED, _DECLINED).astype(np.int32)
        earlier = c.Earlier(
            volunteer=self.arcs.volunteer[answered],
            post=post[self.post[answered]],
            option=np.full(len(answered), -1, np.int32),
            status=status,
            row=np.arange(len(answered), dtype=np.int32),
        )
        return (
            replace(
                part,
                volunteers=replace(people, max_shifts=more.astype(np.int32)),
                earlier=earlier.sorted(),
            ),
            np.flatnonzero(known[problem.slots.request]),
        )

    def plan(self) -> Plan:
        """Return what is agreed."""
        rows = np.flatnonzero(self.agreed)
        return Plan(self.arcs.volunteer[rows], self.arcs.slot[rows])
