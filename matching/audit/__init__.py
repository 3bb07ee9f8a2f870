"""The judge: which rules a plan breaks and what it is worth, read anew from problem and plan.

Nothing here is shared with what makes plans: an error in one cannot hide in the other. A new rule
is a function and a line in `RULES` of the module of its kind: `pair_rules`, `week_rules`, ...
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Literal, NamedTuple

import polars as pl

from matching.audit import edge_rules, pair_rules, team_rules, values, week_rules
from matching.audit.findings import NOTHING
from matching.audit.services import services_of
from matching.guards.doors import door
from matching.problem import Problem
from matching.problem.plan import Plan

__all__ = ["RULES", "Rule", "value", "violations"]


class Rule(NamedTuple):
    """A rule: its name, what it demands, what it is about, and how to find what breaks it."""

    name: str
    sentence: str
    about: Literal["pair", "week", "team"]
    find: Callable[[Problem, pl.DataFrame], pl.DataFrame]


RULES: tuple[Rule, ...] = (
    *(Rule(find.__name__, text, "pair", find) for find, text in pair_rules.RULES),
    *(Rule(find.__name__, text, "pair", find) for find, text in edge_rules.RULES),
    *(Rule(find.__name__, text, "week", find) for find, text in week_rules.RULES),
    *(Rule(find.__name__, text, "team", find) for find, text in team_rules.RULES),
)


@door
def violations(problem: Problem, plan: object) -> pl.DataFrame:
    """Return everything in a plan that breaks a rule; no rows if it keeps them all.

    Parameters
    ----------
    problem : Problem
    plan : Plan, Result, polars.DataFrame or Mapping
        Rows in any order; see `Plan.of`. A row that repeats breaks a rule and is then judged once.

    Returns
    -------
    polars.DataFrame
        ``rule`` (a name of `RULES`, in their order), ``request_id``, ``post``, ``option`` and
        ``volunteer_id`` as far as the violation is about them, and ``detail``, a sentence with the
        numbers: times local, distances in km.

    Raises
    ------
    UsageError
        If there is no plan in what was given, or it names an index that the problem does not have.
    DataError
        If its table names a volunteer, request, post or option that the problem does not have.
    """
    return violations_of(problem, Plan.of(problem, plan), [rule.name for rule in RULES])


def violations_of(problem: Problem, plan: Plan, rules: Collection[str]) -> pl.DataFrame:
    """Return the `violations` of the named rules alone."""
    services = services_of(problem, plan)
    found = {rule.name: rule.find(problem, services) for rule in RULES if rule.name in rules}
    broken = [
        rows.select(pl.lit(name).alias("rule"), pl.all())
        for name, rows in found.items()
        if rows.height
    ]
    return pl.concat([NOTHING, *broken])


@door
def value(problem: Problem, plan: object) -> int:
    """Return the value of a plan: its seats and bonuses, how well people fit, less their load.

    Parameters
    ----------
    problem : Problem
    plan : Plan, Result, polars.DataFrame or Mapping
        Rows in any order; see `Plan.of`. A row that repeats counts once.

    Returns
    -------
    int
        In the policy's units of value; 0 for the empty plan. It means something only if the plan
        keeps the rules.

    Raises
    ------
    UsageError
        If there is no plan in what was given, or it names an index that the problem does not have.
    DataError
        If its table names a volunteer, request, post or option that the problem does not have.
    """
    services = services_of(problem, Plan.of(problem, plan))
    seats = values.seat_values(problem, services).sum() + values.bonuses(problem, services)
    fit = values.qualities(problem, services).sum()
    total = int(seats + fit - values.loads(problem, services).sum())
    return total + values.evenness(problem, services) if problem.policy.equity else total
