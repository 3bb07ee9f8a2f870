"""The changes of one table: which rows they speak of, and the table with them."""

from __future__ import annotations

import difflib

import polars as pl

from matching.schema import TABLES, key_of
from matching.tables.cells import legible, parse, without_objects
from matching.tables.faults import fault, faults_of, no_faults

ACTIONS = ("add", "change", "remove")
_SHOWN = 20_000


def told(table: str) -> str:
    """Return what faults call the changes of a table."""
    return f"changes of {table}"


def as_text(frame: pl.DataFrame) -> pl.DataFrame:
    """Return a table whose cells are text, null where they are empty."""
    columns = []
    for name, kind in legible(without_objects(frame)).schema.items():
        cell = pl.col(name)
        if name == "row":
            columns.append(cell)
            continue
        zoned = isinstance(kind, pl.Datetime) and kind.time_zone is not None
        text = cell.dt.to_string("%Y-%m-%dT%H:%M:%S%:z") if zoned else cell.cast(pl.String)
        columns.append(pl.when(text != "").then(text).alias(name))
    return legible(without_objects(frame)).select(columns)


class ChangedRows:
    """The changes of one table, and the rows that they speak of."""

    def __init__(
        self, name: str, table: pl.DataFrame | None, change: pl.DataFrame, time_zone: str
    ) -> None:
        self.name, self.change, self.zone = name, change, time_zone
        columns = dict.fromkeys(TABLES[name].columns(), pl.String)
        base = pl.DataFrame(schema=columns) if table is None else as_text(table)
        if "row" not in base.columns:
            base = base.with_row_index("row", offset=1)
        self.base = base.with_columns(pl.col("row").cast(pl.UInt32))
        self.key = key_of(name)
        # Which row of the table each row of the change speaks of: ``at``, ``row``.
        self.spoken_of = self._found()
        self.faults = self._faults()

    def _typed(self, frame: pl.DataFrame, columns: list[str]) -> pl.DataFrame:
        """Return cells as they are understood; null where they cannot be."""
        known = TABLES[self.name].columns()
        return frame.select(
            "row",
            *(
                parse(column, frame.schema[column], known[column], self.zone).alias(column)
                if column in frame.columns
                else pl.lit(None, dtype=known[column].dtype).alias(column)
                for column in columns
            ),
        )

    def _found(self) -> pl.DataFrame:
        """Return which rows of the table each row of the change means."""
        if self.key:
            asked, base = self._typed(self.change, self.key), self._typed(self.base, self.key)
            pairs = asked.join(base, on=self.key, nulls_equal=True, suffix="_base")
            return pairs.select(row="row", at="row_base")
        removed = self.change.filter(pl.col("action") == "remove")
        given = [name for name in removed.columns if name not in ("row", "action")]
        found = [pl.DataFrame(schema={"row": pl.UInt32, "at": pl.UInt32})]
        # Rows that give the same columns are looked for together.
        pattern = pl.concat_list(pl.col(name).is_not_null() for name in given).alias("given")
        for (which,), rows in removed.with_columns(pattern).group_by("given", maintain_order=True):
            columns = [n for n, is_given in zip(given, which, strict=True) if is_given]
            if columns:
                asked, base = self._typed(rows, columns), self._typed(self.base, columns)
                pairs = asked.join(base, on=columns, suffix="_base")
                found.append(pairs.select(row="row", at="row_base"))
        return pl.concat(found)

    def _faults(self) -> pl.DataFrame:
        name, change, action = self.name, self.change, pl.col("action")
        table, key = told(name), tuple(self.key)
        meant = self.spoken_of["row"].implode()
        known = action.is_in(ACTIONS).fill_null(False)
        text = f"write {', '.join(ACTIONS[:2])} or {ACTIONS[2]}"
        faults = [faults_of(table, change.filter(~known), ("action",), "action", text)]
        change = change.filter(known)
        if not key:
            rows = change.filter(action == "change")
            text = f"a row of {name} has no key: remove it, and add it as it is to be"
            faults.append(faults_of(table, rows, ("action",), "no_key", text))
            rows = change.filter(action == "remove", ~pl.col("row").is_in(meant))
            text = f"no row of {name} has all these cells"
            return pl.concat([*faults, self._nowhere(rows, text)])
        lost = change.filter(action == "remove").join(self.spoken_of, on="row")["at"]
        staying = self.spoken_of.filter(~pl.col("at").is_in(lost.implode()))["row"].implode()
        rows = change.filter(action == "add", pl.col("row").is_in(staying))
        text = f"{name} has this row already; change it, or remove it too"
        faults.append(faults_of(table, rows, key, "there_already", text))
        rows = change.filter(action != "add", ~pl.col("row").is_in(meant))
        faults.append(self._nowhere(rows, f"{name} has no such row"))
        kind = pl.when(action == "add").then(0).otherwise(1)
        twice = change.filter(pl.struct(*self._given_key(), kind).is_duplicated())
        text = "stands in several rows of the changes; keep one of them"
        faults.append(faults_of(table, twice, key, "unique", text))
        return pl.concat(faults)

    def _given_key(self) -> list[str]:
        return [name for name in self.key if name in self.change.columns]

    def _nowhere(self, rows: pl.DataFrame, text: str) -> pl.DataFrame:
        """Return faults of rows that mean none; where one column is the key, with one like it."""
        columns = tuple(self.key) or tuple(
            n for n in rows.columns if n not in ("row", "action") and not rows[n].is_null().all()
        )
        if not columns:
            return faults_of(told(self.name), rows, ("action",), "reference", text)
        if len(columns) > 1 or columns[0] not in rows.columns or not self.key:
            return faults_of(told(self.name), rows, columns, "reference", text)
        column = columns[0]
        known = self.base[column].drop_nulls().head(_SHOWN).to_list()
        found = [no_faults()]
        for row in rows.iter_rows(named=True):
            near = difflib.get_close_matches(str(row[column])[:80], known, n=1, cutoff=0.6)
            hint = f"{text}; did you mean {near[0]}?" if near else text
            found.append(
                fault(
                    told(self.name),
                    "reference",
                    hint,
                    row=row["row"],
                    column=column,
                    value=row[column],
                )
            )
        return pl.concat(found)

    def applied(self) -> tuple[pl.DataFrame, pl.DataFrame, pl.Series | None]:
        """Return the table with the changes, where new rows come from, and ids that are gone."""
        base, change, action = self.base, self.change, pl.col("action")
        first = int(base["row"].max() or 0) + 1  # type: ignore[arg-type]
        change = change.with_columns(
            new=pl.int_range(first, first + change.height, dtype=pl.UInt32)
        )
        columns = [n for n in change.columns if n not in ("row", "action", "new")]
        meant = change.join(self.spoken_of, on="row", maintain_order="left")
        old = meant.filter(action == "change").join(
            base, left_on="at", right_on="row", suffix="_old", maintain_order="left"
        )
        kept = old.select(
            pl.col("new").alias("row"),
            *(pl.coalesce(n, f"{n}_old").alias(n) for n in columns if f"{n}_old" in old.columns),
            *(n for n in columns if f"{n}_old" not in old.columns),
            *(n for n in base.columns if n not in (*columns, "row")),
        )
        added = change.filter(action == "add").select(pl.col("new").alias("row"), *columns)
        touched = meant.filter(action != "add")["at"].implode()
        table = pl.concat([base.filter(~pl.col("row").is_in(touched)), kept, added], how="diagonal")
        rows = change.select(table=pl.lit(self.name), row="new", of="row")
        removed = meant.filter(action == "remove")["at"].implode()
        lost = None
        if len(self.key) == 1:
            key = self.key[0]
            ids = base.filter(pl.col("row").is_in(removed))[key]
            lost = ids.filter(~ids.is_in(table[key].implode()))
        return table, rows, lost
