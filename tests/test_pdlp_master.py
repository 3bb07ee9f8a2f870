"""The first-order method: near the simplex method's solution, and the same for any threads."""

import pytest

from matching import solve
from matching.audit import violations
from matching.solvers import block_search, search
from matching.solvers.column_generation import generation
from matching.solvers.column_generation.generation import rest_of_bound
from matching.solvers.column_generation.pdlp_master import PDLPMaster
from tests.oracle.reading import read
from tests.support.laws import best, problem_of
from tests.support.priced import Priced, priced
from tests.support.slow import first_fast
from tests.support.worlds import SMALL, full_world


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


@pytest.mark.parametrize("seed", first_fast(range(4), 1))
def test_it_comes_near_the_simplex_method_and_its_duals_prove_a_bound(seed: int) -> None:
    world = priced(seed)
    values, bounds = solved(world, 1, 8)
    # Over the columns at hand the two have the same optimum. Of its many duals each proves a bound,
    # and only those of the simplex method are known to have no better column.
    assert values[-1] == pytest.approx(world.solved.primal.value, rel=1e-3)
    assert all(bound >= world.optimum - 1e-3 for bound in bounds)


@pytest.mark.slow
def test_threads_change_nothing() -> None:
    world = priced(1)
    assert solved(world, 1, 3) == solved(world, 2, 3)


def test_without_time_it_says_so() -> None:
    world = priced(0)
    master = PDLPMaster(len(world.generation.problem.volunteers), 1)
    master.grow(world.generation.rows, world.generation.pool)
    assert master.solve(0.0) is None


@pytest.mark.parametrize("seed", first_fast(range(6), 1))
def test_a_search_over_it_ends_at_the_best_plan(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    # As where people are scarce in a city: PDLP, a dive over the whole map, blocks, duals again.
    monkeypatch.setattr(search, "_MAX_ARCS_FOR_WHOLE_MIP", 0)
    monkeypatch.setattr(block_search, "_MIN_ARCS_FOR_BLOCKS", 0)
    monkeypatch.setattr(generation, "_MIN_ARCS_FOR_PDLP", 0)
    monkeypatch.setattr(generation, "_bases_grow_dense", lambda weeks: True)
    tables = full_world(seed, **SMALL)
    problem, optimum = problem_of(tables), best(read(tables))
    one, two = (solve(problem, gap=0.0, time_limit=60.0, workers=workers) for workers in (1, 2))
    assert violations(problem, one.plan).is_empty()
    assert one.value == optimum <= one.bound
    assert one.bound <= 1.001 * optimum
    assert (one.value, one.bound) == (two.value, two.bound)
    assert (one.plan.volunteer == two.plan.volunteer).all()
    assert (one.plan.slot == two.plan.slot).all()
