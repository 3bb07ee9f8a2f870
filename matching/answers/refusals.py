"""Why somebody cannot serve on a request: the first rule that fails."""

from __future__ import annotations

import numpy as np
import polars as pl

from matching.arcs.eligibility import RULES, km_of
from matching.arcs.unfilled import left_by_rules
from matching.guards.doors import door
from matching.problem.part import Parts
from matching.problem.plan import slot_keys
from matching.result import Result


@door
def refusals(result: Result, volunteer: str, requests: list[str] | None = None) -> pl.DataFrame:
    """Return, for each post and option, the first rule that keeps a volunteer from it.

    Parameters
    ----------
    result : Result
    volunteer : str
        The ``volunteer_id``; one that the week does not have gives no rows.
    requests : list of str, optional
        All, if absent.

    Returns
    -------
    polars.DataFrame
        ``request_id``, ``post``, ``option``, ``rule`` (null where the volunteer could serve),
        ``km`` and ``travel_km``, and ``serves``: whether the plan has them there.
    """
    problem = result.problem
    who = np.flatnonzero((problem.volunteers.id == volunteer).to_numpy())
    slots = np.arange(len(problem.slots), dtype=np.int32)
    if requests is not None:
        asked = problem.requests.id.is_in(requests).to_numpy()
        slots = slots[asked[problem.slots.request]]
    slots = slots if len(who) else slots[:0]
    part = Parts(problem).of(who)
    fails = left_by_rules(part, slots, 1) == 0
    first = np.where(fails.any(axis=1), fails.argmax(axis=1), -1)
    km = km_of(part, np.zeros_like(slots), slots) if len(slots) else np.empty(0)
    mine = result.plan.slot[np.isin(result.plan.volunteer, who)]
    rules = pl.Series([*RULES, None], dtype=pl.String)
    return slot_keys(problem)[slots].with_columns(
        rule=rules.gather(np.where(first < 0, len(RULES), first)),
        km=pl.Series(km, dtype=pl.Float64).fill_nan(None),
        travel_km=pl.lit(part.volunteers.travel_km[0] if len(who) else None, dtype=pl.Float64),
        serves=pl.Series(np.isin(slots, mine)),
    )
