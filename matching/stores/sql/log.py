"""The log of events in a database: one table that only grows, and its key is the lock.

A row is there once by its order and version. Who writes reads the orders concerned, judges the new
events, and inserts what is legal, all in one transaction: of two writers that read the same, the
key lets one insert, and the other begins again with what is there by then.
"""

from __future__ import annotations

from typing import Any

import polars as pl
import sqlalchemy as sa

from matching.errors import UsageError
from matching.orders.applying import Applied, Judge
from matching.orders.tables import Events
from matching.stores.sql.batches import batches, together
from matching.stores.sql.engines import reading, until_done, writing
from matching.stores.sql.postgres import can_copy, copied_out
from matching.stores.sql.results import UNICODE, insert, make
from matching.stores.sql.types import column_type, storable

_COLUMNS = Events.columns()
_ID = 200
# Orders that are asked for by name; from more on the whole table is read.
_NAMED, _AT_ONCE = 5_000, 500


class EventLog:
    """The table of events in a database.

    Parameters
    ----------
    engine : sqlalchemy.Engine
    schema : str, optional
        Where the table is; the connection's own, if absent.
    table : str
        What it is called.
    """

    def __init__(self, engine: sa.Engine, schema: str | None = None, table: str = "events") -> None:
        self.engine, self.schema = engine, schema
        kinds: dict[str, Any] = {name: column.dtype for name, column in _COLUMNS.items()}
        kinds = dict(storable(pl.DataFrame(schema=kinds | _ZONED), engine.dialect.name).schema)
        columns: list[sa.Column[Any]] = [
            sa.Column("request_id", sa.String(_ID), primary_key=True),
            sa.Column("version", sa.BigInteger(), primary_key=True, autoincrement=False),
            *(
                sa.Column(name, column_type(kind), nullable=name not in _NEEDED)
                for name, kind in kinds.items()
                if name not in ("request_id", "version")
            ),
        ]
        self.table = sa.Table(table, sa.MetaData(schema=schema), *columns, **UNICODE)

    def read(self, requests: pl.Series | None = None) -> pl.DataFrame:
        """Return the events of some orders, or all, as they are stored.

        Raises
        ------
        UsageError
            If there is no such table.
        StoreError
            If the database does not answer or refuses.
        """

        def work() -> pl.DataFrame:
            with reading(self.engine) as connection:
                if not sa.inspect(connection).has_table(self.table.name, self.schema):
                    raise UsageError(
                        f"the database has no table {self.table.name}, so no order was ever "
                        "entered; `matching orders apply` makes it"
                    )
                return self._read(connection, requests)

        return until_done(work, self.engine, "reading")

    def append(self, judge: Judge) -> tuple[Applied, int]:
        """Judge new events by what is stored of their orders, and add what is legal.

        Returns
        -------
        applied : Applied
        tries : int
            1, unless another writer was in the way or the connection was lost.

        Raises
        ------
        UsageError
            If a table of that name has other columns.
        StoreError
            If the database does not answer or refuses; then nothing was added, or, if it was
            lost while it answered, all: giving the same again tells.
        """
        tries = 0
        until_done(lambda: make(self.engine, self.table.metadata), self.engine, "making the table")

        def work() -> Applied:
            nonlocal tries
            tries += 1
            with writing(self.engine) as connection:
                applied = judge.of(self._read(connection, judge.requests))
                frame = storable(applied.appended, connection.dialect.name)
                insert(connection, self.table, frame)
            return applied

        return until_done(work, self.engine, "writing"), tries

    def _read(self, connection: sa.Connection, requests: pl.Series | None) -> pl.DataFrame:
        # Cells come as the driver gives them: odd ones are for us to tell.
        cells = [sa.column(name, sa.types.NullType()) for name in _COLUMNS]
        query = sa.select(*cells).select_from(self.table)
        if requests is None or len(requests) > _NAMED:
            every = copied_out if can_copy(connection) else batches
            frame = together(every(connection, query))
            return frame if requests is None else frame.filter(_among(requests))
        key = sa.column("request_id", sa.String())
        parts = [
            part
            for few in requests.to_frame().iter_slices(_AT_ONCE)
            for part in batches(connection, query.where(key.in_(few.to_series().to_list())))
        ]
        return together(parts or [pl.DataFrame(schema=dict.fromkeys(_COLUMNS, pl.Null()))])


def _among(requests: pl.Series) -> pl.Expr:
    return pl.col("request_id").is_in(requests.implode())


_ZONED = {name: pl.Datetime("us", "UTC") for name in ("at", "until")}
_NEEDED = ("event", "at", "actor_role")
