"""The tables of a result in the store's words, and read back."""

from collections.abc import Mapping as Dict

import polars as pl

from matching.errors import UsageError, listed
from matching.stores.mapping.backwards import write
from matching.stores.mapping.cells import read, typed
from matching.stores.mapping.shapes import RESULTS, hindrance, sections
from matching.stores.mapping.spec import Mapping
from matching.tables.cells import wanted
from matching.tables.faults import faults_of, raise_any


def written_result(mapping: Mapping, tables: Dict[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """Return the tables of a result in the store's words, or a DataError of what has none."""
    written, faults = dict(tables), []
    for name, block in sections(mapping.blocks).items():
        if name not in tables:
            continue
        frame = tables[name]
        made: dict[str, pl.Series] = {}
        for ours in frame.columns:
            column, cells = block.columns.get(ours), {ours: frame[ours]}
            if column is not None and column.value is None and hindrance(column) is None:
                cells, unsaid = write(column, RESULTS[name][ours], frame[ours])
                text = "the mapping has no word of the store for this; add it to the codes"
                lost = frame.with_row_index("row", offset=1).filter(unsaid)
                faults.append(faults_of(name, lost, (ours,), "mapping_code", text))
            if twice := [theirs for theirs in cells if theirs in made]:
                raise UsageError(
                    f"the mapping writes two columns of our {name} as {listed(twice)}, one over "
                    f"the other; give each a name of its own under [{name}]"
                )
            made |= cells
        written[name] = pl.DataFrame([cells.alias(theirs) for theirs, cells in made.items()])
    raise_any(faults)
    return written


def read_result(mapping: Mapping, tables: Dict[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """Return the tables of a result in our words again; a DataError tells of each odd cell."""
    found, faults = dict(tables), []
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
        every = {n: frame[n] for n in rest} | made
        order = dict.fromkeys([*RESULTS[name], *rest])
        found[name] = pl.DataFrame([every[n] for n in order if n in every])
    raise_any(faults)
    return found
