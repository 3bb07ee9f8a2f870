"""The table `sessions`: requests of several meetings, to all of which the same people come."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from matching import (
    DataError,
    Desk,
    Plan,
    Policy,
    Problem,
    Week,
    audit,
    certify,
    open_desk,
    solve,
)
from matching.answers.promise import promise
from matching.arcs.eligibility import eligible
from matching.arcs.value import quality
from matching.bounds.exactness import is_pure_network
from matching.bounds.pricing import Weeks
from matching.orders.rolling import rolled
from matching.reports.feeds import write_feeds
from matching.reports.page.payload import payload_of
from matching.reports.slips.lines import station_slips, team_slips, volunteer_slips
from matching.solvers.construction.construct import Construction
from matching.stores import write_tables
from tests.oracle.reading import read
from tests.support.hand import ask, at, people, right, served
from tests.support.laws import best, solved

# Every seat of priority 3 is worth 3000, every further service of somebody costs 100 more.
EVEN = Policy(early_seat=0.0)
MON, WED = ("2 09:00", "2 10:00"), ("4 09:00", "4 10:00")


def course(
    week: Week, name: str, *meetings: tuple[str, str], option: str | None = None, **more: Any
) -> None:
    """Ask for a course that meets at these times."""
    if option is None or not any(row["request_id"] == name for row in week._rows["requests"]):
        week.request(name, **more)
    for number, (start, end) in enumerate(meetings):
        week.session(name, f"{number}", start=at(start), end=at(end), option=option)


def test_the_same_people_come_to_all_meetings() -> None:
    # bob is free on Monday alone: only ann can come to both.
    week = people("ann", EVEN)
    week.volunteer("bob", available=[(at("2 08:00"), at("2 12:00"))])
    course(week, "course", MON, WED, seats=2)
    result = right(week)
    assert served(result) == ["ann course"]
    assert result.value == 3000
    plan = result.tables()["plan"]
    assert (str(plan["start"][0]), str(plan["end"][0])) == (
        "2026-03-02 09:00:00",
        "2026-03-04 10:00:00",
    )


def test_between_meetings_there_is_time_for_others() -> None:
    # Tuesday's service lies between Monday's and Wednesday's meeting; Wednesday's overlaps.
    week = people("ann", EVEN)
    course(week, "course", MON, WED, priority=5)
    ask(week, "tuesday", "3 09:00", "3 10:00")
    ask(week, "wednesday", "4 09:30", "4 11:00")
    result = right(week)
    assert served(result) == ["ann course", "ann tuesday"]
    assert result.value == 5000 + 3000 - 100


def test_courses_may_take_turns() -> None:
    # The one meets at nine, the other at ten, on the same two days; a third overlaps both.
    week = people("ann", EVEN)
    course(week, "nine", MON, WED)
    course(week, "ten", ("2 10:00", "2 11:00"), ("4 10:00", "4 11:00"))
    course(week, "both", ("2 09:30", "2 10:30"), ("5 09:00", "5 10:00"), priority=5)
    result = right(week)
    assert served(result) == ["ann nine", "ann ten"]
    assert result.value == 5900


@pytest.mark.parametrize(("hours", "both"), [(3.0, True), (2.9, False), (2.0, False)])
def test_hours_are_those_of_all_meetings(hours: float, both: bool) -> None:
    week = people("ann", EVEN, max_hours=hours)
    course(week, "course", MON, WED, priority=5)
    ask(week, "tuesday", "3 09:00", "3 10:00")
    assert right(week).value == (7900 if both else 5000)


@pytest.mark.slow
def test_a_course_is_one_service_of_the_week_and_one_on_each_of_its_days() -> None:
    for limits, value in (
        ({"max_shifts": 2}, 7900),
        ({"max_shifts": 1}, 5000),
        ({"max_shifts_per_day": 2}, 7900),
        ({"max_shifts_per_day": 1}, 5000),
    ):
        week = people("ann", EVEN, **limits)
        course(week, "course", MON, WED, priority=5)
        ask(week, "wednesday", "4 11:00", "4 12:00")
        assert right(week).value == value, limits


def test_two_meetings_on_a_day_are_too_many_for_who_takes_one() -> None:
    for limit, value in ((1, 0), (2, 3000)):
        week = people("ann", EVEN, max_shifts_per_day=limit)
        course(week, "course", MON, ("2 15:00", "2 16:00"))
        assert right(week).value == value


def test_rest_is_kept_between_meetings_and_around_them() -> None:
    # From Monday 22:00 to Tuesday 06:00 there are eight hours; to "late", on Wednesday, nine.
    for rest, who in ((8.0, ["course", "late"]), (8.5, ["late"]), (20.0, ["late"])):
        week = people("ann", EVEN, min_rest_hours=rest)
        course(week, "course", ("2 21:00", "2 22:00"), ("3 06:00", "3 07:00"))
        ask(week, "late", "4 06:00", "4 07:00", priority=1)
        assert served(right(week)) == [f"ann {name}" for name in who]


def test_there_is_time_to_travel_from_and_to_each_meeting() -> None:
    # Half an hour by the speed of 20 km/h; the second meeting begins 29 or 30 minutes after.
    for end, both in (("4 08:30", True), ("4 08:31", False)):
        week = people("ann", EVEN)
        for name, lat in (("a", 31.0), ("b", 31.0899)):
            week.station(name, lat=lat, lon=121.0)
        course(week, "course", MON, WED, station_id="a", priority=5)
        ask(week, "before", "4 08:00", end, station_id="b")
        assert right(week).value == (7900 if both else 5000)


def test_options_have_sessions_of_their_own() -> None:
    # ann is free on Tuesday and Thursday alone.
    week = Week("2026-03-02", policy=EVEN)
    week.volunteer("ann", available=[(at(f"{d} 08:00"), at(f"{d} 12:00")) for d in (3, 5)])
    course(week, "course", MON, WED, option="mon-wed")
    course(week, "course", ("3 09:00", "3 10:00"), ("5 09:00", "5 10:00"), option="tue-thu")
    plan = right(week).tables()["plan"]
    assert plan["option"].to_list() == ["tue-thu"]


def test_the_least_liked_window_of_any_meeting_counts() -> None:
    week = Week("2026-03-02", policy=EVEN)
    week.volunteer(
        "ann",
        available=[
            (at("2 08:00"), at("2 12:00"), 2),
            (at("3 08:00"), at("3 12:00"), -2),
            (at("4 08:00"), at("4 12:00"), 1),
        ],
    )
    course(week, "course", MON, WED)
    # 50 for the 1 of Wednesday; Tuesday's window is between the two.
    assert right(week).value == 3050


def test_a_course_goes_on_into_the_next_week_and_comes_from_the_last() -> None:
    # ann has had a course since last Friday; its second meeting is on Monday at nine.
    week = people("ann", EVEN)
    week.request("old")
    for number, day in enumerate(("2026-02-27", "2026-03-02")):
        week.session("old", f"{number}", start=f"{day} 09:00", end=f"{day} 10:00")
    week.assignment("ann", "old", "accepted")
    ask(week, "monday", "2 09:30", "2 10:30")
    ask(week, "later", "2 10:00", "2 11:00")
    course(week, "new", ("8 09:00", "8 10:00"), ("9 09:00", "9 10:00"))
    assert served(right(week)) == ["ann later", "ann new"]


def test_no_network_says_what_lies_between_meetings() -> None:
    week = people("ann", Policy(travel_kmh=np.inf))
    course(week, "course", MON, WED)
    problem = week.problem()
    assert not is_pure_network(problem, Weeks(problem, eligible(problem)).clusters)


def test_a_first_plan_keeps_all_meetings() -> None:
    # "both" overlaps each of the others at one of its meetings.
    week = people("ann bob", EVEN)
    course(week, "both", MON, WED)
    ask(week, "monday", "2 09:30", "2 10:30")
    course(week, "turns", ("3 09:00", "3 10:00"), ("4 09:30", "4 10:30"))
    ask(week, "between", "3 11:00", "3 12:00")
    problem = week.problem()
    weeks = Weeks(problem, eligible(problem))
    worth = quality(problem, weeks.arcs)
    made = Construction(problem, weeks, worth).complete(np.empty(0, np.int64))
    plan = Plan(weeks.arcs.volunteer[made], weeks.arcs.slot[made])
    assert audit.violations(problem, plan).is_empty()
    assert len(plan) == 4
    right(week)


def test_the_audit_names_the_meeting_that_is_missed() -> None:
    week = people("ann", EVEN)
    course(week, "course", MON, WED)
    ask(week, "wednesday", "4 09:30", "4 11:00")
    problem = week.problem()
    slots = np.arange(2, dtype=np.int32)
    broken = audit.violations(problem, Plan(np.zeros(2, np.int32), slots))
    assert broken["rule"].to_list() == ["overlap"]
    assert broken["detail"].to_list() == ["starts Wed 09:30, course ends Wed 10:00"]
    week.volunteer("bob", available=[(at("2 08:00"), at("2 12:00"))])
    problem = week.problem()
    broken = audit.violations(problem, Plan(np.ones(1, np.int32), slots[:1]))
    assert broken["detail"].to_list() == [
        "serves Wed 09:00 to Wed 10:00, available for 0 of 60 minutes"
    ]


def test_who_asks_why_not_hears_how_many_minutes_are_missing() -> None:
    week = Week("2026-03-02", policy=EVEN)
    week.volunteer("bob", available=[(at("2 08:00"), at("4 09:30"))])
    course(week, "course", MON, WED)
    why = Desk(right(week)).why_not("bob", "course")
    assert why.select("kind", "minutes").rows() == [("availability", 30)]


@pytest.mark.parametrize(
    ("told", "rule", "rows"),
    [
        ((None, MON, ("2 09:30", "2 11:00")), "sessions_overlap", [2]),
        ((None, WED, ("4 08:00", "4 09:30")), "sessions_overlap", [1]),
        (("x", MON, WED), "session_s_option", [3]),
    ],
)
def test_sessions_that_cannot_be_are_faults(told: Any, rule: str, rows: list[int]) -> None:
    week = people("ann")
    option, *meetings = told
    course(week, "course", *meetings, option=option)
    if option:
        week.session("course", "more", start=at("5 09:00"), end=at("5 10:00"))
    with pytest.raises(DataError) as error:
        week.problem()
    said = error.value.faults
    assert said.select("table", "row", "rule").rows() == [("sessions", row, rule) for row in rows]
    # What cannot be told takes its request along.
    assert not len(week.problem(on_error="quarantine").requests)


def test_a_window_of_starts_has_no_sessions() -> None:
    week = people("ann")
    times = {"w": (at("2 09:00"), at("2 10:00"), at("2 11:00"))}
    week.request("course", options=times)
    week.session("course", "1", start=at("2 09:00"), end=at("2 10:00"), option="w")
    with pytest.raises(DataError, match="window of starts"):
        week.problem()


def test_a_faulty_session_takes_its_request_along() -> None:
    week = people("ann")
    course(week, "course", MON, WED)
    week.session("course", "third", start=at("6 09:00"), end=at("6 08:00"))
    problem = week.problem(on_error="quarantine")
    assert not len(problem.requests)


def square() -> Week:
    """Let ann and bob come to a course at the square, and ann to tea between its meetings."""
    week = people("ann bob", EVEN)
    week.station("s1", name="Square")
    course(week, "course", MON, WED, seats=3, station_id="s1")
    ask(week, "tea", "3 09:00", "3 10:00", station_id="s1")
    week.affinity("ann", "tea", 1)
    return week


def test_slips_name_every_meeting() -> None:
    facts = square().solve().facts()
    ann, bob = volunteer_slips(facts)["en"]
    assert ann.splitlines()[1:-1] == [
        "Mon 2 Mar 09:00-10:00 course, Square",
        "Tue 3 Mar 09:00-10:00 tea, Square",
        "Wed 4 Mar 09:00-10:00 course, Square",
    ]
    assert len(bob.splitlines()) == 1 + 2 + 1
    assert team_slips(facts)["en"][0].splitlines() == [
        "course, Mon 2 Mar 09:00-10:00, Square, order course: 2 people, 1 missing",
        "and Wed 4 Mar 09:00-10:00",
        "ann bob",
    ]
    days = station_slips(facts)
    assert days["day"].dt.day().to_list() == [2, 3, 4]
    assert [text.splitlines()[1] for text in days["en"]] == [
        "09:00-10:00 course: 2 people, 1 missing",
        "09:00-10:00 tea: 1 person",
        "09:00-10:00 course: 2 people, 1 missing",
    ]


def test_calendars_have_an_event_for_every_meeting(tmp_path: Path) -> None:
    write_feeds(square().solve().facts(), tmp_path)
    for feed, many in (("volunteers/ann", 3), ("volunteers/bob", 2), ("requests/course", 2)):
        lines = (tmp_path / f"{feed}.ics").read_text(encoding="utf-8").splitlines()
        starts = [line[-15:] for line in lines if line.startswith("DTSTART;")]
        known = {line for line in lines if line.startswith("UID")}
        assert (len(starts), len(known)) == (many, many)
        assert starts[0] == "20260302T090000"
        assert starts[-1] == "20260304T090000"


def test_page_and_workbook_spell_the_meetings_out() -> None:
    facts = square().solve().facts()
    spelt = "course (03-02 09:00–10:00, 03-04 09:00–10:00)"
    assert spelt in payload_of(facts)["service"]
    assert spelt in facts.with_meetings(facts.unfilled)["service"].to_list()
    # Hours are those of the meetings: two, and one of tea.
    assert facts.hours["hours"].to_list() == [3.0, 2.0]


def test_a_plan_that_is_saved_is_read_with_its_meetings(tmp_path: Path) -> None:
    week = square()
    write_tables(tmp_path / "tables", week.tables())
    result = solve(Problem.from_source(str(tmp_path / "tables"), week.monday, EVEN))
    result.to(str(tmp_path / "plan"))
    assert open_desk(tmp_path / "plan", str(tmp_path / "tables")).why_not("bob", "course")[
        "kind"
    ].to_list() == ["serves"]
    assert audit.value(result.problem, result.plan) == result.value


@pytest.mark.slow
def test_who_could_come_beside_a_course_is_asked_meeting_by_meeting() -> None:
    # ann has agreed to the course, so Tuesday's tea is open to her and Wednesday's is not.
    week = people("ann", EVEN)
    course(week, "course", MON, WED)
    week.accept("ann", "course")
    ask(week, "tuesday", "3 09:00", "3 10:00")
    ask(week, "wednesday", "4 09:30", "4 10:30")
    desk = Desk(right(week))
    assert desk.why_not("ann", "wednesday")["kind"].to_list() == ["overlap"]
    assert desk.why_not("ann", "tuesday")["kind"].to_list() == ["serves"]
    assert desk.feed("ann", given="accepted")["request_id"].to_list() == ["tuesday"]


@pytest.mark.parametrize("in_steps", [False, True])
def test_a_course_is_a_service_of_the_day_on_which_it_begins(in_steps: bool) -> None:
    # With one day a week ann can do what else begins on Monday, and not what does on Tuesday,
    # although the course goes on to Wednesday.
    for start, end, value in (("2 11:00", "2 12:00", 7900), ("3 09:00", "3 10:00", 5000)):
        week = people("ann", EVEN, max_days=1)
        course(week, "course", MON, WED, priority=5)
        ask(week, "other", start, end)
        result = solved(week.tables(), {"early_seat": 0.0}, in_steps=in_steps)
        assert (result.value, result.status) == (value, "optimal")


def test_many_courses_are_proved_by_labels_that_hold_them_as_sets() -> None:
    # Four courses on Monday and Wednesday, an hour later each, by twenty minutes less than they
    # last: the first, third and so on go together. Another on Tuesday goes with all.
    week = people("ann bob", EVEN, max_shifts=3)
    for n in range(4):
        times = [(f"{day} {9 + n}:00".replace(" 9", " 09"), f"{day} {10 + n}:20") for day in (2, 4)]
        course(week, f"c{n}", *times, priority=4 if n in (1, 3) else 3)
    ask(week, "tuesday", "3 09:00", "3 10:00", seats=2)
    result = solved(week.tables(), {"early_seat": 0.0}, in_steps=True)
    # Each does two courses and Tuesday's: 2 * (3000 + 4000 + 3000 - 100 - 200).
    assert (result.value, result.status) == (2 * (10_000 - 300), "optimal")
    assert certify(result.problem, result.prices) == pytest.approx(result.bound_from_prices)
    assert result.bound == best(read(week.tables(), {"early_seat": 0.0}))


def test_a_course_to_which_nobody_came_is_asked_for_again_a_week_later() -> None:
    week = people("ann", EVEN)
    week.volunteer("bob", available=[(at("2 08:00"), at("2 12:00"))], max_shifts=0)
    course(week, "course", MON, WED, qualifications=["cook"])
    problem = week.problem()
    tables = rolled(problem, week.tables(), solve(problem))
    again = Problem.from_tables(tables, "2026-03-09", EVEN)
    assert again.requests.id.to_list() == ["course"]
    assert again.sessions.start.tolist() == problem.sessions.start.tolist()


@pytest.mark.slow
def test_a_roster_that_promises_leaves_the_courses_of_the_week_out() -> None:
    # Tables with orders promise what the same tables promise without; the course is one of them.
    week = people("ann bob", EVEN)
    week.menu_item("visit", minutes=60, seats=1)
    plain = week.tables()
    course(week, "course", MON, WED)
    half_days = {"am": ("08:00", "12:00")}
    made = [promise(t, "2026-03-02", half_days=half_days) for t in (plain, week.tables())]
    assert made[0].tables["promise"].equals(made[1].tables["promise"])
