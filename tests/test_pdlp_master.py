"""The first-order method: near the simplex method's solution, and the same for any threads."""

import pytest

from matching.solvers.column_generation.generation import rest_of_bound
from matching.solvers.column_generation.pdlp_master import PDLPMaster
from tests.support.priced import Priced, priced


def solved(world: Priced, threads: int, times: int) -> tuple[list[float], list[float]]:
    """Solve a world's last linear programme some times; return values and bounds."""
    generation = world.generation
    master = PDLPMaster(len(generation.problem.volunteers), threads)
    values, bounds = [], []
    for _ in range(times):
        master.grow(generation.rows, generation.pool)
        solution = master.solve(60.0)
        assert solution is not None
        assert ((solution.selected >= 0) & (solution.selected <= 1)).all()
        _, week = generation.best_rosters(solution.dual)
        values.append(solution.value)
        bounds.append(float(week.sum()) + rest_of_bound(generation.rows, solution.dual))
    return values, bounds


@pytest.mark.parametrize("seed", range(4))
def test_it_comes_near_the_simplex_method_and_its_duals_prove_a_bound(seed: int) -> None:
    world = priced(seed)
    values, bounds = solved(world, 1, 8)
    # Over the columns at hand the two have the same optimum. Of its many duals each proves a bound,
    # and only those of the simplex method are known to have no better column.
    assert values[-1] == pytest.approx(world.solved.primal.value, rel=1e-3)
    assert all(bound >= world.optimum - 1e-3 for bound in bounds)


def test_threads_change_nothing() -> None:
    world = priced(1)
    assert solved(world, 1, 3) == solved(world, 2, 3)


def test_without_time_it_says_so() -> None:
    world = priced(0)
    master = PDLPMaster(len(world.generation.problem.volunteers), 1)
    master.grow(world.generation.rows, world.generation.pool)
    assert master.solve(0.0) is None
