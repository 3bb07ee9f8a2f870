"""Sentences about empty seats, made from the rows of their tables, in both languages."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any, Literal

import polars as pl

from matching.arcs.eligibility import RULES

Language = Literal["en", "zh"]
_KEYS = ["request_id", "post"]


def sentences(
    tables: Mapping[str, pl.DataFrame], language: Language = "en", *, head: bool = True
) -> pl.DataFrame:
    """Return what can be said of each post with empty seats.

    Parameters
    ----------
    tables : Mapping of str to polars.DataFrame
        As `explain` returns them.
    language : {"en", "zh"}
    head : bool
        Whether the first sentence of each post says which it is, and how many seats are empty.

    Returns
    -------
    polars.DataFrame
        ``request_id``, ``post``, ``sentence``: the seats, the reason, who could nearly come, and
        each remedy; ids stand as the tables have them.
    """
    texts = texts_in(language)
    counted = (
        tables["shortages"]
        .group_by("shortage_id")
        .agg(
            posts=pl.col("post").count(),
            all_seats=pl.col("seats").sum(),
            people=pl.col("volunteer_id").count(),
            turns=pl.col("turns").sum(),
        )
    )
    shortages = {row["shortage_id"]: row for row in counted.to_dicts()}
    near = tables["near_misses"].rows_by_key(_KEYS, named=True, unique=True)
    mended = tables["remedies"].rows_by_key(_KEYS, named=True, include_key=True)
    rows = []
    for row in tables["reasons"].to_dicts():
        key = (row["request_id"], row["post"])
        said = [
            *([texts["head"].format(**row, empty=row["seats"] - row["filled"])] if head else ()),
            *_reason(row, shortages, texts),
            *_near(near[key], texts),
            *(_remedy(remedy, texts) for remedy in mended.get(key, ())),
        ]
        rows += [(*key, text) for text in said]
    schema = dict.fromkeys([*_KEYS, "sentence"], pl.String)
    return pl.DataFrame(rows, schema=schema, orient="row")


@cache
def texts_in(language: Language) -> Mapping[str, str]:
    """Return all texts by name."""
    every = tomllib.loads(files(__package__).joinpath("texts.toml").read_text(encoding="utf-8"))
    return {name: text[language] for name, text in every.items()}


def _reason(
    row: dict[str, Any], shortages: dict[str, dict[str, Any]], texts: Mapping[str, str]
) -> Iterator[str]:
    kind = row["kind"]
    if kind in RULES and kind != RULES[0]:
        row = row | {"before": row[RULES[RULES.index(kind) - 1]]}
    elif kind == "shortage":
        row = row | shortages[row["shortage_id"]]
    elif kind == "better_use":
        kind += "_equal" if row["better_by"] == 0 else ""
        kind += "_somehow" if row["better_by"] is None else "" if row["exact"] else "_by_prices"
    yield texts[kind].format(**row)


def _near(row: dict[str, Any], texts: Mapping[str, str]) -> Iterator[str]:
    told = {
        name: f"{value:%H:%M}" if isinstance(value, datetime) else value
        for name, value in row.items()
    }
    yield texts["people"].format(**told)
    for name in ("until", "since"):
        if row[f"{name}_people"]:
            yield texts[name].format(**told)
    if row["best_people"] is not None:
        yield texts["best"].format(**told)


def _remedy(row: dict[str, Any], texts: Mapping[str, str]) -> str:
    kind = row["change"]
    if kind == "move":
        kind += "_later" if row["amount"] > 0 else "_earlier"
    what = texts[kind].format(**row | {"amount": f"{abs(row['amount']):g}"})
    return texts["remedy"].format(what=what, gain=row["gain"])
