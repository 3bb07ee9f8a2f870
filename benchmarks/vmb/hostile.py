"""Worlds that are hard on purpose, each to another part of the method; as large as one likes.

::

    tables = one_town(2_000, seed=1)   # typed frames, for the week of `WEEK`

Every function takes a size, of what its name speaks of, and a seed, and builds whole columns at
once, so that thousands of rows take no time.
"""

import datetime as dt
from typing import Any

import numpy as np
import polars as pl

Tables = dict[str, pl.DataFrame]
WEEK = dt.date(2026, 3, 2)

HOUR = 60
DAY = 24 * HOUR
MONDAY = np.datetime64(WEEK, "us")
# The place that everybody shares.
PLACE = {"lat": 45.75, "lon": 126.64}
MORNINGS, AFTERNOONS = (8 * HOUR, 12 * HOUR), (13 * HOUR, 18 * HOUR)


def frame(**columns: Any) -> pl.DataFrame:
    """Return a frame of columns of equal length, or of one value for all rows; NaN is null."""
    length = max(len(x) for x in columns.values() if isinstance(x, np.ndarray | list))
    data = {}
    for name, column in columns.items():
        given = np.asarray(column)
        data[name] = pl.Series(name, np.broadcast_to(given, length), nan_to_null=True)
    return pl.DataFrame(data)


def named(letter: str, many: int) -> Any:
    return np.char.add(letter, np.arange(many).astype(str))


def moment(minutes: Any) -> Any:
    """Return times of the week from minutes since its start."""
    return MONDAY + np.asarray(minutes, np.int64).astype("timedelta64[m]")


def always(volunteers: int) -> pl.DataFrame:
    """Let everybody come at any time, from the day before the week to the day after."""
    who = named("v", volunteers)
    return frame(volunteer_id=who, start=moment(-DAY), end=moment(8 * DAY))


def half_days(draw: np.random.Generator, volunteers: int, share: float) -> pl.DataFrame:
    """Let everybody come on some of the week's fourteen half days."""
    who, when = np.nonzero(draw.random((volunteers, 14)) < share)
    opens, closes = np.array([MORNINGS, AFTERNOONS])[when % 2].T
    midnight = when // 2 * DAY
    return frame(
        volunteer_id=named("v", volunteers)[who],
        start=moment(midnight + opens),
        end=moment(midnight + closes),
    )


def services(draw: np.random.Generator, many: int) -> dict[str, Any]:
    """Draw services of one to three hours that start at any half hour of any morning or noon."""
    start = draw.integers(0, 7, many) * DAY + 8 * HOUR + draw.integers(0, 16, many) * 30
    return {"start": moment(start), "end": moment(start + draw.integers(2, 7, many) * 30)}


# --- one of a kind --------------------------------------------------------------------------------


