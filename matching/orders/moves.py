"""What the machines allow, as numbers and as a table."""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from matching.orders.life import (
    ACTORS,
    CONDITIONS,
    ROLES,
    OfferLife,
    OfferState,
    OrderLife,
    OrderState,
)

_MACHINES: dict[str, Any] = {"order": OrderLife, "offer": OfferLife}
ORDER_STATES, OFFER_STATES = tuple(map(str, OrderState)), tuple(map(str, OfferState))
ORDER_EVENTS, OFFER_EVENTS = (
    tuple(str(event.id) for event in machine.events) for machine in _MACHINES.values()
)
EVENTS = ORDER_EVENTS + OFFER_EVENTS
# An offer begins with one of these, which say its post.
BEGINNING = ("offered", "interested", "stood_by", "waited", "reserved", "applied")
# What is given a time until which it stands.
TIMED = ("offered", "called", "promoted", "called_last", "opened")
ILLEGAL = -1


class Moves(NamedTuple):
    """The tables that a fold reads; states, events and roles are counted in their order here.

    Attributes
    ----------
    order, offer : numpy.ndarray of int8, shape (states, events)
        The state that an event leads to, or `ILLEGAL`.
    conditions : numpy.ndarray of int32, shape (events,)
        A bit for each of `CONDITIONS` that the event depends on.
    roles : numpy.ndarray of int32, shape (events,)
        A bit for each of `ACTORS` who may cause it.
    """

    order: np.ndarray
    offer: np.ndarray
    conditions: np.ndarray
    roles: np.ndarray


@cache
def legal_moves() -> pl.DataFrame:
    """Return every legal move.

    Returns
    -------
    polars.DataFrame
        ``of`` (``order`` or ``offer``), ``state``, ``event``, ``to``, ``conditions`` and
        ``roles`` (lists of names).
    """
    rows = [
        (
            life,
            str(move.source.value),
            str(move.event),
            str(move.target.value),
            [str(condition.func) for condition in move.cond],
            list(ROLES[str(move.event)]),
        )
        for life, machine in _MACHINES.items()
        for state in machine.states
        for move in state.transitions
    ]
    text, many = pl.String(), pl.List(pl.String())
    names = ("of", "state", "event", "to", "conditions", "roles")
    kinds = (text, text, text, text, many, many)
    return pl.DataFrame(rows, dict(zip(names, kinds, strict=True)), orient="row")


@cache
def moves() -> Moves:
    """Return the same moves as numbers."""
    order = np.full((len(ORDER_STATES), len(EVENTS)), ILLEGAL, np.int8)
    offer = np.full((len(OFFER_STATES), len(EVENTS)), ILLEGAL, np.int8)
    conditions = np.zeros(len(EVENTS), np.int32)
    known = list(CONDITIONS)
    for of, state, event, to, asked, _ in legal_moves().iter_rows():
        states, table = (ORDER_STATES, order) if of == "order" else (OFFER_STATES, offer)
        number = EVENTS.index(event)
        table[states.index(state), number] = states.index(to)
        conditions[number] = sum(1 << known.index(name) for name in asked)
    roles = [sum(1 << ACTORS.index(role) for role in ROLES[event]) for event in EVENTS]
    return Moves(order, offer, conditions, np.array(roles, np.int32))


@cache
def moves_from(of: str, state: str) -> str:
    """Say which events are legal in a state, and who may cause each."""
    found = legal_moves().filter(pl.col("of") == of, pl.col("state") == state)
    told = [f"{event} (by {', '.join(ROLES[event])})" for event in found["event"]]
    return "; ".join(told) or "none: it has ended"
