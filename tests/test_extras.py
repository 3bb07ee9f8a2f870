"""An environment without the extras: every part that needs one says so, in the same words."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from matching.guards.extras import _EXTRAS, missing, packages
from tests.support.tiny import TINY

# All of them are out of reach from the first import on, as where none was installed.
_WITHOUT = """
import json, sys
blocked, commands = json.loads(sys.argv[1])
for name in blocked:
    sys.modules[name] = None
from typer.testing import CliRunner
from matching.cli import app
told = []
for command in commands:
    done = CliRunner().invoke(app, command)
    told.append([done.exit_code, done.output, repr(done.exception)])
print(json.dumps(told))
"""


@pytest.mark.parametrize("extra", sorted({*_EXTRAS.values()}))
def test_what_is_told_to_install_brings_the_modules(extra: str) -> None:
    names = [Requirement(text.strip("'")).name for text in packages(extra)]
    assert names
    for module in (name for name, brought in _EXTRAS.items() if brought == extra):
        text = missing(module)
        assert f"pip install '.[{extra}]'" in text  # from a clone
        assert f"pip install {' '.join(packages(extra))}; or" in text  # with a wheel
    assert "volunteer-matching[" not in missing(module)


@pytest.mark.slow
def test_every_command_without_the_extras_teaches(tmp_path: Path) -> None:
    tables, plan = tmp_path / "tables", tmp_path / "plan"
    tables.mkdir()
    for name, frame in TINY.items():
        frame.write_csv(tables / f"{name}.csv")
    (tmp_path / "calendars").mkdir()
    for name in ("x.xlsx", "x.db", "pins.xlsx"):
        (tmp_path / name).write_bytes(b"")
    week = ["--week", "2026-11-30"]
    made = ["plan", str(tables), *week, "--out", str(plan)]
    cases = {
        "jinja2": [["report", str(plan), "--out", str(tmp_path / "page.html")]],
        "xlsxwriter": [
            ["report", str(plan), "--format", "xlsx", "--out", str(tmp_path / "book.xlsx")],
        ],
        "fastexcel": [
            ["plan", str(tmp_path / "x.xlsx"), *week, "--out", str(plan)],
            [*made, "--pins", str(tmp_path / "pins.xlsx")],
            ["generate", "town", "--format", "xlsx", "--out", str(tmp_path / "town")],
        ],
        "python_calamine": [["start", str(tmp_path / "x.xlsx"), "--yes"]],
        "icalendar": [
            ["report", str(plan), "--format", "ics", "--out", str(tmp_path / "ics")],
            ["report", str(plan), "--format", "slips", "--out", str(tmp_path / "slips")],
        ],
        "recurring_ical_events": [
            ["availability", str(tmp_path / "calendars"), *week, "--out", str(tables)]
        ],
        "sqlalchemy": [["plan", str(tmp_path / "x.db"), *week, "--out", str(plan)]],
        "fsspec": [["plan", "memory://x", *week, "--out", str(plan)]],
    }
    commands = [made, *(command for several in cases.values() for command in several)]
    asked = json.dumps([list(_EXTRAS), commands])
    done = subprocess.run(
        [sys.executable, "-c", _WITHOUT, asked], capture_output=True, text=True, check=True
    )
    first, *told = json.loads(done.stdout)
    assert first[0] == 0, first  # a plan takes none of them
    wanted = [module for module, several in cases.items() for _ in several]
    for command, module, (code, output, exception) in zip(commands[1:], wanted, told, strict=True):
        extra = _EXTRAS[module]
        assert code == 2, (command, output, exception)
        assert f"pip install '.[{extra}]'" in output, (command, output)
        assert packages(extra)[0] in output, command
    left = {path.name for path in tmp_path.iterdir()}
    assert left <= {"tables", "plan", "calendars", "x.xlsx", "x.db", "pins.xlsx"}


@pytest.mark.parametrize(
    ("module", "where"),
    [("psycopg", "postgresql://me@127.0.0.1:1/d"), ("pymysql", "mariadb://me@127.0.0.1:1/d")],
)
def test_a_driver_that_is_missing_is_told(
    module: str, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from matching import UsageError
    from matching.stores.registry import open_source

    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(UsageError, match=rf"needs the package '{module}'.*'\.\[sql\]'"):
        open_source(where)
