"""Worlds for properties: tables of a few people and requests, with every rule or only the trees'.

::

    @given(full_worlds())            # up to 4 volunteers and 4 requests, for brute force
    @given(full_worlds(**SMALL))     # up to 60 and 25, for the integer programme
    @given(tree_worlds())            # only the rules that are a flow: no minimums, options, pairs
    world = full_world(7, **SMALL)   # without hypothesis; every seed is another world

A world is a dict of dataframes for the week of `WEEK` (see `tests.oracle.reading`), half of them
typed, half of them text as in a CSV file (`typed=True` asks for the first only). Pins can be kept
together, under the default policy. Worlds above a dozen volunteers come from one seed, so they do
not shrink.
"""

import itertools
import random
from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import Any

import polars as pl
from hypothesis import strategies as st

from tests.oracle import milp
from tests.oracle.reading import WEEK, Row, read

Tables = dict[str, pl.DataFrame]
TINY = {"volunteers": 4, "requests": 4}
SMALL = {"volunteers": 60, "requests": 25}

_TYPES: dict[str, Any] = {
    "i": pl.Int64,
    "f": pl.Float64,
    "b": pl.Boolean,
    "d": pl.Date,
    "c": pl.Time,
    "t": pl.Datetime("us"),
}
# Columns are text but for those with a colon: i whole, f number, b truth, d day, c clock, t time.
_COLUMNS = {
    "volunteers": "volunteer_id organisation_id station_id lat:f lon:f travel_km:f max_shifts:i "
    "max_hours:f max_shifts_per_day:i max_days:i max_consecutive_days:i max_in_days:i in_days:i "
    "min_rest_hours:f recent_hours:f show_up:f consent",
    "qualifications": "volunteer_id qualification level:i valid_from:d valid_until:d",
    "availability": "volunteer_id start:t end:t preference:i weekday:i start_time:c end_time:c",
    "menu": "menu_item category organisation_id minutes:i min_people:i",
    "menu_posts": "menu_item post seats:i min_seats:i",
    "menu_qualifications": "menu_item post qualification level:i",
    "requests": "request_id menu_item quantity:i category organisation_id station_id "
    "beneficiary_id lat:f lon:f start:t end:t priority:i waited:i min_people:i "
    "bonus:i",
    "options": "request_id option start:t end:t",
    "sessions": "request_id option session start:t end:t",
    "posts": "request_id post seats:i min_seats:i",
    "post_qualifications": "request_id post qualification level:i",
    "team_rules": "request_id menu_item qualification min_people:i per_people:i",
    "preferences": "volunteer_id subject value weight:i never:b",
    "limits": "volunteer_id subject value max_shifts:i",
    "pairs": "volunteer_a volunteer_b rule",
    "groups": "group_id volunteer_id",
    "bonds": "volunteer_id beneficiary_id visits:i last_visit:d",
    "assignments": "volunteer_id request_id post option status",
    "organisations": "organisation_id parent_id max_seats:i",
    "stations": "station_id lat:f lon:f",
    "travel": "from_station to_station minutes:i",
    "affinities": "volunteer_id request_id score:i post",
}
_NEEDED = ("volunteers", "availability", "requests")
# Which ids a column holds; `renamed` gives all of a kind new names.
_KINDS = {
    "volunteer_a": "volunteer_id",
    "volunteer_b": "volunteer_id",
    "parent_id": "organisation_id",
    "from_station": "station_id",
    "to_station": "station_id",
}
_NAMED = (
    *("volunteer_id", "organisation_id", "station_id", "qualification", "menu_item", "category"),
    *("post", "request_id", "beneficiary_id", "option", "group_id"),
)


@st.composite
def full_worlds(
    draw: st.DrawFn, volunteers: int = 4, requests: int = 4, typed: bool = False
) -> Tables:
    return _drawn(draw, volunteers, requests, typed, full=True)


@st.composite
def tree_worlds(
    draw: st.DrawFn, volunteers: int = 4, requests: int = 4, typed: bool = False
) -> Tables:
    return _drawn(draw, volunteers, requests, typed, full=False)


def full_world(seed: int, volunteers: int = 4, requests: int = 4, typed: bool = True) -> Tables:
    return _made(Choices(random.Random(seed).randint), volunteers, requests, typed, full=True)


