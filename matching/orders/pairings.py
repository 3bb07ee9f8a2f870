"""Pairings: the visits that are due in a week become orders, and what was done moves them on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time, timedelta

import dataframely as dy
import polars as pl

from matching.errors import UsageError
from matching.guards.doors import door
from matching.guards.mondays import Day, monday_of
from matching.schema import DEFAULT_POST, _count, _date, _id, _rule
from matching.tables.faults import faults_of, raise_any
from matching.tables.one_table import checked

TABLE = "pairings"
# Visits that somebody new makes together with who went before.
TOGETHER = 2
# What rows of one pairing must agree on.
_SHARED = (
    *("beneficiary_id", "menu_item", "minutes", "every_days", "within_days", "changed"),
    "station_id",
)


class Pairings(dy.Schema):
    """Who visits whom, and how often: one row for each helper of a pairing."""

    pairing_id = _id("opaque id; rows of one pairing differ in the helper alone", key=True)
    volunteer_id = _id("a helper", key=True)
    beneficiary_id = _id("who is visited", required=True)
    menu_item = _id("the service that a visit is")
    minutes = _count("length of a visit", low=1, high=1440, unit="minutes", required=True)
    every_days = _count("longest time between visits", low=1, high=366, unit="days", required=True)
    within_days = _count("after a change of status", low=0, high=366, unit="days")
    changed = _date("day of the last change of status")
    last_visit = _date("day of the last visit of the pairing, whoever went")
    visits = _count("visits of this helper so far", default="0 before a visit, else 2")
    starts = _date("first day on which this helper goes")
    ends = _date("last day on which this helper goes")
    station_id = _id("where")
    ends_not_before_starts = _rule(pl.col("ends") >= pl.col("starts"))


@dataclass(frozen=True)
class Visiting:
    """How visits become orders; every number is a default that nobody prescribes.

    Attributes
    ----------
    earliest, latest : datetime.time
        Between which a visit begins and ends.
    early_share : float
        A visit may be earlier than it is due, by this share of ``every_days``.
    grace_days : int
        Days after the first on which a visit that was missed may still be made up.
    priority, missed_priority : int
        Of the orders.
    same_person : int
        Affinity of the helpers; more than all else that makes a volunteer fit together.
    """

    earliest: time = time(9)
    latest: time = time(17)
    early_share: float = 0.25
    grace_days: int = 2
    priority: int = 4
    missed_priority: int = 5
    same_person: int = 2000


@door
def due(
    pairings: pl.DataFrame, week: Day, visiting: Visiting | None = None
) -> dict[str, pl.DataFrame]:
    """Return the visits of a week as orders.

    A visit that was missed is due at once. Where somebody new joins who went before, both are to
    go, until they were there together twice.

    Parameters
    ----------
    pairings : polars.DataFrame
        In the layout of `Pairings`.
    week : datetime.date, str or numpy.datetime64
        The Monday.
    visiting : Visiting, optional

    Returns
    -------
    dict of str to polars.DataFrame
        ``requests``, ``options``, ``posts`` and ``affinities``, as the tables of a week have them;
        and ``visits``: ``pairing_id``, ``request_id``, ``due``, ``was_due``, ``late_days`` (0 if
        nothing was missed), ``helpers`` (how many may go) and ``hand_over``.

    Raises
    ------
    DataError
        If a row breaks a rule, or rows of a pairing do not agree.
    UsageError
        If a visit is longer than the time between ``earliest`` and ``latest``.
    """
    monday, how = monday_of(week), visiting or Visiting()
    rows = checked_pairings(pairings)
    visits = _visits(rows, monday, how)
    going = _going(rows, visits)
    told = going.group_by("request_id").agg(
        helpers=pl.len().cast(pl.Int64), hand_over=pl.col("_together").any()
    )
    visits = visits.join(told, on="request_id", how="left", maintain_order="left").with_columns(
        pl.col("helpers").fill_null(0), pl.col("hand_over").fill_null(False)
    )
    late = pl.col("late_days") > 0
    both = visits.filter("hand_over")
    # One alone goes, too: nobody is left without a visit for want of a hand-over.
    seats = {"seats": pl.lit(2, pl.Int64), "min_seats": pl.lit(1, pl.Int64)}
    return {
        "requests": visits.select(
            *("request_id", "menu_item", "station_id", "beneficiary_id"),
            priority=pl.when(late).then(how.missed_priority).otherwise(how.priority),
        ),
        "options": _options(visits, how),
        "posts": both.select("request_id", post=pl.lit(DEFAULT_POST), **seats),
        "affinities": going.select("volunteer_id", "request_id", score=pl.lit(how.same_person)),
        "visits": visits.select(
            *("pairing_id", "request_id", "due", "was_due", "late_days", "helpers", "hand_over")
        ),
    }


@door
def roll(pairings: pl.DataFrame, served: pl.DataFrame) -> pl.DataFrame:
    """Return the pairings after visits that were made.

    Parameters
    ----------
    pairings : polars.DataFrame
        In the layout of `Pairings`.
    served : polars.DataFrame
        ``request_id`` as `due` gave it, ``volunteer_id`` and ``day``; what is no visit of a
        pairing is passed over, and what is older than its last visit changes nothing.
    """
    rows = checked_pairings(pairings)
    made = served.with_columns(
        pairing_id=pl.col("request_id").str.extract(r"^(.*)@\d{4}-\d{2}-\d{2}$")
    ).unique(["request_id", "volunteer_id"])
    made = made.join(
        rows.group_by("pairing_id").agg(_before=pl.col("last_visit").max()), on="pairing_id"
    ).filter(pl.col("_before").is_null() | (pl.col("day") > pl.col("_before")))
    last = made.group_by("pairing_id").agg(_last=pl.col("day").max())
    helpers = rows.select("pairing_id", "volunteer_id", "visits", "starts", "ends")
    made = made.join(helpers, on=["pairing_id", "volunteer_id"])
    # Who is new learns of a visit only what one who is not shows there.
    alone = pl.col("visits").max().over("request_id") < TOGETHER
    shown = made.select("pairing_id", "day").unique().join(helpers, on="pairing_id")
    shown = shown.filter(
        pl.col("visits") >= TOGETHER, pl.col("ends").is_null() | (pl.col("ends") >= pl.col("day"))
    ).select("pairing_id", "day", _shown=pl.lit(True))
    made = made.join(shown.unique(), on=["pairing_id", "day"], how="left")
    made = made.filter(~(alone & pl.col("_shown").fill_null(False)))
    own = made.group_by("pairing_id", "volunteer_id").agg(_more=pl.len().cast(pl.Int64))
    rows = rows.join(last, on="pairing_id", how="left", maintain_order="left")
    rows = rows.join(own, on=["pairing_id", "volunteer_id"], how="left", maintain_order="left")
    return rows.with_columns(
        last_visit=pl.coalesce("_last", "last_visit"),
        visits=pl.col("visits") + pl.col("_more").fill_null(0),
    ).select(Pairings.columns().keys())


def checked_pairings(pairings: pl.DataFrame) -> pl.DataFrame:
    """Return the pairings as their schema has them, with ``visits`` of everybody."""
    clean: Mapping[str, pl.DataFrame] = checked({TABLE: Pairings}, {TABLE: pairings}, "UTC")
    rows = clean[TABLE]
    differ = pl.any_horizontal(
        pl.col(name).ne_missing(pl.col(name).first().over("pairing_id")) for name in _SHARED
    )
    text = f"rows of one pairing must have the same {', '.join(_SHARED)}; mend the later one"
    raise_any([faults_of(TABLE, rows.filter(differ), ("pairing_id",), "one_pairing", text)])
    known = pl.when(pl.col("last_visit").is_null()).then(0).otherwise(TOGETHER)
    return rows.with_columns(pl.col("visits").fill_null(known)).drop("row")


def _visits(rows: pl.DataFrame, monday: date, how: Visiting) -> pl.DataFrame:
    """Return a row for each visit that is due in the week."""
    sunday = pl.lit(monday + timedelta(days=6))
    first, begins, last = pl.col("_first"), pl.col("starts"), pl.col("last_visit")
    each = rows.group_by("pairing_id", maintain_order=True).agg(
        *(pl.col(name).first() for name in _SHARED),
        last_visit=last.max(),
        # A helper without a day was always there, or stays.
        starts=pl.when(begins.null_count() == 0).then(begins.min()),
        ends=pl.when(pl.col("ends").null_count() == 0).then(pl.col("ends").max()),
    )
    every, within = (pl.duration(days=pl.col(name)) for name in ("every_days", "within_days"))
    changed = pl.col("changed") + within
    since = last.is_null() | (pl.col("changed") > last)
    regular = pl.coalesce(last + every, begins, pl.lit(monday))
    each = each.with_columns(
        _first=pl.when(since).then(pl.min_horizontal(regular, changed)).otherwise(regular)
    )
    each = each.with_columns(_first=pl.max_horizontal(first, begins))
    start = pl.max_horizontal(first, pl.lit(monday))
    end = pl.min_horizontal(sunday, pl.col("ends"))
    count = (end - start).dt.total_days() // pl.col("every_days") + 1
    each = each.with_columns(_start=start, _end=end, _count=count).filter(pl.col("_count") > 0)
    each = each.with_columns(_turn=pl.int_ranges(0, "_count")).explode("_turn")
    turn = pl.col("_turn")
    each = each.with_columns(due=pl.col("_start") + turn * every)
    late = (pl.col("due") - first).dt.total_days()
    was_late = (turn == 0) & (late > 0)
    early = (pl.col("every_days") * how.early_share).floor().cast(pl.Int64)
    opens = pl.max_horizontal(
        pl.col("due") - pl.duration(days=pl.min_horizontal(early, pl.col("every_days") - 1)),
        pl.lit(monday),
        begins,
    )
    closes = pl.min_horizontal(pl.col("due") + pl.duration(days=how.grace_days), "_end")
    return each.with_columns(
        request_id=pl.format("{}@{}", "pairing_id", pl.col("due").dt.strftime("%Y-%m-%d")),
        was_due=pl.when(was_late).then(first).otherwise("due"),
        late_days=pl.when(was_late).then(late).otherwise(0),
        _opens=opens,
        _closes=pl.when(was_late).then(closes).otherwise("due"),
    )


def _going(rows: pl.DataFrame, visits: pl.DataFrame) -> pl.DataFrame:
    """Return who may go on each visit, and whether somebody new and somebody old go together."""
    asked = visits.select("pairing_id", "request_id", "_turn", "_opens", "_closes")
    going = asked.join(
        rows.select("pairing_id", "volunteer_id", "starts", "ends", "visits"), on="pairing_id"
    ).filter(
        pl.col("starts").is_null() | (pl.col("starts") <= pl.col("_closes")),
        pl.col("ends").is_null() | (pl.col("ends") >= pl.col("_opens")),
    )
    new = pl.col("visits") + pl.col("_turn") < TOGETHER
    old = pl.col("visits") >= TOGETHER
    together = new.any().over("request_id") & old.any().over("request_id")
    return going.with_columns(_together=together).sort("request_id", "volunteer_id")


def _options(visits: pl.DataFrame, how: Visiting) -> pl.DataFrame:
    """Return a window of starts for each day on which a visit may be."""
    hours = [60 * each.hour + each.minute for each in (how.earliest, how.latest)]
    longest = hours[1] - hours[0]
    too_long = visits.filter(pl.col("minutes") > longest)
    if too_long.height:
        row = too_long.row(0, named=True)
        raise UsageError(
            f"pairing {row['pairing_id']}: a visit of {row['minutes']} minutes does not fit "
            f"between {how.earliest:%H:%M} and {how.latest:%H:%M}; make it shorter, or let the day "
            "be longer"
        )
    days = visits.with_columns(_day=pl.date_ranges("_opens", "_closes")).explode("_day")
    start = pl.col("_day").cast(pl.Datetime("us")) + pl.duration(minutes=hours[0])
    length = pl.duration(minutes=pl.col("minutes"))
    return days.select(
        "request_id",
        option=pl.col("_day").dt.strftime("%a").str.to_lowercase(),
        start=start,
        end=start + length,
        latest_start=pl.col("_day").cast(pl.Datetime("us"))
        + pl.duration(minutes=hours[1])
        - length,
    )
