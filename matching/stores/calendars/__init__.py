"""Calendars (RFC 5545): when volunteers can serve, one ``.ics`` file for each.

A calendar is read for one week, since a rule that repeats has no end of its own. Its time is laid
out in minutes from the week's Monday; blocks and events paint it free or busy, the later ones over
the earlier.
"""

import warnings
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import get_args
from urllib.parse import unquote
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
from icalendar import Calendar, use_zoneinfo

from matching.errors import DataWarning, UsageError, listed
from matching.guards import mondays
from matching.parallel.processes import fresh_processes
from matching.problem import columns as c
from matching.stores.calendars.painting import Events, Painted, monday_of
from matching.stores.calendars.times import Wrong
from matching.tables.cleaning import OnError
from matching.tables.faults import fault, no_faults, raise_any
from matching.tables.whereabouts import foreign_clock

SUFFIX = ".ics"
# A process takes a second to start, and reads some thousand calendars in one.
_WORTH_A_PROCESS = 2_000
_SHOWN = 5


@dataclass(frozen=True)
class _Read:
    """What a calendar says: its windows, or what is wrong with it; and what was not understood."""

    windows: c.Longs
    wrong: str | None = None
    remarks: tuple[str, ...] = ()
    # Minutes from UTC of the zone that it names.
    offset: int | None = None


def read_availability(
    folder: Path | str,
    week: mondays.Day,
    time_zone: str = "Asia/Shanghai",
    *,
    events: Events = "all",
    on_error: OnError = "raise",
    workers: int = 1,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Read the calendars of a folder as the table ``availability`` of a week.

    A volunteer's calendar is called by the id, such as ``V7.ics``; what a file's name cannot hold
    is written as in a URL (``%2F``). Blocks of availability (RFC 7953) say when the volunteer can
    serve, less what events shown as busy take. A calendar without such blocks says it by its
    events. All-day events and times without a zone are in `time_zone`. Events that are cancelled
    count for nothing. Overlapping windows become one, and those that do not touch the week are
    left out; a part of a minute is left out too.

    Parameters
    ----------
    folder : pathlib.Path or str
    week : datetime.date, str or numpy.datetime64
        The Monday the week starts with.
    time_zone : str
    events : {"all", "free"}
        What the events of a calendar without blocks say: each that there is time, or those shown
        as free (``TRANSP:TRANSPARENT``) that there is, and the others that there is none.
    on_error : {"raise", "quarantine"}
        Refuse calendars that cannot be read, or leave them out.
    workers : int
        Processes.

    Returns
    -------
    availability : polars.DataFrame
        ``volunteer_id``, ``start``, ``end`` (with the time zone), sorted.
    faults : polars.DataFrame
        The calendars that were left out, in the layout of `DataError`.

    Raises
    ------
    DataError
        If a calendar cannot be read and ``on_error`` is ``"raise"``; it names every such file.
    UsageError
        If this is no folder, or holds no calendar; if an argument is not allowed.
    """
    if events not in get_args(Events):
        raise UsageError(f"events = {events!r}: write 'all' or 'free'")
    week = mondays.monday_of(week)
    paths = _calendars_of(Path(folder))
    read = partial(_read, week=week, zone=ZoneInfo(time_zone), events=events)
    if workers == 1 or len(paths) < _WORTH_A_PROCESS:
        found = [read(path) for path in paths]
    else:
        with fresh_processes(workers) as pool:
            found = list(pool.map(read, paths, chunksize=64))
    by_path = list(zip(paths, found, strict=True))
    faults = [
        fault("availability", "icalendar", one.wrong, value=path.name)
        for path, one in by_path
        if one.wrong is not None
    ]
    if on_error == "raise":
        raise_any(faults)
    _warn(by_path, week, time_zone)
    ids = np.repeat([unquote(path.stem) for path in paths], [len(one.windows) for one in found])
    minutes = np.concatenate([np.empty((0, 2), np.int64), *(one.windows for one in found)])
    monday = pl.lit(monday_of(week, ZoneInfo(time_zone))).cast(pl.Datetime("us", "UTC"))
    moments = pl.DataFrame({"start": minutes[:, 0], "end": minutes[:, 1]}).select(
        (monday + pl.duration(minutes=name)).dt.convert_time_zone(time_zone).alias(name)
        for name in ("start", "end")
    )
    frame = moments.insert_column(0, pl.Series("volunteer_id", ids, pl.String))
    return frame.sort("volunteer_id", "start"), pl.concat([no_faults(), *faults])


def _calendars_of(folder: Path) -> list[Path]:
    if not folder.is_dir():
        what = "is a file, not a folder" if folder.exists() else "does not exist"
        raise UsageError(f"{folder} {what}; name the folder that holds one {SUFFIX} per volunteer")
    paths = [p for p in folder.iterdir() if p.suffix.lower() == SUFFIX and p.name[0] != "."]
    if not paths:
        seen = listed(sorted(path.name for path in folder.iterdir())) or "nothing"
        raise UsageError(
            f"{folder} holds no calendar: it has {seen}; wanted is one file for each volunteer, "
            f"such as V7{SUFFIX}"
        )
    ids: dict[str, Path] = {}
    for path in sorted(paths):
        if (other := ids.setdefault(unquote(path.stem), path)) is not path:
            raise UsageError(f"{path.name} and {other.name} are of the same volunteer; keep one")
    return list(ids.values())


def _warn(by_path: list[tuple[Path, _Read]], week: date, time_zone: str) -> None:
    """Warn once of each thing that was not understood, with the files; and of a foreign clock."""
    files: dict[str, list[str]] = {}
    for path, one in by_path:
        for remark in one.remarks:
            files.setdefault(remark, []).append(path.name)
    texts = [f"{listed(names, _SHOWN)}: {remark}" for remark, names in sorted(files.items())]
    offsets = [one.offset for _, one in by_path if one.offset is not None]
    if offsets:
        # A minute of the clock is a quarter of a degree.
        what, lon = "calendars that name a time zone", np.array(offsets) / 4
        texts.append(foreign_clock(lon, week, time_zone, what) or "")
    for text in filter(None, texts):
        warnings.warn(text, DataWarning, stacklevel=3)


def _read(path: Path, week: date, zone: ZoneInfo, events: Events) -> _Read:
    """Return the windows of one calendar in minutes, shape (windows, 2), or what is wrong."""
    painted = Painted(week, zone)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # The library remembers the rules of zones of one's own, by their names alone.
            use_zoneinfo()  # type: ignore[no-untyped-call]
            calendars = Calendar.from_ical(path.read_bytes(), multiple=True)
            if not calendars or any(one.name != "VCALENDAR" for one in calendars):
                return _wrong("holds no whole calendar, from BEGIN:VCALENDAR to END:VCALENDAR")
            windows = painted.windows(calendars, events)
            return _Read(windows, None, tuple(sorted(painted.remarks)), painted.offset)
    except Wrong as wrong:
        return _wrong(str(wrong))
    except OSError as error:
        return _wrong(f"cannot be opened: {error.strerror or error}")
    # A calendar may be anybody's: whatever the libraries stumble over is a fault of that file.
    except Exception as error:
        return _wrong(f"is no calendar that can be read ({type(error).__name__}); export it anew")


def _wrong(text: str) -> _Read:
    return _Read(np.empty((0, 2), np.int64), text)
