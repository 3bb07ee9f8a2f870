"""Windows of starts in the table ``options`` become one option for each start."""

from __future__ import annotations

import polars as pl

_KEY = ["request_id", "option"]


def started(options: pl.DataFrame, minutes: int) -> tuple[pl.DataFrame, pl.Series]:
    """Write windows out: the option ``w`` becomes ``w+0``, ``w+15``, ``w+30`` and so on.

    The number is that of minutes that elapse since the window's start, so that the name stays the
    same on a day on which the clock changes.

    Parameters
    ----------
    options : polars.DataFrame
        The clean table.
    minutes : int
        From one start to the next, up to and with ``latest_start``.

    Returns
    -------
    polars.DataFrame
        Options with a start and an end only; those of one window have its row number.
    polars.Series
        The numbers of rows that give an option another has already; they are left out.
    """
    windows = options.filter(pl.col("latest_start").is_not_null())
    if windows.is_empty():
        return options, options["row"].clear()
    length = (pl.col("latest_start") - pl.col("start")).dt.total_minutes()
    later = pl.duration(minutes=pl.col("after"))
    every = windows.with_columns(after=pl.int_ranges(0, length + 1, minutes)).explode("after")
    every = every.with_columns(
        option=pl.format("{}+{}", "option", "after"),
        start=pl.col("start") + later,
        end=pl.col("end") + later,
        latest_start=pl.lit(None, dtype=options.schema["latest_start"]),
    ).drop("after")
    fixed = options.filter(pl.col("latest_start").is_null())
    written = pl.concat([fixed, every])
    twice = written.filter(pl.struct(_KEY).is_duplicated())["row"].unique().sort()
    kept = written.filter(~pl.col("row").is_in(twice.implode()))
    return kept.sort("row", maintain_order=True), twice
