"""Plans as rows: every row bears its week and its version, and one transaction writes them all.

The row of the summary stands first and is the lock: two transactions that write the same week and
version cannot both have it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl
import sqlalchemy as sa

from matching.errors import UsageError
from matching.result import Output
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


@dataclass(frozen=True)
class Place:
    """Where plans are: schema, names of the tables, version."""

    schema: str | None
    names: Names
    version: str


def check_version(version: object) -> None:
    """Refuse what cannot tell plans apart."""
    if not isinstance(version, str) or not 0 < len(version) <= VERSION_LENGTH:
        raise UsageError(f"version = {version!r}: give a text of 1 to {VERSION_LENGTH} characters")


def write(
    engine: sa.Engine,
    place: Place,
    tables: Mapping[str, pl.DataFrame],
    summary: Mapping[str, Any],
) -> None:
    """Write a plan whole, in the place of the one with the same week and version."""
    check_results(tables)
    if "week" not in summary:
        raise UsageError("the summary names no week, and a plan is kept by its week")
    facts = {
        "week": date.fromisoformat(str(summary["week"])),
        "plan_version": place.version,
        "tables": json.dumps(list(tables)),
        SUMMARY: json.dumps(plain(summary), ensure_ascii=False, allow_nan=False),
    }
    metadata = sa.MetaData(schema=place.schema)
    head = sa.Table(
        place.names.theirs(SUMMARY),
        metadata,
        *_key_columns(),
        sa.Column("tables", column_type(pl.String()), nullable=False),
        sa.Column(SUMMARY, column_type(pl.String()), nullable=False),
        **UNICODE,
    )
    made = {}
    for name, frame in tables.items():
        frame = storable(frame, engine.dialect.name)
        position = sa.Column(_POSITION, sa.BigInteger(), primary_key=True, autoincrement=False)
        columns = [sa.Column(n, column_type(kind)) for n, kind in frame.schema.items()]
        theirs = place.names.theirs(name)
        made[name] = sa.Table(theirs, metadata, *_key_columns(), position, *columns, **UNICODE)
    # Tables that some databases make in no transaction: empty ones are no plan.
    until_done(lambda: _make(engine, metadata), engine, "making the tables")
    until_done(lambda: _write(engine, place, head, made, tables, facts), engine, "writing")


def _key_columns() -> tuple[sa.Column[Any], ...]:
    return (
        sa.Column("week", sa.Date(), primary_key=True),
        sa.Column("plan_version", sa.String(VERSION_LENGTH), primary_key=True),
    )


def _make(engine: sa.Engine, metadata: sa.MetaData) -> None:
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


def _write(
    engine: sa.Engine,
    place: Place,
    head: sa.Table,
    made: Mapping[str, sa.Table],
    tables: Mapping[str, pl.DataFrame],
    facts: Mapping[str, Any],
) -> None:
    with writing(engine) as connection:
        connection.execute(sa.delete(head).where(_is_key(head, facts)))
        connection.execute(sa.insert(head), [dict(facts)])
        inspector = sa.inspect(connection)
        for name in RESULT_TABLES:
            theirs = place.names.theirs(name)
            if name in made or inspector.has_table(theirs, place.schema):
                old = sa.table(theirs, *map(sa.column, _KEY), schema=place.schema)
                connection.execute(sa.delete(old).where(_is_key(old, facts)))
        for name, frame in tables.items():
            frame = storable(frame, engine.dialect.name).with_row_index(_POSITION, offset=1)
            keys = [
                pl.lit(facts["week"], dtype=pl.Date).alias("week"),
                pl.lit(facts["plan_version"]).alias("plan_version"),
            ]
            insert(connection, made[name], frame.select(*keys, pl.all()))


def insert(connection: sa.Connection, table: sa.Table, frame: pl.DataFrame) -> None:
    """Write rows, batch by batch."""
    if frame.is_empty():
        return
    if can_copy(connection):
        copied_in(connection, table, frame)
        return
    for part in frame.iter_slices(ROWS):
        connection.execute(sa.insert(table), part.to_dicts())


def read(engine: sa.Engine, place: Place) -> Output:
    """Return the version's plan of the latest week; nothing if there is none."""
    with reading(engine) as connection:
        facts = _facts(connection, place)
        if facts is None:
            return {}, {}
        found = {}
        for name in json.loads(facts["tables"]):
            table = _reflected(connection, place, name)
            cells = [column for column in table.columns if column.name not in (*_KEY, _POSITION)]
            # Whatever a database calls a number: digits as they are, no decimals.
            shown = [
                sa.type_coerce(cell, sa.Double()) if frame_type(cell.type) == pl.Float64 else cell
                for cell in cells
            ]
            rows = sa.select(*shown).where(_is_key(table, facts)).order_by(table.c[_POSITION])
            schema = {column.name: frame_type(column.type) for column in cells}
            values = [tuple(row) for row in connection.execute(rows)]
            found[name] = pl.DataFrame(values, schema, orient="row")
    return found, summary_of(facts[SUMMARY], place.names.theirs(SUMMARY))


def read_summary(engine: sa.Engine, place: Place, week: date | None = None) -> dict[str, Any]:
    """Return the summary of the version's plan of a week, or of the latest; empty without one."""
    with reading(engine) as connection:
        facts = _facts(connection, place, week)
    return {} if facts is None else summary_of(facts[SUMMARY], place.names.theirs(SUMMARY))


def _facts(
    connection: sa.Connection, place: Place, week: date | None = None
) -> Mapping[Any, Any] | None:
    """Return the row of the summary."""
    if not sa.inspect(connection).has_table(place.names.theirs(SUMMARY), place.schema):
        return None
    head = _reflected(connection, place, SUMMARY)
    query = sa.select(head).where(head.c.plan_version == place.version)
    if week is not None:
        query = query.where(head.c.week == week)
    return connection.execute(query.order_by(head.c.week.desc()).limit(1)).mappings().first()


def _reflected(connection: sa.Connection, place: Place, name: str) -> sa.Table:
    metadata = sa.MetaData(schema=place.schema)
    return sa.Table(place.names.theirs(name), metadata, autoload_with=connection)


def _is_key(table: sa.Table | sa.TableClause, facts: Any) -> sa.ColumnElement[bool]:
    return sa.and_(*(table.c[name] == facts[name] for name in _KEY))
