"""What the generator may be asked for."""

from __future__ import annotations

import datetime as dt
import math

from matching.errors import UsageError
from matching.guards.mondays import Day, monday_of

SIZES = {
    "town": (300, 40),
    "district": (20_000, 500),
    "city": (190_000, 4_500),
    "province": (2_660_000, 63_000),
}
RULES = ("network", "full")
# All registered volunteers of the country, and as many requests to each as in the province.
NATION = (230_000_000, 5_450_000)
MAX_COUNT, MAX_NATION_COUNT = 10_000_000, 2 * NATION[0]
MAX_SCARCITY = 1000.0
MAX_COPIES = 100
MAX_WEEKS = 520


def check(
    volunteers: int | None,
    requests: int | None,
    rules: str,
    scarcity: float,
    seed: int,
    week: Day,
    max_count: int = MAX_COUNT,
) -> dt.date:
    """Return the week's Monday.

    Raises
    ------
    UsageError
        If an argument is not allowed; it names the first bad value and what is allowed.
    """
    if rules not in RULES:
        raise UsageError(f"rules {rules!r} are unknown; allowed: {', '.join(RULES)}")
    for name, count in (("volunteers", volunteers), ("requests", requests)):
        if count is not None and not 1 <= count <= max_count:
            raise UsageError(f"{name} {count} is out of range; allowed: 1 to {max_count}")
    if not (math.isfinite(scarcity) and 0 < scarcity <= MAX_SCARCITY):
        raise UsageError(
            f"scarcity {scarcity} is out of range; allowed: above 0, up to {MAX_SCARCITY:g}"
        )
    if seed < 0:
        raise UsageError(f"seed {seed} is negative; allowed: 0 and above")
    return monday_of(week)


def check_size(size: str, copies: int) -> None:
    """Refuse a size that is unknown, and copies of its map that are too many; see `check`."""
    if size not in SIZES:
        raise UsageError(f"size {size!r} is unknown; allowed: {', '.join(SIZES)}")
    if not 1 <= copies <= MAX_COPIES:
        raise UsageError(f"copies {copies} is out of range; allowed: 1 to {MAX_COPIES}")


def check_weeks(weeks: int) -> None:
    """Refuse more weeks in a row than ten years have; see `check`."""
    if not 1 <= weeks <= MAX_WEEKS:
        raise UsageError(f"weeks {weeks} is out of range; allowed: 1 to {MAX_WEEKS}")
