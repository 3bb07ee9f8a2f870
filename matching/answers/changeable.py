"""A desk's week that changes: what people say, who comes and goes, what is added."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from threading import Lock
from typing import Any

import numpy as np
import polars as pl

from matching.answers.changing import Changing
from matching.answers.comparing import FORBIDDEN, why_not
from matching.answers.ledger import Ledger
from matching.answers.names import number_of
from matching.answers.spoken import spoken
from matching.answers.told import person, times
from matching.arcs.eligibility import Arcs
from matching.bounds.prices import Prices
from matching.errors import DataWarning, UsageError
from matching.guards.doors import door
from matching.guards.urls import shown_value
from matching.problem import Problem
from matching.problem import columns as c
from matching.problem.plan import Plan
from matching.week import When

# So many people are named at most.
_SHOWN = 5


class Changeable:
    """A solved week that changes at one stroke: an answer is of the week before, or of that after.

    Changes wait for each other. The first takes some seconds in a city, since it makes the network
    of the week.

    Under network rules plan and prices after each change are the best of the changed week in which
    all stays that was pinned or accepted; of equal plans it may be another than before. Under the
    full rulebook they are not: prices stay as they were, and the plan only loses what cannot stand
    beside what was agreed, until `Desk.renew` takes in another result. A change that brings in the
    first limit of hours, rest or travel time that binds warns of it.
    """

    _ledger: Ledger
    _changes: Changing | None
    _one_by_one: Lock

    def _take(self, problem: Problem, arcs: Arcs, plan: Plan, prices: Prices) -> None:
        ledger = Ledger.of(problem, arcs, plan, prices)
        with self.__dict__.setdefault("_one_by_one", Lock()):
            self._ledger, self._changes = ledger, None

    @door
    def accept(
        self,
        volunteer_id: str,
        request_id: str,
        post: str | None = None,
        option: str | None = None,
    ) -> None:
        """Let a volunteer say yes to a service: it stays, and all further answers know.

        Parameters
        ----------
        volunteer_id, request_id : str
        post, option : str, optional
            Where the request has several.

        Raises
        ------
        UsageError
            If the week has no such volunteer or service, or they cannot serve there beside all
            that was pinned or accepted: the reason is told.
        """
        self._agree(volunteer_id, request_id, post, option, "accepted")

    @door
    def pin(
        self,
        volunteer_id: str,
        request_id: str,
        post: str | None = None,
        option: str | None = None,
    ) -> None:
        """Let a volunteer have to serve there; see `accept`.

        Parameters
        ----------
        volunteer_id, request_id : str
        post, option : str, optional
            Where the request has several.

        Raises
        ------
        UsageError
            As in `accept`.
        """
        self._agree(volunteer_id, request_id, post, option, "pinned")

    @door
    def decline(
        self,
        volunteer_id: str,
        request_id: str,
        post: str | None = None,
        option: str | None = None,
    ) -> None:
        """Let a volunteer say no to a request, whatever was said before: it is not shown again.

        Parameters
        ----------
        volunteer_id, request_id : str
        post, option : str, optional
            To all of them, if absent.

        Raises
        ------
        UsageError
            If the week has no such volunteer or service, or they are pinned there.
        """
        with self._changing() as changes:
            v, q = numbers(changes.ledger, volunteer_id, request_id)
            changes.decline(v, _slots(changes.ledger, q, post, option))

    @door
    def put_volunteer(self, volunteer_id: str, **told: Any) -> None:
        """Let a volunteer come, or be another: other windows, qualifications or limits.

        Parameters
        ----------
        volunteer_id : str
        **told
            As in `Week.volunteer`; of somebody who is known, what is not told stays as it was.

        Raises
        ------
        DataError
            If what is told is faulty.
        UsageError
            If something that was pinned or accepted could not stay.
        """
        with self._changing() as changes:
            people = changes.ledger.problem.volunteers.id
            v = people.index_of(volunteer_id)
            now = None if v is None else changes.arcs.member(v).part
            part = person(changes.ledger.problem, volunteer_id, told, now)
            changes.put(len(people) if v is None else v, part)

    @door
    def remove_volunteer(self, volunteer_id: str) -> None:
        """Let somebody take no part any more, whatever they were to do.

        Parameters
        ----------
        volunteer_id : str

        Raises
        ------
        UsageError
            If the week has no such volunteer.
        """
        with self._changing() as changes:
            v = number_of(changes.ledger.problem.volunteers.id, volunteer_id, "volunteer")
            part = changes.arcs.member(v).part
            none = slice(0)
            changes.put(
                v, replace(part, windows=part.windows.take(none), earlier=part.earlier.take(none))
            )

    @door
    def set_seats(self, request_id: str, seats: int, post: str | None = None) -> None:
        """Let a post have another number of seats.

        Parameters
        ----------
        request_id : str
        seats : int
        post : str, optional
            Where the request has several.

        Raises
        ------
        UsageError
            If the week has no such post, or more seats of it are pinned or accepted.
        """
        if seats < 1:
            raise UsageError(f"seats = {seats}: give a whole number of at least 1")
        with self._changing() as changes:
            ledger = changes.ledger
            q = number_of(ledger.problem.requests.id, request_id, "request")
            posts = np.unique(ledger.problem.slots.post[_slots(ledger, q, post, None)])
            if len(posts) > 1:
                names = ", ".join(ledger.problem.posts.id.gather(posts))
                raise UsageError(f"request {request_id} has the posts {names}: say which")
            changes.set_seats(int(posts[0]), seats)

    @door
    def copy_request(
        self,
        like: str,
        request_id: str,
        *,
        start: When | None = None,
        end: When | None = None,
        lat: float | None = None,
        lon: float | None = None,
    ) -> None:
        """Add a request that is like another but for its time and place.

        Parameters
        ----------
        like, request_id : str
            The one to copy, and the new one.
        start, end : str or datetime.datetime, optional
            Its time; both, or neither.
        lat, lon : float, optional
            Its place; both, or neither.

        Raises
        ------
        DataError
            If the time is faulty.
        UsageError
            If the week has no such request, or has the new one already.
        """
        with self._changing() as changes:
            problem = changes.ledger.problem
            q = number_of(problem.requests.id, like, "request")
            if request_id in problem.requests.id:
                raise UsageError(f"the week has a request {shown_value(request_id)} already")
            if (start is None) != (end is None) or (lat is None) != (lon is None):
                raise UsageError("give start and end, and lat and lon, both or neither")
            place = {} if lat is None else {"lat": lat, "lon": lon}
            time = {} if start is None else times(problem, request_id, start, end)
            changes.copy_request(q, request_id, place | time)

    def _agree(
        self, volunteer_id: str, request_id: str, post: str | None, option: str | None, status: str
    ) -> None:
        with self._changing() as changes:
            ledger = changes.ledger
            v, q = numbers(ledger, volunteer_id, request_id)
            slots = _slots(ledger, q, post, option)
            mine = ledger.plan.slot[ledger.plan.volunteer == v]
            # What the plan has them at is meant, if they could mean several.
            slots = (
                np.intersect1d(slots, mine)
                if len(slots) > 1 and np.isin(slots, mine).any()
                else slots
            )
            if len(slots) > 1:
                raise UsageError(
                    f"request {request_id} has several posts or options: say post and option"
                )
            refused = why_not(ledger, v, q, slots)
            if refused["kind"][0] in FORBIDDEN:
                why = spoken(refused)["sentence"][0]
                raise UsageError(f"{volunteer_id} cannot serve {request_id}. {why}")
            changes.accept(ledger.arc_of(v, int(slots[0])), status)

    @contextmanager
    def _changing(self) -> Iterator[Changing]:
        """Let one change the week at a time; all answers know at one stroke, or nothing changed."""
        with self._one_by_one:
            if self._changes is None:
                self._changes = Changing(self._ledger)
            beyond = self._changes.beyond
            yield self._changes
            self._ledger = self._changes.ledger
            beyond = self._changes.beyond[len(beyond) :]
        if beyond:
            names = ", ".join(self._ledger.problem.volunteers.id.gather(beyond[:_SHOWN]))
            warnings.warn(
                f"limits of hours, rest or travel time are in force now that no network knows "
                f"({names}): from this change on prices stay, and the plan only loses what cannot "
                "stay; solve the week again, and take the result in with renew",
                DataWarning,
                stacklevel=5,
            )


def _slots(ledger: Ledger, request: int, post: str | None, option: str | None) -> c.Ints:
    """Return the slots of a request that are meant."""
    slots = np.arange(ledger.slots_of[request], ledger.slots_of[request + 1], dtype=np.int32)
    keys = ledger.slots[slots]
    for name, said in (("post", post), ("option", option)):
        fits = np.ones(len(slots), np.bool_) if said is None else (keys[name] == said).to_numpy()
        if not fits.any():
            known = ", ".join(keys[name].drop_nulls().unique(maintain_order=True)) or "none"
            raise UsageError(f"the request has no {name} {shown_value(said)}: it has {known}")
        slots, keys = slots[fits], keys.filter(pl.Series(fits))
    return slots


def numbers(ledger: Ledger, volunteer_id: str, request_id: str) -> tuple[int, int]:
    """Return the numbers of a volunteer and of a request."""
    problem = ledger.problem
    volunteer = number_of(problem.volunteers.id, volunteer_id, "volunteer")
    return volunteer, number_of(problem.requests.id, request_id, "request")
