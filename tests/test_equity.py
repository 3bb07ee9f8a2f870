"""Districts served alike, and how even plans are: by hand, and against all plans of worlds."""

import itertools
import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import assume, reject
from hypothesis import strategies as st

from matching import Desk, Plan, Policy, PolicyError, Result, Week, audit, certify, solve
from matching.answers.explanation import explain
from matching.answers.fairness_sentences import fairness_sentences
from matching.flow.living import LivingWeek
from tests.support.commands import planned, run
from tests.support.hand import ask, at
from tests.support.laws import law, problem_of
from tests.support.tiny import TINY
from tests.support.worlds import Tables, tree_worlds


def two_districts(equity: int) -> Result:
    """Let three people share four seats, two in either district; east is nearer to all."""
    week = Week("2026-03-02", policy=Policy(equity=equity, early_seat=0.0, load_step=5000))
    for name, lon, region in (("east", 126.0, "230102001"), ("west", 126.1, "230103001")):
        week.station(name, lat=45.0, lon=lon, region=region)
    for name in ("ann", "bob", "cy"):
        window = [(at("2 08:00"), at("2 13:00"))]
        week.volunteer(name, available=window, lat=45.0, lon=126.0, max_shifts=1)
    ask(week, "dear", seats=3, station_id="east", priority=2)
    ask(week, "cheap", station_id="west", priority=1)
    return solve(week.problem(), gap=0.0)


def served(result: Result) -> dict[str, int]:
    return dict(result.tables()["plan"].group_by("request_id").len().rows())


def test_a_district_s_first_seats_are_worth_more() -> None:
    # A seat in the east is worth 2000 + 200 of closeness, the one in the west 1000 + 43 (7.86 of
    # 10 km). Of three seats in the east the second and third add a third of equity and nothing, of
    # the only one in the west the first adds nothing either: (1 - 1) / 1.
    off = two_districts(0)
    assert (served(off), off.value) == ({"dear": 3}, 6600)
    on = two_districts(3000)
    # East: 3000 * (2/3 + 1/3 + 0) = 3000.
    assert (served(on), on.value) == ({"dear": 3}, 9600)


def shared(equity: int) -> Result:
    """Let one of two people serve in the west, where two seats are, if that is worth it."""
    week = Week("2026-03-02", policy=Policy(equity=equity, early_seat=0.0))
    for name, region in (("east", "230102001"), ("west", "230103001")):
        week.station(name, region=region)
    for name in ("ann", "bob"):
        week.volunteer(name, available=[(at("2 08:00"), at("2 13:00"))], max_shifts=1)
    ask(week, "dear", seats=2, station_id="east", priority=2)
    ask(week, "cheap", seats=2, station_id="west", priority=1)
    return solve(week.problem(), gap=0.0)


def test_equity_moves_people_to_the_district_that_has_least() -> None:
    # The first of two seats of a district adds half of equity, the second nothing. Both in the
    # east: 4000 + e / 2. One in either: 3000 + e / 2 + e / 2: better above 2000.
    for equity, expected, value in (
        (0, {"dear": 2}, 4000),
        (1990, {"dear": 2}, 4995),
        (2010, {"dear": 1, "cheap": 1}, 5010),
    ):
        result = shared(equity)
        assert (served(result), result.value, result.status) == (expected, value, "optimal")
        assert audit.value(result.problem, result.plan) == value == result.bound
        assert certify(result.problem, result.prices) == result.bound_from_prices == value


