"""One file of JSON Lines becomes one table of text, with the true number of every line."""

from __future__ import annotations

import io
import json
from pathlib import Path

import polars as pl

from matching.faults import fault, no_faults
from matching.schema import TABLES
from matching.stores.csv_files import OWN_ROW, Read
from matching.stores.encoding import decoded, load, refusal
from matching.stores.moments import with_offsets

_ROW = 'line must be a JSON object such as {"volunteer_id": "v1", "max_shifts": 2}'


def read_jsonl(table: str, path: Path) -> Read:
    """Read a file whose every line is a JSON object; see `csv_files.read_csv`.

    A number keeps its digits however many there are. Blank lines are no rows.
    """
    data = load(path)
    if (reason := refusal(data)) is not None:
        return None, fault(table, "encoding", reason, value=path.name)
    data, hint = decoded(data, "utf-8")
    if hint:
        hint = "the bytes are not UTF-8, and JSON is always UTF-8; export the table anew"
        return None, fault(table, "encoding", hint, value=path.name)
    text = bytes(data.removeprefix(b"\xef\xbb\xbf"))
    if not text.strip():
        # Without a line there are no names either: the table is empty, not faulty.
        columns = TABLES[table].columns() if table in TABLES else ()
        return pl.DataFrame(schema=dict.fromkeys(columns, pl.String())), no_faults()
    faults = no_faults()
    try:
        frame = _all_at_once(text)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException):
        frame, faults = _line_by_line(table, text)
    if "row" not in frame.columns:
        frame = _numbered(frame, text)
    cells = [name for name in frame.columns if name != "row"]
    filled = pl.any_horizontal(pl.col(cells).is_not_null()) if cells else pl.lit(False)
    return frame.filter(filled | pl.col("row").is_in(faults["row"].implode())), faults


def write_jsonl(frame: pl.DataFrame, path: Path) -> None:
    """Write one object a line; times to the minute, as everywhere."""
    frame = with_offsets(frame)
    formats = {pl.Datetime: "%Y-%m-%dT%H:%M", pl.Time: "%H:%M"}
    texts = [
        pl.col(name).dt.strftime(formats[kind.base_type()])
        for name, kind in frame.schema.items()
        if kind.base_type() in formats
    ]
    frame.with_columns(texts).write_ndjson(path)


def _all_at_once(text: bytes) -> pl.DataFrame:
    """Read twice: for the names of all columns, then every cell as text."""
    names = pl.read_ndjson(io.BytesIO(text), infer_schema_length=None).columns
    schema = dict.fromkeys(names, pl.String())
    frame = pl.read_ndjson(io.BytesIO(text), schema=schema)
    return frame.rename({"row": OWN_ROW}) if "row" in names else frame


def _numbered(frame: pl.DataFrame, text: bytes) -> pl.DataFrame:
    lines = text.count(b"\n") + (not text.endswith(b"\n"))
    if lines == frame.height:
        return frame.with_row_index("row", offset=1)
    filled = [number for number, line in enumerate(text.split(b"\n"), start=1) if line.strip()]
    return frame.insert_column(0, pl.Series("row", filled[: frame.height], pl.UInt32))


def _line_by_line(table: str, text: bytes) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Tell the lines that cannot be read from the others; only where there are such."""
    faults, rows = [no_faults()], []
    for number, line in enumerate(text.decode().split("\n"), start=1):
        if not line.strip():
            continue
        try:
            # Numbers stay as they are written.
            record = json.loads(line, parse_int=str, parse_float=str, parse_constant=str)
        except (ValueError, RecursionError):
            record = None
        if isinstance(record, dict):
            cells = {OWN_ROW if name == "row" else name: _cell(v) for name, v in record.items()}
            rows.append({"row": number} | cells)
        else:
            faults.append(fault(table, "json", f"the {_ROW}", row=number, value=line))
            rows.append({"row": number})
    names = dict.fromkeys(name for record in rows for name in record)
    schema = {name: pl.UInt32() if name == "row" else pl.String() for name in names}
    return pl.DataFrame(rows, schema or {"row": pl.UInt32()}), pl.concat(faults)


def _cell(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)
