"""Certificates of service: what somebody served, as data that can be signed and printed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

import polars as pl

from matching.tables.cells import to_local

KIND = "certificate of volunteer service"
ROWS: dict[str, Any] = {
    "volunteer_id": pl.String,
    "record_id": pl.String,
    "what": pl.String,
    "category": pl.String,
    "post": pl.String,
    "place": pl.String,
    "start": pl.Datetime("us"),
    "end": pl.Datetime("us"),
    "minutes": pl.Int64,
    "organisation": pl.String,
    "person_in_charge": pl.String,
}


def certified(
    part: pl.DataFrame,
    volunteers: pl.Series | None,
    since: date | None,
    until: date | None,
    time_zone: str,
) -> pl.DataFrame:
    """Return the records that certificates list: those that count, of some people and days.

    Parameters
    ----------
    part : polars.DataFrame
        As `hours.credited` returns it.
    volunteers : polars.Series or None
        Ids; everybody, if None.
    since, until : datetime.date or None
        First and last local day on which a record starts.
    time_zone : str

    Returns
    -------
    polars.DataFrame
        As `ROWS`, times local; ``what`` is the request, ``place`` the region and ``organisation``
        the id, until names are known: see `named`.
    """
    rows = part.filter(pl.col("code").is_null())
    if volunteers is not None:
        rows = rows.filter(pl.col("volunteer_id").is_in(volunteers.implode()))
    rows = rows.with_columns(to_local(pl.col("start", "end"), time_zone))
    day = pl.col("start").dt.date()
    every = pl.lit(True)
    rows = rows.filter(day >= since if since else every, day <= until if until else every)
    rows = rows.with_columns(
        what="request_id", place="region", organisation="organisation_id", minutes="credited"
    )
    return rows.select(list(ROWS))


def named(
    rows: pl.DataFrame, projects: pl.DataFrame, stations: pl.DataFrame, teams: pl.DataFrame
) -> pl.DataFrame:
    """Return the rows with what projects, places and organisations are called, where that is said.

    Parameters
    ----------
    rows : polars.DataFrame
        As `certified` returns them.
    projects : polars.DataFrame
        ``request_id``, ``name``, ``category``, ``station_id``.
    stations, teams : polars.DataFrame
        ``station_id`` and ``organisation_id``, and ``name``.
    """
    places = stations.select("station_id", station="name")
    theirs = projects.join(places, on="station_id", how="left").select(
        what="request_id",
        _name="name",
        _category="category",
        _place=pl.coalesce("station", "station_id"),
    )
    rows = rows.join(theirs, on="what", how="left", maintain_order="left")
    called = teams.select(organisation="organisation_id", _team="name")
    rows = rows.join(called, on="organisation", how="left", maintain_order="left")
    return rows.select(
        "volunteer_id",
        "record_id",
        pl.coalesce("_name", "what").alias("what"),
        pl.coalesce("category", "_category").alias("category"),
        "post",
        pl.coalesce("_place", "place").alias("place"),
        *("start", "end", "minutes"),
        pl.coalesce("_team", "organisation").alias("organisation"),
        "person_in_charge",
    ).sort("volunteer_id", "start", "record_id")


def documents(
    rows: pl.DataFrame, issuer: str, issued_on: date, names: Mapping[str, str]
) -> Iterator[dict[str, Any]]:
    """Give a certificate for each volunteer of the rows, of texts and whole numbers alone.

    Parameters
    ----------
    rows : polars.DataFrame
        As `named` returns them.
    issuer : str
    issued_on : datetime.date
    names : Mapping
        What people are called, by id; who is not in it has no name.
    """
    listed = rows.with_columns(
        pl.col("start", "end").dt.strftime("%Y-%m-%dT%H:%M"), hours=_hours(pl.col("minutes"))
    )
    for (volunteer,), some in listed.group_by("volunteer_id", maintain_order=True):
        minutes = int(some["minutes"].sum())
        person = {"name": names[str(volunteer)]} if str(volunteer) in names else {}
        yield {
            "kind": KIND,
            "format": 1,
            "issuer": issuer,
            "issued_on": issued_on.isoformat(),
            "volunteer_id": str(volunteer),
            **person,
            "from": str(some["start"].min())[:10],
            "until": str(some["start"].max())[:10],
            "minutes": minutes,
            "hours": pl.select(_hours(pl.lit(minutes))).item(),
            "records": [
                {key: cell for key, cell in row.items() if cell is not None}
                for row in some.drop("volunteer_id").iter_rows(named=True)
            ],
        }


def _hours(minutes: pl.Expr) -> pl.Expr:
    """Write hours with two decimals."""
    hundredths = ((minutes * 100 + 30) // 60).cast(pl.Int64)
    rest = (hundredths % 100).cast(pl.String).str.zfill(2)
    return pl.format("{}.{}", hundredths // 100, rest)
