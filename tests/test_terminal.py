"""What a person at a terminal sees, what a machine reads, and what both are told to do next."""

import io
import json
import re
import shlex
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path

import polars as pl
import pytest
import typer
from click.testing import Result
from rich.console import Console
from rich.text import Text
from typer.main import get_command

from matching import Problem, Progress, Week, audit, solve
from matching.cli import app
from matching.cli.conduct import teaching
from matching.cli.terminal import first_line
from matching.cli.ticker import PHASES, PLAN, Ticker, spoken
from matching.solvers import search
from matching.stores import read_summary
from matching.synthetic import generate
from tests.support.commands import COMMANDS, GROUPED, WEEK, planned, run
from tests.support.screens import at_terminal, drawn
from tests.support.slow import first_fast, some_fast

MONDAY = date.fromisoformat(WEEK)
# Colours are 30 to 37 and 90 to 97, or begin with 38 or 48.
COLOUR = re.compile(rb"\x1b\[(\d+;)*(3[0-8]|4[0-8]|9[0-7])[;m]")


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("town")
    assert run("generate", "town", "--seed", 1, "--week", WEEK, "--out", folder).exit_code == 0
    return folder


@pytest.fixture(scope="module")
def plan(town: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("plan")
    assert planned(town, out).exit_code == 0
    return out


@pytest.fixture
def copy(plan: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(plan, tmp_path / "copy"))


# --- progress -------------------------------------------------------------------------------------


def lines_of(ticker: Ticker, width: int = 80) -> list[str]:
    console = Console(file=io.StringIO(), width=width)
    console.print(ticker)
    assert isinstance(console.file, io.StringIO)
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


def test_progress_tells_stage_phase_clock_and_figures() -> None:
    ticker = Ticker(time_limit=600, gap=1e-4)
    ticker.announce("read")
    stages, doing = lines_of(ticker)
    assert stages.startswith("[read] check  pair  solve  write ")
    assert doing[2:] == "reading the tables"
    # The limit counts from where the engine began, 20 seconds ago.
    ticker.on_progress(Progress("eligibility", 20.0, None, None))
    stages, doing = lines_of(ticker)
    assert re.search(r"\[pair\].* at most 9 min \d+ s to go$", stages)
    # (1,010,000 - 1,000,000) / 1,000,000 = 1 %
    ticker.on_progress(Progress("neighbourhood search", 30.0, 1_000_000, 1_010_000.0))
    ticker.on_progress(Progress("certify again", 31.0, None, None))
    stages, doing, figures = lines_of(ticker)
    assert "[solve]" in stages
    assert figures == "  value 1,000,000   bound 1,010,000   gap 1.000% (ends at 0.010%)"
    # What is left to do has no limit.
    ticker.announce("write")
    stages, *_ = lines_of(ticker)
    assert "[write]" in stages
    assert "to go" not in stages
    assert ticker.timings.keys() == {"read"}


def test_a_limit_that_is_over_is_no_negative_time() -> None:
    ticker = Ticker(time_limit=10)
    ticker.on_progress(Progress("integer programme", 20.0, None, None))
    assert lines_of(ticker)[0].endswith(", about to end")


@pytest.mark.parametrize("width", [40, 80, 120])
def test_progress_never_breaks_a_line(width: int) -> None:
    ticker = Ticker(time_limit=36_000, gap=1e-4)
    for phase in PHASES:
        ticker.on_progress(Progress(phase, 0.0, 682_509_081, 682_758_629.0))
        lines = lines_of(ticker, width)
        assert len(lines) == 3
        assert all(len(line) <= width for line in lines)


@pytest.mark.slow
def test_every_phase_of_the_engine_has_its_words(monkeypatch: pytest.MonkeyPatch) -> None:
    phases: set[str] = set()
    tables = generate("town", rules="full", scarcity=4, seed=1, week=MONDAY)
    for small in (10_000, 0):
        monkeypatch.setattr(search, "_MAX_ARCS_FOR_WHOLE_MIP", small)
        told = Problem.from_tables(tables, MONDAY)
        solve(told, on_progress=lambda at: phases.add(at.phase), gap=0)
    wanted = {"eligibility", "flow", "search", "linear programme", "column generation", "unfilled"}
    assert wanted <= phases <= PHASES.keys()
    assert {PHASES[phase][0] for phase in phases} <= set(PLAN)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.04, "0.0 s"), (9.94, "9.9 s"), (10, "10 s"), (59.6, "1 min 0 s"), (7_500, "2 h 5 min")],
)
def test_spoken(seconds: float, text: str) -> None:
    assert spoken(seconds) == text


