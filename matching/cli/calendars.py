"""``matching availability``: volunteers' calendars as a table of the week."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from matching.cli import arguments as arg
from matching.cli.conduct import say, teaching, tell
from matching.cli.given import policy_of, sink_of, week_of
from matching.guards.extras import needing
from matching.guards.urls import shown


def availability(
    calendars: Annotated[
        Path, typer.Argument(help="Folder with one .ics per volunteer, such as V7.ics")
    ],
    out: Annotated[str, arg.option("Folder or URL that holds the other tables", "WHERE")],
    week: arg.WeekOption = None,
    policy: arg.PolicyOption = None,
    events: Annotated[
        Literal["all", "free"],
        arg.option(
            "What events say: all: each that there is time; free: those shown as free that there "
            "is, and the others that there is none"
        ),
    ] = "all",
    on_error: arg.OnErrorOption = "raise",
    workers: Annotated[int, arg.option("Processes", min=1, max=256)] = 2,
    format: arg.FormatOption = None,
    out_option: arg.OutOptionOption = None,
) -> None:
    """Read the volunteers' calendars as the table availability of the week."""
    with teaching() as outcome:
        from matching.cli.language import language_of
        from matching.cli.terminal import show_zone
        from matching.errors import UsageError, describe

        with needing("reading calendars"):
            from matching.stores.calendars import read_availability

        sink = sink_of(out, format, out_option)
        if out.lower().endswith((".zip", ".xlsx")) or not hasattr(sink, "write_tables"):
            text = "takes no table beside those that it holds; name the folder of the tables"
            raise UsageError(f"{shown(out)} {text}")
        chosen = policy_of(policy)
        frame, faults = read_availability(
            calendars,
            week_of(week),
            chosen.time_zone,
            events=events,
            on_error=on_error,
            workers=workers,
        )
        with outcome.writing(shown(out)):
            sink.write_tables({"availability": frame})
        for fault in faults.iter_rows(named=True):
            tell(f"left out: {describe(fault).strip()}", "yellow")
        hours = (frame["end"] - frame["start"]).dt.total_minutes().sum() / 60
        show_zone(chosen.time_zone, chosen.time_zone_given, language_of(None))
        say(
            f"availability of {frame['volunteer_id'].n_unique():,} volunteers: windows "
            f"{frame.height:,}, hours {hours:,.1f}; written to {shown(out)}"
        )
