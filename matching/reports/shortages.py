"""What is short, by the plan's prices: which services, qualifications, districts, times, quotas."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl

from matching.arcs.value import next_seat, seat_value, shared_bonus
from matching.problem import Problem
from matching.problem import columns as c
from matching.problem.plan import slot_keys

KINDS = ("service", "qualification", "district", "time", "quota")
# The parts of a day, by the hour at which the next one begins.
PARTS = {12: "morning", 18: "afternoon", 24: "evening"}

_SCHEMA: dict[str, type[pl.DataType]] = {
    **dict.fromkeys(("kind", "key", "name"), pl.String),
    **dict.fromkeys(("posts", "seats", "empty"), pl.Int64),
    **dict.fromkeys(("price", "lost"), pl.Float64),
}


def shortages_of(
    problem: Problem,
    tables: Mapping[str, pl.DataFrame],
    posts: pl.DataFrame,
    prices: pl.DataFrame | None,
) -> pl.DataFrame:
    """Return what is short, the worst of each kind first.

    Returns
    -------
    polars.DataFrame
        ``kind``: one of `KINDS`. ``key`` and ``name``: which service, qualification, district,
        time (as ``2026-11-30 morning``) or organisation with a quota. ``posts``, ``seats`` and
        ``empty`` count; ``price``: what one more volunteer who may serve there would be worth,
        the mean over the seats, or one more service within the quota; ``lost``: what the empty
        seats would be worth if all were filled. Only what has empty seats, and quotas that cost
        something. Prices are null where the plan has none.
    """
    rows = posts.with_columns(
        empty=pl.col("seats") - pl.col("filled"),
        price=_price(problem, posts, prices),
        lost=_lost(problem, posts),
    )
    hour = pl.col("start").dt.hour()
    part = pl.when(hour < 12).then(pl.lit(PARTS[12])).when(hour < 18).then(pl.lit(PARTS[18]))
    rows = rows.with_columns(time=pl.format("{} {}", "day", part.otherwise(pl.lit(PARTS[24]))))
    asked = problem.qualification_ids.gather(problem.needs.qualification)
    needing = rows[problem.needs.post].with_columns(asked.alias("qualification"))
    found = [
        _grouped("service", rows),
        _grouped("qualification", needing),
        _grouped("district", rows),
        _grouped("time", rows),
        _quotas(problem, tables, prices),
    ]
    return pl.concat(found)


def _grouped(kind: str, rows: pl.DataFrame) -> pl.DataFrame:
    # A mean over seats: a post counts as often as it has seats.
    price, seats = pl.col("price"), pl.col("seats")
    return (
        rows.group_by(key=pl.col(kind))
        .agg(
            posts=pl.len().cast(pl.Int64),
            seats=seats.sum().cast(pl.Int64),
            empty=pl.col("empty").sum().cast(pl.Int64),
            price=pl.when(price.count() > 0).then((price * seats).sum() / seats.sum()),
            lost=pl.col("lost").sum(),
        )
        .filter(pl.col("empty") > 0)
        .with_columns(kind=pl.lit(kind), name=pl.col("key"))
        .sort("lost", "empty", "key", descending=[True, True, False], nulls_last=True)
        .select(pl.col(name).cast(dtype) for name, dtype in _SCHEMA.items())
    )


def _lost(problem: Problem, posts: pl.DataFrame) -> pl.Series:
    """Return what the empty seats of each post would be worth."""
    seats, filled = (posts[name].to_numpy().astype(np.int64) for name in ("seats", "filled"))
    post = np.repeat(np.arange(len(seats), dtype=np.int32), seats - filled)
    value = seat_value(problem, post, c.ranges(filled + 1, seats - filled))
    lost = np.bincount(post, value, minlength=len(seats))
    # Of a request that nobody serves the bonus is lost too: it counts at its first post.
    request = problem.posts.request
    first = np.diff(request, prepend=-1) != 0
    people = np.bincount(request, filled, minlength=len(problem.requests))
    bonus = np.where(people == 0, shared_bonus(problem), 0)[request]
    return pl.Series(lost + np.where(first, bonus, 0))


def _price(problem: Problem, posts: pl.DataFrame, prices: pl.DataFrame | None) -> pl.Series:
    """Return what one more volunteer would be worth on each post, at its time in the plan.

    Where those eligible serve elsewhere, or all seats are filled, it is the price (0 in the place
    of a negative one: nobody is wanted there until others come too). Where nobody else may serve,
    a price says nothing of who could: it is the value of the next seat.
    """
    if prices is None:
        return pl.Series([None] * posts.height, dtype=pl.Float64)
    common = prices.filter(pl.col("volunteer_id").is_null() & pl.col("organisation_id").is_null())
    on = ["request_id", "post", "option"]
    keys = slot_keys(problem)[posts["slot"]]
    joined = keys.join(
        common.select(*on, pl.col("price").cast(pl.Float64)).unique(on, keep="first"),
        on=on,
        how="left",
        nulls_equal=True,
        maintain_order="left",
    )
    price = joined["price"].fill_null(0.0).clip(lower_bound=0.0).to_numpy().copy()
    nobody = (
        ~posts["reason"].fill_null("elsewhere").is_in(["elsewhere", "loss", "unsettled"]).to_numpy()
    )
    post = np.flatnonzero(nobody).astype(np.int32)
    price[post] = next_seat(problem, posts["filled"].to_numpy(), post)
    return pl.Series(price)


def _quotas(
    problem: Problem, tables: Mapping[str, pl.DataFrame], prices: pl.DataFrame | None
) -> pl.DataFrame:
    if prices is None:
        return pl.DataFrame(schema=_SCHEMA)
    charged = prices.filter(pl.col("organisation_id").is_not_null() & (pl.col("price") > 0))
    names = tables["organisations"].select("organisation_id", "name", "max_seats")
    rows = charged.select("organisation_id", "price").join(names, on="organisation_id")
    known = rows.rename({"organisation_id": "key", "max_seats": "seats"})
    known = known.with_columns(
        kind=pl.lit("quota"), **dict.fromkeys(("posts", "empty", "lost"), pl.lit(None))
    )
    known = known.select(pl.col(name).cast(dtype) for name, dtype in _SCHEMA.items())
    return known.sort("price", "key", descending=[True, False])
