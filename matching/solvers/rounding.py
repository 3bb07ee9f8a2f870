"""From a linear programme that is almost whole to a whole plan: solve exactly what is not."""

from __future__ import annotations

import numpy as np
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse.csgraph import connected_components

from matching import columns as c
from matching.solvers.generation import Box, Generation
from matching.solvers.linear import Relaxed
from matching.solvers.pool import Pool

_WHOLE = 1e-6
_INFEASIBLE = 2
# Parts that have nothing to do with each other are solved together up to so many columns.
_TOGETHER = 4_000


def split(
    generation: Generation, relaxed: Relaxed, loose: c.Bools, near: float = np.inf
) -> tuple[c.Bools, c.Bools]:
    """Tell which schedules are settled, and which may still be chosen from.

    Parameters
    ----------
    loose : bool array, shape (requests,)
        The requests in question: no schedule is settled there.
    near : float
        How far a schedule that may be chosen falls short of its volunteer's best. Without a limit,
        volunteers who are not settled may also join where nothing is in question.

    Returns
    -------
    fixed, free : bool arrays, shape (schedules,)
        Taken whole without touching a request in question; those that do touch one, or that the
        linear programme takes in part, or all, of volunteers who are not settled.
    """
    problem, pool = generation.problem, generation.pool
    request = problem.slots.request[generation.weeks.arcs.slot]
    taken = np.append(relaxed.taken, np.zeros(len(pool) - len(relaxed.taken)))
    touches = np.bincount(pool.owner, loose[request[pool.arc]], minlength=len(pool)) > 0
    fixed = (taken >= 1 - _WHOLE) & ~touches
    settled = np.zeros(len(problem.volunteers), np.bool_)
    settled[pool.volunteer[fixed]] = True
    if np.isinf(near):
        return fixed, ~settled[pool.volunteer]
    gain, week = generation.gains(relaxed.dual)
    touches &= gain >= week[pool.volunteer] - near
    free = (touches | (taken > _WHOLE)) & ~settled[pool.volunteer]
    return fixed, free


def rounded(
    generation: Generation,
    pool: Pool,
    box: Box,
    fixed: c.Bools,
    free: c.Bools,
    seconds: float,
    gap: float,
    fallback: c.Longs | None = None,
    ignored: c.Bools | None = None,
) -> tuple[c.Longs | None, bool]:
    """Solve the master over some schedules of a pool as an integer programme, others being fixed.

    What falls apart is solved apart. A request that no free schedule touches stays as it is.

    Parameters
    ----------
    fallback : int64 array, optional
        The schedules to take where a part is not solved; they may break rules.
    ignored : bool array, shape (rows,), optional
        Rows to do without; they may be broken.

    Returns
    -------
    arcs : int64 array or None
        The arcs of the plan; None if none was found.
    proved : bool
        Whether nothing better can be made of these schedules.
    """
    decided = np.zeros(len(generation.problem.volunteers), np.int64)
    must = generation.weeks.arcs.volunteer[box.must]
    np.add.at(decided, must, 1)
    # Who has to serve somewhere takes a schedule that holds all of it; nobody what is excluded.
    allowed = (pool.count(box.must) == decided[pool.volunteer]) & (pool.count(box.never) == 0)
    kept = pool.arc[(fixed & allowed)[pool.owner]]
    open_to_choice = np.flatnonzero(free & allowed)
    forced = np.isin(pool.volunteers, must)
    taken, proved = [kept], True
    for part in _parts(generation, pool, box, kept, open_to_choice, forced, ignored):
        share = seconds * (len(part.free) + len(part.team)) / max(1, part.total)
        chosen, optimal = part.solve(max(share, min(1.0, seconds)), gap)
        proved &= optimal
        if chosen is None:
            if fallback is None:
                return None, optimal
            chosen = np.intersect1d(part.free, fallback)
        chosen_of = np.zeros(len(pool), np.bool_)
        chosen_of[chosen] = True
        taken.append(pool.arc[chosen_of[pool.owner]])
    return np.concatenate(taken), proved


class _Part:
    """An integer programme over some of the schedules and team variables."""

    def __init__(
        self,
        gain: c.Floats,
        low: c.Floats,
        high: c.Floats,
        matrix: sparse.csr_array,
        limits: tuple[c.Floats, c.Floats],
        whole: c.Bools,
        free: c.Longs,
        team: c.Longs,
        total: int,
    ) -> None:
        self.gain, self.low, self.high, self.matrix = gain, low, high, matrix
        self.limits, self.whole, self.free, self.team = limits, whole, free, team
        self.total = total

    def solve(self, seconds: float, gap: float) -> tuple[c.Longs | None, bool]:
        """Return the schedules taken, None if there was no time, and whether they are the best."""
        answer = milp(
            -self.gain,
            integrality=self.whole,
            bounds=Bounds(self.low, self.high),
            constraints=LinearConstraint(self.matrix, *self.limits),
            options={"time_limit": max(seconds, 0.01), "mip_rel_gap": gap},
        )
        if answer.x is None:
            return None, answer.status == _INFEASIBLE
        return self.free[answer.x[len(self.team) :] > 0.5], answer.status == 0


