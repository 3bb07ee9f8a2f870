"""Plans as rows: every row bears its week and its version, and one transaction writes them all.

The row of the summary stands first and is the lock: two transactions that write the same week and
version cannot both have it.
"""

import json
from collections.abc import Mapping
from datetime import date
from typing import Any

import polars as pl
import sqlalchemy as sa

from matching.errors import UsageError
from matching.schema import Output
from matching.stores.names import RESULT_TABLES, SUMMARY, Names, check_results
from matching.stores.results import plain, summary_of
from matching.stores.sql.batches import ROWS
from matching.stores.sql.engines import reading, until_done, writing
from matching.stores.sql.postgres import can_copy, copied_in
from matching.stores.sql.types import column_type, frame_type, storable

VERSION_LENGTH = 100
# Ids that differ only in case or accents are different ids.
UNICODE: dict[str, Any] = {
    f"{dialect}_{option}": value
    for dialect in ("mysql", "mariadb")
    for option, value in (("charset", "utf8mb4"), ("collate", "utf8mb4_bin"))
}
_KEY = ("week", "plan_version")
_POSITION = "position"


class Plans:
    """The plans that a database keeps of one version; see `Database`."""

    def __init__(
        self, engine: sa.Engine, schema: str | None, names: Names | None, version: object
    ) -> None:
        if not isinstance(version, str) or not 0 < len(version) <= VERSION_LENGTH:
            text = f"version = {version!r}: give a text of 1 to {VERSION_LENGTH} characters"
            raise UsageError(text)
        self.engine, self.schema, self.version = engine, schema, version
        self.names = names or Names()

    def write_result(self, tables: Mapping[str, pl.DataFrame], summary: Mapping[str, Any]) -> None:
        """Write a plan in one transaction, in the place of the same week's and version's.

        Raises
        ------
        UsageError
            If a table of that name has other columns.
        StoreError
            If the database does not answer or refuses; what was there is there still.
        """
        check_results(tables)
        if "week" not in summary:
            raise UsageError("the summary names no week, and a plan is kept by its week")
        facts = {
            "week": date.fromisoformat(str(summary["week"])),
            "plan_version": self.version,
            "tables": json.dumps(list(tables)),
            SUMMARY: json.dumps(plain(summary), ensure_ascii=False, allow_nan=False),
        }
        texts = [
            sa.Column(n, column_type(pl.String()), nullable=False) for n in ("tables", SUMMARY)
        ]
        metadata = sa.MetaData(schema=self.schema)
        head = self._table(metadata, SUMMARY, texts)
        made = {}
        for name, frame in tables.items():
            kinds = storable(frame, self.engine.dialect.name).schema
            position = sa.Column(_POSITION, sa.BigInteger(), primary_key=True, autoincrement=False)
            columns = [sa.Column(n, column_type(kind)) for n, kind in kinds.items()]
            made[name] = self._table(metadata, name, [position, *columns])
        # Tables that some databases make in no transaction: empty ones are no plan.
        until_done(lambda: make(self.engine, metadata), self.engine, "making the tables")
        until_done(lambda: self._write(head, made, tables, facts), self.engine, "writing")

    def read_result(self) -> Output:
        """Return the version's plan of the latest week that has one."""
        return until_done(self._read, self.engine, "reading")

    def read_summary(self, week: date | None = None) -> dict[str, Any]:
        """Read the summary alone, of the week if one is given; see `earlier.Remembering`."""
        return until_done(lambda: self._read_summary(week), self.engine, "reading")

    def _table(self, metadata: sa.MetaData, name: str, columns: list[sa.Column[Any]]) -> sa.Table:
        week = sa.Column("week", sa.Date(), primary_key=True)
        version = sa.Column("plan_version", sa.String(VERSION_LENGTH), primary_key=True)
        return sa.Table(self.names.theirs(name), metadata, week, version, *columns, **UNICODE)

    def _write(
        self,
        head: sa.Table,
        made: Mapping[str, sa.Table],
        tables: Mapping[str, pl.DataFrame],
        facts: Mapping[str, Any],
    ) -> None:
        with writing(self.engine) as connection:
            connection.execute(sa.delete(head).where(_is_key(head, facts)))
            connection.execute(sa.insert(head), [dict(facts)])
            inspector = sa.inspect(connection)
            for name in RESULT_TABLES:
                theirs = self.names.theirs(name)
                if name in made or inspector.has_table(theirs, self.schema):
                    old = sa.table(theirs, *map(sa.column, _KEY), schema=self.schema)
                    connection.execute(sa.delete(old).where(_is_key(old, facts)))
            keys = [pl.lit(facts[name]).alias(name) for name in _KEY]
            for name, frame in tables.items():
                frame = storable(frame, connection.dialect.name)
                frame = frame.with_row_index(_POSITION, offset=1).select(*keys, pl.all())
                insert(connection, made[name], frame)

    def _read(self) -> Output:
        with reading(self.engine) as connection:
            facts = self._facts(connection)
            if facts is None:
                return {}, {}
            found = {}
            for name in json.loads(facts["tables"]):
                table = self._reflected(connection, name)
                cells = [cell for cell in table.columns if cell.name not in (*_KEY, _POSITION)]
                schema = {cell.name: frame_type(cell.type) for cell in cells}
                # Whatever a database calls a number: digits as they are, no decimals.
                shown = [
                    sa.type_coerce(cell, sa.Double()) if schema[cell.name] == pl.Float64 else cell
                    for cell in cells
                ]
                rows = sa.select(*shown).where(_is_key(table, facts)).order_by(table.c[_POSITION])
                values = [tuple(row) for row in connection.execute(rows)]
                found[name] = pl.DataFrame(values, schema, orient="row")
        return found, summary_of(facts[SUMMARY], self.names.theirs(SUMMARY))

    def _read_summary(self, week: date | None) -> dict[str, Any]:
        with reading(self.engine) as connection:
            facts = self._facts(connection, week)
        return {} if facts is None else summary_of(facts[SUMMARY], self.names.theirs(SUMMARY))

    def _facts(
        self, connection: sa.Connection, week: date | None = None
    ) -> Mapping[Any, Any] | None:
        """Return the row of the summary."""
        if not sa.inspect(connection).has_table(self.names.theirs(SUMMARY), self.schema):
            return None
        head = self._reflected(connection, SUMMARY)
        query = sa.select(head).where(head.c.plan_version == self.version)
        if week is not None:
            query = query.where(head.c.week == week)
        return connection.execute(query.order_by(head.c.week.desc()).limit(1)).mappings().first()

    def _reflected(self, connection: sa.Connection, name: str) -> sa.Table:
        metadata = sa.MetaData(schema=self.schema)
        return sa.Table(self.names.theirs(name), metadata, autoload_with=connection)


def make(engine: sa.Engine, metadata: sa.MetaData) -> None:
    """Make the tables that are not there; those that are must have our columns."""
    with writing(engine) as connection:
        inspector = sa.inspect(connection)
        for table in metadata.sorted_tables:
            if not inspector.has_table(table.name, table.schema):
                table.create(connection, checkfirst=True)
                continue
            there = {column["name"] for column in inspector.get_columns(table.name, table.schema)}
            lacking = [column.name for column in table.columns if column.name not in there]
            if lacking:
                raise UsageError(
                    f"the table {table.name} is there and lacks {', '.join(lacking)}; add the "
                    "columns, drop the table, or say with tables={...} what ours are to be called"
                )


def insert(connection: sa.Connection, table: sa.Table, frame: pl.DataFrame) -> None:
    """Write rows, batch by batch."""
    if frame.is_empty():
        return
    if can_copy(connection):
        copied_in(connection, table, frame)
        return
    for part in frame.iter_slices(ROWS):
        connection.execute(sa.insert(table), part.to_dicts())


def _is_key(table: sa.Table | sa.TableClause, facts: Any) -> sa.ColumnElement[bool]:
    return sa.and_(*(table.c[name] == facts[name] for name in _KEY))
