"""What a year comes to: one row a method and seed, compared with the nearest first."""

from __future__ import annotations

from collections.abc import Collection

import polars as pl

# Its key, what it is called, whether more is better, and how much better than the nearest first
# the engine is to be: relative to it.
MEASURES: dict[str, tuple[str, bool, float | None]] = {
    "matched": ("orders with at least one match", True, 0.10),
    "filled": ("seats filled", True, 0.0),
    "served": ("seats served", True, None),
    "participation": ("people who served", True, None),
    "gini_hours": ("Gini of hours, of all people", False, -0.25),
    "gini_served": ("Gini of hours, of those who served", False, None),
    "km": ("km one way, for each seat filled", False, -0.30),
    "continuity": ("seats filled by somebody known", True, None),
    "offers_per_yes": ("offers for a yes", False, None),
    "offers_a_head": ("offers a head", False, None),
    "hours_a_head": ("hours a head", True, None),
    "rating": ("mean review", True, None),
}
_KEYS = ["method", "seed"]


def _share(part: str, whole: str) -> pl.Expr:
    return pl.when(pl.col(whole) > 0).then(pl.col(part) / pl.col(whole))


def measures_of(weeks: pl.DataFrame, volunteers: int) -> pl.DataFrame:
    """Return the measures of each method and seed, null where there is nothing to measure.

    Parameters
    ----------
    weeks : polars.DataFrame
        The figures of the weeks, with ``method`` and ``seed``, in their order.
    volunteers : int
    """
    last = ["waiting", "participation", "gini_hours", "gini_served"]
    sums = [name for name in weeks.columns if name not in (*_KEYS, "week", *last)]
    whole = weeks.group_by(_KEYS, maintain_order=True).agg(pl.col(sums).sum(), pl.col(last).last())
    settled = pl.col("matched") + pl.col("lost")
    return whole.select(
        *_KEYS,
        matched=pl.when(settled > 0).then(pl.col("matched") / settled),
        filled=_share("filled", "seats"),
        served=_share("served", "seats"),
        participation="participation",
        gini_hours="gini_hours",
        gini_served="gini_served",
        km=_share("km", "measured"),
        continuity=_share("by_known", "for_known"),
        offers_per_yes=_share("offers", "accepted"),
        offers_a_head=pl.col("offers") / volunteers,
        hours_a_head=pl.col("hours") / volunteers,
        rating=_share("stars", "reviews"),
        broken=pl.col("broken"),
    )


def comparison_of(measures: pl.DataFrame, base: str) -> pl.DataFrame:
    """Return each method's measures over all seeds, and beside the base method's.

    Returns
    -------
    polars.DataFrame
        ``measure``, ``method``; ``mean``, ``least`` and ``most`` over the seeds; ``against``: the
        mean of the relative differences to the base on the same seed, with ``against_least`` and
        ``against_most``; null without the base.
    """
    long = measures.drop("broken").unpivot(index=_KEYS, variable_name="measure")
    beside = long.filter(pl.col("method") == base).select("seed", "measure", base="value")
    long = long.join(beside, on=["seed", "measure"], how="left", maintain_order="left")
    change = pl.when(pl.col("base") != 0).then(pl.col("value") / pl.col("base") - 1)
    return (
        long.with_columns(change=change)
        .group_by("measure", "method", maintain_order=True)
        .agg(
            mean=pl.col("value").mean(),
            least=pl.col("value").min(),
            most=pl.col("value").max(),
            against=pl.col("change").mean(),
            against_least=pl.col("change").min(),
            against_most=pl.col("change").max(),
        )
    )


def targets_of(comparison: pl.DataFrame, methods: Collection[str]) -> pl.DataFrame:
    """Return what methods were to reach, what they reached in the mean, and whether that is met."""
    wanted = [(key, goal) for key, (_, _, goal) in MEASURES.items() if goal is not None]
    goals = pl.DataFrame(wanted, {"measure": pl.String, "target": pl.Float64}, orient="row")
    up = pl.col("target") >= 0
    over, under = (pl.col("against") >= pl.col("target")), (pl.col("against") <= pl.col("target"))
    met = pl.when(up).then(over).otherwise(under)
    planned = comparison.filter(pl.col("method").is_in(list(methods)))
    found = goals.join(planned, on="measure", maintain_order="left")
    names = ("measure", "method", "target", "against", "against_least", "against_most")
    return found.select(*names, met=met)
