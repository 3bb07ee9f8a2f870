"""Mending: a plan's gap taken apart, and plans that only get better."""

import numpy as np
import pytest

from matching.audit import value, violations
from matching.solvers.crew import Crew
from matching.solvers.mending import by_request, mended, neighbourhoods, shares
from matching.solvers.repair import repaired
from matching.solvers.territory import cells
from tests.test_blocks import Priced, priced

SEEDS = range(4)


def first_plan(world: Priced) -> np.ndarray:
    generation = world.generation
    return repaired(generation.problem, generation.weeks, generation.quality, np.empty(0, np.int64))


@pytest.mark.parametrize("seed", SEEDS)
def test_the_shares_of_the_gap_are_the_gap(seed: int) -> None:
    world = priced(seed)
    generation, parts = world.generation, world.parts
    for chosen in (first_plan(world), world.optimal):
        worth = value(generation.problem, generation.best.plan_of(chosen))
        share = shares(generation, parts, chosen)
        of_all = (share.week, share.team, share.row)
        assert all((part > -1e-6).all() for part in of_all)
        assert sum(part.sum() for part in of_all) == pytest.approx(parts.bound - worth)


@pytest.mark.parametrize("seed", SEEDS)
def test_an_optimal_plan_stays_and_others_get_better(seed: int) -> None:
    world = priced(seed)
    generation, parts, problem = world.generation, world.parts, world.generation.problem

    def worth(chosen: np.ndarray) -> int:
        plan = generation.best.plan_of(chosen)
        assert violations(problem, plan).is_empty()
        return value(problem, plan)

    everything = np.zeros(len(problem.requests), np.int32)
    assert worth(mended(generation, parts, everything, world.optimal, Crew())) == world.optimum
    chosen = first_plan(world)
    before = worth(chosen)
    for turn in range(4):
        group = neighbourhoods(generation, parts, chosen, turn)
        # With one worker or two, the plan is the same.
        again = mended(generation, parts, group, chosen, Crew(2))
        chosen = mended(generation, parts, group, chosen, Crew())
        assert (chosen == again).all()
        after = worth(chosen)
        assert after >= before
        before = after


def test_from_nothing_something_is_made() -> None:
    world = priced(0)
    generation, parts, chosen = world.generation, world.parts, first_plan(world)
    assert not len(chosen)
    group = neighbourhoods(generation, parts, chosen, 0)
    better = generation.best.plan_of(mended(generation, parts, group, chosen, Crew()))
    assert value(generation.problem, better) > world.optimum // 2


def test_no_gap_no_neighbourhood() -> None:
    world = priced(0)
    generation, parts = world.generation, world.parts
    total = by_request(generation, parts, shares(generation, parts, world.optimal))
    quiet = total <= 1.0
    group = neighbourhoods(generation, parts, world.optimal, 0)
    request = generation.problem.slots.request[generation.weeks.arcs.slot]
    # Who is in no neighbourhood has no share, or is the service of a candidate of one.
    assert (group[~quiet] >= 0).all()
    served = np.zeros(len(total), np.bool_)
    served[request[world.optimal]] = True
    assert (group[quiet & ~served] == -1).all()


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
