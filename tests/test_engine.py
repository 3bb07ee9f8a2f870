"""The engine on worlds made by hand: what a plan is worth, what stays empty, how it ends."""

import json
import math
from collections.abc import Callable
from datetime import datetime
from typing import Any

import numpy as np
import polars as pl
import pytest

from matching import (
    DataError,
    Policy,
    PolicyError,
    Problem,
    Progress,
    Result,
    UsageError,
    Week,
    audit,
    solve,
)
from matching.arcs.eligibility import RULES, eligible
from matching.arcs.unfilled import REASONS
from matching.problem.plan import Plan
from matching.solvers.incumbent import Incumbent
from matching.week import Post
from tests.oracle import milp
from tests.oracle.reading import WEEK, Row, read
from tests.test_laws import best, judged, problem_of
from tests.worlds import SMALL, full_world

ALWAYS = ("2026-03-01 00:00", "2026-03-11 00:00")
NAMES = {
    *("status", "termination", "value", "bound", "bound_from_prices", "gap", "seats", "filled"),
    *("requests", "requests_served", "volunteers", "volunteers_used", "hours", "km", "kpis"),
    *("timings", "versions", "seed", "policy"),
}


def at(clock: str) -> str:
    """Say `3 09:00` for nine in the morning of the third of March, a Tuesday."""
    return f"2026-03-0{clock}"


def people(names: str, policy: Policy | None = None, **more: Any) -> Week:
    """Let each word be a volunteer who can always come."""
    week = Week("2026-03-02", policy=policy)
    for name in names.split():
        week.volunteer(name, available=[ALWAYS], **more)
    return week


def ask(week: Week, name: str, start: str = "2 09:00", end: str = "2 10:00", **more: Any) -> None:
    week.request(name, start=at(start), end=at(end), **more)


def served(result: Result) -> list[str]:
    """Return the plan as `volunteer request`, sorted."""
    plan = result.tables()["plan"]
    return sorted(" ".join(row) for row in plan.select("volunteer_id", "request_id").rows())


def right(week: Week, policy: Row | None = None) -> Result:
    """Solve to the end, and check value and rules against the oracles."""
    problem = week.problem()
    result = solve(problem, gap=0.0)
    world = read(week.tables(), policy or {})
    assert judged(result, world) == best(world) == result.bound
    assert (result.status, result.termination) == ("optimal", "proved")
    return result


# --- values ---------------------------------------------------------------------------------------


def test_the_value_of_a_plan_is_its_seats_its_fit_and_its_load() -> None:
    week = people("ann")
    week.volunteer("bob", available=[(*ALWAYS, 1)], recent_hours=60, station_id="home")
    week.station("home", lat=0.0, lon=0.0)
    ask(week, "r", priority=5, seats=2, lat=0.0449, lon=0.0, beneficiary_id="mrs")
    week.bond("bob", "mrs", visits=3)
    week.accept("ann", "r")
    result = right(week)
    # 5000 * (1 + 0.5 * 1/2) = 6250 and 5000. ann: 300 for having agreed. bob: 0.0449 degrees are
    # 4.99 km of 10, 200 * 0.5007 = 100, a window he likes 50, three visits 60; his recent hours
    # are as many as count, -100.
    assert result.value == 6250 + 5000 + 300 + (100 + 50 + 60) - 100
    day = datetime(2026, 3, 2)
    assert result.tables()["plan"].rows() == [
        ("r", "volunteer", None, day.replace(hour=9), day.replace(hour=10), *who)
        for who in (("ann", 300, "accepted"), ("bob", 210, "proposed"))
    ]
    assert result.unfilled.is_empty()


def test_shortage_is_shared() -> None:
    # Two requests of two seats at priority 3, worth 3750 and 3000 each, and three people: the third
    # takes a second seat. Two people go one to each.
    week = people("a b c")
    ask(week, "r", seats=2)
    ask(week, "s", seats=2)
    assert right(week).value == 3750 + 3750 + 3000
    week = people("a b")
    ask(week, "r", seats=2)
    ask(week, "s", seats=2)
    result = right(week)
    assert result.value == 3750 + 3750
    assert {row[-1] for row in served(result)} == {"r", "s"}


