"""The kit that outsiders test their stores with, for our own."""

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

import polars as pl

from matching.stores.registry import Sink, Source, open_sink, open_source
from matching.stores.testing import SinkKit, SourceKit


class Kit(SourceKit, SinkKit):
    """A store that can be written as tables too."""

    name = "store"
    options: ClassVar[dict[str, str]] = {}

    def where(self, place: Path) -> str:
        return str(place / self.name)

    def make_source(self, tables: Mapping[str, pl.DataFrame], place: Path) -> Source:
        open_sink(self.where(place), **self.options).write_tables(tables)
        return open_source(self.where(place))

    def make_sink(self, place: Path) -> Sink:
        return open_sink(self.where(place), **self.options)
