"""Laws about random worlds: how many are drawn, and what a plan and its bounds are held to."""

import random
from collections.abc import Callable
from typing import Any, cast

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from matching import Policy, Problem, Result, audit, certify, solve
from matching.solvers import search
from tests.oracle import judge, milp
from tests.oracle.reading import WEEK, Row, World
from tests.support.worlds import Tables

Test = Callable[..., None]
SEEDS = st.integers(0, 10**6)
PRICES = (0.0, 0.0, 300.0, 1500.5, 2999.25, 4000.0, 9000.0, -700.0)
# Rules that others may still satisfy, as long as not all of the plan is given.
LATER = {"pinned", "min_seats", "min_people", "team", "together", "group"}
# Hypothesis begins with the simplest example there is: a law should see others, too.
_FEWEST = 3
_QUIET = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example]


def law(examples: int, **drawn: st.SearchStrategy[Any]) -> Callable[[Test], Test]:
    """Make a test of a law with an eighth of its examples, 3 at least; a slow one has twice."""

    def decorate(check: Test) -> Test:
        def test(times: float) -> None:
            limits = settings(
                max_examples=max(_FEWEST, round(examples * times)),
                deadline=None,
                suppress_health_check=_QUIET,
            )
            limits(given(**drawn)(check))()

        slow = pytest.param(2, marks=pytest.mark.slow, id="many")
        named = pytest.mark.parametrize("times", [pytest.param(0.125, id="few"), slow])(test)
        named.__name__ = check.__name__
        named.__doc__ = check.__doc__
        return cast(Test, named)

    return decorate


def problem_of(tables: Tables, policy: Row | None = None) -> Problem:
    return Problem.from_tables(tables, WEEK, Policy(**(policy or {})))


def solved(
    tables: Tables, policy: Row | None = None, time_limit: float = 60.0, *, in_steps: bool = False
) -> Result:
    """Search for the optimum itself: to the last unit.

    Small worlds are one integer programme; `in_steps` they are searched as large ones are.
    """
    with pytest.MonkeyPatch.context() as patch:
        if in_steps:
            patch.setattr(search, "_MAX_ARCS_FOR_WHOLE_MIP", 0)
        return solve(problem_of(tables, policy), gap=0.0, time_limit=time_limit)


def best(world: World) -> int:
    """Return the optimum, by an integer programme of its own."""
    found = milp.optimum(world)
    assert found is not None
    return found[0]


def judged(result: Result, world: World) -> int:
    """Return the value of a plan that keeps every rule, on which three readings agree."""
    plan = result.tables()["plan"]
    assert judge.faults(world, plan) == []
    assert audit.violations(result.problem, result.plan).is_empty()
    value = judge.value(world, plan)
    assert audit.value(result.problem, result.plan) == value == result.value
    return value


def proved(result: Result, world: World) -> bool:
    """Check plan and bounds against the optimum; tell whether the plan is said to be optimal."""
    optimum = best(world)
    assert judged(result, world) <= optimum <= result.bound <= result.bound_from_prices + 1e-6
    assert certify(result.problem, result.prices) == pytest.approx(result.bound_from_prices)
    assert (result.status == "optimal") == (result.value == result.bound)
    assert (result.termination == "proved") == (result.status == "optimal")
    assert result.status in ("optimal", "feasible")
    return result.status == "optimal"


def some_prices(world: World, seed: int) -> pl.DataFrame:
    """Draw the price of every post, of three in ten of its volunteers, and of every quota."""
    draw = random.Random(seed)
    rows: list[Row] = [
        {"request_id": s.request, "post": post, "option": s.option, "volunteer_id": volunteer}
        for request in world.requests.values()
        for s in request.services
        for post in request.posts
        for volunteer in (None, *world.volunteers)
        if draw.random() < (0.9 if volunteer is None else 0.3)
    ]
    priced = [row | {"price": draw.choice(PRICES)} for row in rows]
    priced += [
        {"organisation_id": organisation, "price": abs(draw.choice(PRICES))}
        for organisation in world.quotas
    ]
    text = ("request_id", "post", "option", "volunteer_id", "organisation_id")
    return pl.DataFrame(priced, schema=dict.fromkeys(text, pl.String) | {"price": pl.Float64})
