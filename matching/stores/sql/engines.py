"""Engines: from a URL or a path to connections, transactions, and errors that teach."""

import random
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, NoSuchModuleError, SAWarning
from sqlalchemy.pool import NullPool

from matching.errors import StoreError, UsageError
from matching.guards.urls import is_ambiguous, scrubbed, shown

_DRIVERS = {
    "postgresql": "postgresql+psycopg",
    "mariadb": "mariadb+pymysql",
    "mysql": "mysql+pymysql",
    "sqlite": "sqlite+pysqlite",
}
_EXAMPLES = "sqlite:///platform.db or postgresql://user@host/name or mariadb://user@host/name"
_WAIT = 60
_TRIES = 8
# Another writer was faster, or in the way: SQLSTATE of PostgreSQL, numbers of MariaDB and MySQL.
_IN_THE_WAY = {"23505", "40001", "40P01", 1020, 1050, 1205, 1213, "database is locked"}
_LOST = {"57P01", "57P02", "57P03", 1053, 1927, 2006, 2013, 2055}
# The first statement of a transaction that only reads.
_READ_ONLY = {
    "postgresql": "SET TRANSACTION READ ONLY",
    "mariadb": "START TRANSACTION READ ONLY",
    "mysql": "START TRANSACTION READ ONLY",
    "sqlite": "PRAGMA query_only = ON",
}
Done = TypeVar("Done")


def engine_of(where: str | Path, *, new: bool = True) -> sa.Engine:
    """Make an engine that keeps no connection open between calls, and see that it can connect.

    A URL is SQLAlchemy's, whose driver may be left out; a path is of an SQLite file, which is made
    only if it may be ``new``. What is no such URL is a UsageError, and who does not answer a
    StoreError.
    """
    text = str(where)
    is_url = isinstance(where, str) and "://" in text
    if is_url and is_ambiguous(text):
        raise UsageError(
            f"{shown(text)}: in a URL only the @ before the host is written as it is; write every "
            "other as %40, and a ? in a password as %3F"
        )
    try:
        url = sa.make_url(text) if is_url else sa.URL.create("sqlite", database=text)
    except (ArgumentError, ValueError):
        # What could not be read may be half of a password, so it is not told.
        raise UsageError(
            f"{shown(text)}: is no URL of a database; one is named as in "
            f"{_EXAMPLES}, and in a password each of :/?#[]@% is written as %3A, ..."
        ) from None
    url = url.set(drivername=_DRIVERS.get(url.drivername, url.drivername))
    lite = url.get_backend_name() == "sqlite"
    if lite and url.database in (None, "", ":memory:"):
        raise UsageError(
            f"{shown(where)}: a database in memory is gone between two calls; name a file, as "
            "in sqlite:///platform.db, or give matching.stores.sql.Database an engine"
        )
    # SQLite has URLs of its own.
    is_file = lite and not str(url.database).startswith("file:")
    if is_file and not new and not Path(str(url.database)).exists():
        raise UsageError(f"{shown(where)} does not exist; name a file that is there")
    waits = {"timeout": _WAIT} if lite else {"connect_timeout": _WAIT}
    try:
        with warnings.catch_warnings():
            # SQLAlchemy would leave out a parameter that it does not know, and go on.
            warnings.simplefilter("error", SAWarning)
            engine = sa.create_engine(
                url, poolclass=NullPool, hide_parameters=True, connect_args=waits
            )
            if lite:
                _begin_for_real(engine)
            until_done(lambda: engine.connect().close(), engine, "connecting")
    except StoreError as error:
        raise StoreError(
            f"{error}; check host, port, database, user and password, and that the server runs"
        ) from None
    except NoSuchModuleError as error:
        text = f"{error}; a database is named as in {_EXAMPLES}"
        raise UsageError(f"{shown(where)}: {text}") from None
    except ModuleNotFoundError:
        raise
    except Exception as error:  # whatever a driver raises where it does not know a parameter
        reason = scrubbed(str(error).partition("\n")[0], text)
        raise UsageError(
            f"{shown(text)}: the driver {url.drivername} cannot connect with these parameters "
            f"({type(error).__name__}: {reason}); correct what stands after the ?, or leave it out"
        ) from None
    return engine


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
    """Give a connection on which all that is read is of one moment, and nothing is written."""
    name = engine.dialect.name
    lite = name == "sqlite"
    if name not in _READ_ONLY:
        raise UsageError(f"a database of {name} is not read; known are {', '.join(_READ_ONLY)}")
    with engine.connect() as connection:
        if not lite:
            connection = connection.execution_options(isolation_level="REPEATABLE READ")
        with connection.begin():
            connection.exec_driver_sql(_READ_ONLY[name])
            try:
                with _in_utc(connection):
                    yield connection
            finally:
                if lite:  # whose refusal outlives the transaction
                    connection.exec_driver_sql("PRAGMA query_only = OFF")


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
    """Do a whole transaction, again where a connection was lost or another writer in the way."""
    own: type[Exception] = engine.dialect.loaded_dbapi.Error
    for left in range(_TRIES - 1, -1, -1):
        try:
            return work()
        except (DBAPIError, own) as error:
            if not (left and _is_passing(error)):
                raise StoreError(told(error, engine, what)) from None
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


def told(error: Exception, engine: sa.Engine, what: str) -> str:
    """Put into words what went wrong, without secrets."""
    # The secrets are sought as they are and as a URL has them.
    url = engine.url.render_as_string(hide_password=False)
    reason = scrubbed(str(_cause(error)).strip().partition("\n")[0], url)
    return f"{shown(url)}: {what} failed ({type(error).__name__}: {reason})"
