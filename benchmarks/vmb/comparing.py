"""This library and its peers on the same worlds, under the same judge and clock: table and plots.

::

    python -m benchmarks.vmb compare --out build/peers

keeps the rows of each entrant in a file of its own, as `run` writes them, and goes on where it was
stopped: who has a row for a world is not run on it again.
"""

from __future__ import annotations

import importlib.util
import shutil
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl

from benchmarks.vmb import nearest
from benchmarks.vmb.best_known import best_known
from benchmarks.vmb.running import ROW, append, read_results, run
from benchmarks.vmb.worlds import World
from matching.errors import UsageError

# Whoever is still running after so many times the limit of the search is stopped: tables are read
# before it, plans are written after it, and some entrants take no limit.
STOPPED_AFTER = 3


@dataclass(frozen=True)
class Entrant:
    """Who takes part, and what they need.

    Attributes
    ----------
    command : str
        As `running.run` takes it, ``{seconds}`` being the limit of the search.
    rules : tuple of str
        On which worlds it takes part.
    modules, programs : tuple of str
        Without these it is skipped.
    """

    name: str
    command: str
    rules: tuple[str, ...] = ("network", "full")
    modules: tuple[str, ...] = ()
    programs: tuple[str, ...] = ()

    def missing(self) -> str | None:
        """Say what is missing here; None if nothing is."""
        for module in self.modules:
            if importlib.util.find_spec(module) is None:
                return f"the package {module} is missing; install the extra `peers`"
        for program in self.programs:
            if shutil.which(program) is None:
                return f"there is no program {program} on this machine"
        return None


_PYTHON = f"'{sys.executable}'"
_WHERE = "{tables} {out} {week}"


def _peer(name: str) -> str:
    return f"{_PYTHON} -m benchmarks.vmb.peer {name} {_WHERE} {{seconds}}"


_OURS = f"'{Path(sys.executable).with_name('matching')}' plan {{tables}} --out {{out}}"
_OURS += " --week {week} --time-limit {seconds}"

ENTRANTS = {
    entrant.name: entrant
    for entrant in (
        Entrant("matching", _OURS),
        Entrant("matching, gap 0", f"{_OURS} --gap 0"),
        Entrant("HiGHS", _peer("milp")),
        Entrant("CP-SAT", _peer("cp-sat")),
        Entrant("OR-Tools flow", _peer("flow")),
        Entrant("NetworkX", _peer("networkx"), rules=("network",), modules=("networkx",)),
        Entrant("LEMON", _peer("lemon"), rules=("network",), modules=("pylmcf",)),
        Entrant("SciPy batches", _peer("scipy")),
        Entrant("Timefold", _peer("timefold"), modules=("timefold",), programs=("java",)),
        Entrant(
            "SolverForge",
            _peer("solverforge"),
            modules=("solverforge_legacy",),
            programs=("java",),
        ),
        Entrant(
            "nearest first", f"'{sys.executable}' '{nearest.__file__}' {{tables}} {{out}} {{week}}"
        ),
    )
}


def measure(
    worlds: Iterable[World], entrants: Iterable[Entrant], seconds: int, folder: Path
) -> Iterable[str]:
    """Run every entrant on every world that it has no row of yet; tell of each."""
    worlds = list(worlds)
    for entrant in entrants:
        if (missing := entrant.missing()) is not None:
            yield f"{entrant.name}: skipped, {missing}"
            continue
        path = file_of(folder, entrant)
        done = set(read_results(path)["world"])
        for world in worlds:
            if world.name in done or world.name.split("-")[2] not in entrant.rules:
                continue
            command = entrant.command.replace("{seconds}", str(seconds))
            row = run(replace(world, limit=STOPPED_AFTER * seconds), command)
            append(path, row)
            yield f"{entrant.name}: {world.name}, {row['status']}, {row['seconds']} s"


def file_of(folder: Path, entrant: Entrant) -> Path:
    return folder / f"{entrant.name.lower().replace(', ', '-').replace(' ', '-')}.csv"


def collect(folder: Path) -> pl.DataFrame:
    """Return all rows, with columns for ``entrant``, ``size``, ``rules`` and ``supply``."""
    frames = [
        read_results(file_of(folder, entrant)).select(pl.lit(name).alias("entrant"), *ROW)
        for name, entrant in ENTRANTS.items()
    ]
    parts = pl.col("world").str.split("-")
    return pl.concat(frames).with_columns(
        size=parts.list.get(1), rules=parts.list.get(2), supply=parts.list.get(3)
    )


def table(rows: pl.DataFrame) -> str:
    """Return the rows as Markdown: a table for each kind of rules, a column for each world."""
    known = dict(best_known().select("world", "value").iter_rows())
    text = []
    for (rules,), group in rows.group_by("rules", maintain_order=True):
        worlds = group["world"].unique(maintain_order=True).to_list()
        heads = [
            f"{' '.join(world.split('-')[1:4:2])}<br>{known[world]:,}"
            if known[world] is not None
            else " ".join(world.split("-")[1:4:2])
            for world in worlds
        ]
        text += [f"| {rules} rules | {' | '.join(heads)} |", "|---|" + "---:|" * len(worlds)]
        cells = {(row["entrant"], row["world"]): _cell(row) for row in group.to_dicts()}
        for entrant in group["entrant"].unique(maintain_order=True):
            line = (cells.get((entrant, world), "") for world in worlds)
            text.append(f"| {entrant} | {' | '.join(line)} |")
        text.append("")
    return "\n".join(text)


def _cell(row: Mapping[str, Any]) -> str:
    """Return gap or what went wrong, time, time of processors, memory."""
    what = row["status"] if row["gap"] is None else percent(row["gap"])
    if row["detail"] and "clock" in row["detail"]:
        what += ", stopped"
    if row["claimed"] is not None and row["claimed"] == row["value"]:
        what += " ∎"
    return f"{what}<br>{row['seconds']:.1f} s ({row['cpu_seconds']:.1f}), {row['memory_mb']:,} MB"


def percent(gap: float) -> str:
    """Return a gap as text; 0 is 0, and nothing else is."""
    if gap == 0:
        return "0"
    return f"{100 * gap:.1f} %" if gap >= 0.01 else f"{100 * gap:.2g} %"


def entrants_of(names: list[str] | None) -> list[Entrant]:
    """Return the entrants of these names; all, if there are none.

    Raises
    ------
    UsageError
        If there is no such entrant.
    """
    unknown = [name for name in names or () if name not in ENTRANTS]
    if unknown:
        raise UsageError(f"entrant = {unknown[0]!r}: write one of {', '.join(ENTRANTS)}")
    return [ENTRANTS[name] for name in names or ENTRANTS]
