"""First come, first served, and the nearest first: what platforms do today, as an entrant.

::

    python benchmarks/vmb/nearest.py TABLES OUT WEEK

Requests are taken by their start, at the first of their times. Each post takes the nearest who may
serve it and are free; nobody is kept for what comes later. Teams that break a rule are called off
at the end. Who is pinned does only that, and who serves only together with another is not asked.
"""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path

import numpy as np

from matching import Plan, Problem, audit
from matching.arcs.eligibility import Arcs, eligible
from matching.arcs.spatial import distance_km
from matching.problem.columns import Bools, Floats, Ints, Longs
from matching.stores import read_tables


class Diary:
    """What everybody has done so far this week; services come in the order of their start."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        many = len(problem.volunteers)
        self.free_from, self.last_day = np.full((2, many), -(10**6))
        self.request, self.shifts, self.minutes = np.zeros((3, many), np.int64)
        self.today = np.zeros((many, 7), np.int64)
        self.quota = problem.organisations.max_seats.astype(np.int64)

    def fits(self, v: Ints, option: int) -> Bools:
        """Tell who of these volunteers can add the option to their week."""
        people, options, places = (
            self.problem.volunteers,
            self.problem.options,
            self.problem.requests,
        )
        start, end, day = options.start[option], options.end[option], options.day[option]
        here, last = options.request[option], self.request[v]
        km = distance_km(places.lat[last], places.lon[last], places.lat[here], places.lon[here])
        travel = np.nan_to_num(60 * km / self.problem.policy.travel_kmh)
        rest = np.where(self.last_day[v] != day, people.min_rest[v], 0)
        pause = np.where(self.shifts[v] > 0, np.maximum(travel, rest), 0)
        fine: Bools = (
            (self.free_from[v] + pause <= start)
            & (self.shifts[v] < people.max_shifts[v])
            & (self.minutes[v] + end - start <= people.max_minutes[v])
            & (self.today[v, day] < people.max_shifts_per_day[v])
        )
        return fine

    def take(self, v: int, option: int) -> bool:
        """Add the option to a volunteer's week, unless a quota above them is used up."""
        options, tree = self.problem.options, self.problem.organisations
        above, at = [], self.problem.volunteers.organisation[v]
        while at >= 0:
            above.append(at)
            at = tree.parent[at]
        if (self.quota[above] < 1).any():
            return False
        self.quota[above] -= 1
        self.free_from[v], self.last_day[v] = options.end[option], options.day[option]
        self.request[v] = options.request[option]
        self.shifts[v] += 1
        self.minutes[v] += options.end[option] - options.start[option]
        self.today[v, options.day[option]] += 1
        return True


def nearest_first(problem: Problem) -> Plan:
    """Return the plan of the nearest."""
    return first_come(problem, in_order(problem, eligible(problem)))


def first_come(problem: Problem, arcs: Arcs) -> Plan:
    """Let people come in the order of these arcs; leave out the teams that then break a rule."""
    slots = problem.slots
    diary, chosen = Diary(problem), []
    begin = np.flatnonzero(np.diff(arcs.slot, prepend=-1))
    for rows in np.split(np.arange(len(arcs)), begin[1:]) if len(arcs) else []:
        slot = arcs.slot[rows[0]]
        left, option = problem.posts.seats[slots.post[slot]], slots.option[slot]
        for row in rows[diary.fits(arcs.volunteer[rows], option)]:
            if left and diary.take(arcs.volunteer[row], option):
                chosen.append(row)
                left -= 1
    return without_broken(problem, Plan(arcs.volunteer[chosen], arcs.slot[chosen]))


def without_broken(problem: Problem, plan: Plan) -> Plan:
    """Call off the teams that break a rule."""
    broken = audit.violations(problem, plan)["request_id"]
    kept = ~problem.requests.id.gather(problem.slots.request[plan.slot]).is_in(broken.implode())
    return plan.take(kept.to_numpy())


def pinned(problem: Problem, arcs: Arcs) -> Bools:
    """Tell which arcs are of a pinned volunteer and post."""
    pins, many = problem.pins, len(problem.posts)
    key = arcs.volunteer.astype(np.int64) * many + problem.slots.post[arcs.slot]
    found: Bools = np.isin(key, pins.volunteer.astype(np.int64) * many + pins.post)
    return found


def in_order(
    problem: Problem,
    arcs: Arcs,
    time_of: Ints | Longs | None = None,
    rank: Floats | Longs | None = None,
) -> Arcs:
    """Return what is looked at: one time a request, by start, pins first, then the first in rank.

    Without a time it is the first of the request's; without a rank, the nearest come first.
    """
    slots, pins = problem.slots, problem.pins
    request, option = slots.request[arcs.slot], slots.option[arcs.slot]
    if time_of is None:
        time_of = np.searchsorted(problem.options.request, np.arange(len(problem.requests)))
    fixed = pins.take(pins.option >= 0)
    time_of = time_of.copy()
    time_of[problem.posts.request[fixed.post]] = fixed.option
    must = pinned(problem, arcs)
    together = problem.pairs.take(problem.pairs.together)
    bound = np.concatenate([pins.volunteer, together.a, together.b])
    kept = (option == time_of[request]) & (must | ~np.isin(arcs.volunteer, bound))
    rank = np.nan_to_num(arcs.km) if rank is None else rank
    order = np.lexsort([rank, ~must, arcs.slot, problem.options.start[option]])
    return arcs.take(order[kept[order]])


def main(tables: str, out: str, week: str) -> None:
    problem = Problem.from_tables(read_tables(tables), date.fromisoformat(week))
    plan = nearest_first(problem)
    frame = plan.to_frame(problem, np.zeros(len(plan), np.int64))
    frame.select("request_id", "post", "option", "volunteer_id").write_csv(Path(out, "plan.csv"))


if __name__ == "__main__":
    main(*sys.argv[1:])
