"""No plan leaves a seat empty that somebody could fill with a gain, however the search ended.

An addition is one person on one seat, or a whole team for a request that nobody serves. The oracle
tries them all, and judges what comes out by its own reading of the rules.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from itertools import combinations
from typing import Any

from hypothesis import event
from hypothesis import strategies as st

from matching import Policy, Post, Problem, Result, Week, solve
from tests.oracle.judge import faults, keys, rows_of, value_of
from tests.oracle.reading import WEEK, Arc, Row, World, read
from tests.support.laws import law
from tests.support.worlds import Tables, full_worlds, policies, tree_worlds


def additions(world: World, plan: list[Arc]) -> Iterator[list[Arc]]:
    """Yield what could be added: single people, and teams where nobody serves."""
    taken = {arc.key for arc in plan}
    served = {arc.service.request for arc in plan}
    teams: dict[object, list[Arc]] = defaultdict(list)
    for arc in world.arcs:
        if arc.key not in taken:
            yield [arc]
            if arc.service.request not in served:
                teams[arc.service].append(arc)
    for arcs in teams.values():
        for size in range(2, len({arc.volunteer for arc in arcs}) + 1):
            for team in combinations(arcs, size):
                if len({arc.volunteer for arc in team}) == size:
                    yield list(team)


def left_out(world: World, result: Result) -> list[list[Row]]:
    """Return the additions that keep every rule and gain."""
    arcs = {arc.key: arc for arc in world.arcs}
    plan = [arcs[key] for key in keys(result.tables()["plan"])]
    assert faults(world, rows_of(plan)) == []
    return [
        rows_of(more)
        for more in additions(world, plan)
        if value_of(world, plan + more) > value_of(world, plan)
        and not faults(world, rows_of(plan + more))
    ]


def at_once(tables: Tables, policy: Row) -> Result:
    """Plan with no time at all."""
    return solve(Problem.from_tables(tables, WEEK, Policy(**policy)), time_limit=0)


def interrupted(tables: Tables, policy: Row) -> Result:
    """Plan, and ask for the end before it has begun."""
    return solve(Problem.from_tables(tables, WEEK, Policy(**policy)), interrupted=lambda: True)


def to_the_end(tables: Tables, policy: Row) -> Result:
    """Plan until the optimum is proved."""
    return solve(Problem.from_tables(tables, WEEK, Policy(**policy)), gap=0)


@law(
    60,
    tables=full_worlds() | tree_worlds(),
    policy=st.just({}) | policies(),
    ends=st.sampled_from([at_once, interrupted, to_the_end]),
)
def test_nothing_can_be_added_to_a_plan(
    tables: Tables, policy: Row, ends: Callable[[Tables, Row], Result]
) -> None:
    result = ends(tables, policy)
    if result.status == "unknown":
        event("no plan with these pins")
        return
    event(ends.__name__)
    assert left_out(read(tables, policy), result) == []


MONDAY, MORNING = "2026-03-02", ("mon", "08:00", "12:00")


def visit(week: Week, name: str, **cells: Any) -> None:
    week.request(name, start=f"{MONDAY} 09:00", end=f"{MONDAY} 11:00", **cells)


def test_somebody_moves_to_another_post_so_that_a_team_is_whole() -> None:
    # x could lead or cook and likes to lead; y can only lead. The posts are tried by name: cook,
    # lead. Both must be there, so x cooks.
    week = Week(MONDAY)
    week.volunteer("x", available=[MORNING], qualifications=["cook", "lead"])
    week.volunteer("y", available=[MORNING], qualifications=["lead"])
    week.prefer("x", "post", "lead", weight=50)
    posts = {name: Post(1, 1, [name]) for name in ("cook", "lead")}
    visit(week, "r", posts=posts)
    plan = solve(week, time_limit=0).tables()["plan"]
    assert sorted(plan.select("volunteer_id", "post").rows()) == [("x", "cook"), ("y", "lead")]


def test_what_is_pinned_brings_the_rest_of_its_team() -> None:
    # Two are needed, and only a is pinned: b comes along.
    week = Week(MONDAY)
    for name in "ab":
        week.volunteer(name, available=[MORNING])
    visit(week, "r", posts={"volunteer": Post(2, 2)})
    week.pin("a", "r")
    plan = solve(week, time_limit=0).tables()["plan"]
    assert plan["volunteer_id"].sort().to_list() == ["a", "b"]


def test_friends_come_to_a_request_that_is_served() -> None:
    # One seat of three is taken by a, who is pinned; b and c come both or not at all.
    week = Week(MONDAY)
    for name in "abc":
        week.volunteer(name, available=[MORNING])
    visit(week, "r", posts={"volunteer": Post(3)})
    week.together("b", "c")
    week.pin("a", "r")
    assert solve(week, time_limit=0).tables()["plan"].height == 3
