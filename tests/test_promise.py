"""The menu to publish: whatever is ordered of it can be served at once."""

import json
import random
from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from matching import Plan, Policy, Problem, UsageError, Week, audit, solve
from matching.answers.promise import Promised, promise
from matching.problem.plan import local_times
from tests.oracle.reading import WEEK
from tests.support.commands import run
from tests.support.laws import SEEDS, law
from tests.support.worlds import Tables, full_world, tree_world

MONDAY = "2026-03-02"
MORNING = ("tue", "08:00", "12:00")
# Filling seats is all that counts.
SEATS = Policy(
    distance=0, window_preference=0, preference_limit=0, visit=0, load_step=0, load_recent=0
)


def people(names: str, *available: Any, **more: Any) -> Week:
    week = Week(MONDAY)
    week.station("s", lat=30.0, lon=120.0, region="3301")
    for name in names.split():
        week.volunteer(name, station_id="s", available=available or [MORNING], **more)
    return week


def orders(week: Week, **more: Any) -> dict[tuple[str, str], int]:
    found = promise(week.tables(), MONDAY, **more).tables["promise"]
    rows = found.select("menu_item", "half_day", "orders").rows()
    return {(item, half_day): count for item, half_day, count in rows}


# --- by hand --------------------------------------------------------------------------------------


def test_capacity_is_joint_and_spread_so_that_no_item_takes_all() -> None:
    # Three people of whom Ada alone cooks: soup 1 with her, walk 2 with the others. Each item by
    # itself could have had more: walk 3.
    week = people("bo cai")
    week.volunteer("ada", station_id="s", available=[MORNING], qualifications=["cook"])
    week.menu_item("walk", minutes=60, seats=1)
    week.menu_item("soup", minutes=60, seats=1, qualifications=["cook"])
    assert orders(week) == {("walk", "tue morning"): 2, ("soup", "tue morning"): 1}
    # Four people for two items that anybody serves: two each, not four and none.
    week = people("ada bo cai dan")
    week.menu_item("walk", minutes=60)
    week.menu_item("talk", minutes=60)
    assert set(orders(week).values()) == {2}


def test_a_team_is_promised_whole() -> None:
    # Five people and teams of two: two orders, and one person is left.
    week = people("ada bo cai dan eve")
    week.menu_item("choir", minutes=60, seats=2, min_seats=1)
    found = promise(week.tables(), MONDAY).tables["promise"]
    assert found.select("orders", "people", "region").rows() == [(2, 4, "3301")]


def test_a_rule_of_the_team_is_kept_by_who_is_counted_on() -> None:
    # A lead for every two people: an order of three seats needs two leads, and there are three.
    week = people("ada bo cai", qualifications=["lead"])
    for name in ("dan", "eve", "fay"):
        week.volunteer(name, station_id="s", available=[MORNING])
    week.menu_item("trip", minutes=60, seats=3)
    week.team_rule("lead", menu_item="trip", per_people=2)
    assert orders(week) == {("trip", "tue morning"): 1}
    # Four leads in a team of three cannot be.
    week.team_rule("lead", menu_item="trip", min_people=4)
    found = promise(week.tables(), MONDAY).tables
    assert found["not_promised"].rows() == [("trip", "team_rule")]
    assert found["promise"].is_empty()


def test_limits_of_the_week_bind_across_half_days() -> None:
    # Ada is free on two mornings and serves once a week: one order in all.
    mornings = [MORNING, ("wed", "08:00", "12:00")]
    week = people("ada", *mornings, max_shifts=1)
    week.menu_item("walk", minutes=60)
    assert orders(week) == {("walk", "tue morning"): 1}
    # Four hours a week are one half day, however short the service.
    week = people("ada", *mornings, max_hours=4)
    week.menu_item("walk", minutes=60)
    assert orders(week) == {("walk", "tue morning"): 1}
    # From 21:00 to 08:00 are eleven hours: too few for a rest of twelve.
    week = people("ada", ("tue", "19:00", "21:00"), ("wed", "08:00", "12:00"), min_rest_hours=12)
    week.menu_item("walk", minutes=60)
    assert orders(week) == {("walk", "tue evening"): 1}


