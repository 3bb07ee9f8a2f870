"""Limits of one person's week, and what it costs to call one more: plans, bounds and the edges."""

from typing import Any

import numpy as np
import polars as pl
import pytest

from matching import DataError, Desk, Policy, Result, Week, audit, certify, solve
from matching.answers.reasons import reasons
from matching.arcs.eligibility import eligible
from matching.arcs.limits import counters_of, limits_of
from matching.arcs.value import rising_load
from matching.bounds.pricing import Weeks
from matching.problem import Problem

MONDAY = np.datetime64("2026-03-02")
ALWAYS = ("2026-02-01 00:00", "2026-04-05 00:00")


def visit(week: Week, name: str, day: int, hour: int = 9, **more: Any) -> None:
    """Order an hour on a day of the week, Monday is 0."""
    date = MONDAY + day
    week.request(name, start=f"{date} {hour:02}:00", end=f"{date} {hour + 1:02}:00", **more)


def one(policy: Policy | None = None, **limits: Any) -> Week:
    """Ann, who can always come; every shift costs the same, and a seat is worth 3000."""
    week = Week(MONDAY, policy=policy or Policy(load_step=0))
    week.volunteer("ann", available=[ALWAYS], max_shifts=9, **limits)
    return week


def daily(week: Week) -> Week:
    for day, name in enumerate(["mon", "tue", "wed", "thu", "fri", "sat", "sun"]):
        visit(week, name, day)
    return week


def proved(week: Week) -> Result:
    """Return the plan, which is proved to be the best and keeps all rules."""
    problem = week.problem()
    result = solve(problem, gap=0)
    assert audit.violations(problem, result.plan).is_empty()
    assert result.value == result.bound == audit.value(problem, result.plan)
    assert certify(problem, result.prices) >= result.value
    return result


def served(result: Result) -> set[str]:
    return set(result.tables()["plan"]["request_id"])


# --- days ------------------------------------------------------------------------------------


def test_days_of_the_week() -> None:
    # Two services a day: three days are six services.
    week = daily(one(max_days=3))
    for day in range(7):
        visit(week, f"again{day}", day, 14)
    assert proved(week).value == 6 * 3000


def test_no_more_days_in_a_row() -> None:
    # Two on, one off: seven days hold five.
    assert proved(daily(one(max_consecutive_days=2))).value == 5 * 3000
    # What a service begins counts: a night from Sunday is Sunday's.
    week = daily(one(max_consecutive_days=6))
    assert proved(week).value == 6 * 3000


@pytest.mark.parametrize(
    ("before", "most"),
    [
        ([], {"mon", "tue"}),
        # Saturday and Sunday are two days in a row: Monday would be the third.
        ([-2, -1], {"tue"}),
        # Sunday, Monday and Tuesday would be three: she comes on the day that is liked more.
        ([-1], {"tue"}),
        ([-2], {"mon", "tue"}),
    ],
)
def test_days_in_a_row_go_over_the_edge(before: list[int], most: set[str]) -> None:
    week = one(max_consecutive_days=2)
    visit(week, "mon", 0)
    visit(week, "tue", 1, priority=4)
    for day in before:
        visit(week, f"day{day}", day)
        week.accept("ann", f"day{day}")
    assert served(proved(week)) == most


def test_days_in_a_row_go_on_in_the_week_after() -> None:
    week = one(max_consecutive_days=2)
    for day in (5, 6, 7, 8):
        visit(week, f"day{day}", day)
    for day in (7, 8):
        week.accept("ann", f"day{day}")
    # Monday and Tuesday of the week after are kept: Sunday would be the third.
    assert served(proved(week)) == {"day5"}


@pytest.mark.parametrize(("held", "most"), [(0, 3), (1, 2), (2, 1), (3, 0), (5, 0)])
def test_services_in_fourteen_days(held: int, most: int) -> None:
    # At most three in any fourteen days; those of the week before count until Sunday, for all of
    # them lie within the thirteen days before it.
    week = daily(one(max_in_days=3, in_days=14))
    for day in range(held):
        visit(week, f"before{day}", day - 6)
        week.accept("ann", f"before{day}")
    assert proved(week).value == most * 3000


def test_windows_shorter_than_a_week() -> None:
    # At most two in any three days: Monday, Tuesday, Thursday, Friday, Sunday.
    assert proved(daily(one(max_in_days=2, in_days=3))).value == 5 * 3000
    # One in any one day is one a day.
    week = daily(one(max_in_days=1, in_days=1))
    visit(week, "again", 0, 14)
    assert proved(week).value == 7 * 3000


