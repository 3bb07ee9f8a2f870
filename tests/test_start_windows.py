"""Windows of starts: one row of `options` for many times."""

from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from matching import DataError, Policy, Problem, Week, solve
from matching.stores import read_tables
from matching.tables.cleaning import clean

MONDAY = "2026-03-02"


def tables(*options: dict[str, Any]) -> dict[str, pl.DataFrame]:
    """Return a week of one volunteer and one request with these options."""
    week = Week(MONDAY)
    week.volunteer("ann", available=[("mon", "09:20", "12:00")])
    week.request("r", options={"w": (f"{MONDAY} 09:00", f"{MONDAY} 10:00")})
    return week.tables() | {"options": pl.DataFrame([{"request_id": "r"} | row for row in options])}


def window(latest: str | None, option: str = "w", start: str = "09:00") -> dict[str, Any]:
    end = start.replace("09", "10")
    row = {"option": option, "start": f"{MONDAY} {start}", "end": f"{MONDAY} {end}"}
    return row | {"latest_start": latest and f"{MONDAY} {latest}"}


def names(given: dict[str, pl.DataFrame], step: int = 15) -> list[str]:
    problem = Problem.from_tables(given, MONDAY, Policy(option_minutes=step))
    return problem.options.id.to_list()


@pytest.mark.parametrize(
    ("latest", "step", "starts"),
    [
        ("09:30", 15, ["w+0", "w+15", "w+30"]),
        ("09:29", 15, ["w+0", "w+15"]),
        ("09:00", 15, ["w+0"]),
        ("10:00", 40, ["w+0", "w+40"]),
    ],
)
def test_a_window_is_a_start_every_so_many_minutes(
    latest: str, step: int, starts: list[str]
) -> None:
    assert names(tables(window(latest)), step) == starts


def test_a_window_and_a_time_stand_side_by_side() -> None:
    given = tables(window("09:15"), window(None, "late", "09:45"))
    assert names(given) == ["w+0", "w+15", "late"]


def test_the_plan_says_which_start_and_that_stays() -> None:
    # Ann comes at 9:20: of 9:00, 9:15 and 9:30 only the last is hers.
    given = tables(window("09:30"))
    plan = solve(Problem.from_tables(given, MONDAY)).tables()["plan"]
    assert plan.select("option", "start").rows() == [("w+30", datetime(2026, 3, 2, 9, 30))]
    pin = plan.select("volunteer_id", "request_id", "post", "option", status=pl.lit("pinned"))
    again = solve(Problem.from_tables(given | {"assignments": pin}, MONDAY))
    assert again.tables()["plan"]["status"].to_list() == ["pinned"]


def test_a_window_goes_through_files_and_comes_back_as_it_was(tmp_path: Path) -> None:
    for name, frame in tables(window("09:30")).items():
        frame.write_csv(tmp_path / f"{name}.csv")
    assert names(dict(read_tables(tmp_path))) == ["w+0", "w+15", "w+30"]


def test_a_week_told_record_by_record_takes_windows() -> None:
    week = Week(MONDAY)
    times = {"w": (f"{MONDAY} 09:00", f"{MONDAY} 10:00", f"{MONDAY} 09:15")}
    week.request("r", options=times)
    assert week.problem().options.id.to_list() == ["w+0", "w+15"]


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ([window("08:59")], [(1, "latest_start_not_before_start")]),
        ([window(None) | {"latest_start": "2026-03-09 09:01"}], [(1, "starts_within_a_week")]),
        ([window(None) | {"latest_start": "noon"}], [(1, "type")]),
        ([window("09:15"), window(None, "w+15")], [(1, "unique"), (2, "unique")]),
    ],
)
def test_a_window_that_cannot_be_meant_is_a_fault(
    rows: list[dict[str, Any]], found: list[tuple[int, str]]
) -> None:
    with pytest.raises(DataError) as raised:
        Problem.from_tables(tables(*rows), MONDAY)
    faults = raised.value.faults.filter(pl.col("table") == "options")
    assert faults.select("row", "rule").rows() == found


def test_what_is_clean_stays_as_it_is() -> None:
    once, _ = clean(tables(window("09:30")), week=MONDAY, time_zone="Asia/Shanghai")
    assert once["options"]["latest_start"].null_count() == 3
