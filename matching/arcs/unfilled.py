"""The table ``unfilled``: which seats stay empty, what each rule left, and the reason."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import chain

import numpy as np
import polars as pl

from matching.arcs.companions import can_come_whole
from matching.arcs.crowd import size_of
from matching.arcs.districts import next_district_value
from matching.arcs.eligibility import RULES, Arcs, Finder, Group, batched
from matching.arcs.pair_rules import Pairs
from matching.arcs.value import first_load, next_seat
from matching.parallel.tasks import run_all
from matching.problem import Problem
from matching.problem import columns as c
from matching.problem.plan import Plan

# The first rule that is applied pair by pair, and two of those rules.
_SIEVED, _LISTED, _SERVED = map(RULES.index, ("never", "only_listed", "already_served"))
REASONS = {
    **{rule: f"after the rule {rule} nobody was left" for rule in RULES},
    "too_few": "fewer volunteers are eligible than there are seats",
    "minimum": "too few are eligible for the request's minimums",
    "together": "those eligible come with others or not at all, who are not eligible at that time "
    "or for whom there is no seat",
    "no_plan": "no plan was found that keeps everything pinned, so nobody is planned anywhere",
    "loss": "whoever could serve would not add to the plan's value: an affinity, a wish or hours "
    "served lately weigh more than the seat",
    "unsettled": "the search ended before it was settled who serves here: by the prices the seat "
    "is worth more than those eligible are elsewhere; give the search more time",
    "elsewhere": "those eligible serve elsewhere, where they are worth more, or a rule of their "
    "week, of a pair, of the team or of their organisation keeps them",
}


def unfilled(
    problem: Problem,
    arcs: Arcs,
    quality: c.Longs,
    plan: Plan,
    workers: int = 1,
    *,
    found: bool = True,
    unsettled: c.Bools | None = None,
    finder: Finder | None = None,
) -> pl.DataFrame:
    """Return a row per post with empty seats: ``reason`` and how many each rule left.

    A post of a request with options is looked at where the plan serves it, else at the option that
    most are eligible for. The rules are counted one after the other, in the order of
    `eligibility.RULES`, by ``workers`` threads. ``found`` says whether there is a plan, or an empty
    one stands for none; ``finder`` is the one that found the arcs, where it is at hand.
    """
    filled = np.bincount(problem.slots.post[plan.slot], minlength=len(problem.posts))
    short = np.flatnonzero(filled < problem.posts.seats)
    # As the requests stand in their table.
    row = problem.requests.row[problem.posts.request[short]]
    short = short[np.argsort(row, kind="stable")]
    slot = slot_of_interest(problem, arcs, plan)[short]
    left = left_by_rules(finder or Finder(problem), slot, workers)
    eligible_now = left[:, -1]
    reason = np.full(len(short), "elsewhere", dtype=object)
    if unsettled is not None:
        reason[unsettled[short]] = "unsettled"
    reason[eligible_now < problem.posts.seats[short]] = "too_few"
    rows = _open_to(problem, arcs, plan, filled)
    others = _most_added(problem, arcs, quality, filled, rows)[slot]
    reason[(others <= 0) & (others > -np.inf)] = "loss"
    able = np.zeros(len(problem.slots), np.bool_)
    able[arcs.slot[rows[can_come_whole(problem, arcs, rows)]]] = True
    reason[(others > -np.inf) & ~able[slot]] = "together"
    if not found:
        reason[eligible_now > 0] = "no_plan"
    reason[_minimum_out_of_reach(problem, arcs, problem.posts.request[short])] = "minimum"
    for number in range(len(RULES) - 1, -1, -1):
        reason[left[:, number] == 0] = RULES[number]
    # Such a request needs nobody here, whoever else might come.
    served = np.isin(problem.posts.request[short], problem.other_weeks.request)
    reason[served] = "already_served"
    frame = pl.DataFrame(
        {
            "request_id": problem.requests.id.gather(problem.posts.request[short]),
            "post": problem.posts.id.gather(short),
            "seats": problem.posts.seats[short],
            "filled": filled[short].astype(np.int32),
            "reason": pl.Series(reason.tolist(), dtype=pl.String),
        }
    )
    return frame.with_columns(pl.Series(rule, left[:, number]) for number, rule in enumerate(RULES))


def slot_of_interest(problem: Problem, arcs: Arcs, plan: Plan) -> c.Ints:
    """Return one slot per post."""
    interest = arcs.of_slots(problem)
    chosen = np.zeros(len(problem.options), np.bool_)
    chosen[problem.slots.option[plan.slot]] = True
    interest[chosen[problem.slots.option]] += c.NO_LIMIT
    order = np.lexsort((-interest, problem.slots.post))
    first = np.diff(problem.slots.post[order], prepend=-1) != 0
    slot: c.Ints = order[first].astype(np.int32)
    return slot


def left_by_rules(finder: Finder, slot: c.Ints, workers: int) -> c.Longs:
    """Return how many volunteers each rule leaves for each slot, shape (slots, rules).

    The pass that finds the arcs has counted who is free and of the right organisation. Most people
    appear in no rule about single pairs: whatever the first rules leave of them, the others leave
    too. The rest are looked at one by one.
    """
    problem = finder.problem
    left = np.zeros((len(slot), len(RULES)), np.int64)
    if not len(slot):
        return left
    unspoken = finder.unspoken()
    option, request = problem.slots.option[slot], problem.slots.request[slot]
    # What asks the same at the same place, on the same days, is counted once.
    days = problem.options.day[option], problem.options.last_day[option]
    kinds = np.stack([finder.bundles[problem.slots.post[slot]], *days, finder.asked.place[slot]])
    _, first, kind = np.unique(kinds, axis=1, return_index=True, return_inverse=True)
    leads = np.zeros(len(problem.slots), np.bool_)
    leads[slot[first]] = True
    qualified = np.zeros(len(problem.slots), np.int64)
    near, told = np.zeros((2, len(problem.slots), 3), np.int64)

    def looked_at(group: Group) -> list[Pairs]:
        qualified[group.slots] = size_of(group.mask)
        finder.near(group._replace(slots=group.slots[leads[group.slots]]), near)
        some = group._replace(mask=group.mask & ~unspoken)
        return list(finder.reached(finder.asked, some, told))

    place = np.full(len(problem.slots), -1)
    place[slot] = np.arange(len(slot))

    def add(pairs: Iterator[Pairs], since: int) -> None:
        for block in batched(pairs):
            for number, (_, _, kept) in enumerate(finder.sieve(*block), start=_SIEVED):
                if number >= since:
                    left[:, number] += np.bincount(place[kept], minlength=len(slot))

    with ThreadPoolExecutor(workers) as pool:
        groups = finder.groups(slot, any_time=True)
        add(chain.from_iterable(run_all(pool, looked_at, groups, 2 * workers)), _SIEVED)
    left[:, 0], left[:, 1] = qualified[slot], near[slot[first], 0][kind]
    left[:, 2:_SIEVED] = finder.fitting(slot)
    left[:, _SIEVED:] += (left[:, _SIEVED - 1] - told[slot, 2])[:, None]
    left[finder.edges.served[request], _SERVED:] = 0
    if problem.policy.only_listed:
        # Of all others none is left from here on.
        left[:, _LISTED:] = 0
        add(finder.pairs(slot), _LISTED)
    return left


def _open_to(problem: Problem, arcs: Arcs, plan: Plan, filled: c.Longs) -> c.Longs:
    """Return the arcs of others to posts with empty seats."""
    serves = np.sort(c.combine(plan.volunteer, plan.slot))
    wanted = (filled < problem.posts.seats)[problem.slots.post][arcs.slot]
    rows = np.flatnonzero(wanted)
    return rows[c.lookup(serves, c.combine(arcs.volunteer[rows], arcs.slot[rows])) < 0]


def _most_added(
    problem: Problem, arcs: Arcs, quality: c.Longs, filled: c.Longs, rows: c.Longs
) -> c.Floats:
    """Return the most that one more eligible volunteer adds on each slot, all other rules aside.

    Returns
    -------
    float64 array, shape (slots,)
        -inf where there is no other.
    """
    slots = problem.slots
    most = np.full(len(slots), -np.inf)
    post = slots.post[arcs.slot[rows]]
    seat = next_seat(problem, filled, post) + next_district_value(problem, filled)[post]
    added = seat + quality[rows] - first_load(problem)[arcs.volunteer[rows]]
    np.maximum.at(most, arcs.slot[rows], added)
    return most


def _minimum_out_of_reach(problem: Problem, arcs: Arcs, request: c.Ints) -> c.Bools:
    """Tell which requests could be served at no option, even with all who are eligible."""
    slots, options, posts = problem.slots, problem.options, problem.posts
    candidates = arcs.of_slots(problem)
    people = np.bincount(
        slots.option, np.minimum(candidates, posts.seats[slots.post]), minlength=len(options)
    )
    possible = people >= problem.requests.min_people[options.request]
    possible[slots.option[candidates < posts.min_seats[slots.post]]] = False
    reachable = np.zeros(len(problem.requests), np.bool_)
    reachable[options.request[possible]] = True
    out: c.Bools = ~reachable[request]
    return out
