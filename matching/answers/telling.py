"""Sentences from the rows of a table, in both languages: one text for each row."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import polars as pl

from matching.answers.sentences import Language, texts_in
from matching.week import WEEKDAYS

_DAYS = dict(zip(WEEKDAYS, "一二三四五六日", strict=True))
_PARTS = {"morning": "上午", "afternoon": "下午", "evening": "晚上"}


def said(
    frame: pl.DataFrame, name: str | Callable[[dict[str, Any]], str], language: Language
) -> Iterator[str]:
    """Yield a sentence for each row.

    Parameters
    ----------
    frame : polars.DataFrame
    name : str or callable
        Of the text, or what tells it by the row.
    language : {"en", "zh"}
    """
    texts = texts_in(language)
    for row in frame.iter_rows(named=True):
        text = texts[name if isinstance(name, str) else name(row)]
        yield text.format(**{column: _shown(cell, language) for column, cell in row.items()})


def _shown(cell: object, language: Language) -> object:
    """Return what a sentence says for a cell."""
    if isinstance(cell, datetime):
        return f"{cell:%Y-%m-%d %H:%M}"
    if isinstance(cell, float):
        return f"{cell:g}"
    if cell is None:
        return {"en": "-", "zh": "—"}[language]
    return cell


def half_day_in(language: Language, half_day: str) -> str:
    """Return a half day as people call it; names of one's own stay."""
    day, _, part = half_day.partition(" ")
    if language == "en" or day not in _DAYS:
        return half_day
    return f"周{_DAYS[day]}{_PARTS.get(part, f' {part}')}"


def with_half_days(frame: pl.DataFrame, language: Language) -> pl.DataFrame:
    """Return the rows with half days as people call them."""
    names = {name: half_day_in(language, name) for name in frame["half_day"].unique()}
    return frame.with_columns(pl.col("half_day").replace(names))
