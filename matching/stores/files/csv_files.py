"""One CSV file becomes one table of text, with the true number of every row.

What cannot be read is a fault and never an exception: of its row, or of the whole table where no
row can be trusted.
"""

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
from pyarrow import csv as arrow_csv

from matching.errors import listed
from matching.guards.characters import harmless, unharmed
from matching.stores.files.encoding import decoded, load, refusal
from matching.stores.names import OWN_ROW
from matching.stores.registry import Read
from matching.stores.written_out import with_offsets
from matching.tables.faults import fault, no_faults, shorten

_BLOCK = 1 << 26
_OTHER_DELIMITERS = {";": "semicolon", "\t": "tab", "|": "vertical bar"}
# A row of our own after the last one: a quote that is never closed swallows it.
_END = "\x1aend of table\x1a"
_LOST, _MARK = "\ufffd", "\ufeff"
_LINE, _BREAK = re.compile(rb"[^\r\n]*(?:\r\n|[\r\n]|\Z)"), re.compile("[\r\n]")

Ragged = list[tuple[int, int, str]]


def read_csv(table: str, path: Path, encoding: str | None = None) -> Read:
    """Read a CSV file as the table and its faults.

    Without an encoding it is UTF-8, or GB18030 (GBK) where the bytes can be nothing else. A cell is
    text, null where empty, beside ``row``; rows that a fault names are still there, and where there
    is no frame the whole table is at fault.
    """
    data = load(path)
    if not data:
        text = "empty file; a table without rows still has a header: the names of its columns"
        return None, fault(table, "empty_file", text, value=path.name)
    if encoding is None and (reason := refusal(data)) is not None:
        return None, fault(table, "encoding", reason, value=path.name)
    data, hint = decoded(data, encoding)
    names, first = _header(data)
    if names is None:
        text = "a quote in the header is never closed, or a name is far too long; close the quote, "
        text += "or double it inside a name"
        return None, fault(table, "unclosed_quote", text, value=data[:first].decode().strip(_MARK))
    wrong = _check_header(table, names, hint)
    if wrong is not None:
        return None, wrong
    names = [OWN_ROW if name == "row" else name for name in names]
    frame, ragged = _read_rows(data, names, first)
    if frame is None:
        where = f"opens in row {ragged[-1][0]}" if ragged else f"takes in over {_BLOCK >> 20} MB"
        text = f"a quote that {where} is never closed; close it, or double it inside a cell"
        return None, fault(table, "unclosed_quote", text)
    faults = [_ragged_faults(table, ragged, len(names))]
    looks = {
        _LOST: hint or "U+FFFD stands for a character that was lost; export the table anew",
        _MARK: "a byte order mark inside the file: were two files put together? Take it out, and "
        "the line too if it is a second header",
    }
    for mark, text in looks.items():
        if data.find(mark.encode(), first) >= 0:
            faults.append(_faults_where(table, frame, names, mark, text))
    if data.find(b'"', first) >= 0:
        faults.append(_swallowed(table, frame, names, data))
    every = pl.concat(faults)
    return frame, every.unique("row", keep="first", maintain_order=True)


def _header(data: bytearray) -> tuple[list[str] | None, int]:
    """Return the names of the columns, and where the rows begin.

    A name in quotes may hold line breaks, as any cell. The names are None if a quote is not closed
    before a row, or never.
    """
    start = len(codecs.BOM_UTF8) if data.startswith(codecs.BOM_UTF8) else 0
    while data.startswith((b"\n", b"\r"), start):
        start += 1
    ends = [start]

    def lines() -> Iterator[str]:
        while ends[-1] < len(data) and (line := _LINE.match(data, ends[-1])):
            ends.append(line.end())
            yield line[0].decode()
        yield _END

    try:
        cells = next(csv.reader(lines()), [])
    except csv.Error:  # a name of more characters than csv takes
        return None, ends[1]
    if len(ends) == 1:
        return [], start
    names, header = [name.strip() for name in cells], data[start : ends[-1]].decode()
    swallowed = (n for n in cells if '"' in n and _BREAK.search(n))
    if any(n.replace('"', '""') not in header for n in swallowed) or _END in "".join(names[-1:]):
        return None, ends[1]
    return names, ends[-1]


def _check_header(table: str, names: list[str], hint: str) -> pl.DataFrame | None:
    if not names:
        return fault(table, "empty_file", "the file has no header: the names of its columns")
    header = ",".join(names)
    twice = sorted(name for name, count in Counter(names).items() if count > 1)
    delimiters = [word for mark, word in _OTHER_DELIMITERS.items() if mark in header]
    if _LOST in header:
        text = hint or "U+FFFD stands for a character that was lost; export the table anew"
        return fault(table, "encoding", text, value=header)
    if len(names) == 1 and delimiters:
        text = f"the cells are parted by a {delimiters[0]}; save the file with commas"
        return fault(table, "delimiter", text, value=header)
    if "" in names:
        text = f"column {names.index('') + 1} has no name; give it one or take the column out"
        return fault(table, "header", text, value=header)
    if twice:
        text = "several columns have this name; keep one of them"
        return fault(table, "header", text, column=listed(twice), value=header)
    return None


