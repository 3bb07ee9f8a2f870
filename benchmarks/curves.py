"""How value and bound come together while a search goes on: a table of the points, and a plot.

::

    python -m benchmarks.curves district --rules full --scarcity 4 --time-limit 60

makes the world, plans it, and writes `full-district-scarcity-4-seed-1` as CSV (the points), JSON
(what was planned, and how it ended), SVG and PNG into the folder. Seconds count from where the
search begins, when the eligible arcs and what they are worth are known.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.cases import ROUNDS, SEED, WEEK
from matching import Problem, Progress, Result, solve
from matching.arcs.eligibility import eligible
from matching.synthetic import generate

# What the search begins with; the phases before find out what may be planned.
_FIRST = "flow", "search"
# The plot of value and bound is framed for what holds after this share of the time.
_FRAMED = 0.1
# Two that a colour-blind reader tells apart.
_VALUE, _BOUND = "#0072b2", "#d55e00"
_SCHEMA = {
    "seconds": pl.Float64,
    "phase": pl.String,
    "value": pl.Int64,
    "bound": pl.Float64,
    "gap": pl.Float64,
}


@dataclass(frozen=True)
class Curve:
    """What a search knew when.

    Attributes
    ----------
    facts : dict
        What was planned, and how it ended.
    points : polars.DataFrame
        Columns ``seconds`` since the search began, ``phase``, ``value``, ``bound``, ``gap``; null
        where not known yet.
    """

    facts: dict[str, Any]
    points: pl.DataFrame


def record(problem: Problem, facts: dict[str, Any], **limits: Any) -> Curve:
    """Solve a problem and write down every step that the search tells of."""
    told: list[Progress] = []
    started = time.perf_counter()
    result = solve(problem, on_progress=told.append, **limits)
    seconds = time.perf_counter() - started
    # How it stood when it ended, which no step tells of.
    told.append(Progress("end", seconds, result.value, result.bound))
    return Curve(_facts(result, facts), points_of(told))


def points_of(told: Sequence[Progress]) -> pl.DataFrame:
    """Turn what was told into rows, from the first step of the search on."""
    first = next(n for n, step in enumerate(told) if step.phase in _FIRST)
    zero = told[first].seconds
    rows = [
        (step.seconds - zero, step.phase, step.value, step.bound, step.gap) for step in told[first:]
    ]
    points = pl.DataFrame(rows, _SCHEMA, orient="row")
    # The beginning of a phase tells nothing of value and bound: they are what they were.
    return points.with_columns(pl.col("value", "bound", "gap").forward_fill())


def _facts(result: Result, facts: dict[str, Any]) -> dict[str, Any]:
    problem = result.problem
    return facts | {
        "volunteers": len(problem.volunteers),
        "requests": len(problem.requests),
        "seats": int(problem.posts.seats.sum(dtype=np.int64)),
        "arcs": len(eligible(problem)),
        "status": result.status,
        "termination": result.termination,
        "value": result.value,
        "bound": result.bound,
        "bound_from_prices": result.bound_from_prices,
        "gap": result.gap,
        "phases": {phase.name: round(phase.seconds, 3) for phase in result.phases},
    }


# --- the plot -------------------------------------------------------------------------------------


def draw(curve: Curve) -> Figure:
    """Plot the gap on the left, value and bound on the right, as steps over seconds."""
    facts = curve.facts
    figure = Figure(figsize=(11, 4.5), layout="constrained")
    left, right = figure.subplots(1, 2)
    figure.suptitle(
        f"{facts['size']}, {facts['rules']} rules, scarcity {facts['scarcity']:g}: "
        f"{facts['volunteers']:,} volunteers, {facts['requests']:,} requests, "
        f"{facts['seats']:,} seats, {facts['arcs']:,} arcs"
    )
    _draw_gap(left, curve.points, facts)
    _draw_both(right, curve.points, facts)
    for axes in (left, right):
        axes.set_xlabel("time since the search began (s)")
        axes.set_xlim(0, max(1e-3, float(curve.points["seconds"][-1])) * 1.02)
        axes.grid(alpha=0.3)
    return figure


def _draw_gap(axes: Axes, points: pl.DataFrame, facts: dict[str, Any]) -> None:
    ending = facts["termination"].replace("_", " ")
    axes.set_title(f"gap: {facts['gap']:.2g} at the end ({ending})")
    axes.set_ylabel("(bound - value) / value, log scale")
    axes.set_yscale("log")
    # Before there is a plan of anybody the gap says nothing.
    known = points.filter(pl.col("value") > 0, pl.col("bound").is_not_null())
    if not known.height:
        return
    # A log axis has no 0: what is proved is drawn at its foot, below the smallest gap there is.
    foot = 0.5 / max(1, facts["value"])
    gap = known["gap"].to_numpy()
    axes.step(known["seconds"], np.maximum(gap, foot), where="post", color="black")
    proved = np.flatnonzero(gap <= 0)
    if len(proved):
        at = float(known["seconds"][int(proved[0])])
        axes.plot([at], [foot], "o", color="black", clip_on=False)
        beside = {"textcoords": "offset points", "xytext": (-8, 8), "ha": "right"}
        axes.annotate(f"proved after {at:.3g} s", (at, foot), **beside)
        axes.set_ylim(bottom=foot)


def _draw_both(axes: Axes, points: pl.DataFrame, facts: dict[str, Any]) -> None:
    axes.set_title(f"value {facts['value']:,} and bound {facts['bound']:,} at the end")
    axes.set_ylabel("worth of a plan (points)")
    axes.yaxis.set_major_formatter(lambda y, _: f"{y:,.0f}")
    known = points.filter(pl.col("bound").is_not_null())
    if not known.height:
        return
    seconds, value, bound = (known[name].to_numpy() for name in ("seconds", "value", "bound"))
    value = np.where(value > 0, value.astype(np.float64), np.nan)
    axes.fill_between(seconds, value, bound, step="post", color="grey", alpha=0.15, linewidth=0)
    axes.step(seconds, bound, where="post", color=_BOUND, label="bound: no plan is worth more")
    axes.step(seconds, value, where="post", color=_VALUE, label="value of the best plan so far")
    axes.legend(loc="best")
    # The first steps are large and would hide all that follow: the frame is for what holds after
    # a tenth of the time, and the gap tells of the rest.
    later = np.searchsorted(seconds, seconds[-1] * _FRAMED, side="right") - 1
    lowest, highest = np.nanmin(np.append(value[max(0, later) :], bound[-1])), bound[later]
    margin = max(1.0, 0.15 * (highest - lowest))
    axes.set_ylim(lowest - margin, highest + margin)


# --- files ----------------------------------------------------------------------------------------


def write(curve: Curve, folder: Path, name: str) -> list[Path]:
    """Write points, facts and plots; each file is there whole or not at all."""
    figure = draw(curve)
    ways: dict[str, Callable[[Path], object]] = {
        "csv": curve.points.write_csv,
        "json": lambda path: path.write_text(json.dumps(curve.facts, indent=2) + "\n"),
        "svg": lambda path: figure.savefig(path, format="svg"),
        "png": lambda path: figure.savefig(path, format="png", dpi=120),
    }
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    with tempfile.TemporaryDirectory(dir=folder, prefix=".") as beside:
        for kind, way in ways.items():
            there, here = folder / f"{name}.{kind}", Path(beside, kind)
            way(here)
            os.replace(here, there)
            written.append(there)
    return written


def main(arguments: Sequence[str] | None = None) -> list[Path]:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.curves", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("size", choices=list(ROUNDS))
    parser.add_argument("--volunteers", type=int, help="how many; by size, if absent")
    parser.add_argument("--requests", type=int, help="how many; by size, if absent")
    parser.add_argument("--rules", choices=["network", "full"], default="full")
    parser.add_argument("--scarcity", type=float, default=1.0, help="multiplies the seats")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--time-limit", type=float, default=60.0, help="seconds")
    parser.add_argument("--gap", type=float, default=0.0, help="relative gap to end at")
    parser.add_argument("--out", type=Path, default=Path("build/curves"), help="folder")
    given = parser.parse_args(arguments)
    world = {
        name: getattr(given, name)
        for name in ("size", "rules", "scarcity", "seed", "volunteers", "requests")
    }
    problem = Problem.from_tables(generate(**world, week=WEEK), WEEK)
    facts = world | {"time_limit": given.time_limit, "gap_limit": given.gap}
    curve = record(problem, facts, time_limit=given.time_limit, gap=given.gap)
    name = f"{given.rules}-{given.size}-scarcity-{given.scarcity:g}-seed-{given.seed}"
    for count in ("volunteers", "requests"):
        if getattr(given, count) is not None:
            name += f"-{getattr(given, count)}-{count}"
    return write(curve, given.out, name)


if __name__ == "__main__":
    for path in main():
        print(path)
