"""What users of the library may expect of its objects and functions, of all of them alike."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from typer.main import get_command

import matching
from matching import (
    Plan,
    Policy,
    Post,
    Prices,
    Problem,
    Result,
    Tables,
    UsageError,
    Week,
    audit,
    certify,
    solve,
)
from matching.cli import app
from matching.regions import plan_nation
from matching.reports.facts import Facts
from matching.reports.feeds import write_feeds
from matching.reports.slips import write_slips
from matching.reports.writing import write_report
from matching.stores import (
    read_plan,
    read_prices,
    read_summary,
    read_tables,
    write_result,
    write_tables,
)
from matching.stores.calendars import read_availability
from matching.stores.mapping import mapped_sink, mapped_source
from matching.stores.national import slots_of
from matching.stores.registry import open_sink, open_source
from matching.synthetic import generate, generate_region
from matching.tables.cleaning import clean


def week() -> Week:
    """One volunteer, and two meals at once of which one can be served."""
    told = Week("2026-11-30")
    told.volunteer("v1", available=[("mon", "08:00", "12:00")])
    for name in ("meals", "more"):
        told.request(name, start="2026-11-30 09:00", end="2026-11-30 10:00")
    return told


PROBLEM = week().problem()
RESULT = solve(PROBLEM)
SHOWN: list[Any] = [
    *(RESULT, PROBLEM, RESULT.plan, RESULT.prices, Policy(distance=3), week()),
    Tables(week().tables()),
]
COLUMNS = [RESULT.arcs, PROBLEM.volunteers, PROBLEM.slots]


# --- objects ------------------------------------------------------------------------------------


@pytest.mark.parametrize("thing", SHOWN + COLUMNS, ids=lambda thing: type(thing).__name__)
def test_a_repr_is_one_short_line(thing: object) -> None:
    assert type(thing).__name__ in repr(thing)
    assert "\n" not in repr(thing)
    assert len(repr(thing)) < 200


@pytest.mark.parametrize("thing", SHOWN, ids=lambda thing: type(thing).__name__)
def test_print_and_a_notebook_show_the_same_figures(thing: Any) -> None:
    lines = str(thing).splitlines()
    assert lines[0] == type(thing).__name__
    assert 1 < len(lines) < 40
    assert thing._repr_html_().count("<tr>") == len(lines) - 1


def test_a_result_says_what_its_plan_is() -> None:
    # The seat is worth 3 * 1000 by the priority of 3; nobody is left for the other.
    assert repr(RESULT) == "<Result: week 2026-11-30, status optimal, value 3,000, bound 3,000>"
    assert re.search(r"seats filled +1 of 2\n", str(RESULT))
    assert repr(Policy(distance=3, only_listed=True)) == "Policy(only_listed=True, distance=3)"


def test_what_is_shown_of_data_is_no_markup_and_steers_nothing() -> None:
    tables = Tables({"<b>\x1b[2J": pl.DataFrame()})
    assert "&lt;b&gt;" in tables._repr_html_()
    assert "\x1b" not in str(tables) + repr(tables)


@pytest.mark.parametrize(
    "thing", [RESULT, PROBLEM, RESULT.plan, RESULT.prices, *COLUMNS], ids=lambda t: type(t).__name__
)
def test_objects_of_arrays_are_equal_to_themselves_alone(thing: Any) -> None:
    other = thing.take(slice(None)) if hasattr(thing, "take") else solve(PROBLEM)
    assert thing == thing
    assert thing != other
    assert len({thing, thing, other}) == 2


# --- what somebody has in hand ------------------------------------------------------------------


def test_a_week_is_solved_as_its_problem_is() -> None:
    for result in (solve(week()), week().solve(), week().solve(time_limit=9, seed=1)):
        assert isinstance(result, Result)
        assert (result.status, result.value) == ("optimal", 3000)
    faulty = week()
    faulty.volunteer("v1")  # twice
    assert faulty.solve("quarantine").summary()["set_aside"] == {"availability": 1, "volunteers": 2}


@pytest.mark.parametrize("hold", ["result", "part", "tables", "frame"])
def test_audit_and_certify_take_a_result_its_part_and_its_tables(hold: str) -> None:
    def given(part: str) -> object:
        tables = RESULT.tables()
        return {
            "result": RESULT,
            "part": getattr(RESULT, part),
            "tables": tables,
            "frame": tables[part],
        }[hold]

    assert audit.violations(PROBLEM, given("plan")).is_empty()
    assert audit.value(PROBLEM, given("plan")) == 3000
    assert certify(PROBLEM, given("prices")) == RESULT.bound_from_prices


def test_a_result_of_another_problem_is_read_by_its_ids() -> None:
    """``a`` comes first now: the indices of the result mean other people and orders."""
    larger = week()
    larger.volunteer("a", available=[("tue", "08:00", "12:00")])
    larger.request("a", start="2026-12-01 09:00", end="2026-12-01 10:00")
    problem = larger.problem()
    assert audit.violations(problem, RESULT).is_empty()
    assert audit.value(problem, RESULT) == 3000
    # Prices of nothing for the new request: its seat is for `a` to take, with 3000.
    assert certify(problem, RESULT) == RESULT.bound_from_prices + 3000
    with pytest.raises(UsageError, match="prices of 2 posts and 0 organisations are another"):
        certify(problem, RESULT.prices)


@pytest.mark.parametrize(
    ("call", "wanted"),
    [
        (audit.violations, "plan = .*: give a matching.Result, a matching.Plan, or the table"),
        (audit.value, "plan = .*: give a matching.Result, a matching.Plan, or the table"),
        (certify, "prices = .*: give a matching.Result, matching.Prices, or the table"),
    ],
)
@pytest.mark.parametrize("given", [None, "plan.csv", {}, [1], PROBLEM], ids=repr)
def test_what_holds_no_plan_is_told_what_is_wanted(
    call: Callable[..., object], wanted: str, given: object
) -> None:
    with pytest.raises(UsageError, match=wanted):
        call(PROBLEM, given)


def test_a_result_reaches_its_reports(tmp_path: Path) -> None:
    facts = RESULT.facts()
    assert facts.roster["request_id"].to_list() in (["meals"], ["more"])
    RESULT.report(tmp_path / "plan.html")
    RESULT.report(str(tmp_path / "plan.XLSX"))
    RESULT.report(tmp_path / "slips", format="slips", sequence=1)
    RESULT.report(tmp_path / "feeds.zip", format="ics")
    assert (tmp_path / "plan.html").read_text(encoding="utf-8").startswith("<!")
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        *("feeds.zip", "plan.XLSX", "plan.html", "slips"),
    ]


@pytest.mark.parametrize(
    ("out", "format"), [("plan", None), ("plan.pdf", None), ("plan.html", "pdf"), ("a.ics", None)]
)
def test_a_report_of_no_known_format_writes_nothing(
    out: str, format: str | None, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match="formats are html, xlsx, slips, ics"):
        RESULT.report(tmp_path / out, format)
    assert not list(tmp_path.iterdir())


# --- arguments ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda: solve(PROBLEM, workers="2"), "workers = '2' must be a whole number"),
        (lambda: solve(PROBLEM, worker=2), "'worker'; the nearest is 'workers'; it takes problem"),
        (lambda: solve(PROBLEM, Policy(), 60), "solve: too many positional arguments; it takes"),
        (lambda: certify(), "certify: missing a required argument: 'problem'"),
        (lambda: week().solve(worker=2), "'worker'; the nearest is 'workers'"),
        (lambda: Week("2026-11-30", skills=3), "Week: .*'skills'; it takes monday, policy"),
        (lambda: Policy(seats=3), "Policy: .*'seats'; the nearest is 'seat'; it takes time_zone"),
        (lambda: Post(1, 1, [], 1), "Post: too many positional arguments"),
        (lambda: Plan(), "Plan: missing a required argument: 'volunteer'"),
        (lambda: Prices(slots=1), "the nearest is 'slot'"),
        (lambda: Problem(), "Problem: missing a required argument: 'week'"),
        (lambda: Tables(), "Tables: missing a required argument: 'frames'"),
        (lambda: matching.read("town"), "read: missing a required argument: 'week'"),
        (lambda: matching.write(), "write: missing a required argument: 'result'"),
        (lambda: RESULT.report(), "Result.report: missing a required argument: 'out'"),
    ],
)
def test_every_wrong_argument_is_a_usage_error(call: Callable[[], object], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        call()


def test_library_and_command_line_have_one_default() -> None:
    plan = get_command(app).commands["plan"]  # type: ignore[attr-defined]
    options = {option.name: option.default for option in plan.params}
    for name in ("time_limit", "gap", "workers", "seed"):
        assert options[name] == inspect.signature(solve).parameters[name].default


# What pages of the documentation call beside that.
DOORS = [
    *(Facts, write_report, write_slips, write_feeds, plan_nation, generate, generate_region, clean),
    *(open_source, open_sink, mapped_source, mapped_sink, read_availability, slots_of),
    *(read_tables, read_plan, read_prices, read_summary, write_tables, write_result),
]


def _public() -> Iterator[tuple[str, Callable[..., object]]]:
    """Yield every function and method that `import matching` and the pages' doors offer."""
    homes = [(name, getattr(matching, name)) for name in matching.__all__ if name != "audit"]
    homes += [(f"audit.{name}", getattr(audit, name)) for name in audit.__all__]
    homes += [(thing.__name__, thing) for thing in DOORS]
    for name, thing in homes:
        if inspect.isfunction(thing):
            yield name, thing
        if inspect.isclass(thing):
            for method, of in vars(thing).items():
                function = of.__func__ if isinstance(of, classmethod) else of
                if not method.startswith("_") and inspect.isfunction(function):
                    yield f"{name}.{method}", function


