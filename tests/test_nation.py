"""A data set in regions: planned by its parts, audited and proved as the whole that it is."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from datetime import datetime
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from matching import (
    DataError,
    DataWarning,
    Plan,
    Policy,
    Prices,
    Problem,
    Result,
    UsageError,
    audit,
    certify,
    solve,
)
from matching.arcs.eligibility import eligible
from matching.cli import app
from matching.regions import borders, guests, ids, is_partitioned, plan_nation, regional
from matching.regions.cells import KM_PER_DEGREE, cell_of, reached
from matching.synthetic import generate_region
from matching.synthetic import regions as sizes
from tests.support.regions import EAST, NOON, TEN, WEEK, WEST, pairs, planned, whole, write
from tests.support.screens import COMMAND
from tests.support.slow import first_fast, these_fast


@pytest.mark.slow
def test_an_order_at_the_border_is_served_from_the_other_side(tmp_path: Path) -> None:
    # Ann lives in the west, where nothing is ordered; in the east nobody lives.
    write(tmp_path / "nation", "1", {"ann": WEST}, {"far": 110.0})
    write(tmp_path / "nation", "2", {"bob": 130.0}, {"visit": EAST})
    summary = plan_nation(tmp_path / "nation", tmp_path / "plan", WEEK)
    assert pairs(tmp_path / "plan") == {("ann", "visit")}
    # One seat of priority 3, and two of eight kilometres to go.
    assert (
        summary["value"] == summary["gained_at_borders"] == solve(whole(tmp_path / "nation")).value
    )
    assert summary["status"] == "optimal"
    assert (summary["filled"], summary["volunteers_used"]) == (1, 1)
    east = pl.read_parquet(tmp_path / "plan" / "region=2" / "plan.parquet")
    assert east["volunteer_id"].to_list() == ["ann"]
    empty = planned(tmp_path / "plan", "unfilled")
    assert empty["request_id"].to_list() == ["far"]


@pytest.mark.slow
def test_the_nearer_neighbour_takes_over(tmp_path: Path) -> None:
    # Bea can serve but lives four kilometres further from the order than Ann, beyond the border.
    write(tmp_path / "nation", "1", {"ann": WEST}, {"far": 110.0})
    write(tmp_path / "nation", "2", {"bea": EAST + 0.06}, {"visit": EAST})
    summary = plan_nation(tmp_path / "nation", tmp_path / "plan", WEEK)
    assert pairs(tmp_path / "plan") == {("ann", "visit")}
    assert summary["gained_at_borders"] > 0
    assert summary["value"] == solve(whole(tmp_path / "nation")).value


@pytest.mark.slow
def test_who_serves_at_home_is_not_called_away(tmp_path: Path) -> None:
    # Both orders want Ann at the same time; only the one at home can have nobody else.
    write(tmp_path / "nation", "1", {"ann": WEST}, {"home": WEST})
    write(tmp_path / "nation", "2", {"bea": EAST + 0.03}, {"visit": EAST})
    summary = plan_nation(tmp_path / "nation", tmp_path / "plan", WEEK)
    assert pairs(tmp_path / "plan") == {("ann", "home"), ("bea", "visit")}
    assert summary["value"] <= solve(whole(tmp_path / "nation")).value <= summary["bound"]


@pytest.mark.parametrize(
    ("home_of_bea", "who"),
    [
        # Bea cannot reach the border: Ann does not cross it without her.
        (WEST - 0.19, set()),
        (WEST, {("ann", "visit"), ("bea", "visit")}),
    ],
)
def test_friends_cross_the_border_together_or_not_at_all(
    tmp_path: Path, home_of_bea: float, who: set[tuple[str, str]]
) -> None:
    write(tmp_path / "nation", "1", {"ann": WEST, "bea": home_of_bea}, {"far": 110.0})
    write(tmp_path / "nation", "2", {"bob": 130.0}, {"visit": EAST})
    add(tmp_path, "1", "pairs", volunteer_a=["ann"], volunteer_b=["bea"], rule=["together"])
    add(tmp_path, "2", "posts", request_id=["visit"], post=["volunteer"], seats=[2])
    summary = plan_nation(tmp_path / "nation", tmp_path / "plan", WEEK)
    assert pairs(tmp_path / "plan") == who
    assert summary["value"] == solve(whole(tmp_path / "nation"), gap=0.0).value


@pytest.mark.parametrize("held", first_fast([True, False], 1))
def test_what_is_kept_in_other_weeks_holds_at_a_border(tmp_path: Path, held: bool) -> None:
    # Ann lives near an order beyond the border; at home she watched the night before until eleven.
    # The shop there was kept on Sunday by Bob: at its other time, here, nobody is needed.
    write(tmp_path / "nation", "1", {"ann": WEST}, {"watch": WEST})
    write(tmp_path / "nation", "2", {"bob": 130.0}, {"visit": EAST, "shop": EAST})
    night, eleven = datetime(2026, 11, 29, 22), datetime(2026, 11, 30, 11)
    (watch,) = (tmp_path / "nation").glob("region=1/requests.parquet")
    pl.read_parquet(watch).with_columns(start=pl.lit(night), end=pl.lit(eleven)).write_parquet(
        watch
    )
    times = {"option": ["sun", "mon"], "start": [night, TEN], "end": [TEN, NOON]}
    add(tmp_path, "2", "options", request_id=["shop"] * 2, **times)
    who = {"volunteer_id": ["ann"], "request_id": ["watch"], "post": ["volunteer"]}
    add(tmp_path, "1", "assignments", **who, status=["accepted" if held else "offered"])
    who = {"volunteer_id": ["bob"], "request_id": ["shop"], "post": ["volunteer"]}
    add(tmp_path, "2", "assignments", **who, option=["sun"], status=["accepted"])
    summary = plan_nation(tmp_path / "nation", tmp_path / "plan", WEEK)
    assert pairs(tmp_path / "plan") == (set() if held else {("ann", "visit")})
    best = solve(whole(tmp_path / "nation"))
    assert summary["value"] == summary["bound"] == best.value
    reasons = planned(tmp_path / "plan", "unfilled").select("request_id", "reason").rows()
    assert set(reasons) >= {("shop", "already_served")}


@pytest.mark.slow
def test_the_bound_counts_ways_by_an_order_without_a_place(tmp_path: Path) -> None:
    # Two visits abroad are eight kilometres apart, 24 minutes at 20 km/h, and ten minutes are
    # between them. A call from home fills these: to a call nobody travels.
    write(tmp_path / "nation", "1", {"ann": WEST}, {})
    write(tmp_path / "nation", "2", {"bob": 130.0}, {})
    add(
        tmp_path,
        "1",
        "requests",
        request_id=["call"],
        start=[datetime(2026, 11, 30, 10, 50)],
        end=[datetime(2026, 11, 30, 11, 0)],
    )
    add(
        tmp_path,
        "2",
        "requests",
        request_id=["north", "south"],
        lat=[30.036, 29.964],
        lon=[EAST, EAST],
        start=[TEN, datetime(2026, 11, 30, 11)],
        end=[datetime(2026, 11, 30, 10, 50), NOON],
    )
    add(tmp_path, "1", "volunteers", volunteer_id=["ann"], lat=[30.0], lon=[WEST], max_shifts=[3])
    summary = plan_nation(tmp_path / "nation", tmp_path / "plan", WEEK)
    best = solve(whole(tmp_path / "nation"))
    assert len(best.plan) == 3
    assert summary["value"] < best.value <= summary["bound"] <= summary["bound_from_prices"]


Change = Callable[[pl.DataFrame], pl.DataFrame]


def zoned(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.with_columns(pl.col("start", "end").dt.replace_time_zone("Asia/Shanghai"))


def nowhere(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.drop("lat", "lon")


# What is changed of region 1, by table.
LEGAL: dict[str, dict[str, Change]] = {
    "nothing": {},
    "times with a zone": {"requests": zoned, "availability": zoned},
    "numbers as text, and a blank": {
        "volunteers": lambda rows: rows.with_columns(travel_km=pl.lit("8"), max_shifts=pl.lit(""))
    },
    "a column of the store's own": {"requests": lambda rows: rows.with_columns(shoe=pl.lit(1))},
    "an organisation nobody knows": {
        "volunteers": lambda rows: rows.with_columns(organisation_id=pl.lit("club"))
    },
    "people without a place": {"volunteers": nowhere},
    "orders without a place": {"requests": nowhere},
    "nobody": {"volunteers": lambda rows: rows.clear(), "availability": lambda rows: rows.clear()},
    "no orders": {"requests": lambda rows: rows.clear()},
    "somebody without a place who goes far": {
        "volunteers": lambda rows: rows.with_columns(
            lat=pl.lit(None, pl.Float64), lon=pl.lit(None, pl.Float64), travel_km=pl.lit(500.0)
        )
    },
}


QUICK = ("times with a zone", "numbers as text, and a blank", "nobody")


@pytest.mark.filterwarnings("ignore:.*no such table or column")
@pytest.mark.parametrize(
    "name",
    these_fast(LEGAL, QUICK),
)
def test_whatever_is_legal_is_planned(tmp_path: Path, name: str) -> None:
    write(tmp_path / "nation", "1", {"ann": WEST}, {"home": WEST})
    write(tmp_path / "nation", "2", {"bea": EAST}, {"visit": EAST, "call": EAST})
    organisation = pl.DataFrame({"organisation_id": ["choir"]})
    organisation.write_parquet(tmp_path / "nation" / "region=2" / "organisations.parquet")
    for table, change in LEGAL[name].items():
        path = tmp_path / "nation" / "region=1" / f"{table}.parquet"
        change(pl.read_parquet(path)).write_parquet(path)
    # Nobody goes as far as the policy would let them.
    policy = Policy(travel_km=100.0)
    summary = plan_nation(tmp_path / "nation", tmp_path / "plan", WEEK, policy)
    assert summary["filled"] == min(2, 3 - (name == "no orders")) - (name == "nobody")
    assert summary["value"] <= summary["bound"]


@pytest.mark.parametrize("kind", [pl.Int64, pytest.param(pl.Categorical, marks=pytest.mark.slow)])
def test_ids_need_not_be_text(tmp_path: Path, kind: type[pl.DataType]) -> None:
    write(tmp_path / "nation", "1", {"1": WEST}, {"11": WEST})
    write(tmp_path / "nation", "2", {"2": EAST}, {"22": EAST})
    for path in tmp_path.glob("nation/*/*.parquet"):
        ids = pl.col("^(volunteer|request)_id$")
        pl.read_parquet(path).with_columns(ids.cast(kind)).write_parquet(path)
    assert plan_nation(tmp_path / "nation", tmp_path / "plan", WEEK)["filled"] == 2


@pytest.mark.slow
def test_the_west_begins_where_the_east_ends(tmp_path: Path) -> None:
    write(tmp_path / "nation", "1", {"ann": 179.99}, {"far": 110.0})
    write(tmp_path / "nation", "2", {"bob": 130.0}, {"visit": -179.99})
    summary = plan_nation(tmp_path / "nation", tmp_path / "plan", WEEK)
    # Nobody settles a border there, but what it could bring is counted.
    assert summary["value"] <= solve(whole(tmp_path / "nation")).value <= summary["bound"]


def test_a_file_that_would_not_be_read_is_told(tmp_path: Path) -> None:
    write(tmp_path, "1", {"ann": WEST}, {"home": WEST})
    for name in ("pairs.csv", "organisation.parquet"):
        path = tmp_path / "region=1" / name
        path.write_text("")
        with pytest.raises(UsageError, match=rf"{name} is not read"):
            plan_nation(tmp_path, tmp_path / "plan", WEEK)
        path.unlink()


def test_guests_who_come_twice_have_names_of_their_own() -> None:
    people = pl.DataFrame({"volunteer_id": ["ann", "~1.0", "bea"], "max_shifts": [3, 5, 1]})
    free = pl.DataFrame({"volunteer_id": ["ann", "ann", "bea"], "start": [1, 2, 3]})
    friends = pl.DataFrame({"volunteer_a": ["ann", "bea"], "volunteer_b": ["bea", "~1.0"]})
    tables = {"volunteers": people, "availability": free, "pairs": friends}
    # Ann may come twice, for there are two orders; Bea comes once, whatever there is.
    made = guests._for_each_service(tables, pl.Series(["ann", "bea"]), 5, 2)
    assert made["volunteers"]["volunteer_id"].to_list() == ["ann", "~1.0", "bea", "~~1.0"]
    assert made["availability"].rows()[3:] == [("~~1.0", 1), ("~~1.0", 2)]
    assert made["pairs"].rows() == [("bea", "~1.0")]


@pytest.mark.slow
def test_a_border_that_breaks_a_rule_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As if nobody had thought of friends: Ann crosses the border without Bea.
    monkeypatch.setattr(borders, "_in_pairs", lambda free, folders: pl.Series(["ann"]))
    write(tmp_path / "nation", "1", {"ann": WEST, "bea": WEST - 0.19}, {"far": 110.0})
    write(tmp_path / "nation", "2", {"bob": 130.0}, {"visit": EAST})
    add(tmp_path, "1", "pairs", volunteer_a=["ann"], volunteer_b=["bea"], rule=["together"])
    with pytest.raises(
        RuntimeError, match=r"breaks the rule together at visit.*serves without bea"
    ):
        plan_nation(tmp_path / "nation", tmp_path / "plan", WEEK)


def add(folder: Path, code: str, table: str, **columns: list[Any]) -> None:
    pl.DataFrame(columns).write_parquet(folder / "nation" / f"region={code}" / f"{table}.parquet")


@pytest.fixture(scope="module")
def nation(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two neighbours of the chessboard, without the others."""
    folder = tmp_path_factory.mktemp("nation")
    for code in ("11", "22"):
        tables = generate_region(code, volunteers=400_000, requests=40_000, seed=3, week=WEEK)
        (folder / f"region={code}").mkdir()
        for name, frame in tables.items():
            frame.write_parquet(folder / f"region={code}" / f"{name}.parquet")
    return folder


