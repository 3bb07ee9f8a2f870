"""Faults of our tables in the words of the store: its table, row, column and value."""

from __future__ import annotations

import re
from collections.abc import Mapping as Dict
from dataclasses import dataclass, field

import polars as pl

from matching.errors import FAULT_SCHEMA
from matching.schema import TABLES, key_of, meta
from matching.stores.mapping.cells import is_odd, text_of
from matching.stores.mapping.shapes import Block
from matching.stores.mapping.spec import Mapping
from matching.tables.faults import ROW_RULES, faults_of

# Rows of ours that are set aside for a fault which the store has told of in its own words.
STORE_RULE = "store"
_SCHEMA = pl.Schema(FAULT_SCHEMA)


@dataclass
class Origin:
    """Where the rows of one of our tables come from."""

    blocks: list[Block]
    # ``row``, ``block`` and ``store_row``, one frame for each block that could be read.
    rows: list[pl.DataFrame] = field(default_factory=list)


@dataclass
class StoreWords:
    """Puts faults of our tables into the words of a store, whose own faults are ``own_faults``."""

    mapping: Mapping
    raw: Dict[str, pl.DataFrame]
    origins: Dict[str, Origin]
    own_faults: pl.DataFrame

    def only(self, table: str) -> StoreWords | None:
        """Return what is needed for one of our tables, so that the others can go from memory."""
        if table not in self.origins:
            return None
        origin = self.origins[table]
        names = [block.table for block in origin.blocks if block.table in self.raw]
        raw = {name: self.raw[name] for name in names}
        return StoreWords(self.mapping, raw, {table: origin}, self.own_faults.clear())

    def __call__(self, faults: pl.DataFrame) -> pl.DataFrame:
        """Return the faults in the store's words, each of them once."""
        marked = faults["rule"] == STORE_RULE
        parts = [self.own_faults.select(_SCHEMA.names())] if marked.any() else []
        rest = faults.filter(~marked).with_row_index("_order")
        translated = [rest.clear()]
        for (table,), part in rest.group_by("table", maintain_order=True):
            translated += self._table(str(table), part)
        ordered = pl.concat(translated).sort("_order", maintain_order=True).drop("_order")
        return pl.concat([*parts, ordered]).unique(maintain_order=True)

    def _table(self, ours: str, faults: pl.DataFrame) -> list[pl.DataFrame]:
        origin = self.origins.get(ours)
        if origin is None:
            return [faults]
        parts = []
        for row in faults.filter(pl.col("row").is_null()).iter_rows(named=True):
            column = row["column"]
            blocks = [b for b in origin.blocks if column in (None, "where", *b.columns)]
            names = dict.fromkeys(block.table for block in blocks or origin.blocks[:1])
            theirs = _theirs((blocks or origin.blocks)[0], column)
            theirs_shown = {"table": ", ".join(names), "column": ", ".join(theirs) or None}
            parts.append(pl.DataFrame([row | theirs_shown], faults.schema))
        single = faults.filter(pl.col("row").is_not_null())
        if not origin.rows:
            return [*parts, single]
        rows = pl.concat(origin.rows).with_columns(pl.col("row").cast(pl.Int64))
        placed = single.join(rows, on="row", how="left", maintain_order="left")
        alike = ("block", "column", "rule")
        for (number, column, rule), part in placed.group_by(alike, maintain_order=True):
            if number is not None:
                part = self._rows(origin.blocks[number], column, str(rule), part)
            parts.append(part.drop("block", "store_row"))
        return parts

    def _rows(
        self, block: Block, column: str | None, rule: str, part: pl.DataFrame
    ) -> pl.DataFrame:
        theirs = _theirs(block, column)
        shown = [name for name in theirs if name in self.raw[block.table].columns]
        messages = part["message"].unique()
        said = [self._message(block, column, rule, text) for text in messages]
        part = part.with_columns(
            pl.col("message").replace(messages, pl.Series(said, dtype=pl.String))
        )
        if shown:
            frame = self.raw[block.table]
            if "row" not in frame.columns:
                frame = frame.with_row_index("row", offset=1)
            cells = frame.select(pl.col("row").cast(pl.UInt32), *shown)
            asked = part.select(row="store_row")
            cells = asked.join(cells, on="row", how="left", maintain_order="left")
            cells = cells.with_columns(_text(cells[name]) for name in shown)
            part = part.with_columns(faults_of("", cells, tuple(shown), "", "")["value"])
        return part.with_columns(
            table=pl.lit(block.table),
            row=pl.col("store_row").cast(pl.Int64),
            column=pl.lit(", ".join(theirs) or column, pl.String),
        )

    def _message(self, block: Block, column: str | None, rule: str, message: str) -> str:
        """Put our names in a message into the store's."""
        names: dict[str, str] = {}
        if rule in ("reference", "set_aside"):
            kinds = TABLES[block.ours].columns().values()
            for target in [str(meta(kind)["refers"]) for kind in kinds if "refers" in meta(kind)]:
                blocks = self.mapping.of(target)
                if blocks:
                    names[target] = blocks[0].table
                    key = key_of(target)[0]
                    names[key] = ", ".join(_theirs(blocks[0], key))
        if rule in ROW_RULES or rule == "when":
            for ours in (column or "").split(", "):
                if ours in block.columns and block.columns[ours].columns:
                    names[ours] = ", ".join(block.columns[ours].columns)
        if not names:
            return message
        words = "|".join(map(re.escape, names))
        return re.sub(rf"\b({words})\b", lambda found: names[found[1]], message)


def _theirs(block: Block, column: str | None) -> list[str]:
    """Return the store's columns that some of ours come from; ours where it is none."""
    names: list[str] = []
    for ours in (column or "").split(", "):
        if ours in ("start", "end") and "slot" in block.columns:
            ours = "slot"
        names += block.columns[ours].columns if ours in block.columns else ()
    return list(dict.fromkeys(names))


def _text(cells: pl.Series) -> pl.Series:
    if isinstance(cells.dtype, pl.List) and not is_odd(cells.dtype.inner):  # type: ignore[arg-type]
        return cells.cast(pl.List(pl.String)).list.join(",").alias(cells.name)
    if is_odd(cells.dtype):
        return pl.repeat(f"({cells.dtype})", len(cells), eager=True).alias(cells.name)
    return text_of(cells).alias(cells.name)
