"""A desk's week as it changes: people answer, come, go and change, seats are added."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from matching.answers.ledger import Ledger
from matching.answers.standing import beside_an_answer, keeps_weeks, without_what_cannot_stay
from matching.arcs.eligibility import Arcs
from matching.arcs.living import LivingArcs, Member
from matching.arcs.pair_rules import Answers
from matching.arcs.value import Terms, terms
from matching.bounds.exactness import is_pure_network
from matching.errors import UsageError
from matching.flow.living import LivingWeek
from matching.problem import Problem
from matching.problem import columns as c
from matching.problem.part import joined, replaced
from matching.problem.plan import Plan
from matching.schema import STATUSES

_PINNED, _ACCEPTED, _, _OFFERED, _DECLINED = range(len(STATUSES))
# The rows of what no table has: what was said at the desk, and pins that hold what was accepted.
_TOLD, _HELD = -1, -2


class Changing:
    """A week that changes, and the ledger of how it stands.

    Under network rules the plan is the best that holds all that was accepted, and the prices are
    its own. Under the full rulebook prices stay as they were; what was agreed is taken into the
    standing plan, and what cannot stay beside it goes.

    Attributes
    ----------
    ledger : Ledger
        Each change makes another; the one before is left as it was.
    beyond : list of int
        The volunteers for whose limits of hours, rest or travel time the network was given up.
    """

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        problem, week = ledger.problem, None
        if is_pure_network(problem, ledger.weeks.clusters):
            week = LivingWeek(_holding(ledger), ledger.arcs)
        self.week = week
        self.beyond: list[int] = []
        self.arcs = LivingArcs(problem, ledger.arcs) if week is None else week.living

    def accept(self, arc: int, status: str = "accepted") -> None:
        """Let a volunteer say yes, or be pinned.

        Raises
        ------
        UsageError
            If that cannot be, beside all that was agreed.
        """
        arcs, slots = self.ledger.arcs, self.ledger.problem.slots
        volunteer, slot = int(arcs.volunteer[arc]), int(arcs.slot[arc])
        part = self.arcs.member(volunteer).part
        said = part.earlier
        # An answer takes the place of the offer.
        kept = (said.post != slots.post[slot]) | ~np.isin(said.status, (_OFFERED, _DECLINED))
        here = np.zeros(1, np.int32), slots.post[[slot]], slots.option[[slot]]
        more = [_said(*here, STATUSES.index(status), _TOLD)]
        if self.week is not None and status == "accepted":
            more.append(_said(*here, _PINNED, _HELD))
        part = replace(part, earlier=joined(said.take(kept), *more).sorted())
        self._put(volunteer, part, ("earlier",), arc)

    def decline(self, volunteer: int, slots: c.Ints) -> None:
        """Let a volunteer say no, whatever they said before.

        Raises
        ------
        UsageError
            If they are pinned there.
        """
        of = self.ledger.problem.slots.take(slots)
        part = self.arcs.member(volunteer).part
        said = part.earlier
        here = np.isin(said.post, of.post) & ((said.option < 0) | np.isin(said.option, of.option))
        if (here & (said.status == _PINNED) & (said.row != _HELD)).any():
            raise UsageError("who is pinned cannot decline: take the pin out of assignments first")
        no = _said(np.zeros_like(slots), of.post, of.option, _DECLINED, _TOLD)
        part = replace(part, earlier=joined(said.take(~here), no).sorted())
        self._put(volunteer, part, ("earlier",))

    def put(self, volunteer: int, part: Problem) -> None:
        """Let a volunteer be another, or come: their number is the next.

        Raises
        ------
        UsageError
            If something that was agreed could not stay.
        """
        self._put(volunteer, part, None)

    def set_seats(self, post: int, seats: int) -> None:
        """Let a post have another number of seats.

        Raises
        ------
        UsageError
            If more of them are agreed.
        """
        ledger = self.ledger
        now = ledger.problem.posts.seats.copy()
        now[post] = seats
        problem = replace(ledger.problem, posts=replace(ledger.problem.posts, seats=now))
        plan, answers = ledger.plan, Answers(problem, (_PINNED, _ACCEPTED))
        held = problem.slots.post[plan.slot[answers.among(plan.volunteer, plan.slot)]]
        if (held == post).sum() > seats:
            request = problem.requests.id[int(problem.posts.request[post])]
            raise UsageError(
                f"request {request} cannot have {seats} seats at post {problem.posts.id[post]}: "
                f"{(held == post).sum()} are pinned or accepted"
            )
        if self.week is not None:
            self.week.set_seats(post, seats)
        else:
            self.arcs.set_seats(post, seats)
            plan = without_what_cannot_stay(problem, ledger.arcs, plan, ledger.fit)
        self._stand(problem, ledger.arcs, ledger.terms, plan, same=True)

    def copy_request(self, request: int, request_id: str, changes: dict[str, Any]) -> None:
        """Add a request that is like another; see `LivingWeek.copy_request`.

        Without a network its seats are priced as the other's.
        """
        ledger, first = self.ledger, len(self.ledger.problem.slots)
        if self.week is not None:
            found = self.week.copy_request(request, request_id, **changes)
            if not self.week.is_exact:
                self._leave_network()
        else:
            found = self.arcs.copy_request(request, changes | {"id": request_id})
        problem = self.arcs.part(ledger.problem)
        more = found.arcs.take(found.arcs.slot >= first)
        more = replace(more, volunteer=found.volunteers[more.volunteer].astype(np.int32))
        more = more.take(np.argsort(c.combine(more.volunteer, more.slot)))
        # New slots have the highest numbers: they come after all others of each volunteer.
        at, old = np.searchsorted(ledger.arcs.volunteer, more.volunteer, "right"), ledger.arcs
        arcs = Arcs(
            np.insert(old.volunteer, at, more.volunteer),
            np.insert(old.slot, at, more.slot),
            np.insert(old.km, at, more.km),
        )
        pairs = zip(ledger.terms, terms(problem, more), strict=True)
        parts = Terms(*(np.insert(known, at, added) for known, added in pairs))
        like = ledger.prices.slot[ledger.problem.slots.request == request]
        prices = replace(ledger.prices, slot=np.append(ledger.prices.slot, like))
        self.ledger = replace(ledger, prices=prices)
        self._stand(problem, arcs, parts, ledger.plan, same=False)

    def _put(
        self, volunteer: int, part: Problem, names: tuple[str, ...] | None, new: int | None = None
    ) -> None:
        """Put a volunteer as they are now into the week, and the week into the ledger."""
        self._enter(volunteer, part)
        ledger, member = self.ledger, self.arcs.member(volunteer)
        told = replace(member.part, earlier=_as_told(member.part.earlier))
        if names is None:
            problem = replaced(ledger.problem, volunteer, told)
        else:
            problem = replaced(ledger.problem, volunteer, told, names)
        arcs, parts = _spliced(ledger, volunteer, member.arcs, terms(told, member.arcs))
        plan = ledger.plan
        if self.week is None and new is not None:
            plan = beside_an_answer(ledger, new)
        if self.week is None:
            fit = np.sum(parts, axis=0)
            plan = without_what_cannot_stay(problem, arcs, plan, fit)
        # Answers leave limits as they were; then what is found by arc is as it was, too.
        self._stand(problem, arcs, parts, plan, same=names is not None and arcs is ledger.arcs)

    def _enter(self, volunteer: int, part: Problem) -> None:
        """Let the network know, or, without one, see that what was agreed can stay."""
        if self.week is None:
            self.arcs.put(volunteer, self._checked(volunteer, part))
            return
        if volunteer < len(self.ledger.problem.volunteers):
            self.week.change(volunteer, part)
        else:
            self.week.join(part)
        if not self.week.is_exact:
            self._leave_network()

    def _leave_network(self) -> None:
        """From now on a rule is in force that the network does not know."""
        assert self.week is not None
        self.beyond = sorted(self.week.others)
        self.week = None

    def _checked(self, volunteer: int, part: Problem) -> Member:
        """Return somebody as they are now; refuse it if what was agreed cannot stay."""
        member, plan = self.arcs.found(part), self.ledger.plan
        mine = plan.slot[plan.volunteer == volunteer]
        agreed = mine[Answers(part, (_PINNED, _ACCEPTED)).among(np.zeros_like(mine), mine)]
        lost = np.setdiff1d(agreed, member.arcs.slot)
        if not len(lost) and keeps_weeks(part, Plan(np.zeros_like(agreed), agreed)):
            return member
        slots = lost if len(lost) else agreed
        names = self.ledger.problem.requests.id.gather(np.unique(part.slots.request[slots]))
        raise UsageError(
            f"what is agreed cannot stay ({', '.join(names)}): let it be declined first"
        )

    def _stand(self, problem: Problem, arcs: Arcs, parts: Terms, plan: Plan, *, same: bool) -> None:
        prices = self.ledger.prices
        if self.week is not None:
            plan, prices = Plan(*self.week.plan()), self.week.prices()
        self.ledger = Ledger.of(problem, arcs, plan, prices, parts, self.ledger, same=same)


def _as_told(earlier: c.Earlier) -> c.Earlier:
    """Return what the tables say, or would: without the pins that hold what was accepted."""
    return earlier.take((earlier.status != _PINNED) | (earlier.row != _HELD))


def _holding(ledger: Ledger) -> Problem:
    """Return the week in which what is accepted and planned is pinned: it has to stay."""
    problem, plan = ledger.problem, ledger.plan
    agreed = Answers(problem, (_ACCEPTED,)).among(plan.volunteer, plan.slot)
    agreed &= ~Answers(problem, (_PINNED,)).among(plan.volunteer, plan.slot)
    slots = problem.slots.take(plan.slot[agreed])
    held = _said(plan.volunteer[agreed], slots.post, slots.option, _PINNED, _HELD)
    return replace(problem, earlier=joined(problem.earlier, held).sorted())


def _said(volunteer: c.Ints, post: c.Ints, option: c.Ints, status: int, row: int) -> c.Earlier:
    many = len(volunteer)
    return c.Earlier(
        volunteer, post, option, np.full(many, status, np.int32), np.full(many, row, np.int32)
    )


def _spliced(ledger: Ledger, volunteer: int, arcs: Arcs, parts: Terms) -> tuple[Arcs, Terms]:
    """Return all arcs and their terms with those of one volunteer as they are now."""
    old = ledger.arcs
    first, last = np.searchsorted(old.volunteer, [volunteer, volunteer + 1])
    new = replace(arcs, volunteer=np.full(len(arcs), volunteer, np.int32))
    here = old.take(slice(first, last))
    spliced = old
    if not np.array_equal(here.slot, new.slot) or not np.array_equal(here.km, new.km, True):
        spliced = joined(old.take(slice(first)), new, old.take(slice(last, None)))
    columns = (
        column
        if np.array_equal(column[first:last], one)
        else np.concatenate([column[:first], one, column[last:]])
        for column, one in zip(ledger.terms, parts, strict=True)
    )
    return spliced, Terms(*columns)
