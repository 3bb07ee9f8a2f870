"""Each record that counts nothing, as a row with its code and a sentence."""

from __future__ import annotations

import string
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Literal

import polars as pl

from matching.records.hours import BY_STATUS, CODES
from matching.tables.cells import to_local

Language = Literal["en", "zh"]
COLUMNS = ("record_id", "volunteer_id", "code", "sentence", "start", "end", "minutes")
# What nobody needs to mend.
FINE = (*BY_STATUS, "repeated", "rounded_away")
_MOMENTS = ("start", "end", "entered_at", "as_of")
_CLOCK = "%Y-%m-%d %H:%M"


def refusals(part: pl.DataFrame, facts: Mapping[str, Any], language: Language) -> pl.DataFrame:
    """Return a row for each record that counts nothing, in local time.

    Parameters
    ----------
    part : polars.DataFrame
        As `hours.credited` returns it.
    facts : Mapping
        ``as_of``, in UTC, and the ``policy`` as a Mapping.
    language : {"en", "zh"}
    """
    policy = facts["policy"]
    as_of = pl.lit(facts["as_of"], pl.Datetime("us"))
    rows = part.filter(pl.col("code").is_not_null())
    rows = rows.with_columns(as_of=as_of, most=pl.lit(policy["max_categories"]))
    rows = rows.with_columns(to_local(pl.col(_MOMENTS), policy["time_zone"]))
    sentence = pl.lit(None, pl.String)
    for code in rows["code"].unique().cast(pl.String):
        said = _sentence(texts()[code][language])
        sentence = pl.when(pl.col("code") == code).then(said).otherwise(sentence)
    told = pl.concat_str(pl.col("record_id"), pl.lit(" "), sentence)
    return rows.with_columns(sentence=told, code=pl.col("code").cast(pl.String)).select(COLUMNS)


def unreadable(faults: pl.DataFrame, language: Language) -> pl.DataFrame:
    """Return a row for each row that could not be read, with the first of its faults."""
    first = faults.unique(["table", "row"], keep="first", maintain_order=True)
    where = pl.format("{} row {}, {} = {}: {}", "table", "row", "column", "value", "message")
    whole = pl.coalesce(where, pl.format("{} row {}: {}", "table", "row", "message"))
    said = _sentence(texts()["unreadable"][language])
    return (
        first.with_columns(message=whole)
        .select(
            "record_id",
            pl.lit(None, pl.String).alias("volunteer_id"),
            pl.lit("unreadable").alias("code"),
            pl.concat_str("record_id", said, separator=" ", ignore_nulls=True).alias("sentence"),
            *(pl.lit(None, pl.Datetime("us")).alias(name) for name in ("start", "end")),
            pl.lit(0, pl.Int64).alias("minutes"),
        )
        .select(COLUMNS)
    )


@cache
def texts() -> dict[str, dict[str, str]]:
    """Return why records count nothing, by code and language."""
    text = files(__package__).joinpath("sentences.toml").read_text(encoding="utf-8")
    every = tomllib.loads(text)
    assert set(every) == set(CODES)
    return every


def _sentence(text: str) -> pl.Expr:
    """Fill in the columns that a sentence names; what is null is a dash."""
    parts: list[pl.Expr] = []
    for words, name, _, _ in string.Formatter().parse(text):
        parts.append(pl.lit(words))
        if name:
            cell = pl.col(name)
            shown = cell.dt.strftime(_CLOCK) if name in _MOMENTS else cell.cast(pl.String)
            parts.append(shown.fill_null("-"))
    return pl.concat_str(parts)
