"""The desk: what a solved week is asked, for as long as a platform's process lives."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import polars as pl

from matching.answers.beside import Standing, best_few, judge
from matching.answers.changeable import Changeable, numbers
from matching.answers.comparing import why, why_not
from matching.answers.elsewhere import elsewhere
from matching.answers.fairness import fairness
from matching.answers.given import Given
from matching.answers.ledger import Ledger
from matching.answers.names import number_of
from matching.answers.offers import offers_of
from matching.answers.rows import feed_rows, shortlist_rows
from matching.answers.standby import standby
from matching.arcs.eligibility import Arcs, eligible
from matching.bounds.prices import Prices
from matching.errors import UsageError
from matching.guards.doors import door
from matching.problem import Problem
from matching.problem import columns as c
from matching.problem.plan import Plan
from matching.result import Result

# Volunteers whose feeds are found at a time.
_BLOCK = 1 << 14


class Desk(Changeable):
    """Answers about a solved week: what needs somebody, and who could come.

    Any number of threads may ask at once, while others change the week: see `Changeable`, and
    `renew` for another result.

    Parameters
    ----------
    result : Result
        See `Desk.of` for a plan and prices that are at hand without one, and `matching.open_desk`
        for those of a store.

    Raises
    ------
    DataError
        If the plan has somebody serve where a rule keeps them away.
    """

    def __init__(self, result: Result) -> None:
        self._take(result.problem, result.arcs, result.plan, result.prices)

    @classmethod
    @door
    def of(cls, problem: Problem, plan: object, prices: object, arcs: Arcs | None = None) -> Desk:
        """Return the desk of any plan and prices; see `Plan.of` and `Prices.of`.

        Parameters
        ----------
        problem : Problem
        plan : Plan, Result, polars.DataFrame or Mapping
        prices : Prices, Result, polars.DataFrame or Mapping
        arcs : Arcs, optional
            The eligible arcs, where they are at hand.

        Returns
        -------
        Desk

        Raises
        ------
        DataError
            If plan or prices name what the week does not have, or the plan has somebody serve where
            a rule keeps them away.
        UsageError
            If there is no plan, or there are no prices, in what was given.
        """
        desk = cls.__new__(cls)
        found = eligible(problem) if arcs is None else arcs
        desk._take(problem, found, Plan.of(problem, plan), Prices.of(problem, prices))
        return desk

    @door
    def renew(self, result: Result) -> None:
        """Let all further answers be about another result.

        Parameters
        ----------
        result : Result

        Raises
        ------
        DataError
            If its plan has somebody serve where a rule keeps them away.
        """
        self._take(result.problem, result.arcs, result.plan, result.prices)

    @property
    def problem(self) -> Problem:
        """The week that is asked about."""
        return self._ledger.problem

    @property
    def plan(self) -> Plan:
        """Who serves where."""
        return self._ledger.plan

    @property
    def arcs(self) -> Arcs:
        """Who may serve where."""
        return self._ledger.arcs

    @property
    def prices(self) -> Prices:
        """What seats are worth."""
        return self._ledger.prices

    @door
    def feed(self, volunteer_id: str, top: int = 10, given: Given = "plan") -> pl.DataFrame:
        """Return what needs a volunteer most, as the table ``feed``.

        Parameters
        ----------
        volunteer_id : str
        top : int
            At most so many rows.
        given : {"plan", "accepted", "nothing"}
            What of the plan stands, for the volunteer and all others: all of it, what was pinned or
            accepted, or nothing.

        Returns
        -------
        polars.DataFrame
            By falling ``score`` = ``fit`` + ``need`` - ``load``; ``gives_up`` is the value of what
            of the volunteer's plan goes (``busy`` names it), 0 if all of it can stay.

        Raises
        ------
        UsageError
            If no volunteer has this id.
        """
        ledger = self._ledger
        v = number_of(ledger.problem.volunteers.id, volunteer_id, "volunteer")
        return self._feeds(ledger, v, v + 1, checked(top), given)

    @door
    def feeds(self, top: int = 10, given: Given = "plan", workers: int = 2) -> pl.DataFrame:
        """Return the `feed` of every volunteer, one after the other.

        Parameters
        ----------
        top : int
            At most so many rows for each.
        given : {"plan", "accepted", "nothing"}
            As in `feed`.
        workers : int
            How many threads share the work.

        Returns
        -------
        polars.DataFrame

        Raises
        ------
        UsageError
            If fewer rows than one are asked for, or fewer threads.
        """
        ledger, top = self._ledger, checked(top)
        size = len(ledger.problem.volunteers)
        blocks = [(at, min(at + _BLOCK, size)) for at in range(0, size, _BLOCK)] or [(0, 0)]
        if workers < 1:
            raise UsageError(f"workers = {workers}: give a whole number of at least 1")
        ledger.beside(given)
        with ThreadPoolExecutor(workers) as pool:
            parts = pool.map(
                lambda block: self._feeds(ledger, block[0], block[1], top, given), blocks
            )
            return pl.concat(parts)

    def _feeds(self, ledger: Ledger, first: int, last: int, top: int, given: Given) -> pl.DataFrame:
        side = ledger.beside(given)
        shape = (last - first, top)
        arc, held = np.empty(shape, np.int64), np.empty(shape, np.int32)
        load, lost = np.empty(shape), np.empty(shape)
        best_few(
            *(ledger.book, side.standing, side.allowed, (first, last), top),
            *(arc, load, lost, held),
        )
        row, rank = np.nonzero(arc >= 0)
        found = arc[row, rank], rank + 1, load[row, rank], lost[row, rank], held[row, rank]
        return feed_rows(ledger, side.standing, side.open, *found)

    @door
    def shortlist(self, request_id: str, top: int = 10, given: Given = "plan") -> pl.DataFrame:
        """Return who could come, as the table ``shortlist``.

        Parameters
        ----------
        request_id : str
        top : int
            At most so many rows for each post and option.
        given : {"plan", "accepted", "nothing"}
            As in `feed`.

        Returns
        -------
        polars.DataFrame
            By falling ``score`` = ``fit`` - ``elsewhere``, which is what the volunteer is worth
            without this service; ``busy`` names what of their plan it would replace.

        Raises
        ------
        UsageError
            If no request of the week has this id.
        """
        ledger = self._ledger
        q = number_of(ledger.problem.requests.id, request_id, "request")
        top, side = checked(top), ledger.beside(given)
        order, first = ledger.by_slot
        found = []
        for slot in range(ledger.slots_of[q], ledger.slots_of[q + 1]):
            arc = order[first[slot] : first[slot + 1]]
            arc = arc[side.allowed[arc]]
            found.append(_ranked(ledger, side.standing, arc, top))
        columns = (np.concatenate(column) for column in zip(*found, strict=True))
        return shortlist_rows(ledger, side.standing, *columns)

    @door
    def why_not(self, volunteer_id: str, request_id: str) -> pl.DataFrame:
        """Return why a volunteer does not serve a request, a row for each post and option.

        Parameters
        ----------
        volunteer_id, request_id : str

        Returns
        -------
        polars.DataFrame
            ``kind``: ``serves``, if they do; the first rule that fails, with its figures (see
            `refusals`); beside what is pinned or accepted, a rule of the volunteer's week (``busy``
            is what they agreed to), ``full``, ``taken`` (at another time), ``apart`` or ``quota``;
            ``together`` (those ``friends`` cannot serve then without whom the volunteer does not)
            or ``crowd`` (all of them are more than there are seats).
            Else what speaks against it in value. ``others``: the post is full, and ``other_id``,
            who is worth least of those proposed there, is worth as much or more; ``kept_others``:
            less, but a rule of a team or a pair, or the end of the search, keeps them.
            ``other_time``: the plan has the request at another time. ``worth_elsewhere``: the seat
            is empty, and the volunteer gains less here (``score`` and ``need``) than elsewhere.
            ``instead``: the plan has the volunteer do ``busy``, and not both can be.
            ``plan_apart``, ``plan_quota``, ``plan_together`` (``friends`` are not there),
            ``plan_team``: beside what others are proposed for, such a rule would be broken.
            ``open``: nothing does. ``fit``, its terms, ``elsewhere`` and ``score`` are as in
            `shortlist`, those with ``other_`` the other's.

        Raises
        ------
        UsageError
            If the week has no such volunteer or request.
        """
        ledger = self._ledger
        return why_not(ledger, *numbers(ledger, volunteer_id, request_id))

    @door
    def why(self, volunteer_id: str, request_id: str) -> pl.DataFrame:
        """Return why a volunteer serves a request: two scores, term by term.

        Parameters
        ----------
        volunteer_id, request_id : str

        Returns
        -------
        polars.DataFrame
            Their ``fit``, its terms, ``elsewhere`` and ``score``, as in `shortlist`, and those of
            ``other_id``, who comes next. ``kind``: ``best``; ``kept``, if the other's score is
            higher (a rule of a team or a pair, or the end of the search, keeps the other away);
            ``alone``, nobody else could; ``agreed``, it is pinned or accepted.

        Raises
        ------
        UsageError
            If the week has no such volunteer or request, or the plan has them not there.
        """
        ledger = self._ledger
        return why(ledger, *numbers(ledger, volunteer_id, request_id))

    @door
    def offers(self, given: Given = "plan") -> pl.DataFrame:
        """Return whom to offer what, as the table ``offers``.

        As far as there are people, each open seat is offered to `policy.offers_least` of them: all
        seats to one before any to two, whatever it is worth. Beyond that, up to
        `policy.offers_most`, offers are made for their score. Nobody has more in the week than
        their ``max_offers``; nobody is offered a request twice. Of all such offers these have the
        highest total score (to a thousandth each, where scores are not whole numbers). What
        ``assignments`` says was offered counts for its seat; that, and what was accepted or
        declined, counts for the volunteer.

        Parameters
        ----------
        given : {"plan", "accepted", "nothing"}
            As in `feed`.

        Returns
        -------
        polars.DataFrame
            ``volunteer_id``, ``request_id``, ``post``, ``option``, ``rank`` among the offers of
            the volunteer, ``score`` as in `feed`.
        """
        ledger = self._ledger
        return offers_of(ledger, ledger.beside(given))

    @door
    def standby(self, top: int = 3) -> dict[str, pl.DataFrame]:
        """Return how many of the plan will come, and who stands by for those who do not.

        Parameters
        ----------
        top : int
            At most so many stand by for each post.

        Returns
        -------
        dict of str to polars.DataFrame
            ``odds`` and ``standby``; see `matching.answers.standby.standby`.
        """
        return standby(self._ledger, checked(top))

    @door
    def fairness(self, top: int = 10, given: Given = "nothing") -> pl.DataFrame:
        """Return how evenly places are served, work is shared, and `feeds` reach.

        Parameters
        ----------
        top : int
            Recommendations for each volunteer.
        given : {"plan", "accepted", "nothing"}
            As in `feed`, for the recommendations.

        Returns
        -------
        polars.DataFrame
            See `matching.answers.fairness.fairness`.
        """
        return fairness(self._ledger, self.feeds(top, given))


def _ranked(
    ledger: Ledger, standing: Standing, arc: c.Longs, top: int
) -> tuple[c.Longs, c.Longs, c.Floats, c.Ints]:
    """Return the best arcs of a slot, their ranks, what is had elsewhere, and what is displaced."""
    load, lost, held = np.empty(len(arc)), np.empty(len(arc)), np.empty(len(arc), np.int32)
    judge(ledger.book, standing, arc, load, lost, held)
    fits = ~np.isnan(load)
    arc, held = arc[fits], held[fits]
    worth = elsewhere(ledger.weeks, ledger.book, standing, ledger.tops, arc)
    # Of equals who fit better come first, then those whose ids do, as arcs stand.
    best = np.lexsort((-ledger.fit[arc], worth - ledger.fit[arc]))[:top]
    return arc[best], np.arange(1, len(best) + 1), worth[best], held[best]


def checked(top: int) -> int:
    """Refuse to show fewer rows than one."""
    if top < 1:
        raise UsageError(f"top = {top}: give a whole number of at least 1")
    return top
