"""The ways of choosing whom to ask for what on a day; nobody is asked twice in a day."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np

from matching.policy import Policy
from matching.problem import columns as c
from matching.simulation.booking import Booking
from matching.simulation.draws import Draw, uniform


class Today(NamedTuple):
    """A day of offers.

    Attributes
    ----------
    day, date : int
        Its number in the week and in all.
    seed : int
    each : int
        Offers for an open seat.
    lately : float64 array, shape (volunteers,)
        Offers that each had lately, fading.
    """

    day: int
    date: int
    seed: int
    each: int
    lately: c.Floats


class Weights(NamedTuple):
    """What the engine weighs.

    Attributes
    ----------
    policy : Policy
    asked_hours : float
        Recent hours that an offer lately counts as, whatever the answer was.
    """

    policy: Policy = Policy()
    asked_hours: float = 0.0


Method = Callable[[Booking, Today], c.Longs]


def engine(weights: Weights, booking: Booking, today: Today) -> c.Longs:
    """Ask those whom the best plan of all that is known has; then the best plan without them."""
    recent = booking.problem.volunteers.recent_hours + weights.asked_hours * today.lately
    may, asked = booking.may_be_asked(), [np.empty(0, np.int64)]
    for _ in range(today.each):
        asked.append(booking.best(weights.policy, recent, may, today.day))
        may[booking.arcs.volunteer[asked[-1]]] = False
    return np.sort(np.concatenate(asked))


def nearest(booking: Booking, today: Today) -> c.Longs:
    """Ask for one order after the other, in the order of arrival, those who live nearest."""
    pairs = np.flatnonzero(booking.open(today.day))
    return _order_by_order(booking, today, pairs, np.nan_to_num(booking.arcs.km[pairs]))


def first_come(booking: Booking, today: Today) -> c.Longs:
    """Ask for one order after the other, in the order of arrival, those who come first that day."""
    pairs = np.flatnonzero(booking.open(today.day))
    turn = uniform(today.seed, Draw.COMES_FIRST, booking.arcs.volunteer[pairs], today.date)
    return _order_by_order(booking, today, pairs, turn)


def _order_by_order(booking: Booking, today: Today, pairs: c.Longs, rank: c.Floats) -> c.Longs:
    day = booking.arrived[booking.request[pairs]]
    hour = uniform(today.seed, Draw.ARRIVAL_TURN, booking.order[pairs])
    order = np.lexsort((rank, booking.post[pairs], hour, day))
    return booking.take_in_turn(pairs[order], booking.may_be_asked(), today.each)


# Weights that share the work: an offer weighs as the usual service of two hours, whatever the
# answer was, and twenty hours lately as much as a usual seat is worth.
EVEN = Weights(Policy(load_recent=1000, load_recent_hours=20.0), asked_hours=2.0)
PLANNED = {"engine": Weights(), "even": EVEN}
ASKED: dict[str, Method] = {"nearest": nearest, "first_come": first_come}
METHODS = (*PLANNED, *ASKED)


def method_of(name: str, weights: Weights | None = None) -> Method:
    """Return a method; one of the engine by its own weights, unless others are given."""
    return ASKED[name] if name in ASKED else partial(engine, weights or PLANNED[name])
