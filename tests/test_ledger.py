"""The ledger in databases: killed at any moment, or written by two at once, nothing is lost or
doubled."""

import os
import random
import signal
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from multiprocessing import get_context
from pathlib import Path

import polars as pl
import pytest
from sqlalchemy import event

from matching.errors import UsageError
from matching.records.bank import posting, rules
from matching.records.bank.accounts import broken_laws
from matching.records.bank.policy import BankPolicy
from matching.records.bank.tables import Movements
from matching.stores.sql.ledger import Ledger
from tests.support.bank import frame, kin, of_age
from tests.support.servers import schema_for, server

SERVED = get_context("forkserver")
SERVED.set_forkserver_preload(["tests.test_ledger"])
KINDS = (
    "sqlite",
    pytest.param("MATCHING_POSTGRES_URL", marks=pytest.mark.slow),
    pytest.param("MATCHING_MARIADB_URL", marks=pytest.mark.slow),
)
POLICY = BankPolicy(expires_after_months=12)
NOW = datetime(2026, 3, 2, 9)
Opened = Callable[[], Ledger]


@pytest.fixture(params=KINDS)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, str | None]:
    """Where a fresh ledger lies: a URL or a path, and the schema."""
    if request.param == "sqlite":
        return str(tmp_path / "bank.db"), None
    return server(request.param), schema_for(request.param, tmp_path)


def deposits(records: range, now: datetime = NOW) -> pl.DataFrame:
    """Return an hour of ann's for each record."""
    n = len(records)
    credited = pl.DataFrame(
        {
            "record_id": [f"r{i}" for i in records],
            "volunteer_id": ["ann"] * n,
            "end": [now - timedelta(days=1)] * n,
            "entered_at": [now] * n,
            "credited": [60] * n,
            "region": ["home"] * n,
        }
    )
    return rules.deposits(credited, POLICY, now)


def redeemed(name: str, minutes: int, now: datetime) -> pl.DataFrame:
    asked = {"transaction_id": name, "at": now, "kind": "redeem", "account_id": "ann"}
    asked["minutes"] = minutes
    return rules.movements(frame(Movements, [asked]), kin(), of_age("ann"), POLICY, now)


def check(ledger: Ledger, *, records: int, redeemed: int = 0) -> None:
    """See that so many records and minutes stand there, once, and every law holds."""
    rows = ledger.postings()
    assert broken_laws(rows, POLICY).rows() == []
    assert rows.filter(pl.col("kind") == "deposit")["transaction_id"].n_unique() == records
    kept = posting.lots_of(rows)
    assert kept.rows() == ledger.lots().rows()
    ann = kept.filter(pl.col("account") == "person")["minutes"].sum()
    assert ann == 60 * records - redeemed


def test_what_was_posted_is_there_and_is_not_posted_again(place: tuple[str, str | None]) -> None:
    where, schema = place
    ledger = Ledger(where, schema=schema)
    assert ledger.lots().rows() == ledger.postings().rows() == []
    assert ledger.post(deposits(range(3)), POLICY, NOW).refused.is_empty()
    again = Ledger(where, schema=schema).post(deposits(range(5)), POLICY, NOW)
    assert again.refused["code"].to_list() == ["posted"] * 3
    # More ids than one condition holds.
    many = Ledger(where, schema=schema).post(deposits(range(700)), POLICY, NOW)
    assert many.refused.height == 5
    late = NOW + timedelta(days=1)
    ledger.post(redeemed("t1", 90, late), POLICY, late)
    assert ledger.post(redeemed("t1", 90, late), POLICY, late).refused["code"].item() == "posted"
    check(ledger, records=700, redeemed=90)
    assert ledger.postings("ann").height == 701
    assert ledger.postings("bob").is_empty()


def test_two_writers_lose_and_double_nothing(place: tuple[str, str | None]) -> None:
    where, schema = place
    Ledger(where, schema=schema).post(deposits(range(1)), POLICY, NOW)
    paid: list[str] = []

    def write(order: list[int]) -> None:
        ledger = Ledger(where, schema=schema)
        for n in order:
            ledger.post(deposits(range(4 * n, 4 * n + 8)), POLICY, NOW)
            # An hour of ann's is there, and both ask for 40 minutes of the first.
            done = ledger.post(redeemed(f"t{n}", 40, NOW), POLICY, NOW)
            paid.extend(done.postings["transaction_id"].unique())

    orders = [list(range(6)), list(range(6))[::-1]]
    writers = [threading.Thread(target=write, args=(order,)) for order in orders]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    ledger = Ledger(where, schema=schema)
    check(ledger, records=28, redeemed=40 * len(paid))
    assert len(paid) == len({*paid})


def post_and_die(
    where: str, schema: str | None, first: int, statements: int | None, seconds: float | None
) -> None:
    """Post four records, and be killed before a statement of that number, or after a time."""
    ledger = Ledger(where, schema=schema)
    seen = 0

    def hear(*told: object) -> None:
        nonlocal seen
        seen += 1
        if statements is not None and seen > statements:
            os.kill(os.getpid(), signal.SIGKILL)

    engine = ledger._rows.engine
    event.listen(engine, "before_cursor_execute", hear)
    event.listen(engine, "commit", hear)
    if seconds is not None:
        threading.Timer(seconds, os.kill, (os.getpid(), signal.SIGKILL)).start()
    ledger.post(deposits(range(first, first + 4)), POLICY, NOW)
    os._exit(0)


def killed(place: tuple[str, str | None], points: int) -> set[int]:
    """Let writers be killed at so many points; return how many records one had left behind."""
    where, schema = place
    ledger, left = Ledger(where, schema=schema), set[int]()
    ledger.post(deposits(range(1)), POLICY, NOW)
    rng, records, whole = random.Random(1), 1, 40
    for point in range(points):
        by_count = point % 2 == 0
        statements = (point // 2) % whole if by_count else None
        seconds = None if by_count else rng.uniform(0, 0.15)
        child = SERVED.Process(
            target=post_and_die, args=(where, schema, records, statements, seconds)
        )
        child.start()
        child.join()
        there = ledger.postings().filter(pl.col("kind") == "deposit")["transaction_id"].n_unique()
        left.add(there - records)
        check(ledger, records=there)
        if by_count and child.exitcode == 0:
            whole = max(statements or 1, 1)
        # Who comes after the one that was killed posts the same, and it stands there once.
        ledger.post(deposits(range(records, records + 4)), POLICY, NOW)
        records += 4
        check(ledger, records=records)
    return left


@pytest.mark.slow
def test_killed_at_a_few_points(tmp_path: Path) -> None:
    assert killed((str(tmp_path / "bank.db"), None), 2) <= {0, 4}


@pytest.mark.slow
def test_killed_at_two_hundred_points_nothing_is_lost_or_doubled(
    place: tuple[str, str | None],
) -> None:
    assert killed(place, 200) == {0, 4}


@pytest.mark.parametrize("where", ["bank", "bank.csv", "tables.xlsx", "https://host/bank"])
def test_a_ledger_lies_in_a_database(where: str) -> None:
    with pytest.raises(UsageError, match="a ledger lies in a database; name a file such as"):
        Ledger(where)
