"""Whom to train: who lacks one qualification alone for empty seats, and what it would gain."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import numpy as np

from matching.answers.changes import Change
from matching.answers.near_misses import empty_slots
from matching.answers.trials import NOTHING, Gain, Trials
from matching.arcs.eligibility import Arcs, eligible, held
from matching.arcs.value import quality
from matching.bounds.pricing import Weeks
from matching.problem import columns as c
from matching.problem.part import joined
from matching.result import Result

Lesson = tuple[str, int]


class Trainees:
    """Who could learn what, in one week.

    Attributes
    ----------
    estimates : dict of (str, int) to dict of str to float
        By qualification and level, and volunteer: what it is worth by the prices; no others.
    """

    def __init__(self, result: Result, time_limit: float) -> None:
        self.trials = Trials(result, time_limit)
        problem = self.trials.problem
        self.slots = empty_slots(result)
        self.changes: dict[tuple[Lesson, str], Change] = {}
        self.estimates: dict[Lesson, dict[str, float]] = {}
        untaught = eligible(replace(problem, needs=problem.needs.take(slice(0))), slots=self.slots)
        known = np.sort(c.combine(result.arcs.volunteer, result.arcs.slot))
        untaught = untaught.take(c.lookup(known, c.combine(untaught.volunteer, untaught.slot)) < 0)
        row, asked, level = self._lacking(untaught)
        base, prices = self._base()
        for key in np.unique(c.combine(asked, level)).tolist():
            lesson, much = key >> 32, (key & 0xFFFFFFFF) - 1
            some = np.unique(row[(asked == lesson) & (level <= much)])
            self._judge(lesson, much, untaught.take(some), base, prices)

    def gain(self, lesson: Lesson, people: Collection[str]) -> Gain:
        """Return what it gains if these learn it; who could not come then gains nothing."""
        found = [self.changes[lesson, who] for who in people if (lesson, who) in self.changes]
        return self.trials.changed(found) if found else NOTHING

    def _lacking(self, arcs: Arcs) -> tuple[c.Longs, c.Ints, c.Ints]:
        """Return who lacks one qualification alone: the arc, which, and at what level."""
        problem = self.trials.problem
        first = c.starts_of(problem.needs.post, len(problem.posts))
        post = problem.slots.post[arcs.slot]
        many = first[post + 1] - first[post]
        need = problem.needs.take(c.ranges(first[post], many))
        row = np.repeat(np.arange(len(arcs)), many)
        lacks = ~held(problem, arcs.volunteer[row], arcs.slot[row], need.qualification, need.level)
        alone = lacks & (np.bincount(row[lacks], minlength=len(arcs)) == 1)[row]
        return row[alone], need.qualification[alone], need.level[alone]

    def _base(self) -> tuple[c.Floats, c.Floats]:
        """Return what everybody's best week is worth by the prices, and every arc's price."""
        problem, arcs = self.trials.problem, self.trials.result.arcs
        prices = self.trials.living.prices().of_arcs(arcs)
        reward = prices + self.trials.living.living.quality
        return Weeks(problem, arcs).best(reward, relaxed=True)[0], reward

    def _judge(self, lesson: int, level: int, new: Arcs, base: c.Floats, reward: c.Floats) -> None:
        """Estimate what it is worth to each volunteer's week, and keep those who gain."""
        problem, old = self.trials.problem, self.trials.result.arcs
        people = np.unique(new.volunteer)
        kept = np.flatnonzero(np.isin(old.volunteer, people))
        arcs = joined(old.take(kept), new)
        posts, number = np.unique(problem.slots.post[new.slot], return_inverse=True)
        gains = np.array([self.trials.gain_at(post) for post in posts.tolist()], np.float64)
        worth = np.append(reward[kept], gains[number] + quality(problem, new))
        order = np.argsort(c.combine(arcs.volunteer, arcs.slot))
        after = Weeks(problem, arcs.take(order)).best(worth[order], relaxed=True)[0]
        more = after[people] - base[people]
        name = str(problem.qualification_ids[lesson]), level
        first = {v: int(s) for v, s in zip(new.volunteer[::-1], new.slot[::-1], strict=True)}
        found = {}
        for who, gain in zip(people[more > 0].tolist(), more[more > 0].tolist(), strict=True):
            volunteer = str(problem.volunteers.id[who])
            found[volunteer] = gain
            self.changes[name, volunteer] = Change("train", first[who], level, who, lesson)
        if found:
            self.estimates[name] = found
