"""What can be promised: as many orders of each menu item as can be served jointly."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple

import numpy as np
import polars as pl

from matching.answers.filling import fill, within_trees
from matching.answers.half_days import half_days_of
from matching.answers.names import number_of
from matching.answers.roster import half_days_of_week, held_this_week, roster
from matching.answers.teams_to_promise import teams
from matching.arcs.eligibility import eligible
from matching.arcs.layout import merged_windows
from matching.errors import UsageError
from matching.guards.doors import door
from matching.guards.mondays import Day, monday_of
from matching.policy import Policy
from matching.problem import Problem
from matching.problem import columns as c
from matching.problem.plan import Plan
from matching.problem.series import index_in
from matching.schema import PAIR_RULES
from matching.tables.cells import to_local, to_utc, week_start
from matching.tables.cleaning import OnError, Tables, clean

MOST_ORDERS = 1_000
_KEYS = ["menu_item", "half_day", "station_id", "region", "start", "end"]


class Promised(NamedTuple):
    """The tables of a promise, and the plan that proves it.

    Attributes
    ----------
    tables : dict of str to polars.DataFrame
        ``promise``, ``idle``, ``not_promised`` and ``not_counted``; maybe ``faults``.
    problem : Problem
        One request for each row that could be promised, over its whole half day, with all seats
        that are promised.
    plan : Plan
        Who would come if all of it were ordered.
    """

    tables: dict[str, pl.DataFrame]
    problem: Problem
    plan: Plan


@door
def promise(
    tables: Mapping[str, pl.DataFrame],
    week: Day,
    policy: Policy | None = None,
    *,
    half_days: Mapping[str, tuple[str, str]] | None = None,
    stations: Collection[str] | None = None,
    menu_items: Collection[str] | None = None,
    most: int = MOST_ORDERS,
    on_error: OnError = "raise",
) -> Promised:
    """Return how many orders of each menu item a roster can serve, all at once or any fewer.

    An order is the item as the menu states it: all seats of all its posts, with what they and the
    rules of the team ask for, at the place of its station, for its minutes, within the half day;
    when in the half day it starts does not matter, nor for whom it is. Whoever is counted on is
    free for the whole half day and takes one order in it at most, and keeps the limits of their
    week, time to travel and rest, whatever is ordered. So whatever is ordered of the promise can
    be served, by those who would serve it if all were ordered.

    Orders are given out one by one, each time to what has fewest, until nothing can be added: an
    item has fewer than another only because people lack for it. Where teams are of one that is the
    best of the joint capacity for every value that grows ever less with each order.

    Parameters
    ----------
    tables : Mapping of str to polars.DataFrame
        Raw tables by name. What they order in this week is left out.
    week : datetime.date, str or numpy.datetime64
        The Monday.
    policy : Policy, optional
    half_days : Mapping of str to (str, str), optional
        Name, start and end by the clock; by default the morning from 08:00 to 12:00, the afternoon
        from 14:00 to 18:00, the evening from 19:00 to 21:00.
    stations, menu_items : collection of str, optional
        Only these; all, if absent. Without any stations orders have no place, and no distance.
    most : int
        At most so many orders of one item, at a place and half day.
    on_error : {"raise", "quarantine"}

    Returns
    -------
    Promised
        ``promise``: ``menu_item``, ``half_day``, ``station_id``, ``region``, ``start``, ``end``,
        ``orders``, ``people`` (all seats of these orders). ``idle``: ``qualification``,
        ``half_day``, ``people`` (who hold it, are free, and serve nothing on that day if all is
        ordered; who holds several counts at each), and how many ``menu_items`` ask for it: what
        new items could build on. ``not_promised``: ``menu_item``, ``reason``. ``not_counted``:
        ``reason``, ``volunteers`` who are not counted on. ``faults``: what was set aside, if
        anything was.

    Raises
    ------
    DataError
        If tables are faulty, unless faults are to be set aside.
    UsageError
        If there is no menu, a station or menu item is not in the tables, half days overlap, or
        the policy takes only pairs that are listed.
    """
    policy, week, parts = policy or Policy(), monday_of(week), half_days_of(half_days)
    if policy.only_listed:
        raise UsageError(
            "the policy takes only pairs that affinities lists (only_listed): an order that is not "
            "placed yet is on no list, and nothing can be promised"
        )
    if most < 1:
        raise UsageError(f"most = {most}: give a whole number of at least 1")
    zone = policy.time_zone
    cleaned, faults = clean(
        _with_requests(tables),
        week=week,
        time_zone=zone,
        option_minutes=policy.option_minutes,
        on_error=on_error,
    )
    if cleaned["menu"].is_empty():
        raise UsageError(
            "the tables have no menu: a promise is about its items; add the table menu, and "
            "menu_posts and menu_qualifications with what each asks for"
        )
    cleaned["volunteers"] = _rarely_enough(cleaned, policy)
    made, refused = teams(cleaned)
    items = cleaned["menu"].filter(_chosen("menu_item", menu_items, cleaned["menu"], "menu item"))
    refused = {item: refused[item] for item in items["menu_item"] if item in refused}
    items = items.filter(pl.col("menu_item").is_in(list(made)))
    times = half_days_of_week(week, parts, zone)
    places = cleaned["stations"].filter(
        _chosen("station_id", stations, cleaned["stations"], "station")
    )
    orders = _orders(items, times, places)
    refused |= dict.fromkeys(set(items["menu_item"]) - set(orders["menu_item"]), "too_long")
    away = _away(cleaned, held_this_week(cleaned, week, zone))
    problem = roster(cleaned, week, policy, made, orders, away)
    problem, arcs = within_trees(problem, eligible(problem))
    team = np.bincount(problem.posts.request, problem.posts.seats, minlength=len(problem.requests))
    count, problem, plan = fill(problem, arcs, most)
    at = index_in(orders["request_id"], problem.requests.id)
    rows = orders.with_columns(
        *(to_local(pl.col(name), zone) for name in ("start", "end")),
        orders=pl.Series(count[at], dtype=pl.Int64),
        people=pl.Series(count[at] * team[at].astype(np.int64), dtype=pl.Int64),
    )
    rows = rows.filter(pl.col("orders") > 0)
    for item in set(orders["menu_item"]) - set(rows["menu_item"]):
        refused[item] = "too_few"
    found = {
        "promise": rows.select(*_KEYS, "orders", "people"),
        "idle": _idle(problem, plan, times, cleaned["menu_qualifications"]),
        "not_promised": _pairs(sorted(refused.items()), "menu_item", "reason", pl.String),
        "not_counted": _pairs(
            [(reason, len(ids)) for reason, ids in away.items()],
            "reason",
            "volunteers",
            pl.Int64,
        ),
    }
    if faults.height:
        found["faults"] = faults
    return Promised(found, problem, plan)


def _with_requests(tables: Mapping[str, pl.DataFrame]) -> Mapping[str, pl.DataFrame]:
    """Return the tables, with one of requests: a roster need not have it."""
    if "requests" in tables:
        return tables
    nothing = pl.DataFrame(schema=dict.fromkeys(("request_id", "start", "end"), pl.String))
    more = {**tables, "requests": nothing}
    return Tables(more, tables.faults, tables.words) if isinstance(tables, Tables) else more


def _chosen(
    key: str, asked: Collection[str] | None, frame: pl.DataFrame, what: str
) -> pl.Expr | bool:
    """Return what tells the rows that are asked for; all of them, if nothing is."""
    known = frame[key].sort()
    for name in asked or ():
        number_of(known, name, what)
    return pl.lit(True) if asked is None else pl.col(key).is_in(list(asked))


def _orders(items: pl.DataFrame, times: pl.DataFrame, stations: pl.DataFrame) -> pl.DataFrame:
    """Return one order of every item at every place and half day that is long enough for it."""
    places = stations.select("station_id", "region")
    if places.is_empty():
        places = pl.DataFrame([[None, None]], schema=dict(places.schema), orient="row")
    length = (pl.col("end") - pl.col("start")).dt.total_minutes()
    rows = items.select("menu_item", "minutes").join(times, how="cross")
    rows = rows.filter((pl.col("minutes") <= length).fill_null(True)).join(places, how="cross")
    number = pl.int_range(pl.len()).cast(pl.String).str.zfill(9)
    return rows.with_columns(request_id=pl.concat_str(pl.lit("promise:"), number))


def _away(cleaned: dict[str, pl.DataFrame], held: pl.DataFrame) -> dict[str, pl.Series]:
    """Return who is not counted on, by why: an order may be such as they cannot serve."""
    likes, pairs, people = cleaned["preferences"], cleaned["pairs"], cleaned["volunteers"]
    never = pl.col("never").fill_null(False) & (pl.col("subject").cast(pl.String) == "beneficiary")
    friends, others = (pairs.filter(pl.col("rule").cast(pl.String) == rule) for rule in PAIR_RULES)
    away = {
        "held": held["volunteer_id"],
        "together": pl.concat(
            [friends["volunteer_a"], friends["volunteer_b"], cleaned["groups"]["volunteer_id"]]
        ),
        # The other of the two can come.
        "apart": others.select(pl.max_horizontal("volunteer_a", "volunteer_b")).to_series(),
        "never_beneficiary": likes.filter(never)["volunteer_id"],
        "refuses": people.filter(pl.col("consent").cast(pl.String) == "refuse")["volunteer_id"],
    }
    return {reason: ids.unique() for reason, ids in away.items() if len(ids)}


def _rarely_enough(cleaned: dict[str, pl.DataFrame], policy: Policy) -> pl.DataFrame:
    """Count on nobody more often than limits allow that any order may fall under.

    Whom an order is for, who places it, and what its posts are called is not known yet.
    """
    unknown = pl.col("subject").cast(pl.String).is_in(["beneficiary", "organisation", "post"])
    limits = cleaned["limits"].filter(unknown)
    people = cleaned["volunteers"]
    if limits.is_empty():
        return people
    own = limits.group_by("volunteer_id").agg(least=pl.col("max_shifts").min())
    for_all = limits.filter(pl.col("volunteer_id").is_null())["max_shifts"].min()
    most = pl.col("max_shifts").fill_null(policy.max_shifts)
    capped = people.join(own, on="volunteer_id", how="left", maintain_order="left")
    return capped.with_columns(
        max_shifts=pl.min_horizontal(most, "least", pl.lit(for_all, dtype=pl.Int64))
    ).drop("least")


def _idle(problem: Problem, plan: Plan, times: pl.DataFrame, asks: pl.DataFrame) -> pl.DataFrame:
    """Return who of each qualification is free on half days, and serves nothing on that day."""
    people, slots, options = problem.volunteers, problem.slots, problem.options
    day = options.day[slots.option[plan.slot]]
    busy = np.zeros((len(people), 7), np.bool_)
    busy[plan.volunteer, day] = True
    shifts = np.bincount(plan.volunteer, minlength=len(people))
    able = ~people.refuses & (shifts < people.max_shifts) & (people.max_shifts_per_day > 0)
    volunteer, start, end = merged_windows(problem.windows)
    held = problem.holdings
    rows = []
    minutes = _minutes_of(problem, times)
    for number, (name, weekday) in enumerate(times.select("half_day", "day").iter_rows()):
        first, last = minutes[0][number], minutes[1][number]
        free = np.zeros(len(people), np.bool_)
        free[volunteer[(start <= first) & (end >= last)]] = True
        free &= able & ~busy[:, weekday]
        valid = (held.first_day <= weekday) & (held.last_day >= weekday) & free[held.volunteer]
        pairs = np.unique(c.combine(held.qualification[valid], held.volunteer[valid])) >> 32
        count = np.bincount(pairs, minlength=len(problem.qualification_ids))
        some = np.flatnonzero(count)
        ids = problem.qualification_ids.gather(some).to_list()
        rows += [(q, name, n) for q, n in zip(ids, count[some].tolist(), strict=True)]
    schema = {"qualification": pl.String, "half_day": pl.String, "people": pl.Int64}
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    many = asks.group_by("qualification").agg(menu_items=pl.col("menu_item").n_unique())
    frame = frame.join(many, on="qualification", how="left", maintain_order="left")
    frame = frame.with_columns(pl.col("menu_items").fill_null(0).cast(pl.Int64))
    return frame.sort("people", descending=True, maintain_order=True)


def _minutes_of(problem: Problem, times: pl.DataFrame) -> tuple[list[int], list[int]]:
    """Return starts and ends of half days in minutes since the week's Monday."""
    monday = to_utc(week_start(problem.week), problem.policy.time_zone)
    start, end = (
        times.select((pl.col(name) - monday).dt.total_minutes()).to_series().to_list()
        for name in ("start", "end")
    )
    return start, end


def _pairs(
    rows: list[tuple[str, object]], key: str, value: str, kind: type[pl.DataType]
) -> pl.DataFrame:
    return pl.DataFrame(rows, schema={key: pl.String, value: kind}, orient="row")
