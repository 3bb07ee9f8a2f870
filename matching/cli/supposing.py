"""``matching what-if``: what becomes of a plan if tables or the policy change."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from matching.cli import arguments as arg
from matching.cli.answering import answer, check_file
from matching.cli.conduct import teaching
from matching.cli.language import LanguageOption, language_of
from matching.guards.defaults import TIME_LIMIT_SECONDS

if TYPE_CHECKING:
    import polars as pl

    from matching.answers.sentences import Language


def what_if(
    plan: Annotated[str, typer.Argument(help="Folder or URL that holds a plan with its prices")],
    change: Annotated[
        list[Path],
        arg.option(
            "A folder or workbook with a table for each that changes, one such file, or policy "
            "keys in TOML; once for each",
            "FILE",
        ),
    ],
    time_limit: Annotated[
        float, arg.search("Seconds of each of two searches", "SECONDS")
    ] = TIME_LIMIT_SECONDS,
    language: LanguageOption = None,
    out: arg.OutFileOption = None,
    json: arg.JsonOption = False,
    tables: arg.TablesOption = None,
    week: arg.WeekOption = None,
    policy: arg.PolicyOption = None,
    mapping: arg.MappingOption = None,
    option: arg.OptionOption = None,
    out_option: arg.OutOptionOption = None,
) -> None:
    """Say what becomes of a plan if tables or the policy change: who serves otherwise, and why.

    Each table of a change has a column action: add, change (cells that are empty stay) or remove.
    Nothing is written over the plan or its tables, which are those that its summary remembers,
    unless given.
    """
    with teaching(json) as outcome:
        from matching.cli.ticker import Ticker

        check_file(out)
        with Ticker(("read", "check", "pair", "solve"), time_limit=2 * time_limit) as ticker:
            from matching.answers.what_if import what_if as supposed
            from matching.cli.opened import saved_of
            from matching.reports.reopening import reopened

            tabled, keys = _changes(change)
            saved = saved_of(ticker, plan, tables, week, policy, mapping, option, out_option)
            ticker.announce("validate")
            result = reopened(saved.problem(), saved.output, ticker.announce)
            ticker.announce("flow")
            found = supposed(result, saved.tables, tabled, keys, time_limit=time_limit)
        summaries = {"before": result.summary(), "after": found.result.summary()}
        spoken = language_of(language)
        sentences = _sentences(found.tables, spoken)
        answer(found.tables, sentences, "", out, json, outcome, summaries, spoken)


def _changes(paths: list[Path]) -> tuple[dict[str, pl.DataFrame], dict[str, object]]:
    """Read changes from several places; each table from one."""
    from matching.errors import UsageError
    from matching.stores.changes import read_changes

    tabled: dict[str, pl.DataFrame] = {}
    keys: dict[str, object] = {}
    for path in paths:
        more, policy = read_changes(path)
        for name in more.keys() & tabled.keys() | policy.keys() & keys.keys():
            raise UsageError(f"--change {path}: {name} changes in another place too; put it in one")
        tabled |= more
        keys |= policy
    return tabled, keys


def _sentences(tables: dict[str, pl.DataFrame], language: Language) -> Iterator[str]:
    """Yield what was done, which figures of the summaries changed, and who serves otherwise."""
    import polars as pl

    from matching.answers.change_sentences import change_sentences
    from matching.answers.telling import said

    yield from said(tables["done"], lambda row: f"done_{row['action']}", language)
    figures = tables["summaries"].filter(pl.col("before") != pl.col("after"))
    figures = figures.with_columns(pl.col("figure").str.replace_all("_", " "))
    yield from said(figures, "summary_figure", language)
    yield from change_sentences(tables["changes"], language)