def test_what_reaches_beyond_the_week_counts_once() -> None:
    # Five in any eight days, three of them in the week before, on its Thursday and Sunday.
    week = one(max_in_days=5, in_days=8)
    for name, day, hour in (("a", -4, 9), ("b", -4, 14), ("c", -1, 9)):
        visit(week, name, day, hour)
        week.accept("ann", name)
    limits = limits_of(week.problem())
    rows = pl.DataFrame(
        {name: getattr(limits, name) for name in ("first_day", "last_day", "most")}
    ).rows()
    # From Thursday before to Thursday two of five are left, and from Sunday before to Sunday four;
    # windows within these that leave no less ask for nothing.
    assert sorted(rows) == [(0, 3, 2), (0, 6, 4)]


# --- subjects --------------------------------------------------------------------------------


def test_at_most_one_of_each() -> None:
    week = one()
    for number, course in enumerate("abacb"):
        visit(week, f"section{number}", number, category=course)
    assert proved(week).value == 5 * 3000
    week.limit("category", max_shifts=1)
    assert proved(week).value == 3 * 3000


def test_a_limit_of_one_person_and_one_for_all() -> None:
    week = one()
    week.volunteer("bo", available=[ALWAYS], max_shifts=9)
    for number in range(4):
        visit(week, f"night{number}", number, 20, category="night", seats=2)
    week.limit("category", "night", max_shifts=3)
    week.limit("category", "night", max_shifts=1, volunteer_id="ann")
    # Every row holds: Ann has one, Bo three.
    plan = proved(week).tables()["plan"]["volunteer_id"].to_list()
    assert (plan.count("ann"), plan.count("bo")) == (1, 3)


@pytest.mark.parametrize(
    ("subject", "one_of", "cells"),
    [
        ("station", "s", {"station_id": "s"}),
        ("beneficiary", "b", {"beneficiary_id": "b"}),
        ("post", "cook", {"posts": {"cook": 1}}),
        ("menu_item", "m", {"menu_item": "m"}),
        ("organisation", "o", {"organisation_id": "o"}),
    ],
)
def test_every_subject(subject: str, one_of: str, cells: dict[str, Any]) -> None:
    week = Week(MONDAY, policy=Policy(load_step=0))
    week.organisation("o")
    week.station("s")
    week.menu_item("m", seats=1)
    week.volunteer("ann", available=[ALWAYS], organisation_id="o")
    for day in range(3):
        visit(week, f"r{day}", day, **cells)
    week.limit(subject, one_of, max_shifts=2)
    week.limit(subject, "another", max_shifts=0)
    assert len(proved(week).plan) == 2


def test_one_place_at_two_posts() -> None:
    # The better post is counted, so she takes the other: 3000 + 3000 with Tuesday's.
    week = one()
    visit(week, "mon", 0, posts={"lead": 1, "help": 1})
    visit(week, "tue", 1, posts={"lead": 1})
    week.limit("post", "lead", max_shifts=1)
    week.prefer("ann", "post", "lead", weight=50)
    result = proved(week)
    assert result.value == 6000 + 50
    assert certify(result.problem, result.prices) == 6050


# --- the network -----------------------------------------------------------------------------


def tree(week: Week) -> bool:
    problem = week.problem()
    return bool(Weeks(problem, eligible(problem)).clusters.tree.all())


def test_limits_that_lie_apart_are_a_network() -> None:
    week = one()
    for number, course in enumerate("abacb"):
        visit(week, f"section{number}", number, category=course)
    week.limit("category", max_shifts=1)
    assert tree(week)
    # So are days, where each has one time.
    assert tree(daily(one(max_days=3)))
    # Days in a row overlap each other, and a limit a day stands in the way of a category's.
    assert not tree(daily(one(max_consecutive_days=2)))
    week.volunteer("bo", available=[ALWAYS], max_shifts_per_day=1)
    visit(week, "late", 0, 14, category="c")
    assert not tree(week)


def test_what_cannot_bind_is_not_counted() -> None:
    week = daily(one(max_days=7, max_in_days=9, in_days=2))
    week.limit("category", max_shifts=1)
    problem = week.problem()
    assert not len(counters_of(problem, eligible(problem)))


