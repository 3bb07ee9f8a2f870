"""A sheet of paper per station: who comes when, with a place to sign."""

from __future__ import annotations

import tomllib
from datetime import timedelta
from importlib.resources import files
from typing import Any

import polars as pl

from matching.reports.contacts import people
from matching.reports.facts import Facts
from matching.reports.locales import Locale
from matching.reports.templates import environment
from matching.schema import DEFAULT_POST

# Lines for those who come without being planned, on each day.
WALK_INS = 3


def render(facts: Facts, locale: Locale | None = None) -> str:
    """Return the sheets as one page of HTML, each station on paper of its own."""
    locale = locale or Locale()
    every = tomllib.loads(files(__package__).joinpath("paper.toml").read_text(encoding="utf-8"))
    posts = pl.concat([facts.roster["post"], facts.unfilled["post"]])
    has_posts = (posts != DEFAULT_POST).any()
    has_phones = facts.contacts is not None and facts.contacts["phone"].count() > 0
    return (
        environment("matching.reports.slips")
        .get_template("paper.html")
        .render(
            facts=facts,
            locale=locale,
            texts=every[locale.language],
            last_day=facts.week + timedelta(days=6),
            stations=_stations(facts),
            has_posts=has_posts,
            has_phones=has_phones,
            columns=5 + has_posts + has_phones,
            walk_ins=WALK_INS,
        )
    )


def _stations(facts: Facts) -> list[dict[str, Any]]:
    """Return the stations with their days, the days with their services, and those with people.

    Posts with empty seats are rows of a service too, under no volunteer. Services without a
    station are on a sheet of their own, under none.
    """
    columns = ["station_id", "station", "day", "start", "end", "request_id", "service", "post"]
    seats = pl.concat(
        [
            facts.by_meeting(facts.roster).select(
                *columns, "volunteer_id", "lead", empty=pl.lit(0, pl.Int64)
            ),
            facts.by_meeting(facts.unfilled).select(
                *columns,
                pl.lit(None, pl.String).alias("volunteer_id"),
                pl.lit(False).alias("lead"),
                pl.col("empty").cast(pl.Int64),
            ),
        ]
    )
    seats = seats.with_columns(
        shown=people(seats["volunteer_id"], facts.contacts), phone=pl.lit(None, pl.String)
    )
    if facts.contacts is not None:
        phones = facts.contacts.select("volunteer_id", "phone")
        seats = seats.drop("phone").join(phones, on="volunteer_id", how="left")
    seats = seats.sort(
        *("station", "station_id", "day", "start", "service", "request_id", "empty"),
        *("post", "volunteer_id"),
        nulls_last=True,
    )
    services = seats.group_by(columns[:7], maintain_order=True).agg(
        people=pl.struct("post", "volunteer_id", "shown", "phone", "lead", "empty")
    )
    days = services.group_by(columns[:3], maintain_order=True).agg(
        services=pl.struct("start", "end", "request_id", "service", "people")
    )
    stations = days.group_by(columns[:2], maintain_order=True).agg(
        days=pl.struct("day", "services")
    )
    return stations.to_dicts()
