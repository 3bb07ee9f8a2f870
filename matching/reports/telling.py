"""Who is told what, after rosters were edited and planned anew."""

from __future__ import annotations

import polars as pl

from matching.guards.harmless import one_line
from matching.reports.edits import PAIR, Edits

KINDS = ("no_longer", "comes", "moves")
_MOST = 40


def changes_of(edits: Edits, plan: pl.DataFrame) -> pl.DataFrame:
    """Return what changed between the rosters as they were written and a plan.

    Parameters
    ----------
    edits : Edits
    plan : polars.DataFrame
        The table ``plan`` that was made with them.

    Returns
    -------
    polars.DataFrame
        ``volunteer_id``, ``request_id``, ``change`` (one of `KINDS`), ``post_before``,
        ``start_before``, ``end_before``, ``post``, ``start`` and ``end``; by person and time.
        Nothing where the workbook has lost what it was written with.
    """
    known = edits.original.height > 0 or edits.week is not None
    before = edits.original.select(
        *PAIR,
        post_before="post",
        start_before=pl.col("day").dt.combine(pl.col("start")),
        end_before=pl.col("day").dt.combine(pl.col("end")),
        was=True,
    )
    after = plan.select(*PAIR, "post", "start", "end", comes=True)
    both = before.join(after, on=PAIR, how="full", coalesce=True)
    moved = (pl.col("start") != pl.col("start_before")) | (pl.col("post") != pl.col("post_before"))
    change = (
        pl.when(pl.col("comes").is_null())
        .then(pl.lit("no_longer"))
        .when(pl.col("was").is_null())
        .then(pl.lit("comes"))
        .when(moved)
        .then(pl.lit("moves"))
    )
    both = both.with_columns(change=change, at=pl.coalesce("start", "start_before"))
    both = both.drop_nulls("change") if known else both.clear()
    columns = ("change", "post_before", "start_before", "end_before", "post", "start", "end")
    return both.sort("volunteer_id", "at", "request_id").select(*PAIR[::-1], *columns)


def lines_of(edits: Edits, changes: pl.DataFrame) -> list[str]:
    """Return the changes as lines, in the language and the names of the workbook."""
    said = edits.words.changes
    if changes.is_empty():
        return [said["nobody"]]
    people = changes["volunteer_id"].n_unique()
    lines = [said["people"].format(people=f"{people:,}")]
    services = edits.services()
    for row in changes.head(_MOST).iter_rows(named=True):
        when = f"{row['start'] or row['start_before']:%Y-%m-%d %H:%M}"
        what = services.get(row["request_id"], row["request_id"])
        text = said[row["change"]].format(
            who=edits.names.get(row["volunteer_id"], row["volunteer_id"]),
            what=what if what == row["request_id"] else f"{what} ({row['request_id']})",
            when=when,
            before=f"{row['start_before']:%Y-%m-%d %H:%M}" if row["start_before"] else "",
        )
        lines.append("  " + one_line(text))
    if changes.height > _MOST:
        lines.append("  " + said["more"].format(more=f"{changes.height - _MOST:,}"))
    return lines
