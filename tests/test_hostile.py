"""Worlds hard on purpose: each still ends in a plan that keeps the rules and a true bound."""

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest

from benchmarks.vmb.hostile import (
    all_equal,
    all_or_nothing,
    chain,
    nobody_eligible,
    one_crowd,
    one_for_all,
    one_skill,
    one_town,
)
from matching import Problem, Result, audit, certify, solve
from tests.oracle.reading import read
from tests.support.laws import best, judged, problem_of
from tests.support.slow import first_fast
from tests.support.worlds import Tables

World = Callable[[], Tables]

# Small enough to be proved in about a second each.
SMALL: dict[str, World] = {
    "one town": lambda: one_town(60, 20),
    "one skill": lambda: one_skill(60),
    "chain": lambda: chain(21),
    "one for all": lambda: one_for_all(100),
    "one crowd": lambda: one_crowd(60),
    "one crowd or none": lambda: one_crowd(60, whole=True),
    "one crowd, a few to spare": lambda: one_crowd(60, whole=True, spare=4),
    "all equal": lambda: all_equal(16),
    "nobody eligible": lambda: nobody_eligible(30),
    "all or nothing": lambda: all_or_nothing(20),
}
# As large as they were meant to be, and whether the gap is asked for that a search ends at.
LARGE: dict[str, tuple[World, bool]] = {
    "one town": (lambda: one_town(2_000, 300), True),
    "one skill": (lambda: one_skill(2_000), True),
    "chain": (lambda: chain(60), False),
    "chain of an hour": (lambda: chain(168), False),
    "one for all": (lambda: one_for_all(5_000), False),
    "one crowd": (lambda: one_crowd(3_000), True),
    "one crowd or none": (lambda: one_crowd(3_000, whole=True), True),
    "one crowd, a few to spare": (lambda: one_crowd(3_000, whole=True, spare=4), True),
    "all equal": (lambda: all_equal(200), False),
    "nobody eligible": (lambda: nobody_eligible(3_000), True),
    "all or nothing": (lambda: all_or_nothing(300), False),
}
SECONDS = 30.0
# Where only a plan and a bound are asked for.
FEW_SECONDS = 5.0


@cache
def problem(name: str) -> Problem:
    return problem_of(SMALL[name]())


@cache
def optimum(name: str) -> int:
    """Return what the best plan is worth, by an integer programme of its own."""
    return best(read(SMALL[name]()))


def kept(result: Result) -> None:
    """Check a plan by the audit, and its bounds against each other and their certificate."""
    assert audit.violations(result.problem, result.plan).is_empty()
    assert audit.value(result.problem, result.plan) == result.value
    assert result.value <= result.bound <= result.bound_from_prices + 1e-6
    certified = certify(result.problem, result.prices)
    if result.termination in ("proved", "gap_limit"):
        assert certified == pytest.approx(result.bound_from_prices)
    assert certified <= result.bound_from_prices + 1e-6
    assert (result.status == "optimal") == (result.value == result.bound)


def rows(result: Result) -> list[Any]:
    return np.stack([result.plan.volunteer, result.plan.slot]).tolist()


@pytest.mark.parametrize("name", first_fast(SMALL, 3))
def test_small_ones_are_proved(name: str) -> None:
    result = solve(problem(name), gap=0.0, time_limit=SECONDS)
    kept(result)
    assert judged(result, read(SMALL[name]())) == optimum(name)
    assert (result.status, result.termination) == ("optimal", "proved")


@pytest.mark.parametrize("name", first_fast(SMALL, 3))
def test_the_plan_is_the_same_for_any_number_of_workers(name: str) -> None:
    # A search that ends by its gap and not by the clock.
    one, two = (solve(problem(name), time_limit=SECONDS, workers=workers) for workers in (1, 2))
    assert {one.termination, two.termination} <= {"proved", "gap_limit"}
    assert rows(one) == rows(two)
    assert (one.value, one.bound, one.bound_from_prices) == (
        two.value,
        two.bound,
        two.bound_from_prices,
    )


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.parametrize("way", ["time_limit", "interrupted"])
def test_cut_short_they_end_in_a_plan_and_a_true_bound(name: str, way: str) -> None:
    stop: dict[str, Any] = {"time_limit": 0.0}
    if way == "interrupted":
        stop = {"interrupted": lambda: True}
    result = solve(problem(name), gap=0.0, **stop)
    kept(result)
    assert result.value <= optimum(name) <= result.bound
    # Some first plans are proved without a search.
    assert result.termination == ("proved" if result.status == "optimal" else way)


@pytest.mark.slow
@pytest.mark.parametrize("name", LARGE)
def test_large_ones_end_in_a_plan_and_a_true_bound(name: str) -> None:
    world, closed = LARGE[name]
    result = solve(problem_of(world()), time_limit=4 * SECONDS if closed else FEW_SECONDS)
    kept(result)
    assert result.status in ("optimal", "feasible")
    if closed:
        assert result.gap <= 1e-4
        assert result.termination in ("proved", "gap_limit")


@pytest.mark.slow
@pytest.mark.parametrize("name", LARGE)
def test_large_ones_may_be_cut_short_too(name: str) -> None:
    result = solve(problem_of(LARGE[name][0]()), time_limit=0.0)
    kept(result)


# --- what the worlds are meant to be --------------------------------------------------------------


def test_one_volunteer_may_do_everything() -> None:
    week = problem("one for all")
    assert week.volunteers.max_shifts[0] == 20
    plan = solve(week, gap=0.0).plan
    assert np.bincount(plan.volunteer)[0] > 5


@pytest.mark.slow
def test_the_crowd_takes_all_who_are_there() -> None:
    # Seat by seat the small ones are worth more; with a few to spare there is room for both.
    for name, small in (("one crowd", 10), ("one crowd or none", 0)):
        plan = solve(problem(name), gap=0.0).tables()["plan"]
        assert plan.filter(plan["request_id"] != "r0").height == small, name
    plan = solve(problem("one crowd, a few to spare"), gap=0.0).tables()["plan"]
    assert (plan.height, (plan["request_id"] != "r0").sum()) == (64, 4)


def test_all_or_nothing_is_scarce() -> None:
    week = problem("all or nothing")
    result = solve(week, gap=0.0)
    served = np.bincount(week.slots.request[result.plan.slot], minlength=len(week.requests))
    assert set(served - week.posts.seats) > {0}
    assert all(n in (0, s) for n, s in zip(served, week.posts.seats, strict=True))
