"""The plots of growth: time by phase, and memory, on log-log scales."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.growth.fitting import SHORTEST

# Told apart by colour-blind readers.
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#f0e442", "#999999")
_NO_DATE = {"svg": {"Date": None}, "png": {}}


def draw(points: pl.DataFrame, phases: pl.DataFrame, slopes: pl.DataFrame) -> Figure:
    """Plot the whole job and its longest phases beside its memory."""
    figure = Figure(figsize=(14, 5.5), layout="constrained")
    figure.suptitle("From Parquet to a certified plan: one density, network rules")
    left, right = figure.subplots(1, 2)
    people = points["volunteers"]
    _line(left, people, points["seconds"], f"whole job: {_said(slopes, 'seconds')}", "black", 2.5)
    longest = phases.group_by("phase").agg(pl.col("seconds").max()).sort("seconds", "phase")
    for name, colour in zip(longest["phase"].reverse(), _COLOURS, strict=False):
        part = phases.filter(pl.col("phase") == name, pl.col("seconds") >= SHORTEST)
        _line(left, part["volunteers"], part["seconds"], name, colour, 1.2)
    processor = f"processor: {_said(slopes, 'cpu_seconds')}"
    left.plot(people, points["cpu_seconds"], ":", color="black", label=processor)
    _line(right, people, points["memory_mb"], f"peak: {_said(slopes, 'memory_mb')}", "black", 2.5)
    for axes, column, title in ((left, "seconds", "time (s)"), (right, "memory_mb", "memory (MB)")):
        _in_proportion(axes, people.to_numpy(), points[column].to_numpy())
        axes.set_title(title)
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_xlabel("volunteers (thousands)")
        axes.set_xticks(people, [f"{count / 1_000:,.0f}" for count in people], fontsize=8)
        axes.xaxis.minorticks_off()
        axes.yaxis.set_major_formatter(lambda y, _: f"{y:,g}")
        axes.yaxis.set_minor_formatter(lambda y, _: f"{y:,g}" if f"{y:e}"[0] in "25" else "")
        axes.grid(alpha=0.3, which="both")
        axes.legend(fontsize=8, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return figure


def _said(slopes: pl.DataFrame, measure: str) -> str:
    row = slopes.row(by_predicate=pl.col("measure") == measure, named=True)
    known = {name: "?" if row[name] is None else f"{row[name]:.2f}" for name in ("gross", "net")}
    return f"slope {known['gross']}, {known['net']} net"


def _line(axes: Axes, x: pl.Series, y: pl.Series, name: str, colour: str, width: float) -> None:
    axes.plot(x, y, marker="o", markersize=4, label=name, color=colour, linewidth=width)


def _in_proportion(axes: Axes, x: np.ndarray, y: np.ndarray) -> None:
    """Draw what slope 1 from the largest world down would be."""
    axes.plot(x, y[-1] * x / x[-1], "--", color="grey", label="in proportion")


def write(figure: Figure, folder: Path) -> None:
    for kind, metadata in _NO_DATE.items():
        figure.savefig(folder / f"growth.{kind}", dpi=110, metadata=metadata)
