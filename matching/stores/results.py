"""What a plan left in a store: tables with their types, and the summary as JSON has it."""

import json
import math
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from matching.errors import DataError, PolicyError
from matching.policy import Policy
from matching.tables.cells import local_time
from matching.tables.faults import fault, faults_of, raise_any

# The columns of a plan, and of what belongs to it, that are compared as text.
RESULT_IDS = ("request_id", "post", "option", "volunteer_id", "organisation_id", "status")
# Far more than any value has; floats end at 308.
_DIGITS = 100
# What a plan is checked against.
_SUMMARY_KINDS: dict[str, type | tuple[type, ...]] = {
    "week": str,
    "policy": dict,
    "value": (int, float),
    "bound_from_prices": (int, float),
}


def typed(
    table: str,
    frame: pl.DataFrame | None,
    faults: pl.DataFrame,
    time_zone: str = Policy().time_zone,
) -> pl.DataFrame:
    """Turn the columns of a result that are not text into what they are, or raise a DataError.

    Times that have an offset, as some program may have written them, become those of the zone.
    """
    if frame is None or faults.height:
        raise DataError(faults)
    if "row" not in frame.columns:
        frame = frame.with_row_index("row", offset=1)
    found, result = [], frame
    for column, (read, text) in _READERS.items():
        if column in frame.columns and frame.schema[column] == pl.String:
            result = result.with_columns(read(pl.col(column), time_zone).alias(column))
            unread = frame.filter(frame[column].is_not_null() & result[column].is_null())
            found.append(faults_of(table, unread, (column,), "type", text))
    raise_any(found)
    return result.drop("row")


_TIME = "must be a local time such as 2026-11-30T09:00, or one with its offset"
_READERS: dict[str, tuple[Callable[[pl.Expr, str], pl.Expr], str]] = {
    "start": (local_time, _TIME),
    "end": (local_time, _TIME),
    "quality": (lambda cell, _: cell.cast(pl.Int64, strict=False), "must be a whole number"),
    "price": (lambda cell, _: cell.cast(pl.Float64, strict=False), "must be a number"),
}


def time_zone_of(summary: Mapping[str, Any] | None) -> str:
    """Return the time zone of a plan, as its summary tells it."""
    policy = (summary or {}).get("policy")
    try:
        return Policy.from_json(policy or {}).time_zone
    except PolicyError:
        return Policy().time_zone


def summary_of(text: str, where: object) -> dict[str, Any]:
    """Read a summary from JSON, or raise a DataError: a plan is checked against what it says."""
    try:
        summary = json.loads(text, parse_int=_whole)
    except (ValueError, RecursionError) as error:
        text = f"{where} is not a summary: {error}; plan again to write it anew"
        raise DataError(fault("summary", "json", text)) from None
    if not isinstance(summary, dict):
        text = f"{where} must hold a JSON object; plan again to write it anew"
        raise DataError(fault("summary", "json", text))
    for name, kind in _SUMMARY_KINDS.items():
        if name in summary and not isinstance(summary[name], kind):
            text = f"{where} does not say what a plan was made with; plan again to write it anew"
            raise DataError(fault("summary", "type", text, column=name, value=str(summary[name])))
    return summary


def _whole(text: str) -> int:
    if len(text) > _DIGITS:
        raise ValueError(f"a whole number has {len(text):,} digits")
    return int(text)


def plain(summary: Mapping[str, Any]) -> dict[str, Any]:
    """Turn a summary into what JSON has; infinite numbers become text."""
    return {str(key): _plain(value) for key, value in summary.items()}


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return plain(value)
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, np.ndarray | np.generic):
        return _plain(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Path):
        return str(value)
    return value


def json_of(summary: Mapping[str, Any]) -> str:
    """Write a summary as JSON."""
    return json.dumps(plain(summary), ensure_ascii=False, indent=2, allow_nan=False) + "\n"
