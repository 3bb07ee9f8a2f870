"""Our tables in the store's words: every row is read back, and one that differs is told of."""

from __future__ import annotations

from collections.abc import Mapping as Dict

import dataframely as dy
import polars as pl

from matching.errors import DataError, UsageError
from matching.guards.mondays import Day
from matching.stores.mapping.backwards import hindrance, write
from matching.stores.mapping.cells import pieces_of, read, text_of
from matching.stores.mapping.choosing import chosen, constant_text
from matching.stores.mapping.kinds import SLOT, columns_of, is_moment
from matching.stores.mapping.moments import typed
from matching.stores.mapping.shapes import Block, Column
from matching.stores.mapping.spec import Mapping
from matching.stores.national import windows_of
from matching.tables.faults import faults_of, no_faults

_DATED = ["start", "end"]
_WEEKLY = ["weekday", "start_time", "end_time"]


def written_tables(
    mapping: Mapping, tables: Dict[str, pl.DataFrame], week: Day | None = None
) -> dict[str, pl.DataFrame]:
    """Return our tables as the store's: what `read_mapped` makes ours of.

    Parameters
    ----------
    mapping : Mapping
    tables : Mapping of str to polars.DataFrame
    week : datetime.date, str or numpy.datetime64, optional
        The Monday that slots are windows of.

    Raises
    ------
    DataError
        If a row cannot be said in the store's words: it would not come back as it is.
    UsageError
        If a part of the mapping cannot be gone backwards.
    """
    unmapped = [name for name, frame in tables.items() if frame.height and not mapping.of(name)]
    if unmapped:
        raise UsageError(f"the mapping has no section for {', '.join(unmapped)}, which has rows")
    made: dict[str, list[pl.DataFrame]] = {}
    faults = [no_faults()]
    for name, frame in tables.items():
        rows = frame.drop("row", strict=False).with_row_index("row", offset=1)
        if any(SLOT in block.columns for block in mapping.of(name)):
            rows = _with_slots(rows, mapping, week)
        for block in mapping.of(name):
            written, fits = _written(block, rows)
            made.setdefault(block.table, []).append(written)
            rows = rows.filter(~fits)
        text = "the mapping has no way to say this row in the words of the store"
        shown = tuple(column for column in frame.columns if column != "row")
        faults.append(faults_of(name, rows, shown, "mapping_backwards", text))
    every = pl.concat(faults)
    if every.height:
        raise DataError(every)
    return {table: _merged(table, frames) for table, frames in made.items()}


def _written(block: Block, rows: pl.DataFrame) -> tuple[pl.DataFrame, pl.Series]:
    """Return the store's rows, and which of ours they say: those that come back as they are."""
    kinds, height = columns_of(block.ours), rows.height
    slots = SLOT in block.columns
    expressed = {"row", SLOT, *block.columns, *(_DATED + _WEEKLY if slots else ())}
    fits = pl.repeat(True, height, eager=True)
    for name in rows.columns:
        if name not in expressed:
            fits &= rows[name].is_null()
    ours = {c: rows[c] if c in rows.columns else _empty(c, height) for c in block.columns}
    cells: dict[str, pl.Series] = {}
    parts: dict[str, list[tuple[int, str, pl.Series]]] = {}
    for name, column in block.columns.items():
        if (why := hindrance(column)) is not None:
            raise UsageError(f"{block.ours}.{name} cannot be written as {block.table}: {why}")
        result = write(column, kinds[name], ours[name])
        fits &= ~result.unsaid
        for theirs, series in result.cells.items():
            if column.part is not None:
                parts.setdefault(theirs, []).append((column.part, column.separator, series))
            elif theirs in cells:
                fits &= cells[theirs].eq_missing(series)
            else:
                cells[theirs] = series
    cells |= {theirs: _assembled(several) for theirs, several in parts.items()}
    for theirs, wanted in block.where.items():
        if theirs in cells:
            fits &= chosen(cells[theirs], wanted)
        else:
            cells[theirs] = pl.repeat(constant_text(wanted[0]), height, eager=True)
    written = pl.DataFrame([series.alias(name) for name, series in cells.items()])
    for name, column in block.columns.items():
        if column.value is None:
            fits &= _comes_back(column, kinds[name], ours[name], written)
    if slots:
        fits &= rows[SLOT].is_not_null()
    written = written.filter(fits)
    if slots:
        # A slot of holidays is as many windows as the week has holidays.
        written = written.unique(maintain_order=True)
    return (written if block.split is None else _gathered(written, block.split)), fits


def _comes_back(
    column: Column, kind: dy.Column, ours: pl.Series, written: pl.DataFrame
) -> pl.Series:
    if column.skip_empty and ours.null_count():
        return ours.is_not_null()
    cells = [written[name] for name in column.columns]
    if not column.split:
        return _same(read(column, kind, cells).cells, ours, kind)
    pieces = pieces_of(cells[0], column.split)
    same = _same(read(column, kind, [pieces.list.first()]).cells, ours, kind)
    return same & (pieces.list.len() == 1).fill_null(False)


