"""The services of a plan in force: which can go on, and why the others cannot."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from matching.arcs.eligibility import Arcs
from matching.audit import RULES, violations_of
from matching.orders.change_costs import Before
from matching.problem import Problem
from matching.problem import columns as c
from matching.problem.plan import Plan, held_by, local_times, slot_keys
from matching.problem.series import index_in
from matching.schema import STATUSES
from matching.tables.cells import week_start

KEYS = ["request_id", "post", "option", "volunteer_id"]
# Rules about which the volunteer has changed something, and not the order.
_OWN = ("qualification", "availability", "distance", "never", "declined", "consent")
_DECLINED = STATUSES.index("declined")
_PAIR_RULES = [rule.name for rule in RULES if rule.about == "pair"]


@dataclass(frozen=True, eq=False)
class InForce:
    """The services of a plan in force, seen from the week as it is now.

    Attributes
    ----------
    rows : polars.DataFrame
        ``request_id``, ``post``, ``option``, ``volunteer_id``, and ``start`` and ``end`` as they
        were.
    volunteer, slot : int32 arrays, shape (services,)
        -1 where the week has them no more.
    arc : int64 array, shape (services,)
        The arc that it can go on as; -1 where it cannot.
    why : polars.Series
        Why it cannot: ``volunteer_gone``, ``cannot_come``, ``request_gone``, ``request_changed``
        or ``not_allowed``; else null.
    """

    rows: pl.DataFrame
    volunteer: c.Ints
    slot: c.Ints
    arc: c.Longs
    why: pl.Series
    start: c.Ints
    end: c.Ints

    @property
    def is_own(self) -> c.Bools:
        """Which services their volunteers have given back themselves, or are gone with them."""
        return self.why.is_in(["volunteer_gone", "cannot_come"]).fill_null(False).to_numpy()

    def before(self) -> Before:
        """Return those of which somebody has to be told if they change."""
        told = np.flatnonzero(~self.is_own)
        return Before(self.volunteer[told], self.start[told], self.end[told], self.arc[told])


def in_force(problem: Problem, arcs: Arcs, given: object, withdrawn: c.Bools) -> InForce:
    """Look up the services of a plan in force.

    Parameters
    ----------
    problem : Problem
        The week as it is now.
    arcs : Arcs
    given : Plan, Result, polars.DataFrame or Mapping
        The plan; a table or another problem's result may name what the week has no more.
    withdrawn : bool array, shape (requests,)
        Requests that are not wanted any more.
    """
    rows = _rows_of(problem, given)
    keys = slot_keys(problem).with_columns(local_times(problem)[problem.slots.option])
    keys = keys.with_row_index("slot")
    found = rows.join(
        keys, on=KEYS[:3], how="left", nulls_equal=True, maintain_order="left", suffix="_now"
    )
    slot = found["slot"].cast(pl.Int32).fill_null(-1).to_numpy()
    volunteer = index_in(rows["volunteer_id"], problem.volunteers.id)
    same = (found["start"].eq_missing(found["start_now"])).to_numpy()
    same &= (found["end"].eq_missing(found["end_now"])).to_numpy()
    arc = c.lookup(c.combine(arcs.volunteer, arcs.slot), c.combine(volunteer, slot))
    called_off = slot >= 0
    called_off[called_off] = withdrawn[problem.slots.request[slot[called_off]]]
    arc[~same | (slot < 0) | (volunteer < 0) | called_off] = -1
    why = _reasons(problem, rows, volunteer, slot, arc, same, called_off)
    monday = pl.select(week_start(problem.week)).item()
    minutes = rows.select((pl.col("start", "end") - monday).dt.total_minutes().cast(pl.Int32))
    start, end = (minutes[name].to_numpy().copy() for name in ("start", "end"))
    some = np.flatnonzero(arc >= 0)
    option = problem.slots.option[slot[some]]
    start[some], end[some] = problem.options.start[option], problem.options.end[option]
    return InForce(rows, volunteer, slot, arc, why, start, end)


def _rows_of(problem: Problem, given: object) -> pl.DataFrame:
    """Return the keys and times of a plan's rows, each once."""
    held = held_by(given, "plan", problem)
    if isinstance(held, pl.DataFrame):
        Plan.from_frame(problem, held.clear())  # which names the columns that are missing
        if "option" not in held.columns:
            held = held.with_columns(option=pl.lit(None, pl.String))
        frame = held.with_columns(
            pl.col(KEYS).cast(pl.String),
            *(
                pl.lit(None, pl.Datetime("us")).alias(name)
                for name in ("start", "end")
                if name not in held.columns
            ),
        ).with_columns(pl.when(pl.col("option") != "").then("option"))
        return _with_times(problem, frame).unique(KEYS, maintain_order=True)
    plan = Plan.of(problem, held)
    times = local_times(problem)[problem.slots.option[plan.slot]]
    who = problem.volunteers.id.gather(plan.volunteer).alias("volunteer_id")
    return slot_keys(problem)[plan.slot].with_columns(who, *times.get_columns())


def _with_times(problem: Problem, frame: pl.DataFrame) -> pl.DataFrame:
    """Take the times of the week where the plan does not say any."""
    times = slot_keys(problem).with_columns(local_times(problem)[problem.slots.option])
    times = times.with_columns(pl.col("start", "end").dt.cast_time_unit("us"))
    frame = frame.join(
        times, on=KEYS[:3], how="left", nulls_equal=True, maintain_order="left", suffix="_now"
    )
    monday = pl.select(week_start(problem.week)).item()
    return frame.select(
        *KEYS,
        *(pl.coalesce(pl.col(n).cast(pl.Datetime("us")), f"{n}_now", pl.lit(monday)).alias(n)
          for n in ("start", "end")),
    )  # fmt: skip


def _reasons(
    problem: Problem,
    rows: pl.DataFrame,
    volunteer: c.Ints,
    slot: c.Ints,
    arc: c.Longs,
    same: c.Bools,
    called_off: c.Bools,
) -> pl.Series:
    """Say of each service that cannot go on why."""
    why = np.full(len(slot), None, object)
    lost = arc < 0
    why[lost] = "not_allowed"
    why[lost & ((slot < 0) | ~same)] = "request_changed"
    known = rows["request_id"].is_in(problem.requests.id.implode()).to_numpy()
    why[lost & (~known | called_off)] = "request_gone"
    judged = np.flatnonzero(lost & same & (slot >= 0) & (volunteer >= 0) & ~called_off)
    if len(judged):
        broken = violations_of(problem, Plan(volunteer[judged], slot[judged]), _PAIR_RULES)
        own = broken.filter(pl.col("rule").is_in(_OWN)).select(KEYS).unique()
        of_rows = rows[judged].select(KEYS).with_columns(at=pl.Series(judged))
        mine = of_rows.join(own, on=KEYS, how="semi", nulls_equal=True)["at"].to_numpy()
        why[mine] = "cannot_come"
    no = problem.earlier.take(problem.earlier.status == _DECLINED)
    refused = np.sort(c.combine(no.volunteer, problem.posts.request[no.post]))
    some = np.flatnonzero(lost & (slot >= 0))
    asked = c.combine(volunteer[some], problem.slots.request[slot[some]])
    why[some[c.lookup(refused, asked) >= 0]] = "cannot_come"
    why[volunteer < 0] = "volunteer_gone"
    return pl.Series("why", why.tolist(), pl.String)
