"""What stays empty, and the reason that is given for it."""

from typing import Any

import numpy as np
import pytest

from matching import Plan, Policy, Prices, Week
from matching.arcs.eligibility import RULES, eligible
from matching.arcs.unfilled import REASONS, unfilled
from matching.arcs.value import quality
from matching.bounds.unsettled import unsettled
from tests.support.hand import ALWAYS, ask, at, people, right


def short_of() -> dict[str, Week]:
    """Return worlds with one request, `r`, that stays empty for one reason."""
    worlds = {rule: people("a") for rule in REASONS if rule not in ("no_plan", "unsettled")}
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
        "together": {"qualifications": ["cook"]},
        "minimum": {"seats": 3, "min_people": 2},
    }
    for rule, week in worlds.items():
        ask(week, "r", **more.get(rule, {}))
    worlds["qualification"].qualification("a", "cook", level=1)
    worlds["organisation"].organisation("school")
    worlds["never"].never("a", "category", "dogs")
    worlds["declined"].decline("a", "r")
    ask(worlds["elsewhere"], "s", "2 09:30", "2 12:00", priority=5)
    # Ben is no cook, and Ann does not come without him.
    worlds["together"].volunteer("b")
    worlds["together"].qualification("a", "cook")
    worlds["together"].together("a", "b")
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
    (row,) = right(SHORT_OF[reason]).unfilled.to_dicts()
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


@pytest.mark.parametrize(("price", "open_seat"), [(0.0, True), (2999.0, True), (3000.0, False)])
def test_a_seat_worth_more_than_the_price_of_somebody_free_was_left_by_the_search(
    price: float, open_seat: bool
) -> None:
    # One seat at 3000, one volunteer, nobody planned: at 3000 and above she is needed elsewhere.
    week = Week("2026-03-02")
    week.volunteer("a", available=[("mon", "08:00", "12:00")])
    week.request("r", start="2026-03-02 09:00", end="2026-03-02 11:00")
    problem = week.problem()
    arcs, nobody = eligible(problem), Plan(np.empty(0, np.int32), np.empty(0, np.int32))
    prices = Prices(slot=np.array([price]), quota=np.empty(0))
    left = unsettled(problem, arcs, prices, nobody)
    assert left.tolist() == [open_seat]
    empty = unfilled(problem, arcs, quality(problem, arcs), nobody, unsettled=left)
    assert empty["reason"].to_list() == ["unsettled" if open_seat else "elsewhere"]
