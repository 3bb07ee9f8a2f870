"""Plots of what `comparing` measured: value, gap, time and memory, by size and rules."""

from __future__ import annotations

from pathlib import Path

import polars as pl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

# By supply, two that a colour-blind reader tells apart, and two shapes.
_MARKS = {"abundant": ("#009e73", "s"), "balanced": ("#0072b2", "o"), "scarce": ("#d55e00", "^")}
# A log axis has no 0: a gap of 0 is drawn here.
_FOOT = 1e-6
_MEASURES = ("share", "gap", "cpu_seconds", "memory_mb")
_TITLES = {
    "share": "value, % of the best-known bound",
    "gap": "gap to the best-known bound, log scale",
    "cpu_seconds": "processor time (s), log scale",
    "memory_mb": "most resident memory (MB), log scale",
}
_TICKS = {
    "gap": [_FOOT, 1e-5, 1e-3, 1e-1, 1],
    "cpu_seconds": [1, 10, 100],
    "memory_mb": [200, 500, 1_000, 2_000],
}
# The same rows make the same files.
_NO_DATE = {"svg": {"Date": None}, "png": {}}


def draw(rows: pl.DataFrame, rules: str) -> Figure:
    """Plot one kind of rules: a row of four plots for each size, a line for each entrant."""
    rows = rows.filter(pl.col("rules") == rules).with_columns(
        share=100 / (1 + pl.col("gap")), gap=pl.col("gap").clip(_FOOT)
    )
    sizes = rows["size"].unique(maintain_order=True).to_list()
    figure = Figure(figsize=(15, 0.9 + 3.4 * len(sizes)), layout="constrained")
    figure.suptitle(f"Entrants under {rules} rules, seed 1; hollow: no plan")
    grid = figure.subplots(len(sizes), len(_MEASURES), squeeze=False)
    for size, line in zip(sizes, grid, strict=True):
        for measure, axes in zip(_MEASURES, line, strict=True):
            _dots(axes, rows.filter(pl.col("size") == size), measure)
        line[0].set_ylabel(size)
        for axes in line[1:]:
            axes.set_yticklabels([])
    handles, labels = grid[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels))
    return figure


def _dots(axes: Axes, rows: pl.DataFrame, measure: str) -> None:
    entrants = rows["entrant"].unique(maintain_order=True).to_list()
    for supply, (colour, shape) in _MARKS.items():
        part = rows.filter(pl.col("supply") == supply, pl.col(measure).is_not_null())
        if not part.height:
            continue
        at = [entrants.index(name) for name in part["entrant"]]
        hollow = part["gap"].is_null()
        # Whoever has no plan still took time and memory: a hollow mark.
        face = ["none" if empty else colour for empty in hollow]
        axes.scatter(part[measure], at, c=face, edgecolors=colour, marker=shape, s=45)
        axes.scatter([], [], color=colour, marker=shape, label=supply)
    if measure in _TICKS:
        axes.set_xscale("log")
        axes.set_xlim(_TICKS[measure][0] / 2, _TICKS[measure][-1] * 2)
        axes.set_xticks(_TICKS[measure], [f"{x:,g}" for x in _TICKS[measure]])
        axes.minorticks_off()
    if measure == "gap":
        axes.set_xticks(_TICKS[measure], ["0", "0.001 %", "0.1 %", "10 %", "100 %"])
    axes.set_yticks(range(len(entrants)), entrants)
    axes.set_ylim(len(entrants) - 0.5, -0.5)
    axes.set_title(_TITLES[measure], fontsize=10)
    axes.grid(alpha=0.3)


def write(rows: pl.DataFrame, folder: Path) -> None:
    """Write a plot for each kind of rules, as SVG and PNG."""
    for rules in rows["rules"].unique(maintain_order=True):
        figure = draw(rows, rules)
        for kind in ("svg", "png"):
            figure.savefig(folder / f"peers-{rules}.{kind}", dpi=110, metadata=_NO_DATE[kind])
