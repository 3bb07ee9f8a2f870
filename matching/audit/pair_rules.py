"""Rules of one volunteer at one post."""

from __future__ import annotations

import numpy as np
import polars as pl

from matching.audit import services as s
from matching.audit.findings import NONE_OF_A_RULE, clock, date, report
from matching.problem import Problem
from matching.schema import SUBJECTS


def duplicate(problem: Problem, services: pl.DataFrame) -> pl.DataFrame:
    """Find rows that the plan has more than once."""
    broken = services.filter(pl.col("times") > 1)
    return report(problem, broken, pl.format("is in the plan {} times", "times"))


def qualification(problem: Problem, services: pl.DataFrame) -> pl.DataFrame:
    """Find volunteers without a qualification that their post asks for."""
    asked = services.join(s.frame_of(problem.needs), on="post")
    met = s.holders(problem, asked).filter(pl.col("held_level") >= pl.col("level"))
    broken = asked.join(met, on=["service", "qualification"], how="anti")
    broken = broken.with_columns(name=named_qualification(problem, broken["qualification"]))
    days = (
        pl.when(pl.col("day") == pl.col("last_day"))
        .then(pl.format("on {}", date(problem, "day")))
        .otherwise(pl.format("from {} to {}", date(problem, "day"), date(problem, "last_day")))
    )
    return report(problem, broken, pl.format("needs {} at level {} {}", "name", "level", days))


def named_qualification(problem: Problem, index: pl.Series) -> pl.Series:
    """Return the names of qualifications."""
    return problem.qualification_ids.cast(pl.String).gather(index)


def availability(problem: Problem, services: pl.DataFrame) -> pl.DataFrame:
    """Find services that the volunteer's windows, taken together, do not cover."""
    services = s.meetings_of(problem, services).with_row_index("meeting")
    spells = _spells(problem, services)
    begin = s.on_one_line(spells, "start")
    # The only spell that can cover a service is the last one to begin before it or with it.
    at = np.searchsorted(begin, s.on_one_line(services, "start"), side="right") - 1
    covered = np.zeros(services.height, dtype=np.bool_)
    some = at >= 0
    covered[some] = (
        s.on_one_line(spells, "end")[at[some]] >= s.on_one_line(services, "end")[some]
    ) & (spells["volunteer"].to_numpy()[at[some]] == services["volunteer"].to_numpy()[some])
    if covered.all():
        return NONE_OF_A_RULE
    broken = services.filter(~pl.Series(covered))
    parts = broken.join(spells, on="volunteer", suffix="_free").select(
        "meeting",
        free=pl.min_horizontal("end", "end_free") - pl.max_horizontal("start", "start_free"),
    )
    free = parts.group_by("meeting").agg(pl.col("free").clip(0).sum())
    broken = broken.join(free, on="meeting", how="left").with_columns(pl.col("free").fill_null(0))
    detail = pl.format(
        "serves {} to {}, available for {} of {} minutes",
        clock(problem, "start"),
        clock(problem, "end"),
        "free",
        pl.col("end") - pl.col("start"),
    )
    return report(problem, broken, detail)


def _spells(problem: Problem, services: pl.DataFrame) -> pl.DataFrame:
    """Join windows that touch or overlap: ``volunteer``, ``start``, ``end``, sorted."""
    windows = s.concerning(problem, problem.windows, services).sort("volunteer", "start")
    reached = np.maximum.accumulate(s.on_one_line(windows, "end"))
    first = np.ones(windows.height, dtype=np.bool_)
    first[1:] = s.on_one_line(windows, "start")[1:] > reached[:-1]
    return (
        windows.with_columns(spell=pl.Series(np.cumsum(first)))
        .group_by("spell", maintain_order=True)
        .agg(pl.col("volunteer").first(), pl.col("start").first(), pl.col("end").max())
        .drop("spell")
    )


