"""What a calendar's times mean: in which zone, of which of a series, and whether free or busy."""

from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from matching import DataError, DataWarning
from matching.cli import app
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


@pytest.fixture
def windows(tmp_path: Path) -> Windows:
    return partial(windows_of, tmp_path)


# --- which zone a time without a zone is in -------------------------------------------------------

NEW_YORK = "X-WR-TIMEZONE:America/New_York"
FLOATING = {
    "event": event("DTSTART:20261130T090000", "DTEND:20261130T110000"),
    "event of a length": event("DTSTART:20261130T090000", "DURATION:PT2H"),
    "series": event("DTSTART:20261123T090000", "DURATION:PT2H", "RRULE:FREQ=WEEKLY"),
    "last of a series": event(
        "DTSTART:20261123T090000", "DURATION:PT2H", "RRULE:FREQ=WEEKLY;UNTIL=20261130T090000"
    ),
    "left out": event(
        "DTSTART:20261130T090000",
        "DURATION:PT2H",
        "RRULE:FREQ=DAILY;COUNT=2",
        # 09:00 of Tuesday in New York.
        "EXDATE:20261201T140000Z",
    ),
    "added": event("DTSTART:20261111T090000", "DURATION:PT2H", "RDATE:20261130T090000"),
    "moved": "\n".join(
        (
            event("DTSTART:20261201T090000", "DURATION:PT2H", "RRULE:FREQ=DAILY;COUNT=1"),
            event("RECURRENCE-ID:20261201T090000", "DTSTART:20261130T090000", "DURATION:PT2H"),
        )
    ),
    "block": block(available("DTSTART:20261130T090000", "DURATION:PT2H")),
    "bounds of a block": block(
        "DTSTART:20261130T090000",
        "DTEND:20261130T110000",
        available("DTSTART:20261129T000000Z", "DURATION:P7D"),
    ),
    "free": event("FREEBUSY;FBTYPE=FREE:20261130T090000/PT2H", name="VFREEBUSY"),
}


@pytest.mark.parametrize("kind", FLOATING)
def test_a_time_without_a_zone_is_in_the_headers_zone(windows: Windows, kind: str) -> None:
    """09:00 to 11:00 of Monday in New York is 22:00 to midnight in Shanghai; and there at nine."""
    found = windows(calendar("X-WR-TIMEZONE:America/New_York", FLOATING[kind]), zone="Etc/GMT+5")
    assert found == [AT_NINE]
    if kind != "left out":
        assert windows(calendar(FLOATING[kind])) == [AT_NINE]


def test_a_day_is_that_of_the_headers_zone(windows: Windows) -> None:
    """Midnight in Tokyo is an hour earlier in Shanghai."""
    text = calendar("X-WR-TIMEZONE:Asia/Tokyo", event("DTSTART;VALUE=DATE:20261201"))
    assert windows(text) == ["11-30 23:00/12-01 23:00"]


@pytest.mark.parametrize(
    "name",
    [
        "Asia/Tokyo",
        "asia/tokyo",
        "Asia/Tokyo ",
        "  Asia/Tokyo\t",
        "Tokyo Standard Time",
        "tokyo standard time ",
    ],
)
def test_a_header_is_a_name_of_ianas_or_of_windowss(windows: Windows, name: str) -> None:
    """09:00 in Tokyo is 08:00 in Shanghai."""
    text = calendar(f"X-WR-TIMEZONE:{name}", event("DTSTART:20261130T090000", "DURATION:PT2H"))
    assert windows(text) == ["11-30 08:00/11-30 10:00"]


def rules(name: str, offset: str) -> str:
    return "\n".join(
        [
            *("BEGIN:VTIMEZONE", f"TZID:{name}", "BEGIN:STANDARD", "DTSTART:19700101T000000"),
            *(f"TZOFFSETFROM:{offset}", f"TZOFFSETTO:{offset}", "END:STANDARD", "END:VTIMEZONE"),
        ]
    )


