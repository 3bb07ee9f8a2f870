"""Places whose files are copied here to be read, and copied back when they are written."""

from collections.abc import Collection, Mapping
from contextlib import AbstractContextManager
from datetime import date
from typing import Any

import polars as pl

from matching.schema import Output
from matching.stores.earlier import summary_in
from matching.tables.cleaning import Tables


class Copied:
    """A source and a sink on the copy that `_copied` and `_written` give for as long as it takes.

    Both give a store of the copy; what was written there is at the place once `_written` ends.
    """

    def _copied(self) -> AbstractContextManager[Any]:
        raise NotImplementedError

    def _written(self) -> AbstractContextManager[Any]:
        raise NotImplementedError

    def _exists(self) -> bool:
        raise NotImplementedError

    def read_tables(self) -> Tables:
        """Read every table of the contract that is there."""
        with self._copied() as store:
            tables: Tables = store.read_tables()
        return tables

    def read_own(self, wanted: Collection[str] | None = None, rows: int | None = None) -> Tables:
        """Read the tables by their own names; see `registry.OwnSource`."""
        with self._copied() as store:
            tables: Tables = store.read_own(wanted, rows)
        return tables

    def read_result(self) -> Output:
        """Read what a plan left there."""
        if not self._exists():
            return {}, {}
        with self._copied() as store:
            output: Output = store.read_result()
        return output

    def read_summary(self, week: date | None = None) -> Mapping[str, Any]:
        """Read the summary alone; see `earlier.Remembering`."""
        if not self._exists():
            return {}
        with self._copied() as store:
            return summary_in(store, week)

    def write_result(self, tables: Mapping[str, pl.DataFrame], summary: Mapping[str, Any]) -> None:
        """Write a plan, each file of it whole or not at all."""
        with self._written() as store:
            store.write_result(tables, summary)

    def write_tables(self, tables: Mapping[str, pl.DataFrame]) -> None:
        """Write tables of the contract."""
        with self._written() as store:
            store.write_tables(tables)
