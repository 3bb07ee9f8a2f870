"""The tables of supply: a roster of volunteers, all of it made."""

from __future__ import annotations

import polars as pl
from calls import BOROUGHS, DAYS, HABITS, KM_PER_LAT, KM_PER_LON, MONDAY, SLOTS
from draws import Draws, pick

SIZE = 1200
JITTER_KM = 3  # at most, either way, from the place of a call to the home of a volunteer
BOX = {"lat": (40.48, 40.92), "lon": (-74.26, -73.70)}  # the five boroughs lie in it

# The kinds of volunteers, and how likely they are free in the morning, afternoon and evening of a
# day from Monday to Friday, and of a day of the weekend.
KINDS = pl.DataFrame(
    [
        ("student", 0.15, [0.05, 0.30, 0.30], [0.40, 0.45, 0.12]),
        ("worker", 0.65, [0.06, 0.06, 0.35], [0.40, 0.40, 0.12]),
        ("retired", 0.20, [0.45, 0.45, 0.10], [0.20, 0.20, 0.03]),
    ],
    schema=["kind", "share", "free_weekday", "free_weekend"],
    orient="row",
)

TRAVEL_KM = (3, 10)
SHIFTS = pl.DataFrame({"shifts": [1, 2, 3], "share": [0.40, 0.40, 0.20]})
LIKINGS = pl.DataFrame({"preference": [-1, 0, 1, 2], "share": [0.1, 0.6, 0.2, 0.1]})
MOODS = pl.DataFrame({"mood": ["likes", "never", "open"], "share": [0.20, 0.04, 0.76]})

MINORS = 0.40  # of the students
SPEAK_SPANISH = 0.22
TUTOR_STUDENT, TUTOR = 0.30, 0.12
FIRST_AID = 0.12
CERTIFICATE_DAYS = 730  # how long first aid is valid; up to 90 of them are over by now
BY_THE_WEEK = 0.30  # say when they are free by weekday, the others by date
KNOW_SOMEBODY = 0.08  # would like to help an organisation again
KNOWN_WEIGHT = 60

NUMBER = pl.col("number")


def draw_roster(calls: pl.DataFrame, draw: Draws) -> pl.DataFrame:
    """Return volunteers who live around the calls' places, by the population of the boroughs."""
    places = (
        calls.drop_nulls(["lat", "lon", "borough"])
        .unique(["lat", "lon"], keep="first", maintain_order=True)
        .sort("borough", "lat", "lon")
        .select("borough", "station_id", "lat", "lon")
        .with_columns(place=pl.int_range(pl.len()).over("borough"))
    )
    return (
        pl.DataFrame({"number": range(1, SIZE + 1)})
        .with_columns(
            volunteer_id=pl.format("v-{}", NUMBER.cast(pl.String).str.zfill(4)),
            borough=pick(BOROUGHS["borough"], BOROUGHS["people"], draw(NUMBER, "borough")),
            kind=pick(KINDS["kind"], KINDS["share"], draw(NUMBER, "kind")),
        )
        .join(places.group_by("borough").agg(places=pl.len()), on="borough", how="left")
        .with_columns(place=draw.index(NUMBER, "place", pl.col("places")))
        .join(places, on=["borough", "place"], how="left")
        .with_columns(home("lat", KM_PER_LAT, draw), home("lon", KM_PER_LON, draw))
        .sort("number")
    )


def home(column: str, km_per_degree: float, draw: Draws) -> pl.Expr:
    """Return a coordinate moved a little, small moves being likelier, and kept in the city."""
    move = draw(NUMBER, f"{column} one") + draw(NUMBER, f"{column} two") - 1
    return (pl.col(column) + move * JITTER_KM / km_per_degree).clip(*BOX[column]).round(4)


def volunteers_table(roster: pl.DataFrame, draw: Draws) -> pl.DataFrame:
    """Return the volunteers: where they live, how far they go, how often in the week."""
    nearest, furthest = TRAVEL_KM
    return roster.select(
        "volunteer_id",
        "station_id",
        "lat",
        "lon",
        travel_km=nearest + draw.index(NUMBER, "travel", furthest - nearest + 1),
        max_shifts=pick(SHIFTS["shifts"], SHIFTS["share"], draw(NUMBER, "shifts")),
    )


