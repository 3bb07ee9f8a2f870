"""The tables of what was served: records, reviews of them, and the projects they belong to."""

from __future__ import annotations

import dataframely as dy
import polars as pl

from matching.schema import _choice, _count, _id, _rule, _text, _time

STATUSES = ("done", "forced_out", "no_show", "cancelled")
MARKS = ("punctuality", "attitude", "professionalism")


class Records(dy.Schema):
    """What somebody served, or did not: one row for one person at one service."""

    record_id = _id("opaque id; a row that stands twice counts once", required=True)
    volunteer_id = _id("who served", required=True)
    request_id = _id("what was served: the project, where it has a row")
    post = _id("as what")
    start = _time("when the service began for this person")
    end = _time("when it ended, not included")
    status = _choice("how it ended", STATUSES, required=True)
    entered_at = _time("when the record was entered")
    organisation_id = _id("the organisation that was in charge")
    person_in_charge = _id("who was in charge of it there")
    category = _id("category of service")
    region = _id("region code; its prefixes are the regions above it")


class Projects(dy.Schema):
    """When the services of a project may be: `projects`, or else `requests`, is read as this."""

    request_id = _id("opaque id", key=True)
    name = _text("shown to people")
    category = _id("category of service")
    station_id = _id("where")
    start = _time("when the project begins: records may be from that day on")
    end = _time("when it ends, not included: records may be up to its last day")
    across_days = dy.Bool(
        nullable=True,
        description="whether one service may pass midnight",
        metadata={"default": "whether start and end are within 24 hours and of two days"},
    )
    end_after_start = _rule(pl.col("end") > pl.col("start"))


class Reviews(dy.Schema):
    """What was said of how somebody served."""

    volunteer_id = _id("of whom", required=True)
    request_id = _id("of which service")
    category = _id("category of service")
    at = _time("when it was said")
    punctuality = _count("5 is best", low=1, high=5)
    attitude = _count("5 is best", low=1, high=5)
    professionalism = _count("5 is best", low=1, high=5)
    has_a_mark = _rule(pl.any_horizontal(pl.col(MARKS).is_not_null()))


class Places(dy.Schema):
    """Of the table `stations`, what records ask."""

    station_id = _id("opaque id", key=True)
    name = _text("shown to people")
    region = _id("region code; its prefixes are the regions above it")


class Orders(dy.Schema):
    """Of the table `requests`, what indicators ask."""

    request_id = _id("opaque id", key=True)
    category = _id("category of service")
    organisation_id = _id("only its volunteers may serve")
    station_id = _id("where")
    start = _time("start of the service")


class Teams(dy.Schema):
    """Of the table `organisations`, what records ask."""

    organisation_id = _id("opaque id", key=True)
    name = _text("shown to people")


class Members(dy.Schema):
    """Of the table `volunteers`, what records ask."""

    volunteer_id = _id("opaque id", key=True)
    organisation_id = _id("the organisation the volunteer belongs to")
    station_id = _id("where registered")


RECORD_TABLES: dict[str, type[dy.Schema]] = {
    "records": Records,
    "projects": Projects,
    "reviews": Reviews,
}
