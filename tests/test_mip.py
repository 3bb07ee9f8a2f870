"""Integer programmes: what is told of the answer, and what falls apart."""

import numpy as np
import pytest
from scipy import sparse

from matching.solvers.subproblems.mip import MIP, MIPResult


def never() -> bool:
    return False


def knapsack(weights: list[float], gain: list[float], room: float) -> MIP:
    """Take of some things, whole, what is worth most and fits."""
    count = len(gain)
    return MIP(
        sparse.csc_array(np.array([weights])),
        np.array([-np.inf]),
        np.array([room]),
        np.array(gain),
        np.zeros(count),
        np.ones(count),
        np.ones(count, np.bool_),
    )


def hard(seed: int) -> MIP:
    """Thirty knapsacks at once."""
    draw = np.random.default_rng(seed)
    return MIP(
        sparse.csc_array(draw.integers(1, 40, (30, 200)).astype(float)),
        np.full(30, -np.inf),
        np.full(30, 1000.0),
        draw.integers(1, 40, 200).astype(float),
        np.zeros(200),
        np.ones(200),
        np.ones(200, np.bool_),
    )


def solved(programme: MIP, **options: object) -> MIPResult:
    return programme.solve(60.0, 0.0, never, **options)  # type: ignore[arg-type]


def test_what_fits_is_whole() -> None:
    # 5 + 4 weigh 7; the 6 alone leaves room for nothing else. By halves it would be 5 + 6 * 3/5.
    answer = solved(knapsack([4, 3, 5], [5, 4, 6], 7))
    assert answer.x is not None
    assert (answer.x.round().tolist(), answer.bound, answer.proved) == ([1, 1, 0], 9, True)


def test_a_start_may_be_worse_or_wrong() -> None:
    programme = knapsack([4, 3, 5], [5, 4, 6], 7)
    columns = np.arange(3)
    for values in ([0.0, 0.0, 1.0], [1.0, 1.0, 1.0]):
        assert solved(programme, start=(columns, np.array(values))).bound == pytest.approx(9)


def test_nothing_fits() -> None:
    programme = knapsack([4, 3, 5], [5, 4, 6], -1)
    assert solved(programme) == MIPResult(None, -np.inf, True)


def test_nothing_to_choose_from() -> None:
    answer = solved(knapsack([], [], 1))
    assert answer.x is not None
    assert (answer.x.size, answer.bound, answer.proved) == (0, 0.0, True)


def test_without_time_nothing_is_claimed() -> None:
    programme = hard(0)
    answer = programme.solve(0.0, 0.0, never)
    best = programme.solve(1.0, 0.0, never)
    assert not answer.proved
    assert best.x is not None
    assert answer.bound >= programme.gain @ best.x


def test_it_ends_once_the_bound_is_enough() -> None:
    programme = hard(0)
    dual = programme.duals(60.0)
    assert dual is not None
    short = np.maximum(programme.gain - programme.matrix.T @ dual, 0.0)
    enough = float(dual @ programme.high + short @ programme.upper) - 0.5
    asked = iter(range(10_000))
    # To prove the best takes minutes, and would be asked about more often than this allows.
    answer = programme.solve(600.0, 0.0, lambda: next(asked) > 5_000, sufficient_bound=enough)
    assert next(asked) < 5_000
    assert not answer.proved
    assert answer.x is not None
    assert programme.gain @ answer.x <= answer.bound <= enough


def test_an_end_is_an_end() -> None:
    asked: list[bool] = []

    def interrupted() -> bool:
        asked.append(True)
        return True

    programme = hard(1)
    assert not programme.solve(600.0, 0.0, interrupted).proved
    assert asked


def test_parts_that_share_no_row_cover_all_columns_once() -> None:
    # Two knapsacks side by side, and a row that nothing can break.
    one, other = knapsack([4, 3, 5], [5, 4, 6], 7), knapsack([2, 2], [1, 2], 3)
    both = MIP(
        sparse.vstack(
            [sparse.block_diag([one.matrix, other.matrix]), np.ones((1, 5))], format="csc"
        ),
        np.full(3, -np.inf),
        np.array([7.0, 3.0, 5.0]),
        np.append(one.gain, other.gain),
        np.zeros(5),
        np.ones(5),
        np.ones(5, np.bool_),
    )
    parts = both.components()
    assert sorted(np.concatenate([column for column, _ in parts]).tolist()) == [0, 1, 2, 3, 4]
    # 9 as above, and the better of 1 and 2.
    assert sum(solved(part).bound for _, part in parts) == pytest.approx(11)