def _read_rows(data: bytearray, names: list[str], first: int) -> tuple[pl.DataFrame | None, Ragged]:
    """Return the rows, and those of the wrong width: number, count of cells and text.

    Without a frame, the last of the latter is where reading ended, if that is known.
    """
    ragged: Ragged = []

    def note(row: arrow_csv.InvalidRow) -> str:
        ragged.append((row.number, row.actual_columns, row.text))
        return "skip"

    data += f"\n{_END}".encode()
    # Ctrl-C is for whoever called, not for Arrow to end reading with an error of its own.
    pa.enable_signal_handlers(False)
    try:
        arrow = arrow_csv.read_csv(
            pa.BufferReader(pa.py_buffer(memoryview(data)[first:])),
            # Without threads, since only then are rows numbered.
            arrow_csv.ReadOptions(use_threads=False, block_size=_BLOCK, column_names=names),
            arrow_csv.ParseOptions(
                newlines_in_values=True, ignore_empty_lines=False, invalid_row_handler=note
            ),
            arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()),
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=False,
            ),
        )
    except pa.ArrowInvalid:
        return None, []
    frame = pl.DataFrame(arrow)
    del arrow
    total = frame.height + len(ragged)
    rows = np.delete(np.arange(1, total + 1), [number - 1 for number, _, _ in ragged])
    frame.insert_column(0, pl.Series("row", rows, dtype=pl.UInt32))
    if len(names) == 1 and frame.item(-1, names[0]) == _END:
        frame = frame.head(-1)
    elif ragged and ragged[-1][2] == _END:
        ragged.pop()
    else:
        return None, [(total, 0, "")]
    # A line without any cell that is filled is no row; the others keep their numbers.
    frame = frame.filter(~pl.all_horizontal(pl.col(names).is_null()))
    frame = _with_ragged(frame, names, ragged)
    if b"'" in data:
        frame = frame.with_columns(unharmed(pl.col(names)))
    return frame, ragged


def write_csv(frame: pl.DataFrame, path: Path) -> None:
    """Write a CSV file, times to the minute.

    Text that a spreadsheet would run gets an apostrophe before it, which `read_csv` takes away.
    """
    frame = with_offsets(frame).with_columns(harmless(pl.col(pl.String)))
    frame.write_csv(path, datetime_format="%Y-%m-%dT%H:%M", time_format="%H:%M")


def _with_ragged(frame: pl.DataFrame, names: list[str], ragged: Ragged) -> pl.DataFrame:
    """Add what can be read of the ragged rows, so that what refers to them is not blamed."""
    if not ragged:
        return frame
    rows = []
    for number, _, line in ragged:
        cells: list[str] = []
        with suppress(csv.Error):
            cells = next(csv.reader(io.StringIO(line, newline="")), [])
        filled = [cell or None for cell in cells] + [None] * len(names)
        rows.append([number, *filled[: len(names)]])
    return pl.concat([frame, pl.DataFrame(rows, frame.schema, orient="row")]).sort("row")


def _ragged_faults(table: str, ragged: Ragged, width: int) -> pl.DataFrame:
    faults = [no_faults()]
    for number, count, line in ragged:
        why = (
            "quote a cell that holds a comma" if count > width else "empty cells keep their commas"
        )
        text = f"{count} instead of {width} cells; {why}"
        faults.append(fault(table, "ragged", text, row=number, value=line))
    return pl.concat(faults)


def _faults_where(
    table: str, frame: pl.DataFrame, names: list[str], mark: str, text: str
) -> pl.DataFrame:
    """Return a fault for each row that has the mark in a cell, showing the first such cell."""
    has = {name: pl.col(name).str.contains(mark, literal=True).fill_null(False) for name in names}
    rows = frame.filter(pl.any_horizontal(has.values()))
    return rows.select(
        table=pl.lit(table),
        row=pl.col("row").cast(pl.Int64),
        column=pl.coalesce(pl.when(has[name]).then(pl.lit(name)) for name in names),
        value=shorten(pl.coalesce(pl.when(has[name]).then(pl.col(name)) for name in names)),
        rule=pl.lit("encoding"),
        message=pl.lit(text),
    )


def _swallowed(table: str, frame: pl.DataFrame, names: list[str], data: bytearray) -> pl.DataFrame:
    """Find the quotes that only a quote of a later row closes, which takes in the rows between.

    Such a cell holds a line break and a quote. A cell that is meant to hold both stands in the
    file with its quotes doubled.
    """
    text = "a quote is not closed in its row; close it, or double it inside a cell"
    both = {name: pl.col(name).str.contains('(?s)[\r\n].*"|".*[\r\n]') for name in names}
    faults, position = [no_faults()], 0
    for row in frame.filter(pl.any_horizontal(both.values())).iter_rows(named=True):
        for name in names:
            value = row[name] or ""
            if '"' in value and ("\n" in value or "\r" in value):
                meant = data.find(value.replace('"', '""').encode(), position)
                if meant < 0:
                    found = fault(
                        table, "unclosed_quote", text, row=row["row"], column=name, value=value
                    )
                    faults.append(found)
                position = max(position, meant)
    return pl.concat(faults)
