"""Types of columns, ours and a database's."""

from typing import Any

import polars as pl
import sqlalchemy as sa
from sqlalchemy.dialects import mysql

from matching.stores.written_out import with_offsets

_MOMENT = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")
_TIME = sa.Time().with_variant(mysql.TIME(fsp=6), "mysql", "mariadb")
_TEXT = sa.Text().with_variant(mysql.LONGTEXT(), "mysql", "mariadb")


def column_type(kind: pl.DataType) -> sa.types.TypeEngine[Any]:
    """Return the type of a column that holds what a Polars column does."""
    if kind.is_integer():
        return sa.BigInteger()
    if kind.is_float():
        return sa.Double()
    if isinstance(kind, pl.Datetime):
        return sa.DateTime(timezone=True) if kind.time_zone else _MOMENT
    kinds: dict[Any, sa.types.TypeEngine[Any]] = {
        pl.Boolean: sa.Boolean(),
        pl.Date: sa.Date(),
        pl.Time: _TIME,
    }
    return kinds.get(kind.base_type(), _TEXT)


def frame_type(kind: sa.types.TypeEngine[Any]) -> pl.DataType:
    """Return the Polars type of a column of ours as the database describes it."""
    kinds: list[tuple[type[sa.types.TypeEngine[Any]], pl.DataType]] = [
        (sa.Boolean, pl.Boolean()),
        (sa.Integer, pl.Int64()),
        (sa.Float, pl.Float64()),
        (sa.Numeric, pl.Float64()),
        (sa.DateTime, pl.Datetime("us")),
        (sa.Date, pl.Date()),
        (sa.Time, pl.Time()),
    ]
    return next((ours for theirs, ours in kinds if isinstance(kind, theirs)), pl.String())


def storable(frame: pl.DataFrame, dialect: str) -> pl.DataFrame:
    """Turn what the database has no type for into text: times with a zone, but in PostgreSQL."""
    if dialect != "postgresql":
        frame = with_offsets(frame)
    words = [n for n, k in frame.schema.items() if k.base_type() in (pl.Enum, pl.Categorical)]
    return frame.cast(dict.fromkeys(words, pl.String()))
