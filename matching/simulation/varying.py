"""What would change the conclusion: one assumption at a time is another, all else the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import polars as pl

from matching.errors import UsageError
from matching.guards.doors import door
from matching.simulation.assumptions import Assumptions
from matching.simulation.choosing import METHODS
from matching.simulation.year import Year, run

# Half and double, or none and much.
CHANGES: dict[str, tuple[float, ...]] = {
    "willing": (-2.1, -0.1),
    "keenness": (0, 2),
    "near": (0, 3),
    "known": (0, 3),
    "fatigue": (0, 1.5),
    "recovery_days": (4, 60),
    "automatic": (0,),
    "self_service": (0, 0.5),
    "no_show": (0, 0.3),
    "offers_a_seat": (3,),
    "patience_weeks": (0,),
    "scarcity": (0.5, 3),
}
# What is less than this apart is no difference.
_NO_DIFFERENCE = 0.005


def check_methods(methods: Sequence[str]) -> None:
    """Refuse methods that are compared with nothing.

    Raises
    ------
    UsageError
    """
    if "nearest" not in methods:
        raise UsageError("methods: what changes is told against 'nearest'; name it among them")


@door
def vary(
    usual: Year,
    size: str = "district",
    *,
    changes: Mapping[str, Sequence[float]] = CHANGES,
    assumptions: Assumptions | None = None,
    scarcity: float = 1.0,
    on_change: Callable[[str, float], object] = lambda name, value: None,
    **more: Any,
) -> pl.DataFrame:
    """Play the weeks again, with one change each time.

    Parameters
    ----------
    usual : Year
        That of `run` with the same arguments, without a change.
    size, assumptions, scarcity, **more
        The arguments of `run`.
    changes : Mapping of str to sequence of float
        Other values of assumptions, or of ``scarcity``.
    on_change : callable, optional
        Told of each change that begins.

    Returns
    -------
    polars.DataFrame
        ``assumption``, ``value``, ``measure``, ``method``, ``mean``; ``against``: the difference to
        the nearest first with the change, and ``usual`` without; ``flips``: whether the better of
        the two becomes the worse, by half a hundredth or more both times.

    Raises
    ------
    UsageError
        If a name is none of an assumption, or as `run` does.
    """
    assumed = assumptions or Assumptions()
    for name, values in changes.items():
        for value in values if name != "scarcity" else ():
            Assumptions.from_dict({name: value})
    check_methods(more.get("methods", METHODS))
    before = usual.comparison.select("measure", "method", usual="against")
    tables = []
    for name, value in [(name, value) for name, values in changes.items() for value in values]:
        on_change(name, value)
        if name == "scarcity":
            changed = run(size, assumptions=assumed, scarcity=scarcity * value, **more)
        else:
            other = replace(assumed, **{name: value})
            changed = run(size, assumptions=other, scarcity=scarcity, **more)
        found = changed.comparison.join(before, on=["measure", "method"], maintain_order="left")
        tables.append(
            found.select(
                pl.lit(name).alias("assumption"),
                pl.lit(float(value)).alias("value"),
                "measure",
                "method",
                "mean",
                "against",
                "usual",
            )
        )
    far = pl.min_horizontal(pl.col("against").abs(), pl.col("usual").abs()) >= _NO_DIFFERENCE
    flips = far & (pl.col("against").sign() != pl.col("usual").sign())
    return pl.concat(tables).with_columns(flips=flips)
