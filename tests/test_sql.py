"""Databases: names and queries, one moment, whole plans whatever happens, and no value in SQL."""

import os
import signal
import sqlite3
import subprocess
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import sqlalchemy as sa
from sqlalchemy import event
from typer.testing import CliRunner

from matching import Problem, solve
from matching.cli import app
from matching.errors import DataError, DataWarning, StoreError, UsageError
from matching.stores.registry import open_sink, open_source
from matching.stores.sql import Database, store
from matching.stores.sql.batches import batches
from matching.stores.sql.engines import engine_of, reading
from matching.stores.sql.postgres import copied_out
from matching.stores.testing import worlds
from matching.tables.cleaning import clean
from tests.support.servers import schema_for, server
from tests.support.tiny import EXPECTED, MONDAY, TINY

KINDS = ("sqlite", "MATCHING_POSTGRES_URL", "MATCHING_MARIADB_URL")
Opened = Callable[..., Database]


@pytest.fixture(params=KINDS)
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Opened:
    """A fresh database: called, another connection to it."""
    if request.param == "sqlite":
        return lambda **options: open_sink(tmp_path / "platform.db", **options)
    url, schema = server(request.param), schema_for(request.param, tmp_path)
    return lambda **options: open_sink(url, schema=schema, **options)


def run(database: Database, *statements: str) -> None:
    with database.engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


def lite(tmp_path: Path, *statements: str) -> str:
    """Make an SQLite database of these statements and return its URL."""
    url = f"sqlite:///{tmp_path / 'platform.db'}"
    run(Database(engine_of(url)), *statements)
    return url


# --- names and queries --------------------------------------------------------------------------

PLATFORM = (
    "CREATE TABLE 志愿者 (编号 TEXT, 电话 TEXT, max_shifts INTEGER)",
    "INSERT INTO 志愿者 VALUES ('bo', '13800000000', 2), ('ann', '13900000000', NULL)",
    "CREATE TABLE slots (who TEXT, day TEXT, hours TEXT)",
    "INSERT INTO slots VALUES ('ann', '2026-12-01', '08:00-12:00')",
    "CREATE VIEW requests AS SELECT 'lunch' AS request_id, '2026-12-01 10:00' AS start, "
    "'2026-12-01 12:00' AS 'end'",
)
NAMES = {"tables": {"volunteers": "志愿者"}, "columns": {"volunteers": {"volunteer_id": "编号"}}}
QUERIES = {
    "availability": "SELECT who AS volunteer_id, day || 'T' || substr(hours, 1, 5) AS start, "
    "day || 'T' || substr(hours, 7) AS \"end\" FROM slots WHERE hours LIKE '%:00%';"
}


def test_tables_columns_and_queries_have_the_platforms_names(tmp_path: Path) -> None:
    url = lite(tmp_path, *PLATFORM)
    with pytest.warns(DataWarning, match=r"volunteers\.电话"):
        problem = Problem.from_source(url, MONDAY, queries=QUERIES, **NAMES)
    # In the order of their ids, whatever the database's.
    assert problem.volunteers.id.to_list() == ["ann", "bo"]
    plan = solve(problem).to()["plan"]
    assert plan.select("request_id", "volunteer_id").rows() == EXPECTED


def test_what_the_contract_does_not_have_is_never_read(tmp_path: Path) -> None:
    source = open_source(lite(tmp_path, *PLATFORM), queries=QUERIES, **NAMES)
    asked: list[str] = []
    event.listen(source.engine, "before_cursor_execute", lambda *a: asked.append(a[2]))
    tables = source.read_tables()
    assert tables["volunteers"]["电话"].to_list() == [None, None]
    # Only the query for the columns' names may speak of it, and that is a PRAGMA.
    assert not any("电话" in text for text in asked)