def test_rules_of_ones_own_are_those_of_the_same_file(tmp_path: Path) -> None:
    """Two files call different zones Mine, in the header and at a time; a third has no rules."""
    zoned = event("DTSTART;TZID=Mine:20261130T090000", "DURATION:PT1H")
    floating = event("DTSTART:20261130T110000", "DURATION:PT1H")
    for name, offset in (("a", "-0200"), ("b", "+0200")):
        parts = ["X-WR-TIMEZONE:Mine", rules("Mine", offset), *numbered(zoned, floating)]
        (tmp_path / f"{name}.ics").write_text(calendar(*parts))
    frame, _ = read_availability(tmp_path, MONDAY, "UTC")
    assert frame["start"].dt.hour().to_list() == [11, 13, 7, 9]
    (tmp_path / "c.ics").write_text(calendar(zoned))
    with pytest.raises(DataError, match=r"(?s)1 fault.*c\.ics.*'Mine' that nobody knows"):
        read_availability(tmp_path, MONDAY, "UTC")


@pytest.mark.parametrize("name", ["", " ", "GMT+0800", "Moon/Base", "localtime", "\u202e\x1b[31m"])
@pytest.mark.parametrize("kind", ["event", "block", "free"])
def test_a_header_that_names_no_zone_refuses_nothing_and_is_named(
    windows: Windows,
    name: str,
    kind: str,
) -> None:
    text = calendar(f"X-WR-TIMEZONE:{name}", FLOATING[kind])
    with pytest.warns(DataWarning) as caught:
        assert windows(text) == [AT_NINE]
    (warned,) = (str(one.message) for one in caught)
    assert warned.startswith("ann.ics: X-WR-TIMEZONE '")
    assert repr(name.strip())[1:-1] in warned
    assert "is no time zone that is known" in warned
    assert "read in the policy's, Asia/Shanghai" in warned
    assert "\x1b" not in warned


def test_where_every_time_has_a_zone_the_header_does_not_matter(windows: Windows) -> None:
    assert windows(calendar("X-WR-TIMEZONE:GMT+0800", event(*MORNING))) == [AT_NINE]


def test_what_was_not_understood_is_told_once_for_all_files(tmp_path: Path) -> None:
    for number in range(8):
        text = calendar("X-WR-TIMEZONE:GMT+0800", FLOATING["event"])
        (tmp_path / f"v{number}.ics").write_text(text)
    with pytest.warns(DataWarning) as caught:
        read_availability(tmp_path, MONDAY)
    (warned,) = (str(one.message) for one in caught)
    assert warned.startswith("v0.ics, v1.ics, v2.ics, v3.ics, v4.ics and 3 more: X-WR-TIMEZONE")


@pytest.mark.parametrize(
    "line",
    [
        "DTSTART;TZID=China Standard Time:20261130T090000",
        'DTSTART;TZID="China Standard Time ":20261130T090000',
        "DTSTART;TZID=asia/shanghai:20261130T090000",
    ],
)
def test_a_zone_of_a_time_may_be_called_as_windows_does(windows: Windows, line: str) -> None:
    text = calendar("X-WR-TIMEZONE:Asia/Tokyo", event(line, "DURATION:PT2H"))
    assert windows(text) == [AT_NINE]


@pytest.mark.parametrize(
    "line",
    ["EXDATE;TZID=Moon/Base:20261130T090000", "RDATE;TZID=Moon/Base:20261202T090000"],
)
def test_an_unknown_zone_is_refused_wherever_it_stands(windows: Windows, line: str) -> None:
    with pytest.raises(DataError, match="'Moon/Base' that nobody knows"):
        windows(calendar(event(*MORNING, "RRULE:FREQ=DAILY", line)))
    period = event("FREEBUSY;TZID=Moon/Base:20261130T090000/PT1H", name="VFREEBUSY")
    with pytest.raises(DataError, match="VFREEBUSY number 1 is in a zone 'Moon/Base'"):
        windows(calendar(period))


@pytest.mark.filterwarnings("default")
def test_calendars_from_far_away_are_warned_of(tmp_path: Path) -> None:
    """Two of three name New York; its winter is 13 hours behind Shanghai."""
    for name, header in (("a", NEW_YORK), ("b", NEW_YORK), ("c", "X-WR-TIMEZONE:Asia/Tokyo")):
        (tmp_path / f"{name}.ics").write_text(calendar(header, FLOATING["event"]))
    far = r"2 of 3 calendars that name a time zone lie more than three hours.*UTC-5"
    with pytest.warns(DataWarning, match=far):
        read_availability(tmp_path, MONDAY)


