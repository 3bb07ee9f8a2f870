"""A plain reading of the tables: who could serve what, and what it would be worth.

The oracles share this reading with each other and nothing with the library::

    world = read(tables, {"seat": 500}, week=date(2026, 3, 2))
    world.arcs  # every eligible (volunteer, service, post), with its quality

``tables`` maps names to dataframes or to lists of dicts, with typed cells or with text as in a CSV
file; ``policy`` names only what differs from `POLICY`. Every oracle takes such a world:
`judge.value`, `judge.faults`, `milp.optimum`, `brute.optimum`, `flow.optimum`, `bound.bound`.
"""

import itertools
import math
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

WEEK = date(2026, 3, 2)
POLICY: dict[str, Any] = {
    "time_zone": "Asia/Shanghai",
    "travel_km": 10,
    "travel_kmh": 20,
    "max_shifts": 5,
    "only_listed": False,
    "seat": 1000,
    "early_seat": 0.5,
    "age_priority": 0.5,
    "distance": 200,
    "window_preference": 50,
    "preference_limit": 100,
    "visit": 20,
    "visits_limit": 10,
    "kept": 300,
    "change_cost": 500,
    "short_notice_hours": 24,
    "short_notice_cost": 250,
    "load_step": 100,
    "load_first": 0,
    "load_recent": 100,
    "load_recent_hours": 40,
}

# The weeks that weekly windows are written out for: no service of a small world lasts longer.
WEEKS_READ = range(-1, 4)

Row = dict[str, Any]
Place = tuple[float, float] | None


@dataclass(frozen=True)
class Volunteer:
    id: str
    organisation: str | None
    place: Place
    travel_km: float
    max_shifts: int
    max_minutes: float
    max_per_day: float
    max_days: float
    # So many services, or days with one, in any so many days: how many, of days, days.
    windows: tuple[tuple[int, bool, int], ...]
    rest_minutes: float
    load_recent: int
    refuses: bool


@dataclass(frozen=True)
class Service:
    """One request at one of its times, in minutes; without options its option is None."""

    request: str
    option: str | None
    start: int
    end: int
    first_day: date
    last_day: date
    place: Place
    station: str | None  # where it is, if it has no place of its own
    meetings: tuple["Meeting", ...]  # itself, where it has no sessions

    @property
    def minutes(self) -> int:
        return sum(meeting.end - meeting.start for meeting in self.meetings)


@dataclass(frozen=True)
class Meeting:
    """When the people of a service meet; its time, where they do so once."""

    start: int
    end: int
    day: date


@dataclass(frozen=True)
class Post:
    name: str
    seats: int
    min_seats: int
    values: tuple[int, ...]  # of the first seat that is filled, of the second, ...
    needs: tuple[tuple[str, int], ...]  # qualification, level


@dataclass(frozen=True)
class Request:
    id: str
    services: tuple[Service, ...]
    posts: dict[str, Post]
    min_people: int
    bonus: int  # for being served at all
    team_rules: tuple[tuple[str, int, int], ...]  # qualification, min_people, per_people; 0: none
    organisations: tuple[str, ...]  # a volunteer must belong to each of these
    subjects: dict[str, str | None]  # what a preference can speak of
    visits: dict[str, int]  # by volunteer


@dataclass(frozen=True)
class Arc:
    volunteer: str
    service: Service
    post: str
    quality: int
    status: str

    @property
    def key(self) -> tuple[str, str, str, str | None]:
        return (self.volunteer, self.service.request, self.post, self.service.option)


# --- cells ----------------------------------------------------------------------------------------


def number(cell: Any, default: float) -> float:
    return default if cell is None else float(cell)


def whole(cell: Any, default: int) -> int:
    return default if cell is None else int(cell)


def truth(cell: Any) -> bool:
    return str(cell).lower() in ("true", "1", "yes")


def day(cell: Any, default: date) -> date:
    return date.fromisoformat(str(cell)[:10]) if cell is not None else default


def windows_of(row: Row) -> tuple[tuple[int, bool, int], ...]:
    found = []
    if row["max_consecutive_days"] is not None:
        most = int(row["max_consecutive_days"])
        found.append((most, True, most + 1))
    if row["max_in_days"] is not None:
        found.append((int(row["max_in_days"]), False, int(row["in_days"])))
    return tuple(found)


def rounded(x: float) -> int:
    """Round half up; the small number is for ties that floating point misses by a hair."""
    return math.floor(x + 0.5 + 1e-9)


