"""Where regions touch: places as cells of a fine grid, small enough to be sent about."""

from __future__ import annotations

import numpy as np

from matching.errors import UsageError
from matching.problem import columns as c

# The side of a cell, in degrees: about two kilometres.
SIDE = 0.02
KM_PER_DEGREE = 111.2
# Beyond this, cells within reach would be too many; see `reached`.
MOST_KM = 60.0
# Cells around the earth.
_AROUND = round(360 / SIDE)
# Cells are flat and the earth is not.
_MARGIN = 1.02


def cell_of(lat: c.Floats, lon: c.Floats) -> c.Longs:
    """Return the cell of each place, in degrees; -1 where it is unknown."""
    known = ~(np.isnan(lat) | np.isnan(lon))
    cell = np.full(len(lat), -1, np.int64)
    row = np.floor((lat[known] + 90) / SIDE).astype(np.int64)
    column = np.floor((lon[known] + 180) / SIDE).astype(np.int64) % _AROUND
    cell[known] = c.combine(row, column)
    return cell


def row_and_column(cell: c.Longs) -> tuple[c.Longs, c.Longs]:
    """Return what a cell's number is made of."""
    return cell >> 32, (cell & 0xFFFFFFFF) - 1


def reached(cell: c.Longs, km: c.Floats) -> c.Longs:
    """Return every cell with a point that is within reach of a point of some cells, sorted.

    Parameters
    ----------
    cell : int64 array
        As of `cell_of`; unknown places reach nothing.
    km : float64 array, of equal length
        How far each reaches.

    Raises
    ------
    UsageError
        If somebody reaches further than `MOST_KM`.
    """
    far = km[cell >= 0]
    if (far > MOST_KM).any():
        raise UsageError(
            f"travel_km = {far.max():g}: a partitioned data set is planned with journeys of at "
            f"most {MOST_KM:g} km; plan it as a whole, or set a lower travel_km"
        )
    km = np.maximum(np.nan_to_num(km), 0.0)  # what else is wrong with it, its region will tell
    cell, of = np.unique(cell, return_inverse=True)
    most = np.zeros(len(cell))
    np.maximum.at(most, of, km)
    most = most[cell >= 0] * _MARGIN
    cell = cell[cell >= 0]
    if not len(cell):
        return cell
    row, column = row_and_column(cell)
    height = SIDE * KM_PER_DEGREE
    found = []
    rows = int(np.ceil(most.max() / height)) + 1
    for north in range(-rows, rows + 1):
        apart = max(0, abs(north) - 1) * height
        # Of the two rows, cells are narrowest in that further from the equator.
        lat = np.maximum(np.abs(row * SIDE - 90), np.abs((row + north) * SIDE - 90)) + SIDE
        width = height * np.maximum(np.cos(np.radians(np.minimum(lat, 89.0))), 0.01)
        left = most**2 - apart**2
        columns = np.where(left >= 0, np.floor(np.sqrt(np.maximum(left, 0)) / width) + 1, -1)
        for east in range(-int(columns.max()), int(columns.max()) + 1):
            near = columns >= abs(east)
            # East of 180 degrees lies the west.
            there = (column[near] + east) % _AROUND
            found.append(np.unique(c.combine(row[near] + north, there)))
    return np.unique(np.concatenate(found))
