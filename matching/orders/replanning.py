"""Planning a plan in force anew after something happened, so that few people are told otherwise."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from matching import audit
from matching.arcs.eligibility import Arcs, eligible
from matching.arcs.pair_rules import Answers
from matching.arcs.pinned import pinned_arcs
from matching.arcs.unfilled import unfilled
from matching.arcs.value import quality
from matching.audit.pins import settled as with_pins_settled
from matching.bounds.certificate import bound
from matching.bounds.exactness import is_pure_network, refuse_equity
from matching.bounds.prices import Prices
from matching.bounds.pricing import Weeks
from matching.guards.doors import door
from matching.guards.moments import Moment
from matching.orders.change_costs import ChangeCosts, at_short_notice
from matching.orders.changes_told import changes_told
from matching.orders.happenings import before_they_began, happened, nothing, said_in
from matching.orders.in_force import InForce, in_force
from matching.orders.moments import minute_of
from matching.orders.plan_network import PlanNetwork
from matching.orders.subplans import SubPlans
from matching.problem import Problem
from matching.problem import columns as c
from matching.problem.plan import Plan, held_by, slot_keys
from matching.result import Result
from matching.schema import STATUSES

_STAYING = (STATUSES.index("pinned"), STATUSES.index("accepted"))


@dataclass(frozen=True, eq=False)
class Replan:
    """A plan in force, planned anew.

    Attributes
    ----------
    problem : Problem
        The week, with what happened.
    plan : Plan
    value : int
        What the plan is worth.
    cost : int
        What its changes cost: the sum of those of ``changes``.
    bound : float
        No plan that keeps as much of what has to stay is worth more than this, less its costs.
    changes : polars.DataFrame
        ``volunteer_id``, ``request_id``, ``from``, ``to``, ``why``, ``cost`` and
        ``from_request_id``; see `matching.orders.changes_told.changes_told`.
    open : polars.DataFrame
        ``request_id``, ``post`` and ``seats``: places that somebody left and nobody took.
    arcs : Arcs
    prices : tuple of Prices
        What is at hand to bound the value with.
    most : float
        No plan of the week is worth more, as far as the plan in force was proved.
    """

    problem: Problem
    plan: Plan
    value: int
    cost: int
    bound: float
    changes: pl.DataFrame
    open: pl.DataFrame
    arcs: Arcs
    prices: tuple[Prices, ...]
    most: float = np.inf

    @property
    def net(self) -> int:
        """The value less the costs."""
        return self.value - self.cost

    @property
    def gap(self) -> float:
        """``(bound - net) / max(1, net)``."""
        return (self.bound - self.net) / max(1, self.net)

    @property
    def told(self) -> int:
        """How many people are told something else, other than that they do not come."""
        return self.changes.filter(pl.col("cost") > 0)["volunteer_id"].n_unique()

    @cached_property
    def result(self) -> Result:
        """The plan as a result, which can be written; its bound is one of the value alone."""
        problem, arcs, plan = self.problem, self.arcs, self.plan
        fit = quality(problem, arcs)
        rows = c.lookup(c.combine(arcs.volunteer, arcs.slot), c.combine(plan.volunteer, plan.slot))
        weeks = Weeks(problem, arcs)
        bounds = [bound(problem, weeks, fit, prices) for prices in self.prices]
        proved = min(bounds)
        most = int(np.floor(min(proved, self.most)))
        best = most <= self.value
        return Result(
            problem=problem,
            arcs=arcs,
            status="optimal" if best else "feasible",
            termination="proved" if best else "exhausted",
            plan=plan,
            quality=fit[rows],
            km=arcs.km[rows],
            prices=self.prices[bounds.index(proved)],
            value=self.value,
            bound=most,
            bound_from_prices=proved,
            unfilled=unfilled(problem, arcs, fit, plan),
            phases=(),
            seed=0,
        )

    def summary(self) -> dict[str, Any]:
        """Return the figures: all of it is JSON."""
        return {
            "told": self.told,
            "left_open": int(self.open["seats"].sum()),
            "value": self.value,
            "change_costs": self.cost,
            "net": self.net,
            "bound": float(self.bound),
            "gap": self.gap,
        }


@door
def replan(
    problem: Problem,
    plan: object,
    events: pl.DataFrame | None = None,
    *,
    now: Moment | None = None,
    prices: object = None,
    time_limit: float = 60.0,
) -> Replan:
    """Plan a plan in force anew, with the value of the plan less the costs of its changes highest.

    What is past or running stays, and what is pinned or accepted, as far as rules allow; nobody is
    told anything else unless the plan gains more by it than `policy.change_cost`. See "Changing a
    plan in force" in the model.

    Parameters
    ----------
    problem : Problem
        The week as it is now.
    plan : Plan, Result, polars.DataFrame or Mapping
        The plan in force. A table, or another problem's result, may name what the week has no
        more.
    events : polars.DataFrame, optional
        What happened that the tables do not know: ``request_id``, ``event``, ``volunteer_id`` and,
        where they are known, ``version``, ``post`` and ``option``.
    now : str or datetime.datetime, optional
        Nothing has begun, and nothing is at short notice, if it is absent.
    prices : Prices, Result, polars.DataFrame or Mapping, optional
        Those of the plan in force. They make the bound tighter; so does the result that the
        plan in force is, where nothing but events changed the week.
    time_limit : float
        Seconds of the search under the full rulebook.

    Returns
    -------
    Replan

    Raises
    ------
    UsageError
        If ``now`` is no moment, or no plan keeps what is pinned.
    DataError
        If the events name what the week has not, or a pin is against the rules.
    """
    most = proved_of(problem, prices)
    return planned(problem, plan, events, now, prices, time_limit, most=most).replan


class Planned(NamedTuple):
    """A plan made anew, and what it was made with.

    Attributes
    ----------
    replan : Replan
    network : PlanNetwork or None
        None under the full rulebook.
    minute : int or None
        The minute of the week that it was.
    withdrawn : bool array, shape (requests,)
    """

    replan: Replan
    network: PlanNetwork | None
    minute: int | None
    withdrawn: c.Bools


def planned(
    problem: Problem,
    plan: object,
    events: pl.DataFrame | None,
    now: Moment | None,
    prices: object,
    time_limit: float,
    withdrawn: c.Bools | None = None,
    most: float = np.inf,
) -> Planned:
    """Do what `replan` does.

    Some requests may be withdrawn already; and of the week before these events it may be known what
    no plan is worth more than.
    """
    heard = nothing(problem) if events is None else happened(problem, events)
    minute = None if now is None else minute_of(problem, now)
    heard = before_they_began(problem, heard, minute)
    if withdrawn is not None:
        heard = heard._replace(withdrawn=heard.withdrawn | withdrawn)
    known = None if prices is None else known_prices(problem, prices)
    given = held_by(plan, "plan", problem)
    pins = len(problem.pins)
    problem = with_pins_settled(said_in(problem, heard))
    if heard.agreed.any() or len(problem.pins) != pins:
        most = np.inf  # where more is allowed, or worth more, a plan may be
    arcs = eligible(problem)
    old = in_force(problem, arcs, given, heard.withdrawn)
    costs = ChangeCosts.of(problem, arcs, old.before(), minute)
    stays = staying(problem, arcs, costs.in_force, minute)
    may = open_arcs(problem, arcs, stays, heard.withdrawn, minute)
    network = None
    if is_pure_network(problem, Weeks(problem, arcs).clusters):
        network = PlanNetwork(problem, arcs, costs, stays, may, minute)
        chosen = network.chosen
        proved = float(network.net(chosen))
        at_hand = (network.prices(),) if known is None else (known, network.prices())
    else:
        refuse_equity(problem, "a plan in force is planned anew without it")
        rows = np.flatnonzero(may)
        parts = SubPlans(problem, arcs.take(rows), costs.take(rows), stays[rows], time_limit)
        at_hand = (parts.prices() if known is None else known,)
        found = parts.find(_touched(old, problem, arcs), at_hand[0])
        chosen = rows[found.chosen]
        # Whatever is planned, what cannot go on has to be told.
        least = costs.of_plan(arcs, np.flatnonzero(costs.in_force))
        proved = min(found.bound, most - least)
    plan = Plan(arcs.volunteer[chosen], arcs.slot[chosen])
    value = audit.value(problem, plan)
    told = told_of(problem, arcs, old, costs, chosen, minute, value, proved, at_hand)
    told = replace(told, most=most)
    return Planned(told, network, minute, heard.withdrawn)


def proved_of(problem: Problem, prices: object) -> float:
    """Return what no plan of a week is worth more than, if the prices are of its own result."""
    return prices.bound if isinstance(prices, Result) and prices.problem is problem else np.inf


def staying(problem: Problem, arcs: Arcs, in_force: c.Bools, now: int | None) -> c.Bools:
    """Tell which arcs have to stay: what is pinned, and of the plan what was accepted or began."""
    of_plan = np.flatnonzero(in_force)
    stays = np.zeros(len(arcs), np.bool_)
    stays[pinned_arcs(problem, arcs)[1]] = True
    agreed = Answers(problem, _STAYING).among(arcs.volunteer[of_plan], arcs.slot[of_plan])
    stays[of_plan[agreed | begun(problem, arcs.slot[of_plan], now)]] = True
    return stays


def open_arcs(
    problem: Problem, arcs: Arcs, stays: c.Bools, withdrawn: c.Bools, now: int | None
) -> c.Bools:
    """Tell which arcs a plan may hold: nobody is sent to what has begun."""
    may: c.Bools = stays | ~begun(problem, arcs.slot, now)
    return may & ~withdrawn[problem.slots.request[arcs.slot]]


def begun(problem: Problem, slot: c.Ints, now: int | None) -> c.Bools:
    """Tell which services are past or running."""
    if now is None:
        return np.zeros(len(slot), np.bool_)
    late: c.Bools = (problem.options.start <= now)[problem.slots.option[slot]]
    return late


def told_of(
    problem: Problem,
    arcs: Arcs,
    old: InForce,
    costs: ChangeCosts,
    chosen: c.Longs,
    now: int | None,
    value: int,
    bound: float,
    prices: tuple[Prices, ...],
) -> Replan:
    """Return a new plan with all that is to be told of it."""
    plan = Plan(arcs.volunteer[chosen], arcs.slot[chosen])
    changes = changes_told(
        problem, arcs, old, costs, chosen, at_short_notice(problem, old.start, now)
    )
    return Replan(
        problem=problem,
        plan=plan,
        value=value,
        cost=costs.of_plan(arcs, chosen),
        bound=bound,
        changes=changes,
        open=_left_open(problem, plan, changes),
        arcs=arcs,
        prices=prices,
    )


def _left_open(problem: Problem, plan: Plan, changes: pl.DataFrame) -> pl.DataFrame:
    """Return the places that somebody left and that nobody took."""
    left = changes.filter(pl.col("from").is_not_null()).select(
        pl.coalesce("from_request_id", "request_id").alias("request_id"),
        pl.col("from").str.extract(r"^(.*), \S+ \S+ to \S+$").alias("post"),
    )
    filled = np.bincount(problem.slots.post[plan.slot], minlength=len(problem.posts))
    seats = pl.DataFrame(
        {
            "request_id": problem.requests.id.gather(problem.posts.request),
            "post": problem.posts.id,
            "seats": problem.posts.seats.astype(np.int64) - filled,
        }
    )
    gone = left.group_by("request_id", "post").len()
    empty = seats.join(gone, on=["request_id", "post"]).filter(pl.col("seats") > 0)
    return empty.select("request_id", "post", pl.min_horizontal("seats", "len").cast(pl.Int64)
                        .alias("seats")).sort("request_id", "post")  # fmt: skip


def _touched(old: InForce, problem: Problem, arcs: Arcs) -> c.Longs:
    """Return the requests that lost somebody, or of which the plan in force knew nothing."""
    lost = np.unique(problem.slots.request[old.slot[(old.arc < 0) & (old.slot >= 0)]])
    known = problem.requests.id.is_in(old.rows["request_id"].implode()).to_numpy()
    could = np.zeros(len(known), np.bool_)
    could[problem.slots.request[arcs.slot]] = True
    return np.union1d(lost, np.flatnonzero(~known & could))


def known_prices(problem: Problem, given: object) -> Prices:
    """Return prices as far as the week still has what they are of; of all others they are 0."""
    held = held_by(given, "prices", problem)
    if not isinstance(held, pl.DataFrame):
        return Prices.of(problem, held)
    on = ["request_id", "post", "option"]
    limited = problem.organisations.id.gather(np.flatnonzero(problem.organisations.limited))
    of_quota = pl.col("organisation_id").is_not_null()
    rows = held.filter(~of_quota).join(slot_keys(problem), on=on, how="semi", nulls_equal=True)
    people = problem.volunteers.id.implode()
    rows = rows.filter(pl.col("volunteer_id").is_null() | pl.col("volunteer_id").is_in(people))
    quotas = held.filter(of_quota & pl.col("organisation_id").is_in(limited.implode()))
    return Prices.from_frame(problem, pl.concat([rows, quotas]))
