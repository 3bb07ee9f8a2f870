"""The table `travel`: minutes between stations, instead of distance over speed."""

import warnings

import numpy as np
import pytest

from matching import DataError, DataWarning, Policy, Week, audit, certify
from matching.arcs.eligibility import eligible
from matching.bounds.exactness import is_pure_network
from matching.bounds.pricing import Weeks
from tests.support.hand import ask, people, right, served

EVEN = Policy(early_seat=0.0)


def two_stations(policy: Policy = EVEN) -> Week:
    """Let ann serve at a, at 9, and at b, at 10:30: 10 km apart, which is 30 minutes at 20 km/h."""
    week = people("ann", policy)
    for name, lat in (("a", 31.0), ("b", 31.0899)):
        week.station(name, lat=lat, lon=121.0)
    ask(week, "first", station_id="a")
    ask(week, "then", "2 10:30", "2 11:30", station_id="b")
    return week


@pytest.mark.parametrize(("minutes", "both"), [(None, True), (30, True), (31, False), (0, True)])
def test_minutes_take_the_place_of_distance(minutes: int | None, both: bool) -> None:
    week = two_stations()
    if minutes is not None:
        week.travel("a", "b", minutes)
        week.travel("b", "a", 999)
    result = right(week)
    # Two services of 3000, the second with a load of 100; or one.
    assert result.value == (5900 if both else 3000)


def test_what_is_too_far_by_distance_can_be_near() -> None:
    # At 10 km/h the way takes an hour; the underground takes 20 minutes.
    week = two_stations(Policy(early_seat=0.0, travel_kmh=10))
    assert right(week).value == 3000
    week.travel("a", "b", 20)
    week.travel("b", "a", 20)
    assert right(week).value == 5900


@pytest.mark.parametrize("speed", [20.0, np.inf])
def test_stations_without_coordinates_have_ways_too(speed: float) -> None:
    week = people("ann", Policy(early_seat=0.0, travel_kmh=speed))
    for name in "ab":
        week.station(name)
    ask(week, "first", station_id="a")
    ask(week, "then", "2 10:30", "2 11:30", station_id="b")
    assert right(week).value == 5900
    week.travel("a", "b", 31)
    week.travel("b", "a", 31)
    assert right(week).value == 3000


def test_one_direction_alone_is_said_to_hold_for_the_other() -> None:
    week = two_stations()
    week.travel("b", "a", 31)
    with pytest.warns(DataWarning, match="way back is taken to be as long: b to a"):
        problem = week.problem()
    assert problem.travel.minutes.tolist() == [31, 31]


def test_the_two_directions_may_differ() -> None:
    # From a to b it takes 31 minutes, back 30: ann can serve at b first, and not at a first.
    for first, then, both in (("a", "b", False), ("b", "a", True)):
        week = people("ann", EVEN)
        for name in "ab":
            week.station(name)
        ask(week, "first", station_id=first)
        ask(week, "then", "2 10:30", "2 11:30", station_id=then)
        week.travel("a", "b", 31)
        week.travel("b", "a", 30)
        assert right(week).value == (5900 if both else 3000)


def test_a_request_with_a_place_of_its_own_is_not_at_its_station() -> None:
    # "own" is 10 km from a, 30 minutes; the 31 minutes to b are for what is at b itself.
    for place, both in (({"lat": 31.0899, "lon": 121.0}, True), ({}, False)):
        week = people("ann", EVEN)
        for name, lat in (("a", 31.0), ("b", 31.0899)):
            week.station(name, lat=lat, lon=121.0)
        for way in ("ab", "ba"):
            week.travel(*way, 31)
        ask(week, "first", station_id="a")
        ask(week, "own", "2 10:30", "2 11:30", station_id="b", **place)
        assert right(week).value == (5900 if both else 3000)


def test_a_service_in_between_may_be_a_shorter_way() -> None:
    # From a to c is 90 minutes; over b it is 10 and 10. "stop" costs 3500 and gains 3000, and its
    # load is 100: it pays only since "far" is reached over it: 3000 + (3000 - 3500 - 100) + 2800.
    week = people("ann", EVEN)
    for name in "abc":
        week.station(name)
    ask(week, "near", station_id="a")
    ask(week, "stop", "2 10:10", "2 10:20", station_id="b")
    ask(week, "far", "2 10:30", "2 11:30", station_id="c")
    week.affinity("ann", "stop", -3500)
    for here, there, minutes in (("a", "c", 90), ("a", "b", 10), ("b", "c", 10)):
        week.travel(here, there, minutes)
        week.travel(there, here, minutes)
    result = right(week)
    assert served(result) == ["ann far", "ann near", "ann stop"]
    assert result.value == 3000 - 600 + 2800
    assert certify(result.problem, result.prices) >= result.value


def test_the_week_next_door_is_reached_in_time() -> None:
    # Sunday's service ends at 23:30 at a; Monday's at b begins at 0:10. A way of 40 minutes is
    # just in time, of 41 too long.
    for minutes, fits in ((40, True), (41, False)):
        week = people("ann", EVEN)
        for name in "ab":
            week.station(name)
        ask(week, "sunday", "1 22:30", "1 23:30", station_id="a")
        ask(week, "monday", "2 00:10", "2 01:00", station_id="b")
        week.assignment("ann", "sunday", "accepted")
        week.travel("a", "b", minutes)
        week.travel("b", "a", 0)
        assert served(right(week)) == (["ann monday"] if fits else [])


def test_a_way_longer_than_the_time_between_clusters_is_no_network() -> None:
    for minutes, network in ((30, True), (31, False)):
        week = people("ann", Policy(travel_kmh=np.inf))
        for name in "ab":
            week.station(name)
        ask(week, "first", station_id="a")
        ask(week, "then", "2 10:30", "2 11:30", station_id="b")
        for way in ("ab", "ba"):
            week.travel(*way, minutes)
        problem = week.problem()
        assert is_pure_network(problem, Weeks(problem, eligible(problem)).clusters) is network


def test_the_audit_says_how_long_the_way_takes() -> None:
    week = two_stations()
    plan = right(week).tables()["plan"]
    for way in ("ab", "ba"):
        week.travel(*way, 31)
    broken = audit.violations(week.problem(), plan)
    assert broken["rule"].to_list() == ["travel"]
    assert broken["detail"].to_list() == [
        "first ends Mon 10:00, next starts Mon 10:30, travel takes 31 min"
    ]


def test_unknown_stations_and_two_times_for_one_way_are_faults() -> None:
    week = two_stations()
    week.travel("a", "x", 10)
    for minutes in (20, 30):
        week.travel("a", "b", minutes)
    with pytest.raises(DataError) as error:
        week.problem()
    said = error.value.faults.filter(table="travel").sort("row")
    assert said["row"].to_list() == [1, 2, 3]
    assert said["rule"].to_list() == ["reference", "unique", "unique"]


def test_nothing_is_warned_of_where_both_ways_are_given() -> None:
    week = two_stations()
    week.travel("a", "b", 10)
    week.travel("b", "a", 20)
    week.travel("a", "a", 5)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        week.problem()


def test_minutes_at_one_station_count_between_its_services() -> None:
    for minutes, both in ((30, True), (31, False)):
        week = people("ann", EVEN)
        week.station("a", lat=31.0, lon=121.0)
        ask(week, "first", station_id="a")
        ask(week, "then", "2 10:30", "2 11:30", station_id="a")
        week.travel("a", "a", minutes)
        assert right(week).value == (5900 if both else 3000)
