"""Faults of the tables, as a table: one row per failing cell, in the layout of `DataError`."""

from collections.abc import Callable, Iterable

import polars as pl

from matching.errors import FAULT_SCHEMA, SHOWN_CHARACTERS, DataError
from matching.guards.characters import unseen

# A message for all cells, or a function that makes one for each.
Message = str | Callable[[pl.Series], pl.Series]

# Rules of a whole row: the columns they look at and what they say.
ROW_RULES: dict[str, tuple[tuple[str, ...], str]] = {
    "lat_and_lon": (("lat", "lon"), "give both or neither"),
    "until_not_before_from": (("valid_from", "valid_until"), "valid_until is before valid_from"),
    "dated_or_weekly": (
        ("start", "end", "weekday", "start_time", "end_time"),
        "give start and end, or weekday, start_time and end_time, not a mixture",
    ),
    "end_after_start": (
        ("start", "end"),
        "the end must be after the start; past midnight it has the date of the next day",
    ),
    "latest_start_not_before_start": (
        ("start", "latest_start"),
        "latest_start must not be before start; it is the last moment at which the service may "
        "start, and start and end are its times at the earliest",
    ),
    "starts_within_a_week": (
        ("start", "latest_start"),
        "a window of starts must not be longer than seven days; write one row for each week",
    ),
    "end_time_after_start_time": (
        ("start_time", "end_time"),
        "the end must be after the start; split a window that crosses midnight in two",
    ),
    "max_in_days_and_in_days": (
        ("max_in_days", "in_days"),
        "the two go together: at most 9 services in any 14 days are max_in_days 9 and in_days 14; "
        "give both or neither",
    ),
    "min_seats_within_seats": (("min_seats", "seats"), "min_seats cannot exceed seats"),
    "request_or_menu_item": (("request_id", "menu_item"), "give exactly one of the two"),
    "asks_for_something": (("min_people", "per_people"), "give at least one of the two"),
    "weight_or_never": (("weight", "never"), "give a weight, or set never to true"),
    "has_a_mark": (
        ("punctuality", "attitude", "professionalism"),
        "give at least one of the three",
    ),
    "minutes_or_all": (("kind", "minutes"), "give minutes; only transfer_in may leave them out"),
    "holder_or_pool": (("account", "account_id"), "give account_id, or let account be pool"),
    "gift_has_receiver": (("kind", "to_id"), "a gift needs to_id: whom it is for"),
    "transfer_has_region": (("kind", "to_region"), "a transfer needs to_region: where it goes"),
    "two_relatives": (("volunteer_id", "relative_id"), "nobody is a relative of themselves"),
    "ends_not_before_starts": (("starts", "ends"), "ends is before starts"),
    "two_people": (("volunteer_a", "volunteer_b"), "a pair needs two different volunteers"),
    "names_its_volunteer": (
        ("event", "volunteer_id"),
        "an event of an offer names its volunteer, and an event of the whole order names none",
    ),
    "answers_for_themselves": (
        ("actor_role", "actor_id", "volunteer_id"),
        "volunteers answer for themselves: actor_id and volunteer_id must be the same; who writes "
        "down what somebody said is centre or organisation",
    ),
    "says_who_told_it": (
        ("event", "actor_role", "reason"),
        "nobody is assigned without their word: accepted, written down by anybody but the "
        "volunteer, says in reason who told it, as in 'by phone' or 'consent = accept'",
    ),
    "stands_until": (
        ("event", "at", "until"),
        "until is for offers, calls and opened alone, and lies after at",
    ),
}
# Rules of one column, by the names dataframely gives them.
COLUMN_RULES: dict[str, Message] = {
    "nullability": "a value is required",
    "nan": "is not a number; leave the cell empty if it is unknown",
    "inf": "must be finite; leave the cell empty if there is no limit",
    "max_length": "must not be longer than {max_length} characters",
    "min": "must be from {min} to {max}",
    "max": "must be from {min} to {max}",
    "check__not_a_spreadsheet_number": "looks like an id that a spreadsheet turned into a number; "
    "export the column as text",
    "check__no_outer_space": "remove the space before or after",
    "check__no_invisible_character": unseen,
}
CLOCK_SKIPS = "the clock skips or repeats this time in {time_zone}; add the offset, as in +08:00"
WINDOW_SKIPS = (
    "the clock skips or repeats one of these times in {time_zone} this week, or while its services "
    "last; give start and end with their offsets instead, as in 2026-11-30T09:00+08:00"
)


def no_faults() -> pl.DataFrame:
    """Return the empty table of faults."""
    return pl.DataFrame(schema=FAULT_SCHEMA)


def raise_any(faults: Iterable[pl.DataFrame]) -> None:
    """Raise a DataError of all faults, if there is one."""
    every = pl.concat([no_faults(), *faults])
    if every.height:
        raise DataError(every)


def fault(
    table: str,
    rule: str,
    message: str,
    *,
    row: int | None = None,
    column: str | None = None,
    value: str | None = None,
) -> pl.DataFrame:
    """Return one fault, as a table of one row."""
    if value is not None and len(value) > SHOWN_CHARACTERS:
        value = value[:SHOWN_CHARACTERS] + "..."
    return pl.DataFrame([[table, row, column, value, rule, message]], FAULT_SCHEMA, orient="row")


def faults_of(
    table: str, rows: pl.DataFrame, columns: tuple[str, ...], rule: str, message: Message
) -> pl.DataFrame:
    """Return a fault for each of the rows, showing what the columns hold there."""
    if rows.is_empty():
        return no_faults()
    cells = [_shown(rows, column) for column in columns]
    if len(columns) > 1:
        pairs = zip(columns, cells, strict=True)
        cells = [pl.concat_str(pl.lit(f"{c}="), cell.fill_null("")) for c, cell in pairs]
    value = pl.concat_str(cells, separator=", ") if len(cells) > 1 else cells[0]
    return rows.select(
        table=pl.lit(table),
        row=pl.col("row").cast(pl.Int64),
        column=pl.lit(", ".join(columns)),
        value=value,
        rule=pl.lit(rule),
        message=pl.lit(message) if isinstance(message, str) else message(_words(rows, columns[0])),
    )


def faults_at(
    table: str,
    raw: pl.DataFrame,
    rows: pl.Series,
    columns: tuple[str, ...],
    rule: str,
    message: Message,
) -> pl.DataFrame:
    """Return a fault for each numbered row, with the cells as they were read.

    Not as they were understood: a reader must find them in the file.
    """
    if rows.is_empty():
        return no_faults()
    absent = [pl.lit(None, dtype=pl.String).alias(c) for c in columns if c not in raw.columns]
    at_fault = raw.filter(pl.col("row").is_in(rows.implode())).with_columns(absent)
    return faults_of(table, at_fault, columns, rule, message)


def _words(rows: pl.DataFrame, column: str) -> pl.Series:
    return rows[column].cast(pl.String)


def _shown(rows: pl.DataFrame, column: str) -> pl.Expr:
    kind = rows.schema[column]
    if kind.is_nested() or kind in (pl.Object, pl.Binary, pl.Duration):
        return pl.lit(f"({kind})")
    return shorten(pl.col(column).cast(pl.String))


def shorten(cell: pl.Expr) -> pl.Expr:
    """Cut text to the length shown of a cell."""
    long = cell.str.len_chars() > SHOWN_CHARACTERS
    return pl.when(long).then(cell.str.head(SHOWN_CHARACTERS) + "...").otherwise(cell)
