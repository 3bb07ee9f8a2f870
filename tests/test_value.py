"""What an arc is worth to the engine, term by term, and how large values may grow."""

import math

import numpy as np
import pytest

from matching import Policy, PolicyError, Week
from matching.arcs.eligibility import eligible
from matching.arcs.value import check_exact, first_load, quality, seat_value
from matching.week import Post
from tests.support.hand import ALWAYS, people
from tests.support.words import KM, world

NINE, TEN = "2026-03-02 09:00", "2026-03-02 10:00"


def fits(week: Week) -> list[int]:
    """Return the quality of every arc, sorted by volunteer and slot."""
    problem = week.problem()
    return quality(problem, eligible(problem)).tolist()


def test_a_week_may_be_worth_all_that_floats_count_and_no_more() -> None:
    # Three seats, but only ann could fill one of the two at s, and that of r: 1000 * 3 * (1 + 0.5)
    # = 4500 for each, and 2 * 100 for the load. The rest up to 2^53 is quality, whatever its sign;
    # the guides that nobody can be count nothing.
    week = people("ann")
    posts = {"cook": Post(2), "guide": Post(1, qualifications=["guide"])}
    week.request("r", start=NINE, end=TEN)
    week.request("s", start=NINE, end=TEN, posts=posts)
    problem = week.problem()
    arcs = eligible(problem)
    rest = 2**53 - 2 * 4500 - 2 * 100
    for sign in (1, -1):
        check_exact(problem, arcs, sign * np.array([rest - 11, 10]))
        # Just as much as is too much: the next power of ten is ten.
        with pytest.raises(PolicyError, match=r"divide all weights by 10$"):
            check_exact(problem, arcs, sign * np.array([rest - 10, 10]))


@pytest.mark.parametrize("weight", [1, -1])
def test_the_smallest_wish_counts(weight: int) -> None:
    week = people("ann")
    week.request("r", start=NINE, end=TEN, category="dogs")
    week.prefer("ann", "category", "dogs", weight=weight)
    assert fits(week) == [weight]


def test_a_score_for_a_post_is_for_that_post() -> None:
    # The first post has the index 0, which is not the -1 of a score for any post.
    for scored, worth in (("cook", [7, 0]), ("driver", [0, 7]), (None, [7, 7])):
        week = people("ann")
        week.request("r", start=NINE, end=TEN, posts={"cook": 1, "driver": 1})
        week.affinity("ann", "r", 7, post=scored)
        assert fits(week) == worth


def test_the_first_seats_of_a_post_are_worth_more() -> None:
    # Priority 3, three seats: 3 (1 + 0.5 * 2 / 3) = 4, 3 (1 + 0.5 / 3) = 3.5, so 4, and 3.
    # Priority 5, two seats: 5 (1 + 0.5 / 2) = 6.25, so 6, and 5.
    week = people("ann", Policy(seat=1))
    week.request("r", start=NINE, end=TEN, seats=3)
    week.request("s", start=NINE, end=TEN, seats=2, priority=5)
    post, k = np.array([0, 0, 0, 1, 1], np.int32), np.array([1, 2, 3, 1, 2])
    assert seat_value(week.problem(), post, k).tolist() == [4, 4, 3, 6, 5]


def test_who_served_much_lately_costs_more() -> None:
    # Of 40 hours, which cost 100: none, a quarter, all, more than all; 0.2 are half a unit, so 1.
    week = Week("2026-03-02")
    for n, hours in enumerate((0, 10, 40, 60, 0.2)):
        week.volunteer(f"v{n}", recent_hours=hours)
    assert first_load(week.problem()).tolist() == [0, 25, 100, 100, 1]


# --- quality, term by term ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("home", "distance", "worth"),
    [
        (f"45 126 {4 * KM!r}", 200, 150),  # 200 (1 - 1/4)
        (f"45 126 {2 * KM!r}", 1, 1),  # a half, rounded up
        (f"45 126 {KM!r}", 200, 0),
        (f"45.08775 126 {KM / 20!r}", 200, 100),  # a fortieth of the way, goes half a kilometre
        ("45.09 126 0", 200, 200),  # goes nowhere, and is there
        ("45 126 -", 200, 200),  # goes anywhere
        ("- - 5", 200, 0),  # the place is unknown
    ],
)
def test_who_is_near_fits_better(home: str, distance: int, worth: int) -> None:
    problem = world(
        policy={"distance": distance, "travel_km": math.inf},
        volunteers=f"volunteer_id lat lon travel_km\n ann {home}",
        requests="request_id lat lon start end\n r 45.09 126 Mon@09:00 Mon@11:00",
    )
    assert quality(problem, eligible(problem)).tolist() == [worth]


