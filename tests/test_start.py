"""Spreadsheets of coordinators, public ones: each is read as an expert reads it."""

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from matching.errors import UsageError
from matching.stores.spreadsheets import Reading, understand
from matching.stores.spreadsheets.understood import corrections_of, reading_text
from tests.support.commands import run
from tests.support.sheets import TODAY, asked, plain, read, servers
from tests.support.slow import first_fast

PUBLIC_DATA = os.environ.get("MATCHING_PUBLIC_DATA")
FOLDER = Path(PUBLIC_DATA or ".") / "spreadsheets"
# The answers that each reading was made with, as a coordinator would write them.
ANSWERS: dict[str, dict[str, str]] = {
    "de-formular-freie-zeiten": {
        "needs": "Mon-Fri 15:30-18:30 Haustürsammlung 5, 1 with Auto; Sat 9:00-12:00 Infostand 3"
    },
    "de-technikplan-kompetenzen": {"week": "2026-11-30", "hours": "10:00; 90 min"},
    "doodle-poll": {"seats": "3"},
    "fr-creneaux-festival": {"day": "2026-12-05"},
    "google-form-checkbox-grid": {"week": "2026-12-07", "seats": "2"},
    "half-day-codes-semicolons": {"week": "2026-12-07", "seats": "1"},
    "ja-shift-two-sheets": {"day": "2026-12-06"},
    "member-list-and-shift-list": {},
    "month-calendar-names-in-cells": {"week": "2026-12-07"},
    "roles-down-sundays-across": {
        "week": "2026-11-30",
        "hours": "Early Service=8:00-9:00; Morning Service=10:00-11:30; Night Service=18:00-19:30",
    },
    "signup-export-open-slots": {},
    "zh-month-duty-codes": {
        "week": "2026-12-07",
        "hours": "早=08:00-12:00; 中=12:00-17:00; 晚=17:00-21:00",
        "seats": "早=3; 中=3; 晚=2",
    },
    "zh-wenjuanxing-export": {"seats": "6"},
    "zh-wukebiao-free-periods": {
        "week": "2026-11-30 week 14",
        "hours": "第一二节=08:00-09:40; 第三四五节=10:00-12:25; 第六七节=14:00-15:40; "
        "第八九节=16:00-17:40; 第十十一十二节=19:00-21:25; 早上第一节=08:00-08:45; "
        "下午第一节=14:00-14:45",
    },
}
# What we call a question where the readings call it otherwise.
OURS = {"times": "hours", "periods": "hours"}
REFUSED = {
    "refuse-zh-dates-without-year": ("日期", "12.1", "year", "2026-12-01", "--week"),
    "refuse-zh-hant-member-register": ("34 people", "工作表1", "row 5", "times", "services"),
}
pytestmark = pytest.mark.skipif(
    not PUBLIC_DATA, reason="MATCHING_PUBLIC_DATA names no folder of public data"
)


def expected(case: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FOLDER / case / "expected.json").read_text("utf-8"))
    return found


def files(case: str) -> list[Path]:
    return [FOLDER / case / name for name in expected(case)["files"]]


def key(start: str, end: str, place: str | None, name: str) -> tuple[str, str, str, str]:
    return start, end, plain(place), plain(name)


def services(reading: Reading) -> dict[tuple[str, str, str, str], str]:
    """Return our ids of the services by start, end, place and name."""
    return {
        key(f"{s.start:%Y-%m-%dT%H:%M}", f"{s.end:%Y-%m-%dT%H:%M}", s.place, s.name): request
        for request, s in reading.services.items()
    }


@pytest.mark.parametrize("case", first_fast(sorted(ANSWERS), 5))
def test_a_sheet_is_read_as_an_expert_reads_it(case: str) -> None:
    wanted = expected(case)
    reading = read(*files(case), **ANSWERS[case])
    theirs = {q["id"]: key(q["start"], q["end"], q["place"], q["name"]) for q in wanted["requests"]}
    ours = services(reading)
    assert set(ours) == set(theirs.values())
    names = {person.id: person.name for person in reading.facts.people.values()}
    assert {plain(name) for name in names.values()} == {
        plain(one["name"]) for one in wanted["volunteers"]
    }
    able = servers(reading)
    ids = {one["id"]: plain(one["name"]) for one in wanted["volunteers"]}
    for request, people in wanted["can_serve"].items():
        found = {plain(names[one]) for one in able[ours[theirs[request]]]}
        assert found == {ids.get(one, plain(one)) for one in people}, request
    seats = {ours[theirs[q["id"]]]: q["seats"] for q in wanted["requests"]}
    assert {request: s.seats for request, s in reading.services.items()} == seats
    stands = {
        (plain(names[row["volunteer_id"]]), row["request_id"], row["status"])
        for row in reading.tables.get("assignments", wanted_none()).iter_rows(named=True)
    }
    assert stands == {
        (ids[one["volunteer"]], ours[theirs[one["request"]]], one["status"])
        for one in wanted["assignments"]
    }
    assert str(reading.week) == wanted["week"]


def wanted_none() -> Any:
    import polars as pl

    return pl.DataFrame()


@pytest.mark.parametrize("case", first_fast(sorted(ANSWERS), 5))
def test_nothing_is_asked_that_the_sheet_says(case: str) -> None:
    """At most five questions, those that are truly open; and all that must be answered."""
    open_ = {OURS.get(q["key"], q["key"]): q["must"] for q in expected(case)["questions"]}
    reading = read(*files(case))
    first = asked(reading)
    known = {question.key: ANSWERS[case].get(question.key, "") for question in reading.questions}
    later = asked(read(*files(case), **{name: text for name, text in known.items() if text}))
    assert first | later <= set(open_)
    assert {name for name, must in open_.items() if must} <= first | later
    assert len(first | later) <= 5


@pytest.mark.parametrize("case", sorted(REFUSED))
def test_what_cannot_be_planned_is_refused_by_name(case: str) -> None:
    with pytest.raises(UsageError) as error:
        read(*files(case))
    for words in REFUSED[case]:
        assert words in str(error.value)


@pytest.mark.parametrize("case", ["ja-shift-two-sheets", "member-list-and-shift-list"])
def test_a_case_is_planned_in_one_command_and_no_address_is_kept(case: str, tmp_path: Path) -> None:
    answers = [f"--answer={name}={text}" for name, text in ANSWERS[case].items()]
    done = run("start", *files(case), "--yes", *answers, "--out", tmp_path / "out")
    assert done.exit_code == 0, done.output
    assert (tmp_path / "out" / "plan" / "plan.csv").exists()
    written = "\n".join(
        path.read_text("utf-8") for path in (tmp_path / "out").rglob("*") if path.is_file()
    )
    for content in (done.output, written):
        assert not re.search(r"@example|example\.org|192\.0\.2|\b1200000\d{4}|555-\d{4}", content)
        assert "asthma" not in content
        assert "Vegetarian" not in content


@pytest.mark.parametrize(
    "case",
    ["de-technikplan-kompetenzen", "member-list-and-shift-list", "zh-wukebiao-free-periods"],
)
def test_what_was_read_is_read_again_from_the_file_that_says_how(case: str, tmp_path: Path) -> None:
    reading = read(*files(case), **ANSWERS[case])
    path = tmp_path / "reading.toml"
    path.write_text(reading_text(reading, files(case)), encoding="utf-8")
    told = corrections_of(path)
    again = understand(files(case), told.answers, TODAY, told.columns, told.kinds)
    assert again.tables.keys() == reading.tables.keys()
    assert all(again.tables[name].equals(table) for name, table in reading.tables.items())