def test_who_is_free_for_a_part_of_the_half_day_is_not_counted_on() -> None:
    # An order may start at eleven; Ada leaves at ten.
    week = people("ada", ("tue", "08:00", "10:00"))
    week.menu_item("walk", minutes=60)
    assert orders(week) == {}
    assert orders(week, half_days={"early": ("08:00", "10:00")}) == {("walk", "tue early"): 1}


def test_an_item_longer_than_every_half_day_is_not_promised() -> None:
    week = people("ada", ("tue", "00:00", "00:00"))
    week.menu_item("trip", minutes=300)
    week.menu_item("walk", minutes=180)
    found = promise(week.tables(), MONDAY).tables
    assert found["not_promised"].rows() == [("trip", "too_long")]
    # Three hours fit the morning and the afternoon, not the two hours of the evening.
    assert found["promise"]["half_day"].to_list() == ["tue morning", "tue afternoon"]


def test_what_was_agreed_already_is_not_promised_again() -> None:
    # Ada has accepted an order of this week; red may send two in all, and one is taken.
    week = people("ada bo cai", organisation_id="red")
    week.organisation("red", max_seats=2)
    week.menu_item("walk", minutes=60)
    week.request("tea", start="2026-03-04 09:00", end="2026-03-04 10:00")
    week.available("ada", ("wed", "08:00", "12:00"))
    week.accept("ada", "tea")
    found = promise(week.tables(), MONDAY).tables
    assert found["promise"]["orders"].to_list() == [1]
    assert found["not_counted"].rows() == [("held", 1)]


def test_idle_qualifications_are_listed_beside() -> None:
    # Two sign and nobody asks for it; Ada also cooks and is wanted for that.
    week = people("ada bo", qualifications=["sign"])
    week.qualification("ada", "cook")
    week.menu_item("soup", minutes=60, qualifications=["cook"])
    idle = promise(week.tables(), MONDAY).tables["idle"]
    assert idle.rows() == [("sign", "tue morning", 1, 0)]


def test_a_roster_needs_no_requests_and_no_stations() -> None:
    week = Week(MONDAY)
    week.volunteer("ada", available=[MORNING])
    week.menu_item("call", minutes=60)
    tables = week.tables()
    del tables["requests"]
    found = promise(tables, MONDAY).tables["promise"]
    assert found.select("menu_item", "station_id", "orders").rows() == [("call", None, 1)]


@pytest.mark.parametrize(
    ("more", "taught"),
    [
        ({"stations": ["S"]}, "no station 'S'"),
        ({"menu_items": ["wolk"]}, "did you mean walk?"),
        ({"most": 0}, "most = 0"),
        ({"half_days": {"am": ("8", "12:00")}}, "'8' is no time of day"),
        ({"half_days": {"am": ("12:00", "08:00")}}, "has to end after it starts"),
        ({"half_days": {"a": ("08:00", "12:00"), "b": ("11:00", "13:00")}}, "overlap"),
        ({"half_days": {}}, "no half days"),
        ({"policy": Policy(only_listed=True)}, "only_listed"),
    ],
)
def test_what_is_wrong_is_told(more: dict[str, Any], taught: str) -> None:
    week = people("ada")
    week.menu_item("walk", minutes=60)
    with pytest.raises(UsageError, match=taught):
        promise(week.tables(), MONDAY, **more)


def test_what_is_set_aside_is_told(tmp_path: Path) -> None:
    week = people("ada bo")
    week.volunteer("cai", travel_km=-1, available=[MORNING])
    week.menu_item("walk", minutes=60)
    found = promise(week.tables(), MONDAY, on_error="quarantine").tables
    assert found["promise"]["orders"].to_list() == [2]
    assert set(found["faults"]["value"]) >= {"-1.0"}
    for name, frame in week.tables().items():
        frame.write_csv(tmp_path / f"{name}.csv")
    done = run("promise", tmp_path, "--week", MONDAY, "--on-error", "quarantine")
    assert "set aside: " in done.stderr


def test_without_a_menu_there_is_nothing_to_promise() -> None:
    with pytest.raises(UsageError, match="the tables have no menu"):
        promise(people("ada").tables(), MONDAY)