@pytest.mark.slow
def test_sections_of_courses_are_a_flow() -> None:
    """688 students, 96 courses of two sections each, and at most one section of a course."""
    draw = np.random.default_rng(688)
    week = Week(MONDAY, policy=Policy(load_step=0, seat=100, early_seat=0.0, max_shifts=6))
    for course in range(96):
        for section in range(2):
            number = 2 * course + section
            begin = MONDAY + number // 48
            at = np.datetime64(f"{begin}T00:00") + np.timedelta64(30 * (number % 48), "m")
            week.request(
                f"c{course:02}.{section}",
                start=str(at),
                end=str(at + np.timedelta64(15, "m")),
                category=f"c{course:02}",
                seats=int(draw.integers(10, 25)),
            )
    for student in range(688):
        week.volunteer(f"s{student:03}", available=[ALWAYS])
        for course in draw.choice(96, 12, replace=False).tolist():
            for section in range(2):
                score = int(draw.integers(0, 50))
                week.affinity(f"s{student:03}", f"c{course:02}.{section}", score)
    week.limit("category", max_shifts=1)
    listed = Policy(
        load_step=0, seat=100, early_seat=0.0, max_shifts=6, only_listed=True, travel_kmh=1e9
    )
    problem = Problem.from_tables(week.tables(), MONDAY, listed)
    assert Weeks(problem, eligible(problem)).clusters.tree.all()
    result = solve(problem, gap=0)
    assert result.value == result.bound == result.bound_from_prices
    assert audit.violations(problem, result.plan).is_empty()


@pytest.mark.slow
def test_where_counts_tell_too_much_apart_a_week_is_relaxed() -> None:
    # Ten of thirty courses of two sections each, on six days: paths that differ by what they hold
    # are more than memory. Weeks are then bounded, and the integer programme finds the best.
    week = Week(MONDAY, policy=Policy(load_step=0))
    week.volunteer("ann", available=[ALWAYS], max_shifts=10, max_days=6)
    for number in range(60):
        start = np.datetime64(f"{MONDAY}T00:00") + np.timedelta64(168 * number, "m")
        end = start + np.timedelta64(60, "m")
        week.request(f"r{number:02}", start=str(start), end=str(end), category=f"c{number % 30:02}")
        week.affinity("ann", f"r{number:02}", number % 7)
    week.limit("category", max_shifts=1)
    result = proved(week)
    assert len(result.plan) == 10
    assert result.value <= result.bound_from_prices


# --- a small ward, and its integer programme by hand -----------------------------------------


def ward(policy: Policy) -> Week:
    """Four nurses, a day and a night shift each day, two nights a week, five days in a row."""
    week = Week(MONDAY, policy=policy)
    for name, nights in (("ann", 2), ("bo", 2), ("cai", 1), ("dee", 0)):
        week.volunteer(
            name,
            available=[ALWAYS],
            max_shifts=5,
            max_shifts_per_day=1,
            min_rest_hours=11,
            max_consecutive_days=3,
            max_in_days=9,
            in_days=14,
        )
        week.limit("category", "night", max_shifts=nights, volunteer_id=name)
    for day in range(7):
        visit(week, f"day{day}", day, 8, category="day", seats=2)
        date = MONDAY + day
        week.request(
            f"night{day}", start=f"{date} 21:00", end=f"{date + 1} 05:00", category="night"
        )
    for day in range(5):  # Ann has had five of her nine
        visit(week, f"before{day}", day - 7, 8, category="day")
        week.accept("ann", f"before{day}")
    return week


def test_a_ward_fills_what_its_rules_leave() -> None:
    # Ann may come four times more, the others five times: 19 of 21 seats. Nights: 2 + 2 + 1 = 5 of
    # 7, so 14 days: 19 in all.
    result = proved(ward(Policy(load_step=0, early_seat=0.0)))
    assert result.value == 19 * 3000
    nights = [name for name in result.tables()["plan"]["request_id"] if name.startswith("night")]
    assert len(nights) == 5


# --- the call of one more person -------------------------------------------------------------


@pytest.mark.slow
def test_fewer_people_do_the_same_work() -> None:
    def people(load_first: int) -> int:
        week = Week(MONDAY, policy=Policy(load_first=load_first))
        for name in ("ann", "bo", "cai", "dee"):
            week.volunteer(name, available=[ALWAYS])
        for day in range(4):
            visit(week, f"r{day}", day)
        return proved(week).tables()["plan"]["volunteer_id"].n_unique()

    # A second shift costs 100, a third 200, a fourth 300: four people cost 4 F; two 2 F + 200; one
    # F + 600.
    assert [people(load) for load in (0, 99, 101, 399, 401)] == [4, 4, 2, 2, 1]


