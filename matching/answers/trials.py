"""A week with more people, or people who can do more: what it is worth, by solving it again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from matching.answers.changes import Change, with_changed
from matching.arcs.value import seat_value
from matching.audit import RULES, violations_of
from matching.engine import solve
from matching.errors import UsageError
from matching.flow.living import LivingWeek
from matching.problem import Problem
from matching.problem import columns as c
from matching.problem.part import together
from matching.problem.plan import Plan
from matching.result import Result

_OF_WEEKS = [rule.name for rule in RULES if rule.about == "week"]


class Gain(NamedTuple):
    """What a change of the week gains.

    Attributes
    ----------
    seats, value : int
        The plan found with it, less the plan without.
    at_least, at_most : int
        Between these lies what the best plan gains, by both bounds.
    """

    seats: int
    value: int
    at_least: int
    at_most: int

    def plus(self, other: Gain) -> Gain:
        """Return the gain of two weeks."""
        return Gain(*(a + b for a, b in zip(self, other, strict=True)))


NOTHING = Gain(0, 0, 0, 0)


class Trials:
    """Changes a week, reads what it is worth, and takes the change back.

    Parameters
    ----------
    result : Result
    time_limit : float
        Seconds for each week that has to be planned afresh.
    """

    def __init__(self, result: Result, time_limit: float) -> None:
        self.result, self.problem, self.time_limit = result, result.problem, time_limit
        self.living = LivingWeek(result.problem, result.arcs)
        # Whether the network says it all, and the plan is as good as the network's.
        self.is_proved = self.living.is_exact and self.living.value == result.value
        self.gains: dict[int, int] = {}
        slot = self.living.plan()[1]
        self.filled = np.bincount(self.problem.slots.post[slot], minlength=len(self.problem.posts))

    def gain_at(self, post: int, before: int = 0) -> int:
        """Return what the network's plan gains by one more pair of hands at a post alone.

        With so many new people ``before``, the next seat is worth less by what their values say;
        beyond the last nobody is wanted.
        """
        if post not in self.gains:
            self.gains[post] = self.living.price_of_post(post)[0]
        if not before:
            return self.gains[post]
        next_ = int(self.filled[post]) + 1 + before
        if next_ > self.problem.posts.seats[post]:
            return -c.NO_LIMIT
        both = np.array([post, post], np.int32)
        first, later = seat_value(self.problem, both, np.array([next_ - before, next_]))
        return self.gains[post] - int(first - later)

    def joined(self, parts: Sequence[Problem]) -> Gain:
        """Return what it gains if somebody new takes part: each is the problem of one."""
        found = self._repaired([(None, part) for part in parts]) if self.is_proved else None
        if found is not None:
            return found
        more = [
            replace(part, volunteers=replace(part.volunteers, id=part.volunteers.id + f"-{n}"))
            for n, part in enumerate(parts)
        ]
        return self._afresh(replace(together([self.problem, *more]), pairs=self.problem.pairs))

    def changed(self, changes: Sequence[Change]) -> Gain:
        """Return what it gains if some people, each of them once, can do more."""
        members = [(change.volunteer, self.living.member(change.volunteer)) for change in changes]
        after = [
            (who, with_changed(member, change, 0))
            for change, (who, member) in zip(changes, members, strict=True)
        ]
        found = self._repaired(after) if self.is_proved else None
        if found is not None:
            return found
        problem = self.problem
        for change in changes:
            problem = with_changed(problem, change, change.volunteer)
        return self._afresh(problem)

    def _repaired(self, after: Sequence[tuple[int | None, Problem]]) -> Gain | None:
        """Let the living week change and change back; None if that proves nothing."""
        living, people = self.living, list[tuple[int, Problem]]()
        undo: list[tuple[int, Problem | None]] = []
        value, seats = living.value, len(living.plan()[0])
        try:
            for who, part in after:
                if who is None:
                    number = living.join(part)
                    undo.append((number, None))
                else:
                    undo.append((who, living.member(who)))
                    living.change(who, part)
                    number = who
                people.append((number, part))
            volunteer, slot = living.plan()
            kept = living.is_exact or all(
                _keeps_week(part, slot[volunteer == number]) for number, part in people
            )
            gain = living.value - value
            found = Gain(len(slot) - seats, gain, gain, gain) if kept else None
        except UsageError:
            found = None
        for number, before in reversed(undo):
            if before is None:
                living.leave(number)
            else:
                living.change(number, before)
        return found

    def _afresh(self, problem: Problem) -> Gain:
        """Plan the changed week from where the plan stands."""
        old = self.result
        new = solve(problem, gap=0.0, time_limit=self.time_limit, start=old.plan)
        # The plan is still one: nobody has to do anything else.
        better = new.status in ("optimal", "feasible") and new.value > old.value
        value, filled = (new.value, len(new.plan)) if better else (old.value, len(old.plan))
        return Gain(
            filled - len(old.plan),
            value - old.value,
            max(0, value - old.bound),
            max(value, new.bound) - old.value,
        )


def _keeps_week(part: Problem, slots: c.Ints) -> bool:
    """Tell whether one volunteer's services keep what the network leaves out."""
    plan = Plan(np.zeros_like(slots), slots)
    return violations_of(part, plan, _OF_WEEKS).is_empty()
