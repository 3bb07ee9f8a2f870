"""What the terminal says of orders, in both languages."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any

import polars as pl

from matching.cli.language import Language

_OFFERS = 6


@cache
def words(language: Language) -> Mapping[str, str]:
    """Return all texts by name."""
    own = tomllib.loads(files(__package__).joinpath("words.toml").read_text(encoding="utf-8"))
    return {name: text[language] for name, text in own.items()}


def counted(orders: pl.DataFrame, language: Language) -> str:
    """Say how many orders stand where."""
    said = words(language)
    counts = orders.group_by(pl.col("state").cast(pl.String), maintain_order=True).len()
    parts = (said["so_many"].format(number=f"{n:,}", what=said[s]) for s, n in counts.rows())
    return said["orders"].format(number=f"{orders.height:,}", parts=said["separator"].join(parts))


def lines(
    orders: pl.DataFrame, offers: pl.DataFrame, language: Language, most: int | None = None
) -> Iterator[str]:
    """Say where each order stands, and its volunteers; at most so many orders."""
    said = words(language)
    shown = orders if most is None else orders.head(most)
    asked = pl.col("request_id").is_in(shown["request_id"].implode())
    people = offers.filter(asked).rows_by_key("request_id", named=True)
    for row in shown.iter_rows(named=True):
        yield said["order"].format(**_told(row), what=said[row["state"]])
        mine = people.get(row["request_id"], [])
        for offer in mine[:_OFFERS]:
            text = said["offer_until" if offer["until"] is not None else "offer"]
            yield "  " + text.format(**_told(offer), what=said[offer["state"]])
        if len(mine) > _OFFERS:
            yield "  " + said["more_offers"].format(more=f"{len(mine) - _OFFERS:,}")
    if len(orders) > len(shown):
        yield said["more_orders"].format(more=f"{len(orders) - len(shown):,}")


def event_sentences(events: pl.DataFrame, language: Language) -> Iterator[str]:
    """Say what everybody is told."""
    said = words(language)
    for row in events.iter_rows(named=True):
        yield said[f"told_{row['event']}"].format(**row)


def due_sentences(due: pl.DataFrame, language: Language) -> Iterator[str]:
    """Say what needs somebody, and which event would see to it."""
    said = words(language)
    for row in due.iter_rows(named=True):
        text = said[f"due_{row['due']}"].format(**_told(row))
        yield said["see_to_it"].format(text=text, events=row["events"])


def _told(row: dict[str, Any]) -> dict[str, Any]:
    return {
        name: f"{cell:%Y-%m-%d %H:%M}" if isinstance(cell, datetime) else cell
        for name, cell in row.items()
    }
