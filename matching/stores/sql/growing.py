"""Tables that only grow: rows are added in numbered batches, each whole or not at all.

The number of a batch is the lock: who would add the next one writes its number first, so that of
two writers one waits, finds the number taken, and works anew from what the other has added.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import polars as pl
import sqlalchemy as sa

from matching.stores.sql.batches import batches, together
from matching.stores.sql.engines import reading, until_done, writing
from matching.stores.sql.results import UNICODE, insert
from matching.stores.sql.results import make as make_tables
from matching.stores.sql.types import column_type

# The longest text that three databases take into a unique key of its own.
KEY_LENGTH = 640
# Values in one condition; SQLite takes 999 at least.
_SOME = 500
_BATCH, _POSITION = "batch", "position"


class Growing:
    """A table that only grows, in a database.

    Parameters
    ----------
    engine : sqlalchemy.Engine
    name : str
        Of the table; its batches stand in ``<name>_batches``.
    columns : Mapping of str to polars.DataType
    unique : sequence of str
        Columns of which no two rows hold the same: text of at most `KEY_LENGTH`, or numbers.
    sought : sequence of str
        Columns of text by which rows are looked up.
    schema : str, optional
        Where the table is; the connection's own, if absent.
    """

    def __init__(
        self,
        engine: sa.Engine,
        name: str,
        columns: Mapping[str, pl.DataType],
        unique: Sequence[str],
        sought: Sequence[str] = (),
        schema: str | None = None,
    ) -> None:
        self.engine, self.columns = engine, dict(columns)
        metadata = sa.MetaData(schema=schema)
        number = sa.BigInteger()
        self._batches = sa.Table(
            f"{name}_batches",
            metadata,
            sa.Column(_BATCH, number, primary_key=True, autoincrement=False),
            **UNICODE,
        )
        keys = {*unique, *sought}
        self.table = sa.Table(
            name,
            metadata,
            sa.Column(_BATCH, number, primary_key=True, autoincrement=False),
            sa.Column(_POSITION, number, primary_key=True, autoincrement=False),
            *(
                sa.Column(n, _key_type(kind) if n in keys else column_type(kind))
                for n, kind in self.columns.items()
            ),
            sa.UniqueConstraint(*unique),
            *(sa.Index(f"ix_{name}_{column}", column) for column in sought),
            **UNICODE,
        )

    def append(self, make: Callable[[sa.Connection], pl.DataFrame]) -> pl.DataFrame:
        """Add the rows that ``make`` returns, in one transaction.

        Parameters
        ----------
        make : callable
            Gets a connection on which nobody else adds anything meanwhile. It is called again
            where another writer was faster.

        Returns
        -------
        polars.DataFrame
            The rows that were added.

        Raises
        ------
        StoreError
            If the database does not answer or refuses; nothing was added then.
        """
        metadata = self.table.metadata
        until_done(lambda: make_tables(self.engine, metadata), self.engine, "making the tables")
        return until_done(lambda: self._append(make), self.engine, "writing")

    def _append(self, make: Callable[[sa.Connection], pl.DataFrame]) -> pl.DataFrame:
        with writing(self.engine) as connection:
            last = sa.select(sa.func.max(self._batches.c.batch))
            number = (connection.execute(last).scalar() or 0) + 1
            connection.execute(sa.insert(self._batches), [{_BATCH: number}])
            frame = make(connection)
            if frame.is_empty():
                connection.rollback()
                return frame
            rows = frame.select(self.columns.keys()).cast(pl.Schema(self.columns))
            numbered = rows.with_row_index(_POSITION, offset=1).with_columns(
                pl.lit(number).alias(_BATCH)
            )
            insert(connection, self.table, numbered)
            return rows

    @contextmanager
    def reading(self) -> Iterator[sa.Connection | None]:
        """Give a connection that reads one moment's state; None where the table is not there."""
        with reading(self.engine) as connection:
            there = sa.inspect(connection).has_table(self.table.name, self.table.schema)
            yield connection if there else None

    def read(self, *, where: Mapping[str, Sequence[str]] | None = None) -> pl.DataFrame:
        """Read the rows in the order in which they were added.

        Parameters
        ----------
        where : Mapping of str to sequence of str, optional
            Of some columns the values that are wanted; all rows, if absent.
        """

        def work() -> pl.DataFrame:
            with self.reading() as connection:
                if connection is None:
                    return pl.DataFrame(schema=self.columns)
                query = sa.select(*(self.table.c[name] for name in self.columns))
                for name, values in (where or {}).items():
                    query = query.where(self.table.c[name].in_(list(values)))
                query = query.order_by(self.table.c.batch, self.table.c.position)
                return rows_of(connection, query, self.columns)

        return until_done(work, self.engine, "reading")

    def sought(
        self,
        connection: sa.Connection,
        query: sa.Select[Any],
        name: str,
        values: pl.Series,
        kinds: Mapping[str, pl.DataType],
    ) -> pl.DataFrame:
        """Return what a query finds where a column holds one of the values.

        Asked a part of the values at a time, or of all rows where that is less work.
        """
        rows = sa.select(sa.func.count()).select_from(self.table)
        count = connection.execute(rows).scalar_one()
        if len(values) > max(_SOME, count // 10):
            found = rows_of(connection, query, kinds)
            return found.filter(pl.col(name).is_in(values.implode()))
        column = self.table.c[name]
        parts = (
            rows_of(connection, query.where(column.in_(part)), kinds) for part in _parts(values)
        )
        return pl.concat([pl.DataFrame(schema=pl.Schema(kinds)), *parts])


def rows_of(
    connection: sa.Connection, query: sa.Select[Any], kinds: Mapping[str, pl.DataType]
) -> pl.DataFrame:
    """Return the rows of a query, with these types."""
    return together(batches(connection, query)).cast(pl.Schema(kinds))


def _parts(values: pl.Series) -> Iterator[list[Any]]:
    for first in range(0, len(values), _SOME):
        yield values[first : first + _SOME].to_list()


def _key_type(kind: pl.DataType) -> sa.types.TypeEngine[Any]:
    return sa.String(KEY_LENGTH) if kind == pl.String else column_type(kind)
