"""A change of a living week against solving the week afresh, in one run, for each kind of change.

Everybody changes in turn and back again, so that the week stays as it was. What counts is the
ratio; nothing is asserted of it. Afresh, the arcs are at hand: only clusters and flow are redone.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.cases import WEEK, Case, parameter, tables_of
from matching import Problem
from matching.flow.living import LivingWeek
from matching.stores import read_tables

# Of each kind; the slowest one in a hundred should be seen.
_CHANGES = 300


def leave(week: LivingWeek, volunteer: int) -> Callable[[], None]:
    member = week.member(volunteer)
    week.leave(volunteer)
    return lambda: week.change(volunteer, member)


def lose_a_window(week: LivingWeek, volunteer: int) -> Callable[[], None]:
    member = week.member(volunteer)
    week.change(volunteer, replace(member, windows=member.windows.take(slice(1, None))))
    return lambda: week.change(volunteer, member)


def add_a_seat(week: LivingWeek, volunteer: int) -> Callable[[], None]:
    post = volunteer % len(week.problem.posts)
    seats = int(week.problem.posts.seats[post])
    week.set_seats(post, seats + 1)
    return lambda: week.set_seats(post, seats)


@cache
def week_of(case: Case) -> LivingWeek:
    return LivingWeek(Problem.from_tables(read_tables(tables_of(case)), WEEK))


@pytest.mark.parametrize("change", [leave, lose_a_window, add_a_seat])
@pytest.mark.parametrize(
    "case", [parameter(Case("network", size)) for size in ("town", "district", "city")], ids=str
)
def test_a_change_against_solving_afresh(
    case: Case,
    change: Callable[[LivingWeek, int], Callable[[], None]],
    benchmark: BenchmarkFixture,
) -> None:
    week, random = week_of(case), np.random.default_rng(1)
    change(week, 0)()
    before, seconds = week.value, []

    def changes() -> None:
        for volunteer in random.integers(len(week.problem.volunteers), size=_CHANGES).tolist():
            start = time.perf_counter()
            back = change(week, volunteer)
            seconds.append(time.perf_counter() - start)
            back()

    benchmark.pedantic(changes, rounds=1)
    start = time.perf_counter()
    afresh = LivingWeek(week.problem, week.living.arcs)
    elapsed = time.perf_counter() - start
    assert week.value == before == afresh.value
    benchmark.extra_info |= {
        "milliseconds_median": 1e3 * float(np.median(seconds)),
        "milliseconds_99_percent": 1e3 * float(np.quantile(seconds, 0.99)),
        "ratio": float(np.median(seconds)) / elapsed,
    }
