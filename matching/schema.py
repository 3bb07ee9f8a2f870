"""Every table and column, once: type, unit, range, default. The contract with every store.

A column's ``metadata`` holds its ``unit`` and ``default``; the reference page of the tables and
every error message are made from what stands here.
"""

from __future__ import annotations

from typing import Any

import dataframely as dy
import polars as pl

from matching.guards import kinds

CONSENT = ("ask", "accept", "refuse")
SUBJECTS = ("category", "menu_item", "station", "organisation", "beneficiary", "post")
PAIR_RULES = ("together", "apart")
STATUSES = ("pinned", "accepted", "published", "offered", "declined")
# Those by which somebody is held to a service.
KEPT = STATUSES[:3]
# Where the code of a county, or of a city's district, ends in that of a region.
COUNTY = 6
DEFAULT_POST = "volunteer"

# What a column may hold.
_id, _text, _choice, _rule = kinds.identifier, kinds.text, kinds.choice, kinds.rule
_count, _number, _level, _degrees = kinds.count, kinds.number, kinds.level, kinds.degrees
_time, _date, _seats, _min_seats = kinds.moment, kinds.date, kinds.seats, kinds.min_seats
_MOST_HOURS = 10_000.0
# How a window of availability says when.
_DATED, _WEEKLY = ("start", "end"), ("weekday", "start_time", "end_time")


def _all_or_none(present: tuple[str, ...], absent: tuple[str, ...]) -> pl.Expr:
    given, others = pl.col(present).is_not_null(), pl.col(absent).is_not_null()
    return pl.all_horizontal(given) & ~pl.any_horizontal(others)


class Volunteers(dy.Schema):
    """Who can serve."""

    volunteer_id = _id("opaque id", key=True)
    organisation_id = _id("the organisation the volunteer belongs to", refers="organisations")
    station_id = _id("where registered: the place, if `lat`, `lon` are absent", refers="stations")
    lat = _degrees("latitude", 90)
    lon = _degrees("longitude", 180)
    travel_km = _number("how far the volunteer goes", 0, 50_000, unit="km", default="policy")
    max_shifts = _count("services a week", unit="services", default="policy")
    max_hours = _number("hours a week", 0, _MOST_HOURS, unit="hours")
    max_shifts_per_day = _count("services a day", unit="services")
    max_days = _count("days of the week on which services start", high=7, unit="days")
    max_consecutive_days = _count(
        "days in a row on which services start, also over the week's edge", high=366, unit="days"
    )
    max_in_days = _count(
        "services in any `in_days` days in a row, also over the week's edge", unit="services"
    )
    in_days = _count("how many days `max_in_days` speaks of", low=1, high=366, unit="days")
    min_rest_hours = _number(
        "rest between services of different days", 0, _MOST_HOURS, unit="hours"
    )
    recent_hours = _number("hours served lately", 0, 1e6, unit="hours", default=0)
    show_up = _number("probability of coming", 0, 1, default="policy")
    max_offers = _count("offers a week", unit="offers", default="policy")
    consent = _choice("to being proposed", CONSENT, default="ask")
    lat_and_lon = _rule(pl.col("lat").is_null() == pl.col("lon").is_null())
    max_in_days_and_in_days = _rule(pl.col("max_in_days").is_null() == pl.col("in_days").is_null())


class Qualifications(dy.Schema):
    """What a volunteer can show: a skill, a certificate, a language, a role, an age band."""

    volunteer_id = _id("who holds it", required=True, refers="volunteers")
    qualification = _id("what is held", required=True)
    level = _level()
    valid_from = _date("first valid day")
    valid_until = _date("last valid day")
    until_not_before_from = _rule(pl.col("valid_until") >= pl.col("valid_from"))


class Availability(dy.Schema):
    """When a volunteer can serve: dated windows, or weekly ones, which recur every week."""

    volunteer_id = _id("who is available", required=True, refers="volunteers")
    start = _time("start of a dated window")
    end = _time("end of a dated window, not included")
    preference = _count("how much the window is liked", low=-2, high=2, default=0)
    weekday = _count("weekday of a weekly window, Monday is 1", low=1, high=7)
    start_time = dy.Time(nullable=True, description="start of a weekly window")
    end_time = dy.Time(
        nullable=True, description="end of a weekly window, not included; 00:00 is that midnight"
    )
    dated_or_weekly = _rule(_all_or_none(_DATED, _WEEKLY) | _all_or_none(_WEEKLY, _DATED))
    end_after_start = _rule(pl.col("end") > pl.col("start"))
    end_time_after_start_time = _rule(
        (pl.col("end_time") == pl.time(0, 0)) | (pl.col("end_time") > pl.col("start_time"))
    )


class Menu(dy.Schema):
    """The services a community can order."""

    menu_item = _id("opaque id", key=True)
    name = _text("shown to people")
    category = _id("category of service")
    organisation_id = _id("whose item it is: only its volunteers serve", refers="organisations")
    minutes = _count("length of the service", low=1, high=10_080, unit="minutes")
    min_people = _count("people needed in all", unit="people")


