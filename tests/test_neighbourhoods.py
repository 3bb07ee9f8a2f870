"""Large neighbourhood search and block merging: the gap by its terms, plans that get better."""

import numpy as np
import pytest

from matching import Week
from matching.audit import value, violations
from matching.solvers.neighbourhoods.difference_neighbourhoods import difference_neighbourhoods
from matching.solvers.neighbourhoods.large_neighbourhood_search import (
    gap_shares,
    large_neighbourhood_search,
)
from matching.solvers.neighbourhoods.repair import repair
from matching.solvers.subproblems.block_merging import merge_blocks
from matching.solvers.subproblems.differences import differences, residual_gap
from matching.solvers.subproblems.partition import cells
from tests.support.priced import CHEAP, Priced, blocks_of, fractional_block, priced, priced_of
from tests.support.slow import first_fast

# Of worlds without pins: a first plan of `repair` keeps every rule, but maybe not those.
SEEDS = (2, 4, 5, 6, 7, 8)


def first_plan(world: Priced) -> np.ndarray:
    generation = world.generation
    return repair(generation.problem, generation.weeks, generation.quality, np.empty(0, np.int64))


@pytest.mark.parametrize("seed", first_fast(SEEDS[:4], 1))
def test_the_shares_of_the_gap_are_the_gap(seed: int) -> None:
    world = priced(seed)
    generation, lagrangian = world.generation, world.lagrangian
    for chosen in (first_plan(world), world.optimal):
        score = value(generation.problem, generation.incumbent.plan_of(chosen))
        share = gap_shares(generation, lagrangian, chosen)
        of_all = (share.roster, share.service, share.row)
        assert all((part > -1e-6).all() for part in of_all)
        assert sum(part.sum() for part in of_all) == pytest.approx(
            lagrangian.bound - score, abs=1e-6
        )


@pytest.mark.parametrize("seed", first_fast(SEEDS[:4], 1))
def test_an_optimal_plan_stays_and_others_get_better(seed: int) -> None:
    world = priced(seed)
    generation, problem = world.generation, world.generation.problem

    def score(chosen: np.ndarray) -> int:
        plan = generation.incumbent.plan_of(chosen)
        assert violations(problem, plan).is_empty()
        return value(problem, plan)

    everything = blocks_of(world, np.zeros(len(problem.requests), np.int32))
    one = np.array([0])
    assert score(large_neighbourhood_search(everything, one, world.optimal)) == world.optimum
    # All in one block, with nothing left out: the best there is.
    assert score(large_neighbourhood_search(everything, one, first_plan(world))) == world.optimum
    draw = np.random.default_rng(seed)
    chosen = first_plan(world)
    before = score(chosen)
    for turn in range(4):
        group = draw.integers(-1, 3, len(problem.requests)).astype(np.int32)
        blocks = blocks_of(world, group)
        # With one worker or two, the plan is the same.
        two = blocks_of(world, group, 2)
        again = large_neighbourhood_search(two, two.partition.numbers, chosen, turn)
        chosen = large_neighbourhood_search(blocks, blocks.partition.numbers, chosen, turn)
        assert (chosen == again).all()
        after = score(chosen)
        assert after >= before
        before = after


def test_who_serves_outside_a_block_goes_on_and_is_free_for_more_inside() -> None:
    week = Week("2026-11-30")
    week.volunteer("ann", available=[("mon", "08:00", "18:00")])
    for name, hour in (("r1", 9), ("r2", 13)):
        start, end = f"2026-11-30 {hour:02}:00", f"2026-11-30 {hour + 2}:00"
        week.request(name, start=start, end=end, seats=1)
    # 3000 for each of the seats, less 100 for the second service.
    world = priced_of(week.problem(), 5_900)
    blocks = blocks_of(world, np.array([-1, 0], np.int32))
    assert large_neighbourhood_search(blocks, np.array([0]), np.array([0])).tolist() == [0, 1]


def test_only_differences_with_a_share_of_the_gap_merge_blocks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Everybody is tied to a block from the start.
    monkeypatch.setattr(CHEAP, -1.0)
    week = Week("2026-11-30")
    for name, day in (("ann", "mon"), ("bea", "mon"), ("cy", "tue")):
        week.volunteer(name, available=[(day, "08:00", "12:00")])
    for name, day in (("hall", "2026-11-30"), ("yard", "2026-11-30"), ("shop", "2026-12-01")):
        week.request(name, start=f"{day} 09:00", end=f"{day} 11:00", seats=1)
    world = priced_of(week.problem(), 9_000)
    blocks = blocks_of(world, np.array([0, 0, 1], np.int32))
    blocks.tighten_block_bounds(lambda bound: None)
    # Nobody is at the shop, which is worth 3000 to the first block. Who of ann and bea is at its
    # hall, and who at the other's yard, makes no difference, and is no reason to merge.
    ann_hall, ann_yard, bea_hall, bea_yard = range(4)
    for chosen in ([ann_hall, bea_yard], [ann_yard, bea_hall]):
        left, _ = residual_gap(blocks, np.array(chosen))
        assert left.tolist() == pytest.approx([3_000, 0])
        after, new = merge_blocks(blocks, np.array(chosen))
        assert (after.partition.size, new.tolist()) == (2, [])


