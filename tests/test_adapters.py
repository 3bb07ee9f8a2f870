"""The choice of a store by URL or path, adapters of others, and the way through a whole plan."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from matching import Problem, solve
from matching.cli import app
from matching.errors import UsageError
from matching.stores import read_plan, read_tables, write_tables
from matching.stores.registry import adapter_name, open_sink, open_source
from matching.tables.cleaning import Tables
from tests.support.slow import first_fast
from tests.support.tiny import EXPECTED, MONDAY, TINY

DISTRICT = "docs/examples/district/tables"
ADAPTER = """
from matching.tables.cleaning import Tables

KEPT = {}

class Drawer:
    def __init__(self, name, label):
        self.name, self.label = name, label
    def read_tables(self):
        return Tables(KEPT[self.name])
    def write_result(self, tables, summary):
        KEPT[self.name + " plan"] = (dict(tables), dict(summary))
        return self.label
    def read_result(self):
        return KEPT.get(self.name + " plan", ({}, {}))

def open_source(where, *, label="none"):
    return Drawer(where.partition("://")[2], label)

open_sink = open_source
"""


@pytest.mark.parametrize(
    ("where", "name"),
    [
        ("tables", "path"),
        (Path("/srv/tables"), "path"),
        ("file:///srv/tables", "file"),
        ("week.xlsx", ".xlsx"),
        ("WEEK.XLSX", ".xlsx"),
        (Path("week.zip"), ".zip"),
        ("platform.db", ".db"),
        ("sqlite:///platform.db", "sqlite"),
        ("postgresql+psycopg://host/db", "postgresql"),
        ("mariadb://host/db", "mariadb"),
        ("s3://bucket/week.zip", "fsspec"),
        ("zip://tables::s3://bucket/week.zip", "fsspec"),
        ({}, "dataframes"),
        (None, "dataframes"),
    ],
)
def test_a_url_or_path_chooses_the_adapter(where: object, name: str) -> None:
    assert adapter_name(where) == name


def test_a_folder_may_be_called_like_a_workbook(tmp_path: Path) -> None:
    (tmp_path / "week.xlsx").mkdir()
    assert adapter_name(tmp_path / "week.xlsx") == "path"


def test_what_is_no_store_is_refused_with_what_is() -> None:
    with pytest.raises(UsageError, match="a int is no store: give a URL, a path, a mapping"):
        open_source(7)
    with pytest.raises(UsageError, match="'path' has no option schema; it has encoding, tables, c"):
        open_source("tables", schema="x")
    with pytest.raises(UsageError, match=r"gopher://x: Protocol not known: gopher"):
        open_source("gopher://x")


@pytest.mark.parametrize("where", ["plan", "plan.zip"])
def test_a_format_that_cannot_be_written_is_told_before_the_search(where: str) -> None:
    with pytest.raises(UsageError, match="format = 'ods': write 'csv' or "):
        open_sink(where, format="ods")


def test_an_object_with_the_methods_is_taken_as_it_is() -> None:
    class Mine:
        def read_tables(self) -> Tables:
            return Tables(TINY)

    mine = Mine()
    assert open_source(mine) is mine
    assert len(Problem.from_source(mine, MONDAY).volunteers) == 2


@pytest.fixture
def foreign(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A package of somebody else, installed."""
    (tmp_path / "drawers.py").write_text(ADAPTER)
    info = tmp_path / "drawers-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: drawers\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[matching.stores]\ndrawer = drawers\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield info
    sys.modules.pop("drawers", None)


def test_another_package_registers_its_adapter(foreign: Path) -> None:
    import drawers

    drawers.KEPT["top"] = TINY
    result = solve(Problem.from_source("drawer://top", MONDAY))
    assert result.to("drawer://top", label="done") == "done"
    tables, summary = open_sink("drawer://top").read_result()
    assert tables["plan"].select("request_id", "volunteer_id").rows() == EXPECTED
    assert summary["status"] == "optimal"


def test_two_adapters_of_one_name_are_refused(foreign: Path) -> None:
    (foreign / "entry_points.txt").write_text("[matching.stores]\n.zip = drawers\n")
    with pytest.raises(UsageError, match=r"several packages have .* '\.zip': drawers, v"):
        open_source("week.zip")


def test_an_adapter_whose_library_is_missing_says_how_to_get_it(foreign: Path) -> None:
    (foreign / "entry_points.txt").write_text("[matching.stores]\ndrawer = chests\n")
    with pytest.raises(UsageError, match="needs the package 'chests', which is not installed"):
        open_source("drawer://top")


