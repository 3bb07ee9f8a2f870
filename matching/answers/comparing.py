"""Why not me, why her: the first rule that fails, or else two scores, term by term."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from matching.answers.beside import judge, kept_beside
from matching.answers.elsewhere import elsewhere
from matching.answers.given import Beside, beside, hindrance
from matching.answers.ledger import Ledger
from matching.answers.refusals import refused
from matching.arcs.companions import can_come_whole, companions
from matching.arcs.eligibility import RULES as PAIR_RULES
from matching.arcs.value import Terms
from matching.audit import RULES, violations_of
from matching.errors import UsageError
from matching.problem import columns as c
from matching.problem.plan import Plan

_OF_WEEKS = [rule.name for rule in RULES if rule.about == "week"]
TERMS = Terms._fields
_SIDE = {"fit": pl.Int64, **dict.fromkeys(TERMS, pl.Int64), "elsewhere": pl.Float64}
_SIDE |= {"score": pl.Float64}
_KEYS = {"volunteer_id": pl.String, "request_id": pl.String, "post": pl.String}
_KEYS |= {"option": pl.String, "kind": pl.String}
_OTHER = {f"other_{name}": kind for name, kind in ({"id": pl.String} | _SIDE).items()}
COMPARED = _KEYS | _SIDE | _OTHER
_FIGURES = {
    "km": pl.Float64,
    "travel_km": pl.Float64,
    "qualification": pl.String,
    "level": pl.Int64,
    "held": pl.Int64,
    "minutes": pl.Int64,
    "organisation_id": pl.String,
    "subject": pl.String,
    "busy": pl.String,
    "friends": pl.String,
    "need": pl.Float64,
}
REFUSED = _KEYS | _FIGURES | _SIDE | _OTHER

# Kinds that are rules; the others are about value.
FORBIDDEN = (
    *PAIR_RULES,
    *_OF_WEEKS,
    "full",
    "taken",
    "apart",
    "quota",
    "team",
    "together",
    "crowd",
)

Row = dict[str, Any]


def why_not(
    ledger: Ledger, volunteer: int, request: int, slots: c.Ints | None = None
) -> pl.DataFrame:
    """Return why somebody does not serve a request, a row for each post and option."""
    if slots is None:
        slots = np.arange(ledger.slots_of[request], ledger.slots_of[request + 1], dtype=np.int32)
    first = refused(ledger.problem, ledger.plan, volunteer, slots).to_dicts()
    rows = []
    for slot, row in zip(slots.tolist(), first, strict=True):
        row["volunteer_id"] = ledger.problem.volunteers.id[volunteer]
        row["kind"] = "serves" if row["serves"] else row["rule"]
        rows.append(row if row["kind"] else row | _not_chosen(ledger, volunteer, slot))
    return pl.DataFrame([{name: row.get(name) for name in REFUSED} for row in rows], REFUSED)


def why(ledger: Ledger, volunteer: int, request: int) -> pl.DataFrame:
    """Return why somebody serves a request: their score, and that of who comes next.

    Raises
    ------
    UsageError
        If they do not.
    """
    problem, arcs, side = ledger.problem, ledger.arcs, ledger.beside("accepted")
    mine = ledger.planned[arcs.volunteer[ledger.planned] == volunteer]
    mine = mine[problem.slots.request[arcs.slot[mine]] == request]
    if not len(mine):
        who, where = problem.volunteers.id[volunteer], problem.requests.id[request]
        raise UsageError(f"{who} does not serve {where} in this plan: ask why_not")
    rows = []
    order, first = ledger.by_slot
    for arc in mine.tolist():
        slot = int(arcs.slot[arc])
        others = order[first[slot] : first[slot + 1]]
        others = others[side.allowed[others] & ~np.isin(others, ledger.planned)]
        scores = _scores(ledger, side, others)
        if arc in side.standing.arc[side.standing.forced]:
            row: Row = {"kind": "agreed"}
        elif np.isnan(scores).all():
            row = _side(ledger, side, arc) | {"kind": "alone"}
        else:
            next_ = int(others[np.nanargmax(scores)])
            row = _compared(ledger, side, arc, next_)
            row["kind"] = "best" if row["score"] >= row["other_score"] else "kept"
        rows.append(_keys(ledger, arc) | row)
    return pl.DataFrame([{name: row.get(name) for name in COMPARED} for row in rows], COMPARED)


def _not_chosen(ledger: Ledger, volunteer: int, slot: int) -> Row:
    """Return what speaks against somebody who could serve by themselves."""
    problem, arcs, side = ledger.problem, ledger.arcs, ledger.beside("accepted")
    arc = ledger.arc_of(volunteer, slot)
    standing = side.standing
    forced = standing.arc[standing.forced]
    own = forced[arcs.volunteer[forced] == volunteer]
    one = np.append(arcs.slot[own], np.int32(slot))
    broken = violations_of(problem, Plan(np.full_like(one, volunteer), one), _OF_WEEKS)
    if broken.height:
        held = problem.requests.id.gather(problem.slots.request[arcs.slot[own]])
        return {"kind": broken["rule"][0], "busy": ", ".join(held) or None}
    if not can_come_whole(problem, arcs, np.array([arc]))[0]:
        eligible = problem.slots.option[arcs.slot] == problem.slots.option[slot]
        away = _friends(ledger, volunteer, arcs.volunteer[eligible])
        return {"kind": "together" if away else "crowd", "friends": away or None}
    if not side.allowed[arc]:
        return {"kind": hindrance(problem, arcs, forced, arc)}
    there = ledger.planned[arcs.slot[ledger.planned] == slot]
    post, option = problem.slots.post[slot], problem.slots.option[slot]
    others = there[~np.isin(there, forced)]
    if len(there) >= problem.posts.seats[post] and len(others):
        weakest = int(others[np.argmin(_scores(ledger, side, others))])
        row = _compared(ledger, side, arc, weakest)
        return row | {"kind": "others" if row["other_score"] >= row["score"] else "kept_others"}
    row = _side(ledger, side, arc) | {"need": float(ledger.need[arc])}
    chosen = problem.slots.option[arcs.slot[ledger.planned]]
    chosen = chosen[problem.options.request[chosen] == problem.slots.request[slot]]
    if len(chosen) and option not in chosen:
        return row | {"kind": "other_time"}
    if row["score"] + row["need"] < 0:
        return row | {"kind": "worth_elsewhere"}
    return row | _beside_the_plan(ledger, side, arc)


def _beside_the_plan(ledger: Ledger, side: Beside, arc: int) -> Row:
    """Return what of the plan, that nobody agreed to, stands against an arc that is worth it."""
    problem, arcs, standing = ledger.problem, ledger.arcs, side.standing
    first, last = standing.first[arcs.volunteer[arc] :][:2]
    gone = np.zeros(last - first, np.bool_)
    kept_beside(ledger.book, standing, arc, gone)
    lost = standing.arc[first:last][gone]
    if not ledger.beside("plan").allowed[arc]:
        rest = ledger.planned[~np.isin(ledger.planned, lost)]
        if not beside(problem, arcs, ledger.book, rest, "plan").allowed[arc]:
            kind = hindrance(problem, arcs, rest, arc)
            there = problem.slots.request[arcs.slot[rest]] == problem.slots.request[arcs.slot[arc]]
            away = _friends(ledger, int(arcs.volunteer[arc]), arcs.volunteer[rest[there]])
            return {"kind": f"plan_{kind}", "friends": away if kind == "together" else None}
    busy = problem.requests.id.gather(problem.slots.request[arcs.slot[lost]])
    return {"kind": "instead" if len(lost) else "open", "busy": ", ".join(busy) or None}


def _friends(ledger: Ledger, volunteer: int, there: c.Ints) -> str:
    """Name those without whom a volunteer does not come, but for who is there."""
    party = companions(ledger.problem).party
    others = np.setdiff1d(np.flatnonzero(party == party[volunteer]), np.append(there, volunteer))
    return ", ".join(ledger.problem.volunteers.id.gather(others))


def _scores(ledger: Ledger, side: Beside, arc: c.Longs) -> c.Floats:
    """Return the score of each arc in a shortlist; NaN where it cannot stand."""
    load, lost, held = np.empty(len(arc)), np.empty(len(arc)), np.empty(len(arc), np.int32)
    judge(ledger.book, side.standing, arc, load, lost, held)
    score = np.full(len(arc), np.nan)
    fits = ~np.isnan(load)
    worth = elsewhere(ledger.weeks, ledger.book, side.standing, ledger.tops, arc[fits])
    score[fits] = ledger.fit[arc[fits]] - worth
    return score


def _keys(ledger: Ledger, arc: int) -> Row:
    keys = ledger.slots.row(int(ledger.arcs.slot[arc]), named=True)
    who = ledger.problem.volunteers.id[int(ledger.arcs.volunteer[arc])]
    return {"volunteer_id": who} | {name: keys[name] for name in ("request_id", "post", "option")}


def _side(ledger: Ledger, side: Beside, arc: int) -> Row:
    """Return what an arc is worth, term by term."""
    score = float(_scores(ledger, side, np.array([arc]))[0])
    fit = int(ledger.fit[arc])
    terms = {name: int(term[arc]) for name, term in ledger.terms._asdict().items()}
    return {"fit": fit} | terms | {"elsewhere": fit - score, "score": score}


def _compared(ledger: Ledger, side: Beside, arc: int, other: int) -> Row:
    """Return both sides."""
    theirs = _side(ledger, side, other)
    theirs["id"] = ledger.problem.volunteers.id[int(ledger.arcs.volunteer[other])]
    return _side(ledger, side, arc) | {f"other_{name}": value for name, value in theirs.items()}
