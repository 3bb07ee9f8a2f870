"""The tables of demand: the calls of the week as requests, posts, organisations, stations."""

from __future__ import annotations

import polars as pl

MAX_SEATS = 100  # in one service; some calls count their whole year, or write 9999 for "any"
PRIORITY, PRIORITY_FLAGGED = 3, 4

# What a post asks for, by words of the title. `age55` is the calls' own rule, the others are made.
ASKED_BY_TITLE = {
    "adult": r"(?i)\b(mentor|child|youth|kids|middle school|high school|counsel|overnight|driver)",
    "age55": r"55\+",
    "lang:es": r"Spanish|Client|Health Advocates|Foreclosure|Foster Care",
    "skill:tutoring": r"(?i)\b(tutor|ged|esl|homework)",
}
# Events where one seat is the first aider's, if there are enough of them: made as well.
EVENT = r"(?i)\bwalks?\b|clean up|fest\b|\bevent$|events assistant|benefit|\bfarm\b|my park|race\b"
EVENT_SEATS = 10
# An address, a link or a telephone number: a title that has one is left out.
CONTACT = r"(?i)\S@\S|https?:|www\.|\d{3}\D{0,2}\d{3}[-. ]\d{4}"

REQUEST = pl.format("nyc-{}", "call").alias("request_id")


def requests_table(served: pl.DataFrame) -> pl.DataFrame:
    """Return one request a call: its name, place, time and priority, and nobody to contact."""

    def at(time: str) -> pl.Expr:
        return pl.format("{}T{}", pl.col("day").dt.to_string("%Y-%m-%d"), time)

    return served.select(
        REQUEST,
        name=pl.when(~has_contact()).then("title"),
        category="category",
        station_id="station_id",
        beneficiary_id="organisation_id",
        lat="lat",
        lon="lon",
        start=at("start_time"),
        end=at("end_time"),
        priority=pl.when("flagged").then(PRIORITY_FLAGGED).otherwise(PRIORITY),
    ).sort("request_id")


def has_contact() -> pl.Expr:
    """Tell which titles say how to reach somebody."""
    return pl.col("title").str.contains(CONTACT)


def posts_table(served: pl.DataFrame) -> pl.DataFrame:
    """Return the seats of every request; an event's first aider has one of them."""
    event = pl.col("title").str.contains(EVENT) & (pl.col("seats") >= EVENT_SEATS)
    seats = pl.col("seats").clip(upper_bound=MAX_SEATS) - event.cast(pl.Int64)
    helpers = served.select(REQUEST, post=pl.lit("volunteer"), seats=seats)
    aiders = served.filter(event).select(
        REQUEST, post=pl.lit("first_aider"), seats=pl.lit(1, pl.Int64)
    )
    return pl.concat([helpers, aiders]).sort("request_id", "post")


def post_qualifications_table(served: pl.DataFrame, posts: pl.DataFrame) -> pl.DataFrame:
    """Return what the posts ask for."""
    asked = [
        served.filter(pl.col("title").str.contains(words)).select(
            REQUEST, post=pl.lit("volunteer"), qualification=pl.lit(qualification)
        )
        for qualification, words in ASKED_BY_TITLE.items()
    ]
    aiders = posts.filter(pl.col("post") == "first_aider").select(
        "request_id", "post", qualification=pl.lit("first_aid")
    )
    return pl.concat([*asked, aiders]).sort("request_id", "post", "qualification")


def organisations_table(served: pl.DataFrame) -> pl.DataFrame:
    """Return the organisations that call, by the names they have published."""
    return (
        served.sort("call")
        .unique("organisation_id", keep="first", maintain_order=True)
        .select("organisation_id", name="organisation")
        .sort("organisation_id")
    )


def stations_table(calls: pl.DataFrame, in_use: pl.Series) -> pl.DataFrame:
    """Return the postcodes in use, each placed in the middle of all the calls located in it."""
    return (
        calls.filter(pl.col("station_id").is_in(in_use.unique().to_list()))
        .group_by("station_id")
        .agg(
            name=pl.format("{} {}", pl.col("borough").first(), pl.col("postcode").first()),
            lat=pl.col("lat").median().round(5),
            lon=pl.col("lon").median().round(5),
            region=pl.col("region").first(),
        )
        .sort("station_id")
    )
