"""The edges of the week: windows that recur, and what people are held to in other weeks."""

from typing import Any

import pytest

from matching import DataError, DataWarning, Policy, Result, Week, audit, solve
from matching.problem.plan import Plan
from tests.support.hand import right

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
NIGHTS = [(day, "22:00", "00:00") for day in DAYS] + [(day, "00:00", "06:00") for day in DAYS]
ROUND = [(day, "00:00", "00:00") for day in DAYS]


def week_of(*names: str, available: Any = ROUND, policy: Policy | None = None, **more: Any) -> Week:
    """Start the week of Monday 2 March; the Sunday before is the 1st, the Monday after the 9th."""
    week = Week("2026-03-02", policy=policy)
    for name in names:
        week.volunteer(name, available=available, **more)
    return week


def span(text: str) -> tuple[str, str]:
    """Say `8 22:00 9 02:00` for the night to the Monday after."""
    first, start, last, end = text.split()
    return f"2026-03-{first:0>2} {start}", f"2026-03-{last:0>2} {end}"


def ask(week: Week, name: str, when: str, **more: Any) -> None:
    start, end = span(when)
    week.request(name, start=start, end=end, **more)


def served(result: Result) -> list[str]:
    return sorted(result.tables()["plan"]["request_id"])


# --- weekly windows -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "when",
    [
        "8 22:00 9 02:00",  # Sunday night to Monday
        "8 22:00 9 06:00",
        "2 00:00 2 02:00",  # touching Monday 00:00
        "4 22:00 5 06:00",
    ],
)
def test_weekly_windows_recur(when: str) -> None:
    week = week_of("a", available=NIGHTS)
    ask(week, "r", when)
    assert served(right(week)) == ["r"]


@pytest.mark.parametrize("when", ["8 22:00 9 06:01", "8 21:59 9 02:00"])
def test_not_a_minute_longer(when: str) -> None:
    week = week_of("a", available=NIGHTS)
    ask(week, "r", when)
    result = right(week)
    assert result.unfilled["reason"].to_list() == ["availability"]


def test_they_recur_for_as_long_as_a_service_lasts() -> None:
    """Two weeks and a day, from Saturday to Sunday: round the clock, and with a dated weekend."""
    week = week_of("a")
    ask(week, "r", "7 08:00 22 08:00")
    week.volunteer("b", available=[*ROUND[:5], span("7 00:00 9 00:00"), span("14 00:00 16 00:00")])
    assert {row["volunteer_id"] for row in right(week).tables()["plan"].to_dicts()} == {"a"}
    week.available("b", span("21 00:00 23 00:00"))
    week.prefer("b", "post", "volunteer", weight=50)
    assert {row["volunteer_id"] for row in right(week).tables()["plan"].to_dicts()} == {"b"}


def test_the_least_liked_of_all_windows_counts_also_after_the_week() -> None:
    week = week_of("a", available=[("sun", "20:00", "00:00", 2), ("mon", "00:00", "06:00", -1)])
    ask(week, "r", "8 22:00 9 02:00")
    assert right(week).value == 3000 - 50


def test_an_option_reaches_into_the_next_week() -> None:
    week = week_of("a", available=NIGHTS)
    week.request("r", options={"long": span("8 22:00 9 07:00"), "short": span("8 23:00 9 01:00")})
    assert right(week).tables()["plan"]["option"].to_list() == ["short"]


def test_a_window_of_the_week_after_that_the_clock_skips_is_a_fault() -> None:
    """In Berlin Sunday 29 March has no 02:30; a service from the 22nd lasts until then."""
    week = Week("2026-03-16", policy=Policy(time_zone="Europe/Berlin"))
    week.volunteer("a", available=[("sun", "02:30", "20:00")])
    week.request("r", start="2026-03-22 12:00", end="2026-03-22 13:00")
    assert served(solve(week.problem())) == ["r"]
    week.request("s", start="2026-03-22 12:00", end="2026-03-30 13:00")
    with pytest.raises(DataError, match="exists_in_time_zone"):
        week.problem()


def test_an_end_centuries_away_is_told_and_takes_no_memory() -> None:
    week = week_of("a")
    week.request("slip", start="2026-03-03 09:00", end="2926-03-03 10:00")
    with pytest.warns(DataWarning, match="'slip' lasts until 2926-03-03"):
        problem = week.problem()
    assert len(problem.windows) == 10 * 7


