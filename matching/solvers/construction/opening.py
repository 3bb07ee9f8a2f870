"""Opening a book: a problem, a plan, and the arcs that it may still take, as records."""

from __future__ import annotations

import numpy as np

from matching.arcs.companions import companions
from matching.arcs.eligibility import holders
from matching.arcs.limits import limits_of
from matching.arcs.meetings import meetings_of
from matching.arcs.pair_rules import subject_codes
from matching.arcs.value import shared_bonus
from matching.bounds.pricing import Weeks
from matching.problem import Problem
from matching.problem import columns as c
from matching.problem.part import joined
from matching.schema import SUBJECTS
from matching.solvers.construction.book import FIELDS, NONE, Book, Records, records

# Arcs that are tried in every way.
_MOST_TRIED = 1_024


def open_book(
    problem: Problem, weeks: Weeks, quality: c.Longs, rows: c.Longs, chosen: c.Longs
) -> Book:
    """Return a plan as a book.

    Parameters
    ----------
    rows : int64 array
        The arcs that may come in, sorted by the place of their slot and by falling gain.
    chosen : int64 array
        The arcs of the plan, which stay.
    """
    arcs, slots, options = weeks.arcs, problem.slots, problem.options
    by_option, place = placed(problem)
    slot, volunteer = place[arcs.slot[rows]], arcs.volunteer[rows]
    of_slot = c.starts_of(slot, len(slots))
    of_option = c.starts_of(slots.option[by_option], len(options))
    meetings = meetings_of(problem)
    items, free = _items(problem, weeks, place, rows, chosen)
    seats = np.bincount(problem.posts.request, problem.posts.seats, len(problem.requests))
    ways = c.starts_of(problem.travel.here, int(problem.travel.here.max(initial=-1)) + 1)
    most = int(min(seats.max(initial=0), len(problem.volunteers))) + 1
    limits = limits_of(problem)
    return Book(
        arcs=records(
            "arcs",
            len(rows),
            volunteer=volunteer,
            slot=slot,
            gain=quality[rows] - weeks.first_load[volunteer],
        ),
        slots=records(
            "slots",
            len(slots),
            post=slots.post[by_option],
            option=slots.option[by_option],
            first=of_slot[:-1],
            last=of_slot[1:],
        ),
        posts=_posts(problem, arcs.slot[chosen]),
        options=records(
            "options",
            len(options),
            request=options.request,
            start=options.start,
            end=options.end,
            day=options.day,
            minutes=options.minutes,
            first=of_option[:-1],
            last=of_option[1:],
            first_meeting=meetings.first[:-1],
            last_meeting=meetings.first[1:],
            several=meetings.several,
        ),
        meetings=records(
            "meetings",
            len(meetings.start),
            start=meetings.start,
            end=meetings.end,
            day=meetings.day,
        ),
        requests=_requests(problem, weeks, chosen),
        rules=records(
            "rules",
            len(problem.team_rules),
            least=problem.team_rules.min_people,
            share=problem.team_rules.per_people,
            held=_held(problem, weeks, chosen),
        ),
        people=_people(problem, weeks, chosen, limits),
        organisations=records(
            "organisations",
            len(problem.organisations),
            parent=problem.organisations.parent,
            left=_quota_left(problem, arcs.volunteer[chosen]),
        ),
        pairs=_pairs(problem),
        stops=records("stops", len(ways) - 1, first=ways[:-1], last=ways[1:]),
        ways=records(
            "ways",
            len(problem.travel),
            there=problem.travel.there,
            minutes=problem.travel.minutes,
        ),
        limits=_limits(joined(limits, problem.limits_for_all)),
        items=items,
        team=records("team", most),
        tried=records("tried", _MOST_TRIED + 1),
        one=records(
            "one",
            1,
            speed=problem.policy.travel_kmh,
            early_seat=problem.policy.early_seat,
            load_step=problem.policy.load_step,
            load_first=problem.policy.load_first,
            rings=len(problem.members) > 0,
            common=len(limits),
            several=len(problem.sessions) > 0,
            free=free,
        ),
        holds=_holds(problem, weeks, rows),
        codes=np.stack([subject_codes(problem, n) for n in range(len(SUBJECTS))], 1)[
            by_option
        ].astype(np.int64),
    )