def test_a_call_that_costs_more_than_it_brings_is_not_made() -> None:
    week = one(Policy(load_first=3001))
    visit(week, "mon", 0)
    assert proved(week).value == 0
    # Two services together are worth the call: 6000 - 3001 - 100.
    visit(week, "tue", 1)
    assert proved(week).value == 2899


def test_the_flow_sees_a_line_below_the_load() -> None:
    week = daily(one(Policy(load_first=350, load_step=100)))
    problem = week.problem()
    cost = rising_load(problem, np.arange(6))
    # On average 350, 225, 216.7, 237.5: three for 216 each, then 300, 400, 500.
    assert cost.tolist() == [216, 216, 216, 300, 400, 500]
    exact = rising_load(one(Policy(load_first=80)).problem(), np.arange(3))
    assert exact.tolist() == [80, 100, 200]


# --- the judge -------------------------------------------------------------------------------


def broken(week: Week, *requests: str) -> list[tuple[str, str]]:
    """Return the rules that Ann's services break, and what is said of each."""
    problem = week.problem()
    same = {"post": "volunteer", "option": None, "volunteer_id": "ann"}
    rows = [{"request_id": name} | same for name in requests]
    plan = pl.DataFrame(rows, schema_overrides={"option": pl.String})
    found = audit.violations(problem, plan)
    return found.select("rule", "detail").rows()


@pytest.mark.slow
def test_the_judge_counts_for_itself() -> None:
    week = daily(one(max_days=3))
    assert not broken(week, "mon", "wed", "fri")
    assert broken(week, "mon", "wed", "fri", "sun") == [
        ("max_days", "services on 4 days, at most 3")
    ]
    week = daily(one(max_consecutive_days=3))
    assert not broken(week, "mon", "tue", "wed", "fri", "sat", "sun")
    row = "services on 4 days in a row, 2026-03-03 to 2026-03-06, at most 3"
    assert broken(week, "tue", "wed", "thu", "fri") == [("max_consecutive_days", row)]
    visit(week, "before", -1)
    week.accept("ann", "before")
    row = "services on 4 days in a row, 2026-03-01 to 2026-03-04, at most 3"
    assert broken(week, "mon", "tue", "wed") == [("max_consecutive_days", row)]
    week = daily(one(max_in_days=2, in_days=4))
    assert not broken(week, "mon", "tue", "fri", "sat")
    row = "3 services in the 4 days from 2026-03-03, at most 2"
    assert broken(week, "mon", "tue", "fri", "thu")[0][0] == "max_in_days"
    assert broken(week, "tue", "wed", "fri") == [("max_in_days", row)]
    week = one()
    for number, kind in enumerate(("meals", "meals", "talks", None)):
        visit(week, f"r{number}", number, category=kind)
    week.limit("category", max_shifts=1)
    assert not broken(week, "r0", "r2", "r3")
    row = "2 services of one category: r0, r1; at most 1"
    assert broken(week, "r0", "r1", "r2", "r3") == [("limits", row)]


def test_a_pin_beyond_a_limit_is_a_fault() -> None:
    week = daily(one(max_days=1))
    week.pin("ann", "mon")
    week.pin("ann", "wed")
    with pytest.raises(DataError) as refused:
        solve(week.problem())
    assert set(refused.value.faults["rule"]) == {"pinned_max_days"}
    assert "services on 2 days, at most 1" in refused.value.faults["message"][0]


# --- what is told ----------------------------------------------------------------------------


def test_who_may_not_come_is_told_why() -> None:
    week = one(max_consecutive_days=2)
    for day in (-2, -1, 0, 1, 2):
        visit(week, f"day{day}", day, category="meals")
    for day in (-2, -1):
        week.accept("ann", f"day{day}")
    week.limit("category", "meals", max_shifts=1)
    result = proved(week)
    desk = Desk(result)
    assert desk.why_not("ann", "day0")["kind"].item() == "max_consecutive_days"
    other = ({"day1", "day2"} - served(result)).pop()
    assert desk.why_not("ann", other)["kind"].item() == "instead"
    rows = {row["request_id"]: row["kind"] for row in reasons(result).reasons.to_dicts()}
    # Nobody may come on Monday; on the other day she would be worth no more.
    assert rows == {"day0": "shortage", other: "better_use"}
