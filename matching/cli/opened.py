"""A saved plan, as the result that answers are asked of."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from matching.cli.given import options_of, policy_of, week_of

if TYPE_CHECKING:
    from matching.answers.desk import Desk
    from matching.cli.ticker import Ticker
    from matching.reports.saved import Saved
    from matching.result import Result


def opened(
    ticker: Ticker,
    plan: str,
    tables: str | None,
    week: str | None,
    policy: Path | None,
    mapping: Path | None,
    option: list[str] | None,
    out_option: list[str] | None,
) -> Result:
    """Read a plan, and its tables from where its summary says; it must keep every rule."""
    from matching.reports.reopening import reopened

    saved = saved_of(ticker, plan, tables, week, policy, mapping, option, out_option)
    ticker.announce("validate")
    return reopened(saved.problem(), saved.output, ticker.announce)


def saved_of(
    ticker: Ticker,
    plan: str,
    tables: str | None,
    week: str | None,
    policy: Path | None,
    mapping: Path | None,
    option: list[str] | None,
    out_option: list[str] | None,
) -> Saved:
    """Read a plan, and its tables as they are."""
    from matching.reports.saved import saved_tables

    return saved_tables(
        plan,
        tables,
        None if week is None else week_of(week),
        None if policy is None else policy_of(policy),
        mapping,
        options_of(option),
        options_of(out_option),
        ticker.announce,
    )


def desk_of(
    plan: str,
    tables: str | None,
    week: str | None,
    policy: Path | None,
    mapping: Path | None,
    option: list[str] | None,
    out_option: list[str] | None,
) -> Desk:
    """Open the desk of a plan and its tables."""
    from matching.reports.saved import open_desk

    return open_desk(
        plan,
        tables,
        None if week is None else week_of(week),
        None if policy is None else policy_of(policy),
        mapping,
        options_of(option),
        options_of(out_option),
    )
