"""The table of events."""

from __future__ import annotations

import dataframely as dy
import polars as pl

from matching.orders.life import ACTORS
from matching.orders.moves import EVENTS, OFFER_EVENTS, TIMED
from matching.schema import _choice, _count, _id, _rule, _text, _time

# Events that are a volunteer's own word.
_ANSWERS = ("accepted",)
_OF_OFFERS = pl.col("event").cast(pl.String).is_in(OFFER_EVENTS)
_BY_VOLUNTEER = pl.col("actor_role") == "volunteer"


class Events(dy.Schema):
    """What happened to orders: append only, versions 1, 2, 3, ... of each order without gaps."""

    request_id = _id("the order", required=True, refers="requests")
    version = _count("1, 2, ... of each order, without gaps", low=1, required=True)
    event = _choice("what happened", EVENTS, required=True)
    at = _time("when it happened", required=True)
    actor_role = _choice("as what somebody caused it", ACTORS, required=True)
    actor_id = _id("who caused it")
    volunteer_id = _id("to whom the seat is offered, of events of an offer", refers="volunteers")
    post = _id("as what, of events of an offer", default="volunteer")
    option = _id("at which of the alternative times")
    organisation_id = _id("to which organisation it is dispatched, or whose offer it is")
    reason = _text("why, or who told it")
    until = dy.Datetime(
        nullable=True,
        description="until when an offer or a call stands, or grabbing is open",
        metadata={"unit": "local time", "default": "policy"},
    )
    names_its_volunteer = _rule(pl.col("volunteer_id").is_not_null() == _OF_OFFERS)
    answers_for_themselves = _rule(
        ~_BY_VOLUNTEER
        | pl.col("actor_id").is_null()
        | (pl.col("actor_id") == pl.col("volunteer_id"))
    )
    says_who_told_it = _rule(
        ~pl.col("event").cast(pl.String).is_in(_ANSWERS)
        | _BY_VOLUNTEER
        | pl.col("reason").is_not_null()
    )
    stands_until = _rule(
        pl.col("until").is_null()
        | (pl.col("event").cast(pl.String).is_in(TIMED) & (pl.col("until") > pl.col("at")))
    )
