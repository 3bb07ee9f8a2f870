"""Pinned assignments that are against the rules: refused, or set aside."""

from __future__ import annotations

import numpy as np
import polars as pl

from matching import columns as c
from matching.audit import violations
from matching.errors import DataError
from matching.faults import faults_of
from matching.plan import Plan, slot_keys
from matching.problem import Problem

# What others may still make good: the rest of the team is not there yet.
_ABOUT_OTHERS = ("pinned", "min_seats", "min_people", "team", "together")
# What one pin breaks by itself: the rules of `eligibility`, in the audit's reading.
_ABOUT_ONE = (
    "qualification",
    "availability",
    "distance",
    "organisation",
    "never",
    "declined",
    "consent",
    "only_listed",
)
_KEYS = ["request_id", "post", "volunteer_id"]


def settled(problem: Problem) -> Problem:
    """Return the problem with no pin that breaks a rule by itself or with the other pins.

    Raises
    ------
    DataError
        If there is one, unless the problem sets faults aside.
    """
    pins = problem.pins
    if not len(pins):
        return problem
    table = _as_table(problem)
    broken = _broken(problem, table)
    if not broken.height:
        return problem
    # A rule of the whole request or organisation cannot tell which of its pins is one too many.
    asked = table.drop("slot").unique("row", maintain_order=True)
    of_volunteer = asked.join(broken.drop_nulls("volunteer_id"), on=_KEYS)
    of_request = asked.join(
        broken.filter(pl.col("volunteer_id").is_null()).drop("post", "volunteer_id"),
        on="request_id",
    )
    of_quota = asked.join(broken.filter(pl.col("request_id").is_null()).drop(_KEYS), how="cross")
    every = pl.concat(
        [
            part.select(*asked.columns, "rule", "detail")
            for part in (of_volunteer, of_request, of_quota)
        ]
    ).unique(["row", "rule"], maintain_order=True)
    faults = pl.concat(
        [
            faults_of(
                "assignments", rows, ("volunteer_id", "request_id", "post"), f"pinned_{rule}", ""
            ).with_columns(
                message=pl.format(
                    "this pin is against the rule {}: {}", pl.lit(rule), rows["detail"]
                )
            )
            for (rule,), rows in every.group_by("rule", maintain_order=True)
        ]
    ).sort("row")
    if problem.on_error == "raise":
        raise DataError(faults)
    return problem.without_earlier(faults["row"].unique().to_numpy(), faults)


def _as_table(problem: Problem) -> pl.DataFrame:
    """Return a row per pin and option it may be kept at: ``row``, the keys, ``slot``."""
    pins, slots = problem.pins, problem.slots
    first = c.starts_of(slots.post, len(problem.posts))
    many = first[pins.post + 1] - first[pins.post]
    pin = np.repeat(np.arange(len(pins)), many)
    slot = c.ranges(first[pins.post], many)
    fits = (pins.option[pin] < 0) | (slots.option[slot] == pins.option[pin])
    pin, slot = pin[fits], slot[fits]
    keys: pl.DataFrame = slot_keys(problem)[slot]
    return keys.with_columns(
        row=pl.Series(pins.row[pin]),
        volunteer_id=problem.volunteers.id.gather(pins.volunteer[pin]),
        volunteer=pl.Series(pins.volunteer[pin]),
        slot=pl.Series(slot.astype(np.int32)),
    )


def _broken(problem: Problem, table: pl.DataFrame) -> pl.DataFrame:
    """Return the violations of the pins: alone at their best option, then all together."""
    alone = _violations(problem, table).filter(pl.col("rule").is_in(_ABOUT_ONE))
    keys = [*_KEYS, "option"]
    clean = table.join(alone, on=keys, how="anti", nulls_equal=True)
    hopeless = table.join(clean, on="row", how="anti")
    together = clean.unique("row", keep="first", maintain_order=True)
    rules = [*_ABOUT_OTHERS, *_ABOUT_ONE]
    return pl.concat(
        [
            alone.join(hopeless, on=keys, how="semi", nulls_equal=True),
            _violations(problem, together).filter(~pl.col("rule").is_in(rules)),
        ]
    )


def _violations(problem: Problem, rows: pl.DataFrame) -> pl.DataFrame:
    plan = Plan(rows["volunteer"].to_numpy(), rows["slot"].to_numpy())
    return violations(problem, plan)
