"""Timefold's local search over seats, from the plan of the nearest; needs ``timefold`` and Java 17.

Two kinds of rules are soft while it searches, since a team is built one person at a time: what a
team must be, and who serves together. In turns they cost little, so that teams can grow, and much,
so that whole ones are filled. After each turn the teams that break a rule are called off.
"""

from __future__ import annotations

import importlib.util
import shutil
import time

import numpy as np

from benchmarks.peers.proposal import NoPlan, Proposal
from benchmarks.vmb.nearest import nearest_first, without_broken
from matching import Plan, audit
from matching.arcs.eligibility import Arcs
from matching.arcs.spatial import distance_km
from matching.arcs.value import first_load, seat_value
from matching.problem import Problem
from matching.problem import columns as c

if importlib.util.find_spec("timefold") is None:
    raise NoPlan("skipped: the package timefold is missing; install the extra `peers`")
if shutil.which("java") is None:
    raise NoPlan("skipped: there is no Java on this machine; version 17 or newer is needed")

from timefold.solver import SolverFactory
from timefold.solver import config as cfg

from benchmarks.peers import timefold_model as model

# Shares of the time, and what a team gives up meanwhile for each person it lacks. A seat is worth
# some 3,000.
TURNS = ((0.19, 2_000), (0.06, 30_000), (0.19, 3_500), (0.06, 30_000)) * 2

# Every turn is translated for Java anew, which the limit of the search does not count: no turn
# begins after so many times the limit.
PATIENCE = 1.2


def propose(problem: Problem, arcs: Arcs, worth: c.Longs, seconds: float) -> Proposal:
    """Search for so many seconds."""
    scores = cfg.ScoreDirectorFactoryConfig(constraint_provider_function=model.constraints)
    factory = SolverFactory.create(
        cfg.SolverConfig(
            solution_class=model.Week,
            entity_class_list=[model.Seat],
            score_director_factory_config=scores,
            environment_mode=cfg.EnvironmentMode.NON_REPRODUCIBLE,
            termination_config=_limit(seconds),
        )
    )
    begun, best = time.monotonic(), nearest_first(problem)
    for share, lacking in TURNS:
        if time.monotonic() - begun > PATIENCE * seconds:
            break
        week = written(problem, arcs, worth, lacking)
        seated(problem, week, best)
        solver = factory.build_solver(
            cfg.SolverConfigOverride(termination_config=_limit(share * seconds))
        )
        found = solver.solve(week)
        chosen = [seat.service.index for seat in found.seats if seat.service is not None]
        plan = without_broken(problem, Plan(arcs.volunteer[chosen], arcs.slot[chosen]))
        best = max(best, plan, key=lambda one: audit.value(problem, one))
    return Proposal(best)


def _limit(seconds: float) -> cfg.TerminationConfig:
    return cfg.TerminationConfig(spent_limit=cfg.Duration(milliseconds=round(1000 * seconds)))


def written(problem: Problem, arcs: Arcs, worth: c.Longs, lacking: int) -> model.Week:
    """Return the week in Timefold's terms, with nobody seated."""
    services, teams = _services(problem, arcs, worth), _teams(problem, lacking)
    offers: list[list[model.Service]] = [[] for _ in range(len(problem.posts))]
    for service in services:
        offers[service.post].append(service)
    posts = problem.posts
    # No more seats than people on offer.
    many = np.minimum(posts.seats, [len({x.person for x in offer}) for offer in offers])
    post = np.repeat(np.arange(len(posts), dtype=np.int32), many)
    nth = c.ranges(np.ones(len(posts), np.int64), many.astype(np.int64))
    value = seat_value(problem, post, nth).tolist()
    seats = [
        model.Seat(at, teams[posts.request[one]], value[at], offers[one])
        for at, one in enumerate(post.tolist())
    ]
    return model.Week(_members(problem, arcs), _ties(problem), _pins(problem), seats)


def seated(problem: Problem, week: model.Week, plan: Plan) -> None:
    """Give seats to those of a plan, the first of each post first."""
    taken = set(zip(plan.volunteer.tolist(), plan.slot.tolist(), strict=True))
    slot_of = {
        (post, option): slot
        for slot, (post, option) in enumerate(
            zip(problem.slots.post.tolist(), problem.slots.option.tolist(), strict=True)
        )
    }
    for seat in week.seats:
        for service in seat.offers:
            key = (service.person, slot_of[service.post, service.option])
            if key in taken:
                taken.remove(key)
                seat.service = service
                break


