"""The week as Timefold sees it: seats that are each given an arc, and the rules as constraints.

Timefold translates these classes and functions for Java; hence plain loops over plain columns.
Who may serve where is what a seat has on offer; everything else is below.
"""

from dataclasses import dataclass, field
from typing import Annotated

from timefold.solver.domain import (
    PlanningEntityCollectionProperty,
    PlanningId,
    PlanningScore,
    PlanningVariable,
    ProblemFactCollectionProperty,
    ValueRangeProvider,
    planning_entity,
    planning_solution,
)
from timefold.solver.score import (
    Constraint,
    ConstraintCollectors,
    ConstraintFactory,
    HardSoftScore,
    Joiners,
    constraint_provider,
)

HARD, SOFT = HardSoftScore.ONE_HARD, HardSoftScore.ONE_SOFT


@dataclass(eq=False)
class Person:
    index: int
    first_load: int
    load_step: int
    max_shifts: int
    max_minutes: int
    max_per_day: int


@dataclass(eq=False)
class Team:
    """A request; what a team must be beside free of clashes."""

    index: int
    ruled: bool
    people: int
    posts: list[int]  # posts with a minimum,
    least: list[int]  # and how many
    rules: list[int]  # indices of team rules,
    holders: list[int]  # how many holders each asks for,
    share: list[int]  # and one for so many people
    lacking: int  # what it costs for each person it lacks


@dataclass(eq=False)
class Service:
    """An arc: a person at a post, at one time."""

    index: int
    who: Person
    person: int
    request: int
    post: int
    option: int
    day: int
    minutes: int
    worth: int
    clashes: set[int]  # options that this person cannot do beside
    holds: set[int]  # team rules whose qualification the person holds


@dataclass(eq=False)
class Member:
    """A person's membership in an organisation with a quota."""

    person: int
    organisation: int
    quota: int


@dataclass(eq=False)
class Tie:
    """Two people who serve together, or apart; both ways round where together."""

    a: int
    b: int
    together: bool


@dataclass(eq=False)
class Pin:
    person: int
    post: int
    option: int  # -1: any


@planning_entity
@dataclass(eq=False)
class Seat:
    id: Annotated[int, PlanningId]
    team: Team
    value: int
    offers: Annotated[list[Service], ValueRangeProvider]
    service: Annotated[Service | None, PlanningVariable(allows_unassigned=True)] = field(
        default=None
    )


@planning_solution
@dataclass
class Week:
    members: Annotated[list[Member], ProblemFactCollectionProperty]
    ties: Annotated[list[Tie], ProblemFactCollectionProperty]
    pins: Annotated[list[Pin], ProblemFactCollectionProperty]
    seats: Annotated[list[Seat], PlanningEntityCollectionProperty]
    score: Annotated[HardSoftScore | None, PlanningScore] = field(default=None)


