"""Requests that are worth something by being served at all: `requests.bonus`."""

import numpy as np
import pytest

from matching import Plan, Policy, audit
from matching.arcs.eligibility import eligible
from matching.bounds.exactness import is_pure_network
from matching.bounds.pricing import Weeks
from matching.week import Post
from tests.support.hand import ask, people, right, served

# No early seats: every seat of priority 3 is worth 3000, every further service costs 100.
EVEN = Policy(early_seat=0.0)


def test_of_two_requests_the_one_with_a_bonus_is_served() -> None:
    week = people("ann", EVEN)
    ask(week, "cooking")
    ask(week, "moving", bonus=1)
    result = right(week)
    assert served(result) == ["ann moving"]
    assert result.value == 3000 + 1


def test_a_bonus_is_paid_once_however_many_come() -> None:
    # Two of three seats: 2 * 3000 + 500.
    week = people("ann bob", EVEN)
    ask(week, "moving", seats=3, bonus=500)
    assert right(week).value == 6500


def test_people_spread_over_requests_with_a_bonus() -> None:
    # Both seats of "cooking" are worth 5000 each, of "moving" 3000 each and 2500 for the first:
    # one comes to each. 5000 + 3000 + 2500; two at "cooking" would be 10,000.
    week = people("ann bob", EVEN)
    ask(week, "cooking", seats=2, priority=5)
    ask(week, "moving", seats=2, bonus=2500)
    result = right(week)
    assert sorted(row.split()[1] for row in served(result)) == ["cooking", "moving"]
    assert result.value == 10_500


def test_several_posts_share_one_bonus() -> None:
    # A bonus per post would send ann and bob to "moving": 2 * 3000 + 500 * 2 > 3000 + 3000 + 600.
    week = people("ann bob", EVEN, max_shifts=1)
    posts = {"driver": 1, "carrier": 1}
    ask(week, "moving", posts=posts, bonus=500)
    ask(week, "cooking", bonus=100)
    result = right(week)
    assert sorted(row.split()[1] for row in served(result)) == ["cooking", "moving"]
    assert result.value == 3000 + 500 + 3000 + 100


def test_a_bonus_pays_for_a_team_that_is_not_worth_it_otherwise() -> None:
    # The score of -4000 each leaves the team of two at 2 * (3000 - 4000): 2000 pay for it, less
    # do not, and with just as much nothing is gained.
    for bonus, value in ((1999, 0), (2000, 0), (2001, 1)):
        week = people("ann bob", EVEN)
        posts = {"driver": Post(1, min_seats=1), "carrier": Post(1, min_seats=1)}
        ask(week, "moving", posts=posts, bonus=bonus)
        for name in ("ann", "bob"):
            week.affinity(name, "moving", -4000)
        assert right(week).value == value


def test_one_bonus_for_all_times_of_a_request() -> None:
    times = {
        "mon": ("2026-03-02 09:00", "2026-03-02 10:00"),
        "tue": ("2026-03-03 09:00", "2026-03-03 10:00"),
    }
    week = people("ann bob", EVEN)
    week.request("moving", options=times, posts={"driver": 1, "carrier": 1}, bonus=500)
    assert right(week).value == 3000 + 3000 + 500


@pytest.mark.parametrize(("posts", "network"), [({"one": 2}, True), ({"one": 1, "two": 1}, False)])
def test_a_network_says_the_bonus_of_one_post(posts: dict[str, int], network: bool) -> None:
    week = people("ann", Policy(travel_kmh=np.inf))
    ask(week, "moving", posts=posts, bonus=500)
    problem = week.problem()
    assert is_pure_network(problem, Weeks(problem, eligible(problem)).clusters) is network
    result = right(week)
    # Of two seats the first is worth 3000 * (1 + 0.5 * 1 / 2); of one 3000.
    assert result.value == (3750 if network else 3000) + 500


def test_the_audit_pays_only_who_is_served() -> None:
    week = people("ann", EVEN)
    ask(week, "moving", posts={"driver": 1, "carrier": 1}, bonus=500)
    result = right(week)
    assert audit.value(result.problem, Plan.empty()) == 0
    assert audit.value(result.problem, result.plan) == 3000 + 500
