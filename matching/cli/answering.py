"""How commands give answers: sentences at a terminal, one table as a file, or all as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from matching.cli.conduct import MAX_ROWS_IN_JSON, Outcome, say
from matching.cli.given import print_json
from matching.cli.language import Language
from matching.guards.harmless import one_line

if TYPE_CHECKING:
    import polars as pl

_SHOWN = 40


def check_file(out: Path | None) -> None:
    """Refuse a name that tells no format, before anything is worked out."""
    from matching.errors import UsageError
    from matching.stores.files.formats import FORMATS, format_of

    if out is not None and format_of(out) is None:
        raise UsageError(f"--out {out}: end the name in .{', .'.join(FORMATS)}")


def write_table(name: str, frame: pl.DataFrame, out: Path | None, outcome: Outcome) -> None:
    """Write a table to a file, if one is named."""
    if out is None:
        return
    from matching.stores.files.formats import format_of, write_file
    from matching.stores.files.whole import replacing

    with outcome.writing(out), replacing(out) as place:
        write_file(name, frame, place, format_of(out) or "csv")


def print_tables(tables: Mapping[str, pl.DataFrame], **more: object) -> None:
    """Print the first rows of tables as JSON, how many each has, and what there is beside them."""
    rows = {name: frame.height for name, frame in tables.items()}
    shown = {n: frame.head(MAX_ROWS_IN_JSON).to_dicts() for n, frame in tables.items()}
    print_json({**shown, **more, "rows": rows})


def answer(
    tables: Mapping[str, pl.DataFrame],
    sentences: Iterable[str],
    nothing: str,
    out: Path | None,
    json: bool,
    outcome: Outcome,
    more: Mapping[str, object] | None = None,
    language: Language = "en",
) -> None:
    """Write the first table to a file, if one is named; print all tables, or the sentences.

    Parameters
    ----------
    tables : Mapping of str to polars.DataFrame
    sentences : iterable of str
    nothing : str
        What is said where there are no sentences.
    out : pathlib.Path or None
    json : bool
    outcome : Outcome
    more : Mapping, optional
        What JSON has beside tables.
    language : {"en", "zh"}
        Of what is said beside the sentences.
    """
    from matching.cli.words import words

    said = words(language)
    name, frame = next(iter(tables.items()))
    write_table(name, frame, out, outcome)
    if json:
        written = {} if out is None else {"written": str(out)}
        print_tables(tables, **(more or {}), **written)
        return
    if out is not None:
        say(said["rows_written"].format(rows=f"{frame.height:,}", out=out))
        return
    texts = iter(sentences)
    shown_texts = list(islice(texts, _SHOWN))
    for text in shown_texts or [nothing]:
        say(one_line(text))
    if rest := sum(1 for _ in texts):
        say(said["more_lines"].format(more=f"{rest:,}"))
