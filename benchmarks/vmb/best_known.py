"""The table of best-known values and bounds, with how and when each was obtained."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import polars as pl

from benchmarks.vmb.worlds import WORLDS, world_of
from matching.errors import UsageError

PATH = Path(__file__).with_name("best_known.csv")
# An empty cell: nobody has run it yet.
SCHEMA: dict[str, type[pl.DataType]] = {
    "world": pl.String,
    "fingerprint": pl.String,
    "value": pl.Int64,
    "value_by": pl.String,
    "value_on": pl.Date,
    "bound": pl.Int64,
    "bound_by": pl.String,
    "bound_on": pl.Date,
}


def best_known(path: Path = PATH) -> pl.DataFrame:
    """Return the table, one row per world in the order of `WORLDS`."""
    names = pl.DataFrame({"world": list(WORLDS)})
    if not path.exists():
        return names.with_columns(
            pl.lit(None, kind).alias(n) for n, kind in SCHEMA.items() if n != "world"
        )
    return names.join(
        pl.read_csv(path, schema=SCHEMA), on="world", how="left", maintain_order="left"
    )


def improve(
    rows: Iterable[Mapping[str, Any]], by: str, on: dt.date, path: Path = PATH
) -> list[str]:
    """Put better values and bounds into the table; return the worlds that changed.

    A bound computed from prices is entered as such. One that is only claimed needs trust in the
    entrant, and its row says so.

    Raises
    ------
    UsageError
        If a result contradicts the table: another world of that name, or a value above a bound.
    """
    table = {row["world"]: row for row in best_known(path).iter_rows(named=True)}
    changed = []
    for found in rows:
        if found["value"] is None:
            continue
        old = table[world_of(found["world"]).name]
        new = _better(old, found, by, on)
        _agree(new, found)
        if new != old:
            table[found["world"]] = new
            changed.append(found["world"])
    frame = pl.DataFrame(list(table.values()), schema=SCHEMA)
    beside = path.with_suffix(".new")
    frame.write_csv(beside)
    os.replace(beside, path)
    return changed


def _better(
    old: Mapping[str, Any], found: Mapping[str, Any], by: str, on: dt.date
) -> dict[str, Any]:
    new = dict(old) | {"fingerprint": old["fingerprint"] or found["fingerprint"]}
    if new["value"] is None or found["value"] > new["value"]:
        new |= {"value": found["value"], "value_by": by, "value_on": on}
    bounds = [(found["proved"], f"prices of {by}"), (found["claimed"], f"search of {by}")]
    # Of two equal ones that comes first which anybody can compute anew.
    for bound, how in bounds:
        if bound is not None and (new["bound"] is None or bound < new["bound"]):
            new |= {"bound": bound, "bound_by": how, "bound_on": on}
    return new


def _agree(new: Mapping[str, Any], found: Mapping[str, Any]) -> None:
    name = found["world"]
    if new["fingerprint"] != found["fingerprint"]:
        raise UsageError(
            f"{name} was made with fingerprint {found['fingerprint']}, the table has "
            f"{new['fingerprint']}: another world; look at the versions of numpy and polars"
        )
    if new["bound"] is not None and new["value"] > new["bound"]:
        raise UsageError(
            f"{name}: the value {new['value']:,} is above the bound {new['bound']:,} "
            f"({new['bound_by']}); one of them is wrong, and the table stays as it is"
        )