def test_a_quota_binds_and_has_a_price() -> None:
    week = Week("2026-03-02")
    week.organisation("school", max_seats=1)
    week.organisation("class", parent_id="school")
    for name in ("a", "b"):
        week.volunteer(name, organisation_id="class", available=[ALWAYS])
    ask(week, "r", priority=3)
    ask(week, "s", priority=4)
    result = right(week)
    assert result.value == 4000 == result.bound_from_prices
    prices = result.tables()["prices"]
    # One place more would be worth 3000, one less would cost 4000.
    (price,) = prices.filter(organisation_id="school")["price"]
    assert 3000 <= price <= 4000
    (empty,) = result.unfilled.rows(named=True)
    assert (empty["request_id"], empty["reason"]) == ("r", "elsewhere")


def test_a_quota_that_nobody_can_use_has_no_price() -> None:
    # Seats are worth nothing and a service costs 100, so all stay at home: no price proves more.
    week = people("a", Policy(seat=0), recent_hours=40)
    week.organisation("idle", max_seats=3)
    week.organisation("off", max_seats=3)
    week.volunteer("b", organisation_id="off", max_shifts=0, available=[ALWAYS])
    ask(week, "r")
    result = right(week, {"seat": 0})
    assert (result.value, result.bound_from_prices) == (0, 0.0)


def test_the_dearest_request_gets_the_only_volunteer() -> None:
    week = people("a")
    ask(week, "r", priority=3)
    ask(week, "s", "2 09:30", "2 11:00", priority=4)
    result = right(week)
    assert served(result) == ["a s"]
    # At r's seat the volunteer would be worth 3000, but gives up 4000 for it.
    prices = {row["request_id"]: row["price"] for row in result.tables()["prices"].to_dicts()}
    assert prices["s"] <= 4000
    assert result.bound_from_prices == 4000


def test_team_of_a_lead_and_helpers() -> None:
    # The helpers are nothing without the lead: 3 posts' worth or none.
    week = people("a b c")
    week.qualification("c", "lead")
    posts = {"lead": Post(1, 1, ["lead"]), "helper": Post(2, 1)}
    ask(week, "r", posts=posts)
    ask(week, "s", posts=posts)
    # Either request: 3000 + 3750 + 3000.
    assert right(week).value == 9750


def test_a_menu_says_what_an_order_is() -> None:
    week = people("a b c d")
    week.menu_item("lunch", minutes=90, seats=2, min_seats=1)
    # Four seats, two at least: 4125, 3750, 3375, 3000.
    week.request("r", menu_item="lunch", quantity=2, start=at("2 11:00"))
    result = right(week)
    assert result.value == 4125 + 3750 + 3375 + 3000
    assert result.summary()["hours"] == 6.0


# --- pins -----------------------------------------------------------------------------------------


def test_a_pin_stays_whatever_it_costs() -> None:
    week = people("a b")
    ask(week, "r", priority=1)
    ask(week, "s", priority=5)
    week.pin("a", "r")
    week.affinity("a", "r", -5000)
    week.affinity("b", "s", -6000)
    # 1000 - 5000, and b stays at home: 5000 - 6000 is a loss.
    result = right(week)
    assert result.value == -4000
    assert result.tables()["plan"]["status"].to_list() == ["pinned"]


