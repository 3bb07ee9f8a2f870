"""The whole of `solve` under the full rules: time, and how near the bound the plan is."""

from __future__ import annotations

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.cases import Case
from benchmarks.inputs import inputs_of
from matching import solve
from matching.result import Result

# Seconds of search. A plan is asked for at any size; how near it comes is what is measured.
TIME_LIMITS = {"town": 20.0, "district": 60.0}


@pytest.mark.parametrize("size", ["town", pytest.param("district", marks=pytest.mark.slow)])
def test_solve(benchmark: BenchmarkFixture, size: str) -> None:
    given = inputs_of(Case("full", size))
    result: Result = benchmark.pedantic(
        solve, args=(given.problem,), kwargs={"time_limit": TIME_LIMITS[size]}, rounds=1
    )
    assert result.value <= result.bound
    benchmark.extra_info |= given.counts() | {
        "time_limit": TIME_LIMITS[size],
        "termination": result.termination,
        "value": result.value,
        "bound": result.bound,
        "gap": result.gap,
        "seconds": {phase.name: round(phase.seconds, 3) for phase in result.phases},
    }
