"""Who may serve where: every pair rule, for every volunteer and every slot, as arcs.

Slots that ask the same of people at about the same time are handled together: first the volunteers
who qualify and could be there, then those near enough, then the exact times and the rest.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property, reduce
from typing import NamedTuple

import numpy as np
import polars as pl

from matching.arcs.crowd import Asked, asked_of, mark_free, mask_of, reached, size_of
from matching.arcs.layout import Layout
from matching.arcs.pair_rules import Pairs, Sieve
from matching.arcs.spatial import distance_km
from matching.parallel.tasks import run_all
from matching.problem import Problem
from matching.problem import columns as c

# Starts within one bin of this length are handled together; a half-day of service falls in one.
_BIN_MINUTES = 240
_BATCH = 1 << 20

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

    def of_slots(self, problem: Problem) -> c.Longs:
        """Return how many there are of each slot."""
        count = np.zeros(len(problem.slots), np.int64)
        count[: len(self._of_slots)] = self._of_slots
        return count

    def of_posts(self, problem: Problem) -> c.Longs:
        """Return how many there are of each post, at any time."""
        count = np.zeros(len(problem.posts), np.int64)
        np.add.at(count, problem.slots.post, self.of_slots(problem))
        return count

    @cached_property
    def _of_slots(self) -> c.Longs:
        count = np.zeros(int(self.slot.max(initial=-1)) + 1, np.int64)
        # It would make long numbers of them all.
        for block in c.blocks(len(self.slot)):
            count += np.bincount(self.slot[block], minlength=len(count))
        return count


def eligible(
    problem: Problem,
    workers: int = 1,
    slots: c.Ints | None = None,
    finder: Finder | None = None,
) -> Arcs:
    """Return every arc that keeps all pair rules: at some slots, or at all of them.

    The work grows with the volunteers who qualify for a group of slots and with the pairs near
    enough, never with volunteers times slots. The arcs are the same for any number of workers.
    """
    with ThreadPoolExecutor(workers) as pool:
        key = _keys(finder or Finder(problem), slots, pool, 2 * workers)
        volunteer, slot = np.empty(len(key), np.int32), np.empty(len(key), np.int32)
        km = np.empty(len(key))

        def measure(block: slice) -> None:
            volunteer[block], slot[block] = key[block] >> 32, (key[block] & 0xFFFFFFFF) - 1
            km[block] = km_of(problem, volunteer[block], slot[block])

        for _ in run_all(pool, measure, c.blocks(len(key)), 2 * workers):
            pass
    return Arcs(volunteer, slot, km)


def _keys(finder: Finder, slots: c.Ints | None, pool: ThreadPoolExecutor, ahead: int) -> c.Longs:
    """Return the arcs as one number each, sorted: it takes a fraction of what sorting rows does."""
    every = np.arange(len(finder.problem.slots), dtype=np.int32) if slots is None else slots

    def kept(pairs: Pairs) -> c.Longs:
        return c.combine(*finder.kept(*pairs))

    found = run_all(pool, kept, batched(finder.pairs(every)), ahead)
    key: c.Longs = np.concatenate([np.empty(0, np.int64), *found])
    key.sort()
    return key


def km_of(problem: Problem, volunteer: c.Ints, slot: c.Ints) -> c.Floats:
    """Return the distance of each pair."""
    people, requests, q = problem.volunteers, problem.requests, problem.slots.request[slot]
    return distance_km(
        people.lat[volunteer], people.lon[volunteer], requests.lat[q], requests.lon[q]
    )


def holders(problem: Problem, arcs: Arcs, arc: c.Longs, qualification: c.Ints) -> c.Bools:
    """Tell for which arcs the volunteer holds a qualification on all days of the service."""
    return held(problem, arcs.volunteer[arc], arcs.slot[arc], qualification, np.ones_like(arc))


def held(
    problem: Problem,
    volunteer: c.Ints,
    slot: c.Ints,
    qualification: c.Ints,
    level: c.Ints | c.Longs,
) -> c.Bools:
    """Tell which pairs of a volunteer and a slot have a qualification at a level, on all days.

    Parameters
    ----------
    volunteer, slot, qualification, level : int arrays of equal length
    """
    wanted = np.zeros(len(problem.qualification_ids), np.bool_)
    wanted[qualification] = True
    holdings = problem.holdings.take(wanted[problem.holdings.qualification])
    option = problem.slots.option[slot]
    day, last_day = problem.options.day[option], problem.options.last_day[option]
    keys = c.combine(holdings.qualification, holdings.volunteer)
    order = np.argsort(keys)
    asked = c.combine(qualification, volunteer)
    low, high = (np.searchsorted(keys[order], asked, side=side) for side in ("left", "right"))
    row = order[c.ranges(low.astype(np.int64), (high - low).astype(np.int64))]
    of = np.repeat(np.arange(len(slot)), high - low)
    valid = (holdings.first_day[row] <= day[of]) & (holdings.last_day[row] >= last_day[of])
    valid &= holdings.level[row] >= level[of]
    holds: c.Bools = np.bincount(of[valid], minlength=len(slot)) > 0
    return holds


class Group(NamedTuple):
    """Slots that ask the same at about the same time.

    Attributes
    ----------
    mask : uint64 array
        Who may come, by position.
    slots : int64 array
    free : tuple of int
        The start and end of a service for which all of them are free; a service of no length if
        nobody has looked.
    """

    mask: c.Bits
    slots: c.Longs
    free: tuple[int, int]


class Finder(Sieve):
    """Finds the arcs of one problem: those that fit at all in one pass, then rule by rule.

    What the pass counts it remembers: why seats stay empty is asked later.
    """

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)
        # -1 at slots that nobody has looked at.
        self.count = np.full((len(problem.slots), 3), -1)
        self.layout = Layout(problem)
        self.position, self.crowd = self.layout.position, self.layout.crowd
        self.asked = asked_of(problem, self.layout.places)
        if problem.policy.only_listed:
            self.listed = self._listed()
        self.needs_of = c.starts_of(problem.needs.post, len(problem.posts))
        self.bundles = _bundles(problem)

    def _listed(self) -> Asked:
        """Return what every slot asks for, with the people whom `affinities` lists for it."""
        scores, slots = self.problem.affinities, self.problem.slots
        pairs = [(np.empty(0, np.int32), np.empty(0, np.int64))]
        for named, target, owner, size in (
            (scores.post < 0, scores.request, slots.request, len(self.problem.requests)),
            (scores.post >= 0, scores.post, slots.post, len(self.problem.posts)),
        ):
            rows = np.flatnonzero(named)
            first = c.starts_of(owner, size)
            many = np.diff(first)[target[rows]]
            volunteer = np.repeat(scores.volunteer[rows], many)
            pairs.append((self.position[volunteer], c.ranges(first[target[rows]], many)))
        position, slot = (np.concatenate(column) for column in zip(*pairs, strict=True))
        slot, low = np.divmod(c.distinct(slot * len(self.position) + position), len(self.position))
        return self.asked._replace(
            place=np.arange(len(slots)), first=c.starts_of(slot, len(slots)), low=low, high=low + 1
        )

    def groups(self, slots: c.Ints, *, any_time: bool = False) -> Iterator[Group]:
        """Yield slots that ask the same at about the same time, and who may come.

        With ``any_time`` the time does not count.
        """
        problem = self.problem
        option = problem.options.take(problem.slots.option[slots])
        time = np.stack([option.day, option.last_day, option.start // _BIN_MINUTES])
        time = time[:2] if any_time else time
        _, time_group = np.unique(time, axis=1, return_inverse=True)
        bundle = self.bundles[problem.slots.post[slots]]
        order = np.lexsort((bundle, time_group))
        days, holders = None, dict[tuple[int, int], c.Bits]()
        for same_time in _runs(order, time_group[order]):
            there, known = None, (0, 0)
            if not any_time:
                latest, earliest = option.start[same_time].max(), option.first_end[same_time].min()
                there, known = mask_of(self.crowd), (int(latest), int(earliest))
                mark_free(there, self.crowd, *known)
            if days != (days := (option.day[same_time[0]], option.last_day[same_time[0]])):
                holders = {}
            for same in _runs(same_time, bundle[same_time]):
                masks = [] if there is None else [there]
                masks += self._qualified(slots[same[0]], holders)
                mask = reduce(np.bitwise_and, masks, self.layout.everybody)
                yield Group(mask, slots[same].astype(np.int64), known)

    def _qualified(self, slot: np.int32, known: dict[tuple[int, int], c.Bits]) -> list[c.Bits]:
        """Return masks of who holds each thing that the slot asks for, on all its days."""
        problem = self.problem
        post, option = problem.slots.post[slot], problem.slots.option[slot]
        day, last_day = problem.options.day[option], problem.options.last_day[option]
        needs = problem.needs.take(slice(self.needs_of[post], self.needs_of[post + 1]))
        asked = list(zip(needs.qualification.tolist(), needs.level.tolist(), strict=True))
        for key in asked:
            if key not in known:
                known[key] = self.layout.holding(*key, day, last_day)
        return [known[key] for key in asked]

    def pairs(self, slots: c.Ints) -> Iterator[Pairs]:
        """Yield the volunteers who are qualified, near, free and of the right organisation."""
        if self.problem.policy.only_listed:
            return self._pairs(self.listed, slots, np.empty_like(self.count))
        return self._pairs(self.asked, slots, self.count)

    def _pairs(self, asked: Asked, slots: c.Ints, count: c.Longs) -> Iterator[Pairs]:
        for group in self.groups(slots):
            yield from self.reached(asked, group, count)

    def fitting(self, slots: c.Ints) -> c.Longs:
        """Return how many are qualified, near and free; and then of the right organisation.

        Returns
        -------
        int64 array, shape (slots, 2)
        """
        for _ in self._pairs(self.asked, slots[self.count[slots, 2] < 0], self.count):
            pass
        return self.count[slots, 1:]

    def unspoken(self) -> c.Bits:
        """Return the mask of those whom no rule about single pairs can concern."""
        plain = ~(self.bans.spoken | self.problem.volunteers.refuses)
        plain[self.edges.there.volunteer] = False
        return mask_of(self.crowd, self.position[plain])

    def reached(self, asked: Asked, group: Group, count: c.Longs) -> Iterator[Pairs]:
        """Yield those of a group who are near, free and of the right organisation.

        Parameters
        ----------
        count : int64 array, shape (slots, 3)
            How many pairs of each slot each of the three rules left is noted here.
        """
        room = max(_BATCH, size_of(group.mask))
        begin = 0
        while begin < len(group.slots):
            volunteer, slot = np.empty((2, room), np.int32)
            begin, found = reached(
                self.crowd,
                asked,
                group.mask,
                group.slots,
                begin,
                group.free,
                volunteer,
                slot,
                count,
            )
            yield volunteer[:found].copy(), slot[:found].copy()

    def near(self, group: Group, count: c.Longs) -> None:
        """Note in the first column how many of a group are near each slot."""
        none = np.empty(0, np.int32)
        reached(self.crowd, self.asked, group.mask, group.slots, 0, group.free, none, none, count)


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
