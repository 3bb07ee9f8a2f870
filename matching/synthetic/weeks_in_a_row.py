"""A world of several weeks: the same people every week, and other orders."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.random import Generator


def spread(rng: Generator, tables: dict[str, pl.DataFrame], weeks: int) -> dict[str, pl.DataFrame]:
    """Return the tables with times as they are where the requests belong to several weeks.

    The weeks of requests ascend with their ids; each request may be in any. Windows recur.
    """
    requests = tables["requests"]
    number = pl.Series("week", np.sort(rng.integers(weeks, size=requests.height)))
    later = pl.duration(weeks=pl.col("week"))
    moved = requests.with_columns(number).with_columns(
        pl.col("start") + later, pl.col("end") + later
    )
    changed = {
        "requests": moved.select(requests.columns),
        "availability": weekly(tables["availability"]),
    }
    if "options" in tables:
        options = tables["options"]
        of_request = moved.select("request_id", "week")
        options = options.join(of_request, on="request_id", maintain_order="left")
        options = options.with_columns(pl.col("start") + later, pl.col("end") + later)
        changed["options"] = options.drop("week")
    return changed


def weekly(availability: pl.DataFrame) -> pl.DataFrame:
    """Return dated windows, each within one day, in the weekly form; others as they are."""
    dated = pl.col("start").is_not_null()
    said: dict[str, pl.Expr] = {
        "weekday": pl.col("start").dt.weekday().cast(pl.Int64),
        "start_time": pl.col("start").dt.time(),
        "end_time": pl.col("end").dt.time(),
    }
    return availability.with_columns(
        pl.when(dated).then(value).otherwise(pl.col(name)).alias(name)
        if name in availability.columns
        else value.alias(name)
        for name, value in said.items()
    ).with_columns(pl.lit(None, pl.Datetime("us")).alias(name) for name in ("start", "end"))
