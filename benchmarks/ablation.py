"""Each step of the search switched off in turn: its worth in gap, at fixed processor seconds.

``python -m benchmarks.ablation --seconds 10 --seeds 1 --out build/ablation`` plans every world with
all steps and then without each that it comes to, and writes a row for each run (``ablation.csv``)
and a table of gaps and processor seconds (``ablation.md``). Cities take ``--cities`` and time.

Steps are replaced from here; the library knows nothing of it.
"""

from __future__ import annotations

import argparse
import importlib
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import numpy as np
import polars as pl

from benchmarks import many_options
from benchmarks.vmb.worlds import WEEK, WORLDS
from matching import Problem, solve
from matching.synthetic import generate

ALL = "(all steps)"
_SOLVERS = "matching.solvers"
_SEARCH, _LINEAR = f"{_SOLVERS}.search", f"{_SOLVERS}.linear_programme"
_BY_BLOCKS, _BLOCKS = f"{_SOLVERS}.block_search", f"{_SOLVERS}.subproblems.blocks:Blocks"
_GENERATION = f"{_SOLVERS}.column_generation.generation"
_LP = f"{_SEARCH}:solve_lp"
_CONSTRUCTION = f"{_SOLVERS}.construction.construct:Construction"


@dataclass(frozen=True)
class Step:
    """What is replaced, and what takes its place, made of what was there."""

    name: str
    target: str  # module:name or module:class.name
    off: Callable[[Any], Any]
    reader: str = ""  # of a number: the target that has to be reached for it to count

    @property
    def place(self) -> tuple[Any, str]:
        """The object that has the attribute, and the attribute's name."""
        module, path = self.target.split(":")
        holder: Any = importlib.import_module(module)
        *between, name = path.split(".")
        for part in between:
            holder = getattr(holder, part)
        return holder, name

    @contextmanager
    def switched_off(self) -> Iterator[None]:
        """Replace it for a while."""
        holder, name = self.place
        with patch.object(holder, name, self.off(getattr(holder, name))):
            yield


def _nothing(real: Any) -> Callable[..., None]:
    return lambda *arguments, **more: None


def _becomes(value: Any) -> Callable[[Any], Any]:
    return lambda real: value


def _first_of(number: int) -> Callable[[Any], Any]:
    """Give one of the arguments back as it is."""
    return lambda real: lambda *arguments, **more: arguments[number]


def _no_heuristic(real: Any) -> Any:
    return lambda generation, primal, *more: np.empty(0, np.int64)


STEPS = (
    Step(
        "the flow's plan repaired",
        "matching.engine:repair",
        lambda real: lambda *given: np.empty(0, np.int64),
    ),
    Step("plans completed", f"{_CONSTRUCTION}.complete", _first_of(1)),
    Step("rounds of ruin and recreate", f"{_CONSTRUCTION}.improve", _nothing),
    Step("small weeks as one programme", f"{_SEARCH}:_MAX_ARCS_FOR_WHOLE_MIP", _becomes(0)),
    Step("column generation", _LP, _nothing),
    Step("a first basis from parts", f"{_LINEAR}:crash", _nothing),
    Step("a start at the flow's prices", f"{_GENERATION}:ColumnGeneration.start", _nothing),
    Step(
        "a start at the best arcs of each seat",
        f"{_LINEAR}:best_candidates",
        lambda real: lambda problem, weeks, quality: np.zeros(len(weeks.arcs), np.bool_),
    ),
    Step("plans between rounds", f"{_LINEAR}:mostly_selected", lambda real: _nobody),
    Step("several weeks of a volunteer", f"{_GENERATION}:_ROSTERS_PER_VOLUNTEER", _becomes(1), _LP),
    Step("linking cuts", f"{_GENERATION}:separate_linking_cuts", _first_of(0)),
    Step("PDLP", f"{_GENERATION}:_MIN_ARCS_FOR_PDLP", _becomes(10**9), _LP),
    Step("a dive over the whole map", f"{_LINEAR}:whole_dive", _nothing),
    Step("blocks over rosters", f"{_SEARCH}:improve_by_rosters", _first_of(1)),
    Step("restricted master heuristic", f"{_LINEAR}:restricted_master_heuristic", _no_heuristic),
    Step(
        "fractional requests left open by the heuristic",
        f"{_LINEAR}:fractional_requests",
        lambda real: (
            lambda generation, solution: np.zeros(len(generation.problem.requests), np.bool_)
        ),
    ),
    Step(
        "neighbourhoods around differences",
        f"{_BY_BLOCKS}:large_neighbourhood_search",
        _first_of(2),
    ),
    Step("larger rings", f"{_BY_BLOCKS}:_MAX_RINGS", _becomes(0), f"{_BY_BLOCKS}:merge_blocks"),
    Step("block bounds", f"{_BLOCKS}.tighten_block_bounds", _nothing),
    Step(
        "blocks merged",
        f"{_BY_BLOCKS}:merge_blocks",
        lambda real: lambda blocks, chosen, doublings: (blocks, np.empty(0, np.int64)),
    ),
    Step(
        "larger blocks",
        f"{_BY_BLOCKS}:merge_blocks",
        lambda real: lambda blocks, chosen, doublings: real(blocks, chosen),
    ),
    Step(
        "centred duals", f"{_BY_BLOCKS}:_centred", lambda real: lambda generation, lp, executor: lp
    ),
    Step(
        "cheap volunteers as copies alone",
        f"{_SOLVERS}.column_generation.lagrangian:_MAX_CHEAP_VALUE",
        _becomes(-1.0),
        f"{_BLOCKS}.tighten_block_bounds",
    ),
    Step(
        "copies that are dominated left out",
        f"{_BLOCKS}._undominated_copies",
        lambda real: lambda blocks, rows, arc, charge, own: np.ones(len(arc), np.bool_),
    ),
    Step(
        "reduced-cost fixing",
        f"{_BLOCKS}.arcs_after_fixing",
        lambda real: lambda blocks, value: np.arange(len(blocks.generation.weeks.arcs)),
    ),
    Step("the last integer programme", f"{_BY_BLOCKS}:solve_reduced_mip", _nothing),
    Step(
        "rows for links",
        f"{_SOLVERS}.subproblems.subproblem:MAX_LINKS_PER_OPTION",
        _becomes(0),
        f"{_BY_BLOCKS}:solve_reduced_mip",
    ),
)


