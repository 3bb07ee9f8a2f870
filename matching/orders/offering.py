"""A plan becomes offers, and a log becomes records: the two ends of an order's life."""

from __future__ import annotations

from typing import NamedTuple

import polars as pl

from matching.errors import UsageError
from matching.guards.doors import door
from matching.guards.moments import Moment, moment_of
from matching.orders.applying import replayed, state_at
from matching.orders.events import numbered
from matching.orders.moves import legal_moves
from matching.orders.rows import clean_events
from matching.orders.states import in_zone
from matching.orders.willing import PAIR
from matching.policy import Policy
from matching.schema import DEFAULT_POST

# Orders that do not look for people yet; all others that do not are over.
_NOT_YET = ("unknown", "ordered", "opened")
# How a service ended, by the event that ended it.
ENDINGS = {
    "checked_out": "done",
    "forced_out": "forced_out",
    "no_show": "no_show",
    "cancelled": "cancelled",
}


class Offers(NamedTuple):
    """What a plan asks of people, as events.

    Attributes
    ----------
    events : polars.DataFrame
        ``dispatched`` for orders that were only checked, and ``offered`` for everybody in the plan
        who has not been asked, in the layout of ``events``.
    left_out : polars.DataFrame
        ``request_id``, ``volunteer_id``, ``why`` (``unknown``: in no event, ``ordered``: not
        checked, ``opened``: for grabbing, ``over``): who is not asked, since the order is not
        looking for people.
    """

    events: pl.DataFrame
    left_out: pl.DataFrame


@door
def offers(
    plan: pl.DataFrame,
    log: pl.DataFrame,
    now: Moment,
    *,
    until: Moment | None = None,
    policy: Policy | None = None,
) -> Offers:
    """Offer the seats of a plan to those who are in it.

    Parameters
    ----------
    plan : polars.DataFrame
        ``request_id``, ``volunteer_id`` and, where they are known, ``post`` and ``option``: the
        table ``plan`` of a result.
    log : polars.DataFrame
        All earlier events of these orders. Who has been asked already is not asked again; who
        declined is not either.
    now : str or datetime.datetime
        Without an offset it is a time of the policy's zone.
    until : str or datetime.datetime, optional
        Until when the offers stand; ``offer_hours`` of the policy, if absent.
    policy : Policy, optional

    Returns
    -------
    Offers

    Raises
    ------
    DataError
        If the log breaks a rule.
    UsageError
        If a column is missing, or a moment is none, or ``until`` is not after ``now``.
    """
    policy = policy or Policy()
    lacking = [name for name in PAIR if name not in plan.columns]
    if lacking:
        raise UsageError(f"the plan has no column {lacking[0]}; give the table plan of a result")
    moment = moment_of(now, policy.time_zone, "now")
    ends = None if until is None else moment_of(until, policy.time_zone, "until")
    if ends is not None and ends <= moment:
        raise UsageError(f"until = {until}: an offer stands until later than now, {now}")
    states = state_at(log, policy=policy)
    asked = _wanted(plan).join(
        states.orders.select("request_id", order=pl.col("state").cast(pl.String)),
        on="request_id",
        how="left",
        maintain_order="left",
    )
    asked = asked.with_columns(pl.col("order").fill_null("unknown"))
    order = pl.col("order")
    looking = order.is_in(("checked", "dispatched"))
    why = pl.when(order.is_in(_NOT_YET)).then(order).otherwise(pl.lit("over"))
    left_out = asked.filter(~looking).select(*PAIR, why=why)
    open_to = legal_moves().filter(event="offered")["state"].implode()
    done = states.offers.filter(~pl.col("state").cast(pl.String).is_in(open_to))
    people = asked.filter(looking).join(done, on=PAIR, how="anti", maintain_order="left")
    people = people.with_columns(event=pl.lit("offered"), until=pl.lit(ends, pl.Datetime("us")))
    first = people.filter(order == "checked").unique("request_id", maintain_order=True)
    first = first.select("request_id", event=pl.lit("dispatched"))
    every = pl.concat([first, people], how="diagonal").sort("request_id", "event", "volunteer_id")
    return Offers(numbered(every, states.orders, moment, policy), left_out)


