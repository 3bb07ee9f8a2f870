"""What is assumed of people, each with its source, in one place."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from matching.errors import UsageError, quoted
from matching.guards.doors import constructor, door
from matching.guards.toml import check_keys, read_settings
from matching.simulation.texts import Language, named


def _assumed(default: float, low: float = 0.0, high: float = 1.0, source: str = "assumed") -> Any:
    """Declare an assumption; its meaning, and what the source is, stand in ``texts.toml``."""
    return field(default=default, metadata={"low": low, "high": high, "source": source})


@constructor
@dataclass(frozen=True)
class Assumptions:
    """How people answer, come and judge, and how long orders wait.

    Odds of a yes are a logistic curve of what speaks for it: ``willing`` and the person's own
    ``keenness``, how well the order fits (``near``, ``wished``, ``liked_hour``, ``known``), less
    ``fatigue`` for each offer lately.

    Raises
    ------
    UsageError
        If a value is no number, or out of its range.
    """

    willing: float = _assumed(-1.1, -20, 20)
    keenness: float = _assumed(1.0, 0, 10)
    near: float = _assumed(1.0, 0, 20)
    wished: float = _assumed(0.5, 0, 20)
    liked_hour: float = _assumed(0.25, 0, 20)
    known: float = _assumed(1.0, 0, 20)
    fatigue: float = _assumed(0.5, 0, 20, "fatigue")
    recovery_days: float = _assumed(14.0, 0.1, 3650, "fatigue")
    automatic: float = _assumed(1.0, source="column")
    offers_a_seat: float = _assumed(1, 1, 10)
    self_service: float = _assumed(0.1)
    look_days: float = _assumed(14.0, 1, 3650)
    taste: float = _assumed(1.0, 0, 20)
    no_show: float = _assumed(0.1)
    reviewed: float = _assumed(0.3)
    rating: float = _assumed(4.5, 1, 5)
    rating_spread: float = _assumed(0.7, 0, 5)
    patience_weeks: float = _assumed(2, 0, 52)

    def __post_init__(self) -> None:
        for item in fields(self):
            value, notes = getattr(self, item.name), item.metadata
            number = isinstance(value, (int, float)) and not isinstance(value, bool)
            if not number or not notes["low"] <= value <= notes["high"]:
                allowed = f"a number from {notes['low']:g} to {notes['high']:g}"
                raise UsageError(f"assumption {item.name} = {quoted(value)} must be {allowed}")

    @classmethod
    @door
    def from_dict(cls, table: dict[str, Any]) -> Assumptions:
        """Make assumptions of names and values; what is absent keeps its default.

        Raises
        ------
        UsageError
            If a name is unknown (the nearest known one is named) or a value is not allowed.
        """
        known = (item.name for item in fields(cls))
        check_keys(table, known, "there is no assumption", UsageError)
        return cls(**table)

    @classmethod
    @door
    def from_toml(cls, path: str | Path) -> Assumptions:
        """Read a file of assumptions; see `from_dict`.

        Raises
        ------
        UsageError
            If the file cannot be read or is not TOML, or as `from_dict` does.
        """
        table = read_settings(path, "file of assumptions", UsageError, "assumption")
        return cls.from_dict(table)

    def told(self, language: Language = "en") -> list[dict[str, str]]:
        """Return of each assumption its ``name``, ``value``, ``meaning`` and ``source``."""
        meaning, source = named("assumption", language), named("source", language)
        return [
            {
                "name": item.name,
                "value": f"{getattr(self, item.name):g}",
                "meaning": meaning[item.name],
                "source": source[item.metadata["source"]],
            }
            for item in fields(self)
        ]

    @property
    def recovery(self) -> float:
        """What is left of a day's fatigue on the next."""
        return math.exp2(-1 / self.recovery_days)