# --- the command ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("roster")
    week = people("ada bo", qualifications=["sign"])
    week.menu_item("walk", minutes=60)
    week.menu_item("trip", minutes=300)
    week.available("ada", ("thu", "14:00", "18:00"))
    for name, frame in week.tables().items():
        frame.write_csv(place / f"{name}.csv")
    (place / "requests.csv").unlink()
    return place


def test_the_command_says_it_in_both_languages(folder: Path) -> None:
    asked = ("promise", folder, "--week", MONDAY)
    assert run(*asked).stdout.splitlines() == [
        "trip: not promised, it takes longer than every half day.",
        "walk, tue morning, s: orders 2, people 2.",
        "walk, thu afternoon, s: orders 1, people 1.",
    ]
    assert "walk，周二上午，s：可接 2 单（2 人）。" in run(*asked, "--language", "zh").stdout


def test_the_command_writes_tables(folder: Path, tmp_path: Path) -> None:
    asked = ("promise", folder, "--week", MONDAY, "--half-day", "early=08:00-10:00")
    crowd = ("--item", "trip")
    assert "Nothing can be promised: " in run("promise", folder, "--week", MONDAY, *crowd).stdout
    told = json.loads(run(*asked, "--json").stdout)
    assert told["promise"][0]["half_day"] == "tue early"
    assert told["rows"] == {"promise": 1, "idle": 0, "not_promised": 1, "not_counted": 0}
    out = tmp_path / "menu.csv"
    assert run(*asked, "--out", out).stdout == f"1 rows written to {out}\n"
    assert pl.read_csv(out)["orders"].to_list() == [2]


@pytest.mark.parametrize(
    ("more", "taught"),
    [
        (("--station", "t"), "no station 't'"),
        (("--half-day", "early"), "write it as NAME=FROM-TO"),
        (("--half-day", "a=08:00-09:00", "--half-day", "a=10:00-11:00"), "there already"),
        (("--out", "menu.doc"), "end the name in .csv"),
        (("--week", "2026-03-03"), "Monday"),
    ],
)
def test_what_is_wrong_at_the_command_is_told(
    folder: Path, more: tuple[str, ...], taught: str
) -> None:
    done = run("promise", folder, *more)
    assert done.exit_code == 2
    assert taught in done.stderr


# --- whatever is ordered --------------------------------------------------------------------------


def ordered(made: Promised, menu: pl.DataFrame, draw: random.Random, share: float) -> pl.DataFrame:
    """Draw an order book inside a promise, each order at any time of its half day."""
    minutes = {row["menu_item"]: int(row.get("minutes") or 0) for row in menu.to_dicts()}
    rows = []
    for row in made.tables["promise"].iter_rows(named=True):
        length = (row["end"] - row["start"]).total_seconds() // 60
        for _ in range(sum(draw.random() < share for _ in range(row["orders"]))):
            lasts = minutes[row["menu_item"]] or draw.randint(1, int(length))
            start = row["start"] + timedelta(minutes=draw.randint(0, int(length - lasts)))
            end = start + timedelta(minutes=lasts)
            times = {"start": f"{start:%Y-%m-%dT%H:%M}", "end": f"{end:%Y-%m-%dT%H:%M}"}
            keys = {name: row[name] for name in ("menu_item", "station_id")}
            rows.append({"request_id": f"o{len(rows)}"} | keys | times)
    kinds = dict.fromkeys(("request_id", "menu_item", "station_id", "start", "end"), pl.String)
    return pl.DataFrame(rows, schema=kinds)


def without_orders(tables: Tables) -> Tables:
    """Return a roster: what hangs on requests goes with them."""
    gone = ("requests", "options", "sessions", "posts", "post_qualifications", "assignments")
    gone += ("affinities",)
    kept = {name: frame for name, frame in tables.items() if name not in gone}
    rules = kept.pop("team_rules", pl.DataFrame())
    if "menu_item" in rules.columns:
        kept["team_rules"] = rules.filter(pl.col("menu_item").is_not_null())
    return kept


