"""Sentences of who serves otherwise, and why."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from matching.answers.sentences import Language
from matching.answers.telling import said


def change_sentences(changes: pl.DataFrame, language: Language) -> Iterator[str]:
    """Yield a sentence for each row of `plan_changes`, or that nobody serves otherwise."""
    if language == "zh":
        till = pl.col("from", "to").str.replace(r" to (\d\d:\d\d)$", "-$1")
        changes = changes.with_columns(till)
    reasons = list(said(changes, lambda row: f"why_{row['why']}", language))
    changes = changes.with_columns(reason=pl.Series(reasons, dtype=pl.String))
    if changes.is_empty():
        yield from said(pl.DataFrame({"none": [0]}), "changes_none", language)
    yield from said(changes, _of_change, language)


def _of_change(row: dict[str, object]) -> str:
    if row["from"] is None:
        return "change_told"
    if row["to"] is None:
        return "change_freed"
    # From another request, where the table tells which.
    return "change_moved" if row.get("from_request_id") is None else "change_instead"
