"""All that is told of empty seats: reasons, shortages, near misses and remedies, joined."""

from __future__ import annotations

from collections.abc import Collection

import polars as pl

from matching.answers.names import number_of
from matching.answers.near_misses import near_misses
from matching.answers.reasons import network_of, reasons
from matching.answers.remedies import remedies
from matching.guards.doors import door
from matching.result import Result


@door
def explain(
    result: Result,
    requests: Collection[str] | None = None,
    *,
    with_remedies: bool = True,
    time_limit: float = 10.0,
) -> dict[str, pl.DataFrame]:
    """Return why seats are empty, who could nearly come, and what would fill them.

    Parameters
    ----------
    result : Result
    requests : collection of str, optional
        The requests to tell of; all, if absent.
    with_remedies : bool
        Whether to look for remedies, which takes far longer than all else.
    time_limit : float
        Seconds for each remedy that has to be planned afresh.

    Returns
    -------
    dict of str to polars.DataFrame
        ``reasons``, with ``remedy`` and ``remedy_gain`` (the remedy that gains most; null where
        none was looked for or found), ``shortages``, ``near_misses`` and ``remedies``.

    Raises
    ------
    UsageError
        If the week has no such request.
    """
    for name in requests or ():
        number_of(result.problem.requests.id, name, "request")
    living = network_of(result)
    found = reasons(result, living)
    looked_for = requests if with_remedies else ()
    mended = remedies(result, looked_for, time_limit, living)
    best = mended.group_by("request_id", "post", maintain_order=True).first()
    best = best.select("request_id", "post", remedy="change", remedy_gain="gain")
    why = found.reasons.join(best, on=["request_id", "post"], how="left", maintain_order="left")
    near = near_misses(result)
    if requests is not None:
        asked = pl.col("request_id").is_in(list(requests))
        why, near = why.filter(asked), near.filter(asked)
    short = found.shortages.filter(pl.col("shortage_id").is_in(why["shortage_id"].to_list()))
    return {"reasons": why, "shortages": short, "near_misses": near, "remedies": mended}
