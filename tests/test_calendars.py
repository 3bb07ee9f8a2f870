"""Volunteers' calendars as the table availability: every form of time, and what cannot be read."""

from datetime import date, datetime
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from matching import DataError, Problem, UsageError, solve
from matching.cli import app
from matching.stores import calendars, read_tables
from matching.stores.calendars import read_availability
from tests.support.calendars import (
    AT_NINE,
    MONDAY,
    MORNING,
    Windows,
    available,
    block,
    calendar,
    event,
    numbered,
    windows_of,
)

SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.fixture
def windows(tmp_path: Path) -> Windows:
    return partial(windows_of, tmp_path)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        pytest.param(MORNING, AT_NINE, id="zoned"),
        pytest.param(("DTSTART:20261130T010000Z", "DTEND:20261130T030000Z"), AT_NINE, id="utc"),
        pytest.param(("DTSTART:20261130T090000", "DURATION:PT2H"), AT_NINE, id="floating"),
        pytest.param(
            # 20:00 on Sunday in New York, 13 hours behind Shanghai in winter.
            ("DTSTART;TZID=America/New_York:20261129T200000", "DURATION:PT120M"),
            AT_NINE,
            id="another zone",
        ),
        pytest.param(
            ("DTSTART;TZID=China Standard Time:20261130T090000", "DURATION:PT2H"),
            AT_NINE,
            id="a zone as Windows calls it",
        ),
        pytest.param(("DTSTART;VALUE=DATE:20261201",), "12-01 00:00/12-02 00:00", id="all day"),
        pytest.param(
            ("DTSTART;VALUE=DATE:20261129", "DTEND;VALUE=DATE:20261201"),
            "11-30 00:00/12-01 00:00",
            id="what is before the Monday is cut off",
        ),
        pytest.param(
            ("DTSTART:20261206T220000", "DTEND:20261207T020000"),
            "12-06 22:00/12-07 02:00",
            id="past the last midnight",
        ),
        pytest.param(
            ("DTSTART:20261130T090030", "DTEND:20261130T110059"),
            "11-30 09:01/11-30 11:00",
            id="a part of a minute does not count",
        ),
    ],
)
def test_one_event(windows: Windows, lines: tuple[str, ...], expected: str) -> None:
    assert windows(calendar(event(*lines))) == [expected]


def test_what_lasts_hours_does_so_when_the_clock_turns(windows: Windows) -> None:
    """From Saturday 22:00 in New York, before the hour from 01:00 comes twice."""
    start = "DTSTART;TZID=America/New_York:20261031T220000"
    sunday = (date(2026, 10, 26), "America/New_York")
    six_hours = "10-31 22:00/11-01 03:00"
    assert windows(calendar(event(start, "DURATION:PT6H")), *sunday) == [six_hours]
    assert windows(calendar(event(start, "DTEND:20261101T080000Z")), *sunday) == [six_hours]
    assert windows(calendar(event(start, "DURATION:P1D")), *sunday) == ["10-31 22:00/11-01 22:00"]


def test_what_touches_only_other_weeks_is_left_out(windows: Windows) -> None:
    before = event("DTSTART:20261129T090000", "DURATION:PT2H")
    after = event("DTSTART:20261207T000000", "DURATION:PT2H")
    assert windows(calendar(*numbered(before, after))) == []


def test_tuesdays_and_thursdays_without_a_thursday_and_with_a_saturday(
    windows: Windows,
) -> None:
    text = event(
        "DTSTART;TZID=Asia/Shanghai:20260901T090000",
        "DURATION:PT1H",
        "RRULE:FREQ=WEEKLY;BYDAY=TU,TH",
        "EXDATE;TZID=Asia/Shanghai:20261203T090000",
        "RDATE;TZID=Asia/Shanghai:20261205T140000",
        "RDATE;VALUE=PERIOD:20261206T010000Z/PT3H",
    )
    assert windows(calendar(text)) == [
        "12-01 09:00/12-01 10:00",
        "12-05 14:00/12-05 15:00",
        "12-06 09:00/12-06 12:00",
    ]