def broken_pins() -> dict[str, tuple[Week, list[str]]]:
    """Return worlds with a pin that cannot stay, by the rule; and who serves without it."""
    worlds: dict[str, tuple[Week, list[str]]] = {}

    def world(rule: str, names: str = "a", left: str = "", policy: Policy | None = None) -> Week:
        week = people(names, policy)
        worlds[rule] = week, left.split(", ") if left else []
        return week

    week = world("qualification")
    ask(week, "r", qualifications=["first_aid"])
    week.pin("a", "r")

    week = world("availability")
    week.volunteer("b", available=[(at("2 09:00"), at("2 09:59"))])
    ask(week, "r", seats=2)
    week.pin("b", "r")
    worlds["availability"] = week, ["a r"]

    week = world("distance")
    week.volunteer("b", lat=0, lon=0, available=[ALWAYS])
    ask(week, "r", lat=0.1, lon=0)
    week.pin("b", "r")
    worlds["distance"] = week, ["a r"]

    week = world("organisation")
    week.organisation("school")
    ask(week, "r", organisation_id="school")
    week.pin("a", "r")

    week = world("never")
    ask(week, "r", category="dogs")
    week.never("a", "category", "dogs")
    week.pin("a", "r")

    week = world("declined", "a b", "b r")
    week.request("r", options={"x": (at("2 09:00"), at("2 10:00"))})
    week.decline("a", "r")
    week.assignment("a", "r", "pinned", option="x")

    week = world("only_listed", "a b", "b r", Policy(only_listed=True))
    ask(week, "r")
    week.affinity("b", "r", 1)
    week.pin("a", "r")

    week = world("overlap", "a b", "a r, b s")
    ask(week, "r")
    ask(week, "s", "2 09:59", "2 11:00")
    week.pin("a", "r")
    week.pin("a", "s")

    week = world("travel")
    week.volunteer("b", travel_km=50, available=[ALWAYS])
    ask(week, "r", lat=0, lon=0)
    ask(week, "s", "2 10:10", "2 11:00", lat=0.09, lon=0)
    for request in "rs":
        week.pin("b", request)
    worlds["travel"] = week, ["a s", "b r"]

    week = world("rest")
    week.volunteer("b", min_rest_hours=9, available=[ALWAYS])
    week.never("a", "post", "volunteer")
    ask(week, "r", "2 20:00", "2 23:00")
    ask(week, "s", "3 07:00", "3 08:00", priority=4)
    for request in "rs":
        week.pin("b", request)
    worlds["rest"] = week, ["b r"]

    week = world("max_shifts")
    week.volunteer("b", max_shifts=1, available=[ALWAYS])
    week.never("a", "post", "volunteer")
    ask(week, "r", priority=2)
    ask(week, "s", "3 07:00", "3 08:00")
    for request in "rs":
        week.pin("b", request)
    worlds["max_shifts"] = week, ["b s"]

    week = world("max_hours")
    week.volunteer("b", max_hours=2.5, available=[ALWAYS])
    week.never("a", "post", "volunteer")
    ask(week, "r", "2 09:00", "2 11:00")
    ask(week, "s", "3 07:00", "3 08:00", priority=2)
    for request in "rs":
        week.pin("b", request)
    worlds["max_hours"] = week, ["b r"]

    week = world("max_shifts_per_day")
    week.volunteer("b", max_shifts_per_day=1, available=[ALWAYS])
    week.never("a", "post", "volunteer")
    ask(week, "r", priority=1)
    ask(week, "s", "2 12:00", "2 13:00")
    for request in "rs":
        week.pin("b", request)
    worlds["max_shifts_per_day"] = week, ["b s"]

    week = world("one_option", "a b", "a r, b r")
    options = {"x": (at("2 09:00"), at("2 10:00")), "y": (at("3 09:00"), at("3 10:00"))}
    week.request("r", options=options, seats=2)
    for who, option in (("a", "x"), ("b", "y")):
        week.assignment(who, "r", "pinned", option=option)

    week = world("seats", "a b", "a r")
    ask(week, "r")
    week.affinity("b", "r", -1)
    for who in "ab":
        week.pin(who, "r")

    week = world("quota")
    week.organisation("school", max_seats=1)
    for who in ("b", "c"):
        week.volunteer(who, organisation_id="school", available=[ALWAYS])
    ask(week, "r", priority=5)
    ask(week, "s")
    week.pin("b", "r")
    week.pin("c", "s")
    week.affinity("b", "r", 1)
    week.affinity("a", "s", 1)
    worlds["quota"] = week, ["a s", "b r"]

    week = world("apart", "a b", "b r")
    ask(week, "r", seats=2)
    week.apart("a", "b")
    for who in "ab":
        week.pin(who, "r")
    return worlds


