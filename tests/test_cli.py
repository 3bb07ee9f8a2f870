"""The command line: what it writes and says, its exit statuses, Ctrl-C, and faulty folders."""

import json
import os
import pty
import select
import shutil
import signal
import subprocess
import sys
import time
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from click.testing import Result

import matching.engine
from matching.cli.conduct import interruptible
from matching.stores import read_plan, read_prices, read_summary, read_tables, write_tables
from tests.support.commands import COMMANDS, WEEK, contents, planned, run
from tests.support.faults import BASE, FAULTS, MONDAY, WEEKS, ZONES, world
from tests.support.hand import ask, people
from tests.support.slow import first_fast, these_fast

COMMAND = [sys.executable, "-c", "from matching.cli import app; app()"]
HEAVY = (
    *("polars", "numpy", "scipy", "ortools", "highspy", "pyarrow", "dataframely", "pandas"),
    *("sqlalchemy", "fsspec", "fastexcel", "xlsxwriter", "matplotlib", "jinja2", "vl_convert"),
)


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("town")
    made = run("generate", "town", "--rules", "full", "--seed", 1, "--week", WEEK, "--out", folder)
    assert made.exit_code == 0
    return folder


@pytest.fixture(scope="module")
def plan(town: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a plan; to change it, make a copy."""
    out = tmp_path_factory.mktemp("plan")
    assert planned(town, out).exit_code == 0
    return out


@pytest.fixture
def copy(plan: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(plan, tmp_path / "copy"))


# --- what is written ------------------------------------------------------------------------------


@pytest.mark.parametrize("format", first_fast(["csv", "parquet"], 1))
def test_generate_plan_check(tmp_path: Path, format: str) -> None:
    tables, out = tmp_path / "new" / "tables", tmp_path / "plan"
    size = ("--volunteers", 60, "--requests", 15, "--rules", "full", "--seed", 2)
    made = run("generate", "town", *size, "--week", WEEK, "--out", tables, "--format", format)
    assert made.exit_code == 0
    assert {path.suffix for path in tables.iterdir()} == {f".{format}"}
    *lines, hint = made.stdout.splitlines()
    assert hint == f"next: matching plan {tables} --week {WEEK} --out plan"
    counts = {line.split()[0]: line.split()[1] for line in lines}
    assert counts["volunteers"] == "60"
    assert set(counts) == {path.stem for path in tables.iterdir()}

    done = planned(tables, out, "--format", format)
    assert done.exit_code == 0
    written = {f"{name}.{format}" for name in ("plan", "prices", "unfilled")}
    assert contents(out).keys() == written | {"summary.json"}
    summary, rows = read_summary(out), read_plan(out)
    assert summary is not None
    assert summary["filled"] == rows.height > 0
    assert f"value {summary['value']:,}, " in done.stdout
    assert f"{summary['filled']:,} of {summary['seats']:,}" in done.stdout
    prices = read_prices(out)
    assert prices is not None
    assert prices.height > 0

    checked = run("check", tables, out)
    assert checked.exit_code == 0
    assert f"value {summary['value']:,}, as the summary says" in checked.stdout
    assert "broken" not in checked.stdout


def test_the_same_seed_makes_the_same_files(town: Path, plan: Path, tmp_path: Path) -> None:
    again, other = tmp_path / "again", tmp_path / "other"
    for folder, seed in ((again, 1), (other, 2)):
        made = ("generate", "town", "--rules", "full", "--seed", seed, "--week", WEEK)
        assert run(*made, "--out", folder).exit_code == 0
    assert contents(again) == contents(town)
    assert contents(other)["requests.csv"] != contents(town)["requests.csv"]
    assert planned(again, tmp_path / "plan", "--workers", 1).exit_code == 0
    first, second = contents(plan), contents(tmp_path / "plan")
    for name in ("plan.csv", "prices.csv", "unfilled.csv"):
        assert second[name] == first[name]


def test_a_second_plan_takes_the_place_of_the_first(town: Path, copy: Path) -> None:
    assert planned(town, copy, "--format", "parquet").exit_code == 0
    names = ["plan.parquet", "prices.parquet", "summary.json", "unfilled.parquet"]
    assert sorted(contents(copy)) == names


@pytest.mark.slow
def test_policy_week_and_limits_are_taken_from_the_summary(town: Path, tmp_path: Path) -> None:
    policy, out = tmp_path / "policy.toml", tmp_path / "plan"
    policy.write_text("seat = 500\ntravel_km = 6.5\ntravel_kmh = inf\n")
    assert planned(town, out, "--policy", policy, "--gap", 0.5, "--seed", 7).exit_code == 0
    summary = read_summary(out)
    assert summary is not None
    assert summary["policy"]["travel_kmh"] == "inf"
    assert (summary["policy"]["seat"], summary["seed"], summary["week"]) == (500, 7, WEEK)
    assert run("check", town, out).exit_code == 0
    # Under other weights the summary is wrong.
    policy.write_text("seat = 400\ntravel_km = 6.5\ntravel_kmh = inf\n")
    other = run("check", town, out, "--policy", policy)
    assert other.exit_code == 1
    assert "but the summary says" in other.stdout


def test_the_week_that_comes_is_planned_without_one(tmp_path: Path) -> None:
    size = ("--volunteers", 20, "--requests", 5)
    assert run("generate", "town", *size, "--out", tmp_path / "town").exit_code == 0
    assert run("plan", tmp_path / "town", "--out", tmp_path / "plan").exit_code == 0
    summary = read_summary(tmp_path / "plan")
    assert summary is not None
    days = (date.fromisoformat(summary["week"]) - date.today()).days
    assert date.fromisoformat(summary["week"]).weekday() == 0
    # Midnight may pass in between.
    assert 0 <= days <= 7


# --- checking -------------------------------------------------------------------------------------


def broken_rules(done: Result) -> set[str]:
    lines = [line.split() for line in done.stdout.splitlines()]
    return {words[1] for words in lines if words[:1] == ["broken"]}


@pytest.mark.slow
def test_a_broken_plan(town: Path, copy: Path) -> None:
    rows = pl.read_csv(copy / "plan.csv", infer_schema=False)
    pl.concat([rows, rows[:1]]).write_csv(copy / "plan.csv")
    done = run("check", town, copy)
    assert done.exit_code == 1
    assert broken_rules(done) == {"duplicate"}
    # Half of a plan is worth less than its summary says, and misses teams and pins.
    rows[::2].write_csv(copy / "plan.csv")
    done = run("check", town, copy)
    assert done.exit_code == 1
    assert "but the summary says" in done.stdout
    # Another volunteer, in a place where they do not belong.
    everybody = read_tables(town)["volunteers"]["volunteer_id"]
    (stranger,) = everybody.filter(~everybody.is_in(rows["volunteer_id"].implode()))[:1]
    rows.with_columns(volunteer_id=pl.lit(stranger)).write_csv(copy / "plan.csv")
    done = run("check", town, copy)
    assert done.exit_code == 1
    assert "overlap" in broken_rules(done)
    assert f"volunteer {stranger}" not in done.stderr


@pytest.mark.parametrize(("name", "more"), [("value", 1), ("bound_from_prices", -5)])
def test_a_summary_that_does_not_tell_the_truth(
    town: Path, copy: Path, name: str, more: int
) -> None:
    path = copy / "summary.json"
    summary = json.loads(path.read_text())
    path.write_text(json.dumps(summary | {name: summary[name] + more}))
    done = run("check", town, copy)
    assert done.exit_code == 1
    assert not broken_rules(done)
    assert "but the summary says" in done.stdout


def test_a_summary_whose_bound_is_weaker_than_its_prices_is_true(town: Path, copy: Path) -> None:
    path = copy / "summary.json"
    summary = json.loads(path.read_text())
    path.write_text(json.dumps(summary | {"bound_from_prices": 2 * summary["bound_from_prices"]}))
    done = run("check", town, copy)
    assert done.exit_code == 0
    assert "which is weaker and true" in done.stdout


def test_prices_that_prove_less_than_is_said(town: Path, copy: Path) -> None:
    prices = pl.read_csv(copy / "prices.csv", schema_overrides={"option": pl.String})
    prices.with_columns(pl.col("price") + 50.0).write_csv(copy / "prices.csv")
    assert run("check", town, copy).exit_code == 1
    (copy / "prices.csv").unlink()
    done = run("check", town, copy)
    assert done.exit_code == 0
    assert "no prices beside the plan: no bound to check" in done.stdout


def test_a_plan_from_anywhere(town: Path, plan: Path, tmp_path: Path) -> None:
    rows = pl.read_csv(plan / "plan.csv", infer_schema=False)
    path = tmp_path / "somebody else's.csv"
    rows.select("volunteer_id", "post", "option", "request_id").sort("volunteer_id").write_csv(path)
    done = run("check", town, path, "--week", WEEK)
    assert done.exit_code == 0
    assert "no prices beside the plan" in done.stdout


def test_a_plan_of_what_the_week_does_not_have(town: Path, copy: Path) -> None:
    rows = pl.read_csv(copy / "plan.csv", infer_schema=False)
    rows.with_columns(volunteer_id=pl.lit("nobody")).write_csv(copy / "plan.csv")
    done = run("check", town, copy)
    assert done.exit_code == 2
    assert "volunteers has no such volunteer_id" in done.stderr
    (copy / "plan.csv").write_text("request_id,post\nr,p\n")
    done = run("check", town, copy)
    assert done.exit_code == 2
    assert "volunteer_id" in done.stderr
    (copy / "plan.csv").unlink()
    done = run("check", town, copy)
    assert done.exit_code == 2
    assert "wanted is plan.csv or plan.parquet" in done.stderr


def test_a_summary_that_is_none(town: Path, copy: Path) -> None:
    for text in ("", "[1]", '{"policy": ', "\x00"):
        (copy / "summary.json").write_text(text)
        done = run("check", town, copy)
        assert done.exit_code == 2
        assert "plan again to write it anew" in done.stderr


@pytest.mark.parametrize(
    "wrong",
    [{"week": "soon"}, {"week": 7}, {"policy": []}, {"policy": {"seat": "x"}}, {"value": "much"}],
    ids=str,
)
def test_a_summary_of_nonsense(town: Path, copy: Path, wrong: dict[str, Any]) -> None:
    path = copy / "summary.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | wrong))
    done = run("check", town, copy)
    assert done.exit_code == 2
    assert done.stderr.startswith("error: ")


# --- what a user can mend -------------------------------------------------------------------------


def refused(done: Result, out: Path, *said: str) -> None:
    """Check that a command explained itself and left nothing behind."""
    assert done.exit_code == 2
    assert done.stdout == ""
    assert done.stderr.startswith("error: ")
    for text in said:
        assert text in done.stderr
    assert not out.exists()


def test_a_week_that_is_none(town: Path, tmp_path: Path) -> None:
    out = tmp_path / "plan"
    monday = "a week starts with a Monday, such as 2026-11-30"
    refused(run("plan", town, "--out", out, "--week", "2026-12-01"), out, monday)
    for text in ("next", "2026-02-30", "30.11.2026", ""):
        said = f"week = {text!r}: write a day such as 2026-11-30"
        refused(run("plan", town, "--out", out, "--week", text), out, said)
    refused(run("generate", "town", "--out", out, "--week", "2026-12-01"), out, "a Monday")


def test_a_policy_with_a_fault(town: Path, tmp_path: Path) -> None:
    out, policy = tmp_path / "plan", tmp_path / "policy.toml"
    faults = {
        "max_shift = 3": "policy has no key 'max_shift'; the nearest is 'max_shifts'",
        "seat = 1.5": "policy seat = 1.5 must be a whole number",
        "travel_km = -1": "policy travel_km = -1 must be from 0 to 1e9",
        "time_zone = 'Mars'": "not an IANA time zone",
        "seat = ": "is not TOML",
    }
    for text, said in faults.items():
        policy.write_text(text)
        refused(planned(town, out, "--policy", policy), out, said)
    refused(planned(town, out, "--policy", tmp_path / "none"), out, "No such file")


def test_not_a_folder(town: Path, tmp_path: Path) -> None:
    out, file = tmp_path / "plan", tmp_path / "file"
    refused(planned(tmp_path / "none", out), out, "does not exist")
    file.write_text("")
    refused(planned(file, out), out, "is a file, not a folder")
    (tmp_path / "empty").mkdir()
    refused(planned(tmp_path / "empty", out), out, "holds no table")
    done = planned(town, file)
    assert done.exit_code == 2
    assert f"{file} is a file; name a folder to write to" in done.stderr
    assert file.read_text() == ""


@pytest.mark.parametrize(
    "options",
    [("--workers", 0), ("--time-limit", -1), ("--gap", -0.1), ("--seed", -1), ("--format", "xls")],
    ids=str,
)
def test_options_out_of_range(town: Path, tmp_path: Path, options: tuple[str, object]) -> None:
    done = planned(town, tmp_path / "plan", *options)
    assert done.exit_code == 2
    assert options[0] in done.stderr
    assert not (tmp_path / "plan").exists()


@pytest.mark.parametrize(
    "options", [("--scarcity", 0), ("--scarcity", "nan"), ("--volunteers", -1), ("--requests", 0)]
)
def test_worlds_that_cannot_be(tmp_path: Path, options: tuple[str, object]) -> None:
    out = tmp_path / "town"
    refused(run("generate", "town", "--out", out, *options), out, options[0].removeprefix("--"))


def test_pins_that_cannot_stay(tmp_path: Path) -> None:
    folder, out = Path(shutil.copytree(BASE, tmp_path / "tables")), tmp_path / "plan"
    # A team that cannot be had: r3 needs more helpers than there are volunteers.
    (folder / "posts.csv").write_text("request_id,post,seats,min_seats\nr3,helper,50,50\n")
    (folder / "post_qualifications.csv").unlink()
    lines = (folder / "assignments.csv").read_text().splitlines()
    (folder / "assignments.csv").write_text(f"{lines[0]}\nv1,r3,helper,,pinned\n")
    done = planned(folder, out)
    assert done.exit_code == 2
    assert "error: " in done.stderr
    assert "r3" in done.stderr
    assert not out.exists()


# --- faulty tables --------------------------------------------------------------------------------


def policy_of(fault: str, tmp_path: Path) -> tuple[object, ...]:
    """Return the options a faulty folder is read with."""
    path = tmp_path / "policy.toml"
    path.write_text(f"time_zone = '{ZONES.get(fault, 'Asia/Shanghai')}'\n")
    return "--policy", path, "--week", WEEKS.get(fault, MONDAY), "--time-limit", 0


# Where every request is set aside there is no plan to be written.
NOTHING_LEFT = {
    *("empty_file", "header_twice", "required_column_missing", "skipped_hour_of_a_week"),
    "required_column_missing_of_a_side_table",
}


# What each of them says is tested without the command: here a few of each kind are fast.
FEW = NOTHING_LEFT | {"id_twice", "unknown_request", "sessions_overlap", "tabs", "weekly_in_part"}


@pytest.mark.parametrize("fault", these_fast(FAULTS, FEW))
def test_faulty_tables_are_refused_or_set_aside(tmp_path: Path, fault: str) -> None:
    folder, out = world(tmp_path, fault), tmp_path / "plan"
    options = policy_of(fault, tmp_path)
    done = run("plan", folder, "--out", out, *options)
    assert done.exit_code == 2
    assert done.stdout == ""
    for table, row, _, _, rule in FAULTS[fault]:
        place = f"{table} row {row}" if row else table
        assert place in done.stderr
        assert f"[{rule}]" in done.stderr
    assert not out.exists()

    done = run("plan", folder, "--out", out, *options, "--on-error", "quarantine")
    if fault in NOTHING_LEFT:
        assert done.exit_code == 2
        assert "no request is in the week" in done.stderr
        assert not out.exists()
        return
    assert done.exit_code == 0
    summary = read_summary(out)
    assert summary is not None
    assert summary["set_aside"].keys() >= {table for table, *_ in FAULTS[fault]}
    assert all(count > 0 for count in summary["set_aside"].values())
    told = pl.read_csv(out / "faults.csv", infer_schema=False)
    assert {(row["table"], row["rule"]) for row in told.to_dicts()} >= {
        (table, rule) for table, *_, rule in FAULTS[fault]
    }


@pytest.mark.parametrize(
    "fault", first_fast(["id_twice", "unknown_volunteer", "hour_24", "skipped_hour"], 1)
)
def test_what_is_left_can_be_checked(tmp_path: Path, fault: str) -> None:
    folder, out = world(tmp_path, fault), tmp_path / "plan"
    options = policy_of(fault, tmp_path)
    assert run("plan", folder, "--out", out, *options, "--on-error", "quarantine").exit_code == 0
    # Pins against a rule are set aside here as they are there.
    assert run("check", folder, out, "--on-error", "quarantine").exit_code == 0
    done = run("check", folder, out)
    assert done.exit_code == 2
    assert "in the tables" in done.stderr


def test_a_plan_before_stays_whole_where_the_next_is_refused(town: Path, copy: Path) -> None:
    before = contents(copy)
    assert run("plan", world(copy.parent, "weight_101"), "--out", copy).exit_code == 2
    assert contents(copy) == before


def test_no_faults_no_table_of_them(town: Path, tmp_path: Path) -> None:
    assert planned(town, tmp_path / "plan", "--on-error", "quarantine").exit_code == 0
    assert "faults.csv" not in contents(tmp_path / "plan")


def test_unknown_columns_are_named_on_one_line(town: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(town, tmp_path / "tables"))
    path = folder / "volunteers.csv"
    pl.read_csv(path, infer_schema=False).with_columns(shoe_size=pl.lit("43")).write_csv(path)
    done = planned(folder, tmp_path / "plan")
    assert done.exit_code == 0
    (line,) = [line for line in done.stderr.splitlines() if "ignored" in line]
    assert line.startswith("warning: ")
    assert "shoe_size" in line


# --- as a process ---------------------------------------------------------------------------------


def process(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [*COMMAND, *(str(argument) for argument in arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=300)


@pytest.mark.slow
def test_nothing_on_stderr_where_all_is_well(tmp_path: Path) -> None:
    week = people("ada")
    ask(week, "tea")
    write_tables(tmp_path / "tables", week.tables())
    done = process("plan", tmp_path / "tables", "--week", "2026-03-02", "--out", tmp_path / "plan")
    assert (done.returncode, done.stderr) == (0, "")
    # Nothing is coloured or cut short in a pipe.
    assert "\x1b" not in done.stdout
    assert str(tmp_path / "plan") in done.stdout
    done = process("check", tmp_path / "tables", tmp_path / "plan")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.slow
def test_a_fault_as_a_process(tmp_path: Path) -> None:
    done = process("plan", BASE, "--week", "2026-12-01", "--out", tmp_path / "plan")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: week = 2026-12-01")
    assert "Traceback" not in done.stderr


ANSWERS: dict[tuple[str, ...], tuple[int, str]] = {
    ("--help",): (0, "Usage: "),
    **{(command, "--help"): (0, "Examples") for command in COMMANDS},
    ("--version",): (0, "volunteer-matching "),
    (): (2, "Usage: "),
    ("pln",): (2, "Did you mean 'plan', 'replan', 'explain'?"),
    ("plan",): (2, "Missing argument"),
}
_ASK = """
import json, os, sys
from typer.testing import CliRunner
from matching.cli import app

asked, heavy = json.loads(sys.argv[1])
for arguments, environment in asked:
    os.environ |= environment
    done = CliRunner().invoke(app, arguments, prog_name="matching")
    names = sorted({name.partition(".")[0] for name in sys.modules} & set(heavy))
    print(json.dumps([done.exit_code, done.output, names]))
"""


def asked(*questions: tuple[tuple[str, ...], dict[str, str]]) -> list[tuple[int, str, list[str]]]:
    """Ask commands in one fresh Python; return status, output, and what of HEAVY is loaded."""
    told = json.dumps([questions, HEAVY])
    done = subprocess.run(
        [sys.executable, "-c", _ASK, told], capture_output=True, text=True, timeout=60
    )
    assert done.stderr == ""
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture(scope="module")
def answers() -> dict[tuple[str, ...], tuple[int, str, list[str]]]:
    return dict(zip(ANSWERS, asked(*((question, {}) for question in ANSWERS)), strict=True))


@pytest.mark.parametrize("arguments", ANSWERS, ids=str)
def test_nothing_heavy_is_loaded_to_answer(
    arguments: tuple[str, ...], answers: dict[tuple[str, ...], tuple[int, str, list[str]]]
) -> None:
    # Numbers and tables take a second to load; a question about the command itself takes none.
    status, said = ANSWERS[arguments]
    ended, told, heavy = answers[arguments]
    assert (ended, heavy) == (status, [])
    assert said in told


def test_nothing_heavy_is_loaded_to_complete() -> None:
    words = {"COMP_WORDS": "matching pl", "COMP_CWORD": "1"}
    environment = words | {"_MATCHING_COMPLETE": "complete_bash"}
    ((ended, told, heavy),) = asked(((), environment))
    assert (ended, told.split(), heavy) == (0, ["plan"], [])


def wait_for(terminal: int, text: bytes, seconds: float = 240.0) -> bytes:
    """Read what a process shows until the text appears."""
    shown, end = b"", time.monotonic() + seconds
    while text not in shown:
        assert time.monotonic() < end, shown[-2000:]
        if select.select([terminal], [], [], 1.0)[0]:
            shown += os.read(terminal, 65536)
    return shown


@pytest.mark.slow
def test_ctrl_c_ends_with_the_best_plan_so_far(tmp_path: Path) -> None:
    tables, out = tmp_path / "district", tmp_path / "plan"
    size = ("--rules", "full", "--seed", 1, "--format", "parquet")
    made = run("generate", "district", *size, "--week", WEEK, "--out", tables)
    assert made.exit_code == 0
    options = ("--week", WEEK, "--out", out, "--time-limit", 100_000, "--gap", 0)
    # Where somebody looks, there is a line that tells of the first plan.
    terminal, theirs = pty.openpty()
    command = [*COMMAND, *map(str, ("plan", tables, *options))]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=theirs, env=os.environ | {"TERM": "xterm"}
    ) as running:
        os.close(theirs)
        wait_for(terminal, b"value")
        running.send_signal(signal.SIGINT)
        wait_for(terminal, b"Ctrl-C again to abandon")
        stdout, _ = running.communicate(timeout=240)
    os.close(terminal)
    assert running.returncode == 130
    assert b"written to" in stdout
    names = ["plan.csv", "prices.csv", "summary.json", "unfilled.csv"]
    assert sorted(contents(out)) == names
    summary = read_summary(out)
    assert summary is not None
    assert (summary["status"], summary["termination"]) == ("feasible", "interrupted")
    assert 0 < summary["value"] < summary["bound"]
    assert run("check", tables, out).exit_code == 0


@pytest.mark.slow
def test_a_second_ctrl_c_abandons(
    town: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    solve = matching.engine.solve

    def stopped(times: int) -> Result:
        def solved(*given: Any, **named: Any) -> Any:
            for _ in range(times):
                signal.raise_signal(signal.SIGINT)
            return solve(*given, **named)

        monkeypatch.setattr("matching.engine.solve", solved)
        return planned(town, tmp_path / f"plan {times}", "--gap", 0)

    before = signal.getsignal(signal.SIGINT)
    once = stopped(1)
    assert once.exit_code == 130
    assert "Ctrl-C again to abandon" in once.stderr
    assert run("check", town, tmp_path / "plan 1").exit_code == 0
    twice = stopped(2)
    assert twice.exit_code == 130
    assert "stopped: nothing was written" in twice.stderr
    assert twice.stdout == ""
    assert not (tmp_path / "plan 2").exists()
    assert signal.getsignal(signal.SIGINT) is before


def test_ctrl_c_is_heard_once() -> None:
    with interruptible() as interrupted:
        assert not interrupted()
        signal.raise_signal(signal.SIGINT)
        assert interrupted()


def test_ctrl_c_twice_leaves_at_once() -> None:
    def leave() -> None:
        with interruptible():
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)
            raise AssertionError("nobody gets here")

    with pytest.raises(KeyboardInterrupt):
        leave()


# --- reports --------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_report_of_a_plan_alone(plan: Path, tmp_path: Path) -> None:
    out = tmp_path / "new" / "plan.html"
    done = run("report", plan, "--out", out)
    assert done.exit_code == 0, done.output
    assert f"written to {out}" in done.stdout
    assert list(out.parent.iterdir()) == [out]
    summary = read_summary(plan)
    assert summary is not None
    assert f"{summary['filled']:,}" in out.read_text(encoding="utf-8")


@pytest.mark.slow
def test_the_tables_of_a_report_may_have_moved(town: Path, copy: Path, tmp_path: Path) -> None:
    out, there = tmp_path / "plan.html", copy / "summary.json"
    summary = json.loads(there.read_text())
    assert summary["source"] == {"tables": str(town), "options": {}, "on_error": "raise"}
    summary["source"]["tables"] = str(tmp_path / "gone")
    there.write_text(json.dumps(summary))
    lost = run("report", copy, "--out", out)
    assert lost.exit_code == 2
    assert "say with --tables where the tables are now" in lost.output
    assert not out.exists()
    assert run("report", copy, "--tables", town, "--out", out).exit_code == 0


@pytest.mark.slow
def test_a_report_of_a_bare_file(town: Path, plan: Path, tmp_path: Path) -> None:
    out, bare = tmp_path / "plan.html", plan / "plan.csv"
    told = run("report", bare, "--out", out)
    assert told.exit_code == 2
    assert "add --tables WHERE" in told.output
    assert run("report", bare, "--tables", town, "--week", WEEK, "--out", out).exit_code == 0
    out.unlink()
    other = run("report", bare, "--tables", town, "--week", "2026-12-07", "--out", out)
    assert other.exit_code == 2
    assert "the week has no such post" in other.output
    folder = run("report", plan, "--out", tmp_path)
    assert folder.exit_code == 2
    assert "is a folder; name a file to write to" in folder.output


@pytest.mark.parametrize("store", first_fast(["platform.db", "platform.xlsx", "platform.zip"], 1))
def test_a_report_from_any_store(town: Path, tmp_path: Path, store: str) -> None:
    tables, result = tmp_path / store, tmp_path / f"plan-{store}"
    size = ("--volunteers", 12, "--requests", 5, "--rules", "full", "--seed", 3)
    assert run("generate", "town", *size, "--week", WEEK, "--out", tables).exit_code == 0
    assert planned(tables, result).exit_code == 0
    done = run("report", result, "--out", tmp_path / "plan.html")
    assert done.exit_code == 0, done.output
    assert "12</data>" in (tmp_path / "plan.html").read_text(encoding="utf-8")


def test_asking_for_a_plan_makes_no_store(town: Path, tmp_path: Path) -> None:
    for name in ("nowhere", "no.db", "no.xlsx", "no.zip"):
        for command in (("report", "--out", tmp_path / "plan.html"), ("check", town)):
            done = run(*command, tmp_path / name)
            assert done.exit_code == 2
            assert f"{name} does not exist" in done.output
    assert contents(tmp_path) == {}


@pytest.mark.slow
def test_a_report_of_faulty_tables(town: Path, tmp_path: Path) -> None:
    """Rows that were set aside for the plan are set aside for its report, and counted there."""
    tables, out = Path(shutil.copytree(town, tmp_path / "tables")), tmp_path / "plan.html"
    stations = pl.read_csv(tables / "stations.csv", infer_schema=False)
    broken = stations.with_columns(lat=pl.lit("north"))[:1].with_columns(station_id=pl.lit("odd"))
    pl.concat([stations, broken]).write_csv(tables / "stations.csv")
    assert planned(tables, tmp_path / "plan", "--on-error", "quarantine").exit_code == 0
    assert run("report", tmp_path / "plan", "--out", out).exit_code == 0
    assert 'data-figure="set_aside" value="1"' in out.read_text(encoding="utf-8")
    assert run("report", tmp_path / "plan", "--tables", tables, "--out", out).exit_code == 0


def test_a_report_without_its_packages(
    plan: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "jinja2", None)
    done = run("report", plan, "--out", tmp_path / "plan.html")
    assert done.exit_code == 2
    assert "pip install '.[report]'" in done.output
    assert not (tmp_path / "plan.html").exists()
