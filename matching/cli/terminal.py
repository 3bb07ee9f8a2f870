"""What a person at a terminal sees at the end: the figures of a plan, the verdict of a check."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterable
from typing import Any

import polars as pl
from rich.console import Console
from rich.table import Table
from rich.text import Text

from matching import audit
from matching.cli.screen import Screen
from matching.cli.ticker import spoken
from matching.cli.verdict import Verdict

_SHOWN_ROWS = 5
_SHOWN_VIOLATIONS = 5
_PROOF = {"optimal": "green", "feasible": "yellow"}
_ENDS = {
    "gap_limit": "The search ended at the gap asked for; --gap 0 goes on until a proof.",
    "exhausted": "Nothing was left to try before the time limit; another --seed may do better.",
    "time_limit": "The search ended at its time limit; a longer --time-limit may do better.",
    "interrupted": "The search was interrupted; left alone it may do better.",
}


def show_plan(
    frames: dict[str, pl.DataFrame], summary: dict[str, Any], out: str, seconds: float
) -> None:
    """Print the figures of a plan, its first rows, why seats are empty, and where it was written.

    ``frames`` and ``summary`` are those of `Result.output`; all of it took so many ``seconds``.
    """
    console = _console()
    bound = f"within {summary['gap']:.3%} of the proved bound {summary['bound']:,}"
    proof = {"optimal": "proved optimal", "feasible": bound}[summary["status"]]
    console.print(Text(first_line(summary), style="bold"))
    head = Text(f"week of {summary['week']}: value {summary['value']:,}, ")
    console.print(head.append(proof, style=_PROOF[summary["status"]]))
    _print_grid(console, _figures(summary, seconds))
    if summary["gap"] > 0 and summary["termination"] in _ENDS:
        console.print(Text(_ENDS[summary["termination"]]))
    show_zone(summary["policy"]["time_zone"], summary["time_zone_given"])
    _print_rows(console, frames["plan"].drop("quality"))
    _print_reasons(console, frames["unfilled"])
    console.print(Text(f"written to {out}: {', '.join(frames)}, summary"), soft_wrap=True)


def first_line(summary: dict[str, Any]) -> str:
    """Say how much of the week is done, and what is left to do."""
    said = [f"{summary['filled']:,} of {summary['seats']:,} seats"]
    if left := summary["seats"] - summary["filled"]:
        said.append(f"{left:,} open")
    if nobody := summary["requests"] - summary["requests_served"]:
        said.append(f"{nobody:,} order{'' if nobody == 1 else 's'} with nobody")
    return "; ".join(said)


def show_zone(name: str, given: bool) -> None:
    """Print the time zone, and where it comes from."""
    text = f"Times are those of {name}, as the policy says."
    if not given:
        text = f"Times are those of {name}, the default: time_zone in a policy file says another."
    _console().print(Text(text, style="dim" if given else "yellow"), soft_wrap=True)


def say_next(*commands: Iterable[str]) -> None:
    """Print the commands that one would give next."""
    console = _console()
    for number, command in enumerate(commands):
        label = "next:" if number == 0 else "     "
        console.print(Text(f"{label} {shlex.join(command)}", style="dim"), soft_wrap=True)


def _figures(summary: dict[str, Any], seconds: float) -> list[tuple[str, str, str]]:
    """Return name, figure and what it means; what is 0 where that is usual is left out."""
    kpis = summary["kpis"]
    shares = [f"{kpis[f'{name}_share']:.0%}" for name in ("seats_filled", "requests_served")]
    shares.append(f"{kpis['mobilisation_share']:.1%}")
    lines = [(*counts, share) for counts, share in zip(_counts(summary), shares, strict=True)]
    each = f"{kpis['hours_per_volunteer_used']:.1f} each"
    lines.append(("hours", f"{summary['hours']:,.1f}", each))
    if summary["requests_outside_week"]:
        lines.append(("requests in other weeks", f"{summary['requests_outside_week']:,}", ""))
    aside = sum(summary["set_aside"].values())
    if aside:
        lines.append(("rows set aside", f"{aside:,}", "see the table faults"))
    return [*lines, ("time", spoken(seconds), "")]


def _counts(summary: dict[str, Any]) -> list[tuple[str, str]]:
    """Return of seats, requests and volunteers how many of all are in the plan."""
    names = {
        "seats filled": ("filled", "seats"),
        "requests served": ("requests_served", "requests"),
        "volunteers serving": ("volunteers_used", "volunteers"),
    }
    return [
        (name, f"{summary[part]:,} of {summary[whole]:,}") for name, (part, whole) in names.items()
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


def _print_rows(console: Console, frame: pl.DataFrame) -> None:
    if not frame.height:
        return
    when = pl.col("start").dt.strftime("%a %d %b %H:%M") + "-" + pl.col("end").dt.strftime("%H:%M")
    title = Text(f"the first {min(_SHOWN_ROWS, frame.height)} of {frame.height:,} rows of the plan")
    frame = frame.head(_SHOWN_ROWS).with_columns(start=when).rename({"start": "when"}).drop("end")
    frame = frame.drop([name for name in frame.columns if frame[name].is_null().all()])
    table = Table(title=title, title_justify="left", box=None, padding=(0, 3, 0, 0), pad_edge=False)
    console.print()
    _print_frame(console, frame, table)
    console.print()


def _print_reasons(console: Console, unfilled: pl.DataFrame) -> None:
    """Say of how many posts seats are empty for which reason, the most frequent first."""
    if not unfilled.height:
        return
    from matching.arcs.unfilled import REASONS

    empty = (pl.col("seats") - pl.col("filled")).sum().alias("empty")
    reasons = unfilled.group_by("reason").agg(empty)
    reasons = reasons.sort("empty", "reason", descending=[True, False])
    total = int(reasons["empty"].sum())
    console.print(Text(f"{total:,} empty seats on {unfilled.height:,} posts, by reason:"))
    rows = [(reason, f"{seats:,}", REASONS[reason]) for reason, seats in reasons.iter_rows()]
    _print_grid(console, rows, figures=1)


def show_nation(summary: dict[str, Any], out: str) -> None:
    """Print the figures of a plan in regions."""
    console = Screen(soft_wrap=True)
    proof = f"within {summary['gap']:.4%} of the proved bound {summary['bound']:,}"
    if summary["status"] == "optimal":
        proof = "proved optimal"
    figures = [("regions", f"{len(summary['regions']):,}"), *_counts(summary)]
    figures.append(("gained at borders", f"{summary['gained_at_borders']:,}"))
    lines = [
        f"week of {summary['week']}: value {summary['value']:,}, {proof}",
        *(f"  {name:24} {figure}" for name, figure in figures),
        f"written to {out}: region=*/plan, unfilled, prices; summary",
    ]
    for line in lines:
        console.print(line, highlight=False, markup=False)
    show_zone(summary["policy"]["time_zone"], summary["time_zone_given"])


def show_check(verdict: Verdict) -> None:
    """Print what holds, rule by rule, then the figures, then whether all is well."""
    console = _console()
    table = _grid()
    counts = verdict.counts
    # What is broken comes last: it is what stays on a small screen.
    for rule in sorted(audit.RULES, key=lambda rule: counts[rule.name] > 0):
        count = counts[rule.name]
        word = Text("broken", "red") if count else Text("holds", "green")
        table.add_row(word, Text(rule.name), Text(rule.sentence))
        found = verdict.violations.filter(pl.col("rule") == rule.name)
        for row in found.head(_SHOWN_VIOLATIONS).iter_rows(named=True):
            keys = ("request_id", "post", "option", "volunteer_id")
            where = " ".join(str(row[key]) for key in keys if row[key])
            table.add_row("", "", Text(f"{where}: {row['detail']}"))
        if count > _SHOWN_VIOLATIONS:
            table.add_row("", "", Text(f"... {count - _SHOWN_VIOLATIONS:,} more"))
    _print_table(console, table)
    _print_comparison(console, verdict, "value")
    if verdict.bound_from_prices is None:
        console.print(Text("no prices beside the plan: no bound to check"))
    else:
        _print_comparison(console, verdict, "bound_from_prices")
        bound = f"{verdict.bound_from_prices:,.2f}".removesuffix(".00")
        console.print(
            Text(f"the prices prove: no plan is worth more than {bound} (gap {verdict.gap:.3%})")
        )
        if verdict.unfinished:
            console.print(
                Text(
                    f"left unproved, volunteers' best weeks: {verdict.unfinished:,}; for these "
                    "travel, rest and hours are left out; with a longer --time-limit the bound may "
                    "be lower",
                    "yellow",
                )
            )
    console.print(_conclusion(verdict))


def _conclusion(verdict: Verdict) -> Text:
    broken = sum(count > 0 for count in verdict.counts.values())
    if broken:
        noun = "rule is" if broken == 1 else "rules are"
        return Text(f"{broken} {noun} broken, {verdict.violations.height:,} times in all", "red")
    if not verdict.passes:
        return Text("every rule holds, but the summary does not tell the truth: plan again", "red")
    return Text("every rule holds", "green")


def _print_comparison(console: Console, verdict: Verdict, name: str) -> None:
    claimed, agrees = verdict.summary.get(name), verdict.agrees(name)
    text = f"{name} {getattr(verdict, name):,.2f}".removesuffix(".00")
    if verdict.same(name):
        text += ", as the summary says"
    elif claimed is not None:
        text += f", {'and' if agrees else 'but'} the summary says {claimed:,.2f}"
        if agrees:
            weaker = claimed > getattr(verdict, name)
            text += (
                ", which is weaker and true" if weaker else ", which was not proved in this time"
            )
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