BROKEN_PINS = broken_pins()


@pytest.mark.parametrize("rule", BROKEN_PINS)
def test_a_pin_against_a_rule_is_refused(rule: str) -> None:
    week, _ = BROKEN_PINS[rule]
    with pytest.raises(DataError) as raised:
        solve(week.problem())
    faults = raised.value.faults
    assert set(faults["rule"]) == {f"pinned_{rule}"}
    assert set(faults["table"]) == {"assignments"}
    assert f"this pin is against the rule {rule}: " in str(raised.value)


@pytest.mark.parametrize("rule", BROKEN_PINS)
def test_or_set_aside_and_counted(rule: str) -> None:
    week, left = BROKEN_PINS[rule]
    result = solve(week.problem("quarantine"), gap=0.0)
    statuses = week.tables()["assignments"]["status"].to_list()
    # Of two that do not go together one gives way; a limit cannot tell which are too many.
    one_of_two = rule in ("overlap", "travel", "rest", "apart")
    aside = 1 if one_of_two else statuses.count("pinned")
    assert result.summary()["set_aside"] == {"assignments": aside}
    assert set(result.problem.faults["rule"]) == {f"pinned_{rule}"}
    assert served(result) == left
    assert audit.violations(result.problem, result.plan).is_empty()


def test_the_other_pins_stay_where_one_is_set_aside() -> None:
    week = people("a b")
    ask(week, "r", qualifications=["first_aid"])
    ask(week, "s", "3 09:00", "3 10:00", priority=1)
    week.pin("a", "r")
    week.pin("b", "s")
    week.affinity("b", "s", -2000)
    result = solve(week.problem("quarantine"))
    assert served(result) == ["b s"]
    assert result.summary()["set_aside"] == {"assignments": 1}


def test_a_limit_sets_aside_only_the_pins_below_it() -> None:
    # Neither b's two services a day nor the school's quota are any business of a's pin.
    week = Week("2026-03-02")
    week.organisation("schools", max_seats=1)
    week.organisation("school", parent_id="schools")
    week.organisation("club", max_seats=1)
    week.volunteer("a", organisation_id="club", available=[ALWAYS])
    week.volunteer("b", max_shifts_per_day=1, available=[ALWAYS])
    for name in ("c", "d"):
        week.volunteer(name, organisation_id="school", available=[ALWAYS])
    for n, name in enumerate("abbcd"):
        ask(week, f"{name}{n}", f"2 {9 + n:02}:00", f"2 {10 + n:02}:00")
        week.pin(name, f"{name}{n}")
    with pytest.raises(DataError) as raised:
        solve(week.problem())
    assert raised.value.faults.select("row", "rule").rows() == [
        (2, "pinned_max_shifts_per_day"),
        (3, "pinned_max_shifts_per_day"),
        (4, "pinned_quota"),
        (5, "pinned_quota"),
    ]


def test_pins_without_option_agree_on_one() -> None:
    # a could come at both, b only later; of the two pins of a the early one would overlap s.
    options = {"early": (at("2 09:00"), at("2 10:00")), "late": (at("2 15:00"), at("2 16:00"))}
    week = people("a")
    week.volunteer("b", available=[(at("2 12:00"), at("2 18:00"))])
    week.request("r", options=options, seats=2)
    week.pin("a", "r")
    week.pin("b", "r")
    result = right(week)
    assert set(result.tables()["plan"]["option"]) == {"late"}
    week = people("a")
    week.request("r", options=options, seats=2)
    ask(week, "s", "2 09:30", "2 11:00")
    week.pin("a", "r")
    week.pin("a", "s")
    result = right(week)
    assert served(result) == ["a r", "a s"]
    # Three in a chain: each has to make way for the next.
    week = people("a", max_shifts_per_day=1)
    days = {str(n): (at(f"{n} 09:00"), at(f"{n} 10:00")) for n in range(2, 6)}
    for name, choices in (("q", "23"), ("r", "34"), ("s", "45"), ("t", "2")):
        week.request(name, options={choice: days[choice] for choice in choices})
        week.pin("a", name)
    assert len(right(week).plan) == 4
    # With a fifth there is no way.
    week.request("u", options={"5": days["5"]})
    week.pin("a", "u")
    with pytest.raises(DataError, match="pinned_max_shifts_per_day"):
        solve(week.problem())