@pytest.mark.parametrize("cheap", [100.0, np.inf], ids=["some", "all"])
@pytest.mark.parametrize("seed", first_fast(range(12), 1))
def test_merging_blocks_closes_the_gap(
    seed: int, cheap: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CHEAP, cheap)
    world = priced(seed)
    generation, problem = world.generation, world.generation.problem
    blocks = blocks_of(world, fractional_block(world))
    blocks.tighten_block_bounds(lambda bound: None)
    chosen = first_plan(world)
    for turn in range(8):
        chosen = large_neighbourhood_search(blocks, blocks.partition.numbers, chosen, turn)
        score = value(problem, generation.incumbent.plan_of(chosen))
        left, lone = residual_gap(blocks, chosen)
        # The residual gaps are the gap, but for what no request wants of rows of several.
        share = gap_shares(generation, world.lagrangian, chosen)
        joint = share.row[generation.builder.joint].sum() - share.wanted.sum()
        assert left.sum() + lone.sum() == pytest.approx(blocks.bound - score - joint, abs=30)
        before = blocks.bound
        blocks, new = merge_blocks(blocks, chosen)
        # What stays as it was keeps what is known of it.
        assert blocks.bound == pytest.approx(before)
        blocks.tighten_block_bounds(lambda bound: None, new)
        assert world.optimum - 1e-6 <= blocks.bound <= before + 1e-6
    assert score >= world.optimum * 0.99
    assert blocks.bound <= world.optimum * 1.01


def test_cells_are_places_near_each_other_and_each_turn_cuts_anew() -> None:
    # A grid of 20 times 20, in cells of 25: four strips of a hundred, each in four.
    lat, lon = (axis.ravel().astype(float) for axis in np.mgrid[:20, :20])
    cuts = [cells(lat, lon, 25, turn) for turn in range(4)]
    assert np.unique(cuts[0], return_counts=True)[1].tolist() == [25] * 16
    for cut in cuts:
        for cell in np.unique(cut):
            inside = cut == cell
            assert inside.sum() <= 25
            # A strip is five places wide, and 25 places of it five long: one more where it is cut.
            assert np.ptp(lat[inside]) <= 5
            assert np.ptp(lon[inside]) <= 5
    # The other way round a square grid is cut alike; half a cell further it is not.
    together = [cut[:, None] == cut for cut in cuts]
    assert (together[0] == together[1]).all()
    assert (together[0] != together[2]).any()
    assert (together[1] != together[3]).any()


@pytest.mark.parametrize("cheap", [100.0, np.inf], ids=["some", "all"])
@pytest.mark.parametrize("seed", first_fast(range(6), 1))
def test_what_is_split_off_large_blocks_leaves_the_bound_true(
    seed: int, cheap: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CHEAP, cheap)
    # Every block is too large to merge, so all that differs is split off.
    monkeypatch.setattr("matching.solvers.subproblems.block_merging._MAX_ARCS_TO_MERGE", 0)
    world = priced(seed)
    third = np.arange(len(world.generation.problem.requests), dtype=np.int32) % 3
    blocks = blocks_of(world, third)
    blocks.tighten_block_bounds(lambda bound: None)
    chosen = first_plan(world)
    if not world.generation.incumbent.offer(chosen, "first plan"):
        # It misses a pin, which costs more than all else.
        chosen = world.optimal
    for _ in range(4):
        found = differences(blocks, chosen)
        blocks, new = merge_blocks(blocks, chosen)
        gap, _ = residual_gap(blocks, chosen)
        # The plan is in every block's programme, so none can lower the bound by more.
        assert (gap >= -1e-6).all()
        blocks.tighten_block_bounds(lambda bound: None, new, gap)
        assert blocks.bound >= world.optimum - 1e-6
        # What is split off is together.
        request = world.generation.problem.slots.request[world.generation.weeks.arcs.slot]
        of_request = blocks.partition.block_of_request
        assert (of_request[request[found.arc]] >= 0).all()


@pytest.mark.parametrize("seed", first_fast(SEEDS, 2))
def test_neighbourhoods_around_differences_grow_and_only_improve_a_plan(seed: int) -> None:
    world = priced(seed)
    blocks = blocks_of(world, fractional_block(world))
    blocks.tighten_block_bounds(lambda bound: None)
    chosen, size = first_plan(world), 0
    score = value(world.generation.problem, world.generation.incumbent.plan_of(chosen))
    for rings in range(3):
        near = difference_neighbourhoods(blocks, chosen, rings)
        inside = near.partition.block_of_request >= 0
        assert inside.sum() >= size
        size = int(inside.sum())
    better = large_neighbourhood_search(near, near.partition.numbers, chosen)
    plan = world.generation.incumbent.plan_of(better)
    assert violations(world.generation.problem, plan).is_empty()
    assert value(world.generation.problem, plan) >= score
