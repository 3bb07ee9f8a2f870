"""The command line: ``matching plan | check | generate``."""

from __future__ import annotations

import time
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from matching import examples
from matching.arguments import (
    SEARCH,
    FormatOption,
    JsonOption,
    OnError,
    OnErrorOption,
    OptionOption,
    OutOptionOption,
    PolicyOption,
    Rules,
    Size,
    TablesArgument,
    WeekOption,
)
from matching.conduct import interruptible, teaching

if TYPE_CHECKING:
    import polars as pl

    from matching.policy import Policy

# Whatever is heavy is imported where it is used: `matching --help` answers at once, and what takes
# a second to load is loaded when progress is already on the screen.

app = typer.Typer(
    epilog=examples.ALL,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(f"volunteer-matching {version('volunteer-matching')}")
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="Show the version and exit.", callback=_version, is_eager=True
        ),
    ] = False,
) -> None:
    """Match volunteers to what communities order: the best weekly plan, with a proof."""


@app.command(epilog=examples.PLAN)
def plan(
    tables: TablesArgument,
    out: Annotated[
        str, typer.Option(help="Folder, .zip, .xlsx or URL for the plan", metavar="WHERE")
    ],
    week: WeekOption = None,
    policy: PolicyOption = None,
    time_limit: Annotated[
        float,
        typer.Option(help="Seconds to search", min=0, metavar="SECONDS", rich_help_panel=SEARCH),
    ] = 600.0,
    gap: Annotated[
        float,
        typer.Option(
            help="Relative gap that is good enough; 0: until proved best",
            min=0,
            metavar="SHARE",
            rich_help_panel=SEARCH,
        ),
    ] = 1e-4,
    workers: Annotated[
        int, typer.Option(help="Threads", min=1, max=256, metavar="N", rich_help_panel=SEARCH)
    ] = 2,
    seed: Annotated[
        int,
        typer.Option(help="Same seed, same plan", min=0, metavar="N", rich_help_panel=SEARCH),
    ] = 0,
    on_error: OnErrorOption = OnError.refuse,
    json: JsonOption = False,
    format: FormatOption = None,
    option: OptionOption = None,
    out_option: OutOptionOption = None,
) -> None:
    """Make the week's plan: write plan, unfilled, prices and the summary to WHERE.

    Without --week, the week that starts next Monday.
    Ctrl-C ends the search with the best plan so far (exit status 130); a second one abandons it.
    """
    start = time.perf_counter()
    with teaching(json), interruptible() as interrupted:
        from matching.ticker import Ticker

        with Ticker(time_limit=time_limit, gap=gap) as ticker:
            from matching.adapters import open_sink, open_source
            from matching.engine import solve
            from matching.problem import Problem
            from matching.terminal import say_next, show_plan

            source = open_source(tables, **_options(option))
            written = {} if format is None else {"format": format.value}
            sink = open_sink(out, **written, **_options(out_option))
            ticker.say("read")
            raw = source.read_tables()
            ticker.say("validate")
            problem = Problem.from_tables(raw, _week(week), _policy(policy), on_error.value)
            del raw
            result = solve(
                problem,
                time_limit=time_limit,
                gap=gap,
                workers=workers,
                seed=seed,
                on_progress=ticker.tell,
                interrupted=interrupted,
            )
            ticker.say("tables")
            frames, summary = result.output()
            ticker.say("write")
            summary["timings"] |= ticker.timings
            sink.write_result(frames, summary)
        summary["timings"] |= ticker.timings
        if json:
            _print_json(summary)
        else:
            show_plan(frames, summary, _shown(out), time.perf_counter() - start)
            if summary["filled"]:
                say_next(("matching", "check", _shown(tables), _shown(out)))
        if interrupted():
            raise typer.Exit(130)


@app.command(epilog=examples.CHECK)
def check(
    tables: TablesArgument,
    plan: Annotated[
        str, typer.Argument(help="Folder, file or URL with a plan, wherever it comes from")
    ],
    week: WeekOption = None,
    policy: PolicyOption = None,
    on_error: OnErrorOption = OnError.refuse,
    json: JsonOption = False,
    option: OptionOption = None,
    out_option: OutOptionOption = None,
) -> None:
    """Audit a plan: which rules hold, what it is worth, and what its prices prove.

    Week and policy are those of the plan's summary.json, unless given.
    Exit status 0 if the plan keeps every rule and its summary tells the truth, 1 if not.
    """
    with teaching(json):
        from matching.ticker import Ticker

        with Ticker(("read", "check", "audit", "prove")) as ticker:
            from matching import audit
            from matching.adapters import open_source
            from matching.certificate import certify
            from matching.pins import settled
            from matching.plan import Plan
            from matching.policy import Policy
            from matching.prices import Prices
            from matching.problem import Problem
            from matching.terminal import show_check
            from matching.verdict import Verdict

            ticker.say("read")
            made_plan, price_table, summary = _result(plan, _options(out_option))
            chosen = _policy(policy)
            if policy is None and "policy" in summary:
                chosen = Policy.from_json(summary["policy"])
            raw = open_source(tables, **_options(option)).read_tables()
            ticker.say("validate")
            monday = _week(week or summary.get("week"))
            problem = settled(Problem.from_tables(raw, monday, chosen, on_error.value))
            del raw
            made = Plan.from_frame(problem, made_plan)
            prices = None if price_table is None else Prices.from_frame(problem, price_table)
            ticker.say("audit")
            broken, worth = audit.violations(problem, made), audit.value(problem, made)
            ticker.say("prove")
            bound = None if prices is None else certify(problem, prices)
        verdict = Verdict(broken, worth, bound, summary)
        if json:
            _print_json(verdict.to_json())
        else:
            show_check(verdict)
        if not verdict.passes:
            raise typer.Exit(1)


