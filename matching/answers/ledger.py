"""All that answers are read from: a solved week, indexed once and never changed."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
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

# What does not change as long as the arcs do not.
_OF_ARCS = ("by_slot", "slots", "slots_of")


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
    fit : int64 array, shape (arcs,)
    need : float64 array, shape (arcs,)
        The price of the seat, less what quotas charge.
    book : Book
    planned : int64 array
        The arcs of the plan.
    weeks : Weeks
    """

    problem: Problem
    arcs: Arcs
    plan: Plan
    prices: Prices
    terms: Terms
    fit: c.Longs
    need: c.Floats
    book: Book
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
        same: Ledger | None = None,
    ) -> Ledger:
        """Index a solved week, of which terms may be at hand, or a ledger of the same arcs."""
        parts = parts or terms(problem, arcs)
        fit = np.sum(parts, axis=0)
        need = prices.of_arcs(arcs) - prices.charge(problem)[arcs.volunteer]
        book = book_of(problem, arcs, fit + need)
        planned = arcs_of_plan(problem, arcs, plan)
        weeks = Weeks(problem, arcs) if same is None else same.weeks
        ledger = cls(problem, arcs, plan, prices, parts, fit, need, book, planned, weeks)
        if same is not None:
            found = same.__dict__
            ledger.__dict__.update({name: found[name] for name in _OF_ARCS if name in found})
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
