"""The command line: ``matching plan | check | report | availability | generate``."""

from __future__ import annotations

import signal
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import date, timedelta
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from matching.adapters import Output
    from matching.policy import Policy
    from matching.reports.edits import Edits
    from matching.reports.facts import Facts

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


class ReportFormat(StrEnum):
    """What a report is."""

    html = "html"
    xlsx = "xlsx"
    slips = "slips"
    ics = "ics"


class Events(StrEnum):
    """What the events of a calendar say."""

    all = "all"
    free = "free"


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
    pins: Annotated[
        Path | None,
        typer.Option(
            help="Workbook of `matching report --format xlsx`, edited: its rosters stay",
            metavar="FILE",
        ),
    ] = None,
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

    Example: matching plan postgresql://host/platform --out postgresql://host/platform

    Example: matching plan tables --pins edited.xlsx --out plan
    """
    with _teaching(), _about_edits(pins), _interruptible() as interrupted:
        from matching.adapters import open_sink, open_source
        from matching.engine import solve
        from matching.problem import Problem
        from matching.reports.origin import Origin
        from matching.terminal import Ticker, show_plan

        source = open_source(tables, **_options(option))
        written = {} if format is None else {"format": format.value}
        sink = open_sink(out, **written, **_options(out_option))
        with Ticker() as ticker:
            ticker.say("read")
            raw = source.read_tables()
            ticker.say("validate")
            edits = None if pins is None else _edits(pins, week)
            monday = _week(week) if edits is None or edits.week is None else edits.week
            problem = Problem.from_tables(raw, monday, _policy(policy), on_error.value)
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
            frames, summary = result.output()
            ticker.say("write")
            if edits is not None:
                summary["pins"] = edited.counts()
            summary["timings"] |= ticker.timings
            origin = Origin.of(tables, _options(option), on_error.value)
            summary["source"] = origin.to_json()
            sink.write_result(frames, summary)
        show_plan(frames, summary, _shown(out))
        if edits is not None:
            kept, added, off = edited.counts().values()
            typer.echo(f"rows of {pins}: {kept:,} kept, {added:,} new, {off:,} people taken off")
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
        from matching.prices import Prices
        from matching.problem import Problem
        from matching.terminal import show_check

        made, summary = _result(plan, _options(out_option))
        chosen = _policy_of(policy, summary)
        problem = Problem.from_tables(
            open_source(tables, **_options(option)).read_tables(),
            _week(week or summary.get("week")),
            chosen,
            on_error.value,
        )
        problem = settled(problem)
        rows = Plan.from_frame(problem, made["plan"])
        prices = Prices.from_frame(problem, made["prices"]) if "prices" in made else None
        bound = None if prices is None else certify(problem, prices)
        fine = show_check(
            audit.violations(problem, rows), audit.value(problem, rows), bound, summary
        )
        if not fine:
            raise typer.Exit(1)


@app.command()
def report(
    plan: Annotated[str, typer.Argument(help="Folder or URL with a plan, or its file")],
    out: Annotated[
        Path,
        typer.Option(
            help="What to write: a file; for slips and ics a folder or a .zip", metavar="PATH"
        ),
    ],
    format: Annotated[
        ReportFormat,
        typer.Option(
            help="html: one page for any browser; xlsx: a workbook to edit; slips: texts to "
            "send and sheets to print; ics: a calendar for each volunteer, station and request"
        ),
    ] = ReportFormat.html,
    sequence: Annotated[
        int, typer.Option(help="Of calendars: how often the week was sent out before", min=0)
    ] = 0,
    tables: Annotated[
        str | None,
        typer.Option(help="Where the tables are, if not where the plan says", metavar="WHERE"),
    ] = None,
    week: WeekOption = None,
    policy: PolicyOption = None,
    option: OptionOption = None,
    out_option: OutOptionOption = None,
) -> None:
    """Show a plan to people: figures, what is missing and why, and everybody's roster.

    Tables, week and policy are those that the plan's summary remembers, unless given.

    Example: matching report plan --out plan.html

    Example: matching report edited.csv --tables tables --week 2026-11-30 --out plan.html

    Example: matching report plan --format ics --out calendars.zip
    """
    with _teaching():
        from matching.adapters import open_source
        from matching.problem import Problem
        from matching.reports.facts import Facts
        from matching.reports.origin import Origin
        from matching.tables import clean

        made, summary = _result(plan, _options(out_option))
        origin = Origin.from_summary(summary, tables, _options(option))
        chosen = _policy_of(policy, summary)
        monday = _week(week or summary.get("week"))
        raw = open_source(origin.tables, **origin.options).read_tables()
        cleaned, faults = clean(
            raw, week=monday, time_zone=chosen.time_zone, on_error=origin.on_error
        )
        problem = Problem.from_clean(cleaned, faults, monday, chosen, origin.on_error)
        facts = Facts.of(problem, cleaned, (made, summary))
        with _replacing(out, format) as part:
            _reporter(format, sequence)(facts, part)
        typer.echo(f"written to {out}")


@app.command()
def availability(
    calendars: Annotated[
        Path, typer.Argument(help="Folder with one .ics per volunteer, such as V7.ics")
    ],
    out: Annotated[
        str, typer.Option(help="Folder or URL that holds the other tables", metavar="WHERE")
    ],
    week: WeekOption = None,
    policy: PolicyOption = None,
    events: Annotated[
        Events,
        typer.Option(
            help="What events say: all: each that there is time; free: those shown as free that "
            "there is, and the others that there is none"
        ),
    ] = Events.all,
    on_error: OnErrorOption = OnError.refuse,
    workers: Annotated[int, typer.Option(help="Processes", min=1, max=256)] = 2,
    format: Annotated[
        Format | None, typer.Option(help="Of the file written; csv, if absent")
    ] = None,
    out_option: OutOptionOption = None,
) -> None:
    """Read the volunteers' calendars as the table availability of the week.

    Example: matching availability calendars --week 2026-11-30 --out tables
    """
    with _teaching():
        from matching.adapters import open_sink
        from matching.errors import UsageError, describe

        with _needing("calendars"):
            from matching.stores.calendars import read_availability

        written = {} if format is None else {"format": format.value}
        sink = open_sink(out, **written, **_options(out_option))
        if out.lower().endswith((".zip", ".xlsx")) or not hasattr(sink, "write_tables"):
            text = "takes no table beside those that it holds; name the folder of the tables"
            raise UsageError(f"{_shown(out)} {text}")
        frame, faults = read_availability(
            calendars,
            _week(week),
            _policy(policy).time_zone,
            events=events.value,
            on_error=on_error.value,
            workers=workers,
        )
        sink.write_tables({"availability": frame})
        for fault in faults.iter_rows(named=True):
            typer.secho(f"left out: {describe(fault).strip()}", err=True, fg="yellow")
        hours = (frame["end"] - frame["start"]).dt.total_minutes().sum() / 60
        typer.echo(
            f"availability of {frame['volunteer_id'].n_unique():,} volunteers: windows "
            f"{frame.height:,}, hours {hours:,.1f}; written to {_shown(out)}"
        )


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
    week: WeekOption = None,
    format: Annotated[
        Format | None, typer.Option(help="Of the files written; csv, if absent")
    ] = None,
    out_option: OutOptionOption = None,
) -> None:
    """Make a world of volunteers and orders, placed on real geography, to try things on.

    Example: matching generate town --seed 1 --week 2026-11-30 --out town
    """
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


# What has to be installed for a report.
_EXTRAS = {
    ReportFormat.html: "report",
    ReportFormat.xlsx: "xlsx",
    ReportFormat.slips: "calendars,report",
    ReportFormat.ics: "calendars",
}


def _reporter(format: ReportFormat, sequence: int) -> Callable[[Facts, Path], None]:
    """Return what writes a report of this format into a file or a folder."""
    with _needing(_EXTRAS[format]):
        match format:
            case ReportFormat.html:
                from matching.reports.page import write_page

                return write_page
            case ReportFormat.xlsx:
                from matching.reports.workbook import write_workbook

                return write_workbook
            case ReportFormat.slips:
                from matching.reports.slips import write_slips

                return partial(write_slips, sequence=sequence)
            case ReportFormat.ics:
                from matching.reports.feeds import write_feeds

                return partial(write_feeds, sequence=sequence)


def _replacing(out: Path, format: ReportFormat) -> AbstractContextManager[Path]:
    """Return the context in which a report takes the place of an earlier one."""
    from matching.stores.whole import replacing, replacing_folder

    if format in (ReportFormat.html, ReportFormat.xlsx):
        return replacing(out)
    if format is ReportFormat.slips:
        from matching.reports.slips import HOLDING

        return replacing_folder(out, HOLDING)
    from matching.reports.feeds import KINDS

    return replacing_folder(out, KINDS)


@contextmanager
def _needing(extra: str) -> Iterator[None]:
    """Say what to install where a package is missing."""
    from matching.errors import UsageError

    try:
        yield
    except ModuleNotFoundError as error:
        raise UsageError(
            f"this needs the package {error.name!r}, which is not installed: "
            f"pip install 'volunteer-matching[{extra}]'"
        ) from None


@contextmanager
def _about_edits(workbook: Path | None) -> Iterator[None]:
    """Say what to do where an edit breaks something."""
    from matching.errors import DataError

    try:
        yield
    except DataError:
        if workbook is not None:
            typer.secho(
                f"nothing was planned; mend {workbook}, or leave these rows out with --on-error "
                "quarantine: the table faults then lists them all",
                err=True,
                fg="yellow",
            )
        raise


def _edits(workbook: Path, week: str | None) -> Edits:
    """Read an edited workbook; it must be of the week that is named."""
    from matching.errors import UsageError

    with _needing("xlsx"):
        from matching.reports.edits import read_edits
    edits = read_edits(workbook)
    if week is not None and edits.week not in (None, _week(week)):
        raise UsageError(
            f"{workbook} holds the week of {edits.week}, and --week says {week}; leave --week out, "
            "or name the workbook of that week"
        )
    if week is None and edits.week is None:
        raise UsageError(f"{workbook} does not say its week: add --week, as in 2026-11-30")
    return edits


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


def _result(plan: str, options: dict[str, str]) -> Output:
    """Read the tables of a plan, and its summary: empty, if a file holds the plan alone."""
    from matching.adapters import PATH, adapter_name, open_sink
    from matching.errors import UsageError
    from matching.stores import read_plan

    local = adapter_name(plan) == PATH
    if "://" not in plan and "::" not in plan and not Path(plan).exists():
        raise UsageError(f"{plan} does not exist; name a plan's file, or the folder that holds it")
    if local and not Path(plan).is_dir():
        return {"plan": read_plan(plan)}, {}
    tables, summary = open_sink(plan, **options).read_result()
    if "plan" not in tables and local:
        return {"plan": read_plan(plan)}, summary  # raises, and says what it looked for
    if "plan" not in tables:
        raise UsageError(f"{_shown(plan)} holds no plan; plan the week to write one")
    return tables, summary


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


def _policy_of(path: Path | None, summary: dict[str, Any]) -> Policy:
    """Return the policy that is named, or else the one that the plan was made with."""
    from matching.policy import Policy

    if path is None and "policy" in summary:
        return Policy.from_json(summary["policy"])
    return _policy(path)


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
