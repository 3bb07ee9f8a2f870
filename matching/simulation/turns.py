"""One after the other: the loop of those who take what is left."""

from __future__ import annotations

import numpy as np

from matching.parallel.compiled import compiled
from matching.problem import columns as c


@compiled
def in_turn(
    volunteer: c.Ints,
    post: c.Ints,
    seats: c.Longs,
    free: c.Bools,
    organisation: c.Ints,
    parent: c.Ints,
    quota: c.Longs,
) -> c.Bools:
    """Go through pairs in order: take each whose seat, volunteer and quotas are left.

    Parameters
    ----------
    volunteer, post : int32 arrays, shape (pairs,)
    seats : int64 array, shape (posts,)
        How many are left. Like the next and the last it is used up.
    free : bool array, shape (volunteers,)
        Who may be taken, once.
    organisation : int32 array, shape (volunteers,)
    parent : int32 array, shape (organisations,)
    quota : int64 array, shape (organisations,)

    Returns
    -------
    bool array, shape (pairs,)
    """
    taken = np.zeros(len(volunteer), np.bool_)
    for pair in range(len(volunteer)):
        who, where = volunteer[pair], post[pair]
        if not free[who] or seats[where] < 1:
            continue
        at, left = organisation[who], True
        while at >= 0 and left:
            left = quota[at] >= 1
            at = parent[at]
        if not left:
            continue
        at = organisation[who]
        while at >= 0:
            quota[at] -= 1
            at = parent[at]
        free[who] = False
        seats[where] -= 1
        taken[pair] = True
    return taken
