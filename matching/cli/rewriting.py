"""What commands do with a saved plan made anew: mind its place, write it, say its end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from matching.cli.conduct import Outcome, say

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    import polars as pl

    from matching.answers.sentences import Language
    from matching.reports.saved import Saved
    from matching.result import Result


def check_place(sink: object, out: object, week: date) -> None:
    """Refuse to take the place of another week's plan."""
    from matching.guards.urls import shown
    from matching.stores import earlier

    earlier.check_place(sink, shown(out), week, knows_changes=True)


def write_changed(
    sink: Any,
    out: str,
    result: Result,
    changes: Mapping[str, pl.DataFrame],
    saved: Saved,
    outcome: Outcome,
    figures: Mapping[str, Any] | None = None,
) -> None:
    """Write the new plan, which remembers what happened; its summary has the figures, too."""
    from dataclasses import replace as with_other

    from matching.guards.urls import shown

    rows = {name: frame.to_dicts() for name, frame in changes.items() if frame.height}
    more = (rows,) if rows else ()
    origin = with_other(saved.origin, changes=(*saved.origin.changes, *more))
    frames, summary = result.output()
    summary |= figures or {}
    summary["source"] = origin.to_json()
    with outcome.writing(shown(out)):
        sink.write_result(frames, summary)


def say_end(result: Result, out: str | None, language: Language) -> None:
    """Say how full the week is, and whether anything was written."""
    from matching.answers.sentences import texts_in
    from matching.cli.terminal import first_line
    from matching.guards.urls import shown

    texts = texts_in(language)
    say(first_line(result.summary(), language))
    text = texts["not_written" if out is None else "written"]
    say(text.format(where="" if out is None else shown(out)))
