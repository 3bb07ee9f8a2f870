"""What a person at a terminal sees at the end: the figures of a plan, the verdict of a check."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterable, Mapping
from typing import Any

import polars as pl
from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.table import Table
from rich.text import Text

from matching import audit
from matching.cli.language import Language
from matching.cli.screen import Screen
from matching.cli.ticker import spoken
from matching.cli.verdict import Verdict
from matching.cli.words import words
from matching.reports.page.texts import day_text

_SHOWN_ROWS = 5
_SHOWN_VIOLATIONS = 5
_PROOF = {"optimal": "green", "feasible": "yellow"}
_ENDS = ("gap_limit", "exhausted", "time_limit", "interrupted")


def show_plan(
    frames: dict[str, pl.DataFrame],
    summary: dict[str, Any],
    out: str,
    seconds: float,
    language: Language = "en",
) -> None:
    """Print the figures of a plan, its first rows, why seats are empty, and where it was written.

    ``frames`` and ``summary`` are those of `Result.output`; all of it took so many ``seconds``.
    """
    console, said = _console(), words(language)
    proof = _proof(summary, said, ".3%")
    console.print(Text(first_line(summary, language), style="bold"))
    head = Text(said["week_value"].format(week=summary["week"], value=f"{summary['value']:,}"))
    console.print(head.append(proof, style=_PROOF[summary["status"]]))
    _print_grid(console, _figures(summary, seconds, said))
    if summary["gap"] > 0 and summary["termination"] in _ENDS:
        console.print(Text(said[summary["termination"]]))
    show_zone(summary["policy"]["time_zone"], summary["time_zone_given"], language)
    _print_rows(console, frames["plan"].drop("quality"), language)
    _print_reasons(console, frames["unfilled"], said)
    text = said["written_to"].format(out=out, names=", ".join((*frames, "summary")))
    console.print(Text(text), soft_wrap=True)


def _proof(summary: dict[str, Any], said: Mapping[str, str], digits: str) -> str:
    if summary["status"] == "optimal":
        return said["proved"]
    return said["within"].format(gap=f"{summary['gap']:{digits}}", bound=f"{summary['bound']:,}")


def first_line(summary: dict[str, Any], language: Language = "en") -> str:
    """Say how much of the week is done, and what is left to do."""
    said = words(language)
    line = said["first_line"].format(f"{summary['filled']:,}", f"{summary['seats']:,}")
    if left := summary["seats"] - summary["filled"]:
        line += said["first_open"].format(f"{left:,}")
    if nobody := summary["requests"] - summary["requests_served"]:
        name = "first_nobody_one" if nobody == 1 else "first_nobody"
        line += said[name].format(f"{nobody:,}")
    return line


def show_zone(name: str, given: bool, language: Language = "en") -> None:
    """Print the time zone, and where it comes from."""
    text = words(language)["zone_given" if given else "zone_default"].format(name=name)
    _console().print(Text(text, style="dim" if given else "yellow"), soft_wrap=True)


def say_next(*commands: Iterable[str], language: Language = "en") -> None:
    """Print the commands that one would give next."""
    console, first = _console(), words(language)["next"]
    for number, command in enumerate(commands):
        label = first if number == 0 else " " * cell_len(first)
        console.print(Text(f"{label} {shlex.join(command)}", style="dim"), soft_wrap=True)


def _figures(
    summary: dict[str, Any], seconds: float, said: Mapping[str, str]
) -> list[tuple[str, str, str]]:
    """Return name, figure and what it means; what is 0 where that is usual is left out."""
    kpis = summary["kpis"]
    shares = [f"{kpis[f'{name}_share']:.0%}" for name in ("seats_filled", "requests_served")]
    shares.append(f"{kpis['mobilisation_share']:.1%}")
    lines = [(*counts, share) for counts, share in zip(_counts(summary, said), shares, strict=True)]
    each = said["each"].format(hours=f"{kpis['hours_per_volunteer_used']:.1f}")
    lines.append((said["hours"], f"{summary['hours']:,.1f}", each))
    if summary["requests_outside_week"]:
        lines.append((said["outside_week"], f"{summary['requests_outside_week']:,}", ""))
    aside = sum(summary["set_aside"].values())
    if aside:
        lines.append((said["rows_set_aside"], f"{aside:,}", said["see_faults"]))
    return [*lines, (said["time"], spoken(seconds), "")]


def _counts(summary: dict[str, Any], said: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return of seats, requests and volunteers how many of all are in the plan."""
    names = {
        "seats_filled": ("filled", "seats"),
        "requests_served": ("requests_served", "requests"),
        "volunteers_used": ("volunteers_used", "volunteers"),
    }
    return [
        (said[name], said["of"].format(part=f"{summary[part]:,}", whole=f"{summary[whole]:,}"))
        for name, (part, whole) in names.items()
    ]


