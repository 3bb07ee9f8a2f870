"""Alternative times of some requests."""

from __future__ import annotations

import datetime as dt

import numpy as np
import polars as pl
from numpy.random import Generator

from matching.synthetic.abilities import moments
from matching.synthetic.draws import NONE, Bools, chance, name_by
from matching.synthetic.orders import Orders
from matching.synthetic.vocabulary import DAY, WEEK

WITH_OPTIONS = 0.15


def draw_several(rng: Generator, orders: Orders) -> Bools:
    """Return which requests have several times."""
    several: Bools = chance(rng, WITH_OPTIONS, orders.station.size) & (orders.station != NONE)
    return several


def option_table(rng: Generator, orders: Orders, several: Bools, week: dt.date) -> pl.DataFrame:
    """Return the table `options`: the drawn time and one or two more on other days."""
    request = np.flatnonzero(several)
    count = request.size
    # The second time is one to three days later, the third four to six: no two are the same.
    days = np.stack([np.zeros(count, int), rng.integers(1, 4, count), rng.integers(4, 7, count)])
    offered = np.ones(days.shape, dtype=np.bool_)
    offered[2] = chance(rng, 0.5, count)
    option, at = np.nonzero(offered)
    shift = days[option, at] * DAY
    start = (orders.start[request[at]] + shift) % WEEK
    minutes = orders.end[request[at]] - orders.start[request[at]]
    return pl.DataFrame(
        {
            "request_id": orders.ids.gather(request[at]),
            "option": name_by(option, ["a", "b", "c"]),
            "start": moments(start, week),
            "end": moments(start + minutes, week),
        }
    )
