"""A plan becomes offers, and what people did becomes records."""

from __future__ import annotations

import polars as pl
import pytest

from matching import UsageError, orders
from matching.records.bank.tables import BANK_TABLES
from matching.records.tables import RECORD_TABLES
from matching.schema import BESIDE_A_WEEK, TABLES

PLAN = pl.DataFrame(
    {
        "request_id": ["lunch", "lunch", "walk", "tea", "watch"],
        "volunteer_id": ["ann", "bo", "ann", "cy", "cy"],
        "post": ["volunteer", "cook", "volunteer", "volunteer", "volunteer"],
        "option": ["noon", "noon", "", "", ""],
    }
)


def log(*said: tuple[str, str, str | None]) -> pl.DataFrame:
    """Return events, a minute after each other; of an order, of whom."""
    roles = {"ordered": "station", "checked": "centre", "checked_in": "station"}
    roles |= {"checked_out": "station", "forced_out": "station", "no_show": "station"}
    own = ("accepted", "declined", "cancelled", "put_up", "applied")
    roles |= dict.fromkeys(own, "volunteer")
    version: dict[str, int] = {}
    rows = []
    for minute, (request, event, who) in enumerate(said):
        version[request] = version.get(request, 0) + 1
        at = f"2026-11-27T10:{minute:02}"
        rows.append((request, version[request], event, at, roles.get(event, "system"), who))
    names = ["request_id", "version", "event", "at", "actor_role", "volunteer_id"]
    return pl.DataFrame(rows, schema=names, orient="row")


CHECKED = [("lunch", "ordered", None), ("lunch", "checked", None), ("tea", "ordered", None)]


def test_a_checked_order_is_dispatched_and_its_people_are_asked() -> None:
    found = orders.offers(PLAN, log(*CHECKED), "2026-11-27T18:00", until="2026-11-28T12:00")
    told = found.events.select("version", "event", "volunteer_id", "post", "option").rows()
    assert told == [
        (3, "dispatched", None, None, None),
        (4, "offered", "ann", "volunteer", "noon"),
        (5, "offered", "bo", "cook", "noon"),
    ]
    assert orders.apply(found.events, log(*CHECKED)).refused.is_empty()
    # Tea was not checked; of the walk and the watch there is no event.
    assert found.left_out.rows() == [
        ("walk", "ann", "unknown"),
        ("tea", "cy", "ordered"),
        ("watch", "cy", "unknown"),
    ]


def test_nobody_is_asked_twice_nor_after_they_declined() -> None:
    said = [*CHECKED, ("lunch", "dispatched", None), ("lunch", "offered", "ann")]
    said.append(("lunch", "declined", "ann"))
    first = orders.offers(PLAN, log(*said), "2026-11-27T18:00")
    assert first.events.select("event", "volunteer_id").rows() == [("offered", "bo")]
    both = pl.concat([log(*said), first.events.select(log(*said).columns).cast(
        {"at": pl.String, "version": pl.Int64, "event": pl.String, "actor_role": pl.String}
    )])  # fmt: skip
    assert orders.offers(PLAN, both, "2026-11-27T19:00").events.is_empty()


def test_who_let_an_offer_pass_may_be_asked_again() -> None:
    said = [*CHECKED, ("lunch", "dispatched", None), ("lunch", "offered", "bo")]
    said.append(("lunch", "recalled", "bo"))
    found = orders.offers(PLAN, log(*said), "2026-11-27T18:00").events
    assert found["volunteer_id"].to_list() == ["ann", "bo"]


def test_who_gives_a_seat_away_or_is_after_one_is_not_asked_beside_that() -> None:
    said = [*CHECKED, ("lunch", "dispatched", None), ("lunch", "offered", "ann")]
    said += [("lunch", "accepted", "ann"), ("lunch", "put_up", "ann"), ("lunch", "applied", "bo")]
    assert orders.offers(PLAN, log(*said), "2026-11-27T18:00").events.is_empty()


def test_an_offer_ends_after_it_is_made() -> None:
    with pytest.raises(UsageError, match="until = 2026-11-27T18:00"):
        orders.offers(PLAN, log(*CHECKED), "2026-11-27T18:00", until="2026-11-27T18:00")
    with pytest.raises(UsageError, match="no column volunteer_id"):
        orders.offers(PLAN.drop("volunteer_id"), log(*CHECKED), "2026-11-27T18:00")


def test_what_people_did_becomes_records() -> None:
    said = [*CHECKED, ("lunch", "dispatched", None)]
    for who in ("ann", "bo", "cy", "dan"):
        said += [("lunch", "offered", who), ("lunch", "accepted", who)]
    said += [("lunch", "checked_in", "ann"), ("lunch", "checked_in", "bo")]
    said += [("lunch", "checked_out", "ann"), ("lunch", "forced_out", "bo")]
    said += [("lunch", "no_show", "cy"), ("lunch", "checked_in", "dan")]
    requests = pl.DataFrame({"request_id": ["lunch"], "category": ["meals"]})
    found = orders.records(log(*said), requests)
    told = found.sort("volunteer_id").select(
        "record_id", "status", pl.col("start", "end").dt.strftime("%H:%M"), "category"
    )
    # Versions: ordered 1, checked 2, dispatched 3, offers and answers 4 to 11, then 12, 13, ...
    assert told.rows() == [
        ("lunch/ann/14", "done", "10:12", "10:14", "meals"),
        ("lunch/bo/15", "forced_out", "10:13", "10:15", "meals"),
        ("lunch/cy/16", "no_show", None, None, "meals"),
    ]
    # Dan is still there: he has no record yet.
    assert "dan" not in found["volunteer_id"]


def test_events_may_be_spelt_as_people_write_them() -> None:
    plain = log(*CHECKED, ("lunch", "dispatched", None), ("lunch", "offered", "ann"))
    words = plain.with_columns(pl.col("event").str.to_titlecase())
    assert orders.state_at(words).offers.equals(orders.state_at(plain).offers)
    said = [*CHECKED, ("lunch", "dispatched", None), ("lunch", "offered", "ann")]
    said += [("lunch", "accepted", "ann"), ("lunch", "no_show", "ann")]
    told = log(*said).with_columns(pl.col("event").replace("no_show", "no-show"))
    assert orders.records(told)["status"].to_list() == ["no_show"]


def test_tables_that_lie_beside_a_week_are_those_that_others_read() -> None:
    theirs = {"contacts", "events", "pairings", "postings", *RECORD_TABLES, *BANK_TABLES}
    assert {*BESIDE_A_WEEK} == theirs - set(TABLES)
