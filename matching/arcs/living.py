"""Who may serve where while the week changes: arcs of those who changed, and at what is new."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal, NamedTuple

import numpy as np

from matching.arcs.crowd import Asked, asked_of_all
from matching.arcs.eligibility import Arcs, eligible
from matching.arcs.few import eligible_few, judged
from matching.arcs.layout import Layout
from matching.arcs.moved import Moved
from matching.arcs.other_weeks import served_elsewhere
from matching.arcs.pinned import pinned_arcs
from matching.arcs.value import quality
from matching.problem import Problem
from matching.problem import columns as c
from matching.problem.part import Parts, joined, together, with_copy

_DEMAND = ("requests", "options", "posts", "needs", "slots", "team_rules")
_ENDS: tuple[Literal["left", "right"], ...] = ("left", "right")
_TIMES = ("start", "end")


@dataclass(frozen=True, eq=False)
class Member:
    """A volunteer as they are now.

    Attributes
    ----------
    part : Problem
        The volunteer alone, number 0 of it.
    arcs : Arcs
        Of volunteer 0.
    quality : int64 array, shape (arcs,)
    pinned : int64 array
        The arcs that have to be in the plan.
    is_here : bool
        Whether they take part at all.
    """

    part: Problem
    arcs: Arcs
    quality: c.Longs
    pinned: c.Longs
    is_here: bool = True

    def gone(self) -> Member:
        """Return the same volunteer, who takes no part any more."""
        none = slice(0)
        arcs, quality = self.arcs.take(none), self.quality[none]
        return Member(self.part, arcs, quality, self.pinned[none], is_here=False)


class Crew(NamedTuple):
    """Some volunteers as they are now.

    Attributes
    ----------
    volunteers : int64 array
        Their numbers, in the order of the part's.
    part : Problem
        These alone.
    arcs, quality, pinned
        As in `Member`.
    """

    volunteers: c.Longs
    part: Problem
    arcs: Arcs
    quality: c.Longs
    pinned: c.Longs


class LivingArcs:
    """The arcs of a week through all its changes.

    Parameters
    ----------
    problem : Problem
    arcs : Arcs, optional
        The eligible arcs, where they are at hand.

    Attributes
    ----------
    problem : Problem
        Its requests and seats are as they are now, its volunteers as they were at first.
    members : dict of int to Member
        Those who changed or came later, by their number.
    """

    def __init__(self, problem: Problem, arcs: Arcs | None = None) -> None:
        self.problem, self.parts = problem, Parts(problem)
        self.arcs = eligible(problem) if arcs is None else arcs
        self.quality = quality(problem, self.arcs)
        self.pinned = np.unique(pinned_arcs(problem, self.arcs)[1])
        self.first = c.starts_of(self.arcs.volunteer, len(problem.volunteers))
        self.members: dict[int, Member] = {}
        self.moved = Moved()
        # What all slots ask of one volunteer, until there are more of them.
        self.asked: Asked | None = None
        # Of those who are as they were at first, at requests that came later.
        self.later, self.later_quality = self.arcs.take(slice(0)), self.quality[:0]

    @cached_property
    def layout(self) -> Layout:
        """Those who were there from the first, as they were then."""
        return Layout(self.problem)

    def part(self, part: Problem) -> Problem:
        """Return the problem of some volunteers with the requests as they are now."""
        return replace(part, **{name: getattr(self.problem, name) for name in _DEMAND})

    def member(self, volunteer: int) -> Member:
        """Return a volunteer as they are now."""
        if volunteer in self.members:
            member = self.members[volunteer]
            return replace(member, part=self.part(member.part))
        one = np.array([volunteer])
        return Member(self.part(self.parts.of(one)), *self.of(one))

    def put(self, volunteer: int, member: Member) -> None:
        """Let a volunteer be as they are in ``member`` from now on."""
        self.members[volunteer] = member
        self.moved.put(volunteer, member.part.volunteers, is_here=member.is_here)

    def is_pinned(self, volunteer: int) -> bool:
        """Tell whether a volunteer is pinned anywhere."""
        if volunteer in self.members:
            return len(self.members[volunteer].pinned) > 0
        first, last = np.searchsorted(self.pinned, self.first[volunteer : volunteer + 2])
        return bool(last > first)

    def found(self, part: Problem) -> Member:
        """Find what one volunteer can do now, who is number 0 of a part."""
        part = self.part(part)
        if self.asked is None:
            self.asked = asked_of_all(part)
        arcs = eligible_few(part, self.asked)
        arcs = arcs.take(~served_elsewhere(self.problem)[part.slots.request[arcs.slot]])
        return Member(part, arcs, quality(part, arcs), np.unique(pinned_arcs(part, arcs)[1]))

    def of(self, volunteers: c.Longs) -> tuple[Arcs, c.Longs, c.Longs]:
        """Return arcs, quality and pins of some who are as they were at first."""
        count = self.first[volunteers + 1] - self.first[volunteers]
        rows = c.ranges(self.first[volunteers], count)
        ends = (np.searchsorted(self.later.volunteer, volunteers, side) for side in _ENDS)
        begin, end = (end.astype(np.int64) for end in ends)
        more = c.ranges(begin, end - begin)
        arcs = joined(self.arcs.take(rows), self.later.take(more))
        value = np.append(self.quality[rows], self.later_quality[more])
        pinned = np.append(np.isin(rows, self.pinned), np.zeros(len(more), bool))
        order = np.argsort(c.combine(arcs.volunteer, arcs.slot))
        number = np.searchsorted(volunteers, arcs.volunteer).astype(np.int32)
        arcs = replace(arcs, volunteer=number).take(order)
        return arcs, value[order], np.flatnonzero(pinned[order])

    def snapshot(self) -> tuple[Problem, c.Longs]:
        """Return the week as it is now, and the number of each volunteer in it."""
        base = np.setdiff1d(np.arange(len(self.problem.volunteers)), list(self.members))
        here = [v for v, member in self.members.items() if member.is_here]
        parts = [self.parts.of(base), *(self.members[v].part for v in here)]
        return self.part(together(parts)), np.append(base, here).astype(np.int64)

    def set_seats(self, post: int, seats: int) -> None:
        """Let a post have another number of seats."""
        now = self.problem.posts.seats.copy()
        now[post] = seats
        self.problem = replace(self.problem, posts=replace(self.problem.posts, seats=now))

    def copy_request(self, request: int, changes: dict[str, Any]) -> Crew:
        """Add a request that is like another, see `part.with_copy`; return who may serve it.

        Of some it may turn out that they cannot.
        """
        before = len(self.problem.slots)
        self.problem, self.asked = with_copy(self.problem, request, **changes), None
        slots = np.arange(before, len(self.problem.slots), dtype=np.int32)
        unchanged, part = self._offered_to_unchanged(slots)
        moved = self._offered_to_moved(slots)
        theirs = [self.members[v] for v in moved]
        arcs, value, pinned = self.of(unchanged)
        parts, pins, number = [arcs], [pinned], len(unchanged)
        for member in theirs:
            pins.append(member.pinned + sum(len(each) for each in parts))
            parts.append(_numbered(member.arcs, number))
            number += 1
        return Crew(
            np.append(unchanged, moved).astype(np.int64),
            self.part(together([part, *(member.part for member in theirs)])),
            joined(*parts),
            np.concatenate([value, *(member.quality for member in theirs)]),
            np.concatenate(pins),
        )

    def _offered_to_unchanged(self, slots: c.Ints) -> tuple[c.Longs, Problem]:
        """Find who was there from the first, has not changed, and could serve some new slots."""
        changed = self.moved.who[self.moved.who < len(self.problem.volunteers)]
        who, which = self.layout.fitting(self.problem, slots, changed)
        near, number = np.unique(who.astype(np.int64), return_inverse=True)
        part = self.part(self.parts.of(near))
        found = judged(part, number.astype(np.int32), which)
        whose = near[found.volunteer].astype(np.int32)
        # New slots have the highest numbers: they come after all others of each volunteer.
        at = np.searchsorted(self.later.volunteer, whose, "right")
        known = self.later
        self.later = Arcs(
            np.insert(known.volunteer, at, whose),
            np.insert(known.slot, at, found.slot),
            np.insert(known.km, at, found.km),
        )
        self.later_quality = np.insert(self.later_quality, at, quality(part, found))
        return near, part

    def _offered_to_moved(self, slots: c.Ints) -> list[int]:
        """Find who has changed, or come later, and could serve some new slots."""
        near = self._moved_near(slots)
        if not near:
            return []
        part = self.part(together([self.members[v].part for v in near]))
        found = eligible_few(part, slots=slots.astype(np.int64))
        value, first = quality(part, found), c.starts_of(found.volunteer, len(near))
        some = np.flatnonzero(np.diff(first)).tolist()
        for n in some:
            member, rows = self.members[near[n]], slice(first[n], first[n + 1])
            self.members[near[n]] = replace(
                member,
                arcs=joined(member.arcs, _numbered(found.take(rows), 0)),
                quality=np.append(member.quality, value[rows]),
            )
        return [near[n] for n in some]

    def _moved_near(self, slots: c.Ints) -> list[int]:
        """Return who has changed, or come later, and may be near and free at some new slots."""
        near = self.moved.near(
            self.problem.requests.take(np.unique(self.problem.slots.request[slots]))
        )
        windows = [self.members[v].part.windows for v in near]
        if not windows:
            return []
        whose = np.repeat(np.arange(len(near)), [len(some) for some in windows])
        start, end = (np.concatenate([getattr(w, name) for w in windows]) for name in _TIMES)
        begin = self.problem.options.start[np.unique(self.problem.slots.option[slots])]
        free = ((start <= begin[:, None]) & (begin[:, None] < end)).any(axis=0)
        return [near[n] for n in np.unique(whose[free]).tolist()]


def _numbered(arcs: Arcs, volunteer: int) -> Arcs:
    """Return arcs of one volunteer, who has another number."""
    return replace(arcs, volunteer=np.full(len(arcs), volunteer, np.int32))
