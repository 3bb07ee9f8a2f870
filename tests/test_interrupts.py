"""Ctrl-C in the middle of `solve`, and what may still be computed after the end."""

import os
import signal
import threading
import time
from types import FrameType

import numpy as np
import pytest

from benchmarks import many_options
from matching import Problem, Progress, Result, Week, certify, engine, solve
from matching.arcs.eligibility import eligible
from matching.arcs.value import first_load, quality
from matching.audit import violations
from matching.bounds import labelling, rosters
from matching.bounds.certificate import bound
from matching.bounds.pricing import Weeks
from matching.bounds.rosters import solve_pricing
from matching.flow import relaxation
from matching.parallel.interrupts import listening, unless_heard_already
from matching.solvers import search
from matching.solvers.construction import construct
from tests.support.laws import SEEDS, law, problem_of
from tests.support.rosters import WORLDS, Drawn, listed
from tests.support.worlds import SMALL, Tables, full_world

pytestmark = pytest.mark.usefixtures("ctrl_c")


def pressed() -> None:
    signal.raise_signal(signal.SIGINT)


def pressed_from_outside() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def test_ctrl_c_ends_solve_with_the_best_plan_so_far() -> None:
    problem, before = problem_of(full_world(6, **SMALL)), signal.getsignal(signal.SIGINT)
    once = threading.Event()

    def told(progress: Progress) -> None:
        if progress.phase == "search" and not once.is_set():
            once.set()
            pressed()

    result = solve(problem, gap=0.0, on_progress=told)
    assert result.termination == "interrupted"
    assert violations(problem, result.plan).is_empty()
    assert result.value < result.bound <= certify(problem, result.prices) + 1e-6
    assert signal.getsignal(signal.SIGINT) is before


