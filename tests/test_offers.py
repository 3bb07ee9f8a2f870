"""Offers: by hand, and against an integer programme that knows nothing of flows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import assume
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, milp

from matching import Desk, Plan, Policy, PolicyError, Prices, Week, solve
from matching.answers.given import Given
from tests.support.commands import planned, run
from tests.support.hand import ask, at, people
from tests.support.laws import law, problem_of
from tests.support.tiny import TINY
from tests.support.worlds import Tables, full_worlds, tree_worlds

PAIR = ["volunteer_id", "request_id", "post", "option"]


def desk_of(week: Week) -> Desk:
    """Return a desk with nothing planned, at which every seat has the price 0."""
    problem = week.problem()
    free = Prices(np.zeros(len(problem.slots)), np.zeros(len(problem.organisations)))
    return Desk.of(problem, Plan.empty(), free)


def told(desk: Desk) -> list[str]:
    offers = desk.offers("nothing")
    return [" ".join(row) for row in offers.select("volunteer_id", "request_id").rows()]


def test_the_floor_comes_before_the_score() -> None:
    # Ann and Bob may be asked once each, and are at 40 and 30 for tea. Both would be asked for tea
    # (70), were not one of them needed for the bus, where both are at -5000: ann has more for tea.
    week = people("ann bob", Policy(max_offers=1, offers_least=1, offers_most=2))
    for request in ("tea", "bus"):
        ask(week, request)
    for name, score in (("ann", 40), ("bob", 30)):
        week.affinity(name, "tea", score)
        week.affinity(name, "bus", -5000)
    assert told(desk_of(week)) == ["ann tea", "bob bus"]
    # Without a floor nobody is asked for the bus.
    alone = Policy(max_offers=1, offers_least=0, offers_most=2)
    problem = week.problem().under(alone)
    free = Prices(np.zeros(2), np.zeros(0))
    assert told(Desk.of(problem, Plan.empty(), free)) == ["ann tea", "bob tea"]


def test_all_seats_are_offered_to_one_before_any_to_two() -> None:
    # Three people may be asked once each, and every seat should have three offers: by score alone
    # all would be asked for tea (1500). One of them is asked for the bus, so that it has an offer.
    week = people("ann bob cem", Policy(max_offers=1, offers_least=3, offers_most=3))
    for request in ("tea", "bus"):
        ask(week, request)
    for name in ("ann", "bob", "cem"):
        week.affinity(name, "tea", 500)
    week.affinity("cem", "bus", 1)
    assert told(desk_of(week)) == ["ann tea", "bob tea", "cem bus"]


def test_what_waits_for_an_answer_counts() -> None:
    # Ann was asked for tea and has not answered: her one offer is spent, and so is the seat's.
    week = people("ann bob", Policy(max_offers=1, offers_most=1))
    ask(week, "tea")
    week.assignment("ann", "tea", "offered")
    assert told(desk_of(week)) == []
    # Bob said no to the bus: that was his one offer, and the bus goes to ann once she has two.
    week = people("bob", Policy(max_offers=1, offers_most=1))
    week.volunteer("ann", available=[("2026-03-02 08:00", "2026-03-02 13:00")], max_offers=2)
    for request in ("tea", "bus"):
        ask(week, request)
    week.decline("bob", "bus")
    assert sorted(told(desk_of(week))) == ["ann bus", "ann tea"]


def test_nobody_is_offered_a_request_twice() -> None:
    week = people("ann", Policy(offers_least=3))
    times = {"a": (at("2 09:00"), at("2 10:00")), "b": (at("3 09:00"), at("3 10:00"))}
    week.request("tea", options=times, seats=2)
    assert told(desk_of(week)) == ["ann tea"]


def test_a_floor_above_the_cap_is_refused() -> None:
    with pytest.raises(PolicyError, match="offers_least = 4 is more than offers_most = 3"):
        Policy(offers_least=4)


def by_integer_programme(desk: Desk, given: Given) -> tuple[list[int], float]:
    """Return how many offers each layer has, and the total score, from the feeds alone."""
    problem, policy = desk.problem, desk.problem.policy
    rows = desk.feeds(10**4, given).to_dicts()
    posts = sorted({(row["request_id"], row["post"]): row["open"] for row in rows}.items())
    if not rows:
        return [0] * policy.offers_least, 0.0
    size, layers = len(rows), policy.offers_least
    width = size + len(posts) * layers
    matrix: list[Any] = []
    most: list[float] = []

    def at_most(terms: dict[int, float], limit: float) -> None:
        line = np.zeros(width)
        for column, factor in terms.items():
            line[column] = factor
        matrix.append(line)
        most.append(limit)

    budget = dict(zip(problem.volunteers.id, problem.volunteers.max_offers, strict=True))
    for who in {row["volunteer_id"] for row in rows}:
        mine = [n for n, row in enumerate(rows) if row["volunteer_id"] == who]
        at_most(dict.fromkeys(mine, 1.0), budget[who])
        for request in {rows[n]["request_id"] for n in mine}:
            at_most(dict.fromkeys([n for n in mine if rows[n]["request_id"] == request], 1.0), 1)
    upper = np.ones(width)
    for n, (key, empty) in enumerate(posts):
        here = [i for i, row in enumerate(rows) if (row["request_id"], row["post"]) == key]
        at_most(dict.fromkeys(here, 1.0), policy.offers_most * empty)
        counted = range(size + n * layers, size + (n + 1) * layers)
        at_most(dict.fromkeys(counted, 1.0) | dict.fromkeys(here, -1.0), 0)
        upper[list(counted)] = empty
    # First as many of the first layer as can be, then of the second; then the score.
    had: list[int] = []
    for layer in range(layers):
        columns = dict.fromkeys(range(size + layer, width, layers), -1.0)
        had.append(round(-_least(columns, matrix, most, upper)))
        at_most(columns, -had[-1])
    score = -_least({n: -row["score"] for n, row in enumerate(rows)}, matrix, most, upper)
    return had, score


def _least(costs: dict[int, float], matrix: list[Any], most: list[float], upper: Any) -> float:
    cost = np.zeros(len(upper))
    cost[list(costs)] = list(costs.values())
    rows = LinearConstraint(np.array(matrix), -np.inf, np.array(most))
    found = milp(cost, integrality=np.ones(len(cost)), bounds=Bounds(0, upper), constraints=rows)
    assert found.success
    return float(found.fun)


@law(
    25,
    tables=tree_worlds() | full_worlds(),
    numbers=st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 4)),
    given=st.sampled_from(["plan", "accepted", "nothing"]),
)
def test_offers_are_the_best_there_are(
    tables: Tables, numbers: tuple[int, int, int], given: Given
) -> None:
    least, more, budget = numbers
    policy = {"offers_least": least, "offers_most": least + more, "max_offers": budget}
    answered = tables.get("assignments")
    if answered is not None:
        status = answered["status"].cast(pl.String)
        tables = tables | {"assignments": answered.filter(status.is_in(["pinned", "published"]))}
    result = solve(problem_of(tables, policy), time_limit=0.2)
    assume(result.status not in ("infeasible", "unknown"))
    desk = Desk(result)
    offers, feeds = desk.offers(given), desk.feeds(10**4, given)
    # Each is a row of a feed, with its score, and the ranks of each volunteer are 1, 2, ...
    both = offers.join(feeds.select(*PAIR, "open", fed="score"), on=PAIR, nulls_equal=True)
    assert both["score"].to_list() == both["fed"].to_list()
    assert both.height == offers.height
    assert offers["rank"].to_list() == [
        n + 1 for part in offers.partition_by("volunteer_id") for n in range(part.height)
    ]
    assert (offers["rank"] <= budget).all()
    had, score = by_integer_programme(desk, given)
    counted = both.group_by("request_id", "post").agg(pl.len(), pl.col("open").first())
    for layer, of_layer in enumerate(had):
        filled = (pl.col("len") - layer * pl.col("open")).clip(0, pl.col("open"))
        assert counted.select(filled.sum()).item() == of_layer
    assert offers["score"].sum() == pytest.approx(score, abs=0.001 * max(1, offers.height))


def test_the_command_offers(tmp_path: Path) -> None:
    for name, frame in TINY.items():
        frame.write_csv(tmp_path / f"{name}.csv")
    assert planned(tmp_path, tmp_path / "plan").exit_code == 0
    asked = ("recommend", tmp_path / "plan", "--offers", "--given", "nothing")
    (row,) = json.loads(run(*asked, "--json").stdout)["offers"]
    assert (row["volunteer_id"], row["request_id"], row["rank"]) == ("ann", "lunch", 1)
    out = tmp_path / "offers.parquet"
    assert run(*asked, "--out", out).stdout == f"1 rows written to {out}\n"
    assert pl.read_parquet(out).columns == [*PAIR, "rank", "score"]
    assert "nobody is to be offered" in run("recommend", tmp_path / "plan", "--offers").stdout
