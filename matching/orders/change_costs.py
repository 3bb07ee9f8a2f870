"""What it costs to change a plan in force, as costs of arcs and of further services.

Somebody who loses some services and gets others is told of as many changes as the larger of the
two numbers: what is lost and given in its place is one move. With ``k`` services before and ``n``
after, of which ``kept`` are the same, that is ``max(k, n) - kept``: a bonus for each service that
stays, a cost for each beyond the ``k``-th, and a constant. So it fits on a network as on an integer
programme.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from matching.arcs.eligibility import Arcs
from matching.problem import Problem
from matching.problem import columns as c


@dataclass(frozen=True, eq=False)
class Before:
    """The services of a plan in force, of which their people have to be told if they change.

    What somebody has taken back themselves is not among them.

    Attributes
    ----------
    volunteer : int32 array, shape (services,)
    start, end : int32 arrays, shape (services,)
        Minutes of the week.
    arc : int64 array, shape (services,)
        The arc that it can go on as; -1 where it cannot.
    """

    volunteer: c.Ints
    start: c.Ints
    end: c.Ints
    arc: c.Longs


@dataclass(frozen=True, eq=False)
class ChangeCosts:
    """The costs of leaving a plan in force.

    Attributes
    ----------
    step : int
        Of each change to a person: `policy.change_cost`.
    soon : int
        Of each service, beyond that, which is lost or given at short notice.
    in_force : bool array, shape (arcs,)
        What the plan in force holds.
    is_soon : bool array, shape (arcs,)
        What starts at short notice.
    charged : bool array, shape (arcs,)
        What costs ``soon`` if it is given: not where its hours are those of a service that
        the volunteer loses at short notice; these hours are paid for.
    allowance : int64 array, shape (volunteers,)
        How many services each had in the plan in force.
    constant : int
        What it would cost that nobody did anything any more.
    """

    step: int
    soon: int
    in_force: c.Bools
    is_soon: c.Bools
    charged: c.Bools
    allowance: c.Longs
    constant: int

    @classmethod
    def of(
        cls,
        problem: Problem,
        arcs: Arcs,
        before: Before,
        now: int | None,
        is_soon: c.Bools | None = None,
    ) -> ChangeCosts:
        """Find the costs of leaving what was before, at a minute of the week.

        Which arcs start at short notice may be known.
        """
        policy = problem.policy
        in_force = np.zeros(len(arcs), np.bool_)
        in_force[before.arc[before.arc >= 0]] = True
        if is_soon is None:
            is_soon = at_short_notice(problem, problem.options.start, now)[
                problem.slots.option[arcs.slot]
            ]
        hurried = at_short_notice(problem, before.start, now)
        rows = np.flatnonzero(hurried)
        charged = is_soon & ~in_force
        charged[_meeting(problem, arcs, before, rows)] = False
        allowance = np.bincount(before.volunteer, minlength=len(problem.volunteers))
        step, soon = policy.change_cost, policy.short_notice_cost
        constant = step * len(before.volunteer) + soon * len(rows)
        return cls(step, soon, in_force, is_soon, charged, allowance.astype(np.int64), constant)

    def bonus(self, rows: c.Longs | slice = slice(None)) -> c.Longs:
        """Return what some arcs gain or lose by the costs."""
        kept = self.step + self.soon * self.is_soon[rows].astype(np.int64)
        charged = self.soon * self.charged[rows].astype(np.int64)
        return np.where(self.in_force[rows], kept, -charged)

    def of_plan(self, arcs: Arcs, chosen: c.Longs) -> int:
        """Return what a plan costs, given its arcs."""
        n = np.bincount(arcs.volunteer[chosen], minlength=len(self.allowance))
        further = int(np.maximum(n - self.allowance, 0).sum())
        return self.constant + self.step * further - int(self.bonus(chosen).sum())

    def other_than(self, costs: ChangeCosts) -> c.Longs:
        """Return the arcs whose bonus may be another under other costs."""
        differs = self.in_force != costs.in_force
        differs |= self.charged != costs.charged
        differs |= self.is_soon != costs.is_soon
        return np.flatnonzero(differs)

    def take(self, rows: c.Longs | c.Bools) -> ChangeCosts:
        """Return the costs of some arcs."""
        names = ("in_force", "is_soon", "charged")
        return replace(self, **{name: getattr(self, name)[rows] for name in names})


def at_short_notice(problem: Problem, start: c.Ints, now: int | None) -> c.Bools:
    """Tell which starts lie between now and the end of `policy.short_notice_hours`."""
    if now is None:
        return np.zeros(len(start), np.bool_)
    latest = now + 60 * problem.policy.short_notice_hours
    soon: c.Bools = (start > now) & (start < latest)
    return soon


def _meeting(problem: Problem, arcs: Arcs, before: Before, rows: c.Longs) -> c.Longs:
    """Return the arcs that overlap one of these services of their volunteer."""
    who = before.volunteer[rows]
    first = np.searchsorted(arcs.volunteer, who)
    count = np.searchsorted(arcs.volunteer, who, "right") - first
    arc, of = c.ranges(first, count), np.repeat(rows, count)
    option = problem.slots.option[arcs.slot[arc]]
    meets = problem.options.start[option] < before.end[of]
    meets &= problem.options.end[option] > before.start[of]
    return arc[meets]
