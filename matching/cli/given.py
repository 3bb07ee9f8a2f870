"""What commands make of what they are given: options, weeks, policies, plans."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from matching.cli.conduct import say
from matching.guards.extras import needing
from matching.guards.urls import shown_option

if TYPE_CHECKING:
    from matching.policy import Policy
    from matching.reports.edits import Edits
    from matching.stores.registry import Sink


def print_json(content: dict[str, Any]) -> None:
    """Write an object for machines."""
    from matching.stores.results import json_of

    say(json_of(content), end="")


def options_of(given: list[str] | None) -> dict[str, str]:
    """Return the options of stores by name."""
    from matching.errors import UsageError

    wrong = [text for text in given or [] if "=" not in text]
    if wrong:
        text = shown_option(wrong[0])
        raise UsageError(f"option {text!r}: write it as NAME=VALUE, as encoding=gb18030")
    pairs = (text.partition("=") for text in given or [])
    return {name: value for name, _, value in pairs}


def sink_of(
    out: str, format: str | None, options: list[str] | None, mapping: Path | None = None
) -> Sink:
    """Open the store that a command writes to."""
    from matching.stores.mapping import mapped_sink

    named = {} if format is None else {"format": format}
    return mapped_sink(out, mapping, **named, **options_of(options))


def week_of(text: str | None) -> date:
    """Return the Monday that is named, or else the next."""
    from matching.guards.mondays import monday_of

    if text is None:
        today = date.today()
        return today + timedelta(days=7 - today.weekday())
    return monday_of(text)


def policy_of(path: Path | None, summary: dict[str, Any] | None = None) -> Policy:
    """Return the policy that is named, or else the one that a plan was made with."""
    from matching.policy import Policy

    return Policy.from_summary(summary or {}) if path is None else Policy.from_toml(path)


def edits_of(workbook: Path, week: str | None) -> Edits:
    """Read an edited workbook; it must be of the week that is named."""
    from matching.errors import UsageError

    with needing("an edited workbook"):
        from matching.reports.edits import read_edits
    edits = read_edits(workbook)
    if week is not None and edits.week not in (None, week_of(week)):
        raise UsageError(
            f"{workbook} holds the week of {edits.week}, and --week says {week}; leave --week out, "
            "or name the workbook of that week"
        )
    if week is None and edits.week is None:
        raise UsageError(f"{workbook} does not say its week: add --week, as in 2026-11-30")
    return edits