@pytest.mark.parametrize("kind", ["table", "query"])
def test_a_column_that_only_sounds_like_ours_stays_out(tmp_path: Path, kind: str) -> None:
    # The platform's volunteer_id is the number of a row in another system; the id is theirs.
    url = lite(
        tmp_path,
        "CREATE TABLE volunteers (id TEXT, volunteer_id INTEGER, 'row' TEXT)",
        "INSERT INTO volunteers VALUES ('ann', 7, 'x'), ('bo', 8, 'y')",
    )
    source = open_source(
        url,
        columns={"volunteers": {"volunteer_id": "id"}},
        queries={"volunteers": "SELECT * FROM volunteers"} if kind == "query" else None,
    )
    found = source.read_tables()["volunteers"]
    assert found["volunteer_id"].to_list() == ["ann", "bo"]
    assert set(found.columns) == {
        "volunteer_id",
        "volunteer_id (of the store)",
        "row (of the file)" if kind == "query" else "row (of the store)",
    }


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"tables": {"volunteers": "people"}}, "no table people; it has requests, slots, 志愿者. "),
        ({"tables": {"voluntiers": "x"}}, "tables names voluntiers; known are volunteers"),
        (
            {"columns": {"volunteers": {"id": "x"}}},
            r"columns\['volunteers'\] names id; known are v",
        ),
        ({"columns": {"volunteers": {"lat": "lon"}}}, "lon would stand for two of ours"),
        ({"queries": {"people": "SELECT 1"}}, "queries names people; known are volunteers"),
        ({"schema": "nowhere"}, "no such table: nowhere"),
    ],
)
def test_a_wrong_name_is_told(tmp_path: Path, options: dict, told: str) -> None:
    url = lite(tmp_path, *PLATFORM)
    with pytest.raises((UsageError, StoreError), match=told):
        open_source(url, **options).read_tables()


def test_an_empty_database_says_what_is_wanted(tmp_path: Path) -> None:
    where = f"sqlite:///{tmp_path / 'new.db'}"
    with pytest.raises(UsageError, match=r"new\.db does not exist; name a file that is there"):
        open_source(where)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "new.db").touch()
    with pytest.raises(UsageError, match=r"no table volunteers, availability, requests; .* none"):
        open_source(where).read_tables()


def test_names_may_hold_anything(opened: Opened) -> None:
    # A hundred percent of "people"; and what follows a semicolon.
    odd = {"volunteers": 'people "of" `100%` :x; --', "availability": "and'then"}
    columns = {"volunteers": {"volunteer_id": "the id %s (of :x)"}}
    database = opened(tables=odd, columns=columns)
    database.write_tables(TINY)
    problem = Problem.from_source(database, MONDAY)
    assert problem.volunteers.id.to_list() == ["ann", "bo"]


# --- cells that are not what they should be -----------------------------------------------------


def test_a_cell_of_another_type_is_a_fault_and_no_crash(tmp_path: Path) -> None:
    # SQLite keeps what it is given, whatever the column says.
    url = lite(
        tmp_path,
        "CREATE TABLE volunteers (volunteer_id TEXT, max_shifts INTEGER, lat REAL, lon REAL)",
        "INSERT INTO volunteers VALUES ('a', 1, 1.5, 2), ('b', 'many', 1, 2), ('c', x'00', 1, 2)",
        "CREATE TABLE availability (volunteer_id TEXT, start DATETIME, 'end' DATETIME)",
        "INSERT INTO availability VALUES ('a', 'noon', '2026-12-01 12:00:00')",
        "CREATE TABLE requests (request_id TEXT, start DATETIME, 'end' DATETIME)",
    )
    with pytest.raises(DataError) as caught:
        Problem.from_source(url, MONDAY)
    assert caught.value.faults.select("table", "row", "column", "value").rows() == [
        ("volunteers", 2, "max_shifts", "many"),
        ("volunteers", 3, "max_shifts", "(1 bytes)"),
        ("availability", 1, "start", "noon"),
    ]


def test_what_only_postgres_has_is_a_fault_or_is_read(tmp_path: Path) -> None:
    variable = "MATCHING_POSTGRES_URL"
    schema = schema_for(variable, tmp_path)
    database = open_source(server(variable), schema=schema)
    database.write_tables(TINY | {"availability": TINY["availability"].head(0)})
    run(
        database,
        f"CREATE TABLE {schema}.bonds (volunteer_id uuid, beneficiary_id numeric, visits smallint, "
        "last_visit date)",
        f"INSERT INTO {schema}.bonds VALUES ('00000000-0000-0000-0000-000000000001', 12, 3, "
        "'infinity'), (gen_random_uuid(), 13, NULL, '2026-11-30')",
        f"CREATE TABLE {schema}.preferences (volunteer_id text, subject text, value text, "
        "weight numeric, never boolean)",
        f"INSERT INTO {schema}.preferences VALUES ('ann', 'post', '\\.', 5.0, NULL), "
        "('ann', 'post', 'a\"b', NULL, true), ('bo', 'post', '', 1, false)",
    )
    tables = database.read_tables()
    assert tables["bonds"]["last_visit"].to_list() == ["infinity", "2026-11-30"]
    assert tables["bonds"]["beneficiary_id"].to_list() == ["12", "13"]
    wanted = ["value", "weight", "never"]
    assert tables["preferences"].select(wanted).rows() == [
        ("\\.", "5.0", None),
        ('a"b', None, True),
        ("", "1", False),
    ]
    _, faults = clean(tables, week=MONDAY, time_zone="UTC", on_error="quarantine")
    assert ("bonds", "last_visit", "infinity") in faults.select("table", "column", "value").rows()


