"""The time from one service to the next: what `travel` says of two stations, else the distance."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from matching.arcs.spatial import distance_km
from matching.problem import Problem
from matching.problem import columns as c

_TOLERANCE = 1e-9


class Spots(NamedTuple):
    """Places, one per row: degrees, and the station where `travel` knows it."""

    lat: c.Floats
    lon: c.Floats
    stop: c.Ints


def spots(places: c.Requests | c.OtherWeeks, rows: c.Whole) -> Spots:
    """Return where some requests, or services of other weeks, take place."""
    return Spots(places.lat[rows], places.lon[rows], places.stop[rows])


def is_late(problem: Problem, here: Spots, there: Spots, gap: c.Whole) -> c.Bools:
    """Tell where minutes do not suffice for the way; never to or from an unknown place.

    Parameters
    ----------
    problem : Problem
    here, there : Spots
        Of equal length: from where, and to where.
    gap : int array
        Minutes, of the same length.
    """
    late: c.Bools = np.zeros(len(gap), np.bool_)
    speed = problem.policy.travel_kmh
    if np.isfinite(speed):
        km = distance_km(here.lat, here.lon, there.lat, there.lon)
        # NaN, where a place is unknown, is never too far.
        late = km / speed * 60 > gap * (1 + _TOLERANCE)
    if len(problem.travel):
        row = problem.travel.find(here.stop, there.stop)
        said = np.flatnonzero(row >= 0)
        late[said] = problem.travel.minutes[row[said]] > gap[said]
    return late


def longest_ways(problem: Problem) -> c.Ints:
    """Return the most minutes that `travel` says from or to each stop, and last 0 for no stop."""
    travel = problem.travel
    longest = np.zeros(int(travel.here.max(initial=-1)) + 2, np.int32)
    np.maximum.at(longest, travel.here, travel.minutes)
    np.maximum.at(longest, travel.there, travel.minutes)
    return longest


def leads_around(problem: Problem, request: c.Ints) -> c.Bools:
    """Tell which requests may lie on a way that is shorter than the direct one.

    It takes no time to reach an unknown place; and what `travel` says need be no distances, so
    that any place may then be a way around.
    """
    around: c.Bools = np.isnan(problem.requests.lat[request])
    return around | (len(problem.travel) > 0)
