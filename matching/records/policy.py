"""How records are credited, stars given and goals set, and the TOML file that says so."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

from matching.errors import PolicyError, quoted
from matching.guards.doors import constructor, door
from matching.guards.toml import check_keys, read_settings
from matching.guards.urls import shown_value
from matching.policy import Policy

ROUNDINGS = ("none", "half_hours")
CALENDARS = ("china", "weekdays")


def _key(default: Any, doc: str, unit: str = "", **limits: Any) -> Any:
    return field(default=default, metadata={"doc": doc, "unit": unit, **limits})


@constructor
@dataclass(frozen=True, slots=True)
class RecordPolicy:
    """Every rule of records that an owner may set, with its default.

    Raises
    ------
    PolicyError
        If a value has the wrong type or is out of its range.
    """

    time_zone: str = _key("Asia/Shanghai", "time zone of every time without an offset")
    rounding: str = _key(
        "none",
        "`none`: minutes count as they are; `half_hours`: of what exceeds whole hours, up to 15 "
        "minutes count 0, up to 45 half an hour, more an hour",
        words=ROUNDINGS,
    )
    max_categories: int = _key(
        4, "categories that one volunteer has in one project", "categories", low=1, high=1000
    )
    star_hours: tuple[float, ...] = _key(
        (100.0, 300.0, 600.0, 1000.0, 1500.0), "hours from which each star is given", "hours"
    )
    quality_from: int = _key(
        4, "the first star that also asks for quality; 0: none does", low=0, high=100
    )
    quality: float = _key(
        3.0, "mean of the reviews, shrunk to that of all, which these stars ask for", low=1, high=5
    )
    review_weight: float = _key(
        5.0, "reviews at the mean of all that are added to everybody's own", "reviews", high=1e6
    )
    due_days: int = _key(
        10, "working days after the service within which it is recorded", "days", low=1, high=250
    )
    calendar: str = _key(
        "china",
        "which days are worked: `china`, as the State Council announces, or `weekdays`",
        words=CALENDARS,
    )
    holidays: tuple[date, ...] = _key((), "further days off")
    worked: tuple[date, ...] = _key((), "further days that are worked")
    half_life_days: float = _key(
        180.0, "age at which a record or review says half as much of somebody", "days", low=1e-3
    )
    rating_value: int = _key(
        20, "what one mark above the mean of all adds to the quality of a pair", "value", high=100
    )
    goal_mobilisation: float = _key(0.6, "share of teams that are to be active", high=1)
    goal_participation: float = _key(0.6, "share of volunteers who are to serve", high=1)
    goal_hours: float = _key(10.0, "hours a volunteer is to serve in a year", "hours", high=8784)

    def __post_init__(self) -> None:
        Policy(time_zone=self.time_zone)  # which knows what zones there are
        for item in fields(self):
            value = _checked(item.name, getattr(self, item.name), item.default, item.metadata)
            object.__setattr__(self, item.name, value)
        steps = self.star_hours
        if any(more <= less for less, more in pairwise(steps)):
            raise PolicyError(f"policy star_hours = {quoted(steps)} must rise from star to star")
        both = sorted({*self.holidays} & {*self.worked})
        if both:
            raise PolicyError(f"policy holidays and worked both name {both[0]}; take it out of one")

    @classmethod
    @door
    def from_toml(cls, path: str | Path) -> RecordPolicy:
        """Read a policy of records; keys that are absent keep their default.

        Raises
        ------
        PolicyError
            If the file cannot be read, is not TOML, has an unknown key (the nearest known one is
            named) or a value that is not allowed.
        """
        table = read_settings(path, "policy file", PolicyError, "key")
        known = (item.name for item in fields(cls))
        check_keys(table, known, "policy of records has no key", PolicyError)
        return cls(**table)


def _checked(name: str, value: Any, default: Any, limits: Any) -> Any:
    """Return a value as its key has it, or say what the key takes."""
    if isinstance(default, tuple):
        kind, what = (float, "numbers") if default else (date, "days such as 2026-10-01")
        listed = isinstance(value, (list, tuple)) and all(_is(one, kind) for one in value)
        if not listed or (default and not (value and min(value) >= 0 and max(value) <= 1e6)):
            raise PolicyError(f"policy {name} = {shown_value(value)} must be a list of {what}")
        return tuple(map(float, value)) if default else tuple(sorted(value))
    if isinstance(default, str):
        words = limits.get("words")
        if not isinstance(value, str) or (words and value not in words):
            allowed = " or ".join(map(repr, words or ("a text",)))
            raise PolicyError(f"policy {name} = {shown_value(value)} must be {allowed}")
        return value
    kind = type(default)
    if not _is(value, kind):
        wanted = "a whole number" if kind is int else "a number"
        raise PolicyError(f"policy {name} = {shown_value(value)} must be {wanted}")
    low, high = limits.get("low", 0), limits.get("high", 1e9)
    if not low <= value <= high:
        raise PolicyError(f"policy {name} = {quoted(value)} must be from {low:g} to {high:g}")
    return kind(value)


def _is(value: object, kind: type) -> bool:
    if isinstance(value, bool):
        return False
    if kind is date:
        return type(value) is date
    return isinstance(value, (int, float) if kind is float else kind)
