"""Weeks in a row: what one leaves to the next, and how they keep their distance."""

import random
from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest

from matching import Policy, Problem, UsageError, Week, audit, solve
from matching.orders.replanning import replan
from matching.orders.rolling import rolled
from tests.support.hand import ask

MONDAY = date(2026, 3, 2)
Tables = dict[str, pl.DataFrame]
FAR = ("2026-03-01 00:00", "2026-04-30 00:00")


def month(*names: str, **more: Any) -> Week:
    """Let people be there for weeks."""
    week = Week(MONDAY.isoformat(), policy=Policy(load_step=0))
    for name in names:
        week.volunteer(name, available=[FAR], **more)
    return week


def cells(frame: pl.DataFrame, key: str, value: str) -> dict[str, str]:
    return dict(frame.select(pl.col(key, value).cast(pl.String)).rows())


def test_what_a_week_came_to_goes_into_the_next() -> None:
    # Ann can do one of two orders at the same hour. Tea is liked 10 more, so Bo's shopping waits:
    # seven days later, a week older, and worth half a step of priority more than next week's tea.
    week = month("ann", recent_hours=8.0)
    for name in ("tea", "shopping"):
        ask(week, name, "3 09:00", "3 11:00", beneficiary_id=f"old {name}")
    week.affinity("ann", "tea", 10)
    problem, result = week.problem(), week.solve()
    tables = rolled(problem, week.tables(), result, half_life_weeks=1)
    assert cells(tables["volunteers"], "volunteer_id", "recent_hours") == {"ann": "6.0"}  # 8/2 + 2
    assert cells(tables["bonds"], "beneficiary_id", "visits") == {"old tea": "1"}
    assert tables["assignments"]["status"].to_list() == ["published"]
    again = tables["requests"].filter(pl.col("request_id") == "shopping")
    assert again.select("start", "waited").rows() == [("2026-03-10T09:00", "1")]
    following = Problem.from_tables(tables, MONDAY + timedelta(days=7))
    assert following.requests.priority.tolist() == [3.5]
    assert following.bonds.visits.tolist() == [1] or len(following.bonds) == 0


def test_who_did_not_come_did_not_serve() -> None:
    week = month("ann")
    ask(week, "tea", "3 09:00", "3 11:00", beneficiary_id="x")
    problem, result = week.problem(), week.solve()
    away = pl.DataFrame({"volunteer_id": ["ann"], "request_id": ["tea"], "status": ["no_show"]})
    tables = rolled(problem, week.tables(), result, away)
    assert tables["requests"]["waited"].to_list() == ["1"]
    assert "bonds" not in tables or tables["bonds"].is_empty()
    with pytest.raises(UsageError, match="no column status"):
        rolled(problem, week.tables(), result, away.drop("status"))


@pytest.mark.slow
def test_four_weeks_in_a_row_add_up() -> None:
    """Three people, and each week four orders of a beneficiary each, two of them at one time.

    Whoever served much lately goes last among equals, so the work is spread; every order is served
    in the end, for older ones go first; visits and hours are those of the four plans together.
    """
    draw = random.Random(4)
    week = month("ann", "bo", "cai", max_shifts=1)
    tables: Tables = dict(week.tables())
    visits, hours, waited = 0, dict.fromkeys(("ann", "bo", "cai"), 0.0), []
    for n in range(4):
        monday = MONDAY + timedelta(days=7 * n)
        rows = [
            {"request_id": f"w{n}-{k}", "beneficiary_id": f"b{draw.randrange(3)}",
             "start": f"{monday + timedelta(days=1 + k // 2)}T09:00",
             "end": f"{monday + timedelta(days=1 + k // 2)}T11:00"}
            for k in range(4 if n < 2 else 1)
        ]  # fmt: skip
        new = pl.DataFrame(rows)
        old = tables.get("requests")
        tables["requests"] = new if old is None else pl.concat([old, new], how="diagonal_relaxed")
        problem = Problem.from_tables(tables, monday)
        result = solve(problem, gap=0.0)
        assert audit.violations(problem, result.plan).is_empty()
        plan = result.tables()["plan"]
        visits += plan.height
        for name in plan["volunteer_id"]:
            hours[name] += 2
        waited.append(problem.requests.priority.max())
        tables = rolled(problem, tables, result)
    # 3 + 3 + 3 + 1 of 10 orders: one is left, then two, then none; the oldest go first.
    assert visits == 10
    assert waited == [3.0, 3.5, 3.5, 3.0]
    assert tables["bonds"]["visits"].cast(pl.Int64).sum() == visits
    assert max(hours.values()) - min(hours.values()) <= 2
    assert all(status == "published" for status in tables["assignments"]["status"])


def test_limits_of_several_weeks_count_what_was_rolled() -> None:
    # At most two services in any four days: Saturday and Sunday are two, so Monday and Tuesday have
    # to be free, and Wednesday is the first day whose four days (Sunday to Wednesday) have one.
    week = month("ann", max_in_days=2, in_days=4)
    for day in (7, 8, 9):
        ask(week, f"d{day}", f"{day} 09:00", f"{day} 10:00")
    for day in (10, 11):
        start, end = f"2026-03-{day} 09:00", f"2026-03-{day} 10:00"
        week.request(f"d{day}", start=start, end=end)
    problem, result = week.problem(), week.solve()
    assert sorted(result.tables()["plan"]["request_id"]) == ["d7", "d8"]
    tables = rolled(problem, week.tables(), result)
    following = solve(Problem.from_tables(tables, MONDAY + timedelta(days=7)))
    assert following.tables()["plan"]["request_id"].to_list() == ["d11"]


def test_a_plan_keeps_its_distance_from_a_week_that_still_changes() -> None:
    # Ann watches on Sunday night until six, so Bo makes breakfast at seven: eight hours of rest.
    # Then Ann is ill on Sunday, and Bo takes the watch: now Ann has to make breakfast.
    week = month("ann", "bo", min_rest_hours=8.0)
    week.request("watch", start="2026-03-08 22:00", end="2026-03-09 06:00")
    week.request("breakfast", start="2026-03-09 07:00", end="2026-03-09 09:00")
    week.affinity("ann", "watch", 50)
    week.affinity("ann", "breakfast", 50)
    this, following = week.problem(), MONDAY + timedelta(days=7)
    plan = solve(this)
    kept = rolled(this, week.tables(), plan)
    monday = solve(Problem.from_tables(kept, following))
    assert monday.tables()["plan"]["volunteer_id"].to_list() == ["bo"]
    ill = pl.DataFrame({"request_id": ["watch"], "event": ["cancelled"], "volunteer_id": ["ann"]})
    sunday = replan(this, plan, ill)
    now_kept = rolled(this, week.tables(), sunday.plan)
    found = replan(Problem.from_tables(now_kept, following), monday.tables())
    assert found.changes.select("volunteer_id", "why").rows() == [
        ("ann", "stands_in"),
        ("bo", "not_allowed"),
    ]
    assert audit.violations(found.problem, found.plan).is_empty()