def test_ctrl_c_is_heard_while_loops_are_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    def compiling(*arguments: object) -> tuple[int, int]:
        threading.Timer(0.1, pressed_from_outside).start()
        time.sleep(60)
        raise AssertionError("Ctrl-C was not heard")

    compiling.signatures = []  # type: ignore[attr-defined]
    monkeypatch.setattr(construct, "serve_and_improve", compiling)
    monkeypatch.setattr(construct, "FEW_ARCS", -1)
    monkeypatch.setattr(construct, "MOST_PLAIN_ARCS", -1)
    monkeypatch.setattr(search, "_MAX_ARCS_FOR_WHOLE_MIP", 0)
    problem, before = problem_of(full_world(6, **SMALL)), signal.getsignal(signal.SIGINT)
    result = solve(problem, gap=0.0)
    assert result.termination == "interrupted"
    assert violations(problem, result.plan).is_empty()
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.parametrize(("seconds", "compiled"), [(20.0, False), (300.0, True)])
def test_loops_of_plans_are_compiled_only_where_there_is_time(
    seconds: float, compiled: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(construct, "FEW_ARCS", -1)
    monkeypatch.setattr(construct, "MOST_PLAIN_ARCS", -1)
    monkeypatch.setattr(search, "_MAX_ARCS_FOR_WHOLE_MIP", 0)
    monkeypatch.setattr(construct, "is_at_hand", lambda function: False)
    monkeypatch.setattr(construct, "is_loaded", lambda function: "compile plans" in told)
    told: list[str] = []
    problem = problem_of(full_world(6, **SMALL))
    result = solve(problem, time_limit=seconds, on_progress=lambda p: told.append(p.phase))
    assert ("compile plans" in told) == compiled
    assert violations(problem, result.plan).is_empty()


@pytest.mark.parametrize(("loops", "step"), [("reached", "eligible"), ("repair_all", "relax")])
def test_ctrl_c_leaves_loops_that_are_compiled_before_there_is_a_plan(
    loops: str, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def compiling(*arguments: object, **named: object) -> None:
        threading.Timer(0.1, pressed_from_outside).start()
        time.sleep(60)
        raise AssertionError("Ctrl-C was not heard")

    compiling.signatures = []  # type: ignore[attr-defined]
    monkeypatch.setattr(relaxation, "MOST_PLAIN_ARCS", 0)
    monkeypatch.setattr(search, "_MAX_ARCS_FOR_WHOLE_MIP", 0)
    monkeypatch.setattr(engine, loops, compiling)
    monkeypatch.setattr(engine, step, compiling)
    told: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        solve(problem_of(full_world(6, **SMALL)), on_progress=lambda p: told.append(p.phase))
    assert told[-1] == {"reached": "compile pairs", "repair_all": "compile flow"}[loops]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.slow
def test_ctrl_c_ends_the_rounds_of_long_weeks_within_a_second() -> None:
    tables = many_options.home_care(150, 40, seed=1)
    problem = Problem.from_tables(tables, many_options.WEEK)
    at: list[float] = []

    def told(progress: Progress) -> None:
        if progress.phase == "search" and not at:
            # What other programs take of the machine does not count.
            at.append(time.process_time())
            pressed()

    result = solve(problem, gap=0.0, on_progress=told)
    assert result.termination == "interrupted"
    assert time.process_time() - at[0] < 1.0
    assert violations(problem, result.plan).is_empty()


def test_ctrl_c_twice_raises() -> None:
    def told(progress: Progress) -> None:
        if progress.phase == "flow":
            pressed()

    with pytest.raises(KeyboardInterrupt):
        solve(problem_of(full_world(6, **SMALL)), on_progress=told, on_improvement=told_twice)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def told_twice(progress: Progress) -> None:
    pressed()


def test_who_hears_ctrl_c_already_goes_on_hearing_it() -> None:
    heard = []

    def mine(number: int, frame: FrameType | None) -> None:
        heard.append(number)

    before = signal.signal(signal.SIGINT, mine)
    try:
        with unless_heard_already() as asked:
            pressed()
            assert not asked()
    finally:
        signal.signal(signal.SIGINT, before)
    assert heard == [signal.SIGINT]


def test_other_threads_hear_nothing_and_need_not() -> None:
    answers: list[bool] = []
    results: list[Result] = []

    def elsewhere() -> None:
        with listening() as asked:
            answers.append(asked())
        results.append(solve(problem_of(full_world(2, **SMALL))))

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert answers == [False]
    assert results[0].value > 0


def test_asked_once_is_asked_for_good() -> None:
    asked = iter([False, False, True])
    # An event that is set for a moment: true once, then false for ever.
    result = solve(
        problem_of(full_world(6, **SMALL)), gap=0.0, interrupted=lambda: next(asked, False)
    )
    assert result.termination == "interrupted"


@law(25, tables=WORLDS, seed=SEEDS)
def test_paths_grown_some_at_a_time_are_the_same(tables: Tables, seed: int) -> None:
    drawn = Drawn(tables, seed)
    every, above = np.arange(len(drawn.arcs)), np.zeros(len(drawn.volunteers))
    asked = (drawn.problem, drawn.arcs, every, drawn.reward, first_load(drawn.problem), above, 4)
    whole = list(listed(solve_pricing(*asked)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rosters, "_PAIRS_PER_BATCH", 2)
        patch.setattr(labelling, "_EXTENSIONS_PER_BATCH", 2)
        assert list(listed(solve_pricing(*asked))) == whole


def test_a_certificate_that_is_stopped_is_weaker_and_still_true() -> None:
    # Three services an hour apart, and an hour of service a week: one of them it is, worth 3,000
    # (priority 3, the only seat: 1,000 x 3 x 1). Seen as a tree all three would fit.
    week = Week("2026-03-02")
    week.volunteer("ann", available=[("mon", "08:00", "18:00")], max_hours=1)
    for hour in (9, 11, 13):
        week.request(f"r{hour}", start=f"2026-03-02 {hour:02}:00", end=f"2026-03-02 {hour + 1}:00")
    problem: Problem = week.problem()
    result = solve(problem, gap=0.0)
    assert result.value == result.bound == 3000
    weeks, prices = Weeks(problem, eligible(problem)), result.prices
    worth = quality(problem, weeks.arcs)
    exact = bound(problem, weeks, worth, prices)
    stopped = bound(problem, weeks, worth, prices, stop=lambda: True)
    assert result.value <= exact <= stopped
