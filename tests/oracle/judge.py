"""What a plan is worth and which rules it breaks, of any plan of any size.

A plan is a dataframe or a list of dicts: ``request_id``, ``post``, ``option``, ``volunteer_id``::

    faults(world, plan)  # one line per broken rule; [] is a plan that keeps them all
    value(world, plan)   # only of a plan whose arcs are eligible
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from itertools import combinations, pairwise, product
from typing import Any

from tests.oracle.reading import Arc, Request, Row, Service, Volunteer, World


def keys(plan: Any) -> list[tuple[str, str, str, str | None]]:
    rows: list[Row] = plan if isinstance(plan, list) else plan.to_dicts()
    return [(r["volunteer_id"], r["request_id"], r["post"], r.get("option") or None) for r in rows]


def rows_of(arcs: Iterable[Arc]) -> list[Row]:
    """Return the plan of these arcs."""
    columns = ("volunteer_id", "request_id", "post", "option")
    return [dict(zip(columns, arc.key, strict=True)) for arc in arcs]


def value(world: World, plan: Any) -> int:
    arcs = {arc.key: arc for arc in world.arcs}
    return value_of(world, [arcs[key] for key in keys(plan)])


def value_of(world: World, arcs: list[Arc], seats: bool = True) -> int:
    filled = Counter((arc.service.request, arc.post) for arc in arcs if seats)
    shifts = Counter(arc.volunteer for arc in arcs)
    served = {arc.service.request for arc in arcs if seats}
    worth = sum(world.requests[q].bonus for q in served)
    worth += sum(sum(world.requests[q].posts[n].values[:k]) for (q, n), k in filled.items())
    load = sum(world.load(v, k) for v, most in shifts.items() for k in range(1, most + 1))
    return worth + sum(arc.quality for arc in arcs) - load


def faults(world: World, plan: Any) -> list[str]:
    arcs = {arc.key: arc for arc in world.arcs}
    wanted = keys(plan)
    chosen = [arcs[key] for key in wanted if key in arcs]
    broken = [f"{key} is not eligible" for key in wanted if key not in arcs]
    broken += [f"{key} is planned twice" for key, many in Counter(wanted).items() if many > 1]
    weeks: dict[str, list[Arc]] = defaultdict(list)
    teams: dict[str, list[Arc]] = defaultdict(list)
    for arc in chosen:
        weeks[arc.volunteer].append(arc)
        teams[arc.service.request].append(arc)
    for v, week in weeks.items():
        broken += [f"{v}: {fault}" for fault in week_faults(world, world.volunteers[v], week)]
    for q, team in teams.items():
        broken += [f"{q}: {fault}" for fault in team_faults(world, world.requests[q], team)]
    return broken + coupling_faults(world, chosen)


def week_faults(world: World, v: Volunteer, arcs: list[Arc]) -> list[str]:
    """Judge one volunteer's week."""
    services = sorted((arc.service for arc in arcs), key=lambda s: (s.start, s.end))
    broken = []
    single = sorted((s for s in services if len(s.meetings) == 1), key=lambda s: (s.start, s.end))
    for a, b in combinations(services, 2):
        if len(a.meetings) + len(b.meetings) > 2 and not meet(world, v, a, b):
            broken.append(f"{a.request} and {b.request} do not go together")
    for service in services:
        for one, two in pairwise(service.meetings):
            if one.day != two.day and two.start - one.end < v.rest_minutes:
                broken.append(f"no rest between the meetings of {service.request}")
    for a, b in pairwise(single):
        if b.start < a.end:
            broken.append(f"{a.request} and {b.request} overlap")
            continue
        if b.start - a.end < world.way(a, b):
            broken.append(f"no time to travel from {a.request} to {b.request}")
        if a.first_day != b.first_day and b.start - a.end < v.rest_minutes:
            broken.append(f"no rest between {a.request} and {b.request}")
    if len(services) > v.max_shifts:
        broken.append("too many services")
    if sum(s.minutes for s in services) > v.max_minutes:
        broken.append("too many hours")
    days = Counter(meeting.day for s in services for meeting in s.meetings)
    if any(many > v.max_per_day for many in days.values()):
        broken.append("too many services on a day")
    if len({s.first_day for s in services}) > v.max_days:
        broken.append("too many days")
    keys = {arc.key for arc in arcs}
    for most, counted in world.counted(v.id):
        if sum(arc.key in keys for arc in counted) > most:
            broken.append(f"too many services like {counted[0].service.request}")
    return broken + window_faults(world, v, services)


def window_faults(world: World, v: Volunteer, services: list[Service]) -> list[str]:
    """Judge the days around each service, in whichever week."""
    broken = []
    here = [world.day_of(service) for service in services]
    every = here + world.days_elsewhere(v.id)
    for most, of_days, length in v.windows:
        for day in here:
            for first in range(day - length + 1, day + 1):
                inside = [d for d in every if first <= d < first + length]
                if len(set(inside) if of_days else inside) > most:
                    broken.append(f"more than {most} in the {length} days from {first} on")
    return broken


def meet(world: World, v: Volunteer, a: Service, b: Service) -> bool:
    """Tell whether all meetings of the one leave room for all of the other."""
    for one, two in product(a.meetings, b.meetings):
        (early, here), (late, there) = sorted(((one, a), (two, b)), key=lambda m: m[0].start)
        gap = late.start - early.end
        if gap < 0 or gap < world.way(here, there):
            return False
        if early.day != late.day and gap < v.rest_minutes:
            return False
    return True


def team_faults(world: World, request: Request, team: list[Arc]) -> list[str]:
    """Judge one request's team, of at least one."""
    broken = []
    if len({arc.service.option for arc in team}) > 1:
        broken.append("more than one option")
    filled = Counter(arc.post for arc in team)
    for post in request.posts.values():
        if not post.min_seats <= filled[post.name] <= post.seats:
            broken.append(f"{filled[post.name]} people on {post.name}")
    if len(team) < request.min_people:
        broken.append("too few people")
    for qualification, least, per in request.team_rules:
        holders = sum(world.holds(arc.volunteer, qualification, arc.service) for arc in team)
        if holders < least or holders * per < len(team) * (per > 0):
            broken.append(f"too few hold {qualification}")
    return broken


def coupling_faults(world: World, arcs: list[Arc]) -> list[str]:
    """Judge what joins volunteers: quotas, pairs and pins."""
    broken = []
    for organisation, (most, members) in world.quotas.items():
        if sum(arc.volunteer in members for arc in arcs) > most:
            broken.append(f"{organisation}: above the quota")
    serves = {(arc.volunteer, arc.service.request) for arc in arcs}
    for a, b, rule in world.pairs:
        for q in world.requests:
            both = {(a, q) in serves, (b, q) in serves}
            if (rule == "together" and len(both) == 2) or (rule == "apart" and both == {True}):
                broken.append(f"{a} and {b} are not {rule} on {q}")
    for group, members in world.groups.items():
        for q in world.requests:
            if len({(v, q) in serves for v in members}) == 2:
                broken.append(f"some of {group} serve {q} and some do not")
    for volunteer, q, post, option in world.pins:
        kept = (
            arc.key[:3] == (volunteer, q, post) and option in (None, arc.service.option)
            for arc in arcs
        )
        if not any(kept):
            broken.append(f"{volunteer} is not kept on {q}")
    return broken
