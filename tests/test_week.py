"""The builder: a week told record by record is the week that tables tell."""

import inspect
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from datetime import date, datetime, time
from enum import Enum
from typing import Any
from uuid import UUID

import numpy as np
import polars as pl
import pytest

from matching.errors import DataError, UsageError
from matching.policy import Policy
from matching.problem import Problem
from matching.schema import TABLES
from matching.week import Post, Week

MONDAY = date(2026, 11, 30)


def same(a: object, b: object) -> bool:
    """Compare problems, columns of columns."""
    if isinstance(a, pl.Series | pl.DataFrame):
        return type(a) is type(b) and a.equals(b)  # type: ignore[arg-type]
    if isinstance(a, np.ndarray):
        return np.array_equal(a, b, equal_nan=a.dtype.kind == "f")  # type: ignore[arg-type]
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)  # type: ignore[attr-defined]
    if is_dataclass(a) and not isinstance(a, Policy):
        return all(same(getattr(a, f.name), getattr(b, f.name)) for f in fields(a))
    return a == b


def problem_of(tables: dict[str, list[dict[str, Any]]]) -> Problem:
    frames = {name: pl.DataFrame(rows, infer_schema_length=None) for name, rows in tables.items()}
    return Problem.from_tables(frames, MONDAY)


def rows(week: Week, table: str) -> list[dict[str, Any]]:
    return week.tables()[table].to_dicts()


def test_ten_volunteers_and_three_orders_in_fifteen_lines() -> None:
    week = Week("2026-11-30")
    week.station("north", lat=45.76, lon=126.66)
    week.station("south", lat=45.73, lon=126.67)
    morning = [("mon", "08:30", "12:00"), ("thu", "08:30", "12:00", 1)]
    for n in range(1, 8):
        week.volunteer(f"v{n}", station_id="north", available=morning, qualifications=["skill:13"])
    week.volunteer("v8", station_id="south", available=morning, qualifications={"skill:18": 3})
    for lead in ("v9", "v10"):
        skills = ["role:social_worker", "skill:18"]
        week.volunteer(lead, station_id="south", available=morning, qualifications=skills)
    monday, thursday = "2026-11-30 09:00", "2026-12-03 09:00"
    week.request("meals", start=monday, end="2026-11-30 11:00", station_id="north", seats=4)
    times = {"mon": (monday, "2026-11-30 10:00"), "thu": (thursday, "2026-12-03 10:00")}
    week.request("listen", options=times, station_id="south", qualifications={"skill:18": 2})
    team = {"lead": Post(1, 1, ["role:social_worker"]), "helper": 2}
    week.request("visit", start=thursday, end="2026-12-03 11:00", posts=team, priority=5)

    problem = week.problem()

    assert len(problem.volunteers) == 10
    assert problem.requests.id.to_list() == ["listen", "meals", "visit"]
    assert problem.posts.id.to_list() == ["volunteer", "volunteer", "helper", "lead"]
    assert problem.posts.seats.tolist() == [1, 4, 2, 1]
    assert problem.posts.min_seats.tolist() == [0, 0, 0, 1]
    assert len(problem.options) == 4


