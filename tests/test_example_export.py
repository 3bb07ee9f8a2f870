"""The example of an export: made anew it is the same, and planned it is worth the same."""

import runpy
import shutil
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from matching import Problem
from matching.cli import app
from matching.stores import read_summary, read_tables
from matching.stores.mapping import mapped_source

HERE = Path(__file__).parents[1] / "docs" / "examples" / "export"
MONDAY = date(2026, 11, 30)


def test_it_is_made_byte_for_byte(tmp_path: Path) -> None:
    shutil.copy(HERE / "build.py", tmp_path)
    runpy.run_path(str(tmp_path / "build.py"), run_name="__main__")
    for folder in ("export", "tables"):
        made = {path.name: path.read_bytes() for path in (tmp_path / folder).iterdir()}
        assert made == {path.name: path.read_bytes() for path in (HERE / folder).iterdir()}


def test_the_export_holds_what_our_tables_hold() -> None:
    theirs = Problem.from_source(HERE / "export", MONDAY, mapping=HERE / "map.toml")
    ours = Problem.from_source(HERE / "tables", MONDAY)
    for name in ("volunteers", "windows", "holdings", "requests", "options", "posts", "needs"):
        one, other = getattr(theirs, name), getattr(ours, name)
        for column in vars(one):
            a, b = pl.Series(getattr(one, column)), pl.Series(getattr(other, column))
            # Sorted by what each is numbered by; the rest may come in another order.
            assert a.sort().equals(b.sort()), f"{name}.{column}"
    raw = mapped_source(HERE / "export", HERE / "map.toml", MONDAY).read_tables()
    wanted = read_tables(HERE / "tables")
    for name in ("organisations", "preferences", "qualifications", "posts"):
        columns = wanted[name].drop("row").columns
        found = raw[name].select(pl.col(columns).cast(pl.String))
        assert found.sort(columns).equals(wanted[name].select(columns).sort(columns)), name


@pytest.mark.slow
def test_both_are_planned_from_the_command_line_to_the_same_value(tmp_path: Path) -> None:
    week = ("--week", "2026-11-30")
    mapping = ("--mapping", str(HERE / "map.toml"))
    for folder, more in (("export", mapping), ("tables", ())):
        place = str(tmp_path / folder)
        done = CliRunner().invoke(app, ["plan", str(HERE / folder), *week, *more, "--out", place])
        assert done.exit_code == 0, done.output
        checked = CliRunner().invoke(app, ["check", str(HERE / folder), place, *more])
        assert checked.exit_code == 0, checked.output
    theirs, ours = read_summary(tmp_path / "export"), read_summary(tmp_path / "tables")
    assert theirs is not None
    assert ours is not None
    assert theirs["status"] == ours["status"] == "optimal"
    assert theirs["value"] == ours["value"] == 129_329
    plan = pl.read_csv(tmp_path / "export" / "派单.csv", infer_schema=False)
    assert plan["状态"].unique().to_list() == ["待确认"]
    assert plan["开始"].str.contains(r"^2026/1[12]/\d\d \d\d:\d\d$").all()
    # The plan's ids are the store's, so what our tables were planned to is the same people.
    assert set(plan["志愿者编号"]) <= set(
        read_tables(HERE / "tables")["volunteers"]["volunteer_id"]
    )


@pytest.mark.parametrize("cell", ["77", "0018"])
def test_an_unknown_code_of_the_export_is_named(tmp_path: Path, cell: str) -> None:
    shutil.copytree(HERE / "export", tmp_path / "export")
    path = tmp_path / "export" / "志愿者.csv"
    text = path.read_text(encoding="gb18030").replace('"18,19,23"', f'"18,{cell}"', 1)
    path.write_text(text, encoding="gb18030")
    given = ["plan", str(tmp_path / "export"), "--week", "2026-11-30", "--out", str(tmp_path / "p")]
    done = CliRunner().invoke(app, [*given, "--mapping", str(HERE / "map.toml")])
    assert done.exit_code == 2
    assert f"志愿者 row 1, 技能特长 = '18,{cell}': '{cell}' is not among the codes" in done.output
