"""The same tables from other stores against Parquet: the same problem, and how much longer it is.

Both are read in turn (A B A B), so that a busy machine slows both. What counts is the ratio;
nothing is asserted of it.
"""

from __future__ import annotations

import os
import secrets
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import pytest
import sqlalchemy as sa
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.cases import CASES, ROUNDS, WEEK, Case, parameter, tables_of
from matching.problem import Problem
from matching.stores import read_tables
from matching.stores.registry import open_sink, open_source
from matching.stores.sql.engines import engine_of

FULL = [case for case in CASES if case.rules == "full" and case.size != "province"]
FILES = {"csv": "tables", "jsonl": "tables", "sqlite": "tables.db", "zip": "tables.zip"}
SERVERS = {"postgresql": "MATCHING_POSTGRES_URL", "mariadb": "MATCHING_MARIADB_URL"}
Where = tuple[str, dict[str, Any]]


@contextmanager
def filled(store: str, case: Case) -> Iterator[Where]:
    """Give a store that holds the tables of a case: where it is, and its options."""
    raw = read_tables(tables_of(case))
    if store in FILES:
        with tempfile.TemporaryDirectory(prefix="matching-benchmarks-") as folder:
            where = str(Path(folder, FILES[store]))
            options = {"format": store} if FILES[store] == "tables" else {}
            open_sink(where, **options).write_tables(raw)  # type: ignore[attr-defined]
            yield where, {}
        return
    if SERVERS[store] not in os.environ:
        pytest.skip(f"{SERVERS[store]} names no database server")
    url, schema = os.environ[SERVERS[store]], f"bench_{secrets.token_hex(4)}"
    engine = engine_of(url)
    cascade = store == "postgresql"
    with engine.begin() as connection:
        connection.execute(sa.schema.CreateSchema(schema))
    try:
        open_source(url, schema=schema).write_tables(raw)  # type: ignore[attr-defined]
        yield url, {"schema": schema}
    finally:
        with engine.begin() as connection:
            connection.execute(sa.schema.DropSchema(schema, cascade=cascade))


@pytest.mark.parametrize("store", [*FILES, *SERVERS])
@pytest.mark.parametrize("case", [parameter(case) for case in FULL])
def test_load(benchmark: BenchmarkFixture, case: Case, store: str) -> None:
    seconds: dict[str, list[float]] = {"parquet": [], store: [], "read parquet": [], "read": []}

    def load(name: str, where: object, options: dict[str, Any]) -> Problem:
        start = time.perf_counter()
        tables = open_source(where, **options).read_tables()
        seconds["read" if name == store else "read parquet"].append(time.perf_counter() - start)
        problem = Problem.from_tables(tables, WEEK)
        seconds[name].append(time.perf_counter() - start)
        return problem

    expected: list[Problem] = []
    with filled(store, case) as (where, options):
        found = benchmark.pedantic(
            load,
            args=(store, where, options),
            setup=lambda: expected.append(load("parquet", tables_of(case), {})),
            rounds=ROUNDS[case.size],
        )
    # The same problem, or the ratio says nothing.
    assert len(found.volunteers) == len(expected[-1].volunteers)
    assert len(found.windows) == len(expected[-1].windows)
    assert len(found.slots) == len(expected[-1].slots)
    benchmark.extra_info |= {
        "time_ratio": median(seconds[store]) / median(seconds["parquet"]),
        "read_ratio": median(seconds["read"]) / median(seconds["read parquet"]),
    }