def test_a_told_week_is_the_week_of_its_tables() -> None:
    week = Week(MONDAY)
    week.station("s1", lat=45.75, lon=126.63)
    week.volunteer(
        "v1",
        station_id="s1",
        available=[("2026-11-30 09:00", "2026-11-30 12:00"), ("TUE", "19:00", "00:00", -1)],
        qualifications={"skill:18": 2},
        max_shifts=2,
    )
    week.volunteer("v2", lat=45.7, lon=126.6, available=[(3, time(9), time(12))], consent="refuse")
    week.qualification("v2", "insured", valid_until=date(2026, 12, 31))
    start, end = datetime(2026, 11, 30, 9, 30), datetime(2026, 11, 30, 11)
    week.request("meal-1", start=start, end=end, station_id="s1", seats=2, priority=4)
    week.request(
        "call", options={"a": (start, end), "b": ("2026-12-02T10:00+08:00", "2026-12-02 11:00")}
    )
    week.accept("v1", "meal-1")

    told = {
        "stations": [{"station_id": "s1", "lat": 45.75, "lon": 126.63}],
        "volunteers": [
            {"volunteer_id": "v1", "station_id": "s1", "max_shifts": 2},
            {"volunteer_id": "v2", "lat": 45.7, "lon": 126.6, "consent": "refuse"},
        ],
        "availability": [
            {"volunteer_id": "v1", "start": start.replace(minute=0), "end": end.replace(hour=12)},
            {"volunteer_id": "v1", "weekday": 2, "start_time": "19:00", "end_time": "00:00"}
            | {"preference": -1},
            {"volunteer_id": "v2", "weekday": 3, "start_time": "09:00", "end_time": "12:00"},
        ],
        "qualifications": [
            {"volunteer_id": "v1", "qualification": "skill:18", "level": 2},
            {"volunteer_id": "v2", "qualification": "insured", "valid_until": date(2026, 12, 31)},
        ],
        "requests": [
            {"request_id": "meal-1", "start": start, "end": end, "station_id": "s1", "priority": 4},
            {"request_id": "call"},
        ],
        "options": [
            {"request_id": "call", "option": "a", "start": start, "end": end},
            {"request_id": "call", "option": "b", "start": datetime(2026, 12, 2, 10)}
            | {"end": datetime(2026, 12, 2, 11)},
        ],
        "posts": [{"request_id": "meal-1", "post": "volunteer", "seats": 2}],
        "assignments": [
            {
                "volunteer_id": "v1",
                "request_id": "meal-1",
                "post": "volunteer",
                "status": "accepted",
            }
        ],
    }
    assert same(week.problem(), problem_of(told))


def test_menu_and_what_orders_change_of_it() -> None:
    week = Week(MONDAY)
    week.volunteer("v1")
    lead = Post(1, 1, ["role:social_worker"])
    week.menu_item("visit", minutes=90, posts={"lead": lead, "helper": 2}, category="0017")
    week.menu_item("talk", minutes=60, qualifications=["skill:18"])
    at = {"start": "2026-12-01 09:00"}
    week.request("r1", menu_item="visit", **at)
    week.request("r2", menu_item="visit", **at, posts={"lead": Post(qualifications=["lang:mn"])})
    week.request("r3", menu_item="visit", **at, posts={"alone": 1})
    week.request("r4", menu_item="talk", **at, qualifications={"lang:mn": 2})
    problem = week.problem()
    owners = problem.requests.id.gather(problem.posts.request).to_list()
    posts = list(zip(owners, problem.posts.id, problem.posts.seats.tolist(), strict=True))
    assert posts == [
        ("r1", "helper", 2),
        ("r1", "lead", 1),
        ("r2", "helper", 2),
        ("r2", "lead", 1),
        ("r3", "alone", 1),
        ("r4", "volunteer", 1),
    ]
    asked = problem.qualification_ids.gather(problem.needs.qualification).to_list()
    assert [(posts[n][:2], q) for n, q in zip(problem.needs.post, asked, strict=True)] == [
        (("r1", "lead"), "role:social_worker"),
        (("r2", "lead"), "lang:mn"),
        (("r2", "lead"), "role:social_worker"),
        (("r4", "volunteer"), "lang:mn"),
        (("r4", "volunteer"), "skill:18"),
    ]


def full_week() -> Week:
    """Use every method, and so every table."""
    week = Week(MONDAY, policy=Policy(max_shifts=3))
    parent = week.organisation("o1", name="总队")
    week.organisation("o2", parent_id=parent, max_seats=3)
    week.station("s1", lat=45.75, lon=126.63, grid="g1", region="230103")
    for v in ("v1", "v2", "v3"):
        free = [("mon", "09:00", "17:00")]
        week.volunteer(v, organisation_id="o2", station_id="s1", available=free)
    week.qualification("v1", "skill:01", level=2, valid_from="2026-01-01")
    week.menu_item("m1", minutes=60, posts={"lead": Post(1, 1, {"skill:01": 2}), "helper": 2})
    week.request("r1", menu_item="m1", start="2026-11-30 09:00", beneficiary_id="b1")
    week.request(
        "r2", qualifications=["skill:01"], start="2026-11-30 11:00", end="2026-11-30 12:00"
    )
    times = {
        "a": ("2026-11-30 14:00", "2026-11-30 15:00"),
        "b": ("2026-12-01 14:00", "2026-12-01 15:00"),
    }
    week.request("r3", options=times, seats=2, min_seats=1)
    for n, day in enumerate(("2026-11-30", "2026-12-01")):
        times = {"start": f"{day} 14:00", "end": f"{day} 15:00"}
        week.session("r3", f"{n}", **times, option="c")
    week.team_rule("skill:01", menu_item="m1", per_people=3)
    week.team_rule("skill:01", request_id="r3", min_people=1)
    week.prefer("v1", "menu_item", "m1", weight=30)
    week.never("v2", "beneficiary", "b1")
    week.together("v1", "v2")
    week.apart("v2", "v3")
    for v in ("v1", "v2"):
        week.member("g1", v)
    week.travel("s1", "s1", 5)
    week.limit("category", "care", max_shifts=2)
    week.bond("v1", "b1", visits=4, last_visit="2026-11-23")
    week.pin("v1", "r1", post="lead")
    week.accept("v3", "r1", post="helper")
    week.decline("v3", "r2")
    week.assignment("v2", "r3", "offered", option="a")
    week.affinity("v1", "r2", 40)
    return week