# --- the screen -----------------------------------------------------------------------------------


@pytest.mark.parametrize("columns", first_fast([80, 120], 1))
def test_a_plan_leaves_its_figures_on_the_screen(town: Path, tmp_path: Path, columns: int) -> None:
    out = tmp_path / "p"
    command = ("plan", town, "--week", WEEK, "--out", out)
    status, written = at_terminal(*command, columns=columns)
    assert status == 0
    assert COLOUR.search(written)
    # Progress, with its stages beside each other, was there and is gone.
    assert b" pair " in written
    screen = drawn(written, columns)
    assert not any(" pair " in line for line in screen)
    summary = read_summary(out)
    assert summary is not None
    seats = f"{summary['filled']:,} of {summary['seats']:,}"
    left = summary["seats"] - summary["filled"], summary["requests"] - summary["requests_served"]
    assert screen[0] == f"{seats} seats; {left[0]} open; {left[1]} orders with nobody"
    assert screen[1].startswith(f"week of {WEEK}: value {summary['value']:,}, ")
    assert re.fullmatch(rf"  seats filled +{seats} +\d+%", screen[2])
    assert len(screen) < 40


@pytest.mark.parametrize(
    ("filled", "served", "line"),
    [
        (53, 7, "53 of 70 seats; 17 open; 3 orders with nobody"),
        (53, 9, "53 of 70 seats; 17 open; 1 order with nobody"),
        (69, 10, "69 of 70 seats; 1 open"),
        (70, 10, "70 of 70 seats"),
    ],
)
def test_the_first_line_says_what_is_left_to_do(filled: int, served: int, line: str) -> None:
    counts = {"seats": 70, "filled": filled, "requests": 10, "requests_served": served}
    assert first_line(counts) == line


@pytest.mark.slow
def test_a_verdict_goes_on_below_itself_where_the_screen_ends(town: Path, plan: Path) -> None:
    status, written = at_terminal("check", town, plan, NO_COLOR="1")
    assert status == 0
    # No colours where they are not wanted; the words say it all.
    assert not COLOUR.search(written)
    screen = drawn(written, 80)
    assert "every rule holds" in screen
    first = next(n for n, line in enumerate(screen) if line.startswith("holds  qualification "))
    column = screen[first].index("a volunteer holds")
    # The sentence is longer than the line: it goes on in its column, broken between words.
    assert screen[first + 1][:column].strip() == ""
    sentence = f"{screen[first][column:]} {screen[first + 1].strip()}"
    assert sentence == {rule.name: rule.sentence for rule in audit.RULES}["qualification"]


def test_what_is_broken_stands_last(town: Path, copy: Path) -> None:
    rows = pl.read_csv(copy / "plan.csv", infer_schema=False)
    pl.concat([rows, rows[:7]]).write_csv(copy / "plan.csv")
    lines = run("check", town, copy).stdout.splitlines()
    verdicts = [line.split()[:2] for line in lines if line.startswith(("holds", "broken"))]
    assert len(verdicts) == len(audit.RULES)
    assert [verdict for verdict, _ in verdicts] == ["holds"] * (len(verdicts) - 1) + ["broken"]
    assert verdicts[-1][1] == "duplicate"
    # Seven times; five are told.
    assert any(line.strip() == "... 2 more" for line in lines)
    assert lines[-1] == "1 rule is broken, 7 times in all"


@pytest.mark.slow
def test_an_error_is_without_colours_where_they_are_not_wanted(tmp_path: Path) -> None:
    command = ("plan", tmp_path / "none", "--out", tmp_path / "plan")
    status, written = at_terminal(*command)
    assert status == 2
    assert b"\x1b[31merror: " in written
    status, written = at_terminal(*command, NO_COLOR="1")
    assert status == 2
    assert not COLOUR.search(written)
    assert drawn(written, 80)[0].startswith("error:")


# --- for machines ---------------------------------------------------------------------------------


def test_a_plan_as_json_is_its_summary(town: Path, tmp_path: Path) -> None:
    done = planned(town, tmp_path / "plan", "--json")
    assert done.exit_code == 0
    told = json.loads(done.stdout)
    # How long writing took is known when it is over.
    assert told["timings"].pop("write") >= 0
    assert told == read_summary(tmp_path / "plan")


