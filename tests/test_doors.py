"""The doors: wrong types are refused by the house's own error, and a fork is told, not hung."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from matching import (
    MatchingError,
    Plan,
    Policy,
    Prices,
    Problem,
    UsageError,
    Week,
    audit,
    certify,
    solve,
)
from matching.cli import app
from matching.errors import PolicyError
from tests.support.tiny import MONDAY, TINY

PROBLEM = Problem.from_tables(TINY, MONDAY)
RESULT = solve(PROBLEM)
TABLES = RESULT.tables()

# Every argument of a public function, and how to call it with something else in its place.
CALLS: dict[str, Callable[[Any], object]] = {
    "from_tables": lambda x: Problem.from_tables(x, MONDAY),
    "a table": lambda x: Problem.from_tables({**TINY, "volunteers": x}, MONDAY),
    "week": lambda x: Problem.from_tables(TINY, x),
    "policy": lambda x: Problem.from_tables(TINY, MONDAY, x),
    "on_error": lambda x: Problem.from_tables(TINY, MONDAY, on_error=x),
    "from_source": lambda x: Problem.from_source(x, MONDAY),
    "policy of a source": lambda x: Problem.from_source(TINY, MONDAY, x),
    "under": lambda x: PROBLEM.under(x),
    "solve": lambda x: solve(x),
    "policy of solve": lambda x: solve(PROBLEM, x),
    "time_limit": lambda x: solve(PROBLEM, time_limit=x),
    "gap": lambda x: solve(PROBLEM, gap=x),
    "workers": lambda x: solve(PROBLEM, workers=x),
    "seed": lambda x: solve(PROBLEM, seed=x),
    "executor": lambda x: solve(PROBLEM, executor=x),
    "on_progress": lambda x: solve(PROBLEM, on_progress=x),
    "on_improvement": lambda x: solve(PROBLEM, on_improvement=x),
    "interrupted": lambda x: solve(PROBLEM, interrupted=x),
    "certify": lambda x: certify(x, RESULT.prices),
    "prices": lambda x: certify(PROBLEM, x),
    "violations": lambda x: audit.violations(x, RESULT.plan),
    "plan": lambda x: audit.violations(PROBLEM, x),
    "value": lambda x: audit.value(x, RESULT.plan),
    "plan of value": lambda x: audit.value(PROBLEM, x),
    "Plan.from_frame": lambda x: Plan.from_frame(x, TABLES["plan"]),
    "frame of a plan": lambda x: Plan.from_frame(PROBLEM, x),
    "Prices.from_frame": lambda x: Prices.from_frame(x, TABLES["prices"]),
    "frame of prices": lambda x: Prices.from_frame(PROBLEM, x),
    "Policy.from_toml": lambda x: Policy.from_toml(x),
    "Policy.from_dict": lambda x: Policy.from_dict(x),
    "time_zone": lambda x: Policy(time_zone=x),
    "seat": lambda x: Policy(seat=x),
    "Result.to": lambda x: RESULT.to(x),
    "monday": lambda x: Week(x),
    "policy of a week": lambda x: Week("2026-11-30", policy=x),
}
OPTIONAL = {"policy", "executor", "on_progress", "on_improvement", "interrupted", "Result.to"}


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize(
    "value", [None, b"x", object(), {1}, (), 1j, True], ids=lambda value: type(value).__name__
)
def test_a_wrong_type_is_refused_by_our_own_error(name: str, value: object) -> None:
    if value is None and (name in OPTIONAL or name.startswith("policy of")):
        CALLS[name](value)
        return
    with pytest.raises(MatchingError) as caught:
        CALLS[name](value)
    assert "object at 0x" not in str(caught.value)
    assert "NoneType" not in str(caught.value)


@pytest.mark.parametrize("value", [{}, [], 0, ""], ids=repr)
def test_an_empty_policy_is_not_the_usual_one(value: object) -> None:
    with pytest.raises(UsageError, match=r"policy = .* must be a matching\.Policy or None"):
        Problem.from_tables(TINY, MONDAY, value)  # type: ignore[arg-type]


def test_a_refusal_names_argument_value_and_what_is_wanted() -> None:
    with pytest.raises(UsageError, match=r"^time_limit = None must be a number$"):
        solve(PROBLEM, time_limit=None)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match=r"^None is no store: give a URL, a path"):
        Problem.from_source(None, MONDAY)
    with pytest.raises(UsageError, match=r"the table volunteers is a list and must be a polars"):
        Problem.from_tables({**TINY, "volunteers": [1]}, MONDAY)  # type: ignore[dict-item]
    with pytest.raises(UsageError, match=r"postgresql://me:\*\*\*@host/d' must be a matching.Prob"):
        solve("postgresql://me:secret@host/d")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match=r"^solve: missing a required argument: 'problem'; it"):
        solve()  # type: ignore[call-arg]


def test_numbers_of_other_libraries_are_numbers() -> None:
    found = solve(PROBLEM, time_limit=np.float32(9), gap=np.int64(0), workers=np.int8(1), seed=2)
    assert found.value == RESULT.value


# --- time zones ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        *("localtime", "Asia", "../x", "/etc/localtime", "posix/Asia/Shanghai", "posixrules"),
        *("right/UTC", "asia/shanghai", "GMT+0800", "+08:00", "Factory", " UTC", "", "\0"),
        *("\ud800", "x" * 5000),
    ],
    ids=lambda name: ascii(name)[:20],
)
def test_a_name_that_is_no_zone_everywhere_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="is not an IANA time zone"):
        Policy(time_zone=name)
    if name.isprintable():
        (tmp_path / "policy.toml").write_text(f"time_zone = '{name}'", encoding="utf-8")
        policy = ["--policy", str(tmp_path / "policy.toml"), "--out", str(tmp_path / "plan")]
        for table, frame in TINY.items():
            frame.write_csv(tmp_path / f"{table}.csv")
        done = CliRunner().invoke(app, ["plan", str(tmp_path), "--week", "2026-11-30", *policy])
        assert done.exit_code == 2
        assert "is not an IANA time zone" in done.output


def test_every_zone_that_is_taken_is_polars_own() -> None:
    times = pl.Series([None], dtype=pl.Datetime("us"))
    taken = 0
    for name in sorted(available_timezones()):
        try:
            Policy(time_zone=name)
        except PolicyError:
            continue
        assert times.dt.replace_time_zone(name).dtype == pl.Datetime("us", name)
        taken += 1
    assert taken > 400
    with pytest.raises(PolicyError, match="the nearest is 'Asia/Shanghai'"):
        Policy(time_zone="asia/shanghai")


# --- forks --------------------------------------------------------------------------------------

_IN_A_FORK = """
import os, signal, sys, time
from matching import Problem, UsageError, solve
from tests.support.tiny import MONDAY, TINY