def _parts(
    generation: Generation,
    pool: Pool,
    box: Box,
    kept: c.Longs,
    free: c.Longs,
    forced: c.Bools,
    ignored: c.Bools | None,
) -> list[_Part]:
    """Write the integer programme of the free schedules, in parts that share no row."""
    rows, problem = generation.rows, generation.problem
    request = problem.slots.request[generation.weeks.arcs.slot]
    held = np.zeros(len(pool), np.bool_)
    held[free] = True
    live = np.zeros(len(problem.requests), np.bool_)
    live[request[pool.arc[held[pool.owner]]]] = True
    live[rows.team_request[np.flatnonzero(box.least)]] = True
    used = np.zeros(len(request))
    used[kept] = 1.0
    concerned = (rows.request < 0) | live[rows.request]
    row = np.flatnonzero(concerned if ignored is None else concerned & ~ignored)
    team = np.flatnonzero(live[rows.team_request])
    on_arc = rows.on_arc[row]
    offset = on_arc @ used
    person = pool.volunteers
    each = np.searchsorted(person, pool.volunteer[free])
    column = len(team) + np.arange(len(free))
    shape = (len(person), len(team) + len(free))
    single = sparse.csr_array((np.ones(len(free)), (each, column)), shape=shape)
    joint = sparse.hstack([rows.on_team[row][:, team], on_arc @ pool.holds()[:, free]])
    matrix = sparse.vstack([joint, single], format="csr")
    low = np.append(rows.low[row] - offset, forced.astype(np.float64))
    high = np.append(rows.high[row] - offset, np.ones(len(person)))
    least = np.append(box.least[team], np.zeros(len(free)))
    most = np.append(box.most[team], np.ones(len(free)))
    binds = _can_bind(matrix, low, high, most)
    matrix, low, high = matrix[binds], low[binds], high[binds]
    gain = np.append(rows.worth[team], pool.value[free])
    whole = np.append(team < len(problem.options), np.ones(len(free), np.bool_))
    parts = []
    for row_part, column_part in _apart(matrix):
        inside = matrix[row_part][:, column_part]
        parts.append(
            _Part(
                gain[column_part],
                least[column_part],
                most[column_part],
                inside,
                (low[row_part], high[row_part]),
                whole[column_part],
                free[column_part[column_part >= len(team)] - len(team)],
                team[column_part[column_part < len(team)]],
                len(gain),
            )
        )
    return parts


def _can_bind(matrix: sparse.csr_array, low: c.Floats, high: c.Floats, most: c.Floats) -> c.Bools:
    """Tell which rows some choice could break."""
    up, down = matrix.copy(), matrix.copy()
    up.data, down.data = np.maximum(up.data, 0.0), np.minimum(down.data, 0.0)
    can: c.Bools = (up @ most > high + 1e-9) | (down @ most < low - 1e-9)
    return can


def _apart(matrix: sparse.csr_array) -> list[tuple[c.Longs, c.Longs]]:
    """Split rows and columns into parts that share nothing, small ones put together."""
    rows = matrix.shape[0]
    graph = sparse.block_array([[None, matrix], [matrix.T, None]], format="csr")
    many, label = connected_components(graph, directed=False)
    size = np.bincount(label[rows:], minlength=many)
    order = np.argsort(size, kind="stable")
    batch = np.empty(many, np.int64)
    batch[order] = np.cumsum(size[order]) // _TOGETHER
    large = size >= _TOGETHER
    batch[large] = batch.max(initial=0) + 1 + np.arange(int(large.sum()))
    batch = np.unique(batch, return_inverse=True)[1]
    row_order = np.argsort(batch[label[:rows]], kind="stable")
    column_order = np.argsort(batch[label[rows:]], kind="stable")
    last = batch.max(initial=-1) + 1
    row_at = c.starts_of(batch[label[:rows]][row_order], last)
    column_at = c.starts_of(batch[label[rows:]][column_order], last)
    return [
        (row_order[row_at[i] : row_at[i + 1]], column_order[column_at[i] : column_at[i + 1]])
        for i in range(last)
        if column_at[i + 1] > column_at[i]
    ]
