"""The sheets of a workbook as text, with a fault for every cell that is not what it seems."""

import zipfile
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import IO

import fastexcel
import polars as pl
from xlsxwriter.utility import xl_col_to_name

from matching.errors import UsageError
from matching.stores.xlsx.cells import Cells, is_harmless
from matching.stores.xlsx.package import BROKEN, package_of, with_known_errors
from matching.tables.faults import fault, no_faults, shorten

# The most cells of a rectangle, and the most for each cell that holds something.
MAX_AREA, MAX_SPARSE = 1 << 22, 32
_LARGEST = 1 << 53
# What a cell that holds no text may look like as such.
_IN_DOUBT = r"^(?:true|false|[+-]?\d{4,}-\d\d-\d\d[ T].*|-?\d+\.\d+|-?\d{16,})$"
_MOMENT = r"^[+-]?\d{4,}-\d\d-\d\d[ T]"
# A time without a day stands on the day that a workbook counts from.
_FIRST_DAY = {False: "1899-12-31 ", True: "1904-01-01 "}
_WORDS = {
    "error": "is an error; mend it, or empty the cell if there is nothing to say",
    "formula": "is a formula that was never calculated; open the workbook in a spreadsheet, save "
    "it there, and read it again",
    "truth": "is a truth value, not text",
    "moment": "is a date or a time to the spreadsheet, not text",
    "large": "is a number above 2^53, of which a spreadsheet loses the last digits",
    "fraction": "is a number with decimals, not text",
}
_NEVER_READ = ("error", "formula")
_RULES = {kind: f"cell_{kind}" if kind in _NEVER_READ else "not_text" for kind in _WORDS}
_WORDS |= {
    kind: f"{text}; format the column as text and type the cell again"
    for kind, text in _WORDS.items()
    if kind not in _NEVER_READ
}


