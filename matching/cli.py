"""The command line: ``matching plan | check | generate``."""

from __future__ import annotations

import signal
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    import polars as pl

    from matching.policy import Policy

# Whatever is heavy is imported where it is used: `matching --help` answers at once.

app = typer.Typer(
    help="Match volunteers to what communities order: the best weekly plan, with a proof.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


class Format(StrEnum):
    """How tables are written."""

    csv = "csv"
    parquet = "parquet"
    jsonl = "jsonl"
    xlsx = "xlsx"


class OnError(StrEnum):
    """What to do with faulty rows."""

    refuse = "raise"
    quarantine = "quarantine"


class Size(StrEnum):
    """Sizes of made-up worlds."""

    town = "town"
    district = "district"
    city = "city"
    province = "province"
    nation = "nation"


class Rules(StrEnum):
    """Which rules a made-up world uses."""

    network = "network"
    full = "full"


TablesArgument = Annotated[
    str,
    typer.Argument(
        help="Where volunteers, availability, requests, ... are: a folder of files, a .zip, an "
        ".xlsx, or a URL such as postgresql://host/platform"
    ),
]
OptionOption = Annotated[
    list[str] | None,
    typer.Option(
        "--option", help="For the store of the tables, as encoding=gb18030", metavar="NAME=VALUE"
    ),
]
OutOptionOption = Annotated[
    list[str] | None,
    typer.Option(
        "--out-option", help="For the store of the plan, as version=2", metavar="NAME=VALUE"
    ),
]
WeekOption = Annotated[
    str | None, typer.Option(help="Monday the week starts with, as 2026-11-30", metavar="DATE")
]
PolicyOption = Annotated[
    Path | None, typer.Option(help="TOML file with weights and limits", metavar="FILE")
]
OnErrorOption = Annotated[
    OnError, typer.Option(help="Refuse faulty tables, or set the faulty rows aside")
]


@app.command()
def plan(
    tables: TablesArgument,
    out: Annotated[
        str, typer.Option(help="Folder, .zip, .xlsx or URL for the plan", metavar="WHERE")
    ],
    week: WeekOption = None,
    policy: PolicyOption = None,
    time_limit: Annotated[float, typer.Option(help="Seconds to search", min=0)] = 600.0,
    gap: Annotated[float, typer.Option(help="Relative gap that is good enough", min=0)] = 1e-4,
    workers: Annotated[int, typer.Option(help="Threads", min=1, max=256)] = 2,
    seed: Annotated[int, typer.Option(help="Same seed, same plan", min=0)] = 0,
    on_error: OnErrorOption = OnError.refuse,
    format: Annotated[
        Format | None, typer.Option(help="Of the files written; csv, if absent")
    ] = None,
    option: OptionOption = None,
    out_option: OutOptionOption = None,
) -> None:
    """Make the week's plan: write plan, unfilled, prices and the summary to WHERE.

    Without --week, the week that starts next Monday. Ctrl-C ends the search with the best plan so
    far (exit status 130); a second Ctrl-C abandons it.

    Example: matching plan tables --week 2026-11-30 --out plan

    A folder of folders region=CODE is planned region by region, as many at once as there are
    workers.

    Example: matching plan postgresql://host/platform --out postgresql://host/platform
    """
    from matching.nation import is_partitioned

    if is_partitioned(tables):
        _plan_nation(tables, out, week, policy, time_limit, gap, workers, seed)
        return
    with _teaching(), _interruptible() as interrupted:
        from matching.adapters import open_sink, open_source
        from matching.engine import solve
        from matching.problem import Problem
        from matching.terminal import Ticker, show_plan

        source = open_source(tables, **_options(option))
        written = {} if format is None else {"format": format.value}
        sink = open_sink(out, **written, **_options(out_option))
        with Ticker() as ticker:
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
            frames, summary = result.output()
            ticker.say("write")
            summary["timings"] |= ticker.timings
            sink.write_result(frames, summary)
        show_plan(frames, summary, _shown(out))
        if interrupted():
            raise typer.Exit(130)


@app.command()
def check(
    tables: TablesArgument,
    plan: Annotated[
        str, typer.Argument(help="Folder, file or URL with a plan, wherever it comes from")
    ],
    week: WeekOption = None,
    policy: PolicyOption = None,
    on_error: OnErrorOption = OnError.refuse,
    option: OptionOption = None,
    out_option: OutOptionOption = None,
) -> None:
    """Audit a plan: which rules hold, what it is worth, and what its prices prove.

    Week and policy are those of the plan's summary.json, unless given. Exit status 0 if the plan
    keeps every rule and its summary tells the truth, 1 if not.

    Example: matching check tables plan
    """
    with _teaching():
        from matching import audit
        from matching.adapters import open_source
        from matching.certificate import certify
        from matching.pins import settled
        from matching.plan import Plan
        from matching.policy import Policy
        from matching.prices import Prices
        from matching.problem import Problem
        from matching.terminal import show_check

        made_plan, price_table, summary = _result(plan, _options(out_option))
        chosen = _policy(policy)
        if policy is None and "policy" in summary:
            chosen = Policy.from_json(summary["policy"])
        problem = Problem.from_tables(
            open_source(tables, **_options(option)).read_tables(),
            _week(week or summary.get("week")),
            chosen,
            on_error.value,
        )
        problem = settled(problem)
        made = Plan.from_frame(problem, made_plan)
        prices = None if price_table is None else Prices.from_frame(problem, price_table)
        bound = None if prices is None else certify(problem, prices)
        fine = show_check(
            audit.violations(problem, made), audit.value(problem, made), bound, summary
        )
        if not fine:
            raise typer.Exit(1)


@app.command()
def generate(
    size: Annotated[Size, typer.Argument(help="How large a world")],
    out: Annotated[
        str, typer.Option(help="Folder, .zip, .xlsx or URL for the tables", metavar="WHERE")
    ],
    volunteers: Annotated[int | None, typer.Option(help="How many; by size, if absent")] = None,
    requests: Annotated[int | None, typer.Option(help="How many; by size, if absent")] = None,
    rules: Annotated[Rules, typer.Option(help="Two trees of capacities, or all")] = Rules.network,
    scarcity: Annotated[float, typer.Option(help="Multiplies the seats")] = 1.0,
    seed: Annotated[int, typer.Option(help="Same seed, same world", min=0)] = 0,
    region: Annotated[
        list[str] | None,
        typer.Option(help="Of a nation, as 23; may be repeated; all, if absent", metavar="CODE"),
    ] = None,
    week: WeekOption = None,
    format: Annotated[
        Format | None, typer.Option(help="Of the files written; csv, if absent")
    ] = None,
    out_option: OutOptionOption = None,
) -> None:
    """Make a world of volunteers and orders, placed on real geography, to try things on.

    A nation is written as Parquet into folders region=CODE, one after the other.

    Example: matching generate town --seed 1 --week 2026-11-30 --out town
    """
    if size is Size.nation:
        _generate_nation(out, volunteers, requests, rules.value, scarcity, seed, region, week)
        return
    with _teaching():
        from matching.adapters import open_sink
        from matching.errors import UsageError
        from matching.synthetic import generate as make

        written = {} if format is None else {"format": format.value}
        sink = open_sink(out, **written, **_options(out_option))
        if not hasattr(sink, "write_tables"):
            raise UsageError(f"{_shown(out)} takes plans and no tables; name a folder")
        try:
            world = make(
                size.value,
                volunteers=volunteers,
                requests=requests,
                rules=rules.value,
                scarcity=scarcity,
                seed=seed,
                week=_week(week),
            )
        except ValueError as error:
            raise UsageError(str(error)) from None
        sink.write_tables(world)
        for name, frame in world.items():
            typer.echo(f"{name:22} {frame.height:>10,} rows")


def _plan_nation(
    tables: str,
    out: str,
    week: str | None,
    policy: Path | None,
    time_limit: float,
    gap: float,
    workers: int,
    seed: int,
) -> None:
    """Plan a data set in regions, in as many processes as there are workers."""
    with _teaching():
        from concurrent.futures import ProcessPoolExecutor
        from contextlib import nullcontext
        from multiprocessing import get_context

        from matching.nation import plan_nation
        from matching.terminal import show_nation

        # Fresh processes: a fork would take over the threads' locks.
        pool = ProcessPoolExecutor(workers, mp_context=get_context("spawn"))
        with pool if workers > 1 else nullcontext() as executor:
            summary = plan_nation(
                tables,
                out,
                _week(week),
                _policy(policy),
                executor=executor,
                time_limit=time_limit,
                gap=gap,
                seed=seed,
                told=lambda text: typer.echo(text, err=True),
            )
        show_nation(summary, _shown(out))


def _generate_nation(
    out: str,
    volunteers: int | None,
    requests: int | None,
    rules: str,
    scarcity: float,
    seed: int,
    region: list[str] | None,
    week: str | None,
) -> None:
    """Write the regions of a nation one after the other."""
    with _teaching():
        from matching.adapters import open_sink
        from matching.errors import UsageError
        from matching.synthetic import NATION, generate_region, regions

        many = volunteers or NATION[0], requests or NATION[1]
        for code in region or regions(*many):
            try:
                tables = generate_region(
                    code,
                    volunteers=many[0],
                    requests=many[1],
                    rules=rules,
                    scarcity=scarcity,
                    seed=seed,
                    week=_week(week),
                )
            except ValueError as error:
                raise UsageError(str(error)) from None
            sink = open_sink(str(Path(out) / f"region={code}"), format="parquet")
            sink.write_tables(tables)  # type: ignore[attr-defined]
            people, orders = tables["volunteers"].height, tables["requests"].height
            typer.echo(f"region {code}: {people:,} volunteers, {orders:,} requests")


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


@contextmanager
def _teaching() -> Iterator[None]:
    """Turn what a user can mend into a message and exit status 2; show warnings as one line."""
    from matching.errors import DataWarning, MatchingError

    def show(message: Warning | str, category: type[Warning], *rest: Any, **named: Any) -> None:
        typer.secho(f"warning: {message}", err=True, fg="yellow")

    with warnings.catch_warnings():
        warnings.simplefilter("always", DataWarning)
        warnings.showwarning = show
        try:
            yield
        except MatchingError as error:
            typer.secho(f"error: {error}", err=True, fg="red")
            raise typer.Exit(2) from None
        except OSError as error:
            typer.secho(f"error: {error.filename}: {error.strerror}", err=True, fg="red")
            raise typer.Exit(2) from None


@contextmanager
def _interruptible() -> Iterator[Callable[[], bool]]:
    """Let the first Ctrl-C ask for the end, and the second force it."""
    asked = False

    def ask(number: int, frame: object) -> None:
        nonlocal asked
        if asked:
            raise KeyboardInterrupt
        asked = True
        typer.echo("\nfinishing with the best plan so far; Ctrl-C again to abandon", err=True)

    before = signal.signal(signal.SIGINT, ask)
    try:
        yield lambda: asked
    except KeyboardInterrupt:
        typer.echo("abandoned: nothing was written", err=True)
        sys.exit(130)
    finally:
        signal.signal(signal.SIGINT, before)
