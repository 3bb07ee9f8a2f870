"""Mending: where a plan falls short of the bound, a better plan there with the rest as it is.

Under the duals of a bound every volunteer, team variable and row has a share of the gap. Requests
with a share are put into neighbourhoods of places near each other, each with the requests its best
candidates serve now, and each neighbourhood is solved as an integer programme of its own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from matching import columns as c
from matching.solvers.crew import Crew
from matching.solvers.dissection import Dissection
from matching.solvers.generation import Generation
from matching.solvers.territory import Territory, cells

# Requests of a neighbourhood that have a share of the gap.
_TOGETHER = 20
# Arcs further from the best weeks are not looked at.
_NEAR = 100.0
# A smaller share is not worth a neighbourhood.
_SHARE = 1.0
_NODES = 200
_SECONDS = 10.0
# More arcs would take longer than that.
_MOST_ARCS = 10_000
# Whose best weeks an arc comes so close to is a candidate.
_CLOSE = 10.0


@dataclass(frozen=True)
class Shares:
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


def shares(generation: Generation, parts: Dissection, chosen: c.Longs) -> Shares:
    """Take the gap of a plan apart; all shares are at least 0."""
    rows, weeks = generation.rows, generation.weeks
    x = np.zeros(len(weeks.arcs))
    x[chosen] = 1.0
    y = generation.constraints.team_of(chosen)
    worth = rows.worth - rows.on_team.T @ parts.dual
    who = weeks.arcs.volunteer[chosen]
    shifts = np.bincount(who, minlength=len(parts.week))
    load = weeks.load(np.arange(len(shifts)), shifts)
    own = np.bincount(who, parts.reward[chosen], minlength=len(parts.week)) - load
    used = parts.dual * (rows.on_arc @ x + rows.on_team @ y)
    return Shares(parts.week - own, parts.team - worth * y, parts.row - used)


def by_request(generation: Generation, parts: Dissection, share: Shares) -> c.Floats:
    """Add up the shares of each request; a volunteer's go to the one that suits them best."""
    problem, arcs = generation.problem, generation.weeks.arcs
    size = len(problem.requests)
    rows = np.flatnonzero(generation.rows.request >= 0)
    total = np.bincount(generation.rows.request[rows], share.row[rows], minlength=size)
    total += np.bincount(generation.rows.team_request, share.team, minlength=size)
    short = np.flatnonzero(share.week[arcs.volunteer] > _SHARE)
    best = c.best_of(arcs.volunteer, parts.reward, short)
    request = problem.slots.request[arcs.slot[best]]
    total += np.bincount(request, share.week[arcs.volunteer[best]], minlength=size)
    return total.astype(np.float64)


def neighbourhoods(
    generation: Generation, parts: Dissection, chosen: c.Longs, turn: int, breadth: int = 1
) -> c.Ints:
    """Group the requests that have a share of the gap, shape (requests,); -1 for none.

    Parameters
    ----------
    turn : int
        Neighbourhoods are cut along other lines in each turn.
    breadth : int
        How much larger than usual they are.
    """
    problem, arcs = generation.problem, generation.weeks.arcs
    total = by_request(generation, parts, shares(generation, parts, chosen))
    group = np.full(len(total), -1, np.int32)
    short = np.flatnonzero(total > _SHARE)
    group[short] = cells(
        problem.requests.lat[short], problem.requests.lon[short], _TOGETHER * breadth, turn
    )
    # What their candidates serve now comes along, unless it belongs elsewhere.
    request = problem.slots.request[arcs.slot]
    wanted = (group[request] >= 0) & (parts.shortfall <= _CLOSE)
    of = np.full(len(problem.volunteers), -1, np.int32)
    of[arcs.volunteer[wanted]] = group[request[wanted]]
    serves = chosen[of[arcs.volunteer[chosen]] >= 0]
    serves = serves[group[request[serves]] < 0]
    group[request[serves]] = of[arcs.volunteer[serves]]
    return group


def mended(
    generation: Generation,
    parts: Dissection,
    group: c.Ints,
    chosen: c.Longs,
    crew: Crew,
    turn: int = 0,
    breadth: int = 1,
) -> c.Longs:
    """Return a plan at least as good as a plan, better in some of the groups of requests."""
    mender = _Mender(generation, parts, group, chosen, _NEAR * breadth, turn, crew)
    found = list(crew.map(mender.better, mender.territory.numbers))
    now = np.zeros(len(generation.weeks.arcs), np.bool_)
    now[chosen] = True
    for before, after in found:
        now[before] = False
        now[after] = True
    return np.flatnonzero(now)


class _Mender:
    """Solves groups that share nothing, each with the rest of the plan as it is."""

    def __init__(
        self,
        generation: Generation,
        parts: Dissection,
        group: c.Ints,
        chosen: c.Longs,
        near: float,
        turn: int,
        crew: Crew,
    ) -> None:
        self.generation, self.parts, self.near = generation, parts, near
        self.crew = crew
        self.territory = Territory(generation, parts, group)
        arcs = generation.weeks.arcs
        self.now = np.zeros(len(arcs), np.bool_)
        self.now[chosen] = True
        # Who serves elsewhere, too, stays as they are.
        owner = self.territory.owner
        away = chosen[self.territory.of_arc[chosen] != owner[arcs.volunteer[chosen]]]
        self.free = owner.copy()
        self.free[arcs.volunteer[away]] = -1
        self.left = generation.writer.limit - generation.writer.used(np.sort(chosen))
        self.takes = self._takers(turn)

    def _takers(self, turn: int) -> c.Longs:
        """Return which group may use what is left of each joint row: each turn another; or -1."""
        writer, arcs = self.generation.writer, self.generation.weeks.arcs
        free = self.free[arcs.volunteer]
        arc = np.flatnonzero((free >= 0) & (free == self.territory.of_arc))
        use = writer.joint_of_arc[arc]
        key = np.unique(c.combine(use.indices, np.repeat(free[arc], np.diff(use.indptr))))
        first = c.starts_of(key >> 32, len(self.left))
        many = np.diff(first)
        some = np.flatnonzero(many)
        takes = np.full(len(self.left), -1)
        takes[some] = (key[first[some] + turn % many[some]] & 0xFFFFFFFF) - 1
        return takes

    def better(self, number: int) -> tuple[c.Longs, c.Longs]:
        """Return arcs of the plan, and the arcs to have in their stead."""
        generation, best = self.generation, self.generation.best
        requests = self.territory.requests.of(np.array([number]))
        inside = np.sort(generation.writer.arcs_of.of(requests))
        free = self.free[generation.weeks.arcs.volunteer[inside]] == number
        now = self.now[inside]
        arc = inside[free & (now | (self.parts.shortfall[inside] <= self.near))]
        before = inside[free & now]
        if not best.goes_on() or not 0 < len(arc) <= _MOST_ARCS:
            return before, before
        place = generation.writer.write(
            requests,
            arc,
            generation.alone[arc],
            kept=inside[now & ~free],
            # No more of what is shared than now and what is left: so all may be solved at once.
            room=generation.writer.used(before) + np.where(self.takes == number, self.left, 0.0),
        )
        start = place.start(generation.problem, generation.weeks.arcs, inside[now])
        seconds = min(best.seconds_left, _SECONDS)
        answer = self.crew.solve(
            place.programme, seconds, 0.0, best.stop, nodes=_NODES, start=start
        )
        return before, before if answer.x is None else place.taken(answer.x)
