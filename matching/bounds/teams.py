"""The best team of every request, given what each volunteer costs it: the other half of a bound.

Kept exactly: one option at most, seats and minimums of posts, people in total, how many are
eligible, and a team rule: a number of holders of a qualification, in all or per people.

Relaxed, which leaves every bound true: rules about several qualifications are kept one at a time,
and the dearest counts; one person may fill several posts; rules that join volunteers are dropped.
Where a rule leaves more than `_MAX_COUNTS` numbers of holders to try, neighbours are tried as one:
as few holders as the fewest of them, as many people as the most of them allow.

How a rule is kept: with at least h holders and at most ``per_people * h`` people, a team is a flow
from two pools, holders and others, through the posts. So the best team of h + 1 holders is one
exchange away from the best of h, and every exchange is one of three (see `_exchange`). The best
team is the best over all h.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from matching.arcs.districts import district_value
from matching.arcs.eligibility import Arcs, holders
from matching.arcs.value import fewest_people, seat_value, shared_bonus
from matching.bounds.exactness import refuse_equity
from matching.bounds.prices import Prices
from matching.problem import Problem
from matching.problem import columns as c

# Numbers of holders tried one by one; teams of more than this many times ``per_people`` are rare.
_MAX_COUNTS = 64


def best_teams(problem: Problem, arcs: Arcs, prices: Prices) -> c.Floats:
    """Return the value of every request's best team, at least 0, shape (requests,).

    No real team is worth more, whatever the prices. It is the value of a real team where the
    request has team rules about one qualification at most and nobody has the choice between two of
    its posts; see the module for the rest.

    Parameters
    ----------
    problem : Problem
    arcs : Arcs
        All eligible arcs.
    prices : Prices
    """
    value = _without_rules(problem, arcs, prices)
    asks = _asks(problem)
    if len(asks):
        np.minimum.at(value, asks.option, _with_rule(problem, arcs, prices, asks))
    value += shared_bonus(problem)[problem.options.request]
    best = np.zeros(len(problem.requests))
    np.maximum.at(best, problem.options.request, value)
    return best


def best_districts(problem: Problem, arcs: Arcs, prices: Prices) -> float:
    """Return what all teams together gain at most where the seats of districts are worth more.

    Only capacities are looked at. Of each district the seats that gain most come first: with what
    the district adds, which falls too, no other choice of as many is better.

    Raises
    ------
    PolicyError
        If a request may be served at several times.
    """
    if len(problem.options) > len(problem.requests):
        refuse_equity(problem, "some request has several times")
    slots = problem.slots
    candidates = arcs.of_slots(problem)
    count = np.minimum(problem.posts.seats[slots.post], candidates)
    slot = np.repeat(np.arange(len(slots)), count)
    k = c.ranges(np.ones(len(count), np.int64), count.astype(np.int64))
    gain = seat_value(problem, slots.post[slot], k) - _kth_price(arcs, prices, count, slot, k)
    district = problem.requests.district[slots.request[slot]]
    alone = np.maximum(gain[district < 0], 0).sum()
    rows = np.flatnonzero(district >= 0)
    rows = rows[np.lexsort((-gain[rows], district[rows]))]
    of = district[rows]
    j = np.arange(len(rows)) - c.starts_of(of, int(of.max(initial=-1)) + 1)[of] + 1
    return float(alone + np.maximum(gain[rows] + district_value(problem, of, j), 0).sum())


def _without_rules(problem: Problem, arcs: Arcs, prices: Prices) -> c.Floats:
    """Return the value of every option's best team but for team rules; -inf if there is none."""
    slots, options = problem.slots, problem.options
    candidates = arcs.of_slots(problem)
    needed = problem.posts.min_seats[slots.post]
    count = np.minimum(problem.posts.seats[slots.post], candidates)
    slot = np.repeat(np.arange(len(slots)), count)
    k = c.ranges(np.ones(len(count), np.int64), count.astype(np.int64))
    gain = seat_value(problem, slots.post[slot], k) - _kth_price(arcs, prices, count, slot, k)
    selected = (k <= needed[slot]) | (gain > 0)
    option = slots.option[slot]
    # Where nobody is selected, NumPy counts in whole numbers.
    value = np.bincount(option[selected], gain[selected], minlength=len(options)).astype(np.float64)
    people = np.bincount(option[selected], minlength=len(options))
    # Whoever the total still lacks joins where it costs least.
    fewest = fewest_people(problem)[options.request]
    short = fewest - people
    rest = np.flatnonzero(~selected & (short[option] > 0))
    rest = rest[np.lexsort((-gain[rest], option[rest]))]
    first = c.starts_of(option[rest], len(options))
    rank = np.arange(len(rest)) - first[option[rest]]
    joins = rest[rank < short[option[rest]]]
    value += np.bincount(option[joins], gain[joins], minlength=len(options))
    people += np.bincount(option[joins], minlength=len(options))
    value[people < fewest] = -np.inf
    value[slots.option[candidates < needed]] = -np.inf
    return value


