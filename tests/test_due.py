"""Which records are due, by whose calendar."""

from datetime import date

import numpy as np
import polars as pl
import pytest

from matching.records.due import WorkingDays, weekdays
from matching.stores.national.working_days import working_days
from tests.support.commands import run

MAY = WorkingDays.of(weekdays(date(2026, 5, 1), date(2026, 6, 30)))


def after(working: WorkingDays, day: str, count: int = 10) -> date | None:
    return working.after(pl.Series([date.fromisoformat(day)]), count).item()


def test_ten_weekdays_are_two_weeks() -> None:
    assert after(MAY, "2026-05-04") == date(2026, 5, 18)
    # From a Sunday the Monday is the first.
    assert after(MAY, "2026-05-10") == date(2026, 5, 22)
    assert after(MAY, "2026-06-25") is None  # beyond what is known


def test_the_holidays_of_china_put_the_day_off_and_weekends_that_are_worked_bring_it_near() -> None:
    first, last = date(2025, 9, 1), date(2025, 11, 30)
    days, unknown = working_days(first, last)
    assert unknown == ()
    # Off from 1 to 8 October; Sunday 28 September and Saturday 11 October are worked. After Friday
    # 26 September: 28, 29, 30 September, 9, 10, 11, 13, 14, 15, 16 October.
    assert after(WorkingDays.of(days), "2025-09-26") == date(2025, 10, 16)


def test_a_year_that_is_not_announced_is_told_and_not_guessed() -> None:
    days, unknown = working_days(date(2050, 12, 1), date(2051, 2, 1))
    assert unknown == (2050, 2051)
    days, unknown = working_days(date(2026, 12, 1), date(2027, 1, 31))
    if unknown:  # until the package knows it
        working = WorkingDays.of(days, (), (), unknown)
        assert after(working, "2026-12-10") == date(2026, 12, 24)
        assert after(working, "2026-12-25") is None


def test_a_policy_adds_days_off_and_days_that_are_worked() -> None:
    days = weekdays(date(2026, 5, 1), date(2026, 6, 30))
    other = WorkingDays.of(days, (date(2026, 5, 5),), (date(2026, 5, 9),))
    # One day less, one day more.
    assert after(other, "2026-05-04") == after(MAY, "2026-05-04")
    assert after(other, "2026-05-04", 1) == date(2026, 5, 6)
    assert np.datetime64("2026-05-09") in other.days


@pytest.fixture
def place(tmp_path):
    (tmp_path / "records.csv").write_text(
        "record_id,volunteer_id,start,end,status,entered_at,organisation_id\n"
        "early,v1,2026-05-04T09:00,2026-05-04T12:00,done,,o1\n"
        "near,v2,2026-05-18T09:00,2026-05-18T12:00,done,,o1\n"
        "entered,v3,2026-05-04T09:00,2026-05-04T12:00,done,2026-05-18T20:00,o1\n"
        "late,v4,2026-05-04T09:00,2026-05-04T12:00,done,2026-05-19T08:00,o1\n"
        "absent,v5,2026-05-04T09:00,2026-05-04T12:00,no_show,,o1\n"
        "to midnight,v6,2026-05-04T22:00,2026-05-05T00:00,done,2026-05-18T08:00,o1\n"
    )
    (tmp_path / "records.toml").write_text('calendar = "weekdays"\n')
    return tmp_path


def test_the_command_lists_what_is_due_soonest_first(place) -> None:
    policy = ("--policy", place / "records.toml", "--as-of", "2026-05-20")
    done = run("records", "due", place, *policy)
    assert "working days are Monday to Friday" in done.stderr
    lines = done.stdout.splitlines()
    assert lines[:3] == [
        "             1  overdue: not entered, and the last day is past",
        "             1  open: not entered yet",
        "             1  late: entered after the last day",
    ]
    # Of 18 May it is due on 1 June; from the 20th on these are 21, 22, 25 to 29 and 1 June.
    assert lines[3].startswith("early of 2026-05-04 was due on 2026-05-18 (o1")
    assert lines[4].startswith("near of 2026-05-18 is due on 2026-06-01, in 8 working days (o1")
    out = place / "due.csv"
    run("records", "due", place, *policy, "--out", out)
    found = pl.read_csv(out).select("record_id", "state", "days_left").rows()
    assert found == [("early", "overdue", -2), ("late", "late", -2), ("near", "open", 8)]


def test_of_an_unknown_year_only_what_was_entered_at_once_is_certain(tmp_path) -> None:
    (tmp_path / "records.csv").write_text(
        "record_id,volunteer_id,start,end,status,entered_at\n"
        "soon,v1,2050-05-04T09:00,2050-05-04T12:00,done,2050-05-14T12:00\n"
        "later,v2,2050-05-04T09:00,2050-05-04T12:00,done,2050-05-15T12:00\n"
        "open,v3,2050-05-04T09:00,2050-05-04T12:00,done,\n"
    )
    done = run("records", "due", tmp_path, "--as-of", "2050-06-30")
    assert "the days off of 2050 are not known" in done.stderr
    assert [line.partition(" ")[0] for line in done.stdout.splitlines()[1:]] == ["later", "open"]
