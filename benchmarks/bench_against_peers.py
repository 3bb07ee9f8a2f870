"""This library against a raw flow on the same arcs: the same optimum, and what it takes.

Both run in turn (A B A B), so that a busy machine slows both. What counts is the ratio; nothing is
asserted of it.
"""

from __future__ import annotations

import time
from statistics import median

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.against import CONTENDERS, Found
from benchmarks.cases import CASES, ROUNDS, Case, parameter
from benchmarks.inputs import inputs_of
from benchmarks.memory import growth_mb

TREES = [case for case in CASES if case.rules == "network"]


@pytest.mark.parametrize("case", [parameter(case) for case in TREES])
def test_raw_flow(benchmark: BenchmarkFixture, case: Case) -> None:
    given = inputs_of(case)
    _ = given.quality
    seconds: dict[str, list[float]] = {name: [] for name in CONTENDERS}

    def run(name: str) -> Found:
        start = time.perf_counter()
        found = CONTENDERS[name][1](given)
        seconds[name].append(time.perf_counter() - start)
        return found

    theirs = []
    found = benchmark.pedantic(
        run,
        args=("ours",),
        setup=lambda: theirs.append(run("raw").value),
        rounds=ROUNDS[case.size],
    )
    # The same problem, or the ratio says nothing; and the prices prove it to the last point.
    assert theirs[-1] == found.value
    assert found.bound == pytest.approx(found.value, abs=0.5)
    ours, raw = median(seconds["ours"]), median(seconds["raw"])
    benchmark.extra_info |= given.counts() | {
        "value": found.value,
        "bound": found.bound,
        "gap": (found.bound - found.value) / max(1, found.value),
        "raw_seconds": raw,
        "time_ratio": ours / raw,
    }
    if benchmark.enabled:
        # Each in a process of its own: what one leaves behind would help the other.
        memory = {name: growth_mb(case, (name,))[name] for name in CONTENDERS}
        benchmark.extra_info |= {f"{name}_growth_mb": mb for name, mb in memory.items()}
        if memory["ours"] and memory["raw"]:
            benchmark.extra_info["memory_ratio"] = memory["ours"] / memory["raw"]