def test_an_end_in_the_last_minute_of_all_years_is_told() -> None:
    """In New York that is 04:59 of the year 10000 in UTC, which no Python datetime can hold."""
    week = week_of("a", policy=Policy(time_zone="America/New_York"))
    week.request("slip", start="2026-03-03 09:00", end="9999-12-31 23:59")
    with pytest.warns(DataWarning, match="'slip' lasts until 9999-12-31"):
        problem = week.problem()
    assert len(problem.windows) == 10 * 7


# --- services of other weeks ----------------------------------------------------------------------


@pytest.mark.parametrize("status", ["pinned", "accepted", "published"])
@pytest.mark.parametrize(
    ("there", "here"),
    [
        ("1 22:00 2 06:00", "2 04:00 2 07:00"),  # last week's
        ("9 00:00 9 04:00", "8 23:00 9 00:01"),  # next week's
    ],
)
def test_who_is_held_to_a_service_next_door_has_no_time(status: str, there: str, here: str) -> None:
    week = week_of("a")
    ask(week, "there", there)
    ask(week, "here", here)
    assert served(right(week)) == ["here"]
    week.assignment("a", "there", status)
    result = right(week)
    assert served(result) == []
    assert result.value == result.bound_from_prices == 0
    assert result.unfilled["reason"].to_list() == ["other_week"]
    assert result.unfilled.select("already_served", "other_week").row(0) == (1, 0)


@pytest.mark.parametrize("status", ["offered", "declined"])
def test_what_is_not_agreed_holds_nobody(status: str) -> None:
    week = week_of("a")
    ask(week, "there", "1 22:00 2 06:00")
    ask(week, "here", "2 04:00 2 07:00")
    week.assignment("a", "there", status)
    assert served(right(week)) == ["here"]


def test_somebody_else_comes() -> None:
    week = week_of("a", "b")
    ask(week, "there", "1 22:00 2 06:00")
    ask(week, "here", "2 04:00 2 07:00")
    week.prefer("a", "post", "volunteer", weight=100)
    week.accept("a", "there")
    assert right(week).tables()["plan"]["volunteer_id"].to_list() == ["b"]


# 0.1 degrees of latitude are 11.12 km: 33.4 minutes at 20 km/h.
@pytest.mark.parametrize(("start", "end"), [("00:33", False), ("00:34", True)])
def test_there_is_time_to_travel_from_last_week(start: str, end: bool) -> None:
    week = week_of("a")
    ask(week, "there", "1 22:00 2 00:00", lat=0.0, lon=0.0)
    ask(week, "here", f"2 {start} 2 02:00", lat=0.1, lon=0.0)
    week.accept("a", "there")
    assert served(right(week)) == ["here"] * end


@pytest.mark.parametrize(("end", "fits"), [("23:27", False), ("23:26", True)])
def test_there_is_time_to_travel_to_next_week(end: str, fits: bool) -> None:
    week = week_of("a")
    ask(week, "there", "9 00:00 9 01:00", lat=0.0, lon=0.0)
    ask(week, "here", f"8 22:00 8 {end}", lat=0.1, lon=0.0)
    week.accept("a", "there")
    assert served(right(week)) == ["here"] * fits


def test_a_stop_on_the_way_makes_no_way_shorter() -> None:
    """Within a week travel looks at the next service; to other weeks every service looks itself."""
    week = week_of("a")
    ask(week, "there", "1 22:00 2 00:00", lat=0.0, lon=0.0)
    ask(week, "phone", "2 00:00 2 00:10")  # no place: no time to get there
    ask(week, "here", "2 00:10 2 02:00", lat=0.1, lon=0.0)
    week.accept("a", "there")
    assert served(right(week)) == ["phone"]


@pytest.mark.parametrize(("start", "fits"), [("07:59", False), ("08:00", True)])
def test_there_is_rest_after_last_week(start: str, fits: bool) -> None:
    week = week_of("a", min_rest_hours=8)
    ask(week, "there", "1 22:00 2 00:00")
    ask(week, "here", f"2 {start} 2 10:00")
    week.accept("a", "there")
    assert served(right(week)) == ["here"] * fits


