"""Tables of the store become ours, with every cell that the mapping does not understand."""

from __future__ import annotations

import warnings
from collections.abc import Mapping as Dict
from datetime import date, timedelta

import dataframely as dy
import polars as pl

from matching.errors import FAULT_SCHEMA, DataWarning, UsageError, listed
from matching.stores.mapping.cells import Read, pieces_of, read, text_of
from matching.stores.mapping.choosing import chosen, constant_text
from matching.stores.mapping.codes import Book, Lookup
from matching.stores.mapping.kinds import SLOT, columns_of
from matching.stores.mapping.shapes import Block
from matching.stores.mapping.spec import Mapping
from matching.stores.mapping.words import STORE_RULE, Origin, StoreWords
from matching.stores.national import windows_of
from matching.tables.cells import legible
from matching.tables.cleaning import Tables
from matching.tables.rules import no_faults

# How a store gives back a column that is called as the numbers of the rows are.
_SCHEMA = pl.Schema(FAULT_SCHEMA)
_ROW, _ROW_OF_STORE = "row", "row (of the file)"


def wanted_columns(mapping: Mapping) -> dict[str, dict[str, bool]]:
    """Return the columns that a mapping reads by the store's table, and which stay text.

    A column is none that goes through the codes of the mapping itself: these say what it means.
    """
    wanted: dict[str, dict[str, bool]] = {block.table: {} for block in mapping.blocks}

    def add(table: str, name: str, text: bool) -> None:
        columns = wanted.setdefault(table, {})
        columns[name] = columns.get(name, False) or text

    for block in mapping.blocks:
        kinds = columns_of(block.ours)
        for name in block.where:
            add(block.table, name, False)
        for column in block.columns.values():
            text = isinstance(kinds[column.ours], dy.String)
            for name in column.columns:
                add(block.table, name, text and not isinstance(column.codes, Book))
            if isinstance(column.codes, Lookup):
                add(column.codes.table, column.codes.source, True)
                add(column.codes.table, column.codes.target, text)
    return wanted


def read_mapped(mapping: Mapping, raw: Tables, week: date | None) -> Tables:
    """Turn the store's tables into ours.

    Parameters
    ----------
    mapping : Mapping
    raw : Tables
        The store's, by its own names.
    week : datetime.date, optional
        The Monday that slots are windows of.

    Returns
    -------
    Tables
        Ours. Faults of the mapping and of the store are in ours too; ``words`` puts them back into
        the store's.
    """
    raw = Tables({name: legible(frame) for name, frame in raw.items()}, raw.faults, raw.words)
    reader = _Reader(mapping, raw, week)
    frames: dict[str, pl.DataFrame] = {}
    origins: dict[str, Origin] = {}
    faults = [no_faults()]
    for ours in dict.fromkeys(block.ours for block in mapping.blocks):
        frame, origins[ours], found = reader.table(ours)
        faults.append(found)
        if frame is not None:
            frames[ours] = frame
    every = pl.concat(faults)
    left = raw.faults.height and not (every["rule"] == STORE_RULE).any()
    if left:
        # A row of the store that no row of ours comes from is told of all the same.
        every = pl.concat([every, _mark(next(iter(origins)), pl.Series([0]))])
    return Tables(frames, every, StoreWords(mapping, dict(raw), origins, raw.faults))