def load(who: Person, shifts: int) -> int:
    return shifts * who.first_load + who.load_step * (shifts * (shifts - 1) // 2)


def missing(team: Team, services: list[Service]) -> int:
    """Count the people by whom a team misses its rules; the order of the services is free."""
    times: dict[int, int] = {}
    for service in services:
        times[service.option] = times.get(service.option, 0) + 1
    most = 0
    for many in times.values():
        most = max(most, many)
    short = len(services) - most + max(0, team.people - len(services))
    for at in range(len(team.posts)):
        there = 0
        for service in services:
            if service.post == team.posts[at]:
                there += 1
        short += max(0, team.least[at] - there)
    for at in range(len(team.rules)):
        holders = 0
        for service in services:
            if team.rules[at] in service.holds:
                holders += 1
        asked = team.holders[at]
        if team.share[at] > 0:
            asked = max(asked, (len(services) + team.share[at] - 1) // team.share[at])
        short += max(0, asked - holders)
    return short


@constraint_provider
def constraints(factory: ConstraintFactory) -> list[Constraint]:
    count, total = ConstraintCollectors.count, ConstraintCollectors.sum
    same_person = Joiners.equal(lambda seat: seat.service.person)
    return [
        # value
        factory.for_each(Seat)
        .reward(SOFT, lambda seat: seat.value + seat.service.worth)
        .as_constraint("seats and quality"),
        factory.for_each(Seat)
        .group_by(lambda seat: seat.service.who, count())
        .penalize(SOFT, lambda who, shifts: load(who, shifts))
        .as_constraint("load"),
        # weeks
        factory.for_each_unique_pair(Seat, same_person)
        .filter(lambda one, other: other.service.option in one.service.clashes)
        .penalize(HARD)
        .as_constraint("overlap, travel and rest"),
        factory.for_each(Seat)
        .group_by(lambda seat: seat.service.who, count())
        .filter(lambda who, shifts: shifts > who.max_shifts)
        .penalize(HARD, lambda who, shifts: shifts - who.max_shifts)
        .as_constraint("shifts"),
        factory.for_each(Seat)
        .group_by(lambda seat: seat.service.who, total(lambda seat: seat.service.minutes))
        .filter(lambda who, minutes: minutes > who.max_minutes)
        .penalize(HARD)
        .as_constraint("hours"),
        factory.for_each(Seat)
        .group_by(lambda seat: seat.service.who, lambda seat: seat.service.day, count())
        .filter(lambda who, day, shifts: shifts > who.max_per_day)
        .penalize(HARD, lambda who, day, shifts: shifts - who.max_per_day)
        .as_constraint("shifts a day"),
        # teams
        factory.for_each(Seat)
        .filter(lambda seat: seat.team.ruled)
        .group_by(lambda seat: seat.team, ConstraintCollectors.to_list(lambda seat: seat.service))
        .penalize(SOFT, lambda team, services: team.lacking * missing(team, services))
        .as_constraint("teams and options"),
        # organisations, pairs, pins
        factory.for_each(Seat)
        .join(Member, Joiners.equal(lambda seat: seat.service.person, lambda member: member.person))
        .group_by(
            lambda seat, member: member.organisation,
            ConstraintCollectors.min(lambda seat, member: member.quota),
            ConstraintCollectors.count_bi(),
        )
        .filter(lambda organisation, quota, seats: seats > quota)
        .penalize(HARD, lambda organisation, quota, seats: seats - quota)
        .as_constraint("quotas"),
        factory.for_each(Tie)
        .filter(lambda tie: tie.together)
        .join(Seat, Joiners.equal(lambda tie: tie.a, lambda seat: seat.service.person))
        .if_not_exists(
            Seat,
            Joiners.equal(lambda tie, seat: tie.b, lambda other: other.service.person),
            Joiners.equal(
                lambda tie, seat: seat.service.request, lambda other: other.service.request
            ),
        )
        .penalize(SOFT, lambda tie, seat: seat.team.lacking)
        .as_constraint("together"),
        factory.for_each(Tie)
        .filter(lambda tie: not tie.together)
        .join(Seat, Joiners.equal(lambda tie: tie.a, lambda seat: seat.service.person))
        .join(
            Seat,
            Joiners.equal(lambda tie, seat: tie.b, lambda other: other.service.person),
            Joiners.equal(
                lambda tie, seat: seat.service.request, lambda other: other.service.request
            ),
        )
        .penalize(HARD)
        .as_constraint("apart"),
        factory.for_each(Pin)
        .if_not_exists(
            Seat,
            Joiners.equal(lambda pin: pin.person, lambda seat: seat.service.person),
            Joiners.equal(lambda pin: pin.post, lambda seat: seat.service.post),
            Joiners.filtering(
                lambda pin, seat: pin.option < 0 or pin.option == seat.service.option
            ),
        )
        .penalize(HARD)
        .as_constraint("pins"),
    ]
