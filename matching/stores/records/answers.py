"""What is told of credited records, put together from their files."""

from __future__ import annotations

import polars as pl

from matching.records.refusals import COLUMNS, FINE, Language, refusals, unreadable
from matching.stores.records.crediting import Credited


def told(credited: Credited, language: Language) -> pl.DataFrame:
    """Return a row for each record that counts nothing, in the order of their ids."""
    parts = (refusals(part, credited.summary, language) for part in credited.parts())
    found = pl.concat([unreadable(credited.unreadable, language), *parts])
    return found.sort("record_id", "volunteer_id", "start", "code", nulls_last=True).select(COLUMNS)


def to_mend(told: pl.DataFrame) -> pl.DataFrame:
    """Return those that somebody should mend."""
    return told.filter(~pl.col("code").is_in(FINE))
