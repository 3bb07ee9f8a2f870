"""Where people serve, for whom, what they can do and when they are free."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from orders import SOCIAL_WORKER, at

from matching.week import Week

# The number of each subdistrict or town in the national codes, and a point in it, rounded to about
# a hundred metres. The last is a town a dozen kilometres out.
STATIONS = (
    ("s1", "第一志愿服务站", "230103002", 45.757, 126.640),
    ("s2", "第二志愿服务站", "230103006", 45.762, 126.652),
    ("s3", "第三志愿服务站", "230103012", 45.749, 126.657),
    ("s4", "第四志愿服务站", "230103015", 45.741, 126.629),
    ("s5", "第五志愿服务站", "230103017", 45.731, 126.646),
    ("s6", "第六志愿服务站", "230103018", 45.748, 126.692),
    ("s7", "第七志愿服务站", "230103016", 45.708, 126.601),
    ("s8", "第八志愿服务站", "230103020", 45.722, 126.668),
    ("s9", "第九志愿服务站", "230103101", 45.645, 126.525),
)
PLACE = {station: (lat, lon) for station, _, _, lat, lon in STATIONS}
TOWN = ("s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8")

MORNING, AFTERNOON, EVENING = ("08:00", "12:30"), ("13:00", "17:30"), ("18:30", "21:00")
AFTER_SCHOOL = ("16:00", "19:00")
WORKDAYS, WEEKEND = ("mon", "tue", "wed", "thu", "fri"), ("sat", "sun")
Slot = tuple[str, str, str]


def slots(days: Sequence[str], *times: tuple[str, str]) -> list[Slot]:
    """Return every one of the times on every one of the days."""
    return [(day, start, end) for day in days for start, end in times]


@dataclass(frozen=True)
class Group:
    """Volunteers who are alike; each holds a qualification with its chance, at one of its levels.

    ``free`` is what their windows are drawn from: ``few`` to ``many`` of them.
    """

    count: int
    organisation_id: str | None
    free: list[Slot]
    few: int
    many: int
    holds: dict[str, tuple[float, tuple[int, ...]]] = field(default_factory=dict)
    stations: Sequence[str] = TOWN
    travel_km: Sequence[float | None] = (None, 3, 4, 5, 6, 8)
    max_shifts: Sequence[int | None] = (1, 2, 2, 3)


RETIRED = slots(WORKDAYS, MORNING, AFTERNOON)
AT_WORK = slots(WORKDAYS, EVENING) + slots(WEEKEND, MORNING, AFTERNOON)
STUDYING = slots(WORKDAYS, AFTER_SCHOOL) + slots(WEEKEND, MORNING, AFTERNOON)
VALID_UNTIL = (None, "2026-12-02", "2026-12-31", "2027-02-28", "2027-06-30", "2027-10-31")
SURE, ONE = 1.0, (1,)
ADULT = {"adult": (SURE, ONE)}
INSURED = ADULT | {"insured": (SURE, ONE)}

GROUPS = (
    # Neighbours, retired: they serve meals, receive guests, and some were trained for visits.
    Group(26, "o6", RETIRED, 3, 6, ADULT | {"skill:13": (0.5, (1, 2)), "insured": (0.3, ONE)}),
    Group(10, "o6", RETIRED, 3, 5, ADULT | {"trained:home_visit": (SURE, ONE)}),
    # Carers, who go to the clinic with somebody.
    Group(8, "o6", RETIRED, 2, 4, INSURED | {"skill:19": (SURE, (1, 2, 3))}),
    # Drivers.
    Group(6, "o1", RETIRED, 2, 4, INSURED | {"skill:03": (SURE, (1, 2))}),
    # Doctors and nurses.
    Group(
        9,
        "o3",
        slots(("wed", "fri"), EVENING) + slots(WEEKEND, MORNING, AFTERNOON),
        2,
        3,
        INSURED | {"skill:01": (SURE, (2, 3, 4)), "trained:emergency": (0.4, ONE)},
    ),
    # Students of a university; pupils of a school, who are minors.
    Group(
        14,
        "o5",
        STUDYING,
        2,
        4,
        ADULT | {"skill:08": (0.8, (1, 2, 3)), "skill:05": (0.3, (1, 2)), "insured": (0.5, ONE)},
    ),
    Group(8, "o4", STUDYING, 2, 3, {"skill:08": (0.7, ONE), "guardian_consent": (SURE, ONE)}),
    # People at work, who come in the evening and at the weekend.
    Group(
        12,
        None,
        AT_WORK,
        2,
        4,
        INSURED | {"skill:13": (0.4, (1, 2, 3)), "skill:05": (0.4, (1, 2)), "skill:23": (0.2, ONE)},
    ),
    Group(3, None, AT_WORK, 1, 3, ADULT, ("s9",)),
)


def add_organisations(week: Week) -> None:
    """Add the federation and what is below it; the young people's quota holds for both teams."""
    week.organisation("o1", name="区志愿服务联合会")
    week.organisation("o2", name="社会工作服务中心", parent_id="o1")
    week.organisation("o3", name="医务志愿服务队", parent_id="o1")
    week.organisation("o4", name="青年志愿者协会", parent_id="o1", max_seats=10)
    week.organisation("o5", name="大学生志愿服务队", parent_id="o4")
    week.organisation("o6", name="邻里互助志愿服务队", parent_id="o1")


