"""Logs of events in databases: only grown, never lost, never doubled."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import sqlalchemy as sa
from sqlalchemy import event

from matching.errors import DataError, StoreError, UsageError
from matching.orders import state_at
from matching.orders.applying import Judge
from matching.policy import Policy
from matching.stores.logs import append, read_events
from matching.stores.sql.engines import engine_of
from matching.stores.sql.log import EventLog
from tests.support.orders import DISPATCHED, events
from tests.support.servers import schema_for, server

KINDS = ("sqlite", "MATCHING_POSTGRES_URL", "MATCHING_MARIADB_URL")
FIRST = DISPATCHED.format("r1") + DISPATCHED.format("r2")
THEN = "r1 offered 08:30 system volunteer_id=ann version=4\nr1 accepted 09:00 volunteer:ann\n"


@pytest.fixture(params=KINDS)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, Any]:
    """Where a log is: the arguments of `append` and `read_events`."""
    if request.param == "sqlite":
        return {"where": f"sqlite:///{tmp_path / 'orders.db'}"}
    url, schema = server(request.param), schema_for(request.param, tmp_path)
    return {"where": url, "schema": schema}


def log_at(place: dict[str, Any]) -> EventLog:
    return EventLog(engine_of(place["where"]), place.get("schema"))


def stored(place: dict[str, Any]) -> list[tuple[str, int]]:
    """Return what is there, after a look whether it can be replayed."""
    log = read_events(**place)
    state_at(log)
    return sorted(log.select("request_id", pl.col("version").cast(pl.Int64)).rows())


def versions(**last: int) -> list[tuple[str, int]]:
    return [(order, version) for order in last for version in range(1, last[order] + 1)]


def test_events_are_added_and_replayed(place: dict[str, Any]) -> None:
    first = append(events(FIRST), **place)
    assert (first.appended.height, first.refused.height, first.tries) == (6, 0, 1)
    then = append(events(THEN), **place)
    assert then.appended["version"].to_list() == [4, 5]
    assert stored(place) == versions(r1=5, r2=3)
    offers = state_at(read_events(**place, requests=["r1"])).offers
    assert offers.select("volunteer_id", "state").rows() == [("ann", "accepted")]
    # Nine in the morning in Shanghai, whatever the database thinks of time zones.
    assert (
        state_at(read_events(**place), "2026-11-30T00:59:00Z").offers["state"].item() == "offered"
    )
    assert state_at(read_events(**place), "2026-11-30T09:00").offers["state"].item() == "accepted"
    assert read_events(**place, requests=["r3"]).is_empty()


def test_what_is_given_again_is_there_once(place: dict[str, Any]) -> None:
    append(events(FIRST + THEN.replace("version=4", "")), **place)
    again = append(events(FIRST + THEN.replace("version=4", "")), **place)
    assert (again.appended.height, again.repeated.height, again.refused.height) == (0, 8, 0)
    assert stored(place) == versions(r1=5, r2=3)


def test_nothing_is_added_where_a_cell_cannot_be_read(place: dict[str, Any]) -> None:
    append(events(FIRST), **place)
    broken = events(THEN + "r2 offerd 09:00 system volunteer_id=bo version=4")
    with pytest.raises(DataError, match="events row 3, event = 'offerd'"):
        append(broken, **place)
    assert stored(place) == versions(r1=3, r2=3)


def test_of_two_writers_of_one_version_one_wins(place: dict[str, Any]) -> None:
    append(events(FIRST), **place)
    people = [f"v{number}" for number in range(4)]

    def offer(who: str) -> tuple[str, int, list[str]]:
        told = append(events(f"r1 offered 08:30 system volunteer_id={who} version=4"), **place)
        return who, told.appended.height, told.refused["rule"].to_list()

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(offer, people))
    (winner,) = (who for who, added, _ in found if added)
    assert {rule for who, _, rules in found if who != winner for rule in rules} == {"conflict"}
    log = read_events(**place, requests=["r1"])
    assert log.sort("version")["volunteer_id"].to_list() == [None, None, None, winner]


def interrupting(log: EventLog, do: Callable[[sa.Connection], None]) -> None:
    """Do something once, when all is written and nothing is there yet.

    The first that is committed is the table, whether it was there or not.
    """
    commits = []

    def before(connection: sa.Connection) -> None:
        if connection.get_execution_options().get("writes"):
            commits.append(1)
            if len(commits) == 2:
                do(connection)

    event.listen(log.engine, "commit", before)


def test_a_server_that_cuts_off_loses_and_doubles_nothing(place: dict[str, Any]) -> None:
    if place["where"].startswith("sqlite"):
        pytest.skip("an embedded database has no connection to lose")
    append(events(FIRST), **place)
    log = log_at(place)

    def cut(connection: sa.Connection) -> None:
        postgres = connection.dialect.name == "postgresql"
        who = "SELECT pg_backend_pid()" if postgres else "SELECT connection_id()"
        number = connection.exec_driver_sql(who).scalar_one()
        with engine_of(place["where"]).begin() as other:
            end = "SELECT pg_terminate_backend({})" if postgres else "KILL {}"
            other.exec_driver_sql(end.format(int(number)))

    interrupting(log, cut)
    applied, tries = log.append(Judge(events(THEN), None, Policy()))
    assert (applied.appended.height, tries) == (2, 2)
    assert stored(place) == versions(r1=5, r2=3)


def test_another_table_of_that_name_is_told(place: dict[str, Any]) -> None:
    name = f"{place['schema']}.events" if "schema" in place else "events"
    with engine_of(place["where"]).begin() as connection:
        connection.exec_driver_sql(f"CREATE TABLE {name} (request_id VARCHAR(9))")
    with pytest.raises(UsageError, match="the table events is there and lacks version"):
        append(events(FIRST), **place)
    # Under another name there is room.
    append(events(FIRST), **place, table="order_events")
    assert read_events(**place, table="order_events").height == 6


def test_a_database_without_a_log_says_so(place: dict[str, Any], tmp_path: Path) -> None:
    engine_of(place["where"]).connect().close()
    with pytest.raises(UsageError, match="no table events, so no order was ever entered"):
        read_events(**place)


@pytest.mark.parametrize("end", ["csv", "parquet", "jsonl", "folder"])
def test_a_log_in_files_is_read_and_not_added_to(tmp_path: Path, end: str) -> None:
    frame = events(FIRST)
    where = tmp_path / f"log.{end}"
    if end == "csv":
        frame.write_csv(where)
    elif end == "parquet":
        frame.write_parquet(where)
    elif end == "jsonl":
        frame.write_ndjson(where)
    else:
        where.mkdir()
        frame.write_csv(where / "events.csv")
    assert state_at(read_events(where)).orders["state"].to_list() == ["dispatched", "dispatched"]
    assert read_events(where, ["r2"])["row"].to_list() == [4, 5, 6]
    with pytest.raises(UsageError, match="only a database takes one writer's events"):
        append(frame, where)


@pytest.mark.parametrize(
    ("where", "error"),
    [("nowhere.csv", UsageError), ("nowhere.db", UsageError), ("sqlite:///x/y.db", StoreError)],
)
def test_a_place_that_is_not_there_is_told(where: str, error: type, tmp_path: Path) -> None:
    with pytest.raises((UsageError, StoreError)):
        read_events(tmp_path / where if "://" not in where else where)


# --- killed --------------------------------------------------------------------------------------

SERVED = get_context("forkserver")
SERVED.set_forkserver_preload(["tests.test_logs", "matching.stores.sql.log"])


def die_after(calls: int, told: Any, place: dict[str, Any]) -> None:
    """Append, and be killed at the call of that number of what writes; tell how many there are."""
    seen, log = 0, log_at(place)
    judge = Judge(events(THEN), None, Policy())

    def hear(frame: object, what: str, argument: object) -> None:
        nonlocal seen
        if what in ("call", "c_call"):
            seen += 1
            if seen == calls:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.setprofile(hear)
    log.append(judge)
    sys.setprofile(None)
    told.send(seen)


def attempt(calls: int, place: dict[str, Any]) -> int | None:
    """Return the calls of a writer that came to its end; None of one that was killed."""
    mine, theirs = SERVED.Pipe()
    child = SERVED.Process(target=die_after, args=(calls, theirs, place))
    child.start()
    child.join()
    assert child.exitcode in (0, -signal.SIGKILL)
    return mine.recv() if child.exitcode == 0 else None


@pytest.mark.slow
def test_a_writer_killed_before_it_commits_leaves_what_was_there(place: dict[str, Any]) -> None:
    append(events(FIRST), **place)
    program = f"""
