"""What the engine is asked and what it answers: arguments, another policy, the summary."""

import json
import math
from typing import Any

import numpy as np
import pytest

from matching import (
    Policy,
    Problem,
    UsageError,
    solve,
)
from tests.oracle.reading import WEEK
from tests.support.hand import ask, people
from tests.support.laws import problem_of
from tests.support.worlds import SMALL, full_world

NAMES = {
    *("status", "termination", "value", "bound", "bound_from_prices", "gap", "seats", "filled"),
    *("requests", "requests_served", "volunteers", "volunteers_used", "hours", "km", "kpis"),
    *("timings", "versions", "seed", "policy"),
}


@pytest.mark.parametrize(
    "wrong",
    [
        {"time_limit": -1.0},
        {"time_limit": math.nan},
        {"gap": -0.1},
        {"gap": math.nan},
        {"workers": 0},
        {"seed": -1},
        {"seed": 1.5},
        {"workers": 1.5},
        {"workers": math.inf},
    ],
    ids=str,
)
def test_arguments_out_of_range(wrong: dict[str, Any]) -> None:
    (name,) = wrong
    with pytest.raises(UsageError, match=name):
        solve(people("a").problem(), **wrong)


def test_another_policy_may_be_given_to_solve() -> None:
    week = people("a b")
    ask(week, "r", seats=2)
    problem = week.problem()
    # Without the bonus of early seats: 2 * 3 * 700.
    assert solve(problem, Policy(seat=700, early_seat=0.0)).value == 4200
    assert solve(problem).value == 3750 + 3000
    for policy in (Policy(travel_km=5.0), Policy(max_shifts=2), Policy(time_zone="UTC")):
        with pytest.raises(UsageError, match=r"give the policy to Problem\.from_tables"):
            solve(problem, policy)


def test_the_summary_is_the_contract_s_and_json() -> None:
    result = solve(problem_of(full_world(21, **SMALL)), seed=3)
    summary = result.summary()
    assert summary.keys() >= NAMES
    assert json.loads(json.dumps(summary, allow_nan=False)) == summary
    plan = result.tables()["plan"]
    assert summary["filled"] == plan.height
    assert summary["requests_served"] == plan["request_id"].n_unique()
    assert summary["volunteers_used"] == plan["volunteer_id"].n_unique()
    assert summary["hours"] == round((plan["end"] - plan["start"]).dt.total_minutes().sum() / 60, 2)
    assert summary["seats"] - summary["filled"] == int(
        (result.unfilled["seats"] - result.unfilled["filled"]).sum()
    )
    assert summary["gap"] == pytest.approx((summary["bound"] - summary["value"]) / summary["value"])
    assert summary["policy"] == Policy().to_dict()
    assert (summary["seed"], summary["week"]) == (3, WEEK.isoformat())


def test_a_summary_without_limits_is_json_too() -> None:
    week = people("a", Policy(travel_kmh=math.inf))
    ask(week, "r")
    summary = solve(week.problem()).summary()
    again = json.loads(json.dumps(summary, allow_nan=False))
    assert Policy.from_json(again["policy"]) == Policy(travel_kmh=math.inf)


def test_the_same_arrays_are_left_as_they_were() -> None:
    problem: Problem = problem_of(full_world(3, **SMALL))
    before = {name: np.copy(getattr(problem.volunteers, name)) for name in ("lat", "max_shifts")}
    solve(problem)
    for name, column in before.items():
        np.testing.assert_array_equal(getattr(problem.volunteers, name), column)