def placed(problem: Problem) -> tuple[c.Longs, c.Longs]:
    """Return the slots by option, as they stand in a book, and where each of them is there."""
    by_option = np.argsort(problem.slots.option, kind="stable")
    place = np.empty(len(by_option), np.int64)
    place[by_option] = np.arange(len(by_option))
    return by_option, place


def _posts(problem: Problem, slot: c.Ints) -> Records:
    posts = problem.posts
    priority = problem.requests.priority[posts.request].astype(np.float64)
    return records(
        "posts",
        len(posts),
        seats=posts.seats,
        least=posts.min_seats,
        filled=np.bincount(problem.slots.post[slot], minlength=len(posts)),
        bonus=posts.bonus,
        worth=problem.policy.seat * priority,
    )


def _requests(problem: Problem, weeks: Weeks, chosen: c.Longs) -> Records:
    requests, slot = problem.requests, weeks.arcs.slot[chosen]
    options = c.starts_of(problem.options.request, len(requests))
    rules = c.starts_of(problem.team_rules.request, len(requests))
    request = problem.slots.request[slot]
    return records(
        "requests",
        len(requests),
        least=requests.min_people,
        bonus=shared_bonus(problem),
        first=options[:-1],
        last=options[1:],
        first_rule=rules[:-1],
        last_rule=rules[1:],
        lat=np.radians(requests.lat),
        lon=np.radians(requests.lon),
        stop=requests.stop,
        option=option_of(problem, slot),
        people=np.bincount(request, minlength=len(requests)),
        serving=_chain(request, len(requests))[0],
    )


def _people(problem: Problem, weeks: Weeks, chosen: c.Longs, limits: c.Limits) -> Records:
    people, volunteer = problem.volunteers, weeks.arcs.volunteer[chosen]
    option = problem.slots.option[weeks.arcs.slot[chosen]]
    minutes = problem.options.minutes[option]
    pairs = c.starts_of(np.sort(_both_ways(problem)[0]), len(people))
    ring, leads = _rings(problem)
    of_person = c.starts_of(limits.volunteer, len(people))
    return records(
        "people",
        len(people),
        most_shifts=people.max_shifts,
        most_minutes=people.max_minutes,
        most_a_day=people.max_shifts_per_day,
        rest=people.min_rest,
        organisation=people.organisation,
        first_pair=pairs[:-1],
        last_pair=pairs[1:],
        ring=ring,
        leads=leads,
        first_limit=of_person[:-1],
        last_limit=of_person[1:],
        shifts=np.bincount(volunteer, minlength=len(people)),
        minutes=np.bincount(volunteer, minutes, len(people)),
        serving=_chain(volunteer, len(people))[0],
        member=NONE,
    )


def _rings(problem: Problem) -> tuple[c.Longs, c.Bools]:
    """Return who comes after each in a ring of all who come along with a group; and who leads it.

    Pairs without a group have none: they find each other one by one.
    """
    size = len(problem.volunteers)
    ring, leads = np.full(size, NONE), np.zeros(size, np.bool_)
    if not len(problem.members):
        return ring, leads
    of, sizes = companions(problem)
    grouped = np.zeros(len(sizes), np.bool_)
    grouped[of[problem.members.volunteer]] = True
    people = np.flatnonzero(grouped[of])
    people = people[np.argsort(of[people], kind="stable")]
    first = np.flatnonzero(np.diff(of[people], prepend=-1))
    ring[people] = np.append(people[1:], NONE)
    ring[people[np.append(first[1:], len(people)) - 1]] = people[first]
    leads[people[first]] = True
    return ring, leads


def _limits(limits: c.Limits) -> Records:
    columns = {name: getattr(limits, name) for name in FIELDS["limits"].split()}
    return records("limits", len(limits), **columns)


