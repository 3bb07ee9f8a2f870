"""One column of the store becomes one of ours, all cells at once; and back again."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from functools import reduce
from operator import or_

import dataframely as dy
import polars as pl

from matching.errors import listed
from matching.stores.mapping.codes import Book, Lookup
from matching.stores.mapping.shapes import Column, is_moment, units_of
from matching.tables.cells import local_time, wanted

# What a typed moment looks like as text, and what a spreadsheet makes of a day.
_MOMENT = "%Y-%m-%d %H:%M:%S"
_MIDNIGHT = r"^(\d{4}-\d\d-\d\d)[ T]00:00:00(?:\.0+)?$"
_SHOWN_CODES = 12
_SAMPLE = datetime(2026, 11, 30, 9, 5)
# What a format is to tell, by the kind of column, and one that tells it.
_WHOLE = {dy.Date: (_SAMPLE.date(), "%Y/%m/%d"), dy.Time: (_SAMPLE.time(), "%H:%M")}
# What is done to the text of a cell.
_STEPS = ("split", "part", "pattern", "digits", "codes", "format")

Pairs = Callable[[Lookup], pl.DataFrame]


@dataclass
class Read:
    """A column of ours, and the cells that could not be understood.

    What is ``wrong`` is which rows, the rule, and the message: one for all, or one for each row of
    the column.
    """

    cells: pl.Series
    wrong: list[tuple[pl.Series, str, pl.Series | str]] = field(default_factory=list)

    @property
    def faulty(self) -> pl.Series:
        """Which rows are at fault."""
        masks = [mask for mask, _, _ in self.wrong]
        return reduce(or_, masks, pl.repeat(False, len(self.cells), eager=True))

    def check(self, after: pl.Series, rule: str, message: pl.Series | str) -> None:
        """Take the cells after a step; what is null now and was not is wrong."""
        lost = self.cells.is_not_null() & after.is_null()
        if lost.any():
            self.wrong.append((lost, rule, message))
        self.cells = after


def text_of(cells: pl.Series) -> pl.Series:
    """Return cells as text, null where they are empty; numbers without needless decimals."""
    kind = cells.dtype
    if kind.is_float():
        whole = cells.cast(pl.Int64, strict=False)
        if (whole.cast(kind) == cells).fill_null(cells.is_null()).all():
            cells = whole
    elif isinstance(kind, pl.Datetime):
        cells = cells.dt.strftime(_MOMENT + ("%:z" if kind.time_zone else ""))
    elif is_odd(kind):
        return pl.repeat(None, len(cells), eager=True, dtype=pl.String).alias(cells.name)
    text = cells.cast(pl.String)
    return text.set(text == "", None)


def is_odd(kind: pl.DataType) -> bool:
    """Tell whether a cell of this type is no single value that could be text."""
    return kind.is_nested() or kind in (pl.Object, pl.Binary, pl.Duration)


def pieces_of(cells: pl.Series, signs: tuple[str, ...]) -> pl.Series:
    """Return the pieces of every cell as lists, without blanks around them and without empty ones.

    A cell that is a list already is one.
    """
    name = cells.name
    if isinstance(cells.dtype, pl.List | pl.Array) and not is_odd(cells.dtype.inner):  # type: ignore[arg-type]
        pieces = cells.cast(pl.List(pl.String))
    else:
        text = text_of(cells)
        for sign in signs[1:]:
            text = text.str.replace_all(sign, signs[0], literal=True)
        pieces = text.str.split(signs[0])
    strip = pl.element().str.strip_chars()
    return pieces.to_frame().select(pl.col(name).list.eval(strip.filter(strip != ""))).to_series()


def read(
    column: Column, kind: dy.Column, cells: list[pl.Series], pairs: Pairs = Lookup.pairs
) -> Read:
    """Turn the cells of the store's columns, in order, into one of ours; or pieces, if it splits.

    ``pairs`` gives ``code`` and ``term`` of a table of the store.
    """
    first = cells[0]
    typed = is_moment(kind) and first.dtype in (pl.Datetime, pl.Date, pl.Time)
    odd = next((cell for cell in cells if is_odd(cell.dtype)), None)
    if odd is not None:
        nothing = pl.repeat(None, len(odd), eager=True, dtype=pl.String)
        found = Read(odd)
        found.check(nothing, "type", f"holds a {odd.dtype}, not one value; use split for a list")
    elif len(cells) == 1 and (typed or not any(getattr(column, step) for step in _STEPS)):
        found = Read(_without_midnight(first, kind))
    else:
        found = Read(_joined(cells, kind, column.join))
        _pieces(found, column)
        if column.digits is not None:
            found.cells = found.cells.str.strip_chars().str.zfill(column.digits)
        if column.codes is not None:
            _decode(found, column.codes, pairs)
        if column.format:
            _moments(found, column.format, kind)
        elif is_moment(kind):
            found.cells = _without_midnight(found.cells, kind)
    if column.unit is not None and odd is None:
        _in_our_unit(found, column.unit, kind)
    if column.prefix:
        found.cells = column.prefix + text_of(found.cells)
    if column.default is not None:
        found.cells = text_of(found.cells)
        found.cells = found.cells.set(found.cells.is_null() & ~found.faulty, column.default)
    return found


def _without_midnight(cells: pl.Series, kind: dy.Column) -> pl.Series:
    if isinstance(kind, dy.Date) and cells.dtype == pl.String:
        return cells.str.replace(_MIDNIGHT, "$1")
    return cells


def _joined(cells: list[pl.Series], kind: dy.Column, join: str) -> pl.Series:
    texts = [text_of(cell) for cell in cells]
    if len(texts) == 1:
        return texts[0]
    if is_moment(kind):
        # Day and time of day in two cells: a spreadsheet gives the day a midnight.
        texts = [texts[0].str.replace(_MIDNIGHT, "$1"), *texts[1:]]
    frame = pl.DataFrame({str(number): text for number, text in enumerate(texts)})
    whole = frame.select(pl.concat_str(pl.all(), separator=join)).to_series()
    return whole.alias(texts[0].name)


def _pieces(found: Read, column: Column) -> None:
    if column.part is not None:
        piece = found.cells.str.split(column.separator).list.get(column.part - 1, null_on_oob=True)
        text = f"has no piece {column.part}, parted by {column.separator!r}"
        piece = piece.str.strip_chars()
        found.check(piece.set(piece == "", None), "mapping_part", text)
    if column.pattern is not None:
        kept = found.cells.str.extract(column.pattern, 1)
        found.check(kept, "mapping_pattern", f"does not match the pattern {column.pattern}")


def _decode(found: Read, codes: Book | Lookup, pairs: Pairs) -> None:
    known = codes.frame() if isinstance(codes, Book) else pairs(codes)
    cells = found.cells.str.strip_chars()
    cells = cells.set(cells == "", None).alias("code")
    joined = cells.to_frame().join(known, on="code", how="left", maintain_order="left")
    terms, meant = joined["term"].alias(found.cells.name), cells.is_in(known["code"].implode())
    lost = cells.is_not_null() & ~meant
    if lost.any():
        name = codes.name if isinstance(codes, Book) else f"{codes.table}.{codes.source}"
        shown = listed(known["code"], _SHOWN_CODES) or "none"
        text = f"' is not among the codes {name}: {shown}; add it to the codes of the mapping"
        if isinstance(codes, Lookup):
            text = f"' is in no row of {name}; add it there"
        message = "'" + cells + text
        width = int(known["code"].str.len_chars().max() or 0)  # type: ignore[arg-type]
        bare = cells.str.zfill(width).is_in(known["code"].implode()) & cells.str.contains(r"^\d+$")
        hint = f", or say digits = {width} if zeros got lost"
        message = (message + hint).zip_with(lost & bare, message)
        found.wrong.append((lost, "mapping_code", message))
    found.cells = terms.set(terms == "", None)


def _moments(found: Read, formats: tuple[str, ...], kind: dy.Column) -> None:
    text = found.cells
    first, *others = [parsed(text, format, kind) for format in formats]
    after = first
    for other in others:
        after = after.fill_null(other)
    found.check(after, "mapping_format", f"does not look like {' or '.join(formats)}")


def _in_our_unit(found: Read, unit: str, kind: dy.Column) -> None:
    factor = units_of(kind)[unit]
    text = found.cells
    numbers = text.cast(pl.Float64, strict=False)
    found.check(numbers, "type", f"must be a number, of {unit}; ours {wanted(kind)}")
    ours = scaled(numbers, factor)
    # 2.3 hours are 138 minutes, whatever floats make of it.
    found.cells = ours.round(9) if isinstance(kind, dy.Int64) else ours


def scaled(numbers: pl.Series, factor: Fraction) -> pl.Series:
    """Multiply by a fraction, rounded once: 95 hundredths are 0.95.

    By NumPy, since Polars multiplies by what is 1 over the divisor.
    """
    values = numbers.to_numpy() * factor.numerator / factor.denominator
    return pl.Series(numbers.name, values).set(numbers.is_null(), None)


def parsed(text: pl.Series, format: str, kind: dy.Column) -> pl.Series:
    """Read text in one format; null where it is in another."""
    if isinstance(kind, dy.Date):
        return text.str.to_date(format, strict=False)
    if isinstance(kind, dy.Time):
        return text.str.to_time(format, strict=False)
    return text.str.to_datetime(format, time_unit="us", strict=False)


def lost_by(format: str, kind: dy.Column) -> str | None:
    """Say what a format does not tell of a day or time; None if it tells all."""
    whole, example = _WHOLE.get(type(kind), (_SAMPLE, "%Y/%m/%d %H:%M"))
    try:
        again = parsed(pl.Series([_SAMPLE]).dt.strftime(format), format, kind).item()
    except pl.exceptions.PolarsError:
        again = None
    return None if again == whole else f"does not tell {whole} whole; write for instance {example}"


def typed(cells: pl.Series, kind: dy.Column) -> pl.Series:
    """Return what a column holds as such, whether it comes as text or not; null where it is none.

    A time with an offset is none, since it may be in another zone than the store's clock.
    """
    if cells.dtype != pl.String:
        return cells
    if isinstance(kind, dy.Datetime):
        return cells.to_frame().select(local_time(pl.first())).to_series()
    if isinstance(kind, dy.Date):
        return cells.str.to_date("%Y-%m-%d", strict=False)
    if isinstance(kind, dy.Time):
        return cells.str.slice(0, 5).str.to_time("%H:%M", strict=False)
    return cells.cast(kind.dtype, strict=False)
