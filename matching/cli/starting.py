"""``matching start``: from any spreadsheet to a plan, with a few questions."""

from __future__ import annotations

import os
import shlex
import sys
import time
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any

import typer

from matching.cli import arguments as arg
from matching.cli.conduct import interruptible, say, teaching, tell
from matching.cli.language import Language, LanguageOption, language_of
from matching.cli.spoken import in_language
from matching.guards.defaults import RELATIVE_GAP, WORKERS

if TYPE_CHECKING:
    from matching.cli.conduct import Outcome
    from matching.policy import Policy
    from matching.stores.spreadsheets.questions import Question
    from matching.stores.spreadsheets.reading import Reading
    from matching.stores.spreadsheets.understood import Corrections

MAX_QUESTIONS = 5
_SECONDS = 60.0


def start(
    files: Annotated[
        list[Path],
        typer.Argument(
            help="Spreadsheets that belong together: .xlsx, .xls, .ods, .csv, .tsv, or a folder"
        ),
    ],
    out: Annotated[Path, arg.option("Folder for the tables, the plan and what was read")] = Path(
        "start"
    ),
    week: arg.WeekOption = None,
    answer: Annotated[
        list[str] | None,
        arg.option("Answer to a question, as seats=3; once for each", "KEY=TEXT", "--answer"),
    ] = None,
    reading: Annotated[
        Path | None, arg.option("A reading.toml of an earlier start, changed", "FILE")
    ] = None,
    time_zone: Annotated[
        str | None, arg.option("Whose clock the times are by, as Europe/Berlin", "NAME")
    ] = None,
    yes: Annotated[
        bool, arg.option("Ask nothing: take every guess, and say so", None, "--yes", "-y")
    ] = False,
    force: Annotated[
        bool, arg.option("Take the place of another week's plan", None, "--force")
    ] = False,
    language: LanguageOption = None,
) -> None:
    """Read a spreadsheet as people keep it, show what was understood, and plan the week.

    Finds headings, days, hours, names, marks and codes by rules; nothing leaves this machine. Asks
    at most five questions. Everything that was taken for something is in reading.toml, where it
    can be changed. Exit status 2 if a sheet or an answer is missing.
    """
    begin = time.perf_counter()
    with teaching() as outcome, interruptible() as interrupted:
        from matching.policy import Policy
        from matching.stores.spreadsheets.understood import Corrections, corrections_of

        given = corrections_of(reading) if reading is not None else Corrections()
        given.answers |= _answers(answer)
        if week is not None:
            given.answers["week"] = week
        spoken = language_of(language)
        if time_zone is not None:
            given.answers["time-zone"] = time_zone
        found = _asked(files, given, yes, spoken)
        policy = Policy(time_zone=found.answers["time-zone"], only_listed=found.only_listed)
        _show(found, policy, spoken)
        if not yes and not _agreed(spoken):
            _write_reading(out, found, files, outcome)
            say(_texts(spoken)["not_planned"].format(reading=out / "reading.toml"))
            raise typer.Exit(1)
        _plan(found, policy, files, out, force, outcome, interrupted, begin, spoken)


def _texts(language: Language) -> Mapping[str, str]:
    from matching.cli.words import words

    return words(language)


def _answers(texts: list[str] | None) -> dict[str, str]:
    from matching.errors import UsageError

    for text in texts or []:
        if "=" not in text:
            raise UsageError(f"answer {text!r}: write it as KEY=TEXT, as seats=3")
    return {key.strip(): value.strip() for key, _, value in (t.partition("=") for t in texts or [])}


def _asked(files: list[Path], given: Corrections, yes: bool, language: Language) -> Reading:
    """Read, and ask what is open; at most so many questions, those that matter first."""
    from matching.errors import UsageError
    from matching.stores.spreadsheets import understand

    def read() -> Reading:
        found = understand(files, given.answers, date.today(), given.columns, given.kinds)
        _know_zone(found)
        return found

    asked = 0
    while True:
        found = read()
        left = [q for q in found.questions if q.must or asked < MAX_QUESTIONS]
        if yes or not left:
            break
        try:
            reply = _ask(left[0], language)
        except (EOFError, typer.Abort):
            break
        asked += 1
        before = given.answers.get(left[0].key)
        given.answers[left[0].key] = reply
        try:
            read()
        except UsageError as error:
            tell(in_language(error, language), "yellow")
            given.answers.pop(left[0].key)
            if before is not None:
                given.answers[left[0].key] = before
            if asked > 2 * MAX_QUESTIONS:
                raise
    if missing := [q for q in found.questions if q.must]:
        lines = [
            f"  {q.about.told(language)}\n    --answer {shlex.quote(f'{q.key}={q.example}')}"
            for q in missing
        ]
        raise UsageError("\n".join([_texts(language)["must_answer"], *lines]))
    return found


def _ask(question: Question, language: Language) -> str:
    from rich.text import Text

    from matching.cli.screen import Screen

    about, console = question.about.told(language), Screen()
    console.print(Text(f"\n? {about[0].upper()}{about[1:]}"))
    if question.guess is not None:
        return str(typer.prompt(f"  {question.key}", default=question.guess))
    console.print(Text(_texts(language)["for_instance"].format(example=question.example)))
    return str(typer.prompt(f"  {question.key}"))


