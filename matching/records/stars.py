"""Stars, from hours and from what reviews say; who wants another rule gives another function."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

import polars as pl

from matching.records.policy import RecordPolicy
from matching.records.tables import MARKS


class StarRule(Protocol):
    """Gives stars to people, all at once."""

    def __call__(self, people: pl.DataFrame) -> pl.Series:
        """Return the star of each row, 0 for none.

        Of ``people`` it may ask ``hours``, ``reviews`` (how many the person has) and ``quality``
        (their mean, shrunk to that of all; null where nobody was reviewed).
        """
        ...


@dataclass(frozen=True)
class Thresholds:
    """So many hours for each star, and from one star on a mean of reviews.

    Whoever has no review of their own is never held back: nothing bad was said of them.

    Attributes
    ----------
    hours : tuple of float
        From which each star is given, inclusive.
    quality_from : int
        The first star that asks for quality; 0 if none does.
    quality : float
        The mean that it asks for.
    """

    hours: tuple[float, ...]
    quality_from: int = 0
    quality: float = 0.0

    def __call__(self, people: pl.DataFrame) -> pl.Series:
        """Return the star of each row, 0 for none."""
        star = self.by_hours()
        if self.quality_from:
            poor = (pl.col("reviews") > 0) & (pl.col("quality") < self.quality)
            star = (
                pl.when(poor).then(pl.min_horizontal(star, self.quality_from - 1)).otherwise(star)
            )
        return people.select(star.alias("star")).to_series()

    def by_hours(self) -> pl.Expr:
        """Return the star that the hours alone would give."""
        return pl.sum_horizontal((pl.col("hours") >= step).cast(pl.Int64) for step in self.hours)


def national(policy: RecordPolicy) -> Thresholds:
    """Return the rule that a policy's keys describe; its defaults are the national thresholds."""
    return Thresholds(policy.star_hours, policy.quality_from, policy.quality)


def marks_of(reviews: pl.DataFrame) -> pl.DataFrame:
    """Return ``reviews`` and the sum of their ``marks`` by volunteer: each review is one mean."""
    given = pl.mean_horizontal(pl.col(MARKS), ignore_nulls=True)
    return reviews.group_by("volunteer_id").agg(reviews=pl.len().cast(pl.Int64), marks=given.sum())


def quality_of(marks: Iterable[pl.DataFrame], weight: float) -> pl.DataFrame:
    """Return ``reviews`` and ``quality`` of each volunteer who was reviewed, and the mean of all.

    A mean is shrunk as if the volunteer had ``weight`` more reviews at the mean of all, so that one
    bad day says little and fifty say much.

    Parameters
    ----------
    marks : iterable of polars.DataFrame
        As `marks_of` returns them, of any parts of the reviews.
    weight : float
    """
    empty = {"volunteer_id": pl.String, "reviews": pl.Int64, "marks": pl.Float64}
    every = pl.concat([pl.DataFrame(schema=empty), *marks])
    every = every.group_by("volunteer_id").agg(pl.sum("reviews", "marks"))
    mean = pl.sum("marks") / pl.sum("reviews")
    shrunk = (pl.col("marks") + weight * mean) / (pl.col("reviews") + weight)
    return every.select("volunteer_id", "reviews", quality=shrunk, mean=mean).sort("volunteer_id")


def stars(hours: pl.DataFrame, quality: pl.DataFrame, rule: StarRule) -> pl.DataFrame:
    """Return the star of each volunteer with records, in the order of ``volunteer_id``.

    Parameters
    ----------
    hours : polars.DataFrame
        As `people.hours_of` returns it.
    quality : polars.DataFrame
        As `quality_of` returns it.
    rule : StarRule

    Returns
    -------
    polars.DataFrame
        ``volunteer_id``, ``star``, ``hours``, ``reviews``, ``quality``.
    """
    mean = quality["mean"].first() if quality.height else None
    people = hours.select("volunteer_id", "hours").join(
        quality.drop("mean"), on="volunteer_id", how="left", maintain_order="left"
    )
    people = people.with_columns(
        pl.col("reviews").fill_null(0), pl.col("quality").fill_null(pl.lit(mean, pl.Float64))
    )
    star = rule(people).cast(pl.Int64).alias("star")
    return people.with_columns(star).select("volunteer_id", "star", "hours", "reviews", "quality")