def test_one_of_a_series_is_moved_and_one_is_cancelled(windows: Windows) -> None:
    series = event("DTSTART:20261130T090000", "DURATION:PT1H", "RRULE:FREQ=DAILY;COUNT=3")
    moved = event(
        "RECURRENCE-ID:20261201T090000", "DTSTART:20261201T150000", "DTEND:20261201T170000"
    )
    off = event("RECURRENCE-ID:20261202T090000", "DTSTART:20261202T090000", "STATUS:CANCELLED")
    assert windows(calendar(series, moved, off)) == [
        "11-30 09:00/11-30 10:00",
        "12-01 15:00/12-01 17:00",
    ]


def test_a_weekly_hour_stays_at_its_hour_when_summer_time_ends(windows: Windows) -> None:
    """New York turns its clocks back on Sunday 2026-11-01; UTC offset -4 becomes -5."""
    text = event(
        "DTSTART;TZID=America/New_York:20261003T000000", "DURATION:PT4H", "RRULE:FREQ=WEEKLY"
    )
    sunday = event(
        "DTSTART;TZID=America/New_York:20261004T000000",
        "DTEND;TZID=America/New_York:20261004T040000",
        "RRULE:FREQ=WEEKLY",
    )
    found = windows(calendar(*numbered(text, sunday)), date(2026, 10, 26), "America/New_York")
    # Saturday 00:00 to 04:00; on Sunday the hour from 01:00 comes twice, and midnight to four is
    # five hours long.
    assert found == ["10-31 00:00/10-31 04:00", "11-01 00:00/11-01 04:00"]


def test_a_rule_with_a_number_of_times_and_one_of_days(windows: Windows) -> None:
    """Five days from the Saturday before are three of the week; the others are all days."""
    times = event("DTSTART:20261128T090000", "DURATION:PT1H", "RRULE:FREQ=DAILY;COUNT=5")
    days = event("DTSTART;VALUE=DATE:20260604", "RRULE:FREQ=MONTHLY;BYDAY=1FR")
    assert windows(calendar(*numbered(times, days))) == [
        "11-30 09:00/11-30 10:00",
        "12-01 09:00/12-01 10:00",
        "12-02 09:00/12-02 10:00",
        "12-04 00:00/12-05 00:00",
    ]


def test_overlapping_and_touching_windows_are_one(windows: Windows) -> None:
    parts = numbered(
        event("DTSTART:20261130T090000", "DURATION:PT2H"),
        event("DTSTART:20261130T100000", "DURATION:PT2H"),
        event("DTSTART:20261130T120000", "DURATION:PT1H"),
    )
    assert windows(calendar(*parts)) == ["11-30 09:00/11-30 13:00"]


def test_an_event_shown_as_busy_is_time_or_is_none(windows: Windows) -> None:
    free = event("DTSTART:20261130T080000", "DURATION:PT4H", "TRANSP:TRANSPARENT")
    busy = event("DTSTART:20261130T100000", "DURATION:PT6H", "TRANSP:OPAQUE")
    text = calendar(*numbered(busy, free))
    assert windows(text) == ["11-30 08:00/11-30 16:00"]
    assert windows(text, events="free") == ["11-30 08:00/11-30 10:00"]


def test_blocks_of_availability_less_what_is_busy(windows: Windows) -> None:
    parts = [
        block(
            available(
                "DTSTART;TZID=Asia/Shanghai:20260105T090000",
                "DTEND;TZID=Asia/Shanghai:20260105T170000",
                "RRULE:FREQ=WEEKLY;BYDAY=MO,TU",
            )
        ),
        *numbered(
            event("DTSTART:20261130T120000", "DURATION:PT1H"),
            event("DTSTART:20261201T090000", "DURATION:PT8H", "TRANSP:TRANSPARENT"),
            event("DTSTART:20261205T090000", "DURATION:PT8H"),
        ),
    ]
    expected = [
        "11-30 09:00/11-30 12:00",
        "11-30 13:00/11-30 17:00",
        "12-01 09:00/12-01 17:00",
    ]
    assert windows(calendar(*parts)) == expected
    assert windows(calendar(*parts), events="free") == expected