before = sys.argv[1]
if before == "problem":
    problem = Problem.from_tables(TINY, MONDAY)
elif before == "polars":
    import polars as pl
    pl.DataFrame({"a": range(100)}).sort("a", descending=True)
    time.sleep(0.3)  # a thread has no name yet when it begins
child = os.fork()
if not child:
    signal.alarm(20)  # instead of waiting for ever
    try:
        print(solve(problem if before == "problem" else Problem.from_tables(TINY, MONDAY)).status)
    except UsageError as error:
        print(error)
    sys.stdout.flush()
    os._exit(0)
print(os.waitpid(child, 0)[1])
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="other systems tell no names of threads")
@pytest.mark.parametrize(
    ("before", "told"),
    [("problem", "Start workers with 'spawn'"), ("polars", "'spawn'"), ("nothing", "optimal")],
)
def test_a_fork_is_told_or_works(before: str, told: str) -> None:
    """A web server that loads the application first, then forks its workers."""
    done = subprocess.run(
        [sys.executable, "-c", _IN_A_FORK, before], capture_output=True, text=True, timeout=60
    )
    assert told in done.stdout, done
    assert done.stdout.endswith("\n0\n"), "the child did not come to its end"


def _value(problem: Problem) -> int:
    return solve(problem).value


@pytest.mark.slow
def test_a_pool_of_forks_is_told_and_one_of_fresh_processes_works() -> None:
    with (
        ProcessPoolExecutor(1, mp_context=get_context("fork")) as pool,
        pytest.raises(UsageError, match=r"get_context\('spawn'\)"),
    ):
        pool.submit(solve, PROBLEM).result(timeout=30)
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        assert pool.submit(_value, PROBLEM).result(timeout=60) == RESULT.value


def test_each_public_function_looks_at_the_process(tmp_path: Path) -> None:
    """All of them in one fork; each would wait for ever."""
    doors = [
        lambda: Problem.from_tables(TINY, MONDAY),
        lambda: Problem.from_source(TINY, MONDAY),
        lambda: solve(PROBLEM),
        lambda: certify(PROBLEM, RESULT.prices),
        lambda: audit.violations(PROBLEM, RESULT.plan),
        lambda: audit.value(PROBLEM, RESULT.plan),
        lambda: Plan.from_frame(PROBLEM, TABLES["plan"]),
        lambda: Prices.from_frame(PROBLEM, TABLES["prices"]),
        lambda: RESULT.tables(),
        lambda: RESULT.summary(),
        lambda: RESULT.to(),
        lambda: RESULT.to(tmp_path / "plan"),
        lambda: Week("2026-11-30").problem(),
    ]
    read, write = os.pipe()
    child = os.fork()
    if not child:
        signal.alarm(20)
        told = []
        for door in doors:
            try:
                door()
            except UsageError as error:
                told.append("spawn" in str(error))
        os.write(write, pickle.dumps(told))
        os._exit(0)
    os.close(write)
    assert os.waitpid(child, 0)[1] == 0
    with os.fdopen(read, "rb") as pipe:
        assert pickle.load(pipe) == [True] * len(doors)
