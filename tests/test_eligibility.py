"""Who may serve where, by hand: the edges of each pair rule."""

import pytest

from matching import Policy, Week
from matching.eligibility import eligible
from matching.plan import slot_keys
from tests.test_geometry import eligible_pairs

ALWAYS = ("2026-03-01 00:00", "2026-03-11 00:00")
NINE, TEN = "2026-03-02 09:00", "2026-03-02 10:00"
OPTIONS = {"early": (NINE, TEN), "late": ("2026-03-02 15:00", "2026-03-02 16:00")}


def ann_and(**policy: bool) -> Week:
    """One volunteer who can always come."""
    week = Week("2026-03-02", policy=Policy(**policy))
    week.volunteer("ann", available=[ALWAYS])
    return week


def may(week: Week) -> list[str]:
    """Return where ann may serve, as `post` or `post option`."""
    problem = week.problem()
    keys = slot_keys(problem)[eligible(problem).slot]
    return [" ".join(filter(None, row)) for row in keys.select("post", "option").rows()]


def test_a_place_exactly_as_far_as_somebody_goes_is_near_enough() -> None:
    # From the equator to 0.09 degrees are some 10 km; the limit is that very number.
    week = Week("2026-03-02")
    week.volunteer("far", lat=0, lon=0, travel_km=100, available=[ALWAYS])
    week.request("r", start=NINE, end=TEN, lat=0.09, lon=0)
    ((_, km),) = eligible_pairs(week).items()
    week.volunteer("just", lat=0, lon=0, travel_km=km, available=[ALWAYS])
    week.volunteer("short", lat=0, lon=0, travel_km=km * (1 - 1e-6), available=[ALWAYS])
    assert set(eligible_pairs(week)) == {("far", "r"), ("just", "r")}


@pytest.mark.parametrize("post", ["cook", "driver"])
def test_who_is_listed_for_a_post_is_for_no_other(post: str) -> None:
    week = ann_and(only_listed=True)
    week.request("r", start=NINE, end=TEN, posts={"cook": 1, "driver": 1})
    week.affinity("ann", "r", 0, post=post)
    assert may(week) == [post]


def test_who_is_listed_for_a_request_is_for_all_its_posts() -> None:
    week = ann_and(only_listed=True)
    week.request("r", start=NINE, end=TEN, posts={"cook": 1, "driver": 1})
    week.affinity("ann", "r", 0)
    assert may(week) == ["cook", "driver"]


@pytest.mark.parametrize("declined", ["early", "late"])
def test_who_declined_one_option_may_come_at_the_other(declined: str) -> None:
    week = ann_and()
    week.request("r", options=OPTIONS)
    week.assignment("ann", "r", "declined", option=declined)
    (other,) = OPTIONS.keys() - {declined}
    assert may(week) == [f"volunteer {other}"]


def test_who_declined_without_an_option_declined_them_all() -> None:
    week = ann_and()
    week.request("r", options=OPTIONS)
    week.decline("ann", "r")
    assert may(week) == []