def no_team_for_a_pin() -> list[Week]:
    """Return worlds whose pins keep the rules, but not together with the teams they ask for."""
    too_few = people("a b")
    ask(too_few, "r", seats=3, min_people=3)
    kept_apart = people("a b c")
    ask(kept_apart, "r", seats=3, min_people=3)
    kept_apart.apart("b", "c")
    away = people("a b c")
    ask(away, "r", seats=3, min_people=3)
    ask(away, "s")
    away.pin("b", "s")
    for week in (too_few, kept_apart, away):
        ask(week, "t", "3 09:00", "3 10:00")
        week.pin("a", "r")
    return [too_few, kept_apart, away]


@pytest.mark.parametrize("week", no_team_for_a_pin(), ids=["too few", "kept apart", "away"])
def test_pins_without_a_team_leave_no_plan(week: Week) -> None:
    result = solve(week.problem())
    assert milp.optimum(read(week.tables())) is None
    assert (result.status, result.termination) == ("infeasible", "proved")
    assert served(result) == []
    assert json.dumps(result.summary(), allow_nan=False)
    # No more than all seats of r, s and t.
    assert 0 < result.bound <= result.bound_from_prices <= (4000 + 3500 + 3000) + 3000 + 3000


def friends(free: bool = True, pinned: bool = True) -> Week:
    """Return a world where `a` is pinned, and `c` comes along with `b` who comes along with `a`."""
    week = people("a b")
    week.volunteer("c", available=[ALWAYS] if free else [(at("2 09:01"), at("2 12:00"))])
    week.together("a", "b")
    week.together("c", "b")
    ask(week, "r", seats=3)
    if pinned:
        week.pin("a", "r")
    return week


def test_friends_come_along_with_a_pin() -> None:
    assert served(right(friends())) == ["a r", "b r", "c r"]


def test_a_pin_whose_friend_cannot_come_is_a_fault() -> None:
    week = friends(free=False)
    with pytest.raises(DataError) as raised:
        solve(week.problem())
    assert raised.value.faults.select("row", "rule").rows() == [(1, "pinned_together")]
    told = "c serves with a or not at all, and cannot by the rule availability: serves Mon 09:00"
    assert told in str(raised.value)
    # Set aside, the pin holds nobody: a and b stay at home, since c has no time.
    result = solve(week.problem("quarantine"))
    assert (result.status, served(result)) == ("optimal", [])
    assert result.problem.faults["rule"].to_list() == ["pinned_together"]


def test_a_pin_moves_to_the_option_at_which_a_friend_can_come() -> None:
    week = friends(free=False, pinned=False)
    options = {"x": (at("2 09:00"), at("2 10:00")), "y": (at("2 10:00"), at("2 11:00"))}
    week.request("s", options=options, seats=3)
    week.pin("a", "s")
    assert right(week).tables()["plan"]["option"].to_list() == ["y"] * 3


def test_a_pin_with_more_friends_than_seats_is_a_fault() -> None:
    week = friends()
    ask(week, "s", "3 09:00", "3 10:00", seats=2)
    week.pin("b", "s")
    with pytest.raises(DataError, match="3 people serve together or not at all, on 2 seats"):
        solve(week.problem())


def test_what_the_tables_alone_do_not_show_leaves_no_plan_and_says_so() -> None:
    """Nothing is wrong with either pin; but `b`, who comes along with `a`, is needed elsewhere."""
    week = friends()
    ask(week, "s", "2 09:30", "2 10:30", seats=3)
    week.pin("c", "s")
    result = solve(week.problem())
    assert milp.optimum(read(week.tables())) is None
    assert (result.status, result.termination) == ("infeasible", "proved")
    # Three seats at each: 4000, 3500, 3000. Everybody is at one of the two at best.
    assert result.bound == math.floor(result.bound_from_prices)
    assert 0 < result.bound <= 2 * (4000 + 3500 + 3000)
    assert set(result.unfilled["reason"]) == {"no_plan"}