class MenuPosts(dy.Schema):
    """The posts of a menu item."""

    menu_item = _id("the item", key=True, refers="menu")
    post = _id("name of the post", key=True)
    seats = _seats()
    min_seats = _min_seats()
    min_seats_within_seats = _rule(pl.col("min_seats") <= pl.col("seats"))


class MenuQualifications(dy.Schema):
    """What a post of a menu item asks for."""

    menu_item = _id("the item", key=True, refers="menu")
    post = _id("the post", key=True)
    qualification = _id("what is asked", key=True)
    level = _level()


class Requests(dy.Schema):
    """What communities ordered."""

    request_id = _id("opaque id", key=True)
    menu_item = _id("what was ordered from the menu", refers="menu")
    quantity = _count(
        "multiplies the menu's seats and minimums", low=1, high=10_000, default=1, unit="times"
    )
    name = _text("shown to people")
    category = _id("category of service", default="the menu item's")
    organisation_id = _id("only its volunteers may serve", refers="organisations")
    station_id = _id("where, if `lat`, `lon` are absent", refers="stations")
    beneficiary_id = _id("for whom")
    lat = _degrees("latitude", 90)
    lon = _degrees("longitude", 180)
    start = _time("start of the service")
    end = _time("end of the service, not included")
    priority = _count("5 is most urgent", low=1, high=5, default=3)
    waited = _count(
        "for how long it has been asked in vain; see `age_priority`", high=520, unit="weeks"
    )
    min_people = _count(
        "people needed in all, if served", unit="people", default="the menu item's, or 0"
    )
    bonus = _count("worth of being served at all", unit="value", default=0)
    lat_and_lon = _rule(pl.col("lat").is_null() == pl.col("lon").is_null())
    end_after_start = _rule(pl.col("end") > pl.col("start"))


class Options(dy.Schema):
    """Alternative times of a request, one of which is chosen: each its own row, or a window.

    With `latest_start` a row stands for many times of the same length: the service starts at
    `start`, or any number of steps of the policy's `option_minutes` later, up to `latest_start`.
    The options of `w` are called `w+0`, `w+15`, ..., with the minutes since `start`.
    """

    request_id = _id("the request", key=True, refers="requests")
    option = _id("name of the option", key=True)
    start = _time("start of the service", required=True)
    end = _time("end of the service, not included", required=True)
    latest_start = _time("of a window: the last moment at which the service may start")
    latest_start_not_before_start = _rule(pl.col("latest_start") >= pl.col("start"))
    starts_within_a_week = _rule(pl.col("latest_start") - pl.col("start") <= pl.duration(days=7))
    end_after_start = _rule(pl.col("end") > pl.col("start"))


class Sessions(dy.Schema):
    """The meetings of a request, or of one of its options, that the same people all come to.

    The times of the request, and of an option of that name, do not count then.
    """

    request_id = _id("the request", key=True, refers="requests")
    option = _id("of which option; absent: the request has none", key=True, required=False)
    session = _id("name of the meeting", key=True)
    start = _time("start of the meeting", required=True)
    end = _time("end of the meeting, not included", required=True)
    end_after_start = _rule(pl.col("end") > pl.col("start"))


class Posts(dy.Schema):
    """The posts of a request, where they are not its menu item's."""

    request_id = _id("the request", key=True, refers="requests")
    post = _id("name of the post", key=True)
    seats = _seats()
    min_seats = _min_seats()
    min_seats_within_seats = _rule(pl.col("min_seats") <= pl.col("seats"))


class PostQualifications(dy.Schema):
    """What a post of a request asks for, beside what its menu item asks."""

    request_id = _id("the request", key=True, refers="requests")
    post = _id("the post", key=True)
    qualification = _id("what is asked", key=True)
    level = _level()


class TeamRules(dy.Schema):
    """What a whole team must hold."""

    request_id = _id("the request", refers="requests")
    menu_item = _id("or every request of this item", refers="menu")
    qualification = _id("what is counted", required=True)
    min_people = _count("how many of the team must hold it, at least", low=1, unit="people")
    per_people = _count("one holder for this many people of the team", low=1, unit="people")
    request_or_menu_item = _rule(pl.col("request_id").is_null() != pl.col("menu_item").is_null())
    asks_for_something = _rule(pl.any_horizontal(pl.col("min_people", "per_people").is_not_null()))


class Preferences(dy.Schema):
    """What a volunteer likes, dislikes or never does."""

    volunteer_id = _id("who", key=True, refers="volunteers")
    subject = _choice("what kind of thing", SUBJECTS, required=True, key=True)
    value = _id("which one", key=True)
    weight = _count("added to the quality", low=-100, high=100)
    never = dy.Bool(nullable=True, description="not at all", metadata={"default": "false"})
    weight_or_never = _rule(pl.col("weight").is_not_null() | pl.col("never").fill_null(False))


