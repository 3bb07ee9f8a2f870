"""What one table says of another: references, posts that exist, trees without cycles."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np
import numpy.typing as npt
import polars as pl

from matching.schema import DEFAULT_POST, TABLES, key_of, meta
from matching.tables.rules import Message, faults_at, no_faults

# What is referred to comes before what refers, so that one pass sets aside all that hangs on a row.
_ORDER = ("organisations", "stations", "menu", "menu_posts", "volunteers", "requests")
_NAMES_A_POST = ("menu_qualifications", "post_qualifications", "assignments", "affinities")
# Tables whose rows say how something is to be served: planned without one of them it would be
# served wrongly, so a faulty row sets aside what it speaks of.
_SAYS_HOW = {
    "menu": ("menu_posts", "menu_qualifications", "team_rules"),
    "requests": ("options", "posts", "post_qualifications", "team_rules"),
}


def check_references(
    tables: dict[str, pl.DataFrame],
    raw: Mapping[str, pl.DataFrame],
    unread: Collection[str] = (),
) -> list[pl.DataFrame]:
    """Take out of the tables, in place, every row that refers to nothing; return the faults.

    A table that was not given at all cannot be referred to wrongly.

    Parameters
    ----------
    tables : dict of str to polars.DataFrame
        Clean tables.
    raw : Mapping of str to polars.DataFrame
        What they were made of, with ``row``.
    unread : Collection of str
        Tables that were given and of which nothing could be read.
    """
    faults = _set_owners_aside(tables, raw, unread)
    while True:
        faults += _check_tables(tables, raw, unread)
        # A post that does not exist may be a misspelt one, which now lacks what was asked of it.
        more = _set_owners_aside(tables, raw, unread)
        if not more:
            return faults
        faults += more


def _check_tables(
    tables: dict[str, pl.DataFrame], raw: Mapping[str, pl.DataFrame], unread: Collection[str]
) -> list[pl.DataFrame]:
    faults = []
    for name in (*_ORDER, *(name for name in TABLES if name not in _ORDER)):
        for column, kind in TABLES[name].columns().items():
            target = meta(kind).get("refers")
            if target is None:
                continue
            if target in unread:
                text = f"the table {target} could not be read"
                bad = tables[name][column].is_not_null()
                faults.append(take_out(tables, raw, name, bad, (column,), "set_aside", text))
            elif target in raw:
                faults += _check_column(tables, raw, name, column, target)
        if name == "organisations":
            faults += _check_cycles(tables, raw)
        if name == "requests":
            faults.append(_check_start(tables, raw))
        if name in _NAMES_A_POST:
            faults.append(_check_posts(tables, raw, name))
        if name == "assignments":
            faults.append(_check_options(tables, raw))
    return faults


def take_out(
    tables: dict[str, pl.DataFrame],
    raw: Mapping[str, pl.DataFrame],
    name: str,
    bad: pl.Series,
    columns: tuple[str, ...],
    rule: str,
    message: Message,
) -> pl.DataFrame:
    """Take the rows out of a table, in place; return their faults."""
    if not bad.any():
        return no_faults()
    rows = tables[name]
    tables[name] = rows.filter(~bad)
    return faults_at(name, raw[name], rows["row"].filter(bad), columns, rule, message)


def _set_owners_aside(
    tables: dict[str, pl.DataFrame], raw: Mapping[str, pl.DataFrame], unread: Collection[str]
) -> list[pl.DataFrame]:
    """Set aside the requests and menu items that a faulty row of another table speaks of."""
    faults = []
    for owner, names in _SAYS_HOW.items():
        key = key_of(owner)[0]
        for name in names:
            ids = tables[owner][key]
            if name in unread:
                bad, text = ids.is_not_null(), f"the table {name} could not be read"
            elif name in raw and raw[name].height > tables[name].height:
                faulty = raw[name].filter(~pl.col("row").is_in(tables[name]["row"].implode()))
                named = _as_ids(faulty[key]) if key in faulty.columns else ids.clear()
                bad, text = ids.is_in(named.implode()), f"its row in {name} has a fault"
            else:
                continue
            if bad.any():
                faults.append(take_out(tables, raw, owner, bad, (key,), "set_aside", text))
    return faults


def _as_ids(column: pl.Series) -> pl.Series:
    text = column.dtype in (pl.String, pl.Categorical, pl.Enum) or column.dtype.is_integer()
    return column.cast(pl.String) if text else pl.Series(dtype=pl.String)


def _check_column(
    tables: dict[str, pl.DataFrame],
    raw: Mapping[str, pl.DataFrame],
    name: str,
    column: str,
    target: str,
) -> list[pl.DataFrame]:
    key = key_of(target)[0]
    faults: list[pl.DataFrame] = []
    # A parent that is set aside takes its children along, level by level.
    while True:
        rows = tables[name][column]
        dangling = rows.is_not_null() & ~rows.is_in(tables[target][key].implode())
        if not dangling.any():
            return faults
        aside = dangling & rows.is_in(_as_ids(raw[target][key]).implode())
        text = f"{target} has no such {key}; add it there, or correct it here"
        nowhere = tables[name]["row"].filter(dangling & ~aside)
        faults.append(faults_at(name, raw[name], nowhere, (column,), "reference", text))
        text = f"its row in {target} has a fault of its own"
        hanging = tables[name]["row"].filter(aside)
        faults.append(faults_at(name, raw[name], hanging, (column,), "set_aside", text))
        tables[name] = tables[name].filter(~dangling)
        if target != name:
            return faults


def _check_cycles(
    tables: dict[str, pl.DataFrame], raw: Mapping[str, pl.DataFrame]
) -> list[pl.DataFrame]:
    name = "organisations"
    if name not in raw:
        return []
    rows = tables[name]
    parent = _found(rows, ["parent_id"], rows.select(parent_id="organisation_id"))
    up = np.append(np.where(parent < 0, rows.height, parent), rows.height)
    # Doubling the jump reaches the root, the extra last index, from every row that has one, and
    # from the others a row of the cycle.
    for _ in range(max(1, rows.height.bit_length())):
        up = up[up]
    endless = up[:-1] != rows.height
    columns, around = ("organisation_id", "parent_id"), np.zeros(rows.height, dtype=np.bool_)
    around[up[:-1][endless]] = True
    above, below = rows["row"].filter(around), rows["row"].filter(endless & ~around)
    text = "its chain of parents comes back to it; take one parent_id out of the chain"
    faults = [faults_at(name, raw[name], above, columns, "cycle", text)]
    text = "its chain of parents runs into a cycle"
    faults.append(faults_at(name, raw[name], below, columns, "set_aside", text))
    tables[name] = rows.filter(~endless)
    return faults


def _found(rows: pl.DataFrame, keys: list[str], known: pl.DataFrame) -> npt.NDArray[np.int64]:
    """Return where the keys of each row stand among the known ones; -1 where they do not."""
    known = known.unique(keys, maintain_order=True).with_row_index("found")
    joined = rows.select(keys).join(known, on=keys, how="left", maintain_order="left")
    return joined["found"].cast(pl.Int64).fill_null(-1).to_numpy()


def _check_posts(
    tables: dict[str, pl.DataFrame], raw: Mapping[str, pl.DataFrame], name: str
) -> pl.DataFrame:
    rows = tables[name]
    if rows.is_empty():
        return no_faults()
    owner = "menu_item" if name == "menu_qualifications" else "request_id"
    keys = [owner, "post"]
    known = tables["menu_posts"] if owner == "menu_item" else posts_of(tables)
    bad = pl.Series(_found(rows, keys, known.select(keys)) < 0) & rows["post"].is_not_null()
    text = f"this {owner.removesuffix('_id').replace('_', ' ')} has no such post"
    return take_out(tables, raw, name, bad, (owner, "post"), "post_exists", text)


def _check_options(
    tables: dict[str, pl.DataFrame], raw: Mapping[str, pl.DataFrame]
) -> pl.DataFrame:
    rows, keys = tables["assignments"], ["request_id", "option"]
    missing = pl.Series(_found(rows, keys, tables["options"].select(keys)) < 0)
    text = "this request has no such option; leave the cell empty if any will do"
    bad = missing & rows["option"].is_not_null()
    return take_out(
        tables, raw, "assignments", bad, ("request_id", "option"), "option_exists", text
    )


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


def times_of(tables: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """Return the times of every request: those of its options, else its own.

    Returns
    -------
    polars.DataFrame
        ``request_id``, ``option`` (null for a request's own time), ``start``, ``end``.
    """
    options = tables["options"].select("request_id", "option", "start", "end")
    own = tables["requests"].join(options, on="request_id", how="anti")
    minutes = tables["menu"].select("menu_item", "minutes")
    own = own.join(minutes, on="menu_item", how="left").select(
        "request_id",
        option=pl.lit(None, dtype=pl.String),
        start="start",
        end=pl.col("end").fill_null(pl.col("start") + pl.duration(minutes=pl.col("minutes"))),
    )
    return pl.concat([own, options])


def _check_start(tables: dict[str, pl.DataFrame], raw: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Refuse a request that no option and no time of its own says when to serve."""
    requests = tables["requests"]
    timed_items = tables["menu"].filter(pl.col("minutes").is_not_null())["menu_item"]
    lasts = requests["end"].is_not_null()
    lasts |= requests["menu_item"].is_in(timed_items.implode()).fill_null(False)
    optional = requests["request_id"].is_in(tables["options"]["request_id"].implode())
    bad = ~optional & ~(requests["start"].is_not_null() & lasts)
    text = "give start and end, or rows in options; a menu item with minutes makes up for the end"
    return take_out(tables, raw, "requests", bad, ("start", "end"), "when", text)