class Book:
    """An open workbook."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            # Read once: all sheets are of one book, whoever puts another in its place meanwhile.
            self._bytes = path.read_bytes()
            self._package = package_of(path.name, BytesIO(self._bytes))
            self._reader = fastexcel.read_excel(self._bytes)
        except (fastexcel.FastExcelError, OSError) as error:
            reason = str(error).partition("\n")[0]
            raise UsageError(f"{path.name} is no workbook, or a broken one ({reason})") from None
        self.names: list[str] = self._reader.sheet_names

    def sheet(
        self,
        name: str,
        table: str,
        read: Callable[[str], bool] = lambda header: True,
        text: Callable[[str], bool] = lambda header: False,
        first: int = 1,
    ) -> tuple[pl.DataFrame | None, pl.DataFrame]:
        """Read a sheet, which its faults call ``table``.

        ``read`` tells of a header whether the column is read, so that its cells can be at fault;
        ``text`` whether they are compared as text, so that they must hold text or whole numbers.
        ``first`` is the number of the row below the header.

        Every cell is text, null where the sheet shows none; a time of day is without a day. There
        is no frame if the sheet cannot be read, and faults have no row where they are of all of it.
        """
        cells = Cells()
        try:
            if not self._is_harmless(name):
                cells = self._cells(name)
                if cells.area > max(MAX_AREA, MAX_SPARSE * cells.count):
                    return None, fault(table, "sheet_size", self._too_far(name, cells))
            sheet = self._loaded(name, (cells.odd["kind"] == "error").any())
            frame = sheet.to_polars()
            headers = {c.absolute_index: c.name.strip() for c in sheet.available_columns()}
            in_doubt = [
                column
                for (column, header), cell in zip(headers.items(), frame, strict=True)
                if text(header) and cell.str.contains(_IN_DOUBT).any()
            ]
            if in_doubt:
                cells = self._cells(name, in_doubt)
        except (fastexcel.FastExcelError, *BROKEN) as error:
            reason = str(error).partition("\n")[0]
            unread = fault(table, "xlsx", f"the sheet cannot be read ({reason})", value=name)
            return None, pl.concat([_faults(table, name, cells.odd, {}), unread])
        odd = cells.odd.with_columns(index=pl.col("row") - cells.top - 1)
        wanted = [column for column, header in headers.items() if read(header)]
        odd = odd.filter((pl.col("index") < 0) | pl.col("column").is_in(wanted))
        at = {column: index for index, column in enumerate(headers)}
        kinds = [_kinds_of(odd, column, frame[:, at[column]]) for column in in_doubt]
        odd = pl.concat([odd.filter(pl.col("kind").is_in(_NEVER_READ)), *kinds])
        row = pl.when(pl.col("index") >= 0).then(pl.col("index") + first)
        faults = _faults(table, name, odd.sort("row", "column").with_columns(row_told=row), headers)
        day = _FIRST_DAY[self._package.since_1904]
        clocks = [cell.name for cell in frame if cell.str.starts_with(day).any()]
        empty = [cell.name for cell in frame if (cell == "").any()]
        frame = frame.with_columns(pl.col(clocks).str.strip_prefix(day))
        frame = frame.with_columns(pl.when(pl.col(name) != "").then(name) for name in empty)
        # The last rows are not there, if all that they hold is formulas without a value.
        lacking = int(odd["index"].max() or 0) + 1 - frame.height  # type: ignore[arg-type]
        if lacking > 0 and frame.width:
            frame = pl.concat([frame, frame.clear(lacking)])
        return frame, faults

    def _loaded(self, name: str, has_errors: bool) -> fastexcel.ExcelSheet:
        try:
            return self._reader.load_sheet(name, dtypes="string")
        except fastexcel.FastExcelError:
            if not has_errors:
                raise
        # An error that is younger than the reader, which would take the whole sheet for broken.
        data = with_known_errors(self._bytes, self._package.parts[name])
        return fastexcel.read_excel(data).load_sheet(name, dtypes="string")

    def _is_harmless(self, name: str) -> bool:
        with self._part(name) as part:
            return is_harmless(part, self._package.uncalculated)

    def _cells(self, name: str, typed: Collection[int] = ()) -> Cells:
        cells = Cells(self._package.uncalculated, frozenset(typed))
        with self._part(name) as part:
            cells.read(part)
        return cells

    @contextmanager
    def _part(self, name: str) -> Iterator[IO[bytes]]:
        if name not in self._package.parts:
            raise zipfile.BadZipFile("its part is not where the workbook says")
        whole = BytesIO(self._bytes)
        with zipfile.ZipFile(whole) as archive, archive.open(self._package.parts[name]) as part:
            yield part

    def _too_far(self, name: str, cells: Cells) -> str:
        far = " and ".join(dict.fromkeys((cells.lowest, cells.rightmost)))
        return (
            f"{self.path.name}: the sheet {name} reaches as far as {far}, though only "
            f"{cells.count:,} cells hold anything; delete the rows and columns that are so far "
            "out, and save the workbook"
        )


def _kinds_of(odd: pl.DataFrame, column: int, text: pl.Series) -> pl.DataFrame:
    """Tell what is no text in a column of text; whole numbers are, as far as all are exact."""
    cells = odd.filter(
        pl.col("column") == column, pl.col("index") >= 0, ~pl.col("kind").is_in(_NEVER_READ)
    )
    cells = cells.with_columns(text=text.gather(cells["index"]))
    number = pl.col("shown").cast(pl.Float64, strict=False)
    exact = pl.col("shown").cast(pl.Int64, strict=False)
    large = pl.coalesce(exact.abs() > _LARGEST, number.abs() > _LARGEST)
    kind = (
        pl.when(pl.col("kind") == "b")
        .then(pl.lit("truth"))
        .when(pl.col("text").str.contains(_MOMENT))
        .then(pl.lit("moment"))
        .when(large)
        .then(pl.lit("large"))
        .when(number != number.round())
        .then(pl.lit("fraction"))
    )
    seen = pl.col("text").str.replace(" 00:00:00", "", literal=True)
    shown = (
        pl.when(pl.col("kind") == "n").then("shown").otherwise(pl.col("text").str.to_uppercase())
    )
    found = cells.with_columns(
        kind=kind, shown=pl.when(kind == "moment").then(seen).otherwise(shown)
    )
    return found.filter(pl.col("kind").is_not_null()).select(odd.columns)


def _faults(table: str, sheet: str, odd: pl.DataFrame, headers: Mapping[int, str]) -> pl.DataFrame:
    """Return a fault for each odd cell; where no row can be told, it is of the whole sheet."""
    if odd.is_empty():
        return no_faults()
    letters = {column: xl_col_to_name(column) for column in odd["column"].unique()}
    letter = pl.col("column").replace_strict(letters, return_dtype=pl.String)
    header = pl.col("column").replace_strict(
        headers or {-1: ""}, default=None, return_dtype=pl.String
    )
    message = pl.format(
        "cell {}{} of the sheet {} {}",
        letter,
        "row",
        pl.lit(sheet),
        pl.col("kind").replace_strict(_WORDS),
    )
    row = pl.col("row_told") if "row_told" in odd.columns else pl.lit(None)
    return odd.select(
        table=pl.lit(table),
        row=row.cast(pl.Int64),
        column=pl.coalesce(header, letter),
        value=shorten(pl.col("shown")),
        rule=pl.col("kind").replace_strict(_RULES),
        message=message,
    )
