"""New events are held against a log: what is legal is kept, what is not says what would be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from matching.errors import DataError
from matching.guards.doors import door
from matching.guards.moments import Moment, moment_of
from matching.orders.folding import LEGAL, REPEATED, fold
from matching.orders.refusals import refusals
from matching.orders.rows import clean_events, in_order, rows_of
from matching.orders.states import Replay, States, in_zone
from matching.orders.tables import Events
from matching.orders.wanted import wanted
from matching.policy import Policy

LOG = "events of the log"
_COLUMNS = list(Events.columns())


@dataclass(frozen=True)
class Applied:
    """What becomes of new events.

    Attributes
    ----------
    appended : polars.DataFrame
        Those that are legal, sorted by order and version, in the layout of ``events``: the log
        grows by them. ``until`` is filled in where it was left to the policy.
    repeated : polars.DataFrame
        Those that the log has already, or that came twice: nothing is done about them.
    refused : polars.DataFrame
        The others, a row each in the layout of `DataError.faults`, with ``request_id``,
        ``version`` and ``event``.
    states : States
        Where the orders that they are of stand afterwards.
    """

    appended: pl.DataFrame
    repeated: pl.DataFrame
    refused: pl.DataFrame
    states: States


@door
def apply(
    events: pl.DataFrame,
    log: pl.DataFrame | None = None,
    *,
    tables: Mapping[str, pl.DataFrame] | None = None,
    policy: Policy | None = None,
) -> Applied:
    """Hold new events against a log: which are legal, which are there already, which are refused.

    Nothing is written: `matching.stores.logs.append` does this with a store's log, and writes.

    Parameters
    ----------
    events : polars.DataFrame
        New ones, in the layout of the table ``events``, in any order.
    log : polars.DataFrame, optional
        All earlier events of these orders; others are allowed.
    tables : Mapping of str to polars.DataFrame, optional
        With ``requests`` and what belongs to them: no more people accept than a post has seats.
        Of an order that is not among them, nothing is known.
    policy : Policy, optional
        ``time_zone``, ``offer_hours`` and ``grabbing_hours``.

    Returns
    -------
    Applied

    Raises
    ------
    DataError
        If a cell of the events cannot be read or breaks a rule of the table, or if the log is not
        legal.
    UsageError
        If there are tables, but no requests among them.
    """
    return Judge(events, tables, policy or Policy()).of(log)


class Judge:
    """New events that have been read, and are to be held against one log or another.

    Attributes
    ----------
    requests : polars.Series
        The orders that they are of.
    """

    def __init__(
        self, events: pl.DataFrame, tables: Mapping[str, pl.DataFrame] | None, policy: Policy
    ) -> None:
        self._policy, self._new = policy, clean_events(events, policy)
        want = wanted(tables, policy)
        self._seats = None if want is None else want[0]
        self.requests = self._new["request_id"].unique().sort()

    def of(self, log: pl.DataFrame | None) -> Applied:
        """Hold the events against a log; see `apply`."""
        new, policy = self._new, self._policy
        old = new.clear() if log is None else clean_events(log, policy, LOG)
        replay = replayed(old, new, self._seats, policy)
        judged = replay.events.with_columns(verdict=pl.Series(replay.folded.verdict))
        mine = judged.filter(~pl.col("stored"))
        appended, repeated = (
            in_zone(mine.filter(pl.col("verdict") == verdict).select(_COLUMNS), policy.time_zone)
            for verdict in (LEGAL, REPEATED)
        )
        return Applied(appended, repeated, refusals(replay, "events"), replay.states)


@door
def state_at(
    log: pl.DataFrame,
    at: Moment | None = None,
    *,
    policy: Policy | None = None,
) -> States:
    """Replay a log up to a moment.

    Parameters
    ----------
    log : polars.DataFrame
        In the layout of the table ``events``, in any order.
    at : str or datetime.datetime, optional
        What happened then is counted; the whole log, if absent. Without an offset it is a time of
        the policy's zone.
    policy : Policy, optional

    Returns
    -------
    States

    Raises
    ------
    DataError
        If the log breaks a rule of the table or holds what is not legal.
    UsageError
        If ``at`` is no moment.
    """
    policy = policy or Policy()
    events = clean_events(log, policy)
    if at is not None:
        events = events.filter(pl.col("at") <= moment_of(at, policy.time_zone))
    return replayed(events, events.clear(), None, policy).states


def replayed(
    old: pl.DataFrame, new: pl.DataFrame, seats: pl.DataFrame | None, policy: Policy
) -> Replay:
    """Fold clean events; the old ones must be legal."""
    events = in_order(old, new)
    rows, orders, offers = rows_of(events, seats)
    replay = Replay(events, rows, fold(rows, orders, offers), policy.time_zone)
    broken = refusals(replay, LOG, of_log=True)
    if broken.height:
        faults = broken.select("table", "row", "column", "value", "rule", "message")
        raise DataError(faults, heights={LOG: old.height})
    return replay
