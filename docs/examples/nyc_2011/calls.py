"""The city's calls for volunteers: read, cleaned, and each given its hour in the week."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import polars as pl
from draws import Draws, choose

MONDAY = date(2011, 5, 16)
SUNDAY = MONDAY + timedelta(days=6)
DAYS = pl.DataFrame({"day": pl.date_range(MONDAY, SUNDAY, eager=True)})

SLIP_KM = 3.0  # a call further than this from the middle of its postcode is badly geocoded
KM_PER_LAT, KM_PER_LON = 111.2, 84.3  # kilometres in a degree, at the latitude of New York

# County codes, whose first two digits are the state's, and the census of April 2010.
BOROUGHS = pl.DataFrame(
    [
        ("Bronx", "36005", 1_385_108, ["104"]),
        ("Brooklyn", "36047", 2_504_700, ["112"]),
        ("Manhattan", "36061", 1_585_873, ["100", "101", "102"]),
        ("Queens", "36081", 2_230_722, ["110", "111", "113", "114", "116"]),
        ("Staten Island", "36085", 468_730, ["103"]),
    ],
    schema=["borough", "region", "people", "postcodes"],
    orient="row",
)

# Three times of day, at least an hour apart: two services coincide or leave time to travel.
# The window is what a volunteer who is free then offers.
SLOTS = pl.DataFrame(
    [
        ("morning", "09:00", "12:00", "08:30", "12:30"),
        ("afternoon", "13:00", "16:00", "12:30", "16:30"),
        ("evening", "18:00", "20:00", "17:30", "20:30"),
    ],
    schema=["slot", "start_time", "end_time", "window_start", "window_end"],
    orient="row",
)
NOON, EVENING = 12, 17  # the hours from which a service is an afternoon's, an evening's

# How often a call of a category is served on a day and at a time, where it does not say so.
HABITS = pl.DataFrame(
    [
        # each day from Monday to Friday, Saturday, Sunday; morning, afternoon, evening
        ("Education", 3, 1, 1, 1, 5, 4),
        ("Emergency Preparedness", 2, 3, 1, 2, 2, 6),
        ("Environment", 1, 5, 3, 6, 4, 1),
        ("Health", 2, 2, 1, 4, 2, 4),
        ("Helping Neighbors in Need", 2, 2, 1, 4, 4, 2),
        ("Strengthening Communities", 2, 3, 2, 3, 4, 3),
        (None, 2, 2, 2, 3, 4, 3),
    ],
    schema=["category", "weekday", "saturday", "sunday", "morning", "afternoon", "evening"],
    orient="row",
)


def read_calls(source: Path) -> pl.DataFrame:
    """Read the city's file: one row a call, text trimmed, dates and coordinates parsed."""

    def day(column: str) -> pl.Expr:
        return pl.col(column).str.to_date("%B %d %Y")

    def text(column: str) -> pl.Expr:
        return pl.col(column).str.replace_all(r"\s+", " ").str.strip_chars()

    point = pl.col("locality").str.extract_groups(r"\((?<lat>-?[\d.]+), (?<lon>-?[\d.]+)\)\s*$")
    postcode = pl.coalesce(
        pl.col("postalcode").str.extract(r"^(\d{4,5})\b").str.zfill(5),
        pl.col("locality").str.extract(r"\bNY (\d{5})\b"),
    )
    boroughs = BOROUGHS.select("borough", "region", prefix="postcodes").explode("prefix")
    return (
        pl.read_csv(source, infer_schema=False)
        .select(
            call=pl.col("opportunity_id").cast(pl.Int64),
            title=text("title"),
            summary=text("summary"),
            seats=pl.col("vol_requests").cast(pl.Int64),
            category=text("category_desc"),
            flagged=pl.col("is_priority").eq_missing("y"),
            organisation_id=pl.format("org-{}", "org_content_id"),
            organisation=text("org_title"),
            onetime=pl.col("recurrence_type") == "onetime",
            first_day=day("start_date_date"),
            last_day=day("end_date_date"),
            postcode=postcode,
            prefix=postcode.str.head(3),
            lat=point.struct.field("lat").cast(pl.Float64),
            lon=point.struct.field("lon").cast(pl.Float64),
        )
        .join(boroughs, on="prefix", how="left")
        .with_columns(
            station_id=pl.when(pl.col("region").is_not_null()).then(pl.format("zip-{}", "postcode"))
        )
        .sort("call")
    )


