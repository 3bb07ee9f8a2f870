"""Why seats are empty and what would fill them: each claim is solved again."""

import json
import tomllib
from dataclasses import replace
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from string import Formatter
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import assume
from typer.testing import CliRunner

from matching import Policy, Result, UsageError, Week, solve
from matching.answers.explanation import explain
from matching.answers.near_misses import near_misses
from matching.answers.reasons import KINDS, reasons
from matching.answers.refusals import refusals
from matching.answers.remedies import remedies
from matching.answers.sentences import sentences
from matching.answers.shortages import Turns
from matching.arcs.eligibility import eligible
from matching.cli import app
from matching.flow.living import LivingWeek
from matching.problem import Problem
from matching.problem import columns as c
from matching.week import Post
from tests.support.hand import ALWAYS, ask, people
from tests.support.laws import SEEDS, law, problem_of
from tests.support.remedied import remedied
from tests.support.worlds import full_world, tree_world

FEW = {"volunteers": 12, "requests": 8}


def why(week: Week) -> dict[str, tuple[str, int | None]]:
    frame = reasons(solve(week.problem(), gap=0.0)).reasons
    rows = frame.select("request_id", "kind", "better_by").rows()
    return {request: (kind, better_by) for request, kind, better_by in rows}


def index_of(problem: Problem, request: str, post: str) -> int:
    q = problem.requests.id.to_list().index(request)
    at = np.flatnonzero(problem.posts.request == q)
    return next(int(n) for n in at if problem.posts.id[int(n)] == post)


# --- by hand --------------------------------------------------------------------------------------


def test_two_services_at_once_and_one_person_are_a_shortage_of_both() -> None:
    # Each has somebody who could come, Ada; both together need two people.
    week = people("ada")
    ask(week, "lunch", priority=4)
    ask(week, "tea", priority=3)
    found = reasons(week.solve())
    (row,) = found.reasons.to_dicts()
    assert (row["request_id"], row["kind"], row["shortage_id"]) == ("tea", "shortage", "S1")
    assert found.shortages.select("request_id", "seats", "volunteer_id", "turns").rows() == [
        ("lunch", 1, None, None),
        ("tea", 1, None, None),
        (None, None, "ada", 1),
    ]


def test_a_shortage_leaves_out_what_has_people_of_its_own() -> None:
    # Bo can only do dinner, and does: dinner is no part of what lunch and tea lack.
    week = people("ada")
    week.volunteer("bo", available=[ALWAYS])
    week.never("bo", "post", "volunteer")
    ask(week, "lunch", priority=4)
    ask(week, "tea", priority=3)
    dinner = {"cook": Post(1)}
    week.request("dinner", start="2026-03-02 09:00", end="2026-03-02 10:00", posts=dinner)
    short = reasons(week.solve()).shortages
    assert short["request_id"].drop_nulls().to_list() == ["lunch", "tea"]


def test_a_limit_of_the_week_makes_a_shortage_across_its_days() -> None:
    # Ada and Bo may serve once each, and Bo does no tea: three seats, two turns.
    week = people("ada bo", max_shifts=1)
    week.never("bo", "category", "tea")
    ask(week, "lunch", seats=2, priority=5)
    ask(week, "tea", "3 09:00", "3 10:00", priority=1, category="tea")
    found = reasons(week.solve())
    assert found.reasons.select("request_id", "kind").rows() == [("tea", "shortage")]
    assert found.shortages.select(pl.col("seats", "turns").sum()).row(0) == (3, 2)


def test_whoever_could_come_at_two_times_of_a_request_comes_once() -> None:
    # Tea wants two people, in the morning or in the evening: Ada is one, at either time.
    week = people("ada")
    times = {"morning": ("2026-03-02 09:00", "2026-03-02 10:00")}
    times["evening"] = ("2026-03-02 18:00", "2026-03-02 19:00")
    week.request("tea", options=times, seats=2)
    short = reasons(week.solve()).shortages
    assert short.select(pl.col("seats", "turns").sum()).row(0) == (2, 1)


def test_a_plan_that_could_fill_the_seat_and_gains_by_not_doing_so() -> None:
    # Ada could do tea, but her affinity of -1500 weighs more than the seat's 1000: 500 are lost.
    week = people("ada")
    ask(week, "tea", priority=1)
    week.affinity("ada", "tea", -1500)
    assert why(week) == {"tea": ("better_use", 500)}


