"""A simulated week of offers: the best for all together, against simpler ways to choose.

On each day every open seat is offered to some people; they answer by what is stated here, and those
who say yes serve. `python -m benchmarks.offers_week` prints a table and draws it.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
from matplotlib import rc_context
from matplotlib.figure import Figure

from matching import Desk, Plan, Policy, Prices, Problem, solve
from matching.problem import columns as c
from matching.problem.part import joined
from matching.problem.plan import slot_keys
from matching.schema import STATUSES
from matching.synthetic import generate

WEEK = "2026-11-30"
DAYS = 5
# Each open seat is offered to so many people a day, whoever chooses them.
OFFERS = 3
# Who is offered something worth nothing says yes with odds of 1 in 4; every 100 of fit, half a
# logit more; every offer that they had this week, half a logit less.
BASE, OF_FIT, FATIGUE = -1.1, 0.005, 0.5
MEASURES = {
    "requests": "requests with a willing match",
    "filled": "seats filled",
    "gini": "Gini of offers",
}

Chooser = Callable[[Desk, pl.DataFrame], pl.DataFrame]


def of_all_together(desk: Desk, pairs: pl.DataFrame) -> pl.DataFrame:
    """Choose the offers of the desk."""
    keys = ["volunteer_id", "request_id", "post", "option"]
    return desk.offers("accepted").join(pairs, on=keys, nulls_equal=True, maintain_order="left")


def best_of_each_person(desk: Desk, pairs: pl.DataFrame) -> pl.DataFrame:
    """Choose the best of one person after the other, until as many offers are made."""
    open_ = pairs.unique(["request_id", "post"])["open"].sum()
    people = pairs["volunteer_id"].unique().sort().sample(fraction=1.0, shuffle=True, seed=1)
    turn = pl.DataFrame({"volunteer_id": people}).with_row_index("turn")
    best = pairs.filter(pl.col("rank") <= desk.problem.policy.max_offers)
    return best.join(turn, on="volunteer_id").sort("turn", "rank").head(OFFERS * open_)


def best_of_each_seat(desk: Desk, pairs: pl.DataFrame) -> pl.DataFrame:
    """Choose, for each seat, those with the highest scores."""
    return _first_of_each(pairs.sort("score", descending=True, maintain_order=True))


def nearest(desk: Desk, pairs: pl.DataFrame) -> pl.DataFrame:
    """Choose, for each seat, those who live nearest."""
    return _first_of_each(pairs.sort("km", nulls_last=True, maintain_order=True))


def _first_of_each(pairs: pl.DataFrame) -> pl.DataFrame:
    place = pl.int_range(pl.len()).over("request_id", "post")
    return pairs.filter(place < OFFERS * pl.col("open"))


CHOOSERS: dict[str, Chooser] = {
    "offers": of_all_together,
    "best of\neach person": best_of_each_person,
    "best of\neach seat": best_of_each_seat,
    "nearest": nearest,
}


def simulate(problem: Problem, prices: Prices, choose: Chooser, seed: int) -> dict[str, float]:
    """Return the measures of one week."""
    random = np.random.default_rng(seed)
    people, requests = problem.volunteers.id, problem.requests.id
    had, could = np.zeros(len(people), np.int64), np.zeros(len(people), np.bool_)
    willing = np.zeros(len(requests), np.bool_)
    # What everybody would answer is drawn once, whoever chooses.
    luck = random.random((len(people), len(requests)))
    slots = slot_keys(problem).with_row_index("slot")
    plan = Plan.empty()
    for _ in range(DAYS):
        desk = Desk.of(problem, plan, prices)
        pairs = desk.feeds(len(problem.slots), "accepted")
        could[_numbers(people, pairs["volunteer_id"])] = True
        made = choose(desk, pairs).join(slots, on=slots.columns[1:], nulls_equal=True)
        made = made[random.permutation(made.height)]
        v, q = _numbers(people, made["volunteer_id"]), _numbers(requests, made["request_id"])
        # Those that somebody has before it on the same day tire as well.
        before = made.select(pl.int_range(pl.len()).over("volunteer_id")).to_series().to_numpy()
        logit = BASE + OF_FIT * made["fit"].to_numpy() - FATIGUE * (had[v] + before)
        says_yes = luck[v, q] < 1 / (1 + np.exp(-logit))
        np.add.at(had, v, 1)
        willing[q[says_yes]] = True
        # Everybody says yes to one thing a day, and the first to come take the seats.
        came = made.filter(pl.Series(says_yes)).unique("volunteer_id", maintain_order=True)
        turn = pl.int_range(pl.len()).over("request_id", "post")
        came = came.filter(turn < pl.col("open"))
        volunteer, slot = _numbers(people, came["volunteer_id"]), came["slot"].to_numpy()
        plan = joined(plan, Plan(volunteer.astype(np.int32), slot.astype(np.int32)))
        problem = _answered(problem, v, made["slot"].to_numpy(), volunteer, slot)
    return {
        "requests": willing.mean(),
        "filled": len(plan) / int(problem.posts.seats.sum()),
        "gini": gini(had[could]),
        "offers": float(had.sum()),
    }


def _answered(
    problem: Problem, asked: c.Longs, at: c.Longs, came: c.Longs, where: c.Longs
) -> Problem:
    """Return the week in which offers were accepted, or declined."""
    accepted = np.isin(c.combine(asked, at), c.combine(came, where))
    status = np.where(accepted, STATUSES.index("accepted"), STATUSES.index("declined"))
    slots = problem.slots.take(at)
    columns = (asked, slots.post, slots.option, status, np.full(len(asked), -1))
    new = c.Earlier(*(column.astype(np.int32) for column in columns))
    return replace(problem, earlier=joined(problem.earlier, new).sorted())


def _numbers(ids: pl.Series, names: pl.Series) -> c.Longs:
    return ids.search_sorted(names).to_numpy().astype(np.int64)


def gini(numbers: c.Longs) -> float:
    """Return how unequal numbers are: 0 if all are equal, near 1 if one has all."""
    ranked, n = np.sort(numbers), len(numbers)
    ranks = np.arange(1, n + 1)
    return float((2 * ranks - n - 1) @ ranked / max(1, n * ranked.sum()))


def measured(size: str, scarcity: float, seeds: list[int]) -> pl.DataFrame:
    """Return the measures of each way to choose, for worlds and weeks of some seeds."""
    rows = []
    policy = Policy(max_offers=3, offers_least=OFFERS, offers_most=OFFERS)
    for seed in seeds:
        tables = generate(size, rules="network", seed=seed, week=WEEK, scarcity=scarcity)
        tables["volunteers"] = tables["volunteers"].drop("max_offers")
        tables.pop("assignments", None)
        problem = Problem.from_tables(tables, WEEK, policy)
        prices = solve(problem).prices
        for name, choose in CHOOSERS.items():
            rows.append({"chosen": name, "seed": seed} | simulate(problem, prices, choose, seed))
    return pl.DataFrame(rows)


def drawn(table: pl.DataFrame, path: Path) -> None:
    """Draw each measure: a bar for the mean, a dot for each seed."""
    figure = Figure(figsize=(9, 2.6), layout="constrained")
    for axes, (column, title) in zip(figure.subplots(1, 3), MEASURES.items(), strict=True):
        for at, name in enumerate(CHOOSERS):
            values = table.filter(chosen=name)[column].to_list()
            axes.bar(at, float(np.mean(values)), color="#a9a9a9" if at else "#2a6f97")
            axes.plot([at] * len(values), values, "k.", markersize=4)
        axes.set_xticks(range(len(CHOOSERS)), list(CHOOSERS))
        axes.set_title(title, fontsize=9)
        axes.tick_params(labelsize=7)
    with rc_context({"svg.hashsalt": "offers", "svg.fonttype": "none"}):
        figure.savefig(path, format="svg", metadata={"Date": None})


def main(arguments: list[str] | None = None) -> pl.DataFrame:
    """Simulate, print the table, and draw it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", default="district")
    parser.add_argument("--scarcity", type=float, default=2.0)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--out", type=Path, help="an .svg file")
    given = parser.parse_args(arguments)
    table = measured(given.size, given.scarcity, given.seeds)
    with pl.Config(tbl_rows=-1):
        print(table)
        print(table.group_by("chosen", maintain_order=True).mean().drop("seed"))
    if given.out is not None:
        drawn(table, given.out)
    return table


if __name__ == "__main__":
    main()