# --- reading ------------------------------------------------------------------------------------


@pytest.mark.slow
def test_batches_are_all_that_is_there_as_python_objects(tmp_path: Path) -> None:
    # 200,000 rows of three texts are over 60 MB as Python objects; a batch of 2,000 is under 1.
    url = lite(
        tmp_path,
        "CREATE TABLE availability AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 "
        "FROM n WHERE i < 200000) SELECT 'volunteer ' || i AS volunteer_id, "
        "'2026-12-01 08:00' AS start, '2026-12-01 12:00' AS 'end' FROM n",
    )
    tracemalloc.start()
    with reading(engine_of(url)) as connection:
        query = sa.text("SELECT * FROM availability")
        rows = sum(frame.height for frame in batches(connection, query, 2000))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert rows == 200_000
    assert peak < 8_000_000


def test_postgres_comes_in_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    variable = "MATCHING_POSTGRES_URL"
    schema = schema_for(variable, tmp_path)
    database = open_source(server(variable), schema=schema)
    many = pl.DataFrame({"volunteer_id": pl.int_range(100_000, eager=True).cast(pl.String)})
    database.write_tables({"volunteers": many})
    monkeypatch.setattr("matching.stores.sql.postgres._BLOCK", 1 << 16)
    query = sa.select(sa.table("volunteers", sa.column("volunteer_id"), schema=schema))
    with reading(database.engine) as connection:
        parts = list(copied_out(connection, query))
    # 589 kB of text in blocks of 64 kB.
    assert len(parts) >= 9
    assert pl.concat(parts)["volunteer_id"].cast(pl.Int64).sum() == 99_999 * 100_000 // 2