def _both_ways(problem: Problem) -> tuple[c.Ints, c.Ints, c.Bools]:
    a, b, together = problem.pairs.a, problem.pairs.b, problem.pairs.together
    return np.append(a, b), np.append(b, a), np.append(together, together)


def _pairs(problem: Problem) -> Records:
    who, partner, together = _both_ways(problem)
    order = np.argsort(who, kind="stable")
    return records("pairs", len(who), partner=partner[order], together=together[order])


def _items(
    problem: Problem, weeks: Weeks, place: c.Longs, rows: c.Longs, chosen: c.Longs
) -> tuple[Records, int]:
    """Return the items of a plan and as many more as may come in, and the first of these."""
    arcs, slots, posts = weeks.arcs, problem.slots, problem.posts
    could = np.bincount(slots.post[arcs.slot[rows]], minlength=len(posts))
    kept, size = len(chosen), len(chosen) + int(np.minimum(could, posts.seats).sum())
    volunteer, slot = arcs.volunteer[chosen], arcs.slot[chosen]
    items = records("items", size, arc=NONE, volunteer=NONE, slot=NONE, link_there=NONE)
    items.link = np.append(np.arange(1, size), NONE)[:size]
    items.volunteer[:kept], items.slot[:kept] = volunteer, place[slot]
    items.link[:kept] = _chain(volunteer, len(problem.volunteers))[1]
    items.link_there[:kept] = _chain(slots.request[slot], len(problem.requests))[1]
    return items, kept if kept < size else NONE


def option_of(problem: Problem, slot: c.Ints) -> c.Longs:
    """Return the option that each request is served at; `NONE` where nobody serves."""
    option = np.full(len(problem.requests), NONE)
    option[problem.slots.request[slot]] = problem.slots.option[slot]
    return option


def _chain(owner: c.Ints, size: int) -> tuple[c.Longs, c.Longs]:
    """Return the first item of each owner, and the next of each item."""
    first, link = np.full(size, NONE), np.full(len(owner), NONE)
    order = np.argsort(owner, kind="stable")
    fresh = np.diff(owner[order], prepend=-1) != 0
    first[owner[order[fresh]]] = order[fresh]
    link[order[:-1][~fresh[1:]]] = order[1:][~fresh[1:]]
    return first, link


def _quota_left(problem: Problem, volunteer: c.Ints) -> c.Longs:
    """Return what people who serve leave of each quota."""
    organisations = problem.organisations
    left = organisations.max_seats.astype(np.int64)
    at = problem.volunteers.organisation[volunteer]
    while len(at := at[at >= 0]):
        left -= np.bincount(at, minlength=len(left))
        at = organisations.parent[at]
    return left


def _holds(problem: Problem, weeks: Weeks, rows: c.Longs) -> c.Longs:
    """Tell, for each arc and each of its request's rules, whether the volunteer is a holder."""
    rules, request = problem.team_rules, problem.slots.request[weeks.arcs.slot[rows]]
    first = c.starts_of(rules.request, len(problem.requests))
    many = np.diff(first)[request]
    holds = np.zeros((len(rows), max(1, int(many.max(initial=0)))), np.int64)
    of = np.repeat(np.arange(len(rows)), many)
    number = c.ranges(np.zeros(len(rows), np.int64), many)
    rule = first[request][of] + number
    holds[of, number] = holders(problem, weeks.arcs, rows[of], rules.qualification[rule])
    return holds


def _held(problem: Problem, weeks: Weeks, chosen: c.Longs) -> c.Longs:
    """Return how many holders each team rule has in a plan."""
    rules = problem.team_rules
    first = c.starts_of(rules.request, len(problem.requests))
    request = problem.slots.request[weeks.arcs.slot[chosen]]
    many = np.diff(first)[request]
    rule = c.ranges(first[request], many)
    of = np.repeat(chosen, many)
    holds = holders(problem, weeks.arcs, of, rules.qualification[rule])
    return np.bincount(rule[holds], minlength=len(rules))