@pytest.fixture(scope="module")
def out(nation: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("out")
    plan_nation(nation, folder, WEEK)
    return folder


def test_the_whole_keeps_every_rule_and_is_worth_what_the_summary_says(
    nation: Path, out: Path
) -> None:
    summary, problem = json.loads((out / "summary.json").read_text()), whole(nation)
    plan = Plan.from_frame(problem, planned(out))
    assert audit.violations(problem, plan).is_empty()
    assert audit.value(problem, plan) == summary["value"]
    assert summary["filled"] == len(plan)
    assert summary["volunteers_used"] == len(np.unique(plan.volunteer))
    assert summary["gained_at_borders"] > 0
    assert summary["value"] == summary["gained_at_borders"] + sum(
        region["value_alone"] for region in summary["regions"].values()
    )


@pytest.mark.slow
def test_the_bound_is_that_of_the_prices_over_the_whole(nation: Path, out: Path) -> None:
    summary, problem = json.loads((out / "summary.json").read_text()), whole(nation)
    prices = Prices.from_frame(problem, planned(out, "prices"))
    assert certify(problem, prices) == pytest.approx(summary["bound_from_prices"], abs=1e-3)
    best = solve(problem)
    assert best.status == "optimal"
    assert summary["value"] <= best.value <= summary["bound"]
    assert summary["gap"] < 0.001


def test_every_empty_seat_has_a_reason(nation: Path, out: Path) -> None:
    problem, rows = whole(nation), planned(out, "unfilled")
    assert not rows.select("request_id", "post").is_duplicated().any()
    empty = (rows["seats"] - rows["filled"]).sum()
    assert empty == problem.posts.seats.sum() - planned(out).height


@pytest.mark.slow
def test_why_a_seat_is_empty_at_a_border_is_told_of_the_whole_region(tmp_path: Path) -> None:
    # Three live where the visit is, and none of them has time; nobody comes from elsewhere.
    write(tmp_path / "nation", "1", {"ann": WEST}, {"home": WEST})
    write(tmp_path / "nation", "2", {"bea": EAST, "cas": EAST, "dan": EAST}, {"visit": EAST})
    free = pl.DataFrame({"volunteer_id": ["bea"], "start": [TEN], "end": [TEN.replace(hour=11)]})
    free.write_parquet(tmp_path / "nation" / "region=2" / "availability.parquet")
    plan_nation(tmp_path / "nation", tmp_path / "plan", WEEK)
    (row,) = planned(tmp_path / "plan", "unfilled").iter_rows(named=True)
    assert (row["request_id"], row["reason"]) == ("visit", "availability")
    assert (row["qualification"], row["availability"]) == (3, 0)


@pytest.mark.slow
def test_any_executor_makes_the_same_plan(nation: Path, out: Path, tmp_path: Path) -> None:
    with ThreadPoolExecutor(3) as executor:
        plan_nation(nation, tmp_path, WEEK, executor=executor)
    for name in ("plan", "prices", "unfilled"):
        assert planned(tmp_path, name).equals(planned(out, name))


@pytest.mark.slow
def test_the_summary_says_what_that_of_any_plan_says(nation: Path, out: Path) -> None:
    summary, problem = json.loads((out / "summary.json").read_text()), whole(nation)
    plan = Plan.from_frame(problem, planned(out))
    alone = solve(problem).summary()
    # Faulty rows are refused, never set aside.
    assert summary.keys() >= alone.keys() - {"set_aside"}
    assert summary["kpis"].keys() == alone["kpis"].keys()
    assert summary["kpis"]["seats_filled_share"] == round(summary["filled"] / summary["seats"], 4)
    arcs = eligible(problem)
    key, taken = (
        both.volunteer.astype(np.int64) * len(problem.slots) + both.slot for both in (arcs, plan)
    )
    assert summary["km"] == pytest.approx(arcs.km[np.isin(key, taken)].sum(), abs=0.1)
    assert (summary["termination"] == "proved") == (summary["status"] == "optimal")


@pytest.mark.slow
def test_a_plan_takes_the_place_of_the_one_before(tmp_path: Path) -> None:
    write(tmp_path / "nation", "1", {"ann": WEST}, {"home": WEST})
    plan_nation(tmp_path / "nation", tmp_path / "plan", WEEK)
    (tmp_path / "plan" / "region=1").rename(tmp_path / "plan" / "region=9")
    plan_nation(tmp_path / "nation", tmp_path / "plan", WEEK)
    assert sorted(p.name for p in (tmp_path / "plan").iterdir()) == ["region=1", "summary.json"]


def test_tables_are_never_removed_for_a_plan(tmp_path: Path) -> None:
    write(tmp_path, "1", {"ann": WEST}, {"home": WEST})
    with pytest.raises(UsageError, match=r"region=1/availability\.parquet is no part of a plan"):
        plan_nation(tmp_path, tmp_path, WEEK)
    assert len(list((tmp_path / "region=1").iterdir())) == 3


def test_faults_leave_the_plan_before_as_it_was(tmp_path: Path) -> None:
    write(tmp_path / "nation", "1", {"ann": WEST}, {"home": WEST})
    plan_nation(tmp_path / "nation", tmp_path / "plan", WEEK)
    before = planned(tmp_path / "plan")
    path = tmp_path / "nation" / "region=1" / "volunteers.parquet"
    pl.read_parquet(path).with_columns(travel_km=pl.lit(-1.0)).write_parquet(path)
    with pytest.raises(DataError, match=r"1 fault in the tables of region 1\n.*travel_km"):
        plan_nation(tmp_path / "nation", tmp_path / "plan", WEEK)
    assert planned(tmp_path / "plan").equals(before)
    assert (tmp_path / "plan" / "summary.json").exists()


def test_a_quota_in_two_regions_is_refused(tmp_path: Path) -> None:
    for code in ("1", "2"):
        write(tmp_path, code, {f"v{code}": WEST}, {f"r{code}": WEST})
        rows = pl.DataFrame({"organisation_id": ["club"], "max_seats": [3]})
        rows.write_parquet(tmp_path / f"region={code}" / "organisations.parquet")
    with pytest.raises(UsageError, match="'club' has max_seats in region 1 and in region 2"):
        plan_nation(tmp_path, tmp_path / "plan", WEEK)


def test_what_is_no_data_set_of_regions_is_told(tmp_path: Path) -> None:
    assert not is_partitioned(tmp_path)
    with pytest.raises(UsageError, match="region=CODE"):
        plan_nation(tmp_path, tmp_path / "plan", WEEK)
    (tmp_path / "region=1").mkdir()
    with pytest.raises(UsageError, match=r"region 1: .* has no volunteers\.parquet"):
        plan_nation(tmp_path, tmp_path / "plan", WEEK)


def test_a_broken_file_is_told_with_its_region(tmp_path: Path) -> None:
    for code in ("1", "2"):
        write(tmp_path, code, {f"v{code}": WEST}, {f"r{code}": WEST})
    (tmp_path / "region=2" / "requests.parquet").write_bytes(b"PAR1")
    with pytest.raises(DataError, match=r"tables of region 2\n.*requests.*not a Parquet file"):
        plan_nation(tmp_path, tmp_path / "plan", WEEK)


@pytest.mark.slow
def test_faults_come_back_from_other_processes(tmp_path: Path) -> None:
    write(tmp_path, "1", {"ann": WEST}, {"home": WEST})
    path = tmp_path / "region=1" / "requests.parquet"
    pl.read_parquet(path).with_columns(priority=pl.lit(99)).write_parquet(path)
    with (
        ProcessPoolExecutor(1, mp_context=get_context("spawn")) as executor,
        pytest.raises(DataError, match=r"of region 1\n.*priority = '99'") as caught,
    ):
        plan_nation(tmp_path, tmp_path / "plan", WEEK, executor=executor)
    assert caught.value.faults["column"].to_list() == ["priority"]


@pytest.mark.slow
def test_what_other_processes_warn_of_is_said_once(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    for code in ("1", "2"):
        write(tmp_path, code, {f"v{code}": WEST}, {f"r{code}": WEST})
        path = tmp_path / f"region={code}" / "requests.parquet"
        pl.read_parquet(path).with_columns(shoe=pl.lit(1)).write_parquet(path)
    with (
        ProcessPoolExecutor(1, mp_context=get_context("spawn")) as executor,
        pytest.warns(DataWarning) as caught,
    ):
        plan_nation(tmp_path, tmp_path / "plan", WEEK, executor=executor)
    assert [str(one.message).partition(",")[::2] for one in caught] == [
        (
            "region 1",
            " region 2: ignored, since the contract has no such table or column: requests.shoe",
        )
    ]
    assert capfd.readouterr().err == ""


@pytest.mark.slow
def test_who_is_in_two_regions_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Three hashes to a task: the ids are looked at in several.
    monkeypatch.setattr(ids, "_MOST", 3)
    everybody = {f"v{n}": 110.0 + n for n in range(8)}
    write(tmp_path, "1", everybody, {"home": WEST})
    write(tmp_path, "2", {"w": EAST}, {"visit": EAST})
    plan_nation(tmp_path, tmp_path.parent / "plan", WEEK)
    write(tmp_path, "3", {"v5": 130.0}, {"third": EAST})
    with pytest.raises(UsageError, match="volunteer_id 'v5' stands in the regions 1, 3; keep one"):
        plan_nation(tmp_path, tmp_path.parent / "plan", WEEK)


@pytest.mark.slow
def test_what_regions_share_is_the_same_in_each(tmp_path: Path) -> None:
    for code in ("1", "2"):
        write(tmp_path / "nation", code, {f"v{code}": WEST}, {f"r{code}": WEST})
        add(tmp_path, code, "menu", menu_item=["visit", "meal"], name=["a visit", "a meal"])
    plan_nation(tmp_path / "nation", tmp_path / "plan", WEEK)
    # The items are the same, but in region 2 a visit has a post of two seats.
    add(tmp_path, "2", "menu_posts", menu_item=["visit"], post=["volunteer"], seats=[2])
    message = "menu_item 'visit' stands in the regions 1, 2 with different rows"
    with pytest.raises(UsageError, match=message):
        plan_nation(tmp_path / "nation", tmp_path / "plan", WEEK)


@pytest.mark.slow
def test_different_ids_of_one_hash_are_no_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def sevens(ids: pl.Series, seed: int) -> pl.Series:
        # The codes of regions, one character long, are told apart.
        return pl.Series([7 if len(one) > 1 else ord(one) for one in ids], dtype=pl.UInt64)

    monkeypatch.setattr(pl.Series, "hash", sevens)
    write(tmp_path, "1", {"ann": WEST}, {"home": WEST})
    write(tmp_path, "2", {"bea": EAST}, {"visit": EAST})
    assert plan_nation(tmp_path, tmp_path / "plan", WEEK)["filled"] == 2


@pytest.mark.slow
@pytest.mark.usefixtures("ctrl_c")
def test_ctrl_c_in_a_region_ends_it_all_and_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, "1", {"ann": WEST}, {"home": WEST})
    write(tmp_path, "2", {"bea": EAST}, {"visit": EAST})
    plan_nation(tmp_path, tmp_path / "plan", WEEK)
    before = (tmp_path / "plan" / "summary.json").read_bytes()
    regions_begun = []

    def pressed(problem: Problem, **options: Any) -> Result:
        regions_begun.append(problem)
        signal.raise_signal(signal.SIGINT)
        return solve(problem, **options)

    monkeypatch.setattr(regional, "solve", pressed)
    with pytest.raises(KeyboardInterrupt):
        plan_nation(tmp_path, tmp_path / "plan", WEEK)
    assert len(regions_begun) == 1
    assert sorted(p.name for p in (tmp_path / "plan").iterdir()) == [
        "region=1",
        "region=2",
        "summary.json",
    ]
    assert (tmp_path / "plan" / "summary.json").read_bytes() == before


def test_cells_within_reach_are_all_found() -> None:
    rng = np.random.default_rng(1)
    lat, lon = rng.uniform(20, 54, 40), rng.uniform(75, 135, 40)
    km = rng.uniform(0, 30, 40)
    found = reached(cell_of(lat, lon), km)
    # Points just within reach, in every direction.
    angle = rng.uniform(0, 2 * np.pi, (500, 40))
    north = lat + 0.999 * km * np.sin(angle) / KM_PER_DEGREE
    east = lon + 0.999 * km * np.cos(angle) / (KM_PER_DEGREE * np.cos(np.radians(lat)))
    assert np.isin(cell_of(north.ravel(), east.ravel()), found).all()
    # And not many more: a disk of that area, and a cell and a half around it.
    area = np.pi * (30 + 2 * 2.3) ** 2 * 40 / 2.2**2
    assert len(found) < area


def test_who_goes_too_far_for_regions_is_told(tmp_path: Path) -> None:
    write(tmp_path, "1", {"ann": WEST}, {"home": WEST})
    path = tmp_path / "region=1" / "volunteers.parquet"
    pl.read_parquet(path).with_columns(travel_km=pl.lit(500.0)).write_parquet(path)
    with pytest.raises(UsageError, match="travel_km = 500"):
        plan_nation(tmp_path, tmp_path / "plan", WEEK, Policy())


def test_a_nation_is_made_by_population_and_in_chessboard_order() -> None:
    counts = sizes(1_000_000, 10_000)
    assert len(counts) == 31
    assert max(counts, key=lambda code: counts[code]) == "44"
    assert sum(volunteers for volunteers, _ in counts.values()) == pytest.approx(1e6, abs=16)
    # The second box of the first row is a mirror image of the first: they meet at 85 degrees.
    first, second = (
        generate_region(code, volunteers=1000, requests=310)["stations"] for code in ("11", "12")
    )
    assert 84.5 < first["lon"].max() < 85.5
    assert second["lon"].min() == pytest.approx(85, abs=0.5)
    assert first["region"].str.starts_with("11").all()
    assert set(first["station_id"]).isdisjoint(second["station_id"])


@pytest.mark.slow
def test_the_command_makes_regions_and_plans_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    asked = "generate nation --volunteers 20000 --requests 2000 --region 54 --week 2026-11-30"
    assert run(f"{asked} --out nation") == 0
    assert "region 54: 52 volunteers, 5 requests" in capsys.readouterr().out
    assert run("plan nation --week 2026-11-30 --workers 1 --out plan") == 0
    shown = capsys.readouterr().out
    assert "regions                  1" in shown
    summary = json.loads(Path("plan/summary.json").read_text())
    assert f"value {summary['value']:,}, proved optimal" in shown
    assert run("check nation plan") == 2
    assert "plan is a plan in regions" in capsys.readouterr().err
    assert run("check nation/region=54 plan/region=54 --week 2026-11-30") == 0
    assert "every rule holds" in capsys.readouterr().out
    assert run("plan nation --week 2026-11-30 --out plan.zip") == 2
    assert "plan.zip: a plan in regions is written to a folder" in capsys.readouterr().err
    assert run("plan nation --week 2026-11-30 --out plan --on-error quarantine") == 2
    assert "--on-error does not go with tables in regions" in capsys.readouterr().err
    assert run(f"{asked.replace('54', '99')} --out other") == 2
    assert "region '99' is unknown; allowed: 11, 12" in capsys.readouterr().err


def test_ctrl_c_after_the_plan_is_written_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def pressed(*given: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.chdir(tmp_path)
    asked = "generate nation --volunteers 20000 --requests 2000 --region 54 --week 2026-11-30"
    assert run(f"{asked} --out nation") == 0
    monkeypatch.setattr("matching.cli.nation.show_nation", pressed)
    assert run("plan nation --week 2026-11-30 --workers 1 --out plan") == 130
    assert capsys.readouterr().err.endswith("stopped: all was written to plan\n")
    assert Path("plan/summary.json").exists()


@pytest.mark.slow
@pytest.mark.usefixtures("ctrl_c")
def test_ctrl_c_ends_the_command_and_its_processes(nation: Path, tmp_path: Path) -> None:
    asked = f"plan {nation} --week 2026-11-30 --workers 2 --out {tmp_path / 'plan'}"
    with subprocess.Popen(
        [*COMMAND, *asked.split()],
        stderr=subprocess.PIPE,
        text=True,
        # As a terminal does: Ctrl-C goes to all processes of the group.
        start_new_session=True,
    ) as process:
        assert process.stderr is not None
        first = process.stderr.readline()
        os.killpg(process.pid, signal.SIGINT)
        rest = process.stderr.read()
    assert first.startswith("region ")
    assert rest.endswith("stopped: nothing was written\n")
    assert "Traceback" not in rest
    assert process.returncode == 130
    assert list((tmp_path / "plan").iterdir()) == []


def run(command: str) -> int:
    try:
        app(command.split(), standalone_mode=True)
    except SystemExit as end:
        return int(end.code or 0)
    return 0
