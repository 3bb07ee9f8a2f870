"""A store behind a mapping: a source that wraps a source, and a sink that wraps a sink."""

from collections.abc import Mapping as Dict
from datetime import date
from typing import Any

import polars as pl

from matching.errors import UsageError, listed
from matching.guards.mondays import Day, monday_of
from matching.schema import TABLES, Output
from matching.stores.earlier import summary_in
from matching.stores.mapping.reading import read_mapped, wanted_columns
from matching.stores.mapping.results import read_result, written_result
from matching.stores.mapping.shapes import RESULTS
from matching.stores.mapping.spec import Mapping, load
from matching.stores.mapping.writing import written_tables
from matching.stores.registry import OwnSource, Sink, Source, open_sink, open_source
from matching.tables.cleaning import Tables

_NAMED_IN_THE_MAPPING = ("tables", "columns", "queries")


class MappedSource:
    """Any source, read through a mapping.

    Parameters
    ----------
    source : Source
        One with ``read_own`` gives its tables by their own names; of another, ``read_tables`` is
        taken for that.
    mapping : Mapping
    week : datetime.date, str or numpy.datetime64, optional
        The Monday of the planned week, which slots need.
    """

    def __init__(self, source: Source, mapping: Mapping, week: Day | None = None) -> None:
        self.source, self.mapping = source, mapping
        self.week = None if week is None else monday_of(week)
        self.kind = getattr(source, "kind", "polars")

    def read_tables(self) -> Tables:
        """Read what the mapping names, as tables of the contract."""
        mapping = _only(self.mapping, TABLES)
        wanted = wanted_columns(mapping)
        if isinstance(self.source, OwnSource):
            return read_mapped(mapping, self.source.read_own(wanted), self.week)
        raw = self.source.read_tables()
        missing = [name for name in wanted if name not in {*raw, *raw.faults["table"]}]
        if missing:
            raise UsageError(f"the store gives no table {listed(missing)}; it gives {listed(raw)}")
        return read_mapped(mapping, raw, self.week)


class MappedSink:
    """Any sink, written through a mapping, and read back through it.

    The tables of a result that the mapping has no section for are written as they are.
    """

    def __init__(self, sink: Sink, mapping: Mapping, week: Day | None = None) -> None:
        self.sink, self.mapping = sink, mapping
        self.week = None if week is None else monday_of(week)

    def write_result(self, tables: Dict[str, pl.DataFrame], summary: Dict[str, Any]) -> object:
        """Write a plan in the store's names, codes and formats."""
        return self.sink.write_result(written_result(self.mapping, tables), summary)

    def read_result(self) -> Output:
        """Return what was written last, in our names again."""
        tables, summary = self.sink.read_result()
        return read_result(self.mapping, tables), summary

    def read_summary(self, week: date | None = None) -> Dict[str, Any]:
        """Return the summary alone; it is in our words anyway."""
        return summary_in(self.sink, week)

    def write_tables(self, tables: Dict[str, pl.DataFrame]) -> None:
        """Write tables of the contract as the store's own.

        Raises
        ------
        DataError
            If a row cannot be said in the store's words.
        UsageError
            If the mapping cannot be gone backwards, or the sink takes plans only.
        """
        if not hasattr(self.sink, "write_tables"):
            raise UsageError("this store takes plans and no tables")
        self.sink.write_tables(written_tables(_only(self.mapping, TABLES), tables, self.week))


def mapped_source(
    where: object, mapping: object = None, week: Day | None = None, **options: Any
) -> Source:
    """Open a store, behind a mapping if there is one.

    Parameters
    ----------
    where : object
        What `registry.open_source` takes.
    mapping : path, dict or Mapping, optional
    week : datetime.date, str or numpy.datetime64, optional
        The Monday of the planned week, which slots need.
    **options
        What the store understands; names of tables and columns belong into the mapping.

    Returns
    -------
    Source

    Raises
    ------
    UsageError
        If no adapter knows the store or an option, or the mapping makes no sense.
    """
    if mapping is None:
        return open_source(where, **options)
    _refuse_names(options)
    return MappedSource(open_source(where, **options), load(mapping), week)


def mapped_sink(where: object, mapping: object = None, **options: Any) -> Sink:
    """Open a store for a plan, behind a mapping if there is one.

    Parameters
    ----------
    where : object
        What `registry.open_sink` takes.
    mapping : path, dict or Mapping, optional
    **options
        As in `mapped_source`.

    Returns
    -------
    Sink

    Raises
    ------
    UsageError
        As in `mapped_source`; or if a sink that is open already would need other names.
    """
    if mapping is None:
        return open_sink(where, **options)
    _refuse_names(options)
    loaded = load(mapping)
    named = {b.ours: b.table for b in loaded.blocks if b.ours in RESULTS and b.ours != b.table}
    if named and isinstance(where, Sink) and not isinstance(where, type):
        raise UsageError(
            f"a sink that is open already cannot be told that {', '.join(named)} has another name; "
            "give its URL or path, or take table out of that section"
        )
    if named:
        options["tables"] = named
    return MappedSink(open_sink(where, **options), loaded)


def _only(mapping: Mapping, tables: Dict[str, Any]) -> Mapping:
    blocks = tuple(block for block in mapping.blocks if block.ours in tables)
    return Mapping(blocks, mapping.slots)


def _refuse_names(options: Dict[str, Any]) -> None:
    both = [name for name in _NAMED_IN_THE_MAPPING if name in options]
    if both:
        raise UsageError(f"{both[0]} and a mapping: say the names in the mapping alone")
