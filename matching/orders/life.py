"""The life of an order and of an offer to one volunteer: the one description of both.

Whoever draws them, and the numbers that a fold works with, read these two machines; so a state or
an event is added here, and nowhere else. What a move depends on beside the state it starts from is
named as its condition and stands in `CONDITIONS`; who may cause it in `ROLES`.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from statemachine import StateMachine
from statemachine.states import States


class OrderState(StrEnum):
    """Where an order stands."""

    new = "new"
    ordered = "ordered"
    checked = "checked"
    refused = "refused"
    withdrawn = "withdrawn"
    opened = "opened"
    dispatched = "dispatched"
    lapsed = "lapsed"
    done = "done"
    reviewed = "reviewed"
    closed = "closed"


class OfferState(StrEnum):
    """Where the offer of an order's seat to one volunteer stands."""

    none = "none"
    offered = "offered"
    interested = "interested"
    standby = "standby"
    waiting = "waiting"
    reserve = "reserve"
    called = "called"
    accepted = "accepted"
    put_up = "put_up"
    applying = "applying"
    handed_over = "handed_over"
    passed_over = "passed_over"
    declined = "declined"
    expired = "expired"
    recalled = "recalled"
    cancelled = "cancelled"
    checked_in = "checked_in"
    checked_out = "checked_out"
    forced_out = "forced_out"
    no_show = "no_show"


def _states(kind: type[StrEnum], initial: StrEnum, *final: StrEnum) -> Any:
    return States.from_enum(kind, initial=initial, final=final, use_enum_instance=False)


class OrderLife(StateMachine):
    """An order, from the menu to its review."""

    _s = _states(
        OrderState,
        OrderState.new,
        OrderState.refused,
        OrderState.withdrawn,
        OrderState.lapsed,
        OrderState.closed,
    )
    ordered = _s.ordered.from_(_s.new)
    checked = _s.checked.from_(_s.ordered)
    refused = _s.refused.from_(_s.ordered)
    dispatched = _s.dispatched.from_(_s.checked, _s.dispatched)
    opened = _s.opened.from_(_s.checked, _s.dispatched)
    settled = _s.dispatched.from_(_s.opened, cond=["order_overdue", "all_answered"])
    withdrawn = _s.withdrawn.from_(
        _s.ordered, _s.checked, _s.opened, _s.dispatched, cond="nobody_came"
    )
    lapsed = _s.lapsed.from_(_s.checked, _s.dispatched, cond=["nobody_bound", "nobody_came"])
    done = _s.done.from_(_s.dispatched, cond=["nobody_bound", "somebody_came"])
    reviewed = _s.reviewed.from_(_s.done, _s.reviewed)
    closed = _s.closed.from_(_s.reviewed)


class OfferLife(StateMachine):
    """What becomes of one volunteer and one order."""

    _s = _states(
        OfferState,
        OfferState.none,
        OfferState.checked_out,
        OfferState.forced_out,
        OfferState.no_show,
    )
    _free = (_s.none, _s.passed_over, _s.expired, _s.recalled, _s.cancelled, _s.handed_over)
    _queues = (_s.standby, _s.waiting, _s.reserve)
    offered = _s.offered.from_(*_free, cond="while_dispatched")
    interested = _s.interested.from_(*_free, _s.declined, cond=["while_opened", "order_in_time"])
    stood_by = _s.standby.from_(
        *_free, _s.declined, _s.offered, _s.waiting, _s.reserve, cond="while_looking"
    )
    waited = _s.waiting.from_(
        *_free, _s.declined, _s.offered, _s.standby, _s.reserve, cond="while_looking"
    )
    reserved = _s.reserve.from_(
        *_free, _s.declined, _s.offered, _s.standby, _s.waiting, cond="while_looking"
    )
    called = _s.called.from_(_s.standby, cond="while_dispatched")
    promoted = _s.called.from_(_s.waiting, cond="while_dispatched")
    called_last = _s.called.from_(_s.reserve, cond=["while_dispatched", "nobody_else"])
    accepted = _s.accepted.from_(
        _s.offered, _s.called, cond=["while_looking", "in_time", "seat_free"]
    )
    assigned = _s.accepted.from_(_s.interested, cond=["while_opened", "order_overdue", "seat_free"])
    passed_over = _s.passed_over.from_(_s.interested, cond=["while_opened", "order_overdue"])
    declined = _s.declined.from_(
        _s.offered, _s.called, _s.interested, _s.applying, *_queues, cond="while_looking"
    )
    expired = _s.expired.from_(_s.offered, _s.called, cond=["while_looking", "overdue"])
    recalled = _s.recalled.from_(_s.offered, _s.called, _s.applying, *_queues, cond="while_looking")
    cancelled = _s.cancelled.from_(_s.accepted, _s.put_up, cond="while_looking")
    put_up = _s.put_up.from_(_s.accepted, cond="while_looking")
    kept = _s.accepted.from_(_s.put_up, cond="while_looking")
    applied = _s.applying.from_(
        *_free, _s.declined, *_queues, cond=["while_looking", "somebody_gives"]
    )
    handed_over = _s.handed_over.from_(_s.put_up, cond=["while_looking", "somebody_takes"])
    took_over = _s.accepted.from_(_s.applying, cond=["while_looking", "handed", "seat_free"])
    checked_in = _s.checked_in.from_(_s.accepted, _s.put_up, cond="while_dispatched")
    checked_out = _s.checked_out.from_(_s.checked_in, cond="while_dispatched")
    forced_out = _s.forced_out.from_(_s.checked_in, cond="while_dispatched")
    no_show = _s.no_show.from_(_s.accepted, _s.put_up, cond="while_dispatched")


