"""Engines: from a URL or a path to connections, transactions, and errors that teach."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, NoSuchModuleError
from sqlalchemy.pool import NullPool

from matching.errors import StoreError, UsageError

_DRIVERS = {
    "postgresql": "postgresql+psycopg",
    "mariadb": "mariadb+pymysql",
    "mysql": "mysql+pymysql",
    "sqlite": "sqlite+pysqlite",
}
_WAIT = 60
_TRIES = 8
# Another writer was faster, or in the way: SQLSTATE of PostgreSQL, numbers of MariaDB and MySQL.
_IN_THE_WAY = {"40001", "40P01", 1020, 1050, 1205, 1213, "database is locked"}
_LOST = {"57P01", "57P02", "57P03", 1053, 1927, 2006, 2013, 2055}
Done = TypeVar("Done")


def engine_of(where: str | Path) -> sa.Engine:
    """Make an engine that keeps no connection open between calls.

    Parameters
    ----------
    where : str or pathlib.Path
        A URL of SQLAlchemy, whose driver may be left out; or the path of an SQLite file.

    Raises
    ------
    UsageError
        If it is no such URL.
    """
    text = str(where)
    is_url = isinstance(where, str) and "://" in text
    try:
        url = sa.make_url(text) if is_url else sa.URL.create("sqlite", database=text)
        url = url.set(drivername=_DRIVERS.get(url.drivername, url.drivername))
        lite = url.get_backend_name() == "sqlite"
        if lite and url.database in (None, "", ":memory:"):
            raise UsageError(
                f"{where}: a database in memory is gone between two calls; name a file, as in "
                "sqlite:///platform.db, or give matching.stores.sql.Database an engine"
            )
        waits = {"timeout": _WAIT} if lite else {"connect_timeout": _WAIT}
        engine = sa.create_engine(url, poolclass=NullPool, hide_parameters=True, connect_args=waits)
    except (ArgumentError, NoSuchModuleError, ValueError) as error:
        raise UsageError(f"{error}; a database is named as in {' or '.join(_examples())}") from None
    if lite:
        _begin_for_real(engine)
    return engine


def _examples() -> tuple[str, ...]:
    return "sqlite:///platform.db", "postgresql://user@host/name", "mariadb://user@host/name"


def _begin_for_real(engine: sa.Engine) -> None:
    """Let SQLite's transactions begin where ours do, and writers wait in line."""

    @event.listens_for(engine, "connect")
    def no_magic(connection: Any, record: object) -> None:
        connection.isolation_level = None

    @event.listens_for(engine, "begin")
    def begin(connection: sa.Connection) -> None:
        writes = connection.get_execution_options().get("writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def reading(engine: sa.Engine) -> Iterator[sa.Connection]:
    """Give a connection on which all that is read is of one moment."""
    with engine.connect() as connection:
        if engine.dialect.name != "sqlite":
            connection = connection.execution_options(isolation_level="REPEATABLE READ")
        with connection.begin():
            yield connection


@contextmanager
def writing(engine: sa.Engine) -> Iterator[sa.Connection]:
    """Give a connection whose writes are there all together, or not at all."""
    with engine.connect() as connection:
        connection = connection.execution_options(writes=True)
        if engine.dialect.name != "sqlite":
            connection = connection.execution_options(isolation_level="READ COMMITTED")
        with connection.begin():
            yield connection


def until_done(work: Callable[[], Done], engine: sa.Engine, what: str) -> Done:
    """Do a whole transaction, again where a connection was lost or another writer was in the way.

    Raises
    ------
    StoreError
        If the database refuses, or does not answer however often it is tried.
    """
    for left in range(_TRIES - 1, -1, -1):
        try:
            return work()
        except DBAPIError as error:
            if not (left and _is_passing(error)):
                raise StoreError(_told(error, engine, what)) from None
            # Apart from each other, or two writers would meet again.
            time.sleep(random.uniform(0.5, 1) * 0.05 * 2 ** (_TRIES - 1 - left))
    raise AssertionError("unreachable")


def _is_passing(error: DBAPIError) -> bool:
    codes = {getattr(error.orig, "sqlstate", None), *getattr(error.orig, "args", ())[:1]}
    lost = error.connection_invalidated or bool(codes & _LOST) or "server closed" in str(error.orig)
    return lost or isinstance(error, IntegrityError) or bool(codes & _IN_THE_WAY)


def _told(error: DBAPIError, engine: sa.Engine, what: str) -> str:
    place = engine.url.render_as_string(hide_password=True)
    reason = str(error.orig).strip().partition("\n")[0]
    return f"{place}: {what} failed ({type(error).__name__}: {reason})"
