"""The rows of the master problem, of which each roster of a volunteer is a column.

Variables: a roster is selected; a seat beyond the minimum is filled; a request is served at an
option. Rows constrain x, the sum of the rosters that hold an arc: ``arc_coefficients`` times the
arcs of a roster is its column, and its transpose times the duals is what each arc is charged.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from matching.problem import columns as c


@dataclass(frozen=True)
class Rows:
    """Rows ``low <= arc_coefficients @ x + service_coefficients @ y <= high``, and their y.

    Attributes
    ----------
    arc_coefficients : scipy.sparse.csr_array, shape (rows, arcs)
    service_coefficients : scipy.sparse.csr_array, shape (rows, service variables)
        Service variables: one per option, whether it is served; one per further seat; one per pin,
        whether it is missed, which no plan may do but keeps the linear programme feasible.
    low, high : float64 arrays, shape (rows,)
    value, upper : float64 arrays, shape (service variables,)
        Objective coefficient and upper bound.
    quota_rows : slice
        Rows of the quotas, in the order of the organisations that have one.
    request : int32 array, shape (rows,)
        The request that a row belongs to; -1 for a quota.
    service_request : int32 array, shape (service variables,)
    """

    arc_coefficients: sparse.csr_array
    service_coefficients: sparse.csr_array
    low: c.Floats
    high: c.Floats
    value: c.Floats
    upper: c.Floats
    quota_rows: slice
    request: c.Ints
    service_request: c.Ints

    def linked(self, row: c.Longs, arc: c.Longs, option: c.Ints) -> Rows:
        """Return these rows and more: some arcs are selected only as far as an option is served.

        Parameters
        ----------
        row, arc : int64 arrays of equal length
            Which arcs each of the new rows, counted from 0, holds.
        option : int32 array, shape (new rows,)
        """
        count = len(option)
        arc_coefficients = sparse.csr_array(
            (np.ones(len(row)), (row, arc)), (count, self.arc_coefficients.shape[1])
        )
        service_coefficients = sparse.csr_array(
            (-np.ones(count), (np.arange(count), option)), (count, len(self.value))
        )
        return replace(
            self,
            arc_coefficients=sparse.vstack([self.arc_coefficients, arc_coefficients], format="csr"),
            service_coefficients=sparse.vstack(
                [self.service_coefficients, service_coefficients], format="csr"
            ),
            low=np.append(self.low, np.full(count, -np.inf)),
            high=np.append(self.high, np.zeros(count)),
            request=np.append(self.request, self.service_request[option]),
        )
