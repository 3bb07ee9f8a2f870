"""Every store of ours through the kit that outsiders use, and the kit's own worlds."""

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

import polars as pl
import pytest

from matching.errors import DataError
from matching.schema import TABLES
from matching.stores.registry import Sink, Source, open_sink, open_source
from matching.stores.testing import worlds
from tests.support.kit import Kit
from tests.support.servers import schema_for, server


class TestCsv(Kit):
    pass


class TestParquet(Kit):
    options: ClassVar[dict[str, str]] = {"format": "parquet"}


class TestJsonLines(Kit):
    options: ClassVar[dict[str, str]] = {"format": "jsonl"}


class TestFolderOfWorkbooks(Kit):
    options: ClassVar[dict[str, str]] = {"format": "xlsx"}


class TestWorkbook(Kit):
    name = "store.xlsx"


class TestZip(Kit):
    name = "store.zip"


class TestFileUrl(Kit):
    def where(self, place: Path) -> str:
        return f"file://{place}/a%20folder"


class TestSqlite(Kit):
    name = "store.db"


class Server(Kit):
    """A database server: every test has a schema of its own."""

    variable = ""

    def where(self, place: Path) -> str:
        return server(self.variable)

    def make_source(self, tables: Mapping[str, pl.DataFrame], place: Path) -> Source:
        schema = schema_for(self.variable, place)
        open_sink(self.where(place), schema=schema).write_tables(tables)
        return open_source(self.where(place), schema=schema)

    def make_sink(self, place: Path) -> Sink:
        return open_sink(self.where(place), schema=schema_for(self.variable, place))


class TestPostgres(Server):
    variable = "MATCHING_POSTGRES_URL"


class TestMariaDb(Server):
    variable = "MATCHING_MARIADB_URL"


def test_the_worlds_fill_and_empty_every_column() -> None:
    for name, frame in worlds.every_column().items():
        for column, spec in TABLES[name].columns().items():
            assert frame[column].null_count() < frame.height, f"{name}.{column} is never filled"
            if spec.nullable:
                assert frame[column].null_count() > 0, f"{name}.{column} is never null"


@pytest.mark.parametrize("broken", ["drops a row", "loses the digits", "forgets the zone"])
def test_the_kit_fails_a_store_that_spoils_something(tmp_path: Path, broken: str) -> None:
    class Spoiling(TestParquet):
        def make_source(self, tables: Mapping[str, pl.DataFrame], place: Path) -> Source:
            spoilt = dict(tables)
            if broken == "drops a row":
                spoilt["volunteers"] = spoilt["volunteers"].head(-1)
            elif broken == "loses the digits":
                ids = pl.col("volunteer_id").cast(pl.Float64).cast(pl.Int64, strict=False)
                spoilt |= {n: spoilt[n].with_columns(ids) for n in ("volunteers", "availability")}
            else:
                spoilt["requests"] = spoilt["requests"].with_columns(
                    pl.col("start", "end").dt.replace_time_zone(None)
                )
            return super().make_source(spoilt, place)

    test = {
        "drops a row": Spoiling().test_any_text_comes_back,
        "loses the digits": Spoiling().test_big_integers_keep_their_digits,
        "forgets the zone": Spoiling().test_times_keep_their_moment,
    }
    with pytest.raises((AssertionError, DataError)):
        test[broken](tmp_path)