def qualifications_table(roster: pl.DataFrame, draw: Draws) -> pl.DataFrame:
    """Return what volunteers can show; some certificates of first aid have run out."""
    student = pl.col("kind") == "student"
    holders = {
        "adult": ~student | (draw(NUMBER, "adult") >= MINORS),
        "age55": pl.col("kind") == "retired",
        "first_aid": draw(NUMBER, "first aid") < FIRST_AID,
        "lang:es": draw(NUMBER, "Spanish") < SPEAK_SPANISH,
        "skill:tutoring": draw(NUMBER, "tutor")
        < pl.when(student).then(TUTOR_STUDENT).otherwise(TUTOR),
    }
    days_left = draw.index(NUMBER, "days left", CERTIFICATE_DAYS) - 90
    until = pl.lit(MONDAY).dt.offset_by(pl.format("{}d", days_left)).dt.to_string("%Y-%m-%d")
    return (
        pl.concat(
            roster.filter(holds).select("volunteer_id", "number", qualification=pl.lit(name))
            for name, holds in holders.items()
        )
        .with_columns(until=until)
        .sort("volunteer_id", "qualification")
        .select(
            "volunteer_id",
            "qualification",
            valid_until=pl.when(pl.col("qualification") == "first_aid").then("until"),
        )
    )


def availability_table(roster: pl.DataFrame, draw: Draws) -> pl.DataFrame:
    """Return when volunteers are free, by the weekday or by the date."""
    cell = NUMBER * 32 + pl.col("weekday") * 4 + pl.col("slot_index")
    weekend = pl.col("weekday") > 5
    chances = pl.when(weekend).then("free_weekend").otherwise("free_weekday")
    by_week = pl.col("by_week")

    def at(time: str) -> pl.Expr:
        return pl.format("{}T{}", pl.col("day").dt.to_string("%Y-%m-%d"), time)

    return (
        roster.with_columns(by_week=draw(NUMBER, "by week") < BY_THE_WEEK)
        .join(KINDS, on="kind")
        .join(DAYS.with_columns(weekday=pl.col("day").dt.weekday().cast(pl.Int64)), how="cross")
        .join(SLOTS.with_row_index("slot_index"), how="cross")
        .with_columns(
            free=draw(cell, "free") < chances.list.get(pl.col("slot_index")),
            preference=pick(LIKINGS["preference"], LIKINGS["share"], draw(cell, "preference")),
        )
        .filter("free")
        .sort("number", "weekday", "slot_index")
        .select(
            "volunteer_id",
            start=pl.when(~by_week).then(at("window_start")),
            end=pl.when(~by_week).then(at("window_end")),
            weekday=pl.when(by_week).then("weekday"),
            start_time=pl.when(by_week).then("window_start"),
            end_time=pl.when(by_week).then("window_end"),
            preference="preference",
        )
    )


def preferences_table(
    roster: pl.DataFrame, organisations: pl.DataFrame, draw: Draws
) -> pl.DataFrame:
    """Return the categories that volunteers like or never serve, and whom they know."""
    categories = HABITS.drop_nulls("category").with_row_index("index")
    cell = NUMBER * 8 + pl.col("index")
    columns = ["volunteer_id", "subject", "value", "weight", "never"]
    likes = pl.col("mood") == "likes"
    moods = (
        roster.join(categories, how="cross")
        .with_columns(
            mood=pick(MOODS["mood"], MOODS["share"], draw(cell, "mood")),
            liking=20 + 10 * draw.index(cell, "liking", 4),
        )
        .filter(pl.col("mood") != "open")
        .with_columns(
            subject=pl.lit("category"),
            value="category",
            weight=pl.when(likes).then("liking"),
            never=pl.when(~likes).then(True),
        )
    )
    known = (
        roster.with_columns(
            knows=draw(NUMBER, "knows") < KNOW_SOMEBODY,
            index=draw.index(NUMBER, "whom", organisations.height),
        )
        .filter("knows")
        .join(organisations.with_columns(index=pl.int_range(pl.len())), on="index")
        .with_columns(
            subject=pl.lit("beneficiary"),
            value="organisation_id",
            weight=pl.lit(KNOWN_WEIGHT, pl.Int64),
            never=pl.lit(None, pl.Boolean),
        )
    )
    return pl.concat([moods.select(columns), known.select(columns)]).sort(columns[:3])
