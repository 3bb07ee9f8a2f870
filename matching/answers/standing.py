"""The standing plan under the full rulebook, when something was agreed or cannot stay."""

from __future__ import annotations

import numpy as np

from matching.answers.beside import kept_beside
from matching.answers.ledger import Ledger
from matching.arcs.eligibility import Arcs
from matching.arcs.pair_rules import Answers
from matching.audit import RULES, violations_of
from matching.problem import Problem
from matching.problem import columns as c
from matching.problem.plan import Plan
from matching.schema import STATUSES

_AGREED = (STATUSES.index("pinned"), STATUSES.index("accepted"))
_OF_WEEKS = [rule.name for rule in RULES if rule.about == "week"]
_OF_TEAMS = [rule.name for rule in RULES if rule.about == "team" and rule.name != "pinned"]


def beside_an_answer(ledger: Ledger, arc: int) -> Plan:
    """Return the plan with one more service that was agreed, and what of it can stand beside it.

    Of the volunteer's own plan the best is kept; of the request what is at another time goes, and
    where the post is full whoever is proposed there and fits least.
    """
    problem, arcs, planned = ledger.problem, ledger.arcs, ledger.planned
    if arc in planned:
        return ledger.plan
    standing, v = ledger.beside("accepted").standing, arcs.volunteer[arc]
    gone = np.zeros(standing.first[v + 1] - standing.first[v], np.bool_)
    kept_beside(ledger.book, standing, arc, gone)
    stays = np.ones(len(planned), np.bool_)
    stays[standing.first[v] : standing.first[v + 1]] = ~gone
    slot, slots = arcs.slot[arc], problem.slots
    there = slots.request[arcs.slot[planned]] == slots.request[slot]
    stays &= ~(there & (slots.option[arcs.slot[planned]] != slots.option[slot]))
    here = np.flatnonzero(stays & (slots.post[arcs.slot[planned]] == slots.post[slot]))
    if len(here) >= problem.posts.seats[slots.post[slot]]:
        others = here[~standing.forced[here]]
        stays[others[np.argmin(ledger.fit[planned[others]])]] = False
    rows = np.append(planned[stays], arc)
    return Plan(arcs.volunteer[rows], arcs.slot[rows])


def without_what_cannot_stay(problem: Problem, arcs: Arcs, plan: Plan, fit: c.Longs) -> Plan:
    """Return a plan without what is no arc any more, and without teams that are not whole.

    Of a volunteer whose week breaks a rule, of a request whose team does, and of a quota that is
    used up, what is only proposed goes: of quotas and posts as little as will do, and the least
    fit. What was agreed stays, whatever is to follow.
    """
    at = c.lookup(c.combine(arcs.volunteer, arcs.slot), c.combine(plan.volunteer, plan.slot))
    rows = at[at >= 0]
    agreed = Answers(problem, _AGREED)
    # Each round takes something out, or it is the last.
    while True:
        plan = Plan(arcs.volunteer[rows], arcs.slot[rows])
        free = ~agreed.among(plan.volunteer, plan.slot)
        broken = violations_of(problem, plan, [*_OF_WEEKS, *_OF_TEAMS])
        request = problem.requests.id.gather(problem.slots.request[plan.slot])
        whose = problem.volunteers.id.gather(plan.volunteer)
        of_weeks = broken.filter(broken["rule"].is_in(_OF_WEEKS))["volunteer_id"]
        of_teams = broken.filter(broken["rule"].is_in(_OF_TEAMS))
        goes = whose.is_in(of_weeks.drop_nulls().implode()).to_numpy()
        goes |= request.is_in(of_teams["request_id"].drop_nulls().implode()).to_numpy()
        goes &= free
        if not goes.any() and len(over := np.flatnonzero(free & _over_quota(problem, plan))):
            goes[over[np.argmin(fit[rows[over]])]] = True
        if not goes.any():
            return plan
        rows = rows[~goes]


def keeps_weeks(problem: Problem, plan: Plan) -> bool:
    """Tell whether nobody's week breaks a rule."""
    return violations_of(problem, plan, _OF_WEEKS).is_empty()


def _over_quota(problem: Problem, plan: Plan) -> c.Bools:
    """Tell which services count for a quota that is exceeded."""
    parent = np.append(problem.organisations.parent, -1)
    own = problem.volunteers.organisation[plan.volunteer]
    total, at = np.zeros(len(parent), np.int64), own
    while (at >= 0).any():
        total += np.bincount(at[at >= 0], minlength=len(parent))
        at = parent[at]
    over = np.append(total[:-1] > problem.organisations.max_seats, False)
    counts, at = over[own], own
    while (at >= 0).any():
        at = parent[at]
        counts = counts | over[at]
    return counts & (own >= 0)