def test_a_world_as_json_is_its_counts(tmp_path: Path) -> None:
    size = ("town", "--volunteers", 30, "--requests", 5, "--week", WEEK)
    done = run("generate", *size, "--out", tmp_path / "town", "--json")
    counts = json.loads(done.stdout)
    assert (counts["volunteers"], counts["requests"]) == (30, 5)


def test_a_check_as_json_tells_what_is_broken(town: Path, copy: Path) -> None:
    done = run("check", town, copy, "--json")
    told = json.loads(done.stdout)
    assert (done.exit_code, told["passes"], sum(told["broken"].values())) == (0, True, 0)
    assert told["broken"].keys() == {rule.name for rule in audit.RULES}
    assert told["summary_agrees"] == {"value": True, "bound_from_prices": True}
    # The first row twice: somebody is there twice, and everything else follows from that.
    rows = pl.read_csv(copy / "plan.csv", infer_schema=False)
    pl.concat([rows, rows[:1]]).write_csv(copy / "plan.csv")
    done = run("check", town, copy, "--json")
    told = json.loads(done.stdout)
    assert (done.exit_code, told["passes"]) == (1, False)
    assert told["broken"]["duplicate"] == 1
    (twice,) = [row for row in told["violations"] if row["rule"] == "duplicate"]
    assert twice["volunteer_id"] == rows["volunteer_id"][0]


def test_a_check_that_time_ended_says_what_it_left_unproved(tmp_path: Path) -> None:
    # Ann cannot go 10 km in five minutes; without time for that the proof lets her.
    week = Week(WEEK)
    week.volunteer("ann", available=[("mon", "08:00", "18:00")], travel_km=100, lat=0, lon=0)
    for name, start, end, lat in (("near", "09:00", "10:00", 0), ("far", "10:05", "12:00", 0.09)):
        week.request(name, start=f"{WEEK} {start}", end=f"{WEEK} {end}", lat=lat, lon=0)
    tables, made = tmp_path / "tables", tmp_path / "plan"
    tables.mkdir()
    for name, frame in week.tables().items():
        frame.write_csv(tables / f"{name}.csv")
    assert planned(tables, made).exit_code == 0
    done = run("check", tables, made, "--time-limit", 0)
    assert done.exit_code == 0
    assert "left unproved, volunteers' best weeks: 1;" in " ".join(done.stdout.split())
    told = json.loads(run("check", tables, made, "--time-limit", 0, "--json").stdout)
    assert (told["passes"], told["volunteers_unproved"]) == (True, 1)


def test_an_error_as_json_has_every_fault(town: Path, tmp_path: Path) -> None:
    tables = Path(shutil.copytree(town, tmp_path / "tables"))
    path = tables / "requests.csv"
    requests = pl.read_csv(path, infer_schema=False)
    requests.with_columns(priority=pl.lit("9")).write_csv(path)
    done = planned(tables, tmp_path / "plan", "--json")
    assert done.exit_code == 2
    error = json.loads(done.stdout)["error"]
    assert (error["kind"], error["faults_in_all"]) == ("DataError", requests.height)
    assert {(f["table"], f["column"], f["value"]) for f in error["faults"]} == {
        ("requests", "priority", "9")
    }
    # People read the same on standard error, at once where all rows share it.
    assert done.stderr.startswith(f"error: {requests.height} faults in the tables")
    assert f"requests, priority, all {requests.height} rows" in done.stderr
    assert "--on-error quarantine" in done.stderr
    done = planned(tmp_path / "none", tmp_path / "plan", "--json")
    assert json.loads(done.stdout)["error"]["kind"] == "UsageError"


# --- what to do next ------------------------------------------------------------------------------


def hints(done: Result) -> list[list[str]]:
    """Return the words of the commands that a plan ends with."""
    *_, check, report = done.stdout.splitlines()
    return [shlex.split(line.removeprefix("next:"))[1:] for line in (check, report)]


def test_a_plan_says_how_to_go_on(town: Path, tmp_path: Path) -> None:
    out = tmp_path / "a plan"
    check, report = hints(planned(town, out))
    assert check == ["check", str(town), str(out)]
    assert report == ["report", str(out), "--out", "plan.html"]
    assert run(*check).exit_code == 0


