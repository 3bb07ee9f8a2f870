"""Branch and price: decide, one by one, what the linear programme halves.

What keeps it from being whole is nearly always a team that it serves in part, and then a few arcs.
A box says what is decided; the bound of all open boxes together is the bound of the search.
"""

from __future__ import annotations

import heapq
import itertools

import numpy as np

from matching import columns as c
from matching.schedules import TooManyPathsError
from matching.solvers.blocks import in_doubt
from matching.solvers.generation import Box, Generation, Solved
from matching.solvers.incumbent import Incumbent
from matching.solvers.linear import UnsolvedError
from matching.solvers.rounding import rounded, split

_WHOLE = 1e-6
# A box is closed at once if so few schedules are left; else it is split further.
_MOST_SCHEDULES = 5_000


def branch(generation: Generation, root: Solved, best: Incumbent) -> None:
    """Split boxes, the one of the highest bound first, until proved or told to stop."""
    number = itertools.count()
    open_boxes = [(-root.bound, next(number), generation.everywhere, root)]
    given_up = -np.inf
    while open_boxes and best.goes_on():
        _, _, box, solved = heapq.heappop(open_boxes)
        for part in _parts(generation, box, solved, best):
            found = _solved(generation, part)
            if found is None:
                given_up = max(given_up, solved.bound)
                continue
            heapq.heappush(open_boxes, (-found.bound, next(number), part, found))
            _round(generation, part, found, best)
        highest = max([given_up, *(solved.bound for _, _, _, solved in open_boxes)])
        if best.value is not None:
            highest = max(highest, best.value)
        if np.isfinite(highest):
            best.prove(highest, "branch")


def _parts(generation: Generation, box: Box, solved: Solved, best: Incumbent) -> tuple[Box, ...]:
    """Return the boxes that a box falls into; none, if nothing better is left in it."""
    if best.value is not None and solved.bound < best.value + 1:
        return ()
    option = _halved(generation, solved, box)
    if option is not None:
        return box.split(option)
    if _close(generation, box, solved, best):
        return ()
    arc = _halved_arc(generation, solved, box)
    if arc is not None:
        return box.split_arc(arc)
    # Nothing in doubt, and no plan: a pin is missed here. Else the time was too short: once more.
    return () if best.value is None else (box,)


def _solved(generation: Generation, box: Box) -> Solved | None:
    try:
        return generation.run(box, lambda bound, relaxed: None)
    except UnsolvedError:
        return None


def _halved(generation: Generation, solved: Solved, box: Box) -> int | None:
    """Return the option with most value in doubt, None if none is served in part."""
    problem = generation.problem
    served = solved.relaxed.team[: len(problem.options)]
    doubt = np.minimum(served, 1 - served) * (box.most > box.least)[: len(served)]
    doubt[~generation.asked | (doubt <= _WHOLE)] = 0.0
    seats = np.bincount(problem.slots.option, problem.posts.seats[problem.slots.post], len(doubt))
    doubt *= seats * problem.requests.priority[problem.options.request]
    return int(np.argmax(doubt)) if doubt.any() else None


def _halved_arc(generation: Generation, solved: Solved, box: Box) -> int | None:
    """Return the arc most in doubt, None if none is taken in part."""
    pool, taken = generation.pool, solved.relaxed.taken
    used = np.bincount(
        pool.arc[pool.owner < len(taken)],
        taken[pool.owner[pool.owner < len(taken)]],
        minlength=len(generation.weeks.arcs),
    )
    doubt = np.minimum(used, 1 - used)
    doubt[box.must] = 0.0
    worst = int(np.argmax(doubt))
    return worst if doubt[worst] > _WHOLE else None


def _round(generation: Generation, box: Box, solved: Solved, best: Incumbent) -> None:
    """Make a plan of a box's solution."""
    if best.goes_on() and (best.value is None or solved.bound >= best.value + 1):
        loose = in_doubt(generation, solved.relaxed) >= 0
        fixed, free = split(generation, solved.relaxed, loose)
        seconds, gap = best.seconds_left / 4, best.gap_limit / 4
        plan, _ = rounded(generation, generation.pool, box, fixed, free, seconds, gap)
        if plan is not None:
            best.offer(plan, "branch")


def _close(generation: Generation, box: Box, solved: Solved, best: Incumbent) -> bool:
    """Find the best plan of a box; tell whether no better one is left in it.

    A good plan is made of the schedules at hand; then every schedule that a better one could hold
    is listed, and an integer programme solved over those.
    """
    pool = generation.pool
    nothing: c.Bools = np.zeros(len(pool), np.bool_)
    seconds, gap = best.seconds_left / 4, best.gap_limit / 4
    plan, _ = rounded(generation, pool, box, nothing, ~nothing, seconds, gap)
    if plan is not None:
        best.offer(plan, "close")
    if best.value is None or not best.goes_on():
        return False
    if solved.bound < best.value + 1:
        return True
    try:
        found = generation.near_best(box, solved.dual, solved.bound - best.value)
    except TooManyPathsError:
        return False
    if len(found.volunteer) > _MOST_SCHEDULES + len(pool):
        return False
    pool = pool.extended(found)
    nothing = np.zeros(len(pool), np.bool_)
    plan, optimal = rounded(generation, pool, box, nothing, ~nothing, best.seconds_left, 0.0)
    fits = plan is None or best.offer(plan, "close")
    return optimal and fits
