"""What would fill an empty seat: the smallest single changes that do, each solved again."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import numpy as np
import polars as pl

from matching.answers.candidates import Candidates
from matching.answers.changes import Change, lowered, moved, newcomer, with_changed
from matching.answers.near_misses import empty_slots
from matching.answers.reasons import is_proved, network_of
from matching.answers.standing import keeps_weeks
from matching.arcs.eligibility import Arcs, eligible
from matching.engine import solve
from matching.errors import PolicyError, UsageError
from matching.flow.living import LivingWeek
from matching.problem import Problem
from matching.problem import columns as c
from matching.problem.part import joined, together
from matching.problem.plan import Plan
from matching.result import Result

SCHEMA = {
    "request_id": pl.String,
    "post": pl.String,
    "change": pl.String,
    "amount": pl.Float64,
    "volunteer_id": pl.String,
    "qualification": pl.String,
    "gain": pl.Int64,
}
_OF_SOMEBODY = ("travel", "window", "train")


def remedies(
    result: Result,
    requests: Collection[str] | None = None,
    time_limit: float = 10.0,
    living: LivingWeek | None = None,
) -> pl.DataFrame:
    """Return single changes that fill one more seat of a post, and what the week gains.

    Under network rules the gain is exact: the living week is repaired and put back. Else each
    change is searched for as long as ``time_limit`` says.

    Parameters
    ----------
    result : Result
    requests : collection of str, optional
        The requests to look at; all, if absent.
    time_limit : float
        Seconds for each change that has to be planned afresh.
    living : LivingWeek, optional
        Of the result's week, where it is at hand; it is left as it was.

    Returns
    -------
    polars.DataFrame
        ``request_id``, ``post``; ``change``: ``move`` (the start, by ``amount`` minutes), ``level``
        (ask for level ``amount`` of ``qualification``), ``travel`` (``volunteer_id`` goes
        ``amount`` km), ``window`` (is free for the whole service, ``amount`` minutes more than
        now), ``train`` (holds ``qualification`` at level ``amount``), ``person`` (one more, who
        lives there and can do just this); ``gain`` in value. Of each kind the smallest that fills
        the seat, where one of the first few does; for each post by falling gain.
    """
    problem, slots = result.problem, empty_slots(result)
    if requests is not None:
        asked = problem.requests.id.is_in(list(requests)).to_numpy()
        slots = slots[asked[problem.slots.request[slots]]]
    living = living or network_of(result)
    trial, candidates = _Trial(result, time_limit, living), Candidates(problem, result.arcs, slots)
    tried = (trial.first(changes) for slot in slots.tolist() for changes in candidates.of(slot))
    return _table(problem, [found for found in tried if found is not None])


def _table(problem: Problem, found: list[tuple[Change, int]]) -> pl.DataFrame:
    def name(ids: pl.Series, index: int) -> str | None:
        return None if index < 0 else str(ids[index])

    rows = [
        (
            problem.requests.id[int(problem.slots.request[change.slot])],
            problem.posts.id[int(problem.slots.post[change.slot])],
            change.kind,
            float(change.amount),
            name(problem.volunteers.id, change.volunteer),
            name(problem.qualification_ids, change.qualification),
            gain,
        )
        for change, gain in found
    ]
    frame = pl.DataFrame(rows, schema=SCHEMA, orient="row")
    place = frame.select("request_id", "post").unique(maintain_order=True).with_row_index("place")
    frame = frame.join(place, on=["request_id", "post"], how="left", maintain_order="left")
    return frame.sort("place", "gain", descending=[False, True], maintain_order=True).drop("place")


class _Trial:
    """Makes a change, reads what the week is worth, and takes it back."""

    def __init__(self, result: Result, time_limit: float, living: LivingWeek) -> None:
        self.result, self.problem, self.time_limit = result, result.problem, time_limit
        self.living = living
        self.is_proved = is_proved(result, living)
        self.filled = np.bincount(
            result.problem.slots.post[result.plan.slot], minlength=len(result.problem.posts)
        )

    def first(self, changes: list[Change]) -> tuple[Change, int] | None:
        """Return the first change that fills a seat with a gain, and the gain."""
        for change in changes:
            post = self.problem.slots.post[change.slot]
            # What is pinned has to stay where it is.
            if change.kind == "move" and self._is_pinned(change.slot):
                continue
            found = self._repaired(change) if self._can_repair(change) else self._afresh(change)
            if found is not None:
                value, filled = found
                if value > self.result.value and filled[post] > self.filled[post]:
                    return change, value - self.result.value
        return None

    def _is_pinned(self, slot: int) -> bool:
        requests = self.problem.posts.request[self.problem.pins.post]
        return bool((requests == self.problem.slots.request[slot]).any())

    def _can_repair(self, change: Change) -> bool:
        of_people = change.kind in _OF_SOMEBODY or change.kind == "person"
        return self.is_proved and of_people and not self.problem.policy.only_listed

    def _repaired(self, change: Change) -> tuple[int, c.Longs] | None:
        """Let the living week change and change back; None if it cannot be, or is not proved."""
        living, who, before = self.living, change.volunteer, None
        try:
            if change.kind == "person":
                after = newcomer(self.problem, self.living.living.parts, change.slot)
                who = living.join(after)
            else:
                before = living.member(who)
                after = with_changed(before, change, 0)
                living.change(who, after)
        except UsageError:
            return None
        volunteer, slot = living.plan()
        mine = slot[volunteer == who]
        kept = living.is_exact or keeps_weeks(after, Plan(np.zeros_like(mine), mine))
        found = (living.value, self._counted(slot)) if kept else None
        if before is None:
            living.leave(who)
        else:
            living.change(who, before)
        return found

    def _afresh(self, change: Change) -> tuple[int, c.Longs] | None:
        """Plan the changed week; None if there is no plan, or it is not proved."""
        problem, arcs = self._changed(change)
        if not self.is_proved:
            try:
                result = solve(problem, gap=0.0, time_limit=self.time_limit)
            except PolicyError:  # districts cannot be served alike in a week so changed
                return None
            found = result.status in ("optimal", "feasible")
            return (result.value, self._counted(result.plan.slot)) if found else None
        living = LivingWeek(problem, arcs)
        plan = Plan(*living.plan())
        if living.is_exact or (living.all_trees and keeps_weeks(problem, plan)):
            return living.value, self._counted(plan.slot)
        return None

    def _changed(self, change: Change) -> tuple[Problem, Arcs]:
        """Return the changed week, and its arcs."""
        problem = self.problem
        if change.kind in ("move", "level"):
            new = (moved if change.kind == "move" else lowered)(problem, change)
            here = problem.slots.request == problem.slots.request[change.slot]
            others = self.result.arcs.take(~here[self.result.arcs.slot])
            arcs = joined(others, eligible(new, slots=np.flatnonzero(here).astype(np.int32)))
            return new, arcs.take(np.argsort(c.combine(arcs.volunteer, arcs.slot)))
        if change.kind == "person":
            both = together([problem, newcomer(problem, self.living.living.parts, change.slot)])
            new = replace(both, pairs=problem.pairs)
        else:
            new = with_changed(problem, change, change.volunteer)
        return new, eligible(new)

    def _counted(self, slot: c.Ints) -> c.Longs:
        return np.bincount(self.problem.slots.post[slot], minlength=len(self.problem.posts))