def drop_slips(calls: pl.DataFrame) -> pl.DataFrame:
    """Forget the coordinates that lie far from the middle of their postcode."""
    north = (pl.col("lat") - pl.col("lat").median().over("postcode")) * KM_PER_LAT
    east = (pl.col("lon") - pl.col("lon").median().over("postcode")) * KM_PER_LON
    slip = ((north**2 + east**2) > SLIP_KM**2).fill_null(False)
    return calls.with_columns(
        slip=slip,
        lat=pl.when(~slip).then(pl.col("lat").round(5)),
        lon=pl.when(~slip).then(pl.col("lon").round(5)),
    )


def of_the_week(calls: pl.DataFrame) -> pl.DataFrame:
    """Keep the calls whose dates, first to last, touch the week."""
    return calls.filter(pl.col("first_day") <= SUNDAY, pl.col("last_day") >= MONDAY)


def drop_repeats(calls: pl.DataFrame) -> pl.DataFrame:
    """Keep the first of the calls that differ in nothing but number and category."""
    same = ["title", "summary", "organisation_id", "postcode", "first_day", "last_day", "seats"]
    return calls.sort("call").unique(same, keep="first", maintain_order=True)


def draw_days(calls: pl.DataFrame, draw: Draws) -> pl.DataFrame:
    """Give every call the day of its service: within its dates, on a weekday that it names."""
    weekday = pl.col("day").dt.to_string("%A").str.to_lowercase()
    habit = (
        pl.when(weekday == "sunday")
        .then("sunday")
        .when(weekday == "saturday")
        .then("saturday")
        .otherwise("weekday")
    )
    options = (
        calls.with_columns(named=named_weekdays(pl.concat_str("title", "summary", separator=" ")))
        .join(DAYS, how="cross")
        .filter(pl.col("day").is_between("first_day", "last_day"))
        .with_columns(day_named=pl.col("named").list.contains(weekday.str.head(3)))
        .filter(pl.col("day_named") | ~pl.col("day_named").any().over("call"))
        .join(HABITS, on="category", how="left", nulls_equal=True)
        .with_columns(weight=habit)
        .select(*calls.columns, "day", "day_named", "weight")
    )
    return choose(options, "call", "day", draw(pl.col("call"), "day"))


def draw_slots(calls: pl.DataFrame, draw: Draws) -> pl.DataFrame:
    """Give every call the time of its service: one that it names, or one usual in its category."""
    usual = HABITS.unpivot(SLOTS["slot"].to_list(), index="category", variable_name="slot")
    rare = (pl.col("slot") == "evening") & (pl.col("day").dt.weekday() > 5)
    named = pl.col("slot_named")
    options = (
        calls.with_columns(named=named_slots(pl.concat_str("title", "summary", separator=" ")))
        .join(usual, on="category", how="left", nulls_equal=True)
        .with_columns(slot_named=pl.col("named").list.contains(pl.col("slot")))
        .filter(named | ~named.any().over("call"))
        .with_columns(weight=pl.when(rare & ~named).then(0).otherwise("value"))
        .select(*calls.columns, "slot", "slot_named", "weight")
    )
    return choose(options, "call", "slot", draw(pl.col("call"), "slot")).join(SLOTS, on="slot")


def named_weekdays(text: pl.Expr) -> pl.Expr:
    """Return the weekdays that a text names, each by its first three letters."""
    names = r"\b(?:(?:mon|tues|wednes|thurs|fri|satur|sun)days?|weds?)\b"
    return text.str.to_lowercase().str.extract_all(names).list.eval(pl.element().str.head(3))


def named_slots(text: pl.Expr) -> pl.Expr:
    """Return the times of day that a text names: that of its first "3:30-6:30PM", or in words."""
    lower = text.str.to_lowercase()
    clock = (
        r"(?<hour>\d{1,2})(?::\d\d)? ?(?<half>[ap]m)? ?(?:-|to) ?\d{1,2}(?::\d\d)? ?(?<end>[ap]m)"
    )
    found = lower.str.extract_groups(clock)
    half = pl.coalesce(found.struct.field("half"), found.struct.field("end"))
    hour = found.struct.field("hour").cast(pl.Int64) % 12 + 12 * (half == "pm").cast(pl.Int64)
    by_clock = (
        pl.when(hour < NOON)
        .then(pl.lit("morning"))
        .when(hour < EVENING)
        .then(pl.lit("afternoon"))
        .otherwise(pl.lit("evening"))
    )
    by_word = lower.str.replace_all("overnight", "evening").str.extract_all(
        r"\b(?:morning|afternoon|evening)"
    )
    return pl.when(hour.is_null()).then(by_word).otherwise(pl.concat_list(by_clock))
