"""Mending: where a plan falls short of the bound, a better plan there with the rest as it is.

Under the duals of a bound every volunteer, team variable and row has a share of the gap. Blocks
with a share are each solved as an integer programme of their own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from matching.problem import columns as c
from matching.solvers.column_generation.generation import ColumnGeneration
from matching.solvers.column_generation.lagrangian import LagrangianBound
from matching.solvers.subproblems.blocks import Blocks

_NODES = 200
_SECONDS = 10.0
# Of more arcs those closest to the best weeks are looked at: so many, or so many for each request.
_MOST_ARCS, _ARCS_EACH = 10_000, 40


@dataclass(frozen=True)
class GapShares:
    """What everybody and everything adds to the gap between a bound and a plan's value.

    Attributes
    ----------
    week : float64 array, shape (volunteers,)
    team : float64 array, shape (team variables,)
    row : float64 array, shape (rows,)
    """

    week: c.Floats
    team: c.Floats
    row: c.Floats


def shares(generation: ColumnGeneration, parts: LagrangianBound, chosen: c.Longs) -> GapShares:
    """Take the gap of a plan apart; all shares are at least 0."""
    rows, weeks = generation.rows, generation.weeks
    x = np.zeros(len(weeks.arcs))
    x[chosen] = 1.0
    y = generation.constraints.team_of(chosen)
    worth = rows.worth - rows.service_coefficients.T @ parts.dual
    who = weeks.arcs.volunteer[chosen]
    shifts = np.bincount(who, minlength=len(parts.week))
    load = weeks.load(np.arange(len(shifts)), shifts)
    own = np.bincount(who, parts.reward[chosen], minlength=len(parts.week)) - load
    used = parts.dual * (rows.arc_coefficients @ x + rows.service_coefficients @ y)
    return GapShares(parts.week - own, parts.team - worth * y, parts.row - used)


def mended(blocks: Blocks, numbers: c.Longs, chosen: c.Longs, turn: int = 0) -> c.Longs:
    """Return a plan at least as good as a plan, better in some of the blocks.

    Parameters
    ----------
    numbers : int64 array
        The blocks to look at.
    turn : int
        Each turn others may use what is left of rows that groups share.
    """
    mender = _Mender(blocks, chosen, turn)
    found = list(blocks.crew.map(mender.better, numbers))
    now = mender.now.copy()
    for before, after in found:
        now[before] = False
        now[after] = True
    return np.flatnonzero(now)


class _Mender:
    """Solves blocks that share nothing, each with the rest of the plan as it is."""

    def __init__(self, blocks: Blocks, chosen: c.Longs, turn: int) -> None:
        self.generation, self.parts = generation, _ = blocks.generation, blocks.parts
        self.territory, self.crew = territory, _ = blocks.territory, blocks.crew
        arcs = generation.weeks.arcs
        self.now = np.zeros(len(arcs), np.bool_)
        self.now[chosen] = True
        # Whoever serves belongs where they serve; who does so in several blocks to one at a time.
        who, where = arcs.volunteer[chosen], territory.of_arc[chosen]
        serves = _one_of(who[where >= 0], where[where >= 0], len(territory.owner), turn)
        self.free = np.where(serves >= 0, serves, territory.owner)
        self.left = generation.writer.limit - generation.writer.used(np.sort(chosen))
        self.takes = self._takers(turn)
        self.chosen = np.sort(chosen)
        self.served = c.Groups(self.free[arcs.volunteer[self.chosen]], territory.size)

    def _takers(self, turn: int) -> c.Longs:
        """Return which block may use what is left of each joint row: each turn another; or -1."""
        writer, arcs = self.generation.writer, self.generation.weeks.arcs
        free = self.free[arcs.volunteer]
        arc = np.flatnonzero((free >= 0) & (free == self.territory.of_arc))
        use = writer.joint_of_arc[arc]
        block = np.repeat(free[arc], np.diff(use.indptr))
        return _one_of(use.indices, block, len(self.left), turn)

    def better(self, number: int) -> tuple[c.Longs, c.Longs]:
        """Return arcs of the plan, and the arcs to have in their stead."""
        generation, best = self.generation, self.generation.best
        requests = self.territory.requests.of(np.array([number]))
        inside = np.sort(generation.writer.arcs_of.of(requests))
        free = self.free[generation.weeks.arcs.volunteer[inside]] == number
        now = self.now[inside]
        # What these people do elsewhere goes on.
        elsewhere = self.chosen[self.served.of(np.array([number]))]
        elsewhere = elsewhere[self.territory.of_arc[elsewhere] != number]
        before, arc = inside[free & now], inside[free]
        most = max(_MOST_ARCS, _ARCS_EACH * len(requests))
        if len(arc) > most:
            far = np.where(self.now[arc], -np.inf, self.parts.reduced_cost_bound[arc])
            arc = arc[np.argpartition(far, most)[:most]]
        if not best.goes_on() or not len(arc):
            return before, before
        before, arc = np.append(before, elsewhere), np.sort(np.append(arc, elsewhere))
        place = generation.writer.write(
            requests,
            arc,
            generation.alone[arc],
            kept=inside[now & ~free],
            # No more of what is shared than now and what is left: so all may be solved at once.
            room=generation.writer.used(np.sort(before))
            + np.where(self.takes == number, self.left, 0.0),
        ).holding(elsewhere)
        start = place.start(
            generation.problem, generation.weeks.arcs, np.append(inside[now], elsewhere)
        )
        seconds = min(best.seconds_left, _SECONDS)
        answer = self.crew.solve(
            place.programme, seconds, 0.0, best.stop, nodes=_NODES, start=start
        )
        return before, before if answer.x is None else place.taken(answer.x)


def _one_of(of: c.Ints | c.Longs, what: c.Ints, size: int, turn: int) -> c.Longs:
    """Return one of what each number below a size has, each turn another; -1 where nothing."""
    key = np.unique(c.combine(of, what))
    first = c.starts_of(key >> 32, size)
    many = np.diff(first)
    some = np.flatnonzero(many)
    one = np.full(size, -1)
    one[some] = (key[first[some] + turn % many[some]] & 0xFFFFFFFF) - 1
    return one