@pytest.mark.parametrize(("score", "reason"), [(-3000, "loss"), (-2999, None)])
def test_nobody_comes_where_it_is_worth_nothing(score: int, reason: str | None) -> None:
    """A seat of 3000; under -3000 by the affinity nothing is gained. Free hands do not matter."""
    week = people("a b")
    ask(week, "r")
    for name in "ab":
        week.affinity(name, "r", score)
    assert right(week).unfilled["reason"].to_list() == ([reason] if reason else [])


def test_who_is_needed_elsewhere_is_no_loss() -> None:
    week = people("a b")
    ask(week, "r")
    ask(week, "s", "2 09:30", "2 10:30", priority=5)
    week.affinity("a", "r", -9000)
    week.affinity("a", "s", -9000)
    assert right(week).unfilled.select("request_id", "reason").rows() == [("r", "elsewhere")]


# --- what stays empty -----------------------------------------------------------------------------


def short_of() -> dict[str, Week]:
    """Return worlds with one request, `r`, that stays empty for one reason."""
    worlds = {rule: people("a") for rule in REASONS if rule != "no_plan"}
    worlds["only_listed"] = people("a", Policy(only_listed=True))
    worlds["consent"] = people("a", consent="refuse")
    worlds["distance"] = people("a", lat=0, lon=0)
    worlds["availability"] = Week("2026-03-02")
    worlds["availability"].volunteer("a", available=[(at("2 09:01"), at("2 12:00"))])
    more: dict[str, dict[str, Any]] = {
        "qualification": {"qualifications": {"cook": 2}},
        "distance": {"lat": 0.1, "lon": 0},
        "organisation": {"organisation_id": "school"},
        "never": {"category": "dogs"},
        "too_few": {"seats": 2},
        "minimum": {"seats": 3, "min_people": 2},
    }
    for rule, week in worlds.items():
        ask(week, "r", **more.get(rule, {}))
    worlds["qualification"].qualification("a", "cook", level=1)
    worlds["organisation"].organisation("school")
    worlds["never"].never("a", "category", "dogs")
    worlds["declined"].decline("a", "r")
    ask(worlds["elsewhere"], "s", "2 09:30", "2 12:00", priority=5)
    worlds["loss"].affinity("a", "r", -3001)
    ask(worlds["other_week"], "night", "1 22:00", "2 09:01")
    worlds["other_week"].accept("a", "night")
    worlds["already_served"] = people("a")
    options = {"sunday": (at("1 09:00"), at("1 10:00")), "monday": (at("2 09:00"), at("2 10:00"))}
    worlds["already_served"].request("r", options=options)
    worlds["already_served"].assignment("a", "r", "published", option="sunday")
    return worlds


SHORT_OF = short_of()


@pytest.mark.parametrize("reason", SHORT_OF)
def test_every_reason_for_an_empty_seat(reason: str) -> None:
    (row,) = right(SHORT_OF[reason], {"only_listed": reason == "only_listed"}).unfilled.to_dicts()
    assert (row["request_id"], row["post"], row["reason"]) == ("r", "volunteer", reason)
    assert row["filled"] == (reason == "too_few")
    # One volunteer is left up to the rule that fails, and nobody after it.
    fails = RULES.index(reason) if reason in RULES else len(RULES)
    assert [row[rule] for rule in RULES] == [1] * fails + [0] * (len(RULES) - fails)


def test_the_funnel_counts_who_is_left_after_each_rule() -> None:
    week = people("a b c d e")
    week.volunteer("far", lat=0, lon=0, available=[ALWAYS])
    week.volunteer("busy", available=[(at("3 09:00"), at("3 10:00"))])
    for name in ("a", "b", "c", "far", "busy"):
        week.qualification(name, "cook")
    ask(week, "r", seats=4, qualifications=["cook"], category="dogs", lat=1, lon=1)
    week.never("a", "category", "dogs")
    week.decline("b", "r")
    (row,) = right(week).unfilled.to_dicts()
    assert [row[rule] for rule in RULES] == [5, 4, 3, 3, 2, 1, 1, 1, 1, 1]
    assert (row["seats"], row["filled"], row["reason"]) == (4, 1, "too_few")


