"""A sheet of paper per station: who comes when, with a place to sign."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import polars as pl

from matching.reports.facts import Facts
from matching.reports.templates import environment


def render(facts: Facts) -> str:
    """Return the sheets as one page of HTML, each station on paper of its own."""
    template = environment("matching.reports.slips").get_template("paper.html")
    return template.render(
        facts=facts, last_day=facts.week + timedelta(days=6), stations=_stations(facts)
    )


def _stations(facts: Facts) -> list[dict[str, Any]]:
    """Return the stations with their days, the days with their services, and those with people.

    Posts with empty seats are rows of a service too, under no volunteer.
    """
    columns = ["station_id", "station", "day", "start", "end", "request_id", "service", "post"]
    seats = pl.concat(
        [
            facts.roster.select(*columns, "volunteer_id", "lead", empty=pl.lit(0, pl.Int64)),
            facts.unfilled.select(
                *columns,
                pl.lit(None, pl.String).alias("volunteer_id"),
                pl.lit(False).alias("lead"),
                pl.col("empty").cast(pl.Int64),
            ),
        ]
    ).drop_nulls("station_id")
    seats = seats.sort(
        *("station", "station_id", "day", "start", "service", "request_id", "empty"),
        *("post", "volunteer_id"),
        nulls_last=True,
    )
    services = seats.group_by(columns[:7], maintain_order=True).agg(
        people=pl.struct("post", "volunteer_id", "lead", "empty")
    )
    days = services.group_by(columns[:3], maintain_order=True).agg(
        services=pl.struct("start", "end", "request_id", "service", "people")
    )
    stations = days.group_by(columns[:2], maintain_order=True).agg(
        days=pl.struct("day", "services")
    )
    return stations.to_dicts()