@pytest.mark.parametrize("block", [1, 1 << 16])
def test_the_least_liked_window_of_a_service_counts(
    block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    # One service from 9 to 11, one from 11 to 12; what only touches does not count. At 50 each: ann
    # 2 and 1, then 1 and -2; ben -1 in the middle of the first; cem 1 for all; dan says nothing.
    # Of eva and fay only the second window has a preference.
    monkeypatch.setattr("matching.problem.arrays._BLOCK", block)
    problem = world(
        volunteers="volunteer_id\n ann\n ben\n cem\n dan\n eva\n fay",
        availability="""volunteer_id start end preference
            ann Mon@06:00 Mon@09:00 -1
            ann Mon@08:00 Mon@10:00 2
            ann Mon@10:00 Mon@12:00 1
            ann Mon@11:00 Mon@12:00 -2
            ben Mon@08:00 Mon@12:00 2
            ben Mon@10:00 Mon@10:30 -1
            cem Mon@08:00 Mon@12:00 1
            dan Mon@08:00 Mon@12:00 -
            eva Mon@08:00 Mon@11:00 -
            eva Mon@11:00 Mon@12:00 -1
            fay Mon@08:00 Mon@11:00 -
            fay Mon@11:00 Mon@12:00 1""",
        requests="""request_id start end
            r1 Mon@09:00 Mon@11:00
            r2 Mon@11:00 Mon@12:00""",
    )
    found = quality(problem, eligible(problem))
    liked = [1, -2, -1, 2, 1, 1, 0, 0, 0, -1, 0, 1]
    assert found.tolist() == [50 * preference for preference in liked]


@pytest.mark.parametrize("names", [["ann", "idle"], ["idle", "ann"]])
def test_who_never_comes_likes_nothing(names: list[str]) -> None:
    week = Week("2026-03-02")
    for name in names:
        week.volunteer(name, available=[(*ALWAYS, 2)] if name == "ann" else [])
    week.request("r", start=NINE, end=TEN)
    assert fits(week) == [100]


def test_wishes_add_up_to_a_limit() -> None:
    # ann 30 + 25 - 10; ben 80 + 70, more than 100; cem -90 - 20, less than -100; dan wishes what
    # is not there.
    problem = world(
        volunteers="volunteer_id\n ann\n ben\n cem\n dan",
        menu="menu_item category\n meal food",
        requests="request_id menu_item beneficiary_id start end\n r meal b1 Mon@09:00 Mon@11:00",
        preferences="""volunteer_id subject value weight
            ann category food 30
            ann menu_item meal 25
            ann post volunteer -10
            ben beneficiary b1 80
            ben menu_item meal 70
            cem category food -90
            cem post volunteer -20
            dan category sport 50""",
    )
    assert quality(problem, eligible(problem)).tolist() == [45, 100, -100, 0]


def test_earlier_visits_count_up_to_a_limit() -> None:
    # 20 each, and no more than 10 of them; those to somebody else are none.
    problem = world(
        volunteers="volunteer_id\n ann\n ben\n cem",
        requests="""request_id beneficiary_id start end
            r1 b1 Mon@09:00 Mon@11:00
            r2 b2 Mon@09:00 Mon@11:00""",
        bonds="volunteer_id beneficiary_id visits\n ann b1 3\n ben b1 12\n cem b2 5",
    )
    found = quality(problem, eligible(problem)).tolist()
    assert found == [20 * visits for visits in (3, 0, 10, 0, 0, 5)]


def test_scores_for_a_post_and_for_its_request_add_up() -> None:
    problem = world(
        volunteers="volunteer_id\n ann\n ben",
        requests="request_id start end\n r Mon@09:00 Mon@11:00",
        posts="request_id post seats\n r cook 1\n r driver 1",
        affinities="""volunteer_id request_id post score
            ann r - 7
            ann r cook -12
            ben r driver 4""",
    )
    assert quality(problem, eligible(problem)).tolist() == [7 - 12, 7, 0, 4]


def test_what_was_agreed_is_worth_keeping_at_its_option() -> None:
    problem = world(
        volunteers="volunteer_id\n ann\n ben\n cem\n dan",
        requests="request_id\n r",
        options="request_id option start end\n r a Mon@09:00 Mon@11:00\n r b Tue@09:00 Tue@11:00",
        assignments="""volunteer_id request_id post option status
            ann r volunteer a accepted
            ben r volunteer b published
            cem r volunteer - accepted
            dan r volunteer a offered""",
    )
    found = quality(problem, eligible(problem)).tolist()
    assert found == [300, 0, 0, 300, 300, 300, 0, 0]
