"""A plan on slips: texts to send, calendars to send with them, and a sheet of paper per station."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from matching.guards.characters import harmless
from matching.reports.facts import Facts
from matching.reports.feeds import write_feeds
from matching.reports.locales import Locale
from matching.reports.slips.lines import LANGUAGES, station_slips, team_slips, volunteer_slips
from matching.reports.slips.paper import render

_SLIPS = {"volunteers": volunteer_slips, "teams": team_slips, "stations": station_slips}
PAPER = "stations.html"
CALENDARS = "calendars"
HOLDING = (
    *(f"{name}.csv" for name in _SLIPS),
    *(f"{name}.{language}.txt" for name in _SLIPS for language in LANGUAGES),
    *(PAPER, CALENDARS),
)


def write_slips(
    facts: Facts, folder: Path, *, sequence: int = 0, locale: Locale | None = None
) -> None:
    """Write the slips into a folder.

    For volunteers, teams and stations each: a table to send messages from, ``volunteers.csv``, and
    the same to read, ``volunteers.zh.txt`` and ``volunteers.en.txt``. The calendars of volunteers
    in ``calendars``, and ``stations.html`` to print.

    Parameters
    ----------
    facts : Facts
    folder : pathlib.Path
    sequence : int
        Of the calendars; see `feeds.write_feeds`.
    locale : Locale, optional
        How days and times are written, and the language of the sheets; English, if absent.

    Raises
    ------
    OSError
        If the system refuses to write.
    """
    for name, slips_of in _SLIPS.items():
        slips = slips_of(facts, locale)
        # With a mark that makes spreadsheets read it as the Chinese that it is.
        slips.with_columns(harmless(pl.col(pl.String))).write_csv(
            folder / f"{name}.csv", include_bom=True
        )
        for language in LANGUAGES:
            text = "\n\n".join(slips[language]) + "\n" * bool(slips.height)
            (folder / f"{name}.{language}.txt").write_text(text, encoding="utf-8")
    (folder / PAPER).write_text(render(facts, locale), encoding="utf-8", errors="replace")
    write_feeds(facts, folder, sequence=sequence, kinds=("volunteers",))
    (folder / "volunteers").rename(folder / CALENDARS)
