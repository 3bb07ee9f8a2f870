"""Places on the sphere: no pair within reach is missed, at the poles and across the date line."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching import Week
from matching.arcs.spatial import RADIUS_KM, Places, distance_km
from matching.problem.columns import Floats
from tests.oracle.reading import kilometres
from tests.support.words import eligible_pairs

DEGREE = RADIUS_KM * math.pi / 180
Spot = tuple[float, float] | None

latitudes = st.sampled_from([-90.0, 90.0, 89.99, -89.95, 0.0, 39.9, 39.95, 66.0]) | st.floats(
    -90, 90
)
longitudes = st.sampled_from(
    [-180.0, 180.0, 179.99, -179.99, 0.0, 0.1, 116.4, 116.45, -73.9]
) | st.floats(-180, 180)
spots = st.none() | st.tuples(latitudes, longitudes)
reaches = st.sampled_from([0.0, 0.05, 1.0, 1.5, 10.0, 10.0, 300.0, 9000.0, 20_015.1, 1e6, math.inf])


def columns(places: list[Spot]) -> tuple[Floats, Floats]:
    nowhere = (math.nan, math.nan)
    lat, lon = np.array([place or nowhere for place in places], dtype=float).reshape(-1, 2).T
    return lat, lon


def near(points: Places, places: list[Spot]) -> list[tuple[int, int]]:
    """Return pairs of a point and a place around which it is."""
    around = points.around(*columns(places))
    return [
        (int(points.order[who]), which)
        for which in range(len(places))
        for stretch in range(around.first[which], around.first[which + 1])
        for who in range(around.low[stretch], around.high[stretch])
    ]


@pytest.mark.slow
@settings(max_examples=500, deadline=None)
@given(
    st.lists(st.tuples(spots, reaches), min_size=1, max_size=25),
    st.lists(spots, max_size=8),
)
def test_no_pair_within_reach_is_missed_and_none_comes_twice(
    people: list[tuple[Spot, float]], places: list[Spot]
) -> None:
    homes = [home for home, _ in people]
    points = Places(*columns(homes), np.array([reach for _, reach in people]))
    found = near(points, places)
    assert len(set(found)) == len(found)
    for n, (home, reach) in enumerate(people):
        for m, place in enumerate(places):
            far = kilometres(home, place)
            if far is None or far <= reach:
                assert (n, m) in found


def test_those_far_away_are_not_looked_at() -> None:
    # A point on every tenth of a degree of a square of ten degrees: 101 * 101.
    grid = [(30 + i / 10, 100 + j / 10) for i in range(101) for j in range(101)]
    points = Places(*columns(list(grid)), np.full(len(grid), 10.0))
    found = [grid[n] for n, _ in near(points, [(35.0, 105.0)])]
    # In a box of twice the reach and a band: 0.2 degrees of latitude, 0.25 of longitude.
    assert (35.0, 105.0) in found
    assert len(found) <= 5 * 5


@pytest.mark.parametrize(
    ("a", "b", "km"),
    [
        ((0, 0), (0, 0), 0),
        ((0, 0), (0, 1), DEGREE),
        ((0, 0), (1, 0), DEGREE),
        ((-90, 17), (90, -120), 180 * DEGREE),
        ((0, 179.5), (0, -179.5), DEGREE),
        # Over the pole: half a degree on either side.
        ((89.5, 0), (89.5, 180), DEGREE),
        ((0, -90), (0, 90), 180 * DEGREE),
        # A degree of longitude at 60 degrees north is half as long, but for the bend.
        ((60, 10), (60, 11), DEGREE / 2),
        # Quarters of great circles.
        ((0, 0), (90, 0), 90 * DEGREE),
        ((45, 0), (45, 180), 90 * DEGREE),
    ],
)
def test_known_distances(a: tuple[float, float], b: tuple[float, float], km: float) -> None:
    found = distance_km(*(np.array([x], dtype=float) for x in (*a, *b)))
    assert found == pytest.approx([km], abs=2e-3)


def test_cities() -> None:
    # Beijing to Shanghai, New York to London: by the tables of great circles, to the kilometre.
    beijing, shanghai = (39.9042, 116.4074), (31.2304, 121.4737)
    new_york, london = (40.7128, -74.0060), (51.5074, -0.1278)
    for a, b, km in ((beijing, shanghai, 1067), (new_york, london, 5570)):
        (there,) = distance_km(*(np.array([x]) for x in (*a, *b)))
        (back,) = distance_km(*(np.array([x]) for x in (*b, *a)))
        assert there == pytest.approx(km, abs=1)
        assert there == back


def test_an_unknown_place_is_no_distance() -> None:
    nowhere, there = np.array([math.nan]), np.array([10.0])
    assert np.isnan(distance_km(nowhere, nowhere, there, there)).all()
    assert np.isnan(distance_km(there, there, nowhere, nowhere)).all()


# --- who may serve --------------------------------------------------------------------------------


def test_the_date_line_parts_nobody() -> None:
    # Two hundredths of a degree along the equator are 2.2 km; a tenth of one is 11.1 km.
    week = Week("2026-03-02")
    homes = {"west": 179.99, "line": 180.0, "same line": -180.0, "far": 179.89, "other side": 0.0}
    for name, lon in homes.items():
        week.volunteer(name, lat=0, lon=lon, available=[("mon", "08:00", "18:00")])
    week.volunteer("nowhere", available=[("mon", "08:00", "18:00")])
    week.request("r", start="2026-03-02 09:00", end="2026-03-02 10:00", lat=0, lon=-179.99)
    found = eligible_pairs(week)
    assert {who for who, _ in found} == {"west", "line", "same line", "nowhere"}
    assert found["west", "r"] == pytest.approx(0.02 * DEGREE)
    assert found["line", "r"] == pytest.approx(found["same line", "r"])
    assert math.isnan(found["nowhere", "r"])


@pytest.mark.filterwarnings("ignore:.*from all other places:matching.DataWarning")
def test_around_the_pole_all_longitudes_are_near() -> None:
    week = Week("2026-03-02")
    for lon in (-180, -90, 0, 0.1, 45, 179.9):
        week.volunteer(f"at {lon}", lat=89.97, lon=lon, available=[("mon", "08:00", "18:00")])
    week.volunteer("south", lat=-89.97, lon=0, available=[("mon", "08:00", "18:00")])
    week.request("r", start="2026-03-02 09:00", end="2026-03-02 10:00", lat=89.98, lon=135)
    found = eligible_pairs(week)
    # 0.03 degrees up one side and 0.02 down the other would be 5.6 km.
    assert {who for who, _ in found} == {f"at {lon}" for lon in (-180, -90, 0, 0.1, 45, 179.9)}
    assert found["at 179.9", "r"] < found["at 0", "r"] < 5.6


def test_who_goes_nowhere_serves_at_home_only() -> None:
    week = Week("2026-03-02")
    week.volunteer("a", lat=10, lon=10, travel_km=0, available=[("mon", "08:00", "18:00")])
    for name, lat in (("home", 10), ("next door", 10.0001)):
        week.request(name, start="2026-03-02 09:00", end="2026-03-02 10:00", lat=lat, lon=10)
    week.request("call", start="2026-03-02 09:00", end="2026-03-02 10:00")
    assert set(eligible_pairs(week)) == {("a", "home"), ("a", "call")}


def test_the_limit_itself_is_within_reach() -> None:
    week = Week("2026-03-02")
    far = 0.05 * DEGREE
    for name, reach in (("just", far), ("not quite", far * (1 - 1e-6))):
        week.volunteer(name, lat=0, lon=0, travel_km=reach, available=[("mon", "08:00", "18:00")])
    week.request("r", start="2026-03-02 09:00", end="2026-03-02 10:00", lat=0.05, lon=0)
    assert set(eligible_pairs(week)) == {("just", "r")}