# What else must hold, in the order in which it is asked, and what a refusal says.
CONDITIONS = {
    "while_dispatched": "the order is not dispatched",
    "while_opened": "the order is not open for grabbing",
    "while_looking": "the order is neither dispatched nor open for grabbing",
    "in_time": "the offer stood until {until}; offer again",
    "overdue": "the offer stands until {until}",
    "order_in_time": "grabbing closed at {until}",
    "order_overdue": "grabbing closes at {until}",
    "nobody_else": "a reserve is called last, and somebody else is asked, waits or stands by",
    "somebody_gives": "nobody has put up a seat of the order",
    "somebody_takes": "nobody has applied for the seat",
    "handed": "no seat was handed over that is not taken yet",
    "seat_free": "all seats of the post are taken; the volunteer may wait (waited) or stand by",
    "all_answered": "somebody who is interested has been told nothing yet: assigned or passed_over",
    "nobody_bound": "somebody has accepted or is there: first checked_out, no_show, cancelled",
    "nobody_came": "somebody has served: end it with done",
    "somebody_came": "nobody has served: end it with lapsed or withdrawn",
}

# Volunteers by whom a seat is taken, and those who have been there.
HOLDING = (
    OfferState.accepted,
    OfferState.put_up,
    OfferState.checked_in,
    OfferState.checked_out,
    OfferState.forced_out,
)
BOUND = HOLDING[:3]
CAME = HOLDING[2:]
# Who owes an answer; and what else comes to nothing by itself when the order is over.
ASKED = (OfferState.offered, OfferState.interested, OfferState.called)
LOOSE = (
    *ASKED,
    OfferState.applying,
    OfferState.standby,
    OfferState.waiting,
    OfferState.reserve,
)

ACTORS = ("station", "centre", "organisation", "volunteer", "beneficiary", "system")
_ORDERS = ("station", "centre", "organisation", "beneficiary")
_OFFERS = ("centre", "organisation", "system")
# A volunteer's word may be written down by somebody who was told: see the rules of `events`.
_ANSWERS = ("volunteer", "centre", "organisation")
_RUNS = ("centre", "system")
_SEES = ("station", "centre", "organisation")

# Who may cause what.
ROLES: dict[str, tuple[str, ...]] = {
    "ordered": _ORDERS,
    "checked": ("centre",),
    "refused": ("centre",),
    "dispatched": _RUNS,
    "opened": _RUNS,
    "settled": _RUNS,
    "withdrawn": _ORDERS,
    "lapsed": _RUNS,
    "done": (*_SEES, "system"),
    "reviewed": ("station", "beneficiary", "centre"),
    "closed": _RUNS,
    "offered": _OFFERS,
    "interested": _ANSWERS,
    "stood_by": _ANSWERS,
    "waited": _ANSWERS,
    "reserved": _ANSWERS,
    "called": _OFFERS,
    "promoted": _OFFERS,
    "called_last": _OFFERS,
    "accepted": (*_ANSWERS, "system"),
    "assigned": _RUNS,
    "passed_over": _RUNS,
    "declined": _ANSWERS,
    "expired": _RUNS,
    "recalled": _OFFERS,
    "cancelled": (*_ANSWERS, "station"),
    "put_up": _ANSWERS,
    "kept": _ANSWERS,
    "applied": _ANSWERS,
    "handed_over": _OFFERS,
    "took_over": _OFFERS,
    "checked_in": (*_SEES, "volunteer"),
    "checked_out": (*_SEES, "volunteer"),
    "forced_out": (*_SEES, "system"),
    "no_show": (*_SEES, "system"),
}
