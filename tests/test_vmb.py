"""The benchmark: its worlds, its judge, its clock, its table, and the first entrant."""

import json
import shlex
import subprocess
import sys
import time
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from typer.testing import CliRunner

from benchmarks.vmb import meter, nearest
from benchmarks.vmb.__main__ import app
from benchmarks.vmb.best_known import PATH, best_known, improve
from benchmarks.vmb.running import ROW, judge, read_results, run
from benchmarks.vmb.worlds import HOSTILE_LIMIT, LIMITS, WORLDS, fingerprint, world_of
from matching import Problem, Week, audit, solve
from matching.errors import UsageError
from matching.stores import write_result

TOWN = "vmb1-town-full-balanced-1"
PYTHON = shlex.quote(sys.executable)
NEAREST = f"{PYTHON} {shlex.quote(nearest.__file__)} {{tables}} {{out}} {{week}}"


# --- worlds and table -----------------------------------------------------------------------------


def test_every_world_has_a_name_and_a_limit() -> None:
    # Four sizes, two rules, three supplies, three seeds; and eleven hostile ones.
    assert len(WORLDS) == 4 * 2 * 3 * 3 + 11
    assert {world.limit for world in WORLDS.values()} == {*LIMITS.values(), HOSTILE_LIMIT}
    assert all(name == world.name and name.startswith("vmb1-") for name, world in WORLDS.items())
    assert all(world.week.weekday() == 0 for world in WORLDS.values())


def test_an_unknown_world_is_answered_with_the_nearest() -> None:
    with pytest.raises(UsageError, match="nearest is 'vmb1-town-full-scarce-1'"):
        world_of("town-full-scarce-1")


@pytest.mark.slow
def test_towns_are_those_of_the_table() -> None:
    known = best_known().filter(pl.col("world").str.contains("-town-"), pl.col("value") > 0)
    assert known.height == 18
    made = [fingerprint(WORLDS[name].make()) for name in known["world"]]
    assert made == known["fingerprint"].to_list()


def test_fingerprints_see_a_cell_and_a_table() -> None:
    one, other = pl.DataFrame({"a": [1, 2]}), pl.DataFrame({"a": [1, 3]})
    prints = {fingerprint(tables) for tables in ({"x": one}, {"x": other}, {"y": one}, {})}
    assert len(prints) == 4
    assert fingerprint({"x": one, "y": other}) == fingerprint({"y": other, "x": one})


def test_the_table_says_how_and_when() -> None:
    known = best_known()
    assert known["world"].to_list() == list(WORLDS)
    assert known.filter(pl.col("value") > pl.col("bound")).is_empty()
    for what in ("value", "bound"):
        there = pl.col(what).is_not_null()
        assert known.filter(there != pl.col(f"{what}_by").is_not_null()).is_empty()
        assert known.filter(there != pl.col(f"{what}_on").is_not_null()).is_empty()
    assert pl.read_csv(PATH).height == len(WORLDS)


def found(**changes: Any) -> dict[str, Any]:
    row = {"world": TOWN, "fingerprint": "f", "value": 90, "proved": 100, "claimed": 100}
    return dict.fromkeys(ROW) | row | changes


def row_of(path: Path) -> dict[str, Any]:
    return best_known(path).row(by_predicate=pl.col("world") == TOWN, named=True)


def test_only_what_is_better_enters_the_table(tmp_path: Path) -> None:
    path = tmp_path / "known.csv"
    assert improve([found()], "a", date(2026, 1, 1), path) == [TOWN]
    first = row_of(path)
    assert (first["value"], first["value_by"], first["value_on"]) == (90, "a", date(2026, 1, 1))
    # Anybody can compute the bound of prices anew, so of two equal ones it is that which counts.
    assert (first["bound"], first["bound_by"]) == (100, "prices of a")
    assert improve([found(value=89), found(value=None)], "b", date(2026, 1, 2), path) == []
    assert row_of(path) == first
    assert improve([found(value=91, claimed=95)], "b", date(2026, 1, 3), path) == [TOWN]
    second = row_of(path)
    assert (second["value"], second["value_by"]) == (91, "b")
    assert (second["bound"], second["bound_by"]) == (95, "search of b")
    assert not list(tmp_path.glob("*.new"))


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"value": 101}, "above the bound 100"),
        ({"claimed": 80}, "the value 90 is above the bound 80"),
        ({"fingerprint": "g"}, "another world"),
        ({"world": "nowhere"}, "no world 'nowhere'"),
    ],
)
def test_a_contradiction_leaves_the_table_alone(
    tmp_path: Path, changes: dict[str, Any], text: str
) -> None:
    path = tmp_path / "known.csv"
    improve([found()], "a", date(2026, 1, 1), path)
    before = path.read_text()
    with pytest.raises(UsageError, match=text):
        improve([found(**changes)], "b", date(2026, 1, 2), path)
    assert path.read_text() == before


