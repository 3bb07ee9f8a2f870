"""One file is one table: how each format is read, with every fault, and written."""

import importlib
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
from pyarrow import parquet as arrow_parquet

from matching.errors import UsageError
from matching.guards.extras import needing
from matching.stores.files.csv_files import read_csv, write_csv
from matching.stores.files.jsonl_files import read_jsonl, write_jsonl
from matching.stores.files.limits import check_unpacked
from matching.stores.names import OWN_ROW
from matching.stores.registry import Read
from matching.stores.written_out import from_arrow
from matching.tables.faults import fault, no_faults

_BYTES_A_CELL = 4
SUMMARY = "summary.json"
FORMATS = ("csv", "parquet", "jsonl", "xlsx")


def format_of(path: Path) -> str | None:
    """Return the format that a file's name tells; None if it tells none."""
    suffix = path.suffix.lower().removeprefix(".")
    return suffix if suffix in FORMATS else None


def check_format(format: str) -> None:
    """Refuse a format that cannot be written, before there is anything to write."""
    if format not in FORMATS:
        raise UsageError(f"format = {format!r}: write {' or '.join(map(repr, FORMATS))}")
    if format == "xlsx":
        _workbooks()


def read_file(
    table: str, path: Path, encoding: str | None = None, kinds: Mapping[str, bool] | None = None
) -> Read:
    """Read one file as one table; what cannot be read is a fault.

    Its name ends in one of `FORMATS`. An encoding is of CSV files. ``kinds`` says which columns are
    read, and whether they are text: what workbooks are judged by.
    """
    readers: dict[str | None, Callable[[str, Path], Read]] = {
        "csv": partial(read_csv, encoding=encoding),
        "parquet": _read_parquet,
        "jsonl": read_jsonl,
        "xlsx": lambda table, path: _workbooks().read_sheet(table, path, kinds),
    }
    try:
        return readers[format_of(path)](table, path)
    except OSError as error:
        text = f"{path} cannot be opened: {error.strerror or error}"
        return None, fault(table, "readable", text)


def write_file(table: str, frame: pl.DataFrame, path: Path, format: str) -> None:
    """Write one table as one file."""
    if format == "csv":
        write_csv(frame, path)
    elif format == "parquet":
        frame.write_parquet(path)
    elif format == "jsonl":
        write_jsonl(frame, path)
    else:
        _workbooks().write_book(path, {table: frame})


def _workbooks() -> Any:
    with needing("a workbook"):
        return importlib.import_module("matching.stores.files.workbooks")


def _unpacked(metadata: arrow_parquet.FileMetaData) -> int:
    """Return how many bytes a file is at least, once read: a value that repeats is stored once."""
    groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
    cells: int = sum(group.num_rows for group in groups) * metadata.num_columns
    packed: int = sum(group.total_byte_size for group in groups)
    return max(packed, cells * _BYTES_A_CELL)


def _read_parquet(table: str, path: Path) -> Read:
    # Arrow's own reader: it refuses broken bytes where others would stop the process.
    try:
        with arrow_parquet.ParquetFile(path) as file:
            # An empty table may have no group of rows, which some versions cannot read.
            groups = file.metadata.num_row_groups
            check_unpacked(path.name, _unpacked(file.metadata))
            arrow = file.read() if groups else file.schema_arrow.empty_table()
        arrow.validate(full=True)
        # The number of a row goes by this name; a column that is called so is another thing.
        arrow = arrow.rename_columns([OWN_ROW if n == "row" else n for n in arrow.column_names])
        frame = from_arrow(arrow)
    except UsageError as error:
        return None, fault(table, "too_large", str(error), value=path.name)
    except (
        pa.ArrowException,
        OSError,
        ValueError,
        OverflowError,
        MemoryError,
        pl.exceptions.PolarsError,
        pl.exceptions.PanicException,
    ) as error:
        if isinstance(error, PermissionError):
            raise
        reason = str(error).partition("\n")[0]
        text = f"not a Parquet file, or a broken one ({reason}); write it anew"
        return None, fault(table, "parquet", text, value=path.name)
    return frame, no_faults()