def show_table(frame: pl.DataFrame) -> None:
    """Print a table; columns that say nothing are left out, numbers are rounded."""
    import polars.selectors as cs

    frame = frame.drop([name for name in frame.columns if frame[name].is_null().all()])
    frame = frame.with_columns(cs.float().round(2))
    _print_frame(_console(), frame, Table(box=None, padding=(0, 2, 0, 0), pad_edge=False))


def _print_frame(console: Console, frame: pl.DataFrame, table: Table) -> None:
    for name in frame.columns:
        table.add_column(name, overflow="fold")
    for row in frame.iter_rows():
        table.add_row(*(Text("" if cell is None else str(cell)) for cell in row))
    _print_table(console, table)


def _print_rows(console: Console, frame: pl.DataFrame, language: Language) -> None:
    if not frame.height:
        return
    said, height = words(language), frame.height
    frame = frame.head(_SHOWN_ROWS)
    title = Text(said["first_rows"].format(rows=frame.height, all=f"{height:,}"))
    days = [day_text(day)[language] for day in frame["start"].dt.date()]
    day = pl.Series(days) if language == "zh" else pl.col("start").dt.strftime("%a %d %b")
    clock = pl.col("start").dt.strftime("%H:%M") + "-" + pl.col("end").dt.strftime("%H:%M")
    when = pl.concat_str(day, clock, separator=" ")
    frame = frame.with_columns(start=when).rename({"start": said["when"]}).drop("end")
    frame = frame.drop([name for name in frame.columns if frame[name].is_null().all()])
    table = Table(title=title, title_justify="left", box=None, padding=(0, 3, 0, 0), pad_edge=False)
    console.print()
    _print_frame(console, frame, table)
    console.print()


def _print_reasons(console: Console, unfilled: pl.DataFrame, said: Mapping[str, str]) -> None:
    """Say of how many posts seats are empty for which reason, the most frequent first."""
    if not unfilled.height:
        return
    empty = (pl.col("seats") - pl.col("filled")).sum().alias("empty")
    reasons = unfilled.group_by("reason").agg(empty)
    reasons = reasons.sort("empty", "reason", descending=[True, False])
    total = int(reasons["empty"].sum())
    name = "empty_by_reason" if total > 1 else "one_empty_by_reason"
    text = said[name].format(seats=f"{total:,}", posts=f"{unfilled.height:,}")
    console.print(Text(text))
    found = reasons.iter_rows()
    rows = [(reason, f"{seats:,}", said[f"reason_{reason}"]) for reason, seats in found]
    _print_grid(console, rows, figures=1)


def show_nation(summary: dict[str, Any], out: str, language: Language = "en") -> None:
    """Print the figures of a plan in regions."""
    console, said = Screen(soft_wrap=True), words(language)
    figures = [(said["regions"], f"{len(summary['regions']):,}"), *_counts(summary, said)]
    figures.append((said["gained_at_borders"], f"{summary['gained_at_borders']:,}"))
    head = said["week_value"].format(week=summary["week"], value=f"{summary['value']:,}")
    names = "region=*/plan, unfilled, prices; summary"
    lines = [
        head + _proof(summary, said, ".4%"),
        *(f"  {set_cell_size(name, 24)} {figure}" for name, figure in figures),
        said["written_to"].format(out=out, names=names),
    ]
    for line in lines:
        console.print(line, highlight=False, markup=False)
    show_zone(summary["policy"]["time_zone"], summary["time_zone_given"], language)


