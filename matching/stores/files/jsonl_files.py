"""One file of JSON Lines becomes one table of text, with the true number of every line."""

import io
import json
from pathlib import Path
from typing import Any

import dataframely as dy
import numpy as np
import polars as pl
import pyarrow as pa
from pyarrow import json as arrow_json

from matching.schema import TABLES
from matching.stores.files.encoding import decoded, load, refusal
from matching.stores.names import OWN_ROW
from matching.stores.registry import Read
from matching.stores.written_out import with_offsets
from matching.tables.faults import fault, faults_of, no_faults

# So deep a parser may go; a line that opens more is read by itself. Arrow counts in 32 bits.
_DEPTH, _LARGEST_BLOCK = 64, (1 << 31) - 1
_CELL = "must be one value: text or a number, and true or false only where the column is of such"
_NUMBER = object()
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
        frame = _all_at_once(table, text)
    except (pa.ArrowException, pl.exceptions.PolarsError, pl.exceptions.PanicException):
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


def _all_at_once(table: str, text: bytes) -> pl.DataFrame:
    """Read twice: for the kinds of all columns, then every cell as text.

    Arrow is the judge: it raises where a key stands twice in an object, and where the cells of a
    column are of several kinds, which text alone could not tell apart.
    """
    if _may_be_deep(text):
        raise pa.ArrowInvalid("nested deeper than a parser's stack may bear")
    block = min(len(text) + 1, _LARGEST_BLOCK)
    kinds = arrow_json.read_json(
        pa.BufferReader(text), arrow_json.ReadOptions(block_size=block, use_threads=False)
    )
    frame = pl.read_ndjson(io.BytesIO(text), schema=dict.fromkeys(kinds.column_names, pl.String()))
    if frame.height != kinds.num_rows:
        raise pa.ArrowInvalid("an object is not what one line holds")
    for name, kind in zip(kinds.column_names, kinds.schema.types, strict=True):
        if pa.types.is_boolean(kind):
            frame = frame.with_columns(pl.col(name) == "true")
        elif pa.types.is_nested(kind):
            if table in TABLES and name in TABLES[table].columns():
                raise pa.ArrowInvalid("cells that are to be faults, one by one")
            frame = frame.with_columns(pl.Series(name, kinds[name]))
    return frame.rename({"row": OWN_ROW}, strict=False)


def _may_be_deep(text: bytes) -> bool:
    """Tell whether some line opens so many lists and objects that they may be one in another."""
    lines = text.count(b"\n") + 1
    if text.count(b"{") + text.count(b"[") <= lines:
        return False
    signs = np.frombuffer(text, np.uint8)
    ends = np.append(np.flatnonzero(signs == ord("\n")), len(signs))
    opened = np.flatnonzero((signs == ord("{")) | (signs == ord("[")))
    return bool(np.diff(np.searchsorted(opened, ends), prepend=0).max() > _DEPTH)


def _numbered(frame: pl.DataFrame, text: bytes) -> pl.DataFrame:
    lines = text.count(b"\n") + (not text.endswith(b"\n"))
    if lines == frame.height:
        return frame.with_row_index("row", offset=1)
    filled = [number for number, line in enumerate(text.split(b"\n"), start=1) if line.strip()]
    return frame.insert_column(0, pl.Series("row", filled[: frame.height], pl.UInt32))


def _line_by_line(table: str, text: bytes) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Tell the lines and cells that cannot be read from the others; only where there are such."""
    rows: list[dict[Any, Any]] = []
    broken: list[tuple[int, str, str]] = []
    doubled: list[tuple[int, str, str]] = []
    for number, line in enumerate(text.decode().split("\n"), start=1):
        if not line.strip():
            continue
        twice: list[str] = []
        try:
            record = _object(line, twice)
        except (ValueError, RecursionError):
            record = None
        if not isinstance(record, dict):
            broken.append((number, "", line))
            record = {}
        elif twice:
            doubled.append((number, twice[0], line))
        rows.append({_NUMBER: number} | record)
    frame = pl.DataFrame({"row": [record.pop(_NUMBER) for record in rows]}, {"row": pl.UInt32})
    faults = [_faults(table, broken, f"the {_ROW}")]
    faults.append(_faults(table, doubled, "stands several times in this object; keep one of them"))
    for name in dict.fromkeys(name for record in rows for name in record):
        cells, odd = _column(table, name, [record.get(name) for record in rows])
        frame = frame.with_columns(cells.alias(OWN_ROW if name == "row" else name))
        faults.append(faults_of(table, frame.filter(odd), (cells.name,), "type", _CELL))
    return frame, pl.concat(faults).sort("row", maintain_order=True)


def _faults(table: str, found: list[tuple[int, str, str]], message: str) -> pl.DataFrame:
    schema = {"row": pl.UInt32, "column": pl.String, "line": pl.String}
    rows = pl.DataFrame(found, schema, orient="row")
    faults = faults_of(table, rows, ("line",), "json", message)
    return faults.with_columns(column=rows["column"].replace("", None))


def _column(table: str, name: str, cells: list[object]) -> tuple[pl.Series, pl.Series]:
    """Return the cells of a column, as text if there are several kinds, and which are faults."""
    own = OWN_ROW if name == "row" else name
    kinds = {type(cell) for cell in cells if cell is not None}
    if kinds == {bool}:
        return pl.Series(own, cells, pl.Boolean), pl.repeat(False, len(cells), eager=True)
    text = [cell if cell is None or isinstance(cell, str) else _dumped(cell) for cell in cells]
    ours = TABLES[table].columns() if table in TABLES else None
    odd: tuple[type, ...] = (dict, list, bool)
    if ours is not None:
        odd = () if name not in ours else odd[:2] if isinstance(ours[name], dy.Bool) else odd
    faulty = pl.Series([isinstance(cell, odd) for cell in cells], dtype=pl.Boolean)
    return pl.Series(own, text, pl.String), faulty


def _object(line: str, twice: list[str]) -> object:
    def pairs(found: list[tuple[str, object]]) -> dict[str, object]:
        names = [name for name, _ in found]
        twice.extend(name for name in dict.fromkeys(names) if names.count(name) > 1)
        return dict(found)

    # Numbers stay as they are written. What is half a character has no bytes in UTF-8.
    record = json.loads(
        line, object_pairs_hook=pairs, parse_int=str, parse_float=str, parse_constant=str
    )
    _dumped(record).encode()
    return record


def _dumped(cell: object) -> str:
    return json.dumps(cell, ensure_ascii=False)
