"""Calendars written in lines, and the windows that are read from them."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from matching.stores.calendars import read_availability

MONDAY = date(2026, 11, 30)
Windows = Callable[..., list[str]]


def event(*lines: str, name: str = "VEVENT") -> str:
    return "\n".join([f"BEGIN:{name}", "UID:1", "DTSTAMP:20261101T000000Z", *lines, f"END:{name}"])


def block(*lines: str) -> str:
    return event(*lines, name="VAVAILABILITY")


def available(*lines: str) -> str:
    return event(*lines, name="AVAILABLE")


def calendar(*parts: str) -> str:
    return "\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:a", *parts, "END:VCALENDAR", ""])


def numbered(*events: str) -> list[str]:
    """Give each event a UID of its own."""
    return [text.replace("UID:1", f"UID:{number}") for number, text in enumerate(events)]


def windows_of(
    folder: Path, text: str, week: date = MONDAY, zone: str = "Asia/Shanghai", **options: Any
) -> list[str]:
    """Read one calendar: windows as ``11-30 09:00/11-30 11:00``."""
    (folder / "ann.ics").write_text(text, encoding="utf-8")
    frame, _ = read_availability(folder, week, zone, **options)
    assert set(frame["volunteer_id"]) <= {"ann"}
    assert frame.schema["start"] == pl.Datetime("us", zone)
    told = (pl.col(name).dt.strftime("%m-%d %H:%M") for name in ("start", "end"))
    return frame.select(pl.concat_str(told, separator="/")).to_series().to_list()


MORNING = ("DTSTART;TZID=Asia/Shanghai:20261130T090000", "DTEND;TZID=Asia/Shanghai:20261130T110000")
AT_NINE = "11-30 09:00/11-30 11:00"
