"""What people are called: a table that reports alone read, when they are asked to.

It reaches nothing else: no problem, no plan, no price, no log and no summary.
"""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from matching.errors import DataError, DataWarning, UsageError, listed
from matching.guards.characters import normal
from matching.reports.plain import one_line
from matching.stores.files.formats import FORMATS, format_of, read_file
from matching.tables.faults import fault, faults_of, raise_any

if TYPE_CHECKING:
    from matching.reports.facts import Facts

COLUMNS = ("volunteer_id", "name", "phone", "language")
_TABLE = "contacts"


def read_contacts(path: Path | str) -> pl.DataFrame:
    """Read the table ``contacts``.

    Parameters
    ----------
    path : pathlib.Path or str
        A file of tables, such as ``contacts.csv``; of a workbook the sheet ``contacts``, or the
        only one.

    Returns
    -------
    polars.DataFrame
        ``volunteer_id``, ``name``, ``phone`` and ``language`` (``en``, ``zh`` or null), all text
        of one line; null for what is not said.

    Raises
    ------
    UsageError
        If there is no such file, or it is none of tables.
    DataError
        If it has no ids or says nothing of them, or an id is missing or stands in two rows.
    """
    path = Path(path)
    if not path.is_file():
        raise UsageError(f"{path} is no file: name the table of contacts, such as contacts.csv")
    if format_of(path) is None:
        raise UsageError(f"{path}: contacts are a file that ends in .{', .'.join(FORMATS)}")
    frame, faults = read_file(_TABLE, path)
    if frame is None:
        raise DataError(faults)
    ours = {header: header.strip().casefold().replace(" ", "_") for header in frame.columns}
    frame = frame.rename(ours) if len({*ours.values()}) == len(ours) else frame
    said = [name for name in COLUMNS if name in frame.columns]
    if said[:1] != ["volunteer_id"] or len(said) == 1:
        text = (
            f"contacts have the columns {', '.join(COLUMNS)}: the first, and a name or a phone, "
            f"are wanted; {path.name} has {listed([n for n in frame.columns if n != 'row'])}"
        )
        raise DataError(fault(_TABLE, "required_column", text))
    if "row" not in frame.columns:
        frame = frame.with_row_index("row", offset=1)
    frame = frame.select("row", *(one_line(name) for name in said))
    frame = frame.with_columns(pl.when(pl.col(said) != "").then(pl.col(said)))
    absent = [pl.lit(None, pl.String).alias(name) for name in COLUMNS if name not in said]
    frame = frame.with_columns(absent)
    unnamed = frame.filter(pl.col("volunteer_id").is_null())
    unnamed = unnamed.filter(~pl.all_horizontal(pl.col(COLUMNS).is_null()))
    known = frame.drop_nulls("volunteer_id")
    twice = known.filter(pl.col("volunteer_id").is_duplicated())
    id_ = ("volunteer_id",)
    raise_any(
        [
            faults,
            faults_of(_TABLE, unnamed, id_, "nullability", "a value is required"),
            faults_of(_TABLE, twice, id_, "unique", "stands in several rows; keep one of them"),
        ]
    )
    language = pl.col("language").str.to_lowercase()
    language = (
        pl.when(language.str.contains("^(zh|中|汉)"))
        .then(pl.lit("zh"))
        .otherwise(pl.when(language.str.contains("^(en|英)")).then(pl.lit("en")))
    )
    return known.with_columns(language.alias("language")).select(COLUMNS)


def addressed(facts: Facts, contacts: pl.DataFrame) -> Facts:
    """Return the facts with what people are called.

    Warns
    -----
    DataWarning
        If the table says nothing of some who serve.
    """
    serving = facts.roster.select(pl.col("volunteer_id").unique(maintain_order=True))
    unknown = serving.join(contacts, on="volunteer_id", how="anti")["volunteer_id"]
    if len(unknown):
        warnings.warn(
            f"contacts says nothing of {len(unknown):,} of {serving.height:,} people who serve: "
            f"{listed(unknown, most=5)}; they are shown by their ids",
            DataWarning,
            stacklevel=2,
        )
    return replace(facts, contacts=contacts)


def people(ids: pl.Series, contacts: pl.DataFrame | None) -> pl.Series:
    """Return what each volunteer is called: the name, with the id where others are called so too.

    Whose name is not known is called by the id.
    """
    if contacts is None:
        return ids
    name = pl.col("name")
    alike = normal(contacts["name"]).str.to_lowercase().alias("alike")
    named = contacts.with_columns(alike).select(
        "volunteer_id",
        said=pl.when(pl.col("alike").is_duplicated() & name.is_not_null())
        .then(pl.format("{} ({})", "name", "volunteer_id"))
        .otherwise(name),
    )
    found = pl.DataFrame({"volunteer_id": ids}).join(
        named, on="volunteer_id", how="left", maintain_order="left"
    )
    return found.select(pl.coalesce("said", "volunteer_id")).to_series().alias(ids.name)
