"""One integer programme for SciPy: at most so many of each row and column, the most in all."""

from __future__ import annotations

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array

from benchmarks.public.tables import Column, Matrix


def most(
    score: Matrix,
    listed: Matrix,
    shifts: Column,
    seats: Column,
    least: Column | int = 0,
) -> Matrix:
    """Return which pairs make the largest sum of scores, as a matrix of bool.

    ``least``: how many each row must have.
    """
    row, column = np.nonzero(listed)
    many = np.arange(len(row))
    ones = np.ones(len(row))
    rows = csr_array((ones, (row, many)), shape=(len(shifts), len(row)))
    columns = csr_array((ones, (column, many)), shape=(len(seats), len(row)))
    found = milp(
        -score[row, column].astype(np.float64),
        integrality=ones,
        bounds=Bounds(0, 1),
        constraints=[LinearConstraint(rows, least, shifts), LinearConstraint(columns, 0, seats)],
    )
    if not found.success:
        raise RuntimeError(f"SciPy's milp says: {found.message}")
    chosen = np.zeros(score.shape, np.bool_)
    chosen[row, column] = found.x > 0.5
    return chosen
