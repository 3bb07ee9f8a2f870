"""Which single changes to try for an empty seat: the smallest of each kind."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from matching.answers.changes import NOBODY, Change
from matching.answers.near_misses import STEP, STEPS, Near, near_of
from matching.arcs.eligibility import Arcs, eligible, held
from matching.problem import Problem
from matching.problem import columns as c

# How many of each kind are tried, the smallest first.
TRIED = 3
_ROUNDED_KM = 10


class Candidates:
    """Changes that could fill seats at some slots, by slot.

    Parameters
    ----------
    problem : Problem
    arcs : Arcs
        All eligible arcs.
    slots : int32 array
        Sorted.
    """

    def __init__(self, problem: Problem, arcs: Arcs, slots: c.Ints) -> None:
        self.problem, self.slots = problem, slots
        self.near: Near = near_of(problem, slots)
        known = np.sort(c.combine(arcs.volunteer, arcs.slot))
        self.far = self._others(known, replace(problem, volunteers=_unlimited(problem.volunteers)))
        self.untrained = self._others(known, replace(problem, needs=problem.needs.take(slice(0))))
        self.lacks = self._lacking()

    def _others(self, known: c.Longs, easier: Problem) -> Arcs:
        """Return who could serve if a rule were gone, and cannot now."""
        arcs = eligible(easier, slots=self.slots)
        return arcs.take(c.lookup(known, c.combine(arcs.volunteer, arcs.slot)) < 0)

    def _lacking(self) -> tuple[c.Longs, c.Ints, c.Ints, c.Bools]:
        """Return who lacks one qualification alone: row, which, its level, whether held lower."""
        problem, arcs = self.problem, self.untrained
        first = c.starts_of(problem.needs.post, len(problem.posts))
        post = problem.slots.post[arcs.slot]
        many = first[post + 1] - first[post]
        need = problem.needs.take(c.ranges(first[post], many))
        row = np.repeat(np.arange(len(arcs)), many)
        pair = arcs.volunteer[row], arcs.slot[row], need.qualification
        lacks = ~held(problem, *pair, need.level)
        alone = lacks & (np.bincount(row[lacks], minlength=len(arcs)) == 1)[row]
        lower = held(problem, *pair, np.ones_like(need.level))
        return row[alone], need.qualification[alone], need.level[alone], lower[alone]

    def of(self, slot: int) -> Iterator[list[Change]]:
        """Yield the changes of each kind, the smallest first."""
        yield self._moves(slot)
        yield self._levels(slot)
        rows = np.flatnonzero(self.far.slot == slot)
        # Far enough is the next tenth of a kilometre.
        km = np.ceil(self.far.km[rows] * _ROUNDED_KM + 1e-6) / _ROUNDED_KM
        yield _nearest("travel", slot, km, self.far.volunteer[rows])
        rows = np.flatnonzero((self.near.arcs.slot == slot) & (self.near.missing > 0))
        yield _nearest("window", slot, self.near.missing[rows], self.near.arcs.volunteer[rows])
        yield self._trainings(slot)
        yield [Change("person", slot, 1)]

    def _moves(self, slot: int) -> list[Change]:
        problem = self.problem
        could = self.near.could[np.searchsorted(self.slots, slot)]
        steps = np.flatnonzero(could > could[STEPS]) - STEPS
        steps = steps[np.lexsort((-steps, np.abs(steps)))]
        # The nearest, and the one at which most could come.
        best = steps[np.argsort(-could[steps + STEPS], kind="stable")][:1]
        if len(tried := steps[: TRIED - 1]) and best[0] not in tried:
            tried = np.append(tried, best)
        start = problem.options.start[problem.slots.option[slot]]
        return [Change("move", slot, d * STEP) for d in tried.tolist() if start + d * STEP >= 0]

    def _levels(self, slot: int) -> list[Change]:
        row, asked, level, lower = self.lacks
        rows = np.flatnonzero((self.untrained.slot[row] == slot) & lower)
        found = []
        for qualification, most in sorted(
            set(zip(asked[rows].tolist(), level[rows].tolist(), strict=True))
        ):
            of = row[rows[asked[rows] == qualification]]
            who, where = self.untrained.volunteer[of], self.untrained.slot[of]
            for less in range(most - 1, 0, -1):
                levels = np.full(len(of), less, np.int32)
                if held(self.problem, who, where, np.full_like(who, qualification), levels).any():
                    found.append(Change("level", slot, less, NOBODY, qualification))
                    break
        return found[:TRIED]

    def _trainings(self, slot: int) -> list[Change]:
        row, asked, level, _ = self.lacks
        rows = np.flatnonzero(self.untrained.slot[row] == slot)
        km, who = self.untrained.km[row[rows]], self.untrained.volunteer[row[rows]]
        order = np.lexsort((who, np.nan_to_num(km)))[:TRIED]
        which = zip(level[rows[order]], who[order], asked[rows[order]], strict=True)
        return [
            Change("train", slot, int(much), int(whom), int(what)) for much, whom, what in which
        ]


def _nearest(kind: str, slot: int, amount: c.Floats | c.Longs, who: c.Ints) -> list[Change]:
    order = np.lexsort((who, amount))[:TRIED]
    return [Change(kind, slot, float(amount[at]), int(who[at])) for at in order.tolist()]


def _unlimited(people: c.Volunteers) -> c.Volunteers:
    return replace(people, travel_km=np.full(len(people), math.inf))