@law(16, tables=tree_worlds(volunteers=3, requests=4), equity=st.sampled_from([1, 700, 5000]))
def test_no_plan_that_keeps_the_rules_is_worth_more(tables: Tables, equity: int) -> None:
    # Two districts; one station has none.
    stations = tables.get("stations", pl.DataFrame(schema={"station_id": pl.String}))
    regions = pl.Series(["230102001", "230103", None] * stations.height, dtype=pl.String)
    tables = tables | {"stations": stations.with_columns(region=regions.head(stations.height))}
    problem = problem_of(tables, {"equity": equity})
    try:
        result = solve(problem, gap=0.0)
    except PolicyError:
        reject()
    problem, arcs = result.problem, result.arcs
    assume(2 <= len(arcs) <= 7)
    assert audit.violations(problem, result.plan).is_empty()
    assert audit.value(problem, result.plan) == result.value == result.bound
    assert certify(problem, result.prices) == result.bound_from_prices >= result.value
    for chosen in itertools.product([False, True], repeat=len(arcs)):
        some = arcs.take(np.array(chosen))
        plan = Plan(some.volunteer, some.slot)
        if audit.value(problem, plan) > result.value:
            assert not audit.violations(problem, plan).is_empty()


def test_where_it_cannot_be_kept_it_is_refused() -> None:
    week = Week("2026-03-02", policy=Policy(equity=100))
    week.volunteer("ann", available=[(at("2 08:00"), at("2 13:00"))])
    ask(week, "tea", seats=2, min_people=2)
    with pytest.raises(PolicyError, match="equity = 100: districts are served alike under network"):
        solve(week.problem())
    with pytest.raises(PolicyError, match="not in a week that changes"):
        LivingWeek(shared(100).problem)


def test_how_even_a_plan_is() -> None:
    # East: two of two seats; west: none of two. Two people serve an hour each. As if nothing stood,
    # everybody's best is one of the two requests: that in the east.
    table = Desk(shared(0)).fairness(top=1)
    assert table.rows() == [
        ("stations", 2, 1, 0.5, 0.0, 1.0, 0.5),
        ("districts", 2, 1, 0.5, 0.0, 1.0, 0.5),
        ("hours", 2, 2, 1.0, 1.0, 1.0, 0.0),
        ("requests", 2, 1, 1.0, 0.0, 2.0, 0.5),
        ("volunteers", 2, 2, 1.0, 1.0, 1.0, 0.0),
    ]
    even = Desk(shared(2010)).fairness(top=1)
    assert even["gini"].to_list()[:2] == [0.0, 0.0]


def test_an_empty_week_has_no_mean() -> None:
    week = Week("2026-03-02")
    ask(week, "tea")
    table = Desk(solve(week.problem())).fairness()
    assert table["measure"].to_list() == [
        "stations",
        "districts",
        "hours",
        "requests",
        "volunteers",
    ]
    assert table["number"].to_list() == [0, 0, 0, 1, 0]
    assert table["mean"].to_list() == [None, None, None, 0.0, None]
    assert "Hours of 0 people who serve: - on average" in fairness_sentences(table)["sentence"][2]
    assert "基尼系数 -" in fairness_sentences(table, "zh")["sentence"][2]


def test_empty_seats_of_districts_served_alike_are_explained() -> None:
    # Both people serve in the east: two turns for four seats. The first of two seats in the west is
    # worth 1000 + 100 / 2, which is what one more person gains.
    found = explain(shared(100))
    (row,) = found["reasons"].to_dicts()
    assert (row["request_id"], row["kind"]) == ("cheap", "shortage")
    assert dict(found["remedies"].select("change", "gain").rows())["person"] == 1050


def test_the_command(tmp_path: Path) -> None:
    for name, frame in TINY.items():
        frame.write_csv(tmp_path / f"{name}.csv")
    out = tmp_path / "plan"
    policy = tmp_path / "policy.toml"
    policy.write_text("equity = 100\n")
    assert planned(tmp_path, out, "--policy", policy).exit_code == 0
    for about in (["report", out, "--out", tmp_path / "plan.html"], ["explain", out]):
        assert run(*about).exit_code == 0
    told = json.loads(run("fairness", out, "--json").stdout)["fairness"]
    assert [row["measure"] for row in told][2:] == ["hours", "requests", "volunteers"]
    done = run("fairness", out, "--out", tmp_path / "fairness.parquet")
    assert done.exit_code == 0
    assert pl.read_parquet(tmp_path / "fairness.parquet").to_dicts() == told
    done = run("fairness", out, "--out", tmp_path / "fairness.doc")
    assert done.exit_code == 2
    assert "end the name in .csv" in done.stderr
