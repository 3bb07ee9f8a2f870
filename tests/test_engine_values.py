"""What a plan is worth: worlds made by hand, with the sum in a comment."""

from datetime import datetime

from matching import (
    Policy,
    Week,
)
from matching.week import Post
from tests.support.hand import ALWAYS, ask, at, people, right, served


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
    result = right(week)
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
