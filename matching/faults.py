"""Faults of the tables, as a table: one row per failing cell, in the layout of `DataError`."""

from __future__ import annotations

import polars as pl

from matching.errors import FAULT_SCHEMA

SHOWN_CHARACTERS = 60


def no_faults() -> pl.DataFrame:
    """Return the empty table of faults."""
    return pl.DataFrame(schema=FAULT_SCHEMA)


def fault(
    table: str,
    rule: str,
    message: str,
    *,
    row: int | None = None,
    column: str | None = None,
    value: str | None = None,
) -> pl.DataFrame:
    """Return one fault, as a table of one row."""
    return pl.DataFrame([[table, row, column, value, rule, message]], FAULT_SCHEMA, orient="row")


def faults_of(
    table: str, rows: pl.DataFrame, columns: tuple[str, ...], rule: str, message: str
) -> pl.DataFrame:
    """Return a fault for each of the rows, showing what the columns hold there."""
    cells = [_shown(rows, column) for column in columns]
    if len(columns) > 1:
        pairs = zip(columns, cells, strict=True)
        cells = [pl.concat_str(pl.lit(f"{c}="), cell.fill_null("")) for c, cell in pairs]
    value = pl.concat_str(cells, separator=", ") if len(cells) > 1 else cells[0]
    return rows.select(
        table=pl.lit(table),
        row=pl.col("row").cast(pl.Int64),
        column=pl.lit(", ".join(columns)),
        value=value,
        rule=pl.lit(rule),
        message=pl.lit(message),
    )


def _shown(rows: pl.DataFrame, column: str) -> pl.Expr:
    if rows.schema[column].is_nested() or rows.schema[column] == pl.Object:
        return pl.lit(f"({rows.schema[column]})")
    cell = pl.col(column).cast(pl.String)
    long = cell.str.len_chars() > SHOWN_CHARACTERS
    return pl.when(long).then(cell.str.head(SHOWN_CHARACTERS) + "...").otherwise(cell)