def test_all_tables_are_of_one_moment(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    opened().write_tables(TINY)
    source = opened()
    if source.engine.dialect.name == "sqlite":
        # Where others may write while one reads.
        sqlite3.connect(str(source.engine.url.database)).execute("PRAGMA journal_mode = WAL")
    read = store.together
    added = []

    def and_add(frames: Iterator[pl.DataFrame]) -> pl.DataFrame:
        # After the first table another session adds a request, which is read later.
        found = read(frames)
        if not added:
            other = opened()
            table = sa.table("requests", sa.column("request_id"), schema=other.schema)
            with other.engine.begin() as session:
                session.execute(sa.insert(table), [{"request_id": "late"}])
            added.append("late")
        return found

    monkeypatch.setattr(store, "together", and_add)
    tables = source.read_tables()
    assert added
    assert tables["requests"]["request_id"].to_list() == ["lunch"]
    assert source.read_tables()["requests"]["request_id"].to_list() == ["late", "lunch"]


# --- plans --------------------------------------------------------------------------------------


def keys(database: Database, table: str = "plan") -> list[tuple]:
    """Return week, version and mark of a result's rows, each once."""
    names = ("week", "plan_version", "request_id")
    cells = sa.table(table, *map(sa.column, names), schema=database.schema)
    with database.engine.connect() as connection:
        found = {tuple(map(str, row)) for row in connection.execute(sa.select(*cells.columns))}
    return sorted(found)


def test_weeks_and_versions_stand_side_by_side(opened: Opened) -> None:
    tables, summary = worlds.result("a")
    later = worlds.result("b")[0], worlds.result("b")[1] | {"week": "2026-12-07"}
    opened().write_result(tables, summary)
    opened().write_result(*later)
    opened(version="2").write_result(*worlds.result("c"))
    opened(version="2").write_result(*worlds.result("d"))
    assert keys(opened()) == [
        ("2026-11-30", "1", "a"),
        ("2026-11-30", "2", "d"),
        ("2026-12-07", "1", "b"),
    ]
    # The latest week of the version.
    assert opened().read_result()[1]["mark"] == "b"
    assert opened(version="2").read_result()[1]["mark"] == "d"
    assert opened(version="3").read_result() == ({}, {})


def write_over(opened: Opened, on_insert: Callable[[sa.Connection], None]) -> None:
    """Write plan b over plan a; when b's prices are to be written, do something."""
    opened().write_result(*worlds.result("a"))
    sink = opened()
    with_copy = sink.engine.dialect.name == "postgresql"

    def before(connection: sa.Connection, cursor: object, statement: str, *rest: object) -> None:
        # PostgreSQL's own way passes by SQLAlchemy: there, after the old rows are gone.
        start = "DELETE FROM" if with_copy else "INSERT INTO"
        if statement.startswith(start) and "prices" in statement:
            on_insert(connection)

    event.listen(sink.engine, "before_cursor_execute", before)
    sink.write_result(*worlds.result("b"))


def cut(opened: Opened, connection: sa.Connection) -> None:
    """End the connection from outside, as an administrator does."""
    ways = {
        "postgresql": ("SELECT pg_backend_pid()", "SELECT pg_terminate_backend({})"),
        "mariadb": ("SELECT connection_id()", "KILL {}"),
    }
    if connection.dialect.name not in ways:
        pytest.skip("an embedded database has no connection to lose")
    who, kill = ways[connection.dialect.name]
    driver = connection.connection.cursor()
    driver.execute(who)
    (number,) = driver.fetchone()
    driver.close()
    run(opened(), kill.format(int(number)))


def test_a_connection_lost_in_the_middle_loses_nothing(opened: Opened) -> None:
    times = []

    def once(connection: sa.Connection) -> None:
        if not times:
            times.append(1)
            cut(opened, connection)

    write_over(opened, once)
    assert opened().read_result()[1]["mark"] == "b"
    assert keys(opened()) == [("2026-11-30", "1", "b")]


def test_a_connection_lost_again_and_again_leaves_the_old_plan(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("matching.stores.sql.engines._TRIES", 2)
    with pytest.raises(StoreError, match="writing failed"):
        write_over(opened, lambda connection: cut(opened, connection))
    tables, summary = opened().read_result()
    assert summary["mark"] == "a"
    assert set(tables["plan"]["request_id"]) == {"a"}
    assert keys(opened(), "prices") == keys(opened())


def test_a_writer_that_is_killed_leaves_the_old_plan(opened: Opened) -> None:
    opened().write_result(*worlds.result("a"))
    url = opened().engine.url.render_as_string(hide_password=False)
    program = f"""
import os, signal
from sqlalchemy import event
from matching.stores.registry import open_sink
from matching.stores.testing import worlds
sink = open_sink({url!r}, schema={opened().schema!r})
seen = []
def die(connection, cursor, statement, *rest):
    if "prices" in statement and statement.startswith("DELETE"):
        os.kill(os.getpid(), signal.SIGKILL)
event.listen(sink.engine, "before_cursor_execute", die)
sink.write_result(*worlds.result("b"))
"""
    done = subprocess.run([sys.executable, "-c", program], env=os.environ)
    assert done.returncode == -signal.SIGKILL
    assert opened().read_result()[1]["mark"] == "a"
    assert keys(opened()) == [("2026-11-30", "1", "a")]


def test_a_failure_in_the_middle_leaves_the_old_plan(opened: Opened) -> None:
    def fail(connection: sa.Connection) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_over(opened, fail)
    assert opened().read_result()[1]["mark"] == "a"


def test_no_value_becomes_sql(opened: Opened) -> None:
    database = opened()
    statements: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda *a: statements.append(a[2]))
    database.write_tables(worlds.hard_texts())
    database.write_result(*worlds.result("a mark"))
    database.read_tables()
    database.read_result()
    assert len(statements) > 10
    values = [*worlds.HARD_TEXTS, *worlds.few()["volunteers"]["volunteer_id"], "a mark", "厨师"]
    # Two of them are words that SQL has too.
    for value in set(values) - {"NULL", "true", "-5", "007", "1e5"}:
        assert not any(value in statement for statement in statements), value


def test_tables_that_are_there_are_never_replaced(opened: Opened) -> None:
    opened().write_tables(TINY)
    with pytest.raises(UsageError, match="has volunteers, availability, requests already"):
        opened().write_tables(TINY)


def test_a_table_of_ones_own_in_the_place_of_ours_is_told(opened: Opened) -> None:
    database = opened()
    dot = f"{database.schema}." if database.schema else ""
    run(database, f"CREATE TABLE {dot}plan (id INTEGER)", f"INSERT INTO {dot}plan VALUES (7)")
    with pytest.raises(UsageError, match="the table plan is there and lacks week, plan_version"):
        database.write_result(*worlds.result("a"))
    named = opened(tables={"plan": "weekly_plan"})
    named.write_result(*worlds.result("a"))
    assert named.read_result()[1]["mark"] == "a"


@pytest.mark.parametrize(
    ("where", "told"),
    [
        ("postgresql://me:secret@127.0.0.1:1/none", r"postgresql\+psycopg://me:\*\*\*@127"),
        ("mariadb://me:secret@127.0.0.1:1/none", r"mariadb\+pymysql://me:\*\*\*@127"),
    ],
)
def test_who_does_not_answer_is_named_without_the_password(where: str, told: str) -> None:
    # Before a long search begins, not after.
    with pytest.raises(StoreError, match=f"{told}.*connecting failed.*check host") as caught:
        open_sink(where)
    assert "secret" not in str(caught.value)


def test_a_query_that_is_wrong_is_told(opened: Opened, tmp_path: Path) -> None:
    opened().write_tables(TINY)
    source = Database(opened().engine, queries={"bonds": "SELECT x FROM nowhere"})
    source.schema = opened().schema
    with pytest.raises(StoreError, match=r"reading failed .*nowhere"):
        source.read_tables()
    with pytest.raises(UsageError, match="queries = 'SELECT 1': give a mapping"):
        Database(opened().engine, queries="SELECT 1")  # type: ignore[arg-type]


def test_a_connection_lost_while_reading_is_tried_again(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened().write_tables(TINY)
    read, times = store._batches, []

    def cut_once(connection: sa.Connection, *rest: Any) -> Iterator[pl.DataFrame]:
        times.append(1)
        if len(times) == 2:
            cut(opened, connection)
        return read(connection, *rest)

    monkeypatch.setattr(store, "_batches", cut_once)
    tables = opened().read_tables()
    # The second table was cut off, and everything read anew.
    assert len(times) == 2 + len(TINY)
    assert [tables[name].height for name in TINY] == [2, 2, 1]


def test_moments_of_mariadb_are_read_as_moments(tmp_path: Path) -> None:
    variable = "MATCHING_MARIADB_URL"
    schema = schema_for(variable, tmp_path)
    database = open_source(server(variable), schema=schema)
    run(
        database,
        f"CREATE TABLE {schema}.requests (request_id TEXT, start TIMESTAMP NULL, end DATETIME)",
        "SET time_zone = '+08:00'",
        f"INSERT INTO {schema}.requests VALUES ('r', '2026-12-01 09:00', '2026-12-01 10:00')",
    )
    for queries in ({}, {"requests": f"SELECT * FROM {schema}.requests"}):
        found = open_source(server(variable), schema=schema, queries=queries).read_tables()
        # Nine o'clock in Shanghai is one o'clock in UTC, whatever the server's zone.
        moment = datetime(2026, 12, 1, 1, tzinfo=UTC)
        assert found["requests"]["start"].to_list() == [moment]
        assert found["requests"]["end"].to_list() == [datetime(2026, 12, 1, 10)]


@pytest.mark.parametrize("where", ["sqlite://", "sqlite:///:memory:"])
def test_a_database_in_memory_is_refused_where_it_would_be_lost(where: str) -> None:
    with pytest.raises(UsageError, match="in memory is gone between two calls; name a file"):
        open_source(where)


@pytest.mark.parametrize("version", ["", "x" * 101, 3])
def test_a_version_is_a_text(tmp_path: Path, version: object) -> None:
    with pytest.raises(UsageError, match="give a text of 1 to 100 characters"):
        open_sink(tmp_path / "new.db", version=version)


def test_the_command_line_reads_and_writes_a_database(opened: Opened) -> None:
    lines = CliRunner()
    database = opened()
    database.write_tables(TINY)
    url = database.engine.url.render_as_string(hide_password=False)
    option = [f"schema={database.schema}"] if database.schema else []
    read = [arg for text in option for arg in ("--option", text)]
    written = [arg for text in option for arg in ("--out-option", text)]
    week = ["--week", str(date(2026, 11, 30))]
    done = lines.invoke(app, ["plan", url, "--out", url, *week, *read, *written])
    assert done.exit_code == 0, done.output
    assert ":matching@" not in done.output
    done = lines.invoke(app, ["check", url, url, *read, *written])
    assert done.exit_code == 0, done.output
    assert "as the summary says" in done.output
    done = lines.invoke(app, ["plan", url, "--out", url, *week, "--option", "color=red"])
    assert done.exit_code == 2
    assert "has no option color; it has schema, tables, columns, queries" in done.output


_WRITES = [
    "DELETE FROM {t} RETURNING volunteer_id",
    "INSERT INTO {t} VALUES ('V9')",
    "UPDATE {t} SET volunteer_id = 'V9'",
    "WITH gone AS (DELETE FROM {t} RETURNING volunteer_id) SELECT * FROM gone",
    "SELECT volunteer_id FROM {t}; DELETE FROM {t}",
    "SELECT 1) AS x; COMMIT; DELETE FROM {t}; SELECT * FROM (SELECT 1",
    "SELECT 1) AS x) AS y; COMMIT; DELETE FROM {t}; SELECT * FROM (SELECT * FROM (SELECT 1",
    "CREATE TABLE copied AS SELECT * FROM {t}",
    "DROP TABLE {t}",
    "TRUNCATE {t}",
    "COMMIT",
    "PRAGMA query_only = OFF",
    "SELECT volunteer_id FROM {t} INTO OUTFILE '/tmp/copied'",
    "SELECT emptied() AS volunteer_id",
]


def test_what_would_write_is_refused_while_reading(opened: Opened) -> None:
    database = opened()
    dot = f"{database.schema}." if database.schema else ""
    people = f"{dot}people"
    run(database, f"CREATE TABLE {people} (volunteer_id VARCHAR(9))")
    run(database, f"INSERT INTO {people} VALUES ('V1'), ('V2')")
    body = f"BEGIN DELETE FROM {people}; RETURN 'V1'; END"
    name = f"{dot}emptied()"
    if database.engine.dialect.name == "postgresql":
        run(database, f"CREATE FUNCTION {name} RETURNS text AS $$ {body} $$ LANGUAGE plpgsql")
    elif database.engine.dialect.name != "sqlite":
        run(database, f"CREATE FUNCTION {name} RETURNS VARCHAR(9) {body}")
    for query in _WRITES:
        query = query.format(t=people).replace("emptied()", name)
        queries = {"volunteers": query, "requests": f"SELECT volunteer_id FROM {people}"}
        source = Database(database.engine, schema=database.schema, queries=queries)
        with pytest.raises(StoreError, match="queries is one SELECT, which must not write"):
            source.read_tables()
    with database.engine.connect() as connection:
        left = connection.execute(sa.text(f"SELECT volunteer_id FROM {people} ORDER BY 1"))
        assert left.scalars().all() == ["V1", "V2"]


def test_a_query_that_reads_may_do_so_as_it_likes(opened: Opened) -> None:
    database = opened()
    dot = f"{database.schema}." if database.schema else ""
    run(database, f"CREATE TABLE {dot}people (who VARCHAR(9))")
    run(database, f"INSERT INTO {dot}people VALUES ('V2'), ('V1')")
    query = f"WITH p AS (SELECT who AS volunteer_id FROM {dot}people) SELECT * FROM p; -- all"
    for text in (query.partition(" --")[0], query.replace(";", "")):
        source = Database(
            database.engine,
            schema=database.schema,
            queries={"volunteers": text, "requests": "SELECT 'R1' AS request_id"},
        )
        assert source.read_tables()["volunteers"]["volunteer_id"].to_list() == ["V1", "V2"]
    # Writing goes on as before, on SQLite too, which remembers what a connection may do.
    database.write_result(*worlds.result("a"))
    assert database.read_result()[1]["mark"] == "a"
