"""What the terminal says of records, in both languages."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import polars as pl

from matching.cli.language import Language


@cache
def words(language: Language) -> Mapping[str, str]:
    """Return all texts by name."""
    own = tomllib.loads(files(__package__).joinpath("words.toml").read_text(encoding="utf-8"))
    return {name: text[language] for name, text in own.items()}


def totals(summary: Mapping[str, Any], language: Language) -> Iterator[str]:
    """Say how many records there are, what they count, and how many count nothing, by reason."""
    said = words(language)
    yield said["totals"].format(
        records=f"{summary['records']:,}",
        counted=f"{summary['counted']:,}",
        hours=f"{summary['credited'] / 60:,.2f}",
    )
    for code, count in summary["codes"].items():
        yield f"  {count:>12,}  {code}: {said[code]}"


def people(hours: pl.DataFrame, language: Language) -> Iterator[str]:
    """Say what each volunteer's records come to, those with the most hours first."""
    said = words(language)
    some = hours.filter(pl.col("hours") > 0).height
    yield said["people"].format(people=f"{hours.height:,}", some=f"{some:,}")
    for row in hours.sort("hours", "volunteer_id", descending=[True, False]).iter_rows(named=True):
        line = said["person" if row["counted"] else "nobody"]
        yield line.format(**row | {"hours": f"{row['hours']:,.2f}"})
