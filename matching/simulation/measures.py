"""What weeks come to, compared with the nearest first."""

from __future__ import annotations

from collections.abc import Collection

import polars as pl

MEASURES = (
    *("matched", "at_once", "filled", "served", "participation", "gini_hours", "gini_served"),
    *("km", "continuity", "offers_per_yes", "offers_a_head", "hours_a_head", "rating"),
)
# By how much the engine is to differ from the nearest first, as a share of it.
TARGETS = {"matched": 0.10, "filled": 0.0, "gini_hours": -0.25, "km": -0.30}
_KEYS = ["method", "seed"]
# Measured of people at the end of each week; all others are sums of counts.
_OF_PEOPLE = ("participation", "gini_hours", "gini_served")


def course_of(weeks: pl.DataFrame, volunteers: int) -> pl.DataFrame:
    """Return the measures of all weeks up to each; null where there is nothing to measure.

    Parameters
    ----------
    weeks : polars.DataFrame
        The figures of the weeks, with ``method`` and ``seed``, in their order.
    volunteers : int
    """
    given = (*_KEYS, "week", "waiting", *_OF_PEOPLE)
    counts = pl.col([name for name in weeks.columns if name not in given])
    so_far = weeks.with_columns(counts.cum_sum().over(_KEYS))
    settled = pl.col("matched") + pl.col("lost")
    return so_far.select(
        *_KEYS,
        "week",
        matched=_share("matched", settled),
        at_once=_share("at_once", pl.col("ordered")),
        filled=_share("filled", pl.col("seats")),
        served=_share("served", pl.col("seats")),
        participation="participation",
        gini_hours="gini_hours",
        gini_served="gini_served",
        km=_share("km", pl.col("measured")),
        continuity=_share("by_known", pl.col("for_known")),
        offers_per_yes=_share("offers", pl.col("accepted")),
        offers_a_head=pl.col("offers") / volunteers,
        hours_a_head=pl.col("hours") / volunteers,
        rating=_share("stars", pl.col("reviews")),
        broken="broken",
    )


def _share(part: str, whole: pl.Expr) -> pl.Expr:
    return pl.when(whole > 0).then(pl.col(part) / whole)


def last_of(course: pl.DataFrame) -> pl.DataFrame:
    """Return the measures of all weeks: one row a method and seed."""
    return course.group_by(_KEYS, maintain_order=True).last().drop("week")


def comparison_of(measures: pl.DataFrame, base: str = "nearest") -> pl.DataFrame:
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
    goals = pl.DataFrame({"measure": TARGETS.keys(), "target": TARGETS.values()})
    up = pl.col("target") >= 0
    over, under = (pl.col("against") >= pl.col("target")), (pl.col("against") <= pl.col("target"))
    planned = comparison.filter(pl.col("method").is_in(list(methods)))
    found = goals.join(planned, on="measure", maintain_order="left")
    names = ("measure", "method", "target", "against", "against_least", "against_most")
    return found.select(*names, met=pl.when(up).then(over).otherwise(under))
