"""The parts of the bound that no law looks at: what is let go of when time is over."""

import numpy as np

from matching import Week
from matching.arcs.eligibility import eligible
from matching.bounds.certificate import best_weeks
from matching.bounds.pricing import Weeks


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
