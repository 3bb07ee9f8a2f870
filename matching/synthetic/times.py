"""When services take place."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from matching.synthetic.draws import NONE, Ints, weighted
from matching.synthetic.menu import MINUTES
from matching.synthetic.vocabulary import DAY, SERVICE_END, SERVICE_START, WANTED_WEIGHTS

_GRID = 15
_LATEST_END = 22 * 60 + 30
# Orders crowd around nine, half past two and seven: minute, width in minutes, size.
_PEAKS = ((540, 60, 1.0), (870, 60, 0.9), (1140, 40, 0.35))
_DAY_WEIGHTS = (1.1, 1.0, 1.0, 1.0, 1.1, 1.4, 1.2)


def period_times(rng: Generator, count: int) -> tuple[Ints, Ints]:
    """Return start and end at the fixed hours of the 21 periods, in minutes."""
    period = weighted(rng, WANTED_WEIGHTS, count)
    midnight = period // 3 * DAY
    return midnight + SERVICE_START[period % 3], midnight + SERVICE_END[period % 3]


def free_times(rng: Generator, item: Ints) -> tuple[Ints, Ints]:
    """Return start on a grid of 15 minutes, 07:00 to 20:00, and end, in minutes."""
    drawn = _GRID * (3 + rng.binomial(13, 0.35, item.size))
    minutes = np.where(item == NONE, drawn, MINUTES[item])
    slots = np.arange(7 * 60, 20 * 60 + 1, _GRID)
    crowd = sum(size * np.exp(-(((slots - at) / width) ** 2) / 2) for at, width, size in _PEAKS)
    start = slots[weighted(rng, crowd + 0.08, item.size)]
    start = np.minimum(start, _LATEST_END - minutes)
    day = weighted(rng, _DAY_WEIGHTS, item.size)
    return day * DAY + start, day * DAY + start + minutes