def test_every_table_can_be_reached() -> None:
    week = full_week()
    assert list(week.tables()) == list(TABLES)
    assert not any(frame.is_empty() for frame in week.tables().values())
    problem = week.problem()
    assert problem.policy.max_shifts == 3
    assert problem.faults.is_empty()
    assert rows(week, "preferences") == [
        {"volunteer_id": "v1", "subject": "menu_item", "value": "m1", "weight": 30, "never": None},
        {
            "volunteer_id": "v2",
            "subject": "beneficiary",
            "value": "b1",
            "weight": None,
            "never": True,
        },
    ]
    assert [row["rule"] for row in rows(week, "pairs")] == ["together", "apart"]
    statuses = [row["status"] for row in rows(week, "assignments")]
    assert statuses == ["pinned", "accepted", "declined", "offered"]


def test_saved_tables_tell_the_same() -> None:
    week = full_week()
    text = {
        name: pl.read_csv(frame.write_csv().encode(), infer_schema=False)
        for name, frame in week.tables().items()
    }
    assert same(week.problem(), Problem.from_tables(text, MONDAY, week.policy))


@pytest.mark.parametrize(
    ("table", "method", "elsewhere"),
    [
        ("volunteers", Week.volunteer, set()),
        ("qualifications", Week.qualification, set()),
        ("menu", Week.menu_item, set()),
        ("requests", Week.request, set()),
        ("team_rules", Week.team_rule, set()),
        ("preferences", Week.prefer, {"never"}),
        ("pairs", Week.together, {"rule"}),
        ("bonds", Week.bond, set()),
        ("assignments", Week.assignment, set()),
        ("organisations", Week.organisation, set()),
        ("stations", Week.station, set()),
        ("affinities", Week.affinity, set()),
    ],
)
def test_every_column_is_a_keyword(
    table: str, method: Callable[..., Any], elsewhere: set[str]
) -> None:
    known = set(inspect.signature(method).parameters)
    assert set(TABLES[table].columns()) - known == elsewhere


def test_an_empty_week_is_a_problem_of_nobody() -> None:
    assert list(Week(MONDAY).tables()) == ["volunteers", "availability", "requests"]
    assert len(Week(MONDAY).problem().volunteers) == 0


def test_columns_that_nobody_fills_are_left_out() -> None:
    week = Week(MONDAY)
    week.volunteer("v1", max_shifts=2)
    week.volunteer("v2", lat=45.7, lon=126.6)
    assert week.tables()["volunteers"].columns == ["volunteer_id", "lat", "lon", "max_shifts"]


class Skill(Enum):
    COOKS = "skill:13"


def test_ids_are_text_whole_numbers_or_uuids() -> None:
    ann = UUID("00000000-0000-0000-0000-00000000000a")
    week = Week(MONDAY)
    for name in (ann, 7, np.int64(8), "bo"):
        week.volunteer(name, available=[("mon", "09:00", "12:00")], qualifications=[Skill.COOKS])
    week.request("r", start="2026-11-30 09:00", end="2026-11-30 10:00", seats=4)
    week.pin(ann, "r")
    problem = week.problem()
    assert problem.volunteers.id.to_list() == [str(ann), "7", "8", "bo"]
    assert problem.qualification_ids.to_list() == ["skill:13"]
    assert problem.pins.volunteer.tolist() == [0]


