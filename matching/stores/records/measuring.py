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
from matching.stores.records.beside import rows_of
from matching.stores.records.crediting import Credited
from matching.stores.records.sources import RecordSource


def period_of(
    credited: Credited, since: date | None, until: date | None, region_digits: int
) -> Period:
    """Return the days that are asked for, or else the year of the last record, so far as it is."""
    last = credited.last_day or credited.today
    until = until or min(date(last.year, 12, 31), credited.today)
    since = since or date(until.year, 1, 1)
    return Period(since, until, credited.time_zone, region_digits)


def measured(
    credited: Credited, source: RecordSource, policy: RecordPolicy, period: Period
) -> tuple[pl.DataFrame, list[str]]:
    """Return the indicators, and the tables that were not there.

    Parameters
    ----------
    credited : Credited
    source : sources.RecordSource
        Where volunteers, stations, requests and events are, as far as they are.
    policy : RecordPolicy
        The goals.
    period : indicators.Period
    """
    zone, missing = credited.time_zone, []
    places = _whole(source, "stations", Places, zone)
    regions = None if places is None else places.select("station_id", "region")
    members = _whole(source, "volunteers", Members, zone)
    if members is None:
        missing.append("volunteers")
    elif regions is None:
        missing.append("stations")
        members = members.with_columns(region=pl.lit(None, pl.String))
    else:
        members = members.join(regions, on="station_id", how="left")
    figures, teams, served = folded(credited.parts(), members, period)
    asked = None
    response = response_times(rows_of(source, "events", Events, zone))
    found = []
    for rows in rows_of(source, "requests", Orders, zone):
        placed = rows.with_columns(region=pl.lit(None, pl.String))
        placed = placed if regions is None else rows.join(regions, on="station_id", how="left")
        found.append(ordered(placed, served, response, period))
    if found:
        asked = orders(found)
    else:
        missing.append("requests")
    if response.is_empty():
        missing.append("events")
    whole = None if members is None else registered(members, period)
    return indicators(figures, teams, whole, asked, period, policy), missing


def _whole(source: RecordSource, name: str, schema: type, time_zone: str) -> pl.DataFrame | None:
    found = [rows.drop("row") for rows in rows_of(source, name, schema, time_zone)]
    return pl.concat(found) if found else None
