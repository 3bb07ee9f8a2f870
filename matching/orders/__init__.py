"""The life of an order: events and states, who waits, plans that change, pairings."""

from __future__ import annotations

from importlib import import_module

# As in the root: a name is loaded when it is asked for.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from matching.orders.agenda import due
    from matching.orders.applying import Applied, apply, state_at
    from matching.orders.moves import legal_moves
    from matching.orders.offering import Offers, offers, records
    from matching.orders.queues import promotions, swapped
    from matching.orders.replanning import Replan, replan
    from matching.orders.rolling import rolled
    from matching.orders.settling import Settled, settle
    from matching.orders.states import States
    from matching.orders.two_levels import TwoLevels, dispatched

__all__ = [
    "Applied",
    "Offers",
    "Replan",
    "Settled",
    "States",
    "TwoLevels",
    "apply",
    "dispatched",
    "due",
    "legal_moves",
    "offers",
    "promotions",
    "records",
    "replan",
    "rolled",
    "settle",
    "state_at",
    "swapped",
]

_HOMES = {
    "Applied": "applying",
    "Offers": "offering",
    "Replan": "replanning",
    "Settled": "settling",
    "States": "states",
    "TwoLevels": "two_levels",
    "apply": "applying",
    "dispatched": "two_levels",
    "due": "agenda",
    "legal_moves": "moves",
    "promotions": "queues",
    "offers": "offering",
    "records": "offering",
    "replan": "replanning",
    "rolled": "rolling",
    "settle": "settling",
    "swapped": "queues",
    "state_at": "applying",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
