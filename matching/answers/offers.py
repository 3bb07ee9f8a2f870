"""Whom to offer what: every seat is offered to some, and nobody is asked too often."""

from __future__ import annotations

import numpy as np
import polars as pl

from matching.answers.beside import judge
from matching.answers.given import Beside
from matching.answers.ledger import Ledger
from matching.flow.b_matching import Bipartite, b_matching
from matching.problem import Problem
from matching.problem import columns as c
from matching.schema import STATUSES

# Each of these was an offer once.
_ANSWERED = tuple(map(STATUSES.index, ("offered", "accepted", "declined")))
_OFFERED = STATUSES.index("offered")
# What is left of a score where it is no whole number.
_PARTS = 1_000


def offers_of(ledger: Ledger, side: Beside) -> pl.DataFrame:
    """Return the table ``offers``, by volunteer and falling score."""
    problem, arcs = ledger.problem, ledger.arcs
    earlier = problem.earlier.take(problem.earlier.status == _OFFERED)
    request = problem.slots.request[arcs.slot]
    arc = np.flatnonzero(side.allowed)
    standing = np.sort(c.combine(earlier.volunteer, problem.posts.request[earlier.post]))
    arc = arc[c.lookup(standing, c.combine(arcs.volunteer[arc], request[arc])) < 0]
    score = scores(ledger, side, arc)
    arc, score = arc[~np.isnan(score)], score[~np.isnan(score)]
    post = problem.slots.post[arcs.slot[arc]]
    pairs = Bipartite(arcs.volunteer[arc], request[arc], post, whole(score))
    made = np.bincount(earlier.post, minlength=len(problem.posts))
    chosen = b_matching(pairs, budgets(problem), *seats(problem, side, made))
    return _table(ledger, arc[chosen], score[chosen])


def scores(ledger: Ledger, side: Beside, arc: c.Longs) -> c.Floats:
    """Return the score that each arc has in a feed; NaN where it cannot stand."""
    load, lost, held = np.empty(len(arc)), np.empty(len(arc)), np.empty(len(arc), np.int32)
    judge(ledger.book, side.standing, arc, load, lost, held)
    score: c.Floats = ledger.book.reward[arc] - load
    return score


def whole(score: c.Floats) -> c.Longs:
    """Return scores as whole numbers: as they are, or in thousandths."""
    exact = np.rint(score)
    return (exact if (exact == score).all() else np.rint(score * _PARTS)).astype(np.int64)


def budgets(problem: Problem) -> c.Longs:
    """Return how many offers each volunteer may still have this week."""
    answered = np.isin(problem.earlier.status, _ANSWERED)
    had = np.bincount(problem.earlier.volunteer[answered], minlength=len(problem.volunteers))
    left: c.Longs = np.maximum(problem.volunteers.max_offers - had, 0).astype(np.int64)
    return left


def seats(problem: Problem, side: Beside, made: c.Longs) -> tuple[c.Longs, c.Longs]:
    """Return how many offers each post should have, layer by layer, and may have at most.

    Parameters
    ----------
    made : int64 array, shape (posts,)
        The offers that wait for an answer: they fill the first layers.
    """
    policy, empty = problem.policy, np.zeros(len(problem.posts), np.int64)
    empty[problem.slots.post] = np.maximum(side.open, 0)
    up_to = np.arange(policy.offers_least + 1)[:, None] * empty
    layers = np.diff(np.maximum(up_to - made, 0), axis=0)
    return layers, np.maximum(policy.offers_most * empty - made, 0)


def _table(ledger: Ledger, arc: c.Longs, score: c.Floats) -> pl.DataFrame:
    volunteer = ledger.arcs.volunteer[arc]
    order = np.lexsort((arc, -score, volunteer))
    arc, volunteer = arc[order], volunteer[order]
    first, number = c.numbered(volunteer)
    keys = [
        ledger.problem.volunteers.id.gather(volunteer).rename("volunteer_id"),
        *ledger.slots[ledger.arcs.slot[arc]].get_columns()[:3],
    ]
    rank = np.arange(1, len(arc) + 1) - first[number] if len(arc) else number
    return pl.DataFrame([*keys, pl.Series("rank", rank), pl.Series("score", score[order])])