def _know_zone(found: Reading) -> None:
    """Take the time zone of the sheets' language, or else this machine's.

    Asked for where neither says it: the machine keeps the time of no place, or of another.
    """
    from matching.policy import _zones
    from matching.stores.spreadsheets.questions import Question, wrong
    from matching.stores.spreadsheets.sentences import sentence

    machine = _machine_zone()
    if (told := found.answers.get("time-zone")) is not None:
        if told not in _zones():
            raise wrong("time-zone", told, sentence("want_zone"))
        return
    guess = found.time_zone or machine
    found.answers["time-zone"] = guess
    question = Question("time-zone", sentence("ask_time_zone"), guess, False, guess)
    doubted = machine != guess or machine.removeprefix("Etc/") in ("UTC", "GMT", "UCT", "Zulu")
    if doubted and not any(q.must for q in found.questions):
        found.questions.append(question)


def _machine_zone() -> str:
    """Return this machine's time zone; UTC where it does not tell."""
    link = Path("/etc/localtime")
    named = os.environ.get("TZ", "").lstrip(":")
    if not named and link.is_symlink():
        named = os.readlink(link).partition("zoneinfo/")[2]
    from matching.policy import _zones

    return named if named in _zones() else "UTC"


def _show(found: Reading, policy: Policy, language: Language) -> None:
    """Print what was understood: figures, what each sheet is, what was taken, what to look at."""
    from rich.table import Table
    from rich.text import Text

    from matching.cli.screen import Screen
    from matching.stores.spreadsheets.sentences import by_place, in_language
    from matching.stores.spreadsheets.understood import WARNINGS, figures_of, warnings_of

    def told(one: object) -> str:
        return str(in_language(one, language))

    texts, console = _texts(language), Screen()
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0), pad_edge=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for name, figure in figures_of(found):
        table.add_row(Text(told(name)), Text(told(figure)))
    source = "sheets" if policy.time_zone == found.time_zone else "machine"
    source = source if policy.time_zone in (found.time_zone, _machine_zone()) else "told"
    zone = texts[f"zone_of_{source}"].format(name=policy.time_zone)
    table.add_row(Text(texts["time_zone"]), Text(zone))
    console.print(Text(f"\n{texts['understood']}", style="bold"))
    console.print(table)
    open_ = [q for q in [*found.questions, *found.taken] if q.key != "time-zone"]
    blocks = {
        "sheets_read": [told(one) for one in found.sheets],
        "taken": [f"{told(q.about)}: {q.guess} (--answer {q.key}=...)" for q in open_],
        "of_reading": by_place([s for s in found.said if s.key not in WARNINGS], language),
        "look_at": by_place(warnings_of(found, date.today()), language),
    }
    for title, lines in blocks.items():
        if lines:
            console.print(Text(f"\n{texts[title]}", style="bold"))
            for line in lines:
                item = Table(box=None, show_header=False, padding=0, pad_edge=False)
                item.add_column(no_wrap=True)
                item.add_column(overflow="fold")
                item.add_row(Text("- " if line[:1] != " " else "  - "), Text(line.strip()))
                console.print(item)
    console.print()


def _agreed(language: Language) -> bool:
    try:
        return bool(typer.confirm(_texts(language)["agree"], default=True))
    except typer.Abort:
        return False


def _write_reading(out: Path, found: Reading, files: list[Path], outcome: Outcome) -> None:
    from matching.stores.files.whole import replacing
    from matching.stores.spreadsheets.understood import reading_text

    with outcome.writing(out / "reading.toml"), replacing(out / "reading.toml") as part:
        part.write_text(reading_text(found, files), encoding="utf-8")


def _plan(
    found: Reading,
    policy: Policy,
    files: list[Path],
    out: Path,
    force: bool,
    outcome: Outcome,
    interrupted: Any,
    begin: float,
    language: Language,
) -> None:
    """Plan from tables beside, and put plan, tables, policy and reading into the folder."""
    from matching.cli.terminal import say_next, show_plan
    from matching.cli.ticker import Ticker
    from matching.cli.weekly import plan_week
    from matching.reports.origin import Origin
    from matching.stores.files.whole import replacing
    from matching.stores.registry import open_sink, open_source

    assert found.week is not None
    tables, place = out / "tables", out / "plan"
    with TemporaryDirectory() as folder, Ticker(time_limit=_SECONDS, gap=RELATIVE_GAP) as ticker:
        open_sink(folder).write_tables(found.tables)  # type: ignore[attr-defined]
        frames, summary = plan_week(
            open_source(folder),
            open_sink(str(place)),
            found.week,
            policy,
            Origin.of(str(tables), {}, "raise"),
            None,
            where=str(place),
            force=force,
            ticker=ticker,
            outcome=outcome,
            warns=False,  # what it would say was said of the sheets, by name
            language=language,
            time_limit=_SECONDS,
            gap=RELATIVE_GAP,
            workers=WORKERS,
            seed=0,
            interrupted=interrupted,
        )
    with outcome.writing(out):
        open_sink(str(tables)).write_tables(found.tables)  # type: ignore[attr-defined]
        with replacing(out / "policy.toml") as part:
            listed = "only_listed = true\n" if policy.only_listed else ""
            part.write_text(f'time_zone = "{policy.time_zone}"\n{listed}', encoding="utf-8")
    _write_reading(out, found, files, outcome)
    show_plan(frames, summary, str(place), time.perf_counter() - begin, language)
    read_into = _texts(language)["read_into"]
    say(read_into.format(reading=out / "reading.toml", tables=tables))
    say_next(
        ["matching", "report", str(place), "--out", str(out / "plan.html")],
        ["matching", "check", str(tables), str(place)],
        language=language,
    )
    sys.stdout.flush()