import os, signal
from matching.orders.applying import Judge
from matching.policy import Policy
from tests.support.orders import events
from tests.test_logs import THEN, interrupting, log_at
log = log_at({place!r})
interrupting(log, lambda connection: os.kill(os.getpid(), signal.SIGKILL))
log.append(Judge(events(THEN), None, Policy()))
"""
    done = subprocess.run([sys.executable, "-c", program], env=os.environ)
    assert done.returncode == -signal.SIGKILL
    assert stored(place) == versions(r1=3, r2=3)
    assert append(events(THEN), **place).appended.height == 2


@pytest.mark.slow
@pytest.mark.parametrize("points", [200])
def test_a_writer_killed_at_any_point_leaves_all_or_nothing(
    place: dict[str, Any], points: int
) -> None:
    append(events(FIRST), **place)
    empty, full = versions(r1=3, r2=3), versions(r1=5, r2=3)

    def forget() -> None:
        log = log_at(place)
        with log.engine.begin() as connection:
            connection.execute(sa.delete(log.table).where(log.table.c.version > 3))

    whole = attempt(0, place)
    assert whole is not None
    assert whole > points
    seen = set()
    for number in range(points):
        forget()
        attempt(1 + number * (whole - 1) // (points - 1), place)
        found = stored(place)
        assert found in (empty, full)
        seen.add(len(found))
        # Who gives them again has them once, whatever had happened.
        again = append(events(THEN), **place)
        assert again.appended.height + again.repeated.height == 2
        assert stored(place) == full
    assert seen == {len(empty), len(full)}