def kilometres(a: Place, b: Place) -> float | None:
    if a is None or b is None:
        return None
    (lat_a, lon_a), (lat_b, lon_b) = (map(math.radians, place) for place in (a, b))
    north, east = math.sin((lat_b - lat_a) / 2), math.sin((lon_b - lon_a) / 2)
    half = north**2 + math.cos(lat_a) * math.cos(lat_b) * east**2
    return 2 * 6371.0088 * math.asin(min(1.0, math.sqrt(half)))


# --- the world ------------------------------------------------------------------------------------


def read(tables: Mapping[str, Any], policy: Row | None = None, week: date = WEEK) -> "World":
    return World(tables, POLICY | (policy or {}), week)


class World:
    def __init__(self, tables: Mapping[str, Any], policy: Row, week: date) -> None:
        self._tables = tables
        self._rows: dict[str, list[Row]] = {}
        self.policy = policy
        self.week = week
        self.zone = ZoneInfo(policy["time_zone"])
        self._stations = {row["station_id"]: row for row in self.rows("stations")}
        self._menu = {row["menu_item"]: row for row in self.rows("menu")}
        volunteers = [self._volunteer(row) for row in self.rows("volunteers")]
        self.volunteers = {v.id: v for v in volunteers}
        self._windows = {v: self._windows_of(v) for v in self.volunteers}
        requests = [self._request(row) for row in self.rows("requests")]
        self.requests = {request.id: request for request in requests if request.services}

    def rows(self, table: str, **wanted: str | None) -> list[Row]:
        """Return the rows that have these values; a column that is absent or empty reads None."""
        if table not in self._rows:
            given = self._tables.get(table, [])
            given = given if isinstance(given, list) else given.to_dicts()
            self._rows[table] = [Cells({k: v for k, v in r.items() if v != ""}) for r in given]
        return [r for r in self._rows[table] if all(r[k] == v for k, v in wanted.items())]

    def _place(self, row: Row) -> Place:
        station = self._stations.get(row["station_id"], Cells())
        spot = row if row["lat"] is not None else station
        return None if spot["lat"] is None else (float(spot["lat"]), float(spot["lon"]))

    def _local(self, cell: Any) -> datetime:
        moment = cell if isinstance(cell, datetime) else datetime.fromisoformat(cell)
        return moment.astimezone(self.zone) if moment.tzinfo else moment.replace(tzinfo=self.zone)

    def _minute(self, cell: Any) -> int:
        return int(self._local(cell).timestamp()) // 60

    def _volunteer(self, row: Row) -> Volunteer:
        policy = self.policy
        recent = number(row["recent_hours"], 0) / policy["load_recent_hours"]
        return Volunteer(
            id=row["volunteer_id"],
            organisation=row["organisation_id"],
            place=self._place(row),
            travel_km=number(row["travel_km"], policy["travel_km"]),
            max_shifts=whole(row["max_shifts"], policy["max_shifts"]),
            max_minutes=60 * number(row["max_hours"], math.inf) + 1e-6,
            max_per_day=number(row["max_shifts_per_day"], math.inf),
            max_days=number(row["max_days"], math.inf),
            windows=windows_of(row),
            rest_minutes=60 * number(row["min_rest_hours"], 0) - 1e-6,
            load_recent=rounded(policy["load_recent"] * min(1.0, recent)),
            refuses=row["consent"] == "refuse",
        )

    def _windows_of(self, volunteer: str) -> list[tuple[int, int, int]]:
        """Return start, end and preference of the windows, the weekly ones again and again."""
        windows = []
        for row in self.rows("availability", volunteer_id=volunteer):
            liked = whole(row["preference"], 0)
            if row["start"] is not None:
                windows.append((self._minute(row["start"]), self._minute(row["end"]), liked))
                continue
            clocks = [time.fromisoformat(str(row[k])) for k in ("start_time", "end_time")]
            for number in WEEKS_READ:
                that_day = self.week + timedelta(days=7 * number + int(row["weekday"]) - 1)
                start, end = (datetime.combine(that_day, clock) for clock in clocks)
                end += timedelta(days=clocks[1] == time(0))
                windows.append((self._minute(start), self._minute(end), liked))
        return sorted(windows)

    def _request(self, row: Row) -> Request:
        item = row["menu_item"]
        menu = self._menu.get(item, Cells())
        own, times = row["request_id"], whole(row["quantity"], 1)
        rules = [
            (rule["qualification"], whole(rule["min_people"], 0) * k, whole(rule["per_people"], 0))
            for column, value, k in (("request_id", own, 1), ("menu_item", item, times))
            for rule in (self.rows("team_rules", **{column: value}) if value else [])
        ]
        people = row["min_people"]
        if people is None:
            people = whole(menu["min_people"], 0) * times
        beneficiary = row["beneficiary_id"]
        bonds = self.rows("bonds", beneficiary_id=beneficiary) if beneficiary else []
        return Request(
            id=own,
            services=self._services(row, menu),
            posts=self._posts(row),
            min_people=int(people),
            bonus=whole(row["bonus"], 0),
            team_rules=tuple(rules),
            organisations=tuple(o for o in (row["organisation_id"], menu["organisation_id"]) if o),
            subjects={
                "category": row["category"] or menu["category"],
                "menu_item": item,
                "station": row["station_id"],
                "organisation": row["organisation_id"] or menu["organisation_id"],
                "beneficiary": beneficiary,
            },
            visits={bond["volunteer_id"]: whole(bond["visits"], 0) for bond in bonds},
        )

    def _services(self, row: Row, menu: Row) -> tuple[Service, ...]:
        """Return the services of a request that start in the week."""
        return tuple(s for s in self._times(row, menu) if self._here(s))

    def _here(self, service: Service) -> bool:
        return self.week <= service.first_day < self.week + timedelta(days=7)

    def _times(self, row: Row, menu: Row) -> list[Service]:
        """Return all services that a request may be, in whichever week."""
        services = []
        met: dict[str | None, list[Row]] = defaultdict(list)
        for session in self.rows("sessions", request_id=row["request_id"]):
            met[session["option"]].append(session)
        options = [
            option
            for option in self.rows("options", request_id=row["request_id"])
            if option["option"] not in met
        ]
        for time_row in options or ([] if met else [row]):
            first = self._local(time_row["start"]).date()
            start = end = self._minute(time_row["start"])
            if time_row["end"] is None:
                end += whole(menu["minutes"], 0)
            else:
                end = self._minute(time_row["end"])
            last = datetime.fromtimestamp(60 * (end - 1), self.zone).date()
            option, place = time_row["option"], self._place(row)
            station = row["station_id"] if row["lat"] is None else None
            once = (Meeting(start, end, first),)
            services.append(
                Service(row["request_id"], option, start, end, first, last, place, station, once)
            )
        for option, sessions in met.items():
            services.append(self._of_sessions(row, option, sessions))
        return services

    def _of_sessions(self, row: Row, option: str | None, sessions: list[Row]) -> Service:
        moments = sorted((self._minute(s["start"]), self._minute(s["end"])) for s in sessions)
        days = {self._minute(s["start"]): self._local(s["start"]).date() for s in sessions}
        start, end = moments[0][0], max(end for _, end in moments)
        last = datetime.fromtimestamp(60 * (end - 1), self.zone).date()
        station = row["station_id"] if row["lat"] is None else None
        met = tuple(Meeting(begin, until, days[begin]) for begin, until in moments)
        return Service(
            row["request_id"], option, start, end, days[start], last, self._place(row), station, met
        )

    def _posts(self, row: Row) -> dict[str, Post]:
        own, item = row["request_id"], row["menu_item"]
        posts, times = self.rows("posts", request_id=own), 1
        if not posts and item:
            posts, times = self.rows("menu_posts", menu_item=item), whole(row["quantity"], 1)
        if not posts:
            posts, times = [Cells(post="volunteer", seats=1)], 1
        found = {}
        for post in posts:
            name, s = post["post"], int(post["seats"]) * times
            aged = self.policy["age_priority"] * whole(row["waited"], 0)
            worth = self.policy["seat"] * (whole(row["priority"], 3) + aged)
            asked = self.rows("post_qualifications", request_id=own, post=name)
            asked += self.rows("menu_qualifications", menu_item=item, post=name) if item else []
            found[name] = Post(
                name=name,
                seats=s,
                min_seats=whole(post["min_seats"], 0) * times,
                values=tuple(
                    rounded(worth * (1 + self.policy["early_seat"] * (s - k) / s))
                    for k in range(1, s + 1)
                ),
                needs=tuple((need["qualification"], whole(need["level"], 1)) for need in asked),
            )
        return found

    # --- pair rules and quality ---

    @cached_property
    def _held(self) -> dict[tuple[str, str], list[tuple[int, date, date]]]:
        held: dict[tuple[str, str], list[tuple[int, date, date]]] = defaultdict(list)
        for row in self.rows("qualifications"):
            days = day(row["valid_from"], date.min), day(row["valid_until"], date.max)
            held[row["volunteer_id"], row["qualification"]].append((whole(row["level"], 1), *days))
        return held

    def holds(self, volunteer: str, qualification: str, service: Service, level: int = 1) -> bool:
        """Tell whether one row says so, at the level, on every day of the service."""
        return any(
            held >= level and first <= service.first_day and service.last_day <= last
            for held, first, last in self._held.get((volunteer, qualification), [])
        )

    def _available(self, volunteer: str, service: Service) -> bool:
        return all(self._free(volunteer, meeting) for meeting in service.meetings)

    def _free(self, volunteer: str, meeting: Meeting) -> bool:
        reached = meeting.start
        for start, end, _ in self._windows[volunteer]:
            if start <= reached:
                reached = max(reached, end)
        return reached >= meeting.end

    @cached_property
    def _preferences(self) -> dict[str, list[Row]]:
        return {v: self.rows("preferences", volunteer_id=v) for v in self.volunteers}

    def _likes(self, volunteer: str, request: Request, post: str) -> list[Row]:
        subjects = request.subjects | {"post": post}
        rows = self._preferences[volunteer]
        return [row for row in rows if subjects[row["subject"]] == row["value"]]

    @cached_property
    def _earlier(self) -> dict[tuple[str, str, str], list[Row]]:
        earlier: dict[tuple[str, str, str], list[Row]] = defaultdict(list)
        for row in self.rows("assignments"):
            earlier[row["volunteer_id"], row["request_id"], row["post"]].append(row)
        return earlier

    def statuses(self, volunteer: str, service: Service, post: str) -> set[str]:
        """Return what was decided or answered before; a row without option holds for every one."""
        triple = (volunteer, service.request, post)
        rows = self._earlier.get(triple, [])
        return {row["status"] for row in rows if row["option"] in (None, service.option)}

    @cached_property
    def elsewhere(self) -> list[tuple[str, Service]]:
        """Return who is held to which service that starts in another week.

        A row without option speaks of this week's services of the request, if there are any.
        """
        held = []
        orders = {row["request_id"]: row for row in self.rows("requests")}
        for row in self.rows("assignments"):
            if row["status"] in ("pinned", "accepted", "published"):
                order = orders[row["request_id"]]
                times = self._times(order, self._menu.get(order["menu_item"], Cells()))
                meant = [s for s in times if row["option"] in (None, s.option)]
                if not any(self._here(s) for s in meant):
                    held += [(row["volunteer_id"], s) for s in meant]
        return held

    def _goes_with_other_weeks(self, v: Volunteer, service: Service) -> bool:
        for who, other in self.elsewhere:
            if other.request == service.request:
                return False
            if who == v.id:
                for here, there in itertools.product(service.meetings, other.meetings):
                    pairs = sorted(((here, service), (there, other)), key=lambda m: m[0].start)
                    (early, one), (late, two) = pairs
                    rest = v.rest_minutes if early.day != late.day else 0
                    if late.start - early.end < max(0, self.way(one, two), rest):
                        return False
        return True

    def way(self, one: Service, other: Service) -> float:
        """Return the minutes from one service to another; 0 where a place is unknown."""
        ends = one.station, other.station
        for way in (ends, ends[::-1]):
            if way in self._travel:
                return self._travel[way]
        return (kilometres(one.place, other.place) or 0) / self.policy["travel_kmh"] * 60

    @cached_property
    def _travel(self) -> dict[tuple[str | None, str | None], int]:
        rows = self.rows("travel")
        return {(row["from_station"], row["to_station"]): int(row["minutes"]) for row in rows}

    @cached_property
    def _scores(self) -> dict[tuple[str, str, str | None], int]:
        rows = self.rows("affinities")
        return {(r["volunteer_id"], r["request_id"], r["post"]): int(r["score"]) for r in rows}

    def _affinities(self, volunteer: str, request: str, post: str) -> list[int]:
        scores = (self._scores.get((volunteer, request, p)) for p in (post, None))
        return [score for score in scores if score is not None]

    def _eligible(self, v: Volunteer, request: Request, service: Service, post: Post) -> bool:
        far = kilometres(v.place, service.place)
        told = self.statuses(v.id, service, post.name)
        return (
            all(self.holds(v.id, need, service, level) for need, level in post.needs)
            and self._available(v.id, service)
            and (far is None or far <= v.travel_km)
            and all(v.organisation == organisation for organisation in request.organisations)
            and not any(truth(row["never"]) for row in self._likes(v.id, request, post.name))
            and "declined" not in told
            and self._goes_with_other_weeks(v, service)
            and (not v.refuses or not told.isdisjoint({"pinned", "accepted"}))
            and (
                not self.policy["only_listed"]
                or self._affinities(v.id, request.id, post.name) != []
            )
        )

    def _quality(self, v: Volunteer, request: Request, service: Service, post: str) -> int:
        policy, far = self.policy, kilometres(v.place, service.place)
        share = 0.0 if far is None else 1.0 if v.travel_km == 0 else 1 - far / v.travel_km
        windows = (
            w
            for w in self._windows[v.id]
            if any(w[0] < met.end and met.start < w[1] for met in service.meetings)
        )
        limit = policy["preference_limit"]
        liked = sum(whole(row["weight"], 0) for row in self._likes(v.id, request, post))
        kept = self.statuses(v.id, service, post) & {"accepted", "published"}
        return (
            rounded(policy["distance"] * share)
            + policy["window_preference"] * min(preference for _, _, preference in windows)
            + max(-limit, min(limit, liked))
            + policy["visit"] * min(request.visits.get(v.id, 0), policy["visits_limit"])
            + sum(self._affinities(v.id, request.id, post))
            + policy["kept"] * bool(kept)
        )

    @cached_property
    def arcs(self) -> list[Arc]:
        arcs = []
        for v in self.volunteers.values():
            for request in self.requests.values():
                for service in request.services:
                    for post in request.posts.values():
                        if self._eligible(v, request, service, post):
                            told = self.statuses(v.id, service, post.name)
                            known = [s for s in ("pinned", "accepted", "published") if s in told]
                            quality = self._quality(v, request, service, post.name)
                            status = (*known, "proposed")[0]
                            arcs.append(Arc(v.id, service, post.name, quality, status))
        return arcs

    # --- what joins volunteers ---

    def load(self, volunteer: str, k: int) -> int:
        """Return what the volunteer's k-th service costs."""
        called = self.policy["load_first"] if k == 1 else 0
        return called + self.policy["load_step"] * (k - 1) + self.volunteers[volunteer].load_recent

    @cached_property
    def quotas(self) -> dict[str, tuple[int, frozenset[str]]]:
        """Return each organisation's limit for the week, and the volunteers of its tree."""
        rows = self.rows("organisations")
        parent = {row["organisation_id"]: row["parent_id"] for row in rows}
        found = {}
        for row in rows:
            if row["max_seats"] is not None:
                members = set()
                for v in self.volunteers.values():
                    above = v.organisation
                    while above is not None and above != row["organisation_id"]:
                        above = parent.get(above)
                    if above is not None:
                        members.add(v.id)
                found[row["organisation_id"]] = (int(row["max_seats"]), frozenset(members))
        return found

    @cached_property
    def pairs(self) -> list[tuple[str, str, str]]:
        return [(row["volunteer_a"], row["volunteer_b"], row["rule"]) for row in self.rows("pairs")]

    def counted(self, volunteer: str) -> list[tuple[int, list[Arc]]]:
        """Return what the table `limits` counts of a volunteer: how many of which arcs."""
        found = []
        mine = [arc for arc in self.arcs if arc.volunteer == volunteer]
        for row in self.rows("limits"):
            if row["volunteer_id"] in (None, volunteer):
                of: dict[str, list[Arc]] = defaultdict(list)
                for arc in mine:
                    subjects = self.requests[arc.service.request].subjects | {"post": arc.post}
                    value = subjects[row["subject"]]
                    if value is not None and row["value"] in (None, value):
                        of[value].append(arc)
                found += [(int(row["max_shifts"]), arcs) for arcs in of.values()]
        return found

    def day_of(self, service: Service) -> int:
        return (service.first_day - self.week).days

    def days_elsewhere(self, volunteer: str) -> list[int]:
        """Return the day of each service in other weeks; what starts at once is one."""
        held = {(s.start, self.day_of(s)) for who, s in self.elsewhere if who == volunteer}
        return [day for _, day in held]

    @cached_property
    def groups(self) -> dict[str, list[str]]:
        """Return the members of each group."""
        members: dict[str, list[str]] = defaultdict(list)
        for row in self.rows("groups"):
            members[row["group_id"]].append(row["volunteer_id"])
        return members

    @cached_property
    def pins(self) -> list[tuple[str, str, str, str | None]]:
        """Return the pins of the week; one without option must be served at some option."""
        planned = {(s.request, s.option) for r in self.requests.values() for s in r.services}
        return [
            (row["volunteer_id"], row["request_id"], row["post"], row["option"])
            for row in self.rows("assignments")
            if row["status"] == "pinned"
            and row["request_id"] in self.requests
            and (row["option"] is None or (row["request_id"], row["option"]) in planned)
        ]


class Cells(dict[str, Any]):
    """A row whose absent columns read None."""

    def __missing__(self, column: str) -> None:
        return None
