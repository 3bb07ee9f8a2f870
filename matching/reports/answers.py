"""What is told of a plan beyond its tables: why seats are empty, who could come."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

# Why somebody serves nowhere; the first that holds is told.
UNUSED = ("refuses", "no_time", "unable", "could", "taken")


@dataclass(frozen=True, eq=False)
class Answers:
    """Answers about a plan, for those who read its reports.

    Attributes
    ----------
    told : polars.DataFrame
        ``request_id``, ``post``, and a sentence about it in each language: ``en``, ``zh``.
    could_come : polars.DataFrame
        ``request_id``, ``post``, ``volunteer_id``, ``km``, ``busy`` (what of the plan they would
        give up; null for nothing), ``start``, ``end``: who could take an empty seat, the best
        first; what is pinned or accepted stands.
    unused : polars.DataFrame
        Who serves nowhere: ``volunteer_id``, ``why`` (one of `UNUSED`), ``posts`` (on how many
        they could serve).
    free : polars.DataFrame
        When people are free on the days of the services: ``volunteer_id``, ``day``, ``start``,
        ``end``; those first who could come, then who serves nowhere, then all others.
    left_out : int
        Posts with empty seats of which the first two tables say nothing, being too many.
    free_left_out : int
        People who are free and not in ``free``, being too many.
    """

    told: pl.DataFrame
    could_come: pl.DataFrame
    unused: pl.DataFrame
    free: pl.DataFrame
    left_out: int
    free_left_out: int
