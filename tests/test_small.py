"""Where all is small the week is one integer programme."""

import pytest

from benchmarks.vmb import hostile
from matching import Problem, certify, solve
from matching.arcs.eligibility import eligible
from matching.arcs.value import quality
from matching.bounds.pricing import Weeks
from matching.flow.relaxation import relax
from matching.solvers import search
from matching.synthetic import generate
from tests.oracle.reading import WEEK
from tests.support.laws import problem_of
from tests.support.slow import first_fast
from tests.support.worlds import SMALL, full_world


def town(seed: int, scarcity: float) -> Problem:
    tables = generate("town", rules="full", scarcity=scarcity, seed=seed, week=WEEK)
    return Problem.from_tables(tables, WEEK)


@pytest.mark.parametrize("seed", first_fast([1, 2, 3, 4], 1))
@pytest.mark.parametrize("scarcity", [0.25, 1.0, 4.0])
def test_a_town_is_proved_whatever_the_way(
    seed: int, scarcity: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    problem = town(seed, scarcity)
    whole = solve(problem, gap=0.0)
    monkeypatch.setattr(search, "_MAX_ARCS_FOR_WHOLE_MIP", 0)
    in_steps = solve(problem, gap=0.0)
    assert whole.status == in_steps.status == "optimal"
    assert whole.value == in_steps.value


@pytest.mark.parametrize("seed", range(6))
def test_its_prices_prove_more_than_those_of_the_flow(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    problem = problem_of(full_world(seed, **SMALL))
    whole = solve(problem, gap=0.0)
    monkeypatch.setattr(search, "solve_whole_mip", lambda generation: None)
    assert whole.value <= whole.bound_from_prices <= solve(problem).bound_from_prices


def test_a_start_that_presolve_improves_is_not_what_comes_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # HiGHS 1.16 betters the first plan of this town while it presolves, calls that the optimum, and
    # returns the first plan.
    monkeypatch.setattr(search, "_MAX_ARCS_FOR_WHOLE_MIP", 0)
    monkeypatch.setattr(search, "solve_lp", lambda *arguments: None)
    assert solve(town(2, 1.0), gap=0.0).status == "optimal"


@pytest.mark.slow
def test_a_crowd_is_not_linked_one_by_one() -> None:
    # 1,500 seats, all or none, and 9,024 arcs: with a row for each of them HiGHS compares pairs for
    # minutes, beyond any limit.
    problem = Problem.from_tables(hostile.one_crowd(1_500, whole=True, spare=4, seed=1), WEEK)
    assert solve(problem, gap=0.0, time_limit=60.0).status == "optimal"


@pytest.mark.parametrize("gap", [0.5, 1e6, float("inf")])
def test_however_large_a_gap_is_allowed_somebody_serves(gap: float) -> None:
    problem = problem_of(full_world(6, **SMALL))
    assert solve(problem, gap=gap).value > 0.9 * solve(problem, gap=0.0).value


@pytest.mark.parametrize("seed", [5, 13])
def test_a_programme_that_is_stopped_keeps_the_better_prices(seed: int) -> None:
    # Once the prices are there Ctrl-C ends it: they count beside those of the flow.
    told: list[str] = []
    problem = problem_of(full_world(seed, **SMALL))
    result = solve(
        problem,
        gap=0.0,
        on_progress=lambda step: told.append(step.phase),
        interrupted=lambda: "linear programme" in told,
    )
    assert result.value <= result.bound <= result.bound_from_prices
    arcs = eligible(problem)
    flow = relax(problem, Weeks(problem, arcs), quality(problem, arcs))
    assert result.bound_from_prices < certify(problem, flow.prices)
