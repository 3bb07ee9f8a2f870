"""The ledger as text for Beancount, which keeps double entry and checks it by itself."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

_ROOT = {
    "person": "Assets:Person",
    "organisation": "Assets:Organisation",
    "pool": "Assets:Pool",
    "transfer": "Assets:Transfer",
    "region": "Equity:Region",
}
_META = ("record_id", "to_id", "request_id")
# Rows of text at a time.
_ROWS = 100_000


def beancount(postings: pl.DataFrame) -> Iterator[str]:
    """Return the text, piece by piece: accounts, transactions, and balances at the end.

    Parameters
    ----------
    postings : polars.DataFrame
        Whole, in the order in which they were posted.
    """
    yield '; Minutes of a time bank.\noption "title" "Time bank"\n\n'
    named = postings.with_columns(_account=_account(), _day=pl.col("at").dt.strftime("%Y-%m-%d"))
    accounts = named.group_by("_account").agg(
        pl.col("_day").min(),
        pl.col("minutes").sum(),
        _after=(pl.col("at").max().dt.date() + pl.duration(days=1)).dt.strftime("%Y-%m-%d"),
        _whose=pl.col("account_id").first(),
    )
    accounts = accounts.sort("_account")
    yield from _lines(
        accounts, pl.format("{} open {} MIN\n  holder: {}\n", "_day", "_account", _quoted("_whose"))
    )
    yield "\n"
    first = pl.col("transaction_id").is_first_distinct()
    meta = [
        pl.when(pl.col(name).is_not_null())
        .then(pl.format("  " + name + ": {}\n", _quoted(name)))
        .otherwise(pl.lit(""))
        for name in _META
    ]
    head = pl.concat_str(
        pl.format("\n{} * {} {}\n", "_day", _quoted("kind"), _quoted("transaction_id")), *meta
    )
    leg = pl.format(
        '  {}  {} MIN\n    earned: "{}"\n',
        "_account",
        "minutes",
        pl.col("earned").dt.strftime("%Y-%m"),
    )
    named = named.with_columns(_head=first)
    text = pl.concat_str(pl.when("_head").then(head).otherwise(pl.lit("")), leg)
    yield from _lines(named, text)
    yield "\n"
    yield from _lines(
        accounts, pl.format("{} balance {} {} MIN\n", "_after", "_account", "minutes")
    )


def _account() -> pl.Expr:
    """Return names that Beancount takes; two accounts never share one."""
    root = pl.col("account").replace_strict(_ROOT)
    return pl.concat_str(root, _part("region"), _part("account_id"), separator=":")


def _part(name: str) -> pl.Expr:
    """Return an id as a part of a name: as it is after N-, or its bytes as hexadecimal after X-."""
    plain = pl.col(name).str.contains("^[0-9A-Za-z-]+$")
    hexadecimal = pl.col(name).cast(pl.Binary).bin.encode("hex")
    return (
        pl.when(plain)
        .then(pl.concat_str(pl.lit("N-"), name))
        .otherwise(pl.concat_str(pl.lit("X-"), hexadecimal))
    )


def _quoted(name: str) -> pl.Expr:
    text = pl.col(name).cast(pl.String)
    text = text.str.replace_all("\\", "\\\\", literal=True).str.replace_all(
        '"', '\\"', literal=True
    )
    return pl.concat_str(pl.lit('"'), text, pl.lit('"'))


def _lines(frame: pl.DataFrame, text: pl.Expr) -> Iterator[str]:
    for part in frame.iter_slices(_ROWS):
        yield "".join(part.select(text).to_series())
