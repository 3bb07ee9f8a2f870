"""A plan as calendars (RFC 5545): one feed per volunteer, per station and per request.

A volunteer's feed holds nothing of anybody else. The same plan gives the same bytes: an event is
known by what it is about, and stamped by the week and the edition, not by the clock.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import polars as pl
from icalendar import Calendar, Event, Timezone
from icalendar.enums import STATUS, TRANSP

from matching.reports.contacts import people
from matching.reports.facts import Facts
from matching.reports.plain import file_names, one_line
from matching.schema import DEFAULT_POST

KINDS = ("volunteers", "stations", "requests")
PRODUCT = "-//volunteer-matching//plan//EN"
_IDS = ("volunteer_id", "station_id", "request_id")
_TEXTS = (*_IDS, "station", "service", "category", "post")
_SETTLED = ["pinned", "accepted", "published"]
_END = b"END:VCALENDAR\r\n"


def write_feeds(
    facts: Facts, folder: Path, *, sequence: int = 0, kinds: tuple[str, ...] = KINDS
) -> None:
    """Write the feeds into folders that are named for their kinds, as ``volunteers/V7.ics``.

    Who does not serve has no feed, and neither has a request that nobody serves.

    Parameters
    ----------
    facts : Facts
    folder : pathlib.Path
        Of its names of files see `plain.file_names`.
    sequence : int
        How many editions of the week were sent out before: an event takes the place of the same
        event of an earlier edition.
    kinds : tuple of str
        Some of `KINDS`.

    Raises
    ------
    OSError
        If the system refuses to write.
    """
    roster = facts.by_meeting(facts.roster).with_columns(pl.col(_IDS).name.prefix("own_"))
    # Whoever has a name is called by it; files keep their ids.
    roster = roster.with_columns(people(roster["volunteer_id"], facts.contacts)).with_columns(
        *(one_line(name) for name in _TEXTS),
        settled=pl.col("status").is_in(_SETTLED),
    )
    calendars = _Calendars(facts.week, roster.schema["moment"], sequence)
    if "volunteers" in kinds:
        served = roster.sort("own_volunteer_id", "start", "request_id", "post")
        events = [calendars.service(row) for row in served.iter_rows(named=True)]
        titles = "志愿服务 Volunteering " + served["volunteer_id"]
        calendars.write(folder / "volunteers", served["own_volunteer_id"], titles, events)
    if "stations" in kinds or "requests" in kinds:
        teams = _teams(roster)
        events = [calendars.team(row) for row in teams.iter_rows(named=True)]
        if "requests" in kinds:
            titles = teams["service"].fill_null(teams["request_id"])
            calendars.write(folder / "requests", teams["own_request_id"], titles, events)
        if "stations" in kinds:
            calendars.write(folder / "stations", teams["own_station_id"], teams["station"], events)


def _teams(roster: pl.DataFrame) -> pl.DataFrame:
    """Return one row per request that is served, with a line for each who serves."""
    line = pl.concat_str("post", pl.lit(": "), "volunteer_id")
    lead = pl.when("lead").then(line + " (领队 lead)").otherwise(line)
    same = ("own_station_id", "station_id", "station", "service", "category", "moment", "hours")
    return (
        roster.group_by("own_request_id", "request_id", "start", maintain_order=True)
        .agg(
            *(pl.col(name).first() for name in (*same, "session")),
            pl.col("team").first(),
            pl.col("settled").all(),
            lead.sort_by(pl.col("lead").not_(), "post", "volunteer_id").alias("lines"),
        )
        .sort("own_station_id", "start", "request_id", nulls_last=True)
    )


class _Calendars:
    """How the week's events are written, and the calendars around them."""

    def __init__(self, week: date, moment: pl.DataType, sequence: int) -> None:
        if not isinstance(moment, pl.Datetime) or moment.time_zone is None:
            raise TypeError(f"the moments of a roster have a time zone, not {moment}")
        self.week, self.sequence = week, sequence
        self.zone = moment.time_zone
        day = datetime.combine(week, time(), UTC)
        self.stamp = day + timedelta(minutes=sequence)
        year = timedelta(days=366)
        # A zone's rules, for a year on either side of the week.
        self.rules = (
            None
            if self.zone == "UTC"
            else Timezone.from_tzid(self.zone, first_date=week - year, last_date=week + year)
        )

    def service(self, row: dict[str, Any]) -> bytes:
        """Return the event of one who serves."""
        what, post = row["service"], row["post"]
        lines = [f"订单 Order: {row['request_id']}", f"岗位 Post: {post}"]
        lines.append(f"人数 Team: {row['team']}")
        if row["lead"]:
            lines.append("您是领队 You lead the team")
        about = (row["own_request_id"], post, row["own_volunteer_id"])
        title = what if post == DEFAULT_POST else f"{what} · {post}"
        return self._event(row, about, lines, title, TRANSP.OPAQUE)

    def team(self, row: dict[str, Any]) -> bytes:
        """Return the event of a request, for those who have it done."""
        lines = [f"订单 Order: {row['request_id']}", *row["lines"]]
        title = f"{row['service']} ({row['team']} 人 people)"
        return self._event(row, (row["own_request_id"],), lines, title, TRANSP.TRANSPARENT)

    def _event(
        self,
        row: dict[str, Any],
        about: tuple[str, ...],
        lines: list[str],
        title: str,
        shown: TRANSP,
    ) -> bytes:
        about = about if row["session"] is None else (*about, row["session"])
        known = sha256("\0".join(about).encode()).hexdigest()[:32]
        start: datetime = row["moment"]
        event = Event.new(
            uid=f"{known}@volunteer-matching",
            stamp=self.stamp,
            sequence=self.sequence,
            start=_unambiguous(start),
            end=_unambiguous(_later(start, row["hours"])),
            status=STATUS.CONFIRMED if row["settled"] else STATUS.TENTATIVE,
            summary=title,
            description="\n".join(lines),
            # A place is always there, if only as something to ask for.
            location=row["station"] or f"订单 Order {row['request_id']}",
            categories=[row["category"]] if row["category"] else (),
            transparency=shown,
        )
        return bytes(event.to_ical())

    def write(self, folder: Path, ids: pl.Series, titles: pl.Series, events: list[bytes]) -> None:
        """Write a calendar for each id that is not null, from the events at its places."""
        folder.mkdir(parents=True)
        order = pl.DataFrame({"id": ids, "title": titles}).with_row_index("at").drop_nulls("id")
        feeds = order.group_by("id", maintain_order=True).agg(pl.col("title").first(), "at")
        names = file_names(feeds["id"])
        for one, title, places in feeds.iter_rows():
            text = self._opening(title) + b"".join(events[place] for place in places) + _END
            (folder / f"{names[one]}.ics").write_bytes(text)

    def _opening(self, title: str) -> bytes:
        calendar = Calendar()
        calendar.add("prodid", PRODUCT)
        calendar.add("version", "2.0")
        calendar.add("method", "PUBLISH")
        calendar.calendar_name = title
        if self.rules is not None:
            calendar.add_component(self.rules)
        return bytes(calendar.to_ical()).removesuffix(_END)


def _later(start: datetime, hours: float) -> datetime:
    """Return the end: hours pass by the clock that no summer time turns."""
    end = start.astimezone(UTC) + timedelta(minutes=round(hours * 60))
    return end.astimezone(start.tzinfo)


def _unambiguous(moment: datetime) -> datetime:
    """Return a moment in UTC where its local time comes twice: a calendar takes the first."""
    return moment.astimezone(UTC) if moment.fold else moment