def _kth_price(arcs: Arcs, prices: Prices, count: c.Longs, slot: c.Longs, k: c.Longs) -> c.Floats:
    """Return the k-th lowest price among the arcs of each slot."""
    price: c.Floats = prices.slot[slot]
    if not len(prices.own_key):
        return price
    concerned = np.zeros(len(count), np.bool_)
    concerned[(prices.own_key & 0xFFFFFFFF) - 1] = True
    rows = np.flatnonzero(concerned[arcs.slot])
    of_arc = prices.of_arcs(arcs)[rows]
    order = np.lexsort((of_arc, arcs.slot[rows]))
    first = c.starts_of(arcs.slot[rows][order], len(count))
    at = np.flatnonzero(concerned[slot])
    price[at] = of_arc[order][first[slot[at]] + k[at] - 1]
    return price


# --- team rules -----------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False, repr=False)
class _Asks(c.Columns):
    """What an option asks of its team, one row per qualification."""

    option: c.Longs
    qualification: c.Ints
    least: c.Longs  # holders
    share: c.Longs  # people per holder


def _asks(problem: Problem) -> _Asks:
    """Join the rules about one qualification, which is exact, and give each its options."""
    rules, options = problem.team_rules, problem.options
    key, which = np.unique(c.combine(rules.request, rules.qualification), return_inverse=True)
    least, share = np.zeros(len(key), np.int64), np.full(len(key), c.NO_LIMIT, np.int64)
    np.maximum.at(least, which, rules.min_people)
    np.minimum.at(share, which, np.where(rules.per_people > 0, rules.per_people, c.NO_LIMIT))
    first = c.starts_of(options.request, len(problem.requests))
    count = (first[1:] - first[:-1])[key >> 32]
    of = np.repeat(np.arange(len(key)), count)
    option = c.ranges(first[key >> 32], count)
    qualification = ((key & 0xFFFFFFFF) - 1).astype(np.int32)
    return _Asks(option, qualification[of], least[of], share[of])


class _Places:
    """The slots of every ask, sorted by ask, and the prices of who may come there."""

    def __init__(self, problem: Problem, arcs: Arcs, prices: Prices, asks: _Asks) -> None:
        slots = problem.slots
        order = np.argsort(slots.option, kind="stable")
        first = c.starts_of(slots.option[order], len(problem.options))
        count = first[asks.option + 1] - first[asks.option]
        self.ask = np.repeat(np.arange(len(asks)), count)
        slot = order[c.ranges(first[asks.option], count)]
        self.post = slots.post[slot]
        self.needed = problem.posts.min_seats[self.post].astype(np.int64)
        asked = np.zeros(len(slots), np.bool_)
        asked[slot] = True
        rows = np.flatnonzero(asked[arcs.slot])
        by_slot = np.argsort(arcs.slot[rows], kind="stable")
        first = c.starts_of(arcs.slot[rows[by_slot]], len(slots))
        candidates = first[slot + 1] - first[slot]
        place = np.repeat(np.arange(len(slot)), candidates)
        person = by_slot[c.ranges(first[slot], candidates)]
        price = prices.of_arcs(arcs.take(rows))[person]
        holds = holders(problem, arcs, rows[person], asks.qualification[self.ask[place]])
        order = np.lexsort((~holds, price, place))
        self.seats = np.minimum(problem.posts.seats[self.post], candidates).astype(np.int64)
        # All by place and price; then holders and others apart, with nobody at the end.
        self.price, holds = price[order], holds[order]
        self.first = c.starts_of(place, len(slot))
        self.held = np.append(0, np.cumsum(holds))
        self.of_holder = np.append(self.price[holds], np.inf)
        self.of_other = np.append(self.price[~holds], np.inf)
        self.first_holder = self.held[self.first]
        self.first_other = self.first - self.first_holder


