"""Whether the limits of a volunteer leave room for one service more beside some others."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from matching.arcs.limits import limits_of
from matching.arcs.pair_rules import subject_codes
from matching.parallel.compiled import compiled
from matching.problem import Problem
from matching.problem import columns as c
from matching.problem.part import joined
from matching.schema import SUBJECTS


class Limits(NamedTuple):
    """The limits of single volunteers, then everybody's, as compiled loops read them."""

    first: c.Longs  # where those of each volunteer begin, and everybody's last
    subject: c.Ints
    code: c.Ints
    first_day: c.Ints
    last_day: c.Ints
    most: c.Ints
    by_day: c.Bools
    day: c.Ints  # that each slot starts on
    codes: c.Ints  # what slots are in each subject, shape (subjects, slots)


def limits_for(problem: Problem) -> Limits:
    """Return what compiled loops read."""
    own, everyone = limits_of(problem), problem.limits_for_all
    every = joined(own, everyone)
    return Limits(
        c.starts_of(own.volunteer, len(problem.volunteers)),
        every.subject,
        every.code,
        every.first_day,
        every.last_day,
        every.most,
        every.by_day,
        problem.options.day[problem.slots.option],
        np.stack([subject_codes(problem, number) for number in range(len(SUBJECTS))]),
    )


@compiled
def has_limits(limits: Limits, v: int) -> bool:
    """Tell whether there is anything to keep for a volunteer."""
    own: bool = limits.first[v + 1] > limits.first[v]
    common: bool = len(limits.most) > limits.first[len(limits.first) - 1]
    return own or common


@compiled
def within(limits: Limits, v: int, others: c.Longs, size: int, slot: int) -> bool:
    """Tell whether a volunteer who serves the first so many slots of others can serve one more."""
    own, common = limits.first[v + 1] - limits.first[v], limits.first[len(limits.first) - 1]
    for k in range(own + len(limits.most) - common):
        n = limits.first[v] + k if k < own else common + k - own
        day, subject, code = limits.day[slot], limits.subject[n], -1
        if day < limits.first_day[n] or day > limits.last_day[n]:
            continue
        if subject >= 0:
            code = limits.codes[subject, slot]
            if code < 0 or (limits.code[n] >= 0 and limits.code[n] != code):
                continue
        count = 1
        for i in range(size):
            other = limits.day[others[i]]
            if other < limits.first_day[n] or other > limits.last_day[n]:
                continue
            if subject >= 0 and limits.codes[subject, others[i]] != code:
                continue
            fresh = not limits.by_day[n] or other != day
            for j in range(i):
                fresh = fresh and not (limits.by_day[n] and limits.day[others[j]] == other)
            count += fresh
        if count > limits.most[n]:
            return False
    return True
