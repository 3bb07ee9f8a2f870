"""Published instances: the engine's time as a multiple of the specialised solver's, run in turn.

The optimum is checked, the time is only reported: a solver of one kind of problem has less to do.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.public import dimacs
from benchmarks.public.instances import DATA, FLOWS, Entry, needs_data, parameters
from benchmarks.public.tables import SCORES_ALONE, WEEK
from matching import Problem, solve
from matching.flow.min_cost_flow import solve_flow

ROUNDS = 5


def in_turn(
    benchmark: BenchmarkFixture, ours: Callable[[], float], theirs: Callable[[], float]
) -> tuple[float, float]:
    """Run both in turn; return what both found, and keep the ratio of their median times."""
    seconds: dict[str, list[float]] = {"ours": [], "theirs": []}
    found: dict[str, float] = {}

    def timed(name: str, run: Callable[[], float]) -> None:
        start = time.perf_counter()
        found[name] = run()
        seconds[name].append(time.perf_counter() - start)

    benchmark.pedantic(
        timed, args=("ours", ours), setup=lambda: timed("theirs", theirs), rounds=ROUNDS
    )
    own, other = (median(seconds[name]) for name in ("ours", "theirs"))
    benchmark.extra_info |= {"specialised_seconds": other, "time_ratio": own / other} | found
    return found["ours"], found["theirs"]


@needs_data
@pytest.mark.parametrize("entry", parameters())
def test_instance(benchmark: BenchmarkFixture, entry: Entry) -> None:
    instance = entry.load()
    start = time.perf_counter()
    problem = Problem.from_tables(instance.tables, WEEK, SCORES_ALONE)
    benchmark.extra_info["reading_seconds"] = time.perf_counter() - start

    def ours() -> float:
        return instance.worth_of(solve(problem, gap=0.0).tables()["plan"])

    found, specialised = in_turn(benchmark, ours, instance.specialised)
    assert found == pytest.approx(instance.known, abs=instance.accuracy + 1e-6)
    assert specialised == pytest.approx(instance.known, abs=1e-6)


@needs_data
@pytest.mark.parametrize("name", FLOWS)
def test_flow(benchmark: BenchmarkFixture, name: str) -> None:
    assert DATA is not None
    file = dimacs.read(DATA / "dimacs_mcf" / name)

    def ours() -> float:
        network = dimacs.network_of(file)
        return float(solve_flow(network) @ network.cost)

    found, raw = in_turn(benchmark, ours, lambda: dimacs.raw(file))
    assert found == raw == FLOWS[name]