# --- clock and memory -----------------------------------------------------------------------------


@pytest.mark.slow
def test_the_clock_stops_a_command_and_all_that_it_started(tmp_path: Path) -> None:
    late = tmp_path / "late"
    done = meter.measure(0.2, ["sh", "-c", f"(sleep 0.8; touch {late}) & wait"])
    assert done["stopped"]
    time.sleep(1.2)
    assert not late.exists()


def test_memory_is_that_of_the_command() -> None:
    def megabytes(code: str) -> int:
        words = [sys.executable, "-S", meter.__file__, "60", sys.executable, "-S", "-c", code]
        done = subprocess.run(words, capture_output=True, text=True, check=True)
        return int(json.loads(done.stdout)["memory_mb"])

    # This process has loaded polars and more; none of it is counted.
    assert megabytes("pass") < 60
    assert 300 <= megabytes("x = b'1' * (300 << 20)") < 360


# --- the judge ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def town() -> dict[str, pl.DataFrame]:
    return dict(WORLDS[TOWN].make())


def verdict(town: dict[str, pl.DataFrame], folder: Path) -> dict[str, Any]:
    return judge(town, WORLDS[TOWN], folder)


def test_a_plan_with_prices_is_judged_without_trust(
    town: dict[str, pl.DataFrame], tmp_path: Path
) -> None:
    result = solve(Problem.from_tables(town, WORLDS[TOWN].week), gap=0.0)
    # What the summary says of the value is not asked.
    write_result(tmp_path, result.tables(), result.summary() | {"value": 10**9})
    assert verdict(town, tmp_path) == {
        "status": "kept",
        "value": result.value,
        "proved": int(result.bound_from_prices + 1e-6),
        "claimed": result.bound,
    }
    assert result.value == row_of(PATH)["value"]


@pytest.mark.slow
def test_prices_that_cannot_be_read_leave_the_plan(
    town: dict[str, pl.DataFrame], tmp_path: Path
) -> None:
    result = solve(Problem.from_tables(town, WORLDS[TOWN].week), gap=0.0)
    write_result(tmp_path, {"plan": result.tables()["plan"]}, {})
    (tmp_path / "prices.csv").write_text("request_id,price\nr0001,cheap\n")
    judged = verdict(town, tmp_path)
    assert (judged["status"], judged["value"]) == ("kept", result.value)
    assert judged["detail"].startswith("no bound: 1 fault")
    assert "proved" not in judged


def test_an_empty_plan_misses_the_pins(town: dict[str, pl.DataFrame], tmp_path: Path) -> None:
    (tmp_path / "plan.csv").write_text("request_id,post,volunteer_id\n")
    judged = verdict(town, tmp_path)
    # Nobody serves: that keeps every rule but one, for somebody is pinned.
    pins = (town["assignments"]["status"] == "pinned").sum()
    assert judged == {"status": "broken", "detail": f"pinned: {pins}"}


def test_what_is_wrong_is_named(town: dict[str, pl.DataFrame], tmp_path: Path) -> None:
    assert verdict(town, tmp_path) == {"status": "no plan"}
    path = tmp_path / "plan.csv"
    path.write_text("request_id,post,volunteer_id\nr0001,volunteer,nobody\n")
    judged = verdict(town, tmp_path)
    assert (judged["status"], judged["detail"][:12]) == ("unreadable", "1 fault in t")
    # Everybody at once on one post.
    post = town["posts"].row(0, named=True)
    crowd = town["volunteers"].select(
        pl.lit(post["request_id"]).alias("request_id"),
        pl.lit(post["post"]).alias("post"),
        "volunteer_id",
    )
    crowd.write_csv(path)
    judged = verdict(town, tmp_path)
    assert judged["status"] == "broken"
    assert "seats: 1" in judged["detail"]
    assert "value" not in judged


