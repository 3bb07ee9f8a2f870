"""Records become hours: each rule on its own, and all of them against a twin in plain Python."""

from datetime import datetime, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching.errors import PolicyError
from matching.records.hours import credited
from matching.records.overlaps import overlapped
from matching.records.policy import RecordPolicy
from matching.records.tables import Projects, Records
from tests.oracle import hours as oracle

# Where the clock is UTC, a day is what it looks like.
UTC = RecordPolicy(time_zone="UTC")
NOW = datetime(2026, 7, 1, 12)
COLUMNS = list(Records.columns())


def at(text):
    return datetime.fromisoformat(f"2026-06-{text}")


def record(name, start=None, end=None, status="done", who="ada", entered=None, **more):
    times = {"start": start and at(start), "end": end and at(end)}
    entered = {"entered_at": entered and at(entered)}
    named = {"record_id": name, "volunteer_id": who, "status": status}
    return dict.fromkeys(COLUMNS) | named | times | entered | more


def table(records, schema=Records):
    rows = pl.DataFrame(records, {n: c.dtype for n, c in schema.columns().items()})
    return rows.with_row_index("row", offset=1)


def project(name, start=None, end=None, across_days=None):
    times = {"start": start and at(start), "end": end and at(end)}
    empty = dict.fromkeys(Projects.columns())
    return empty | {"request_id": name, "across_days": across_days} | times


def codes(*records, policy=UTC, projects=None):
    projects = None if projects is None else table(projects, Projects)
    found = credited(table(records), policy, NOW, projects)
    code = pl.col("code").cast(pl.String).fill_null("credited")
    return dict(found.select("record_id", code).rows())


def test_minutes_of_what_was_served_count():
    found = credited(table([record("r1", "01T09:00", "01T11:30")]), UTC, NOW)
    assert found.select("minutes", "credited", "code").row(0) == (150, 150, None)


@pytest.mark.parametrize("status", ["forced_out", "no_show", "cancelled"])
def test_who_was_put_out_or_did_not_come_has_no_hours(status):
    assert codes(record("r1", "01T09:00", "01T11:00", status)) == {"r1": status}


def test_a_time_that_is_missing_or_ends_before_it_starts_counts_nothing():
    assert codes(
        record("open", "01T09:00"),
        record("empty", "01T09:00", "01T09:00"),
        record("turned", "01T09:00", "01T08:00"),
    ) == {"open": "no_times", "empty": "ends_before_start", "turned": "ends_before_start"}


def test_nothing_counts_before_it_has_been():
    late = {"end": NOW + timedelta(minutes=1), "start": NOW - timedelta(hours=1)}
    assert codes(
        record("future") | late,
        record("told later", "01T09:00", "01T10:00", entered="30T09:00")
        | {"entered_at": NOW + timedelta(minutes=1)},
        record("in advance", "02T09:00", "02T10:00", entered="02T09:59"),
        record("at once", "03T09:00", "03T10:00", entered="03T10:00"),
    ) == {
        "future": "future",
        "told later": "future",
        "in advance": "entered_early",
        "at once": "credited",
    }


def test_a_service_passes_midnight_only_where_its_project_does():
    night, day = project("night", "01T22:00", "02T06:00"), project("day", "01T00:00", "30T00:00")
    said = project("camp", "01T00:00", "30T00:00", across_days=True)
    records = [
        record("to midnight", "01T22:00", "02T00:00", who="a", request_id="day"),
        record("past it", "01T22:00", "02T00:01", who="b", request_id="day"),
        record("watch", "01T22:00", "02T06:00", who="c", request_id="night"),
        record("camp", "01T22:00", "03T06:00", who="d", request_id="camp"),
        record("alone", "01T22:00", "02T06:00", who="e"),
    ]
    assert codes(*records, projects=[night, day, said]) == {
        "to midnight": "credited",
        "past it": "across_days",
        "watch": "credited",
        "camp": "credited",
        "alone": "across_days",
    }


def test_a_record_lies_in_the_days_of_its_project():
    fair = project("fair", "10T09:00", "12T17:00")
    assert codes(
        record("early", "09T09:00", "09T10:00", request_id="fair"),
        # The day counts, not the hour: who comes to set up is there before it opens.
        record("setting up", "10T07:00", "10T09:00", request_id="fair"),
        record("last day", "12T18:00", "12T19:00", request_id="fair"),
        record("late", "13T09:00", "13T10:00", request_id="fair"),
        record("elsewhere", "14T09:00", "14T10:00", request_id="gala"),
        record("of no project", "15T09:00", "15T10:00"),
        projects=[fair],
    ) == {
        "early": "outside_project",
        "setting up": "credited",
        "last day": "credited",
        "late": "outside_project",
        "elsewhere": "unknown_project",
        "of no project": "credited",
    }


@pytest.mark.slow
def test_of_two_that_overlap_the_one_that_was_entered_first_stands():
    found = credited(
        table(
            [
                record("b", "01T10:00", "01T12:00", entered="01T12:30"),
                record("a", "01T09:00", "01T10:30", entered="01T12:31"),
                # Overlaps `a` alone, which does not stand.
                record("c", "01T09:00", "01T10:00", entered="01T12:32"),
                record("d", "01T12:00", "01T13:00", entered="01T13:00"),  # they touch
                record("e", "01T10:00", "01T12:00", entered="01T12:33", who="ben"),
                record("f", "01T11:00", "01T12:30"),  # nobody knows when it was entered
            ]
        ),
        UTC,
        NOW,
    )
    lost = found.filter(code="overlap").select("record_id", "other").rows()
    assert lost == [("a", "b"), ("f", "b")]