def tree_world(seed: int, volunteers: int = 4, requests: int = 4, typed: bool = True) -> Tables:
    return _made(Choices(random.Random(seed).randint), volunteers, requests, typed, full=False)


def policies() -> st.SearchStrategy[Row]:
    """Draw weights that differ from the default; limits, and so eligibility, stay."""
    names = ("seat", "distance", "window_preference", "visit", "kept", "load_step", "load_recent")
    weights: dict[str, Any] = {name: st.integers(0, 400) for name in (*names, "load_first")}
    weights |= {"early_seat": st.sampled_from([0.0, 0.25, 1.0]), "preference_limit": st.just(30)}
    return st.fixed_dictionaries({}, optional=weights)


def tree_policies() -> st.SearchStrategy[Row]:
    """Draw `policies` under which a first service costs no more than a second: loads are trees'."""
    return policies().map(
        lambda row: row | {"load_first": min(row.get("load_first", 0), row.get("load_step", 100))}
    )


class Choices:
    """What a world is drawn with: shrinks to the first and the fewest."""

    def __init__(self, count: Callable[[int, int], int]) -> None:
        self.count = count

    def pick(self, *values: Any) -> Any:
        return values[self.count(0, len(values) - 1)]

    def chance(self, percent: int) -> bool:
        return self.count(0, 99) >= 100 - percent

    def maybe(self, *values: Any) -> Any:
        return self.pick(None, None, *values)


def _drawn(draw: st.DrawFn, volunteers: int, requests: int, typed: bool, full: bool) -> Tables:
    if volunteers > 12:
        draw_count = random.Random(draw(st.integers(0, 2**32))).randint
    else:

        def draw_count(low: int, high: int) -> int:
            return draw(st.integers(low, high))

    return _made(Choices(draw_count), volunteers, requests, typed, full)


def _made(d: Choices, volunteers: int, requests: int, typed: bool, full: bool) -> Tables:
    sizes = (d.pick(*range(1, most + 1), most, most) for most in (volunteers, requests))
    maker = Maker(d, *sizes, full)
    tables = maker.tables()
    if not typed and d.chance(50):
        tables = as_text(tables, d.pick("", "", "+08:00"))
    if d.chance(50):
        tables = without_empty(tables)
    return tables


