"""The compiled pass over a crowd finds and counts what a look at every pair does."""

import numpy as np
import pytest

from matching.arcs.crowd import is_free, mask_of, reached
from matching.arcs.eligibility import RULES, Finder, eligible
from matching.arcs.spatial import distance_km
from matching.arcs.unfilled import left_by_rules
from matching.problem import Problem
from matching.problem import columns as c
from tests.support.words import world
from tests.support.worlds import full_world
from tests.test_laws import problem_of


def members(mask: c.Bits) -> c.Longs:
    """Return the positions of the people in a mask."""
    return np.flatnonzero(np.unpackbits(mask.view(np.uint8), bitorder="little"))


def pair_by_pair(problem: Problem, people: c.Longs) -> c.Longs:
    """Count, for each slot, who of some people is near, then free, then of the organisation."""
    requests, windows = problem.requests, problem.windows
    count = np.zeros((len(problem.slots), 3), np.int64)
    for s, (option, q) in enumerate(zip(problem.slots.option, problem.slots.request, strict=True)):
        start, end = problem.options.start[option], problem.options.end[option]
        for v in people:
            home = (problem.volunteers.lat[[v]], problem.volunteers.lon[[v]])
            (km,) = distance_km(*home, requests.lat[[q]], requests.lon[[q]])
            near = not km > problem.volunteers.travel_km[v] * (1 + 1e-9)
            # Minute by minute: windows that touch are one.
            mine = np.flatnonzero(windows.volunteer == v)
            minutes = {m for w in mine for m in range(windows.start[w], windows.end[w])}
            free = near and minutes.issuperset(range(start, end))
            asked = {requests.organisation[q], requests.menu_organisation[q]} - {-1}
            right = free and asked <= {problem.volunteers.organisation[v]}
            count[s] += [near, free, right]
    return count


@pytest.mark.parametrize("seed", range(6))
def test_the_pass_counts_what_a_look_at_every_pair_does(seed: int) -> None:
    problem = problem_of(full_world(seed, volunteers=12, requests=6))
    finder = Finder(problem)
    half = np.arange(0, len(problem.volunteers), 2)
    mask = mask_of(finder.crowd, finder.position[half])
    slots, count = np.arange(len(problem.slots)), np.zeros((len(problem.slots), 3), np.int64)
    volunteer, slot = np.empty((2, len(half) * len(slots)), np.int32)
    for function in (reached, reached.py_func):  # type: ignore[attr-defined]
        count[:] = 0
        row, found = function(
            finder.crowd, finder.asked, mask, slots, 0, (0, 0), volunteer, slot, count
        )
        assert row == len(slots)
        assert count.tolist() == pair_by_pair(problem, half).tolist()
        assert np.bincount(slot[:found], minlength=len(slots)).tolist() == count[:, 2].tolist()
        near, none = np.zeros_like(count), volunteer[:0]
        function(finder.crowd, finder.asked, mask, slots, 0, (0, 0), none, none, near)
        assert near[:, 0].tolist() == count[:, 0].tolist()


@pytest.mark.parametrize("listed", [False, True])
@pytest.mark.parametrize("seed", range(6))
def test_who_is_left_at_the_end_is_eligible(seed: int, listed: bool) -> None:
    problem = problem_of(full_world(seed, volunteers=12, requests=6), {"only_listed": listed})
    every = np.arange(len(problem.slots), dtype=np.int32)
    left = left_by_rules(Finder(problem), every, 1)
    assert (np.diff(left, axis=1) <= 0).all()
    assert (
        left[:, -1].tolist() == np.bincount(eligible(problem).slot, minlength=len(every)).tolist()
    )
    if not listed:
        assert left[:, RULES.index("only_listed")].tolist() == left[:, 6].tolist()


def test_a_mask_holds_whom_it_was_told() -> None:
    # More than one word of 64 people, and the last bit of each.
    names = "\n".join(f"v{n:03}" for n in range(130))
    finder = Finder(world(volunteers=f"volunteer_id\n{names}", requests="request_id start end"))
    some = np.array([0, 1, 63, 64, 127, 128, 129], np.int32)
    assert members(mask_of(finder.crowd, some)).tolist() == some.tolist()
    assert members(finder.layout.everybody).tolist() == list(range(130))


def test_a_service_fits_into_one_window() -> None:
    problem = world(
        volunteers="volunteer_id\n ann",
        availability="""volunteer_id start end
            ann Mon@09:00 Mon@10:00
            ann Mon@10:00 Mon@11:00
            ann Mon@12:00 Mon@13:00""",
        requests="request_id start end\n r Mon@09:00 Mon@14:00",
    )
    crowd = Finder(problem).crowd
    nine, ten, noon = 9 * 60, 10 * 60, 12 * 60
    assert is_free(crowd, 0, nine, ten + 60)
    assert is_free(crowd, 0, noon, noon + 60)
    assert not is_free(crowd, 0, nine - 1, ten)
    assert not is_free(crowd, 0, ten, noon + 1)
    assert not is_free(crowd, 0, noon, noon + 61)
