"""First plans, and plans with nobody left to add: the arrays for the compiled loops.

A *maximal* plan is one to which nothing can be added with a gain: no person on a free seat, and no
team to a request that nobody serves.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

import numpy as np

from matching.arcs.pinned import pinned_arcs
from matching.bounds.pricing import Weeks
from matching.problem import Problem
from matching.problem import columns as c
from matching.solvers.construction.book import NONE
from matching.solvers.construction.opening import open_book, option_of, placed
from matching.solvers.construction.rounds import put_all, ruin_and_recreate, serve_all

# People looked at before the rounds end, and rounds without a gain. Where column generation follows
# it is soon ahead of the rounds.
_MOST_WORK, _LITTLE_WORK = 100_000_000, 5_000_000
_WORK_AT_ONCE, _IDLE_ROUNDS = 1_000_000, 5_000
# For each arc: a small world is proved in less time than much work takes.
_LITTLE_WORK_PER_ARC = 20
# Ways that may be tried to complete one plan.
_MOST_WAYS = 200_000


class Construction:
    """Makes plans of a problem and completes them.

    Parameters
    ----------
    problem : Problem
    weeks : Weeks
    quality : int64 array, shape (arcs,)
    """

    def __init__(self, problem: Problem, weeks: Weeks, quality: c.Longs) -> None:
        self.problem, self.weeks, self.quality = problem, weeks, quality

    def complete(self, chosen: c.Longs) -> c.Longs:
        """Return a plan that keeps all rules with people added until nothing gains."""
        rows = self._could_join(chosen)
        if not len(rows):
            return chosen
        plan = _Plan(self, rows, chosen)
        order = np.unique(self.problem.slots.request[self.weeks.arcs.slot[rows]]).astype(np.int64)
        plan.serve(order[np.argsort(self._rank[order], kind="stable")], every_way=True)
        return plan.chosen

    def first_plan(self, seed: int, stop: Callable[[], bool], enough: float) -> c.Longs:
        """Return a plan made from nothing but what is pinned.

        Parameters
        ----------
        seed : int
        stop : callable
            Asked often; once true, the plan is the best so far.
        enough : float
            A value that no plan exceeds.
        """
        kept = self._pinned
        rows = self._could_join(kept)
        if not len(rows):
            return kept
        tried = [(self._in_order(rows, kept, rank), rank) for rank in (self._rank, self._scarcity)]
        best, rank = max(tried, key=lambda pair: pair[0].gain)
        little = min(_LITTLE_WORK, _LITTLE_WORK_PER_ARC * len(self.weeks.arcs))
        work = _MOST_WORK if self.weeks.are_long else little
        best.improve(rank, seed, stop, enough, work)
        return best.chosen

    def improve(
        self,
        chosen: c.Longs,
        seed: int,
        stop: Callable[[], bool],
        offer: Callable[[c.Longs], object],
    ) -> None:
        """Improve a plan while that succeeds; offer each better one."""
        if not np.isin(self._pinned, chosen).all():
            return
        rows = self._could_join(self._pinned)
        plan = _Plan(self, rows, self._pinned)
        order = np.argsort(rows)
        others = np.setdiff1d(chosen, self._pinned)
        plan.gain = int(put_all(plan.book, order[np.searchsorted(rows[order], others)]))
        turn = 0
        while not stop():
            turn += 1
            before, rank = plan.gain, (self._rank, self._scarcity)[turn % 2]
            ended = plan.improve(rank, seed + turn, stop, np.inf, _MOST_WORK)
            if plan.gain > before:
                offer(plan.chosen)
            elif ended:
                break

    @cached_property
    def _pinned(self) -> c.Longs:
        which, pinned = pinned_arcs(self.problem, self.weeks.arcs)
        return np.sort(pinned[np.unique(which, return_index=True)[1]])

    def _in_order(self, rows: c.Longs, kept: c.Longs, rank: c.Longs) -> _Plan:
        plan = _Plan(self, rows, kept)
        plan.serve(np.argsort(rank, kind="stable"), every_way=False)
        return plan

    @cached_property
    def _rank(self) -> c.Longs:
        """Rank requests by what an hour of one person is worth there, the dearest first."""
        posts, options = self.problem.posts, self.problem.options
        first = c.starts_of(options.request, len(self.problem.requests))[:-1]
        minutes = np.zeros(len(first))
        some = np.bincount(options.request, minlength=len(first)) > 0
        minutes[some] = (options.end - options.start)[first[some]]
        needed = np.bincount(posts.request, posts.min_seats, len(first))
        needed = np.maximum(np.maximum(needed, self.problem.requests.min_people), 1)
        seats = np.bincount(posts.request, posts.seats, len(first))
        worth = self.problem.requests.priority * np.maximum(seats, 1)
        density = worth / (np.maximum(minutes, 1.0) * np.maximum(needed, seats))
        return _ranked(np.lexsort((-needed, -density)))

    @cached_property
    def _scarcity(self) -> c.Longs:
        """Rank requests by how few could serve each seat, the fewest first."""
        posts, slots = self.problem.posts, self.problem.slots
        size = len(self.problem.requests)
        could = np.bincount(slots.request[self.weeks.arcs.slot], minlength=size)
        seats = np.bincount(posts.request, posts.seats, size)
        value = could / np.maximum(seats * self.problem.requests.priority, 1)
        return _ranked(np.lexsort((self._rank, value)))

    def _could_join(self, chosen: c.Longs) -> c.Longs:
        """Return the arcs that a plan may still take, sorted as a book has them."""
        problem, arcs = self.problem, self.weeks.arcs
        slots, posts = problem.slots, problem.posts
        option = option_of(problem, arcs.slot[chosen])
        filled = np.bincount(slots.post[arcs.slot[chosen]], minlength=len(posts))
        shifts = np.bincount(arcs.volunteer[chosen], minlength=len(problem.volunteers))
        there = option[slots.request]
        open_slot = (filled < posts.seats)[slots.post] & ((there == NONE) | (there == slots.option))
        free = shifts < problem.volunteers.max_shifts
        rows = np.flatnonzero(open_slot[arcs.slot] & free[arcs.volunteer])
        if not len(rows):
            return rows
        _, place = placed(problem)
        # Of equal ones those who can do least else come first.
        degree = np.bincount(arcs.volunteer, minlength=len(problem.volunteers))
        volunteer = arcs.volunteer[rows]
        gain = self.quality[rows] - self.weeks.first_load[volunteer]
        sorted_rows: c.Longs = rows[np.lexsort((degree[volunteer], -gain, place[arcs.slot[rows]]))]
        return sorted_rows


class _Plan:
    """A plan, and the arcs that it may still take."""

    def __init__(self, construction: Construction, rows: c.Longs, chosen: c.Longs) -> None:
        self.problem, self.rows, self.kept = construction.problem, rows, chosen
        self.gain = 0
        self.book = open_book(
            construction.problem, construction.weeks, construction.quality, rows, chosen
        )
        self.book.one.ways = _MOST_WAYS

    @property
    def chosen(self) -> c.Longs:
        """The arcs of the plan."""
        items, used = self.book.items, np.ones(len(self.book.items), np.bool_)
        i = int(self.book.one.free[0])
        while i != NONE:
            used[i] = False
            i = int(items.link[i])
        put = items.arc[used & (items.arc != NONE)]
        return np.sort(np.append(self.kept, self.rows[put]))

    def serve(self, order: c.Longs, *, every_way: bool) -> None:
        """Let people serve requests, one request after the other."""
        self.gain += int(serve_all(self.book, order, every_way))

    def improve(
        self, rank: c.Longs, seed: int, stop: Callable[[], bool], enough: float, work: int
    ) -> bool:
        """Go rounds of ruin and recreate; tell whether they ended because they gain no more."""
        book, idle = self.book, 0
        book.one.dice = seed + 1
        scratch = np.empty(len(rank), np.int64), np.empty(2 * len(book.items), np.int64)
        end = int(book.one.work[0]) + work
        while book.one.work[0] < end and not stop():
            wanting = self._wanting()
            if not len(wanting) or self.gain >= enough or idle >= _IDLE_ROUNDS:
                return True
            at_once = min(_WORK_AT_ONCE, work)
            rounds, more = ruin_and_recreate(book, wanting, rank, *scratch, at_once)
            self.gain += int(more)
            idle = 0 if more else idle + int(rounds)
        return False

    def _wanting(self) -> c.Longs:
        """Return the requests with seats that somebody could fill."""
        book, posts = self.book, self.problem.posts
        could = np.bincount(book.slots.post[book.arcs.slot], minlength=len(posts))
        short = book.posts.filled < np.minimum(posts.seats, could)
        return np.unique(posts.request[short]).astype(np.int64)


def _ranked(order: c.Longs) -> c.Longs:
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    return rank