def test_the_block_of_the_higher_priority_has_the_last_word(
    windows: Windows,
) -> None:
    always = available("DTSTART:20261130T000000Z", "DURATION:P7D")
    evenings = available("DTSTART:20261201T100000Z", "DURATION:PT2H")
    tuesday = ("DTSTART:20261130T160000Z", "DTEND:20261201T160000Z")
    parts = [block("PRIORITY:1", *tuesday, evenings), block(always)]
    # From Monday 08:00 local on; of the Tuesday only 18:00 to 20:00.
    expected = [
        "11-30 08:00/12-01 00:00",
        "12-01 18:00/12-01 20:00",
        "12-02 00:00/12-07 08:00",
    ]
    assert windows(calendar(*parts)) == expected
    assert windows(calendar(*reversed(parts))) == expected


def test_nothing_outside_its_block_is_available(windows: Windows) -> None:
    text = block(
        "DTSTART:20261201T000000Z",
        "DURATION:PT10H",
        available("DTSTART:20261130T000000Z", "DURATION:P7D"),
    )
    assert windows(calendar(text)) == ["12-01 08:00/12-01 18:00"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "no whole calendar"),
        ("hello", "no calendar that can be read"),
        (calendar(event(*MORNING)).replace("END:VCALENDAR", ""), "no whole calendar"),
        (event(*MORNING), "no whole calendar"),
        (calendar(event("SUMMARY:secret")), "VEVENT number 1 has no DTSTART"),
        (calendar(event("DTSTART:2026-11-30")), "DTSTART that cannot be read"),
        (calendar(event(MORNING[0], "EXDATE:yesterday")), "EXDATE that cannot be read"),
        (calendar(event(MORNING[0], "RRULE:FREQ=SOMETIMES")), "cannot be read"),
        (calendar(event("DTSTART;TZID=Moon/Base:20261130T090000")), "'Moon/Base' that nobody"),
        (calendar(event(MORNING[0], "DTEND:20261130T000000Z")), "ends before it begins"),
        (calendar(event(MORNING[0], "DURATION:-PT1H")), "ends before it begins"),
        (calendar(event("DTSTART:20200101T000000Z", "RRULE:FREQ=SECONDLY")), "too finely"),
        (calendar(event("DTSTART:00010101T000000Z", "RRULE:FREQ=HOURLY")), "too finely"),
        (
            calendar(event(MORNING[0], "RRULE:FREQ=DAILY;BYMONTH=2,4;BYMONTHDAY=31,-31")),
            "never holds",
        ),
        (calendar(event(MORNING[0], "RRULE:FREQ=MINUTELY;BYSETPOS=5")), "never holds"),
        (calendar(event(MORNING[0], "EXRULE:FREQ=MINUTELY;BYSETPOS=5")), "never holds"),
        (calendar(event(MORNING[0], "RRULE:RSCALE=CHINESE;FREQ=YEARLY")), "CHINESE"),
        (calendar("CALSCALE:CHINESE", event(*MORNING)), "by 'CHINESE', not"),
    ],
)
def test_a_calendar_that_cannot_be_read_is_named_and_its_text_is_not(
    tmp_path: Path, text: str, told: str
) -> None:
    (tmp_path / "ann.ics").write_text(text)
    (tmp_path / "bo.ics").write_text(calendar(event(*MORNING)))
    with pytest.raises(DataError) as error:
        read_availability(tmp_path, MONDAY)
    (fault,) = error.value.faults.to_dicts()
    assert fault["value"] == "ann.ics"
    assert told in fault["message"]
    assert "secret" not in str(error.value)
    frame, faults = read_availability(tmp_path, MONDAY, on_error="quarantine")
    assert frame["volunteer_id"].to_list() == ["bo"]
    assert faults["value"].to_list() == ["ann.ics"]


@given(st.lists(st.tuples(st.integers(0, 10_000), st.binary(min_size=1, max_size=3)), max_size=4))
@settings(max_examples=60)
@pytest.mark.filterwarnings("ignore:ann.ics. :matching.DataWarning")
def test_a_damaged_calendar_is_read_or_named(
    tmp_path_factory: pytest.TempPathFactory, damages: list[tuple[int, bytes]]
) -> None:
    """Nothing that is in a file makes the reader raise or give an empty window."""
    text = bytearray(calendar(event(*MORNING, "RRULE:FREQ=DAILY;COUNT=9")).encode())
    for place, damage in damages:
        place %= len(text)
        text[place : place + len(damage)] = damage
    folder = tmp_path_factory.mktemp("damaged")
    (folder / "ann.ics").write_bytes(bytes(text))
    frame, faults = read_availability(folder, MONDAY, on_error="quarantine")
    assert faults.height <= 1
    assert (frame["end"] > frame["start"]).all()


