"""Database servers for the tests, named by environment variables; see tools/servers.sh."""

import atexit
import functools
import hashlib
import os
from pathlib import Path

import pytest
import sqlalchemy as sa

from matching.stores.sql.engines import engine_of

SERVERS = ("MATCHING_POSTGRES_URL", "MATCHING_MARIADB_URL")


def server(variable: str) -> str:
    """Return the URL of a server; skip the test if there is none."""
    if variable not in os.environ:
        pytest.skip(f"{variable} names no database server; tools/servers.sh starts one")
    return os.environ[variable]


@functools.cache
def schema_for(variable: str, place: Path) -> str:
    """Make a schema for the test that has this folder; it is dropped at the end."""
    name = "t_" + hashlib.sha256(str(place).encode()).hexdigest()[:16]
    engine = engine_of(server(variable))
    with engine.begin() as connection:
        connection.execute(sa.schema.CreateSchema(name, if_not_exists=True))

    def drop() -> None:
        with engine.begin() as connection:
            lite = engine.dialect.name == "postgresql"
            connection.execute(sa.schema.DropSchema(name, cascade=lite, if_exists=True))

    atexit.register(drop)
    return name
