"""What if? Changes of any table, and the plan that follows them with as few moves as can be."""

import json
import random
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from matching import DataError, PolicyError, Problem, UsageError, Week, audit, solve
from matching.answers.edited import edited
from matching.answers.what_if import WhatIf, what_if
from matching.stores import read_tables
from matching.stores.changes import read_changes
from matching.stores.files.writing import write_tables
from tests.oracle.reading import WEEK
from tests.support.commands import run
from tests.support.hand import ask, people
from tests.support.laws import SEEDS, law, problem_of
from tests.support.worlds import Tables, full_world

ZONE = "Asia/Shanghai"


def rows(**columns: list[Any]) -> pl.DataFrame:
    return pl.DataFrame(columns)


def suppose(week: Week, policy: dict[str, Any] | None = None, **changes: pl.DataFrame) -> WhatIf:
    return what_if(week.solve(gap=0.0), week.tables(), changes, policy)


def moves(found: WhatIf) -> list[tuple[Any, ...]]:
    return found.tables["changes"].select("volunteer_id", "request_id", "why").rows()


def lunch_and_tea() -> Week:
    """Ada and Bo do lunch and tea, at once; either could do either."""
    week = people("ada bo")
    ask(week, "lunch", priority=4)
    ask(week, "tea", priority=3)
    return week


# --- by hand --------------------------------------------------------------------------------------


def test_who_is_gone_is_replaced_and_nobody_else_moves() -> None:
    # Whoever did lunch leaves, and Cai comes: Cai takes lunch, and tea stays as it is.
    week = lunch_and_tea()
    plan = week.solve().tables()["plan"]
    (cook,) = plan.filter(pl.col("request_id") == "lunch")["volunteer_id"]
    new = {"volunteer_id": ["cai"], "start": ["2026-03-01 00:00"], "end": ["2026-03-11 00:00"]}
    found = suppose(
        week,
        volunteers=rows(action=["remove", "add"], volunteer_id=[cook, "cai"]),
        availability=rows(action=["add"], **new),
    )
    assert sorted(moves(found)) == sorted(
        [("cai", "lunch", "volunteer_new"), (cook, "lunch", "volunteer_gone")]
    )
    assert found.tables["done"].rows() == [
        ("volunteers", "remove", 1),
        ("volunteers", "add", 1),
        ("availability", "add", 1),
        ("availability", "removed_with", 1),
    ]


def test_a_request_that_moves_keeps_its_people() -> None:
    week = lunch_and_tea()
    new = {"start": ["2026-03-03 12:00"], "end": ["2026-03-03 13:00"]}
    found = suppose(week, requests=rows(action=["change"], request_id=["tea"], **new))
    (move,) = found.tables["changes"].to_dicts()
    assert (move["from"], move["to"], move["why"]) == (
        "volunteer, 2026-03-02 09:00 to 10:00",
        "volunteer, 2026-03-03 12:00 to 13:00",
        "request_changed",
    )


def test_a_rule_that_comes_up_frees_and_one_that_goes_lets_come() -> None:
    week = people("ada")
    ask(week, "tea", qualifications=["cook"])
    held = rows(action=["add"], volunteer_id=["ada"], qualification=["cook"])
    assert moves(suppose(week, qualifications=held)) == [("ada", "tea", "now_allowed")]
    week.qualification("ada", "cook")
    lost = held.with_columns(action=pl.lit("remove"))
    assert moves(suppose(week, qualifications=lost)) == [("ada", "tea", "not_allowed")]


def test_weights_are_a_change_too() -> None:
    # Ada dislikes tea by 100 and lives nowhere; a seat worth 20 times 3 is not enough.
    week = people("ada")
    ask(week, "tea", category="tea")
    week.prefer("ada", "category", "tea", weight=-100)
    found = suppose(week, {"seat": 20})
    assert moves(found) == [("ada", "tea", "better_use")]
    figures = dict(found.tables["summaries"].select("figure", "after").rows())
    assert (figures["value"], figures["filled"]) == ("0", "0")


def test_what_hangs_on_a_row_goes_with_it_and_names_of_places_alone() -> None:
    week = people("ada", organisation_id="red", station_id="s")
    week.station("s", lat=30.0, lon=120.0)
    week.organisation("red")
    week.menu_item("soup", minutes=60, seats=2)
    week.request("lunch", menu_item="soup", start="2026-03-02 09:00")
    week.accept("ada", "lunch")
    gone = edited(
        week.tables(),
        {
            "menu": rows(action=["remove"], menu_item=["soup"]),
            "stations": rows(action=["remove"], station_id=["s"]),
            "organisations": rows(action=["remove"], organisation_id=["red"]),
        },
        ZONE,
    )
    for name in ("menu", "menu_posts", "requests", "assignments", "stations", "organisations"):
        assert gone.tables[name].is_empty(), name
    (ada,) = gone.tables["volunteers"].to_dicts()
    assert (ada["organisation_id"], ada["station_id"]) == (None, None)


