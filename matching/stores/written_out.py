"""What other libraries have and text has not: UUIDs, and times of a zone, as people write them."""

import importlib
from collections.abc import Iterable
from typing import Any

import polars as pl
import pyarrow as pa

from matching.tables.cells import plain

_DIGITS = "^(.{8})(.{4})(.{4})(.{4})(.{12})$"


def from_arrow(table: pa.Table) -> pl.DataFrame:
    """Return a Polars frame of the same rows."""
    names = [field.name for field in table.schema if _is_uuid(field.type)]
    # Polars has no seconds, and would take those that overflow for other times: Arrow refuses them.
    for number, field in enumerate(table.schema):
        if pa.types.is_timestamp(field.type) and field.type.unit == "s":
            cells = table.column(number).cast(pa.timestamp("ms", field.type.tz))
            table = table.set_column(number, field.name, cells)
    return _written(pl.DataFrame(table), names)


def from_pandas(frame: Any) -> pl.DataFrame:
    """Return a Polars frame of the same rows; the index is no column, and NaN a missing cell."""
    types = list(frame.dtypes.items())
    # As above: pandas refuses seconds that have no milliseconds.
    seconds = {name: kind for name, kind in types if str(kind).startswith("datetime64[s")}
    frame = frame.astype({n: str(k).replace("[s", "[ms") for n, k in seconds.items()})
    arrow = [str(name) for name, kind in types if _is_uuid(getattr(kind, "pyarrow_dtype", None))]
    # What pandas calls mixed is neither text nor numbers nor times; few columns are.
    kind_in = importlib.import_module("pandas.api.types").infer_dtype
    for name in (name for name, kind in types if str(kind) == "object"):
        if kind_in(frame[name], skipna=True).startswith("mixed"):
            frame = frame.assign(**{name: frame[name].map(plain)})
    return _written(pl.from_pandas(frame, nan_to_null=True, include_index=False), arrow)


def _is_uuid(kind: object) -> bool:
    return getattr(kind, "extension_name", None) == "arrow.uuid"


def _written(frame: pl.DataFrame, names: Iterable[str]) -> pl.DataFrame:
    """Write bytes of UUIDs with their dashes."""
    digits = pl.col(list(names)).bin.encode("hex")
    return frame.with_columns(digits.str.replace(_DIGITS, "$1-$2-$3-$4-$5"))


def with_offsets(frame: pl.DataFrame) -> pl.DataFrame:
    """Turn times that have a zone into text with an offset, such as ``2026-11-30T09:00+08:00``."""
    zoned = [
        name
        for name, kind in frame.schema.items()
        if isinstance(kind, pl.Datetime) and kind.time_zone is not None
    ]
    return frame.with_columns(pl.col(zoned).dt.strftime("%Y-%m-%dT%H:%M%:z"))
