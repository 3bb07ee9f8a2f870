"""What the families share: an instance, a policy of scores alone, and the tables of a matrix."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from matching import Policy

Matrix = np.ndarray[tuple[int, int], np.dtype[Any]]
Column = np.ndarray[tuple[int], np.dtype[Any]]

WEEK = dt.date(2026, 11, 30)
MONDAY = np.datetime64(WEEK, "us")
# Nothing counts but the scores in `affinities`, and nobody may serve who has none.
SCORES_ALONE = Policy(
    only_listed=True,
    travel_km=math.inf,
    travel_kmh=math.inf,
    max_shifts=1_000_000,
    seat=0,
    early_seat=0.0,
    distance=0,
    window_preference=0,
    preference_limit=0,
    visit=0,
    kept=0,
    load_step=0,
    load_recent=0,
)


@dataclass(frozen=True)
class Instance:
    """An instance of another problem, as a week of ours.

    Attributes
    ----------
    tables : Mapping of str to polars.DataFrame
        Volunteers are ``v0``, ``v1``, ... and requests ``r0``, ``r1``, ..., by row and column.
    worth : matrix of float, shape (volunteers, requests)
        Of each pair, in the units of the instance.
    filled : int
        Seats that the optimum fills.
    known : float
        The optimum, in the units of the instance.
    accuracy : float
        How far the sum of the whole-number scores can be from it; 0 where they are exact.
    specialised : callable
        Solves the same instance without us, and returns its optimum.
    """

    tables: Mapping[str, pl.DataFrame]
    worth: Matrix
    filled: int
    known: float
    accuracy: float
    specialised: Callable[[], float]

    def worth_of(self, plan: pl.DataFrame) -> float:
        """Return what a plan (the table) is worth in the units of the instance."""
        number = pl.col("volunteer_id", "request_id").str.slice(1).cast(pl.Int64)
        row, column = plan.select(number).to_numpy().T
        return float(self.worth[row, column].sum())


def named(letter: str, many: int) -> Column:
    return np.char.add(letter, np.arange(many).astype(str))


def moments(minutes: Column) -> Column:
    """Return times of the week from minutes since its start."""
    return MONDAY + np.asarray(minutes).astype("timedelta64[m]")


def tables_of(
    score: Matrix, listed: Matrix, shifts: Column | int, seats: Column | int, *, at_once: bool
) -> dict[str, pl.DataFrame]:
    """Make the tables of a matrix: who may serve what, how often, and with what score.

    Parameters
    ----------
    score, listed : matrices of int and bool, shape (volunteers, requests)
    shifts : int, or array of int, shape (volunteers,)
        How many requests each volunteer may serve.
    seats : int, or array of int, shape (requests,)
    at_once : bool
        Whether all requests are at the same time, or one after the other.
    """
    people, requests = score.shape
    who, asked = named("v", people), named("r", requests)
    start = np.full(requests, 9 * 60) if at_once else np.arange(requests)
    return {
        "volunteers": pl.DataFrame(
            {"volunteer_id": who, "max_shifts": np.broadcast_to(shifts, people)}
        ),
        "availability": pl.DataFrame(
            {
                "volunteer_id": who,
                "start": np.full(people, MONDAY),
                "end": np.full(people, MONDAY + np.timedelta64(7, "D")),
            }
        ),
        "requests": pl.DataFrame(
            {"request_id": asked, "start": moments(start), "end": moments(start + 1)}
        ),
        "posts": pl.DataFrame(
            {"request_id": asked, "post": "p", "seats": np.broadcast_to(seats, requests)}
        ),
        "affinities": affinities(score, listed),
    }


def affinities(score: Matrix, listed: Matrix) -> pl.DataFrame:
    """Make the table of the listed pairs."""
    row, column = np.nonzero(listed)
    who, asked = (named(letter, many) for letter, many in zip("vr", score.shape, strict=True))
    return pl.DataFrame(
        {"volunteer_id": who[row], "request_id": asked[column], "score": score[row, column]}
    )
