"""``matching plan``: the best week; of a nation, the weeks of its regions."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from matching.cli import arguments as arg
from matching.cli.conduct import interruptible, reads_sheets, say, teaching, tell
from matching.cli.given import edits_of, options_of, policy_of, print_json, sink_of, week_of
from matching.cli.language import Language, LanguageOption, language_of
from matching.guards.defaults import RELATIVE_GAP, TIME_LIMIT_SECONDS, WORKERS
from matching.guards.urls import is_url, shown, shown_option

if TYPE_CHECKING:
    import polars as pl

    from matching.reports.edits import Edits


def plan(
    tables: arg.TablesArgument,
    out: Annotated[str, arg.option("Folder, .zip, .xlsx or URL for the plan", "WHERE")],
    week: arg.WeekOption = None,
    policy: arg.PolicyOption = None,
    mapping: arg.MappingOption = None,
    time_limit: Annotated[
        float, arg.search("Seconds to search; for each region, if there are", "SECONDS")
    ] = TIME_LIMIT_SECONDS,
    gap: Annotated[
        float, arg.search("Relative gap that is good enough; 0: until proved best", "SHARE")
    ] = RELATIVE_GAP,
    workers: Annotated[
        int, arg.search("Threads; with regions, processes", "N", min=1, max=256)
    ] = WORKERS,
    seed: Annotated[int, arg.search("Same seed, same plan", "N")] = 0,
    on_error: arg.OnErrorOption = "raise",
    pins: arg.PinsOption = None,
    force: Annotated[
        bool,
        arg.option(
            "Take the place of another week's plan, or of a fuller one by an empty", None, "--force"
        ),
    ] = False,
    language: LanguageOption = None,
    json: arg.JsonOption = False,
    format: arg.FormatOption = None,
    option: arg.OptionOption = None,
    out_option: arg.OutOptionOption = None,
) -> None:
    """Make the week's plan: write plan, unfilled, prices and the summary to WHERE.

    Without --week, the week that starts next Monday.
    A folder of folders region=CODE is planned region by region, as many at once as workers.
    Ctrl-C ends the search with the best plan so far (exit status 130); a second one abandons it.
    With regions the first abandons it: nothing is written.
    """
    start, spoken = time.perf_counter(), language_of(language)
    if not is_url(tables) and any(Path(tables).glob("region=*/")):
        with teaching(json) as outcome:
            from matching.cli.nation import plan_regions, refuse

            refuse(
                mapping=mapping,
                pins=pins,
                format=format,
                option=option,
                out_option=out_option,
                on_error=on_error != "raise",
            )
            search = {"time_limit": time_limit, "gap": gap, "seed": seed}
            plan_regions(
                tables,
                out,
                week_of(week),
                policy_of(policy),
                workers,
                json=json,
                force=force,
                search=search,
                outcome=outcome,
                language=spoken,
            )
        return
    with teaching(json) as outcome, _about_errors(tables, pins), interruptible() as interrupted:
        from matching.cli.ticker import Ticker

        with Ticker(time_limit=time_limit, gap=gap) as ticker:
            edits = None if pins is None else edits_of(pins, week)
            monday = week_of(week) if edits is None or edits.week is None else edits.week
            options = options_of(option)
            from matching.cli.weekly import plan_week
            from matching.reports.origin import Origin
            from matching.stores.mapping import mapped_source

            frames, summary = plan_week(
                mapped_source(tables, mapping, monday, **options),
                sink_of(out, format, out_option, mapping),
                monday,
                policy_of(policy),
                Origin.of(tables, options, on_error, mapping),
                edits,
                where=shown(out),
                force=force,
                language=spoken,
                ticker=ticker,
                outcome=outcome,
                time_limit=time_limit,
                gap=gap,
                workers=workers,
                seed=seed,
                interrupted=interrupted,
            )
        summary["timings"] |= ticker.timings
        if json:
            told = {} if edits is None else {"changes": _changes(edits, frames["plan"])}
            print_json(summary | told)
        else:
            from matching.cli.terminal import say_next, show_plan

            show_plan(frames, summary, shown(out), time.perf_counter() - start, spoken)
            if edits is not None:
                say(_counted(pins, spoken, **summary["pins"]))
                _say_changes(edits, frames["plan"])
            if summary["filled"]:
                commands = _next_commands(tables, out, mapping, option, pins, on_error)
                say_next(*commands, language=spoken)
        if interrupted():
            raise typer.Exit(130)


def _changes(edits: Edits, plan: pl.DataFrame) -> list[dict[str, Any]]:
    from matching.reports.telling import changes_of

    return changes_of(edits, plan).to_dicts()


def _say_changes(edits: Edits, plan: pl.DataFrame) -> None:
    """Say who is told what, which a workbook that was edited is for."""
    from matching.reports.telling import changes_of, lines_of

    for line in lines_of(edits, changes_of(edits, plan)):
        say(line)


def _counted(
    pins: Path | None, language: Language, kept: int, added: int, set_aside: int, taken_off: int
) -> str:
    """Say what became of the rows of an edited workbook."""
    from matching.cli.words import words

    said = words(language)
    aside = said["edited_aside"].format(set_aside=f"{set_aside:,}") if set_aside else ""
    counts = {"kept": f"{kept:,}", "added": f"{added:,}", "taken_off": f"{taken_off:,}"}
    return said["edited_rows"].format(pins=pins, aside=aside, **counts)


def _next_commands(
    tables: str,
    out: str,
    mapping: Path | None,
    option: list[str] | None,
    pins: Path | None,
    on_error: arg.OnError,
) -> tuple[list[str], list[str]]:
    """Return the commands that check and show the plan, told what the plan was told."""
    mapped = ["--mapping", str(mapping)] if mapping else []
    check = ["matching", "check", shown(tables), shown(out), *mapped]
    for text in option or []:
        check += ["--option", shown_option(text)]
    if pins is not None:
        check += ["--pins", str(pins)]
    if on_error == "quarantine":
        check += ["--on-error", on_error]
    return check, ["matching", "report", shown(out), *mapped, "--out", "plan.html"]


@contextmanager
def _about_errors(tables: str, workbook: Path | None) -> Iterator[None]:
    """Say what to do where an edit breaks something, or no table is as the contract has it."""
    from matching.errors import DataError
    from matching.schema import NEEDED

    try:
        yield
    except DataError as error:
        whole = error.faults.filter(error.faults["row"].is_null())
        if {*NEEDED} <= {*whole["table"]} and not is_url(tables):
            tell(reads_sheets(tables).strip(), "yellow")
        if workbook is not None:
            tell(
                f"nothing was planned; mend {workbook}, or leave these rows out with --on-error "
                "quarantine: the table faults then lists them all",
                "yellow",
            )
        raise
