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
MAX_COUNT = 10_000_000
MAX_SCARCITY = 1000.0
MAX_COPIES = 100


def check(
    size: str,
    volunteers: int | None,
    requests: int | None,
    rules: str,
    scarcity: float,
    seed: int,
    week: Day,
    copies: int,
) -> dt.date:
    """Return the week's Monday.

    Raises
    ------
    ValueError
        If an argument is not allowed; it names the first bad value and what is allowed.
    """
    if size not in SIZES:
        raise ValueError(f"size {size!r} is unknown; allowed: {', '.join(SIZES)}")
    if not 1 <= copies <= MAX_COPIES:
        raise ValueError(f"copies {copies} is out of range; allowed: 1 to {MAX_COPIES}")
    return _check_rest(volunteers, requests, MAX_COUNT, rules, scarcity, seed, week)


def check_nation(
    volunteers: int, requests: int, rules: str, scarcity: float, seed: int, week: Day
) -> dt.date:
    """Return the week's Monday, of a nation; see `check`."""
    return _check_rest(volunteers, requests, 2 * NATION[0], rules, scarcity, seed, week)


def _check_rest(
    volunteers: int | None,
    requests: int | None,
    most: int,
    rules: str,
    scarcity: float,
    seed: int,
    week: Day,
) -> dt.date:
    if rules not in RULES:
        raise ValueError(f"rules {rules!r} are unknown; allowed: {', '.join(RULES)}")
    for name, count in (("volunteers", volunteers), ("requests", requests)):
        if count is not None and not 1 <= count <= most:
            raise ValueError(f"{name} {count} is out of range; allowed: 1 to {most}")
    if not (math.isfinite(scarcity) and 0 < scarcity <= MAX_SCARCITY):
        raise ValueError(
            f"scarcity {scarcity} is out of range; allowed: above 0, up to {MAX_SCARCITY:g}"
        )
    if seed < 0:
        raise ValueError(f"seed {seed} is negative; allowed: 0 and above")
    try:
        return monday_of(week)
    except UsageError as error:
        raise ValueError(str(error)) from None
