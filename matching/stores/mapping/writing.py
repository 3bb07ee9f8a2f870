"""Our tables in the store's words: every row is read back, and one that differs is told of."""

from collections.abc import Mapping as Dict

import polars as pl

from matching.errors import UsageError
from matching.guards.mondays import Day
from matching.stores.mapping.backwards import comes_back, write
from matching.stores.mapping.cells import text_of, typed
from matching.stores.mapping.choosing import chosen, constant_text
from matching.stores.mapping.shapes import SLOT, Block, Column, columns_of, hindrance
from matching.stores.mapping.spec import Mapping
from matching.stores.national import windows_of
from matching.tables.faults import faults_of, raise_any

_DATED = ["start", "end"]
_WEEKLY = ["weekday", "start_time", "end_time"]


def written_tables(
    mapping: Mapping, tables: Dict[str, pl.DataFrame], week: Day | None = None
) -> dict[str, pl.DataFrame]:
    """Return our tables as the store's: what `read_mapped` makes ours of.

    A row that would not come back as it is raises a DataError; a part of the mapping that cannot be
    gone backwards, a UsageError.
    """
    unmapped = [name for name, frame in tables.items() if frame.height and not mapping.of(name)]
    if unmapped:
        raise UsageError(f"the mapping has no section for {', '.join(unmapped)}, which has rows")
    made: dict[str, list[pl.DataFrame]] = {}
    faults = []
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
    raise_any(faults)
    return {table: _merged(table, frames) for table, frames in made.items()}


def _written(block: Block, rows: pl.DataFrame) -> tuple[pl.DataFrame, pl.Series]:
    """Return the store's rows, and which of ours they say: those that come back as they are."""
    kinds, slots = columns_of(block.ours), SLOT in block.columns
    expressed = {"row", SLOT, *block.columns, *(_DATED + _WEEKLY if slots else ())}
    fits = pl.repeat(True, rows.height, eager=True)
    for name in rows.columns:
        if name not in expressed:
            fits &= rows[name].is_null()
    ours = {name: _cells(rows, name) for name in block.columns}
    cells: dict[str, pl.Series] = {}
    parts: dict[str, list[tuple[int, str, pl.Series]]] = {}
    for name, column in block.columns.items():
        if (why := hindrance(column)) is not None:
            raise UsageError(f"{block.ours}.{name} cannot be written as {block.table}: {why}")
        written, unsaid = write(column, kinds[name], ours[name])
        fits &= ~unsaid
        for theirs, series in written.items():
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
            cells[theirs] = pl.repeat(constant_text(wanted[0]), rows.height, eager=True)
    made = pl.DataFrame([series.alias(name) for name, series in cells.items()])
    for name, column in block.columns.items():
        if column.value is None:
            fits &= comes_back(column, kinds[name], ours[name], made)
    if slots:
        fits &= rows[SLOT].is_not_null()
    made = made.filter(fits)
    if slots:
        # A slot of holidays is as many windows as the week has holidays.
        made = made.unique(maintain_order=True)
    return (made if block.split is None else _gathered(made, block.split)), fits


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
    grouped = written.with_columns(text_of(written[theirs])).group_by(others, maintain_order=True)
    return grouped.agg(pl.col(theirs).str.join(split.split[0])).select(written.columns)


def _with_slots(rows: pl.DataFrame, mapping: Mapping, week: Day | None) -> pl.DataFrame:
    """Add the slot of every window that is exactly one in the week."""
    if week is None:
        raise UsageError("slots are windows of a week: give the Monday of the week")
    kinds = columns_of("availability")
    for name in (*_DATED, *_WEEKLY[1:]):
        if name in rows.columns:
            rows = rows.with_columns(typed(rows[name], kinds[name]))
    dates = [_cells(rows, name).cast(pl.Datetime("us")) for name in _DATED]
    if all(name in rows.columns for name in _WEEKLY):
        days = pl.lit(week).cast(pl.Datetime("us")) + pl.duration(
            days=pl.col("weekday").cast(pl.Int64) - 1
        )
        clocks = [pl.duration(nanoseconds=pl.col(name).cast(pl.Int64)) for name in _WEEKLY[1:]]
        weekly = [rows.select(days + clock).to_series() for clock in clocks]
        dates = [date.fill_null(other) for date, other in zip(dates, weekly, strict=True)]
    windows = windows_of(week, mapping.slots)
    slot = pl.DataFrame(dates).join(windows, on=_DATED, how="left", maintain_order="left")["slot"]
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
        one, more = (rows.with_columns(pl.col(unlike).cast(pl.String)) for rows in (merged, other))
        merged = one.join(more, on=common, how="full", coalesce=True, maintain_order="left_right")
    return merged.select(list(dict.fromkeys(name for frame in frames for name in frame.columns)))


def _cells(rows: pl.DataFrame, name: str) -> pl.Series:
    if name in rows.columns:
        return rows[name]
    return pl.repeat(None, rows.height, eager=True, dtype=pl.String).alias(name)