@pytest.mark.parametrize(("name", "function"), [*_public()])
def test_public_functions_say_what_they_take_return_and_raise(
    name: str, function: Callable[..., object]
) -> None:
    text = inspect.getdoc(function) or ""
    assert text, name
    signature = inspect.signature(function)
    names = [argument for argument in signature.parameters if argument not in ("self", "cls")]
    if len(names) <= 2:
        return
    parts = re.split(r"^(\w+)\n-+$", text, flags=re.MULTILINE)
    sections = dict(zip(parts[1::2], parts[2::2], strict=True))
    heads = re.findall(r"^(\**\w.*?)(?: : .*)?$", sections["Parameters"], re.MULTILINE)
    told = [argument.strip("* ") for head in heads for argument in head.split(",")]
    assert told == names
    assert "Raises" in sections
    assert ("Returns" in sections) == (signature.return_annotation not in (None, "None"))


# --- other systems ------------------------------------------------------------------------------

_ELSEWHERE = """
import os, random, sys, types
for name in ("fcntl", "resource", "termios", "pwd", "grp"):
    sys.modules[name] = None  # as where there is no such module
del os.register_at_fork, os.O_DIRECTORY, os.O_NOFOLLOW
import matching, matching.cli, matching.__main__
import matching.stores.files.exchange as exchange
exchange.os = types.SimpleNamespace(name="nt")
week = matching.Week("2026-11-30")
week.volunteer("v1", available=[("mon", "08:00", "12:00")])
week.request("r1", start="2026-11-30 09:00", end="2026-11-30 10:00")
week.solve().to(sys.argv[1])
week.solve().to(sys.argv[1])
print(os.listdir(sys.argv[1]))
"""


