"""What each volunteer's records come to."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

SCHEMA = {
    "volunteer_id": pl.String,
    "hours": pl.Float64,
    "counted": pl.Int64,
    "records": pl.Int64,
    "first_day": pl.Date,
    "last_day": pl.Date,
}


def hours_of(parts: Iterable[pl.DataFrame], time_zone: str) -> pl.DataFrame:
    """Return the credited hours of each volunteer who has a record.

    Parameters
    ----------
    parts : iterable of polars.DataFrame
        As `hours.credited` returns them, no volunteer in two of them.
    time_zone : str

    Returns
    -------
    polars.DataFrame
        In the order of ``volunteer_id``: ``hours``, how many records ``counted`` of how many
        ``records``, and the first and last local day on which one did.
    """
    found = [pl.DataFrame(schema=SCHEMA)]
    for part in parts:
        counts = pl.col("code").is_null()
        day = pl.col("start").filter(counts).dt.replace_time_zone("UTC")
        day = day.dt.convert_time_zone(time_zone).dt.date()
        found.append(
            part.group_by("volunteer_id").agg(
                hours=pl.sum("credited") / 60,
                counted=counts.sum().cast(pl.Int64),
                records=pl.len().cast(pl.Int64),
                first_day=day.min(),
                last_day=day.max(),
            )
        )
    return pl.concat(found).sort("volunteer_id")
