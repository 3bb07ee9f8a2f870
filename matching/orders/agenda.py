"""What needs somebody: each order or offer that waits for an event, and which it is."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import polars as pl

from matching.errors import UsageError
from matching.guards.doors import door
from matching.guards.moments import Moment, moment_of
from matching.orders.applying import state_at
from matching.orders.life import HOLDING
from matching.orders.states import States, in_zone
from matching.orders.wanted import wanted
from matching.policy import Policy

# What is due, and the events that would see to it; the most urgent first.
DUE: dict[str, tuple[str, ...]] = {
    "offer_expired": ("expired",),
    "grabbing_over": ("assigned", "passed_over", "settled"),
    "not_checked_in": ("checked_in", "no_show"),
    "not_checked_out": ("checked_out", "forced_out"),
    "nobody_took_it": ("offered", "opened", "lapsed"),
    "standby_to_call": ("called",),
    "to_promote": ("promoted",),
    "reserve_to_call": ("called_last",),
    "swap_to_approve": ("handed_over", "took_over"),
    "seats_open": ("offered", "opened"),
    "offer_expiring": ("accepted", "declined"),
    "to_check": ("checked", "refused"),
    "to_dispatch": ("dispatched", "opened"),
    "to_end": ("done",),
    "to_review": ("reviewed",),
    "to_close": ("closed",),
}
_COLUMNS = ("request_id", "volunteer_id", "post", "since", "until", "seats")


@door
def due(
    log: pl.DataFrame,
    now: Moment,
    *,
    tables: Mapping[str, pl.DataFrame] | None = None,
    soon_hours: float = 2.0,
    policy: Policy | None = None,
) -> pl.DataFrame:
    """Return what needs somebody now.

    Parameters
    ----------
    log : polars.DataFrame
        In the layout of the table ``events``; what happened after ``now`` is not counted.
    now : str or datetime.datetime
        Without an offset it is a time of the policy's zone.
    tables : Mapping of str to polars.DataFrame, optional
        With ``requests`` and what belongs to them: only then open seats, and people who should
        have been there by now, are known.
    soon_hours : float
        An offer that ends within so many hours is told of.
    policy : Policy, optional

    Returns
    -------
    polars.DataFrame
        The most urgent first: ``due`` (one of `DUE`), ``request_id``, ``volunteer_id`` and
        ``post`` (where it is about one), ``since`` (from when on it is due), ``until`` (of an
        offer that stands), ``seats`` (how many are open) and ``events``, which would see to it.

    Raises
    ------
    DataError
        If the log, or a table, breaks a rule.
    UsageError
        If ``now`` is no moment, or ``soon_hours`` is negative.
    """
    policy = policy or Policy()
    if not soon_hours >= 0:
        raise UsageError(f"soon_hours = {soon_hours}: give a number of hours, 0 or more")
    moment = moment_of(now, policy.time_zone, "now")
    states = state_at(log, now, policy=policy)
    soon = moment + timedelta(hours=min(soon_hours, 1e6))
    found = [*_of_orders(states, moment), *_of_offers(states, moment, soon)]
    want = wanted(tables, policy)
    if want is not None:
        found += _of_wanted(states, *want, moment, policy.time_zone)
    return _table(found, policy.time_zone)


def _utc(name: str) -> pl.Expr:
    return pl.col(name).dt.convert_time_zone("UTC").dt.replace_time_zone(None)


def _of_orders(states: States, now: datetime) -> list[pl.DataFrame]:
    orders, state = states.orders, pl.col("state").cast(pl.String)
    nobody = (pl.col("asked") == 0) & (pl.col("bound") == 0) & (pl.col("came") == 0)
    alone = (state == "dispatched") & nobody
    waits, stands, reserve = (pl.col(name) > 0 for name in ("waiting", "standby", "reserve"))
    looking, sent = state.is_in(("dispatched", "opened")), state == "dispatched"
    kinds = {
        "grabbing_over": (state == "opened") & (_utc("until") <= now),
        "standby_to_call": alone & ~waits & stands,
        "to_promote": alone & waits,
        "reserve_to_call": alone & ~waits & ~stands & reserve,
        "nobody_took_it": alone & ~waits & ~stands & ~reserve,
        "swap_to_approve": looking & (pl.col("put_up") > 0) & (pl.col("applying") > 0),
        "to_check": state == "ordered",
        "to_dispatch": state == "checked",
        "to_end": sent & (pl.col("bound") == 0) & (pl.col("came") > 0),
        "to_review": state == "done",
        "to_close": state == "reviewed",
    }
    since = {"grabbing_over": "until"}
    return [
        orders.filter(holds).select(
            "request_id", due=pl.lit(kind), since=pl.col(since.get(kind, "since"))
        )
        for kind, holds in kinds.items()
    ]


def _of_offers(states: States, now: datetime, soon: datetime) -> list[pl.DataFrame]:
    stands = pl.col("state").cast(pl.String).is_in(("offered", "called"))
    ends = _utc("until")
    about = ("request_id", "volunteer_id", "post")
    over, ending = states.offers.filter(stands & (ends <= now)), (ends > now) & (ends <= soon)
    return [
        over.select(*about, due=pl.lit("offer_expired"), since="until"),
        states.offers.filter(stands & ending).select(
            *about, "since", "until", due=pl.lit("offer_expiring")
        ),
    ]


def _of_wanted(
    states: States, seats: pl.DataFrame, times: pl.DataFrame, now: datetime, time_zone: str
) -> list[pl.DataFrame]:
    state = pl.col("state").cast(pl.String)
    held = states.offers.filter(state.is_in(list(map(str, HOLDING))))
    counts = held.group_by("request_id", "post").agg(held=pl.len().cast(pl.Int64))
    sent = states.orders.filter(
        state == "dispatched", pl.col("asked") == 0, pl.col("bound") + pl.col("came") > 0
    )
    short = seats.join(sent, on="request_id").join(counts, on=["request_id", "post"], how="left")
    left = pl.col("seats") - pl.col("held").fill_null(0)
    open_seats = short.with_columns(seats=left).filter(pl.col("seats") > 0)
    # Who waits comes before who stands by, and a reserve is called last.
    next_one = (
        pl.when(pl.col("waiting") > 0)
        .then(pl.lit("to_promote"))
        .when(pl.col("standby") > 0)
        .then(pl.lit("standby_to_call"))
        .when(pl.col("reserve") > 0)
        .then(pl.lit("reserve_to_call"))
        .otherwise(pl.lit("seats_open"))
    )
    # The time of an offer is its option's, and the only one where there is but one.
    alone = times.group_by("request_id").agg(pl.col("start", "end").first(), several=pl.len() > 1)
    timed = states.offers.join(times, on=["request_id", "option"], how="left").join(
        alone, on="request_id", how="left", suffix="_alone"
    )
    timed = timed.with_columns(
        pl.coalesce(name, pl.when(~pl.col("several")).then(f"{name}_alone")).alias(name)
        for name in ("start", "end")
    )
    about = ("request_id", "volunteer_id", "post")
    late = {
        "not_checked_in": state.is_in(("accepted", "put_up")) & (pl.col("start") <= now),
        "not_checked_out": (state == "checked_in") & (pl.col("end") <= now),
    }
    since = {"not_checked_in": "start", "not_checked_out": "end"}
    return [
        open_seats.select("request_id", "post", "seats", "since", due=next_one),
        *(
            in_zone(timed.filter(holds).select(*about, since=since[kind]), time_zone).with_columns(
                due=pl.lit(kind)
            )
            for kind, holds in late.items()
        ),
    ]


def _table(found: list[pl.DataFrame], time_zone: str) -> pl.DataFrame:
    time = pl.Datetime("us", time_zone)
    kinds = (pl.String(), pl.String(), pl.String(), time, time, pl.Int64())
    schema = pl.Schema({"due": pl.Enum(list(DUE))} | dict(zip(_COLUMNS, kinds, strict=True)))
    blank = pl.DataFrame(schema=schema)
    frames = [frame.cast({"due": schema["due"]}) for frame in found]
    every = pl.concat([blank, *frames], how="diagonal")
    every = every.sort("due", "since", "request_id", "volunteer_id", "post", nulls_last=True)
    seen_to = {kind: ", ".join(events) for kind, events in DUE.items()}
    by = pl.col("due").cast(pl.String).replace_strict(seen_to, return_dtype=pl.String)
    return every.with_columns(events=by)
