"""The whole rulebook as one integer programme over the eligible arcs, solved by HiGHS.

A binary variable says whether an arc is taken, another whether an option is served; a volunteer's
shifts are counted by variables of which each costs more than the last. The rows of teams, pairs,
quotas and pins are those of `matching.solvers.column_generation.constraints`, which say the same of
whole numbers here; those of the volunteers' weeks are written below, apart from the library's own
(`matching.solvers.subproblems.roster_constraints`): a peer that shared them would change with what
it is held against.
Nothing of the search is used.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, milp

from benchmarks.peers.proposal import NoPlan, Proposal, of_arcs
from matching import Plan
from matching.arcs.eligibility import Arcs
from matching.arcs.spatial import distance_km
from matching.arcs.value import first_load
from matching.problem import Problem
from matching.problem import columns as c
from matching.solvers.column_generation.constraints import Constraints
from matching.solvers.column_generation.rows import Rows


class MIPResult(NamedTuple):
    """What the solver found and proved; value and arcs are None where it found no plan."""

    value: int | None
    bound: float
    proved: bool
    chosen: c.Longs | None  # indices of arcs


class Programme(NamedTuple):
    """Maximise ``gain @ x`` with ``low <= matrix @ x <= high``, ``0 <= x <= most``.

    Columns are arcs, options, further seats, missed pins and shifts. It is enough that arcs and
    options are whole; then the others are too, as the first seats and shifts are worth the most.
    """

    gain: c.Floats
    most: c.Floats
    whole: c.Bools
    matrix: sparse.csr_array
    low: c.Floats
    high: c.Floats


def programme(problem: Problem, arcs: Arcs, quality: c.Longs) -> Programme:
    """Write the whole rulebook."""
    rows, week = _team_rows(problem, arcs), Week(problem, arcs)
    weeks, low, high = week.rows()
    matrix = sparse.block_array(
        [
            [rows.arc_coefficients, rows.service_coefficients, None],
            [weeks[:, : len(arcs)], None, weeks[:, len(arcs) :]],
        ],
        format="csr",
    )
    # No pin may be missed.
    most = rows.upper.copy()
    most[len(most) - len(problem.pins) :] = 0.0
    return Programme(
        np.concatenate([quality, rows.value, -week.load]),
        np.concatenate([np.ones(len(arcs)), most, np.ones(len(week.load))]),
        np.arange(matrix.shape[1]) < len(arcs) + len(problem.options),
        matrix,
        np.append(rows.low, low),
        np.append(rows.high, high),
    )


def point(problem: Problem, arcs: Arcs, plan: Plan) -> c.Longs:
    """Return the columns' values of a plan that keeps every rule."""
    taken = np.isin(c.combine(arcs.volunteer, arcs.slot), c.combine(plan.volunteer, plan.slot))
    team = Constraints(problem, arcs).service_of(np.flatnonzero(taken))
    week, shifts = Week(problem, arcs), np.bincount(arcs.volunteer[taken])
    shifts = np.pad(shifts, (0, len(problem.volunteers) - len(shifts)))
    columns = np.concatenate([taken, team, week.nth < shifts[week.shifter]])
    return columns.astype(np.int64)


def solve(
    problem: Problem, arcs: Arcs, quality: c.Longs, *, time_limit: float, gap: float = 0.0
) -> MIPResult:
    """Write the programme and solve it."""
    whole = programme(problem, arcs, quality)
    answer = milp(
        -whole.gain,
        integrality=whole.whole.astype(np.int64),
        bounds=Bounds(0.0, whole.most),
        constraints=LinearConstraint(whole.matrix, whole.low, whole.high),
        options={"time_limit": time_limit, "mip_rel_gap": gap},
    )
    value = None if answer.x is None else round(-answer.fun)
    bound = np.inf if answer.mip_dual_bound is None else -answer.mip_dual_bound
    chosen = None if answer.x is None else np.flatnonzero(answer.x[: len(arcs)] > 0.5)
    return MIPResult(value, float(bound), answer.status == 0, chosen)