def test_cells_that_are_empty_stay_as_they_are() -> None:
    week = people("ada", travel_km=3.5, max_shifts=2)
    change = rows(action=["change"], volunteer_id=["ada"], travel_km=["8"], max_shifts=[None])
    made = edited(week.tables(), {"volunteers": change}, ZONE)
    problem = Problem.from_tables(made.tables | {"requests": week.tables()["requests"]}, WEEK)
    assert problem.volunteers.travel_km.tolist() == [8.0]
    assert problem.volunteers.max_shifts.tolist() == [2]


def test_rows_without_a_key_are_found_by_what_is_given() -> None:
    # Times compare as times, however they are written; level 2 of cook stays.
    week = people("ada")
    week.available("ada", ("2026-03-04 09:00", "2026-03-04 12:00"))
    for level in (1, 2):
        week.qualification("ada", "cook", level=level)
    changes = {
        "availability": rows(
            action=["remove"], volunteer_id=["ada"], start=["2026-03-04T09:00:00+08:00"]
        ),
        "qualifications": rows(action=["remove"], qualification=["cook"], level=["1"]),
    }
    made = edited(week.tables(), changes, ZONE).tables
    assert made["availability"].height == 1
    assert made["qualifications"]["level"].to_list() == ["2"]


def test_who_is_left_of_two_who_come_together_comes_alone() -> None:
    week = lunch_and_tea()
    for who in ("ada", "bo"):
        week.member("friends", who)
    found = suppose(week, volunteers=rows(action=["remove"], volunteer_id=["bo"]))
    assert found.result.problem.members.volunteer.tolist() == []
    assert found.result.status == "optimal"


# --- what is wrong --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "change", "taught"),
    [
        ("volunteers", {"action": ["remove"], "volunteer_id": ["adda"]}, "did you mean ada?"),
        ("volunteers", {"action": ["add"], "volunteer_id": ["ada"]}, "has this row already"),
        (
            "volunteers",
            {"action": ["drop"], "volunteer_id": ["ada"]},
            "write add, change or remove",
        ),
        ("volunteers", {"action": [None], "volunteer_id": ["ada"]}, "write add, change or"),
        ("volunteers", {"action": ["remove"] * 2, "volunteer_id": ["ada"] * 2}, "several rows"),
        ("availability", {"action": ["change"], "volunteer_id": ["ada"]}, "has no key"),
        ("availability", {"action": ["remove"], "start": ["2026-03-09 09:00"]}, "all these cells"),
        ("requests", {"action": ["change"], "request_id": ["tea"], "priority": ["9"]}, "1 to 5"),
        (
            "requests",
            {"action": ["add"], "request_id": ["new"], "start": ["x"], "end": ["y"]},
            "changes of requests row 1, start = 'x'",
        ),
        ("pairs", {"action": ["add"], "volunteer_a": ["ada"]}, "volunteer_b"),
    ],
)
def test_a_row_that_is_wrong_is_told_as_its_owner_sees_it(
    table: str, change: dict[str, list[Any]], taught: str
) -> None:
    with pytest.raises(DataError, match=f"(?s){taught}") as told:
        suppose(lunch_and_tea(), **{table: pl.DataFrame(change)})
    assert set(told.value.faults["table"]) <= {f"changes of {table}", table}


@pytest.mark.parametrize(
    ("changes", "taught"),
    [
        ({"volunteer": rows(action=["add"])}, "did you mean volunteers?"),
        ({"volunteers": rows(volunteer_id=["ada"])}, "a column action is needed"),
        ({"volunteers": rows(action=["add"], travelkm=["2"])}, "did you mean travel_km?"),
        ({}, "nothing changes"),
    ],
)
def test_a_change_that_is_none_is_refused(changes: dict[str, pl.DataFrame], taught: str) -> None:
    with pytest.raises(UsageError, match=taught):
        suppose(lunch_and_tea(), **changes)


def test_a_key_of_the_policy_that_is_none_is_refused() -> None:
    with pytest.raises(PolicyError, match="'seat'"):
        suppose(lunch_and_tea(), {"saet": 3})


def test_a_faulty_change_is_never_set_aside(tmp_path: Path) -> None:
    # The tables have a faulty row, which was set aside; the change may not go the same way.
    week = lunch_and_tea()
    week.volunteer("bad", travel_km=-1)
    result = week.solve("quarantine")
    change = rows(action=["change"], request_id=["tea"], priority=["9"])
    with pytest.raises(DataError, match="changes of requests row 1"):
        what_if(result, week.tables(), {"requests": change})
    better = change.with_columns(priority=pl.lit("5"))
    assert what_if(result, week.tables(), {"requests": better}).result.status == "optimal"


# --- whatever changes -----------------------------------------------------------------------------