def test_a_minimum_out_of_reach_is_no_error() -> None:
    week = people("a b")
    ask(week, "r", seats=3, min_seats=3)
    ask(week, "s", "2 12:00", "2 13:00", priority=1)
    result = right(week)
    assert result.value == 1000
    assert dict(result.unfilled.select("request_id", "reason").rows()) == {"r": "minimum"}


# --- how a search ends ----------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [0, 2, 6, 10, 21, 48])
@pytest.mark.parametrize("way", ["time_limit", "interrupted"])
def test_a_search_cut_short_still_ends_in_a_plan_and_a_true_bound(seed: int, way: str) -> None:
    tables = full_world(seed, **SMALL)
    world, problem = read(tables), problem_of(tables)
    stop: dict[str, Any] = {"time_limit": 0.0}
    if way == "interrupted":
        stop = {"interrupted": lambda: True}
    result = solve(problem, gap=0.0, **stop)
    assert judged(result, world) <= best(world) <= result.bound <= result.bound_from_prices + 1e-6
    # Some first plans are proved without a search.
    proved = result.value == result.bound
    assert (result.status, result.termination) == (
        ("optimal", "proved") if proved else ("feasible", way)
    )


def test_interrupting_later_keeps_what_is_there() -> None:
    tables = full_world(12, **SMALL)
    asked = 0

    def interrupted() -> bool:
        nonlocal asked
        asked += 1
        return asked > 6

    told: list[Progress] = []
    result = solve(problem_of(tables), gap=0.0, interrupted=interrupted, on_progress=told.append)
    world = read(tables)
    assert judged(result, world) <= best(world) <= result.bound
    assert result.termination == "interrupted"
    assert max(p.value for p in told if p.value is not None) == result.value


def test_progress_only_gets_better() -> None:
    told: list[Progress] = []
    result = solve(problem_of(full_world(21, **SMALL)), gap=0.0, on_progress=told.append)
    phases = list(dict.fromkeys(p.phase for p in told))
    assert phases[:6] == ["pins", "eligibility", "value", "clusters", "flow", "certify"]
    assert [p.name for p in result.phases][:6] == phases[:6]
    values = [p.value for p in told if p.value is not None]
    bounds = [p.bound for p in told if p.bound is not None]
    seconds = [p.seconds for p in told]
    assert values == sorted(values)
    assert bounds == sorted(bounds, reverse=True)
    assert seconds == sorted(seconds)
    assert (values[-1], bounds[-1]) == (result.value, result.bound)
    assert all(p.gap is None or p.gap >= 0 for p in told)


def test_a_wide_gap_is_good_enough() -> None:
    problem = problem_of(full_world(21, **SMALL))
    result = solve(problem, gap=0.5)
    assert (result.status, result.termination) == ("feasible", "gap_limit")
    assert 0 < result.gap <= 0.5
    assert result.gap == (result.bound - result.value) / result.value


@pytest.mark.parametrize(
    "wrong",
    [
        {"time_limit": -1.0},
        {"time_limit": math.nan},
        {"gap": -0.1},
        {"gap": math.nan},
        {"workers": 0},
        {"seed": -1},
        {"seed": 1.5},
        {"workers": 1.5},
        {"workers": math.inf},
    ],
    ids=str,
)
def test_arguments_out_of_range(wrong: dict[str, Any]) -> None:
    (name,) = wrong
    with pytest.raises(UsageError, match=name):
        solve(people("a").problem(), **wrong)


def test_another_policy_may_be_given_to_solve() -> None:
    week = people("a b")
    ask(week, "r", seats=2)
    problem = week.problem()
    # Without the bonus of early seats: 2 * 3 * 700.
    assert solve(problem, Policy(seat=700, early_seat=0.0)).value == 4200
    assert solve(problem).value == 3750 + 3000
    for policy in (Policy(travel_km=5.0), Policy(max_shifts=2), Policy(time_zone="UTC")):
        with pytest.raises(UsageError, match=r"give the policy to Problem\.from_tables"):
            solve(problem, policy)


