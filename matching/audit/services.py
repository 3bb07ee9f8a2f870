"""The services of a plan, and the rows of a problem that concern them: what the rules judge.

Everything here is a frame or an array with one row per service of one volunteer, or per match of a
service with a row of the problem; the column ``service`` numbers the services.
"""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import polars as pl

from matching.errors import UsageError
from matching.problem import Problem
from matching.problem import columns as c
from matching.problem.plan import Plan
from matching.schema import STATUSES, SUBJECTS

EARTH_KM = 6371.0088
# A distance equal to its limit is allowed, in spite of rounding.
TOLERANCE = 1e-9
# More minutes than any two times of a problem lie apart.
_FAR = 4 * c.NO_LIMIT


def services_of(problem: Problem, plan: Plan) -> pl.DataFrame:
    """Return the plan's rows, those that repeat once, sorted by volunteer and time.

    Returns
    -------
    polars.DataFrame
        ``service`` 0, 1, ...; the indices ``volunteer``, ``slot``, ``post``, ``option`` and
        ``request``; ``start`` and ``end`` in minutes, ``day`` and ``last_day``; ``times``: how
        often the plan has the row.

    Raises
    ------
    UsageError
        If the plan's columns differ in length or name an index that the problem does not have.
    """
    for name, size in (("volunteer", len(problem.volunteers)), ("slot", len(problem.slots))):
        index = np.asarray(getattr(plan, name))
        if len(index) != len(plan.volunteer):
            raise UsageError(f"plan.{name} has {len(index)} rows, plan.volunteer {len(plan)}")
        if len(index) and not (index.min() >= 0 and index.max() < size):
            raise UsageError(
                f"plan.{name} holds {index.min()} to {index.max()}; the problem has 0 to {size - 1}"
            )
    rows = pl.DataFrame({"volunteer": plan.volunteer, "slot": plan.slot}).cast(pl.Int32)
    rows = rows.group_by("volunteer", "slot").len("times")
    slots = problem.slots.take(rows["slot"].to_numpy())
    times = frame_of(problem.options.take(slots.option)).drop("id", "request")
    rows = pl.concat([rows, frame_of(slots), times], how="horizontal")
    return rows.sort("volunteer", "start", "end", "slot").with_row_index("service")


def frame_of(columns: c.Columns) -> pl.DataFrame:
    """Return columns as a frame with the same names."""
    return pl.DataFrame({item.name: getattr(columns, item.name) for item in fields(columns)})


def meetings_of(problem: Problem, services: pl.DataFrame) -> pl.DataFrame:
    """Return a row per meeting of each service: most have one, which is the service itself.

    ``start``, ``end``, ``day``; ``several``: whether its service has more.
    """
    alone = services.with_columns(several=pl.lit(False))
    if not len(problem.sessions):
        return alone
    met = frame_of(problem.sessions).drop("id")
    some = services.drop("start", "end", "day").join(met, on="option", maintain_order="left")
    rest = alone.join(met, on="option", how="anti", maintain_order="left")
    return pl.concat([rest, some.with_columns(several=pl.lit(True)).select(alone.columns)])


def place_among_equals(column: pl.Series) -> c.Longs:
    """Return how many rows before each have its value."""
    values = column.to_numpy()
    order = np.argsort(values, kind="stable")
    fresh = np.flatnonzero(np.diff(values[order], prepend=-1))
    place = np.arange(len(values))
    place[order] = place - np.repeat(fresh, np.diff(np.append(fresh, len(values))))
    return place


def used_by(problem: Problem, services: pl.DataFrame) -> c.Bools:
    """Return who serves at all: shape (volunteers,)."""
    used = np.zeros(len(problem.volunteers), dtype=np.bool_)
    used[services["volunteer"].to_numpy()] = True
    return used


def concerning(
    problem: Problem,
    columns: c.Windows
    | c.Holdings
    | c.Preferences
    | c.Bonds
    | c.Earlier
    | c.OtherWeeks
    | c.Affinities,
    services: pl.DataFrame,
) -> pl.DataFrame:
    """Return the rows of those who serve: few, since most volunteers stay at home."""
    return frame_of(columns.take(used_by(problem, services)[columns.volunteer]))


def on_one_line(rows: pl.DataFrame, moment: str) -> c.Longs:
    """Return a column of minutes so that the weeks of all volunteers follow one another.

    What is sorted or accumulated along this line stays within one volunteer.
    """
    line: c.Longs = rows["volunteer"].to_numpy().astype(np.int64) * _FAR + rows[moment].to_numpy()
    return line


def meant(index: str) -> pl.Expr:
    """Return whether the column ``named`` means this index: by naming it, or by naming none."""
    return (pl.col("named") == pl.col(index)) | (pl.col("named") < 0)


def marked(services: pl.DataFrame, chosen: pl.DataFrame) -> c.Bools:
    """Return which services occur among the chosen ones: shape (services,)."""
    found = np.zeros(services.height, dtype=np.bool_)
    found[chosen["service"].to_numpy()] = True
    return found


