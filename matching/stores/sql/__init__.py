"""The adapter of databases, on SQLAlchemy: SQLite, PostgreSQL, MariaDB and MySQL."""

from collections.abc import Mapping
from pathlib import Path

from matching.stores.names import AS_OURS, Names
from matching.stores.sql.engines import engine_of
from matching.stores.sql.store import Database

__all__ = ["Database", "open_sink", "open_source"]


def open_source(
    where: str | Path,
    *,
    schema: str | None = None,
    names: Names = AS_OURS,
    queries: Mapping[str, str] | None = None,
) -> Database:
    """Open a database; see `Database` for what the options mean."""
    return Database(engine_of(where, new=False), schema=schema, names=names, queries=queries)


def open_sink(
    where: str | Path, *, schema: str | None = None, names: Names = AS_OURS, version: str = "1"
) -> Database:
    """Open a database for a plan of a ``version``; see `Database`."""
    return Database(engine_of(where), schema=schema, names=names, version=version)
