"""All that answers are read from: a solved week, indexed once as they are asked, never changed."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property, reduce
from threading import RLock

import numpy as np
import polars as pl

from matching.answers.beside import Book, book_of
from matching.answers.elsewhere import tops_of
from matching.answers.given import Beside, Given, arcs_of_plan, beside
from matching.arcs.eligibility import Arcs
from matching.arcs.value import Terms, terms
from matching.bounds.prices import Prices
from matching.bounds.pricing import Weeks
from matching.problem import Problem
from matching.problem import columns as c
from matching.problem.plan import Plan, local_times, slot_keys

# What does not change as long as the slots do not.
_OF_SLOTS = ("slots", "slots_of")


@dataclass(frozen=True, eq=False)
class Ledger:
    """A solved week as arcs, with what each is worth.

    Attributes
    ----------
    problem : Problem
    arcs : Arcs
    plan : Plan
    prices : Prices
    terms : Terms
        What the fit of each arc is the sum of.
    planned : int64 array
        The arcs of the plan.
    weeks : Weeks
    """

    problem: Problem
    arcs: Arcs
    plan: Plan
    prices: Prices
    terms: Terms
    planned: c.Longs
    weeks: Weeks
    _sides: dict[Given, Beside] = field(default_factory=dict)
    _lock: RLock = field(default_factory=RLock)

    @classmethod
    def of(
        cls,
        problem: Problem,
        arcs: Arcs,
        plan: Plan,
        prices: Prices,
        parts: Terms | None = None,
        before: Ledger | None = None,
        *,
        same: bool = False,
    ) -> Ledger:
        """Index a solved week, of which terms may be at hand, and the ledger before a change.

        With ``same`` the arcs are those from before, and the limits of weeks.
        """
        parts = parts or terms(problem, arcs)
        planned = arcs_of_plan(problem, arcs, plan)
        weeks = before.weeks if before and same else Weeks(problem, arcs)
        ledger = cls(problem, arcs, plan, prices, parts, planned, weeks)
        if before is not None:
            known = _OF_SLOTS if problem.slots is before.problem.slots else ()
            names = (*known, "by_slot") if same else known
            found = before.__dict__
            ledger.__dict__.update({name: found[name] for name in names if name in found})
        return ledger

    def arc_of(self, volunteer: int, slot: int) -> int:
        """Return the arc of somebody who may serve there."""
        first, last = self.book.first[volunteer : volunteer + 2]
        return int(first + np.searchsorted(self.arcs.slot[first:last], slot))

    def beside(self, given: Given) -> Beside:
        """Return what stands beside what is given; it is found once."""
        with self._lock:
            if given not in self._sides:
                self._sides[given] = beside(self.problem, self.arcs, self.book, self.planned, given)
            return self._sides[given]

    @cached_property
    def fit(self) -> c.Longs:
        """The fit of each arc."""
        return reduce(np.add, self.terms)

    @cached_property
    def need(self) -> c.Floats:
        """The price of each arc's seat, less what quotas charge."""
        charge = self.prices.charge(self.problem)
        return self.prices.of_arcs(self.arcs) - charge[self.arcs.volunteer]

    @cached_property
    def book(self) -> Book:
        """What the compiled loops read."""
        return book_of(self.problem, self.arcs, self.fit + self.need)

    @cached_property
    def by_slot(self) -> tuple[c.Longs, c.Longs]:
        """The arcs sorted by slot, and where those of each slot begin."""
        order = np.argsort(self.arcs.slot, kind="stable")
        return order, c.starts_of(self.arcs.slot[order], len(self.problem.slots))

    @cached_property
    def tops(self) -> c.Floats:
        """The reward of the best arc of each cluster."""
        return tops_of(self.weeks, self.book.reward)

    @cached_property
    def slots(self) -> pl.DataFrame:
        """``request_id``, ``post``, ``option``, ``start`` and ``end`` of every slot."""
        keys = slot_keys(self.problem)
        times: pl.DataFrame = local_times(self.problem)[self.problem.slots.option]
        return keys.hstack(times)

    @cached_property
    def slots_of(self) -> c.Longs:
        """Where the slots of each request begin."""
        return c.starts_of(self.problem.slots.request, len(self.problem.requests))
