"""The data that worlds are drawn from: places, qualifications, services."""

from __future__ import annotations

from importlib.resources import files

import polars as pl

_CODES = dict.fromkeys(("code", "county_code", "category"), pl.String)


def read(name: str) -> pl.DataFrame:
    """Return a file of the folder ``data``; codes are text."""
    source = files(__package__).joinpath("data", f"{name}.csv").read_bytes()
    return pl.read_csv(source, schema_overrides=_CODES)
