"""Tables that hold every column of the contract, and what stores are known to spoil."""

from datetime import UTC, date, datetime, time
from typing import Any

import polars as pl

from matching.schema import TABLES

WEEK = date(2026, 11, 30)
LARGEST, PAST_FLOATS = 2**63 - 1, 2**53 + 1
# Text that is taken for something else on the way: formulas, numbers, nothing, the end of a cell.
HARD_TEXTS = (
    "志愿者 张三, «été» 😀 \u202bעברית\u202c",
    'say "hi", then go; \\N \\ | \t end',
    "two\nlines",
    "=1+1",
    "+8613800000000",
    "-5",
    "@here",
    "'=quoted",
    "'apostrophe",
    "007",
    "1e5",
    "NULL",
    "None",
    "nan",
    "true",
    "2026-11-30",
    "  two  spaces  ",
    "'; DROP TABLE volunteers; --",
    "%s %(x)s :x {x} ?",
    "x" * 1000,
)
_ID = "志愿者-é-😀"
_NINE, _NOON, _THREE = (datetime(2026, 12, 1, hour) for hour in (9, 12, 15))

# One row that fills every column, then rows that fill only what must be.
_ROWS: dict[str, list[Any]] = {
    "volunteers": [
        {
            "volunteer_id": _ID,
            "organisation_id": "o1",
            "station_id": "s1",
            "lat": 31.23,
            "lon": 121.47,
            "travel_km": 12.5,
            "max_shifts": 3,
            "max_hours": 10.5,
            "max_shifts_per_day": 2,
            "max_days": 4,
            "max_consecutive_days": 3,
            "max_in_days": 9,
            "in_days": 14,
            "min_rest_hours": 11.0,
            "recent_hours": 0.1,
            "show_up": 0.9,
            "max_offers": 4,
            "consent": "accept",
        },
        {"volunteer_id": "'007"},
        {"volunteer_id": "=1+1", "station_id": "s-2"},
        {"volunteer_id": "v,4", "lat": -89.999999999, "lon": 0.1 + 0.2},
    ],
    "qualifications": [
        (_ID, "skill:18", 3, date(2020, 2, 29), date(2099, 12, 31)),
        ("'007", "证书", None, None, None),
    ],
    "availability": [
        (_ID, _NINE, _THREE, -2, None, None, None),
        ("'007", None, None, None, 7, time(9, 30), time(0, 0)),
        ("=1+1", datetime(2026, 12, 1, 0, 1), datetime(2026, 12, 2), 2, None, None, None),
    ],
    "menu": [("m1", "理发", "care", "o1", 90, 1), ("m2", None, None, None, None, None)],
    "menu_posts": [("m1", "barber", 2, 1), ("m2", "@post", 1_000_000, None)],
    "menu_qualifications": [("m1", "barber", "证书", 1), ("m2", "@post", "证书", None)],
    "requests": [
        ("r1", "m1", 2, "n", "care", "o1", "s1", "b1", 31.0, 121.0, _NINE, _NOON, 5, 3, 1, 250),
        ("r2", *[None] * 9, _NINE, _NOON, *[None] * 4),
        ("r3", "m1", *[None] * 14),
    ],
    "options": [
        ("r3", "早", _NINE, _NOON, None),
        ("r3", "late", _NOON, _THREE, datetime(2026, 12, 1, 12, 30)),
    ],
    "sessions": [
        ("r1", None, "一", _NINE, _NOON),
        ("r1", None, "二", _NOON, _THREE),
        ("r3", "早", "1", _NINE, _NOON),
    ],
    "posts": [("r2", "厨师", 4, 1), ("r2", "+1", 1, None)],
    "post_qualifications": [("r2", "厨师", "证书", 2), ("r2", "+1", "证书", None)],
    "team_rules": [("r2", None, "证书", 1, None), (None, "m1", "skill:18", None, 3)],
    "preferences": [
        (_ID, "category", "care", -100, False),
        ("'007", "post", "厨师", None, True),
        ("=1+1", "station", "s1", 5, None),
    ],
    "limits": [(_ID, "category", "care", 2), (None, "menu_item", None, 1)],
    "pairs": [(_ID, "'007", "together"), ("=1+1", "v,4", "apart")],
    "groups": [("g 1", _ID), ("g 1", "v,4")],
    "bonds": [(_ID, "b1", 7, date(2026, 11, 1)), ("'007", "b1", None, None)],
    "assignments": [
        (_ID, "r3", "barber", "早", "accepted"),
        ("'007", "r2", "厨师", None, "offered"),
    ],
    "organisations": [("o1", "街道", "o2", 100), ("o2", None, None, None)],
    "stations": [("s1", "站", 31.2, 121.4, "g1", "310106"), ("s-2", None, None, None, None, None)],
    "travel": [("s1", "s-2", 25), ("s-2", "s1", 0)],
    "affinities": [(_ID, "r1", -1_000_000, "barber"), ("'007", "r2", 1_000_000, None)],
}


