"""Integer programmes over some requests and some arcs.

Columns are the requests' service variables, the arcs, and the volunteers' further shifts. The same
programme serves the restricted master heuristic and large neighbourhood search (the rest of the
plan is fixed), the block bounds (the rest is priced) and the reduced problem (there is no rest).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy import sparse

from matching.arcs.eligibility import Arcs
from matching.problem import Problem
from matching.problem import columns as c
from matching.solvers.column_generation.rows import Rows
from matching.solvers.subproblems.mip import MIP
from matching.solvers.subproblems.roster_constraints import Dearer, RosterConstraints

# Links only strengthen the programme; of more, HiGHS compares pairs for minutes.
MAX_LINKS_PER_OPTION = 500


@dataclass(frozen=True)
class Subproblem:
    """An integer programme, and what its columns are.

    Attributes
    ----------
    mip : MIP
    service, arc : int64 arrays
        The first columns are service variables, the next are arcs, both sorted.
    row : int64 array
        The first rows are these of the builder's; -1 for a link of its own.
    """

    mip: MIP
    service: c.Longs
    arc: c.Longs
    row: c.Longs

    def selected(self, x: c.Floats) -> c.Longs:
        """Return the arcs of a solution."""
        return self.arc[x[len(self.service) : len(self.service) + len(self.arc)] > 0.5]

    def without(self, arc: c.Longs, volunteer: c.Ints) -> Subproblem:
        """Forbid each volunteer to serve on all of their given arcs at once."""
        who, row, count = np.unique(volunteer, return_inverse=True, return_counts=True)
        column = len(self.service) + np.searchsorted(self.arc, arc)
        shape = (len(who), len(self.mip.gain))
        rows = sparse.csr_array((np.ones(len(arc)), (row, column)), shape=shape)
        mip = replace(
            self.mip,
            matrix=sparse.vstack([self.mip.matrix, rows], format="csc"),
            low=np.append(self.mip.low, np.full(len(who), -np.inf)),
            high=np.append(self.mip.high, count - 1.0),
        )
        return replace(self, mip=mip)

    def dropping_services(self, service: int) -> Subproblem:
        """Fix the service variables from this one on at 0."""
        upper = self.mip.upper.copy()
        upper[np.flatnonzero(self.service >= service)] = 0.0
        return replace(self, mip=replace(self.mip, upper=upper))

    def fixing(self, arc: c.Longs) -> Subproblem:
        """Fix some arcs at 1."""
        lower = self.mip.lower.copy()
        lower[len(self.service) + np.searchsorted(self.arc, arc)] = 1.0
        return replace(self, mip=replace(self.mip, lower=lower))

    def start(self, problem: Problem, arcs: Arcs, chosen: c.Longs) -> tuple[c.Longs, c.Floats]:
        """Return the integer columns, and their values in a plan."""
        served = np.zeros(len(problem.options))
        served[problem.slots.option[arcs.slot[chosen]]] = 1.0
        option = np.flatnonzero(self.service < len(served))
        column = np.append(option, len(self.service) + np.arange(len(self.arc)))
        return column, np.append(served[self.service[option]], np.isin(self.arc, chosen))


class SubproblemBuilder:
    """Builds the integer programmes of parts of a problem.

    Parameters
    ----------
    rows : Rows
        Without links: every programme gets those of all its arcs.
    needs_link : bool array, shape (options,)
    pair_of_arc : int64 array, shape (arcs,)
        Arcs of one volunteer at one option share a link.
    dearer : Dearer, optional
        What further shifts cost beyond their load.
    """

    def __init__(
        self,
        problem: Problem,
        arcs: Arcs,
        rows: Rows,
        needs_link: c.Bools,
        pair_of_arc: c.Longs,
        dearer: Dearer | None = None,
    ) -> None:
        self.problem, self.arcs, self.rows, self.dearer = problem, arcs, rows, dearer
        self.needs_link, self.pair_of_arc = needs_link, pair_of_arc
        self.option = problem.slots.option[arcs.slot]

    @cached_property
    def arcs_of(self) -> c.Groups:
        """The arcs of each request."""
        return c.Groups(self.problem.slots.request[self.arcs.slot], len(self.problem.requests))

    @cached_property
    def service_of(self) -> c.Groups:
        """The service variables of each request."""
        return c.Groups(self.rows.service_request, len(self.problem.requests))

    @cached_property
    def rows_of(self) -> c.Groups:
        """The rows of each request."""
        return c.Groups(self.rows.request, len(self.problem.requests))

    @cached_property
    def joint(self) -> c.Longs:
        """The rows of no single request: upper limits, all of them."""
        return np.flatnonzero(self.rows.request < 0)

    @cached_property
    def joint_of_arc(self) -> sparse.csr_array:
        """What each arc uses of the joint rows, shape (arcs, joint rows)."""
        return self.rows.arc_coefficients[self.joint].T.tocsr()

    @cached_property
    def limit(self) -> c.Floats:
        """How much of each joint row there is."""
        return self.rows.high[self.joint]

    def build(
        self,
        requests: c.Longs,
        arc: c.Longs,
        gain: c.Floats,
        *,
        split_copies: c.Bools | None = None,
        kept: c.Longs | None = None,
        joint_capacity: c.Floats | None = None,
    ) -> Subproblem:
        """Build the programme of some requests and arcs.

        Parameters
        ----------
        requests : int64 array, sorted
        arc : int64 array, sorted
        gain : float64 array, of equal length
            Objective coefficients, with a first shift's load.
        split_copies : bool array, of equal length, optional
            Arcs free of their volunteers' rosters, as after variable splitting.
        kept : int64 array, sorted, optional
            Arcs of others that are fixed at 1.
        joint_capacity : float64 array, shape (joint rows,), optional
            How much of each joint row is left; without it they do not count.
        """
        rows, services = self.rows, np.sort(self.service_of.of(requests))
        row = self.rows_of.of(requests)
        of_rows = rows.arc_coefficients[row]
        offset = 0.0 if kept is None else take_columns(of_rows, kept).sum(axis=1)
        tied = np.arange(len(arc)) if split_copies is None else np.flatnonzero(~split_copies)
        weeks = RosterConstraints(self.problem, self.arcs.take(arc[tied]), self.dearer)
        of_weeks, low, high = weeks.rows()
        of_tied = sparse.csr_array(
            (np.ones(len(tied)), (np.arange(len(tied)), tied)), shape=(len(tied), len(arc))
        )
        link, served = self._links(arc, services, split_copies)
        use = self.joint_of_arc[arc]
        held = np.unique(use.indices)
        held = held[:0] if joint_capacity is None else held[np.isfinite(joint_capacity[held])]
        of_joint = use[:, held].T
        links, shifts = link.shape[0], len(weeks.cost)
        of_services = take_columns(rows.service_coefficients[row], services)
        matrix = sparse.block_array(
            [
                [
                    of_services,
                    take_columns(of_rows, arc),
                    None,
                ],
                [served, link, None],
                [None, of_joint, None],
                [None, of_weeks[:, : len(tied)] @ of_tied, of_weeks[:, len(tied) :]],
            ],
            format="csc",
        )
        above = np.empty(0) if joint_capacity is None else joint_capacity[held]
        integer = np.zeros(matrix.shape[1], np.bool_)
        integer[: len(services)] = services < len(self.problem.options)
        integer[len(services) : len(services) + len(arc)] = True
        row_lower = [rows.low[row] - offset, np.full(links + len(held), -np.inf), low]
        row_upper = [rows.high[row] - offset, np.zeros(links), above, high]
        mip = MIP(
            matrix,
            np.concatenate(row_lower),
            np.concatenate(row_upper),
            np.concatenate([rows.value[services], gain, -weeks.cost]),
            np.zeros(matrix.shape[1]),
            np.append(rows.upper[services], np.ones(len(arc) + shifts)),
            integer,
        )
        return Subproblem(
            mip, services, arc, np.concatenate([row, np.full(links, -1), self.joint[held]])
        )

    def used(self, arc: c.Longs) -> c.Floats:
        """Return how much of each joint row some arcs use."""
        use: c.Floats = self.joint_of_arc[arc].sum(axis=0)
        return use

    def _links(
        self, arc: c.Longs, services: c.Longs, split_copies: c.Bools | None
    ) -> tuple[sparse.csr_array, sparse.csr_array]:
        """Return rows "serves at an option only if it is served", over arcs and over teams."""
        held = np.flatnonzero(self.needs_link[self.option[arc]])
        at = np.searchsorted(services, self.option[arc[held]])
        here = np.append(services, -1)[at] == self.option[arc[held]]
        held = held[here]
        crowd = np.bincount(self.option[arc[held]], minlength=len(self.needs_link))
        held = held[crowd[self.option[arc[held]]] <= MAX_LINKS_PER_OPTION]
        pair = self.pair_of_arc[arc[held]].astype(np.int64)
        if split_copies is not None:
            pair = np.where(split_copies[held], -1 - held, pair)
        _, first, row = np.unique(pair, return_index=True, return_inverse=True)
        option = np.searchsorted(services, self.option[arc[held[first]]])
        count = len(option)
        link = sparse.csr_array((np.ones(len(held)), (row, held)), shape=(count, len(arc)))
        served = sparse.csr_array(
            (-np.ones(count), (np.arange(count), option)), shape=(count, len(services))
        )
        return link, served


def take_columns(matrix: sparse.csr_array, column: c.Longs) -> sparse.csr_array:
    """Take some columns, sorted, without looking at the others."""
    at = np.searchsorted(column, matrix.indices)
    here = np.append(column, -1)[at] == matrix.indices
    row = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    entries = (matrix.data[here], (row[here], at[here]))
    return sparse.csr_array(entries, shape=(matrix.shape[0], len(column)))
