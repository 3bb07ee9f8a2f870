"""Events as the columns of numbers that a fold reads."""

from __future__ import annotations

import numpy as np
import polars as pl

from matching.orders.folding import CONFLICT, GAP, LEGAL, NEVER, REPEATED, Rows
from matching.orders.life import ACTORS
from matching.orders.moves import BEGINNING, EVENTS, TIMED
from matching.orders.tables import Events
from matching.policy import Policy
from matching.schema import DEFAULT_POST
from matching.tables.one_table import checked

# What makes two rows of one version the same event.
_CONTENT = (
    "event",
    "at",
    "actor_role",
    "actor_id",
    "volunteer_id",
    "post",
    "option",
    "organisation_id",
    "reason",
)


def clean_events(events: pl.DataFrame, policy: Policy, name: str = "events") -> pl.DataFrame:
    """Check a raw table of events.

    ``until`` gets its default, where a time to stand is not given; ``until_given`` remembers.

    Raises
    ------
    DataError
        With every fault.
    """
    table = checked({name: Events}, {name: _spelt(events)}, policy.time_zone)[name]
    event = pl.col("event").cast(pl.String)
    hours = pl.when(event == "opened").then(policy.grabbing_hours).otherwise(policy.offer_hours)
    stands = pl.col("at") + pl.duration(minutes=(hours * 60).round().cast(pl.Int64))
    default = pl.when(event.is_in(TIMED)).then(stands)
    return table.with_columns(
        until=pl.coalesce("until", default), until_given=pl.col("until").is_not_null()
    )


def _spelt(events: pl.DataFrame) -> pl.DataFrame:
    """Let "checked in", "no-show" and "Accepted" be what they are meant to be."""
    if events.schema.get("event") != pl.String:
        return events
    return events.with_columns(
        pl.col("event").str.strip_chars().str.to_lowercase().str.replace_all("[ -]", "_")
    )


def in_order(log: pl.DataFrame, new: pl.DataFrame) -> pl.DataFrame:
    """Return clean events sorted by order and version, with what is known without their states.

    Columns ``stored`` and ``given`` (see `folding.Rows`) are added, and ``before``, the version
    that went before.
    """
    both = pl.concat(
        [log.with_columns(stored=pl.lit(True)), new.with_columns(stored=pl.lit(False))]
    )
    sorted_ = both.sort(
        "request_id", "version", "stored", "row", descending=[False, False, True, False]
    )
    first = pl.col("request_id").ne_missing(pl.col("request_id").shift())
    before = pl.when(first).then(0).otherwise(pl.col("version").shift())
    again = pl.col("version") == pl.col("before")
    # The first row of its version, to compare the others with.
    leads = pl.int_range(pl.len())
    leader = pl.when(~again).then(leads).forward_fill()
    marked = sorted_.with_columns(before=before.cast(pl.Int64)).with_columns(again=again)
    same = np.ones(marked.height, bool)
    twice = marked["again"].to_numpy()
    if twice.any():
        at = marked.select(leader).to_series().filter(marked["again"])
        mine, theirs = marked.filter("again"), marked[at]
        equal = np.ones(mine.height, bool)
        for name in _CONTENT:
            equal &= mine[name].eq_missing(theirs[name]).to_numpy()
        until = mine["until"].eq_missing(theirs["until"]) | ~mine["until_given"]
        same[twice] = equal & until.to_numpy()
    gap = pl.col("version") != pl.col("before") + 1
    given = (
        pl.when(pl.col("again") & pl.Series(same))
        .then(REPEATED)
        .when(pl.col("again"))
        .then(CONFLICT)
        .when(gap)
        .then(GAP)
        .otherwise(LEGAL)
    )
    return marked.with_columns(given=given.cast(pl.Int64)).drop("again")


def rows_of(events: pl.DataFrame, seats: pl.DataFrame | None) -> tuple[Rows, int, int]:
    """Return the columns of sorted events, and how many orders and offers they are of.

    ``seats`` has ``request_id``, ``post`` and ``seats``.
    """
    order = events.select(pl.col("request_id").rle_id()).to_series().to_numpy().astype(np.int64)
    volunteer = _codes(events["volunteer_id"])
    offer = np.full(events.height, -1, np.int64)
    of_offers = volunteer >= 0
    pairs = order[of_offers] << 32 | volunteer[of_offers]
    known, offer[of_offers] = np.unique(pairs, return_inverse=True)
    begins = pl.col("event").cast(pl.String).is_in(BEGINNING)
    posts = events.select(
        "request_id",
        post=pl.when(begins).then(pl.col("post").fill_null(DEFAULT_POST)).otherwise("post"),
    )
    post, limits = _posts(order, posts, seats)
    post[~of_offers] = -1

    def moments(name: str) -> np.ndarray:
        return events[name].dt.epoch("us").fill_null(NEVER).to_numpy()

    def numbers(name: str, of: tuple[str, ...]) -> np.ndarray:
        codes = events[name].cast(pl.Enum(of)).to_physical()
        return codes.to_numpy().astype(np.int64)

    rows = Rows(
        order,
        offer,
        post,
        numbers("event", EVENTS),
        numbers("actor_role", ACTORS),
        moments("at"),
        moments("until"),
        events["given"].to_numpy(),
        events["stored"].to_numpy(),
        limits,
    )
    return rows, int(order[-1]) + 1 if len(order) else 0, len(known)


def _codes(ids: pl.Series) -> np.ndarray:
    return ids.rank("dense").cast(pl.Int64).fill_null(0).to_numpy() - 1


def _posts(
    order: np.ndarray, posts: pl.DataFrame, seats: pl.DataFrame | None
) -> tuple[np.ndarray, np.ndarray]:
    """Return the number of each row's post, -1 for none, and the seats of each, -1 if unknown."""
    table = posts.with_columns(order=pl.Series(order), at=pl.int_range(pl.len()))
    named = table.filter(pl.col("post").is_not_null())
    distinct = named.select("request_id", "post").unique(maintain_order=True)
    distinct = distinct.with_row_index("number")
    if seats is None or seats.is_empty():
        limits = np.full(distinct.height, -1, np.int64)
    else:
        joined = distinct.join(seats, on=["request_id", "post"], how="left", maintain_order="left")
        told = joined["request_id"].is_in(seats["request_id"].unique().implode())
        some = joined["seats"].fill_null(0).cast(pl.Int64).to_numpy()
        limits = np.where(told.to_numpy(), some, -1)
    found = named.join(distinct, on=["request_id", "post"], how="left", maintain_order="left")
    post = np.full(len(order), -1, np.int64)
    post[found["at"].to_numpy()] = found["number"].to_numpy()
    return post, limits