def every_column() -> dict[str, pl.DataFrame]:
    """Return every table, typed, with each column filled at least once."""
    return {name: _frame(name, rows) for name, rows in _ROWS.items()}


def hard_texts() -> dict[str, pl.DataFrame]:
    """Return a world whose names are what stores and spreadsheets spoil."""
    world = few()
    rows = [(f"o{i:02}", text, None, None) for i, text in enumerate(HARD_TEXTS)]
    return world | {"organisations": _frame("organisations", rows)}


def few() -> dict[str, pl.DataFrame]:
    """Return the needed tables alone, with three rows each."""
    world = every_column()
    return {
        "volunteers": world["volunteers"].with_columns(
            organisation_id=pl.lit(None, pl.String), station_id=pl.lit(None, pl.String)
        ),
        "availability": world["availability"],
        "requests": world["requests"].filter(pl.col("request_id") == "r2"),
    }


def big_integers() -> dict[str, pl.DataFrame]:
    """Return a world whose ids are integers that no float can hold."""
    ids = pl.Series([1, PAST_FLOATS, LARGEST], dtype=pl.Int64)
    world = few()
    hours = {"start": [_NINE] * 3, "end": [_NOON] * 3}
    return {
        "volunteers": pl.DataFrame({"volunteer_id": ids}),
        "availability": pl.DataFrame({"volunteer_id": ids} | hours),
        "requests": world["requests"],
    }


def zoned() -> dict[str, pl.DataFrame]:
    """Return a world whose times have an offset: they mean moments, not what a clock shows."""
    world = few()
    moment = datetime(2026, 12, 1, 1, 30, tzinfo=UTC)
    times = {"start": [moment, moment], "end": [datetime(2026, 12, 1, 4, tzinfo=UTC)] * 2}
    return world | {
        "availability": pl.DataFrame({"volunteer_id": ["'007", "=1+1"]} | times),
        "requests": pl.DataFrame({"request_id": ["r1", "r2"]} | times),
    }


def empty() -> dict[str, pl.DataFrame]:
    """Return every table with all its columns and no row."""
    return {name: frame.clear() for name, frame in every_column().items()}


def faulty() -> dict[str, pl.DataFrame]:
    """Return a world in which one cell or row of each kind is against the contract."""
    world = every_column()
    spoilt: list[tuple[str, str, str, str, Any]] = [
        # In this table, where this column holds this, that column gets that.
        ("volunteers", "volunteer_id", "'007", "max_shifts", -1),
        ("volunteers", "volunteer_id", "=1+1", "station_id", "nowhere"),
        ("qualifications", "qualification", "证书", "level", 6),
        ("posts", "post", "厨师", "min_seats", 9),
        ("menu", "menu_item", "m2", "minutes", 0),
    ]
    for table, column, value, target, bad in spoilt:
        cell = pl.when(pl.col(column) == value).then(pl.lit(bad)).otherwise(target)
        world[table] = world[table].with_columns(cell.alias(target))
    return world


def result(mark: str) -> tuple[dict[str, pl.DataFrame], dict[str, Any]]:
    """Return a plan whose every row bears a mark, and a summary that does too."""
    plan = pl.DataFrame(
        {
            "request_id": [mark, mark, mark],
            "post": ["厨师", "=1+1", "a,b"],
            "option": [None, "早", "'x"],
            "start": [_NINE, _NINE, _NOON],
            "end": [_NOON, _NOON, _THREE],
            "volunteer_id": [_ID, "007", 'say "v"'],
            "quality": [PAST_FLOATS, -5, 0],
            "status": ["pinned", "proposed", "accepted"],
        },
        schema_overrides={"option": pl.String},
    )
    unfilled = pl.DataFrame(
        {"request_id": [mark], "post": ["厨师"], "seats": [2], "filled": [1], "reason": ["no one"]}
    )
    prices = pl.DataFrame(
        {
            "request_id": [mark, mark],
            "post": ["厨师", None],
            "option": [None, None],
            "volunteer_id": [None, "007"],
            "organisation_id": [None, "o1"],
            "price": [0.1 + 0.2, 1e-9],
        },
        schema_overrides=dict.fromkeys(("option", "organisation_id"), pl.String),
    )
    summary = {
        "week": WEEK.isoformat(),
        "value": LARGEST,
        "gap": 1e-9,
        "status": "optimal",
        "mark": mark,
        "policy": {"names": [_ID, None, True], "weights": {"seat": 1000}},
    }
    return {"plan": plan, "unfilled": unfilled, "prices": prices}, summary


def _frame(name: str, rows: list[Any]) -> pl.DataFrame:
    kinds = {
        column: pl.String() if isinstance(spec.dtype, pl.Enum) else spec.dtype
        for column, spec in TABLES[name].columns().items()
    }
    return pl.DataFrame(rows, kinds, orient="row")
