"""Logs of events: read from any store, and added to in a database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from matching.errors import DataError, UsageError
from matching.guards.doors import door
from matching.guards.extras import needing
from matching.guards.likeness import near_path
from matching.guards.urls import is_url, shown
from matching.orders.applying import Applied, Judge
from matching.policy import Policy
from matching.stores.files.formats import format_of, read_file
from matching.stores.registry import OwnSource, adapter_name, open_source

if TYPE_CHECKING:
    from matching.stores.sql.log import EventLog

TABLE = "events"
_DATABASES = (".db", ".sqlite", "sqlite", "postgresql", "mariadb", "mysql")
_FILES = ("csv", "parquet", "jsonl")


@dataclass(frozen=True)
class Appended(Applied):
    """What became of new events in a store.

    Attributes
    ----------
    tries : int
        How often it was begun: once, unless another writer was in the way or the connection was
        lost.
    """

    tries: int = 1


@door
def append(
    events: pl.DataFrame,
    where: str | Path,
    *,
    tables: Mapping[str, pl.DataFrame] | None = None,
    policy: Policy | None = None,
    schema: str | None = None,
    table: str = TABLE,
) -> Appended:
    """Judge new events by a database's log, and add those that are legal: all of them, or none.

    Giving the same again adds nothing, and tells that it is there; so whoever lost the
    connection, or was killed, gives them again.

    Parameters
    ----------
    events : polars.DataFrame
        In the layout of the table ``events``.
    where : str or pathlib.Path
        A URL of a database, or the path of an SQLite file, which is made if it is new.
    tables, policy
        As of `matching.orders.apply`.
    schema : str, optional
        Where the table is.
    table : str
        What the table is called there.

    Returns
    -------
    Appended

    Raises
    ------
    DataError
        If a cell of the events cannot be read or breaks a rule of the table. Nothing is added.
    UsageError
        If it is no database, or its table has other columns.
    StoreError
        If the database does not answer or refuses.
    """
    judge = Judge(events, tables, policy or Policy())
    applied, tries = _log(where, schema, table, new=True).append(judge)
    return Appended(applied.appended, applied.repeated, applied.refused, applied.states, tries)


@door
def read_events(
    where: str | Path,
    requests: Iterable[str] | None = None,
    *,
    schema: str | None = None,
    table: str = TABLE,
    encoding: str | None = None,
) -> pl.DataFrame:
    """Read events as they are stored.

    Parameters
    ----------
    where : str or pathlib.Path
        A database; a folder, ``.zip`` or ``.xlsx`` with a table of that name; or one file of any
        name, ``.csv``, ``.parquet`` or ``.jsonl``.
    requests : iterable of str, optional
        Of these orders; of all, if absent.
    schema, table, encoding : str, optional
        Where the table is in a database and what it is called; the encoding of CSV files.

    Raises
    ------
    UsageError
        If there is no such place or no such table.
    DataError
        If a file cannot be read.
    StoreError
        If the database does not answer or refuses.
    """
    wanted = None if requests is None else pl.Series("request_id", list(requests), pl.String)
    if adapter_name(where) in _DATABASES:
        return _log(where, schema, table, new=False).read(wanted)
    path = Path(where)
    if not is_url(where) and not path.exists():
        raise UsageError(
            f"{shown(str(where))} does not exist; name a file of events such as events.csv, a "
            f"folder that holds it, or a database{near_path(path)}"
        )
    if not is_url(where) and path.is_file() and format_of(path) in _FILES:
        frame, faults = read_file(table, path, encoding)
    else:
        options = {} if encoding is None else {"encoding": encoding}
        source = open_source(where, **options)
        if not isinstance(source, OwnSource):
            raise UsageError(f"{shown(str(where))}: events are read from files or a database")
        tables = source.read_own([table])
        frame, faults = tables.get(table), tables.faults
    if faults.height or frame is None:
        raise DataError(faults)
    if wanted is not None and "request_id" in frame.columns:
        frame = frame.with_row_index("row", offset=1) if "row" not in frame.columns else frame
        frame = frame.filter(pl.col("request_id").cast(pl.String).is_in(wanted.implode()))
    return frame


def _log(where: str | Path, schema: str | None, table: str, *, new: bool) -> EventLog:
    if adapter_name(where) not in _DATABASES:
        raise UsageError(
            f"{shown(str(where))}: only a database takes one writer's events without losing "
            "another's; name one, as orders.sqlite or postgresql://host/platform"
        )
    with needing("a database"):
        from matching.stores.sql.engines import engine_of
        from matching.stores.sql.log import EventLog
    return EventLog(engine_of(where, new=new), schema, table)
