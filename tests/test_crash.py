"""A first basis of the master from those of its parts: where it begins changes no optimum."""

import highspy
import numpy as np
import pytest

from matching.solvers.column_generation import crash
from matching.solvers.column_generation.restricted_master import RestrictedMaster
from matching.solvers.subproblems.executor import SubproblemExecutor
from tests.support.priced import priced
from tests.support.slow import first_fast

BASIC = highspy.HighsBasisStatus.kBasic


@pytest.mark.parametrize("seed", first_fast([0, 1, 3, 6], 1))
def test_the_whole_begins_where_its_parts_end_and_comes_to_its_own_optimum(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = priced(seed)
    generation = world.generation
    rows, pool, volunteers = generation.rows, generation.pool, generation.problem.volunteers
    monkeypatch.setattr(crash, "_PART_REQUESTS", 3)
    master = generation.master = RestrictedMaster(rows, len(volunteers), lambda: False)
    crash.crash(generation, SubproblemExecutor(2))
    basis = master.highs.getBasis()
    basic = basis.col_status.count(BASIC), basis.row_status.count(BASIC)
    # As many as there are rows; without the parts it would be all of the rows.
    assert sum(basic) == master.size
    assert basic[0] > 0
    master.grow(rows, pool)
    solution = master.solve(60.0)
    assert solution is not None
    assert solution.value == pytest.approx(world.solved.primal.value)


def test_a_basis_that_is_refused_is_left() -> None:
    world = priced(1)
    generation = world.generation
    volunteers = len(generation.problem.volunteers)
    master = RestrictedMaster(generation.rows, volunteers, lambda: False)
    master.grow(generation.rows, generation.pool)
    columns = master.services + len(generation.pool)
    # All of it basic: there are more columns than rows to hold them.
    master.begin_at(np.full(columns, BASIC), np.full(master.size, BASIC))
    solution = master.solve(60.0)
    assert solution is not None
    assert solution.value == pytest.approx(world.solved.primal.value)


def test_a_volunteer_is_of_the_part_that_most_of_their_rosters_are_of() -> None:
    # The first has two rosters in part 1 and one in 0; that of the third crosses a border.
    volunteer = np.array([0, 0, 0, 1, 2], np.int32)
    part = np.array([1, 0, 1, 0, -1])
    assert crash._home(volunteer, part, 4).tolist() == [1, 0, -1, -1]
