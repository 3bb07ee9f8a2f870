"""A region's last word: its whole plan, and its share of the bound under everybody's prices."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from matching import columns as c
from matching.certificate import best_weeks, reward
from matching.eligibility import eligible
from matching.engine import peak_memory_mb
from matching.nation import dataset
from matching.nation.borders import TURNS, latest, lowest
from matching.nation.cells import reached
from matching.nation.regional import Job, km_of
from matching.plan import Plan
from matching.prices import Prices
from matching.problem import Problem
from matching.teams import best_teams
from matching.unfilled import unfilled
from matching.value import quality
from matching.weeks import Weeks


@dataclass(frozen=True)
class Finished:
    """What the borders add to a region.

    Attributes
    ----------
    bound : float
        The best weeks of those who can reach an order of a border, and the best teams of those
        orders, under the prices of all.
    figures : dict
        ``used`` counts those alone, and ``km`` is that of orders at the border; all else counts
        the region's orders.
    """

    bound: float
    figures: dict[str, float]
    memory_mb: float


def finish(job: Job) -> Finished:
    """Write a region's plan, its empty seats and its prices; return its share of the bound."""
    alone = dataset.folder_of(job.work / "alone", job.code)
    frames = {name: _read(alone, name) for name in ("plan", "unfilled", "prices")}
    border = _Border(job)
    bound, used, km = 0.0, 0, 0.0
    if border.orders.height or border.homes.height:
        problem, arcs = border.problem, border.arcs
        plan = Plan.from_frame(problem, border.held)
        prices = Prices.from_frame(problem, border.prices)
        ours = problem.volunteers.id.is_in(border.homes["volunteer_id"].implode()).to_numpy()
        at_border = problem.requests.id.is_in(border.at_border.implode()).to_numpy()
        worth = quality(problem, arcs)
        rewards = reward(problem, arcs, worth, prices)
        week = best_weeks(Weeks(problem, arcs), rewards, job.terms.patience())
        bound = float(week[ours].sum() + best_teams(problem, arcs, prices)[at_border].sum())
        used = len(np.unique(plan.volunteer[ours[plan.volunteer]]))
        taken = c.lookup(c.combine(arcs.volunteer, arcs.slot), c.combine(plan.volunteer, plan.slot))
        km = km_of(arcs.km[taken], at_border[problem.slots.request[plan.slot]])
        found = {
            "plan": plan.to_frame(problem, worth[taken]),
            "unfilled": unfilled(problem, arcs, plan),
            "prices": border.prices,
        }
        here = pl.col("request_id").is_in(border.at_border.implode()).fill_null(False)
        frames = {
            name: pl.concat([frames[name].filter(~here), found[name].filter(here)])
            for name in frames
        }
    dataset.write_all(dataset.folder_of(job.work / "plan", job.code), frames)
    plan_table = frames["plan"]
    hours = (plan_table["end"] - plan_table["start"]).dt.total_minutes().sum() / 60
    figures = {
        "filled": plan_table.height,
        "requests_served": plan_table["request_id"].n_unique(),
        "hours": float(hours),
        "used": used,
        "km": km,
    }
    return Finished(bound, figures, peak_memory_mb())


def _read(folder: Path, name: str) -> pl.DataFrame:
    frame = dataset.read(folder, name)
    if frame is None:
        raise FileNotFoundError(2, "was written by this run and is gone", folder / name)
    return frame


class _Border:
    """The strip of a region with the orders beyond the border, as one problem.

    Attributes
    ----------
    homes, orders : polars.DataFrame
        Those of the region: its strip, and the orders that the strip or somebody else may serve.
    at_border : polars.Series
        The orders among them that others may serve.
    """

    def __init__(self, job: Job) -> None:
        folder = dataset.folder_of(job.work / "borders", job.code)
        self.homes, self.orders = _read(folder, "homes"), _read(folder, "orders")
        self.at_border = self.orders.filter("border")["request_id"]
        parts = [dataset.read_all(folder)]
        held, prices = [_read(folder, "held")], [_read(folder, "prices")]
        cells = [self.homes["cell"], self.orders.filter("border")["cell"]]
        for code, abroad in job.abroad.items():
            there = dataset.folder_of(job.work / "borders", code)
            orders, homes = _read(there, "orders"), _read(there, "homes")
            near = pl.Series(np.isin(orders["cell"].to_numpy(), abroad), dtype=pl.Boolean)
            orders = orders.filter(near & orders["border"])
            tables = dataset.read_all(there)
            homes = homes.filter(_may_come(homes, tables["volunteers"], job))
            parts.append(dataset.only(tables, homes["volunteer_id"], orders["request_id"]))
            held.append(_read(there, "held"))
            prices.append(_read(there, "prices"))
            cells += [homes["cell"], orders["cell"]]
        tables = dataset.joined(parts)
        self.problem = Problem.from_tables(tables, job.terms.week, job.terms.policy)
        self.arcs = eligible(self.problem)
        at = pl.concat(cells).to_numpy()
        known = pl.col("request_id").is_in(self.problem.requests.id.implode())
        who = pl.col("volunteer_id").is_in(self.problem.volunteers.id.implode())
        self.held = latest(job.work, pl.concat(held), at, TURNS).filter(known & who)
        limited = self.problem.organisations.id.filter(self.problem.organisations.limited)
        quota = pl.col("organisation_id").is_in(limited.implode())
        rows = lowest(job.work, pl.concat(prices), at, TURNS)
        own = pl.col("volunteer_id").is_null() | who
        self.prices = rows.filter(quota | (known & own))


def _may_come(homes: pl.DataFrame, people: pl.DataFrame, job: Job) -> pl.Series:
    """Tell which of a neighbour's volunteers may reach an order of the border."""
    km = job.terms.policy.travel_km
    if "travel_km" in people.columns:
        limits = people["travel_km"].cast(pl.Float64).fill_null(km).to_numpy()
        km = max(km, limits.max(initial=0.0))
    near = reached(job.border, np.full(len(job.border), km))
    return pl.Series(np.isin(homes["cell"].to_numpy(), near), dtype=pl.Boolean)