def test_what_loses_nothing_is_not_told_as_worth_nothing_less() -> None:
    # With -1000 the seat's 1000 are just made up for: a plan with tea is as good.
    week = people("ada")
    ask(week, "tea", priority=1)
    week.affinity("ada", "tea", -1000)
    _, told, *_ = sentences(explain(week.solve()))["sentence"]
    assert told.startswith("It could be filled, and the week would be worth the same")


def test_an_organisation_that_may_send_nobody_more_is_a_quota() -> None:
    week = people("ada bo", organisation_id="red")
    week.organisation("red", max_seats=1)
    ask(week, "lunch", priority=4)
    ask(week, "tea", priority=3)
    assert why(week) == {"tea": ("quota", None)}


def test_a_minimum_and_a_leader_out_of_reach_are_of_the_team() -> None:
    week = people("ada bo")
    ask(week, "choir", seats=3, min_people=3)
    ask(week, "trip", "3 09:00", "3 10:00", seats=2)
    week.team_rule("lead", request_id="trip", min_people=1)
    assert why(week) == {"choir": ("team", None), "trip": ("team", None)}


def test_a_rule_that_leaves_nobody_gives_its_name() -> None:
    week = people("ada")
    ask(week, "tea", qualifications=["cook"])
    assert why(week) == {"tea": ("qualification", None)}


def test_near_misses_speak_of_people_and_minutes() -> None:
    # Of 13 drivers 3 are free from 9:30 to 12:00, and 6 from 12:00 to 14:00, too short for two and
    # a half hours; the others never on that day.
    week = Week("2026-03-02")
    for number in range(13):
        hours = ("09:30", "12:00") if number < 3 else ("12:00", "14:00")
        day = 1 if number < 9 else 4
        week.volunteer(f"v{number:02}", available=[(day, *hours)], qualifications=["driver"])
    week.volunteer("walker", available=[(1, "08:00", "20:00")])
    ask(week, "drive", "2 10:30", "2 13:00", qualifications=["driver"])
    (row,) = near_misses(week.solve()).drop("request_id", "post", "option").to_dicts()
    at = {"start": "10:30", "end": "13:00", "until": "12:00", "since": "12:00"}
    at |= {"best_start": "09:30", "best_end": "12:00"}
    counts = {"people": 13, "free": 0, "until_people": 3, "since_people": 6, "best_people": 3}
    times = {name: datetime.fromisoformat(f"2026-03-02 {clock}") for name, clock in at.items()}
    assert row == times | counts


def test_each_remedy_is_named_with_whom_and_how_much() -> None:
    # Tea needs a cook of level 3 for an hour. Ada cooks at level 2; Bo cooks well, and is free
    # for the first half only; Cy cooks well and lives 11.1 km away, a tenth of a degree.
    week = Week("2026-03-02")
    near, far = {"lat": 40.0, "lon": 116.0}, {"lat": 40.1, "lon": 116.0}
    day = [(1, "08:00", "20:00")]
    week.volunteer("ada", available=day, qualifications={"cook": 2}, **near)
    week.volunteer("bo", available=[(1, "08:30", "09:30")], qualifications={"cook": 3}, **near)
    week.volunteer("cy", available=day, qualifications={"cook": 3}, **far)
    ask(week, "tea", qualifications={"cook": 3}, **near)
    result = week.solve()
    rows = remedies(result).select("change", "amount", "volunteer_id", "qualification").rows()
    assert sorted(rows) == [
        ("level", 2.0, None, "cook"),
        ("move", -30.0, None, None),
        ("person", 1.0, None, None),
        ("train", 3.0, "ada", "cook"),
        ("travel", 11.2, "cy", None),
        ("window", 30.0, "bo", None),
    ]
    assert remedies(result, ["another"]).is_empty()


# --- laws -----------------------------------------------------------------------------------------


def solved_tree(seed: int, policy: Policy | None = None) -> tuple[dict[str, pl.DataFrame], Result]:
    tables = tree_world(seed, **FEW)
    problem = problem_of(tables, {"early_seat": 0.0} if policy else None)
    assume(len(problem.options) and len(problem.volunteers))
    return tables, solve(problem, gap=0.0)


def asks(problem: Problem, row: dict[str, Any]) -> bool:
    """Tell whether a post asks for the level that a remedy says."""
    post = index_of(problem, row["request_id"], row["post"])
    asked = problem.qualification_ids.to_list().index(row["qualification"])
    of_post = problem.needs.take(problem.needs.post == post)
    return bool((of_post.level[of_post.qualification == asked] == row["amount"]).all())


