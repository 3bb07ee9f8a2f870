"""Where something else is meant, what it may be is said; and a plan is lost only on purpose."""

import sys
from datetime import date
from pathlib import Path

import polars as pl
import pytest
import typer

from matching import UsageError
from matching.cli.room import make_room
from matching.cli.screen import Screen, tell
from matching.cli.ticker import Ticker
from matching.guards.likeness import like
from matching.stores import write_tables
from matching.stores.files.workbooks import write_book
from matching.stores.registry import open_sink
from tests.support.commands import run
from tests.support.hand import ask, people


@pytest.mark.parametrize(
    ("name", "known", "meant"),
    [
        ("Volunteer ID", ["station_id", "volunteer_id"], "volunteer_id"),
        ("requests", ["Request", "menu"], "Request"),
        ("ＤＡＹＳ", ["day"], "day"),
        ("avilability", ["availability"], "availability"),
        ("x", ["y"], None),
        ("姓名", ["volunteer_id"], None),
        ("", ["menu"], None),
    ],
)
def test_what_is_written_nearly_so(name: str, known: list[str], meant: str | None) -> None:
    assert like(name, known) == meant


@pytest.mark.parametrize("wrong", ["tabels", "Tables", "table", "tables.csv"])
def test_a_file_that_is_meant_is_named(
    wrong: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("tables").mkdir()
    Path(".tabels").mkdir()
    done = run("plan", wrong, "--out", "plan")
    assert done.exit_code == 2
    assert "did you mean tables?" in done.stderr


@pytest.mark.parametrize("what", ["book", "file", "folder", "old book"])
def test_sheets_that_are_not_ours_are_for_start(what: str, tmp_path: Path) -> None:
    place = tmp_path / {"book": "our week.xlsx", "old book": "a.xls"}.get(what, "a")
    sheet = pl.DataFrame({"Name": ["Ada"], "Mon AM": ["x"]})
    if what == "book":
        write_book(place, {"Sheet1": sheet})
    elif what == "folder":
        place.mkdir()
        sheet.write_csv(place / "poll.csv")
    else:
        place = place.with_suffix(".xls" if what == "old book" else ".csv")
        sheet.write_csv(place)
    done = run("plan", place, "--out", tmp_path / "plan")
    assert done.exit_code == 2
    shown = f"'{place}'" if " " in place.name else str(place)
    assert f"matching start {shown}" in done.stderr
    assert not (tmp_path / "plan").exists()


def test_tables_with_other_columns_are_for_start_too(tmp_path: Path) -> None:
    for name in ("volunteers", "availability", "requests"):
        (tmp_path / f"{name}.csv").write_text("Name,When\nAda,Mon\n", "utf-8")
    done = run("plan", tmp_path, "--out", tmp_path / "plan")
    assert done.exit_code == 2
    assert f"matching start {tmp_path}" in done.stderr


@pytest.fixture
def planned(tmp_path: Path) -> Path:
    week = people("ada")
    ask(week, "tea")
    write_tables(tmp_path / "tables", week.tables())
    run("plan", tmp_path / "tables", "--week", "2026-03-02", "--out", tmp_path / "plan")
    return tmp_path / "plan"


@pytest.mark.parametrize("yes", [True, False])
def test_at_a_terminal_one_is_asked(
    yes: bool, planned: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def confirm(text: str, **more: object) -> bool:
        asked.append(text)
        return yes

    for stream in (sys.stdin, sys.stderr):
        monkeypatch.setattr(stream, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(typer, "confirm", confirm)
    sink, other = open_sink(str(planned)), date(2026, 3, 9)
    with Ticker() as ticker:
        if yes:
            assert make_room(ticker, sink, "plan", other)
        else:
            with pytest.raises(UsageError, match="--force"):
                make_room(ticker, sink, "plan", other)
    assert asked == [
        "plan holds the plan of the week of 2026-03-02, and this is the week of 2026-03-09. "
        "Replace it?"
    ]


def test_whoever_said_yes_is_not_refused_when_all_is_done(
    planned: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    week = people("ada")
    ask(week, "next", "9 09:00", "9 10:00")
    write_tables(planned.parent / "next", week.tables())
    again = ("plan", planned.parent / "next", "--week", "2026-03-09", "--out", planned)
    assert run(*again).exit_code == 2
    monkeypatch.setattr("matching.cli.weekly.make_room", lambda *given: True)
    assert run(*again).exit_code == 0


def test_swapped_coordinates_beyond_the_poles(tmp_path: Path) -> None:
    week = people("ada", lat=40.0, lon=116.0)
    ask(week, "tea", lat=40.0, lon=116.0)
    tables = week.tables()
    turned = tables["requests"].with_columns(lat=pl.lit(116.0), lon=pl.lit(40.0))
    write_tables(tmp_path / "tables", tables | {"requests": turned})
    done = run("plan", tmp_path / "tables", "--week", "2026-03-02", "--out", tmp_path / "plan")
    assert done.exit_code == 2
    assert "must be from -90 to 90; are lat and lon swapped?" in done.stderr


def test_at_a_terminal_lines_end_between_words(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Screen, "is_terminal", True)
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("NO_COLOR", "1")
    tell("error: " + "word " * 20, "red")
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) > 1
    assert all(len(line) <= 40 and line.split()[-1] == "word" for line in lines)
