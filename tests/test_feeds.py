"""A plan as calendars: what each feed holds, and that it comes back as it went out."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from zoneinfo import ZoneInfo

import icalendar
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from matching.cli import app
from matching.errors import UsageError
from matching.reports.facts import Facts
from matching.reports.feeds import write_feeds
from matching.reports.plain import file_names
from matching.stores import write_tables
from matching.stores.calendars import read_availability
from matching.stores.files.whole import replacing_folder
from tests.support.facts import MONDAY, facts_of, small_world

HOSTILE = (
    "=1+1\r\nBEGIN:VEVENT\r\nUID:evil\nATTACH:http://evil.example/\r\n"
    "END:VEVENT\u2028X:1\x00<script>;,:\\\"'\u202eabc"
)


@pytest.fixture(scope="module")
def facts() -> Facts:
    return facts_of(small_world())


def events_of(path: Path) -> list[icalendar.Event]:
    return icalendar.Calendar.from_ical(path.read_bytes()).events


def test_a_volunteer_has_a_feed_with_nobody_else_in_it(tmp_path: Path, facts: Facts) -> None:
    """Ann leads the visit with Bo on Monday from 9 to 11 in the north."""
    write_feeds(facts, tmp_path)
    assert sorted(path.stem for path in (tmp_path / "volunteers").iterdir()) == ["ann", "bo", "cy"]
    (event,) = events_of(tmp_path / "volunteers" / "ann.ics")
    assert event["SUMMARY"] == "探访 · visitor"
    assert event["LOCATION"] == "North"
    assert event.start == datetime(2026, 11, 30, 9, tzinfo=ZoneInfo("Asia/Shanghai"))
    assert event.end == datetime(2026, 11, 30, 11, tzinfo=ZoneInfo("Asia/Shanghai"))
    assert "您是领队 You lead the team" in event["DESCRIPTION"]
    assert event["STATUS"] == "TENTATIVE"
    text = (tmp_path / "volunteers" / "bo.ics").read_text(encoding="utf-8")
    assert "ann" not in text
    assert "cy" not in text
    assert "lead" not in text


def test_stations_and_requests_see_their_teams(tmp_path: Path, facts: Facts) -> None:
    write_feeds(facts, tmp_path)
    (event,) = events_of(tmp_path / "stations" / "n.ics")
    assert event["DESCRIPTION"].splitlines() == [
        "订单 Order: r1",
        "visitor: ann (领队 lead)",
        "visitor: bo",
    ]
    assert events_of(tmp_path / "requests" / "r1.ics") == [event]
    # r3 is not served, and has no station.
    assert sorted(path.stem for path in (tmp_path / "stations").iterdir()) == ["n", "s"]
    assert sorted(path.stem for path in (tmp_path / "requests").iterdir()) == ["r1", "r2"]


def test_the_same_plan_gives_the_same_bytes_and_a_later_edition_a_higher_number(
    tmp_path: Path, facts: Facts
) -> None:
    for name, sequence in (("a", 0), ("b", 0), ("c", 1)):
        write_feeds(facts, tmp_path / name, sequence=sequence)
    a, b, c = ((tmp_path / name / "requests" / "r1.ics").read_bytes() for name in "abc")
    assert a == b
    first, second = (icalendar.Calendar.from_ical(text).events[0] for text in (a, c))
    assert first["UID"] == second["UID"]
    assert (first["SEQUENCE"], second["SEQUENCE"]) == (0, 1)
    assert second.DTSTAMP > first.DTSTAMP


def test_every_line_is_folded_and_ended_as_the_standard_says(tmp_path: Path, facts: Facts) -> None:
    long = facts.roster.with_columns(service=pl.lit("很长的名字" * 40))
    write_feeds(facts.__class__(**{**vars(facts), "roster": long}), tmp_path)
    data = (tmp_path / "stations" / "n.ics").read_bytes()
    lines = data.split(b"\r\n")
    assert lines.pop() == b""
    assert all(len(line) <= 75 and b"\n" not in line and b"\r" not in line for line in lines)
    assert all(line.decode("utf-8") for line in lines), "no character is cut in two"
    assert data.count(b"BEGIN:VTIMEZONE") == data.count(b"BEGIN:VEVENT") == 1
    (event,) = events_of(tmp_path / "stations" / "n.ics")
    assert event["SUMMARY"] == "很长的名字" * 40 + " (2 人 people)"


@pytest.mark.parametrize(
    "column", ["service", "station", "category", "post", "volunteer_id", "request_id", "station_id"]
)
def test_no_text_begins_a_line_of_its_own(tmp_path: Path, facts: Facts, column: str) -> None:
    roster = facts.roster.with_columns(pl.lit(HOSTILE).alias(column))
    write_feeds(facts.__class__(**{**vars(facts), "roster": roster}), tmp_path)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {path.suffix for path in files} == {".ics"}
    for path in files:
        assert path.parent.parent == tmp_path
        whole = icalendar.Calendar.from_ical(path.read_bytes())
        names = {name for event in whole.events for name in event}
        assert names == {
            *("UID", "DTSTAMP", "SEQUENCE", "DTSTART", "DTEND", "STATUS", "DESCRIPTION"),
            *("SUMMARY", "TRANSP"),
            *(name for name in ("LOCATION", "CATEGORIES") if name in names),
        }
        assert not any(event.errors for event in whole.events)
        assert all("evil" not in str(event["UID"]) for event in whole.events)
        text = path.read_bytes().replace(b"\r\n ", b"").decode()
        assert "\x00" not in text
        assert "\u202e" not in text
        assert not any(line.startswith(("ATTACH", "X:")) for line in text.splitlines())


WEEKS = {
    "Asia/Shanghai": date(2026, 11, 30),
    # Clocks go back on the Sunday of these weeks, by an hour and by half an hour.
    "America/New_York": date(2026, 10, 26),
    "Australia/Lord_Howe": date(2026, 3, 30),
    "UTC": date(2026, 11, 30),
}


@st.composite
def services(draw: st.DrawFn) -> tuple[str, list[tuple[str, datetime, int]]]:
    """Draw a time zone and services in its week: who, from when, how many minutes."""
    zone = draw(st.sampled_from(sorted(WEEKS)))
    monday = datetime.combine(WEEKS[zone], datetime.min.time(), ZoneInfo(zone)).astimezone(UTC)
    one = st.tuples(
        st.sampled_from(["ann", "Ann", "a/b", "王五"]),
        # The last day is the more interesting one.
        st.one_of(st.integers(0, 7 * 1440 - 1), st.integers(6 * 1440, 7 * 1440 - 1)),
        st.integers(1, 600),
    )
    drawn = draw(st.lists(one, min_size=1, max_size=6))
    return zone, [(who, monday + timedelta(minutes=at), long) for who, at, long in drawn]


@pytest.mark.slow
@settings(max_examples=40)
@given(services())
def test_out_and_in_again_gives_the_same_minutes(
    tmp_path_factory: pytest.TempPathFactory, drawn: tuple[str, list[tuple[str, datetime, int]]]
) -> None:
    zone, given_services = drawn
    folder = tmp_path_factory.mktemp("feeds")
    write_feeds(_facts_with(zone, given_services), folder, kinds=("volunteers",))
    frame, faults = read_availability(folder / "volunteers", WEEKS[zone], zone)
    assert faults.is_empty()
    sent: dict[str, set[datetime]] = {}
    for who, start, long in given_services:
        sent.setdefault(who, set()).update(start + timedelta(minutes=m) for m in range(long))
    found: dict[str, set[datetime]] = {}
    for who, start, end in frame.iter_rows():
        minutes = int((end.astimezone(UTC) - start.astimezone(UTC)).total_seconds()) // 60
        at = (start.astimezone(UTC) + timedelta(minutes=m) for m in range(minutes))
        found.setdefault(who, set()).update(at)
    assert found == sent


def _facts_with(zone: str, given_services: list[tuple[str, datetime, int]]) -> Facts:
    empty = facts_of_nobody()
    rows = [
        {
            "volunteer_id": who,
            "request_id": f"r{number}",
            "post": "volunteer",
            "service": "lunch",
            "status": "pinned",
            "lead": False,
            "team": 1,
            "moment": start.astimezone(ZoneInfo(zone)),
            "start": start.replace(tzinfo=None),
            "hours": long / 60,
        }
        for number, (who, start, long) in enumerate(given_services)
    ]
    schema = dict(empty.roster.schema) | {"moment": pl.Datetime("us", zone)}
    filled = [{name: row.get(name) for name in schema} for row in rows]
    roster = pl.DataFrame(filled, schema)
    return Facts(**{**vars(empty), "week": WEEKS[zone], "roster": roster})


def facts_of_nobody(found: dict[str, Any] = {}) -> Facts:  # noqa: B006
    """Return the facts of the small world, made once."""
    if not found:
        found["facts"] = facts_of(small_world())
    return found["facts"]


names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30)


@given(st.lists(names, unique=True, max_size=8))
def test_names_of_files_are_different_anywhere_and_tell_the_id(ids: list[str]) -> None:
    made = file_names(ids)
    assert [unquote(made[each]) for each in ids] == ids
    assert len({name.casefold() for name in made.values()}) == len(ids)
    for name in made.values():
        assert not set(name) & set('/\\:*?"<>|\0\n')
        assert name not in (".", "..")
        assert name[0] != "."


def test_names_that_windows_keeps_for_itself_and_long_ones() -> None:
    made = file_names(["con", "LPT1.x", "a" * 200, "张" * 200, "张" * 199 + "李"])
    assert made["con"] == "%63on"
    assert made["LPT1.x"] == "%4CPT1.x"
    assert made["a" * 200] == "a" * 200
    assert all(len(name.encode()) <= 200 for name in made.values())
    assert len(set(made.values())) == 5


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letters").mkdir()
    with (
        pytest.raises(UsageError, match="holds other things, such as letters"),
        replacing_folder(tmp_path, ["volunteers"]),
    ):
        pass
    assert (tmp_path / "letters").is_dir()
    file = tmp_path / "file"
    file.write_text("mine")
    with pytest.raises(UsageError, match="is a file"), replacing_folder(file, []):
        pass


def test_a_report_that_fails_leaves_the_earlier_one(tmp_path: Path) -> None:
    out = tmp_path / "out"
    for text in ("old", "new"):
        with replacing_folder(out, ["a"]) as part:
            (part / "a").write_text(text)
    assert (out / "a").read_text() == "new"
    with pytest.raises(RuntimeError), replacing_folder(out, ["a"]) as part:  # noqa: PT012
        (part / "a").write_text("half")
        raise RuntimeError
    assert (out / "a").read_text() == "new"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.slow
def test_from_the_command_line(tmp_path: Path) -> None:
    def run(*arguments: str) -> str:
        done = CliRunner().invoke(app, [*arguments])
        assert done.exit_code == 0, done.output
        return done.output

    write_tables(tmp_path / "tables", small_world())
    plan, out = str(tmp_path / "plan"), tmp_path / "feeds"
    run("plan", str(tmp_path / "tables"), "--week", MONDAY.isoformat(), "--out", plan)
    run("report", plan, "--format", "ics", "--out", str(out), "--sequence", "3")
    (event,) = events_of(out / "volunteers" / "cy.ics")
    assert event["SEQUENCE"] == 3
    for name in ("a.zip", "b.zip"):
        run("report", plan, "--format", "ics", "--out", str(tmp_path / name))
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
