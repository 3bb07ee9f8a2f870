"""How evenly a plan serves places, shares the work, and how far recommendations reach."""

from __future__ import annotations

import numpy as np
import polars as pl

from matching.answers.ledger import Ledger
from matching.problem import columns as c

_SCHEMA = {
    "measure": pl.String,
    "number": pl.Int64,
    "reached": pl.Int64,
    **dict.fromkeys(["mean", "least", "most", "gini"], pl.Float64),
}


def fairness(ledger: Ledger, feeds: pl.DataFrame) -> pl.DataFrame:
    """Return the table ``fairness``, one row per measure.

    Parameters
    ----------
    ledger : Ledger
    feeds : polars.DataFrame
        As `Desk.feeds` returns them.

    Returns
    -------
    polars.DataFrame
        ``measure``; ``number`` of those it is taken of, ``reached``: how many have more than
        nothing; ``mean``, ``least`` and ``most``, null of nobody; ``gini``, null where nobody has
        anything. Measures are the share of seats that is filled, of ``stations`` and ``districts``;
        the ``hours`` of each volunteer who serves; how often each of the ``requests`` is
        recommended, and how many recommendations each of the ``volunteers`` gets.
    """
    problem, plan = ledger.problem, ledger.plan
    options, slots = problem.options, problem.slots
    filled = np.bincount(slots.post[plan.slot], minlength=len(problem.posts))
    minutes = options.minutes[slots.option[plan.slot]]
    hours: c.Floats = np.bincount(plan.volunteer, minutes / 60).astype(np.float64)
    measures = {
        name: _shares(problem.posts.seats, filled, place[problem.posts.request])
        for name, place in (
            ("stations", problem.requests.station),
            ("districts", problem.requests.district),
        )
    }
    measures["hours"] = hours[hours > 0]
    for name, ids in (("request", problem.requests.id), ("volunteer", problem.volunteers.id)):
        times = feeds.group_by(f"{name}_id").len()
        shown = pl.DataFrame({f"{name}_id": ids}).join(times, on=f"{name}_id", how="left")
        measures[f"{name}s"] = shown["len"].fill_null(0).cast(pl.Float64).to_numpy()
    rows = [(name, *_spread(amounts)) for name, amounts in measures.items()]
    return pl.DataFrame(rows, _SCHEMA, orient="row")


def _shares(seats: c.Ints, filled: c.Longs, place: c.Ints) -> c.Floats:
    """Return which share of the seats of each place is filled."""
    some = place >= 0
    wanted = np.bincount(place[some], seats[some])
    there = np.bincount(place[some], filled[some], minlength=len(wanted))
    shares: c.Floats = there[wanted > 0] / wanted[wanted > 0]
    return shares


def _spread(amounts: c.Floats) -> tuple[int, int, float | None, float | None, float | None, object]:
    reached = int(np.count_nonzero(amounts > 0))
    if not len(amounts):
        return 0, 0, None, None, None, None
    figures = float(amounts.mean()), float(amounts.min()), float(amounts.max())
    return len(amounts), reached, *figures, gini(amounts)


def gini(amounts: c.Floats) -> float | None:
    """Return Gini's coefficient: 0 where all have the same, near 1 where one has all.

    It is half the mean difference of two of them, over their mean; None of nothing.
    """
    total, number = float(amounts.sum()), len(amounts)
    rank = np.arange(1, number + 1)
    return float((2 * rank - number - 1) @ np.sort(amounts)) / (number * total) if total else None
