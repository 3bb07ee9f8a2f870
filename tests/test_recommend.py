"""``matching recommend``: a saved plan is asked from the command line."""

import json
from pathlib import Path

import polars as pl
import pytest

from matching import open_desk
from tests.support.commands import planned, run
from tests.support.tiny import TINY


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tiny")
    for name, frame in TINY.items():
        frame.write_csv(folder / f"{name}.csv")
    out = folder / "plan"
    assert planned(folder, out).exit_code == 0
    return out


def test_what_needs_a_volunteer(plan: Path) -> None:
    # Only ann is there from ten to twelve, and the plan has her at lunch already.
    found = json.loads(run("recommend", plan, "--volunteer", "ann", "--json").stdout)
    assert found == {"feed": []}
    asked = ("recommend", plan, "--volunteer", "ann", "--given", "nothing", "--json")
    (row,) = json.loads(run(*asked).stdout)["feed"]
    assert (row["request_id"], row["open"], row["km"]) == ("lunch", 1, None)
    assert "nothing keeps every rule" in run("recommend", plan, "--volunteer", "bo").stdout


def test_who_could_come(plan: Path) -> None:
    done = run("recommend", plan, "--request", "lunch", "--given", "nothing")
    assert done.exit_code == 0
    assert "ann" in done.stdout
    assert "bo" not in done.stdout


def test_what_is_shown_adds_up_to_the_score(tmp_path: Path) -> None:
    # Ann was told of lunch before, which is worth something: a term as any other.
    for name, frame in TINY.items():
        frame.write_csv(tmp_path / f"{name}.csv")
    said = "volunteer_id,request_id,post,status\nann,lunch,volunteer,published\n"
    (tmp_path / "assignments.csv").write_text(said)
    assert planned(tmp_path, tmp_path / "plan").exit_code == 0
    asked = ("recommend", tmp_path / "plan", "--volunteer", "ann", "--given", "nothing")
    (row,) = json.loads(run(*asked, "--json").stdout)["feed"]
    assert row["kept"] > 0
    assert "kept" in run(*asked).stdout.splitlines()[0].split()


@pytest.mark.parametrize("format", ["csv", "parquet", "jsonl", "xlsx"])
def test_everybody_as_a_file(plan: Path, tmp_path: Path, format: str) -> None:
    out = tmp_path / f"feeds.{format}"
    done = run("recommend", plan, "--all", "--given", "nothing", "--out", out)
    assert done.stdout == f"1 rows written to {out}\n"
    if format == "parquet":
        expected = open_desk(plan).feeds(given="nothing")
        assert pl.read_parquet(out).equals(expected)


@pytest.mark.parametrize(
    ("arguments", "taught"),
    [
        (("--volunteer", "anne"), "no volunteer 'anne': did you mean ann?"),
        (("--request", "lunsh"), "no request 'lunsh': did you mean lunch?"),
        ((), "say for whom"),
        (("--all", "--request", "lunch"), "say for whom"),
        (("--all", "--out", "feeds.doc"), "end the name in .csv"),
        (("--all", "--tables", "nowhere"), "nowhere"),
    ],
)
def test_what_is_wrong_is_told(plan: Path, arguments: tuple[str, ...], taught: str) -> None:
    done = run("recommend", plan, *arguments)
    assert done.exit_code == 2
    assert taught in done.stderr


def test_a_plan_without_prices_is_refused(plan: Path, tmp_path: Path) -> None:
    alone = tmp_path / "plan.csv"
    alone.write_bytes((plan / "plan.csv").read_bytes())
    done = run("recommend", alone, "--all")
    assert done.exit_code == 2
    assert "holds no prices" in done.stderr
