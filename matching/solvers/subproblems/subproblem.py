"""Integer programmes over parts of the world: some requests, and some arcs of theirs and others.

Columns are the requests' team variables, the arcs, and their volunteers' further shifts. The same
programme rounds (what is settled is kept, the rest is chosen), bounds (what is elsewhere is paid at
its price) and proves (nothing is elsewhere).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy import sparse

from matching.arcs.eligibility import Arcs
from matching.problem import Problem
from matching.problem import columns as c
from matching.solvers.column_generation.constraints import Rows
from matching.solvers.column_generation.linking import VolunteerOptions
from matching.solvers.subproblems.mip import MIP
from matching.solvers.subproblems.roster_constraints import RosterConstraints

# Where more could serve at one option, the links are left out: they make the programme stronger and
# not other, and HiGHS compares so many of them pair by pair, whatever its time limit.
_MOST_LINKS = 500


@dataclass(frozen=True)
class Subproblem:
    """An integer programme, and what its columns are.

    Attributes
    ----------
    programme : MIP
    team, arc : int64 arrays
        The first columns are team variables, the next are arcs, both sorted.
    """

    programme: MIP
    team: c.Longs
    arc: c.Longs

    def taken(self, x: c.Floats) -> c.Longs:
        """Return the arcs that a solution takes."""
        return self.arc[x[len(self.team) : len(self.team) + len(self.arc)] > 0.5]

    def without(self, arc: c.Longs, volunteer: c.Ints) -> Subproblem:
        """Return the same place where of some arcs no volunteer may take all of theirs."""
        who, row, many = np.unique(volunteer, return_inverse=True, return_counts=True)
        column = len(self.team) + np.searchsorted(self.arc, arc)
        shape = (len(who), len(self.programme.gain))
        rows = sparse.csr_array((np.ones(len(arc)), (row, column)), shape=shape)
        programme = replace(
            self.programme,
            matrix=sparse.vstack([self.programme.matrix, rows], format="csc"),
            low=np.append(self.programme.low, np.full(len(who), -np.inf)),
            high=np.append(self.programme.high, many - 1.0),
        )
        return replace(self, programme=programme)

    def without_team(self, team: int) -> Subproblem:
        """Return the same place where no team variable from some number on is taken."""
        most = self.programme.most.copy()
        most[np.flatnonzero(self.team >= team)] = 0.0
        return replace(self, programme=replace(self.programme, most=most))

    def holding(self, arc: c.Longs) -> Subproblem:
        """Return the same place where some arcs are taken in any case."""
        least = self.programme.least.copy()
        least[len(self.team) + np.searchsorted(self.arc, arc)] = 1.0
        return replace(self, programme=replace(self.programme, least=least))

    def start(self, problem: Problem, arcs: Arcs, chosen: c.Longs) -> tuple[c.Longs, c.Floats]:
        """Return the columns that are whole, and their values in a plan."""
        served = np.zeros(len(problem.options))
        served[problem.slots.option[arcs.slot[chosen]]] = 1.0
        option = np.flatnonzero(self.team < len(served))
        column = np.append(option, len(self.team) + np.arange(len(self.arc)))
        return column, np.append(served[self.team[option]], np.isin(self.arc, chosen))


class SubproblemBuilder:
    """Writes the programmes of places.

    Parameters
    ----------
    rows : Rows
        Links, if any, are left out: every programme has those of all its arcs.
    asked : bool array, shape (options,)
        Where arcs need a link.
    """

    def __init__(
        self, problem: Problem, arcs: Arcs, rows: Rows, asked: c.Bools, meetings: VolunteerOptions
    ) -> None:
        self.problem, self.arcs, self.rows = problem, arcs, rows
        self.asked, self.meetings = asked, meetings
        self.option = problem.slots.option[arcs.slot]

    @cached_property
    def arcs_of(self) -> c.Groups:
        """The arcs of each request."""
        return c.Groups(self.problem.slots.request[self.arcs.slot], len(self.problem.requests))

    @cached_property
    def team_of(self) -> c.Groups:
        """The team variables of each request."""
        return c.Groups(self.rows.team_request, len(self.problem.requests))

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

    def write(
        self,
        requests: c.Longs,
        arc: c.Longs,
        gain: c.Floats,
        *,
        loose: c.Bools | None = None,
        kept: c.Longs | None = None,
        room: c.Floats | None = None,
    ) -> Subproblem:
        """Write the programme of some requests and arcs.

        Parameters
        ----------
        requests : int64 array, sorted
        arc : int64 array, sorted
        gain : float64 array, of equal length
            What taking each arc is worth, with a first shift's load.
        loose : bool array, of equal length, optional
            Arcs that anybody may take, whatever else is in their week.
        kept : int64 array, sorted, optional
            Arcs of others that are taken anyway.
        room : float64 array, shape (joint rows,), optional
            How much of each joint row there is to use; without it they do not count.
        """
        rows, teams = self.rows, np.sort(self.team_of.of(requests))
        row = self.rows_of.of(requests)
        of_rows = rows.arc_coefficients[row]
        offset = 0.0 if kept is None else _columns(of_rows, kept).sum(axis=1)
        tied = np.arange(len(arc)) if loose is None else np.flatnonzero(~loose)
        weeks = RosterConstraints(self.problem, self.arcs.take(arc[tied]))
        of_weeks, low, high = weeks.rows()
        of_tied = sparse.csr_array(
            (np.ones(len(tied)), (np.arange(len(tied)), tied)), shape=(len(tied), len(arc))
        )
        link, served = self._links(arc, teams, loose)
        use = self.joint_of_arc[arc]
        held = np.unique(use.indices)
        held = held[:0] if room is None else held[np.isfinite(room[held])]
        of_joint = use[:, held].T
        links, shifts = link.shape[0], len(weeks.cost)
        matrix = sparse.block_array(
            [
                [_columns(rows.service_coefficients[row], teams), _columns(of_rows, arc), None],
                [served, link, None],
                [None, of_joint, None],
                [None, of_weeks[:, : len(tied)] @ of_tied, of_weeks[:, len(tied) :]],
            ],
            format="csc",
        )
        above = np.empty(0) if room is None else room[held]
        whole = np.zeros(matrix.shape[1], np.bool_)
        whole[: len(teams)] = teams < len(self.problem.options)
        whole[len(teams) : len(teams) + len(arc)] = True
        least = [rows.low[row] - offset, np.full(links + len(held), -np.inf), low]
        most = [rows.high[row] - offset, np.zeros(links), above, high]
        programme = MIP(
            matrix,
            np.concatenate(least),
            np.concatenate(most),
            np.concatenate([rows.worth[teams], gain, -weeks.cost]),
            np.zeros(matrix.shape[1]),
            np.append(rows.most[teams], np.ones(len(arc) + shifts)),
            whole,
        )
        return Subproblem(programme, teams, arc)

    def used(self, arc: c.Longs) -> c.Floats:
        """Return how much of each joint row some arcs use."""
        use: c.Floats = self.joint_of_arc[arc].sum(axis=0)
        return use

    def _links(
        self, arc: c.Longs, teams: c.Longs, loose: c.Bools | None
    ) -> tuple[sparse.csr_array, sparse.csr_array]:
        """Return rows "serves at an option only if it is served", over arcs and over teams."""
        held = np.flatnonzero(self.asked[self.option[arc]])
        at = np.searchsorted(teams, self.option[arc[held]])
        here = np.append(teams, -1)[at] == self.option[arc[held]]
        held = held[here]
        crowd = np.bincount(self.option[arc[held]], minlength=len(self.asked))
        held = held[crowd[self.option[arc[held]]] <= _MOST_LINKS]
        meeting = self.meetings.of_arc[arc[held]].astype(np.int64)
        if loose is not None:
            meeting = np.where(loose[held], -1 - held, meeting)
        _, first, row = np.unique(meeting, return_index=True, return_inverse=True)
        option = np.searchsorted(teams, self.option[arc[held[first]]])
        many = len(option)
        link = sparse.csr_array((np.ones(len(held)), (row, held)), shape=(many, len(arc)))
        served = sparse.csr_array(
            (-np.ones(many), (np.arange(many), option)), shape=(many, len(teams))
        )
        return link, served


def _columns(matrix: sparse.csr_array, column: c.Longs) -> sparse.csr_array:
    """Take some columns, sorted, without looking at the others."""
    at = np.searchsorted(column, matrix.indices)
    here = np.append(column, -1)[at] == matrix.indices
    row = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    entries = (matrix.data[here], (row[here], at[here]))
    return sparse.csr_array(entries, shape=(matrix.shape[0], len(column)))
