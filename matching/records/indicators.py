"""Indicators: how many teams and volunteers were active, hours a head, and orders matched.

People and teams are counted where they are registered, so that no rate exceeds one: a team is
active if somebody registered with it served. Where nobody is registered, there are counts and no
rates. Orders are counted where they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from matching.records.policy import RecordPolicy
from matching.tables.cells import to_local

BY = ("all", "region", "organisation", "category", "month")
_GROUP = ["by", "group"]
_DAYS = 365
Hashes = NDArray[np.uint64]


@dataclass(frozen=True)
class Period:
    """The local days that are counted, both included, and how many digits a region has."""

    since: date
    until: date
    time_zone: str
    region_digits: int = 0

    def holds(self, moment: str) -> pl.Expr:
        """Tell whether a moment (UTC) lies in the period."""
        return self.day(moment).is_between(self.since, self.until)

    def day(self, moment: str) -> pl.Expr:
        """Return the local day of a moment."""
        return to_local(pl.col(moment), self.time_zone).dt.date()

    def region(self, code: str) -> pl.Expr:
        """Return the region that a code lies in."""
        return pl.col(code).str.head(self.region_digits) if self.region_digits else pl.col(code)


def _grouped(rows: pl.DataFrame, *figures: pl.Expr) -> pl.DataFrame:
    """Return figures of each group; the columns are ``region``, ``organisation``, ..."""
    found = []
    for by in BY:
        keyed = rows.with_columns(group=pl.lit("") if by == "all" else pl.col(by))
        found.append(
            keyed.drop_nulls("group").group_by("group").agg(figures).with_columns(by=pl.lit(by))
        )
    return pl.concat(found)


def served(
    part: pl.DataFrame, members: pl.DataFrame | None, period: Period
) -> tuple[pl.DataFrame, pl.DataFrame, Hashes]:
    """Return what a part of the records comes to: figures, active teams, and requests served.

    Parameters
    ----------
    part : polars.DataFrame
        As `hours.credited` returns it.
    members : polars.DataFrame or None
        ``volunteer_id``, ``organisation_id``, ``region`` of those who are registered.
    period : Period
    """
    rows = part.filter(pl.col("code").is_null(), period.holds("start")).select(
        "volunteer_id",
        "request_id",
        "category",
        "credited",
        organisation="organisation_id",
        region=period.region("region"),
        month=period.day("start").dt.strftime("%Y-%m"),
        registered=pl.lit(False),
    )
    if members is not None:
        some = members.join(rows, on="volunteer_id", how="semi").select(
            "volunteer_id",
            organisation="organisation_id",
            region=period.region("region"),
            registered=pl.lit(True),
        )
        rows = rows.drop("organisation", "region", "registered").join(
            some, on="volunteer_id", how="left"
        )
        rows = rows.with_columns(pl.col("registered").fill_null(False))
    member = pl.col("registered")
    figures = _grouped(
        rows,
        pl.len().cast(pl.Int64).alias("records"),
        pl.col("credited").sum().alias("minutes"),
        pl.col("volunteer_id").n_unique().cast(pl.Int64).alias("served"),
        pl.col("credited").filter(member).sum().alias("own_minutes"),
        pl.col("volunteer_id").filter(member).n_unique().cast(pl.Int64).alias("own_served"),
    )
    teams = _grouped(rows.drop_nulls("organisation"), pl.col("organisation").unique().alias("team"))
    asked = rows["request_id"].drop_nulls().unique().hash().to_numpy()
    return figures, teams.explode("team"), asked


def registered(members: pl.DataFrame, period: Period) -> pl.DataFrame:
    """Return how many volunteers and teams are registered, of each group.

    Of a category or a month, it is all of them.
    """
    rows = members.select(
        "volunteer_id",
        organisation="organisation_id",
        region=period.region("region"),
        category=pl.lit(None, pl.String),
        month=pl.lit(None, pl.String),
    )
    return _grouped(
        rows,
        pl.len().cast(pl.Int64).alias("volunteers"),
        pl.col("organisation").drop_nulls().n_unique().cast(pl.Int64).alias("teams"),
    )


def ordered(
    requests: pl.DataFrame, matched: Hashes, response: pl.DataFrame, period: Period
) -> pl.DataFrame:
    """Return each order with whether somebody served it, and how long it took to be accepted.

    Parameters
    ----------
    requests : polars.DataFrame
        ``request_id``, ``start`` (UTC), ``category``, ``organisation_id``, ``region``.
    matched : array of uint64
        Sorted hashes of the requests that were served.
    response : polars.DataFrame
        ``request_id``, ``response_minutes``.
    period : Period
        Orders whose start is in it, or who have none.
    """
    rows = requests.filter(pl.col("start").is_null() | period.holds("start"))
    hashes = rows["request_id"].hash().to_numpy()
    at = np.searchsorted(matched, hashes)
    found = np.zeros(len(hashes), bool)
    inside = at < len(matched)
    found[inside] = matched[at[inside]] == hashes[inside]
    return (
        rows.with_columns(matched=pl.Series(found, dtype=pl.Boolean))
        .join(response, on="request_id", how="left")
        .select(
            "category",
            "matched",
            "response_minutes",
            organisation="organisation_id",
            region=period.region("region"),
            month=period.day("start").dt.strftime("%Y-%m"),
        )
    )


def orders(rows: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """Return orders, those that were matched, and the median response, of each group."""
    every = pl.concat(rows)
    return _grouped(
        every,
        pl.len().cast(pl.Int64).alias("orders"),
        pl.col("matched").sum().cast(pl.Int64).alias("orders_matched"),
        pl.col("response_minutes").median().alias("response_minutes"),
    )


def response_times(events: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """Return the minutes from each order to the first acceptance, of those that have both."""
    first: dict[str, list[pl.DataFrame]] = {"ordered": [], "accepted": []}
    for rows in events:
        for event, found in first.items():
            some = rows.filter(pl.col("event").cast(pl.String) == event)
            found.append(some.group_by("request_id").agg(pl.col("at").min()))
    empty = pl.DataFrame(schema={"request_id": pl.String, "at": pl.Datetime("us")})
    asked, taken = (
        pl.concat([empty, *found]).group_by("request_id").agg(pl.col("at").min())
        for found in first.values()
    )
    both = asked.join(taken, on="request_id", suffix="_taken")
    minutes = (pl.col("at_taken") - pl.col("at")).dt.total_minutes()
    return both.select("request_id", response_minutes=minutes)


def indicators(
    figures: pl.DataFrame,
    teams: pl.DataFrame,
    members: pl.DataFrame | None,
    ordered: pl.DataFrame | None,
    period: Period,
    policy: RecordPolicy,
) -> pl.DataFrame:
    """Return all indicators, a row for each group, and whether each goal is met.

    Parameters
    ----------
    figures, teams : polars.DataFrame
        Of all parts, as `served` returns them.
    members : polars.DataFrame or None
        As `registered` returns it.
    ordered : polars.DataFrame or None
        As `orders` returns it.
    period : Period
    policy : RecordPolicy

    Returns
    -------
    polars.DataFrame
        ``hours_per_head`` is of the registered, as if a whole year went on so. What cannot be
        known without a table is null.
    """
    sums = figures.group_by(_GROUP).agg(
        pl.sum("records", "minutes", "served", "own_minutes", "own_served")
    )
    active = teams.unique().group_by(_GROUP).agg(pl.len().cast(pl.Int64).alias("teams_active"))
    rows = sums.join(active, on=_GROUP, how="full", coalesce=True)
    kinds: dict[str, Any] = {"volunteers": pl.Int64, "teams": pl.Int64}
    whole = pl.DataFrame(schema={"by": pl.String, "group": pl.String, **kinds})
    whole = whole if members is None else members.select(whole.columns)
    rows = rows.join(whole, on=_GROUP, how="full", coalesce=True)
    counted = ["orders", "orders_matched"]
    kinds = {**dict.fromkeys(counted, pl.Int64), "response_minutes": pl.Float64}
    asked = pl.DataFrame(schema={"by": pl.String, "group": pl.String, **kinds})
    asked = asked if ordered is None else ordered.select(asked.columns)
    rows = rows.join(asked, on=_GROUP, how="full", coalesce=True)
    # Nobody registers for a category or a month: there everybody could serve.
    everybody = pl.col("by").is_in(["category", "month"])
    of_all = {name: _of_all(rows, name) for name in ("volunteers", "teams")}
    zeros = ["records", "minutes", "served", "own_minutes", "own_served", "teams_active"]
    zeros += [] if ordered is None else counted
    rows = rows.with_columns(pl.col(zeros).fill_null(0)).with_columns(
        pl.when(everybody).then(pl.lit(count, pl.Int64)).otherwise(name).alias(name)
        for name, count in of_all.items()
    )
    year = pl.when(pl.col("by") == "month").then(_days_of_month(period)).otherwise(_days(period))
    head = pl.col("own_minutes") / 60 / pl.col("volunteers") * _DAYS / year
    rows = rows.with_columns(
        hours=pl.col("minutes") / 60,
        participation=_share("own_served", "volunteers"),
        mobilisation=_share("teams_active", "teams"),
        hours_per_head=pl.when(pl.col("volunteers") > 0).then(head),
        matched=_share("orders_matched", "orders"),
    )
    goals = {
        "participation": policy.goal_participation,
        "mobilisation": policy.goal_mobilisation,
        "hours_per_head": policy.goal_hours,
    }
    rows = rows.with_columns(
        (pl.col(name) >= goal).alias(f"{name}_met") for name, goal in goals.items()
    )
    order = pl.col("by").cast(pl.Enum(BY)).to_physical()
    return rows.sort(order, "group").select(COLUMNS)


COLUMNS = (
    *("by", "group", "volunteers", "served", "participation", "teams", "teams_active"),
    *("mobilisation", "records", "hours", "hours_per_head", "orders", "orders_matched", "matched"),
    *("response_minutes", "participation_met", "mobilisation_met", "hours_per_head_met"),
)


def _share(part: str, whole: str) -> pl.Expr:
    return pl.when(pl.col(whole) > 0).then(pl.col(part) / pl.col(whole))


def _of_all(rows: pl.DataFrame, name: str) -> int | None:
    found = rows.filter(pl.col("by") == "all")[name]
    return None if found.is_empty() else found.item()


def _days(period: Period) -> int:
    return (period.until - period.since).days + 1


def _days_of_month(period: Period) -> pl.Expr:
    """Return how many days of a month lie in the period."""
    first = pl.concat_str(pl.col("group"), pl.lit("-01")).str.to_date("%Y-%m-%d", strict=False)
    start = pl.max_horizontal(first, pl.lit(period.since))
    end = pl.min_horizontal(first.dt.month_end(), pl.lit(period.until))
    return (end - start).dt.total_days() + 1


def folded(
    parts: Iterator[pl.DataFrame], members: pl.DataFrame | None, period: Period
) -> tuple[pl.DataFrame, pl.DataFrame, Hashes]:
    """Return the figures of all parts, the active teams, and the requests served, sorted."""
    figures, asked = [], []
    teams: pl.DataFrame | None = None
    for part in parts:
        sums, some, requests = served(part, members, period)
        figures.append(sums)
        asked.append(requests)
        teams = some.unique() if teams is None else pl.concat([teams, some]).unique()
    assert teams is not None
    return pl.concat(figures), teams, np.unique(np.concatenate(asked))
