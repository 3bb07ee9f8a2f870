"""What empty seats ask for, in words that hold in any week: qualifications, place, half day."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from matching.answers.half_days import HALF_DAYS, label, part_of_day
from matching.answers.near_misses import empty_slots
from matching.problem import Problem
from matching.problem import columns as c
from matching.problem.plan import local_times
from matching.result import Result

Needs = tuple[tuple[str, int], ...]


class Kind(NamedTuple):
    """A kind of person who is missing.

    Attributes
    ----------
    needs : tuple of (str, int)
        Qualifications with their levels.
    station_id, region, organisation_id : str or None
    lat, lon : float or None
        Where the services are.
    half_day : str
    """

    needs: Needs
    station_id: str | None
    region: str | None
    lat: float | None
    lon: float | None
    organisation_id: str | None
    half_day: str


class Missing(NamedTuple):
    """Where in a week a kind of person is missing.

    Attributes
    ----------
    slot : int
        One of the services.
    free : tuple of int
        The half day, and as long as its services last, in minutes since the week's Monday.
    """

    slot: int
    free: tuple[int, int]


def named(needs: Needs) -> str | None:
    """Return what tables say for qualifications, levels above the first too; None for none."""
    names = [name if level == 1 else f"{name} (level {level})" for name, level in needs]
    return ", ".join(names) or None


def missing_kinds(result: Result) -> dict[Kind, Missing]:
    """Return the kinds of people who could fill empty seats of a plan.

    Of a request with several options it is the one that is planned, or else could have most.
    """
    problem = result.problem
    names = _Names(problem)
    clock = local_times(problem)["start"]
    minute = (clock.dt.hour().cast(int) * 60 + clock.dt.minute()).to_numpy()
    found: dict[Kind, Missing] = {}
    slots = empty_slots(result)
    option = problem.slots.option[slots]
    part = part_of_day(minute[option])
    for slot, o, number in zip(slots.tolist(), option.tolist(), part.tolist(), strict=True):
        half = HALF_DAYS[number]
        kind = names.kind(slot, label(int(problem.options.day[o]), half.name))
        start, end = int(problem.options.start[o]), int(problem.options.end[o])
        midnight = start - int(minute[o])
        first, last = midnight + half.start, midnight + half.end
        known = found.get(kind)
        if known is not None:
            first, last = min(first, known.free[0]), max(last, known.free[1])
        found[kind] = Missing(
            slot if known is None else known.slot, (min(first, start), max(last, end))
        )
    return found


class _Names:
    """What the services of a problem are called by their owner."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        names = problem.names.get("requests")
        known = {} if names is None else dict(names.select("request_id", "station_id").iter_rows())
        self.stations = known
        regions = problem.names.get("stations")
        self.regions = (
            {} if regions is None else dict(regions.select("station_id", "region").iter_rows())
        )
        self.needs_of = c.starts_of(problem.needs.post, len(problem.posts))

    def kind(self, slot: int, half_day: str) -> Kind:
        """Return who is missing at a slot."""
        problem = self.problem
        q, n = problem.slots.request[slot], problem.slots.post[slot]
        needs = problem.needs.take(slice(self.needs_of[n], self.needs_of[n + 1]))
        asked = zip(needs.qualification.tolist(), needs.level.tolist(), strict=True)
        station = self.stations.get(str(problem.requests.id[int(q)]))
        lat, lon = float(problem.requests.lat[q]), float(problem.requests.lon[q])
        of = int(max(problem.requests.organisation[q], problem.requests.menu_organisation[q]))
        return Kind(
            tuple(sorted((str(problem.qualification_ids[a]), level) for a, level in asked)),
            station,
            None if station is None else self.regions.get(station),
            None if np.isnan(lat) else lat,
            None if np.isnan(lon) else lon,
            None if of < 0 else str(problem.organisations.id[of]),
            half_day,
        )
