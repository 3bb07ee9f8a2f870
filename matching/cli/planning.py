"""``matching plan``: the best week, or a nation's weeks region by region."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from matching.cli.arguments import (
    SEARCH,
    FormatOption,
    JsonOption,
    MappingOption,
    OnError,
    OnErrorOption,
    OptionOption,
    OutOptionOption,
    PinsOption,
    PolicyOption,
    TablesArgument,
    WeekOption,
)
from matching.cli.conduct import interruptible, say, teaching, tell
from matching.cli.given import edits_of, options_of, policy_of, print_json, week_of
from matching.guards.defaults import RELATIVE_GAP, TIME_LIMIT_SECONDS, WORKERS
from matching.guards.urls import is_url, shown, shown_option


def plan(
    tables: TablesArgument,
    out: Annotated[
        str, typer.Option(help="Folder, .zip, .xlsx or URL for the plan", metavar="WHERE")
    ],
    week: WeekOption = None,
    policy: PolicyOption = None,
    mapping: MappingOption = None,
    time_limit: Annotated[
        float,
        typer.Option(
            help="Seconds to search; for each region, if there are",
            min=0,
            metavar="SECONDS",
            rich_help_panel=SEARCH,
        ),
    ] = TIME_LIMIT_SECONDS,
    gap: Annotated[
        float,
        typer.Option(
            help="Relative gap that is good enough; 0: until proved best",
            min=0,
            metavar="SHARE",
            rich_help_panel=SEARCH,
        ),
    ] = RELATIVE_GAP,
    workers: Annotated[
        int,
        typer.Option(
            help="Threads; with regions, processes",
            min=1,
            max=256,
            metavar="N",
            rich_help_panel=SEARCH,
        ),
    ] = WORKERS,
    seed: Annotated[
        int,
        typer.Option(help="Same seed, same plan", min=0, metavar="N", rich_help_panel=SEARCH),
    ] = 0,
    on_error: OnErrorOption = OnError.refuse,
    pins: PinsOption = None,
    force: Annotated[
        bool,
        typer.Option(
            "--force", help="Take the place of another week's plan, or of a fuller one by an empty"
        ),
    ] = False,
    json: JsonOption = False,
    format: FormatOption = None,
    option: OptionOption = None,
    out_option: OutOptionOption = None,
) -> None:
    """Make the week's plan: write plan, unfilled, prices and the summary to WHERE.

    Without --week, the week that starts next Monday.
    A folder of folders region=CODE is planned region by region, as many at once as workers.
    Ctrl-C ends the search with the best plan so far (exit status 130); a second one abandons it.
    With regions the first abandons it: nothing is written.
    """
    if not is_url(tables) and any(Path(tables).glob("region=*/")):
        with teaching(json):
            _refuse_of_a_nation(
                mapping=mapping,
                pins=pins,
                format=format,
                option=option,
                out_option=out_option,
                on_error=on_error is not OnError.refuse,
            )
            _plan_nation(tables, out, week, policy, time_limit, gap, workers, seed, json, force)
        return
    start = time.perf_counter()
    with teaching(json) as outcome, _about_edits(pins), interruptible() as interrupted:
        from matching.cli.ticker import Ticker

        with Ticker(time_limit=time_limit, gap=gap) as ticker:
            from matching.cli.terminal import say_next, show_plan
            from matching.engine import solve
            from matching.problem import Problem
            from matching.reports.origin import Origin
            from matching.stores.earlier import check_place, check_requests
            from matching.stores.mapping import mapped_sink, mapped_source

            edits = None if pins is None else edits_of(pins, week)
            monday = week_of(week) if edits is None or edits.week is None else edits.week
            source = mapped_source(tables, mapping, monday, **options_of(option))
            written = {} if format is None else {"format": format.value}
            sink = mapped_sink(out, mapping, **written, **options_of(out_option))
            ticker.say("read")
            if not force:
                check_place(sink, shown(out), monday)
            raw = source.read_tables()
            ticker.say("validate")
            problem = Problem.from_tables(raw, monday, policy_of(policy), on_error.value)
            aside = problem.set_aside().get("requests", 0)
            check_requests(monday, len(problem.requests), problem.left_out, aside)
            del raw
            if edits is not None:
                from matching.reports.repinning import repinned

                edited = repinned(problem, edits)
                problem = edited.problem
            result = solve(
                problem,
                time_limit=time_limit,
                gap=gap,
                workers=workers,
                seed=seed,
                on_progress=ticker.tell,
                interrupted=interrupted,
            )
            if edits is not None and result.status in ("infeasible", "unknown"):
                wrong = edited.unserved()
                if wrong is not None:
                    raise wrong
            ticker.say("tables")
            frames, summary = result.output()
            ticker.say("write")
            if not force:
                check_place(sink, shown(out), monday, summary["filled"])
            if edits is not None:
                summary["pins"] = edited.counts()
            summary["timings"] |= ticker.timings
            origin = Origin.of(tables, options_of(option), on_error.value, mapping)
            summary["source"] = origin.to_json()
            with outcome.writing(shown(out)):
                sink.write_result(frames, summary)
        summary["timings"] |= ticker.timings
        if json:
            print_json(summary)
        else:
            show_plan(frames, summary, shown(out), time.perf_counter() - start)
            if edits is not None:
                kept, added, aside, off = edited.counts().values()
                told = f"{kept:,} kept, {added:,} new, {aside:,} set aside"
                say(f"rows of {pins}: {told}; {off:,} people taken off")
            if summary["filled"]:
                read = ["--mapping", str(mapping)] if mapping else []
                checked = [
                    *read,
                    *(w for text in option or [] for w in ("--option", shown_option(text))),
                ]
                if pins is not None:
                    checked += ["--pins", str(pins)]
                if on_error is OnError.quarantine:
                    checked += ["--on-error", on_error.value]
                say_next(
                    ("matching", "check", shown(tables), shown(out), *checked),
                    ("matching", "report", shown(out), *read, "--out", "plan.html"),
                )
        if interrupted():
            raise typer.Exit(130)


def _plan_nation(
    tables: str,
    out: str,
    week: str | None,
    policy: Path | None,
    time_limit: float,
    gap: float,
    workers: int,
    seed: int,
    json: bool,
    force: bool,
) -> None:
    """Plan a data set in regions, in as many processes as there are workers."""
    from matching.cli.terminal import show_nation
    from matching.errors import UsageError
    from matching.regions import clear, plan_nation
    from matching.stores.earlier import check_place
    from matching.stores.registry import PATH, adapter_name, open_sink

    if adapter_name(out) != PATH:
        raise UsageError(f"{shown(out)}: a plan in regions is written to a folder; name one")
    monday = week_of(week)
    if not force:
        check_place(open_sink(out), shown(out), monday)
    try:
        with _processes(workers) as executor:
            summary = plan_nation(
                tables,
                out,
                monday,
                policy_of(policy),
                executor=executor,
                time_limit=time_limit,
                gap=gap,
                seed=seed,
                told=lambda text: None if json else say(text, err=True),
            )
    except BaseException:
        clear(Path(out))  # once more, now that nobody writes any longer
        raise
    if json:
        print_json(summary)
    else:
        show_nation(summary, shown(out))


@contextmanager
def _processes(workers: int) -> Iterator[Executor | None]:
    """Give as many processes as there are workers, and end them at once where something fails."""
    import signal
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import active_children, get_context

    if workers == 1:
        yield None
        return
    # Fresh processes: a fork would take over the threads' locks. Ctrl-C is for this one to hear.
    others = set(active_children())
    with ProcessPoolExecutor(
        workers,
        mp_context=get_context("spawn"),
        initializer=signal.signal,
        initargs=(signal.SIGINT, signal.SIG_IGN),
    ) as pool:
        try:
            yield pool
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            for process in set(active_children()) - others:
                process.terminate()
            raise


def _refuse_of_a_nation(**given: object) -> None:
    """Refuse what a plan in regions does not take, rather than not listen."""
    from matching.errors import UsageError

    for name, value in given.items():
        if value:
            raise UsageError(
                f"--{name.replace('_', '-')} does not go with tables in regions, which are Parquet "
                "as the contract has them; leave it out, or plan a region by itself"
            )


@contextmanager
def _about_edits(workbook: Path | None) -> Iterator[None]:
    """Say what to do where an edit breaks something."""
    from matching.errors import DataError

    try:
        yield
    except DataError:
        if workbook is not None:
            tell(
                f"nothing was planned; mend {workbook}, or leave these rows out with --on-error "
                "quarantine: the table faults then lists them all",
                "yellow",
            )
        raise