def _same(again: pl.Series, ours: pl.Series, kind: dy.Column) -> pl.Series:
    if is_moment(kind):
        return typed(again, kind).eq_missing(typed(ours, kind))
    if isinstance(kind, dy.Float64 | dy.Int64):
        one, other = again.cast(pl.Float64, strict=False), ours.cast(pl.Float64, strict=False)
        close = ((one - other).abs() <= 1e-9 * (1 + other.abs())).fill_null(False)
        return close | (again.is_null() & ours.is_null())
    return text_of(again).eq_missing(text_of(ours))


def _assembled(parts: list[tuple[int, str, pl.Series]]) -> pl.Series:
    """Put the pieces of a cell together; pieces that nobody fills stay empty."""
    texts = {str(number): text_of(series) for number, _, series in parts}
    last = max(number for number, _, _ in parts)
    names = map(str, range(1, last + 1))
    pieces = [pl.col(name) if name in texts else pl.lit("") for name in names]
    separator = min(parts, key=lambda part: part[0])[1]
    return pl.DataFrame(texts).select(pl.concat_str(pieces, separator=separator)).to_series()


def _gathered(written: pl.DataFrame, split: Column) -> pl.DataFrame:
    """Put the pieces of rows that agree in all else into one cell."""
    theirs = split.columns[0]
    others = [name for name in written.columns if name != theirs]
    if not others or written.is_empty():
        return written
    written = written.with_columns(text_of(written[theirs]))
    grouped = written.group_by(others, maintain_order=True)
    return grouped.agg(pl.col(theirs).str.join(split.split[0])).select(written.columns)


def _with_slots(rows: pl.DataFrame, mapping: Mapping, week: Day | None) -> pl.DataFrame:
    """Add the slot of every window that is exactly one in the week."""
    if week is None:
        raise UsageError("slots are windows of a week: give the Monday of the week")
    kinds = columns_of("availability")
    windows = windows_of(week, mapping.slots)
    for name in (*_DATED, *_WEEKLY[1:]):
        if name in rows.columns:
            rows = rows.with_columns(typed(rows[name], kinds[name]))
    dates = {c: rows[c] if c in rows.columns else _empty(c, rows.height) for c in _DATED}
    if all(name in rows.columns for name in _WEEKLY):
        days = pl.lit(week).cast(pl.Datetime("us")) + pl.duration(
            days=pl.col("weekday").cast(pl.Int64) - 1
        )
        for name, clock in zip(_DATED, _WEEKLY[1:], strict=True):
            weekly = rows.select(days + pl.duration(nanoseconds=pl.col(clock).cast(pl.Int64)))
            dates[name] = dates[name].cast(pl.Datetime("us")).fill_null(weekly.to_series())
    asked = pl.DataFrame({n: d.cast(pl.Datetime("us")) for n, d in dates.items()})
    slot = asked.join(windows, on=_DATED, how="left", maintain_order="left")["slot"]
    return rows.with_columns(slot.alias(SLOT))


def _merged(table: str, frames: list[pl.DataFrame]) -> pl.DataFrame:
    """Make one table of the store of all that several of ours say of it."""
    alike: dict[frozenset[str], list[pl.DataFrame]] = {}
    for frame in frames:
        alike.setdefault(frozenset(frame.columns), []).append(frame.select(sorted(frame.columns)))
    stacked = [pl.concat(pieces, how="vertical_relaxed") for pieces in alike.values()]
    if len(frames) > 1:
        stacked = [rows.unique(maintain_order=True) for rows in stacked]
    merged = stacked[0]
    for other in stacked[1:]:
        common = [name for name in merged.columns if name in other.columns]
        if not common:
            raise UsageError(
                f"nothing ties together what goes to {table}: no column is in all of it"
            )
        for side in (merged, other):
            if side.select(pl.struct(common).is_duplicated().any()).item():
                raise UsageError(
                    f"what goes to {table} cannot be one table: its rows have the same "
                    f"{', '.join(common)} and differ in other columns"
                )
        unlike = [name for name in common if merged.schema[name] != other.schema[name]]
        alike_now = [rows.with_columns(pl.col(unlike).cast(pl.String)) for rows in (merged, other)]
        merged = alike_now[0].join(
            alike_now[1], on=common, how="full", coalesce=True, maintain_order="left_right"
        )
    order = [name for frame in frames for name in frame.columns]
    return merged.select(list(dict.fromkeys(order)))


def _empty(name: str, height: int) -> pl.Series:
    return pl.repeat(None, height, eager=True, dtype=pl.String).alias(name)