def changed(world: Tables, draw: random.Random) -> tuple[dict[str, pl.DataFrame], Tables]:
    """Draw changes of a typed world, and do them by hand."""
    people_, asked = world["volunteers"]["volunteer_id"], world["requests"]["request_id"]
    gone, moved = draw.choice(people_.to_list()), draw.choice(asked.to_list())
    changes = {
        "volunteers": rows(action=["remove"], volunteer_id=[gone]),
        "requests": rows(action=["change"], request_id=[moved], priority=["5"]),
    }
    hand = {}
    for name, frame in world.items():
        for column in ("volunteer_id", "volunteer_a", "volunteer_b"):
            if column in frame.columns:
                # A limit of everybody names nobody.
                frame = frame.filter(pl.col(column).ne_missing(gone))
        hand[name] = frame
    if "groups" in hand:
        # Who is left of a group of two is in none.
        hand["groups"] = hand["groups"].filter(pl.len().over("group_id") > 1)
    if "priority" not in hand["requests"].columns:
        hand["requests"] = hand["requests"].with_columns(priority=pl.lit(None, dtype=pl.Int64))
    priority = pl.when(pl.col("request_id") == moved).then(5).otherwise("priority")
    hand["requests"] = hand["requests"].with_columns(priority=priority.cast(pl.Int64))
    return changes, hand


@law(20, seed=SEEDS)
def test_the_changed_week_is_that_of_the_changed_tables(seed: int) -> None:
    world = full_world(seed, volunteers=8, requests=6)
    pins = world.get("assignments", pl.DataFrame())
    if pins.height:
        world["assignments"] = pins.filter(pl.col("status") != "pinned")
    changes, hand = changed(world, random.Random(seed))
    result = solve(problem_of(world), gap=0.0)
    found = what_if(result, world, changes)
    after = found.result
    assert audit.violations(after.problem, after.plan).is_empty()
    assert audit.value(after.problem, after.plan) == after.value <= after.bound
    best = solve(problem_of(hand), gap=0.0)
    # A service stays if that costs no more than 1.
    assert best.value - len(result.plan) <= after.value <= best.bound
    assert after.bound >= best.value


# --- files and the command ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("week")
    write_tables(place, lunch_and_tea().tables())
    out = place / "plan"
    assert run("plan", place, "--week", "2026-03-02", "--out", out).exit_code == 0
    return out


@pytest.mark.slow
def test_the_command_says_it_in_both_languages(plan: Path, tmp_path: Path) -> None:
    change = tmp_path / "requests.csv"
    change.write_text("action,request_id\nremove,tea\n")
    said = run("what-if", plan, "--change", change).stdout.splitlines()
    assert said[0] == "requests: rows removed: 1."
    assert "filled: 2 before, 1 after." in said
    # What stays as it was is not told: as many volunteers as before.
    assert not [line for line in said if line.startswith("volunteers:")]
    assert said[-1].endswith(
        "(volunteer, 2026-03-02 09:00 to 10:00): the tables no longer have the request."
    )
    assert (
        "数据中已没有该需求。"
        in run("what-if", plan, "--change", change, "--language", "zh").stdout
    )
    told = json.loads(run("what-if", plan, "--change", change, "--json").stdout)
    assert (told["before"]["filled"], told["after"]["filled"]) == (2, 1)
    assert [row["why"] for row in told["changes"]] == ["request_gone"]


@pytest.mark.parametrize("format", ["csv", "parquet", "jsonl", "xlsx"])
def test_changes_come_in_every_kind_of_file(plan: Path, tmp_path: Path, format: str) -> None:
    change = {
        "requests": rows(action=["change"], request_id=["tea"], priority=[5]),
        "volunteers": rows(action=["remove"], volunteer_id=["bo"]),
    }
    write_tables(tmp_path, change, format=format)  # type: ignore[arg-type]
    (tmp_path / "policy.toml").write_text("early_seat = 0.0\n")
    done = run("what-if", plan, "--change", tmp_path, "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    # Ada alone, at the dearer of the two: tea, with 5 times 1000.
    assert told["after"]["value"] == 5000
    assert told["after"]["policy"]["early_seat"] == 0.0


@pytest.mark.parametrize(
    ("file", "text", "taught"),
    [
        ("nowhere.csv", None, "does not exist"),
        ("volunteers.csv", "action,volunteer_id\nremove,boo\n", "did you mean bo?"),
        ("people.csv", "action,volunteer_id\nremove,bo\n", "there is no such table"),
        ("policy.toml", "seat = 'x'\n", "must be a whole number"),
        ("policy.toml", "seat = \n", "is not TOML"),
        ("policy.toml", "", "nothing changes"),
    ],
)
def test_what_is_wrong_at_the_command_is_told(
    plan: Path, tmp_path: Path, file: str, text: str | None, taught: str
) -> None:
    if text is not None:
        (tmp_path / file).write_text(text)
    done = run("what-if", plan, "--change", tmp_path / file)
    assert done.exit_code == 2
    assert taught in done.stderr


def test_an_empty_folder_and_two_places_for_one_table_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="holds no change"):
        read_changes(tmp_path)
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "volunteers.csv").write_text("action,volunteer_id\nremove,bo\n")
    assert read_changes(tmp_path / "a")[0]["volunteers"].height == 1
    done = run("what-if", tmp_path, "--change", tmp_path / "a", "--change", tmp_path / "b")
    assert done.exit_code == 2
    assert "in another place too" in done.stderr


def test_tables_keep_their_words(plan: Path) -> None:
    made = edited(read_tables(plan.parent), {}, ZONE)
    assert made.done.is_empty()
    assert made.tables.keys() >= {"volunteers", "requests"}
