"""Sentences about who will come and who stands by, made from the rows of their tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from matching.answers.sentences import Language, texts_in

_ODDS = ("all_met", "minimum_met", "all_standby", "minimum_standby", "odds")
# Less is an error of rounding.
_NOTHING = 1e-12


def standby_sentences(
    tables: Mapping[str, pl.DataFrame], language: Language = "en"
) -> pl.DataFrame:
    """Return what can be said of each request that is served.

    Parameters
    ----------
    tables : Mapping of str to polars.DataFrame
        ``odds`` and ``standby``, as `Desk.standby` returns them.
    language : {"en", "zh"}

    Returns
    -------
    polars.DataFrame
        ``request_id``, ``sentence``: how many come, then who stands by, by post and rank.
    """
    texts = texts_in(language)
    by = tables["standby"].rows_by_key(["request_id"], named=True, include_key=True)
    rows = [
        (row["request_id"], text)
        for row in tables["odds"].to_dicts()
        for text in _said(row, by.get(row["request_id"], []), texts)
    ]
    schema = dict.fromkeys(["request_id", "sentence"], pl.String)
    return pl.DataFrame(rows, schema=schema, orient="row")


def _said(
    row: dict[str, Any], standing_by: list[dict[str, Any]], texts: Mapping[str, str]
) -> Iterator[str]:
    told = _shown(row)
    yield texts["odds"].format(**told)
    if row["assumed"]:
        yield texts["assumed"].format(**told)
    if standing_by:
        yield texts["odds_standby"].format(**told)
    elif row["all_met"] < 1:
        yield texts["nobody_by"]
    for one in standing_by:
        yield texts["overbooked" if one["overbooked"] else "stand_by"].format(**_shown(one))


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    """Write odds as percent; what is not certain is never told as 100 %, nor as 0 %."""
    return row | {name: _percent(row[name]) for name in _ODDS if name in row}


def _percent(odds: float) -> str:
    certain = min(odds, 1 - odds) < _NOTHING
    return f"{odds if certain else min(max(odds, 0.001), 0.999):.1%}"
