"""Spatial crowdsourcing (Tong et al., ICDE 2016): workers and tasks in a plane, and in time.

The engine itself keeps radius and windows here, nothing is sorted out before:

- The plane is a patch of the equator, one unit a metre: the sphere bends it by less than one part
  in a hundred million, and no pair of an instance is so near to its radius.
- Two windows of the same length overlap if the task's start lies in the worker's window, lengthened
  by that much at its front. So a task is a service of one unit of time.
- A worker may do all their tasks at once; a volunteer may not, so a worker of capacity two is two.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import polars as pl
from scipy.optimize import linear_sum_assignment

from benchmarks.public.tables import Column, Instance, Matrix, affinities, moments, named
from matching.arcs.spatial import RADIUS_KM

_KM = 0.001  # a unit of the plane
_DEGREES = np.degrees(_KM / RADIUS_KM)
_MINUTES = 10  # a unit of time
# Windows begin before the first task.
_EARLIEST = 6
# The largest power of ten that keeps scores within what `affinities` takes.
_SCALE = 10_000


def read(path: Path, known: float, filled: int) -> Instance:
    """Read ``t0 w x y radius capacity duration rate`` and ``t0 t x y duration pay`` lines."""
    text = path.read_text()
    workers = np.loadtxt(re.findall(r".* w .*", text), usecols=(0, 2, 3, 4, 5, 6, 7))
    workers = np.repeat(workers, workers[:, 4].astype(np.int64), axis=0)
    began, x, y, radius, _, lasts, rate = workers.T
    start, task_x, task_y, duration, pay = np.loadtxt(
        re.findall(r".* t .*", text), usecols=(0, 2, 3, 4, 5)
    ).T
    if len(set(lasts) | set(duration)) > 1:
        raise ValueError(f"{path.name}: the windows have several lengths; one is wanted")
    worth = rate[:, None] * pay
    near = np.hypot(x[:, None] - task_x, y[:, None] - task_y) <= radius[:, None]
    meet = np.abs(began[:, None] - start) < duration[0]
    who, asked = named("v", len(x)), named("r", len(start))
    tables = {
        "volunteers": pl.DataFrame(
            {
                "volunteer_id": who,
                "lat": y * _DEGREES,
                "lon": x * _DEGREES,
                "travel_km": radius * _KM,
                "max_shifts": np.ones(len(x), np.int64),
            }
        ),
        "availability": pl.DataFrame(
            {
                "volunteer_id": who,
                "start": _moments(began - duration[0] + 1),
                "end": _moments(began + duration[0]),
            }
        ),
        "requests": pl.DataFrame(
            {
                "request_id": asked,
                "lat": task_y * _DEGREES,
                "lon": task_x * _DEGREES,
                "start": _moments(start),
                "end": _moments(start + 1),
            }
        ),
        # A score for every pair, also for those who cannot meet.
        "affinities": affinities(
            np.round(_SCALE * worth).astype(np.int64), np.ones(worth.shape, np.bool_)
        ),
    }
    return Instance(
        tables=tables,
        worth=worth,
        filled=filled,
        known=known,
        # A score is at most half a step off, in our optimum and in the true one.
        accuracy=filled / _SCALE,
        specialised=lambda: _scipy(worth, near & meet),
    )


def _moments(units: Column) -> Column:
    return moments(((units + _EARLIEST) * _MINUTES).astype(np.int64))


def _scipy(worth: Matrix, possible: Matrix) -> float:
    gain = np.where(possible, worth, 0.0)
    return float(gain[linear_sum_assignment(gain, maximize=True)].sum())
