"""The weights and limits a plan is made under, and the file they are read from."""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from matching.errors import PolicyError, quoted
from matching.guards.doors import constructor, door
from matching.guards.showing import Shown
from matching.guards.toml import check_keys, read_settings
from matching.guards.urls import shown_value


@cache
def _zones() -> frozenset[str]:
    """Return the names of IANA; the machine's own files have others, which Polars has not."""
    names = files("tzdata").joinpath("zones").read_text(encoding="utf-8").split()
    return frozenset(names) - {"Factory"}  # which says that nobody chose one


def _key(default: Any, doc: str, unit: str = "", low: float = 0.0, high: float = 1e9) -> Any:
    metadata = {"doc": doc, "unit": unit, "low": low, "high": high}
    return field(default=default, metadata=metadata)


# What tables are read with: later it cannot be changed.
READ_WITH = ("time_zone", "travel_km", "max_shifts", "max_offers", "age_priority")


class Unsaid(str):
    """A default text that nobody chose; messages say so."""

    __slots__ = ()


@constructor
@dataclass(frozen=True, slots=True, repr=False)
class Policy(Shown):
    """Every weight and limit of the model, with the model's defaults.

    Whole-number weights keep the value of a plan a whole number, so that a proof of optimality is
    exact. ``travel_kmh = inf`` switches the travel rule off.

    Raises
    ------
    PolicyError
        If a value has the wrong type or is out of its range.
    """

    time_zone: str = _key(
        Unsaid("Asia/Shanghai"), "time zone of every time without an offset", "IANA name"
    )
    contact: str = _key(
        "", "whom a volunteer asks, and how: the last line of every slip and sheet, if any"
    )
    travel_km: float = _key(
        10.0, "how far a volunteer goes, where the volunteer does not say", "km"
    )
    travel_kmh: float = _key(20.0, "speed between two services", "km/h", low=1e-9)
    max_shifts: int = _key(5, "services a week, where the volunteer does not say", "services")
    max_offers: int = _key(3, "offers a week, where the volunteer does not say", "offers")
    offers_least: int = _key(1, "offers for each open seat, as far as there are people", "offers")
    offers_most: int = _key(3, "offers for each open seat at most", "offers")
    only_listed: bool = _key(False, "only the pairs listed in `affinities` are eligible")
    option_minutes: int = _key(
        15, "from one start to the next in a window of `options`", "minutes", low=1
    )
    seat: int = _key(1000, "value of the last seat of a post, per step of priority", "value")
    early_seat: float = _key(0.5, "how much more the first seat is worth, as a share of `seat`")
    distance: int = _key(
        200, "quality of a volunteer who lives at the place of the service", "value"
    )
    window_preference: int = _key(50, "quality per step of a window's preference", "value")
    preference_limit: int = _key(100, "largest sum of preference weights, up or down", "value")
    visit: int = _key(20, "quality per earlier visit to the beneficiary", "value")
    visits_limit: int = _key(10, "earlier visits that count", "visits")
    kept: int = _key(300, "quality of what was accepted or published before", "value")
    change_cost: int = _key(
        500, "cost of a person who is told something else after the plan is in force", "value"
    )
    short_notice_hours: float = _key(
        24.0, "what starts within so many hours from now changes at short notice", "hours"
    )
    short_notice_cost: int = _key(
        250, "cost, beyond `change_cost`, of a service that changes at short notice", "value"
    )
    age_priority: float = _key(
        0.5, "steps of priority that each week adds for which a request has waited", high=5
    )
    load_step: int = _key(100, "cost of each further service of one volunteer, growing", "value")
    load_first: int = _key(
        0, "cost of calling a volunteer at all: fewer people, who serve more often", "value"
    )
    load_recent: int = _key(
        100, "cost of a service for a volunteer who served a lot lately", "value"
    )
    load_recent_hours: float = _key(40.0, "recent hours that count as a lot", "hours", low=1e-9)
    equity: int = _key(
        0, "what the first seats of a district are worth more, falling to 0 at its last", "value"
    )
    show_up: float = _key(1.0, "odds that somebody comes, where the volunteer does not say", high=1)
    standby_share: float = _key(
        0.0, "largest odds that who stands by for two at once is wanted by both", high=1
    )
    overbook: tuple[str, ...] = _key((), "categories for which more may be asked than have seats")
    overbook_odds: float = _key(
        0.2, "largest odds that more come than have seats, where more are asked", high=1
    )
    offer_hours: float = _key(
        24.0, "how long an offer stands, where its event does not say", "hours", low=1 / 60
    )
    grabbing_hours: float = _key(
        24.0, "how long grabbing is open, where its event does not say", "hours", low=1 / 60
    )

    def __repr__(self) -> str:
        items = ((item, getattr(self, item.name)) for item in fields(self))
        chosen = [f"{item.name}={value!r}" for item, value in items if value != item.default]
        return f"Policy({', '.join(chosen)})"

    def _figures(self) -> dict[str, object]:
        return self.to_dict()

    def __post_init__(self) -> None:
        for item in fields(self):
            kind = str if isinstance(item.default, str) else type(item.default)
            if kind is tuple:
                self._check_list(item.name)
            else:
                self._check(item.name, getattr(self, item.name), kind, item.metadata)
        if self.time_zone not in _zones():
            near = difflib.get_close_matches(self.time_zone[:80], _zones(), n=1, cutoff=0.6)
            meant = f"the nearest is {near[0]!r}" if near else "write for instance 'Asia/Shanghai'"
            raise PolicyError(
                f"policy time_zone = {shown_value(self.time_zone)} is not an IANA time zone; "
                f"{meant} or 'America/New_York'"
            )
        if self.offers_least > self.offers_most:
            raise PolicyError(
                f"policy offers_least = {self.offers_least} is more than offers_most = "
                f"{self.offers_most}: no seat can have both; lower the one or raise the other"
            )

    def _check_list(self, name: str) -> None:
        """Turn a list, as TOML and JSON have it, into a tuple of texts."""
        value = getattr(self, name)
        if not isinstance(value, (list, tuple)) or not all(isinstance(one, str) for one in value):
            raise PolicyError(
                f"policy {name} = {shown_value(value)} must be a list of texts, as in "
                f'{name} = ["meals"]'
            )
        object.__setattr__(self, name, tuple(value))

    def _check(self, name: str, value: object, kind: type, limits: Mapping[str, Any]) -> None:
        wanted = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}
        allowed: tuple[type, ...] = (int, float) if kind is float else (kind,)
        if not isinstance(value, allowed) or (isinstance(value, bool) and kind is not bool):
            raise PolicyError(f"policy {name} = {shown_value(value)} must be {wanted[kind]}")
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            endless = math.isinf(value) and name in {"travel_kmh", "travel_km"}
            low, high = limits["low"], limits["high"]
            if not value >= low or (value > high and not endless):
                most = f"{high:g}".replace("e+0", "e")
                raise PolicyError(f"policy {name} = {quoted(value)} must be from {low:g} to {most}")

    @property
    def time_zone_given(self) -> bool:
        """Whether somebody chose the time zone, or it is the default."""
        return not isinstance(self.time_zone, Unsaid)

    @classmethod
    @door
    def from_toml(cls, path: str | Path) -> Policy:
        """Read a policy file; keys that are absent keep their default.

        Raises
        ------
        PolicyError
            If the file cannot be read, is not TOML, has an unknown key (the nearest known one is
            named) or a value that is not allowed.
        """
        return cls.from_dict(read_settings(path, "policy file", PolicyError, "key"))

    @classmethod
    @door
    def from_dict(cls, table: dict[str, Any]) -> Policy:
        """Make a policy of names and values; see `from_toml`."""
        check_keys(table, (item.name for item in fields(cls)), "policy has no key", PolicyError)
        return cls(**table)

    def to_json(self) -> dict[str, Any]:
        """Return every key with its value; an infinite limit is the text ``inf``."""
        return {k: "inf" if v == math.inf else v for k, v in self.to_dict().items()}

    @classmethod
    def from_summary(cls, summary: Mapping[str, Any]) -> Policy:
        """Return the policy that a plan was made with; the defaults, if its summary has none."""
        policy = cls.from_json(summary.get("policy", {}))
        if summary.get("time_zone_given", True):
            return policy
        return replace(policy, time_zone=Unsaid(policy.time_zone))

    @classmethod
    @door
    def from_json(cls, table: dict[str, Any]) -> Policy:
        """Make a policy of what `to_json` gave."""
        floats = {item.name for item in fields(cls) if isinstance(item.default, float)}
        return cls.from_dict(
            {k: math.inf if k in floats and v == "inf" else v for k, v in table.items()}
        )

    def to_dict(self) -> dict[str, Any]:
        """Return every key with its value, in the order of the reference page."""
        return {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(self).items()}
