"""What a peer answers: a plan, and what it says is the most that any plan is worth."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from matching import Plan
from matching.arcs.eligibility import Arcs
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
