"""One rule for the week wherever it is asked: a day, however it is said, and a Monday."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

from matching import Problem, UsageError, Week, audit, solve
from matching.guards.mondays import monday_of
from matching.problem.plan import Plan
from matching.regions import plan_nation
from matching.stores.calendars import read_availability
from matching.stores.mapping import mapped_source
from matching.stores.national import windows_of
from matching.synthetic import generate, generate_region
from matching.tables.cleaning import clean
from tests.support.worlds import full_world

MONDAY = date(2026, 3, 2)
SAME_DAY = [
    MONDAY,
    datetime(2026, 3, 2),
    datetime(2026, 3, 2, tzinfo=UTC),
    pd.Timestamp("2026-03-02"),
    pd.Timestamp("2026-03-02", tz="Asia/Shanghai"),
    np.datetime64("2026-03-02"),
    np.datetime64("2026-03-02T00:00", "ns"),
    "2026-03-02",
    "2026-03-02T00:00",
    "20260302",
]
NO_DAY = [
    (datetime(2026, 3, 2, 9), "without an hour, such as 2026-03-02"),
    (pd.Timestamp("2026-03-02 00:00:01"), "without an hour, such as 2026-03-02"),
    (np.datetime64("2026-03-02T09"), "without an hour|write a day such as"),
    ("2026-03-02 09:00", "without an hour, such as 2026-03-02"),
    (pd.NaT, "week = NaT: write a day such as 2026-11-30"),
    (np.datetime64("NaT"), "write a day such as 2026-11-30"),
    (np.datetime64("2026-03"), "write a day such as 2026-11-30"),
    (None, "week = None: write a day such as 2026-11-30"),
    (20260302, "week = 20260302: write a day such as 2026-11-30"),
    ("2.3.2026", r"week = '2\.3\.2026': write a day such as 2026-11-30"),
    ("", "week = '': write a day such as 2026-11-30"),
    (date(2026, 3, 4), "week = 2026-03-04: a week starts with a Monday, such as 2026-03-02"),
    (datetime(2026, 3, 4), "week = 2026-03-04: a week starts with a Monday, such as 2026-03-02"),
]


@pytest.mark.parametrize("week", SAME_DAY, ids=repr)
def test_a_day_is_a_date_and_nothing_more(week: Any) -> None:
    assert type(monday_of(week)) is date
    assert monday_of(week) == MONDAY


@pytest.mark.parametrize(("week", "said"), NO_DAY, ids=repr)
def test_what_is_no_monday_is_refused(week: Any, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        monday_of(week)


@pytest.mark.parametrize("week", SAME_DAY, ids=repr)
def test_every_way_to_say_the_week_makes_a_plan_that_passes(week: Any) -> None:
    tables = full_world(3, volunteers=10, requests=6)
    result = solve(Problem.from_source(tables, week))
    assert result.summary()["week"] == "2026-03-02"
    again = Problem.from_source(tables, MONDAY)
    assert audit.violations(again, Plan.from_frame(again, result.tables()["plan"])).is_empty()
    assert audit.value(again, Plan.from_frame(again, result.tables()["plan"])) == result.value


NAMES = {"volunteers": {"table": "people", "volunteer_id": "who"}}
# Every door that takes a week: what is no day is refused at it, what is one passes.
DOORS: dict[str, Callable[[Any, Path], object]] = {
    "from_source": lambda week, path: Problem.from_source(full_world(3), week),
    "from_tables": lambda week, path: Problem.from_tables(full_world(3), week),
    "clean": lambda week, path: clean(full_world(3), week=week, time_zone="Asia/Shanghai"),
    "Week": lambda week, path: Week(week),
    "generate": lambda week, path: generate("town", volunteers=9, requests=3, week=week),
    "generate_region": lambda week, path: generate_region(
        "23", volunteers=3000, requests=300, week=week
    ),
    "mapped_source": lambda week, path: mapped_source({}, NAMES, week),
    "windows_of": lambda week, path: windows_of(week),
    "read_availability": lambda week, path: read_availability(calendars(path), week),
    "plan_nation": lambda week, path: plan_nation(nation(path), path / "plan", week),
}


def calendars(path: Path) -> Path:
    text = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nEND:VCALENDAR\r\n"
    (path / "V1.ics").write_text(text)
    return path


def nation(path: Path) -> Path:
    tables = full_world(3)
    folder = path / "region=11"
    folder.mkdir()
    for name, frame in tables.items():
        frame.write_parquet(folder / f"{name}.parquet")
    return path


@pytest.mark.filterwarnings("ignore::matching.DataWarning")
@pytest.mark.parametrize("door", DOORS)
def test_the_rule_holds_at_every_door(door: str, tmp_path: Path) -> None:
    for bad in (datetime(2026, 3, 2, 9), date(2026, 3, 3), "2.3.2026"):
        room = tmp_path / f"{bad:}".replace(":", "")
        room.mkdir()
        with pytest.raises(UsageError, match=r"^week = "):
            DOORS[door](bad, room)
    DOORS[door](np.datetime64("2026-03-02"), tmp_path)


def test_a_column_of_a_frame_gives_a_week() -> None:
    first = pl.DataFrame({"monday": [MONDAY]}).to_pandas()["monday"].iloc[0]
    assert monday_of(first) == MONDAY
