"""What pins take of seats and quotas while a week changes, and what they are worth."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from matching.arcs.eligibility import Arcs
from matching.arcs.living import Member
from matching.arcs.value import first_load, seat_value
from matching.audit.pins import settled
from matching.bounds.clusters import Clusters
from matching.errors import DataError, UsageError
from matching.flow.taken import people_value, services_below
from matching.problem import Problem
from matching.problem import columns as c


class PinnedPlaces:
    """The seats and the places in quotas that pins hold.

    Attributes
    ----------
    seats : int64 array, shape (posts,)
    below : int64 array, shape (organisations,)
    value : int
        What all pinned services are worth by themselves.
    """

    def __init__(self, problem: Problem, arcs: Arcs, pinned: c.Longs, value: int) -> None:
        post = problem.slots.post[arcs.slot[pinned]]
        self.seats = np.bincount(post, minlength=len(problem.posts))
        whose = problem.volunteers.organisation[arcs.volunteer[pinned]]
        self.below = services_below(problem, whose)
        self.value = value

    def refuse(
        self, problem: Problem, member: Member, clusters: Clusters, before: Member | None
    ) -> None:
        """Refuse a volunteer whose pins cannot stay, alone or beside those of others.

        Raises
        ------
        UsageError
        """
        if not len(member.part.pins):
            return
        if not _go_together(member, clusters):
            # What was said after the tables were read has no row there; here each pin has its own.
            said = member.part.earlier
            said = replace(said, row=np.arange(len(said), dtype=np.int32))
            try:
                settled(replace(member.part, earlier=said, on_error="raise"))
            except DataError as error:
                why = error.faults["message"][0]
                raise UsageError(f"what is pinned cannot stay: {why}") from None
        seats, below = self.seats.copy(), self.below + pinned_below(member)
        np.add.at(seats, pinned_posts(problem, member), 1)
        if before is not None:
            np.subtract.at(seats, pinned_posts(problem, before), 1)
            below -= pinned_below(before)
        requests, organisations = problem.requests.id, problem.organisations
        for at in problem.posts.request[seats > problem.posts.seats].tolist():
            raise UsageError(f"what is pinned cannot stay: request {requests[at]} has no seat left")
        for at in np.flatnonzero(below > organisations.max_seats).tolist():
            name = organisations.id[at]
            raise UsageError(f"what is pinned cannot stay: the quota of {name} is full")

    def take(self, problem: Problem, member: Member, times: int) -> None:
        """Take what a volunteer's pins hold, or give it back, where ``times`` is -1."""
        arcs, quality = member.arcs.take(member.pinned), member.quality[member.pinned]
        load = first_load(member.part)
        self.value += times * people_value(member.part, arcs.volunteer, quality, load)
        self.below += times * pinned_below(member)
        posts, count = np.unique(pinned_posts(problem, member), return_counts=True)
        for post, pins in zip(posts.tolist(), count.tolist(), strict=True):
            self.value -= self.value_of_seats(problem, post)
            self.seats[post] += times * pins
            self.value += self.value_of_seats(problem, post)

    def value_of_seats(self, problem: Problem, post: int) -> int:
        """Return what the pinned seats of a post are worth: they are the first."""
        k = np.arange(1, self.seats[post] + 1)
        return int(seat_value(problem, np.full(len(k), post, np.int32), k).sum())


def pinned_posts(problem: Problem, member: Member) -> c.Ints:
    """Return the post of each service pinned to one volunteer."""
    return problem.slots.post[member.arcs.slot[member.pinned]]


def pinned_below(member: Member) -> c.Longs:
    """Return how many services pinned to one volunteer count for each organisation."""
    whose = member.part.volunteers.organisation[member.arcs.volunteer[member.pinned]]
    return services_below(member.part, whose)


def _go_together(member: Member, clusters: Clusters) -> bool:
    """Tell whether all pins of a volunteer can surely stay: a tree is all there is to keep."""
    people, used = member.part.volunteers, clusters.of_arc[member.pinned]
    in_group = np.bincount(clusters.group[used])[clusters.group[used]]
    return bool(
        clusters.tree[0]
        and len(member.pinned) == len(member.part.pins) == len(np.unique(used))
        and len(used) <= people.max_shifts[0]
        and (in_group <= clusters.most[used]).all()
    )
