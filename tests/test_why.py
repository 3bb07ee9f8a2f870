"""Why not me, why her: the first rule that fails with its figures, or both scores, term by term."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import assume

from matching import Desk, Plan, Prices, UsageError, Week, audit, solve
from matching.answers.comparing import TERMS
from matching.answers.spoken import spoken
from matching.arcs.eligibility import RULES
from matching.problem.plan import slot_keys
from tests.support.commands import planned, run
from tests.support.hand import ask, at, people
from tests.support.laws import LATER, law, problem_of
from tests.support.tiny import TINY
from tests.support.worlds import Tables, full_worlds, tree_worlds

MORNING = ("2026-03-02 08:00", "2026-03-02 13:00")


def desk_of(week: Week, plan: str = "") -> Desk:
    """Return a desk of a plan, `ann tea`, `bob bus`, at which every seat has the price 0."""
    problem = week.problem()
    rows = [pair.split() for pair in plan.split(", ") if pair]
    slots = {problem.requests.id[int(q)]: n for n, q in enumerate(problem.slots.request)}
    who = np.array([problem.volunteers.id.index_of(name) for name, _ in rows], np.int32)
    where = np.array([slots[name] for _, name in rows], np.int32)
    free = Prices(np.zeros(len(problem.slots)), np.zeros(len(problem.organisations)))
    return Desk.of(problem, Plan(who, where), free)


def far(week: Week) -> None:
    # A tenth of a degree of latitude is 11.1 km.
    week.volunteer("ann", lat=40.0, lon=116.0, travel_km=10, available=[MORNING])
    ask(week, "tea", lat=40.1, lon=116.0)


def unqualified(week: Week) -> None:
    week.volunteer("ann", available=[MORNING])
    week.qualification("ann", "cook", level=1)
    ask(week, "tea", qualifications={"cook": 3})


def late(week: Week) -> None:
    week.volunteer("ann", available=[(at("2 09:40"), at("2 13:00"))])
    ask(week, "tea")


def of_others(week: Week) -> None:
    week.volunteer("ann", available=[MORNING])
    week.organisation("cooks")
    ask(week, "tea", organisation_id="cooks")


def never(week: Week) -> None:
    week.volunteer("ann", available=[MORNING])
    ask(week, "tea", category="hot")
    week.never("ann", "category", "hot")


def declined(week: Week) -> None:
    week.volunteer("ann", available=[MORNING])
    ask(week, "tea")
    week.decline("ann", "tea")


def busy(week: Week) -> None:
    week.volunteer("ann", available=[MORNING])
    ask(week, "tea")
    ask(week, "bus", "2 09:30", "2 10:30")
    week.accept("ann", "bus")


def tired(week: Week) -> None:
    week.volunteer("ann", available=[MORNING], max_shifts=1)
    ask(week, "tea")
    ask(week, "bus", "2 11:00", "2 12:00")
    week.accept("ann", "bus")


def full(week: Week) -> None:
    for name in ("ann", "bob"):
        week.volunteer(name, available=[MORNING])
    ask(week, "tea")
    week.accept("bob", "tea")


@pytest.mark.parametrize(
    ("world", "plan", "kind", "said", "in_chinese"),
    [
        (far, "", "distance", "11.1 km away; you travel 10 km at most.", "距离 11.1 公里"),
        (unqualified, "", "qualification", "level 3 of cook; you have level 1.", "1 级"),
        (late, "", "availability", "You are not free for 40 of its minutes.", "40 分钟"),
        (of_others, "", "organisation", "Only volunteers of cooks serve it.", "cooks"),
        (never, "", "never", "You said never to its category.", "类别"),
        (declined, "", "declined", "You declined it before.", "拒绝"),
        (busy, "ann bus", "overlap", "It overlaps what you agreed to (bus).", "bus"),
        (tired, "ann bus", "max_shifts", "one service more than you take in a week.", "每周"),
        (full, "bob tea", "full", "All its seats are pinned or accepted.", "名额"),
    ],
)
def test_the_first_rule_that_fails_is_told_with_its_figures(
    world: Callable[[Week], None], plan: str, kind: str, said: str, in_chinese: str
) -> None:
    week = Week("2026-03-02")
    world(week)
    found = desk_of(week, plan).why_not("ann", "tea")
    assert found["kind"].to_list() == [kind]
    assert spoken(found)["sentence"][0].endswith(said)
    assert in_chinese in spoken(found, "zh")["sentence"][0]


def compared() -> Desk:
    # Tea and the bus are at nine. Ann knows the beneficiary (3 visits of 20: continuity 60) and has
    # 10 for tea: 70. Bob has 40 for tea, and 30 for the bus, which he could do instead: 40 - 30.
    week = Week("2026-03-02")
    for name in ("ann", "bob"):
        week.volunteer(name, available=[MORNING])
    ask(week, "tea", beneficiary_id="old")
    ask(week, "bus")
    week.bond("ann", "old", visits=3)
    for name, request, score in (("ann", "tea", 10), ("bob", "tea", 40), ("bob", "bus", 30)):
        week.affinity(name, request, score)
    return desk_of(week, "ann tea")


def test_two_scores_are_told_term_by_term() -> None:
    # Elsewhere, Ann is worth 0 (the bus); Bob, whose best week is tea (40), 40 - (40 - 40) = 40.
    desk = compared()
    (row,) = desk.why("ann", "tea").to_dicts()
    assert (row["kind"], row["fit"], row["continuity"], row["affinity"]) == ("best", 70, 60, 10)
    assert (row["other_id"], row["other_fit"], row["other_affinity"]) == ("bob", 40, 40)
    for side in ("", "other_"):
        assert row[f"{side}fit"] == sum(row[f"{side}{term}"] for term in TERMS)
        assert row[f"{side}score"] == row[f"{side}fit"] - row[f"{side}elsewhere"]
    (told,) = spoken(desk.why("ann", "tea"))["sentence"]
    assert told.startswith("ann: 0 = fit 70 (continuity 60, affinity 10) less 70 elsewhere.")


def test_what_speaks_against_somebody_in_value_has_both_sides() -> None:
    (row,) = compared().why_not("bob", "tea").to_dicts()
    assert (row["kind"], row["other_id"]) == ("others", "ann")
    assert (row["score"], row["other_score"]) == (0.0, 0.0)
    # Of an empty seat: the bus has the price 0, and Ann gains 70 with tea: nothing for her here.
    (row,) = compared().why_not("ann", "bus").to_dicts()
    assert (row["kind"], row["fit"], row["need"], row["elsewhere"]) == (
        "worth_elsewhere",
        0,
        0.0,
        70.0,
    )
    (row,) = compared().why_not("bob", "bus").to_dicts()
    assert (row["kind"], row["fit"], row["elsewhere"]) == ("worth_elsewhere", 30, 40.0)


def test_what_the_plan_has_others_do_is_told() -> None:
    # Every seat has the price 0 and everybody fits equally: only the plan itself speaks against it.
    week = people("ann bob")
    week.organisation("cooks", max_seats=1)
    for name in ("cem", "dan"):
        week.volunteer(name, available=[MORNING], organisation_id="cooks")
    ask(week, "tea", posts={"volunteer": 2})
    ask(week, "bus")
    ask(week, "team", posts={"volunteer": 3}, min_people=2)
    week.apart("ann", "bob")
    desk = desk_of(week, "bob tea, dan bus")

    def told(who: str, request: str) -> list[str]:
        found = desk.why_not(who, request)
        assert "{" not in spoken(found, "zh")["sentence"][0]
        return [found["kind"][0], spoken(found)["sentence"][0]]

    assert told("ann", "tea")[0] == "plan_apart"
    assert told("cem", "tea")[0] == "plan_quota"
    assert told("ann", "team")[0] == "plan_team"
    kind, said = told("dan", "tea")
    assert kind == "instead"
    assert said.startswith("The plan has you at bus instead.")
    # A yes is more than a plan: others make way for it.
    desk.accept("ann", "tea")
    assert told("bob", "tea")[0] == "apart"


def test_who_serves_is_asked_for_and_who_does_not_is_not() -> None:
    desk = compared()
    assert desk.why_not("ann", "tea")["kind"].to_list() == ["serves"]
    with pytest.raises(UsageError, match="bob does not serve tea"):
        desk.why("bob", "tea")
    with pytest.raises(UsageError, match="no volunteer 'anne': did you mean ann"):
        desk.why_not("anne", "tea")
    with pytest.raises(UsageError, match="no request 'te'"):
        desk.why("ann", "te")


def test_what_is_agreed_has_no_price() -> None:
    week = people("ann bob")
    ask(week, "tea")
    week.accept("ann", "tea")
    assert Desk(solve(week.problem())).why("ann", "tea")["kind"].to_list() == ["agreed"]


@law(8, tables=full_worlds() | tree_worlds())
def test_every_refusal_is_true(tables: Tables) -> None:
    result = solve(problem_of(tables), time_limit=0.2)
    assume(result.status not in ("infeasible", "unknown"))
    problem, desk = result.problem, Desk(result)
    accepted = result.tables()["plan"].filter(status="accepted")
    pinned = result.tables()["plan"].filter(status="pinned")
    stands = accepted.vstack(pinned).select("request_id", "post", "option", "volunteer_id")
    for who in problem.volunteers.id:
        for request in problem.requests.id:
            rows = desk.why_not(who, request).to_dicts()
            assert (
                spoken(desk.why_not(who, request))["sentence"].str.contains("{", literal=True).sum()
                == 0
            )
            for row in rows:
                check(problem, desk, stands, row)


def check(problem: Any, desk: Desk, stands: Any, row: dict[str, Any]) -> None:
    """A refusal is a rule that this service would break; all else keeps what stands."""
    one = pl.DataFrame([{name: row[name] for name in stands.columns}], schema=stands.schema)
    broken = set(audit.violations(problem, stands.vstack(one).unique())["rule"])
    broken -= LATER
    kind = row["kind"]
    if kind in RULES or kind in {rule.name for rule in audit.RULES if rule.about == "week"}:
        assert kind in broken
    elif kind == "full":
        assert "seats" in broken
    elif kind == "taken":
        assert "one_option" in broken
    elif kind in ("apart", "quota"):
        assert kind in broken
    elif kind not in ("serves", "team", "other_time"):
        assert not broken
        if row["fit"] is not None:
            assert row["fit"] == sum(row[term] for term in TERMS)
    if kind == "open":
        slot = slot_keys(problem).rows().index((row["request_id"], row["post"], row["option"]))
        who = problem.volunteers.id.to_list().index(row["volunteer_id"])
        more = Plan(
            *(np.append(*pair) for pair in ((desk.plan.volunteer, who), (desk.plan.slot, slot)))
        )
        assert audit.violations(problem, more).is_empty()
    if kind == "serves":
        for why in desk.why(row["volunteer_id"], row["request_id"]).to_dicts():
            assert why["kind"] in ("best", "kept", "alone", "agreed")
            assert (why["kind"] == "best") == (
                why["other_id"] is not None and why["score"] >= why["other_score"]
            )


@pytest.mark.slow
def test_the_command_compares_in_both_languages(tmp_path: Path) -> None:
    for name, frame in TINY.items():
        frame.write_csv(tmp_path / f"{name}.csv")
    assert planned(tmp_path, tmp_path / "plan").exit_code == 0
    asked = ("explain", tmp_path / "plan", "--request", "lunch", "--volunteer")
    found = json.loads(run(*asked, "bo", "--json").stdout)
    assert found["why_not"][0]["kind"] in RULES
    assert run(*asked, "bo").stdout.startswith("lunch volunteer: ")
    assert "没有" in run(*asked, "bo", "--language", "zh").stdout
    assert json.loads(run(*asked, "ann", "--json").stdout)["why"][0]["kind"] == "alone"
    wrong = run(*asked, "nobody")
    assert wrong.exit_code == 2
    assert "no volunteer 'nobody'" in wrong.stderr
