"""This library against one integer programme of the whole rulebook: time to a proof.

Both start from the problem, find the arcs themselves and are asked for the optimum. They run in
turn, so that a busy machine slows both. What counts is the ratio; nothing is asserted of it.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import cache
from statistics import median

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.cases import SEED, WEEK
from benchmarks.peers import whole_milp
from matching import Problem, solve
from matching.arcs.eligibility import eligible
from matching.arcs.value import quality
from matching.result import Result
from matching.synthetic import generate

# Seconds for each side.
TIME_LIMIT = 120.0


@dataclass(frozen=True)
class World:
    """A world small enough for one programme."""

    size: str
    scarcity: float
    volunteers: int | None = None
    requests: int | None = None
    rounds: int = 1

    def __str__(self) -> str:
        people = "" if self.volunteers is None else f"-of-{self.volunteers}"
        return f"{self.size}{people}-scarcity-{self.scarcity:g}"


WORLDS = (
    World("town", 1.0, rounds=5),
    World("town", 4.0, rounds=5),
    *(World("district", scarcity, 3_000, 500) for scarcity in (0.25, 1.0, 4.0)),
    *(World("district", scarcity) for scarcity in (0.25, 1.0, 4.0)),
)


def parameter(world: World) -> object:
    """Return the world as a test's parameter; those that take minutes are left to full runs."""
    marks = [] if world.size == "town" else [pytest.mark.slow]
    return pytest.param(world, id=str(world), marks=marks)


@cache
def problem_of(world: World) -> Problem:
    tables = generate(
        world.size,
        volunteers=world.volunteers,
        requests=world.requests,
        rules="full",
        scarcity=world.scarcity,
        seed=SEED,
        week=WEEK,
    )
    return Problem.from_tables(tables, WEEK)


def whole(problem: Problem) -> whole_milp.MIPResult:
    """Find the arcs, write the programme and solve it."""
    arcs = eligible(problem)
    return whole_milp.solve(problem, arcs, quality(problem, arcs), time_limit=TIME_LIMIT)


@pytest.mark.parametrize("world", [parameter(world) for world in WORLDS])
def test_whole_milp(benchmark: BenchmarkFixture, world: World) -> None:
    problem = problem_of(world)
    theirs: list[whole_milp.MIPResult] = []
    seconds: dict[str, list[float]] = {"ours": [], "whole": []}

    def run_whole() -> None:
        start = time.perf_counter()
        theirs.append(whole(problem))
        seconds["whole"].append(time.perf_counter() - start)

    def run_ours() -> Result:
        start = time.perf_counter()
        found = solve(problem, gap=0.0, time_limit=TIME_LIMIT)
        seconds["ours"].append(time.perf_counter() - start)
        return found

    result = benchmark.pedantic(run_ours, setup=run_whole, rounds=world.rounds)
    answer = theirs[-1]
    ours_proved = result.status == "optimal"
    # Each side's bound holds for the other's plan; two optima are one.
    assert answer.value is None or answer.value <= result.bound
    assert result.value <= answer.bound + 0.5
    if ours_proved and answer.proved:
        assert answer.value == result.value
    ours, peer = median(seconds["ours"]), median(seconds["whole"])
    benchmark.extra_info |= {
        "volunteers": len(problem.volunteers),
        "requests": len(problem.requests),
        "seats": int(problem.posts.seats.sum(dtype=np.int64)),
        "arcs": len(eligible(problem)),
        "time_limit": TIME_LIMIT,
        "value": result.value,
        "bound": result.bound,
        "gap": result.gap,
        "proved": ours_proved,
        "whole_value": answer.value,
        "whole_bound": answer.bound if np.isfinite(answer.bound) else None,
        "whole_proved": answer.proved,
        "whole_seconds": peer,
        "time_ratio": ours / peer,
    }
