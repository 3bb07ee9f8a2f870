"""Feedback from a store of records, and into the tables of the week that comes."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import polars as pl

from matching.errors import UsageError
from matching.records.feedback import Feedback, feedback, marks, tallies, with_ratings, with_show_up
from matching.records.policy import RecordPolicy
from matching.records.tables import Reviews
from matching.schema import Affinities, Volunteers
from matching.stores.files.writing import Format, write_tables
from matching.stores.records.beside import rows_of
from matching.stores.records.crediting import Credited
from matching.stores.records.sources import RecordSource
from matching.tables.cleaning import OnError
from matching.tables.one_table import checked


def feedback_of(
    credited: Credited, source: RecordSource, policy: RecordPolicy, on_error: OnError
) -> Feedback:
    """Estimate what is to be expected of everybody, from records and the reviews beside them."""
    as_of = credited.summary["as_of"]
    now = as_of if isinstance(as_of, datetime) else datetime.fromisoformat(str(as_of))
    reviewed = rows_of(source, "reviews", Reviews, policy.time_zone, on_error)
    return feedback(
        (tallies(part, policy, now) for part in credited.parts()),
        (marks(rows, policy, now) for rows in reviewed),
        policy,
    )


def feed(
    source: RecordSource, found: Feedback, policy: RecordPolicy, out: Path, format: Format
) -> dict[str, int]:
    """Write ``volunteers``, and ``affinities`` if there are any, with what was estimated.

    All other columns and rows stay as they are.

    Returns
    -------
    dict of str to int
        The rows of each table that was written.

    Raises
    ------
    DataError
        If a row breaks its table's rules.
    UsageError
        If there are no volunteers.
    """
    schemas = {"volunteers": Volunteers, "affinities": Affinities}
    raw: dict[str, pl.DataFrame] = {}
    for name, schema in schemas.items():
        batches = [batch.rows for batch in source.batches(name, schema) if batch.rows is not None]
        if batches:
            raw[name] = pl.concat(batches, how="diagonal_relaxed")
    if "volunteers" not in raw:
        text = "there is no table volunteers to be fed; name with --tables where the week's are"
        raise UsageError(text)
    known = {
        name: frame.select(n for n in frame.columns if n in ("row", *schemas[name].columns()))
        for name, frame in raw.items()
    }
    checked(schemas, known, policy.time_zone)
    numbers = {"show_up": pl.Float64, "score": pl.Int64}
    ready = {
        name: frame.drop("row").with_columns(
            pl.when(pl.col(cell).cast(pl.String) != "").then(cell).cast(kind)
            for cell, kind in numbers.items()
            if cell in frame.columns
        )
        for name, frame in raw.items()
    }
    fed = {"volunteers": with_show_up(ready["volunteers"], found)}
    if "affinities" in ready:
        fed["affinities"] = with_ratings(ready["affinities"], found, policy)
    write_tables(out, fed, format)
    return {name: frame.height for name, frame in fed.items()}