@pytest.mark.slow
def test_the_library_works_where_there_are_no_locks_and_forks(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _ELSEWHERE, str(tmp_path / "plan")],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert "summary.json" in done.stdout


# Rooms that a problem is made of, and the libraries that its tables are made with.
# Of `parallel`, what gives freed memory back.
ROOMS = {"errors", "guards", "parallel", "policy", "problem", "schema", "tables"}
LIBRARIES = "dataframely, numpy, polars, tzdata"


def _loaded(modules: str) -> set[str]:
    script = f"import sys, {modules}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    return set(done.stdout.decode().split())


@pytest.mark.slow
def test_a_problem_loads_nothing_of_the_edge() -> None:
    loaded = _loaded("matching.problem")
    assert {name.split(".")[1] for name in loaded if name.startswith("matching.")} == ROOMS
    usual = {name.partition(".")[0] for name in _loaded(LIBRARIES)}
    others = {name.partition(".")[0] for name in loaded} - usual
    assert others - sys.stdlib_module_names <= {"matching"}


@pytest.mark.parametrize("wrong", [{"posts": ["cook"]}, {"options": [1]}, {"qualifications": 5}])
def test_what_is_no_column_of_a_request_is_refused_by_its_type(wrong: dict[str, Any]) -> None:
    week = Week("2026-03-02")
    with pytest.raises(UsageError, match=f"^{next(iter(wrong))} = .* must be a "):
        week.request("soup", start="2026-03-02 09:00", end="2026-03-02 10:00", **wrong)