def answered(problem: Problem, services: pl.DataFrame, *statuses: str) -> c.Bools:
    """Return which services had one of these statuses before, at their option or at any."""
    numbers = [STATUSES.index(status) for status in statuses]
    chosen = np.isin(problem.earlier.status, numbers)
    if not chosen.any():
        return np.zeros(services.height, dtype=np.bool_)
    earlier = problem.earlier.take(chosen)
    named = frame_of(earlier).select("volunteer", "post", named="option")
    both = services.join(named, on=["volunteer", "post"])
    return marked(services, both.filter(meant("option")))


def scores(problem: Problem, services: pl.DataFrame) -> pl.DataFrame:
    """Return ``service`` and ``score`` of every affinity for its post or for any of the request."""
    given = concerning(problem, problem.affinities, services).rename({"post": "named"})
    both = services.join(given, on=["volunteer", "request"])
    return both.filter(meant("post")).select("service", "score")


def subjects_of(problem: Problem, services: pl.DataFrame) -> pl.DataFrame:
    """Return ``service``, ``volunteer``, ``request``, and a ``code`` for each of its subjects."""
    requests, request = problem.requests, services["request"].to_numpy()
    code_of = {
        "category": requests.category[request],
        "menu_item": requests.menu_item[request],
        "station": requests.station[request],
        "organisation": requests.ordering_organisation[request],
        "beneficiary": requests.beneficiary[request],
        "post": problem.posts.name[services["post"].to_numpy()],
    }
    rows = services.select("service", "volunteer", "request")
    of_subjects = [
        rows.with_columns(subject=pl.lit(number, pl.Int32), code=pl.Series(code_of[subject]))
        for number, subject in enumerate(SUBJECTS)
    ]
    return pl.concat(of_subjects).filter(pl.col("code") >= 0)


def opinions(problem: Problem, services: pl.DataFrame) -> pl.DataFrame:
    """Return ``service``, ``subject``, ``weight``, ``never`` of every preference that matches."""
    held = concerning(problem, problem.preferences, services)
    both = subjects_of(problem, services).join(held, on=["volunteer", "subject", "code"])
    return both.select("service", "subject", "weight", "never")


def holders(problem: Problem, asked: pl.DataFrame) -> pl.DataFrame:
    """Return the rows that somebody's qualification meets, once per qualification that does.

    Parameters
    ----------
    problem : Problem
    asked : polars.DataFrame
        ``volunteer``, ``qualification``, ``day`` and ``last_day``.

    Returns
    -------
    polars.DataFrame
        Their columns and ``held_level``. One qualification must be valid from the first day to the
        last; its level is the caller's business.
    """
    held = concerning(problem, problem.holdings, asked).rename(
        {"level": "held_level", "first_day": "valid_from", "last_day": "valid_until"}
    )
    valid = (pl.col("valid_from") <= pl.col("day")) & (pl.col("valid_until") >= pl.col("last_day"))
    return asked.join(held, on=["volunteer", "qualification"]).filter(valid)


def kilometres(lat: c.Floats, lon: c.Floats, other_lat: c.Floats, other_lon: c.Floats) -> c.Floats:
    """Return the great-circle distances in km between places in degrees; NaN if one is unknown."""
    phi, other_phi = np.radians(lat), np.radians(other_lat)
    up, across = np.sin((other_phi - phi) / 2), np.sin(np.radians(other_lon - lon) / 2)
    share = up**2 + np.cos(phi) * np.cos(other_phi) * across**2
    km: c.Floats = 2 * EARTH_KM * np.arcsin(np.sqrt(np.minimum(share, 1.0)))
    return km


def way_minutes(problem: Problem, here: pl.DataFrame, there: pl.DataFrame) -> c.Floats:
    """Return how long the way takes between places: shape (rows,), NaN if it is unknown.

    Parameters
    ----------
    problem : Problem
    here, there : polars.DataFrame
        Of equal height: ``lat``, ``lon`` and ``stop``.
    """
    ends = [frame[name].to_numpy() for frame in (here, there) for name in ("lat", "lon")]
    minutes = 60 * kilometres(*ends) / problem.policy.travel_kmh
    asked = pl.DataFrame({"here": here["stop"], "there": there["stop"]})
    said = asked.join(
        frame_of(problem.travel), on=["here", "there"], how="left", maintain_order="left"
    )["minutes"]
    known = said.is_not_null().to_numpy()
    minutes[known] = said.drop_nulls().to_numpy()
    return minutes


def place_of(problem: Problem, request: pl.Series) -> pl.DataFrame:
    """Return ``lat``, ``lon`` and ``stop`` of requests."""
    requests, rows = problem.requests, request.to_numpy()
    return pl.DataFrame({name: getattr(requests, name)[rows] for name in ("lat", "lon", "stop")})


def distances(problem: Problem, services: pl.DataFrame) -> c.Floats:
    """Return how far its volunteer is from each service: km, shape (services,), NaN if unknown."""
    volunteers, requests = problem.volunteers, problem.requests
    who, where = services["volunteer"].to_numpy(), services["request"].to_numpy()
    return kilometres(
        volunteers.lat[who], volunteers.lon[who], requests.lat[where], requests.lon[where]
    )
