"""Blocks: places where the linear programme is not whole, each solved exactly and on its own.

Under any duals the bound falls apart into the volunteers' best weeks, the requests' parts and the
limits of rows. A block takes some requests together with the volunteers who could serve them, and
solves their joint part as an integer programme; what its volunteers do elsewhere is paid at its
price. Blocks that share neither a request nor a volunteer lower the bound by the sum of what each
gains, however many there are, where a search tree would try the combinations.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse.csgraph import connected_components

from matching import columns as c
from matching.schedules import Schedules, TooManyPathsError, all_schedules, best_schedules
from matching.solvers.generation import Generation, Solved, limits_of, sign_feasible
from matching.solvers.linear import Relaxed

_WHOLE = 1e-6
# A block of more requests is left to the search tree.
_MOST_REQUESTS = 50
_MOST_COLUMNS = 60_000
# How far from the best weeks schedules are listed: first, and at most (four urgent seats).
_FIRST_SLACK, _MOST_SLACK = 1_000.0, 30_000.0
_NODES = 1_000
# Whose arcs stand for their weeks: from so many services on, if the best week is worth next to
# nothing, and in any case from so many, the first of these that leaves few enough weeks to list.
_FEW, _IDLE = 4, 50.0
_MANY = (40, 24, 16, 12)


@dataclass(frozen=True)
class Dissection:
    """A bound and the parts it is the sum of.

    Attributes
    ----------
    reward : float64 array, shape (arcs,)
    week : float64 array, shape (volunteers,)
    team : float64 array, shape (team variables,)
    row : float64 array, shape (rows,)
    """

    reward: c.Floats
    week: c.Floats
    team: c.Floats
    row: c.Floats
    dual: c.Floats

    @property
    def bound(self) -> float:
        """No plan is worth more."""
        return float(self.week.sum() + self.team.sum() + self.row.sum())


def dissected(generation: Generation, solved: Solved) -> Dissection:
    """Return the bound of some duals over all schedules, part by part."""
    rows = generation.rows
    dual = np.zeros(len(rows.low))
    dual[: len(solved.dual)] = solved.dual
    dual = sign_feasible(rows, dual)
    reward, week = generation.best_weeks(generation.everywhere, dual)
    team = np.maximum(rows.worth - rows.on_team.T @ dual, 0.0) * rows.most
    return Dissection(reward, week, team, limits_of(rows, dual), dual)


def in_doubt(generation: Generation, relaxed: Relaxed) -> c.Ints:
    """Group the requests that the linear programme leaves in doubt, shape (requests,); else -1.

    In doubt are those it serves in part, or by weeks that it takes in part; together are those that
    share a volunteer with such a week.
    """
    problem, pool, arcs = generation.problem, generation.pool, generation.weeks.arcs
    many = len(problem.requests)
    taken = np.append(relaxed.taken, np.zeros(len(pool) - len(relaxed.taken)))
    partly = (taken > _WHOLE) & (taken < 1 - _WHOLE)
    arc = pool.arc[partly[pool.owner]]
    request = problem.slots.request[arcs.slot]
    served = relaxed.team[: len(problem.options)]
    halved = generation.asked & (served > _WHOLE) & (served < 1 - _WHOLE)
    some = np.zeros(many, np.bool_)
    some[problem.options.request[halved]] = True
    some[request[arc]] = True
    volunteers = len(problem.volunteers)
    ends = (np.ones(len(arc)), (arcs.volunteer[arc], volunteers + request[arc]))
    graph = sparse.coo_array(ends, shape=(volunteers + many,) * 2)
    _, label = connected_components(graph, directed=False)
    label = label[volunteers:]
    hit = np.zeros(label.max(initial=0) + 1, np.bool_)
    hit[label[some]] = True
    return np.where(hit[label], label, -1).astype(np.int32)


def widened(generation: Generation, group: c.Ints, parts: Dissection, near: float) -> c.Ints:
    """Add to each group the requests that its volunteers could almost as well serve.

    Groups that meet become one, unless it were too large; then they stay as they are.
    """
    problem, arcs, pool = generation.problem, generation.weeks.arcs, generation.pool
    request = problem.slots.request[arcs.slot]
    close = pool.gain(parts.reward) >= parts.week[pool.volunteer] - near
    inside = group[request[pool.arc]] >= 0
    touched = np.zeros(len(problem.volunteers), np.bool_)
    touched[pool.volunteer[pool.owner[inside & close[pool.owner]]]] = True
    held = np.flatnonzero(touched[arcs.volunteer[pool.arc]] & close[pool.owner])
    arc = pool.arc[held]
    volunteers, many = len(problem.volunteers), len(group)
    old = np.flatnonzero(group >= 0)
    tail = np.concatenate([arcs.volunteer[arc], volunteers + old])
    head = np.concatenate([request[arc], many + group[old]]) + volunteers
    size = volunteers + many + int(group.max(initial=0)) + 1
    graph = sparse.coo_array((np.ones(len(tail)), (tail, head)), shape=(size, size))
    _, label = connected_components(graph, directed=False)
    label = label[volunteers : volunteers + many]
    joined = np.bincount(label, group >= 0) > 0
    large = np.bincount(label) > _MOST_REQUESTS
    wide = np.where(joined[label] & ~large[label], label, -1)
    # What would be too large keeps the groups it was made of, under numbers of their own.
    kept = (group >= 0) & large[label]
    return np.where(kept, group + label.max() + 1, wide).astype(np.int32)


def closer_bound(
    generation: Generation, parts: Dissection, group: c.Ints, told: Callable[[float], None]
) -> float:
    """Solve each group exactly, the large ones first; return a bound of all.

    Parameters
    ----------
    group : int32 array, shape (requests,)
        Which block each request is in; -1 for none.
    told : callable
        Receives each bound on the way.
    """
    numbers, size = np.unique(group[group >= 0], return_counts=True)
    owner = _claims(generation, parts, group)
    bound = parts.bound
    order = np.argsort(-size, kind="stable")
    for number in numbers[order[size[order] <= _MOST_REQUESTS]]:
        if not generation.best.goes_on():
            break
        bound -= _Block(generation, parts, group == number, owner == number).solve()
        told(bound)
    return bound


def _claims(generation: Generation, parts: Dissection, group: c.Ints) -> c.Ints:
    """Give every volunteer to the block where their best arc is; -1 for none."""
    arcs = generation.weeks.arcs
    of_arc = group[generation.problem.slots.request[arcs.slot]]
    rows = np.flatnonzero(of_arc >= 0)
    rows = rows[np.lexsort((-parts.reward[rows], arcs.volunteer[rows]))]
    first = np.diff(arcs.volunteer[rows], prepend=-1) != 0
    owner = np.full(len(generation.problem.volunteers), -1, np.int32)
    owner[arcs.volunteer[rows[first]]] = of_arc[rows[first]]
    return owner


class _Block:
    """Some requests and volunteers, and their part of the bound."""

    def __init__(
        self, generation: Generation, parts: Dissection, requests: c.Bools, volunteers: c.Bools
    ) -> None:
        self.generation, self.parts = generation, parts
        rows, arcs = generation.rows, generation.weeks.arcs
        self.row = np.flatnonzero((rows.request >= 0) & requests[rows.request])
        self.team = np.flatnonzero(requests[rows.team_request])
        self.inside = requests[generation.problem.slots.request[arcs.slot]]
        self.own = volunteers[arcs.volunteer]
        self.volunteers = np.flatnonzero(volunteers)
        self.on_arc = rows.on_arc[self.row]
        self.charge = self.on_arc.T @ parts.dual[self.row]
        self.share = float(
            parts.week[volunteers].sum() + parts.team[self.team].sum() + parts.row[self.row].sum()
        )

    def solve(self) -> float:
        """Return by how much the block lowers the bound.

        Schedules that fall short by more than the slack are left out: a team that needs one is
        worth at most the share minus the slack.
        """
        slack, gained = _FIRST_SLACK, 0.0
        while True:
            found = self._listed(slack)
            if found is None:
                return gained
            gain = self.share - self._most(*found)
            before, gained = gained, max(gained, min(gain, slack))
            if gain <= slack or gained <= before or slack >= _MOST_SLACK:
                return gained
            slack *= 3

    def _listed(self, slack: float) -> tuple[Schedules, c.Longs] | None:
        """List the weeks near the best, and arcs that stand for weeks; None if they are too many.

        Who has nothing better to do and many ways to help could have very many weeks. Their arcs
        stand for these: services that overlap exclude each other, the other rules of the week are
        let go, and so is the load beyond the first; that can only raise the block's worth.
        """
        generation = self.generation
        weeks, parts = generation.weeks, self.parts
        # Outside, a service that is not worth its load never helps, but as a way around the travel
        # rule: a stop at an unknown place takes no time to reach.
        slot = weeks.arcs.slot
        worth = parts.reward > weeks.first_load[weeks.arcs.volunteer]
        unknown = np.isnan(generation.problem.requests.lat[generation.problem.slots.request[slot]])
        who = weeks.arcs.volunteer
        near = self.inside & (parts.reward - weeks.first_load[who] >= -slack)
        rows = np.flatnonzero(self.own & (near | worth | unknown))
        ways = np.bincount(who[rows], minlength=len(parts.week))
        for many in _MANY:
            loose = (ways > _FEW) & (parts.week <= _IDLE) | (ways > many)
            try:
                found = all_schedules(
                    generation.problem,
                    weeks.arcs,
                    rows[~loose[who[rows]]],
                    parts.reward,
                    weeks.first_load,
                    parts.week,
                    slack,
                )
            except TooManyPathsError:
                continue
            if len(found.volunteer) <= _MOST_COLUMNS:
                return found, np.flatnonzero(self.own & near & loose[who])
        return None

    def _most(self, found: Schedules, loose: c.Longs) -> float:
        """Return an upper bound of the block over the weeks listed."""
        generation, parts, rows = self.generation, self.parts, self.generation.rows
        value = found.value + np.bincount(
            found.owner, (self.charge * self.inside)[found.arc], minlength=len(found.value)
        )
        # Of the weeks with the same services inside, the best is enough.
        held = np.flatnonzero(self.inside[found.arc])
        mark = np.zeros(len(value), np.uint64)
        np.add.at(mark, found.owner[held], generation.pool.mark[found.arc[held]])
        order = np.lexsort((-value, mark, found.volunteer))
        key = np.stack([found.volunteer.astype(np.uint64), mark])[:, order]
        best = order[np.append(True, (np.diff(key) != 0).any(axis=0))[: len(order)]]
        idle = best[mark[best] == 0]
        arcs, first_load = generation.weeks.arcs, generation.weeks.first_load
        base = np.zeros(len(parts.week))
        base[found.volunteer[idle]] = np.maximum(value[idle], 0.0)
        column = best[mark[best] != 0]
        place = np.full(len(value), -1)
        place[column] = np.arange(len(column))
        held = held[place[found.owner[held]] >= 0]
        ones = np.ones(len(held))
        shape = (len(self.inside), len(column))
        holds = sparse.csc_array((ones, (found.arc[held], place[found.owner[held]])), shape=shape)
        # Arcs inside of volunteers who belong to other blocks come at their price.
        stranger = np.flatnonzero(self.inside & ~self.own)
        guest = np.append(stranger, loose)
        person, who = np.unique(found.volunteer[column], return_inverse=True)
        teams, many, guests = len(self.team), len(column), len(guest)
        each = sparse.csr_array((np.ones(many), (who, np.arange(many))), (len(person), many))
        matrix = sparse.hstack(
            [rows.on_team[self.row][:, self.team], self.on_arc @ holds, self.on_arc[:, guest]],
            format="csr",
        )
        link, option = self._links(holds, guest)
        served = sparse.csr_array(
            (-np.ones(len(option)), (np.arange(len(option)), np.searchsorted(self.team, option))),
            (len(option), teams),
        )
        cluster, of = np.unique(generation.weeks.clusters.of_arc[guest], return_inverse=True)
        apart = sparse.csr_array((np.ones(guests), (of, np.arange(guests))), (len(cluster), guests))
        # Of loose arcs, and a best week elsewhere, the first is free of the load's steps; each more
        # costs at least one.
        helper, which = np.unique(arcs.volunteer[loose], return_inverse=True)
        more = len(helper)
        place = len(stranger) + np.arange(len(loose))
        first = sparse.csr_array((np.ones(len(loose)), (which, place)), (more, guests))
        step = sparse.eye_array(more, format="csr")
        single = sparse.hstack(
            [
                sparse.csr_array((len(person) + len(cluster) + more, teams)),
                sparse.block_diag(
                    [
                        each,
                        sparse.block_array([[apart, None, None], [first, -step, step]]),
                    ]
                ),
            ]
        )
        matrix = sparse.hstack([matrix, sparse.csr_array((len(self.row), 2 * more))])
        gain = np.concatenate(
            [
                rows.worth[self.team],
                value[column] - base[found.volunteer[column]],
                self.charge[stranger],
                (parts.reward + self.charge)[loose] - first_load[arcs.volunteer[loose]],
                np.full(more, -float(generation.problem.policy.load_step)),
                self._elsewhere(helper),
            ]
        )
        whole = np.ones(len(gain))
        whole[:teams] = self.team < len(generation.problem.options)
        whole[len(gain) - 2 * more :] = 0.0
        most = np.concatenate(
            [rows.most[self.team], np.ones(many + guests), np.full(more, np.inf), np.ones(more)]
        )
        answer = milp(
            -gain,
            integrality=whole,
            bounds=Bounds(0.0, most),
            constraints=[
                LinearConstraint(matrix, rows.low[self.row], rows.high[self.row]),
                LinearConstraint(single, -np.inf, 1.0),
                LinearConstraint(
                    sparse.hstack([served, link, sparse.csr_array((len(option), 2 * more))]),
                    -np.inf,
                    0.0,
                ),
            ],
            options={
                "node_limit": _NODES,
                "mip_rel_gap": 0.0,
                "time_limit": max(0.01, generation.best.seconds_left),
            },
        )
        bound = answer.get("mip_dual_bound")
        if bound is None or not np.isfinite(bound):
            return self.share
        return float(base[self.volunteers].sum() - bound)

    def _elsewhere(self, volunteer: c.Ints) -> c.Floats:
        """Return the best these volunteers could do outside the block."""
        generation, parts = self.generation, self.parts
        weeks = generation.weeks
        asked = np.zeros(len(parts.week), np.bool_)
        asked[volunteer] = True
        rows = np.flatnonzero(asked[weeks.arcs.volunteer] & ~self.inside)
        best = np.zeros(len(parts.week))
        found = best_schedules(
            generation.problem, weeks.arcs, rows, parts.reward, weeks.first_load, best
        )
        best[found.volunteer] = found.value
        return best[volunteer]

    def _links(self, holds: sparse.csc_array, guest: c.Longs) -> tuple[sparse.csr_array, c.Ints]:
        """Return the links of everybody inside, whether or not the linear programme has them."""
        generation = self.generation
        meetings = generation.meetings
        arc = np.union1d(holds.indices, guest)
        arc = arc[generation.asked[generation.arc_option[arc]]]
        meeting, row = np.unique(meetings.of_arc[arc], return_inverse=True)
        shape = (len(meeting), len(self.inside))
        pick = sparse.csr_array((np.ones(len(arc)), (row, arc)), shape=shape)
        link = sparse.hstack([pick @ holds, pick[:, guest]], format="csr")
        return link, meetings.option[meeting]
