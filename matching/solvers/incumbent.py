"""The best plan so far, and the best bound: what any stop of the search ends in."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from matching.arcs.eligibility import Arcs
from matching.audit import value, violations
from matching.problem import Problem
from matching.problem import columns as c
from matching.problem.plan import Plan

# How long past its end the search may still compute what a certificate needs.
_GRACE_SHARE_OF_TIME_LIMIT, _MIN_GRACE_SECONDS = 0.05, 1.0
_GRACE_SECONDS_AFTER_INTERRUPT = 0.5
# A solver that looks at the clock itself may end a little before it is time.
_CLOCK_TOLERANCE_SECONDS = 0.05
# A plan after the flow takes a share of what was spent before, and in plain Python so much a seat.
_SHARE_OF_SPENT, _SECONDS_PER_SEAT = 0.5, 2.5e-5
# What a step may take that the search can do without.
_SHARE_OF_A_FIRST_STEP = 0.1


@dataclass(frozen=True)
class Progress:
    """What is known at a moment of the search.

    Attributes
    ----------
    phase : str
    seconds : float
        Since the start.
    value : int or None
        Of the best plan so far.
    bound : float or None
        No plan is worth more.
    """

    phase: str
    seconds: float
    value: int | None
    bound: float | None

    @property
    def gap(self) -> float | None:
        """``(bound - value) / max(1, value)``."""
        if self.value is None or self.bound is None:
            return None
        return (self.bound - self.value) / max(1, self.value)


class Incumbent:
    """Keeps the best plan that the audit lets through, and the best bound.

    Parameters
    ----------
    time_limit : float
        Seconds, from now.
    gap : float
        The search may end when the relative gap is no larger.
    interrupted : callable
        Asked often; once true, the search ends.
    on_progress : callable
        Receives a `Progress` at every step.
    on_improvement : callable
        Receives a `Progress` when the plan or the bound is better than before.

    Attributes
    ----------
    complete : callable
        Adds to a plan what can be added with a gain: no plan is kept that leaves such a seat empty.
    """

    complete: Callable[[c.Longs], c.Longs] = staticmethod(lambda chosen: chosen)

    def __init__(
        self,
        problem: Problem,
        arcs: Arcs,
        *,
        started: float,
        time_limit: float,
        gap: float,
        interrupted: Callable[[], bool],
        on_progress: Callable[[Progress], None],
        on_improvement: Callable[[Progress], None],
    ) -> None:
        self.problem, self.arcs = problem, arcs
        self.started, self.time_limit, self.gap_limit = started, time_limit, gap
        self.on_progress, self.on_improvement = on_progress, on_improvement
        self._asks, self._asked_at = interrupted, math.inf
        self.chosen = np.empty(0, np.int64)
        self.value: int | None = None
        self.bound = math.inf
        # Whether the clock has cut a step short, or ended the search.
        self.timed_out = False
        if not len(problem.pins):
            # Nobody serving keeps every rule, unless somebody has to.
            self.value = 0

    def offer(self, chosen: c.Longs, phase: str) -> bool:
        """Complete a plan and take it if it is better; False if only a broken rule kept it out."""
        worth = value(self.problem, self.plan_of(chosen))
        # Nothing can be added to the best plan of all.
        completed = chosen if worth >= self.bound else self.complete(chosen)
        for plan in [chosen] if len(completed) == len(chosen) else [completed, chosen]:
            # The value takes a quarter of the time that the rules take.
            plan_value = worth if plan is chosen else value(self.problem, self.plan_of(plan))
            better = self.value is None or plan_value > self.value
            if better and not self._is_feasible(plan):
                continue
            if better:
                self.chosen, self.value = plan, plan_value
                self.on_improvement(self.progress(phase))
            self.report(phase)
            return True
        return False

    def _is_feasible(self, chosen: c.Longs) -> bool:
        return not violations(self.problem, self.plan_of(chosen)).height

    def plan_of(self, chosen: c.Longs) -> Plan:
        """Return the plan of some arcs."""
        return Plan(self.arcs.volunteer[chosen], self.arcs.slot[chosen])

    def prove(self, bound: float, phase: str) -> None:
        """Take a bound; values are whole numbers, so it may be rounded down."""
        # A solver that was stopped early may have no bound at all.
        floored = math.floor(bound + 1e-6) if math.isfinite(bound) else bound
        before, self.bound = self.bound, min(self.bound, floored)
        if self.bound < before:
            self.on_improvement(self.progress(phase))
        self.report(phase)

    def progress(self, phase: str) -> Progress:
        """Return where the search stands."""
        bound = None if math.isinf(self.bound) else self.bound
        return Progress(phase, time.perf_counter() - self.started, self.value, bound)

    def report(self, phase: str) -> None:
        """Report where the search stands."""
        self.on_progress(self.progress(phase))

    @property
    def proved(self) -> bool:
        """Whether the plan is proved optimal."""
        return self.value is not None and self.bound <= self.value

    @property
    def near_enough(self) -> bool:
        """Whether the gap asked for is reached."""
        return self.bound <= self.sufficient_bound

    @property
    def sufficient_bound(self) -> float:
        """The bound that would end the search with the plan there is."""
        if self.value is None:
            return -math.inf
        return self.value + self.gap_limit * max(1, self.value)

    @property
    def seconds_left(self) -> float:
        """How long the search may still go on."""
        return self.started + self.time_limit - time.perf_counter()

    def goes_on(self) -> bool:
        """Tell whether there is still something to gain, and time."""
        return not self.near_enough and not self.stop()

    def stop(self) -> bool:
        """Tell whether the search has to end now, whatever it has."""
        self.timed_out |= self.seconds_left <= _CLOCK_TOLERANCE_SECONDS
        return self.seconds_left <= 0 or self.interrupted()

    def interrupted(self) -> bool:
        """Tell whether the end was asked for; once asked is for good."""
        if math.isinf(self._asked_at) and self._asks():
            self._asked_at = time.perf_counter()
        return math.isfinite(self._asked_at)

    def patience(self) -> Callable[[], bool]:
        """Return what tells when a step before the search has had its share of the time limit."""
        end = time.perf_counter() + _SHARE_OF_A_FIRST_STEP * self.time_limit
        return lambda: time.perf_counter() > end or self.stop()

    def leaves_time_for_a_plan(self) -> Callable[[], bool]:
        """Return what tells when no more time is left than what follows the flow will take.

        That is a share of what was spent until now, and a little for each seat.
        """
        spent = time.perf_counter() - self.started
        needed = _SHARE_OF_SPENT * spent + _SECONDS_PER_SEAT * int(self.problem.posts.seats.sum())

        def ends() -> bool:
            over = self.seconds_left <= needed
            self.timed_out |= over
            return over or self.stop()

        return ends

    def overdue(self) -> bool:
        """Tell whether the end is so long past that nothing more should begin."""
        grace = max(_MIN_GRACE_SECONDS, _GRACE_SHARE_OF_TIME_LIMIT * self.time_limit)
        asked = self._asked_at + _GRACE_SECONDS_AFTER_INTERRUPT
        return -self.seconds_left > grace or (self.interrupted() and time.perf_counter() > asked)
