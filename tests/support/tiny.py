"""The smallest week: two volunteers, and one request that only one of them can serve."""

from datetime import date

import polars as pl

MONDAY = date(2026, 11, 30)
TINY = {
    "volunteers": pl.DataFrame({"volunteer_id": ["ann", "bo"]}),
    "availability": pl.DataFrame(
        {
            "volunteer_id": ["ann", "bo"],
            "start": ["2026-12-01T08:00", "2026-12-01T08:00"],
            "end": ["2026-12-01T12:00", "2026-12-01T09:00"],
        }
    ),
    "requests": pl.DataFrame(
        {"request_id": ["lunch"], "start": ["2026-12-01T10:00"], "end": ["2026-12-01T12:00"]}
    ),
}
# Only ann is there from ten to twelve.
EXPECTED = [("lunch", "ann")]
