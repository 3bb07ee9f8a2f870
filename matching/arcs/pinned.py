"""The arcs by which pins are kept."""

from __future__ import annotations

import numpy as np

from matching.arcs.eligibility import Arcs
from matching.problem import Problem
from matching.problem import columns as c


def pinned_arcs(problem: Problem, arcs: Arcs) -> tuple[c.Longs, c.Longs]:
    """Return the arcs that each pin may be kept by: which pin, and the arc."""
    pins, slots = problem.pins, problem.slots
    first = c.starts_of(arcs.volunteer, len(problem.volunteers))
    count = first[pins.volunteer + 1] - first[pins.volunteer]
    arc = c.ranges(first[pins.volunteer], count)
    which = np.repeat(np.arange(len(pins)), count)
    slot = arcs.slot[arc]
    fits = slots.post[slot] == pins.post[which]
    fits &= (pins.option[which] < 0) | (slots.option[slot] == pins.option[which])
    return which[fits], arc[fits]
