"""The week's requests, posts and stations with their names and places."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl

from matching.problem import Problem
from matching.problem import columns as c
from matching.problem.plan import Plan, local_of, local_times, moments, zoned_of
from matching.reports.plain import one_line

# Where the region codes of China end: province, city, county, township, community; then all of it.
LEVELS = (2, 4, 6, 9, 12, 200)
MOST_DISTRICTS = 40


def gathered(ids: pl.Series, index: c.Ints) -> pl.Series:
    """Return the id of each index, null for -1."""
    return ids.gather(pl.Series(index).replace(-1, None))


def requests_of(problem: Problem, tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Return one row per request of the problem, in its order.

    ``service`` is the request's name, else its menu item's, else whatever else tells what it is.
    """
    menu = tables["menu"].select("menu_item", menu_name="name", menu_category="category")
    rows = pl.DataFrame({"request_id": problem.requests.id}).join(
        tables["requests"], on="request_id", how="left", maintain_order="left"
    )
    rows = rows.join(menu, on="menu_item", how="left", maintain_order="left")
    rows = rows.with_columns(category=pl.coalesce("category", "menu_category"))
    service = pl.coalesce("name", "menu_name", "menu_item", "category", "request_id")
    rows = rows.select("request_id", "category", "station_id", service=service)
    places = places_of(tables["stations"]).select("station_id", "station", "district")
    rows = rows.join(places, on="station_id", how="left", maintain_order="left")
    return rows.with_columns(pl.coalesce("station", "station_id"))


def places_of(stations: pl.DataFrame) -> pl.DataFrame:
    """Return the stations with their districts: regions at the finest level that has few enough.

    A station without a name is called by its id.
    """
    cut = [pl.col("region").str.slice(0, level) for level in LEVELS]
    few = [level for level in cut if stations.select(level.n_unique()).item() <= MOST_DISTRICTS]
    district = few[-1] if few else cut[0]
    named = pl.when(one_line("name") != "").then("name")
    station = pl.coalesce(named, "station_id")
    return stations.select("station_id", "lat", "lon", station=station, district=district)


def times_of(problem: Problem) -> pl.DataFrame:
    """Return ``day``, ``start``, ``end``, ``hours`` and the ``moment`` of every option."""
    minutes = problem.options.minutes
    times = local_times(problem).with_columns(hours=pl.Series(minutes / 60))
    return times.select(
        pl.col("start").dt.date().alias("day"), "start", "end", "hours", moments(problem)
    )


def sessions_of(problem: Problem) -> pl.DataFrame:
    """Return the meetings of requests that have several, as `times_of` and with what they are of.

    ``request_id``, ``option``, ``session`` (its name), and the columns of `times_of`.
    """
    sessions = problem.sessions
    minutes = sessions.end - sessions.start
    return pl.select(
        request_id=problem.requests.id.gather(problem.options.request[sessions.option]),
        option=problem.options.id.gather(sessions.option),
        session=sessions.id,
        start=local_of(problem, sessions.start),
        end=local_of(problem, sessions.end),
        hours=pl.Series(minutes / 60, dtype=pl.Float64),
        moment=zoned_of(problem, sessions.start),
    ).with_columns(day=pl.col("start").dt.date())


def posts_of(
    problem: Problem, plan: Plan, requests: pl.DataFrame, unfilled: pl.DataFrame | None
) -> pl.DataFrame:
    """Return one row per post: its request, time, ``seats``, ``filled``, ``options``, ``reason``.

    The time is the one that the plan chose; of a request that is not served the first. ``slot``
    is the post at that time. The reason, of empty seats, is that of the table ``unfilled``.
    """
    posts, slots = problem.posts, problem.slots
    chosen = np.zeros(len(problem.options), np.int64)
    chosen[slots.option[plan.slot]] = 1
    order = np.lexsort((slots.option, -chosen[slots.option], slots.post))
    slot = order[np.diff(slots.post[order], prepend=-1) != 0].astype(np.int32)
    own = pl.DataFrame(
        {
            "slot": slot,
            "post": posts.id,
            "option": problem.options.id.gather(slots.option[slot]),
            "seats": posts.seats,
            "filled": np.bincount(slots.post[plan.slot], minlength=len(posts)).astype(np.int32),
            "options": np.bincount(slots.post, minlength=len(posts)).astype(np.int32),
        }
    )
    times = times_of(problem)[slots.option[slot]].drop("hours", "moment")
    frame: pl.DataFrame = pl.concat([requests[posts.request], times, own], how="horizontal")
    if unfilled is None:
        return frame.with_columns(reason=pl.lit(None, pl.String))
    reasons = unfilled.select(pl.col("request_id", "post", "reason").cast(pl.String))
    reasons = reasons.unique(["request_id", "post"], keep="first")
    return frame.join(reasons, on=["request_id", "post"], how="left", maintain_order="left")


def stations_of(posts: pl.DataFrame, tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Return one row per station that has requests, with its place and its seats."""
    by_station = posts.drop_nulls("station_id").group_by("station_id", "station", "district")
    sums = by_station.agg(
        pl.col("request_id").n_unique().alias("requests"), pl.col("seats", "filled").sum()
    )
    places = tables["stations"].select("station_id", "lat", "lon")
    placed = sums.join(places, on="station_id", how="left").sort("station_id")
    columns = ("station_id", "station", "district", "lat", "lon", "requests", "seats", "filled")
    return placed.select(columns)