def one_town(volunteers: int, requests: int = 0, seed: int = 0) -> Tables:
    """Put everybody at one point.

    Hostile to all that sorts or prunes by distance: every volunteer is in the one cell of the grid
    that every request looks at, and all are equally near. Services overlap by parts, teams have
    minimums.
    """
    draw = np.random.default_rng(seed)
    requests = requests or max(2, volunteers // 7)
    # About as many seats as all together have shifts, at hours that not all can keep.
    seats = draw.integers(1, 2 + 4 * volunteers // requests, requests)
    least = draw.integers(0, seats // 2 + 2)
    who, asked = named("v", volunteers), named("r", requests)
    return {
        "volunteers": frame(volunteer_id=who, max_shifts=draw.integers(1, 4, volunteers), **PLACE),
        "availability": half_days(draw, volunteers, 0.3),
        "requests": frame(
            request_id=asked,
            priority=draw.integers(1, 6, requests),
            **services(draw, requests),
            **PLACE,
        ),
        "posts": frame(request_id=asked, post="p", seats=seats, min_seats=np.minimum(seats, least)),
    }


def one_skill(volunteers: int, seed: int = 0) -> Tables:
    """Have every post ask for the same skill, that half of the people have.

    Hostile to parting the problem by skills, and to rules that count who holds one: all compete
    for the same few, at all levels.
    """
    draw = np.random.default_rng(seed)
    requests = max(2, volunteers // 4)
    who, asked = named("v", volunteers), named("r", requests)
    able = who[draw.random(volunteers) < 0.5]
    seats = draw.integers(1, 4, requests)
    ruled = asked[::3]
    return {
        "volunteers": frame(
            volunteer_id=who,
            lat=PLACE["lat"] + draw.normal(0, 0.03, volunteers),
            lon=PLACE["lon"] + draw.normal(0, 0.03, volunteers),
        ),
        "availability": half_days(draw, volunteers, 0.4),
        "qualifications": frame(
            volunteer_id=able, qualification="skill:1", level=draw.integers(1, 4, len(able))
        ),
        "requests": frame(
            request_id=asked,
            lat=PLACE["lat"] + draw.normal(0, 0.03, requests),
            lon=PLACE["lon"] + draw.normal(0, 0.03, requests),
            priority=draw.integers(1, 6, requests),
            **services(draw, requests),
        ),
        "posts": pl.concat(
            [
                frame(request_id=asked, post="able", seats=seats, min_seats=1),
                frame(request_id=asked, post="anybody", seats=seats, min_seats=0),
            ]
        ),
        "post_qualifications": frame(
            request_id=asked,
            post="able",
            qualification="skill:1",
            level=draw.integers(1, 4, requests),
        ),
        "team_rules": frame(request_id=ruled, qualification="skill:1", per_people=2),
    }


# --- long weeks -----------------------------------------------------------------------------------


def chain(links: int, seed: int = 0) -> Tables:
    """Let each service end as the next one starts, day and night, for seven days.

    Hostile to half-open times, to days that services cross, and to the best week: everybody could
    serve on any subset that leaves time to rest, and a path may have dozens of services. All are at
    one of two places; between equal ones there is no way to go.
    """
    draw = np.random.default_rng(seed)
    cuts = np.linspace(0, 7 * DAY, links + 1).astype(np.int64)
    volunteers = max(3, links // 4)
    number = np.arange(volunteers)
    east = (np.arange(links) // 5 % 2) * 0.05
    asked = named("r", links)
    return {
        "volunteers": frame(
            volunteer_id=named("v", volunteers),
            lat=PLACE["lat"],
            lon=PLACE["lon"],
            # By turns: as the policy has it, few, and as many as there are.
            max_shifts=np.array([np.nan, 2, links])[number % 3],
            max_hours=np.array([np.nan, np.nan, np.nan, 30.5])[number % 4],
            max_shifts_per_day=np.array([np.nan, 2])[number // 2 % 2],
            min_rest_hours=np.array([np.nan, 11, 0, 8.5])[number // 3 % 4],
        ).with_columns(pl.col("max_shifts", "max_shifts_per_day").cast(pl.Int64)),
        # Windows that touch at midnight are one.
        "availability": frame(
            volunteer_id=np.repeat(named("v", volunteers), 7),
            start=moment(np.tile(np.arange(7) * DAY, volunteers)),
            end=moment(np.tile(np.arange(1, 8) * DAY, volunteers)),
        ),
        "requests": frame(
            request_id=asked,
            start=moment(cuts[:-1]),
            end=moment(cuts[1:]),
            priority=draw.integers(1, 6, links),
            lat=PLACE["lat"],
            lon=PLACE["lon"] + east,
        ),
        "posts": frame(request_id=asked, post="p", seats=draw.integers(1, 4, links), min_seats=1),
    }


def one_for_all(posts: int, seed: int = 0) -> Tables:
    """Let one volunteer be able to do everything, twenty times a week; others some of it.

    Hostile to what looks at pairs of one volunteer's services: five thousand have twelve million.
    """
    draw = np.random.default_rng(seed)
    requests = max(1, posts // 5)
    volunteers = 1 + max(4, requests // 10)
    who, asked = named("v", volunteers), named("r", requests)
    able = frame(
        volunteer_id=np.append(np.repeat(who[0], 5), who[1:]),
        qualification=np.append(named("k", 5), named("k", 5)[draw.integers(0, 5, volunteers - 1)]),
    )
    seats = draw.integers(1, 3, 5 * requests)
    of_request, post = np.repeat(asked, 5), np.tile(named("p", 5), requests)
    return {
        "volunteers": frame(
            volunteer_id=who, max_shifts=np.where(np.arange(volunteers) == 0, 20, 3)
        ),
        "availability": pl.concat([always(1), half_days(draw, volunteers, 0.4)[1:]]),
        "qualifications": able,
        "requests": frame(
            request_id=asked, priority=draw.integers(1, 6, requests), **services(draw, requests)
        ),
        "posts": frame(request_id=of_request, post=post, seats=seats, min_seats=0),
        "post_qualifications": frame(
            request_id=of_request, post=post, qualification=np.tile(named("k", 5), requests)
        ),
    }


# --- large teams ----------------------------------------------------------------------------------


def one_crowd(seats: int, whole: bool = False, spare: int = 0, seed: int = 0) -> Tables:
    """Order one service of thousands of seats, and a few small ones at the same time.

    Hostile to whatever has a row or a variable per seat. With ``whole`` all the seats or none: so
    many people and ``spare`` more could come, so that the small ones may have only the spare.
    """
    draw = np.random.default_rng(seed)
    volunteers, small = seats + spare, 5
    asked = named("r", 1 + small)
    return {
        "volunteers": frame(
            volunteer_id=named("v", volunteers),
            lat=PLACE["lat"] + draw.normal(0, 0.01, volunteers),
            lon=PLACE["lon"] + draw.normal(0, 0.01, volunteers),
        ),
        "availability": always(volunteers),
        "requests": frame(
            request_id=asked,
            start=moment(9 * HOUR),
            end=moment(12 * HOUR),
            # The crowd is worth the least: seat by seat, the small ones come before it.
            priority=np.append(1, np.full(small, 5)),
            **PLACE,
        ),
        "posts": frame(
            request_id=asked,
            post="p",
            seats=np.append(seats, np.full(small, 2)),
            min_seats=np.append(seats if whole else 0, np.ones(small, np.int64)),
        ),
    }


# --- no difference --------------------------------------------------------------------------------


def all_equal(volunteers: int, seed: int = 0) -> Tables:
    """Give nothing a place, a preference or a priority of its own.

    Hostile to whatever breaks ties by chance, and to branching: each plan has as many twins as the
    people have orders.
    """
    requests = max(3, volunteers // 2)
    number = np.arange(requests)
    start = number % 3 * DAY + 9 * HOUR + number // 3 % 3 * HOUR
    asked = named("r", requests)
    return {
        "volunteers": frame(volunteer_id=named("v", volunteers), max_hours=4.0),
        "availability": always(volunteers),
        "requests": frame(request_id=asked, start=moment(start), end=moment(start + 2 * HOUR)),
        "posts": frame(request_id=asked, post="p", seats=3, min_seats=2),
    }


def nobody_eligible(volunteers: int, seed: int = 0) -> Tables:
    """Fail every pair by one rule: the skill, the hours, or the way.

    Hostile to all that takes for granted that there is an arc, a price or a seat filled.
    """
    draw = np.random.default_rng(seed)
    requests = max(3, volunteers // 3)
    asked, number = named("r", requests), np.arange(requests)
    return {
        "volunteers": frame(volunteer_id=named("v", volunteers), **PLACE),
        "availability": half_days(draw, volunteers, 0.5),
        "requests": frame(
            request_id=asked,
            start=moment(np.where(number % 3 == 1, 2 * HOUR, 9 * HOUR)),
            end=moment(np.where(number % 3 == 1, 4 * HOUR, 10 * HOUR)),
            lat=PLACE["lat"] + np.where(number % 3 == 2, 5.0, 0.0),
            lon=PLACE["lon"],
        ),
        "posts": frame(request_id=asked, post="p", seats=3, min_seats=number % 4),
        "post_qualifications": frame(request_id=asked[::3], post="p", qualification="skill:1"),
    }


def all_or_nothing(requests: int, seed: int = 0) -> Tables:
    """Fill every team to the last seat or not at all, with a third of the people it would take.

    Hostile to the linear programme, which serves a third of every team, and to repair: a plan that
    lacks one person lacks the team.
    """
    draw = np.random.default_rng(seed)
    seats = draw.integers(2, 7, requests)
    volunteers = max(6, int(seats.sum()) // 5)
    asked = named("r", requests)
    return {
        "volunteers": frame(
            volunteer_id=named("v", volunteers),
            max_shifts=2,
            lat=PLACE["lat"] + draw.normal(0, 0.03, volunteers),
            lon=PLACE["lon"] + draw.normal(0, 0.03, volunteers),
        ),
        "availability": half_days(draw, volunteers, 0.5),
        "requests": frame(
            request_id=asked,
            priority=draw.integers(1, 6, requests),
            lat=PLACE["lat"] + draw.normal(0, 0.03, requests),
            lon=PLACE["lon"] + draw.normal(0, 0.03, requests),
            **services(draw, requests),
        ),
        "posts": frame(request_id=asked, post="p", seats=seats, min_seats=seats),
    }