def test_what_counts_nothing_takes_no_time_from_others():
    assert codes(
        record("absent", "01T09:00", "01T11:00", "no_show", entered="01T11:00"),
        record("early", "01T09:00", "01T11:00", entered="01T10:00"),
        record("served", "01T09:00", "01T11:00", entered="01T12:00"),
    ) == {"absent": "no_show", "early": "entered_early", "served": "credited"}


def test_a_fifth_category_in_one_project_is_one_too_many():
    records = [
        record(f"r{n}", f"0{n}T09:00", f"0{n}T10:00", category=c, request_id="fair")
        for n, c in enumerate("ABCDEA", start=1)
    ]
    records += [record("gala", "07T09:00", "07T10:00", category="E", request_id="gala")]
    assert codes(*records)["r5"] == "too_many_categories"
    assert list(codes(*records).values()).count("credited") == 6
    assert "too_many_categories" not in codes(*records, policy=RecordPolicy(max_categories=5))


@pytest.mark.parametrize(
    ("minutes", "counted"),
    [(15, 0), (16, 30), (45, 30), (46, 60), (60, 60), (75, 60), (76, 90), (105, 90), (106, 120)],
)
def test_half_hours(minutes, counted):
    end = at("01T09:00") + timedelta(minutes=minutes)
    rows = table([record("r1", "01T09:00") | {"end": end}])
    found = credited(rows, RecordPolicy(time_zone="UTC", rounding="half_hours"), NOW)
    assert found["credited"].item() == counted
    assert (found["code"].item() == "rounded_away") == (counted == 0)


def test_a_row_that_stands_twice_counts_once_and_an_id_of_two_things_not_at_all():
    assert credited(
        table(
            [
                record("r1", "01T09:00", "01T10:00"),
                record("r1", "01T09:00", "01T10:00"),
                record("r2", "02T09:00", "02T10:00"),
                record("r2", "02T09:00", "02T11:00"),
            ]
        ),
        UTC,
        NOW,
    )["code"].to_list() == [None, "repeated", "id_of_two", "id_of_two"]


def test_days_are_those_of_the_time_zone():
    # 23:00 to 01:00 in UTC is 07:00 to 09:00 in Shanghai.
    one = record("r1", "01T23:00", "02T01:00")
    assert codes(one) == {"r1": "across_days"}
    assert codes(one, policy=RecordPolicy()) == {"r1": "credited"}


def test_a_record_as_long_as_history_takes_no_memory():
    start = pl.Series([0, 10, 10**9 - 5]).to_numpy()
    end = pl.Series([10**9, 20, 10**9 + 5]).to_numpy()
    assert overlapped(start * 0, start, end, pl.Series([1, 0, 2]).to_numpy()).tolist() == [
        1,
        -1,
        -1,
    ]


def test_no_crowd_of_records_is_too_large():
    # One minute after the other, each two minutes long: every other one stands.
    start = pl.arange(20_000, eager=True).to_numpy()
    by = overlapped(start * 0, start, start + 2, start)
    assert (by == -1).sum() == 10_000
    assert (by[1::2] == start[::2]).all()


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("rounding", "quarters"),
        ("max_categories", 0),
        ("max_categories", True),
        ("star_hours", ()),
        ("star_hours", (300, 100)),
        ("star_hours", (float("nan"),)),
        ("holidays", ("2026-10-01",)),
        ("time_zone", "Beijing"),
        ("quality", "3"),
    ],
)
def test_a_policy_that_makes_no_sense_is_refused(key, value):
    with pytest.raises(PolicyError, match=key):
        RecordPolicy(**{key: value})


def test_a_key_of_the_policy_that_nobody_knows_is_named_with_the_nearest(tmp_path):
    (tmp_path / "policy.toml").write_text("star_hour = [100]\n")
    with pytest.raises(PolicyError, match="star_hour'; the nearest is 'star_hours'"):
        RecordPolicy.from_toml(tmp_path / "policy.toml")


MOMENTS = st.integers(0, 16).map(lambda n: at("01T18:00") + timedelta(minutes=45 * n))
ROWS = st.fixed_dictionaries(
    {
        "record_id": st.sampled_from("abcdefgh"),
        "volunteer_id": st.sampled_from(["ada", "ben"]),
        "request_id": st.sampled_from([None, "p", "q"]),
        "status": st.sampled_from(["done"] * 6 + ["no_show"]),
        "start": MOMENTS,
        "end": st.none() | MOMENTS,
        "entered_at": st.none() | MOMENTS.map(lambda moment: moment + timedelta(hours=9)),
        "category": st.none() | st.sampled_from("ABC"),
    }
)
PROJECTS = st.none() | st.fixed_dictionaries(
    {
        "p": st.fixed_dictionaries(
            {
                "start": st.none() | MOMENTS,
                "end": st.none() | MOMENTS,
                "across_days": st.none() | st.booleans(),
            }
        )
    }
)


@pytest.mark.slow
@given(st.lists(ROWS, max_size=14), PROJECTS, st.booleans(), st.integers(1, 2))
def test_a_twin_in_plain_python_agrees(rows, projects, half, most):
    rows = [dict.fromkeys(COLUMNS) | row for row in rows]
    policy = RecordPolicy(
        time_zone="UTC", rounding="half_hours" if half else "none", max_categories=most
    )
    now = at("02T15:00")
    theirs = None
    if projects is not None:
        empty = dict.fromkeys(Projects.columns())
        theirs = table([empty | {"request_id": n} | p for n, p in projects.items()], Projects)
    found = credited(table(rows), policy, now, theirs)
    minutes, why, _ = oracle.hours(rows, policy, now, projects)
    assert found["code"].to_list() == why
    assert found["credited"].to_list() == minutes