class Limits(dy.Schema):
    """At most so many services of one kind in the week of one volunteer; every row holds."""

    volunteer_id = _id(
        "whose; absent: each volunteer's", key=True, required=False, refers="volunteers"
    )
    subject = _choice("what kind of thing", SUBJECTS, required=True, key=True)
    value = _id("which one; absent: each, by itself", key=True, required=False)
    max_shifts = _count("services a week", required=True, unit="services")


class Pairs(dy.Schema):
    """Volunteers who serve a request together, or not at all; or never the same one."""

    volunteer_a = _id("one", key=True, refers="volunteers")
    volunteer_b = _id("the other", key=True, refers="volunteers")
    rule = _choice("what holds", PAIR_RULES, required=True, key=True)
    two_people = _rule(pl.col("volunteer_a") != pl.col("volunteer_b"))


class Groups(dy.Schema):
    """Volunteers who serve a request all together, or none of them: families, crews."""

    group_id = _id("opaque id of the group", key=True)
    volunteer_id = _id("one of its members", key=True, refers="volunteers")


class Bonds(dy.Schema):
    """Continuity of one-to-one help."""

    volunteer_id = _id("who helps", key=True, refers="volunteers")
    beneficiary_id = _id("who is helped", key=True)
    visits = _count("visits so far", unit="visits", default=0)
    last_visit = _date("day of the last visit")


class Assignments(dy.Schema):
    """What was decided or answered before this plan, in this week and in others."""

    volunteer_id = _id("who", key=True, refers="volunteers")
    request_id = _id("where", key=True, refers="requests")
    post = _id("as what", key=True)
    option = _id("at which of the alternative times; absent: at any", key=True, required=False)
    status = _choice("what is known", STATUSES, required=True)


class Organisations(dy.Schema):
    """Organisations, as a tree."""

    organisation_id = _id("opaque id", key=True)
    name = _text("shown to people")
    parent_id = _id("the organisation above", refers="organisations")
    max_seats = _count("services of its volunteers in the week, over its tree", unit="services")


class Stations(dy.Schema):
    """Places."""

    station_id = _id("opaque id", key=True)
    name = _text("shown to people")
    lat = _degrees("latitude", 90)
    lon = _degrees("longitude", 180)
    grid = _id("grid cell")
    region = _id("region code; its prefixes are the regions above it")
    lat_and_lon = _rule(pl.col("lat").is_null() == pl.col("lon").is_null())


class Travel(dy.Schema):
    """How long the way takes between services at two stations, instead of distance over speed.

    It is the same both ways, unless both are given.
    """

    from_station = _id("where a service has ended", key=True, refers="stations")
    to_station = _id("where the next one begins", key=True, refers="stations")
    minutes = _count("time for the way", high=10_080, required=True, unit="minutes")


class Affinities(dy.Schema):
    """A platform's own score of a pair, added to the quality."""

    volunteer_id = _id("who", key=True, refers="volunteers")
    request_id = _id("where", key=True, refers="requests")
    score = _count(
        "added to the quality", low=-1_000_000, high=1_000_000, required=True, unit="value"
    )
    post = _id("as what; absent: as any", key=True, required=False)


TABLES: dict[str, type[dy.Schema]] = {
    "volunteers": Volunteers,
    "qualifications": Qualifications,
    "availability": Availability,
    "menu": Menu,
    "menu_posts": MenuPosts,
    "menu_qualifications": MenuQualifications,
    "requests": Requests,
    "options": Options,
    "sessions": Sessions,
    "posts": Posts,
    "post_qualifications": PostQualifications,
    "team_rules": TeamRules,
    "preferences": Preferences,
    "limits": Limits,
    "pairs": Pairs,
    "groups": Groups,
    "bonds": Bonds,
    "assignments": Assignments,
    "organisations": Organisations,
    "stations": Stations,
    "travel": Travel,
    "affinities": Affinities,
}
NEEDED = ("volunteers", "availability", "requests")


def meta(column: dy.Column) -> dict[str, Any]:
    """Return a column's metadata, empty where it has none."""
    return column.metadata or {}


def key_of(table: str) -> list[str]:
    """Return the columns that no two rows of a table may share; empty where rows may repeat."""
    return keys_in(TABLES[table])


def keys_in(schema: type[dy.Schema]) -> list[str]:
    """Return the columns that no two rows of a schema may share."""
    return [name for name, column in schema.columns().items() if meta(column).get("key")]


# Tables that may lie beside those of a week, and that other parts of the library read.
BESIDE_A_WEEK = (
    *("contacts", "events", "pairings", "records", "projects", "reviews"),
    *("movements", "kin", "postings"),
)
# The tables of a plan by name, and its summary: what a store is given.
Output = tuple[dict[str, pl.DataFrame], dict[str, Any]]
