"""Engines: from a URL or a path to connections, transactions, and errors that teach."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
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


def engine_of(where: str | Path, *, new: bool = True) -> sa.Engine:
    """Make an engine that keeps no connection open between calls, and see that it can connect.

    Parameters
    ----------
    where : str or pathlib.Path
        A URL of SQLAlchemy, whose driver may be left out; or the path of an SQLite file.
    new : bool
        Whether an SQLite file that is not there is made.

    Raises
    ------
    UsageError
        If it is no such URL.
    StoreError
        If nobody answers there.
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
        if lite and not new and not _is_there(str(url.database)):
            raise UsageError(f"{where} does not exist; name a file that is there")
        waits = {"timeout": _WAIT} if lite else {"connect_timeout": _WAIT}
        engine = sa.create_engine(url, poolclass=NullPool, hide_parameters=True, connect_args=waits)
    except (ArgumentError, NoSuchModuleError, ValueError) as error:
        raise UsageError(f"{error}; a database is named as in {' or '.join(_examples())}") from None
    if lite:
        _begin_for_real(engine)
    try:
        until_done(lambda: engine.connect().close(), engine, "connecting")
    except StoreError as error:
        raise StoreError(
            f"{error}; check host, port, database, user and password, and that the server runs"
        ) from None
    return engine


def _is_there(database: str) -> bool:
    # SQLite has URLs of its own.
    return database.startswith("file:") or Path(database).exists()


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
        with connection.begin(), _in_utc(connection):
            yield connection


@contextmanager
def _in_utc(connection: sa.Connection) -> Iterator[None]:
    """Let MariaDB and MySQL show moments in UTC, on this connection and as long as it is ours."""
    if connection.dialect.name not in ("mysql", "mariadb"):
        yield
        return
    before = connection.execute(sa.text("SELECT @@session.time_zone")).scalar_one()
    zone = sa.text("SET SESSION time_zone = :zone")
    connection.execute(zone, {"zone": "+00:00"})
    try:
        yield
    finally:
        if not connection.invalidated:
            with suppress(DBAPIError):
                connection.execute(zone, {"zone": before})


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
    own: type[Exception] = engine.dialect.loaded_dbapi.Error
    for left in range(_TRIES - 1, -1, -1):
        try:
            return work()
        except (DBAPIError, own) as error:
            if not (left and _is_passing(error)):
                raise StoreError(_told(error, engine, what)) from None
            # Apart from each other, or two writers would meet again.
            time.sleep(random.uniform(0.5, 1) * 0.05 * 2 ** (_TRIES - 1 - left))
    raise AssertionError("unreachable")


def _is_passing(error: Exception) -> bool:
    cause = _cause(error)
    codes = {getattr(cause, "sqlstate", None), *getattr(cause, "args", ())[:1]}
    lost = isinstance(error, DBAPIError) and error.connection_invalidated
    lost |= bool(codes & _LOST) or "server closed" in str(cause)
    return lost or isinstance(error, IntegrityError) or bool(codes & _IN_THE_WAY)


def _cause(error: Exception) -> BaseException:
    """Return the driver's own error, which PostgreSQL's COPY raises as it is."""
    return (error.orig or error) if isinstance(error, DBAPIError) else error


def _told(error: Exception, engine: sa.Engine, what: str) -> str:
    place = engine.url.render_as_string(hide_password=True)
    reason = str(_cause(error)).strip().partition("\n")[0]
    return f"{place}: {what} failed ({type(error).__name__}: {reason})"
