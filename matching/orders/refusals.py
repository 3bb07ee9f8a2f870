"""Why events are refused: each with its row, what would be legal there, and who may cause it."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from matching.errors import FAULT_SCHEMA
from matching.orders import folding as f
from matching.orders.life import CONDITIONS, ROLES
from matching.orders.moves import OFFER_EVENTS, OFFER_STATES, ORDER_STATES, moves_from
from matching.orders.states import Replay, in_zone
from matching.tables.faults import shorten

_RULES = {
    f.CONFLICT: ("conflict", "version"),
    f.GAP: ("without_gaps", "version"),
    f.AFTER: ("after_a_refusal", "version"),
    f.BACKWARDS: ("not_backwards", "at"),
    f.STATE: ("legal_in_its_state", "event"),
    f.ROLE: ("who_may", "actor_role"),
    f.NO_POST: ("post_exists", "post"),
    f.OTHER_POST: ("post_of_the_offer", "post"),
}
_CONDITION_COLUMNS = {"seat_free": "post"} | dict.fromkeys(
    ("in_time", "overdue", "order_in_time", "order_overdue"), "at"
)
EXTRA = ("request_id", "version", "event")


def refusals(replay: Replay, table: str, *, of_log: bool = False) -> pl.DataFrame:
    """Return what is refused of new events, or of the log."""
    verdict = replay.folded.verdict
    refused = ~np.isin(verdict, (f.LEGAL, f.REPEATED))
    chosen = np.flatnonzero(refused & (replay.rows.stored == of_log))
    met = replay.folded.before[chosen]
    events = replay.events[chosen]
    if not len(chosen):
        texts: dict[str, Any] = dict.fromkeys(EXTRA, pl.String) | {"version": pl.Int64}
        return pl.DataFrame(schema=FAULT_SCHEMA | texts)
    limits = pl.Series(met[:, f.MET_UNTIL])
    until = limits.set(limits == f.NEVER, None).cast(pl.Datetime("us"))
    times = in_zone(pl.DataFrame({"until": until, "at": events["at"]}), replay.time_zone)
    facts = events.select(
        *EXTRA[:2],
        pl.col("row", "before", "volunteer_id"),
        pl.col("event", "actor_role").cast(pl.String),
        post=pl.col("post"),
        verdict=pl.Series(verdict[chosen]),
        order=pl.Series(met[:, f.MET_ORDER]),
        offer=pl.Series(met[:, f.MET_OFFER]),
    ).with_columns(times.select(pl.all().dt.strftime("%Y-%m-%dT%H:%M")))
    # Not a text for each row: there are few kinds of refusal, however many are refused.
    kind = ["verdict", "order", "offer", "event", "actor_role"]
    kinds = facts.select(kind).unique(maintain_order=True)
    said = kinds.with_columns(
        pl.DataFrame(
            [_kind(*row) for row in kinds.iter_rows()],
            schema={"rule": pl.String, "column": pl.String, "said": pl.String},
            orient="row",
        )
    )
    told = facts.join(said, on=kind, how="left", maintain_order="left")
    about = pl.when(pl.col("event").is_in(OFFER_EVENTS)).then(
        pl.format(" and volunteer {}", shorten(pl.col("volunteer_id")))
    )
    message = (
        pl.format("order {}{}: {}", shorten(pl.col("request_id")), about.fill_null(""), "said")
        .str.replace("{before}", pl.col("before").cast(pl.String), literal=True)
        .str.replace("{next}", (pl.col("before") + 1).cast(pl.String), literal=True)
        .str.replace("{until}", pl.col("until").fill_null("?"), literal=True)
    )
    made = told.with_columns(
        table=pl.lit(table), row=pl.col("row").cast(pl.Int64), value=_value(), message=message
    )
    return made.select(*FAULT_SCHEMA, *EXTRA).sort("row")


def _value() -> pl.Expr:
    return pl.coalesce(
        pl.when(pl.col("column") == name).then(pl.col(name).cast(pl.String))
        for name in ("version", "event", "at", "actor_role", "post")
    )


def _kind(verdict: int, order: int, offer: int, event: str, role: str) -> tuple[str, str, str]:
    """Return the rule, its column and the sentence of a kind of refusal."""
    of_offer = event in OFFER_EVENTS
    if verdict >= f.CONDITION:
        name = list(CONDITIONS)[verdict - f.CONDITION]
        said = f"{event} is refused, since {CONDITIONS[name]}"
        if name.startswith("while_"):
            said += f". It is {ORDER_STATES[order]}; legal there: "
            said += moves_from("order", ORDER_STATES[order])
        return name, _CONDITION_COLUMNS.get(name, "event"), said
    rule, column = _RULES[verdict]
    if verdict == f.STATE:
        of, state = ("offer", OFFER_STATES[offer]) if of_offer else ("order", ORDER_STATES[order])
        what = "has no offer yet" if of_offer and offer == 0 else f"is {state}"
        what = "is not there yet" if not of_offer and order == 0 else what
        said = f"it {what}, where {event} is not legal; legal are {moves_from(of, state)}"
    elif verdict == f.ROLE:
        said = f"{event} is caused by {_either(ROLES[event])}, not by {role}"
    else:
        said = _TEXTS[verdict]
    return rule, column, said


_TEXTS = {
    f.CONFLICT: "this version is there already and says something else; read the order anew, and "
    "give what is still true the version after its last",
    f.GAP: "its last version is {before}, so the next is {next}; versions have no gaps",
    f.AFTER: "it follows one that was refused here; mend that one, and give both again",
    f.BACKWARDS: "it happened before the version that goes before it; versions are in the order "
    "of time",
    f.NO_POST: "the order has no such post; its posts are in the table posts",
    f.OTHER_POST: "this is not the post of the offer; leave post empty, or offer that post",
}


def _either(names: tuple[str, ...]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
