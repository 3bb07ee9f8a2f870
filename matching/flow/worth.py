"""What one more is worth to a living week, and one fewer: a seat, a volunteer, a qualification.

The change is made and taken back: each is a few shortest paths, and the week is worth after it what
it was before.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from matching.errors import UsageError
from matching.flow.living import LivingWeek
from matching.problem import columns as c
from matching.problem.part import joined

_HIGHEST_LEVEL, _ANY_DAY = 5, 1 << 20


class Worth(NamedTuple):
    """Both one-sided derivatives of a week's value.

    Attributes
    ----------
    more : int or None
        What the plan gains by one more; None where there cannot be one more.
    fewer : int or None
        What it loses by one fewer; None where there cannot be one fewer.
    """

    more: int | None
    fewer: int | None


def worth_of_seat(week: LivingWeek, post: int) -> Worth:
    """Return what a seat of a post is worth."""
    seats = int(week.problem.posts.seats[post])

    def gain(now: int) -> int | None:
        return _gain(week, lambda: week.set_seats(post, now), lambda: week.set_seats(post, seats))

    return Worth(gain(seats + 1), _lost(gain(seats - 1)) if seats else None)


def worth_of_volunteer(week: LivingWeek, volunteer: int) -> Worth:
    """Return what a volunteer is worth: another who is alike but unanswered, and this one."""
    part = week.member(volunteer)
    another = replace(part, earlier=part.earlier.take(slice(0)))
    newcomers: list[int] = []
    more = _gain(
        week, lambda: newcomers.append(week.join(another)), lambda: week.leave(newcomers[0])
    )
    return Worth(more, week.worth_of(volunteer))


def worth_of_qualification(week: LivingWeek, volunteer: int, qualification: int) -> Worth:
    """Return what it is worth that a volunteer holds something, at the highest level for good."""
    part, one = week.member(volunteer), np.ones(1, np.int32)
    others = part.holdings.take(part.holdings.qualification != qualification)
    learned = c.Holdings(
        qualification * one, 0 * one, _HIGHEST_LEVEL * one, -_ANY_DAY * one, _ANY_DAY * one
    )

    def gain(holdings: c.Holdings) -> int | None:
        changed = replace(part, holdings=holdings)
        return _gain(
            week, lambda: week.change(volunteer, changed), lambda: week.change(volunteer, part)
        )

    return Worth(gain(joined(others, learned).sorted()), _lost(gain(others)))


def _gain(week: LivingWeek, change: Callable[[], object], back: Callable[[], object]) -> int | None:
    """Return what a change gains, which is taken back; None where it is refused."""
    before = week.value
    try:
        change()
    except UsageError:
        return None
    gain = week.value - before
    back()
    return gain


def _lost(gain: int | None) -> int | None:
    return None if gain is None else -gain
