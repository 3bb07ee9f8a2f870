"""Who stands by: for each post that somebody serves, who is called if one does not come.

Ranks are given out in rounds: first everybody's first, then the second. In a round the pair that
gains most is settled first: by the odds that it is wanted, that it comes, and what it is worth.
Whoever is called keeps every rule, whichever others are called too: all that one stands by for
counts in full towards their day and week, and towards the quotas.
"""

from __future__ import annotations

import difflib
import warnings

import numpy as np
import polars as pl

from matching.answers.given import quotas_left
from matching.answers.ledger import Ledger
from matching.answers.odds import comers, odds, show_up
from matching.answers.on_call import Calls, settle
from matching.answers.stand_ins import stand_ins
from matching.errors import DataWarning
from matching.guards.urls import shown_value
from matching.problem import Problem
from matching.problem import columns as c
from matching.problem.plan import Plan

# Nobody stands by for less than one time in so many.
_SELDOM = 1_000


def standby(ledger: Ledger, top: int = 3) -> dict[str, pl.DataFrame]:
    """Return who stands by, and what that does to the odds.

    Parameters
    ----------
    ledger : Ledger
    top : int
        At most so many for each post.

    Returns
    -------
    dict of str to polars.DataFrame
        ``standby``: ``request_id``, ``post``, ``option``, ``start``, ``end``, ``rank``,
        ``volunteer_id``, ``odds`` (that fewer come than were planned, of those planned and of those
        ranked before), ``show_up`` (that this one comes) and ``overbooked`` (who is asked to come
        anyhow); and ``odds``, see `odds.odds`.
    """
    problem, plan = ledger.problem, ledger.plan
    post_of, share = problem.slots.post, problem.policy.standby_share
    planned = np.bincount(post_of[plan.slot], minlength=len(problem.posts))
    arcs, worth = stand_ins(ledger)
    slot = ledger.arcs.slot[arcs]
    calls = _no_calls(ledger, min(int((planned > 0).sum()) * top, len(arcs)))
    standing, asked = ledger.beside("plan").standing, _overbooked(problem)
    rank, size = np.zeros(len(calls.arc), np.int64), 0
    for number in range(1, top + 1):
        who = _and(plan, ledger, calls.arc[:size])
        wanted = (1 - comers(problem, who).at_least(planned))[post_of]
        gain = np.where(wanted * _SELDOM >= 1, wanted, 0.0)[slot] * worth
        order = np.argsort(-gain, kind="stable")
        order = arcs[order[: np.count_nonzero(gain)]]
        before, done = size, np.zeros(len(post_of), np.bool_)
        size = settle(ledger.book, standing, calls, size, order, wanted, share, done)
        if size == before:
            break
        rank[before:size] = number
        _overbook(ledger, calls, rank[:size], number, asked)
    row = np.lexsort((rank[:size], ledger.arcs.slot[calls.arc[:size]]))
    on_call = _and(Plan.empty(), ledger, calls.arc[row])
    table = ledger.slots[on_call.slot].with_columns(
        rank=pl.Series(rank[row]),
        volunteer_id=problem.volunteers.id.gather(on_call.volunteer),
        odds=pl.Series(calls.wanted[row]),
        show_up=pl.Series(show_up(problem)[on_call.volunteer]),
        overbooked=pl.Series(calls.certain[row]),
    )
    return {"odds": odds(problem, plan, on_call), "standby": table}


def _and(plan: Plan, ledger: Ledger, arcs: c.Longs) -> Plan:
    """Return a plan and some arcs more."""
    more = ledger.arcs.volunteer[arcs], ledger.arcs.slot[arcs]
    return Plan(np.append(plan.volunteer, more[0]), np.append(plan.slot, more[1]))


def _no_calls(ledger: Ledger, most: int) -> Calls:
    problem = ledger.problem
    people, pairs = len(problem.volunteers), problem.pairs.take(~problem.pairs.together)
    one, other = np.append(pairs.a, pairs.b), np.append(pairs.b, pairs.a)
    order = np.argsort(one, kind="stable")
    return Calls(
        last=np.full(people, -1, np.int64),
        before=np.empty(most, np.int64),
        arc=np.empty(most, np.int64),
        wanted=np.empty(most),
        clash=np.empty(most),
        certain=np.zeros(most, np.bool_),
        organisation=problem.volunteers.organisation,
        parent=problem.organisations.parent,
        left=quotas_left(problem, ledger.plan.volunteer),
        apart_first=c.starts_of(one[order], people),
        apart=other[order],
    )


def _overbooked(problem: Problem) -> c.Bools:
    """Tell of which requests more people may be asked to come than there are seats."""
    names = problem.policy.overbook
    if not names:
        return np.zeros(len(problem.requests), np.bool_)
    menu = problem.names["menu"].select("menu_item", of_menu="category")
    table = problem.names["requests"].join(menu, on="menu_item", how="left")
    table = table.select("request_id", category=pl.coalesce("category", "of_menu"))
    # What is on the menu may be ordered another week.
    every = pl.concat([table["category"], menu["of_menu"].rename("category")])
    known = every.drop_nulls().unique().sort().to_list()
    for name in sorted(set(names) - set(known)):
        near = difflib.get_close_matches(name[:80], known, n=1, cutoff=0.6)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(known[:5])}"
        text = f"policy overbook: neither requests nor menu have the category {shown_value(name)}"
        warnings.warn(f"{text}; {hint if known else 'none has any'}", DataWarning, stacklevel=2)
    chosen = table.filter(pl.col("category").is_in(list(names)))["request_id"]
    return problem.requests.id.is_in(chosen.implode()).to_numpy()


def _overbook(ledger: Ledger, calls: Calls, rank: c.Longs, number: int, asked: c.Bools) -> None:
    """Let those of the last round come anyhow, where it is seldom that too many do."""
    problem = ledger.problem
    post = problem.slots.post[ledger.arcs.slot[calls.arc[: len(rank)]]]
    certain = calls.certain[: len(rank)]
    coming = np.bincount(post[certain], minlength=len(problem.posts))
    fresh = (rank == number) & (calls.clash[: len(rank)] == 0) & (coming[post] == number - 1)
    fresh &= asked[problem.posts.request[post]]
    if not fresh.any():
        return
    every = _and(ledger.plan, ledger, calls.arc[: len(rank)][certain | fresh])
    too_many = comers(problem, every).at_least(problem.posts.seats + 1)
    certain |= fresh & (too_many <= problem.policy.overbook_odds)[post]
