"""Times as text, for stores that know no zones."""

from __future__ import annotations

import polars as pl


def with_offsets(frame: pl.DataFrame) -> pl.DataFrame:
    """Turn times that have a zone into text with an offset, such as ``2026-11-30T09:00+08:00``."""
    zoned = [
        name
        for name, kind in frame.schema.items()
        if isinstance(kind, pl.Datetime) and kind.time_zone is not None
    ]
    return frame.with_columns(pl.col(zoned).dt.strftime("%Y-%m-%dT%H:%M%:z"))