def test_the_name_of_a_file_is_the_id(tmp_path: Path) -> None:
    for name in ("a%2Fb", "张三", "V.1"):
        (tmp_path / f"{name}.ics").write_text(calendar(event(*MORNING)))
    (tmp_path / "notes.txt").write_text("not a calendar")
    (tmp_path / ".hidden.ics").write_text("not ours")
    frame, _ = read_availability(tmp_path, MONDAY)
    assert frame["volunteer_id"].to_list() == ["V.1", "a/b", "张三"]
    start = datetime(2026, 11, 30, 9, tzinfo=SHANGHAI)
    assert set(frame["start"]) == {start}


@pytest.mark.slow
def test_several_processes_read_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calendars, "_WORTH_A_PROCESS", 2)
    (tmp_path / "ann.ics").write_text(calendar(event(*MORNING)))
    (tmp_path / "bo.ics").write_text("nonsense")
    alone = read_availability(tmp_path, MONDAY, on_error="quarantine")
    together = read_availability(tmp_path, MONDAY, on_error="quarantine", workers=2)
    assert [a.equals(b) for a, b in zip(alone, together, strict=True)] == [True, True]


def test_what_is_no_folder_of_calendars(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="does not exist"):
        read_availability(tmp_path / "nowhere", MONDAY)
    with pytest.raises(UsageError, match="holds no calendar: it has nothing"):
        read_availability(tmp_path, MONDAY)
    (tmp_path / "a.ics").write_text("")
    with pytest.raises(UsageError, match="write 'all' or 'free'"):
        read_availability(tmp_path, MONDAY, events="busy")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="Monday"):
        read_availability(tmp_path, date(2026, 12, 1))
    (tmp_path / "%61.ics").write_text("")
    with pytest.raises(UsageError, match="of the same volunteer"):
        read_availability(tmp_path, MONDAY)


def test_from_calendars_to_a_plan(tmp_path: Path) -> None:
    """Ann can serve on Monday from 9 to 11, and the request is then; Bo never can."""
    tables, theirs = tmp_path / "tables", tmp_path / "calendars"
    tables.mkdir()
    theirs.mkdir()
    (tables / "volunteers.csv").write_text("volunteer_id\nann\nbo\n")
    (tables / "requests.csv").write_text(
        "request_id,start,end\nlunch,2026-11-30T09:00,2026-11-30T11:00\n"
    )
    (theirs / "ann.ics").write_text(calendar(event(*MORNING)))
    (theirs / "bo.ics").write_text(calendar())
    arguments = ["availability", str(theirs), "--week", "2026-11-30", "--out", str(tables)]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    assert "availability of 1 volunteers: windows 1, hours 2.0" in done.output
    plan = solve(Problem.from_tables(read_tables(tables), MONDAY)).tables()["plan"]
    assert plan["volunteer_id"].to_list() == ["ann"]
    (theirs / "bo.ics").write_text("nonsense")
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 2
    assert "bo.ics" in done.output
    done = CliRunner().invoke(app, [*arguments, "--on-error", "quarantine"])
    assert done.exit_code == 0
    assert "left out: availability = 'bo.ics'" in done.output


@pytest.mark.parametrize("out", ["all.zip", "all.xlsx"])
def test_a_store_that_would_lose_its_other_tables_is_refused(tmp_path: Path, out: str) -> None:
    (tmp_path / "ann.ics").write_text(calendar(event(*MORNING)))
    arguments = ["availability", str(tmp_path), "--week", "2026-11-30"]
    done = CliRunner().invoke(app, [*arguments, "--out", str(tmp_path / out)])
    assert done.exit_code == 2
    assert "takes no table beside" in done.output
    assert not (tmp_path / out).exists()
