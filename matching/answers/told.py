"""What is told to a desk, as columns of its week: a volunteer, or the time of a request."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import timedelta
from typing import Any

import numpy as np

from matching.errors import UsageError
from matching.guards.urls import shown_value
from matching.problem import Problem
from matching.problem import columns as c
from matching.week import Week

# By argument: the columns of `columns.Volunteers` that it fills.
_COLUMNS = {
    "organisation_id": ("organisation",),
    "station_id": ("station", "lat", "lon"),
    "max_hours": ("max_minutes",),
    "min_rest_hours": ("min_rest",),
    "consent": ("refuses",),
}
_AS_LONG_AS = timedelta(days=10)


def person(
    problem: Problem, volunteer_id: str, told: dict[str, Any], now: Problem | None
) -> Problem:
    """Return a volunteer alone: as they are now, but for what is told.

    Parameters
    ----------
    told : dict of str to object
        As `Week.volunteer` takes it.
    now : Problem, optional
        The volunteer alone, as they are now.

    Raises
    ------
    DataError, UsageError
        If what is told is faulty, or names an organisation or a station that the week has not.
    """
    one = _week_of(problem, volunteer_id, told)
    holdings, organisation = _numbered(problem, one, told)
    people = replace(one.volunteers, organisation=organisation)
    if now is None:
        nobody = {name: getattr(problem, name).take(slice(0)) for name in _OF_OTHERS}
        return replace(problem, volunteers=people, windows=one.windows, holdings=holdings, **nobody)
    known = {item.name for item in fields(c.Volunteers)}
    names = {column for name in told for column in _COLUMNS.get(name, (name,))} & known
    columns = {name: getattr(people, name) for name in names}
    tables: dict[str, Any] = {}
    if "available" in told:
        tables["windows"] = one.windows
    if "qualifications" in told:
        tables["holdings"] = holdings
    return replace(now, volunteers=replace(now.volunteers, **columns), **tables)


def times(problem: Problem, request_id: str, start: object, end: object) -> dict[str, Any]:
    """Return the columns of `columns.Options` of a request at a time of the week.

    Raises
    ------
    DataError
        If that is not a time, or not in the week.
    """
    week = Week(problem.week, policy=problem.policy)
    week.request(request_id, start=start, end=end)  # type: ignore[arg-type]
    options = week.problem().options
    if not len(options):
        raise UsageError(f"start = {shown_value(start)} is not in the week of {problem.week}")
    columns = ("start", "end", "day", "last_day", "first_end", "minutes")
    return {name: int(getattr(options, name)[0]) for name in columns}


# What a problem of somebody new says of nobody.
_OF_OTHERS = (
    *("preferences", "limits", "bonds", "earlier", "other_weeks", "affinities", "pairs"),
    "members",
)


def _week_of(problem: Problem, volunteer_id: str, told: dict[str, Any]) -> Problem:
    """Return a week of one volunteer, and of a request so long that no window is left out."""
    week = Week(problem.week, policy=problem.policy)
    week.volunteer(volunteer_id, **told)
    station = told.get("station_id")
    stations = problem.names.get("stations")
    if station is not None and stations is not None:
        for row in stations.filter(station_id=station).to_dicts():
            week.station(station, lat=row["lat"], lon=row["lon"])
    noon = f"{problem.week} 12:00", f"{problem.week + _AS_LONG_AS} 12:00"
    week.request("all of the week", start=noon[0], end=noon[1])
    return week.problem()


def _numbered(problem: Problem, one: Problem, told: dict[str, Any]) -> tuple[c.Holdings, c.Ints]:
    """Return qualifications and organisation by their numbers in the week that is asked about."""
    name, organisation = told.get("organisation_id"), np.full(1, -1, np.int32)
    if name is not None:
        found = problem.organisations.id.index_of(name)
        if found is None:
            raise UsageError(f"the week has no organisation {shown_value(name)}")
        organisation[0] = found
    asked = one.qualification_ids.gather(one.holdings.qualification)
    numbers = [problem.qualification_ids.index_of(each) for each in asked]
    # What no post of the week asks for, and nobody holds, makes no difference.
    some = np.array([number is not None for number in numbers], np.bool_)
    known = np.array([number for number in numbers if number is not None], np.int32)
    return replace(one.holdings.take(some), qualification=known).sorted(), organisation
