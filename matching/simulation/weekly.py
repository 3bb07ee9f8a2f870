"""One week: seven days of looks, offers and answers, then the services, and what they leave."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from matching.audit import violations
from matching.problem import columns as c
from matching.simulation.booking import Booking
from matching.simulation.choosing import Method, Today
from matching.simulation.draws import Draw, uniform
from matching.simulation.people import People
from matching.simulation.state import State
from matching.simulation.world import World

DAYS = 7


@dataclass(frozen=True)
class Figures:
    """The counts of one week.

    Attributes
    ----------
    week : int
        From 0.
    ordered : int
        New orders; ``due`` with those that waited; ``matched`` (``at_once``: that
        had not waited), ``lost`` and still ``waiting``.
    seats, filled, served : int
        Of the orders that were matched or lost: seats, promises, and those that were kept.
    offers, accepted, looked_up : int
        Offers; promises in answer to one; promises by people who looked themselves.
    for_known, by_known : int
        Promises for beneficiaries, and those by somebody who had visited them.
    km, measured : float, int
        One way, of promises where the distance is known.
    hours : float
        Of service that was given.
    people : int
        Who served.
    reviews, stars : int
    broken : int
        Rules that the audit finds broken by what was agreed.
    """

    week: int
    ordered: int
    due: int
    matched: int
    at_once: int
    lost: int
    waiting: int
    seats: int
    filled: int
    served: int
    offers: int
    accepted: int
    looked_up: int
    for_known: int
    by_known: int
    km: float
    measured: int
    hours: float
    people: int
    reviews: int
    stars: int
    broken: int


def play_week(
    world: World,
    people: People,
    state: State,
    week: int,
    method: Method,
    workers: int,
) -> tuple[Figures, Booking]:
    """Play a week; the state becomes that after it."""
    seed, new = people.seed, world.ordered(week)
    orders = np.union1d(state.waiting, new)
    age = state.age[orders]
    problem = world.problem(orders, state.bonds, state.recent_hours)
    # What waited is known from the first day.
    arrived = np.floor(DAYS * uniform(seed, Draw.ARRIVAL_DAY, orders)).astype(np.int32)
    arrived[age > 0] = -1
    booking = Booking(problem, orders, age, arrived, workers)
    fit = people.fit(problem, booking.arcs)
    looked_up, each = 0, round(people.assumed.offers_a_seat)
    for day in range(DAYS):
        date = DAYS * week + day
        looked_up += _look(booking, people, fit, day, date)
        asked = method(booking, Today(day, date, seed, each, state.fatigue))
        _ask(booking, people, state, fit, asked, date)
        state.fatigue *= people.assumed.recovery
    return _served(people, state, week, len(new), booking, looked_up), booking


def _look(booking: Booking, people: People, fit: c.Floats, day: int, date: int) -> int:
    """Let those who look at the menu take what they like best of what they would do."""
    looking, who = people.looking(date), booking.arcs.volunteer
    pairs = np.flatnonzero(looking[who])
    pairs = pairs[booking.open(day)[pairs]]
    leaning = people.keenness[who[pairs]] + fit[pairs]
    pairs = pairs[people.agree(who[pairs], booking.order[pairs], leaning)]
    liked = fit[pairs] + people.taste(who[pairs], booking.order[pairs])
    turn = uniform(people.seed, Draw.COMES_FIRST, who[pairs], date)
    taken = booking.take_in_turn(pairs[np.lexsort((-liked, turn))], looking)
    booking.agreed[taken] = True
    return len(taken)


def _ask(
    booking: Booking,
    people: People,
    state: State,
    fit: c.Floats,
    asked: c.Longs,
    date: int,
) -> None:
    """Make the offers of a day, and hear the answers."""
    who = booking.arcs.volunteer[asked]
    leaning = fit[asked] + people.keenness[who]
    leaning -= people.assumed.fatigue * state.fatigue[who]
    willing = asked[people.agree(who, booking.order[asked], leaning)]
    turn = uniform(people.seed, Draw.COMES_FIRST, booking.arcs.volunteer[willing], date)
    booking.asked[asked] = True
    # Of several who would, the first have it.
    taken = booking.take_in_turn(willing[np.argsort(turn)], booking.may_be_asked())
    booking.agreed[taken] = True
    booking.offers += np.bincount(who, minlength=len(booking.offers))
    state.fatigue += np.bincount(who, minlength=len(state.fatigue))


def _served(
    people: People, state: State, week: int, ordered: int, booking: Booking, looked_up: int
) -> Figures:
    """Let people come or not, and book what was served."""
    problem, arcs, rows = booking.problem, booking.arcs, np.flatnonzero(booking.agreed)
    who, order, request = arcs.volunteer[rows], booking.order[rows], booking.request[rows]
    option = problem.slots.option[arcs.slot[rows]]
    hours = problem.options.minutes[option] / 60
    beneficiary = problem.requests.beneficiary[request]
    came = people.come(who, order)
    stars = people.reviews(who[came], order[came])
    known = c.combine(state.bonds.volunteer, state.bonds.beneficiary)
    cared = beneficiary >= 0
    met = c.lookup(known, c.combine(who[cared], beneficiary[cared])) >= 0
    matched = np.zeros(len(problem.requests), np.bool_)
    matched[request] = True
    waited = state.age[booking.orders] > 0
    lost = state.wait(booking.orders[~matched], people.assumed.patience_weeks)
    done = matched | np.isin(booking.orders, lost)
    km = arcs.km[rows]
    state.serve(who[came], hours[came], beneficiary[came])
    return Figures(
        week=week,
        ordered=ordered,
        due=len(matched),
        matched=int(matched.sum()),
        at_once=int(matched[~waited].sum()),
        lost=len(lost),
        waiting=len(state.waiting),
        seats=int(problem.posts.seats[done[problem.posts.request]].sum()),
        filled=len(rows),
        served=int(came.sum()),
        offers=int(booking.asked.sum()),
        accepted=int((booking.asked & booking.agreed).sum()),
        looked_up=looked_up,
        for_known=int(cared.sum()),
        by_known=int(met.sum()),
        km=float(np.nansum(km)),
        measured=int((~np.isnan(km)).sum()),
        hours=float(hours[came].sum()),
        people=len(np.unique(who[came])),
        reviews=int((stars > 0).sum()),
        stars=int(stars.sum()),
        broken=violations(problem, booking.plan()).height,
    )
