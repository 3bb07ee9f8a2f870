"""OR-Library assignment (Beasley 1990): everybody does one thing, at the least cost.

A score is a bonus less the cost, and the bonus is more than all costs together: whoever fills one
seat more is worth more, and among those who fill all the cheapest is worth most.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.sparse import csr_array
from scipy.sparse.csgraph import min_weight_full_bipartite_matching

from benchmarks.public.tables import Instance, Matrix, tables_of


def read(path: Path, known: float) -> Instance:
    """Read ``n`` and the n x n costs, or ``n`` and the listed pairs as ``i j cost`` from 1."""
    numbers = np.array(path.read_text().split(), np.int64)
    n, rest = int(numbers[0]), numbers[1:]
    if len(rest) == n * n:
        cost, listed = rest.reshape(n, n), np.ones((n, n), np.bool_)
    else:
        row, column, value = rest.reshape(-1, 3).T
        cost, listed = np.zeros((n, n), np.int64), np.zeros((n, n), np.bool_)
        cost[row - 1, column - 1], listed[row - 1, column - 1] = value, True
    bonus = n * int(cost.max()) + 1
    return Instance(
        tables=tables_of(bonus - cost, listed, shifts=1, seats=1, at_once=True),
        worth=cost,
        filled=n,
        known=known,
        accuracy=0,
        specialised=lambda: _scipy(cost, listed),
    )


def _scipy(cost: Matrix, listed: Matrix) -> float:
    if listed.all():
        return float(cost[linear_sum_assignment(cost)].sum())
    # A stored cost of 0 would count as no pair.
    sparse = csr_array(np.where(listed, cost + 1, 0))
    return float(cost[min_weight_full_bipartite_matching(sparse)].sum())
