"""Who may serve at which option: all posts of an option are at one time."""

from __future__ import annotations

import numpy as np

from matching.problem import columns as c


class VolunteerOptions:
    """Pairs of a volunteer and an option that arcs join; whether each has its link yet.

    Attributes
    ----------
    of_arc : int64 array, shape (arcs,)
    option : int32 array, shape (meetings,)
    linked : bool array, shape (meetings,)
    """

    def __init__(self, volunteer: c.Ints, option: c.Ints) -> None:
        key, first, self.of_arc = np.unique(
            c.combine(volunteer, option), return_index=True, return_inverse=True
        )
        self.option = option[first]
        self.linked = np.zeros(len(key), np.bool_)
