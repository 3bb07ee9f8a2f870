"""Blocks: whatever is solved by itself, the bound stays above the optimum."""

import time
from dataclasses import dataclass

import numpy as np
import pytest

from matching.eligibility import eligible
from matching.solvers.blocks import Dissection, closer_bound, dissected, in_doubt, widened
from matching.solvers.generation import Generation, Solved
from matching.solvers.incumbent import Incumbent
from matching.solvers.relaxation import best_candidates, relax
from matching.value import quality
from matching.weeks import Weeks
from tests.oracle.reading import read
from tests.test_laws import best, problem_of
from tests.worlds import SMALL, full_world


@dataclass
class Priced:
    """A world, its linear programme solved, and its optimum."""

    generation: Generation
    solved: Solved
    parts: Dissection
    optimum: int


def priced(seed: int) -> Priced:
    tables = full_world(seed, **SMALL)
    problem = problem_of(tables)
    arcs = eligible(problem)
    weeks, worth = Weeks(problem, arcs), quality(problem, arcs)
    incumbent = Incumbent(
        problem,
        arcs,
        started=time.perf_counter(),
        time_limit=60.0,
        gap=0.0,
        interrupted=lambda: False,
        told=lambda progress: None,
        improved=lambda progress: None,
    )
    generation = Generation(problem, weeks, worth, 0, incumbent)
    generation.pool.add_singles(np.flatnonzero(best_candidates(problem, weeks, worth)))
    generation.start(relax(problem, weeks, worth).prices)
    solved = generation.run(generation.everywhere, lambda bound, relaxed: None)
    assert solved is not None
    return Priced(generation, solved, dissected(generation, solved), best(read(tables)))


def closer(world: Priced, group: np.ndarray) -> float:
    told: list[float] = []
    bound = closer_bound(world.generation, world.parts, group, told.append)
    assert told == sorted(told, reverse=True)
    return bound


@pytest.mark.parametrize("seed", range(4))
def test_blocks_lower_the_bound_and_keep_it_true(seed: int) -> None:
    world = priced(seed)
    many = len(world.generation.problem.requests)
    assert world.parts.bound == pytest.approx(world.solved.bound)
    doubt = in_doubt(world.generation, world.solved.relaxed)
    draw = np.random.default_rng(seed)
    groups = [
        doubt,
        widened(world.generation, doubt, world.parts, 50.0),
        draw.integers(-1, 3, many).astype(np.int32),
        np.zeros(many, np.int32),
    ]
    for group in groups:
        assert world.optimum - 1e-6 <= closer(world, group) <= world.parts.bound + 1e-6


@pytest.mark.parametrize("seed", range(2))
def test_nobody_in_doubt_changes_nothing(seed: int) -> None:
    world = priced(seed)
    none = np.full(len(world.generation.problem.requests), -1, np.int32)
    assert closer(world, none) == world.parts.bound
