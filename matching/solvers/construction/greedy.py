"""People for the seats that a flow left when the clock cut it short, many at once."""

from __future__ import annotations

import numpy as np

from matching.arcs.pinned import pinned_arcs
from matching.arcs.value import seat_value
from matching.bounds.pricing import Weeks
from matching.problem import Problem
from matching.problem import columns as c
from matching.solvers.construction.book import NONE
from matching.solvers.construction.opening import option_of

# More than any service is worth.
_PINNED_GAIN = 1 << 40


def fill(problem: Problem, weeks: Weeks, quality: c.Longs, chosen: c.Longs) -> c.Longs:
    """Let each who does nothing yet serve once where they are worth most and a seat is left.

    Whoever is pinned comes first, and then their teams. What this breaks, such as quotas, pairs and
    minimums, is for `repair` to give up.

    Returns
    -------
    int64 array
        The chosen arcs, and those that came in.
    """
    arcs, slots = weeks.arcs, problem.slots
    which, pinned = pinned_arcs(problem, arcs)
    chosen = np.union1d(chosen, pinned[np.unique(which, return_index=True)[1]])
    left = problem.posts.seats[slots.post] - np.bincount(arcs.slot[chosen], minlength=len(slots))
    idle = np.bincount(arcs.volunteer[chosen], minlength=len(problem.volunteers)) == 0
    served = option_of(problem, arcs.slot[chosen])
    option = np.where(served == NONE, _easiest_options(problem, weeks, left), served)
    here = (slots.option == option[slots.request]) & (left > 0)
    rows = np.flatnonzero(here[arcs.slot] & idle[arcs.volunteer])
    post = slots.post[arcs.slot[rows]]
    ones = np.ones(len(post), np.int64)
    gain = quality[rows] - weeks.first_load[arcs.volunteer[rows]] + seat_value(problem, post, ones)
    pinned_too = np.isin(problem.posts.request[post], slots.request[arcs.slot[pinned]])
    gain += np.where(pinned_too, _PINNED_GAIN, 0)
    rows, parts = rows[np.argsort(-gain, kind="stable")], [chosen]
    while len(rows):
        # Whom each likes best, and of these whom each slot likes best.
        rows = rows[idle[arcs.volunteer[rows]] & (left[arcs.slot[rows]] > 0)]
        asked = rows[np.sort(np.unique(arcs.volunteer[rows], return_index=True)[1])]
        asked = asked[np.argsort(arcs.slot[asked], kind="stable")]
        slot = arcs.slot[asked]
        rank = np.arange(len(asked)) - np.searchsorted(slot, slot)
        put = asked[rank < left[slot]]
        idle[arcs.volunteer[put]] = False
        left -= np.bincount(arcs.slot[put], minlength=len(left))
        parts.append(put)
    return np.concatenate(parts)


def _easiest_options(problem: Problem, weeks: Weeks, left: c.Longs) -> c.Longs:
    """Return the option of each request at which most seats could be filled; `NONE` without one."""
    options = problem.options
    could = np.minimum(weeks.arcs.of_slots(problem), np.maximum(left, 0))
    people = np.bincount(problem.slots.option, could, minlength=len(options))
    order = np.lexsort((-people, options.request))
    best = order[np.diff(options.request[order], prepend=-1) != 0]
    easiest = np.full(len(problem.requests), NONE)
    easiest[options.request[best]] = best
    return easiest
