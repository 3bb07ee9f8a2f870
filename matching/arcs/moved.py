"""Where those live who change while a week lives, or come later: columns that grow with them."""

from __future__ import annotations

import numpy as np

from matching.arcs.spatial import distance_km
from matching.problem import columns as c

# A limit itself is within reach, whatever floats make of it.
_ROUNDING = 1 + 1e-6
_AT_FIRST = 16


class Moved:
    """The homes of some people, each by their number, as they were last put."""

    def __init__(self) -> None:
        self._row: dict[int, int] = {}
        self._who = np.empty(_AT_FIRST, np.int64)
        # Degrees north and east, and kilometres, none of them for those who are not here.
        self._home = np.empty((3, _AT_FIRST))

    @property
    def who(self) -> c.Longs:
        """All who were put, in no order."""
        return self._who[: len(self._row)]

    def put(self, volunteer: int, people: c.Volunteers, *, is_here: bool) -> None:
        """Note where somebody lives now, who is the only one of some people."""
        row = self._row.setdefault(volunteer, len(self._row))
        if row == len(self._who):
            self._who = np.append(self._who, self._who)
            self._home = np.append(self._home, self._home, axis=1)
        self._who[row] = volunteer
        reach = people.travel_km[0] if is_here else -np.inf
        self._home[:, row] = people.lat[0], people.lon[0], reach

    def near(self, requests: c.Requests) -> list[int]:
        """Return who is here and may be near one of some requests."""
        lat, lon, reach = self._home[:, : len(self._row), None]
        # Where a place is unknown nobody is too far.
        far = distance_km(lat, lon, requests.lat, requests.lon) > reach * _ROUNDING
        near: list[int] = np.sort(self.who[(reach[:, 0] >= 0) & ~far.all(axis=1)]).tolist()
        return near
