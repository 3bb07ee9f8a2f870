"""Who could come in the place of somebody of a post who does not come."""

from __future__ import annotations

import numpy as np

from matching.answers.given import partners
from matching.answers.ledger import Ledger
from matching.answers.odds import show_up
from matching.arcs.eligibility import holders
from matching.arcs.value import seat_value, shared_bonus
from matching.problem import columns as c


def stand_ins(ledger: Ledger) -> tuple[c.Longs, c.Floats]:
    """Return arcs that keep the rules of pairs and teams, and what each is worth if it is wanted.

    Weeks and quotas are not looked at. An arc keeps a team's rules if there is somebody of its post
    in whose place it keeps them.
    """
    problem, arcs, plan = ledger.problem, ledger.arcs, ledger.plan
    slots, policy = problem.slots, problem.policy
    served = np.zeros(len(slots), np.bool_)
    served[plan.slot] = True
    allowed = served[arcs.slot]
    allowed &= ~partners(problem, arcs, ledger.planned, together=False)[0]
    allowed &= ~partners(problem, arcs, ledger.planned, together=True)[1]
    found = np.flatnonzero(allowed)
    # Nobody stands by for a team that they are of.
    who, request = arcs.volunteer[found], slots.request[arcs.slot[found]]
    team = np.sort(c.combine(plan.volunteer, slots.request[plan.slot]))
    found = found[c.lookup(team, c.combine(who, request)) < 0]
    found = found[_keeps_teams(ledger, found)]
    # The seat that is lost is the last one.
    who, post = arcs.volunteer[found], slots.post[arcs.slot[found]]
    planned = np.bincount(slots.post[plan.slot], minlength=len(problem.posts))
    shifts = np.bincount(plan.volunteer, minlength=len(problem.volunteers))[who]
    seat = seat_value(problem, post, planned[post])
    team_size = np.bincount(problem.posts.request, planned, minlength=len(problem.requests))
    seat = seat + np.where(team_size == 1, shared_bonus(problem), 0)[problem.posts.request[post]]
    load = ledger.book.first_load[who] + policy.load_step * shifts
    load += np.where(shifts == 0, policy.load_first, 0)
    worth = show_up(problem)[who] * (seat + ledger.fit[found] - load)
    some = worth > 0
    return found[some], worth[some]


def _keeps_teams(ledger: Ledger, found: c.Longs) -> c.Bools:
    """Tell who can take the place of somebody of the post, for all that the team has to hold."""
    problem, arcs, planned = ledger.problem, ledger.arcs, ledger.planned
    rules, post_of = problem.team_rules, problem.slots.post
    request = problem.slots.request[arcs.slot]
    first = c.starts_of(rules.request, len(problem.requests))
    many = np.diff(first)

    def holding(rows: c.Longs) -> tuple[c.Longs, c.Longs, c.Bools]:
        count = many[request[rows]]
        row, rule = np.repeat(rows, count), c.ranges(first[request[rows]], count)
        return row, rule, holders(problem, arcs, row, rules.qualification[rule])

    row, rule, holds = holding(planned)
    team = np.bincount(request[planned], minlength=len(problem.requests))[rules.request]
    per = np.maximum(rules.per_people, 1)
    share = np.where(rules.per_people > 0, (team + per - 1) // per, 0)
    needed = np.maximum(rules.min_people, share)
    # Rules that the team keeps with nobody to spare, and who is needed for them.
    tight = np.bincount(rule, holds, minlength=len(rules)) <= needed
    is_needed = np.zeros(len(arcs), np.bool_)
    is_needed[row[holds & tight[rule]]] = True
    free = np.zeros(len(problem.posts), np.bool_)
    free[post_of[arcs.slot[planned[~is_needed[planned]]]]] = True
    keeps: c.Bools = free[post_of[arcs.slot[found]]]
    # Where everybody of the post is needed, who comes must hold all that one of them does.
    hard = np.flatnonzero(~keeps)
    groups = c.Groups(post_of[arcs.slot[planned]], len(problem.posts))
    post = post_of[arcs.slot[found[hard]]].astype(np.int64)
    team_size = groups.start[post + 1] - groups.start[post]
    place, pair = planned[groups.of(post)], np.repeat(hard, team_size)
    count = many[request[place]]
    of, rule = np.repeat(np.arange(len(pair)), count), c.ranges(first[request[place]], count)
    asked = rules.qualification[rule]
    lacks = tight[rule] & holders(problem, arcs, place[of], asked)
    lacks &= ~holders(problem, arcs, found[pair[of]], asked)
    bad = np.bincount(of, lacks, minlength=len(pair)) > 0
    keeps[pair[~bad]] = True
    return keeps
