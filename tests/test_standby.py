"""Will they come, and who stands by: by hand, by brute force, and on random worlds."""

import itertools
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import assume

from benchmarks.no_shows import main
from matching import DataWarning, Desk, Policy, Problem, Week, audit, solve
from matching.answers import spreads
from matching.answers.odds import odds
from matching.answers.standby_sentences import standby_sentences
from matching.week import Post
from tests.support.commands import planned, run
from tests.support.hand import ask, at
from tests.support.laws import law, problem_of
from tests.support.tiny import TINY
from tests.support.worlds import Tables, full_worlds, tree_worlds

KEYS = ["request_id", "post", "option", "volunteer_id"]


def spread_by_hand(come: list[float]) -> list[float]:
    """Add up the odds of every way to come or not."""
    found = [0.0] * (len(come) + 1)
    for ways in itertools.product([0, 1], repeat=len(come)):
        found[sum(ways)] += float(np.prod(np.where(ways, come, np.subtract(1, come))))
    return found


@pytest.mark.parametrize("large", [0, spreads._LARGE])
@pytest.mark.parametrize("seed", range(20))
def test_sums_are_those_of_brute_force(
    seed: int, large: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Parts of any size are multiplied in one of two ways.
    monkeypatch.setattr(spreads, "_LARGE", large)
    draw = np.random.default_rng(seed)
    groups = int(draw.integers(1, 5))
    group = draw.integers(0, groups, draw.integers(0, 14))
    come = draw.choice([0.0, 0.3, 0.5, 0.77, 1.0], len(group))
    found = spreads.summed(spreads.of_people(come), group, groups)
    for each in range(groups):
        here = found.odds[found.first[each] : found.first[each + 1]]
        assert here == pytest.approx(spread_by_hand(come[group == each].tolist()))


def two_posts() -> Week:
    week = Week("2026-03-02", policy=Policy(show_up=0.8))
    for name, chance in (("ann", 0.9), ("bob", 0.5), ("cy", None)):
        qualifications = ["lead"] if name == "ann" else []
        window = [(at("2 08:00"), at("2 13:00"))]
        week.volunteer(name, available=window, show_up=chance, qualifications=qualifications)
    posts = {"lead": Post(1, 1, ["lead"]), "visitor": Post(2, 0)}
    ask(week, "visit", posts=posts, min_people=2)
    return week


def test_odds_by_hand() -> None:
    # Ann leads: 0.9. Enough is Ann and one of Bob and Cy, of whom the policy's 0.8 is assumed:
    # 0.9 * (1 - 0.5 * 0.2) = 0.81. All: 0.9 * 0.5 * 0.8 = 0.36. Expected: 0.9 + 0.5 + 0.8 = 2.2.
    (row,) = Desk(solve(two_posts().problem())).standby()["odds"].to_dicts()
    assert (row["people"], row["assumed"]) == (3, 1)
    found = [row[name] for name in ("expected", "minimum_met", "all_met")]
    assert found == pytest.approx([2.2, 0.81, 0.36])
    # Nobody is left who could stand by.
    helped = [row[f"{name}_standby"] for name in ("expected", "minimum", "all")]
    assert helped == pytest.approx(found)


@law(20, tables=full_worlds() | tree_worlds())
def test_odds_are_those_of_all_ways_to_come(tables: Tables) -> None:
    problem = problem_of(tables, {"show_up": 0.7})
    result = solve(problem, time_limit=1.0)
    found = {row["request_id"]: row for row in odds(problem, result.plan).to_dicts()}
    odds_of = problem.volunteers.show_up
    for q, name in enumerate(problem.requests.id):
        mine = problem.slots.request[result.plan.slot] == q
        if not mine.any():
            assert name not in found
            continue
        post = problem.slots.post[result.plan.slot[mine]]
        come = odds_of[result.plan.volunteer[mine]]
        come = np.where(np.isnan(come), 0.7, come)
        minimum = all_come = 0.0
        for ways in itertools.product([0, 1], repeat=len(come)):
            chance = float(np.prod(np.where(ways, come, 1 - come)))
            there = np.bincount(post, ways, minlength=len(problem.posts))
            own = problem.posts.request == q
            enough = (there >= problem.posts.min_seats)[own].all()
            minimum += chance * (enough and sum(ways) >= max(1, problem.requests.min_people[q]))
            all_come += chance * all(ways)
        wanted = [come.sum(), minimum, all_come]
        row = [found[name][figure] for figure in ("expected", "minimum_met", "all_met")]
        assert row == pytest.approx(wanted)


def standing_by(week: Week, top: int = 3) -> list[tuple[Any, ...]]:
    table = Desk(solve(week.problem(), gap=0.0)).standby(top)["standby"]
    return table.select("request_id", "rank", "volunteer_id", "odds").rows()


def team(policy: Policy | None = None, **come: float) -> Week:
    """Let each come from eight to one, with these odds; who accepts `tea` is planned there."""
    week = Week("2026-03-02", policy=policy)
    for name, chance in come.items():
        week.volunteer(name, available=[(at("2 08:00"), at("2 13:00"))], show_up=chance)
    return week


def test_ranks_are_by_what_each_gains() -> None:
    # One seat, worth 1000; Ann, who accepted, comes half the time. Bob is wanted with 0.5, and
    # comes with 0.9; Cy is wanted if neither comes, 0.5 * 0.1.
    week = team(cy=0.7, bob=0.9, ann=0.5)
    ask(week, "tea")
    week.accept("ann", "tea")
    assert standing_by(week) == [("tea", 1, "bob", 0.5), ("tea", 2, "cy", pytest.approx(0.05))]
    assert standing_by(week, top=1) == [("tea", 1, "bob", 0.5)]
    desk = Desk(solve(week.problem()))
    (row,) = desk.standby()["odds"].to_dicts()
    # One of the three comes: 1 - 0.5 * 0.1 * 0.3.
    assert row["all_standby"] == row["expected_standby"] == pytest.approx(0.985)


def test_where_everybody_comes_nobody_stands_by() -> None:
    week = team(ann=1.0, bob=0.9)
    ask(week, "tea")
    week.accept("ann", "tea")
    assert standing_by(week) == []


def two_at_once(share: float) -> list[tuple[Any, ...]]:
    """Let Bob alone be left for two services at the same hour."""
    week = team(Policy(standby_share=share), ann=0.8, amy=0.9, bob=1.0)
    ask(week, "tea", priority=4)
    ask(week, "soup", "2 09:30", "2 10:30")
    week.accept("ann", "tea")
    week.accept("amy", "soup")
    return standing_by(week)


def test_nobody_stands_by_for_two_at_once_beyond_the_share() -> None:
    # Tea, which is worth more, wants him with 0.2, soup with 0.1: both with 0.02.
    tea, soup = ("tea", 1, "bob", pytest.approx(0.2)), ("soup", 1, "bob", pytest.approx(0.1))
    assert two_at_once(0.0) == two_at_once(0.019) == [tea]
    assert two_at_once(0.021) == [soup, tea]


def test_travel_is_time_too() -> None:
    # From ten o'clock to ten: no time for 11 km at 20 km an hour, but for what is at one place.
    for north, found in ((0.0, 2), (0.1, 1)):
        week = Week("2026-03-02")
        for name, chance in (("ann", 0.8), ("amy", 0.9), ("bob", 1.0)):
            window = [(at("2 08:00"), at("2 13:00"))]
            week.volunteer(
                name, available=window, show_up=chance, lat=45.0, lon=126.0, travel_km=50
            )
        ask(week, "tea", lat=45.0, lon=126.0)
        ask(week, "soup", "2 10:00", "2 11:00", lat=45.0 + north, lon=126.0)
        week.accept("ann", "tea")
        week.accept("amy", "soup")
        by_bob = [row for row in standing_by(week) if row[2] == "bob"]
        assert len(by_bob) == found


def test_who_stands_by_holds_what_the_team_must() -> None:
    # Ann alone holds first aid, and so must who comes for her; Bob may come for Amy.
    for there, expected in (("ann", ["cy"]), ("ann amy", ["bob", "cy"])):
        names = there.split()
        week = team(**dict.fromkeys(names, 0.5), bob=0.9, cy=0.8)
        week.qualification("ann", "first_aid")
        week.qualification("cy", "first_aid")
        ask(week, "tea", seats=len(names))
        week.team_rule("first_aid", request_id="tea", min_people=1)
        for name in names:
            week.accept(name, "tea")
        assert [row[2] for row in standing_by(week)] == expected


def test_a_quota_counts_who_stands_by() -> None:
    # Two services a week are the organisation's: one is planned, one may stand by.
    week = Week("2026-03-02")
    week.organisation("club", max_seats=2)
    for name, chance in (("ann", 0.5), ("bob", 0.9), ("cy", 0.8)):
        window = [(at("2 08:00"), at("2 13:00"))]
        week.volunteer(name, available=window, show_up=chance, organisation_id="club")
    ask(week, "tea")
    week.accept("ann", "tea")
    assert [row[2] for row in standing_by(week)] == ["bob"]


def overbooked(limit: float, names: tuple[str, ...] = ("meals",)) -> list[str]:
    week = team(Policy(overbook=names, overbook_odds=limit), ann=0.5, amy=0.5, bob=0.8, cy=0.6)
    ask(week, "tea", seats=2, category="meals")
    week.accept("ann", "tea")
    week.accept("amy", "tea")
    table = Desk(solve(week.problem(), gap=0.0)).standby()["standby"]
    return table.filter("overbooked")["volunteer_id"].to_list()


@pytest.mark.slow
def test_overbooking_is_bounded_by_the_odds_that_too_many_come() -> None:
    # With Bob three come with 0.5 * 0.5 * 0.8 = 0.2. With Cy too three or four come: two of Ann
    # and Amy (0.25) and one of Bob and Cy (0.92), or one (0.5) and both (0.48): 0.47.
    assert overbooked(0.19) == []
    assert overbooked(0.21) == overbooked(0.46) == ["bob"]
    assert overbooked(0.48) == ["bob", "cy"]
    assert overbooked(1.0, names=()) == []
    with pytest.warns(DataWarning, match="have the category 'meal'; did you mean meals"):
        assert overbooked(1.0, names=("meal",)) == []


def broken(problem: Problem, plan: pl.DataFrame) -> set[str]:
    return set(audit.violations(problem, plan)["rule"])


@law(12, tables=full_worlds() | tree_worlds() | full_worlds(volunteers=20, requests=6))
def test_whoever_stands_by_keeps_every_rule(tables: Tables) -> None:
    result = solve(problem_of(tables, {"show_up": 0.8}), time_limit=1.0)
    assume(result.status not in ("infeasible", "unknown"))
    problem, plan = result.problem, result.tables()["plan"].select(KEYS)
    rows = Desk(result).standby()["standby"].select(KEYS)
    # All of them beside the plan, if there were seats; teams are looked at below.
    posts = replace(problem.posts, seats=problem.posts.seats + 3)
    wider = replace(problem, posts=posts, team_rules=problem.team_rules.take(slice(0)))
    assert broken(wider, pl.concat([plan, rows])) == set()
    for row in rows.iter_slices(1):
        there = plan.join(row, on=KEYS[:3], how="semi", nulls_equal=True)
        # One at least whose place they can take. What is missing is not their fault.
        swaps = [
            broken(
                problem, pl.concat([plan.join(gone, on=KEYS, how="anti", nulls_equal=True), row])
            )
            for gone in there.iter_slices(1)
        ]
        assert any(swap <= {"pinned", "together"} for swap in swaps)


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tiny")
    for name, frame in TINY.items():
        frame.write_csv(folder / f"{name}.csv")
    (folder / "policy.toml").write_text("show_up = 0.75\n", encoding="utf-8")
    out = folder / "plan"
    assert planned(folder, out, "--policy", folder / "policy.toml").exit_code == 0
    return out


def test_the_command(plan: Path, tmp_path: Path) -> None:
    told = json.loads(run("standby", plan, "--json").stdout)
    assert told["rows"] == {"odds": len(told["odds"]), "standby": len(told["standby"])}
    assert told["odds"][0]["all_met"] == 0.75
    done = run("standby", plan, "--out", tmp_path / "on-call", "--format", "parquet")
    assert done.stdout.startswith(f"written to {tmp_path / 'on-call'}: ")
    table = pl.read_parquet(tmp_path / "on-call" / "odds.parquet")
    assert table.to_dicts() == told["odds"]


def test_what_the_command_refuses(plan: Path) -> None:
    done = run("standby", plan, "--request", "lunsh")
    assert done.exit_code == 2
    assert "no request 'lunsh': did you mean lunch?" in done.stderr


def test_sentences_of_both_languages(plan: Path) -> None:
    english = run("standby", plan, "--request", "lunch").stdout
    assert english.startswith("lunch: 1 planned, 0.75 expected; odds that all come 75.0%")
    assert "概率 75.0%" in run("standby", plan, "--request", "lunch", "--language", "zh").stdout


def test_what_is_not_certain_is_not_told_as_certain() -> None:
    week = team(ann=0.9999)
    ask(week, "tea")
    first = standby_sentences(Desk(solve(week.problem())).standby())["sentence"][0]
    assert "all come 99.9%" in first


@pytest.mark.slow
def test_weeks_played_out_are_as_the_odds_say(tmp_path: Path) -> None:
    arguments = [
        "--size",
        "town",
        "--seeds",
        "1",
        "--draws",
        "200",
        "--svg",
        str(tmp_path / "s.svg"),
    ]
    table = main(arguments).filter(~pl.col("overbook"))
    alone, together = (table.filter(way=way).sort("ranks") for way in ("alone", "together"))
    # 78 seats, 200 weeks: the mean strays by less than a percent.
    assert alone["filled"].to_numpy() == pytest.approx(alone["expected"].to_numpy(), abs=0.02)
    assert alone["filled"].is_sorted()
    assert (together["filled"] < alone["filled"]).all()
    assert (tmp_path / "s.svg").read_text().startswith("<?xml")
