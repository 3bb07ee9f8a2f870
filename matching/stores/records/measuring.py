"""Indicators of credited records, with the tables beside them that are there."""

from __future__ import annotations

from datetime import date

import polars as pl

from matching.orders.tables import Events
from matching.records.indicators import (
    Period,
    folded,
    indicators,
    ordered,
    orders,
    registered,
    response_times,
)
from matching.records.policy import RecordPolicy
from matching.records.tables import Members, Orders, Places
from matching.stores.records.beside import rows_of, whole
from matching.stores.records.crediting import Credited
from matching.stores.records.faulty import check_unique
from matching.stores.records.sources import RecordSource
from matching.tables.cleaning import OnError


def period_of(
    credited: Credited, since: date | None, until: date | None, region_digits: int
) -> Period:
    """Return the days that are asked for, or else the year of the last record, so far as it is."""
    last = credited.last_day or credited.today
    until = until or min(date(last.year, 12, 31), credited.today)
    since = since or date(until.year, 1, 1)
    return Period(since, until, credited.time_zone, region_digits)


def measured(
    credited: Credited,
    source: RecordSource,
    policy: RecordPolicy,
    period: Period,
    on_error: OnError = "raise",
) -> tuple[pl.DataFrame, list[str], list[str]]:
    """Return the indicators, the tables that were not there, and whom no group has.

    Parameters
    ----------
    credited : Credited
    source : sources.RecordSource
        Where volunteers, stations, requests and events are, as far as they are.
    policy : RecordPolicy
        The goals.
    period : indicators.Period
    on_error : {"raise", "quarantine"}
    """
    zone, missing = credited.time_zone, []
    places = whole(source, "stations", Places, zone, on_error)
    regions = None if places is None else places.select("station_id", "region")
    members = whole(source, "volunteers", Members, zone, on_error)
    if members is None:
        missing.append("volunteers")
    elif regions is None:
        missing.append("stations")
        members = members.with_columns(region=pl.lit(None, pl.String))
    else:
        members = members.join(regions, on="station_id", how="left")
    figures, teams, served = folded(credited.parts(), members, period)
    asked = None
    response = response_times(rows_of(source, "events", Events, zone, on_error))
    found, ids = [], []
    for rows in rows_of(source, "requests", Orders, zone, on_error):
        placed = rows.with_columns(region=pl.lit(None, pl.String))
        placed = placed if regions is None else rows.join(regions, on="station_id", how="left")
        found.append(ordered(placed, served, response, period))
        ids.append(rows.select("request_id", "row"))
    if found:
        check_unique("requests", pl.concat(ids), "request_id")
        asked = orders(found)
    else:
        missing.append("requests")
    if response.is_empty():
        missing.append("events")
    everybody = None if members is None else registered(members, period)
    found_all = indicators(figures, teams, everybody, asked, period, policy)
    return found_all, missing, _notes(members, figures, regions is not None)


def _notes(members: pl.DataFrame | None, figures: pl.DataFrame, with_regions: bool) -> list[str]:
    """Say of how many volunteers figures are in the totals and in no region or organisation."""
    if members is None:
        return []
    whole = figures.filter(pl.col("by") == "all")
    strangers = int(whole.select(pl.sum("served") - pl.sum("own_served")).item())
    counts = {
        "volunteers with hours have no row in volunteers": strangers,
        "registered volunteers have no organisation": members["organisation_id"].null_count(),
        "registered volunteers have no region": (
            members["region"].null_count() if with_regions else 0
        ),
    }
    return [
        f"{count:,} {text}: they count in the totals, and in none of these groups"
        for text, count in counts.items()
        if count
    ]
