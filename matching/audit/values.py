"""The value of a plan, from the problem alone."""

from __future__ import annotations

import numpy as np
import polars as pl

from matching.audit.services import (
    answered,
    concerning,
    distances,
    meetings_of,
    opinions,
    place_among_equals,
    scores,
)
from matching.problem import Problem
from matching.problem import columns as c


def _rounded(amounts: c.Floats) -> c.Longs:
    """Round to whole numbers, halves up; within 1e-9 of a half counts as a half."""
    whole: c.Longs = np.floor(amounts + 0.5 + 1e-9).astype(np.int64)
    return whole


def seat_values(problem: Problem, services: pl.DataFrame) -> c.Longs:
    """Return what each service is worth as its post's first, second, ... filled seat.

    Returns
    -------
    int64 array, shape (services,)
        Which of a post's people is its first makes no difference to the sum. Who comes when all
        seats are taken fills none.
    """
    policy = problem.policy
    place = place_among_equals(services["post"]) + 1
    seats = problem.posts.seats[services["post"].to_numpy()]
    priority = problem.requests.priority[services["request"].to_numpy()].astype(np.float64)
    early = policy.early_seat * (seats - place) / seats
    value = _rounded(policy.seat * priority * (1 + early))
    value[place > seats] = 0
    return value


def bonuses(problem: Problem, services: pl.DataFrame) -> int:
    """Return what the requests are worth that somebody serves, for that alone."""
    served = np.unique(services["request"].to_numpy())
    return int(problem.requests.bonus[served].astype(np.int64).sum())


def qualities(problem: Problem, services: pl.DataFrame) -> c.Longs:
    """Return how well each volunteer fits the service: int64, shape (services,)."""
    policy = problem.policy
    liked = policy.window_preference * _lowest_window(problem, services)
    weights = _summed(services, opinions(problem, services), "weight")
    wished = np.clip(weights, -policy.preference_limit, policy.preference_limit)
    known = policy.visit * np.minimum(_visits(problem, services), policy.visits_limit)
    scored = _summed(services, scores(problem, services), "score")
    kept = policy.kept * answered(problem, services, "accepted", "published")
    fit: c.Longs = _nearness(problem, services) + liked + wished + known + scored + kept
    return fit


def evenness(problem: Problem, services: pl.DataFrame) -> int:
    """Return what the plan gains by serving districts: their early seats are worth more.

    Of a district with so many seats, the filled one number j adds ``equity * (seats - j) / seats``.
    Who comes when all seats of a post are taken fills none.
    """
    equity = problem.policy.equity
    filled = np.bincount(services["post"].to_numpy(), minlength=len(problem.posts))
    rows = pl.DataFrame(
        {
            "district": problem.requests.district[problem.posts.request],
            "seats": problem.posts.seats.astype(np.int64),
            "filled": np.minimum(filled, problem.posts.seats).astype(np.int64),
        }
    )
    sums = rows.filter(pl.col("district") >= 0).group_by("district").sum()
    each = sums.with_columns(place=pl.int_ranges(1, pl.col("filled") + 1)).explode("place")
    each = each.drop_nulls("place")
    seats, place = each["seats"].to_numpy(), each["place"].to_numpy()
    return int(_rounded(equity * (seats - place) / seats).sum())


def loads(problem: Problem, services: pl.DataFrame) -> c.Longs:
    """Return what each service costs as its volunteer's first, second, ...: shape (services,)."""
    policy = problem.policy
    place = place_among_equals(services["volunteer"])
    recent = problem.volunteers.recent_hours[services["volunteer"].to_numpy()]
    tired = policy.load_recent * np.minimum(1.0, recent / policy.load_recent_hours)
    costs: c.Longs = policy.load_step * place + _rounded(tired)
    return costs + np.where(place == 0, policy.load_first, 0)


def _nearness(problem: Problem, services: pl.DataFrame) -> c.Longs:
    km = distances(problem, services)
    limit = problem.volunteers.travel_km[services["volunteer"].to_numpy()]
    # A volunteer with reach 0 is at the place itself or does not fit at all.
    share = np.divide(km, limit, out=np.where(km > 0, 1.0, 0.0), where=limit > 0)
    near = problem.policy.distance * (1 - share)
    return _rounded(np.where(np.isnan(km), 0.0, near))


def _lowest_window(problem: Problem, services: pl.DataFrame) -> c.Longs:
    windows = concerning(problem, problem.windows, services)
    meetings = meetings_of(problem, services)
    both = meetings.select("service", "volunteer", "start", "end").join(
        windows, on="volunteer", suffix="_free"
    )
    shared = both.filter(pl.col("start_free") < pl.col("end"), pl.col("start") < pl.col("end_free"))
    lowest = shared.group_by("service").agg(pl.col("preference").min())
    return _summed(services, lowest, "preference")


def _visits(problem: Problem, services: pl.DataFrame) -> c.Longs:
    bonds = concerning(problem, problem.bonds, services)
    whom = problem.requests.beneficiary[services["request"].to_numpy()]
    asked = services.select("service", "volunteer", beneficiary=pl.Series(whom))
    return _summed(services, asked.join(bonds, on=["volunteer", "beneficiary"]), "visits")


def _summed(services: pl.DataFrame, found: pl.DataFrame, amount: str) -> c.Longs:
    """Add up per service; 0 where nothing was found: int64, shape (services,)."""
    total = np.zeros(services.height, dtype=np.int64)
    np.add.at(total, found["service"].to_numpy(), found[amount].to_numpy().astype(np.int64))
    return total
