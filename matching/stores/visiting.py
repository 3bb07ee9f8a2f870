"""Pairings from any store, and their visits into the tables of a week."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from matching.errors import DataError, UsageError
from matching.guards.urls import shown
from matching.orders.pairings import TABLE
from matching.records.tables import Records
from matching.schema import TABLES
from matching.stores.files.writing import Format, write_tables
from matching.stores.records.beside import rows_of
from matching.stores.records.sources import RecordSource
from matching.stores.registry import OwnSource, open_source
from matching.tables.cells import to_local

# What visits are written to.
_FED = ("requests", "options", "posts", "affinities")


def read_pairings(where: str | Path, **options: Any) -> dict[str, pl.DataFrame]:
    """Return ``pairings``, and what there is of the week's tables that visits are written to.

    Raises
    ------
    DataError
        If a table cannot be read.
    UsageError
        If there are no pairings.
    """
    source = open_source(where, **options)
    if not isinstance(source, OwnSource):
        raise UsageError(f"{shown(str(where))}: pairings are read from files or a database")
    tables = source.read_own()
    wanted = {name: tables[name] for name in (TABLE, *_FED) if name in tables}
    faults = tables.faults.filter(pl.col("table").is_in([TABLE, *_FED]))
    if faults.height:
        raise DataError(faults)
    if TABLE not in wanted:
        raise UsageError(
            f"{shown(str(where))} holds no table {TABLE}; it needs one with pairing_id, "
            "volunteer_id, beneficiary_id, minutes and every_days"
        )
    return wanted


def write_visits(
    given: Mapping[str, pl.DataFrame],
    made: Mapping[str, pl.DataFrame],
    out: Path,
    format: Format,
) -> dict[str, int]:
    """Write the week's tables with the visits in them; a request that is there stays as it is.

    Returns
    -------
    dict of str to int
        ``rows``: visits that were written; ``there``: those that were there already.
    """
    none = pl.DataFrame(schema={"request_id": pl.String})
    old = given.get("requests", none)
    if "request_id" not in old.columns:
        text = "the table requests has no column request_id, so visits cannot be told from others"
        raise UsageError(text)
    there = old["request_id"].cast(pl.String).implode()
    fed = {}
    for name in _FED:
        new = made[name].filter(~pl.col("request_id").is_in(there))
        new = new.select(column for column in TABLES[name].columns() if column in new.columns)
        if name not in given:
            fed[name] = new
            continue
        before = given[name].drop("row", strict=False)
        # Cells as text, as files have them, keep those that were written by hand as they are.
        words = [column for column in new.columns if before.schema.get(column) == pl.String]
        times = [column for column in words if isinstance(new.schema[column], pl.Datetime)]
        new = new.with_columns(pl.col(times).dt.strftime("%Y-%m-%dT%H:%M"))
        fed[name] = pl.concat(
            [before, new.cast(dict.fromkeys(words, pl.String))], how="diagonal_relaxed"
        )
    write_tables(out, {name: frame for name, frame in fed.items() if frame.width}, format)
    rows = made["visits"].filter(~pl.col("request_id").is_in(there)).height
    return {"rows": rows, "there": made["visits"].height - rows}


def served_visits(where: object, time_zone: str = "Asia/Shanghai", **options: Any) -> pl.DataFrame:
    """Return ``request_id``, ``volunteer_id`` and ``day`` of the services that were done."""
    source = RecordSource(where, **options)
    found = [
        rows.filter(pl.col("status") == "done").select(
            "request_id", "volunteer_id", day=to_local(pl.col("start"), time_zone).dt.date()
        )
        for rows in rows_of(source, "records", Records, time_zone)
    ]
    if not found:
        raise UsageError(f"{shown(str(where))} holds no records; name a table, or file, called so")
    return pl.concat(found).drop_nulls()
