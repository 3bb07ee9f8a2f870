"""Why a seat is empty: one typed reason for every post with empty seats, with its figures."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import polars as pl

from matching.answers.shortages import Shortage, Turns, eligible_people, table
from matching.arcs.districts import next_district_value
from matching.arcs.eligibility import RULES, holders
from matching.arcs.value import next_seat, seat_value
from matching.flow.living import LivingWeek
from matching.problem import columns as c
from matching.result import Result

KINDS = (*RULES, "team", "shortage", "quota", "better_use", "unsettled")


class Reasons(NamedTuple):
    """The tables ``reasons`` and ``shortages``."""

    reasons: pl.DataFrame
    shortages: pl.DataFrame


def reasons(result: Result, living: LivingWeek | None = None) -> Reasons:
    """Return why seats are empty, a row per post, in the order of the table ``unfilled``.

    Parameters
    ----------
    result : Result
    living : LivingWeek, optional
        Of its week, where it is at hand.

    Returns
    -------
    Reasons
        ``reasons``: ``request_id``, ``post``, ``seats``, ``filled``, ``kind``, what each rule left,
        ``shortage_id``, ``better_by`` and ``exact``. Kinds: a rule that leaves nobody, by its
        name; ``team``: a minimum, or a team's rule, is out of reach of all who could come;
        ``shortage``: see ``shortages``; ``quota``: those who could come are of organisations that
        may not send more; ``better_use``: they are worth ``better_by`` more where they are, by
        what it would cost to fill one more seat, or, where ``exact`` is false, by the prices
        (null where these say nothing); ``unsettled``: the search left it open.

        ``shortages``: rows with ``request_id``, ``post`` and ``seats``, and rows with
        ``volunteer_id`` and ``turns``: all people who could come, and how often they could serve
        at these posts in the week; all turns together are fewer than the seats.
    """
    search = _Search(result, living or network_of(result))
    rows = [search.of(post, why) for post, why in zip(*_empty(result), strict=True)]
    columns = ("kind", "shortage_id", "better_by", "exact")
    kinds = (pl.String, pl.String, pl.Int64, pl.Boolean)
    found = pl.DataFrame(rows, schema=dict(zip(columns, kinds, strict=True)), orient="row")
    frame = pl.concat([result.unfilled.drop("reason"), found], how="horizontal")
    first = ["request_id", "post", "seats", "filled", "kind"]
    frame = frame.select(*first, *RULES, *columns[1:])
    named = dict(search.named.values())
    return Reasons(frame, table(result.problem, named))


def network_of(result: Result) -> LivingWeek:
    """Return the living week of a result, in which districts are not served alike.

    What can be filled, and by whom, is the same; what it is worth is not.
    """
    problem = result.problem
    return LivingWeek(problem.under(replace(problem.policy, equity=0)), result.arcs)


def is_proved(result: Result, living: LivingWeek) -> bool:
    """Tell whether the network says it all, and the plan is as good as the network's."""
    even = result.problem.policy.equity > 0
    return living.is_exact and living.value == result.value and not even


def _empty(result: Result) -> tuple[list[int], list[str]]:
    """Return the posts with empty seats, and what the table ``unfilled`` says of each."""
    problem, empty = result.problem, result.unfilled
    known = pl.select(
        request_id=problem.requests.id.gather(problem.posts.request),
        post=problem.posts.id,
        index=pl.int_range(len(problem.posts)),
    )
    rows = empty.join(known, on=["request_id", "post"], how="left", maintain_order="left")
    return rows["index"].to_list(), rows["reason"].to_list()