def test_what_was_set_aside_is_set_aside_by_the_check_too(town: Path, tmp_path: Path) -> None:
    tables = Path(shutil.copytree(town, tmp_path / "tables"))
    posts = pl.read_csv(tables / "posts.csv", infer_schema=False)
    odd = posts[:1].with_columns(request_id=pl.lit("nowhere"))
    pl.concat([posts, odd]).write_csv(tables / "posts.csv")
    check, _ = hints(planned(tables, tmp_path / "plan", "--on-error", "quarantine"))
    assert check[-2:] == ["--on-error", "quarantine"]
    assert run(*check).exit_code == 0


@pytest.mark.slow
def test_a_search_that_was_cut_short_says_how_to_go_on(tmp_path: Path) -> None:
    tables, more = tmp_path / "tables", ("--rules", "full", "--scarcity", 4, "--seed", 1)
    # A town is one programme, whose first plan is the best.
    assert run("generate", "district", *more, "--week", WEEK, "--out", tables).exit_code == 0
    done = planned(tables, tmp_path / "plan", "--gap", 1e9)
    assert done.exit_code == 0
    assert "ended at the gap asked for; --gap 0 goes on" in done.stdout


def test_a_week_without_requests_says_where_they_are(town: Path, tmp_path: Path) -> None:
    for more in ([], ["--force"]):
        done = run("plan", town, "--week", "2026-12-07", "--out", tmp_path / "plan", *more)
        assert done.exit_code == 2
        assert "no request is in the week that starts on Monday 07 December 2026" in done.stderr
        assert "40 are in others: name the Monday of one (--week)" in done.stderr
        assert not (tmp_path / "plan").exists()


def test_a_plan_of_another_week_is_recognised(town: Path, plan: Path) -> None:
    done = run("check", town, plan, "--week", "2026-12-07")
    assert done.exit_code == 2
    assert "is the plan of these tables, and of the week that --week names?" in done.stderr


def test_ctrl_c_where_nothing_is_planned(capsys: pytest.CaptureFixture[str]) -> None:
    def stop() -> None:
        with teaching():
            raise KeyboardInterrupt

    with pytest.raises(typer.Exit) as ended:
        stop()
    assert ended.value.exit_code == 130
    assert capsys.readouterr().err == "stopped: nothing was written\n"


# --- help and completion --------------------------------------------------------------------------


@pytest.mark.parametrize("name", some_fast(["", *COMMANDS, *GROUPED], 3))
def test_help_teaches_by_examples_that_can_be_given(name: str) -> None:
    root = get_command(app)
    command = GROUPED.get(name) or (root.commands[name] if name else root)
    written = Text.from_markup(command.epilog or "").plain.splitlines()
    # Two blanks stand around it; a terminal has 80 columns.
    assert max(map(len, written)) <= 78
    lines = [line.strip() for line in written]
    examples = [shlex.split(line) for line in lines if line.startswith("matching ")]
    assert len(examples) >= 3
    for _, first, *arguments in examples:
        if first.startswith("-"):
            assert first in {option for parameter in root.params for option in parameter.opts}
            continue
        whole = f"{first} {arguments[0]}"
        whole = whole if whole in GROUPED else first
        assert not name or whole.startswith(name)
        arguments = arguments[whole.count(" ") :]
        if arguments != ["--help"]:
            # It fails where an argument is missing, an option unknown or a value out of range.
            with (GROUPED.get(whole) or root.commands[first]).make_context(whole, arguments):
                pass


@pytest.mark.parametrize(
    ("words", "completed"),
    [
        (("pl",), {"plan"}),
        (("check", "--js"), {"--json"}),
        (("plan", "--on-error", ""), {"raise", "quarantine"}),
        (("generate", "c"), {"city"}),
    ],
    ids=lambda given: " ".join(sorted(given)) if isinstance(given, set) else "-".join(given),
)
def test_bash_completes(words: tuple[str, ...], completed: set[str]) -> None:
    folder = Path(sys.executable).parent
    script = f"""
export PATH={shlex.quote(str(folder))}:$PATH
eval "$(matching --show-completion)"
COMP_WORDS=(matching {" ".join(shlex.quote(word) for word in words)})
COMP_CWORD={len(words)}
_matching_completion matching
printf '%s\\n' "${{COMPREPLY[@]}}"
"""
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=60)
    assert done.stderr == ""
    assert set(done.stdout.split()) == completed
