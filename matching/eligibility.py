"""Who may serve where: every pair rule, for every volunteer and every slot, as arcs.

Slots that ask the same of people at about the same time are handled together: first the volunteers
who qualify and could be there, then those near enough, then the exact times and the rest.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from matching import columns as c
from matching.geometry import Places, distance_km
from matching.problem import Problem
from matching.schema import STATUSES, SUBJECTS

# Starts within one bin of this length are handled together; a half-day of service falls in one.
_BIN_MINUTES = 240
_DECLINED = STATUSES.index("declined")
_AGREED = (STATUSES.index("pinned"), STATUSES.index("accepted"))


@dataclass(frozen=True)
class Arcs(c.Columns):
    """The eligible pairs, sorted by volunteer and slot.

    Attributes
    ----------
    volunteer, slot : int32 arrays, shape (arcs,)
    km : float64 array, shape (arcs,)
        Distance between the two places; NaN where one is unknown.
    """

    volunteer: c.Ints
    slot: c.Ints
    km: c.Floats


def eligible(problem: Problem) -> Arcs:
    """Return every arc that keeps all pair rules.

    Work grows with the volunteers who qualify for a group of slots and with the pairs that are near
    enough, never with volunteers times slots.
    """
    finder = _Finder(problem)
    blocks = [block for group in finder.groups() for block in finder.pairs(group)]
    if not blocks:
        return Arcs(np.empty(0, np.int32), np.empty(0, np.int32), np.empty(0))
    volunteer, slot, km = (np.concatenate(column) for column in zip(*blocks, strict=True))
    order = np.argsort(volunteer.astype(np.int64) * len(problem.slots) + slot)
    return Arcs(volunteer[order], slot[order], km[order])


@dataclass(frozen=True)
class _Group:
    slots: c.Ints
    candidates: c.Ints  # positions in the order of `Places`
    one_time: bool


class _Finder:
    """Finds the arcs of one problem, one method per pair rule."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        people = problem.volunteers
        self.places = Places(people.lat, people.lon, people.travel_km)
        self.position = np.empty(len(people), np.int32)
        self.position[self.places.order] = np.arange(len(people), dtype=np.int32)
        self.needs_of = c.starts_of(problem.needs.post, len(problem.posts))
        self.holders_of = c.starts_of(problem.holdings.qualification, len(problem.qualification_ids) + 1)
        self.window_volunteer, self.window_start, self.window_end = merged_windows(problem.windows)
        self.window_keys = c.combine(self.window_volunteer, self.window_start)
        self.bans = _Bans(problem)

    def groups(self) -> Iterator[_Group]:
        """Yield slots that ask the same qualifications, at about the same time, with candidates."""
        problem, slots = self.problem, self.problem.slots
        option = problem.options.take(slots.option)
        time = np.stack([option.day, option.last_day, option.start // _BIN_MINUTES])
        _, time_group = np.unique(time, axis=1, return_inverse=True)
        bundle = _bundles(problem)[slots.post]
        order = np.lexsort((bundle, time_group)).astype(np.int32)
        for same_time in _runs(order, time_group[order]):
            start, end = option.start[same_time], option.end[same_time]
            there = self._could_be_there(int(start.max()), int(end.min()))
            for same in _runs(same_time, bundle[same_time]):
                candidates = self._qualified(same[0])
                candidates = np.flatnonzero(there) if candidates is None else candidates[there[candidates]]
                if len(candidates):
                    s, e = option.start[same], option.end[same]
                    one_time = bool(
                        (s == start.max()).all() and (e == end.min()).all()
                    )
                    yield _Group(same, candidates.astype(np.int32), one_time)

    def _could_be_there(self, latest_start: int, earliest_end: int) -> c.Bools:
        """Tell who has a window that starts by the one and lasts until the other, by position."""
        fits = (self.window_start <= latest_start) & (self.window_end >= earliest_end)
        there = np.zeros(len(self.position), np.bool_)
        there[self.position[self.window_volunteer[fits]]] = True
        return there

    def _qualified(self, slot: int) -> c.Ints | None:
        """Return who holds all the slot asks for on all its days, by position; None if nothing."""
        problem = self.problem
        post, option = problem.slots.post[slot], problem.slots.option[slot]
        first, last = problem.options.day[option], problem.options.last_day[option]
        qualified = None
        for need in range(self.needs_of[post], self.needs_of[post + 1]):
            asked = problem.needs.qualification[need]
            rows = slice(self.holders_of[asked], self.holders_of[asked + 1])
            held = problem.holdings.take(rows)
            valid = held.level >= problem.needs.level[need]
            valid &= (held.first_day <= first) & (held.last_day >= last)
            holders = np.unique(self.position[held.volunteer[valid]])
            qualified = (
                holders
                if qualified is None
                else np.intersect1d(qualified, holders, assume_unique=True)
            )
        return qualified

    def pairs(self, group: _Group) -> Iterator[tuple[c.Ints, c.Ints, c.Floats]]:
        """Yield the arcs of a group, in blocks: volunteers, slots, kilometres."""
        problem = self.problem
        people, requests = problem.volunteers, problem.requests
        request = problem.slots.request[group.slots]
        lat, lon = requests.lat[request], requests.lon[request]
        for who, which in self.places.near(group.candidates, lat, lon):
            volunteer, slot = self.places.order[who], group.slots[which]
            kept = self._organisation(volunteer, slot)
            if not group.one_time:
                kept &= self._available(volunteer, slot)
            volunteer, slot = volunteer[kept], slot[kept]
            q = problem.slots.request[slot]
            km = distance_km(
                people.lat[volunteer], people.lon[volunteer], requests.lat[q], requests.lon[q]
            )
            kept = ~(km > people.travel_km[volunteer] * (1 + 1e-9))
            volunteer, slot, km = volunteer[kept], slot[kept], km[kept]
            kept = self.bans.allow(volunteer, slot)
            yield volunteer[kept], slot[kept], km[kept]

    def _organisation(self, volunteer: c.Ints, slot: c.Ints) -> c.Bools:
        own = self.problem.volunteers.organisation[volunteer]
        requests, q = self.problem.requests, self.problem.slots.request[slot]
        fits: c.Bools = np.ones(len(slot), np.bool_)
        for asked in (requests.organisation, requests.menu_organisation):
            if (asked >= 0).any():
                fits &= (asked[q] < 0) | (asked[q] == own)
        return fits

    def _available(self, volunteer: c.Ints, slot: c.Ints) -> c.Bools:
        """Tell whether one merged window of the volunteer holds the whole service."""
        option = self.problem.slots.option[slot]
        start, end = self.problem.options.start[option], self.problem.options.end[option]
        at = np.searchsorted(self.window_keys, c.combine(volunteer, start), side="right") - 1
        fits: c.Bools = (self.window_volunteer[at] == volunteer) & (self.window_end[at] >= end)
        return fits & (at >= 0)


class _Bans:
    """What was said of single pairs: never, declined, refused, not listed."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        likes = problem.preferences.take(problem.preferences.never)
        self.never = []
        for subject in range(len(SUBJECTS)):
            rows = likes.take(likes.subject == subject)
            if len(rows):
                self.never.append((subject, np.sort(c.combine(rows.volunteer, rows.code))))
        self.who_never = np.zeros(len(problem.volunteers), np.bool_)
        self.who_never[likes.volunteer] = True
        self.declined = _Answers(problem, (_DECLINED,))
        self.agreed = _Answers(problem, _AGREED)
        listed = problem.affinities
        self.listed = np.sort(
            np.concatenate(
                [
                    c.combine(listed.volunteer, 2 * listed.request.astype(np.int64))[listed.post < 0],
                    c.combine(listed.volunteer, 2 * listed.post.astype(np.int64) + 1)[listed.post >= 0],
                ]
            )
        )

    def allow(self, volunteer: c.Ints, slot: c.Ints) -> c.Bools:
        """Tell which pairs nothing speaks against."""
        slots = self.problem.slots
        allowed: c.Bools = ~self.declined.among(volunteer, slot)
        refuses = self.problem.volunteers.refuses[volunteer]
        if refuses.any():
            allowed &= ~refuses | self.agreed.among(volunteer, slot)
        if self.never:
            rows = np.flatnonzero(self.who_never[volunteer])
            for subject, keys in self.never:
                code = subject_codes(self.problem, subject)[slot[rows]]
                found = c.lookup(keys, c.combine(volunteer[rows], code)) >= 0
                allowed[rows[found]] = False
        if self.problem.policy.only_listed:
            by_request = c.combine(volunteer, 2 * slots.request[slot].astype(np.int64))
            by_post = c.combine(volunteer, 2 * slots.post[slot].astype(np.int64) + 1)
            allowed &= (c.lookup(self.listed, by_request) >= 0) | (c.lookup(self.listed, by_post) >= 0)
        return allowed


class _Answers:
    """Earlier assignments of some statuses, to be found by volunteer and slot."""

    def __init__(self, problem: Problem, statuses: tuple[int, ...]) -> None:
        earlier = problem.earlier.take(np.isin(problem.earlier.status, statuses))
        self.slots = problem.slots
        # A slot is told by its post and option; an answer without option holds at any.
        named = earlier.take(earlier.option >= 0)
        slot_keys = c.combine(problem.slots.post, problem.slots.option)
        at = c.lookup(slot_keys, c.combine(named.post, named.option))
        self.by_slot = np.sort(c.combine(named.volunteer[at >= 0], at[at >= 0]))
        anyway = earlier.take(earlier.option < 0)
        self.by_post = np.sort(c.combine(anyway.volunteer, anyway.post))

    def among(self, volunteer: c.Ints, slot: c.Ints) -> c.Bools:
        """Tell which pairs have such an answer."""
        found: c.Bools = np.zeros(len(slot), np.bool_)
        if len(self.by_slot):
            found |= c.lookup(self.by_slot, c.combine(volunteer, slot)) >= 0
        if len(self.by_post):
            found |= c.lookup(self.by_post, c.combine(volunteer, self.slots.post[slot])) >= 0
        return found


def merged_windows(windows: c.Windows) -> tuple[c.Ints, c.Ints, c.Ints]:
    """Join windows that touch or overlap: volunteer, start and end, sorted."""
    if not len(windows):
        return windows.volunteer, windows.start, windows.end
    # Ends lifted by the volunteer's number: the running maximum then never looks at somebody else's.
    lifted = c.combine(windows.volunteer, windows.end.astype(np.int64) + c.NO_LIMIT)
    reach = np.maximum.accumulate(lifted)
    starts = c.combine(windows.volunteer, windows.start.astype(np.int64) + c.NO_LIMIT)
    fresh = np.append(True, starts[1:] > reach[:-1])
    begin = np.flatnonzero(fresh)
    last = np.append(begin[1:], len(fresh)) - 1
    end = ((reach[last] & 0xFFFFFFFF) - 1 - c.NO_LIMIT).astype(np.int32)
    return windows.volunteer[begin], windows.start[begin], end


def subject_codes(problem: Problem, subject: int) -> c.Ints:
    """Return, for each slot, the code of what it is in a subject of preferences."""
    requests, slots = problem.requests, problem.slots
    name = SUBJECTS[subject]
    if name == "post":
        return problem.posts.name[slots.post]
    column = "ordering_organisation" if name == "organisation" else name
    codes: c.Ints = getattr(requests, column)[slots.request]
    return codes


def _bundles(problem: Problem) -> c.Ints:
    """Number the posts by what they ask for: equal needs, equal number."""
    needs = pl.DataFrame(
        {"post": problem.needs.post, "q": problem.needs.qualification, "level": problem.needs.level}
    )
    asked = needs.group_by("post", maintain_order=True).agg(
        bundle=pl.concat_str("q", pl.lit(":"), "level").str.join(",")
    )
    number = np.zeros(len(problem.posts), np.int32)
    number[asked["post"].to_numpy()] = asked["bundle"].rank("dense").to_numpy()
    return number


def _runs(items: c.Ints, labels: c.Ints) -> Iterator[c.Ints]:
    """Yield the stretches of items whose neighbouring labels are equal."""
    yield from np.split(items, np.flatnonzero(np.diff(labels)) + 1) if len(items) else ()