# --- misuse ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("cell", [True, 7.0, float("nan"), b"ann", ["ann"], object()])
def test_what_is_no_id_is_refused_where_it_is_told(cell: Any) -> None:
    said = r"^volunteers\.organisation_id = .*: write text, a whole number or a UUID, or None"
    with pytest.raises(UsageError, match=said):
        Week(MONDAY).volunteer("ann", organisation_id=cell)


@pytest.mark.parametrize(
    "windows",
    [
        ("2026-11-30 09:00", "2026-11-30 12:00"),
        ("mon", "09:00", "12:00"),
        [("2026-11-30", "09:00", "12:00")],
        [("monday", "09:00", "12:00")],
        [("mon", "09:00")],
        [("mon", "09:00", "12:00", 1, 1)],
        [("mon", "09:00", "12:00", "13:00")],
        [("2026-11-30 09:00",)],
        [datetime(2026, 11, 30, 9)],
    ],
)
def test_windows_that_are_none(windows: Any) -> None:
    week = Week(MONDAY)
    with pytest.raises(UsageError, match=r"is not a window; write a list of such as \('mon'"):
        week.volunteer("v1", available=windows)
    assert all(frame.is_empty() for frame in week.tables().values())


def test_a_text_is_not_a_list_of_qualifications() -> None:
    week = Week(MONDAY)
    with pytest.raises(UsageError, match=r"write \['skill:18'\]"):
        week.volunteer("v1", qualifications="skill:18")
    with pytest.raises(UsageError, match=r"write \['skill:18'\]"):
        Post(1, qualifications="skill:18")
    assert week.tables()["volunteers"].is_empty()


def test_posts_or_one_post() -> None:
    with pytest.raises(UsageError, match="with posts, write them there"):
        Week(MONDAY).request("r1", seats=2, posts={"lead": 1})


def test_an_unknown_keyword_is_named_with_those_there_are() -> None:
    with pytest.raises(UsageError, match=r"Week\.volunteer: .*'skills'; it takes volunteer_id, "):
        Week(MONDAY).volunteer("v1", skills=["18"])  # type: ignore[call-arg]
    with pytest.raises(UsageError, match=r"'min_seat'; the nearest is 'min_seats'; it takes"):
        Week(MONDAY).request("r1", min_seat=2)  # type: ignore[call-arg]
    with pytest.raises(UsageError, match=r"Week\.pin: too many positional arguments"):
        Week(MONDAY).pin("v1", "r1", "lead", "sat")  # type: ignore[call-arg]
    with pytest.raises(UsageError, match=r"Week\.available: .*'monday'"):
        Week(MONDAY).available("v1", monday="08:00")  # type: ignore[call-arg]


def test_a_call_that_is_refused_leaves_no_row() -> None:
    week = Week(MONDAY)
    with pytest.raises(UsageError, match="is not a window"):
        week.volunteer("v1", available=["monday"])  # type: ignore[list-item]
    assert week.tables()["volunteers"].is_empty()


def test_other_faults_are_those_of_the_tables() -> None:
    week = Week(MONDAY)
    week.volunteer("v1", available=[("2026-11-30 09:00", "2026-11-30 08:00")], max_shifts="many")  # type: ignore[arg-type]
    week.volunteer("v1", travel_km=-1, max_shifts=2)
    week.request("r1", start="2026-11-31 09:00", end="2026-11-30 10:00", seats=0)
    week.pin("v2", "r1")
    with pytest.raises(DataError) as caught:
        week.problem()
    found = set(caught.value.faults.select("table", "row", "rule").iter_rows())
    assert found >= {
        ("volunteers", 1, "type"),
        ("volunteers", 2, "min"),
        ("volunteers", 2, "unique"),
        ("availability", 1, "end_after_start"),
        ("requests", 1, "type"),
        ("posts", 1, "min"),
    }
    assert caught.value.faults.filter(pl.col("value") == "many").height == 1


def test_faulty_rows_can_be_set_aside() -> None:
    week = Week(MONDAY)
    week.volunteer("v1", travel_km=-1)
    week.volunteer("v2")
    problem = week.problem(on_error="quarantine")
    assert problem.volunteers.id.to_list() == ["v2"]
    assert problem.faults["rule"].to_list() == ["min"]
