"""Whatever stands in names, cells and paths: the terminal shows it and obeys none of it."""

import ast
import io
import json
import re
import zipfile
from pathlib import Path

import pytest
from rich.table import Table
from rich.text import Text
from typer.testing import CliRunner, Result

from matching import UsageError
from matching.cli import app
from matching.cli.screen import Screen
from matching.errors import describe, harmless
from tests.support.tiny import TINY

# Colours, a title, a bell, a line written over, C1, text turned round, half a character.
EVIL = "\x1b[31m\x1b]0;x\x07\r\x9b2J\u202e\u2066\x7f"
STEERS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
WEEK = ["--week", "2026-11-30"]


def run(*command: object) -> Result:
    done = CliRunner().invoke(app, [str(word) for word in command])
    assert not STEERS.search(done.output), command
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done


def folder(where: Path) -> Path:
    where.mkdir(parents=True)
    for name, frame in TINY.items():
        (where / f"{name}.csv").write_text(frame.write_csv(), encoding="utf-8")
    return where


def test_what_steers_is_written_as_json_has_it() -> None:
    assert harmless("a\x1b[1m\u202eb\x9b\udc80\n\t") == "a\\u001b[1m\\u202eb\\u009b\\udc80\n\t"
    text = json.dumps({"name": EVIL}, ensure_ascii=False)
    assert json.loads(harmless(text)) == {"name": EVIL}
    assert harmless("王芳 é 🙂") == "王芳 é 🙂"
    assert not STEERS.search(str(UsageError(EVIL)))
    row = {"table": "t", "row": 1, "column": "a\n\x1b", "value": EVIL, "message": "m", "rule": "r"}
    assert "\n" not in describe(row)


def test_a_screen_in_colour_obeys_rich_alone() -> None:
    file = io.StringIO()
    screen = Screen(file=file, force_terminal=True, color_system="standard", width=200)
    table = Table(title=Text(EVIL))
    table.add_column(EVIL)
    table.add_row(Text(f"cell {EVIL}", style="red"))
    screen.print(table)
    screen.print(Text(f"line {EVIL}", style="green"))
    shown = re.sub(r"\x1b\[[0-9;]*m", "", file.getvalue())
    assert not STEERS.search(shown)
    assert "\x1b[31mcell" in file.getvalue()  # red by us
    assert "\\u001b[31m" in shown  # and written out where it came from outside


@pytest.mark.parametrize("name", [f"x{EVIL}", "x\udc80"], ids=["controls", "no UTF-8"])
def test_paths_of_all_commands_are_harmless(name: str, tmp_path: Path) -> None:
    evil = folder(tmp_path / name)
    written = name.encode("utf-8", "replace").decode() == name
    done = run("plan", evil, *WEEK, "--out", tmp_path / f"plan{name}")
    assert done.exit_code == (0 if written else 2), done.output
    done = run("check", evil, tmp_path / f"plan{name}")
    assert done.exit_code == (0 if written else 2), done.output
    assert run("plan", tmp_path / f"no{name}", *WEEK, "--out", tmp_path / "p").exit_code == 2
    assert run("check", evil, tmp_path / f"no{name}").exit_code == 2
    assert run("map", evil, "--out", tmp_path / f"{name}.toml").exit_code in (0, 1)
    done = run("plan", evil, "--out", tmp_path / "p", "--policy", tmp_path / f"no{name}")
    assert done.exit_code == 2


@pytest.mark.slow
def test_names_in_tables_and_archives_are_harmless(tmp_path: Path) -> None:
    evil = folder(tmp_path / "tables")
    people = (evil / "volunteers.csv").read_text()
    header, rest = people.split("\n", 1)
    lines = [f"{line},{EVIL.replace(chr(13), '')}" for line in rest.splitlines()]
    (evil / "volunteers.csv").write_text("\n".join([f"{header},{EVIL[:-9]}", *lines]) + "\n")
    (evil / f"{EVIL.replace('/', '')}.csv").write_text("a\n1\n")
    run("plan", evil, *WEEK, "--out", tmp_path / "plan")
    (evil / "bonds.csv").write_text(f"volunteer_id,other_id,kind\n{EVIL},nobody,{EVIL}\n")
    for more in ([], ["--json"]):
        done = run("plan", evil, *WEEK, "--out", tmp_path / "plan", *more)
        assert done.exit_code == 2
        if more:
            assert json.loads(done.stdout[done.stdout.index("{") :])["error"]["faults"]
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr(f"{EVIL}.csv", "a\n1\n")
        archive.writestr(f"{EVIL}/volunteers.csv", "a\n1\n")
    assert run("plan", tmp_path / "x.zip", *WEEK, "--out", tmp_path / "plan").exit_code == 2


def test_a_summary_is_harmless(tmp_path: Path) -> None:
    tables = folder(tmp_path / "tables")
    run("plan", tables, *WEEK, "--out", tmp_path / "plan")
    path = tmp_path / "plan" / "summary.json"
    summary = json.loads(path.read_text())
    summary["source"]["tables"] = f"/nowhere/{EVIL}"
    path.write_text(json.dumps(summary))
    assert run("report", tmp_path / "plan", "--out", tmp_path / "x.html").exit_code == 2


@pytest.mark.parametrize(
    "command",
    [
        ["plan", "a", EVIL],
        ["plan", f"--{EVIL}"],
        [EVIL],
        ["plan", "a", "--out", "b", "--gap", EVIL],
        ["generate", EVIL, "--out", "b"],
        ["plan", "a", "--out", "b", "--week", EVIL],
        ["plan", "a", "--out", "b", "--option", EVIL],
    ],
)
def test_a_wrong_command_is_told_harmless(command: list[str]) -> None:
    assert run(*command).exit_code == 2


@pytest.mark.slow
def test_nothing_else_writes_to_the_terminal() -> None:
    """All goes through `conduct.say`, `conduct.tell` and `screen.Screen`."""
    for path in Path("matching").rglob("*.py"):
        if path.name in ("screen.py", "conduct.py") or "testing" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                name = ast.unparse(node.func)
                assert name not in ("print", "typer.echo", "typer.secho", "Console"), path
                assert not name.startswith(("sys.stdout.write", "sys.stderr.write")), path