def _services(problem: Problem, arcs: Arcs, worth: c.Longs) -> list[model.Service]:
    people, options, slots = problem.volunteers, problem.options, problem.slots
    load = first_load(problem)
    step = problem.policy.load_step
    used = np.unique(arcs.volunteer)
    limits = (people.max_shifts, people.max_minutes, people.max_shifts_per_day)
    persons = {
        v: model.Person(v, int(load[v]), step, *row)
        for v, *row in zip(used.tolist(), *(x[used].tolist() for x in limits), strict=True)
    }
    option = slots.option[arcs.slot]
    clashes, holds = _clashes(problem, arcs), _holds(problem)
    columns = (
        arcs.volunteer,
        slots.request[arcs.slot],
        slots.post[arcs.slot],
        option,
        options.day[option],
        (options.end - options.start)[option],
        worth,
    )
    return [
        model.Service(at, persons[row[0]], *row, clashes[at], holds.get((row[0], row[1]), set()))
        for at, row in enumerate(zip(*(column.tolist() for column in columns), strict=True))
    ]


def _clashes(problem: Problem, arcs: Arcs) -> list[set[int]]:
    """Return, for each arc, the options that the person cannot do beside it, its own included."""
    options, requests, slots = problem.options, problem.requests, problem.slots
    first = c.starts_of(arcs.volunteer, len(problem.volunteers))
    many = np.diff(first)[arcs.volunteer]
    a = np.repeat(np.arange(len(arcs)), many)
    b = c.ranges(first[arcs.volunteer], many)
    one, other = slots.option[arcs.slot[a]], slots.option[arcs.slot[b]]
    gap = np.maximum(
        options.start[other] - options.end[one], options.start[one] - options.end[other]
    )
    here, there = options.request[one], options.request[other]
    places = requests.lat[here], requests.lon[here], requests.lat[there], requests.lon[there]
    travel = np.nan_to_num(60 * distance_km(*places) / problem.policy.travel_kmh)
    rest = problem.volunteers.min_rest[arcs.volunteer[a]]
    close = (gap < 0) | (travel > gap * (1 + 1e-9))
    close |= (options.day[one] != options.day[other]) & (gap < rest)
    found: list[set[int]] = [set() for _ in range(len(arcs))]
    for at, option in zip(a[close].tolist(), other[close].tolist(), strict=True):
        found[at].add(option)
    return found


def _holds(problem: Problem) -> dict[tuple[int, int], set[int]]:
    """Return the team rules of a request that somebody counts for, by person and request."""
    found: dict[tuple[int, int], set[int]] = {}
    for rule, (request, qualification) in enumerate(
        zip(
            problem.team_rules.request.tolist(),
            problem.team_rules.qualification.tolist(),
            strict=True,
        )
    ):
        for holder in problem.holdings.volunteer[_valid(problem, request, qualification)].tolist():
            found.setdefault((holder, request), set()).add(rule)
    return found


def _valid(problem: Problem, request: int, qualification: int) -> c.Longs:
    """Return the holdings of a qualification that last through every time of the request."""
    held, options = problem.holdings, problem.options
    times = options.request == request
    rows = slice(*np.searchsorted(held.qualification, [qualification, qualification + 1]))
    through = (held.first_day[rows] <= options.day[times].min()) & (
        held.last_day[rows] >= options.last_day[times].max()
    )
    return np.flatnonzero(through) + rows.start


def _teams(problem: Problem, lacking: int) -> list[model.Team]:
    several = np.bincount(problem.options.request, minlength=len(problem.requests)) > 1
    teams = [
        model.Team(at, ruled or people > 1, people, [], [], [], [], [], lacking)
        for at, (ruled, people) in enumerate(
            zip(several.tolist(), problem.requests.min_people.tolist(), strict=True)
        )
    ]
    posts, rules = problem.posts, problem.team_rules
    for post in np.flatnonzero(posts.min_seats > 0).tolist():
        team = teams[posts.request[post]]
        team.ruled = True
        team.posts.append(post)
        team.least.append(int(posts.min_seats[post]))
    for rule, request in enumerate(rules.request.tolist()):
        team = teams[request]
        team.ruled = True
        team.rules.append(rule)
        team.holders.append(int(rules.min_people[rule]))
        team.share.append(int(rules.per_people[rule]))
    return teams


def _members(problem: Problem, arcs: Arcs) -> list[model.Member]:
    tree, found = problem.organisations, []
    for person in np.unique(arcs.volunteer).tolist():
        at = int(problem.volunteers.organisation[person])
        while at >= 0:
            if tree.limited[at]:
                found.append(model.Member(person, at, int(tree.max_seats[at])))
            at = int(tree.parent[at])
    return found


def _ties(problem: Problem) -> list[model.Tie]:
    pairs = problem.pairs
    columns = (pairs.a.tolist(), pairs.b.tolist(), pairs.together.tolist())
    found = [model.Tie(*row) for row in zip(*columns, strict=True)]
    return found + [model.Tie(tie.b, tie.a, True) for tie in found if tie.together]


def _pins(problem: Problem) -> list[model.Pin]:
    pins = problem.pins
    columns = (pins.volunteer.tolist(), pins.post.tolist(), pins.option.tolist())
    return [model.Pin(*row) for row in zip(*columns, strict=True)]
