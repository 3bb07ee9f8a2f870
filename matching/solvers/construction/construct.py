"""Plans with nobody left to add, and rounds that improve them: the arrays for the loops.

A *maximal* plan is one to which nothing can be added with a gain: no person on a free seat, and no
team to a request that nobody serves.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import cached_property

import numpy as np

from matching.arcs.meetings import meetings_of
from matching.arcs.pinned import pinned_arcs
from matching.bounds.pricing import Weeks
from matching.parallel.compiled import is_at_hand, is_loaded
from matching.problem import Problem
from matching.problem import columns as c
from matching.solvers.construction.book import NONE
from matching.solvers.construction.opening import open_book, option_of, placed
from matching.solvers.construction.plain import FEW_ARCS, MOST_PLAIN_ARCS, run_plain
from matching.solvers.construction.rounds import put_all, serve_and_improve

# People looked at between two looks at the clock, and before better plans are offered.
_WORK_AT_ONCE, _WORK_PER_OFFER = 1_000_000, 20_000_000
_IDLE_ROUNDS = 5_000
# Ways that may be tried to complete one plan.
_MOST_WAYS = 200_000
# With teams no larger than this, as often as there are arcs tells how much there is to do.
_USUAL_SEATS = 8


class Construction:
    """Completes plans, and improves them.

    Parameters
    ----------
    problem : Problem
    weeks : Weeks
    quality : int64 array, shape (arcs,)
    compiling : callable
        Returns what stands around the moment when loops are compiled.
    may_compile : callable
        Tells whether there is time for that; plans are completed in plain Python if not.
    """

    def __init__(
        self,
        problem: Problem,
        weeks: Weeks,
        quality: c.Longs,
        compiling: Callable[[], AbstractContextManager[object]] = nullcontext,
        may_compile: Callable[[], bool] = lambda: True,
    ) -> None:
        self.problem, self.weeks, self.quality = problem, weeks, quality
        self.compiling, self.may_compile = compiling, may_compile

    def complete(self, chosen: c.Longs) -> c.Longs:
        """Return a plan that keeps all rules with people added until nothing gains."""
        rows = self._could_join(chosen)
        if not len(rows):
            return chosen
        plan = _Plan(self, rows, chosen)
        order = c.distinct(self.problem.slots.request[self.weeks.arcs.slot[rows]]).astype(np.int64)
        plan.run(order[np.argsort(self._rank[order], kind="stable")], order[:0], 0)
        return plan.chosen

    def improve(
        self,
        chosen: c.Longs,
        seed: int,
        stop: Callable[[], bool],
        offer: Callable[[c.Longs], object],
    ) -> bool:
        """Improve a plan while that succeeds and there is time; offer each better one.

        Returns
        -------
        bool
            False if there was no time even to compile the loops: nothing was tried.
        """
        if not (is_at_hand(serve_and_improve) or self.may_compile()):
            return False
        which, pinned = pinned_arcs(self.problem, self.weeks.arcs)
        kept = np.sort(pinned[np.unique(which, return_index=True)[1]])
        if not np.isin(kept, chosen).all():
            return True
        plan = _Plan(self, self._could_join(kept), kept)
        plan.put(np.setdiff1d(chosen, kept))
        plan.book.one.dice = seed + 1
        ended = False
        while not ended and not stop():
            gain, ended = plan.improve(stop)
            if gain:
                offer(plan.chosen)
        return True

    @cached_property
    def _rank(self) -> c.Longs:
        """Rank requests by what an hour of one person is worth there, the dearest first."""
        posts, options = self.problem.posts, self.problem.options
        first = c.starts_of(options.request, len(self.problem.requests))[:-1]
        minutes = np.zeros(len(first))
        some = np.bincount(options.request, minlength=len(first)) > 0
        minutes[some] = options.minutes[first[some]]
        needed = np.bincount(posts.request, posts.min_seats, len(first))
        needed = np.maximum(np.maximum(needed, self.problem.requests.min_people), 1)
        seats = np.bincount(posts.request, posts.seats, len(first))
        worth = self.problem.requests.priority * np.maximum(seats, 1)
        density = worth / (np.maximum(minutes, 1.0) * np.maximum(needed, seats))
        rank = np.empty(len(first), np.int64)
        rank[np.lexsort((-needed, -density))] = np.arange(len(first))
        return rank

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
        rows = rows[~self._overlaps(rows, chosen)]
        if not len(rows):
            return rows
        _, place = placed(problem)
        # Of equal ones those who can do least else come first.
        degree = np.bincount(arcs.volunteer, minlength=len(problem.volunteers))
        volunteer = arcs.volunteer[rows]
        gain = self.quality[rows] - self.weeks.first_load[volunteer]
        sorted_rows: c.Longs = rows[np.lexsort((degree[volunteer], -gain, place[arcs.slot[rows]]))]
        return sorted_rows

    def _overlaps(self, rows: c.Longs, chosen: c.Longs) -> c.Bools:
        """Tell which arcs overlap with what their volunteer does in a plan.

        Services of several meetings may lie between each other: the loops judge them.
        """
        problem, arcs, options = self.problem, self.weeks.arcs, self.problem.options
        option, volunteer = problem.slots.option[arcs.slot[rows]], arcs.volunteer[rows]
        single = ~meetings_of(problem).several
        chosen = chosen[single[problem.slots.option[arcs.slot[chosen]]]]
        chosen = chosen[np.argsort(arcs.volunteer[chosen], kind="stable")]
        first = c.starts_of(arcs.volunteer[chosen], len(problem.volunteers))
        overlap = np.zeros(len(rows), np.bool_)
        for k in range(int(np.diff(first).max(initial=0))):
            row = np.flatnonzero(first[volunteer] + k < first[volunteer + 1])
            one = option[row]
            other = problem.slots.option[arcs.slot[chosen[first[volunteer[row]] + k]]]
            apart = (options.end[one] <= options.start[other]) | (
                options.end[other] <= options.start[one]
            )
            overlap[row] |= single[one] & ~apart
        return overlap


class _Plan:
    """A plan, and the arcs that it may still take."""

    def __init__(self, construction: Construction, rows: c.Longs, chosen: c.Longs) -> None:
        self.problem, self.rows, self.kept = construction.problem, rows, chosen
        self.rank, self.compiling = construction._rank, construction.compiling
        self.may_compile = construction.may_compile
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

    def put(self, chosen: c.Longs) -> None:
        """Put in arcs."""
        order = np.argsort(self.rows)
        run_plain(put_all, self.book, order[np.searchsorted(self.rows[order], chosen)])

    def improve(self, stop: Callable[[], bool]) -> tuple[int, bool]:
        """Go rounds of ruin and recreate; return the gain, and whether that was all."""
        total, idle, end = 0, 0, int(self.book.one.work[0]) + _WORK_PER_OFFER
        nobody = np.empty(0, np.int64)
        while self.book.one.work[0] < end and not stop():
            wanting = self._wanting()
            if not len(wanting) or idle >= _IDLE_ROUNDS:
                return total, True
            rounds, gain = self.run(nobody, wanting, _WORK_AT_ONCE)
            total += gain
            idle = 0 if gain else idle + rounds
        return total, False

    def run(self, order: c.Longs, wanting: c.Longs, work: int) -> tuple[int, int]:
        """Serve requests, then go rounds; return how many, and the gain."""
        scratch = np.empty(len(self.rank), np.int64), np.empty(2 * len(self.book.items), np.int64)
        if not work and self._goes_plain():
            return run_plain(serve_and_improve, self.book, order, wanting, self.rank, *scratch, 0)
        if not is_loaded(serve_and_improve):
            with self.compiling():
                serve_and_improve(self.book, wanting[:0], wanting[:0], self.rank, *scratch, 0)
            if not is_loaded(serve_and_improve):  # the end was asked for meanwhile
                return 0, 0
        return serve_and_improve(self.book, order, wanting, self.rank, *scratch, work)

    def _goes_plain(self) -> bool:
        """Tell whether a plan is completed in plain Python: where that is soon done.

        Else if the loops would have to be compiled, and there is little to do, or no time.
        """
        many = max(len(self.book.arcs), self._looks() // _USUAL_SEATS)
        if many <= FEW_ARCS or is_at_hand(serve_and_improve):
            return many <= FEW_ARCS
        return many <= MOST_PLAIN_ARCS or not self.may_compile()

    def _looks(self) -> int:
        """Return how often people are looked at where each seat looks at all who could come."""
        book, posts = self.book, self.problem.posts
        size = len(self.problem.requests)
        could = np.bincount(self.problem.slots.request[book.arcs.slot], minlength=size)
        seats = np.bincount(posts.request, posts.seats - book.posts.filled, minlength=size)
        return int(could @ np.minimum(seats, could).astype(np.int64))

    def _wanting(self) -> c.Longs:
        """Return the requests with seats that somebody could fill."""
        book, posts = self.book, self.problem.posts
        could = np.bincount(book.slots.post[book.arcs.slot], minlength=len(posts))
        short = book.posts.filled < np.minimum(posts.seats, could)
        return c.distinct(posts.request[short]).astype(np.int64)
