"""Tables of the store become ours, with every cell that the mapping does not understand."""

import warnings
from collections.abc import Mapping as Dict
from datetime import date, timedelta

import dataframely as dy
import polars as pl

from matching.errors import DataWarning, UsageError, listed
from matching.stores.mapping.cells import Read, pieces_of, read, text_of
from matching.stores.mapping.choosing import chosen, constant_text
from matching.stores.mapping.codes import Book, Lookup
from matching.stores.mapping.shapes import SLOT, Block, columns_of
from matching.stores.mapping.spec import Mapping
from matching.stores.mapping.words import STORE_RULE, Origin, StoreWords
from matching.stores.names import OWN_ROW
from matching.stores.national import book, windows_of
from matching.tables.cells import legible
from matching.tables.cleaning import Tables
from matching.tables.faults import fault, no_faults

_ROW = "row"


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
    """Turn the store's tables, by its own names, into ours.

    Slots are windows of the ``week``. Faults of the mapping and of the store are in our tables too;
    their ``words`` put them back into the store's.
    """
    raw = Tables({name: legible(frame) for name, frame in raw.items()}, raw.faults, raw.words)
    reader = _Reader(mapping, raw, week)
    frames = {ours: reader.table(ours) for ours in reader.origins}
    every = pl.concat(reader.faults)
    if raw.faults.height and not (every["rule"] == STORE_RULE).any():
        # A row of the store that no row of ours comes from is told of all the same.
        every = pl.concat([every, _mark(next(iter(reader.origins)), pl.Series([0]))])
    found = {ours: frame for ours, frame in frames.items() if frame is not None}
    return Tables(found, every, StoreWords(mapping, dict(raw), reader.origins, raw.faults))


class _Reader:
    def __init__(self, mapping: Mapping, raw: Tables, week: date | None) -> None:
        self.mapping, self.raw, self.week = mapping, raw, week
        # Where the rows of each of our tables come from, and the faults that were met.
        self.origins = {block.ours: Origin(mapping.of(block.ours)) for block in mapping.blocks}
        self.faults = [no_faults()]
        self.pairs_read: dict[Lookup, pl.DataFrame] = {}

    def table(self, ours: str) -> pl.DataFrame | None:
        """Return one of our tables; None if a block of it cannot be read."""
        origin = self.origins[ours]
        parts: list[pl.DataFrame] = []
        for number, block in enumerate(origin.blocks):
            frame = self.rows_of(block)
            if frame is None:
                continue
            part = self.block(block, frame, sum(part.height for part in parts))
            at = {"block": pl.lit(number, pl.UInt32), "store_row": pl.col("_row").cast(pl.UInt32)}
            origin.rows.append(part.select(_ROW, **at))
            parts.append(part.drop("_row"))
        return _together(parts) if len(parts) == len(origin.blocks) else None

    def rows_of(self, block: Block) -> pl.DataFrame | None:
        """Return the rows that a block is made of, one for each piece; None if they cannot be."""
        frame = self.raw.get(block.table)
        if frame is None or self.broken(block.table).has_nulls():
            self.faults.append(_mark(block.ours, pl.Series([None], dtype=pl.Int64)))
            return None
        there = {name for name in frame.columns if name != _ROW}
        asked = [(c.ours, n) for c in block.columns.values() for n in c.columns]
        asked += [("where", name) for name in block.where]
        missing = [(ours, theirs) for ours, theirs in asked if _name(frame, theirs) not in there]
        for ours, theirs in missing:
            use = "to choose rows" if ours == "where" else f"as our {block.ours}.{ours}"
            text = f"the mapping reads the column {theirs} {use}, and the table has none of that "
            text += f"name; it has {_columns_of(frame)}"
            self.faults.append(fault(block.ours, "mapping_column", text, column=ours))
        if missing:
            return None
        frame = _chosen(block, _numbered(frame))
        if (split := block.split) is not None:
            cells = pieces_of(frame[_name(frame, split.columns[0])], split.split)
            frame = frame.with_columns(cells.alias("_piece")).explode("_piece")
            frame = frame.filter(pl.col("_piece").is_not_null())
        return frame

    def block(self, block: Block, frame: pl.DataFrame, offset: int) -> pl.DataFrame:
        """Return our rows of one block, numbered after ``offset``."""
        made = {"_row": frame[_ROW]}
        reads: dict[str, Read] = {}
        kinds = columns_of(block.ours)
        for name, column in block.columns.items():
            if column.value is not None:
                made[name] = pl.repeat(column.value, frame.height, eager=True, dtype=pl.String)
                continue
            theirs = ["_piece"] if column.split else [_name(frame, n) for n in column.columns]
            reads[name] = read(column, kinds[name], [frame[n] for n in theirs], self.pairs)
            made[name] = reads[name].cells
        result = pl.DataFrame(made).with_row_index("_id")
        if SLOT in block.columns:
            _check_slots(reads[SLOT], result[SLOT])
        faulty = pl.Series([False]).new_from_index(0, result.height)
        for found in reads.values():
            faulty |= found.faulty
        result = result.with_columns(faulty.alias("_faulty"))
        needed = [name for name, column in block.columns.items() if column.skip_empty]
        filled = pl.all_horizontal(pl.lit(True), *(pl.col(name).is_not_null() for name in needed))
        result = result.filter(filled | pl.col("_faulty"))
        if SLOT in block.columns:
            result = self.dated(result)
        number = pl.int_range(offset + 1, offset + 1 + pl.len(), dtype=pl.UInt32)
        result = result.with_columns(number.alias(_ROW))
        hit = result.filter(pl.col("_row").is_in(self.broken(block.table).implode()))
        self.faults += [*_cell_faults(block, reads, result), _mark(block.ours, hit[_ROW])]
        return result.drop("_id", "_faulty")

    def broken(self, table: str) -> pl.Series:
        """Return the rows of a table of the store that are at fault; null for all of it."""
        return self.raw.faults.filter(pl.col("table") == table)["row"]

    def pairs(self, codes: Lookup) -> pl.DataFrame:
        """Return ``code`` and ``term`` of a table of the store."""
        if codes not in self.pairs_read:
            frame = self.raw.get(codes.table)
            if frame is None:
                raise UsageError(f"codes: the table {codes.table} could not be read")
            for name in (codes.source, codes.target):
                if name not in frame.columns:
                    has = _columns_of(frame)
                    raise UsageError(f"codes: {codes.table} has no column {name}; it has {has}")
            # A row that is at fault means nothing: what looks there for its code does not find it.
            broken = self.broken(codes.table).drop_nulls()
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
        windows, rules = windows_of(self.week, self.mapping.slots), self.mapping.slots
        days = [self.week + timedelta(days=number) for number in range(7)]
        worked = [day for day in days if rules.kind(day) == "worked"]
        if worked and not rules.keep_worked:
            text = f"{', '.join(f'{day:%A} {day}' for day in worked)} is worked to make up for a "
            text += "holiday, so its weekly slots do not count; keep_worked = true under [slots] "
            text += "in the mapping lets them"
            warnings.warn(text, DataWarning, stacklevel=5)
        dated = rows.join(windows, left_on=SLOT, right_on="slot", how="left", maintain_order="left")
        return dated.filter(pl.col("start").is_not_null() | pl.col("_faulty")).drop(SLOT)


