"""Pins: they stay whatever it costs, and those against a rule are faults or set aside."""

import json
import math

import pytest

from matching import (
    DataError,
    Policy,
    Week,
    audit,
    solve,
)
from tests.oracle import milp
from tests.oracle.reading import read
from tests.support.hand import ALWAYS, ask, at, people, right, served


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


@pytest.mark.parametrize("seat", [1000, 10**6, 10**9])
def test_a_pin_stays_however_large_the_weights_are(seat: int) -> None:
    # Each seat is worth five times the weight, and there is somebody for both.
    week = people("ann bo", Policy(seat=seat))
    ask(week, "r", priority=5)
    ask(week, "s", priority=5)
    week.pin("ann", "r")
    result = right(week)
    assert served(result) == ["ann r", "bo s"]
    assert result.value == result.bound == 10 * seat


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


@pytest.mark.slow
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
