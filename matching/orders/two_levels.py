"""Two-level dispatch: seats go to organisations first, then inside each; and what that costs.

The first level knows of each organisation its quota and its capacity: how many of its people could
serve each post, how well on the average, and how many at one time. The second is each
organisation's own plan, under every rule, of its people and its seats. The free plan, of everybody
at once, says what the detour costs.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import polars as pl

from matching.audit import value, violations
from matching.engine import solve
from matching.errors import UsageError, listed
from matching.guards.defaults import TIME_LIMIT_SECONDS
from matching.guards.doors import door
from matching.orders.shares import Shares, shares_of
from matching.problem import Problem
from matching.problem import columns as c
from matching.problem.part import Parts, of_posts
from matching.problem.plan import Plan
from matching.result import Result


@dataclass(frozen=True)
class TwoLevels:
    """A week dispatched by way of organisations, beside the free plan.

    Attributes
    ----------
    problem : Problem
    shares : polars.DataFrame
        ``request_id``, ``post``, ``organisation_id`` (null: people of none), ``seats`` (given to
        it) and ``filled``.
    plan : Plan
        Of all organisations together; it keeps every rule.
    value : int
        Its worth, as that of any plan.
    free : Result
        The plan of everybody at once.
    left_out : int
        Services that were planned inside organisations and break a rule between several.
    """

    problem: Problem
    shares: pl.DataFrame
    plan: Plan
    value: int
    free: Result
    left_out: int

    @property
    def price(self) -> int:
        """What the free plan is worth more."""
        return self.free.value - self.value

    @property
    def price_at_most(self) -> int:
        """What any plan could be worth more: the free plan's bound has a proof."""
        return self.free.bound - self.value

    @cached_property
    def gap(self) -> float:
        """The price, as a share of the free plan's value."""
        return self.price / max(1, self.free.value)


@door
def dispatched(
    problem: Problem, *, time_limit: float = TIME_LIMIT_SECONDS, seed: int = 0
) -> TwoLevels:
    """Give seats to organisations, plan inside each, and say what that costs.

    A request stays whole, with one organisation, if its people are counted together: if it has a
    minimum, a rule of the team, or several options.

    Parameters
    ----------
    problem : Problem
    time_limit : float
        Seconds of the free plan, and of all organisations together.
    seed : int

    Returns
    -------
    TwoLevels
    """
    shares = shares_of(problem)
    parts, people = Parts(problem), problem.volunteers.organisation
    plans = []
    for number, organisation in enumerate(shares.organisations.tolist()):
        mine = np.flatnonzero(people == organisation)
        part, posts = _part(parts, mine, shares, number)
        found = solve(part, time_limit=time_limit / len(shares.organisations), seed=seed)
        plans.append(_whole(problem, part, found.plan, mine, posts))
    together = Plan(
        np.concatenate([Plan.empty().volunteer, *(plan.volunteer for plan in plans)]),
        np.concatenate([Plan.empty().slot, *(plan.slot for plan in plans)]),
    )
    plan = _legal(problem, together)
    return TwoLevels(
        problem,
        _table(problem, shares, plan),
        plan,
        value(problem, plan),
        solve(problem, time_limit=time_limit, seed=seed),
        len(together) - len(plan),
    )


def _part(parts: Parts, mine: c.Longs, shares: Shares, number: int) -> tuple[Problem, c.Longs]:
    """Return an organisation's people, and the rules among them, with the posts it was given."""
    given = shares.organisation == number
    posts = shares.post[given].astype(np.int64)
    whole, part = parts.problem, of_posts(parts.of(mine), posts)
    name = np.full(len(whole.volunteers), -1, np.int32)
    name[mine] = np.arange(len(mine), dtype=np.int32)
    inside = (name[whole.pairs.a] >= 0) & (name[whole.pairs.b] >= 0)
    pairs = whole.pairs.take(np.flatnonzero(inside))
    members = whole.members.take(np.flatnonzero(name[whole.members.volunteer] >= 0))
    asked = replace(
        part,
        posts=replace(part.posts, seats=shares.seats[given]),
        pairs=replace(pairs, a=name[pairs.a], b=name[pairs.b]),
        members=replace(members, volunteer=name[members.volunteer]),
    )
    return asked, posts


def _whole(problem: Problem, part: Problem, plan: Plan, mine: c.Longs, posts: c.Longs) -> Plan:
    """Return an organisation's plan in the numbers of the whole."""
    post, option = posts[part.slots.post[plan.slot]], part.slots.option[plan.slot]
    kept = np.flatnonzero(np.isin(problem.options.request, problem.posts.request[posts]))
    slots = c.lookup(
        c.combine(problem.slots.post, problem.slots.option), c.combine(post, kept[option])
    )
    return Plan(mine[plan.volunteer].astype(np.int32), slots.astype(np.int32))


def _legal(problem: Problem, plan: Plan) -> Plan:
    """Leave out services that break a rule between organisations, such as who serves apart."""
    pins = c.combine(problem.pins.post, problem.pins.volunteer)
    while len(broken := violations(problem, plan)):
        services = pl.DataFrame(
            {
                "request_id": problem.requests.id[problem.slots.request[plan.slot]],
                "volunteer_id": problem.volunteers.id[plan.volunteer],
            }
        ).with_row_index("row")
        loose = services.filter(
            ~np.isin(c.combine(problem.slots.post[plan.slot], plan.volunteer), pins)
        )
        # Those who are named; else, as where somebody is missed, all who serve there.
        rows = loose.join(broken, on=["request_id", "volunteer_id"], how="semi")
        if rows.is_empty():
            rows = loose.join(broken, on="request_id", how="semi")
        if rows.is_empty():
            rules = listed(broken["rule"].unique())
            raise UsageError(
                f"what is pinned in several organisations breaks a rule between them ({rules}), so "
                "that they cannot be dispatched one by one; see the audit of the pins"
            )
        keep = np.delete(np.arange(len(plan)), rows["row"].to_numpy())
        plan = Plan(plan.volunteer[keep], plan.slot[keep])
    return plan


def _table(problem: Problem, shares: Shares, plan: Plan) -> pl.DataFrame:
    organisation = problem.volunteers.organisation[plan.volunteer]
    number = np.searchsorted(shares.organisations, organisation)
    served = c.combine(problem.slots.post[plan.slot], number.astype(np.int32))
    given = c.combine(shares.post, shares.organisation)
    known, counts = np.unique(served, return_counts=True)
    filled = np.zeros(len(given), np.int64)
    where = np.searchsorted(given, known)
    filled[where] = counts
    ids, of = problem.organisations.id, shares.organisations[shares.organisation]
    return pl.DataFrame(
        {
            "request_id": problem.requests.id[problem.posts.request[shares.post]],
            "post": problem.posts.id[shares.post],
            "organisation_id": ids[np.maximum(of, 0)].set(pl.Series(of < 0), None)
            if len(ids)
            else pl.Series([None] * len(of), dtype=pl.String),
            "seats": shares.seats,
            "filled": filled,
        }
    )
