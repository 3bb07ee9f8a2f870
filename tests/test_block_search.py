"""From blocks that are stuck to a plan near other duals, and on with the blocks as they are."""

import numpy as np
import pytest

from matching import solve
from matching.audit import violations
from matching.solvers import block_search, search
from matching.solvers.column_generation.lagrangian import lagrangian_bound
from tests.oracle.reading import read
from tests.support.laws import best, problem_of
from tests.support.priced import blocks_of, fractional_block, priced
from tests.support.slow import first_fast
from tests.support.worlds import SMALL, full_world


@pytest.fixture(autouse=True)
def blocks_of_few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(block_search, "_MIN_ARCS_FOR_BLOCKS", 0)


@pytest.mark.parametrize("seed", first_fast(range(6), 1))
def test_a_plan_near_other_duals_leaves_the_blocks_what_they_know(seed: int) -> None:
    world = priced(seed)
    blocks = blocks_of(world, fractional_block(world))
    blocks.tighten_block_bounds(lambda bound: None)
    incumbent = world.generation.incumbent
    # Nobody serves: any plan is better.
    incumbent.chosen, incumbent.value, incumbent.bound = np.empty(0, np.int64), 0, blocks.bound
    after = block_search._after_a_plan_near(blocks, world.solved)
    assert after.bound == pytest.approx(blocks.bound)
    assert after.reduction.tolist() == blocks.reduction.tolist()
    assert after.selected is blocks.selected
    assert 0 < incumbent.value <= world.optimum <= after.bound + 1e-6
    # Its bound is the one that would be found anew over the rows that there are now.
    again = lagrangian_bound(world.generation, world.solved.dual)
    for name in ("roster", "service", "row", "dual"):
        assert getattr(after.lagrangian, name).tolist() == getattr(again, name).tolist()
    # Rows may have come with it: the programmes of blocks still bound what they should.
    after.tighten_block_bounds(lambda bound: None)
    assert world.optimum - 1e-6 <= after.bound <= blocks.bound + 1e-6


@pytest.mark.parametrize("seed", first_fast(range(6), 1))
def test_a_search_that_asks_for_one_at_once_ends_at_the_best_plan(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "_MAX_ARCS_FOR_WHOLE_MIP", 0)
    monkeypatch.setattr(block_search, "_MIN_GAP_CLOSED_BY_BLOCKS", np.inf)
    tables = full_world(seed, **SMALL)
    problem = problem_of(tables)
    result = solve(problem, gap=0.0, time_limit=60.0)
    assert violations(problem, result.plan).is_empty()
    assert result.value == result.bound == best(read(tables))
