"""The judge: which rules a plan breaks and what it is worth, read anew from problem and plan.

Nothing here is shared with what makes plans: an error in one cannot hide in the other.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import NamedTuple

import polars as pl

from matching.audit import edge_rules, pair_rules, team_rules, values, week_rules
from matching.audit.findings import NOTHING
from matching.audit.services import services_of
from matching.guards.doors import door
from matching.problem import Problem
from matching.problem.plan import Plan

__all__ = ["RULES", "Rule", "value", "violations"]


class Rule(NamedTuple):
    """A rule: its name, what it demands, and how to find what breaks it."""

    name: str
    sentence: str
    find: Callable[[Problem, pl.DataFrame], pl.DataFrame]


RULES: tuple[Rule, ...] = tuple(
    Rule(find.__name__, sentence, find)
    for find, sentence in (
        (pair_rules.duplicate, "no row is in the plan twice"),
        (
            pair_rules.qualification,
            "a volunteer holds what the post asks for, at its level, on every day of the service",
        ),
        (pair_rules.availability, "a volunteer is available for the whole service"),
        (pair_rules.distance, "a service is not farther away than the volunteer goes"),
        (
            pair_rules.organisation,
            "where a request or its menu item names an organisation, only its volunteers serve",
        ),
        (pair_rules.never, "nobody serves what they excluded"),
        (pair_rules.declined, "nobody serves what they declined"),
        (
            pair_rules.consent,
            "who refuses to be proposed serves only where pinned or accepted",
        ),
        (pair_rules.only_listed, "under `only_listed`, only pairs in `affinities` serve"),
        (
            edge_rules.already_served,
            "a request that is kept at an option in another week is not served again",
        ),
        (
            edge_rules.other_week,
            "next to what a volunteer is held to in other weeks there is time to travel and rest",
        ),
        (week_rules.overlap, "a volunteer's services do not overlap"),
        (week_rules.travel, "a volunteer has time to travel from one service to the next"),
        (
            week_rules.rest,
            "between services on different days a volunteer has the rest they need",
        ),
        (week_rules.max_shifts, "a volunteer has no more services a week than their limit"),
        (week_rules.max_hours, "a volunteer has no more hours a week than their limit"),
        (
            week_rules.max_shifts_per_day,
            "a volunteer starts no more services a day than their limit",
        ),
        (team_rules.one_option, "a request is served at one of its options"),
        (team_rules.seats, "a post has no more people than seats"),
        (team_rules.min_seats, "every post of a served request has the people it needs"),
        (team_rules.min_people, "a served request has the people it needs in all"),
        (team_rules.team, "a team has the holders of qualifications it needs"),
        (
            team_rules.quota,
            "an organisation's volunteers, with all below it, serve no more than its quota",
        ),
        (team_rules.together, "who serve together serve a request both or not at all"),
        (team_rules.apart, "who are kept apart do not serve the same request"),
        (team_rules.pinned, "what is pinned is in the plan"),
    )
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
    """Return the `violations` of the rules that are named; the others are not looked at."""
    services = services_of(problem, plan)
    found = {rule.name: rule.find(problem, services) for rule in RULES if rule.name in rules}
    told = [
        rows.select(pl.lit(name).alias("rule"), pl.all())
        for name, rows in found.items()
        if rows.height
    ]
    return pl.concat([NOTHING, *told])


@door
def value(problem: Problem, plan: object) -> int:
    """Return the value of a plan: its seats and how well people fit, less their load.

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
    seats = values.seat_values(problem, services).sum()
    fit = values.qualities(problem, services).sum()
    return int(seats + fit - values.loads(problem, services).sum())