# --- a run ----------------------------------------------------------------------------------------


# The page of the benchmarks runs it on two towns and looks at their values.
@pytest.mark.parametrize(
    "name",
    [
        pytest.param(TOWN, marks=pytest.mark.slow),
        pytest.param("vmb1-town-network-scarce-2", marks=pytest.mark.slow),
        "vmb1-hostile-all-equal",
    ],
)
def test_nearest_first_keeps_the_rules(name: str) -> None:
    row = run(world_of(name), NEAREST)
    assert list(row) == list(ROW)
    assert (row["status"], row["detail"], row["proved"]) == ("kept", None, None)
    known = best_known().row(by_predicate=pl.col("world") == name, named=True)
    assert row["fingerprint"] == known["fingerprint"]
    assert 0 < row["value"] <= known["value"]
    assert row["gap"] == pytest.approx((known["bound"] - row["value"]) / row["value"])


def test_who_fails_gets_a_row_that_says_so() -> None:
    row = run(world_of(TOWN), f"{PYTHON} -c 'raise SystemExit(3)' {{tables}} {{out}}")
    assert (row["status"], row["detail"], row["value"]) == ("failed", "exit status 3", None)


@pytest.mark.parametrize(
    ("command", "text"),
    [
        ("solver {tables}", "must name {tables} and {out}"),
        ("solver {tables} {out} {answer}", "nothing else stands in braces"),
        ("solver {tables} {out", "nothing else stands in braces"),
        ("", "must name"),
        ("no-such-solver {tables} {out}", "'no-such-solver' is no program"),
    ],
)
def test_a_command_that_cannot_be(command: str, text: str) -> None:
    with pytest.raises(UsageError, match=text):
        run(world_of(TOWN), command)


@pytest.mark.slow
def test_rows_are_added_and_tables_kept(tmp_path: Path) -> None:
    out, keep = tmp_path / "results.csv", tmp_path / "kept"
    for _ in range(2):
        options = ["--command", NEAREST, "--out", str(out), "--keep", str(keep)]
        done = CliRunner().invoke(app, ["run", TOWN, *options], catch_exceptions=False)
        assert done.exit_code == 0
    results = pl.read_csv(out, schema=ROW)
    assert results["world"].to_list() == [TOWN, TOWN]
    assert (keep / TOWN / "tables" / "requests.csv").exists()
    assert (keep / TOWN / "plan" / "plan.csv").exists()


def test_other_files_are_not_taken_for_results(tmp_path: Path) -> None:
    path = tmp_path / "other.csv"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(UsageError, match="is no table of results"):
        read_results(path)
    assert read_results(tmp_path / "none.csv").is_empty()


# --- nearest first, by hand -----------------------------------------------------------------------

PLACE = {"lat": 45.75, "lon": 126.64}
MORNING = [("mon", "08:00", "12:00")]


def test_the_nearest_goes_first_and_nobody_is_kept_for_later() -> None:
    # Both live near the early request, `near` nearer. The late one asks for a skill that only
    # `near` has: by then `near` is busy, and nobody comes.
    week = Week("2026-11-30")
    week.volunteer("far", lat=45.78, lon=126.64, available=MORNING)
    week.volunteer("near", **PLACE, available=MORNING, qualifications=["skill:1"])
    times = {"start": "2026-11-30 09:00", "end": "2026-11-30 10:00"}
    week.request("early", **PLACE, **times)
    later = {"start": "2026-11-30 09:30", "end": "2026-11-30 10:30"}
    week.request("late", **PLACE, **later, qualifications=["skill:1"])
    problem = week.problem()
    plan = nearest.nearest_first(problem)
    assert problem.volunteers.id.gather(plan.volunteer).to_list() == ["near"]
    assert audit.violations(problem, plan).is_empty()
    assert solve(problem).value > audit.value(problem, plan)


def test_a_team_below_its_minimum_is_called_off() -> None:
    week = Week("2026-11-30")
    week.volunteer("v", **PLACE, available=MORNING)
    times = {"start": "2026-11-30 09:00", "end": "2026-11-30 10:00"}
    week.request("two", **PLACE, **times, seats=2, min_people=2)
    assert len(nearest.nearest_first(week.problem())) == 0
