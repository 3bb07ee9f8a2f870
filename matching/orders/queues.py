"""Who is next on the waiting lists, and whether a swap keeps every rule."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime

import polars as pl

from matching.audit import violations
from matching.engine import solve
from matching.errors import UsageError, listed
from matching.guards.defaults import TIME_LIMIT_SECONDS
from matching.guards.doors import door
from matching.guards.moments import Moment, moment_of
from matching.orders.applying import state_at
from matching.orders.events import numbered
from matching.orders.life import ASKED, HOLDING
from matching.orders.states import States
from matching.orders.wanted import wanted
from matching.orders.willing import PAIR, accepted_of, earlier_of, problem_of, weeks_of
from matching.policy import Policy
from matching.problem import Problem

# A place on the list is worth more than any fit, so that the list decides among those who can come.
_PLACE, _LONGEST = 10_000, 90
_POST = ["request_id", "post"]
_SERVICE = [*_POST, "option"]


@door
def promotions(
    log: pl.DataFrame,
    tables: Mapping[str, pl.DataFrame],
    now: Moment,
    *,
    policy: Policy | None = None,
    time_limit: float = TIME_LIMIT_SECONDS,
) -> pl.DataFrame:
    """Return who is promoted: the first on each waiting list who can come, for each free seat.

    A seat for which somebody is asked already is not free. Who cannot come, beside what they have
    accepted or by any rule, keeps their place and is passed by; of two lists at one time somebody
    is promoted on one.

    Parameters
    ----------
    log : polars.DataFrame
        In the layout of the table ``events``.
    tables : Mapping of str to polars.DataFrame
        Those of the weeks that the orders are of.
    now : str or datetime.datetime
    policy : Policy, optional
        ``offer_hours`` is how long a promotion stands.
    time_limit : float
        Seconds of the search, for each week.

    Returns
    -------
    polars.DataFrame
        Events ``promoted``, to be applied.

    Raises
    ------
    DataError
        If the log or the tables break a rule.
    UsageError
        If ``now`` is no moment, or an order with a waiting list is not among the requests.
    """
    policy = policy or Policy()
    states, moment = _at(log, now, policy)
    state = pl.col("state").cast(pl.String)
    sent = states.orders.filter(state == "dispatched", pl.col("waiting") > 0)
    waiting = states.offers.filter(pl.col("place").is_not_null()).join(sent, on="request_id")
    free = _free(states, tables, policy)
    first = [pl.DataFrame(schema=waiting.select(*PAIR, "post", "place").schema)]
    by_week = weeks_of(sent, tables, policy).partition_by("week", as_dict=True)
    for (week,), orders in sorted(by_week.items(), key=lambda item: str(item[0])):
        worth = (_LONGEST - pl.col("place").clip(upper_bound=_LONGEST)) * _PLACE
        willing = waiting.join(orders, on="request_id").with_columns(lot=worth)
        problem = problem_of(states, willing, tables, _day(week), policy)
        plan = solve(problem, time_limit=time_limit).output()[0]["plan"]
        come = plan.select(pl.col(PAIR).cast(pl.String))
        able = willing.join(come, on=PAIR, how="semi").sort("place").join(free, on=_POST)
        taken = able.filter(pl.int_range(pl.len()).over(_POST) < pl.col("free"))
        first.append(taken.select(*PAIR, "post", "place"))
    told = pl.concat(first).sort("request_id", "post", "place")
    reason = pl.format("place {} on the waiting list", "place")
    events = told.select(*PAIR, "post", event=pl.lit("promoted"), reason=reason)
    return numbered(events, states.orders, moment, policy)


@door
def swapped(
    log: pl.DataFrame,
    tables: Mapping[str, pl.DataFrame],
    now: Moment,
    hand_overs: Iterable[tuple[str, str, str]],
    *,
    policy: Policy | None = None,
) -> pl.DataFrame:
    """Return the events of a swap, if every rule is kept by what it comes to.

    Parameters
    ----------
    log : polars.DataFrame
        In the layout of the table ``events``.
    tables : Mapping of str to polars.DataFrame
        Those of the weeks that the orders are of.
    now : str or datetime.datetime
    hand_overs : iterable of (str, str, str)
        The request, who gives the seat, and who takes it. Two of them are a trade: what each gives
        is not in the way of what they take.
    policy : Policy, optional

    Returns
    -------
    polars.DataFrame
        Events ``handed_over`` and ``took_over``, to be applied together; whether somebody has
        put up the seat, and somebody applied for it, is judged then.

    Raises
    ------
    UsageError
        If the giver holds no seat, or a rule would be broken: it is named, with the reason.
    DataError
        If the log or the tables break a rule.
    """
    policy = policy or Policy()
    states, moment = _at(log, now, policy)
    text = dict.fromkeys(("request_id", "giver", "taker"), pl.String)
    swaps = pl.DataFrame(list(hand_overs), text, orient="row")
    holds = states.offers.select("request_id", "post", "option", "state", giver="volunteer_id")
    held = pl.col("state").cast(pl.String).is_in(list(map(str, HOLDING[:2])))
    given = swaps.join(holds.filter(held), on=["request_id", "giver"], how="left")
    nobody = given.filter(pl.col("state").is_null())
    if nobody.height:
        pairs = (
            f"{giver} of {request}" for request, giver in nobody[["request_id", "giver"]].rows()
        )
        raise UsageError(f"only who has accepted a seat can give it: {listed(pairs)} has not")
    orders = states.orders.join(swaps, on="request_id", how="semi")
    by_week = weeks_of(orders, tables, policy).partition_by("week", as_dict=True)
    for (week,), some in by_week.items():
        here = given.join(some, on="request_id", how="semi")
        _check(states, here, tables, _day(week), policy)
    give = swaps.select("request_id", volunteer_id="giver", event=pl.lit("handed_over"))
    take = swaps.select("request_id", volunteer_id="taker", event=pl.lit("took_over"))
    both = pl.concat([give, take]).with_columns(reason=pl.lit("a swap that keeps every rule"))
    return numbered(both, states.orders, moment, policy)


def _at(log: pl.DataFrame, now: Moment, policy: Policy) -> tuple[States, datetime]:
    moment = moment_of(now, policy.time_zone, "now")
    return state_at(log, now, policy=policy), moment


def _day(week: object) -> date:
    assert isinstance(week, date)
    return week


def _free(states: States, tables: Mapping[str, pl.DataFrame], policy: Policy) -> pl.DataFrame:
    """Return the posts with seats that nobody holds and nobody is asked to take."""
    want = wanted(tables, policy)
    assert want is not None
    taken = list(map(str, (*HOLDING, *ASKED)))
    counts = states.offers.filter(pl.col("state").cast(pl.String).is_in(taken))
    joined = want[0].join(counts.group_by(_POST).len("taken"), on=_POST, how="left")
    free = pl.col("seats") - pl.col("taken").fill_null(0).cast(pl.Int64)
    return joined.select(*_POST, free=free).filter(pl.col("free") > 0)


def _check(
    states: States,
    given: pl.DataFrame,
    tables: Mapping[str, pl.DataFrame],
    week: date,
    policy: Policy,
) -> None:
    """Refuse hand-overs after which a rule is broken that was kept before."""
    accepted, earlier = accepted_of(states, tables), earlier_of(tables)
    gone = given.select("request_id", volunteer_id="giver")
    stays = accepted.join(gone, on=PAIR, how="anti")
    new = given.select(*_SERVICE, volunteer_id="taker")
    others = earlier.join(accepted, on=PAIR, how="anti").join(new, on=PAIR, how="anti")
    pins = pl.concat([stays, others])
    problem = Problem.from_tables({**tables, "assignments": pins}, week, policy)
    of_week = pl.col("request_id").is_in(problem.requests.id.implode())
    about = [*_SERVICE, "volunteer_id"]
    before = accepted.filter(of_week).select(about)
    after = pl.concat([stays.filter(of_week).select(about), new.select(about)])
    same = ["rule", "detail"]
    broken = violations(problem, after).join(violations(problem, before), on=same, how="anti")
    if broken.height:
        said = "; ".join(f"{rule}: {detail}" for rule, detail in broken[["rule", "detail"]].rows())
        raise UsageError(f"the swap would break a rule: {said}")
