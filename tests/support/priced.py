"""Small worlds with their linear programme solved, for what comes after it."""

import time
from dataclasses import dataclass

import numpy as np

from matching.arcs.eligibility import eligible
from matching.arcs.value import quality
from matching.bounds.pricing import Weeks
from matching.flow.relaxation import best_candidates, relax
from matching.problem import Problem
from matching.solvers.column_generation.fractional import fractional_requests
from matching.solvers.column_generation.generation import ColumnGeneration, LPSolution
from matching.solvers.column_generation.lagrangian import LagrangianBound, lagrangian_bound
from matching.solvers.incumbent import Incumbent
from matching.solvers.subproblems.blocks import Blocks
from matching.solvers.subproblems.executor import SubproblemExecutor
from matching.solvers.subproblems.partition import Partition
from matching.solvers.subproblems.reduced_mip import solve_reduced_mip
from tests.oracle.reading import read
from tests.support.laws import best, problem_of
from tests.support.worlds import SMALL, full_world

# Whose week is worth no more is in no block at first.
CHEAP = "matching.solvers.column_generation.lagrangian._MAX_CHEAP_VALUE"


@dataclass
class Priced:
    """A world, its linear programme solved, and its optimum."""

    generation: ColumnGeneration
    solved: LPSolution
    lagrangian: LagrangianBound
    optimum: int

    @property
    def optimal(self) -> np.ndarray:
        """The arcs of an optimal plan."""
        best = self.generation.incumbent
        best.chosen, best.value, best.bound = np.empty(0, np.int64), None, np.inf
        solve_reduced_mip(self.generation, np.arange(len(self.generation.weeks.arcs)))
        assert best.value == best.bound == self.optimum
        # What is proved would end all further search.
        best.bound = np.inf
        return best.chosen


def priced(seed: int) -> Priced:
    tables = full_world(seed, **SMALL)
    return priced_of(problem_of(tables), best(read(tables)))


def priced_of(problem: Problem, optimum: int) -> Priced:
    arcs = eligible(problem)
    weeks, arc_quality = Weeks(problem, arcs), quality(problem, arcs)
    incumbent = Incumbent(
        problem,
        arcs,
        started=time.perf_counter(),
        time_limit=60.0,
        gap=0.0,
        interrupted=lambda: False,
        on_progress=lambda progress: None,
        on_improvement=lambda progress: None,
    )
    generation = ColumnGeneration(problem, weeks, arc_quality, 0, incumbent)
    generation.pool.add_singles(np.flatnonzero(best_candidates(problem, weeks, arc_quality)))
    generation.start(relax(problem, weeks, arc_quality).prices)
    solved = generation.run(lambda bound, solution: None)
    assert solved is not None
    return Priced(generation, solved, lagrangian_bound(generation, solved.dual), optimum)


def blocks_of(world: Priced, group: np.ndarray, workers: int = 1) -> Blocks:
    partition = Partition(world.generation, world.lagrangian, group)
    return Blocks(world.generation, world.lagrangian, partition, SubproblemExecutor(workers))


def fractional_block(world: Priced) -> np.ndarray:
    """Put the requests where the linear programme is fractional into one block."""
    return fractional_requests(world.generation, world.solved.primal).astype(np.int32) - 1