class _Reader:
    def __init__(self, mapping: Mapping, raw: Tables, week: date | None) -> None:
        self.mapping, self.raw, self.week = mapping, raw, week
        self.pairs_read: dict[Lookup, pl.DataFrame] = {}

    def table(self, ours: str) -> tuple[pl.DataFrame | None, Origin, pl.DataFrame]:
        """Return one of our tables, where each row comes from, and the faults."""
        blocks = self.mapping.of(ours)
        origin, faults, parts = Origin(blocks), [no_faults()], []
        offset = 0
        for number, block in enumerate(blocks):
            part = self.block(block, number, offset, faults)
            if part is None:
                continue
            origin.rows.append(
                part.select(
                    _ROW,
                    block=pl.lit(number, pl.UInt32),
                    store_row=pl.col("_row").cast(pl.UInt32),
                )
            )
            parts.append(part.drop("_row"))
            offset += part.height
        whole = len(parts) == len(blocks)
        return (_together(parts) if whole else None), origin, pl.concat(faults)

    def block(
        self, block: Block, number: int, offset: int, faults: list[pl.DataFrame]
    ) -> pl.DataFrame | None:
        """Return the rows of one block, numbered after ``offset``; None if it cannot be read."""
        broken = self.raw.faults.filter(pl.col("table") == block.table)
        frame = self.raw.get(block.table)
        if frame is None or broken["row"].has_nulls():
            faults.append(_mark(block.ours, pl.Series([None], dtype=pl.Int64)))
            return None
        missing = _missing(block, frame)
        if missing:
            has = listed(c for c in frame.columns if c != _ROW) or "no columns"
            for ours, theirs in missing:
                use = "to choose rows" if ours == "where" else f"as our {block.ours}.{ours}"
                text = f"the mapping reads the column {theirs} {use}, and the "
                text += f"table has none of that name; it has {has}"
                faults.append(_faults(block.ours, None, ours, "mapping_column", text))
            return None
        frame = _chosen(block, _numbered(frame))
        split = block.split
        if split is not None:
            cells = pieces_of(frame[_name(frame, split.columns[0])], split.split)
            frame = frame.with_columns(cells.alias("_piece")).explode("_piece")
            frame = frame.filter(pl.col("_piece").is_not_null())
        made = {"_row": frame[_ROW]}
        reads: dict[str, Read] = {}
        kinds = columns_of(block.ours)
        for name, column in block.columns.items():
            if column.value is not None:
                made[name] = pl.repeat(column.value, frame.height, eager=True, dtype=pl.String)
                continue
            cells_of = ["_piece"] if column.split else [_name(frame, n) for n in column.columns]
            reads[name] = read(column, kinds[name], [frame[n] for n in cells_of], self.pairs)
            made[name] = reads[name].cells
        result = pl.DataFrame(made).with_row_index("_id")
        wrong = {name: [mask for mask, _, _ in found.wrong] for name, found in reads.items()}
        if SLOT in block.columns:
            _check_slots(reads, result)
            wrong[SLOT] = [mask for mask, _, _ in reads[SLOT].wrong]
        faulty = _any([mask for masks in wrong.values() for mask in masks], result.height)
        result = result.with_columns(faulty.alias("_faulty"))
        for name, column in block.columns.items():
            if column.skip_empty:
                result = result.filter(pl.col(name).is_not_null() | pl.col("_faulty"))
        if SLOT in block.columns:
            result = self.dated(result)
        result = result.with_columns(
            pl.int_range(offset + 1, offset + 1 + pl.len(), dtype=pl.UInt32).alias(_ROW)
        )
        faults += _told(block, reads, result)
        if broken.height:
            hit = result.filter(pl.col("_row").is_in(broken["row"].implode()))
            faults.append(_mark(block.ours, hit[_ROW]))
        return result.drop("_id", "_faulty")

    def pairs(self, codes: Lookup) -> pl.DataFrame:
        """Return ``code`` and ``term`` of a table of the store."""
        if codes not in self.pairs_read:
            frame = self.raw.get(codes.table)
            if frame is None:
                raise UsageError(f"codes: the table {codes.table} could not be read")
            for name in (codes.source, codes.target):
                if name not in frame.columns:
                    has = listed(c for c in frame.columns if c != _ROW)
                    raise UsageError(f"codes: {codes.table} has no column {name}; it has {has}")
            # A row that is at fault means nothing: what looks there for its code does not find it.
            broken = self.raw.faults.filter(pl.col("table") == codes.table)["row"].drop_nulls()
            frame = _numbered(frame).filter(~pl.col(_ROW).is_in(broken.implode()))
            rows = pl.DataFrame(
                {"code": text_of(frame[codes.source]), "term": text_of(frame[codes.target])}
            ).drop_nulls("code")
            rows = rows.with_columns(pl.col("code").str.strip_chars()).unique(maintain_order=True)
            twice = rows.filter(pl.col("code").is_duplicated())["code"]
            if len(twice):
                raise UsageError(
                    f"codes: {codes.table}.{codes.source} has {twice[0]!r} several times with "
                    f"different {codes.target}; which one is meant?"
                )
            self.pairs_read[codes] = rows
        return self.pairs_read[codes]

    def dated(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Give each slot its windows of the week; a slot that has none there is no row."""
        if self.week is None:
            raise UsageError(
                "slots are windows of a week: give the mapping the Monday of the week, as "
                "mapped_source(store, mapping, week=date(2026, 11, 30))"
            )
        windows = windows_of(self.week, self.mapping.slots)
        self.tell_of_worked_days()
        dated = rows.join(windows, left_on=SLOT, right_on="slot", how="left", maintain_order="left")
        return dated.filter(pl.col("start").is_not_null() | pl.col("_faulty")).drop(SLOT)

    def tell_of_worked_days(self) -> None:
        assert self.week is not None
        days = [self.week + timedelta(days=number) for number in range(7)]
        rules = self.mapping.slots
        worked = [day for day in days if rules.kind(day) == "worked"]
        if worked and not rules.keep_worked:
            text = f"{', '.join(f'{day:%A} {day}' for day in worked)} is worked to make up for a "
            text += "holiday, so its weekly slots do not count; keep_worked = true under [slots] "
            text += "in the mapping lets them"
            warnings.warn(text, DataWarning, stacklevel=6)


def _numbered(frame: pl.DataFrame) -> pl.DataFrame:
    return frame if _ROW in frame.columns else frame.with_row_index(_ROW, offset=1)


def _name(frame: pl.DataFrame, theirs: str) -> str:
    """Return how a column of the store is called in its frame."""
    return _ROW_OF_STORE if theirs == _ROW and _ROW_OF_STORE in frame.columns else theirs


def _missing(block: Block, frame: pl.DataFrame) -> list[tuple[str, str]]:
    there = {name for name in frame.columns if name != _ROW}
    asked = [(c.ours, n) for c in block.columns.values() for n in c.columns]
    asked += [("where", name) for name in block.where]
    return [(ours, theirs) for ours, theirs in asked if _name(frame, theirs) not in there]


def _chosen(block: Block, frame: pl.DataFrame) -> pl.DataFrame:
    for theirs, values in block.where.items():
        cells = frame[_name(frame, theirs)]
        kept = frame.filter(chosen(cells, values))
        if kept.is_empty() and not frame.is_empty():
            seen = listed(map(repr, text_of(cells).fill_null("").unique(maintain_order=True)))
            wanted = listed(repr(constant_text(value)) for value in values)
            text = f"{block.table}: where {theirs} = [{wanted}] keeps no row for our "
            text += f"{block.ours}; the rows have {seen}"
            warnings.warn(text, DataWarning, stacklevel=6)
        frame = kept
    return frame


def _check_slots(reads: Dict[str, Read], rows: pl.DataFrame) -> None:
    """Refuse what is no slot; a slot that the week does not have is one."""
    from matching.stores.national import book

    known = book("slots")["term"]
    lost = rows[SLOT].is_not_null() & ~rows[SLOT].is_in(known.implode())
    if lost.any():
        text = f"is no slot; say with codes what it means: {known[0]}, ... {known[-1]}"
        reads[SLOT].wrong.append((lost, "mapping_slot", text))


def _any(masks: list[pl.Series], height: int) -> pl.Series:
    found = pl.repeat(False, height, eager=True)
    for mask in masks:
        found |= mask
    return found


def _told(block: Block, reads: Dict[str, Read], rows: pl.DataFrame) -> list[pl.DataFrame]:
    """Return the faults of the cells, in our numbering."""
    faults = []
    numbers = rows.unique("_id", keep="first", maintain_order=True).select("_id", _ROW)
    for name, found in reads.items():
        for mask, rule, message in found.wrong:
            ids = mask.arg_true().cast(pl.UInt32)
            texts = message.gather(ids) if isinstance(message, pl.Series) else message
            at = pl.DataFrame({"_id": ids}).with_columns(
                message=texts if isinstance(texts, pl.Series) else pl.lit(texts)
            )
            at = at.join(numbers, on="_id", maintain_order="left")
            faults.append(_faults(block.ours, at[_ROW], name, rule, at["message"]))
    return faults


def _faults(
    table: str, rows: pl.Series | None, column: str | None, rule: str, message: pl.Series | str
) -> pl.DataFrame:
    number = pl.Series([None], dtype=pl.Int64) if rows is None else rows.cast(pl.Int64)
    return (
        pl.DataFrame({"row": number})
        .select(
            table=pl.lit(table),
            row=pl.col("row"),
            column=pl.lit(column, pl.String),
            value=pl.lit(None, pl.String),
            rule=pl.lit(rule),
            message=message if isinstance(message, pl.Series) else pl.lit(message),
        )
        .cast(_SCHEMA)
    )


def _mark(table: str, rows: pl.Series) -> pl.DataFrame:
    """Set rows of ours aside for a fault that the store has told of already."""
    return _faults(table, rows, None, STORE_RULE, "")


def _together(parts: list[pl.DataFrame]) -> pl.DataFrame:
    """Put the blocks of a table under each other; a column of several types becomes text."""
    kinds: dict[str, set[pl.DataType]] = {}
    for part in parts:
        for name, kind in part.schema.items():
            kinds.setdefault(name, set()).add(kind)
    mixed = [name for name, found in kinds.items() if len(found) > 1]
    even = [p.with_columns(text_of(p[name]) for name in mixed if name in p.columns) for p in parts]
    return pl.concat(even, how="diagonal")
