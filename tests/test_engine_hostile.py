"""Worlds at their limits: nobody, nothing, thousands of seats, weights beyond 32 bits."""

import math
from collections.abc import Callable
from datetime import datetime

import polars as pl
import pytest

from matching import (
    Policy,
    PolicyError,
    Week,
    solve,
)
from matching.problem.plan import Plan
from matching.week import Post
from tests.support.hand import ALWAYS, ask, people, right, served
from tests.support.laws import problem_of


def nobody_eligible() -> Week:
    week = people("a b c", lat=0, lon=0)
    for n in range(4):
        ask(week, f"r{n}", lat=50, lon=50, seats=3, min_seats=n)
    return week


def no_volunteers() -> Week:
    week = people("")
    ask(week, "r", seats=2, min_people=1)
    return week


def no_requests() -> Week:
    return people("a b c")


def nothing() -> Week:
    return Week("2026-03-02")


def nobody_available() -> Week:
    week = Week("2026-03-02")
    week.volunteer("a")
    week.volunteer("b")
    ask(week, "r", seats=2)
    return week


def thousands_of_seats() -> Week:
    week = people(" ".join(f"v{n}" for n in range(80)))
    ask(week, "r", seats=3000)
    ask(week, "s", "2 10:00", "2 12:00", seats=3000, min_people=50)
    ask(week, "t", "2 10:00", "2 12:00", seats=3000, min_people=81)
    return week


def one_for_many() -> Week:
    # One volunteer for four hundred posts; five at a time is all there is.
    week = people("a")
    for n in range(100):
        day, hour = 2 + n % 7, 8 + n // 7 % 10
        posts = {f"p{k}": 1 for k in range(4)}
        ask(week, f"r{n}", f"{day} {hour:02}:00", f"{day} {hour + 1:02}:00", posts=posts)
    return week


def one_town() -> Week:
    week = people(" ".join(f"v{n}" for n in range(40)), lat=31.2, lon=121.4)
    for n in range(20):
        ask(week, f"r{n}", f"{2 + n % 7} 09:00", f"{2 + n % 7} 11:00", lat=31.2, lon=121.4, seats=3)
    return week


def all_equal() -> Week:
    policy = Policy(load_step=0, load_recent=0, early_seat=0.0)
    week = people(" ".join(f"v{n}" for n in range(12)), policy, max_hours=4)
    for n in range(12):
        posts = {"x": Post(2, 1), "y": Post(1)}
        ask(week, f"r{n}", f"{2 + n % 3} 09:00", f"{2 + n % 3} 11:00", posts=posts)
    return week


def chain_over_midnight() -> Week:
    week = people("a b", max_shifts=4, min_rest_hours=6)
    for hour in range(20, 30):
        times = [f"{2 + h // 24} {h % 24:02}:00" for h in (hour, hour + 1)]
        ask(week, f"r{hour}", *times, priority=1 + hour % 5)
    return week


def nobody_may_serve() -> Week:
    week = people("a b", max_shifts=0)
    ask(week, "r", seats=2)
    return week


def at_any_speed() -> Week:
    week = people("a b", Policy(travel_kmh=math.inf), travel_km=20_000)
    for n, lon in enumerate((0, 90, 179, -90)):
        ask(week, f"r{n}", f"2 {9 + n:02}:00", f"2 {10 + n:02}:00", lat=0, lon=lon)
    return week


def at_home_only() -> Week:
    week = Week("2026-03-02", policy=Policy(travel_km=0.0))
    for n in range(4):
        week.volunteer(f"v{n}", lat=n, lon=0, available=[ALWAYS])
        ask(week, f"r{n}", lat=n + 0.001 * (n == 3), lon=0)
    return week


