"""Of records of one volunteer that overlap, the one that was entered first stands."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from matching.parallel.compiled import compiled

Minutes = NDArray[np.int64]


def overlapped(who: Minutes, start: Minutes, end: Minutes, order: Minutes) -> Minutes:
    """Return, of each record, that which it overlaps and which stands; -1 where it stands itself.

    Parameters
    ----------
    who : array of int64
        A number per volunteer.
    start, end : array of int64
        Half-open, in minutes; ``end`` is after ``start``.
    order : array of int64
        The turn of each record: whichever comes first stands, unless it overlaps one that stands
        already.
    """
    found = np.full(len(who), -1, np.int64)
    if len(who) == 0:
        return found
    # One line of time, on which no two people meet.
    low = start.min()
    length = end.max() - low + 1
    begin, finish = who * length + (start - low), who * length + (end - low)
    rows = np.argsort(begin, kind="stable")
    reached = np.maximum.accumulate(finish[rows])
    apart = np.append(True, begin[rows][1:] >= reached[:-1])
    number = np.cumsum(apart) - 1
    crowded = np.bincount(number)[number] > 1
    rows, number = rows[crowded], number[crowded]
    if len(rows):
        rows = rows[np.lexsort((order[rows], number))]
        edges = np.flatnonzero(np.diff(number, prepend=-1, append=-1))
        _settle(rows, edges, begin, finish, found)
    return found


@compiled
def _settle(rows: Minutes, edges: Minutes, begin: Minutes, end: Minutes, found: Minutes) -> None:
    """Give every stretch of time to the first who asks for it, cluster by cluster.

    A cluster is cut where a record begins or ends, so that a year-long one takes no more memory.
    """
    for cluster in range(len(edges) - 1):
        some = rows[edges[cluster] : edges[cluster + 1]]
        cuts = np.unique(np.concatenate((begin[some], end[some])))
        taken = np.full(len(cuts), -1, np.int64)
        for row in some:
            first = np.searchsorted(cuts, begin[row])
            last = np.searchsorted(cuts, end[row])
            for cut in range(first, last):
                if taken[cut] >= 0:
                    found[row] = taken[cut]
                    break
            if found[row] < 0:
                taken[first:last] = row
