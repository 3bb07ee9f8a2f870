"""Whom to recruit: what one, two or five more people of a kind are worth to a week."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np

from matching.answers.changes import newcomer
from matching.answers.lacking import Kind, Missing, missing_kinds
from matching.answers.trials import NOTHING, Gain, Trials
from matching.bounds.pricing import Weeks
from matching.problem import Problem
from matching.problem import columns as c
from matching.result import Result


class Recruits:
    """The kinds of people who are missing in one week.

    Attributes
    ----------
    estimates : dict of Kind to float
        What one of each is worth by the prices.
    """

    def __init__(self, result: Result, time_limit: float) -> None:
        self.trials = Trials(result, time_limit)
        self.missing = missing_kinds(result)
        self.estimates = {kind: self._estimate(at) for kind, at in self.missing.items()}

    def gain(self, kind: Kind, people: int) -> Gain:
        """Return what so many of a kind gain; nothing, where no such seat is empty."""
        if kind not in self.missing:
            return NOTHING
        return self.trials.joined([self._person(self.missing[kind])] * people)

    def _person(self, at: Missing) -> Problem:
        """Return the part of somebody who lives there, can do this, and is free for the half day.

        They go as far and serve as often as the policy says of people who say nothing.
        """
        part = newcomer(self.trials.problem, self.trials.living.living.parts, at.slot)
        zero = np.zeros(1, np.int32)
        start, end = (np.array([minute], np.int32) for minute in at.free)
        return replace(part, windows=c.Windows(zero, start, end, zero))

    def estimate(self, kind: Kind, people: int) -> float:
        """Return what so many are worth by the prices.

        Each has the best week, paid at each post what one more there gains; whoever comes after
        others finds the next seat there, of less value, or none.
        """
        return self._estimate(self.missing[kind], people) if kind in self.missing else 0.0

    def _estimate(self, at: Missing, people: int = 1) -> float:
        trials = self.trials
        member = trials.living.living.found(self._person(at))
        if not len(member.arcs):
            return 0.0
        post = trials.problem.slots.post[member.arcs.slot]
        gain = {n: trials.gain_at(n) for n in np.unique(post).tolist()}
        weeks, taken, total = Weeks(member.part, member.arcs), Counter[int](), 0.0
        for _ in range(people):
            paid = np.array([gain[n] for n in post.tolist()], np.float64)
            value, chosen = weeks.best(paid + member.quality)
            total += float(value[0])
            for n in post[chosen].tolist():
                taken[n] += 1
                gain[n] = trials.gain_at(n, taken[n])
        return total
