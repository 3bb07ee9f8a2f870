"""A week, one record at a time: for ten volunteers rather than a store of tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, time
from typing import TYPE_CHECKING, Any

import polars as pl

from matching.errors import UsageError
from matching.guards.doors import constructor, door, known_arguments
from matching.guards.mondays import Day, monday_of
from matching.guards.showing import Shown
from matching.policy import Policy
from matching.problem import Problem
from matching.schema import DEFAULT_POST, NEEDED, TABLES
from matching.tables.cleaning import OnError
from matching.week.rows import adds_row, cells_of, frame_of

if TYPE_CHECKING:
    from matching.result import Result

When = str | datetime
Clock = str | time
Window = (
    tuple[When, When]
    | tuple[When, When, int]
    | tuple[str | int, Clock, Clock]
    | tuple[str | int, Clock, Clock, int]
)
Qualifications = Iterable[str] | Mapping[str, int]

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

# What the times of an option are, in their order; the last is that of a window alone.
_OF_OPTIONS = ("start", "end", "latest_start")


@constructor
@dataclass(frozen=True)
class Post:
    """What a request or a menu item wants of the people on one of its posts.

    ``seats`` may be absent where a request keeps the seats of its menu item's post and only asks
    for more qualifications; elsewhere it is then 1.
    """

    seats: int | None = None
    min_seats: int | None = None
    qualifications: Qualifications = ()

    def __post_init__(self) -> None:
        _refuse_text(self.qualifications)


class Week(Shown):
    """Collects the rows of the contract's tables; `problem` checks them all at once.

    Every keyword is a column of the table it goes to, so the reference of the tables holds here
    too; ``None`` leaves the cell empty. Things may be told in any order. Times are text such as
    ``"2026-11-30 09:00"`` or datetimes, local to ``policy.time_zone``. ``qualifications`` are
    names, ``["skill:18"]``, or names with levels, ``{"skill:18": 3}``.

    Parameters
    ----------
    monday : datetime.date, str or numpy.datetime64
        The Monday the week starts with; see `mondays`.
    policy : Policy, optional
        Weights and limits; the model's defaults, if absent.
    """

    @door
    def __init__(self, monday: Day, *, policy: Policy | None = None) -> None:
        self.monday = monday_of(monday)
        self.policy = policy
        self._rows: dict[str, list[dict[str, object]]] = {name: [] for name in TABLES}

    @door
    def tables(self) -> dict[str, pl.DataFrame]:
        """Return the tables that have rows, and those that every problem needs; times as text."""
        given = {name: rows for name, rows in self._rows.items() if rows or name in NEEDED}
        return {name: frame_of(name, rows) for name, rows in given.items()}

    def _figures(self) -> dict[str, object]:
        return {"monday": self.monday} | {t: len(rows) for t, rows in self._rows.items() if rows}

    @door
    def problem(self, on_error: OnError = "raise") -> Problem:
        """Check everything told so far; see `Problem.from_tables`."""
        return Problem.from_tables(self.tables(), self.monday, self.policy, on_error)

    @door
    def solve(self, on_error: OnError = "raise", **limits: Any) -> Result:
        """Check everything told so far and make the best plan; for the limits see `solve`."""
        from matching.engine import solve

        return solve(self.problem(on_error), **limits)

    # Who and where.

    @adds_row("organisations")
    def organisation(
        self,
        organisation_id: str,
        *,
        name: str | None = None,
        parent_id: str | None = None,
        max_seats: int | None = None,
    ) -> str:
        """Add an organisation; return its id. ``max_seats`` is its quota of services."""
        return organisation_id

    @adds_row("stations")
    def station(
        self,
        station_id: str,
        *,
        name: str | None = None,
        lat: float | None = None,
        lon: float | None = None,
        grid: str | None = None,
        region: str | None = None,
    ) -> str:
        """Add a place; return its id."""
        return station_id

    @adds_row("volunteers")
    def volunteer(
        self,
        volunteer_id: str,
        *,
        available: Iterable[Window] = (),
        qualifications: Qualifications = (),
        organisation_id: str | None = None,
        station_id: str | None = None,
        lat: float | None = None,
        lon: float | None = None,
        travel_km: float | None = None,
        max_shifts: int | None = None,
        max_hours: float | None = None,
        max_shifts_per_day: int | None = None,
        max_days: int | None = None,
        max_consecutive_days: int | None = None,
        max_in_days: int | None = None,
        in_days: int | None = None,
        min_rest_hours: float | None = None,
        recent_hours: float | None = None,
        show_up: float | None = None,
        max_offers: int | None = None,
        consent: str | None = None,
    ) -> str:
        """Add a volunteer; return the id. For ``available`` see `available`."""
        levels = _levels(qualifications)
        self.available(volunteer_id, *available)
        for name, level in levels:
            self.qualification(volunteer_id, name, level=level)
        return volunteer_id

    @known_arguments
    def available(self, volunteer_id: str, *windows: Window) -> None:
        """Add windows: ``(start, end)`` or ``("mon", "09:00", "12:00")``, and a preference last."""
        for cells in [_window(window) for window in windows]:
            self._add("availability", {"volunteer_id": volunteer_id, **cells})

    @adds_row("qualifications")
    def qualification(
        self,
        volunteer_id: str,
        qualification: str,
        *,
        level: int | None = None,
        valid_from: Day | None = None,
        valid_until: Day | None = None,
    ) -> None:
        """Add something a volunteer can show, and the days it is valid on."""

    # What is asked.

    @adds_row("menu")
    def menu_item(
        self,
        menu_item: str,
        *,
        name: str | None = None,
        category: str | None = None,
        organisation_id: str | None = None,
        minutes: int | None = None,
        min_people: int | None = None,
        seats: int | None = None,
        min_seats: int | None = None,
        qualifications: Qualifications = (),
        posts: Mapping[str, Post | int] | None = None,
    ) -> str:
        """Add a service that can be ordered; return its id. For its posts see `request`."""
        self._add_posts("menu", menu_item, 1, _posts(seats, min_seats, qualifications, posts))
        return menu_item

    @adds_row("requests")
    def request(
        self,
        request_id: str,
        *,
        start: When | None = None,
        end: When | None = None,
        options: Mapping[str, tuple[When, When] | tuple[When, When, When]] | None = None,
        menu_item: str | None = None,
        quantity: int | None = None,
        name: str | None = None,
        category: str | None = None,
        organisation_id: str | None = None,
        station_id: str | None = None,
        beneficiary_id: str | None = None,
        lat: float | None = None,
        lon: float | None = None,
        priority: int | None = None,
        waited: int | None = None,
        min_people: int | None = None,
        bonus: int | None = None,
        seats: int | None = None,
        min_seats: int | None = None,
        qualifications: Qualifications = (),
        posts: Mapping[str, Post | int] | None = None,
    ) -> str:
        """Add a request; return its id.

        Times are those of ``start`` and ``end``, or alternatives of which one is chosen:
        ``options={"sat": (start, end), "sun": (start, end, latest_start)}``; a third time makes
        it a window of starts, in steps of the policy's ``option_minutes``. ``posts`` maps names to
        posts or numbers of seats; a request with one post, ``volunteer``, may give ``seats``,
        ``min_seats`` and ``qualifications`` directly. Without any, its posts are its menu item's.
        """
        wanted = _posts(seats, min_seats, qualifications, posts)
        for option, times in (options or {}).items():
            at = {"request_id": request_id, "option": option}
            self._add("options", at | dict(zip(_OF_OPTIONS, times, strict=False)))
        self._add_posts("requests", request_id, 1 if menu_item is None else None, wanted)
        return request_id

    @adds_row("sessions")
    def session(
        self, request_id: str, session: str, *, start: When, end: When, option: str | None = None
    ) -> None:
        """Add a meeting of a request, or of one of its options; the same people come to all."""

    @adds_row("team_rules")
    def team_rule(
        self,
        qualification: str,
        *,
        request_id: str | None = None,
        menu_item: str | None = None,
        min_people: int | None = None,
        per_people: int | None = None,
    ) -> None:
        """Ask a team for holders: a minimum, or one for every ``per_people`` people."""

    # Who likes whom and what, and what is already known.

    @adds_row("preferences")
    def prefer(self, volunteer_id: str, subject: str, value: str, *, weight: int) -> None:
        """Say what a volunteer likes: a category, menu item, station, ...; below 0: dislikes."""

    @adds_row("preferences", never=True)
    def never(self, volunteer_id: str, subject: str, value: str) -> None:
        """Say what a volunteer is never to be given."""

    @adds_row("limits")
    def limit(
        self,
        subject: str,
        value: str | None = None,
        *,
        max_shifts: int,
        volunteer_id: str | None = None,
    ) -> None:
        """Say how often a volunteer serves something in the week: everybody, and each value."""

    @adds_row("pairs", rule="together")
    def together(self, volunteer_a: str, volunteer_b: str) -> None:
        """Let two volunteers serve a request both, or neither of them."""

    @adds_row("pairs", rule="apart")
    def apart(self, volunteer_a: str, volunteer_b: str) -> None:
        """Never let two volunteers serve the same request."""

    @adds_row("groups")
    def member(self, group_id: str, volunteer_id: str) -> None:
        """Add somebody to a group, whose members serve a request all together or not at all."""

    @adds_row("bonds")
    def bond(
        self,
        volunteer_id: str,
        beneficiary_id: str,
        *,
        visits: int | None = None,
        last_visit: Day | None = None,
    ) -> None:
        """Say who has helped whom before, and how often."""

    @adds_row("travel")
    def travel(self, from_station: str, to_station: str, minutes: int) -> None:
        """Say how long it takes from one station to another, instead of distance over speed."""

    @adds_row("affinities")
    def affinity(
        self, volunteer_id: str, request_id: str, score: int, *, post: str | None = None
    ) -> None:
        """Add a score of one's own to the quality of a volunteer for a request."""

    @adds_row("assignments")
    def assignment(
        self,
        volunteer_id: str,
        request_id: str,
        status: str,
        *,
        post: str = DEFAULT_POST,
        option: str | None = None,
    ) -> None:
        """Say what is known already: pinned, accepted, published, offered or declined."""

    @adds_row("assignments", status="pinned")
    def pin(self, volunteer_id: str, request_id: str, post: str = DEFAULT_POST) -> None:
        """Say that a volunteer must serve there."""

    @adds_row("assignments", status="accepted")
    def accept(self, volunteer_id: str, request_id: str, post: str = DEFAULT_POST) -> None:
        """Say that a volunteer has agreed to serve there."""

    @adds_row("assignments", status="declined")
    def decline(self, volunteer_id: str, request_id: str, post: str = DEFAULT_POST) -> None:
        """Say that a volunteer has refused to serve there."""

    def _add(self, table: str, cells: Mapping[str, object]) -> None:
        self._rows[table].append(cells_of(table, cells))

    def _add_posts(self, owner: str, key: str, usual: int | None, posts: dict[str, Post]) -> None:
        """Fill the tables of posts; ``usual`` seats where a post does not say how many."""
        prefix, column = ("menu_", "menu_item") if owner == "menu" else ("", "request_id")
        needs = "menu_qualifications" if owner == "menu" else "post_qualifications"
        for name, post in posts.items():
            at = {column: key, "post": name}
            seats = usual if post.seats is None else post.seats
            if seats is not None or post.min_seats is not None:
                self._add(f"{prefix}posts", at | {"seats": seats, "min_seats": post.min_seats})
            for qualification, level in _levels(post.qualifications):
                self._add(needs, at | {"qualification": qualification, "level": level})


