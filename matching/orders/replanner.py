"""A plan in force for as long as a platform's process lives: each event is a few shortest paths."""

from __future__ import annotations

import numpy as np
import polars as pl

from matching.arcs.eligibility import Arcs
from matching.arcs.value import quality
from matching.guards.doors import door
from matching.guards.moments import Moment
from matching.orders.happenings import Happened, before_they_began, happened, said_in
from matching.orders.in_force import InForce
from matching.orders.moments import minute_of
from matching.orders.replanning import Planned, Replan, planned, proved_of, told_of
from matching.problem import Problem
from matching.problem import columns as c
from matching.problem.plan import Plan, local_times, slot_keys


class Replanner:
    """Plans a plan in force anew, event after event; see `replan`, which does it once.

    Under network rules the flow of the week is kept and repaired. Under the full rulebook, and
    where somebody accepts what the plan had not given them, each call begins anew.

    Parameters
    ----------
    problem : Problem
        The week as it is now.
    plan : Plan, Result, polars.DataFrame or Mapping
        The plan in force.
    now : str or datetime.datetime, optional
    prices : Prices, Result, polars.DataFrame or Mapping, optional
        Those of the plan in force.
    time_limit : float
        Seconds of each search under the full rulebook.

    Attributes
    ----------
    first : Replan
        What the plan gains by as it is, before anything happened.
    """

    @door
    def __init__(
        self,
        problem: Problem,
        plan: object,
        *,
        now: Moment | None = None,
        prices: object = None,
        time_limit: float = 60.0,
    ) -> None:
        most = proved_of(problem, prices)
        self._take(planned(problem, plan, None, now, prices, time_limit, most=most))
        self.first = self._last
        self._time_limit, self._now = time_limit, now

    def _take(self, made: Planned) -> None:
        """Let a plan be the one in force."""
        self._last, self._network, minute, self._withdrawn = made
        self._first = c.starts_of(self._last.arcs.volunteer, len(self._last.problem.volunteers))
        if self._network is not None:
            self._chosen = self._network.chosen
            self._network.stand(self._chosen, minute)

    @property
    def problem(self) -> Problem:
        """The week, with all that happened."""
        return self._last.problem

    @property
    def plan(self) -> Plan:
        """The plan that is in force now."""
        return self._last.plan

    @door
    def replan(self, events: pl.DataFrame, now: Moment | None = None) -> Replan:
        """Plan anew after some events; the new plan is the one in force.

        Parameters
        ----------
        events : polars.DataFrame
            As for `matching.orders.replanning.replan`.
        now : str or datetime.datetime, optional
            Not before that of the last call; the same, if it is absent.

        Returns
        -------
        Replan

        Raises
        ------
        UsageError
            If ``now`` is no moment, or no plan keeps what is pinned.
        DataError
            If the events name what the week has not.
        """
        network, last = self._network, self._last
        self._now = self._now if now is None else now
        minute = None if self._now is None else minute_of(last.problem, self._now)
        heard = before_they_began(last.problem, happened(last.problem, events), minute)
        arc, agreed = self._answered(heard)
        if network is None or not self._has(arc[agreed], heard):
            self._take(planned(last.problem, last.plan, events, self._now, last.prices[0],
                               self._time_limit, self._withdrawn, last.most))  # fmt: skip
            return self._last
        problem = said_in(last.problem, heard)
        fresh = heard.withdrawn & ~self._withdrawn
        # Who takes back what is off anyway is told like all others.
        own = arc[~agreed]
        own = own[~fresh[problem.slots.request[last.arcs.slot[own]]]]
        # What is given back is not in force any more: nobody has to tell them.
        network.stand(np.setdiff1d(self._chosen, own), minute)
        if agreed.any():
            network.agree(arc[agreed], quality(problem, last.arcs.take(arc[agreed])))
        network.close(arc[~agreed])
        network.call_off(np.flatnonzero(fresh))
        chosen = network.chosen
        gone = np.setdiff1d(self._chosen, chosen)
        off = fresh[problem.slots.request[last.arcs.slot[gone]]]
        old = _lost(problem, last.arcs, gone, np.isin(gone, own), off)
        net = network.net(chosen)
        value = net + network.costs.of_plan(last.arcs, chosen)
        self._last = told_of(problem, last.arcs, old, network.costs, chosen, minute, value,
                             float(net), last.prices)  # fmt: skip
        network.stand(chosen, minute)
        self._chosen = chosen
        self._withdrawn = self._withdrawn | fresh
        return self._last

    def _answered(self, heard: Happened) -> tuple[c.Longs, c.Bools]:
        """Return the arcs that answers are about, and which of them were agreed to."""
        arcs, slots = self._last.arcs, self._last.problem.slots
        count = self._first[heard.volunteer + 1] - self._first[heard.volunteer]
        arc = c.ranges(self._first[heard.volunteer], count)
        of = np.repeat(np.arange(len(count)), count)
        slot = arcs.slot[arc]
        meant = slots.request[slot] == heard.request[of]
        at_post = slots.post[slot] == heard.post[of]
        at_option = (heard.option[of] < 0) | (slots.option[slot] == heard.option[of])
        meant &= ~heard.agreed[of] | (at_post & at_option)
        return arc[meant], heard.agreed[of[meant]]

    def _has(self, agreed: c.Longs, heard: Happened) -> bool:
        """Tell whether the plan has all that was agreed to."""
        there = np.isin(agreed, self._chosen)
        return len(agreed) == heard.agreed.sum() and bool(there.all())


def _lost(problem: Problem, arcs: Arcs, gone: c.Longs, own: c.Bools, off: c.Bools) -> InForce:
    """Return the services of a plan that do not go on."""
    slot = arcs.slot[gone]
    option = problem.slots.option[slot]
    why = pl.select(
        pl.when(pl.Series(own))
        .then(pl.lit("cannot_come"))
        .when(pl.Series(off))
        .then(pl.lit("request_gone"))
        .alias("why")
    )["why"]
    times = local_times(problem)[option].with_columns(pl.all().dt.cast_time_unit("us"))
    who = problem.volunteers.id.gather(arcs.volunteer[gone]).alias("volunteer_id")
    rows = slot_keys(problem)[slot].hstack(times).with_columns(who)
    start, end = problem.options.start[option], problem.options.end[option]
    nowhere = np.full(len(gone), -1)
    return InForce(rows, arcs.volunteer[gone], slot, nowhere, why, start, end)