def _wanted(plan: pl.DataFrame) -> pl.DataFrame:
    """Return the plan's people, in text."""
    names = [*PAIR, "post", "option"]
    blank = pl.DataFrame(schema=dict.fromkeys(names, pl.String))
    there = plan.select(pl.col(name).cast(pl.String) for name in names if name in plan.columns)
    rows = pl.concat([blank, there], how="diagonal").with_columns(
        pl.when(pl.col(name) != "").then(pl.col(name)).alias(name) for name in ("post", "option")
    )
    rows = rows.with_columns(pl.col("post").fill_null(DEFAULT_POST))
    return rows.unique(PAIR, maintain_order=True)


@door
def records(
    log: pl.DataFrame, requests: pl.DataFrame | None = None, *, policy: Policy | None = None
) -> pl.DataFrame:
    """Turn what people did, by a log, into the table ``records``.

    Parameters
    ----------
    log : polars.DataFrame
        In the layout of the table ``events``, in any order.
    requests : polars.DataFrame, optional
        With ``request_id`` and, where they are known, ``category`` and ``organisation_id``.
    policy : Policy, optional

    Returns
    -------
    polars.DataFrame
        A row for each who was checked out (``done``), forced out, did not come or cancelled:
        ``record_id`` (order, volunteer and the version of the event that ended it), ``start`` (the
        check-in), ``end``, ``entered_at`` (when it was told) and the rest in the layout of
        ``records``. Whoever is still there has none yet.

    Raises
    ------
    DataError
        If the log breaks a rule.
    """
    policy = policy or Policy()
    events = clean_events(log, policy)
    states = replayed(events, events.clear(), None, policy).states
    ended = states.offers.with_columns(pl.col("state").cast(pl.String))
    ended = ended.filter(pl.col("state").is_in(ENDINGS)).select(
        *PAIR, "post", "organisation_id", "state"
    )
    event = pl.col("event").cast(pl.String)
    last = pl.col("version").max()
    ends = (
        events.filter(event.is_in(ENDINGS)).group_by(PAIR).agg(pl.all().sort_by("version").last())
    )
    ends = ends.select(*PAIR, "version", end="at")
    starts = (
        events.filter(event == "checked_in")
        .group_by(PAIR)
        .agg(pl.col("at").filter(pl.col("version") == last).first().alias("start"))
    )
    table = ended.join(ends, on=PAIR, maintain_order="left").join(
        starts, on=PAIR, how="left", maintain_order="left"
    )
    came = pl.col("state").is_in(("checked_out", "forced_out"))
    table = table.select(
        pl.concat_str("request_id", "volunteer_id", "version", separator="/").alias("record_id"),
        "volunteer_id",
        "request_id",
        "post",
        start=pl.when(came).then("start"),
        end=pl.when(came).then("end"),
        status=pl.col("state").replace_strict(ENDINGS),
        entered_at=pl.col("end"),
        organisation_id=pl.col("organisation_id"),
    )
    return in_zone(_described(table, requests), policy.time_zone)


def _described(table: pl.DataFrame, requests: pl.DataFrame | None) -> pl.DataFrame:
    """Add what the order says of category and organisation."""
    names = ["request_id", "category", "organisation_id"]
    blank = pl.DataFrame(schema=dict.fromkeys(names, pl.String))
    if requests is not None:
        own = requests.select(pl.col(name).cast(pl.String) for name in names if name in requests)
        blank = pl.concat([blank, own], how="diagonal")
    known = blank.unique("request_id", maintain_order=True).rename({"organisation_id": "own"})
    joined = table.join(known, on="request_id", how="left", maintain_order="left")
    return joined.with_columns(organisation_id=pl.coalesce("organisation_id", "own")).drop("own")