# --- what is left out, added, called off: never free where busy without a word --------------------

DAY = "11-30 00:00/12-01 00:00"
ALL_WEEK = event("DTSTART:20261130T000000", "DURATION:P7D", "TRANSP:TRANSPARENT")


def busy(*lines: str) -> str:
    return event(*lines).replace("UID:1", "UID:busy")


def hours(*lines: str) -> tuple[str, ...]:
    return ("DTSTART;TZID=Asia/Shanghai:20261130T090000", "DURATION:PT1H", *lines)


def days(*lines: str) -> tuple[str, ...]:
    return ("DTSTART;VALUE=DATE:20261130", *lines)


# What is busy, and the days of that week it takes something of: 0 is Monday.
BUSY = {
    "until a day": (hours("RRULE:FREQ=DAILY;UNTIL=20261202"), [0, 1, 2]),
    "until a time without a zone": (hours("RRULE:FREQ=DAILY;UNTIL=20261202T090000"), [0, 1, 2]),
    # 09:00 in Shanghai is 01:00 in UTC.
    "until a moment": (hours("RRULE:FREQ=DAILY;UNTIL=20261202T010000Z"), [0, 1, 2]),
    "until just before": (hours("RRULE:FREQ=DAILY;UNTIL=20261202T005959Z"), [0, 1]),
    "days until a moment": (days("RRULE:FREQ=DAILY;UNTIL=20261201T160000Z"), [0, 1, 2]),
    "days until midnight in UTC": (days("RRULE:FREQ=DAILY;UNTIL=20261202T000000Z"), [0, 1, 2]),
    "a day without an end": (days(), [0]),
    "a day that ends when it begins": (days("DTEND;VALUE=DATE:20261130"), [0]),
    "a series of such": (days("DTEND;VALUE=DATE:20261130", "RRULE:FREQ=DAILY;COUNT=2"), [0, 1]),
    "without a rule": (hours("RRULE:FREQ=DAILY;COUNT=4", "EXRULE:FREQ=DAILY;INTERVAL=2"), [1, 3]),
    "days without a rule": (days("RRULE:FREQ=DAILY;COUNT=3", "EXRULE:FREQ=DAILY;COUNT=2"), [2]),
    "a rule until a day": (
        hours("RRULE:FREQ=DAILY;COUNT=4", "EXRULE:FREQ=DAILY;UNTIL=20261201"),
        [2, 3],
    ),
    "days without a moment": (days("RRULE:FREQ=DAILY;COUNT=3", "EXDATE:20261130T160000Z"), [0, 2]),
    "days without a midnight in UTC": (
        days("RRULE:FREQ=DAILY;COUNT=3", "EXDATE:20261201T000000Z"),
        [0, 2],
    ),
    "days without a local time": (
        days("RRULE:FREQ=DAILY;COUNT=3", "EXDATE;TZID=Asia/Shanghai:20261201T000000"),
        [0, 2],
    ),
    "hours without a day": (
        hours("RRULE:FREQ=DAILY;COUNT=3", "EXDATE;VALUE=DATE:20261201"),
        [0, 2],
    ),
    "hours and a day": (hours("RDATE;VALUE=DATE:20261203"), [0, 3]),
    "days and a moment": (days("RDATE:20261202T160000Z"), [0, 3]),
}