def add_stations(week: Week) -> None:
    """Add the stations; a grid cell is numbered within its region."""
    for station, name, region, lat, lon in STATIONS:
        grid = f"{region}{int(station[1:]):03}"
        week.station(station, name=name, lat=lat, lon=lon, grid=grid, region=region)


def add_volunteers(week: Week, seed: int) -> None:
    """Add everybody: first who was written by hand, then the groups."""
    add_social_workers(week)
    add_speakers_of_mongolian(week)
    add_repairers(week)
    add_other_skills(week)
    number = 25
    for group in GROUPS:
        for _ in range(group.count):
            add_drawn(week, f"v{number:03}", group, seed)
            number += 1


def add_social_workers(week: Week) -> None:
    """Four lead all home visits; on Thursday morning two of them are free."""
    free = {
        "v001": [*slots(("mon", "tue"), MORNING, AFTERNOON), ("thu", *MORNING)],
        "v002": slots(("thu", "fri"), MORNING, AFTERNOON),
        "v003": slots(("tue", "wed"), MORNING),
        "v004": slots(("mon", "fri"), AFTERNOON),
    }
    held = [SOCIAL_WORKER, "adult", "insured", "trained:home_visit"]
    for volunteer, available in free.items():
        week.volunteer(
            volunteer,
            organisation_id="o2",
            station_id="s3",
            available=available,
            qualifications=held,
            max_shifts=4,
            max_shifts_per_day=2,
            consent="accept",
        )


def add_speakers_of_mongolian(week: Week) -> None:
    """Five speak Mongolian: a carer, two visitors, a host and a young musician."""
    mongolian = ["lang:mn", "adult"]
    week.volunteer(
        "v005",
        organisation_id="o6",
        station_id="s5",
        available=[("tue", *MORNING), ("thu", *MORNING, 2)],
        qualifications=[*mongolian, "insured", "skill:19"],
        recent_hours=12,
    )
    for volunteer, station in (("v006", "s5"), ("v007", "s8")):
        week.volunteer(
            volunteer,
            organisation_id="o6",
            station_id=station,
            available=slots(("thu", "fri"), AFTERNOON),
            qualifications=[*mongolian, "trained:home_visit"],
            max_shifts=2,
        )
    week.volunteer(
        "v008",
        station_id="s2",
        available=[("sun", *AFTERNOON)],
        qualifications=[*mongolian, "skill:21"],
        max_shifts=1,
    )
    week.volunteer(
        "v009",
        organisation_id="o4",
        station_id="s1",
        available=slots(WEEKEND, AFTERNOON),
        qualifications=["lang:mn", "skill:17", "guardian_consent"],
    )


