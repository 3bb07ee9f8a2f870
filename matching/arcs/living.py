"""Who may serve where while the week changes: arcs of those who changed, and at what is new."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from matching.arcs.crowd import Asked, Crowd, asked_of, asked_of_all, crowd_of, mask_of, reached
from matching.arcs.eligibility import Arcs, eligible, merged_windows
from matching.arcs.few import eligible_few, judged
from matching.arcs.other_weeks import served_elsewhere
from matching.arcs.pair_rules import Pairs
from matching.arcs.pinned import pinned_arcs
from matching.arcs.spatial import Places, distance_km
from matching.arcs.value import quality
from matching.problem import Problem
from matching.problem import columns as c
from matching.problem.part import Parts, joined, together, with_copy

_DEMAND = ("requests", "options", "posts", "needs", "slots", "team_rules")
# A limit itself is within reach, whatever floats make of it.
_ROUNDING = 1 + 1e-6


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
        # What all slots ask of one volunteer, until there are more of them.
        self.asked: Asked | None = None
        # Of those who are as they were at first, at requests that came later.
        self.later, self.later_quality = self.arcs.take(slice(0)), self.quality[:0]

    @cached_property
    def crowd(self) -> tuple[Places, Crowd]:
        """Where those live, and when they are free, who were there from the first."""
        people = self.problem.volunteers
        places = Places(people.lat, people.lon, people.travel_km)
        return places, crowd_of(self.problem, places, merged_windows(self.problem.windows))

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
        more = np.flatnonzero(np.isin(self.later.volunteer, volunteers))
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

    def copy_request(self, request: int, changes: dict[str, Any]) -> tuple[c.Longs, list[int]]:
        """Add a request that is like another; see `part.with_copy`.

        Returns
        -------
        as_at_first : int64 array
            Who may serve it, of those who have not changed.
        others : list of int
            Who of all others lives near enough; what they can do is not looked at yet.
        """
        before = len(self.problem.slots)
        self.problem, self.asked = with_copy(self.problem, request, **changes), None
        slots = np.arange(before, len(self.problem.slots), dtype=np.int32)
        who, which = self._near(slots)
        near, number = np.unique(who.astype(np.int64), return_inverse=True)
        part = self.part(self.parts.of(near))
        found = judged(part, number.astype(np.int32), which)
        self.later_quality = np.append(self.later_quality, quality(part, found))
        found = replace(found, volunteer=near[found.volunteer].astype(np.int32))
        self.later = joined(self.later, found)
        return np.unique(found.volunteer).astype(np.int64), self._moved_near(slots)

    def _near(self, slots: c.Ints) -> Pairs:
        """Return who was there from the first, has not changed, and is near some new slots."""
        places, crowd = self.crowd
        asked = asked_of(self.problem, places, slots)
        people = np.arange(len(self.problem.volunteers), dtype=np.int32)
        people = people[~np.isin(crowd.who, list(self.members))]
        who, which = np.empty((2, len(people) * len(slots)), np.int32)
        count = np.zeros((len(slots), 3), np.int64)
        rows = np.arange(len(slots))
        mask = mask_of(crowd, people)
        _, found = reached(crowd, asked, mask, rows, 0, (0, 0), who, which, count)
        return who[:found], slots[which[:found]]

    def _moved_near(self, slots: c.Ints) -> list[int]:
        """Return who has changed, or come later, and lives near enough to some new slots."""
        here = [(v, m.part.volunteers) for v, m in self.members.items() if m.is_here]
        if not here:
            return []
        lat, lon, reach = (
            np.array([getattr(people, name)[0] for _, people in here])
            for name in ("lat", "lon", "travel_km")
        )
        requests = self.problem.requests.take(np.unique(self.problem.slots.request[slots]))
        km = distance_km(lat[:, None], lon[:, None], requests.lat, requests.lon)
        far = (km > reach[:, None] * _ROUNDING).all(axis=1)
        return [here[i][0] for i in np.flatnonzero(~far).tolist()]
