"""Friends in the linear programme: a party takes no more seats of a post than there are."""

import numpy as np
import pytest
from scipy.optimize import linprog

from matching import Policy, Week
from matching.arcs.eligibility import eligible
from matching.solvers.column_generation.constraints import Constraints
from matching.week import Post
from tests.support.hand import ask, people, right

# Every seat of priority 3 is worth 3000.
EVEN = Policy(early_seat=0.0)


def drive(seats: int) -> Post:
    return Post(seats, qualifications=["car"])


def bound(week: Week) -> float:
    """Return what a linear programme over arcs and services is worth, without any load."""
    problem = week.problem()
    arcs = eligible(problem)
    rows = Constraints(problem, arcs).rows()
    matrix = np.hstack([rows.arc_coefficients.toarray(), rows.service_coefficients.toarray()])
    limits = np.concatenate([rows.high, -rows.low])
    bound = np.isfinite(limits)
    found = linprog(
        -np.append(np.zeros(len(arcs)), rows.value),
        A_ub=np.vstack([matrix, -matrix])[bound],
        b_ub=limits[bound],
        bounds=[(0, 1)] * len(arcs) + [(0, upper) for upper in rows.upper],
    )
    return -float(found.fun)


def crew(names: str, posts: dict[str, Post], drivers: str = "") -> Week:
    """A party of some, who can do what asks for nothing; drivers can drive, too."""
    week = people(names, EVEN)
    for name in names.split():
        week.member("crew", name)
        if name in drivers.split():
            week.qualification(name, "car")
    ask(week, "r", posts=posts)
    return week


@pytest.mark.parametrize(
    ("posts", "seats"),
    [
        # One seat for two: a half of each would fill it.
        ({"cook": Post(1)}, 0),
        ({"cook": Post(2)}, 2),
        # One drives, the other cooks.
        ({"cook": Post(1), "driver": drive(1)}, 2),
        # Only ann can drive, and nobody drives alone.
        ({"driver": drive(2)}, 0),
    ],
)
def test_two_friends_are_not_halved(posts: dict[str, Post], seats: int) -> None:
    week = crew("ann bob", posts, drivers="ann")
    assert bound(week) == pytest.approx(3000 * seats)
    assert right(week).value == 3000 * seats


@pytest.mark.parametrize(
    ("cooks", "drivers", "who_drives", "seats"),
    [
        (2, 1, "ann bob", 3),
        (1, 1, "ann bob", 0),
        (1, 2, "ann bob", 3),
        # Bob and cid have one seat between them: halves of both, and of ann, would fill two seats.
        (1, 2, "ann", 0),
        (0, 3, "ann bob", 0),
    ],
)
def test_three_friends_need_three_seats_that_fit_them(
    cooks: int, drivers: int, who_drives: str, seats: int
) -> None:
    posts = {"driver": drive(drivers)} | ({"cook": Post(cooks)} if cooks else {})
    week = crew("ann bob cid", posts, drivers=who_drives)
    assert bound(week) == pytest.approx(3000 * seats)
    assert right(week).value == 3000 * seats
