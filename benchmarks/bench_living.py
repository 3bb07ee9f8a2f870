"""A change of a living week against solving the week afresh, in one run, for each kind of change.

Everybody changes in turn and back again, so that the week stays as it was. What counts is the
ratio; nothing is asserted of it. Afresh, the arcs are at hand: only clusters and flow are redone.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.cases import WEEK, Case, parameter, tables_of
from matching import Problem
from matching.flow.living import LivingWeek
from matching.problem import columns as c
from matching.problem.part import joined
from matching.schema import STATUSES
from matching.stores import read_tables

# Of each kind; the slowest one in a hundred should be seen.
_CHANGES = 300


# What changes the week, and what takes it back.
Change = tuple[Callable[[], object], Callable[[], object]]
_ONE = np.ones(1, np.int32)


def leave(week: LivingWeek, volunteer: int) -> Change:
    member = week.member(volunteer)
    return lambda: week.leave(volunteer), lambda: week.change(volunteer, member)


def join(week: LivingWeek, volunteer: int) -> Change:
    member, number = week.member(volunteer), len(week.node)
    return lambda: week.join(member), lambda: week.leave(number)


def lose_a_window(week: LivingWeek, volunteer: int) -> Change:
    windows = week.member(volunteer).windows
    return changed(week, volunteer, windows=windows.take(slice(1, None)))


def learn(week: LivingWeek, volunteer: int) -> Change:
    what = volunteer % len(week.problem.qualification_ids)
    learned = c.Holdings(what * _ONE, 0 * _ONE, 5 * _ONE, -9999 * _ONE, 9999 * _ONE)
    holdings = joined(week.member(volunteer).holdings, learned).sorted()
    return changed(week, volunteer, holdings=holdings)


def accept(week: LivingWeek, volunteer: int) -> Change:
    """Say yes to something: it is kept as a pin is."""
    return answered(week, volunteer, "pinned")


def decline(week: LivingWeek, volunteer: int) -> Change:
    return answered(week, volunteer, "declined")


def add_a_seat(week: LivingWeek, volunteer: int) -> Change:
    post = volunteer % len(week.problem.posts)
    seats = int(week.problem.posts.seats[post])
    return lambda: week.set_seats(post, seats + 1), lambda: week.set_seats(post, seats)


def add_a_request(week: LivingWeek, volunteer: int) -> Change:
    new = len(week.problem.requests)
    like = volunteer % new
    return lambda: week.copy_request(like, f"new {new}"), lambda: week.remove_request(new)


def changed(week: LivingWeek, volunteer: int, **tables: Any) -> Change:
    member = week.member(volunteer)
    other = replace(member, **tables)
    return lambda: week.change(volunteer, other), lambda: week.change(volunteer, member)


def answered(week: LivingWeek, volunteer: int, status: str) -> Change:
    """Let them answer to something that they can do, if there is anything."""
    slots, slot = week.problem.slots, week.living.member(volunteer).arcs.slot[:1]
    said = np.full(len(slot), STATUSES.index(status), np.int32)
    answer = c.Earlier(0 * slot, slots.post[slot], slots.option[slot], said, 0 * slot)
    return changed(week, volunteer, earlier=joined(week.member(volunteer).earlier, answer))


KINDS = (leave, join, lose_a_window, learn, accept, decline, add_a_seat, add_a_request)


@cache
def week_of(case: Case) -> LivingWeek:
    return LivingWeek(Problem.from_tables(read_tables(tables_of(case)), WEEK))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "case", [parameter(Case("network", size)) for size in ("town", "district", "city")], ids=str
)
def test_a_change_against_solving_afresh(
    case: Case,
    kind: Callable[[LivingWeek, int], Change],
    benchmark: BenchmarkFixture,
) -> None:
    week, random = week_of(case), np.random.default_rng(1)
    for act in kind(week, 0):
        act()
    before, there, back = week.value, list[float](), list[float]()
    # Half of them serve somewhere.
    people = random.integers(len(week.problem.volunteers), size=_CHANGES)
    people[::2] = random.choice(week.plan()[0], size=len(people[::2]))

    def changes() -> None:
        for volunteer in people.tolist():
            for act, seconds in zip(kind(week, volunteer), (there, back), strict=True):
                start = time.process_time()
                act()
                seconds.append(time.process_time() - start)

    benchmark.pedantic(changes, rounds=1)
    start = time.process_time()
    afresh = LivingWeek(week.problem, week.living.arcs)
    elapsed = time.process_time() - start
    assert week.value == before == afresh.value
    benchmark.extra_info |= {
        "milliseconds_median": 1e3 * float(np.median(there)),
        "milliseconds_99_percent": 1e3 * float(np.quantile(there, 0.99)),
        "back_milliseconds_99_percent": 1e3 * float(np.quantile(back, 0.99)),
        "ratio": float(np.median(there)) / elapsed,
    }