def add_repairers(week: Week) -> None:
    """Six repair: four are free on Tuesday but stay in town, one goes further on Saturday."""
    stay = {"v010": "s2", "v011": "s3", "v012": "s4", "v013": "s5"}
    qualifications = {"skill:09": 3, "insured": 1, "adult": 1}
    for volunteer, station in stay.items():
        week.volunteer(
            volunteer,
            organisation_id="o1",
            station_id=station,
            available=[("tue", *MORNING), ("fri", *AFTERNOON)],
            qualifications=qualifications,
            travel_km=6,
        )
    for volunteer, travel_km in (("v014", 20), ("v015", None)):
        week.volunteer(
            volunteer,
            station_id="s4",
            available=[("sat", *MORNING, 1)],
            qualifications=qualifications | {"skill:09": 2},
            travel_km=travel_km,
            max_hours=4,
        )


def add_other_skills(week: Week) -> None:
    """Lawyers, counsellors, musicians and two friends, each with hours of their own."""
    people = {
        "v016": ("s1", [("sat", *AFTERNOON)], {"skill:04": 4}),
        "v017": ("s6", [("wed", *EVENING)], {"skill:04": 3}),
        "v018": ("s2", [("wed", *EVENING), ("sat", *MORNING)], {"skill:18": 3}),
        "v019": ("s7", [("sat", *MORNING)], {"skill:18": 2}),
        "v020": ("s1", [("sun", *AFTERNOON)], {"skill:17": 3}),
        "v021": ("s3", [("sun", "13:30", "17:00")], {"skill:17": 2, "skill:23": 1}),
        "v022": ("s8", [("tue", *AFTERNOON), ("thu", *AFTERNOON)], {"skill:05": 2}),
        # Two friends, who come together or not at all.
        "v023": ("s2", [("tue", *AFTERNOON), ("wed", *MORNING)], {}),
        "v024": ("s2", [("tue", *AFTERNOON), ("wed", *MORNING)], {}),
    }
    for volunteer, (station, available, skills) in people.items():
        week.volunteer(
            volunteer, station_id=station, available=available, qualifications=skills | {"adult": 1}
        )


def add_drawn(week: Week, volunteer: str, group: Group, seed: int) -> None:
    """Add one of a group. What is drawn hangs on the id alone, not on who comes before."""
    draw = random.Random(f"{seed} {volunteer}").random

    def one_of(values: Sequence[Any]) -> Any:
        return values[int(draw() * len(values))]

    station = one_of(group.stations)
    lat, lon = PLACE[station]
    elsewhere = draw() < 0.3
    week.volunteer(
        volunteer,
        organisation_id=group.organisation_id,
        station_id=station,
        lat=round(lat + 0.016 * (draw() - 0.5), 3) if elsewhere else None,
        lon=round(lon + 0.022 * (draw() - 0.5), 3) if elsewhere else None,
        travel_km=one_of(group.travel_km),
        max_shifts=one_of(group.max_shifts),
        recent_hours=one_of((None, None, 2, 4, 6, 10, 16, 30)),
        consent=one_of((None, None, None, "accept")),
    )
    many = group.few + int(draw() * (group.many - group.few + 1))
    drawn = sorted(range(len(group.free)), key=lambda _: draw())[:many]
    dated = draw() < 0.25
    for day, start, end in (group.free[n] for n in sorted(drawn)):
        liked = one_of((0, 0, 0, 1, 2, -1))
        window = (at(day, start), at(day, end)) if dated else (day, start, end)
        week.available(volunteer, (*window, liked) if liked else window)
    for name, (chance, levels) in group.holds.items():
        held, level = draw() < chance, one_of(levels)
        if held:
            # Insurance and training run out, some of them in this week; the rest holds for good.
            runs_out = name == "insured" or name.startswith("trained:")
            until = one_of(VALID_UNTIL) if runs_out else None
            # Level 1 is what an empty cell says.
            week.qualification(
                volunteer, name, level=level if level > 1 else None, valid_until=until
            )