def _with_rule(problem: Problem, arcs: Arcs, prices: Prices, asks: _Asks) -> c.Floats:
    """Return the value of the best team that keeps each ask, shape (asks,); -inf if there is none.

    Where even a team without it is impossible, any value.
    """
    places = _Places(problem, arcs, prices, asks)
    seats = np.bincount(places.ask, places.seats, len(asks)).astype(np.int64)
    needed = np.bincount(places.ask, places.needed, len(asks)).astype(np.int64)
    people = fewest_people(problem)[problem.options.request[asks.option]].astype(np.int64)
    # More holders than allow for all seats serve nothing.
    fewest = np.maximum(asks.least, -(-np.maximum(needed, np.maximum(people, 1)) // asks.share))
    counts = np.maximum(-(-seats // asks.share) - fewest, 0) + 1
    step = -(-counts // _MAX_COUNTS)
    tries = -(-counts // step)
    ask = np.repeat(np.arange(len(asks)), tries)
    least = fewest[ask] + step[ask] * c.ranges(np.zeros(len(asks), np.int64), tries)
    most = asks.share[ask] * (least + step[ask] - 1)
    value = _Teams(problem, places, ask, people[ask], most).best(least)
    best = np.full(len(asks), -np.inf)
    np.maximum.at(best, ask, value)
    return best


class _Teams:
    """One team per try: the best with a number of people, then with one holder more at a time."""

    def __init__(
        self, problem: Problem, places: _Places, ask: c.Longs, least: c.Longs, most: c.Longs
    ) -> None:
        self.problem, self.places, self.most = problem, places, most
        first = c.starts_of(places.ask, int(ask.max(initial=-1)) + 1)
        count = first[ask + 1] - first[ask]
        # A cell is a place of a team.
        self.team, self.place = np.repeat(np.arange(len(ask)), count), c.ranges(first[ask], count)
        seats = places.seats[self.place]
        cell, k = np.repeat(np.arange(len(seats)), seats), c.ranges(np.ones_like(seats), seats)
        place, team = self.place[cell], self.team[cell]
        gain = (
            seat_value(problem, places.post[place], k) - places.price[places.first[place] + k - 1]
        )
        order = np.lexsort((-gain, k > places.needed[place], team))
        cell, team, gain, k = cell[order], team[order], gain[order], k[order]
        rank = np.arange(len(team)) - c.starts_of(team, len(ask))[team]
        wanted = (k <= places.needed[self.place[cell]]) | (gain > 0) | (rank < least[team])
        selected = wanted & (rank < most[team])
        self.value = np.bincount(team[selected], gain[selected], len(ask)).astype(np.float64)
        self.people = np.bincount(team[selected], minlength=len(ask))
        filled = np.bincount(cell[selected], minlength=len(seats))
        begin = places.first[self.place]
        self.holders = places.held[begin + filled] - places.held[begin]
        self.others = filled - self.holders

    def best(self, least: c.Longs) -> c.Floats:
        """Exchange until every team has its holders; return the values, -inf where it cannot."""
        missing = least - np.bincount(self.team, self.holders, len(least)).astype(np.int64)
        while len(teams := np.flatnonzero((missing > 0) & (self.value > -np.inf))):
            self._exchange(teams)
            missing[teams] -= 1
        return self.value

    def _exchange(self, teams: c.Longs) -> None:
        """Take one more holder into each of the teams, in the way that costs least.

        A holder replaces another person, or fills a seat where somebody elsewhere vacates one, or
        fills a seat and nobody leaves, where people may be added.

        Nobody else comes with the holder, for while people may be added no other person is worth
        the next seat of any place: the first team took all who were. Who is replaced costs no less
        than that seat is worth, else filling it would have been better; who vacates one, no less
        than that one is, else nobody would have left.
        """
        places = self.places
        chosen = np.zeros(len(self.value), np.bool_)
        chosen[teams] = True
        cells = np.flatnonzero(chosen[self.team])
        first = c.starts_of(self.team[cells], len(chosen))[teams]
        place, holding, others = self.place[cells], self.holders[cells], self.others[cells]
        post, filled = places.post[place], holding + others
        next_seat = seat_value(self.problem, post, filled + 1).astype(np.float64)
        next_seat[filled >= places.seats[place]] = -np.inf
        last_seat = seat_value(self.problem, post, filled).astype(np.float64)
        last_seat[filled <= places.needed[place]] = np.inf
        at = places.first_holder[place] + holding
        holder = np.where(at < places.first_holder[place + 1], places.of_holder[at], np.inf)
        last_other = places.first_other[place] + others - 1
        leaving = np.where(others > 0, places.of_other[last_other], -np.inf)
        fills, at_fills = _best(next_seat - holder, first)
        replaces, at_replaces = _best(leaving - holder, first)
        vacates, at_vacates = _best(leaving - last_seat, first)
        ways = np.stack([replaces, fills + vacates, fills])
        ways[2, self.people[teams] >= self.most[teams]] = -np.inf
        way = ways.argmax(axis=0)
        gain = ways[way, np.arange(len(teams))]
        self.value[teams] += gain
        self.people[teams] += way == 2
        self.holders[cells[np.where(way == 0, at_replaces, at_fills)]] += 1
        self.others[cells[np.where(way == 0, at_replaces, at_vacates)[way < 2]]] -= 1


def _best(gain: c.Floats, first: c.Longs) -> tuple[c.Floats, c.Longs]:
    """Return the highest gain of each stretch, and where it stands."""
    best = np.maximum.reduceat(gain, first)
    stretch = np.searchsorted(first, np.arange(len(gain)), side="right") - 1
    hit = np.flatnonzero(gain == best[stretch])
    return best, hit[np.searchsorted(hit, first)]
