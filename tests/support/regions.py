"""Data sets of regions on both sides of a meridian, and what was planned of them."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import polars as pl

from matching import Problem
from matching.regions.dataset import joined, read_all, regions

WEEK = date(2026, 11, 30)
TEN, NOON = datetime(2026, 11, 30, 10), datetime(2026, 11, 30, 12)
# The border is the meridian of 120 degrees; a hundredth of a degree is about one kilometre.
WEST, EAST = 119.99, 120.01


def write(folder: Path, code: str, people: dict[str, float], orders: dict[str, float]) -> None:
    """Write a region: where its people live and where its orders are, all at 30 degrees north."""
    (folder / f"region={code}").mkdir(parents=True)
    tables = {
        "volunteers": pl.DataFrame(
            {"volunteer_id": list(people), "lat": 30.0, "lon": list(people.values())}
        ).with_columns(travel_km=pl.lit(8.0)),
        "availability": pl.DataFrame({"volunteer_id": list(people), "start": TEN, "end": NOON}),
        "requests": pl.DataFrame(
            {"request_id": list(orders), "lat": 30.0, "lon": list(orders.values())}
        ).with_columns(start=pl.lit(TEN), end=pl.lit(NOON)),
    }
    for name, frame in tables.items():
        frame.write_parquet(folder / f"region={code}" / f"{name}.parquet")


def planned(out: Path, name: str = "plan") -> pl.DataFrame:
    return pl.concat([pl.read_parquet(f / f"{name}.parquet") for f in regions(out).values()])


def pairs(out: Path) -> set[tuple[str, str]]:
    return set(planned(out).select("volunteer_id", "request_id").rows())


def whole(folder: Path) -> Problem:
    return Problem.from_tables(joined(read_all(f) for f in regions(folder).values()), WEEK)
