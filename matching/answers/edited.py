"""Tables with changes: rows added, changed and removed, and what hangs on those that are gone."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import NamedTuple

import polars as pl

from matching.answers.changed_rows import ACTIONS, ChangedRows, as_text, told
from matching.errors import UsageError
from matching.guards.urls import shown_value
from matching.schema import TABLES, key_of, meta
from matching.tables.cleaning import Tables, Words
from matching.tables.faults import raise_any

# Who names one of these and loses it stays; whatever names anything else goes with it.
_STAYS_WITHOUT = ("organisations", "stations")


class Edited(NamedTuple):
    """Tables with changes.

    Attributes
    ----------
    tables : Tables
        Faults of changed rows name the change, and its row.
    done : polars.DataFrame
        ``table``, ``action`` (also ``removed_with`` and ``emptied``) and ``rows``.
    """

    tables: Tables
    done: pl.DataFrame


def edited(
    tables: Mapping[str, pl.DataFrame], changes: Mapping[str, pl.DataFrame], time_zone: str
) -> Edited:
    """Return raw tables with changes.

    Parameters
    ----------
    tables : Mapping of str to polars.DataFrame
    changes : Mapping of str to polars.DataFrame
        By the table's name, with its columns and ``action``: ``add``; ``change`` (found by its
        key; cells that are empty stay as they are); ``remove`` (found by its key, or, in tables
        whose rows have none, by all cells that are given). What hangs on a row that is removed
        goes with it; of organisations and stations only their names go.
    time_zone : str

    Raises
    ------
    UsageError
        If there is no such table or column, or ``action`` is missing.
    DataError
        If a row says no action, or finds no row, or adds one that is there.
    """
    made, origin, done, gone = dict(tables), [], [], dict[str, pl.Series]()
    faults = []
    for name, given in changes.items():
        change = _checked(name, given)
        found = ChangedRows(name, tables.get(name), change, time_zone)
        faults.append(found.faults)
        if found.faults.height:
            continue
        made[name], rows, lost = found.applied()
        origin.append(rows)
        if lost is not None:
            gone[name] = lost
        for (action,), some in change.group_by("action", maintain_order=True):
            done.append((name, str(action), some.height))
    raise_any(faults)
    while gone:
        owner, ids = gone.popitem()
        done += _cascade(made, owner, ids, gone)
    words = tables.words if isinstance(tables, Tables) else None
    earlier = tables.faults if isinstance(tables, Tables) else None
    rows = pl.concat(origin) if origin else _no_origin()
    schema = {"table": pl.String, "action": pl.String, "rows": pl.Int64}
    return Edited(
        Tables(made, earlier, _ChangeWords(words, rows)),
        pl.DataFrame(done, schema=schema, orient="row"),
    )


def _checked(name: str, change: pl.DataFrame) -> pl.DataFrame:
    """Return a change as text, with ``row`` and ``action``; refuse what no table has."""
    if name not in TABLES:
        near = difflib.get_close_matches(name[:80], TABLES, n=1, cutoff=0.6)
        hint = f"did you mean {near[0]}?" if near else f"tables are {', '.join(TABLES)}"
        raise UsageError(f"changes of {shown_value(name)}: there is no such table; {hint}")
    known = ["action", "row", *TABLES[name].columns()]
    for column in change.columns:
        if column not in known:
            near = difflib.get_close_matches(column[:80], known, n=1, cutoff=0.6)
            hint = f"did you mean {near[0]}?" if near else f"it has {', '.join(known[2:])}"
            raise UsageError(f"changes of {name}: no column {shown_value(column)}; {hint}")
    if "action" not in change.columns:
        raise UsageError(
            f"changes of {name}: a column action is needed, which says of each row "
            f"{', '.join(ACTIONS[:2])} or {ACTIONS[2]}"
        )
    change = as_text(change)
    if "row" not in change.columns:
        change = change.with_row_index("row", offset=1)
    change = change.with_columns(pl.col("row").cast(pl.UInt32))
    # A row of a sheet that says nothing.
    said = pl.any_horizontal(pl.exclude("row").is_not_null())
    return change.filter(said).with_columns(pl.col("action").str.strip_chars().str.to_lowercase())


def _cascade(
    tables: dict[str, pl.DataFrame], owner: str, ids: pl.Series, gone: dict[str, pl.Series]
) -> list[tuple[str, str, int]]:
    """Take out what names an id that is gone, or the name alone; note what is gone with it."""
    done = []
    for name, schema in TABLES.items():
        for column, kind in schema.columns().items():
            table = tables.get(name)
            if meta(kind).get("refers") != owner or table is None or column not in table.columns:
                continue
            hangs = table[column].cast(pl.String).is_in(ids.implode()).fill_null(False)
            if not hangs.any():
                continue
            if name == "groups":
                hangs |= _left_alone(table, hangs)
            if owner in _STAYS_WITHOUT:
                cell = pl.when(~hangs).then(pl.col(column)).alias(column)
                tables[name] = table.with_columns(cell)
                done.append((name, "emptied", int(hangs.sum())))
                continue
            tables[name] = (
                table.with_row_index("row", offset=1).filter(~hangs)
                if ("row" not in table.columns)
                else table.filter(~hangs)
            )
            done.append((name, "removed_with", int(hangs.sum())))
            if len(key_of(name)) == 1:
                key = key_of(name)[0]
                more = table[key].cast(pl.String).filter(hangs)
                gone[name] = pl.concat([gone[name], more]) if name in gone else more
    return done


def _left_alone(groups: pl.DataFrame, gone: pl.Series) -> pl.Series:
    """Tell which rows are of the one who is left of a group: alone, they bind nobody."""
    stays, lost = ~pl.col("gone"), pl.col("gone").any().over("group_id")
    alone = stays & lost & (stays.sum().over("group_id") == 1)
    return groups.with_columns(gone=gone).select(alone).to_series()


def _no_origin() -> pl.DataFrame:
    return pl.DataFrame(schema={"table": pl.String, "row": pl.UInt32, "of": pl.UInt32})


class _ChangeWords:
    """Faults of changed rows in the words of the change, of all others in those of the store."""

    def __init__(self, words: Words | None, origin: pl.DataFrame) -> None:
        self.words, self.origin = words, origin

    def __call__(self, faults: pl.DataFrame) -> pl.DataFrame:
        """Return the faults with the tables and rows that their owner sees."""
        origin = self.origin.with_columns(pl.col("row", "of").cast(pl.Int64))
        found = faults.join(origin, on=["table", "row"], how="left", maintain_order="left")
        ours = pl.col("of").is_not_null()
        name = pl.format(told("{}"), pl.col("table"))
        changed = found.filter(ours).with_columns(table=name, row="of").drop("of")
        others = found.filter(~ours).drop("of")
        return pl.concat([changed, others if self.words is None else self.words(others)])

    def only(self, table: str) -> Words | None:
        """Return what is needed for one table."""
        words = None if self.words is None else self.words.only(table)
        return _ChangeWords(words, self.origin.filter(pl.col("table") == table))
