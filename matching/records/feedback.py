"""What records and reviews say of the weeks to come: odds of coming, reliability, ratings.

Each figure is shrunk: the less is known of somebody, and the longer ago it was, the nearer it lies
to the mean of all, where newcomers are. How strongly, the records themselves say: the spread
between people beyond chance is estimated by moments from pairs of one person's records, as for a
beta-binomial of unequal sizes (J. C. Kleinman, "Proportions with extraneous variance", JASA 68,
1973; B. Efron and C. Morris, "Data analysis using Stein's estimator", JASA 70, 1975).

Only who said to come and did not is counted: to decline, or to cancel, says nothing of anybody.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from matching.records.policy import RecordPolicy
from matching.records.tables import MARKS

# A record that is wrong says nothing of who served; of the others, these are kept.
_SAYS = ("forced_out", "no_show", "rounded_away")
_CAME = ("done", "forced_out")
# Records at the mean of all that are added to those of a category, so that a rare one has a mean.
_OF_CATEGORY = 20.0
# How many records at the mean a person's own are weighed against, at least and at most.
_WEAKEST, _STRONGEST = 1.0, 1000.0
# Nobody is ever certain to stay away.
_LEAST = 0.01
_TALLY = ("weight", "came", "served", "squares_came", "squares_served", "squares")
TALLIES: dict[str, pl.DataType] = {
    "volunteer_id": pl.String(),
    "category": pl.String(),
    "records": pl.Int64(),
    **dict.fromkeys(_TALLY, pl.Float64()),
}


@dataclass(frozen=True)
class Feedback:
    """What is to be expected of people.

    Attributes
    ----------
    people : polars.DataFrame
        ``volunteer_id``, ``show_up`` (odds of coming), ``reliability`` (odds of serving to the
        end), ``rating`` (1..5, null where nobody was reviewed), ``records``, ``reviews``.
    categories : polars.DataFrame
        ``volunteer_id``, ``category``, ``show_up``, ``records``; without ``volunteer_id``, what
        newcomers have in the category.
    means : dict of str to float
        ``show_up``, ``reliability`` and ``rating`` of newcomers, as far as there is one, and
        ``weight``: at how many records one's own count as much as the mean.
    """

    people: pl.DataFrame
    categories: pl.DataFrame
    means: dict[str, float]


def tallies(credited: pl.DataFrame, policy: RecordPolicy, as_of: datetime) -> pl.DataFrame:
    """Return how often people came, by category, with what is old counting less.

    Parameters
    ----------
    credited : polars.DataFrame
        As `hours.credited` returns it; all records of each volunteer.
    policy : RecordPolicy
    as_of : datetime.datetime
        In UTC.
    """
    at = pl.coalesce("end", "start", "entered_at")
    says = credited.filter(
        pl.col("code").is_null() | pl.col("code").cast(pl.String).is_in(_SAYS),
        pl.col("status") != "cancelled",
    )
    weight, status = _weight(at, policy, as_of), pl.col("status")
    came, served = status.is_in(_CAME), status == "done"
    rows = says.select("volunteer_id", "category", weight=weight, came=came, served=served)
    w, squared = pl.col("weight"), pl.col("weight") ** 2
    sums = {
        "records": pl.len().cast(pl.Int64),
        "weight": w.sum(),
        "came": w.filter("came").sum(),
        "served": w.filter("served").sum(),
        "squares_came": squared.filter("came").sum(),
        "squares_served": squared.filter("served").sum(),
        "squares": squared.sum(),
    }
    return rows.group_by("volunteer_id", "category").agg(**sums).select(*TALLIES)


def marks(reviews: pl.DataFrame, policy: RecordPolicy, as_of: datetime) -> pl.DataFrame:
    """Return the ``reviews`` of each volunteer, their ``weight``, and their ``marks`` weighted."""
    mean = pl.mean_horizontal(pl.col(MARKS), ignore_nulls=True)
    rows = reviews.select("volunteer_id", mark=mean, weight=_weight(pl.col("at"), policy, as_of))
    return rows.group_by("volunteer_id").agg(
        reviews=pl.len().cast(pl.Int64),
        weight=pl.col("weight").sum(),
        marks=(pl.col("weight") * pl.col("mark")).sum(),
    )


def feedback(
    counted: Iterable[pl.DataFrame], reviewed: Iterable[pl.DataFrame], policy: RecordPolicy
) -> Feedback:
    """Estimate what is to be expected of everybody who has a record or a review.

    Parameters
    ----------
    counted : iterable of polars.DataFrame
        As `tallies` returns them; all of a volunteer in one.
    reviewed : iterable of polars.DataFrame
        As `marks` returns them, of any parts of the reviews.
    policy : RecordPolicy
    """
    rows = pl.concat([pl.DataFrame(schema=pl.Schema(TALLIES)), *counted])
    rows = rows.sort("volunteer_id", "category", nulls_last=True)
    people, categories, mean, weight = _expected(rows, "came")
    shown = ("volunteer_id", "category", "records", "odds")
    new = categories.group_by("category").agg(pl.col("records").sum(), odds=pl.col("_mean").first())
    new = new.sort("category", nulls_last=True).with_columns(volunteer_id=pl.lit(None, pl.String))
    categories = pl.concat([categories.select(shown), new.select(shown)])
    served, _, reliable, _ = _expected(rows, "served")
    means = {"show_up": mean, "reliability": reliable, "weight": weight} if rows.height else {}
    people = people.rename({"odds": "show_up"}).join(
        served.select("volunteer_id", reliability="odds"), on="volunteer_id", how="left"
    )
    rated, rating = _rated(reviewed, policy)
    if rating is not None:
        means["rating"] = rating
    people = people.join(rated, on="volunteer_id", how="full", coalesce=True)
    people = people.with_columns(
        pl.col("reviews", "records").fill_null(0),
        pl.col("rating").fill_null(pl.lit(rating, pl.Float64)),
        *(
            pl.col(name).fill_null(pl.lit(means.get(name), pl.Float64))
            for name in ("show_up", "reliability")
        ),
    )
    columns = ("volunteer_id", "show_up", "reliability", "rating", "records", "reviews")
    return Feedback(
        people.select(columns).sort("volunteer_id"),
        categories.rename({"odds": "show_up"}),
        means,
    )


def odds_of(pairs: pl.DataFrame, found: Feedback) -> pl.Series:
    """Return the odds that people come to services of a category, known there or not.

    Who has no record in the category is as far from its mean as from that of all their services.

    Parameters
    ----------
    pairs : polars.DataFrame
        ``volunteer_id`` and ``category``.
    found : Feedback
    """
    own = found.categories.filter(pl.col("volunteer_id").is_not_null())
    of_all = found.categories.filter(pl.col("volunteer_id").is_null())
    mean = pl.lit(found.means.get("show_up"), pl.Float64)
    people = found.people.select("volunteer_id", _far=pl.col("show_up") - mean)
    keys = ["volunteer_id", "category"]
    joined = (
        pairs.select(keys)
        .join(own.select(*keys, "show_up"), on=keys, how="left", maintain_order="left")
        .join(people, on="volunteer_id", how="left", maintain_order="left")
        .join(
            of_all.select("category", _mean="show_up"),
            on="category",
            how="left",
            maintain_order="left",
        )
    )
    far = pl.coalesce("_mean", mean) + pl.col("_far").fill_null(0)
    return joined.select(pl.coalesce("show_up", far.clip(_LEAST, 1))).to_series()


def _rated(
    reviewed: Iterable[pl.DataFrame], policy: RecordPolicy
) -> tuple[pl.DataFrame, float | None]:
    """Return ``reviews`` and ``rating`` of who was reviewed, and the mean of all marks."""
    kinds = {"volunteer_id": pl.String, "reviews": pl.Int64}
    kinds |= dict.fromkeys(("weight", "marks"), pl.Float64)
    every = pl.concat([pl.DataFrame(schema=kinds), *reviewed])
    every = every.group_by("volunteer_id").agg(pl.sum("reviews", "weight", "marks"))
    mean = every.select(pl.sum("marks") / pl.sum("weight")).item() if every.height else None
    more = policy.review_weight
    rating = (pl.col("marks") + more * pl.lit(mean, pl.Float64)) / (pl.col("weight") + more)
    return every.select("volunteer_id", "reviews", rating=rating), mean


def with_show_up(volunteers: pl.DataFrame, found: Feedback) -> pl.DataFrame:
    """Return the table ``volunteers`` with ``show_up`` as it was estimated.

    Newcomers have what the table says of them, or else the mean; where there are no records at all,
    everything stays as it is.
    """
    if "show_up" not in found.means:
        return volunteers
    odds = found.people.select("volunteer_id", _odds=pl.col("show_up").round(4))
    joined = volunteers.join(odds, on="volunteer_id", how="left", maintain_order="left")
    said = [pl.col("show_up").cast(pl.Float64)] if "show_up" in volunteers.columns else []
    mean = round(found.means["show_up"], 4)
    return joined.with_columns(show_up=pl.coalesce("_odds", *said, pl.lit(mean))).drop("_odds")


def with_ratings(affinities: pl.DataFrame, found: Feedback, policy: RecordPolicy) -> pl.DataFrame:
    """Return the table ``affinities`` with what ratings add: a score more or less, never a row.

    One mark above or below the mean of all is worth ``policy.rating_value``.
    """
    if "rating" not in found.means:
        return affinities
    mark = (pl.col("rating") - found.means["rating"]) * policy.rating_value
    rated = found.people.select("volunteer_id", _more=mark.round(0).cast(pl.Int64))
    joined = affinities.join(rated, on="volunteer_id", how="left", maintain_order="left")
    return joined.with_columns(pl.col("score") + pl.col("_more").fill_null(0)).drop("_more")


def _weight(at: pl.Expr, policy: RecordPolicy, as_of: datetime) -> pl.Expr:
    """Return what a moment counts: half as much after the half-life; fully, if it is not said."""
    days = (pl.lit(as_of, pl.Datetime("us")) - at).dt.total_seconds() / 86_400
    age = pl.max_horizontal(days.fill_null(0), 0.0)
    return pl.lit(0.5) ** (age / policy.half_life_days)


def _expected(rows: pl.DataFrame, what: str) -> tuple[pl.DataFrame, pl.DataFrame, float, float]:
    """Return the odds of people, of people by category, their mean and what it weighs."""
    if rows.is_empty():
        nothing = pl.lit(None, pl.Float64)
        none = rows.with_columns(odds=nothing, _mean=nothing)
        return none, none, 0.0, 0.0
    did, n = pl.col(what), pl.col("weight")
    mean: float = rows.select(did.sum() / n.sum()).item()
    of_category = (did.sum() + _OF_CATEGORY * mean) / (n.sum() + _OF_CATEGORY)
    rows = rows.with_columns(_mean=of_category.over("category"))
    rows = rows.with_columns(_more=did - n * pl.col("_mean"))
    weight = _prior_weight(rows, what)
    whole, more = n.sum().over("volunteer_id"), pl.col("_more").sum().over("volunteer_id")
    # What a person did elsewhere moves what is expected here; what they did here is not told twice.
    elsewhere = (more - pl.col("_more")) / (whole - n + weight)
    prior = (pl.col("_mean") + elsewhere).clip(_LEAST, 1)
    categories = rows.with_columns(odds=(did + weight * prior) / (n + weight))
    people = rows.group_by("volunteer_id", maintain_order=True).agg(
        pl.col("records").sum(), odds=mean + pl.col("_more").sum() / (n.sum() + weight)
    )
    return people.with_columns(pl.col("odds").clip(_LEAST, 1)), categories, mean, weight


def _prior_weight(rows: pl.DataFrame, what: str) -> float:
    """Return how many records at the mean stand against one's own.

    Two records of one person agree more often than those of two people: by how much, in shares of
    the variance, is the correlation r of a beta-binomial, whose prior weighs 1 / r - 1 records.
    """
    p, same = pl.col("_mean"), pl.col(f"squares_{what}")
    variance = p * (1 - p)
    # Of each record with itself, which says nothing of how two agree.
    own = same * (1 - p) ** 2 + (pl.col("squares") - same) * p**2
    sums = rows.group_by("volunteer_id").agg(
        pairs=pl.col("_more").sum() ** 2 - own.sum(),
        most=(pl.col("weight") * variance.sqrt()).sum() ** 2 - (pl.col("squares") * variance).sum(),
    )
    pairs, most = sums.select(pl.col("pairs").sum(), pl.col("most").sum()).row(0)
    if most <= 0 or pairs <= 0:
        return _STRONGEST
    return float(min(max(most / pairs - 1, _WEAKEST), _STRONGEST))
