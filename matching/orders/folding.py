"""Events of any number of orders, judged one after the other and folded into states.

One pass over columns that are sorted by order and version. Rows are numbered i, orders r, offers w
(one volunteer of one order) and posts of orders s; -1 is none.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from matching.orders.life import BOUND, CAME, CONDITIONS, HOLDING, LOOSE, OfferState, OrderState
from matching.orders.moves import BEGINNING, EVENTS, OFFER_STATES, ORDER_STATES, moves
from matching.parallel.compiled import compiled

NEVER = np.iinfo(np.int64).max
_BEFORE_ALL = -NEVER

# What becomes of a row. From `CONDITION` on: that, and the number of the condition that fails.
LEGAL, REPEATED, CONFLICT, GAP, AFTER, BACKWARDS, STATE, ROLE, NO_POST, OTHER_POST = range(10)
CONDITION = 10

_CONDITIONS = list(CONDITIONS)
_WHILE_DISPATCHED = _CONDITIONS.index("while_dispatched")
_WHILE_OPENED = _CONDITIONS.index("while_opened")
_WHILE_LOOKING = _CONDITIONS.index("while_looking")
_IN_TIME = _CONDITIONS.index("in_time")
_OVERDUE = _CONDITIONS.index("overdue")
_ORDER_IN_TIME = _CONDITIONS.index("order_in_time")
_ORDER_OVERDUE = _CONDITIONS.index("order_overdue")
_NOBODY_ELSE = _CONDITIONS.index("nobody_else")
_SOMEBODY_GIVES = _CONDITIONS.index("somebody_gives")
_SOMEBODY_TAKES = _CONDITIONS.index("somebody_takes")
_HANDED = _CONDITIONS.index("handed")
_SEAT_FREE = _CONDITIONS.index("seat_free")
_ALL_ANSWERED = _CONDITIONS.index("all_answered")
_NOBODY_BOUND = _CONDITIONS.index("nobody_bound")
_NOBODY_CAME = _CONDITIONS.index("nobody_came")
_SOMEBODY_CAME = _CONDITIONS.index("somebody_came")
_N_CONDITIONS = len(_CONDITIONS)

_OPENED, _DISPATCHED = (
    ORDER_STATES.index(state) for state in (OrderState.opened, OrderState.dispatched)
)
_INTERESTED, _PUT_UP, _APPLYING, _HANDED_OVER = (
    OFFER_STATES.index(state)
    for state in (
        OfferState.interested,
        OfferState.put_up,
        OfferState.applying,
        OfferState.handed_over,
    )
)
_N_OFFER_STATES = len(OFFER_STATES)


def _mask(states: tuple[OfferState, ...]) -> np.ndarray:
    return np.array([state in states for state in OFFER_STATES])


_HOLDING, _BOUND, _CAME = _mask(HOLDING), _mask(BOUND), _mask(CAME)
# Who comes before a reserve.
_BEFORE = _mask(tuple(state for state in LOOSE if state != OfferState.reserve))
_BEGINS = np.array([event in BEGINNING for event in EVENTS])


class Rows(NamedTuple):
    """Events sorted by order and version, those of the log before others of their version.

    Attributes
    ----------
    order, offer, post : numpy.ndarray of int64, shape (rows,)
        r, w and s of each; s is -1 where an event of an offer leaves its post out.
    event, role : numpy.ndarray of int64, shape (rows,)
        Positions in `EVENTS` and `ACTORS`.
    at, until : numpy.ndarray of int64, shape (rows,)
        Microseconds since 1970, UTC; `NEVER` where nothing is said.
    given : numpy.ndarray of int64, shape (rows,)
        What is known before any state is: `LEGAL`, `REPEATED`, `CONFLICT` or `GAP`.
    stored : numpy.ndarray of bool, shape (rows,)
        Whether the log has it already.
    seats : numpy.ndarray of int64, shape (posts,)
        -1 where nobody said how many.
    """

    order: np.ndarray
    offer: np.ndarray
    post: np.ndarray
    event: np.ndarray
    role: np.ndarray
    at: np.ndarray
    until: np.ndarray
    given: np.ndarray
    stored: np.ndarray
    seats: np.ndarray


class Folded(NamedTuple):
    """What a fold comes to.

    Attributes
    ----------
    verdict : numpy.ndarray of int64, shape (rows,)
    orders, offers : numpy.ndarray of int64, shape (orders, 6), (offers, 5)
        State; until; the row of the last event, of the first, and of the last that was legal at
        all: see `ORDER_STATE` and the other names of columns. The rows are -1 where there is none.
    before : numpy.ndarray of int64, shape (rows, 3)
        For refusals: the states of order and offer in which a row was met, and until when the one
        or the other stood.
    """

    verdict: np.ndarray
    orders: np.ndarray
    offers: np.ndarray
    before: np.ndarray


# Columns of `Folded.orders`, of `Folded.offers`, and of `Folded.before`.
STATE_OF, UNTIL_OF, SINCE_ROW, FIRST_ROW, LAST_ROW, SENT_ROW = range(6)
POST_OF = 4
MET_ORDER, MET_OFFER, MET_UNTIL = range(3)


def fold(rows: Rows, orders: int, offers: int) -> Folded:
    """Judge every row, and fold those that are legal into states.

    Parameters
    ----------
    rows : Rows
    orders, offers : int
        How many there are.

    Returns
    -------
    Folded
    """
    n = len(rows.order)
    folded = Folded(
        np.zeros(n, np.int64),
        np.full((orders, 6), -1, np.int64),
        np.full((offers, 5), -1, np.int64),
        np.zeros((n, 3), np.int64),
    )
    legal = moves()
    for each in (folded.orders, folded.offers):
        each[:, STATE_OF] = 0
        each[:, UNTIL_OF] = NEVER
    run(
        *rows,
        *legal,
        np.zeros(len(rows.seats), np.int64),
        folded.verdict,
        folded.orders,
        folded.offers,
        folded.before,
    )
    return folded


@compiled
def run(
    order: np.ndarray,
    offer: np.ndarray,
    post: np.ndarray,
    event: np.ndarray,
    role: np.ndarray,
    at: np.ndarray,
    until: np.ndarray,
    given: np.ndarray,
    stored: np.ndarray,
    seats: np.ndarray,
    order_moves: np.ndarray,
    offer_moves: np.ndarray,
    conditions: np.ndarray,
    roles: np.ndarray,
    taken: np.ndarray,
    verdict: np.ndarray,
    orders: np.ndarray,
    offers: np.ndarray,
    before: np.ndarray,
) -> None:
    """Fold; see `Rows`, `Moves` and `Folded` for what the arrays hold."""
    counts = np.zeros(_N_OFFER_STATES, np.int64)
    # Seats that were handed over and not taken yet.
    hands = 0
    current, broken, last_at, last = -1, False, _BEFORE_ALL, 0
    for i in range(len(order)):
        r, w, e = order[i], offer[i], event[i]
        if r != current:
            current, broken, last_at, last = r, False, _BEFORE_ALL, 0
            counts[:] = 0
            hands = 0
        if given[i] == REPEATED:
            # Of a row of the log, or of one that has just been judged.
            verdict[i] = REPEATED if last == LEGAL else last
            continue
        state = orders[r, STATE_OF]
        offered = offers[w, STATE_OF] if w >= 0 else 0
        stands = offers[w, UNTIL_OF] if w >= 0 else NEVER
        s = post[i]
        if w >= 0 and not _BEGINS[e]:
            s = offers[w, POST_OF]
        to = offer_moves[offered, e] if w >= 0 else order_moves[state, e]
        found = given[i]
        if found == LEGAL and broken and not stored[i]:
            found = AFTER
        elif found == LEGAL and at[i] < last_at:
            found = BACKWARDS
        elif found == LEGAL and to < 0:
            found = STATE
        elif found == LEGAL and not (roles[e] >> role[i]) & 1:
            found = ROLE
        elif found == LEGAL and w >= 0 and post[i] >= 0 and post[i] != s:
            found = OTHER_POST
        elif found == LEGAL and w >= 0 and _BEGINS[e] and seats[s] == 0 and not stored[i]:
            found = NO_POST
        if found == LEGAL:
            bound, came, before_reserve = 0, 0, 0
            for k in range(_N_OFFER_STATES):
                bound += counts[k] if _BOUND[k] else 0
                came += counts[k] if _CAME[k] else 0
                before_reserve += counts[k] if _BEFORE[k] else 0
            for c in range(_N_CONDITIONS):
                if not (conditions[e] >> c) & 1:
                    continue
                holds = True
                if c == _WHILE_DISPATCHED:
                    holds = state == _DISPATCHED
                elif c == _WHILE_OPENED:
                    holds = state == _OPENED
                elif c == _WHILE_LOOKING:
                    holds = state in (_DISPATCHED, _OPENED)
                elif c == _IN_TIME:
                    holds = at[i] < stands
                elif c == _OVERDUE:
                    holds = at[i] >= stands
                elif c == _ORDER_IN_TIME:
                    holds = at[i] < orders[r, UNTIL_OF]
                elif c == _ORDER_OVERDUE:
                    holds = at[i] >= orders[r, UNTIL_OF]
                elif c == _SEAT_FREE:
                    # A log is true even if somebody has taken a seat away since.
                    holds = stored[i] or seats[s] < 0 or taken[s] < seats[s]
                elif c == _NOBODY_ELSE:
                    holds = before_reserve == 0
                elif c == _SOMEBODY_GIVES:
                    holds = counts[_PUT_UP] > 0
                elif c == _SOMEBODY_TAKES:
                    holds = counts[_APPLYING] > 0
                elif c == _HANDED:
                    holds = hands > 0
                elif c == _ALL_ANSWERED:
                    holds = counts[_INTERESTED] == 0
                elif c == _NOBODY_BOUND:
                    holds = bound == 0
                elif c == _NOBODY_CAME:
                    holds = came == 0
                elif c == _SOMEBODY_CAME:
                    holds = came > 0
                if not holds:
                    found = CONDITION + c
                    break
        verdict[i], last = found, found
        if found != LEGAL:
            before[i, MET_ORDER], before[i, MET_OFFER] = state, offered
            before[i, MET_UNTIL] = stands if w >= 0 and stands != NEVER else orders[r, UNTIL_OF]
            # What comes after was written by somebody who did not know.
            broken = broken or not stored[i]
            continue
        last_at = at[i]
        orders[r, LAST_ROW] = i
        if w < 0:
            orders[r, STATE_OF], orders[r, SINCE_ROW] = to, i
            orders[r, UNTIL_OF] = until[i]
            if orders[r, FIRST_ROW] < 0:
                orders[r, FIRST_ROW] = i
            if to == _DISPATCHED and state != _OPENED:
                orders[r, SENT_ROW] = i
            continue
        if _BEGINS[e]:
            offers[w, POST_OF], offers[w, FIRST_ROW] = s, i
        if _HOLDING[to] != _HOLDING[offered]:
            taken[s] += 1 if _HOLDING[to] else -1
        if to == _HANDED_OVER:
            hands += 1
        elif offered == _APPLYING and _HOLDING[to]:
            hands -= 1
        counts[offered] -= 1
        counts[to] += 1
        offers[w, STATE_OF], offers[w, UNTIL_OF], offers[w, SINCE_ROW] = to, until[i], i