@pytest.mark.parametrize("case", BUSY)
@pytest.mark.parametrize("as_blocks", [False, True])
def test_what_is_busy_takes_its_days(windows: Windows, case: str, as_blocks: bool) -> None:
    lines, taken = BUSY[case]
    free = block(available("DTSTART:20261130T000000", "DURATION:P7D")) if as_blocks else ALL_WEEK
    minutes = np.zeros(7 * 1440, bool)
    for window in windows(calendar(free, busy(*lines)), events="free"):
        ends = (datetime.strptime(f"2026-{end}", "%Y-%m-%d %H:%M") for end in window.split("/"))
        first, last = ((end - datetime(2026, 11, 30)) // timedelta(minutes=1) for end in ends)
        minutes[first:last] = True
    assert np.flatnonzero(~minutes.reshape(7, 1440).all(axis=1)).tolist() == taken


def test_midnight_in_utc_is_the_day_that_is_written_west_of_greenwich_too(
    windows: Windows,
) -> None:
    """Midnight in UTC of Wednesday is Tuesday, 19:00 in New York; the day that is written holds."""
    for line, expected in (
        ("RRULE:FREQ=DAILY;UNTIL=20261202T000000Z", "11-30 00:00/12-03 00:00"),
        ("RRULE:FREQ=DAILY;COUNT=3\nEXDATE:20261202T000000Z", "11-30 00:00/12-02 00:00"),
    ):
        assert windows(calendar(event(*days(line))), zone="America/New_York") == [expected]


def test_a_time_of_utc_leaves_out_no_other_time_that_looks_the_same(windows: Windows) -> None:
    """09:00 and 17:00 in Shanghai are 01:00 and 09:00 in UTC: only the later one is left out."""
    twice = hours("RRULE:FREQ=DAILY;COUNT=2;BYHOUR=9,17")
    text = calendar(event(*twice, "EXDATE:20261130T090000Z"))
    assert windows(text) == ["11-30 09:00/11-30 10:00"]
    moved = busy("RECURRENCE-ID:20261130T090000Z", "DTSTART:20261201T010000Z", "DURATION:PT1H")
    assert windows(calendar(busy(*twice), moved)) == [
        "11-30 09:00/11-30 10:00",
        "12-01 09:00/12-01 10:00",
    ]


MOVED = {
    "told in its zone": "RECURRENCE-ID;TZID=Asia/Shanghai:20261201T090000",
    "told in UTC": "RECURRENCE-ID:20261201T010000Z",
    "told elsewhere": "RECURRENCE-ID;TZID=Asia/Tokyo:20261201T100000",
    "told by its day": "RECURRENCE-ID;VALUE=DATE:20261201",
}


@pytest.mark.parametrize("case", MOVED)
def test_one_of_a_series_is_found_however_its_time_is_told(windows: Windows, case: str) -> None:
    series = busy(*hours("RRULE:FREQ=DAILY;COUNT=2"))
    for change, expected in (
        (("DTSTART:20261201T070000Z", "DURATION:PT1H"), ["12-01 15:00/12-01 16:00"]),
        (("DTSTART;VALUE=DATE:20261203",), ["12-03 00:00/12-04 00:00"]),
        (("DTSTART:20261201T010000Z", "STATUS:CANCELLED"), []),
    ):
        found = windows(calendar(series, busy(MOVED[case], *change)))
        assert found == ["11-30 09:00/11-30 10:00", *expected]


def test_one_and_all_after_it_are_moved(windows: Windows) -> None:
    series = busy(*hours("RRULE:FREQ=DAILY;COUNT=3"))
    rest = "RECURRENCE-ID;RANGE=THISANDFUTURE:20261201T010000Z"
    moved = busy(rest, "DTSTART:20261201T030000Z", "DURATION:PT2H")
    assert windows(calendar(series, moved)) == [
        "11-30 09:00/11-30 10:00",
        "12-01 11:00/12-01 13:00",
        "12-02 11:00/12-02 13:00",
    ]


def test_a_day_left_out_by_a_time_that_is_no_midnight_is_a_guess_that_is_told(
    windows: Windows,
) -> None:
    """10:00 in UTC of Tuesday is 18:00 in Shanghai, the same day."""
    lines = days("RRULE:FREQ=DAILY;COUNT=2", "EXDATE:20261201T100000Z")
    with pytest.warns(DataWarning, match=r"ann\.ics: a series of whole days leaves out"):
        assert windows(calendar(event(*lines))) == [DAY]


def test_free_and_busy_time_by_its_type(windows: Windows) -> None:
    """Free from 8 to 18; busy at 9 and, by a name that nobody knows, at 12; perhaps at 15."""
    text = event(
        "DTSTART:20261130T000000Z",
        "DTEND:20261201T000000Z",
        "FREEBUSY;FBTYPE=FREE:20261130T000000Z/20261130T100000Z",
        "FREEBUSY:20261130T010000Z/PT1H,20261130T013000Z/PT1H",
        "FREEBUSY;FBTYPE=X-DENTIST:20261130T040000Z/PT1H",
        "FREEBUSY;FBTYPE=BUSY-TENTATIVE:20261130T070000Z/PT1H",
        "FREEBUSY;FBTYPE=BUSY-UNAVAILABLE:20261130T080000Z/PT1H",
        name="VFREEBUSY",
    )
    expected = [
        "11-30 08:00/11-30 09:00",
        "11-30 10:30/11-30 12:00",
        "11-30 13:00/11-30 15:00",
        "11-30 17:00/11-30 18:00",
    ]
    assert windows(calendar(text)) == windows(calendar(text), events="free") == expected
    # Where blocks say when there is time, free periods add none, and busy ones take from it.
    morning = block(available("DTSTART:20261130T010000Z", "DURATION:PT3H"))
    assert windows(calendar(morning, text)) == ["11-30 10:30/11-30 12:00"]


@pytest.mark.parametrize(
    ("part", "events"),
    [
        (event("FREEBUSY:20261130T010000Z/PT1H", name="VFREEBUSY"), "all"),
        (event("DTSTART:20261130T000000Z", "DTEND:20261201T000000Z", name="VFREEBUSY"), "all"),
        (event(*MORNING), "free"),
    ],
)
def test_who_says_only_when_there_is_no_time_is_named(
    windows: Windows,
    part: str,
    events: str,
) -> None:
    with pytest.warns(DataWarning, match=r"ann\.ics: says only when there is no time"):
        assert windows(calendar(part), events=events) == []


def test_a_message_that_cancels_calls_off_what_it_names(windows: Windows) -> None:
    series = calendar(busy(*hours("RRULE:FREQ=DAILY;COUNT=2")))
    first, second = "11-30 09:00/11-30 10:00", "12-01 09:00/12-01 10:00"
    assert windows(series) == [first, second]
    assert windows(series + calendar("METHOD:CANCEL", busy())) == []
    one = busy("RECURRENCE-ID:20261201T010000Z")
    assert windows(series + calendar("METHOD:CANCEL", one)) == [first]
    assert windows(calendar("METHOD:CANCEL", one) + series) == [first]
    # An older message does not call off a newer edition.
    newer = series.replace("UID:busy", "UID:busy\nSEQUENCE:2")
    assert windows(newer + calendar("METHOD:CANCEL", busy("SEQUENCE:1"))) == [first, second]
    with pytest.warns(DataWarning, match="calls off what this file does not have"):
        assert windows(calendar("METHOD:CANCEL", busy(*MORNING))) == []


def test_the_newest_edition_says_whether_an_event_is_cancelled(windows: Windows) -> None:
    old, off = event(*MORNING, "SEQUENCE:1"), event(*MORNING, "SEQUENCE:2", "STATUS:CANCELLED")
    assert windows(calendar(old, off)) == windows(calendar(off, old)) == []
    assert windows(calendar(event(*MORNING, "STATUS:CANCELLED"))) == []


@pytest.mark.parametrize(
    ("parts", "told"),
    [
        (["METHOD:COUNTER", event(*MORNING)], "METHOD:'COUNTER' is a message about events"),
        ([event("DTSTART:20261130T090000")], "an event has no length"),
        ([event("DTSTART:20261130T090000", "DTEND:20261130T090000")], "an event has no length"),
        ([event(*MORNING), event("DTSTART:20261201T090000", "DURATION:PT1H")], "the same UID"),
    ],
)
def test_what_may_be_meant_otherwise_is_told(
    windows: Windows,
    parts: list[str],
    told: str,
) -> None:
    with pytest.warns(DataWarning, match=told):
        windows(calendar(*parts))


def test_the_command_says_the_default_zone_and_what_was_not_understood(tmp_path: Path) -> None:
    folder = tmp_path / "calendars"
    folder.mkdir()
    (folder / "ann.ics").write_text(calendar("X-WR-TIMEZONE:GMT+0800", FLOATING["event"]))
    (tmp_path / "chosen.toml").write_text('time_zone = "Asia/Shanghai"\n')
    arguments = ["availability", str(folder), "--week", "2026-11-30", "--out", str(tmp_path)]
    for more, default in (([], True), (["--policy", str(tmp_path / "chosen.toml")], False)):
        done = CliRunner().invoke(app, [*arguments, *more])
        assert done.exit_code == 0, done.output
        assert ("Times are those of Asia/Shanghai, the default" in done.stdout) == default
        assert done.stderr.startswith("warning: ann.ics: X-WR-TIMEZONE 'GMT+0800' is no time zone")
