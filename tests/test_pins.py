"""Pins that are tied to each other: what is tried, and who is blamed."""

import pytest

from matching import DataError, Week
from matching.audit.pins import settled
from tests.support.hand import ALWAYS

NINE, TEN, ELEVEN = (f"2026-03-02 {hour}:00" for hour in ("09", "10", "11"))


def test_who_is_not_tied_to_others_chooses_alone() -> None:
    # Each of ten has to move the one pin out of the way of the other. Alone that is one of two
    # ways; all at once it would be the last of 1024. A request that all are pinned to, but that has
    # one option, ties nobody.
    week = Week("2026-03-02")
    week.request("lunch", options={"noon": ("2026-03-02 12:00", "2026-03-02 13:00")}, seats=10)
    for n in range(10):
        week.volunteer(f"v{n}", available=[ALWAYS])
        week.request(f"r{n}", options={"early": (NINE, TEN), "late": (TEN, ELEVEN)})
        week.request(f"s{n}", start=NINE, end=TEN)
        week.pin(f"v{n}", f"r{n}")
        week.pin(f"v{n}", f"s{n}")
        week.pin(f"v{n}", "lunch")
    problem = week.problem()
    assert settled(problem) is problem


@pytest.mark.parametrize("names", [("top", "school"), ("school", "top")])
def test_a_quota_is_found_wherever_its_organisation_is_listed(names: tuple[str, str]) -> None:
    week = Week("2026-03-02")
    for name in names:
        if name == "top":
            week.organisation("top", max_seats=1)
        else:
            week.organisation("school", parent_id="top")
    for who, request in (("a", "r"), ("b", "s")):
        week.volunteer(who, organisation_id="school", available=[ALWAYS])
        week.request(request, start=NINE, end=TEN)
        week.pin(who, request)
    # Who belongs to nobody uses no quota.
    week.volunteer("c", available=[ALWAYS])
    week.request("t", start=NINE, end=TEN)
    week.pin("c", "t")
    with pytest.raises(DataError) as raised:
        settled(week.problem())
    rows = raised.value.faults.select("row", "rule").rows()
    assert rows == [(1, "pinned_quota"), (2, "pinned_quota")]


def test_pins_of_a_request_meet_at_one_option_or_not_at_all() -> None:
    # b comes only later, so a has to come later too, where a is pinned elsewhere.
    week = Week("2026-03-02")
    week.volunteer("a", available=[ALWAYS])
    week.volunteer("b", available=[(TEN, ELEVEN)])
    week.request("r", options={"early": (NINE, TEN), "late": (TEN, ELEVEN)}, seats=2)
    week.request("s", start=TEN, end=ELEVEN)
    for who, request in (("a", "r"), ("b", "r"), ("a", "s")):
        week.pin(who, request)
    with pytest.raises(DataError) as raised:
        settled(week.problem())
    assert set(raised.value.faults["rule"]) == {"pinned_overlap"}