HOSTILE: dict[Callable[[], Week], int] = {
    nobody_eligible: 0,
    no_volunteers: 0,
    no_requests: 0,
    nothing: 0,
    nobody_available: 0,
    # Seats of 4500 falling by half a unit; r and s are served by all, the load is 100 each.
    thousands_of_seats: 2 * sum(math.floor(4500 - k / 2 + 0.5) for k in range(1, 81)) - 80 * 100,
    # Five services of 3000, less 100 * (0 + 1 + 2 + 3 + 4).
    one_for_many: 14_000,
    # Sixty seats: three of 4000, 3500, 3000 on each; everybody lives there, 200; and twenty of
    # forty serve twice.
    one_town: 20 * 10_500 + 60 * 200 - 20 * 100,
    # Two services each at most, by the hours: 24 of 36 seats, and none of a request's others
    # without its first.
    all_equal: 24 * 3000,
    # Ten services in a row of priorities 1 to 5 and again. Six hours of rest keep the days apart:
    # the four of Monday for one, the best four of Tuesday for the other, each less 600.
    chain_over_midnight: 1000 * (1 + 2 + 3 + 4 + 5 + 3 + 4 + 5) - 2 * 600,
    nobody_may_serve: 0,
    # Two each, or any other parting: 4 * 3000 - 2 * 100, a place known and a home not.
    at_any_speed: 4 * 3000 - 2 * 100,
    # Three at home, at no distance: 3000 + 200.
    at_home_only: 3 * 3200,
}


@pytest.mark.parametrize("world", HOSTILE, ids=lambda world: world.__name__)
def test_hostile_worlds(world: Callable[[], Week]) -> None:
    week = world()
    assert right(week).value == HOSTILE[world]


def test_a_plan_of_nobody_is_a_plan() -> None:
    result = right(nothing())
    assert (result.value, result.gap, len(result.plan)) == (0, 0.0, 0)
    assert result.summary()["kpis"]["seats_filled_share"] == 0.0
    empty = result.tables()["plan"]
    assert Plan.from_frame(result.problem, empty).slot.tolist() == []
    assert empty.schema["start"] == pl.Datetime("us")


@pytest.mark.parametrize("seat", [400_000_000, 429_496_732, 1_000_000_000])
def test_values_beyond_32_bits_are_exact(seat: int) -> None:
    week = people("ann bob", Policy(seat=seat))
    ask(week, "r1", priority=1, seats=2, min_seats=2)
    ask(week, "r5", priority=5, seats=2, min_seats=2)
    result = right(week)
    # Two seats of priority 5: the first is worth a quarter more than the second.
    assert result.value == 5 * seat + 5 * seat * 5 // 4
    assert served(result) == ["ann r5", "bob r5"]


def test_weights_beyond_what_is_exact_are_refused() -> None:
    week = people("ann", Policy(seat=10**9, early_seat=1e9))
    ask(week, "r", seats=2)
    with pytest.raises(PolicyError, match=r"seat = 1000000000, early_seat = 1e\+09.*divide all"):
        solve(week.problem())


@pytest.mark.parametrize("seat", [1000, 300_000, 100_000_000])
def test_a_pin_is_kept_whatever_that_costs(seat: int) -> None:
    # Both must come to r1, where ann is pinned, though r5 is worth five times as much.
    week = people("ann bob", Policy(seat=seat))
    ask(week, "r1", priority=1, seats=2, min_seats=2)
    ask(week, "r5", priority=5, seats=2, min_seats=2)
    week.assignment("ann", "r1", status="pinned")
    result = right(week)
    assert result.value == seat + seat * 5 // 4


def test_a_pin_is_kept_against_any_affinity() -> None:
    week = people("ann bob")
    ask(week, "r1", seats=2, min_seats=2)
    ask(week, "r2")
    week.assignment("ann", "r1", status="pinned")
    week.affinity("bob", "r2", score=1_000_000)
    week.affinity("ann", "r1", score=-1_000_000)
    # 3,750 + 3,000 for the two seats, less a million.
    assert right(week).value == 6_750 - 1_000_000


def test_a_menu_may_ask_for_more_people_than_32_bits_count() -> None:
    tables = people("ann").tables()
    tables["menu"] = pl.DataFrame({"menu_item": ["m"], "min_people": [1_000_000]})
    tables["menu_posts"] = pl.DataFrame(
        {"menu_item": ["m"], "post": ["p"], "seats": [1_000_000], "min_seats": [1_000_000]}
    )
    tables["team_rules"] = pl.DataFrame(
        {"menu_item": ["m"], "qualification": ["q"], "min_people": [1_000_000]}
    )
    tables["requests"] = pl.DataFrame(
        {
            "request_id": ["r"],
            "start": [datetime(2026, 3, 3, 9)],
            "end": [datetime(2026, 3, 3, 10)],
            "menu_item": ["m"],
            "quantity": [10_000],
        }
    )
    result = solve(problem_of(tables), gap=0.0)
    assert (result.value, result.bound, len(result.plan)) == (0, 0, 0)