def _numbered(frame: pl.DataFrame) -> pl.DataFrame:
    return frame if _ROW in frame.columns else frame.with_row_index(_ROW, offset=1)


def _name(frame: pl.DataFrame, theirs: str) -> str:
    """Return how a column of the store is called in its frame."""
    return OWN_ROW if theirs == _ROW and OWN_ROW in frame.columns else theirs


def _columns_of(frame: pl.DataFrame) -> str:
    return listed(c for c in frame.columns if c != _ROW) or "no columns"


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


def _check_slots(found: Read, slots: pl.Series) -> None:
    """Refuse what is no slot; a slot that the week does not have is one."""
    known = book("slots")["term"]
    lost = slots.is_not_null() & ~slots.is_in(known.implode())
    if lost.any():
        text = f"is no slot; say with codes what it means: {known[0]}, ... {known[-1]}"
        found.wrong.append((lost, "mapping_slot", text))


def _cell_faults(block: Block, reads: Dict[str, Read], rows: pl.DataFrame) -> list[pl.DataFrame]:
    """Return the faults of the cells, in our numbering."""
    faults = []
    numbers = rows.unique("_id", keep="first", maintain_order=True).select("_id", _ROW)
    for name, found in reads.items():
        for mask, rule, message in found.wrong:
            ids = mask.arg_true().cast(pl.UInt32)
            texts = message.gather(ids) if isinstance(message, pl.Series) else pl.lit(message)
            at = pl.DataFrame({"_id": ids}).with_columns(message=texts)
            at = at.join(numbers, on="_id", maintain_order="left")
            said = {"table": block.ours, "column": name, "rule": rule}
            faults.append(_faults(at.select(_ROW, "message"), said))
    return faults


def _faults(rows: pl.DataFrame, said: Dict[str, str]) -> pl.DataFrame:
    rows = rows.with_columns(pl.lit(cell).alias(name) for name, cell in said.items())
    return pl.concat([no_faults(), rows.cast({_ROW: pl.Int64})], how="diagonal")


def _mark(table: str, rows: pl.Series) -> pl.DataFrame:
    """Set rows of ours aside for a fault that the store has told of already."""
    said = {"table": table, "rule": STORE_RULE, "message": ""}
    return _faults(rows.alias(_ROW).to_frame(), said)


def _together(parts: list[pl.DataFrame]) -> pl.DataFrame:
    """Put the blocks of a table under each other; a column of several types becomes text."""
    kinds: dict[str, set[pl.DataType]] = {}
    for part in parts:
        for name, kind in part.schema.items():
            kinds.setdefault(name, set()).add(kind)
    mixed = [name for name, found in kinds.items() if len(found) > 1]
    even = [p.with_columns(text_of(p[name]) for name in mixed if name in p.columns) for p in parts]
    return pl.concat(even, how="diagonal")
