"""The pair rules about what was said of single pairs, and what people do in other weeks."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from matching.arcs.other_weeks import Edges
from matching.problem import Problem
from matching.problem import columns as c
from matching.schema import STATUSES, SUBJECTS

_DECLINED = STATUSES.index("declined")
_AGREED = (STATUSES.index("pinned"), STATUSES.index("accepted"))

# Volunteers and slots, index by index.
Pairs = tuple[c.Ints, c.Ints]


class Sieve:
    """Takes out of some pairs those that such a rule forbids, rule by rule."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.bans, self.edges = _Bans(problem), Edges(problem)

    def sieve(self, volunteer: c.Ints, slot: c.Ints) -> Iterator[tuple[str, c.Ints, c.Ints]]:
        """Apply the rules one by one: yield the name of each and the pairs it leaves."""
        for name, rule in (
            ("never", self.bans.never_said),
            ("declined", self.bans.declined),
            ("consent", self.bans.consents),
            ("only_listed", self.bans.listed),
            ("already_served", self.edges.unserved),
            ("other_week", self.edges.apart),
        ):
            fits = rule(volunteer, slot)
            if not fits.all():
                volunteer, slot = volunteer[fits], slot[fits]
            yield name, volunteer, slot

    def kept(self, volunteer: c.Ints, slot: c.Ints) -> Pairs:
        """Return the pairs that keep all other rules."""
        *_, (_, volunteer, slot) = self.sieve(volunteer, slot)
        return volunteer, slot


class _Bans:
    """Rules about single pairs; each method tells which pairs it leaves."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        likes = problem.preferences.take(problem.preferences.never)
        self.never = [
            (subject_codes(problem, subject), np.sort(c.combine(rows.volunteer, rows.code)))
            for subject in np.unique(likes.subject).tolist()
            if len(rows := likes.take(likes.subject == subject))
        ]
        self.who_never = np.zeros(len(problem.volunteers), np.bool_)
        self.who_never[likes.volunteer] = True
        self.spoken = self.who_never.copy()
        self.spoken[problem.earlier.volunteer[problem.earlier.status == _DECLINED]] = True
        self.answered_no = Answers(problem, (_DECLINED,))
        self.agreed = Answers(problem, _AGREED)
        scores = problem.affinities
        of_request = scores.take(scores.post < 0)
        of_post = scores.take(scores.post >= 0)
        self.listed_requests = np.sort(c.combine(of_request.volunteer, of_request.request))
        self.listed_posts = np.sort(c.combine(of_post.volunteer, of_post.post))

    def never_said(self, volunteer: c.Ints, slot: c.Ints) -> c.Bools:
        """Refuse what the volunteer never does."""
        allowed: c.Bools = np.ones(len(slot), np.bool_)
        rows = np.flatnonzero(self.who_never[volunteer])
        for codes, keys in self.never:
            found = c.lookup(keys, c.combine(volunteer[rows], codes[slot[rows]])) >= 0
            allowed[rows[found]] = False
        return allowed

    def declined(self, volunteer: c.Ints, slot: c.Ints) -> c.Bools:
        """Refuse what the volunteer declined before."""
        return ~self.answered_no.among(volunteer, slot)

    def consents(self, volunteer: c.Ints, slot: c.Ints) -> c.Bools:
        """Refuse volunteers who are not to be asked, but for what they agreed to."""
        refuses = self.problem.volunteers.refuses[volunteer]
        if refuses.any():
            refuses[refuses] = ~self.agreed.among(volunteer[refuses], slot[refuses])
        return ~refuses

    def listed(self, volunteer: c.Ints, slot: c.Ints) -> c.Bools:
        """Refuse pairs without an affinity, where the policy wants only listed ones."""
        allowed: c.Bools = np.ones(len(slot), np.bool_)
        if self.problem.policy.only_listed:
            slots = self.problem.slots
            allowed = c.lookup(self.listed_requests, c.combine(volunteer, slots.request[slot])) >= 0
            allowed |= c.lookup(self.listed_posts, c.combine(volunteer, slots.post[slot])) >= 0
        return allowed


class Answers:
    """Earlier assignments of some statuses, to be found by volunteer and slot."""

    def __init__(self, problem: Problem, statuses: tuple[int, ...]) -> None:
        self.slots, earlier = problem.slots, problem.earlier
        self.by_slot = self.by_post = np.empty(0, np.int64)
        if not len(earlier):
            return
        earlier = earlier.take(np.isin(earlier.status, statuses))
        # A slot is known by post and option; an answer without option holds at any.
        named = earlier.take(earlier.option >= 0)
        slot_keys = c.combine(problem.slots.post, problem.slots.option)
        at = c.lookup(slot_keys, c.combine(named.post, named.option))
        self.by_slot = np.sort(c.combine(named.volunteer[at >= 0], at[at >= 0]))
        anyway = earlier.take(earlier.option < 0)
        self.by_post = np.sort(c.combine(anyway.volunteer, anyway.post))

    def among(self, volunteer: c.Ints, slot: c.Ints) -> c.Bools:
        """Tell which pairs have an answer."""
        found: c.Bools = np.zeros(len(slot), np.bool_)
        if len(self.by_slot):
            found |= c.lookup(self.by_slot, c.combine(volunteer, slot)) >= 0
        if len(self.by_post):
            found |= c.lookup(self.by_post, c.combine(volunteer, self.slots.post[slot])) >= 0
        return found


def subject_codes(problem: Problem, subject: int) -> c.Ints:
    """Return, for each slot, the code of what it is in a subject of preferences."""
    requests, slots = problem.requests, problem.slots
    name = SUBJECTS[subject]
    if name == "post":
        return problem.posts.name[slots.post]
    column = "ordering_organisation" if name == "organisation" else name
    codes: c.Ints = getattr(requests, column)[slots.request]
    return codes