@law(10, seed=SEEDS)
def test_every_empty_seat_has_a_reason_and_every_shortage_is_one(seed: int) -> None:
    _, result = solved_tree(seed)
    problem, found = result.problem, reasons(result)
    assert found.reasons.select("request_id", "post", "seats", "filled").equals(
        result.unfilled.select("request_id", "post", "seats", "filled")
    )
    assert set(found.reasons["kind"]) <= set(KINDS)
    living, turns = LivingWeek(problem, result.arcs), Turns(problem, result.arcs)
    in_flow = np.bincount(problem.slots.post[living.plan()[1]], minlength=len(problem.posts))
    for row in found.reasons.filter(kind="shortage").to_dicts():
        rows = found.shortages.filter(shortage_id=row["shortage_id"])
        names = rows.select("request_id", "post").drop_nulls().rows()
        posts = np.array([index_of(problem, *name) for name in names], np.int32)
        post = index_of(problem, row["request_id"], row["post"])
        assert post in posts
        assert rows["turns"].sum() < rows["seats"].sum()
        # With nothing else to do, and seats worth more than anything, they are short as well.
        seats = np.where(np.isin(np.arange(len(problem.posts)), posts), problem.posts.seats, 0)
        pinned = np.bincount(problem.pins.post, minlength=len(seats))
        alone = replace(problem, posts=replace(problem.posts, seats=np.maximum(seats, pinned)))
        alone = alone.under(replace(problem.policy, seat=10**6, early_seat=0.0))
        served = np.bincount(problem.slots.post[solve(alone).plan.slot], minlength=len(seats))
        assert served[posts].sum() <= rows["turns"].sum()
        # Without any one of them there is somebody who could come, from what is left out.
        for other in posts[posts != post] if len(posts) > 1 else ():
            fewer = posts[posts != other]
            assert turns.at(fewer).turns.sum() > in_flow[fewer].sum()


@law(10, seed=SEEDS)
def test_better_use_is_what_filling_one_more_seat_would_cost(seed: int) -> None:
    _, result = solved_tree(seed, Policy())
    problem = result.problem
    living = LivingWeek(problem, result.arcs)
    in_flow = np.bincount(problem.slots.post[living.plan()[1]], minlength=len(problem.posts))
    for row in reasons(result).reasons.filter(kind="better_use", exact=True).to_dicts():
        post = index_of(problem, row["request_id"], row["post"])
        wanted = int(in_flow[post]) + 1
        if wanted > problem.posts.seats[post]:
            assert row["better_by"] == 0
            continue
        # Whoever comes brings a million: as many come as there are seats, one more than now.
        million, known = 10**6, problem.affinities
        others = known.take(known.post != post)
        own = np.zeros(len(problem.volunteers), np.int32)
        own[known.volunteer[known.post == post]] = known.score[known.post == post]
        everybody = np.arange(len(own), dtype=np.int32)
        here = np.full_like(everybody, post)
        request = problem.posts.request[here]
        scores = c.Affinities(
            *(
                np.concatenate(pair).astype(np.int32)
                for pair in (
                    (others.volunteer, everybody),
                    (others.request, request),
                    (others.post, here),
                    (others.score, own + million),
                )
            )
        )
        seats = problem.posts.seats.copy()
        seats[post] = wanted
        forced = replace(problem, affinities=scores, posts=replace(problem.posts, seats=seats))
        assert solve(forced, gap=0.0).value - wanted * million == result.value - row["better_by"]


@law(5, seed=SEEDS)
def test_every_remedy_gains_what_it_says_when_its_tables_are_planned_afresh(seed: int) -> None:
    tables, result = solved_tree(seed)
    for row in remedies(result).to_dicts():
        again = problem_of(remedied(tables, result.problem, row))
        if row["change"] == "level" and not asks(again, row):
            continue  # its menu item asks for it, too, and of others
        assert solve(again, gap=0.0).value - result.value == row["gain"] > 0, row


