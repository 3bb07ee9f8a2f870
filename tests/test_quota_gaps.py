"""A quota that a plan leaves: where its share of the gap is, and how plan and bound meet again."""

import numpy as np
import pytest

from matching import Policy, Week
from matching.solvers import block_search
from matching.solvers.column_generation.linking import with_every_cut
from matching.solvers.neighbourhoods import (
    large_neighbourhood_search as shares,
)
from matching.solvers.neighbourhoods.difference_neighbourhoods import difference_neighbourhoods
from matching.solvers.neighbourhoods.large_neighbourhood_search import (
    gap_shares,
    large_neighbourhood_search,
)
from matching.solvers.subproblems.blocks import Blocks
from tests.support.priced import CHEAP, Priced, blocks_of, priced_of

BIG, PAIR = 0, 1


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Priced:
    """Five of a club that serves three times: three seats of 3000, all or none, or two of 4000.

    A linear programme takes the two, and a third of the three: 8000 + 3000. The best plan takes
    the three, 9000.
    """
    monkeypatch.setattr(block_search, "_MIN_ARCS_FOR_BLOCKS", 0)
    # Everybody is tied to a block from the start.
    monkeypatch.setattr(CHEAP, -1.0)
    week = Week("2026-11-30", policy=Policy(early_seat=0.0))
    week.organisation("club", max_seats=3)
    for name in "abcde":
        week.volunteer(name, available=[("mon", "08:00", "18:00")], organisation_id="club")
    for name, hour, seats, priority in (("big", 9, 3, 3), ("pair", 13, 2, 4)):
        start, end = f"2026-11-30 {hour:02}:00", f"2026-11-30 {hour + 2}:00"
        week.request(name, start=start, end=end, seats=seats, min_people=seats, priority=priority)
    return priced_of(week.problem(), 9_000)


def pair_of(world: Priced) -> np.ndarray:
    """The plan of the two, and its place as the best so far: it leaves one of three."""
    arcs, incumbent = world.generation.weeks.arcs, world.generation.incumbent
    chosen = np.flatnonzero((arcs.slot == PAIR) & (arcs.volunteer < 2))
    incumbent.value, incumbent.bound = None, np.inf
    assert incumbent.offer(chosen, "here")
    incumbent.prove(world.lagrangian.bound, "here")
    assert (incumbent.value, incumbent.bound) == (8_000, 11_000)
    return chosen


def solved(blocks: Blocks) -> Blocks:
    blocks.tighten_block_bounds(lambda bound: None)
    return blocks


def test_what_is_left_is_wanted_where_it_would_be_used(world: Priced) -> None:
    share = gap_shares(world.generation, world.lagrangian, pair_of(world))
    # One more for the club is a third of the three.
    assert share.wanted.tolist() == pytest.approx([3_000, 0])
    assert share.row[world.generation.builder.joint].sum() == pytest.approx(3_000)


def test_what_a_quota_lets_be_served_in_turn_is_planned_together(world: Priced) -> None:
    chosen, both = pair_of(world), np.zeros(2, np.int32)
    before = blocks_of(world, both)
    assert block_search._kept_from_quotas(before).tolist() == [BIG]
    blocks = block_search._beyond_quotas(before, np.array([BIG]))
    assert solved(blocks).bound == pytest.approx(9_000, abs=0.01)
    near = difference_neighbourhoods(blocks, chosen, 0)
    assert near.partition.requests.of(np.array([0])).tolist() == [BIG, PAIR]
    plan = large_neighbourhood_search(near, near.partition.numbers, chosen)
    assert world.generation.weeks.arcs.slot[plan].tolist() == [BIG] * 3


def test_blocks_alone_pay_for_what_they_use_and_are_no_help(world: Priced) -> None:
    chosen, both = pair_of(world), np.zeros(2, np.int32)
    assert len(chosen) == 2
    assert solved(blocks_of(world, both)).bound == pytest.approx(11_000)


def test_where_blocks_have_most_of_the_gap_the_duals_stay(world: Priced) -> None:
    pair_of(world)
    world.generation.incumbent.bound = 20_000
    blocks = blocks_of(world, np.zeros(2, np.int32))
    assert block_search._kept_from_quotas(blocks).tolist() == []


def test_rows_that_came_before_a_programme_was_given_up_are_known(
    world: Priced, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen, generation = pair_of(world), world.generation

    def given_up(*asked: object) -> None:
        generation.rows = with_every_cut(generation.rows, generation.pairs, 10)

    blocks, before = solved(blocks_of(world, np.zeros(2, np.int32))), len(generation.rows.low)
    monkeypatch.setattr(block_search, "continue_lp", given_up)
    after = block_search._beyond_quotas(blocks, np.array([BIG]))
    assert len(generation.rows.low) > before
    assert (after.bound, after.selected) == (blocks.bound, blocks.selected)
    assert gap_shares(generation, after.lagrangian, chosen).wanted.sum() == pytest.approx(3_000)


def test_nobody_wants_a_quota_for_seats_that_no_plan_fills(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shares, "NEAR_REDUCED_COST", np.inf)
    week = Week("2026-11-30")
    week.organisation("club", max_seats=8)
    for name in "abcdefgh":
        week.volunteer(name, available=[("mon", "08:00", "18:00")], organisation_id="club")
    times = {
        "early": ("2026-11-30 09:00", "2026-11-30 10:00"),
        "late": ("2026-11-30 11:00", "2026-11-30 12:00"),
    }
    week.request("twice", options=times, seats=4)
    week.request("big", start="2026-11-30 14:00", end="2026-11-30 15:00", seats=3)
    world = priced_of(week.problem(), 0)
    generation, arcs = world.generation, world.generation.weeks.arcs
    share = np.zeros(len(generation.rows.low))
    share[generation.builder.joint] = 3_000.0

    def wanted(*served: tuple[int, int]) -> list[float]:
        full = np.concatenate([np.flatnonzero(arcs.slot == s)[:many] for s, many in served])
        found = shares._wanted(generation, world.lagrangian, np.sort(full), share)
        return found.tolist()

    # Twice has four empty seats at its other time, which nobody can fill any more.
    assert wanted((1, 4)) == [3_000, 0]
    assert wanted((0, 1)) == [0, 3_000] == wanted((0, 3))
    assert wanted((0, 3), (1, 4)) == [0, 0]
