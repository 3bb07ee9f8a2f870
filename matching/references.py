"""What one table says of another: references, posts that exist, trees without cycles, places."""

from __future__ import annotations

import warnings
from collections.abc import Mapping

import numpy as np
import polars as pl

from matching.errors import DataWarning
from matching.faults import faults_of
from matching.schema import DEFAULT_POST, TABLES, key_of, meta

# What is referred to comes before what refers, so that one pass sets aside all that hangs on a row.
_ORDER = ("organisations", "stations", "menu", "menu_posts", "volunteers", "requests")
_NAMES_A_POST = ("menu_qualifications", "post_qualifications", "assignments", "affinities")
# Places this far from the middle of all are looked at; a swapped pair comes home when turned.
_FAR_DEGREES = 5.0


def check_references(
    tables: dict[str, pl.DataFrame], raw: Mapping[str, pl.DataFrame]
) -> list[pl.DataFrame]:
    """Take out of the tables, in place, every row that refers to nothing; return the faults.

    A table that was not given at all cannot be referred to wrongly.
    """
    faults = []
    for name in (*_ORDER, *(name for name in TABLES if name not in _ORDER)):
        for column, kind in TABLES[name].columns().items():
            target = meta(kind).get("refers")
            if target is not None and target in raw:
                faults += _check_column(tables, raw, name, column, target)
        if name == "organisations":
            faults.append(_check_cycles(tables))
        if name in _NAMES_A_POST:
            faults.append(_check_posts(tables, name))
    faults.append(_check_start(tables))
    return faults


def _take_out(
    tables: dict[str, pl.DataFrame],
    name: str,
    bad: pl.Series,
    columns: tuple[str, ...],
    rule: str,
    message: str,
) -> pl.DataFrame:
    rows = tables[name]
    tables[name] = rows.filter(~bad)
    return faults_of(name, rows.filter(bad), columns, rule, message)


def _check_column(
    tables: dict[str, pl.DataFrame], raw: Mapping[str, pl.DataFrame], name: str, column: str, target: str
) -> list[pl.DataFrame]:
    key = key_of(target)[0]
    faults = []
    # A parent that is set aside takes its children along, level by level.
    while True:
        rows = tables[name]
        known = tables[target][key].implode()
        dangling = rows.select(pl.col(column).is_not_null() & ~pl.col(column).is_in(known)).to_series()
        if not dangling.any():
            return faults
        there = raw[target][key].cast(pl.String, strict=False).implode() if key in raw[target] else None
        aside = pl.repeat(False, rows.height, eager=True)
        if there is not None:
            aside = dangling & rows.select(pl.col(column).is_in(there)).to_series()
        text = f"{target} has no such {key}"
        faults.append(
            faults_of(name, rows.filter(dangling & ~aside), (column,), "reference", text)
        )
        text = f"its row in {target} has a fault of its own"
        faults.append(faults_of(name, rows.filter(aside), (column,), "set_aside", text))
        tables[name] = rows.filter(~dangling)
        if target != name:
            return faults


def _check_cycles(tables: dict[str, pl.DataFrame]) -> pl.DataFrame:
    rows = tables["organisations"]
    index = pl.DataFrame({"parent_id": rows["organisation_id"]}).with_row_index("parent")
    parent = rows.join(index, on="parent_id", how="left", maintain_order="left")["parent"]
    up = np.append(parent.fill_null(rows.height).to_numpy(), rows.height)
    # Doubling the jump reaches the root, the extra last index, from every row that has one.
    for _ in range(max(1, rows.height.bit_length())):
        up = up[up]
    bad = pl.Series(up[:-1] != rows.height, dtype=pl.Boolean)
    text = "its chain of parents never ends; take one parent_id out of the cycle"
    return _take_out(tables, "organisations", bad, ("organisation_id", "parent_id"), "cycle", text)


def _check_posts(tables: dict[str, pl.DataFrame], name: str) -> pl.DataFrame:
    rows = tables[name]
    owner = "menu_item" if name == "menu_qualifications" else "request_id"
    posts = tables["menu_posts"].select("menu_item", "post") if owner == "menu_item" else posts_of(tables)
    keys = [owner, "post"]
    found = rows.select("row", *keys).join(posts.unique(), on=keys, how="semi")["row"]
    bad = ~rows["row"].is_in(found.implode()) & rows["post"].is_not_null()
    text = f"this {owner.removesuffix('_id').replace('_', ' ')} has no such post"
    return _take_out(tables, name, bad, (owner, "post"), "post_exists", text)


def posts_of(tables: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """Return the posts of every request: its own, else its menu item's, else the default one.

    Returns
    -------
    polars.DataFrame
        ``request_id``, ``post``, ``seats``, ``min_seats``; requests in the order of their table.
    """
    requests = tables["requests"].select("request_id", "menu_item", "quantity")
    counts = [pl.col("seats"), pl.col("min_seats").fill_null(0)]
    own = tables["posts"].select("request_id", "post", *counts)
    rest = requests.join(own, on="request_id", how="anti")
    times = pl.col("quantity").fill_null(1)
    menu = rest.join(tables["menu_posts"], on="menu_item").select(
        "request_id", "post", *(count * times for count in counts)
    )
    default = rest.join(menu, on="request_id", how="anti").select(
        "request_id",
        post=pl.lit(DEFAULT_POST),
        seats=pl.lit(1, dtype=pl.Int64),
        min_seats=pl.lit(0, dtype=pl.Int64),
    )
    every = pl.concat([own, menu, default])
    order = requests.select("request_id").with_row_index("order")
    return every.join(order, on="request_id").sort("order", "post").drop("order")


def _check_start(tables: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """Refuse a request that no option and no time of its own says when to serve."""
    requests = tables["requests"].join(
        tables["menu"].select("menu_item", "minutes"), on="menu_item", how="left", maintain_order="left"
    )
    optional = requests["request_id"].is_in(tables["options"]["request_id"].implode())
    timed = requests["start"].is_not_null() & (
        requests["end"].is_not_null() | requests["minutes"].is_not_null()
    )
    text = "give start and end, or rows in options; the end may be absent if the menu item has minutes"
    return _take_out(tables, "requests", ~optional & ~timed, ("start", "end"), "when", text)


def warn_of_places(tables: dict[str, pl.DataFrame], raw: Mapping[str, pl.DataFrame]) -> None:
    """Warn of stations that are named but not given, and of coordinates that look swapped."""
    for name in ("volunteers", "requests"):
        if "stations" not in raw and tables[name]["station_id"].is_not_null().any():
            text = f"{name}.station_id is filled, but there is no table stations: those places are unknown"
            warnings.warn(text, DataWarning, stacklevel=4)
    placed = {n: tables[n].drop_nulls(["lat", "lon"]) for n in ("stations", "volunteers", "requests")}
    every = pl.concat([t.select("lat", "lon") for t in placed.values()])
    if not every.height:
        return
    lat, lon = every["lat"].median(), every["lon"].median()

    def far(a: str, b: str) -> pl.Expr:
        return ((pl.col(a) - lat).abs() > _FAR_DEGREES) | ((pl.col(b) - lon).abs() > _FAR_DEGREES)

    for name, rows in placed.items():
        swapped = rows.filter(far("lat", "lon") & ~far("lon", "lat"))
        if swapped.height:
            shown = ", ".join(str(row) for row in swapped["row"].head(5))
            text = (
                f"{name}: lat and lon look swapped in {swapped.height} row(s): {shown}; "
                "all other places lie where they would be the other way round"
            )
            warnings.warn(text, DataWarning, stacklevel=4)
