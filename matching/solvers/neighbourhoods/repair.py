"""Repair: from a flow that overlooks rules to a first plan that keeps them.

What breaks a rule is given up and not replaced: the option that fewer chose, the services that do
not fit a volunteer's week, the team that misses its minimum. Giving up only ever takes arcs away,
so the rounds end.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from matching.arcs.eligibility import holders
from matching.arcs.limits import broken_by
from matching.arcs.pinned import pinned_arcs
from matching.bounds.pricing import Weeks
from matching.bounds.rosters import solve_pricing
from matching.problem import Problem
from matching.problem import columns as c
from matching.solvers.column_generation.quota_bounds import depths

_PINNED_MERIT = 1e9


def repair(problem: Problem, weeks: Weeks, quality: c.Longs, chosen: c.Longs) -> c.Longs:
    """Return arcs among the chosen ones, and those pinned, that keep every rule but maybe pins."""
    arcs = weeks.arcs
    merit: c.Floats = quality.astype(np.float64) + 1000.0
    which, pinned = pinned_arcs(problem, arcs)
    _, first = np.unique(which, return_index=True)
    merit[pinned[first]] = _PINNED_MERIT
    kept = np.zeros(len(arcs), np.bool_)
    kept[chosen] = True
    kept[pinned[first]] = True
    while True:
        before = int(kept.sum())
        _keep_one_option(problem, weeks, merit, kept)
        _keep_seats(problem, weeks, merit, kept)
        _keep_rosters(problem, weeks, merit, kept)
        _keep_quotas(problem, weeks, merit, kept)
        _keep_pairs(problem, weeks, kept)
        _keep_teams(problem, weeks, kept)
        if kept.sum() == before:
            return np.flatnonzero(kept)


def _keep_one_option(problem: Problem, weeks: Weeks, merit: c.Floats, kept: c.Bools) -> None:
    """Keep the most valuable option of each request."""
    rows = np.flatnonzero(kept)
    option = problem.slots.option[weeks.arcs.slot[rows]]
    total = np.bincount(option, merit[rows], minlength=len(problem.options))
    order = np.lexsort((-total, problem.options.request))
    best = order[np.diff(problem.options.request[order], prepend=-1) != 0]
    chosen = np.zeros(len(problem.options), np.bool_)
    chosen[best] = True
    kept[rows[~chosen[option]]] = False


def _keep_best(rows: c.Longs, group: c.Ints, limit: c.Ints, merit: c.Floats, kept: c.Bools) -> None:
    """Keep, of each group, as many as its limit allows, the best first."""
    order = np.lexsort((-merit[rows], group))
    rows, group = rows[order], group[order]
    rank = np.arange(len(rows)) - np.searchsorted(group, group)
    kept[rows[rank >= limit[group]]] = False


def _keep_seats(problem: Problem, weeks: Weeks, merit: c.Floats, kept: c.Bools) -> None:
    """A pin may have come on top of a full post."""
    rows = np.flatnonzero(kept)
    slot = weeks.arcs.slot[rows]
    _keep_best(rows, slot, problem.posts.seats[problem.slots.post], merit, kept)


def _keep_rosters(problem: Problem, weeks: Weeks, merit: c.Floats, kept: c.Bools) -> None:
    """Keep each volunteer's best roster."""
    rows = np.flatnonzero(kept)
    reward = np.where(kept, merit, -np.inf)
    above = np.zeros(len(problem.volunteers))
    # Whoever is in the plan has been called.
    problem = replace(problem, policy=replace(problem.policy, load_first=0))
    found = solve_pricing(problem, weeks.arcs, rows, reward, 0 * weeks.first_load, above)
    kept[rows] = False
    kept[found.arc] = True
    # Where too much is counted, what was found may be beyond a limit.
    rows = np.flatnonzero(kept)
    beyond = broken_by(problem, weeks.arcs.take(rows))
    kept[rows[beyond[weeks.arcs.volunteer[rows]]]] = False


def _keep_quotas(problem: Problem, weeks: Weeks, merit: c.Floats, kept: c.Bools) -> None:
    """A pin may have come on top of a full quota: the lowest first, keep what each allows."""
    parent, limit = problem.organisations.parent, problem.organisations.max_seats
    depth, rows = depths(parent), np.flatnonzero(kept)
    at = problem.volunteers.organisation[weeks.arcs.volunteer[rows]]
    for level in range(int(depth.max()), -1, -1):
        here = depth[at] == level
        among = here & kept[rows]
        _keep_best(rows[among], at[among], limit, merit, kept)
        at = np.where(here, parent[at], at)


def _keep_pairs(problem: Problem, weeks: Weeks, kept: c.Bools) -> None:
    """Drop who serves without a required partner, or with a forbidden one."""
    arcs, pairs = weeks.arcs, problem.pairs
    rows = np.flatnonzero(kept)
    at = c.combine(arcs.volunteer[rows], problem.slots.request[arcs.slot[rows]])
    order = np.argsort(at)
    for me, other in ((pairs.a, pairs.b), (pairs.b, pairs.a)):
        first = np.searchsorted(arcs.volunteer[rows], me)
        count = np.searchsorted(arcs.volunteer[rows], me, side="right") - first
        mine = rows[c.ranges(first.astype(np.int64), count.astype(np.int64))]
        pair = np.repeat(np.arange(len(pairs)), count)
        request = problem.slots.request[arcs.slot[mine]]
        found = c.lookup(at[order], c.combine(other[pair], request))
        there = (found >= 0) & kept[rows[order]][found]
        kept[mine[pairs.together[pair] & ~there]] = False
        kept[mine[~pairs.together[pair] & there]] = False


def _keep_teams(problem: Problem, weeks: Weeks, kept: c.Bools) -> None:
    """Give up the requests that miss a minimum or a team rule."""
    rows = np.flatnonzero(kept)
    slots, posts, rules = problem.slots, problem.posts, problem.team_rules
    slot = weeks.arcs.slot[rows]
    request = slots.request[slot]
    size = len(problem.requests)
    people = np.bincount(request, minlength=size)
    filled = np.bincount(slots.post[slot], minlength=len(posts))
    fails = people < problem.requests.min_people
    fails[posts.request[filled < posts.min_seats]] = True
    order = np.argsort(request, kind="stable")
    first = c.starts_of(request[order], size)
    count = people[rules.request]
    arc = rows[order[c.ranges(first[rules.request], count)]]
    rule = np.repeat(np.arange(len(rules)), count)
    holds = holders(problem, weeks.arcs, arc, rules.qualification[rule])
    held = np.bincount(rule, holds, minlength=len(rules))
    fails[rules.request[held < rules.min_people]] = True
    fails[rules.request[(rules.per_people > 0) & (held * rules.per_people < count)]] = True
    kept[rows[fails[request]]] = False
