"""Where orders and offers stand: a fold of events as two tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl

from matching.orders import folding as f
from matching.orders.folding import NEVER, Folded, Rows
from matching.orders.life import ASKED, BOUND, CAME, LOOSE, OfferState, OrderState
from matching.orders.moves import OFFER_STATES, ORDER_STATES
from matching.schema import DEFAULT_POST

# Of these nobody looks for people any more: what was not answered comes to nothing.
_OVER = [state for state in OrderState if state not in ("new", "ordered", "checked")]
_OVER = [state for state in _OVER if state not in ("opened", "dispatched")]


@dataclass(frozen=True)
class States:
    """Where orders and offers stand.

    Attributes
    ----------
    orders : polars.DataFrame
        One row per order: ``request_id``, ``state``, ``since``, ``until`` (of grabbing),
        ``version`` (of its last event), ``entered_by`` (the role of who ordered),
        ``organisation_id`` (to which it was dispatched last), and how many volunteers are
        ``asked`` (offered, called, interested), ``waiting``, on ``standby`` or a ``reserve``, have
        ``put_up`` their seat or are ``applying`` for one, are ``bound`` (have accepted, or are
        there), and ``came``.
    offers : polars.DataFrame
        One row per order and volunteer: ``request_id``, ``volunteer_id``, ``post``, ``option``,
        ``organisation_id``, ``state``, ``since``, ``until``, ``actor_role`` (of its last event)
        and ``place`` (on the waiting list of the post; 1 is first). What was still open when its
        order ended is ``recalled``.
    """

    orders: pl.DataFrame
    offers: pl.DataFrame


@dataclass(frozen=True)
class Replay:
    """A fold with the events that it is of."""

    events: pl.DataFrame
    rows: Rows
    folded: Folded
    time_zone: str

    @cached_property
    def states(self) -> States:
        """Return where everything stands after what was legal."""
        offers = self._offers()
        return States(self._orders(offers), self._told(offers.drop("order")))

    def _orders(self, offers: pl.DataFrame) -> pl.DataFrame:
        found = self.folded.orders
        there = np.flatnonzero(found[:, f.FIRST_ROW] >= 0)
        found = found[there]
        events = self.events
        since, first = events[found[:, f.SINCE_ROW]], events[found[:, f.FIRST_ROW]]
        sent = _gathered(events["organisation_id"], found[:, f.SENT_ROW])
        table = pl.DataFrame(
            {
                "request_id": first["request_id"],
                "state": _named(found[:, f.STATE_OF], ORDER_STATES),
                "since": since["at"],
                "until": _moments(found[:, f.UNTIL_OF]),
                "version": events["version"][found[:, f.LAST_ROW]],
                "entered_by": first["actor_role"].cast(pl.String),
                "organisation_id": sent,
                "order": there,
            }
        )
        state = pl.col("state").cast(pl.String)
        groups: dict[str, Sequence[str]] = {
            "asked": ASKED,
            "waiting": [OfferState.waiting],
            "standby": [OfferState.standby],
            "reserve": [OfferState.reserve],
            "put_up": [OfferState.put_up],
            "applying": [OfferState.applying],
            "bound": BOUND,
            "came": CAME,
        }
        counts = offers.group_by("order").agg(
            state.is_in([str(name) for name in names]).sum().cast(pl.Int64).alias(group)
            for group, names in groups.items()
        )
        joined = table.join(counts, on="order", how="left", maintain_order="left").drop("order")
        return self._told(joined.with_columns(pl.col(*groups).fill_null(0)))

    def _offers(self) -> pl.DataFrame:
        found = self.folded.offers
        found = found[found[:, f.FIRST_ROW] >= 0]
        events = self.events
        since, first = events[found[:, f.SINCE_ROW]], events[found[:, f.FIRST_ROW]]
        order = self.rows.order[found[:, f.FIRST_ROW]]
        orders = _named(self.folded.orders[order, f.STATE_OF], ORDER_STATES).cast(pl.String)
        state = _named(found[:, f.STATE_OF], OFFER_STATES).cast(pl.String)
        moot = orders.is_in(list(map(str, _OVER))) & state.is_in(list(map(str, LOOSE)))
        ended = _gathered(events["at"], self.folded.orders[order, f.SINCE_ROW])
        table = pl.DataFrame(
            {
                "request_id": first["request_id"],
                "volunteer_id": first["volunteer_id"],
                "post": first["post"].fill_null(DEFAULT_POST),
                "option": since["option"].zip_with(since["option"].is_not_null(), first["option"]),
                "organisation_id": first["organisation_id"],
                "state": state,
                "since": since["at"],
                "until": _moments(found[:, f.UNTIL_OF]),
                "actor_role": since["actor_role"].cast(pl.String),
                "order": order,
                "row": found[:, f.SINCE_ROW],
            }
        )
        recalled = pl.lit(str(OfferState.recalled))
        waits = pl.col("state") == str(OfferState.waiting)
        place = pl.col("row").rank("ordinal").over("order", "post", waits).cast(pl.Int64)
        return table.with_columns(
            state=pl.when(moot).then(recalled).otherwise("state").cast(pl.Enum(OFFER_STATES)),
            since=pl.when(moot).then(ended).otherwise("since"),
            until=pl.when(~moot).then("until"),
            place=pl.when(waits & ~moot).then(place),
        ).drop("row")

    def _told(self, table: pl.DataFrame) -> pl.DataFrame:
        return in_zone(table, self.time_zone)


def in_zone(table: pl.DataFrame, time_zone: str) -> pl.DataFrame:
    """Turn a clean table's times, which are UTC, into times with the zone."""
    times = [name for name, kind in table.schema.items() if kind == pl.Datetime("us")]
    return table.with_columns(
        pl.col(name).dt.replace_time_zone("UTC").dt.convert_time_zone(time_zone) for name in times
    )


def _named(codes: np.ndarray, names: tuple[str, ...]) -> pl.Series:
    return pl.Series(names, dtype=pl.Enum(names)).gather(codes)


def _moments(times: np.ndarray) -> pl.Series:
    told = pl.Series(times).cast(pl.Datetime("us"))
    return told.set(pl.Series(times == NEVER), None)


def _gathered(column: pl.Series, rows: np.ndarray) -> pl.Series:
    """Return cells by their rows, null where a row is -1."""
    return (
        pl.select(pl.lit(column).gather(pl.Series(np.maximum(rows, 0))))
        .to_series()
        .set(pl.Series(rows < 0), None)
    )
