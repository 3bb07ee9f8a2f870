"""Weeks made by hand, and plans of them that the oracles agree with."""

from typing import Any

from matching import Policy, Result, Week, solve
from tests.oracle.reading import read
from tests.support.laws import best, judged

ALWAYS = ("2026-03-01 00:00", "2026-03-11 00:00")


def at(clock: str) -> str:
    """Say `3 09:00` for nine in the morning of the third of March, a Tuesday."""
    return f"2026-03-0{clock}"


def people(names: str, policy: Policy | None = None, **more: Any) -> Week:
    """Let each word be a volunteer who can always come."""
    week = Week("2026-03-02", policy=policy)
    for name in names.split():
        week.volunteer(name, available=[ALWAYS], **more)
    return week


def ask(week: Week, name: str, start: str = "2 09:00", end: str = "2 10:00", **more: Any) -> None:
    week.request(name, start=at(start), end=at(end), **more)


def served(result: Result) -> list[str]:
    """Return the plan as `volunteer request`, sorted."""
    plan = result.tables()["plan"]
    return sorted(" ".join(row) for row in plan.select("volunteer_id", "request_id").rows())


def right(week: Week) -> Result:
    """Solve to the end, and check value and rules against the oracles."""
    problem = week.problem()
    result = solve(problem, gap=0.0)
    policy = {} if week.policy is None else week.policy.to_dict()
    world = read(week.tables(), policy)
    assert judged(result, world) == best(world) == result.bound
    assert (result.status, result.termination) == ("optimal", "proved")
    return result
