"""One run: a world's tables into a folder, the entrant's command, and the judge's findings."""

from __future__ import annotations

import json
import math
import shlex
import shutil
import string
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import polars as pl

from benchmarks.vmb import meter
from benchmarks.vmb.best_known import best_known
from benchmarks.vmb.worlds import Tables, World, fingerprint
from matching import Plan, Policy, Prices, Problem, audit, certify
from matching.audit.pins import settled
from matching.errors import DataError, MatchingError, UsageError
from matching.stores import read_plan, read_prices, read_summary, write_tables

# What a result says, in this order. Null where there is nothing to say.
ROW: dict[str, type[pl.DataType]] = {
    "world": pl.String,
    "fingerprint": pl.String,
    "status": pl.String,  # kept, broken (a rule), unreadable, no plan, failed (the command)
    "detail": pl.String,
    "value": pl.Int64,  # by the audit, of a plan that keeps the rules
    "gap": pl.Float64,  # to the best-known bound
    "seconds": pl.Float64,
    "cpu_seconds": pl.Float64,  # of all processors
    "memory_mb": pl.Int64,
    "proved": pl.Int64,  # the bound of the entrant's prices, computed anew
    "claimed": pl.Int64,  # the bound of the entrant's summary, taken on trust
}
PLACES = ("tables", "out", "week", "seconds")


def run(world: World, command: str, keep: Path | None = None) -> dict[str, Any]:
    """Run an entrant on a world and judge the plan; return a row of the results.

    Parameters
    ----------
    world : World
    command : str
        With ``{tables}`` (folder to read) and ``{out}`` (folder to write to), and ``{week}`` (the
        Monday) and ``{seconds}`` (the limit) where they are wanted. No shell reads it.
    keep : pathlib.Path, optional
        Where tables and plan stay, one folder per world; else they are removed.

    Raises
    ------
    UsageError
        If the command names another place, lacks one of the folders or cannot be started.
    """
    _check(command)
    made = world.make()
    where = nullcontext(keep / world.name) if keep else tempfile.TemporaryDirectory(prefix="vmb-")
    with where as folder:
        tables, out = Path(folder, "tables"), Path(folder, "plan")
        write_tables(tables, made, "csv")
        out.mkdir(exist_ok=True)
        known = {"tables": tables, "out": out, "week": world.week, "seconds": world.limit}
        words = [word.format_map(known) for word in shlex.split(command)]
        row = {"world": world.name, "fingerprint": fingerprint(made)}
        row |= _measured(world.limit, words)
        judged = judge(made, world, out) if row["status"] != "failed" else {}
    details = [text for text in (row.pop("detail"), judged.pop("detail", None)) if text]
    row |= {"detail": "; ".join(details) or None} | judged
    return dict.fromkeys(ROW) | row | _gap(row)


def _check(command: str) -> None:
    try:
        named = {name for _, name, _, _ in string.Formatter().parse(command) if name is not None}
        program = shlex.split(command)[0]
    except (ValueError, IndexError):
        named, program = set(), ""
    if not {"tables", "out"} <= named <= set(PLACES):
        raise UsageError(
            f"command = {command!r} must name {{tables}} and {{out}}, and may name "
            "{week} and {seconds}; nothing else stands in braces"
        )
    if shutil.which(program) is None:
        raise UsageError(f"command = {command!r}: {program!r} is no program on this machine")


def _measured(limit: int, words: list[str]) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-S", meter.__file__, str(limit), *words],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    code, stopped = found.pop("exit"), found.pop("stopped")
    # Whoever is stopped by the clock is judged by what stands in the folder.
    failed = code != 0 and not stopped
    detail = f"exit status {code}" if failed else "stopped by the clock" if stopped else None
    return {"status": "failed" if failed else "run", "detail": detail} | found


def judge(tables: Tables, world: World, out: Path) -> dict[str, Any]:
    """Judge the plan in a folder: by the audit its rules and value, by its prices the bound."""
    problem = settled(Problem.from_tables(tables, world.week, Policy()))
    try:
        plan = Plan.from_frame(problem, read_plan(out))
    except UsageError:
        return {"status": "no plan"}
    except DataError as error:
        return {"status": "unreadable", "detail": _first_line(error)}
    broken = audit.violations(problem, plan)
    if broken.height:
        rules = broken["rule"].value_counts(sort=True).rows()
        return {"status": "broken", "detail": ", ".join(f"{name}: {n}" for name, n in rules)}
    return {"status": "kept", "value": audit.value(problem, plan)} | _bounds(problem, out)


def _bounds(problem: Problem, out: Path) -> dict[str, int | str | None]:
    """Compute the bound of the prices, if the entrant wrote any, and read the one it claims."""
    try:
        prices, summary = read_prices(out), read_summary(out) or {}
        proved = None if prices is None else certify(problem, Prices.from_frame(problem, prices))
    except MatchingError as error:
        # A plan needs neither: it stands without a bound.
        return {"detail": f"no bound: {_first_line(error)}"}
    claimed = summary.get("bound")
    if not isinstance(claimed, int | float) or not math.isfinite(claimed):
        claimed = None
    # A value is a whole number, and no larger than a bound that is none.
    return {
        "proved": None if proved is None else math.floor(proved + 1e-6),
        "claimed": None if claimed is None else math.floor(claimed),
    }


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]


def _gap(row: Mapping[str, Any]) -> dict[str, float]:
    """Return the gap to the best-known bound, of the very same world."""
    known = best_known().row(by_predicate=pl.col("world") == row["world"], named=True)
    value = row.get("value")
    if value is None or known["bound"] is None or known["fingerprint"] != row["fingerprint"]:
        return {}
    return {"gap": (known["bound"] - value) / max(1, value)}


def read_results(path: Path) -> pl.DataFrame:
    """Read what earlier runs wrote; no rows if there is no such file.

    Raises
    ------
    UsageError
        If it is another file.
    """
    if not path.exists():
        return pl.DataFrame(schema=ROW)
    try:
        header = pl.read_csv(path, n_rows=0).columns
        results = pl.read_csv(path, schema=ROW)
    except pl.exceptions.PolarsError as error:
        raise UsageError(f"{path} is no table of results: {_first_line(error)}") from None
    if header != list(ROW):
        raise UsageError(f"{path} is no table of results: its columns must be {', '.join(ROW)}")
    return results


def append(path: Path, row: Mapping[str, Any]) -> None:
    """Add a row to a file of results, made if it is not there; written beside, then renamed."""
    before = read_results(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".new")
    before.vstack(pl.DataFrame([row], schema=ROW)).write_csv(beside)
    beside.replace(path)