class _Search:
    """Finds reasons one by one, on the residual network of the week."""

    def __init__(self, result: Result, living: LivingWeek) -> None:
        self.result, self.problem = result, result.problem
        self.turns = Turns(result.problem, result.arcs)
        self.people = eligible_people(result.problem, result.arcs)
        self.living = living
        slot = self.living.plan()[1]
        posts = len(self.problem.posts)
        self.in_flow = np.bincount(self.problem.slots.post[slot], minlength=posts)
        self.filled = np.bincount(self.problem.slots.post[result.plan.slot], minlength=posts)
        self.is_proved = is_proved(result, living)
        self.named: dict[tuple[int, ...], tuple[str, Shortage]] = {}
        self.leaderless = _leaderless(result)
        self.cheapest = _cheapest(result, self.filled)

    def of(self, post: int, why: str) -> tuple[str, str | None, int | None, bool | None]:
        """Return kind, shortage, and by how much others are worth more, and whether exactly so."""
        if why in RULES:
            return why, None, None, None
        if why in ("minimum", "together") or self.leaderless[self.problem.posts.request[post]]:
            return "team", None, None, None
        if self.people[post] < self.problem.posts.seats[post]:
            return "shortage", self._named(self.turns.at(np.array([post], np.int32))), None, None
        has_room = self.in_flow[post] < self.problem.posts.seats[post]
        labels = self.living.shortage(post) if has_room else None
        if labels is None:
            return self._better_use(post, why, has_room)
        short = self.turns.at(labels[1])
        if short.turns.sum() < self.problem.posts.seats[short.posts].sum():
            return "shortage", self._named(short), None, None
        return "quota", None, None, None

    def _named(self, short: Shortage) -> str:
        name = f"S{len(self.named) + 1}"
        return self.named.setdefault(tuple(short.posts.tolist()), (name, short))[0]

    def _better_use(
        self, post: int, why: str, has_room: bool
    ) -> tuple[str, None, int | None, bool | None]:
        one = np.array([post], np.int32)
        if self.is_proved:
            # Another plan, as good, may fill it.
            cost = self.living.price_of_post(post)[1] if has_room else None
            worth = int(seat_value(self.problem, one, self.in_flow[one] + 1)[0])
            return "better_use", None, 0 if cost is None else cost - worth, True
        even = self.problem.policy.equity > 0
        if why in ("unsettled", "no_plan") or (self.living.is_exact and not even):
            return "unsettled", None, None, None
        worth = int(next_seat(self.problem, self.filled, one)[0])
        worth += int(next_district_value(self.problem, self.filled)[post])
        more = self.cheapest[post] - worth
        return "better_use", None, int(np.ceil(more)) if 0 <= more < np.inf else None, False


def _cheapest(result: Result, filled: c.Longs) -> c.Floats:
    """Return the lowest price of anybody else at each post; infinity where nobody is."""
    slots, arcs = result.problem.slots, result.arcs
    used = np.sort(c.combine(result.plan.volunteer, result.plan.slot))
    others = c.lookup(used, c.combine(arcs.volunteer, arcs.slot)) < 0
    # A request that is served has its time.
    chosen = np.zeros(len(result.problem.options), np.bool_)
    chosen[slots.option[result.plan.slot]] = True
    served = np.zeros(len(result.problem.requests), np.bool_)
    served[slots.request[result.plan.slot]] = True
    others &= (chosen[slots.option] | ~served[slots.request])[arcs.slot]
    cheapest = np.full(len(filled), np.inf)
    price = result.prices.of_arcs(arcs)[others]
    np.minimum.at(cheapest, slots.post[arcs.slot[others]], price)
    return cheapest


def _leaderless(result: Result) -> c.Bools:
    """Tell which requests ask for holders of a qualification, of whom too few could come."""
    problem, arcs, rules = result.problem, result.arcs, result.problem.team_rules
    posts, requests, slots = problem.posts, problem.requests, problem.slots
    least = np.bincount(posts.request, posts.min_seats, minlength=len(requests))
    least = np.maximum(np.maximum(least, requests.min_people), 1)
    leaderless = np.zeros(len(requests), np.bool_)
    for rule in range(len(rules)):
        request, asked = rules.request[rule], rules.qualification[rule]
        per = rules.per_people[rule]
        needed = max(rules.min_people[rule], -(-least[request] // per) if per > 0 else 0)
        rows = np.flatnonzero(slots.request[arcs.slot] == request)
        rows = rows[holders(problem, arcs, rows, np.full(len(rows), asked, np.int32))]
        pairs = c.distinct(c.combine(slots.option[arcs.slot[rows]], arcs.volunteer[rows]))
        at_option = np.unique(pairs >> 32, return_counts=True)[1]
        leaderless[request] |= at_option.max(initial=0) < needed
    return leaderless
