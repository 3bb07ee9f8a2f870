"""A year of records as a platform keeps them, mistakes and all, drawn from a seed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import numpy as np
import polars as pl

CATEGORIES = tuple(f"{number:04}" for number in (*range(1, 21), 99))
# Volunteers of one region, who serve its projects; and how often somebody serves in a year.
_REGION, _MEAN = 20_000, 6.0
_MINUTES = np.array([60, 90, 120, 150, 180, 210])


def year_of_records(
    volunteers: int, seed: int, year: int = 2025
) -> Iterator[tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]]:
    """Give records, their projects and the volunteers of one region after the other.

    About six records and twelve hours and a half for each volunteer; most serve seldom, a few
    every week. Of a thousand records six overlap another, and seventy are of nobody who served.
    """
    for region, first in enumerate(range(0, volunteers, _REGION)):
        draw = np.random.default_rng([seed, region])
        size = min(_REGION, volunteers - first)
        projects = _projects(region, max(1, size), year, draw)
        yield _records(first, size, projects, draw), projects, _volunteers(first, size, region)


def _projects(region: int, size: int, year: int, draw: np.random.Generator) -> pl.DataFrame:
    count = 1 + size * 2
    days, hours = draw.integers(0, 365, count), draw.integers(8, 19, count)
    start = np.datetime64(f"{year}-01-01T00:00") + days.astype("m8[D]") + hours.astype("m8[h]")
    end = start + draw.choice(_MINUTES, count).astype("m8[m]")
    drawn = pl.DataFrame(
        {
            "number": np.arange(count),
            "category": draw.choice(CATEGORIES, count),
            "team": draw.integers(0, 40, count),
            "start": start.astype("M8[us]"),
            "end": end.astype("M8[us]"),
        }
    )
    return drawn.select(
        *("category", "start", "end"),
        request_id=pl.format("q{}-{}", pl.lit(region), "number"),
        organisation_id=pl.format("o{}-{}", pl.lit(region), "team"),
        station_id=pl.format("s{}", pl.lit(region)),
    )


def _volunteers(first: int, size: int, region: int) -> pl.DataFrame:
    number = pl.int_range(first, first + size, eager=True).alias("number")
    return pl.DataFrame({"number": number}).select(
        volunteer_id=pl.format("v{}", "number"),
        organisation_id=pl.format("o{}-{}", pl.lit(region), pl.col("number") % 50),
        station_id=pl.format("s{}", pl.lit(region)),
    )


def _records(
    first: int, size: int, projects: pl.DataFrame, draw: np.random.Generator
) -> pl.DataFrame:
    often = draw.gamma(0.5, 2 * _MEAN, size)
    who = np.repeat(np.arange(first, first + size), draw.poisson(often))
    count, region = len(who), first // _REGION
    which = draw.integers(0, projects.height, count)
    status = draw.choice(
        ["done", "no_show", "cancelled", "forced_out"], count, p=[0.93, 0.03, 0.03, 0.01]
    )
    late = draw.integers(0, 14 * 24 * 60, count).astype("m8[m]")
    served = projects[which]
    late_by = pl.Series(late.astype("m8[us]")).cast(pl.Duration("us"))
    return pl.DataFrame(
        {"number": who, "row_number": np.arange(count), "status": status, "late": late_by}
    ).select(
        record_id=pl.format("r{}-{}", pl.lit(region), "row_number"),
        volunteer_id=pl.format("v{}", "number"),
        request_id=served["request_id"],
        post=pl.lit("volunteer"),
        start=served["start"],
        end=served["end"],
        status="status",
        entered_at=served["end"] + pl.col("late"),
        organisation_id=served["organisation_id"],
        person_in_charge=pl.format("p{}", pl.col("number") % 997),
        category=served["category"],
        region=pl.lit(f"{330000 + region}"),
    )


def stations(volunteers: int) -> pl.DataFrame:
    """Return the stations of all regions: one of each."""
    regions = -(-volunteers // _REGION)
    number = pl.int_range(regions, eager=True).alias("number")
    return pl.DataFrame({"number": number}).select(
        station_id=pl.format("s{}", "number"), region=pl.format("{}", pl.col("number") + 330_000)
    )


def as_of(year: int = 2025) -> datetime:
    """Return a moment at which all of a year's records are entered."""
    return datetime(year + 1, 2, 1) - timedelta(minutes=1)
