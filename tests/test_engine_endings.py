"""How a search ends: by proof, limit or interruption, with a plan and a true bound."""

from typing import Any

import numpy as np
import pytest

from matching import (
    Problem,
    Progress,
    Week,
    solve,
)
from matching.arcs.eligibility import eligible
from matching.solvers import block_search, search
from matching.solvers.incumbent import Incumbent
from tests.oracle.reading import WEEK, read
from tests.support.laws import best, judged, problem_of
from tests.support.slow import first_fast
from tests.support.worlds import SMALL, full_world


@pytest.mark.parametrize("seed", first_fast([1, 2, 6, 10, 21, 48], 2))
@pytest.mark.parametrize("way", ["time_limit", "interrupted"])
def test_a_search_cut_short_still_ends_in_a_plan_and_a_true_bound(seed: int, way: str) -> None:
    tables = full_world(seed, **SMALL)
    world, problem = read(tables), problem_of(tables)
    stop: dict[str, Any] = {"time_limit": 0.0}
    if way == "interrupted":
        stop = {"interrupted": lambda: True}
    result = solve(problem, gap=0.0, **stop)
    assert judged(result, world) <= best(world) <= result.bound <= result.bound_from_prices + 1e-6
    # Some first plans are proved without a search.
    proved = result.value == result.bound
    assert (result.status, result.termination) == (
        ("optimal", "proved") if proved else ("feasible", way)
    )


def test_interrupting_later_keeps_what_is_there() -> None:
    tables = full_world(13, **SMALL)
    asked = 0

    def interrupted() -> bool:
        nonlocal asked
        asked += 1
        return asked > 6

    told: list[Progress] = []
    result = solve(problem_of(tables), gap=0.0, interrupted=interrupted, on_progress=told.append)
    world = read(tables)
    assert judged(result, world) <= best(world) <= result.bound
    assert result.termination == "interrupted"
    assert max(p.value for p in told if p.value is not None) == result.value


def test_progress_only_gets_better() -> None:
    told: list[Progress] = []
    result = solve(problem_of(full_world(21, **SMALL)), gap=0.0, on_progress=told.append)
    phases = list(dict.fromkeys(p.phase for p in told))
    assert phases[:4] == ["pins", "eligibility", "value", "search"]
    assert [p.name for p in result.phases][:4] == phases[:4]
    values = [p.value for p in told if p.value is not None]
    bounds = [p.bound for p in told if p.bound is not None]
    seconds = [p.seconds for p in told]
    assert values == sorted(values)
    assert bounds == sorted(bounds, reverse=True)
    assert seconds == sorted(seconds)
    assert (values[-1], bounds[-1]) == (result.value, result.bound)
    assert all(p.gap is None or p.gap >= 0 for p in told)


def test_a_wide_gap_is_good_enough() -> None:
    problem = problem_of(full_world(21, **SMALL))
    result = solve(problem, gap=0.5)
    assert (result.status, result.termination) == ("feasible", "gap_limit")
    assert 0 < result.gap <= 0.5
    assert result.gap == (result.bound - result.value) / result.value


def test_improvements_are_told_and_never_undone() -> None:
    told: list[Progress] = []
    problem = Problem.from_tables(full_world(3, **SMALL), WEEK)
    result = solve(problem, gap=0.0, on_improvement=told.append)
    values = [progress.value or 0 for progress in told]
    bounds = [progress.bound or np.inf for progress in told]
    assert values == sorted(values)
    assert bounds == sorted(bounds, reverse=True)
    assert (values[-1], bounds[-1]) == (result.value, result.bound)


@pytest.mark.parametrize("bound", [np.inf, 7.5])
def test_no_bound_is_no_proof(bound: float) -> None:
    problem = Week("2026-03-02").problem()
    incumbent = Incumbent(
        problem,
        eligible(problem),
        started=0.0,
        time_limit=1.0,
        gap=0.0,
        interrupted=lambda: False,
        on_progress=lambda progress: None,
        on_improvement=lambda progress: None,
    )
    incumbent.prove(bound, "integer programme")
    assert incumbent.bound == (7 if bound == 7.5 else np.inf)
    assert not incumbent.proved


def test_a_search_with_nothing_left_to_try_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    # Without the last integer programme this one ends with a gap, long before its limit.
    monkeypatch.setattr(search, "_MAX_ARCS_FOR_WHOLE_MIP", 0)
    monkeypatch.setattr(block_search, "solve_reduced_mip", lambda *arguments: None)
    result = solve(problem_of(full_world(21, **SMALL)), gap=0.0)
    assert result.gap > 0
    assert (result.status, result.termination) == ("feasible", "exhausted")