def propose(problem: Problem, arcs: Arcs, worth: c.Longs, seconds: float) -> Proposal:
    """Solve the programme with no gap allowed."""
    answer = solve(problem, arcs, worth, time_limit=seconds)
    if answer.chosen is None:
        raise NoPlan("HiGHS found no plan in this time")
    return Proposal(of_arcs(arcs, answer.chosen), answer.bound)


def _team_rows(problem: Problem, arcs: Arcs) -> Rows:
    """Return the rows that join volunteers; who serves at an option does so only if it is served.

    Without the last the programme is as right, and much weaker.
    """
    constraints = Constraints(problem, arcs)
    option = problem.slots.option[arcs.slot]
    asked = np.flatnonzero(~constraints.any_volunteer_suffices()[option])
    _, first, row = np.unique(
        c.combine(arcs.volunteer[asked], option[asked]), return_index=True, return_inverse=True
    )
    return constraints.rows().linked(row, asked, option[asked[first]])


class Week:
    """Writes the rows of the volunteers' weeks, one method per rule.

    All posts of an option are at one time, so what counts is the service: a volunteer at an option.

    Attributes
    ----------
    load : float64 array, shape (shifts,)
        What each further shift of each volunteer costs.
    shifter, nth : int64 arrays, shape (shifts,)
        Whose shift it is, and which, counted from 0.
    """

    def __init__(self, problem: Problem, arcs: Arcs) -> None:
        self.problem, self.arcs = problem, arcs
        option = problem.slots.option[arcs.slot]
        start = problem.options.start[option].astype(np.int64)
        # Services sorted by volunteer and start, each with its arcs.
        key, first, of_arc = np.unique(
            (arcs.volunteer * np.int64(1 << 20) + start + (1 << 16)) * len(problem.options)
            + option,
            return_index=True,
            return_inverse=True,
        )
        self.of_arc, self.many = of_arc, len(key)
        self.arc_order = np.argsort(of_arc, kind="stable")
        self.first_arc = c.starts_of(of_arc[self.arc_order].astype(np.int32), self.many)
        self.volunteer, self.option = arcs.volunteer[first], option[first]
        self.start = start[first]
        self.end = problem.options.end[self.option].astype(np.int64)
        self.day = problem.options.day[self.option]
        most = np.bincount(self.volunteer, minlength=len(problem.volunteers))
        self.most = np.minimum(most, problem.volunteers.max_shifts)
        self.shifter = np.repeat(np.arange(len(self.most)), self.most)
        before = (np.cumsum(self.most) - self.most)[self.shifter]
        self.nth = np.arange(len(self.shifter)) - before
        self.load = (
            first_load(problem)[self.shifter] + problem.policy.load_step * self.nth
        ).astype(np.float64)
        self.size = 0
        self.parts: list[tuple[c.Longs, c.Longs, c.Floats]] = []
        self.bounds: list[tuple[c.Floats, c.Floats]] = []

    def rows(self) -> tuple[sparse.csr_array, c.Floats, c.Floats]:
        """Return the rows over arcs and then shifts, and their limits."""
        self._shifts()
        self._minutes()
        self._by_day()
        self._at_once()
        self._in_turn()
        row, column, weight = (np.concatenate(part) for part in zip(*self.parts, strict=True))
        shape = (self.size, len(self.arcs) + len(self.shifter))
        low, high = (np.concatenate(part) for part in zip(*self.bounds, strict=True))
        return sparse.csr_array((weight, (row, column)), shape=shape), low, high

    def _new(self, many: int, low: float, high: float | c.Ints) -> c.Longs:
        row = np.arange(self.size, self.size + many)
        self.size += many
        self.bounds.append((np.full(many, low), np.broadcast_to(high, many).astype(np.float64)))
        return row

    def _put(self, row: c.Longs, column: c.Longs, weight: c.Floats | float) -> None:
        self.parts.append((row, column, np.broadcast_to(weight, len(row)).astype(np.float64)))

    def _services(self, row: c.Longs, service: c.Longs, weight: float = 1.0) -> None:
        """Put all arcs of some services into rows."""
        many = self.first_arc[service + 1] - self.first_arc[service]
        arc = self.arc_order[c.ranges(self.first_arc[service], many)]
        self._put(np.repeat(row, many), arc, weight)

    def _shifts(self) -> None:
        """As many shifts as services; no more than the volunteer's limit."""
        row = self._new(len(self.problem.volunteers), 0.0, 0.0)
        self._put(row[self.arcs.volunteer], np.arange(len(self.arcs)), 1.0)
        self._put(row[self.shifter], len(self.arcs) + np.arange(len(self.shifter)), -1.0)

    def _minutes(self) -> None:
        """No more minutes in the week than the volunteer's limit."""
        limit = self.problem.volunteers.max_minutes
        who = np.flatnonzero(limit < c.NO_LIMIT)
        row = np.full(len(limit), -1)
        row[who] = self._new(len(who), -np.inf, limit[who])
        arc = np.flatnonzero(row[self.arcs.volunteer] >= 0)
        minutes = (self.end - self.start)[self.of_arc[arc]]
        self._put(row[self.arcs.volunteer[arc]], arc, minutes)

    def _by_day(self) -> None:
        """No more services that start on a day than the volunteer's limit."""
        limit = self.problem.volunteers.max_shifts_per_day[self.arcs.volunteer]
        arc = np.flatnonzero(limit < c.NO_LIMIT)
        day = self.arcs.volunteer[arc] * np.int64(8) + self.day[self.of_arc[arc]]
        _, first, group = np.unique(day, return_index=True, return_inverse=True)
        row = self._new(len(first), -np.inf, limit[arc[first]])
        self._put(row[group], arc, 1.0)

    def _pairs(self) -> tuple[c.Longs, c.Longs]:
        """Return all pairs of services of one volunteer, by their start."""
        last = np.searchsorted(self.volunteer, self.volunteer, side="right")
        first = np.arange(1, self.many + 1)
        many = last - first
        return np.repeat(np.arange(self.many), many), c.ranges(first, many)

    def _at_once(self) -> None:
        """Of the services that go on when one starts, that one included, one is taken."""
        a, b = self._pairs()
        over = self.start[b] < self.end[a]
        a, b = a[over], b[over]
        one = np.unique(np.append(b, self._doubled()))
        row = np.full(self.many, -1)
        row[one] = self._new(len(one), -np.inf, 1.0)
        self._services(row[one], one)
        self._services(row[b], a)

    def _doubled(self) -> c.Longs:
        """Return the services with several arcs."""
        return np.flatnonzero(np.diff(self.first_arc) > 1)

    def _in_turn(self) -> None:
        """Two services too close to follow one another are taken only with a third in between."""
        a, b = self._pairs()
        gap = self.start[b] - self.end[a]
        apart = gap >= 0
        a, b, gap = a[apart], b[apart], gap[apart]
        close = (self.day[a] != self.day[b]) & (
            gap < self.problem.volunteers.min_rest[self.volunteer[a]]
        )
        requests, asked = self.problem.requests, self.problem.options.request[self.option]
        lat, lon = requests.lat[asked], requests.lon[asked]
        if np.isfinite(self.problem.policy.travel_kmh):
            # NaN, where a place is unknown, is never too far.
            hours = distance_km(lat[a], lon[a], lat[b], lon[b]) / self.problem.policy.travel_kmh
            close |= hours * 60 > gap * (1 + 1e-9)
        a, b = a[close], b[close]
        row = self._new(len(a), -np.inf, 1.0)
        self._services(row, a)
        self._services(row, b)
        between = c.ranges(a + 1, b - a - 1)
        of = np.repeat(np.arange(len(a)), b - a - 1)
        fits = (self.start[between] >= self.end[a[of]]) & (self.end[between] <= self.start[b[of]])
        self._services(row[of[fits]], between[fits], -1.0)
