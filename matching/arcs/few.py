"""The arcs of a few volunteers: all slots are looked at for each, and nothing is prepared.

`eligibility` prepares a search among many, and is slower where there is next to nothing to search.
"""

from __future__ import annotations

import numpy as np

from matching.arcs.crowd import Asked, asked_of_all, crowd_of, mask_of, reached
from matching.arcs.eligibility import Arcs, held, km_of
from matching.arcs.layout import merged_windows
from matching.arcs.pair_rules import Pairs, Sieve
from matching.problem import Problem
from matching.problem import columns as c

# Up to so many times, one after the other, are faster to look at than pairs.
_FEW_TIMES = 16


def eligible_few(
    problem: Problem, asked: Asked | None = None, slots: c.Longs | None = None
) -> Arcs:
    """Return every arc that keeps all pair rules; the work grows with volunteers times slots.

    Parameters
    ----------
    asked : Asked, optional
        What all slots ask for of so many people, where that is at hand; see `asked_of_all`.
    slots : int64 array, optional
        The slots to look at; all, if absent.
    """
    people, windows = problem.volunteers, merged_windows(problem.windows)
    slots = np.arange(len(problem.slots)) if slots is None else slots
    slots = slots[_at_some_time(problem, windows)[problem.slots.option[slots]]]
    everybody, nobody_looked = np.arange(len(people), dtype=np.int32), (0, 0)
    crowd = crowd_of(problem, everybody, windows)
    volunteer, slot = np.empty((2, len(people) * len(slots)), np.int32)
    _, found = reached(
        crowd,
        asked_of_all(problem) if asked is None else asked,
        mask_of(crowd, everybody),
        slots,
        0,
        nobody_looked,
        volunteer,
        slot,
        np.zeros((len(problem.slots), 3), np.int64),
    )
    return judged(problem, volunteer[:found], slot[:found])


def _at_some_time(problem: Problem, windows: tuple[c.Ints, c.Ints, c.Ints]) -> c.Bools:
    """Tell for which options somebody may be free, shape (options,)."""
    options, (_, start, end) = problem.options, windows
    times = set(zip(start.tolist(), end.tolist(), strict=True))
    if len(times) > _FEW_TIMES:
        return np.ones(len(options), np.bool_)
    some: c.Bools = np.zeros(len(options), np.bool_)
    for begin, stop in times:
        some |= (begin <= options.start) & (options.first_end <= stop)
    return some


def judged(problem: Problem, volunteer: c.Ints, slot: c.Ints) -> Arcs:
    """Return the arcs among some pairs who are near, free and of the right organisation."""
    volunteer, slot = Sieve(problem).kept(*_qualified(problem, volunteer, slot))
    order = np.argsort(c.combine(volunteer, slot))
    volunteer, slot = volunteer[order], slot[order]
    return Arcs(volunteer, slot, km_of(problem, volunteer, slot))


def _qualified(problem: Problem, volunteer: c.Ints, slot: c.Ints) -> Pairs:
    """Return the pairs of volunteers who hold all that the slot asks for."""
    post = problem.slots.post[slot]
    first = np.searchsorted(problem.needs.post, post)
    many = np.searchsorted(problem.needs.post, post, "right") - first
    if not many.any():
        return volunteer, slot
    need = problem.needs.take(c.ranges(first, many))
    pair = np.repeat(np.arange(len(slot)), many)
    holds = held(problem, volunteer[pair], slot[pair], need.qualification, need.level)
    fits = np.bincount(pair[~holds], minlength=len(slot)) == 0
    return volunteer[fits], slot[fits]
