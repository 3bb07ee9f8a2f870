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
    figure = Figure(figsize=(13, 5.5), layout="constrained")
    figure.suptitle("From Parquet to a certified plan: one density, network rules")
    left, right = figure.subplots(1, 2)
    net = dict(slopes.select("measure", "net").iter_rows())
    gross = dict(slopes.select("measure", "gross").iter_rows())
    _line(left, points["volunteers"], points["seconds"], "whole job", "black", 2.5)
    longest = phases.group_by("phase").agg(pl.col("seconds").max()).sort("seconds", "phase")
    for name, colour in zip(longest["phase"].reverse(), _COLOURS, strict=False):
        part = phases.filter(pl.col("phase") == name, pl.col("seconds") >= SHORTEST)
        _line(left, part["volunteers"], part["seconds"], name, colour, 1.2)
    left.set_title(f"time (s): slope {_said(gross['seconds'])}, {_said(net['seconds'])} net")
    _line(right, points["volunteers"], points["memory_mb"], "peak memory", "black", 2.5)
    right.set_title(
        f"memory (MB): slope {_said(gross['memory_mb'])}, {_said(net['memory_mb'])} net"
    )
    for axes, column in ((left, "seconds"), (right, "memory_mb")):
        _in_proportion(axes, points["volunteers"].to_numpy(), points[column].to_numpy())
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_xlabel("volunteers")
        axes.grid(alpha=0.3, which="both")
        axes.legend(fontsize=8)
    return figure


def _said(k: float | None) -> str:
    return "unknown" if k is None else f"{k:.2f}"


def _line(axes: Axes, x: pl.Series, y: pl.Series, name: str, colour: str, width: float) -> None:
    axes.plot(x, y, marker="o", markersize=4, label=name, color=colour, linewidth=width)


def _in_proportion(axes: Axes, x: np.ndarray, y: np.ndarray) -> None:
    """Draw what slope 1 from the largest world down would be."""
    axes.plot(x, y[-1] * x / x[-1], "--", color="grey", label="in proportion to the largest")


def write(figure: Figure, folder: Path) -> None:
    for kind, metadata in _NO_DATE.items():
        figure.savefig(folder / f"growth.{kind}", dpi=110, metadata=metadata)
