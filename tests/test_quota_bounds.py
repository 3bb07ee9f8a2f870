"""How many of a post or a team can serve at once, when an organisation has a quota."""

import numpy as np
import pytest

from matching import Week
from matching.arcs.eligibility import eligible
from matching.solvers.column_generation.constraints import Constraints
from matching.solvers.column_generation.quota_bounds import most_people


def week_of(quota: int, branch_quota: int | None = None) -> Week:
    """Five of a club, two of them in its branch, and two of nobody's; a request for six or none."""
    week = Week("2026-11-30")
    week.organisation("club", max_seats=quota)
    week.organisation("branch", parent_id="club", max_seats=branch_quota)
    for name, organisation in zip(
        "abcdefg", ["club"] * 3 + ["branch"] * 2 + [None] * 2, strict=True
    ):
        week.volunteer(name, available=[("mon", "08:00", "12:00")], organisation_id=organisation)
    week.request("r", start="2026-11-30 09:00", end="2026-11-30 11:00", seats=6, min_people=6)
    return week


@pytest.mark.parametrize(
    ("quota", "branch_quota", "people"),
    [
        (5, None, 7),  # all of them
        (3, None, 5),  # three of the club, and two of nobody's
        (5, 1, 6),  # three of the club itself, one of its branch, two of nobody's
        (2, 0, 4),
    ],
)
def test_a_team_is_no_larger_than_its_quotas_allow(
    quota: int, branch_quota: int | None, people: int
) -> None:
    problem = week_of(quota, branch_quota).problem()
    arcs = eligible(problem)
    found = most_people(problem, arcs.volunteer, arcs.slot, len(problem.slots))
    assert found.tolist() == [people]
    # Whether six can be served is known before any linear programme, which would serve a part.
    upper = Constraints(problem, arcs).rows().upper
    assert upper[0] == float(people >= 6)


def test_somebody_fit_for_two_posts_is_one_of_the_team() -> None:
    problem = week_of(9).problem()
    found = most_people(problem, np.array([0, 0, 1]), np.array([0, 0, 0]), 1)
    assert found.tolist() == [2]
