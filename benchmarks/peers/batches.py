"""SciPy's assignment, one start time after the other: each batch is exact, the week is not.

Among services that start together nobody can take two: people and seats are an assignment, where
a seat is worth what it is alone (the first of a post the most). Nobody is kept for what comes
later; teams that break a rule are called off at the end. Times, pairs and pins as in
`benchmarks.vmb.nearest`.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import linear_sum_assignment

from benchmarks.peers.proposal import Proposal
from benchmarks.vmb.nearest import Diary, in_order, pinned, without_broken
from matching import Plan
from matching.arcs.eligibility import Arcs
from matching.arcs.value import first_load, quality, seat_value
from matching.problem import Problem
from matching.problem.columns import Longs, ranges

# Above any other worth: who is pinned is placed first.
_PINNED = 10**9


def propose(problem: Problem, arcs: Arcs, worth: Longs, seconds: float) -> Proposal:
    """Assign batch by batch, which takes no limit."""
    arcs = in_order(problem, arcs)
    worth = quality(problem, arcs) + _PINNED * pinned(problem, arcs)
    slots, load, diary = problem.slots, first_load(problem), Diary(problem)
    option = slots.option[arcs.slot]
    begin = np.flatnonzero(np.diff(problem.options.start[option], prepend=-1))
    chosen: list[int] = []
    for batch in np.split(np.arange(len(arcs)), begin[1:]) if len(arcs) else []:
        fits = np.zeros(len(batch), np.bool_)
        for one in np.unique(option[batch]):
            there = option[batch] == one
            fits[there] = diary.fits(arcs.volunteer[batch[there]], one)
        rows = batch[fits]
        shift = diary.shifts[arcs.volunteer[rows]]
        cost = load[arcs.volunteer[rows]] + problem.policy.load_step * shift
        for row in rows[_assigned(problem, arcs.take(rows), worth[rows] - cost)]:
            if diary.take(arcs.volunteer[row], option[row]):
                chosen.append(row)
    plan = Plan(arcs.volunteer[chosen], arcs.slot[chosen])
    return Proposal(without_broken(problem, plan))


def _assigned(problem: Problem, arcs: Arcs, gain: Longs) -> Longs:
    """Return the arcs of the best assignment of people to seats; each person has one seat."""
    people, person = np.unique(arcs.volunteer, return_inverse=True)
    slots, slot = np.unique(arcs.slot, return_inverse=True)
    seats = problem.posts.seats[problem.slots.post[slots]].astype(np.int64)
    first = np.cumsum(seats) - seats
    # A cell per arc and seat of its slot; elsewhere 0, which stands for nobody.
    cell = np.repeat(np.arange(len(arcs)), seats[slot])
    nth = ranges(np.zeros(len(arcs), np.int64), seats[slot])
    column = first[slot[cell]] + nth
    post = problem.slots.post[arcs.slot[cell]]
    worth = np.zeros((len(people), int(seats.sum())))
    worth[person[cell], column] = gain[cell] + seat_value(problem, post, nth + 1)
    arc_at = np.full(worth.shape, -1)
    arc_at[person[cell], column] = cell
    who, where = linear_sum_assignment(np.maximum(worth, 0), maximize=True)
    taken: Longs = arc_at[who, where][worth[who, where] > 0]
    return taken
