"""What a person at a terminal sees: progress while it runs, then the figures."""

from __future__ import annotations

import sys
import time
from typing import Any, Self

import polars as pl
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from matching import audit
from matching.solvers.incumbent import Progress

_SHOWN_ROWS = 12
_SHOWN_VIOLATIONS = 5


class Ticker:
    """One line on the terminal that says what is going on; silent where nobody looks.

    Attributes
    ----------
    timings : dict of str to float
        Seconds of the phases announced by `say`.
    """

    def __init__(self) -> None:
        self.console = Console(stderr=True)
        self.status = self.console.status("start") if sys.stderr.isatty() else None
        self.timings: dict[str, float] = {}
        self._saying: tuple[str, float] | None = None
        self._known: Progress | None = None

    def __enter__(self) -> Self:
        """Begin to show."""
        if self.status:
            self.status.start()
        return self

    def __exit__(self, *error: object) -> None:
        """Leave the line clean."""
        self._close()
        if self.status:
            self.status.stop()

    def say(self, phase: str) -> None:
        """Announce a phase that is not the engine's."""
        self._close()
        self._saying = phase, time.perf_counter()
        self._show(phase)

    def tell(self, progress: Progress) -> None:
        """Show how far the engine is."""
        self._close()
        if progress.value is not None:
            self._known = progress
        text = f"{progress.phase:12} {progress.seconds:6.1f} s"
        if self._known and self._known.bound is not None and self._known.gap is not None:
            known = self._known
            text += f"   value {known.value:,}   bound {known.bound:,.0f}   gap {known.gap:.3%}"
        self._show(text)

    def _close(self) -> None:
        if self._saying:
            phase, start = self._saying
            self.timings[phase] = round(time.perf_counter() - start, 3)
            self._saying = None

    def _show(self, text: str) -> None:
        if self.status:
            self.status.update(text)


def show_plan(frames: dict[str, pl.DataFrame], summary: dict[str, Any], out: str) -> None:
    """Print the figures of a plan and its first rows."""
    console = Console(soft_wrap=not sys.stdout.isatty())
    proof = {
        "optimal": "proved optimal",
        "feasible": f"within {summary['gap']:.3%} of the proved bound {summary['bound']:,}",
    }.get(summary["status"], f"{summary['status']}; bound {summary['bound']:,}")
    console.print(
        f"week of {summary['week']}: value {summary['value']:,}, {proof}", highlight=False
    )
    lines = [
        ("seats filled", f"{summary['filled']:,} of {summary['seats']:,}"),
        ("requests served", f"{summary['requests_served']:,} of {summary['requests']:,}"),
        ("volunteers serving", f"{summary['volunteers_used']:,} of {summary['volunteers']:,}"),
        ("hours", f"{summary['hours']:,.1f}"),
        ("requests in other weeks", f"{summary['requests_outside_week']:,}"),
        ("rows set aside", f"{sum(summary['set_aside'].values()):,}"),
    ]
    for name, figure in lines:
        console.print(f"  {name:24} {figure}", highlight=False)
    _print_rows(console, "plan", frames["plan"].drop("quality"))
    if frames["unfilled"].height:
        reasons = frames["unfilled"]["reason"].value_counts(sort=True).rows()
        text = ", ".join(f"{reason} {count:,}" for reason, count in reasons)
        console.print(f"posts with empty seats, by reason: {text}", highlight=False)
    console.print(f"written to {escape(out)}: {', '.join(frames)}, summary", highlight=False)


def show_nation(summary: dict[str, Any], out: str) -> None:
    """Print the figures of a plan in regions."""
    console = Console(soft_wrap=True)
    proof = f"within {summary['gap']:.4%} of the proved bound {summary['bound']:,}"
    if summary["status"] == "optimal":
        proof = "proved optimal"
    lines = [
        f"week of {summary['week']}: value {summary['value']:,}, {proof}",
        f"  {'regions':24} {len(summary['regions']):,}",
        f"  {'seats filled':24} {summary['filled']:,} of {summary['seats']:,}",
        f"  {'requests served':24} {summary['requests_served']:,} of {summary['requests']:,}",
        f"  {'volunteers serving':24} {summary['volunteers_used']:,} of {summary['volunteers']:,}",
        f"  {'gained at borders':24} {summary['gained_at_borders']:,}",
        f"written to {escape(out)}: region=*/plan, unfilled, prices; summary",
    ]
    for line in lines:
        console.print(line, highlight=False)


def _print_rows(console: Console, title: str, frame: pl.DataFrame) -> None:
    when = pl.col("start").dt.strftime("%a %d %b %H:%M") + "-" + pl.col("end").dt.strftime("%H:%M")
    frame = frame.with_columns(start=when).rename({"start": "when"}).drop("end")
    frame = frame.drop([name for name in frame.columns if frame[name].is_null().all()])
    table = Table(
        title=f"{title}, the first {min(_SHOWN_ROWS, frame.height)} of {frame.height:,} rows"
    )
    frame = frame.head(_SHOWN_ROWS)
    for name in frame.columns:
        table.add_column(name, overflow="fold")
    for row in frame.iter_rows():
        table.add_row(*("" if cell is None else escape(str(cell)) for cell in row))
    if frame.height:
        console.print(table)


def show_check(
    violations: pl.DataFrame, value: int, bound: float | None, summary: dict[str, Any]
) -> bool:
    """Print what holds, rule by rule; tell whether all does."""
    console = Console(soft_wrap=True)
    counts = dict(violations["rule"].value_counts().iter_rows())
    for rule in audit.RULES:
        count = counts.get(rule.name, 0)
        verdict = "broken" if count else "holds"
        style = "red" if count else "green"
        console.print(
            f"[{style}]{verdict:7}[/] {rule.name:20} {escape(rule.sentence)}", highlight=False
        )
        for row in (
            violations.filter(pl.col("rule") == rule.name)
            .head(_SHOWN_VIOLATIONS)
            .iter_rows(named=True)
        ):
            where = " ".join(
                str(row[k]) for k in ("request_id", "post", "option", "volunteer_id") if row[k]
            )
            console.print(f"          {escape(where)}: {escape(row['detail'])}", highlight=False)
        if count > _SHOWN_VIOLATIONS:
            console.print(f"          ... {count - _SHOWN_VIOLATIONS} more", highlight=False)
    fine = not violations.height
    fine &= _compare(console, "value", value, summary.get("value"))
    if bound is None:
        console.print("no prices beside the plan: no bound to check", highlight=False)
        return fine
    fine &= _compare(console, "bound_from_prices", bound, summary.get("bound_from_prices"))
    gap = (bound - value) / max(1, value)
    console.print(
        f"the prices prove: no plan is worth more than {bound:,.2f} (gap {gap:.3%})",
        highlight=False,
    )
    return fine


def _compare(console: Console, name: str, found: float, claimed: float | None) -> bool:
    same = claimed is None or abs(found - claimed) <= 1e-6 * max(1.0, abs(found))
    text = f"{name} {found:,.2f}".removesuffix(".00")
    if claimed is not None:
        text += ", as the summary says" if same else f", but the summary says {claimed:,.2f}"
    console.print(text, style=None if same else "red", highlight=False)
    return same
