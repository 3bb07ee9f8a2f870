"""What a peer answers: a plan, and what it says is the most that any plan is worth."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from matching import Plan, audit
from matching.arcs.eligibility import Arcs
from matching.problem import Problem
from matching.problem.columns import Bools, Ints, Longs


class Proposal(NamedTuple):
    """Plan and bound; the bound is None where the method proves nothing."""

    plan: Plan
    bound: float | None = None


class NoPlan(Exception):
    """The peer has no plan; the text says why."""


def of_arcs(arcs: Arcs, chosen: Ints | Longs | Bools) -> Plan:
    """Return the plan in which the chosen arcs are taken."""
    return Plan(arcs.volunteer[chosen], arcs.slot[np.asarray(chosen)])


def of_network(problem: Problem, arcs: Arcs, flow: Longs | Bools) -> Plan:
    """Return the plan of the arcs that a network's flow takes.

    Raises
    ------
    NoPlan
        If it breaks a rule, which then is no network's.
    """
    plan = of_arcs(arcs, flow > 0)
    broken = audit.violations(problem, plan)["rule"].unique().sort().to_list()
    if broken:
        raise NoPlan(f"these rules are no network's: {', '.join(broken)}")
    return plan