def test_a_service_that_began_weeks_ago_counts_while_it_lasts() -> None:
    week = week_of("a")
    week.request("camp", start="2026-02-10 08:00", end="2026-03-03 12:00")
    ask(week, "r", "3 11:00 3 13:00")
    ask(week, "s", "3 12:00 3 13:00")
    week.accept("a", "camp")
    assert served(right(week)) == ["s"]


def test_nothing_of_it_counts_as_value_shifts_or_hours_of_this_week() -> None:
    week = week_of("a", max_shifts=1, max_hours=2, max_shifts_per_day=1)
    ask(week, "there", "1 22:00 2 06:00")
    ask(week, "here", "2 06:00 2 08:00")
    week.accept("a", "there")
    result = right(week)
    # One seat, and the load of a first shift: none.
    assert result.value == 3000
    assert result.summary()["hours"] == 2.0


def test_a_pin_against_it_names_both() -> None:
    week = week_of("a", min_rest_hours=8)
    ask(week, "there", "1 22:00 2 00:00")
    ask(week, "here", "2 04:00 2 07:00")
    week.pin("a", "there")
    week.pin("a", "here")
    with pytest.raises(DataError) as raised:
        solve(week.problem())
    fault = raised.value.faults.row(0, named=True)
    assert (fault["table"], fault["row"], fault["rule"]) == ("assignments", 2, "pinned_other_week")
    for word in ("request_id=here", "is pinned at there", "4.0 h of rest, needs 8.0 h"):
        assert word in fault["value"] + fault["message"], word
    result = solve(week.problem("quarantine"))
    assert served(result) == []


def test_the_audit_tells_of_every_kind() -> None:
    week = week_of("a", min_rest_hours=1)
    ask(week, "night", "1 22:00 2 06:00", lat=0.0, lon=0.0)
    week.accept("a", "night")
    ask(week, "1 over", "2 05:00 2 07:00")
    ask(week, "2 tired", "2 06:59 2 08:00")
    ask(week, "3 far", "2 07:00 2 08:00", lat=1.0, lon=0.0)  # 111.2 km: 333.6 minutes
    problem = week.problem()
    for number, detail in enumerate(
        ("they overlap", "0.98 h of rest, needs 1.0 h", "travel takes 334 min")
    ):
        plan = Plan(*([[0], [number]]))
        (row,) = audit.violations(problem, plan).to_dicts()
        assert row["rule"] == "other_week"
        assert row["detail"].endswith(f"to Mon 2026-03-02 06:00: {detail}"), row["detail"]


# --- requests that are served in another week -----------------------------------------------------


def two_options() -> Week:
    week = week_of("a", "b")
    week.request("r", options={"sun": span("1 10:00 1 12:00"), "tue": span("3 10:00 3 12:00")})
    return week


@pytest.mark.parametrize("status", ["pinned", "accepted", "published"])
def test_a_request_is_served_once(status: str) -> None:
    week = two_options()
    assert served(right(week)) == ["r"]
    week.assignment("a", "r", status, option="sun")
    result = right(week)
    assert served(result) == []
    assert result.unfilled["reason"].to_list() == ["already_served"]
    found = audit.violations(result.problem, Plan(*([[1], [0]])))
    assert found.select("rule", "detail").row(0) == (
        "already_served",
        f"a is {status} here at the option sun, Sun 2026-03-01 10:00",
    )


def test_a_pin_here_of_what_is_served_there_names_both() -> None:
    week = two_options()
    week.assignment("a", "r", "accepted", option="sun")
    week.assignment("b", "r", "pinned", option="tue")
    with pytest.raises(DataError, match="a is accepted here at the option sun") as raised:
        solve(week.problem())
    assert raised.value.faults["rule"].to_list() == ["pinned_already_served"]


def test_without_an_option_it_is_about_this_week_if_there_is_a_time() -> None:
    week = two_options()
    week.assignment("a", "r", "accepted")
    result = right(week)
    assert result.tables()["plan"]["status"].to_list() == ["accepted"]


def test_without_an_option_all_times_of_another_week_are_kept_free() -> None:
    week = week_of("a")
    week.request("r", options={"mon": span("9 00:00 9 02:00"), "sun": span("1 23:00 2 01:00")})
    ask(week, "early", "2 00:00 2 02:00")
    ask(week, "late", "8 23:00 9 01:00")
    assert served(right(week)) == ["early", "late"]
    week.assignment("a", "r", "published")
    assert served(right(week)) == []
