"""What a plan takes the place of: a good plan is not lost to another week's or to an empty one."""

from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from typer.testing import CliRunner

from matching import Problem, Result, UsageError, solve
from matching.cli import app
from matching.stores import write_tables
from matching.stores.registry import open_sink
from tests.support.slow import first_fast

FIRST, SECOND, NONE = date(2026, 11, 30), date(2026, 12, 7), date(2026, 12, 14)
# Ann serves lunch on both Mondays; in the third week there is none.
TABLES = {
    "volunteers": pl.DataFrame({"volunteer_id": ["ann"]}),
    "availability": pl.DataFrame(
        {"volunteer_id": ["ann"], "weekday": [1], "start_time": ["08:00"], "end_time": ["12:00"]}
    ),
    "requests": pl.DataFrame(
        {
            "request_id": ["lunch", "next"],
            "start": ["2026-11-30 09:00", "2026-12-07 09:00"],
            "end": ["2026-11-30 11:00", "2026-12-07 11:00"],
        }
    ),
}
NOBODY = TABLES | {"availability": TABLES["availability"].with_columns(weekday=pl.lit(5))}


def planned(week: date, tables: dict[str, pl.DataFrame] = TABLES) -> Result:
    return solve(Problem.from_source(tables, week))


def run(*arguments: object) -> Any:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.mark.parametrize(
    "where", first_fast(["plan", "plan.zip", "plan.xlsx", "memory://earlier/plan"], 1)
)
def test_a_plan_of_another_week_or_an_empty_one_takes_no_place(tmp_path: Path, where: str) -> None:
    out = where if "://" in where else str(tmp_path / where)
    planned(FIRST).to(out)
    planned(FIRST).to(out)  # the same week anew
    with pytest.raises(UsageError, match="holds the plan of the week of 2026-11-30, and this is"):
        planned(SECOND).to(out)
    with pytest.raises(UsageError, match="holds a plan that fills 1 seats, and this one fills non"):
        planned(FIRST, NOBODY).to(out)
    with pytest.raises(UsageError, match="no request is in the week that starts on Monday 14 Dec"):
        planned(NONE).to(out, force=True)
    assert open_sink(out).read_result()[1]["week"] == "2026-11-30"
    planned(SECOND).to(out, force=True)
    assert open_sink(out).read_result()[1]["week"] == "2026-12-07"
    planned(SECOND, NOBODY).to(out, force=True)
    assert open_sink(out).read_result()[1]["filled"] == 0
    planned(SECOND).to(out)


def test_a_database_keeps_all_weeks_and_no_empty_plan_over_one(tmp_path: Path) -> None:
    out = f"sqlite:///{tmp_path / 'plans.db'}"
    planned(FIRST).to(out)
    planned(SECOND).to(out)
    with pytest.raises(UsageError, match="fills 1 seats"):
        planned(FIRST, NOBODY).to(out)


def test_dataframes_take_no_place() -> None:
    assert planned(NONE).to()["plan"].is_empty()


@pytest.mark.slow
def test_the_command_refuses_before_it_searches(tmp_path: Path) -> None:
    tables, out = tmp_path / "tables", tmp_path / "plan"
    write_tables(tables, TABLES)
    assert run("plan", tables, "--out", out, "--week", FIRST).exit_code == 0
    plan = (out / "plan.csv").read_bytes()
    done = run("plan", tables, "--out", out, "--week", SECOND)
    assert done.exit_code == 2
    assert "name another place, or replace it all the same with --force" in done.stderr
    write_tables(tables, NOBODY)
    assert run("plan", tables, "--out", out, "--week", FIRST).exit_code == 2
    for more in ([], ["--force"]):
        done = run("plan", tables, "--out", out, "--week", NONE, *more)
        assert done.exit_code == 2
    assert (out / "plan.csv").read_bytes() == plan
    assert run("plan", tables, "--out", out, "--week", SECOND, "--force").exit_code == 0


@pytest.mark.slow
def test_a_plan_remembers_the_mapping_it_was_written_through(tmp_path: Path) -> None:
    tables, mapping = tmp_path / "theirs", tmp_path / "mapping.toml"
    write_tables(tables, {"people": TABLES["volunteers"].rename({"volunteer_id": "id"})})
    write_tables(tables, {name: TABLES[name] for name in ("availability", "requests")})
    (tables / "people.csv").rename(tables / "志愿者.csv")
    mapping.write_text(
        '[volunteers]\ntable = "志愿者"\nvolunteer_id = "id"\n'
        '[availability]\ntable = "availability"\nvolunteer_id = "volunteer_id"\n'
        'weekday = "weekday"\nstart_time = "start_time"\nend_time = "end_time"\n'
        '[requests]\ntable = "requests"\nrequest_id = "request_id"\nstart = "start"\nend = "end"\n'
        '[plan]\ntable = "排班"\nstatus = { column = "状态", codes = { 1 = "proposed" } }\n',
        encoding="utf-8",
    )
    for where in ("plan", "plan.zip", "plan.xlsx", "plan.db"):
        out = tmp_path / where
        done = run("plan", tables, "--mapping", mapping, "--out", out, "--week", FIRST)
        assert done.exit_code == 0, done.output
        done = run("report", out, "--out", tmp_path / "page.html")
        assert done.exit_code == 0, done.output
        assert "ann" in (tmp_path / "page.html").read_text(encoding="utf-8")
        done = run("check", tables, out)
        assert done.exit_code == 0, done.output
    mapping.rename(tmp_path / "moved.toml")
    done = run("report", tmp_path / "plan", "--out", tmp_path / "page.html")
    assert done.exit_code == 2
    assert (
        f"written through the mapping {mapping}, which is not there: say with --map" in done.stderr
    )
    moved = tmp_path / "moved.toml"
    again = run("report", tmp_path / "plan", "--out", tmp_path / "page.html", "--mapping", moved)
    assert again.exit_code == 0, again.output
