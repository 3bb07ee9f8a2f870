"""What serving districts alike costs: weeks planned with `policy.equity` from 0 up.

``python -m benchmarks.even_districts`` plans cities of 20,000 volunteers in nine districts under
network rules, where people are scarce, and prints how the fill of the districts and the rest of the
value go. The price of evenness is what the plan is worth less when judged with `equity` at 0.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import polars as pl
from matplotlib import rc_context
from matplotlib.figure import Figure

from matching import Desk, Policy, Problem, audit, solve
from matching.synthetic import generate

WEEK = "2026-11-30"
_STEPS = (0, 4_000, 16_000, 64_000, 256_000)


def trade_off(
    size: str, volunteers: int, requests: int, scarcity: float, seed: int
) -> pl.DataFrame:
    """Return a row per weight: how districts are filled, seats in all, and what it costs."""
    tables = generate(
        size, volunteers=volunteers, requests=requests, scarcity=scarcity, seed=seed, week=WEEK
    )
    plain, rows = Problem.from_tables(tables, WEEK), []
    for equity in _STEPS:
        result = solve(plain.under(Policy(equity=equity)), gap=0.0)
        assert result.status == "optimal"
        fair = (
            Desk(result).fairness(1).row(by_predicate=pl.col("measure") == "districts", named=True)
        )
        rows.append(
            {
                "seed": seed,
                "equity": equity,
                "least": fair["least"],
                "most": fair["most"],
                "gini": fair["gini"],
                "filled": len(result.plan),
                "value": audit.value(plain, result.plan),
            }
        )
    return pl.DataFrame(rows).with_columns(cost=1 - pl.col("value") / pl.col("value").first())


def draw(table: pl.DataFrame) -> Figure:
    """Plot how uneven the fill of districts is, over what it costs."""
    figure = Figure(figsize=(6, 3.4), layout="constrained")
    axes = figure.subplots()
    for (seed,), one in table.group_by("seed", maintain_order=True):
        axes.plot(100 * one["cost"], one["gini"], marker="o", label=f"seed {seed}")
    axes.set_xlabel("value given up (%)")
    axes.set_ylabel("Gini of the fill of districts")
    axes.grid(alpha=0.3)
    axes.legend()
    return figure


def main(arguments: Sequence[str] | None = None) -> pl.DataFrame:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.even_districts", description=__doc__
    )
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--size", default="city")
    parser.add_argument("--volunteers", type=int, default=20_000)
    parser.add_argument("--requests", type=int, default=900)
    parser.add_argument("--scarcity", type=float, default=4.0)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--svg", type=Path, help="where to draw it")
    given = parser.parse_args(arguments)
    world = given.size, given.volunteers, given.requests, given.scarcity
    table = pl.concat([trade_off(*world, seed) for seed in given.seeds])
    if given.svg is not None:
        with rc_context({"svg.fonttype": "none", "svg.hashsalt": "districts"}):
            draw(table).savefig(given.svg, format="svg", metadata={"Date": None})
    with pl.Config(tbl_rows=-1, tbl_cols=-1, tbl_hide_dataframe_shape=True, float_precision=4):
        print(table)
    return table


if __name__ == "__main__":
    main()