def _refuse_text(qualifications: Qualifications) -> None:
    if isinstance(qualifications, str):
        raise UsageError(
            f"qualifications = {qualifications!r}: several are possible, so write "
            f"[{qualifications!r}], or with a level {{{qualifications!r}: 3}}"
        )


def _levels(qualifications: Qualifications) -> list[tuple[str, int | None]]:
    _refuse_text(qualifications)
    if isinstance(qualifications, Mapping):
        return list(qualifications.items())
    return [(name, None) for name in qualifications]


def _posts(
    seats: int | None,
    min_seats: int | None,
    qualifications: Qualifications,
    posts: Mapping[str, Post | int] | None,
) -> dict[str, Post]:
    single = seats is not None or min_seats is not None or bool(qualifications)
    if posts is None:
        return {DEFAULT_POST: Post(seats, min_seats, qualifications)} if single else {}
    if single:
        raise UsageError(
            "seats, min_seats and qualifications are for a single post; with posts, write them "
            "there: posts={'lead': Post(1, qualifications=['role:social_worker']), 'helper': 2}"
        )
    return {name: post if isinstance(post, Post) else Post(post) for name, post in posts.items()}


def _window(window: Any) -> dict[str, object]:
    """Return the columns of a window of availability."""
    first, *rest = window if isinstance(window, tuple | list) else (window,)
    if isinstance(first, str) and first.lower() in WEEKDAYS:
        first = WEEKDAYS.index(first.lower()) + 1
    columns = ["weekday", "start_time", "end_time"] if isinstance(first, int) else ["start", "end"]
    missing = len(columns) - 1 - len(rest)
    # A day and two times of day are not a start, an end and a preference.
    mixed = missing < 0 and isinstance(rest[-1], str)
    if missing not in (0, -1) or mixed or (isinstance(first, str) and first[:1].isalpha()):
        raise UsageError(
            f"available: {window!r} is not a window; write a list of such as "
            "('mon', '09:00', '12:00') or ('2026-11-30 09:00', '2026-11-30 12:00'); "
            "a preference from -2 to 2 may follow as the last item"
        )
    return dict(zip([*columns, "preference"], [first, *rest], strict=False))
