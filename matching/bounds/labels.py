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
    rising = np.argsort(labels.value, kind="stable")
    rank = np.append(0, np.cumsum(np.diff(labels.value[rising]) != 0))
    # Sorted by value already, the highest first, and stably by all else.
    by_value = rising[::-1]
    group = (labels.service * (labels.today.max() + 1) + labels.today)[by_value]
    minutes = labels.minutes[by_value]
    words = [word[by_value] for word in (*labels.counts.T, labels.held) if np.ptp(word)]
    if words:
        order = np.lexsort((minutes, *words, group))
    else:
        order = np.argsort(group * (minutes.max() + 1) + minutes, kind="stable")
    fresh = np.diff(group[order], prepend=-1) != 0
    for word in words:
        fresh[1:] |= np.diff(word[order]) != 0
    # With minutes rising, a label is undominated only if its value is above all before. Ranks
    # instead of values, lifted by the group's number, let one running maximum serve all groups.
    lifted = np.cumsum(fresh) * np.int64(len(labels) + 1) + rank[::-1][order]
    before = np.append(-1, np.maximum.accumulate(lifted)[:-1])
    return labels.take(by_value[order[lifted > before]])
