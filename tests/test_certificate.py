"""The parts of the bound that no law looks at: what is let go of when time is over."""

import numpy as np
import pytest

from matching import Policy, Prices, Week, certify
from matching.arcs.eligibility import eligible
from matching.bounds import certificate
from matching.bounds.certificate import best_weeks, certified
from matching.bounds.pricing import Weeks
from matching.bounds.timeline import best_timelines


def test_told_to_stop_a_best_week_may_only_look_better() -> None:
    # Three hours in all where two are the limit, and 10 km in five minutes: one of the services at
    # 1000. Without the rules that take long both: 1000 + 1000 - 100 for the second.
    week = Week("2026-03-02")
    always = ("2026-03-01 00:00", "2026-03-11 00:00")
    week.volunteer("ann", available=[always], max_hours=2, travel_km=100, lat=0, lon=0)
    week.request("near", start="2026-03-02 09:00", end="2026-03-02 10:00", lat=0, lon=0)
    week.request("far", start="2026-03-02 10:05", end="2026-03-02 12:00", lat=0.09, lon=0)
    problem = week.problem()
    weeks = Weeks(problem, eligible(problem))
    reward = np.full(2, 1000.0)
    assert best_weeks(weeks, reward).tolist() == [1000]
    assert best_weeks(weeks, reward, stop=lambda: True).tolist() == [1900]


def test_only_who_could_serve_very_often_is_relaxed(monkeypatch: pytest.MonkeyPatch) -> None:
    # Ann and cy could come to two, 10 km apart with five minutes between: one of them, 1000. Bo
    # could come to three, more than are looked at: all, without travel and hours, 3000 - 100 - 200.
    monkeypatch.setattr(certificate, "MOST_SERVICES", 2)
    week = Week("2026-03-02")
    where = {"lat": 0.0, "lon": 0.0}
    morning, day = ("mon", "09:00", "12:00"), ("mon", "09:00", "13:00")
    for name, hours in (("ann", morning), ("bo", day), ("cy", morning)):
        week.volunteer(name, available=[hours], max_hours=2.5, travel_km=100, **where)
    week.request("near", start="2026-03-02 09:00", end="2026-03-02 10:00", **where)
    week.request("far", start="2026-03-02 10:05", end="2026-03-02 12:00", lat=0.09, lon=0.0)
    week.request("late", start="2026-03-02 12:00", end="2026-03-02 13:00", lat=0.09, lon=0.0)
    problem = week.problem()
    weeks = Weeks(problem, eligible(problem))
    reward = np.full(len(weeks.arcs), 1000.0)
    value, finished = certificate._best_weeks(weeks, reward, lambda: False)
    assert finished.tolist() == [True, False, True]
    assert value.tolist() == [1000, 2700, 1000]


def test_where_services_are_very_many_time_still_counts() -> None:
    # Two services at most. b and d are worth most, 1500 + 2000, but b goes on when d begins: a and
    # d, 1000 + 2000 - 100 for the second. a and b overlap, as do d and e: by clusters alone it were
    # 1500 + 2000 - 100.
    times = {"a": ("09:00", "10:00"), "b": ("09:30", "10:30"), "d": ("10:00", "11:00")}
    times["e"] = ("10:30", "11:30")
    week = Week("2026-03-02")
    week.volunteer("ann", available=[("mon", "08:00", "18:00")], max_shifts=2)
    for name, (start, end) in times.items():
        week.request(name, start=f"2026-03-02 {start}", end=f"2026-03-02 {end}")
    problem = week.problem()
    arcs, first_load = eligible(problem), np.zeros(1, np.int64)
    reward, rows = np.array([1000.0, 1500.0, 2000.0, 900.0]), np.arange(4)
    assert best_timelines(problem, arcs, rows, reward, first_load).tolist() == [2900]
    assert best_weeks(Weeks(problem, arcs), reward, stop=lambda: True).tolist() == [2900]


def test_a_proof_that_time_ended_is_true_and_says_for_whom_it_is_not_finished() -> None:
    # Two services at 3000 that ann cannot both reach: 3000. Unfinished, travel is left out:
    # 3000 + 3000 - 100 for the second. Bo's only service is what it is. All prices are what a seat
    # is worth, so that the requests gain nothing.
    week = Week("2026-03-02", policy=Policy(distance=0))
    for name in ("ann", "bo"):
        week.volunteer(name, available=[("mon", "08:00", "18:00")], travel_km=100, lat=0, lon=0)
    week.never("bo", "category", "far")
    times = {"near": ("09:00", "10:00", 0.0), "far": ("10:05", "12:00", 0.09)}
    for name, (start, end, lat) in times.items():
        at = {"start": f"2026-03-02 {start}", "end": f"2026-03-02 {end}"}
        week.request(name, category=name, lat=lat, lon=0.0, **at)
    problem = week.problem()
    prices = Prices(slot=np.full(2, 3000.0), quota=np.empty(0))
    assert certified(problem, prices) == (6000.0, 0)
    assert certified(problem, prices, 0.0) == (8900.0, 1)
    assert certify(problem, prices, time_limit=0) == 8900.0