def test_the_summary_is_the_contract_s_and_json() -> None:
    result = solve(problem_of(full_world(21, **SMALL)), seed=3)
    summary = result.summary()
    assert summary.keys() >= NAMES
    assert json.loads(json.dumps(summary, allow_nan=False)) == summary
    plan = result.tables()["plan"]
    assert summary["filled"] == plan.height
    assert summary["requests_served"] == plan["request_id"].n_unique()
    assert summary["volunteers_used"] == plan["volunteer_id"].n_unique()
    assert summary["hours"] == round((plan["end"] - plan["start"]).dt.total_minutes().sum() / 60, 2)
    assert summary["seats"] - summary["filled"] == int(
        (result.unfilled["seats"] - result.unfilled["filled"]).sum()
    )
    assert summary["gap"] == pytest.approx((summary["bound"] - summary["value"]) / summary["value"])
    assert summary["policy"] == Policy().to_dict()
    assert (summary["seed"], summary["week"]) == (3, WEEK.isoformat())


def test_a_summary_without_limits_is_json_too() -> None:
    week = people("a", Policy(travel_kmh=math.inf))
    ask(week, "r")
    summary = solve(week.problem()).summary()
    again = json.loads(json.dumps(summary, allow_nan=False))
    assert Policy.from_json(again["policy"]) == Policy(travel_kmh=math.inf)


# --- hostile worlds -------------------------------------------------------------------------------


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
    policy = {} if week.policy is None else week.policy.to_dict()
    assert right(week, policy).value == HOSTILE[world]


def test_a_plan_of_nobody_is_a_plan() -> None:
    result = right(nothing())
    assert (result.value, result.gap, len(result.plan)) == (0, 0.0, 0)
    assert result.summary()["kpis"]["seats_filled_share"] == 0.0
    empty = result.tables()["plan"]
    assert Plan.from_frame(result.problem, empty).slot.tolist() == []
    assert empty.schema["start"] == pl.Datetime("us")


def test_the_same_arrays_are_left_as_they_were() -> None:
    problem: Problem = problem_of(full_world(3, **SMALL))
    before = {name: np.copy(getattr(problem.volunteers, name)) for name in ("lat", "max_shifts")}
    solve(problem)
    for name, column in before.items():
        np.testing.assert_array_equal(getattr(problem.volunteers, name), column)


def test_improvements_are_told_and_never_undone() -> None:
    told: list[Progress] = []
    problem = Problem.from_tables(full_world(3, **SMALL), WEEK)
    result = solve(problem, gap=0.0, on_improvement=told.append)
    values = [progress.value or 0 for progress in told]
    bounds = [progress.bound or np.inf for progress in told]
    assert values == sorted(values)
    assert bounds == sorted(bounds, reverse=True)
    assert (values[-1], bounds[-1]) == (result.value, result.bound)


@pytest.mark.parametrize("bound", [np.inf, 7.5])
def test_no_bound_is_no_proof(bound: float) -> None:
    problem = Week("2026-03-02").problem()
    incumbent = Incumbent(
        problem,
        eligible(problem),
        started=0.0,
        time_limit=1.0,
        gap=0.0,
        interrupted=lambda: False,
        told=lambda progress: None,
        improved=lambda progress: None,
    )
    incumbent.prove(bound, "whole")
    assert incumbent.bound == (7 if bound == 7.5 else np.inf)
    assert not incumbent.proved


# --- weights and counts at their limits -----------------------------------------------------------


@pytest.mark.parametrize("seat", [400_000_000, 429_496_732, 1_000_000_000])
def test_values_beyond_32_bits_are_exact(seat: int) -> None:
    week = people("ann bob", Policy(seat=seat))
    ask(week, "r1", priority=1, seats=2, min_seats=2)
    ask(week, "r5", priority=5, seats=2, min_seats=2)
    result = right(week, {"seat": seat})
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
    result = right(week, {"seat": seat})
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
