"""What an arc is worth to the engine, term by term, and how large values may grow."""

import numpy as np
import pytest

from matching import Policy, PolicyError, Week
from matching.eligibility import eligible
from matching.value import check_exact, quality
from matching.week import Post

ALWAYS = ("2026-03-01 00:00", "2026-03-11 00:00")
NINE, TEN = "2026-03-02 09:00", "2026-03-02 10:00"


def ann_and(**policy: float) -> Week:
    """One volunteer who can always come."""
    week = Week("2026-03-02", policy=Policy(**policy))
    week.volunteer("ann", available=[ALWAYS])
    return week


def fits(week: Week) -> list[int]:
    """Return the quality of every arc, sorted by volunteer and slot."""
    problem = week.problem()
    return quality(problem, eligible(problem)).tolist()


def test_a_week_may_be_worth_all_that_floats_count_and_no_more() -> None:
    # Two seats, but only ann could fill one: 1000 * 3 * (1 + 0.5) = 4500 for it, and 100 for the
    # load. The rest up to 2^53 is quality, whatever its sign; the guides nobody can be count
    # nothing.
    week = ann_and()
    posts = {"cook": Post(2), "guide": Post(1, qualifications=["guide"])}
    week.request("r", start=NINE, end=TEN, posts=posts)
    problem = week.problem()
    arcs = eligible(problem)
    rest = 2**53 - 4500 - 100
    for sign in (1, -1):
        check_exact(problem, arcs, sign * np.array([rest - 1]))
        # Just as much as is too much: the next power of ten is ten.
        with pytest.raises(PolicyError, match=r"divide all weights by 10$"):
            check_exact(problem, arcs, sign * np.array([rest]))


@pytest.mark.parametrize("weight", [1, -1])
def test_the_smallest_wish_counts(weight: int) -> None:
    week = ann_and()
    week.request("r", start=NINE, end=TEN, category="dogs")
    week.prefer("ann", "category", "dogs", weight=weight)
    assert fits(week) == [weight]


def test_a_score_for_a_post_is_for_that_post() -> None:
    # The first post has the index 0, which is not the -1 of a score for any post.
    for scored, worth in (("cook", [7, 0]), ("driver", [0, 7]), (None, [7, 7])):
        week = ann_and()
        week.request("r", start=NINE, end=TEN, posts={"cook": 1, "driver": 1})
        week.affinity("ann", "r", 7, post=scored)
        assert fits(week) == worth
