"""The faults of a table that is read in batches: told all at once, or set aside and counted."""

from __future__ import annotations

import warnings
from collections.abc import Collection

import dataframely as dy
import polars as pl

from matching.errors import FAULT_SCHEMA, DataError, DataWarning, describe, listed
from matching.stores.records.sources import Batch
from matching.tables.cells import legible, without_objects
from matching.tables.cleaning import OnError
from matching.tables.faults import faults_of
from matching.tables.one_table import UNKNOWN, clean_table

# From so many faults on, reading goes on only where they are to be set aside.
ENOUGH = 10_000
_KEPT = {**FAULT_SCHEMA, "record_id": pl.String}


class Faults:
    """What was wrong with the rows of a table so far.

    Attributes
    ----------
    rows : int
        How many rows were set aside.
    """

    def __init__(self, on_error: OnError) -> None:
        self._found: list[pl.DataFrame] = []
        self._on_error = on_error
        self._count = 0
        # Of a file that is read whole, faults come before the rows.
        self._known: dict[str, pl.Series] = {}
        self.rows = 0

    def clean(self, batch: Batch, schema: type[dy.Schema], time_zone: str) -> pl.DataFrame | None:
        """Return the rows of a batch that keep the schema; None where it has no rows.

        Raises
        ------
        DataError
            If the whole table is at fault, or there are enough faults and none is to be set aside.
        """
        self._add(batch.faults, None)
        named = batch.faults["row"].drop_nulls()
        known = pl.concat([self._known.get(batch.name, named.clear()), named])
        self._known[batch.name] = known
        if batch.rows is None:
            return None
        raw = legible(without_objects(batch.rows))
        rows, found = clean_table(batch.name, schema, raw, known, time_zone)
        self._add(pl.concat([batch.faults.clear(), *found]), raw)
        return rows

    def every(self) -> pl.DataFrame:
        """Return all faults, with the id of the record where it could be read."""
        return pl.concat([pl.DataFrame(schema=_KEPT), *self._found])

    def _add(self, faults: pl.DataFrame, raw: pl.DataFrame | None) -> None:
        if faults.is_empty():
            return
        if raw is None or "record_id" not in raw.columns:
            named = faults.with_columns(record_id=pl.lit(None, pl.String))
        else:
            ids = raw.select(pl.col("row").cast(pl.Int64), pl.col("record_id").cast(pl.String))
            named = faults.join(ids, on="row", how="left", maintain_order="left")
        self._found.append(named)
        self._count += faults.height
        self.rows += faults["row"].drop_nulls().n_unique()
        enough = self._count > ENOUGH and self._on_error == "raise"
        if enough or faults["row"].has_nulls():
            raise DataError(self.every().drop("record_id"))


def settle(on_error: OnError, **tables: Faults) -> None:
    """Raise the faults of several tables together, or tell of each what is set aside.

    Of ``records`` it is in the totals, and needs no warning.
    """
    every = [faults.every() for faults in tables.values()]
    if on_error == "raise" and any(found.height for found in every):
        raise DataError(pl.concat(every).drop("record_id"))
    for (name, faults), found in zip(tables.items(), every, strict=True):
        if found.height and name != "records":
            first = describe(found.row(0, named=True)).strip()
            text = f"{faults.rows:,} rows of {name} are set aside, the first of them: {first}"
            warnings.warn(text, DataWarning, stacklevel=3)


def tell_unknown(columns: Collection[str]) -> None:
    """Warn of columns that the schema does not have."""
    if columns:
        warnings.warn(UNKNOWN.format(listed(sorted(columns))), DataWarning, stacklevel=3)


def check_unique(name: str, rows: pl.DataFrame, key: str) -> None:
    """Refuse a table whose batches share a key: a row of its own each is right."""
    twice = rows.filter(pl.col(key).is_duplicated())
    if twice.height:
        text = "stands in several rows; keep one of them"
        raise DataError(faults_of(name, twice.head(1000), (key,), "unique", text))