@law(3, seed=SEEDS)
def test_remedies_are_true_under_every_rule(seed: int) -> None:
    tables = full_world(seed, volunteers=5, requests=4)
    problem = problem_of(tables)
    assume(len(problem.options) == len(problem.requests) > 0 and len(problem.volunteers))
    assume(not len(problem.pins))
    result = solve(problem, gap=0.0)
    assume(result.status == "optimal")
    assert set(reasons(result).reasons["kind"]) <= set(KINDS)
    for row in remedies(result).head(4).to_dicts():
        again = problem_of(remedied(tables, problem, row))
        if row["change"] == "level" and not asks(again, row):
            continue
        assert solve(again, gap=0.0).value - result.value == row["gain"] > 0, row


@law(8, seed=SEEDS)
def test_as_many_could_come_as_near_misses_say(seed: int) -> None:
    tables, result = solved_tree(seed)
    assume(not len(result.problem.other_weeks))
    for row in near_misses(result).to_dicts():
        post = index_of(result.problem, row["request_id"], row["post"])
        slots = np.flatnonzero(result.problem.slots.post == post)
        assert row["free"] == np.isin(result.arcs.slot, slots).sum()
        if row["best_people"] is not None:
            minutes = (row["best_start"] - row["start"]).total_seconds() / 60
            change = {"change": "move", "amount": minutes, "volunteer_id": None}
            again = problem_of(remedied(tables, result.problem, row | change))
            n = index_of(again, row["request_id"], row["post"])
            arcs = eligible(again)
            assert (
                np.isin(arcs.slot, np.flatnonzero(again.slots.post == n)).sum()
                == (row["best_people"])
            )
            assert row["best_people"] > row["free"]


# --- what is said ---------------------------------------------------------------------------------


def test_every_kind_and_change_has_a_sentence_in_both_languages() -> None:
    texts = tomllib.loads(files("matching.answers").joinpath("texts.toml").read_text("utf-8"))
    assert set(KINDS) | {"level", "travel", "window", "train", "person"} <= set(texts)
    for name, text in texts.items():
        assert set(text) == {"en", "zh"}
        fields = [
            sorted(field for _, field, _, _ in Formatter().parse(each) if field)
            for each in text.values()
        ]
        assert fields[0] == fields[1], name


@pytest.mark.parametrize("name", ["{seats}", "=1+1", "<b>", "{0.__class__}"])
def test_an_id_is_only_ever_text(name: str) -> None:
    week = people("ada")
    ask(week, name, qualifications=["cook"])
    found = sentences(explain(week.solve()))["sentence"].to_list()
    assert found[0] == f"{name}, volunteer: 1 of 1 seats are empty."


@pytest.mark.slow
def test_the_command_tells_of_a_saved_plan(tmp_path: Path) -> None:
    week = people("ada")
    ask(week, "lunch", priority=4)
    ask(week, "tea", priority=3)
    tables, plan = tmp_path / "tables", tmp_path / "plan"
    tables.mkdir()
    for table, frame in week.tables().items():
        frame.write_csv(tables / f"{table}.csv")
    cli = CliRunner()
    made = cli.invoke(app, ["plan", str(tables), "--week", "2026-03-02", "--out", str(plan)])
    assert made.exit_code == 0, made.output
    told = cli.invoke(app, ["explain", str(plan), "--request", "tea"])
    assert told.exit_code == 0, told.output
    assert "tea, volunteer: 1 of 1 seats are empty." in told.output
    assert "one more person who can do this" in told.output
    as_json = cli.invoke(app, ["explain", str(plan), "--json"])
    assert json.loads(as_json.stdout)["reasons"][0]["kind"] == "shortage"
    why_her = cli.invoke(app, ["explain", str(plan), "--volunteer", "ada"])
    assert why_her.stdout.splitlines() == [
        "lunch volunteer: The plan has you there.",
        "tea volunteer: You could serve there.",
    ]
    wrong = cli.invoke(app, ["explain", str(plan), "--request", "nothing\x1b[31m"])
    assert wrong.exit_code == 2
    assert "\x1b" not in wrong.output


def test_the_first_rule_that_fails_is_told_with_the_distance() -> None:
    # A tenth of a degree is 11.1 km; ada goes 10, and has no time either.
    week = Week("2026-03-02")
    week.volunteer("ada", lat=40.0, lon=116.0, available=[(4, "08:00", "09:00")])
    ask(week, "tea", lat=40.1, lon=116.0)
    (row,) = refusals(week.solve(), "ada").to_dicts()
    assert (row["rule"], round(row["km"], 1), row["travel_km"]) == ("distance", 11.1, 10.0)
    with pytest.raises(UsageError, match="no volunteer 'adam': did you mean ada"):
        refusals(week.solve(), "adam")
