"""How many seats are really filled, with those who stand by and without: weeks played out.

``python -m benchmarks.no_shows`` plans three districts under the full rules, finds who stands by,
and plays each week 400 times. Whoever is known to come with some odds does so; of the others the
truth is drawn as the generator draws it, while the policy says 0.9. Two ways to behave:

* ``alone``: each comes or does not by themselves, and whoever stands by can always be reached;
* ``together``: one day in five is a bad one, and half of those who would come stay away; whoever
  stands by is reached seven times in ten, but for those who were asked to come anyhow. The odds
  know nothing of either.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from matplotlib import rc_context
from matplotlib.figure import Figure

from matching import Desk, Plan, Policy, Problem, solve
from matching.synthetic import generate

WEEK = "2026-11-30"
_DRAWS = 400
_TOP = 3
_BAD_DAY, _STAYS, _REACHED = 0.2, 0.5, 0.7
_COLOURS = {"alone": "#0072b2", "together": "#d55e00"}


def play(size: str, seed: int, scarcity: float = 1.0, draws: int = _DRAWS) -> pl.DataFrame:
    """Return what becomes of planned seats, for each way to behave and number of ranks.

    ``filled`` is the share that is; ``expected``, what the odds say of it; ``lost`` counts requests
    a week that lack a minimum, ``turned_away`` people who come to a post whose seats are taken.
    """
    tables = generate(size, seed=seed, scarcity=scarcity, rules="full", week=WEEK)
    every = sorted(tables["menu"]["category"].drop_nulls().unique())
    rows = []
    for overbook in ((), tuple(every)):
        policy = Policy(show_up=0.9, overbook=overbook, overbook_odds=0.4)
        problem = Problem.from_tables(tables, WEEK, policy)
        result = solve(problem, time_limit=20)
        desk = Desk(result)
        for top in range(1, _TOP + 1) if not overbook else (_TOP,):
            found = desk.standby(top)
            on_call = Plan.from_frame(problem, found["standby"])
            over = found["standby"]["overbooked"].to_numpy()
            told = found["odds"].sum()
            for ranks, share in ((0, "expected"), (top, "expected_standby")):
                if ranks == 0 and top > 1:
                    continue
                some = on_call if ranks else Plan.empty()
                for way in _COLOURS:
                    played = _weeks(problem, result.plan, some, over[: len(some)], way, seed, draws)
                    named = {"seed": seed, "way": way, "ranks": ranks, "overbook": bool(overbook)}
                    expected = told[share][0] / told["people"][0]
                    rows.append(named | {"expected": expected, "on_call": len(some)} | played)
    return pl.DataFrame(rows)


def _weeks(
    problem: Problem, plan: Plan, on_call: Plan, over: Any, way: str, seed: int, draws: int
) -> dict[str, float]:
    """Play a plan out, and return what became of it in the mean."""
    rng = np.random.default_rng(seed)
    known = problem.volunteers.show_up
    truth = np.where(np.isnan(known), rng.beta(18.0, 2.0, len(known)), known)
    slots, posts = problem.slots, problem.posts
    planned = np.bincount(slots.post[plan.slot], minlength=len(posts))
    teams = np.flatnonzero(np.bincount(slots.request[plan.slot], minlength=len(problem.requests)))
    filled = lost = turned_away = 0.0
    for _ in range(draws):
        bad = rng.random(7) < _BAD_DAY
        come = [
            _comers(problem, who, truth, bad if way == "together" else None, rng)
            for who in (plan, on_call)
        ]
        if way == "together":
            come[1] &= over | (rng.random(len(on_call)) < _REACHED)
        there = [
            np.bincount(slots.post[who.slot[here]], minlength=len(posts))
            for who, here in ((plan, come[0]), (on_call, come[1]), (on_call, come[1] & over))
        ]
        at_work = np.minimum(there[0] + there[1], planned)
        people = np.bincount(posts.request, at_work, minlength=len(problem.requests))
        short = np.bincount(posts.request[at_work < posts.min_seats], minlength=len(people)) > 0
        short |= people < np.maximum(problem.requests.min_people, 1)
        filled += at_work.sum() / planned.sum()
        lost += short[teams].sum()
        turned_away += np.maximum(there[0] + there[2] - posts.seats, 0).sum()
    names = ("filled", "lost", "turned_away")
    return {
        name: total / draws for name, total in zip(names, (filled, lost, turned_away), strict=True)
    }


def _comers(problem: Problem, who: Plan, truth: Any, bad: Any, rng: np.random.Generator) -> Any:
    chance = truth[who.volunteer]
    if bad is not None:
        day = problem.options.day[problem.slots.option[who.slot]]
        chance = np.where(bad[day], chance * _STAYS, chance)
    return rng.random(len(who)) < chance


def draw(table: pl.DataFrame) -> Figure:
    """Plot the share of the planned seats that is filled, over the ranks that stand by."""
    figure = Figure(figsize=(6, 3.4), layout="constrained")
    axes = figure.subplots()
    for way, colour in _COLOURS.items():
        for (seed,), one in table.filter(~pl.col("overbook"), way=way).group_by("seed"):
            label = way if seed == table["seed"].min() else None
            one = one.sort("ranks")
            axes.plot(one["ranks"], 100 * one["filled"], marker="o", color=colour, label=label)
    axes.set_xticks(range(_TOP + 1))
    axes.set_xlabel("people who stand by for each post, at most")
    axes.set_ylabel("planned seats really filled (%)")
    axes.grid(alpha=0.3)
    axes.legend(title="no-shows come")
    return figure


def main(arguments: Sequence[str] | None = None) -> pl.DataFrame:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.no_shows", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--size", default="district")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--draws", type=int, default=_DRAWS)
    parser.add_argument("--svg", type=Path, help="where to draw it")
    given = parser.parse_args(arguments)
    table = pl.concat([play(given.size, seed, draws=given.draws) for seed in given.seeds])
    if given.svg is not None:
        with rc_context({"svg.fonttype": "none", "svg.hashsalt": "no shows"}):
            draw(table).savefig(given.svg, format="svg", metadata={"Date": None})
    with pl.Config(tbl_rows=-1, tbl_cols=-1, tbl_hide_dataframe_shape=True, float_precision=4):
        print(table)
    return table


if __name__ == "__main__":
    main()
