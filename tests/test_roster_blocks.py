"""Diving, and blocks of a plan planned anew as linear programmes over rosters."""

import numpy as np
import pytest

from matching import Week
from matching.audit import value, violations
from matching.bounds.rosters import Rosters
from matching.solvers.column_generation.generation import Generation
from matching.solvers.column_generation.pool import ColumnPool
from matching.solvers.column_generation.restricted_master import RestrictedMaster
from matching.solvers.neighbourhoods import diving
from matching.solvers.neighbourhoods.diving import dive
from matching.solvers.neighbourhoods.repair import repair
from matching.solvers.neighbourhoods.roster_blocks import roster_block_search
from matching.solvers.neighbourhoods.whole_dive import whole_dive
from tests.support.priced import Priced, blocks_of, priced, priced_of
from tests.support.slow import first_fast

NOBODY = np.empty(0, np.int64)


def three_teams_of_two() -> Week:
    """Three people, all at one time, and three teams that each want two of them."""
    week = Week("2026-11-30")
    for name, skills in (("ann", "xz"), ("bea", "xy"), ("cy", "yz")):
        week.volunteer(name, available=[("mon", "08:00", "12:00")], qualifications=list(skills))
    for skill in "xyz":
        start, end = "2026-11-30 09:00", "2026-11-30 11:00"
        week.request(skill, start=start, end=end, seats=2, min_seats=2, qualifications=[skill])
    return week


def test_diving_gives_up_what_is_served_least_until_the_rest_is_whole() -> None:
    # A team is worth 3750 + 3000. The linear programme serves each of the three by half; whichever
    # is given up, the two others still want the same person: one team remains.
    world = priced_of(three_teams_of_two().problem(), 6_750)
    generation, primal = world.generation, world.solved.primal
    assert world.solved.bound == pytest.approx(1.5 * 6_750)
    request = generation.problem.slots.request[generation.weeks.arcs.slot]
    chosen = dive(generation, primal, generation.needs_link, request, 0.0)
    assert chosen is not None
    plan = generation.incumbent.plan_of(chosen)
    assert violations(generation.problem, plan).is_empty()
    assert value(generation.problem, plan) == 6_750


def test_what_cannot_be_made_whole_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    # Two of the three teams want four people of three: with the first whole, another cannot be.
    world = priced_of(three_teams_of_two().problem(), 6_750)
    master, fixed = world.generation.master, []
    fix = master.fix

    def noted(option: np.ndarray, *bounds: float) -> None:
        fixed.append((option.tolist(), *bounds))
        fix(option, *bounds)

    fix(np.array([0]), 1.0)
    monkeypatch.setattr(master, "fix", noted)
    half = np.array([0.0, 0.5, 0.5])
    solution = diving._decided(world.generation, np.array([1, 2]), half, True)
    assert fixed == [([2], 1.0), ([2], 0.0, 1.0), ([1], 0.0)]
    assert solution is not None
    # The third person alone is no part of a team.
    assert solution.value == pytest.approx(6_750)


@pytest.mark.parametrize("seed", first_fast(range(8), 2))
def test_a_dive_over_the_whole_map_keeps_every_rule(seed: int) -> None:
    world = priced(seed)
    chosen = whole_dive(world.generation, world.solved, 60.0)
    assert chosen is not None
    assert 0.97 * world.optimum <= score(world, chosen) <= world.optimum


def test_a_dive_over_the_whole_map_gives_up_without_time_or_gain() -> None:
    world = priced_of(three_teams_of_two().problem(), 6_750)
    assert whole_dive(world.generation, world.solved, 60.0) is not None
    assert whole_dive(world.generation, world.solved, 0.0) is None
    world.generation.incumbent.value = 6_750
    assert whole_dive(world.generation, world.solved, 60.0) is None


def test_weeks_taken_whole_may_serve_less_than_weeks_in_part() -> None:
    """Three people, whose only weeks serve two of three requests each, at one of two times."""
    week = Week("2026-11-30")
    for name, skills in (("ann", "xy"), ("bea", "yz"), ("cy", "xz")):
        week.volunteer(name, available=[("mon", "08:00", "20:00")], qualifications=list(skills))
    for skill, hour in (("x", 9), ("y", 12), ("z", 15)):
        at = f"2026-11-30 {hour:02}:00", f"2026-11-30 {hour + 1}:00"
        never = f"2026-12-01 {hour:02}:00", f"2026-12-01 {hour + 1}:00"
        week.request(
            skill,
            options={"monday": at, "never": never},
            seats=1,
            min_seats=1,
            qualifications=[skill],
        )
    world = priced_of(week.problem(), 9_000)
    whole, arcs = world.generation, world.generation.weeks.arcs
    pool = ColumnPool(whole.weeks, whole.quality, 0)
    # Each half of a week: all three are served. Whole, two weeks want the same seat.
    pool.add(Rosters(np.arange(3, dtype=np.int32), np.zeros(3), np.arange(6) // 2, np.arange(6)))
    master = RestrictedMaster(whole.rows, 3, whole.incumbent.stop)
    part = Generation(
        whole.weeks, whole.quality, whole.incumbent, whole.rows, whole.pairs, pool, master
    )
    master.grow(whole.rows, pool)
    solution = master.solve(60.0)
    assert solution is not None
    assert solution.selected == pytest.approx([0.5, 0.5, 0.5])
    request = whole.problem.slots.request[arcs.slot]
    chosen = dive(part, solution, whole.needs_link, request, 0.0)
    assert chosen is not None
    # Two seats of 3000, less 100 for a second service of the same person.
    assert score(world, chosen) == 5_900


def test_diving_ends_where_nothing_better_can_come() -> None:
    world = priced_of(three_teams_of_two().problem(), 6_750)
    generation, primal = world.generation, world.solved.primal
    request = generation.problem.slots.request[generation.weeks.arcs.slot]
    assert dive(generation, primal, generation.needs_link, request, 6_750.5) is None


def score(world: Priced, chosen: np.ndarray) -> int:
    plan = world.generation.incumbent.plan_of(chosen)
    assert violations(world.generation.problem, plan).is_empty()
    return value(world.generation.problem, plan)


# Worlds whose pins a repair of nothing can keep; some have sessions, others groups.
@pytest.mark.parametrize("seed", first_fast([2, 3, 4, 5, 8, 10], 2))
def test_blocks_only_make_a_plan_better_and_keep_every_rule(seed: int) -> None:
    world = priced(seed)
    generation, problem = world.generation, world.generation.problem
    requests = len(problem.requests)
    everything = blocks_of(world, np.zeros(requests, np.int32))
    optimal = world.optimal
    assert score(world, roster_block_search(everything, optimal, 0)) == world.optimum
    # Rosters can only be given up, which seldom costs much.
    alone = score(world, roster_block_search(everything, NOBODY, 0))
    assert 0.97 * world.optimum <= alone <= world.optimum
    draw = np.random.default_rng(seed)
    chosen = repair(problem, generation.weeks, generation.quality, NOBODY)
    before = score(world, chosen)
    for turn in range(4):
        group = draw.integers(-1, 3, requests).astype(np.int32)
        again = roster_block_search(blocks_of(world, group, 2), chosen, turn)
        chosen = roster_block_search(blocks_of(world, group), chosen, turn)
        # With one worker or two, the plan is the same.
        assert (chosen == again).all()
        after = score(world, chosen)
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
    assert roster_block_search(blocks, np.array([0]), 0).tolist() == [0, 1]
