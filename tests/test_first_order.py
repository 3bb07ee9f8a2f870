"""The first-order method: near the simplex method's solution, and the same for any threads."""

import pytest

from matching.solvers.column_generation.generation import rest_of_bound
from matching.solvers.column_generation.pdlp_master import PDLPMaster
from tests.test_blocks import Priced, priced


def solved(world: Priced, threads: int, times: int) -> list[float]:
    """Solve a world's last linear programme some times; return the bounds its duals prove."""
    generation = world.generation
    linear = PDLPMaster(len(generation.problem.volunteers), threads)
    bounds = []
    for _ in range(times):
        linear.grow(generation.rows, generation.pool)
        relaxed = linear.solve(60.0)
        assert relaxed is not None
        assert ((relaxed.taken >= 0) & (relaxed.taken <= 1)).all()
        _, week = generation.best_weeks(relaxed.dual)
        bounds.append(float(week.sum()) + rest_of_bound(generation.rows, relaxed.dual))
    return bounds


@pytest.mark.parametrize("seed", range(4))
def test_its_duals_prove_nearly_what_those_of_the_simplex_method_do(seed: int) -> None:
    world = priced(seed)
    bounds = solved(world, 1, 8)
    assert all(bound >= world.optimum for bound in bounds)
    # Near is not exact: a few per cent of a world so small is a seat or two.
    assert bounds[-1] <= world.solved.bound * 1.05


def test_threads_change_nothing() -> None:
    world = priced(1)
    assert solved(world, 1, 3) == solved(world, 2, 3)


def test_without_time_it_says_so() -> None:
    world = priced(0)
    linear = PDLPMaster(len(world.generation.problem.volunteers), 1)
    linear.grow(world.generation.rows, world.generation.pool)
    assert linear.solve(0.0) is None