class Maker:
    def __init__(self, d: Choices, volunteers: int, requests: int, full: bool) -> None:
        self.d, self.full = d, full
        # In a busy world a few volunteers come for many services close to each other.
        self.busy = full and d.chance(40)
        volunteers = (volunteers + 1) // 2 if self.busy else volunteers
        self.minimums = (30 if self.busy else 60) if full else 0
        self.rows: dict[str, list[Row]] = {name: [] for name in _COLUMNS}
        self.v = [f"v{n}" for n in range(volunteers)]
        self.q = [f"r{n}" for n in range(requests)]
        # Some worlds lie at an edge of the week: what is kept beyond it counts.
        self.edge = d.chance(35)
        few = d.pick((0, 0, -1), (6, 6, 7)) if self.edge else (0, 1)
        self.days = few if requests <= 6 else tuple(range(-1, 8) if self.edge else range(7))
        self.organisations, self.stations = ("o0", "o1", "o2"), ("s0", "s1", "s2")
        self.items, self.skills, self.categories = ("m0", "m1"), ("k0", "k1", "k2"), ("c0", "c1")
        self.posts_of: dict[str, list[str]] = {}

    def add(self, table: str, **cells: Any) -> None:
        self.rows[table].append(cells)

    def tables(self) -> Tables:
        self.places()
        self.menu()
        for q in self.q:
            self.request(q)
        for row in self.rows["requests"] if self.full and self.d.chance(30) else ():
            if self.d.chance(50):
                self.meet(row)
        for v in self.v:
            self.volunteer(v)
        self.relations()
        tables = framed(self.rows)
        return self.pinned(tables) if self.full else tables

    def spot(self) -> tuple[float, float]:
        """Return a place in a square of some ten kilometres."""
        north, east = self.d.count(0, 10), self.d.count(0, 10)
        return round(39.9 + north / 100, 2), round(116.4 + east / 100, 2)

    def moment(self, day: int, hour: float) -> datetime:
        return datetime.combine(WEEK, time(0)) + timedelta(days=day, hours=hour)

    def when(self) -> tuple[datetime, datetime]:
        """Return the time of a service; in a tree world two times are the same or far apart."""
        d = self.d
        number = d.count(0, len(self.days) - 1)
        day = self.days[number]
        if not 0 <= day < 7:
            start = self.moment(day, d.pick(22.5, 20) if day < 0 else d.pick(0, 5))
            return start, start + timedelta(hours=d.pick(12, 2, 18))
        if not self.full:
            start = self.moment(day, d.pick(8, 13, 18, *([23] if self.edge else [])))
            return start, start + timedelta(hours=2)
        if self.busy:
            start = self.moment(self.days[number // 2], d.pick(9, 8, 10, 9, 22, 32, 22, 32))
            return start, start + timedelta(minutes=d.pick(60, 60, 50))
        if d.chance(5):
            day = d.pick(-1, 6, 7)
        start = self.moment(day, d.pick(8, 9, 9.5, 10, 11, 12.5, 14, 16, 20, 22.5))
        return start, start + timedelta(minutes=d.pick(60, 90, 120, 150, 240))

    def places(self) -> None:
        d = self.d
        parents = {"o0": None, "o1": "o0", "o2": d.maybe("o0", "o1")}
        for organisation, parent in parents.items():
            most = d.pick(None, None, d.count(0, 2 * len(self.v)))
            self.add(
                "organisations", organisation_id=organisation, parent_id=parent, max_seats=most
            )
        for station in self.stations:
            lat, lon = (None, None) if d.chance(15) else self.spot()
            self.add("stations", station_id=station, lat=lat, lon=lon)

    def least(self, seats: int) -> int | None:
        return self.d.pick(0, 1, seats) if self.d.chance(self.minimums) else None

    def menu(self) -> None:
        d = self.d
        for item in self.items:
            self.add(
                "menu",
                menu_item=item,
                category=d.maybe(*self.categories),
                organisation_id=d.pick(None, None, None, None, None, "o1"),
                minutes=d.pick(60, 150) if self.full else 120,
                min_people=d.count(0, 2) if d.chance(self.minimums // 2) else None,
            )
            for post in d.pick(["p0"], ["p0", "p1"], []):
                seats = d.count(1, 2)
                least = self.least(seats)
                self.add("menu_posts", menu_item=item, post=post, seats=seats, min_seats=least)
                if d.chance(25):
                    skill, level = d.pick(*self.skills), d.maybe(1, 2)
                    self.add(
                        "menu_qualifications",
                        menu_item=item,
                        post=post,
                        qualification=skill,
                        level=level,
                    )
                self.posts_of.setdefault(item, []).append(post)
            if self.full and d.chance(20):
                self.team_rule(menu_item=item)

    def team_rule(self, **whose: str) -> None:
        least, per = self.d.pick((1, None), (2, None), (None, 2), (None, 1), (1, 3))
        skill = self.d.pick(*self.skills)
        self.add("team_rules", qualification=skill, min_people=least, per_people=per, **whose)

    def request(self, q: str) -> None:
        d = self.d
        item = d.maybe(*self.items)
        start, end = self.when()
        if item and d.chance(30):
            end = None
        if self.full and d.chance(10 if self.busy else 30):
            for option in ("a", "b", "c")[: d.count(2, 3)]:
                start, end = self.when()
                self.add("options", request_id=q, option=option, start=start, end=end)
            start = end = None
        lat, lon = self.spot() if d.chance(80 if self.busy else 60) else (None, None)
        self.add(
            "requests",
            request_id=q,
            menu_item=item,
            quantity=d.maybe(1, 2),
            category=d.maybe(*self.categories),
            organisation_id=d.pick(*[None] * (14 if self.busy else 6), "o1", "o2"),
            station_id=d.maybe(*self.stations),
            beneficiary_id=d.maybe("b0", "b1"),
            lat=lat,
            lon=lon,
            start=start,
            end=end,
            priority=d.maybe(1, 2, 4, 5),
            waited=2 if q[-1] == "1" else None,
            min_people=d.pick(2, 0, 3) if d.chance(self.minimums // 2) else None,
        )
        own = d.pick([], [], ["p0"], ["p1", "p2"], ["p0", "p2"])
        for post in own:
            seats = d.count(1, 3)
            self.add("posts", request_id=q, post=post, seats=seats, min_seats=self.least(seats))
        self.posts_of[q] = own or self.posts_of.get(item) or ["volunteer"]
        for post in self.posts_of[q]:
            if d.chance(25):
                skill, level = d.pick(*self.skills), d.maybe(1, 2)
                self.add(
                    "post_qualifications", request_id=q, post=post, qualification=skill, level=level
                )
        if self.full and d.chance(20):
            self.team_rule(request_id=q)

    def volunteer(self, v: str) -> None:
        d, full = self.d, self.full
        lat, lon = self.spot() if d.chance(60) else (None, None)
        counted = full and d.chance(30)
        windows = ((None, None), (1, 2), (2, 3), (2, 8), (3, 14)) if counted else ((None, None),)
        most, days = d.pick(*windows)
        self.add(
            "volunteers",
            volunteer_id=v,
            organisation_id=d.pick(None, "o0", "o1", "o1", "o2"),
            station_id=d.maybe(*self.stations),
            lat=lat,
            lon=lon,
            travel_km=20.0 if self.busy else d.pick(None, None, None, 20.0, 20.0, 4.5, 0.0),
            max_shifts=None if self.busy else d.maybe(1, 2, 3),
            max_hours=d.maybe(2.5, 4.0, 7.0) if full and not self.busy else None,
            max_shifts_per_day=d.maybe(1, 2, 3),
            max_days=d.maybe(1, 2, 0) if counted else None,
            max_consecutive_days=d.maybe(1, 2, 1) if counted else None,
            max_in_days=most,
            in_days=days,
            min_rest_hours=d.pick(None, 8.0, 12.25, 16.0) if full else None,
            recent_hours=d.maybe(0.2, 10.0, 33.0, 80.0),
            show_up=d.maybe(0.5, 1.0),
            consent=d.pick(None, None, None, None, None, "ask", "accept", "refuse"),
        )
        for skill in self.skills:
            for _ in range(d.pick(1, 1, 1, 0, 2)):
                middle = WEEK + timedelta(days=1)
                since, until = d.pick(*[(None, None)] * 4, (middle, None), (None, middle))
                level = d.maybe(1, 2, 2, 3)
                self.add(
                    "qualifications",
                    volunteer_id=v,
                    qualification=skill,
                    level=level,
                    valid_from=since,
                    valid_until=until,
                )
        for day in sorted(set(self.days)):
            self.windows(v, day)

    def windows(self, v: str, day: int) -> None:
        """Add a day's windows: one, two that touch or overlap, nested, weekly or none."""
        d = self.d
        kinds = ("long", "long", "nested", "long", "two", "two", "weekly", "short", "none")
        kind = d.pick(*kinds[: 3 if self.busy else None])
        middle = d.pick(10, 12.5, 14)
        spans = {
            "long": [(7, 31)],
            "nested": [(7, 31), (9, middle)],
            "two": [(7, middle), (middle - d.pick(0, 1), 24)],
            "weekly": d.pick([(8, 24)], [(0, 24)], [(0, 9), (8, 24)]),
            "short": [d.pick((8, 13), (13, 20.5), (20, 28))],
            "none": [],
        }
        for start, end in spans[kind]:
            liked = d.maybe(-2, -1, 1, 2)
            cells: Row = {"volunteer_id": v, "preference": liked}
            if kind == "weekly":
                clocks = {"start_time": time(start), "end_time": time(end % 24)}
                self.add("availability", **cells, weekday=day % 7 + 1, **clocks)
            else:
                times = {"start": self.moment(day, start), "end": self.moment(day, end)}
                self.add("availability", **cells, **times)

    def relations(self) -> None:
        d = self.d
        subjects = {
            "category": self.categories,
            "menu_item": self.items,
            "station": self.stations,
            "organisation": ("o1", "o2"),
            "beneficiary": ("b0", "b1"),
            "post": ("p0", "p1", "volunteer"),
        }
        for v in self.v:
            for subject in subjects if d.chance(60) else ():
                if d.chance(30):
                    value, never = d.pick(*subjects[subject]), d.chance(15)
                    weight = None if never else d.pick(20, 60, 100, -70, -15)
                    truth = never or d.maybe(False)
                    self.add(
                        "preferences",
                        volunteer_id=v,
                        subject=subject,
                        value=value,
                        weight=weight,
                        never=truth,
                    )
            if self.full and d.chance(20):
                self.limit(d.pick(*subjects), v, subjects)
            if d.chance(30):
                who, visits = d.pick("b0", "b1"), d.maybe(0, 3, 14)
                self.add("bonds", volunteer_id=v, beneficiary_id=who, visits=visits)
            if d.chance(40):
                status = d.pick("accepted", "published", "offered", "declined")
                self.answer(v, d.pick(*self.q), status)
            for q, option in self.beyond() if self.edge else ():
                if d.chance(50):
                    named = d.pick(option, option, option, None)
                    # Without its option a pin would be one of this week, kept or not.
                    firm = "pinned" if named == option else "published"
                    self.answer(v, q, d.pick("accepted", "published", firm, "offered"), named)
            q = d.pick(*self.q)
            if d.chance(30):
                post = d.maybe(*self.posts_of[q])
                score = d.pick(5, 150, -150, -2000)
                self.add("affinities", volunteer_id=v, request_id=q, post=post, score=score)
        if self.full and d.chance(30):
            self.limit(d.pick(*subjects), None, subjects)
        others = list(range(1, len(self.v)))
        for n in others if self.full else ():
            if d.chance(20 if len(self.v) < 8 else 8):
                rule = d.pick("apart", "together")
                self.add("pairs", volunteer_a=self.v[n], volunteer_b=self.v[n - 1], rule=rule)
        for row in self.rows["requests"]:
            # A bonus that several posts share is no rule of the trees.
            if self.full or len(self.posts_of[row["request_id"]]) == 1:
                row["bonus"] = d.maybe(0, 700, 5000) if d.chance(40) else None
        if self.full and len(self.v) > 2 and d.chance(25):
            for group in ("g0", "g1") if len(self.v) > 6 else ("g0",):
                first = d.count(0, len(self.v) - 3)
                for v in self.v[first : first + d.pick(3, 3, 2)]:
                    self.add("groups", group_id=group, volunteer_id=v)
        if self.full and d.chance(40):
            for here, there in itertools.combinations_with_replacement(self.stations, 2):
                if d.chance(50):
                    for ways in sorted({(here, there), (there, here)}):
                        ends = dict(zip(("from_station", "to_station"), ways, strict=True))
                        self.add("travel", **ends, minutes=d.pick(0, 20, 35, 90))

    def limit(self, subject: str, v: str | None, values: dict[str, tuple[str, ...]]) -> None:
        """Limit what a volunteer, or each, serves of a subject: one value, or each."""
        value, most = self.d.maybe(*values[subject]), self.d.pick(1, 2, 0)
        self.add("limits", volunteer_id=v, subject=subject, value=value, max_shifts=most)

    def meet(self, row: Row) -> None:
        """Let the people of a request meet two or three times, at one of its options if any."""
        options = [
            o["option"] for o in self.rows["options"] if o["request_id"] == row["request_id"]
        ]
        option = options[0] if options else None
        until = None
        for name in ("first", "second", "third")[: self.d.count(2, 3)]:
            start, end = self.when()
            if until is None or start >= until:
                named = {"request_id": row["request_id"], "option": option, "session": name}
                self.add("sessions", **named, start=start, end=end)
                until = end

    def beyond(self) -> list[tuple[str, str | None]]:
        """Return the requests, or options of some, that start in another week."""
        times = {}
        for table in ("requests", "options", "sessions"):
            for row in reversed(self.rows[table]):
                times[row["request_id"], row.get("option")] = row["start"]
        first, last = self.moment(0, 0), self.moment(7, 0)
        return [at for at, start in times.items() if start and not first <= start < last]

    def answer(self, v: str, q: str, status: str, *named: str | None) -> None:
        options = [row["option"] for row in self.rows["options"] if row["request_id"] == q]
        post = self.d.pick(*self.posts_of[q])
        (option,) = named or [self.d.maybe(*options)]
        row = {"volunteer_id": v, "request_id": q, "post": post, "option": option}
        if not any(row.items() <= known.items() for known in self.rows["assignments"]):
            self.add("assignments", **row, status=status)

    def pinned(self, tables: Tables) -> Tables:
        """Pin a few services that can all be kept."""
        d, wanted = self.d, self.d.pick(0, 0, 1, 2, 1 + len(self.v) // 10)
        free = tables["volunteers"].with_columns(consent=pl.lit(None, dtype=pl.String))
        arcs = read(tables | {"volunteers": free}).arcs if wanted else []
        rows = list(self.rows["assignments"])
        for _ in range(wanted if arcs else 0):
            v, q, post, option = arcs[d.count(0, len(arcs) - 1)].key
            pin = {"volunteer_id": v, "request_id": q, "post": post, "status": "pinned"}
            rows = [row for row in rows if [row[k] for k in list(pin)[:3]] != [v, q, post]]
            rows.append(pin | {"option": d.pick(None, option)})
        with_pins = tables | framed({"assignments": rows})
        return with_pins if wanted and milp.feasible(read(with_pins)) else tables


# --- tables as tables -----------------------------------------------------------------------------


def framed(rows: dict[str, list[Row]]) -> Tables:
    """Turn rows into typed dataframes; cells that are absent are null."""
    frames = {}
    for name, given in rows.items():
        columns = [column.partition(":") for column in _COLUMNS[name].split()]
        schema = {column: _TYPES.get(kind, pl.String) for column, _, kind in columns}
        frames[name] = pl.DataFrame(given, schema=schema, orient="row")
    return frames


def as_text(tables: Tables, offset: str = "") -> Tables:
    """Write every cell as a CSV file would have it; the offset is put behind every time."""
    shown = {
        pl.Datetime("us"): lambda c: c.dt.strftime(f"%Y-%m-%dT%H:%M{offset}"),
        pl.Time: lambda c: c.dt.strftime("%H:%M"),
    }
    return {
        name: frame.select(
            shown.get(kind, lambda c: c.cast(pl.String))(pl.col(column))
            for column, kind in frame.schema.items()
        )
        for name, frame in tables.items()
    }


def without_empty(tables: Tables) -> Tables:
    """Leave out the columns without a value and the tables without a row that are not needed."""
    kept = {k: t for k, t in tables.items() if t.height or k in _NEEDED}
    return {k: t.select(c for c in t if c.null_count() < max(1, t.height)) for k, t in kept.items()}


def permuted(world: Tables, seed: int) -> Tables:
    """Shuffle the rows of every table."""
    return {name: t.sample(fraction=1, shuffle=True, seed=seed) for name, t in world.items()}


def renamed(world: Tables, seed: int) -> Tables:
    """Give every id of every kind another name, the same in all tables, in another order."""
    names: dict[str, dict[str, str]] = {}
    for kind in _NAMED:
        columns = [(t, c) for t in world.values() for c in t.columns if _KINDS.get(c, c) == kind]
        ids = sorted({v for t, c in columns for v in t[c].drop_nulls()} - {"volunteer"})
        order = random.Random(f"{seed} {kind}").sample(range(len(ids)), len(ids))
        names[kind] = {old: f"{kind[:2]}-{new}" for old, new in zip(ids, order, strict=True)}
    frames = {}
    for table, frame in world.items():
        kinds = {c: _KINDS.get(c, c) for c in frame.columns}
        changed = [pl.col(c).replace(names[k]) for c, k in kinds.items() if k in names]
        if table in ("preferences", "limits") and "value" in frame.columns:
            changed.append(_renamed_values(frame, names))
        frames[table] = frame.with_columns(changed)
    return frames


def _renamed_values(rows: pl.DataFrame, names: dict[str, dict[str, str]]) -> pl.Series:
    def new(subject: str, value: str | None) -> str | None:
        if value is None:
            return None
        mapping = names.get(subject) or names.get(f"{subject}_id", {})
        return mapping.get(value, value)

    pairs = zip(rows["subject"], rows["value"], strict=True)
    return pl.Series("value", [new(subject, value) for subject, value in pairs], dtype=pl.String)