def distance(problem: Problem, services: pl.DataFrame) -> pl.DataFrame:
    """Find services farther away than the volunteer goes."""
    limit = problem.volunteers.travel_km[services["volunteer"].to_numpy()]
    km = s.distances(problem, services)
    # A comparison with an unknown distance is false: no rule.
    far = services.with_columns(km=pl.Series(km), limit=pl.Series(limit)).filter(
        pl.Series(km > limit * (1 + s.TOLERANCE))
    )
    # Rounded up, so that a metre too far is seen.
    shown = (pl.col("km") * (1 - s.TOLERANCE) * 1000).ceil() / 1000
    return report(problem, far, pl.format("is {} km away, goes at most {} km", shown, "limit"))


def organisation(problem: Problem, services: pl.DataFrame) -> pl.DataFrame:
    """Find volunteers of other organisations than the one that serves the request or its item."""
    own = problem.volunteers.organisation[services["volunteer"].to_numpy()]
    request = services["request"].to_numpy()
    wanted = problem.requests.organisation[request]
    of_item = problem.requests.menu_organisation[request]
    by_request = (wanted >= 0) & (own != wanted)
    by_item = (of_item >= 0) & (own != of_item)
    shown = np.where(by_request, wanted, of_item)[by_request | by_item]
    broken = services.filter(pl.Series(by_request | by_item)).with_columns(
        only=problem.organisations.id.gather(pl.Series(shown))
    )
    return report(problem, broken, pl.format("only volunteers of {} serve here", "only"))


def never(problem: Problem, services: pl.DataFrame) -> pl.DataFrame:
    """Find services that the volunteer excluded."""
    excluding = problem.preferences.volunteer[problem.preferences.never]
    if not s.used_by(problem, services)[excluding].any():
        return NONE_OF_A_RULE
    excluded = s.opinions(problem, services).filter(pl.col("never"))
    subject = pl.Series(SUBJECTS).gather(excluded["subject"])
    broken = excluded.select("service", subject=subject).join(services, on="service")
    return report(
        problem, broken, pl.format("said never to this {}", pl.col("subject").str.replace("_", " "))
    )


def declined(problem: Problem, services: pl.DataFrame) -> pl.DataFrame:
    """Find services that the volunteer declined before."""
    broken = services.filter(pl.Series(s.answered(problem, services, "declined")))
    return report(problem, broken, pl.lit("declined this before"))


def consent(problem: Problem, services: pl.DataFrame) -> pl.DataFrame:
    """Find volunteers who refuse to be proposed, where they are neither pinned nor accepted."""
    refuses = problem.volunteers.refuses[services["volunteer"].to_numpy()]
    if not refuses.any():
        return NONE_OF_A_RULE
    own = s.answered(problem, services, "pinned", "accepted")
    broken = services.filter(pl.Series(refuses & ~own))
    return report(problem, broken, pl.lit("refuses proposals, and is neither pinned nor accepted"))


def only_listed(problem: Problem, services: pl.DataFrame) -> pl.DataFrame:
    """Find pairs that are not listed, where only listed ones are eligible."""
    if not problem.policy.only_listed:
        return NONE_OF_A_RULE
    listed = s.marked(services, s.scores(problem, services))
    broken = services.filter(~pl.Series(listed))
    return report(problem, broken, pl.lit("is not listed in affinities"))


RULES = (
    (duplicate, "no row is in the plan twice"),
    (
        qualification,
        "a volunteer holds what the post asks for, at its level, on every day of the service",
    ),
    (availability, "a volunteer is available for the whole service"),
    (distance, "a service is not farther away than the volunteer goes"),
    (
        organisation,
        "where a request or its menu item names an organisation, only its volunteers serve",
    ),
    (never, "nobody serves what they excluded"),
    (declined, "nobody serves what they declined"),
    (consent, "who refuses to be proposed serves only where pinned or accepted"),
    (only_listed, "under `only_listed`, only pairs in `affinities` serve"),
)