@pytest.mark.parametrize("out", ["plan", "plan.xlsx", "plan.zip"])
def test_a_plan_goes_to_any_path(tmp_path: Path, out: str) -> None:
    write_tables(tmp_path / "tables", TINY)
    result = solve(Problem.from_source(tmp_path / "tables", MONDAY))
    result.to(tmp_path / out)
    tables, summary = open_sink(tmp_path / out).read_result()
    assert tables["plan"].select("request_id", "volunteer_id").rows() == EXPECTED
    assert summary["week"] == "2026-11-30"


def test_from_source_is_from_tables_of_what_was_read() -> None:
    one = Problem.from_source(DISTRICT, MONDAY)
    other = Problem.from_tables(read_tables(DISTRICT), MONDAY)
    assert one.volunteers.id.equals(other.volunteers.id)
    assert len(one.slots) == len(other.slots) > 0


def test_no_plan_never_takes_the_place_of_one(tmp_path: Path) -> None:
    # Two seats are pinned for ann at the same time: no plan keeps both.
    pinned = {"status": ["pinned"] * 2, "request_id": ["lunch", "tea"], "post": ["volunteer"] * 2}
    two = TINY["requests"].with_columns(request_id=pl.lit("tea"))
    tables = TINY | {
        "requests": pl.concat([TINY["requests"], two]),
        "assignments": pl.DataFrame({"volunteer_id": ["ann", "ann"]} | pinned),
    }
    solve(Problem.from_source(TINY, MONDAY)).to(tmp_path / "plan")
    set_aside = solve(Problem.from_source(tables, MONDAY, on_error="quarantine"))
    assert "faults" in set_aside.output()[0]
    broken = solve(Problem.from_source(TINY, MONDAY))
    object.__setattr__(broken, "status", "unknown")
    with pytest.raises(UsageError, match="no plan was found"):
        broken.to(tmp_path / "plan")
    assert read_plan(tmp_path / "plan").height == 1


@pytest.mark.parametrize("extra", first_fast(["sqlalchemy", "fastexcel", "fsspec"], 1))
def test_without_an_extra_the_rest_works_and_says_what_is_missing(
    extra: str,
) -> None:
    places = {"sqlalchemy": "a.db", "fastexcel": "a.xlsx", "fsspec": "memory://a"}
    program = f"""
import sys
sys.modules[{extra!r}] = None
from matching.stores.registry import open_source
from matching.cli import app
from matching.errors import UsageError
try:
    open_source({places[extra]!r})
except UsageError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stderr == ""
    wanted = f"needs the package '{extra}', which is not installed: pip install '"
    assert wanted in done.stdout


@pytest.mark.slow
def test_nothing_heavy_is_loaded_before_it_is_needed() -> None:
    # The library that checks tables loads SQLAlchemy itself, where there is one.
    stores = ["fastexcel", "xlsxwriter", "fsspec", "pandas", "duckdb", "psycopg"]
    heavy = [*stores, "sqlalchemy", "polars", "numpy"]
    program = f"""
import sys
from typer.testing import CliRunner
from matching.cli import app
assert CliRunner().invoke(app, ["plan", "--help"]).exit_code == 0
print([name for name in {heavy} if name in sys.modules])
from matching.stores.registry import open_source
open_source("docs/examples/district/tables").read_tables()
print([name for name in {stores} if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.splitlines() == ["[]", "[]"], done.stderr


@pytest.mark.parametrize("out", first_fast(["town.xlsx", "town.zip", "town.db", "town"], 1))
def test_a_world_goes_to_any_path_and_is_planned_from_there(tmp_path: Path, out: str) -> None:
    lines = CliRunner()
    week = ["--week", "2026-11-30"]
    where, plan = str(tmp_path / out), str(tmp_path / f"plan {out}")
    made = lines.invoke(app, ["generate", "town", "--seed", "1", *week, "--out", where])
    assert made.exit_code == 0, made.output
    done = lines.invoke(app, ["plan", where, *week, "--out", plan])
    assert done.exit_code == 0, done.output
    checked = lines.invoke(app, ["check", where, plan])
    assert checked.exit_code == 0, checked.output
    assert "as the summary says" in checked.output


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--option", "encoding"], "option 'encoding': write it as NAME=VALUE"),
        (["--option", "colour=red"], "'path' has no option colour; it has encoding"),
        (["--out-option", "kind=pandas"], "'path' has no option kind; it has format"),
    ],
)
def test_an_option_is_told_on_the_command_line(arguments: list[str], told: str) -> None:
    done = CliRunner().invoke(app, ["plan", DISTRICT, "--out", "nowhere", *arguments])
    assert done.exit_code == 2
    assert told in done.output


def test_a_format_is_for_files(tmp_path: Path) -> None:
    arguments = ["plan", DISTRICT, "--out", str(tmp_path / "a.db"), "--format", "parquet"]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 2
    assert "the store '.db' has no option format; it has schema, tables, col" in done.output
