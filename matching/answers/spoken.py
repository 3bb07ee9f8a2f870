"""Sentences to one volunteer, and about one, made from the rows of their tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from matching.answers.comparing import TERMS
from matching.answers.sentences import Language, texts_in

_KEYS = ["request_id", "post", "option"]


def spoken(table: pl.DataFrame, language: Language = "en") -> pl.DataFrame:
    """Return a sentence for each row of `Desk.why_not`, `Desk.why` or `refusals`.

    Parameters
    ----------
    table : polars.DataFrame
    language : {"en", "zh"}

    Returns
    -------
    polars.DataFrame
        ``request_id``, ``post``, ``option``, ``sentence``; ids stand as the tables have them.
    """
    texts, about = texts_in(language), "not" if "travel_km" in table.columns else "why"
    said = [_sentence(row, about, texts) for row in table.to_dicts()]
    return table.select(_KEYS).with_columns(sentence=pl.Series(said, dtype=pl.String))


def _sentence(row: dict[str, Any], about: str, texts: Mapping[str, str]) -> str:
    kind = row.get("kind") or ("serves" if row.get("serves") else row.get("rule"))
    told = {name: _shown(value) for name, value in row.items()}
    told["km"] = f"{row.get('km') or 0.0:.1f}"
    held = "held_none" if row.get("held") is None else "held_some"
    told["held"] = texts[held].format(held=row.get("held"))
    told["subject"] = texts.get(f"subject_{row.get('subject')}", "")
    for name, prefix in (("mine", ""), ("theirs", "other_")):
        if row.get(f"{prefix}score") is not None:
            told[name] = _score(row, prefix, texts)
    return texts[f"{about}_{kind or 'none'}"].format(**told)


def _score(row: dict[str, Any], prefix: str, texts: Mapping[str, str]) -> str:
    """Return a score as the sum that it is; terms of 0 are left out."""
    terms = {name: row[f"{prefix}{name}"] for name in TERMS}
    some = ", ".join(f"{texts[f'term_{name}']} {term}" for name, term in terms.items() if term)
    told = {name: _shown(row[f"{prefix}{name}"]) for name in ("score", "fit", "elsewhere")}
    return texts["score"].format(**told, terms=f" ({some})" if some else "")


def _shown(value: object) -> object:
    if not isinstance(value, float):
        return value
    return f"{value:.0f}" if value.is_integer() else f"{value:.1f}"
