"""The commands of orders: what is added, what is refused, where orders stand, what is due."""

import json
from pathlib import Path

import polars as pl
import pytest

from matching.stores.logs import append
from tests.support.commands import run
from tests.support.orders import DISPATCHED, events
from tests.test_queues import full
from tests.test_settling import TABLES, grabbing

FIRST = DISPATCHED.format("r1") + "r1 offered 08:30 system volunteer_id=ann until=12:00\n"


@pytest.fixture
def store(tmp_path: Path) -> Path:
    events(FIRST).write_csv(tmp_path / "first.csv")
    done = run("orders", "apply", tmp_path / "first.csv", "--store", tmp_path / "o.sqlite")
    assert done.exit_code == 0
    return tmp_path / "o.sqlite"


def test_what_is_legal_is_added_and_the_rest_refused_with_its_row(store: Path) -> None:
    new = store.parent / "new.csv"
    text = "r1 accepted 09:00 volunteer:ann version=5\nr1 checked_out 09:30 volunteer:ann"
    events(text).write_csv(new)
    done = run("orders", "apply", new, "--store", store, "--out", store.parent / "refused.csv")
    assert done.exit_code == 1
    lines = done.stdout.splitlines()
    assert lines[0] == f"1 added to {store}, 0 there already, 1 refused"
    assert lines[1].startswith("r1: dispatched since 2026-11-30 08:20, version 5")
    assert lines[2].strip() == "ann as volunteer: accepted since 2026-11-30 09:00"
    assert "events row 2, event = 'checked_out'" in lines[3]
    assert "checked_in (by station, centre, organisation, volunteer)" in lines[3]
    refused = pl.read_csv(store.parent / "refused.csv")
    assert refused["rule"].to_list() == ["legal_in_its_state"]
    again = json.loads(run("orders", "apply", new, "--store", store, "--json").stdout)
    assert again["rows"]["repeated"] == 1
    assert again["rows"]["appended"] == 0


def test_where_an_order_stood_at_a_moment(store: Path) -> None:
    done = run("orders", "state", store, "--at", "2026-11-30T08:10", "--json")
    (order,) = json.loads(done.stdout)["orders"]
    assert (order["state"], order["version"]) == ("checked", 2)
    assert (
        "共" not in run("orders", "state", store, "--language", "zh").stdout
    )  # one is not counted
    assert (
        "r1：2026-11-30 08:20 起已派单" in run("orders", "state", store, "--language", "zh").stdout
    )


def test_what_is_due_is_a_sentence_in_both_languages(store: Path) -> None:
    due = ("orders", "due", store, "--now", "2026-11-30T12:00")
    ended = "r1: the offer to ann ended at 2026-11-30 12:00, unanswered (expired)\n"
    assert run(*due).stdout == ended
    assert "到期，未答复" in run(*due, "--language", "zh").stdout
    nothing = run("orders", "due", store, "--now", "2026-11-30T09:00")
    assert nothing.stdout == "nothing needs anybody at 2026-11-30T09:00\n"
    soon = run("orders", "due", store, "--now", "2026-11-30T09:00", "--soon", 3)
    assert soon.stdout.startswith("r1: the offer to ann ends at 2026-11-30 12:00")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["apply", "no.csv"], "no.csv does not exist; name a file of events"),
        (["apply", "first.csv", "--store", "log.csv"], "only a database takes one writer's"),
        (["apply", "first.csv", "--option", "x=1"], "no option x here; it has schema, table"),
        (["state", "no.sqlite"], "does not exist"),
        (["state", "o.sqlite", "--at", "noon"], "at = 'noon': write a time such as"),
        (["state", "o.sqlite", "--request", "r9"], "no order r9"),
        (["due", "o.sqlite", "--now", "2026-11-31T00:00"], "now = '2026-11-31T00:00'"),
        (["due", "o.sqlite", "--tables", "nowhere"], "nowhere"),
        (["due", "odd.csv"], "this column is required and was not given"),
    ],
)
def test_what_cannot_be_done_is_told(
    store: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], told: str
) -> None:
    monkeypatch.chdir(store.parent)
    Path("odd.csv").write_text("a,b\n1,2\n")
    done = run("orders", *arguments)
    assert done.exit_code == 2
    assert told in done.stderr.replace("\n", " ")
    assert not Path("orders.sqlite").exists()


@pytest.mark.slow
def test_a_seat_is_promoted_and_another_changes_hands(tmp_path: Path) -> None:
    week, store = tmp_path / "week", tmp_path / "o.sqlite"
    week.mkdir()
    for name, frame in TABLES.items():
        frame.write_csv(week / f"{name}.csv")
    text = full("r1", "ann", "cy") + "r1 cancelled 09:00 volunteer:ann\n" + full("r2", "ann")
    text += "r2 put_up 09:00 volunteer:ann\nr2 applied 09:10 volunteer:bo\n"
    append(events(text), store)
    given = ("--tables", week, "--now", "2026-11-30T10:00")
    done = run("orders", "promote", store, *given)
    assert done.stdout == "r1: cy is promoted from the waiting list\n"
    again = run("orders", "promote", store, *given)
    assert again.stdout == "nobody is to be promoted at 2026-11-30T10:00\n"
    done = run("orders", "swap", store, "r2", "ann", "bo", *given)
    assert done.stdout.splitlines() == [
        "r2: ann has handed over the seat",
        "r2: bo has taken it over",
    ]
    refused = run("orders", "swap", store, "r2", "ann", "bo", *given)
    assert refused.exit_code == 2
    assert "only who has accepted a seat can give it" in refused.stderr.replace("\n", " ")
    assert run("orders", "swap", store, "r2", "ann", *given).exit_code == 2


def test_grabbing_that_is_over_is_settled_in_the_store(tmp_path: Path) -> None:
    week = tmp_path / "week"
    week.mkdir()
    for name, frame in TABLES.items():
        frame.write_csv(week / f"{name}.csv")
    store = tmp_path / "o.sqlite"
    append(grabbing("ann", "bo"), store)
    settle = ("orders", "settle", store, "--tables", week, "--now")
    early = run(*settle, "2026-11-30T09:59")
    assert early.stdout == "no grabbing is over at 2026-11-30T09:59\n"
    done = run(*settle, "2026-11-30T10:00")
    assert done.exit_code == 0
    lines = done.stdout.splitlines()
    assert sorted(line.split()[-1] for line in lines[:3]) == ["over", "settled", "volunteer"]
    assert lines[3].startswith("one assignment, optimal: 1 of 2 seats of the week")
    assert run("orders", "state", store).stdout.count("accepted") == 1
    assert run(*settle, "2026-11-30T10:00").stdout.startswith("no grabbing is over")