@app.command(epilog=examples.GENERATE)
def generate(
    size: Annotated[Size, typer.Argument(help="How large a world")],
    out: Annotated[
        str, typer.Option(help="Folder, .zip, .xlsx or URL for the tables", metavar="WHERE")
    ],
    volunteers: Annotated[
        int | None, typer.Option(help="How many; by size, if absent", metavar="N")
    ] = None,
    requests: Annotated[
        int | None, typer.Option(help="How many; by size, if absent", metavar="N")
    ] = None,
    rules: Annotated[Rules, typer.Option(help="Two trees of capacities, or all")] = Rules.network,
    scarcity: Annotated[float, typer.Option(help="Multiplies the seats", metavar="FACTOR")] = 1.0,
    seed: Annotated[int, typer.Option(help="Same seed, same world", min=0, metavar="N")] = 0,
    week: WeekOption = None,
    json: JsonOption = False,
    format: FormatOption = None,
    out_option: OutOptionOption = None,
) -> None:
    """Make a world of volunteers and orders, placed on real geography, to try things on."""
    with teaching(json):
        from matching.adapters import open_sink
        from matching.errors import UsageError
        from matching.synthetic import generate as make
        from matching.terminal import say_next
        from matching.ticker import Ticker

        written = {} if format is None else {"format": format.value}
        sink = open_sink(out, **written, **_options(out_option))
        if not hasattr(sink, "write_tables"):
            raise UsageError(f"{_shown(out)} takes plans and no tables; name a folder")
        monday = _week(week)
        with Ticker(("make", "write")) as ticker:
            ticker.say("make")
            try:
                world = make(
                    size.value,
                    volunteers=volunteers,
                    requests=requests,
                    rules=rules.value,
                    scarcity=scarcity,
                    seed=seed,
                    week=monday,
                )
            except ValueError as error:
                raise UsageError(str(error)) from None
            ticker.say("write")
            sink.write_tables(world)
        if json:
            _print_json({name: frame.height for name, frame in world.items()})
            return
        for name, frame in world.items():
            typer.echo(f"{name:22} {frame.height:>10,} rows")
        say_next(("matching", "plan", _shown(out), "--week", monday.isoformat(), "--out", "plan"))


def _print_json(told: dict[str, Any]) -> None:
    from matching.stores.results import json_of

    typer.echo(json_of(told), nl=False)


def _shown(where: str) -> str:
    """Return a URL without the password that may stand in it."""
    from urllib.parse import urlsplit

    secret = urlsplit(where).password if "://" in where else None
    return where.replace(f":{secret}@", ":***@") if secret else where


def _options(given: list[str] | None) -> dict[str, str]:
    from matching.errors import UsageError

    wrong = [text for text in given or [] if "=" not in text]
    if wrong:
        raise UsageError(f"option {wrong[0]!r}: write it as NAME=VALUE, as encoding=gb18030")
    pairs = (text.partition("=") for text in given or [])
    return {name: value for name, _, value in pairs}


def _result(
    plan: str, options: dict[str, str]
) -> tuple[pl.DataFrame, pl.DataFrame | None, dict[str, Any]]:
    """Read a plan, its prices if there are, and its summary."""
    from matching.adapters import PATH, adapter_name, open_sink
    from matching.errors import UsageError
    from matching.stores import read_plan, read_prices, read_summary

    if adapter_name(plan) == PATH:
        return read_plan(plan), read_prices(plan), read_summary(plan) or {}
    tables, summary = open_sink(plan, **options).read_result()
    if "plan" not in tables:
        raise UsageError(f"{_shown(plan)} holds no plan; plan the week to write one")
    return tables["plan"], tables.get("prices"), summary


def _week(text: str | None) -> date:
    from matching.errors import UsageError

    if text is None:
        today = date.today()
        return today + timedelta(days=7 - today.weekday())
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"week = {text!r}: write a day such as 2026-11-30") from None


def _policy(path: Path | None) -> Policy:
    from matching.policy import Policy

    return Policy() if path is None else Policy.from_toml(path)
