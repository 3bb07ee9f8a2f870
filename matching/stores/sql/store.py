"""A database: its tables are the contract's, and a plan becomes rows of a week and a version."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

import dataframely as dy
import polars as pl
import sqlalchemy as sa

from matching.errors import StoreError, UsageError, listed
from matching.schema import NEEDED, TABLES, key_of
from matching.stores.names import OWN_ROW, RESULT_TABLES, Names, apart
from matching.stores.registry import missing_tables
from matching.stores.sql.batches import batches, together
from matching.stores.sql.engines import reading, told, until_done, writing
from matching.stores.sql.postgres import can_copy, copied_out
from matching.stores.sql.results import UNICODE, Plans, insert
from matching.stores.sql.types import column_type, storable
from matching.tables.cleaning import Tables


class Database(Plans):
    """A database as a source and a sink.

    Everything is read from one moment's state, and only the columns of the contract are read.
    Rows come in the order of their keys, whatever order the database gives them in.

    Parameters
    ----------
    engine : sqlalchemy.Engine
    schema : str, optional
        Where the tables are; the connection's own, if absent.
    names : Names, optional
        What tables and columns are called, where it is not as in the contract.
    queries : Mapping of str to str, optional
        A query instead of a table: one SELECT by our name of the table. No parameters. Like all
        that is read it runs in a transaction that only reads, so what would write is refused.
    version : str
        Of the plans that are written and read.
    """

    def __init__(
        self,
        engine: sa.Engine,
        *,
        schema: str | None = None,
        names: Names | None = None,
        queries: Mapping[str, str] | None = None,
        version: str = "1",
    ) -> None:
        super().__init__(engine, schema, names, version)
        if not isinstance(queries or {}, Mapping):
            raise UsageError(f"queries = {queries!r}: give a mapping from our tables to SQL")
        self.queries = dict(queries or {})
        unknown = [name for name in self.queries if name not in TABLES]
        if unknown:
            known = ", ".join(TABLES)
            raise UsageError(f"queries names {listed(unknown)}; known are {known}")

    def read_tables(self) -> Tables:
        """Read every table of the contract that is there.

        Raises
        ------
        UsageError
            If there is none, or one that was named is not there.
        StoreError
            If the database does not answer or refuses.
        """
        try:
            return until_done(self._read_tables, self.engine, "reading")
        except StoreError as error:
            if not self.queries:
                raise
            asked = "each of queries is one SELECT, which must not write"
            raise StoreError(f"{error}; {asked}: look at {', '.join(self.queries)}") from None

    def read_own(self, wanted: Collection[str] | None = None, rows: int | None = None) -> Tables:
        """Read tables and views by their own names, whole rows, in the order of all columns.

        Raises
        ------
        UsageError
            If one that is wanted is not there.
        StoreError
            If the database does not answer or refuses.
        """
        return until_done(lambda: self._read_own(wanted, rows), self.engine, "reading")

    def read_batches(self, table: str, schema: type[dy.Schema]) -> Iterator[pl.DataFrame]:
        """Give the rows of one table, some at a time, in the order of its first column.

        Only the columns of the schema are read; nothing comes where there is no such table. All is
        of one moment's state, unless the connection is lost on the way, which is an error.
        """
        try:
            with reading(self.engine) as connection:
                inspector, name = sa.inspect(connection), self.names.theirs(table)
                if name not in _relations(inspector, self.schema):
                    return
                columns = [column["name"] for column in inspector.get_columns(name, self.schema)]
                ours = [one for one in schema.columns() if one in columns]
                where = self._as_given(name, ours)
                cells: list[sa.ColumnElement[Any]] = [*where.columns] or [sa.null().label("row")]
                query = sa.select(*cells).select_from(where).order_by(*cells[:1])
                for frame in _batches(connection, query):
                    yield frame.rename({"row": OWN_ROW}, strict=False)
        except sa.exc.DBAPIError as error:
            raise StoreError(told(error, self.engine, "reading")) from None

    def write_tables(self, tables: Mapping[str, pl.DataFrame]) -> None:
        """Make new tables of the contract, all or none (but MariaDB keeps what it has made).

        Raises
        ------
        UsageError
            If one of them exists: a platform's own rows are not for us to replace.
        """
        until_done(lambda: self._write_tables(tables), self.engine, "writing")

    def _read_tables(self) -> Tables:
        frames = {}
        with reading(self.engine) as connection:
            inspector = sa.inspect(connection)
            there = _relations(inspector, self.schema)
            named = [n for n in self.names.tables.values() if self.names.ours(n) in TABLES]
            missing = [name for name in named if name not in there]
            asked = [n for n in TABLES if n in self.queries or self.names.theirs(n) in there]
            if missing or not asked:
                wanted = ", ".join(missing or [self.names.theirs(name) for name in NEEDED])
                raise UsageError(
                    f"the database has no table {wanted}; it has {listed(there, 20) or 'none'}."
                    " Say with tables={...} what they are called, or with schema=... where they are"
                )
            for table in asked:
                query, others = self._query(table, inspector)
                frame = self.names.read(table, together(_batches(connection, query)))
                frame = frame.rename({"row": OWN_ROW}, strict=False)
                # Not read, only told of.
                frames[table] = _in_order(table, frame).with_columns(
                    pl.lit(None).alias(apart(name, frame)) for name in others
                )
        return Tables(frames)

    def _read_own(self, wanted: Collection[str] | None, rows: int | None) -> Tables:
        frames = {}
        with reading(self.engine) as connection:
            inspector = sa.inspect(connection)
            there = _relations(inspector, self.schema)
            missing = [name for name in wanted or () if name not in there]
            if missing:
                raise missing_tables("the database", missing, there)
            for name in there if wanted is None else dict.fromkeys(wanted):
                columns = [column["name"] for column in inspector.get_columns(name, self.schema)]
                query = sa.select(self._as_given(name, columns))
                if rows is not None:
                    # No parameter: PostgreSQL's COPY has none.
                    query = query.limit(sa.literal_column(str(int(rows))))
                frame = together(_batches(connection, query))
                frame = frame.rename({"row": OWN_ROW}, strict=False)
                frames[name] = frame.sort(frame.columns, nulls_last=True, maintain_order=True)
        return Tables(frames)

    def _query(
        self, table: str, inspector: sa.Inspector
    ) -> tuple[sa.TextClause | sa.Select[Any], list[str]]:
        """Return what is read for a table, and its columns that are not."""
        if table in self.queries:
            asked = self.queries[table].strip().rstrip(";").replace(":", r"\:")  # no parameters
            # What can stand in brackets after FROM only reads, and is one statement.
            return sa.text(f"SELECT * FROM ({asked}\n) AS asked"), []
        name = self.names.theirs(table)
        try:
            columns = [column["name"] for column in inspector.get_columns(name, self.schema)]
        except sa.exc.NoSuchTableError:
            raise UsageError(f"the database has no table {name}") from None
        ours = [self.names.column(table, column) for column in TABLES[table].columns()]
        where = self._as_given(name, [column for column in columns if column in ours])
        cells: list[sa.ColumnElement[Any]] = [*where.columns] or [sa.null().label("row")]
        query = sa.select(*cells).select_from(where)
        return query, [column for column in columns if column not in ours]

    def _as_given(self, name: str, columns: list[str]) -> sa.TableClause:
        """Return a table whose cells come as the driver gives them: odd ones are for us to tell."""
        cells = [sa.column(column, sa.types.NullType()) for column in columns]
        return sa.table(name, *cells, schema=self.schema)

    def _write_tables(self, tables: Mapping[str, pl.DataFrame]) -> None:
        metadata = sa.MetaData(schema=self.schema)
        with writing(self.engine) as connection:
            there = _relations(sa.inspect(connection), self.schema)
            existing = [name for name in map(self.names.theirs, tables) if name in there]
            if existing:
                raise UsageError(
                    f"the database has {listed(existing)} already, and tables that are there are "
                    "never replaced; drop them, or give another schema or other names"
                )
            for name, frame in tables.items():
                frame = self.names.write(name, frame.drop("row", strict=False))
                frame = storable(frame, connection.dialect.name)
                columns = [sa.Column(n, column_type(kind)) for n, kind in frame.schema.items()]
                table = sa.Table(self.names.theirs(name), metadata, *columns, **UNICODE)
                table.create(connection)
                insert(connection, table, frame)


def _relations(inspector: sa.Inspector, schema: str | None) -> list[str]:
    """Return the names of all that can be read as a table."""
    found = [*inspector.get_table_names(schema), *inspector.get_view_names(schema)]
    if inspector.dialect.name == "postgresql":
        found += inspector.get_materialized_view_names(schema)
    return sorted(set(found) - set(RESULT_TABLES))


def _batches(
    connection: sa.Connection, query: sa.TextClause | sa.Select[Any]
) -> Iterator[pl.DataFrame]:
    return (copied_out if can_copy(connection) else batches)(connection, query)


def _in_order(table: str, frame: pl.DataFrame) -> pl.DataFrame:
    columns = [name for name in TABLES[table].columns() if name in frame.columns]
    key = [name for name in key_of(table) if name in columns]
    return frame.sort(key or columns, nulls_last=True, maintain_order=True) if columns else frame
