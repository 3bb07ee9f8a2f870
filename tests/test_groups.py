"""The table `groups`: people who serve a request all together, or none of them."""

import numpy as np
import polars as pl
import pytest

from matching import DataError, Desk, Plan, Policy, Week, audit, solve
from matching.arcs.eligibility import eligible
from matching.arcs.value import quality
from matching.bounds.pricing import Weeks
from matching.solvers.construction.construct import Construction
from matching.solvers.neighbourhoods.repair import repair
from matching.week import Post
from tests.support.hand import ask, at, people, right, served

# Every seat of priority 3 is worth 3000, every further service of somebody costs 100 more.
EVEN = Policy(early_seat=0.0)


def crew(names: str = "ann bob cid", others: str = "", **more: object) -> Week:
    week = people(f"{names} {others}", EVEN, **more)
    for name in names.split():
        week.member("crew", name)
    return week


def test_all_of_a_group_come_or_none() -> None:
    # Two seats are one too few for three, so dot comes alone; with three seats all three come.
    for seats, who in ((2, ["dot r"]), (3, ["ann r", "bob r", "cid r"])):
        week = crew(others="dot")
        ask(week, "r", seats=seats)
        result = right(week)
        assert served(result) == who
        assert result.value == 3000 * len(who)


def test_a_group_comes_to_different_posts_of_a_request() -> None:
    week = crew()
    ask(week, "r", posts={"cook": Post(1), "driver": Post(2)})
    assert right(week).value == 9000


def test_of_two_times_the_one_where_all_can_come_is_chosen() -> None:
    week = Week("2026-03-02", policy=EVEN)
    for name, days in (("ann", "2 3"), ("bob", "2 3"), ("cid", "3")):
        free = [(f"2026-03-0{day} 08:00", f"2026-03-0{day} 12:00") for day in days.split()]
        week.volunteer(name, available=free)
        week.member("crew", name)
    times = {f"day{day}": (f"2026-03-0{day} 09:00", f"2026-03-0{day} 10:00") for day in "23"}
    week.request("r", options=times, seats=3)
    plan = right(week).tables()["plan"]
    assert plan["option"].to_list() == ["day3"] * 3


def test_one_who_cannot_come_keeps_the_others_at_home() -> None:
    week = crew("ann bob")
    week.volunteer("cid", available=[("2026-03-05 08:00", "2026-03-05 12:00")])
    week.member("crew", "cid")
    ask(week, "r", seats=3)
    assert served(right(week)) == []


def test_members_may_be_apart_from_others_and_in_two_groups() -> None:
    # cid is in both groups, so all of them come together: four seats. dot may not meet eve.
    week = crew("ann bob cid", "dot eve")
    week.member("choir", "cid")
    week.member("choir", "dot")
    week.apart("dot", "eve")
    ask(week, "r", seats=5)
    result = right(week)
    assert served(result) == ["ann r", "bob r", "cid r", "dot r"]


def test_a_friend_of_a_member_comes_too() -> None:
    week = crew("ann bob", "cid")
    week.together("bob", "cid")
    ask(week, "two", seats=2)
    ask(week, "three", "2 11:00", "2 12:00", seats=3)
    assert served(right(week)) == ["ann three", "bob three", "cid three"]


def test_a_first_plan_has_whole_groups() -> None:
    # Nothing but the construction: no single may take a seat of "r" from the crew of four, which
    # is the only team that makes its minimum; "s" is open to all.
    week = crew("ann bob cid dan")
    ask(week, "r", seats=4, min_seats=4)
    ask(week, "s", "2 11:00", "2 12:00", seats=5)
    problem = week.problem()
    weeks = Weeks(problem, eligible(problem))
    worth = quality(problem, weeks.arcs)
    made = Construction(problem, weeks, worth).complete(np.empty(0, np.int64))
    plan = Plan(weeks.arcs.volunteer[made], weeks.arcs.slot[made])
    assert audit.violations(problem, plan).is_empty()
    assert len(plan) == 8


def test_repair_gives_up_what_is_left_of_a_group() -> None:
    week = crew("ann bob cid dan")
    ask(week, "r", seats=4)
    problem = week.problem()
    weeks = Weeks(problem, eligible(problem))
    worth = quality(problem, weeks.arcs)
    assert repair(problem, weeks, worth, np.arange(3)).tolist() == []
    assert repair(problem, weeks, worth, np.arange(4)).tolist() == [0, 1, 2, 3]


def test_the_audit_names_who_is_missing() -> None:
    week = crew()
    ask(week, "r", seats=3)
    problem = week.problem()
    rows = {"request_id": ["r"], "post": ["volunteer"], "volunteer_id": ["ann"]}
    broken = audit.violations(problem, pl.DataFrame(rows))
    assert broken["rule"].to_list() == ["group", "group"]
    assert broken["volunteer_id"].to_list() == ["bob", "cid"]
    assert broken["detail"].unique().to_list() == ["others of the group crew serve here"]


def test_a_pin_of_a_group_that_cannot_come_is_a_fault() -> None:
    week = crew()
    ask(week, "r", seats=2)
    week.pin("bob", "r")
    with pytest.raises(DataError, match="3 people serve together or not at all, on 2 seats"):
        solve(week.problem())


def test_a_pin_brings_its_group() -> None:
    week = crew()
    ask(week, "r", seats=3)
    for name in ("ann", "bob", "cid"):
        week.affinity(name, "r", -9000)
    week.pin("bob", "r")
    assert served(right(week)) == ["ann r", "bob r", "cid r"]


def test_a_group_of_one_and_an_unknown_member_are_faults() -> None:
    week = crew("ann bob")
    ask(week, "r")
    week.member("lonely", "ann")
    week.member("pair", "bob")
    week.member("pair", "nobody")
    with pytest.raises(DataError) as error:
        week.problem()
    said = error.value.faults.sort("row")
    assert said.select("table", "row", "rule").rows() == [
        ("groups", 3, "several_people"),
        ("groups", 5, "reference"),
    ]
    assert "two people or more" in said["message"][0]
    # Set aside are these, and bob, of whose group nobody is left.
    problem = week.problem(on_error="quarantine")
    assert problem.faults["row"].sort().to_list() == [3, 4, 5]
    assert problem.group_ids.to_list() == ["crew"]


def test_an_empty_seat_says_that_those_who_could_come_with_others() -> None:
    # Three for two seats; and cid is free only later, so that of five seats none is filled.
    cases = ((2, "2 08:00", "crowd", None), (5, "3 08:00", "together", "cid"))
    for seats, free, kind, friends in cases:
        week = crew("ann bob")
        week.volunteer("cid", available=[(at(free), "2026-03-05 12:00")])
        week.member("crew", "cid")
        ask(week, "r", seats=seats)
        result = right(week)
        assert result.tables()["unfilled"]["reason"].to_list() == ["together"]
        why = Desk(result).why_not("ann", "r")
        assert why.select("kind", "friends").rows() == [(kind, friends)]


def test_why_not_i_names_who_is_elsewhere() -> None:
    # "r" has a seat left for ann and bob, but they are planned for "s", which is worth more.
    week = crew("ann bob", "cid")
    ask(week, "r", seats=3)
    ask(week, "s", seats=2, priority=5)
    week.pin("cid", "r")
    result = right(week)
    assert served(result) == ["ann s", "bob s", "cid r"]
    why = Desk(result).why_not("ann", "r")
    assert why["kind"].to_list() == ["plan_together"]
    assert why["friends"].to_list() == ["bob"]
