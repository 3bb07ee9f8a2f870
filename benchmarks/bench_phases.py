"""Each phase by itself, for every case."""

from __future__ import annotations

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.cases import CASES, ROUNDS, Case, parameter
from benchmarks.inputs import inputs_of
from benchmarks.memory import growth_mb
from benchmarks.registry import PHASES


# The upper one varies faster: a case is prepared once.
@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("case", [parameter(case) for case in CASES])
def test_phase(benchmark: BenchmarkFixture, case: Case, phase: str) -> None:
    needs, run = PHASES[phase]
    given = inputs_of(case)
    for need in needs:
        getattr(given, need)
    benchmark.group = str(case)
    rounds = ROUNDS[case.size]
    benchmark.pedantic(run, args=(given,), rounds=rounds, warmup_rounds=int(rounds > 1))
    if benchmark.enabled:
        growth = growth_mb(case, tuple(PHASES))
        benchmark.extra_info |= given.counts() | {"memory_growth_mb": growth[phase]}


def test_memory_is_measured() -> None:
    growth = growth_mb(CASES[0], ("eligibility", "ours", "raw"))
    assert all(value is None or value >= 0 for value in growth.values())