def serves_all(tables: Tables, week: Any, book: pl.DataFrame) -> bool:
    """Tell whether a plan under all rules fills every seat of an order book."""
    problem = Problem.from_tables(tables | {"requests": book}, week, SEATS)
    result = solve(problem, gap=0.0, time_limit=20.0)
    assert audit.violations(problem, result.plan).is_empty()
    return len(result.plan) == problem.posts.seats.sum()


@law(30, seed=SEEDS)
def test_every_order_book_inside_a_promise_is_served(seed: int) -> None:
    draw = random.Random(seed)
    world = full_world if draw.random() < 0.7 else tree_world
    tables = without_orders(world(seed, volunteers=14, requests=2))
    half_days = {"am": ("08:00", "11:00"), "pm": ("11:30", "14:00"), "late": ("17:00", "22:00")}
    made = promise(tables, WEEK, half_days=half_days, most=3)
    assert audit.violations(made.problem, made.plan).is_empty()
    for share in (1.0, 0.5):
        book = ordered(made, tables.get("menu", pl.DataFrame()), draw, share)
        assert book.is_empty() or serves_all(tables, WEEK, book)


def by_those_promised(made: Promised, problem: Problem) -> Plan:
    """Return the plan of an order book by those who would come if all were ordered.

    They are dealt out, seat by seat, to the orders of their item, half day and station.
    """
    request = made.problem.slots.request[made.plan.slot]
    names = made.problem.names["requests"].select("request_id", "menu_item", "station_id")
    seats = pl.select(
        volunteer_id=made.problem.volunteers.id.gather(made.plan.volunteer),
        request_id=made.problem.requests.id.gather(request),
        start=local_times(made.problem)["start"].gather(made.problem.slots.option[made.plan.slot]),
        slot=pl.Series(made.plan.slot),
    )
    keys = ["menu_item", "station_id", "start"]
    seats = seats.join(names, on="request_id").join(made.tables["promise"], on=keys)
    # The team of number k: of every piece of a post, whoever stands at k and one round later.
    number = pl.int_range(pl.len()).over("slot") % pl.col("orders")
    seats = seats.with_columns(number=number)
    asked = problem.names["requests"].select("request_id", "menu_item", "station_id")
    times = pl.DataFrame({"request_id": problem.requests.id, "at": local_times(problem)["start"]})
    asked = asked.join(times, on="request_id")
    halves = made.tables["promise"].select(*keys, "end").unique()
    asked = asked.join(halves, on=keys[:2]).filter(pl.col("at").is_between("start", "end"))
    asked = asked.with_columns(number=pl.int_range(pl.len()).over(keys)).drop("end", "at")
    rows = asked.join(seats.drop("request_id"), on=[*keys, "number"])
    return Plan.from_frame(problem, rows.with_columns(post=pl.lit("volunteer")))


@pytest.mark.slow
def test_ten_thousand_orders_of_a_promise_are_served_at_once() -> None:
    # 3,000 people, each free on eight of 21 half days; two in three cook, and trips need a lead.
    draw = random.Random(1)
    week = Week("2026-11-30")
    for number in range(4):
        week.station(f"s{number}", lat=30.0 + number / 100, lon=120.0)
    half_days = [
        (day, *times)
        for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
        for times in (("08:00", "12:00"), ("14:00", "18:00"), ("19:00", "21:00"))
    ]
    for number in range(3_000):
        skills = ["cook"] * (number % 3 > 0) + ["lead"] * (number % 10 == 0)
        free = draw.sample(half_days, 8)
        week.volunteer(f"v{number}", station_id="s0", available=free, qualifications=skills)
    week.menu_item("soup", minutes=90, seats=1, qualifications=["cook"])
    week.menu_item("walk", minutes=60, seats=1)
    week.menu_item("trip", minutes=120, seats=3)
    week.team_rule("lead", menu_item="trip", min_people=1)
    tables = without_orders(week.tables())
    made = promise(tables, "2026-11-30")
    assert made.tables["promise"]["orders"].sum() >= 10_000
    book = ordered(made, tables["menu"], draw, 1.0).sample(10_000, seed=1)
    problem = Problem.from_tables(tables | {"requests": book}, "2026-11-30")
    plan = by_those_promised(made, problem)
    assert audit.violations(problem, plan).is_empty()
    assert len(plan) == problem.posts.seats.sum() > 10_000