def _nobody(generation: Any, solution: Any) -> Any:
    return np.empty(0, np.int64)


def worlds(seeds: list[int], cities: bool) -> Iterator[tuple[str, Callable[[], Problem]]]:
    """Return the worlds, each a name and what makes it."""
    sizes = ("town", "district", "city") if cities else ("town", "district")
    for size in sizes:
        for scarcity in (1.0, 4.0):
            for seed in seeds:
                yield (
                    f"{size} {scarcity:g}x, seed {seed}",
                    partial(_generated, size, scarcity, seed),
                )
    for name in many_options.WORLDS:
        for seed in seeds:
            yield f"{name}, seed {seed}", partial(_with_options, name, seed)
    for name, world in WORLDS.items():
        if world.family == "hostile":
            yield name.removeprefix("vmb1-"), partial(_hostile, name)


def _generated(size: str, scarcity: float, seed: int) -> Problem:
    tables = generate(size, rules="full", scarcity=scarcity, seed=seed, week=WEEK)
    return Problem.from_tables(tables, WEEK)


def _hostile(name: str) -> Problem:
    return Problem.from_tables(WORLDS[name].make(), WORLDS[name].week)


def _with_options(name: str, seed: int) -> Problem:
    return Problem.from_tables(many_options.WORLDS[name](seed), many_options.WEEK)


@contextmanager
def _noticing(reached: set[str]) -> Iterator[None]:
    """Note which steps are called; those that are only a number are taken to be."""
    with ExitStack() as undone:
        for step in {step.target: step for step in STEPS}.values():
            holder, name = step.place
            real = getattr(holder, name)
            if callable(real):
                noted = _noted(real, step.target, reached)
                undone.enter_context(patch.object(holder, name, noted))
            else:
                reached.add(step.target)
        yield


def _noted(real: Any, target: str, reached: set[str]) -> Any:
    def called(*arguments: Any, **more: Any) -> Any:
        reached.add(target)
        return real(*arguments, **more)

    return called


def run(problem: Problem, seconds: float, gap: float = 0.0) -> dict[str, Any]:
    """Plan with what is switched on, by a clock that other work on the machine does not move."""
    begin, processor = time.perf_counter(), time.process_time()
    clock = SimpleNamespace(perf_counter=time.process_time)
    with patch("matching.engine.time", clock), patch("matching.solvers.incumbent.time", clock):
        result = solve(problem, gap=gap, time_limit=seconds)
    return {
        "value": result.value,
        "bound": result.bound,
        "gap": result.gap,
        "end": result.termination,
        "seconds": round(time.perf_counter() - begin, 2),
        "processor": round(time.process_time() - processor, 2),
    }


def table(rows: pl.DataFrame) -> str:
    """Return Markdown: a line per step, a column per world; gap and processor seconds."""
    names = rows["world"].unique(maintain_order=True).to_list()
    lines = ["| without | " + " | ".join(names) + " |", "|---|" + "---:|" * len(names)]
    for step in [ALL, *(step.name for step in STEPS)]:
        cells = []
        for world in names:
            found = rows.filter((pl.col("world") == world) & (pl.col("step") == step))
            one = found.row(0, named=True) if found.height else None
            cells.append("" if one is None else f"{one['gap']:.4%}, {one['processor']:.1f} s")
        if any(cells):
            lines.append(f"| {step} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Run them all, and write after each world what there is."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--gap", type=float, default=0.0, help="ends a run; 0, if absent")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1])
    parser.add_argument("--cities", action="store_true")
    parser.add_argument("--worlds", nargs="+", default=[], help="parts of their names")
    parser.add_argument("--steps", nargs="+", default=[], help="parts of their names")
    parser.add_argument("--out", type=Path, default=Path("build/ablation"))
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    planned = partial(run, seconds=asked.seconds, gap=asked.gap)
    rows: list[dict[str, Any]] = []
    for name, make in worlds(asked.seeds, asked.cities):
        if asked.worlds and not any(part in name for part in asked.worlds):
            continue
        problem, reached = make(), set[str]()
        # The first time loads and compiles, and tells what the world comes to.
        with _noticing(reached):
            planned(problem)
        steps = [step for step in STEPS if (step.reader or step.target) in reached]
        for step in [None, *steps]:
            if step is None:
                rows.append({"world": name, "step": ALL} | planned(problem))
            elif not asked.steps or any(part in step.name for part in asked.steps):
                with step.switched_off():
                    rows.append({"world": name, "step": step.name} | planned(problem))
            else:
                continue
            print(" ".join(str(cell) for cell in rows[-1].values()), flush=True)
        frame = pl.DataFrame(rows)
        frame.write_csv(asked.out / "ablation.csv")
        (asked.out / "ablation.md").write_text(table(frame), encoding="utf-8")
    print(table(pl.DataFrame(rows)))


if __name__ == "__main__":
    main()
