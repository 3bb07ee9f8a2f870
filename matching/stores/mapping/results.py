"""The tables of a result in the store's words, and read back."""

from __future__ import annotations

from collections.abc import Mapping as Dict

import polars as pl

from matching.errors import DataError, UsageError, listed
from matching.stores.mapping.backwards import hindrance, write
from matching.stores.mapping.cells import read
from matching.stores.mapping.kinds import RESULTS
from matching.stores.mapping.moments import typed
from matching.stores.mapping.sections import sections
from matching.stores.mapping.spec import Mapping
from matching.tables.cells import wanted
from matching.tables.faults import faults_of, no_faults


def written_result(mapping: Mapping, tables: Dict[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """Return the tables of a result in the store's words.

    Raises
    ------
    DataError
        If a cell holds what the store has no word for.
    """
    written, faults = dict(tables), [no_faults()]
    for name, block in sections(mapping.blocks).items():
        if name not in tables:
            continue
        frame = tables[name]
        made: dict[str, pl.Series] = {}
        for ours in frame.columns:
            column = block.columns.get(ours)
            if column is None or column.value is not None or hindrance(column) is not None:
                _refuse_overwritten(name, [*made, ours])
                made[ours] = frame[ours]
                continue
            result = write(column, RESULTS[name][ours], frame[ours])
            text = "the mapping has no word of the store for this; add it to the codes"
            lost = frame.with_row_index("row", offset=1).filter(result.unsaid)
            faults.append(faults_of(name, lost, (ours,), "mapping_code", text))
            _refuse_overwritten(name, [*made, *result.cells])
            made |= result.cells
        written[name] = pl.DataFrame({n: cells.alias(n) for n, cells in made.items()})
    every = pl.concat(faults)
    if every.height:
        raise DataError(every)
    return written


def read_result(mapping: Mapping, tables: Dict[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """Return the tables of a result in our words again.

    Raises
    ------
    DataError
        If a cell is not what the mapping says.
    """
    found, faults = dict(tables), [no_faults()]
    for name, block in sections(mapping.blocks).items():
        if name not in tables:
            continue
        frame = tables[name]
        rest, made = list(frame.columns), {}
        for ours, column in block.columns.items():
            if not column.columns or any(theirs not in frame.columns for theirs in column.columns):
                continue
            kind = RESULTS[name][ours]
            result = read(column, kind, [frame[n] for n in column.columns])
            cells, rule, text = result.cells, "mapping_code", "the mapping does not know this"
            wrong = result.faulty
            if cells.dtype == pl.String and not wrong.any():
                meant = typed(cells, kind)
                wrong, rule = cells.is_not_null() & meant.is_null(), "type"
                cells, text = meant, wanted(kind)
            lost = frame.with_row_index("row", offset=1).filter(wrong)
            faults.append(faults_of(block.table, lost, column.columns, rule, text))
            made[ours] = cells.alias(ours)
            rest = [n for n in rest if n not in column.columns]
        order = [*RESULTS[name], *rest]
        every = made | {n: frame[n] for n in rest if n not in made}
        found[name] = pl.DataFrame([every[n] for n in dict.fromkeys(order) if n in every])
    faulty = pl.concat(faults)
    if faulty.height:
        raise DataError(faulty)
    return found


def _refuse_overwritten(name: str, columns: list[str]) -> None:
    twice = [column for column in dict.fromkeys(columns) if columns.count(column) > 1]
    if twice:
        raise UsageError(
            f"the mapping writes two columns of our {name} as {listed(twice)}, one over the other; "
            f"give each a name of its own under [{name}]"
        )