def show_check(verdict: Verdict, language: Language = "en") -> None:
    """Print what holds, rule by rule, then the figures, then whether all is well."""
    console, said = _console(), words(language)
    table = _grid()
    counts = verdict.counts
    # What is broken comes last: it is what stays on a small screen.
    for rule in sorted(audit.RULES, key=lambda rule: counts[rule.name] > 0):
        count = counts[rule.name]
        word = Text(said["broken"], "red") if count else Text(said["holds"], "green")
        table.add_row(word, Text(rule.name), Text(said[f"rule_{rule.name}"]))
        found = verdict.violations.filter(pl.col("rule") == rule.name)
        for row in found.head(_SHOWN_VIOLATIONS).iter_rows(named=True):
            keys = ("request_id", "post", "option", "volunteer_id")
            where = " ".join(str(row[key]) for key in keys if row[key])
            table.add_row("", "", Text(f"{where}: {row['detail']}"))
        if count > _SHOWN_VIOLATIONS:
            more = f"{count - _SHOWN_VIOLATIONS:,}"
            table.add_row("", "", Text(said["more_violations"].format(more=more)))
    _print_table(console, table)
    _print_comparison(console, verdict, "value", said)
    if verdict.bound_from_prices is None:
        console.print(Text(said["no_prices"]))
    else:
        _print_comparison(console, verdict, "bound_from_prices", said)
        bound = f"{verdict.bound_from_prices:,.2f}".removesuffix(".00")
        text = said["prices_prove"].format(bound=bound, gap=f"{verdict.gap:.3%}")
        console.print(Text(text))
        if verdict.unfinished:
            text = said["unproved"].format(unfinished=f"{verdict.unfinished:,}")
            console.print(Text(text, "yellow"))
    console.print(_conclusion(verdict, said))


def _conclusion(verdict: Verdict, said: Mapping[str, str]) -> Text:
    broken = sum(count > 0 for count in verdict.counts.values())
    if broken:
        text = said["broken_once" if broken == 1 else "broken_many"]
        return Text(text.format(rules=broken, times=f"{verdict.violations.height:,}"), "red")
    if not verdict.passes:
        return Text(said["untrue"], "red")
    return Text(said["all_hold"], "green")


def _print_comparison(
    console: Console, verdict: Verdict, name: str, said: Mapping[str, str]
) -> None:
    claimed, agrees = verdict.summary.get(name), verdict.agrees(name)
    found = f"{getattr(verdict, name):,.2f}".removesuffix(".00")
    text = said[f"compared_{name}"].format(found=found)
    if verdict.same(name):
        text += said["as_said"]
    elif claimed is not None:
        text += said["and_said" if agrees else "but_said"].format(claimed=f"{claimed:,.2f}")
        if agrees:
            text += said["weaker" if claimed > getattr(verdict, name) else "not_proved"]
    console.print(Text(text, style="" if agrees else "red"))


def _print_grid(console: Console, rows: Iterable[tuple[str, ...]], figures: int = 0) -> None:
    """Print rows indented; the column of that number, if any, holds figures."""
    table = _grid()
    for column in range(4):
        table.add_column(justify="right" if figures and column == figures + 1 else "left")
    for row in rows:
        table.add_row(*(Text(cell) for cell in ("", *row)))
    _print_table(console, table)


def _grid() -> Table:
    """Return a table without lines, whose long cells go on below themselves."""
    return Table.grid(padding=(0, 2, 0, 0))


def _console() -> Console:
    """Return standard output: as wide as the terminal, in a pipe as wide as it takes."""
    return Screen(highlight=False, width=None if sys.stdout.isatty() else 10_000)


def _print_table(console: Console, table: Table) -> None:
    """Print a table; without the blanks that fill its last column, where they go to a file."""
    with console.capture() as drawn:
        console.print(table)
    text = drawn.get()
    if not console.is_terminal:
        text = "".join(f"{line.rstrip()}\n" for line in text.splitlines())
    console.file.write(text)
