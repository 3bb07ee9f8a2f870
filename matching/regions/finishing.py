"""A region's last word: its whole plan, and its share of the bound under everybody's prices."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from matching import audit
from matching.arcs.eligibility import eligible
from matching.arcs.unfilled import unfilled
from matching.arcs.value import quality
from matching.bounds.prices import Prices
from matching.problem import columns as c
from matching.problem.plan import Plan
from matching.regions import dataset
from matching.regions.borders import TURNS, latest, lowest
from matching.regions.guests import visitors
from matching.regions.regional import KEYS, Job

_OF_TEAMS = ("min_seats", "min_people", "team")


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


def finish(job: Job) -> Finished:
    """Write a region's plan, its empty seats and its prices; return its share of the bound."""
    alone = dataset.folder_of(job.work / "alone", job.code)
    frames = {name: dataset.read_own(alone, name) for name in ("plan", "unfilled", "prices")}
    border = _Border(job)
    bound, used, km = 0.0, 0, 0.0
    if border.orders.height or border.homes.height:
        problem, arcs = border.problem, border.arcs
        plan = Plan.from_frame(problem, border.held)
        prices = Prices.from_frame(problem, border.prices)
        ours = problem.volunteers.id.is_in(border.homes["volunteer_id"].implode()).to_numpy()
        at_border = problem.requests.id.is_in(border.at_border.implode()).to_numpy()
        arc_quality = quality(problem, arcs)
        bound = job.terms.bound(problem, arcs, prices, ours, at_border)
        used = len(np.unique(plan.volunteer[ours[plan.volunteer]]))
        _judge(border, plan)
        selected = c.lookup(
            c.combine(arcs.volunteer, arcs.slot), c.combine(plan.volunteer, plan.slot)
        )
        km = float(np.nansum(arcs.km[selected][at_border[problem.slots.request[plan.slot]]]))
        found = {
            "plan": plan.to_frame(problem, arc_quality[selected]),
            "unfilled": _counted(frames["unfilled"], unfilled(problem, arcs, arc_quality, plan)),
            "prices": border.prices,
        }
        here = pl.col("request_id").is_in(border.at_border.implode()).fill_null(False)
        frames = {
            name: pl.concat([frames[name].filter(~here), found[name].filter(here)])
            for name in frames
        }
    dataset.write_all(dataset.folder_of(job.work / "plan", job.code), frames)
    whole = frames["plan"]
    figures = {
        "filled": whole.height,
        "requests_served": whole["request_id"].n_unique(),
        "hours": float((whole["end"] - whole["start"]).dt.total_minutes().sum() / 60),
        "used": used,
        "km": km,
    }
    return Finished(bound, figures)


def _counted(alone: pl.DataFrame, border: pl.DataFrame) -> pl.DataFrame:
    """Return what each rule left: of the whole region, where nobody came or went at the border.

    Elsewhere only those who could serve somewhere near it are counted.
    """
    keys = ("request_id", "post", "filled")
    same = alone.join(border, on=keys, how="semi")
    return pl.concat([same, border.join(same, on=keys[:2], how="anti")])


def _judge(border: _Border, plan: Plan) -> None:
    """Refuse a plan that breaks a rule where borders were settled.

    The rest is as the region's own plan had it, and was judged with it.
    """
    found = audit.violations(border.problem, plan)
    ours = pl.col("volunteer_id").is_in(border.homes["volunteer_id"].implode())
    here = pl.col("request_id").is_in(border.at_border.implode())
    # Of other orders only some of the people are in sight.
    broken = found.filter(here | (ours & ~pl.col("rule").is_in(_OF_TEAMS)).fill_null(False))
    if broken.height:
        first = broken.row(0, named=True)
        where = " ".join(first[key] for key in KEYS if first[key])
        raise RuntimeError(
            f"the settled border breaks the rule {first['rule']} at {where}: {first['detail']}; "
            "nothing was written. This is a fault of the library: please report it"
        )


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
        folder = job.strip_of(job.code)
        self.homes = dataset.read_own(folder, "homes")
        self.orders = dataset.read_own(folder, "orders")
        self.at_border = self.orders.filter("border")["request_id"]
        parts = [dataset.read_all(folder)]
        held, prices = [dataset.read_own(folder, "held")], [dataset.read_own(folder, "prices")]
        cells = [self.homes["cell"], self.orders.filter("border")["cell"]]
        for code, abroad in job.abroad.items():
            there = job.strip_of(code)
            orders = dataset.read_own(there, "orders")
            near = pl.Series(np.isin(orders["cell"].to_numpy(), abroad), dtype=pl.Boolean)
            orders = orders.filter(near & orders["border"])
            homes, tables = visitors(job, code)
            beyond = dataset.read_own(there, "beyond")["request_id"]
            wanted = pl.concat([orders["request_id"], beyond]).unique(maintain_order=True)
            parts.append(dataset.only(tables, homes["volunteer_id"], wanted))
            held.append(dataset.read_own(there, "held"))
            prices.append(dataset.read_own(there, "prices"))
            cells += [homes["cell"], orders["cell"]]
        self.problem = job.terms.problem(dataset.joined(parts))
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
