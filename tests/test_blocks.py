"""Blocks: whatever is solved by itself, the bound stays above the optimum."""

import numpy as np
import pytest

from matching.solvers.subproblems import blocks
from matching.solvers.subproblems.executor import SubproblemExecutor
from matching.solvers.subproblems.mip import MIPResult
from matching.solvers.subproblems.reduced_mip import solve_reduced_mip
from tests.support.priced import CHEAP, Priced, blocks_of, fractional_block, priced
from tests.support.slow import first_fast


def closer(world: Priced, group: np.ndarray) -> float:
    bounds: list[float] = []
    split = blocks_of(world, group, 2)
    split.tighten_block_bounds(bounds.append)
    assert bounds == sorted(bounds, reverse=True)
    return split.bound


@pytest.mark.parametrize("cheap", [0.0, 3_000.0, np.inf], ids=["nobody", "some", "all"])
@pytest.mark.parametrize("seed", first_fast(range(4), 1))
def test_blocks_lower_the_bound_and_keep_it_true(
    seed: int, cheap: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CHEAP, cheap)
    world = priced(seed)
    many = len(world.generation.problem.requests)
    assert world.lagrangian.bound == pytest.approx(world.solved.bound)
    fractional = fractional_block(world)
    draw = np.random.default_rng(seed)
    groups = [
        fractional,
        draw.integers(-1, 3, many).astype(np.int32),
        np.zeros(many, np.int32),
    ]
    for group in groups:
        assert world.optimum - 1e-6 <= closer(world, group) <= world.lagrangian.bound + 1e-6


class EndsEarly(SubproblemExecutor):
    """Says of every programme no more than is asked."""

    def solve(self, *given: object, sufficient_bound: float = 0.0, **more: object) -> MIPResult:
        return MIPResult(None, sufficient_bound, False)


def test_a_block_may_end_once_it_closes_the_gap_by_itself() -> None:
    world = priced(0)
    incumbent = world.generation.incumbent
    # Five are to be gained, and of these one may be left: a block that gains four is enough.
    incumbent.value, incumbent.bound = int(world.lagrangian.bound) - 5, world.lagrangian.bound
    incumbent.gap_limit = 1.0 / incumbent.value
    everything = np.zeros(len(world.generation.problem.requests), np.int32)
    whole = blocks_of(world, everything)
    whole.executor = EndsEarly()
    whole.tighten_block_bounds(lambda bound: incumbent.prove(bound, "block bounds"))
    assert whole.bound == pytest.approx(incumbent.value + 1.0)
    assert incumbent.near_enough


def test_a_block_too_large_for_the_time_left_is_not_begun(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = priced(0)
    monkeypatch.setattr(blocks, "_COLUMNS_IN_NO_TIME", 0)
    monkeypatch.setattr(blocks, "_SECONDS_PER_COLUMN", 1e6)
    everything = np.zeros(len(world.generation.problem.requests), np.int32)
    assert closer(world, everything) == world.lagrangian.bound
    assert world.generation.incumbent.timed_out


@pytest.mark.parametrize("seed", range(2))
def test_no_fractional_request_changes_nothing(seed: int) -> None:
    world = priced(seed)
    none = np.full(len(world.generation.problem.requests), -1, np.int32)
    assert closer(world, none) == world.lagrangian.bound


@pytest.mark.parametrize("seed", first_fast(range(4), 1))
def test_no_week_with_an_arc_comes_closer_to_the_best_than_its_reduced_cost_bound(
    seed: int,
) -> None:
    world = priced(seed)
    generation, lagrangian = world.generation, world.lagrangian
    volunteer = generation.weeks.arcs.volunteer
    bonus = 1e7
    for arc in range(len(volunteer)):
        reward = lagrangian.reward.copy()
        reward[arc] += bonus
        with_arc = generation.weeks.best(reward)[0][volunteer[arc]] - bonus
        short = lagrangian.roster[volunteer[arc]] - with_arc
        assert short >= lagrangian.reduced_cost_bound[arc] - 1e-6


@pytest.mark.parametrize("seed", range(5))
def test_what_copies_cost_makes_nobody_worth_more(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CHEAP, np.inf)
    world = priced(seed)
    lagrangian = world.lagrangian
    assert (lagrangian.copy_cost > 0).any()
    # Were all that copies cost paid to the volunteers themselves, no roster would beat their best.
    best = world.generation.weeks.best(lagrangian.reward + lagrangian.copy_cost)[0]
    assert best == pytest.approx(lagrangian.roster)


@pytest.mark.parametrize("seed", first_fast(range(4), 1))
def test_dear_volunteers_are_tied_to_blocks_and_the_others_are_copies(seed: int) -> None:
    world = priced(seed)
    partition = blocks_of(
        world, np.zeros(len(world.generation.problem.requests), np.int32)
    ).partition
    served = np.unique(world.generation.weeks.arcs.volunteer)
    assert (partition.home[served] == 0).all()
    assert (partition.block_of_volunteer[served] == 0).tolist() == (
        world.lagrangian.roster[served] > 100
    ).tolist()


@pytest.mark.parametrize("cheap", [100.0, np.inf], ids=["some", "all"])
@pytest.mark.parametrize("seed", first_fast(range(4), 1))
def test_a_better_plan_holds_only_arcs_left_after_fixing(
    seed: int, cheap: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CHEAP, cheap)
    world = priced(seed)
    generation, best_so_far = world.generation, world.generation.incumbent
    fractional = fractional_block(world)
    blocks = blocks_of(world, fractional)
    blocks.tighten_block_bounds(lambda bound: None)
    # Whatever is known to be reached, what is left open still holds the optimum.
    for value in (0, world.optimum // 2, world.optimum - 1):
        best_so_far.chosen, best_so_far.value = np.empty(0, np.int64), None
        best_so_far.bound = np.inf
        solve_reduced_mip(generation, blocks.arcs_after_fixing(value))
        assert best_so_far.value == best_so_far.bound == world.optimum
