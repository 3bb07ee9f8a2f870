"""Labels of paths from service to service, and dominance: which of them need not be followed.

Of two labels that end alike, one with no more value and no fewer hours is dominated (Irnich and
Desaulniers, 2005, Shortest path problems with resource constraints).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from matching.problem import columns as c


@dataclass(frozen=True, eq=False, repr=False)
class Labels(c.Columns):
    """Labels of paths of one length."""

    service: c.Longs  # the last one
    value: c.Floats
    minutes: c.Longs
    today: c.Longs  # services on the day of the last one; 0 where no limit by the day binds
    counts: c.Longs  # shape (labels, words), see `counting`
    parent: c.Longs  # among the labels one service shorter
    held: c.Longs  # its services of several meetings, as a set of `SeveralMeetings`


def concatenated(parts: list[Labels]) -> Labels:
    """Put labels together."""
    columns = zip(*(vars(part).values() for part in parts), strict=True)
    return Labels(*(np.concatenate(column) for column in columns))


def undominated(labels: Labels) -> Labels:
    """Keep the undominated labels among those with the same last service, counts and set."""
    if not len(labels):
        return labels
    words = (*labels.counts.T, labels.held)
    order = np.lexsort((-labels.value, labels.minutes, *words, labels.today, labels.service))
    labels = labels.take(order)
    group = labels.service * (labels.today.max() + 1) + labels.today
    fresh = np.diff(group, prepend=-1) != 0
    for word in (*labels.counts.T, labels.held):
        fresh[1:] |= word[1:] != word[:-1]
    number = np.cumsum(fresh)
    # With minutes rising, a label is undominated only if its value is above all before. Ranks
    # instead of values, lifted by the group's number, let one running maximum serve all groups.
    rank = np.unique(labels.value, return_inverse=True)[1]
    lifted = number * np.int64(len(labels) + 1) + rank
    before = np.append(-1, np.maximum.accumulate(lifted)[:-1])
    return labels.take(np.flatnonzero(lifted > before))
