"""Who may serve where: every pair rule, for every volunteer and every slot, as arcs.

Slots that ask the same of people at about the same time are handled together: first the volunteers
who qualify and could be there, then those near enough, then the exact times and the rest.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import reduce

import numpy as np
import polars as pl

from matching.arcs.other_weeks import Edges
from matching.arcs.spatial import Places, distance_km
from matching.parallel.tasks import run_all
from matching.problem import Problem
from matching.problem import columns as c
from matching.schema import STATUSES, SUBJECTS

# Starts within one bin of this length are handled together; a half-day of service falls in one.
_BIN_MINUTES = 240
_BATCH = 1 << 20
# A smaller share of the volunteers is searched for one by one; a larger one is marked.
_FEW = 1e-3
_DECLINED = STATUSES.index("declined")
_AGREED = (STATUSES.index("pinned"), STATUSES.index("accepted"))


# Volunteers and slots, index by index.
Pairs = tuple[c.Ints, c.Ints]
RULES = (
    "qualification",
    "distance",
    "availability",
    "organisation",
    "never",
    "declined",
    "consent",
    "only_listed",
    "already_served",
    "other_week",
)


@dataclass(frozen=True, eq=False, repr=False)
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


def eligible(problem: Problem, workers: int = 1) -> Arcs:
    """Return every arc that keeps all pair rules.

    The work grows with the volunteers who qualify for a group of slots and with the pairs near
    enough, never with volunteers times slots. The arcs are the same for any number of workers.
    """
    finder = Finder(problem)
    every = np.arange(len(problem.slots), dtype=np.int32)
    with ThreadPoolExecutor(workers) as pool:
        pairs = batched(finder.near_pairs(every))
        blocks = list(run_all(pool, lambda block: finder.kept(*block), pairs, 2 * workers))
    if not blocks:
        return Arcs(np.empty(0, np.int32), np.empty(0, np.int32), np.empty(0))
    volunteer, slot, km = (np.concatenate(column) for column in zip(*blocks, strict=True))
    order = np.argsort(c.combine(volunteer, slot))
    return Arcs(volunteer[order], slot[order], km[order])


def holders(problem: Problem, arcs: Arcs, arc: c.Longs, qualification: c.Ints) -> c.Bools:
    """Tell for which arcs the volunteer holds a qualification on all days of the service."""
    wanted = np.zeros(len(problem.qualification_ids), np.bool_)
    wanted[qualification] = True
    holdings = problem.holdings.take(wanted[problem.holdings.qualification])
    option = problem.slots.option[arcs.slot[arc]]
    day, last_day = problem.options.day[option], problem.options.last_day[option]
    keys = c.combine(holdings.qualification, holdings.volunteer)
    order = np.argsort(keys)
    asked = c.combine(qualification, arcs.volunteer[arc])
    low, high = (np.searchsorted(keys[order], asked, side=side) for side in ("left", "right"))
    row = order[c.ranges(low.astype(np.int64), (high - low).astype(np.int64))]
    of = np.repeat(np.arange(len(arc)), high - low)
    valid = (holdings.first_day[row] <= day[of]) & (holdings.last_day[row] >= last_day[of])
    holds: c.Bools = np.bincount(of[valid], minlength=len(arc)) > 0
    return holds


class Finder:
    """Finds the arcs of one problem, one method per pair rule."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        people = problem.volunteers
        self.places = Places(people.lat, people.lon, people.travel_km)
        self.position = np.empty(len(people), np.int32)
        self.position[self.places.order] = np.arange(len(people), dtype=np.int32)
        self.needs_of = c.starts_of(problem.needs.post, len(problem.posts))
        position = self.position[problem.holdings.volunteer]
        order = np.argsort(c.combine(problem.holdings.qualification, position))
        self.holdings, self.holding_position = problem.holdings.take(order), position[order]
        self.holders_of = c.starts_of(self.holdings.qualification, len(problem.qualification_ids))
        self.bundles = _bundles(problem)
        self.holders_cache: dict[tuple[int, int, int, int], c.Ints] = {}
        self.qualified_cache: dict[tuple[int, int, int], c.Ints | None] = {}
        self.window_volunteer, self.window_start, self.window_end = merged_windows(problem.windows)
        self.windows_of = c.starts_of(self.window_volunteer, len(people))
        self.bans, self.edges = _Bans(problem), Edges(problem)

    def near_pairs(self, slots: c.Ints, *, any_time: bool = False) -> Iterator[Pairs]:
        """Yield volunteers and slots that qualification, place and rough time leave possible.

        Slots that ask the same qualifications at about the same time are handled together. With
        ``any_time`` the time does not count.
        """
        problem = self.problem
        option, request = (
            problem.options.take(problem.slots.option[slots]),
            problem.slots.request[slots],
        )
        boxes = self.places.boxes(problem.requests.lat[request], problem.requests.lon[request])
        time = np.stack([option.day, option.last_day, option.start // _BIN_MINUTES])
        time = time[:2] if any_time else time
        _, time_group = np.unique(time, axis=1, return_inverse=True)
        bundle = self.bundles[problem.slots.post[slots]]
        order = np.lexsort((bundle, time_group))
        for same_time in _runs(order, time_group[order]):
            there = np.ones(len(self.position), np.bool_)
            if not any_time:
                start, end = option.start[same_time].max(), option.end[same_time].min()
                there = self._could_be_there(start, end)
            for same in _runs(same_time, bundle[same_time]):
                candidates = self._candidates(slots[same[0]], there)
                for who, which in self.places.near(candidates, boxes, same):
                    yield self.places.order[who], slots[which]

    def _could_be_there(self, latest_start: np.int32, earliest_end: np.int32) -> c.Bools:
        """Tell who has a window that starts by the one and lasts until the other, by position."""
        fits = (self.window_start <= latest_start) & (self.window_end >= earliest_end)
        there = np.zeros(len(self.position), np.bool_)
        there[self.position[self.window_volunteer[fits]]] = True
        return there

    def _candidates(self, slot: np.int32, there: c.Bools) -> c.Ints:
        """Return those of them who hold all that the slot asks for on all its days, by position."""
        qualified = self._qualified(slot)
        if qualified is None:
            return np.flatnonzero(there).astype(np.int32)
        return qualified[there[qualified]]

    def _qualified(self, slot: np.int32) -> c.Ints | None:
        """Return who holds all the slot asks for on all its days, by position; None for anybody."""
        problem = self.problem
        post, option = problem.slots.post[slot], problem.slots.option[slot]
        days = int(problem.options.day[option]), int(problem.options.last_day[option])
        key = int(self.bundles[post]), *days
        if key not in self.qualified_cache:
            needs = problem.needs.take(slice(self.needs_of[post], self.needs_of[post + 1]))
            asked = zip(needs.qualification.tolist(), needs.level.tolist(), strict=True)
            holders = sorted((self._holders(q, level, *days) for q, level in asked), key=len)
            found = reduce(self._both, holders) if holders else None
            self.qualified_cache[key] = found
        return self.qualified_cache[key]

    def _both(self, fewer: c.Ints, more: c.Ints) -> c.Ints:
        """Return the positions that are among both; sorted."""
        if len(fewer) < _FEW * len(self.position):
            return fewer[c.lookup(more, fewer) >= 0]
        among = np.zeros(len(self.position), np.bool_)
        among[more] = True
        return fewer[among[fewer]]

    def _holders(self, qualification: int, level: int, first_day: int, last_day: int) -> c.Ints:
        """Return who holds a qualification at a level on all the days, by position, sorted."""
        key = qualification, level, first_day, last_day
        if key not in self.holders_cache:
            rows = slice(self.holders_of[qualification], self.holders_of[qualification + 1])
            held, position = self.holdings.take(rows), self.holding_position[rows]
            valid = (held.level >= level) & (held.first_day <= first_day)
            position = position[valid & (held.last_day >= last_day)]
            self.holders_cache[key] = position[np.diff(position, prepend=-1) > 0]
        return self.holders_cache[key]

    def qualified(self, slot: np.int32) -> int:
        """Return how many hold all the slot asks for."""
        return len(self._candidates(slot, np.ones(len(self.position), np.bool_)))

    def kept(self, volunteer: c.Ints, slot: c.Ints) -> tuple[c.Ints, c.Ints, c.Floats]:
        """Return the pairs that keep all other rules, with their distances."""
        *_, (_, volunteers, slots, km) = self.sieve(volunteer, slot)
        return volunteers, slots, km

    def sieve(
        self, volunteer: c.Ints, slot: c.Ints
    ) -> Iterator[tuple[str, c.Ints, c.Ints, c.Floats]]:
        """Apply the rules one by one: yield the name of each and the pairs it leaves."""
        problem = self.problem
        people, requests = problem.volunteers, problem.requests
        q = problem.slots.request[slot]
        km = distance_km(
            people.lat[volunteer], people.lon[volunteer], requests.lat[q], requests.lon[q]
        )
        # Where a place is unknown the distance is NaN, and no distance is too far.
        fits = ~(km > people.travel_km[volunteer] * (1 + 1e-9))
        for name, rule in (
            ("distance", None),
            ("availability", self._available),
            ("organisation", self._organisation),
            ("never", self.bans.never_said),
            ("declined", self.bans.declined),
            ("consent", self.bans.consents),
            ("only_listed", self.bans.listed),
            ("already_served", self.edges.unserved),
            ("other_week", self.edges.apart),
        ):
            if rule is not None:
                fits = rule(volunteer, slot)
            if not fits.all():
                volunteer, slot, km = volunteer[fits], slot[fits], km[fits]
            yield name, volunteer, slot, km

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
        at = c.last_up_to(self.windows_of, volunteer, self.window_start, start)
        fits: c.Bools = at >= 0
        fits[fits] = self.window_end[at[fits]] >= end[fits]
        return fits


class _Bans:
    """Rules about single pairs; each method tells which pairs it leaves."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        likes = problem.preferences.take(problem.preferences.never)
        self.never = [
            (subject_codes(problem, subject), np.sort(c.combine(rows.volunteer, rows.code)))
            for subject in range(len(SUBJECTS))
            if len(rows := likes.take(likes.subject == subject))
        ]
        self.who_never = np.zeros(len(problem.volunteers), np.bool_)
        self.who_never[likes.volunteer] = True
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
        earlier = problem.earlier.take(np.isin(problem.earlier.status, statuses))
        self.slots = problem.slots
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


def merged_windows(windows: c.Windows) -> tuple[c.Ints, c.Ints, c.Ints]:
    """Join windows that touch or overlap: volunteer, start and end, sorted."""
    if not len(windows):
        return windows.volunteer, windows.start, windows.end
    # Ends raised by the volunteer's number, so that no running maximum crosses volunteers.
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
    """Give posts with equal needs the same number."""
    needs = pl.DataFrame(
        {"post": problem.needs.post, "q": problem.needs.qualification, "level": problem.needs.level}
    )
    asked = needs.group_by("post", maintain_order=True).agg(
        bundle=pl.concat_str("q", pl.lit(":"), "level").str.join(",")
    )
    number = np.zeros(len(problem.posts), np.int32)
    number[asked["post"].to_numpy()] = asked["bundle"].rank("dense").to_numpy()
    return number


def batched(pairs: Iterator[Pairs]) -> Iterator[Pairs]:
    """Join small blocks into larger ones, since each block has a cost of its own."""
    waiting: list[Pairs] = []
    size = 0
    for block in pairs:
        waiting.append(block)
        size += len(block[0])
        if size >= _BATCH:
            yield _joined(waiting)
            waiting, size = [], 0
    if waiting:
        yield _joined(waiting)


def _joined(blocks: list[Pairs]) -> Pairs:
    first, second = zip(*blocks, strict=True)
    return np.concatenate(first), np.concatenate(second)


def _runs(items: c.Longs, labels: c.Longs | c.Ints) -> Iterator[c.Longs]:
    """Yield the stretches of items whose neighbouring labels are equal."""
    yield from np.split(items, np.flatnonzero(np.diff(labels)) + 1) if len(items) else ()
