"""The rows of the master problem: one column per roster of a volunteer, one method per rule.

Variables: a roster is selected; a seat beyond the minimum is filled; a request is served at an
option. Rows constrain x, the sum of the rosters that hold an arc: ``arc_coefficients`` times the
arcs of a roster is its column, and its transpose times the duals is what each arc is charged.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy import sparse

from matching.arcs.eligibility import Arcs, holders
from matching.arcs.pinned import pinned_arcs
from matching.arcs.value import fewest_people, seat_value, shared_bonus
from matching.problem import Problem
from matching.problem import columns as c

_UNBOUNDED = np.inf
# The penalty of a missed pin, relative to the largest request or affinity, and at least.
_PIN_PENALTY_FACTOR, _MIN_PIN_PENALTY = 10.0, 1e6


@dataclass(frozen=True)
class Rows:
    """Rows ``low <= arc_coefficients @ x + service_coefficients @ y <= high``, and their y.

    Attributes
    ----------
    arc_coefficients : scipy.sparse.csr_array, shape (rows, arcs)
    service_coefficients : scipy.sparse.csr_array, shape (rows, service variables)
        Service variables: one per option, whether it is served; one per further seat; one per pin,
        whether it is missed, which no plan may do but keeps the linear programme feasible.
    low, high : float64 arrays, shape (rows,)
    value, upper : float64 arrays, shape (service variables,)
        Objective coefficient and upper bound.
    quota_rows : slice
        Rows of the quotas, in the order of the organisations that have one.
    request : int32 array, shape (rows,)
        The request that a row belongs to; -1 for a quota.
    service_request : int32 array, shape (service variables,)
    """

    arc_coefficients: sparse.csr_array
    service_coefficients: sparse.csr_array
    low: c.Floats
    high: c.Floats
    value: c.Floats
    upper: c.Floats
    quota_rows: slice
    request: c.Ints
    service_request: c.Ints

    def linked(self, row: c.Longs, arc: c.Longs, option: c.Ints) -> Rows:
        """Return these rows and more: some arcs are selected only as far as an option is served.

        Parameters
        ----------
        row, arc : int64 arrays of equal length
            Which arcs each of the new rows, counted from 0, holds.
        option : int32 array, shape (new rows,)
        """
        count = len(option)
        arc_coefficients = sparse.csr_array(
            (np.ones(len(row)), (row, arc)), (count, self.arc_coefficients.shape[1])
        )
        service_coefficients = sparse.csr_array(
            (-np.ones(count), (np.arange(count), option)), (count, len(self.value))
        )
        return replace(
            self,
            arc_coefficients=sparse.vstack([self.arc_coefficients, arc_coefficients], format="csr"),
            service_coefficients=sparse.vstack(
                [self.service_coefficients, service_coefficients], format="csr"
            ),
            low=np.append(self.low, np.full(count, -_UNBOUNDED)),
            high=np.append(self.high, np.zeros(count)),
            request=np.append(self.request, self.service_request[option]),
        )


class Constraints:
    """Writes the rows, one method per rule; each docstring states the rule."""

    def __init__(self, problem: Problem, arcs: Arcs) -> None:
        self.problem, self.arcs = problem, arcs
        slots, posts = problem.slots, problem.posts
        self.arc_option = slots.option[arcs.slot]
        self.candidates = most_people(problem, arcs.volunteer, arcs.slot, len(slots))
        # One more than there are candidates is as impossible as any larger minimum.
        self.needed = np.minimum(posts.min_seats[slots.post].astype(np.int64), self.candidates + 1)
        count = np.maximum(
            0, np.minimum(posts.seats[slots.post], self.candidates) - self.needed
        ).astype(np.int64)
        self.seat_slot = np.repeat(np.arange(len(slots)), count)
        self.seat_number = c.ranges(self.needed + 1, count)
        self.size = 0
        self.arc_parts: list[tuple[npt.ArrayLike, ...]] = []
        self.service_parts: list[tuple[npt.ArrayLike, ...]] = []
        self.bounds: list[tuple[c.Floats, c.Floats]] = []

    def rows(self) -> Rows:
        """Return all rows."""
        self._seats()
        self._seats_only_if_served()
        self._one_option()
        self._people()
        self._team_rules()
        self._pairs()
        first_quota = self.size
        self._quotas()
        self._pins()
        value, upper = self._service_variables()
        arc_coefficients = _matrix(self.arc_parts, (self.size, len(self.arcs)))
        service_coefficients = _matrix(self.service_parts, (self.size, len(value)))
        slots = self.problem.slots
        of_seat, of_pin = slots.request[self.seat_slot], self.problem.posts.request
        of_pin = of_pin[self.problem.pins.post]
        service_request = np.concatenate([self.problem.options.request, of_seat, of_pin])
        request = np.full(self.size, -1, np.int32)
        for matrix, owner in (
            (arc_coefficients, slots.request[self.arcs.slot]),
            (service_coefficients, service_request),
        ):
            some = np.flatnonzero(np.diff(matrix.indptr))
            request[some] = owner[matrix.indices[matrix.indptr[some]]]
        of_quota = slice(first_quota, first_quota + int(self.problem.organisations.limited.sum()))
        request[of_quota] = -1
        return Rows(
            arc_coefficients,
            service_coefficients,
            np.concatenate([low for low, _ in self.bounds]),
            np.concatenate([high for _, high in self.bounds]),
            value,
            upper,
            of_quota,
            request,
            service_request,
        )

    def service_of(self, chosen: c.Longs) -> c.Floats:
        """Return the service variables of a feasible plan, given its arcs."""
        slots = self.problem.slots
        filled = np.bincount(self.arcs.slot[chosen], minlength=len(slots))
        served = np.zeros(len(self.problem.options))
        served[self.arc_option[chosen]] = 1.0
        seats = filled[self.seat_slot] >= self.seat_number
        return np.concatenate([served, seats, np.zeros(len(self.problem.pins))])

    def any_volunteer_suffices(self) -> c.Bools:
        """Tell at which options any single volunteer makes a team: no arc there needs a link."""
        problem = self.problem
        request = problem.options.request
        whole = problem.requests.min_people[request] > 1
        whole[problem.slots.option[self.needed > 0]] = True
        ruled = np.zeros(len(problem.requests), np.bool_)
        ruled[problem.team_rules.request] = True
        several = np.bincount(request, minlength=len(problem.requests)) > 1
        suffices: c.Bools = ~(whole | ruled[request] | several[request])
        return suffices

    def _new(self, count: int, low: npt.ArrayLike, high: npt.ArrayLike) -> c.Longs:
        row = np.arange(self.size, self.size + count)
        self.size += count
        self.bounds.append(
            (np.broadcast_to(low, count).astype(float), np.broadcast_to(high, count).astype(float))
        )
        return row

    def _arcs(self, row: npt.ArrayLike, arc: npt.ArrayLike, weight: npt.ArrayLike = 1.0) -> None:
        self.arc_parts.append((row, arc, weight))

    def _served(self, row: npt.ArrayLike, option: npt.ArrayLike, weight: npt.ArrayLike) -> None:
        self.service_parts.append((row, option, weight))

    def _filled(self, row: npt.ArrayLike, seat: npt.ArrayLike, weight: npt.ArrayLike) -> None:
        self.service_parts.append((row, np.asarray(seat) + len(self.problem.options), weight))

    def _service_variables(self) -> tuple[c.Floats, c.Floats]:
        """Return the value of serving an option by its minimums alone, and of each further seat."""
        slots = self.problem.slots
        base = shared_bonus(self.problem)[self.problem.options.request].astype(np.float64)
        slot = np.repeat(np.arange(len(slots)), self.needed)
        k = c.ranges(np.ones(len(slots), np.int64), self.needed)
        np.add.at(base, slots.option[slot], seat_value(self.problem, slots.post[slot], k))
        possible = np.ones(len(base))
        possible[slots.option[self.candidates < self.needed]] = 0.0
        wanted = self.problem.requests.min_people[self.problem.options.request]
        arc = np.flatnonzero(wanted[self.arc_option] > 1)
        most = most_people(
            self.problem, self.arcs.volunteer[arc], self.arc_option[arc], len(possible)
        )
        possible[(wanted > 1) & (most < wanted)] = 0.0
        seats = seat_value(self.problem, slots.post[self.seat_slot], self.seat_number)
        order = base.copy()
        np.add.at(order, slots.option[self.seat_slot], seats)
        score = np.abs(self.problem.affinities.score.astype(np.float64))
        stake = order.max(initial=0.0) + score.max(initial=0.0)
        missed = np.full(
            len(self.problem.pins), -max(_MIN_PIN_PENALTY, _PIN_PENALTY_FACTOR * stake)
        )
        upper = np.concatenate([possible, np.ones(len(seats)), np.ones(len(missed))])
        return np.concatenate([base, seats, missed]), upper

    def _seats(self) -> None:
        """As many serve on a slot as it has filled seats: the minimum if served, and more."""
        row = self._new(len(self.problem.slots), 0, 0)
        self._arcs(row[self.arcs.slot], np.arange(len(self.arcs)))
        self._served(row, self.problem.slots.option, -self.needed)
        self._filled(row[self.seat_slot], np.arange(len(self.seat_slot)), -1.0)

    def _seats_only_if_served(self) -> None:
        """A seat is filled only if its request is served at that option.

        Where any single volunteer makes a team, nothing depends on being served: no row.
        """
        seat = np.flatnonzero(
            ~self.any_volunteer_suffices()[self.problem.slots.option[self.seat_slot]]
        )
        row = self._new(len(seat), -_UNBOUNDED, 0)
        self._filled(row, seat, 1.0)
        self._served(row, self.problem.slots.option[self.seat_slot[seat]], -1.0)

    def _one_option(self) -> None:
        """A request is served at one option at most."""
        request = self.problem.options.request
        count = np.bincount(request, minlength=len(self.problem.requests))
        several = np.flatnonzero(count[request] > 1)
        requests, which = np.unique(request[several], return_inverse=True)
        row = self._new(len(requests), -_UNBOUNDED, 1)
        self._served(row[which], several, 1.0)

    def _people(self) -> None:
        """If served, a request has at least its people in total."""
        slots, options = self.problem.slots, self.problem.options
        wanted = fewest_people(self.problem)[options.request]
        base = np.bincount(slots.option, self.needed, minlength=len(options))
        option = np.flatnonzero(wanted > np.maximum(base, 0))
        row_of = np.full(len(options), -1)
        row = self._new(len(option), 0, _UNBOUNDED)
        row_of[option] = row
        self._served(row, option, (base - wanted)[option])
        seat = np.flatnonzero(row_of[slots.option[self.seat_slot]] >= 0)
        self._filled(row_of[slots.option[self.seat_slot[seat]]], seat, 1.0)

    def _team_rules(self) -> None:
        """If served, enough volunteers hold a qualification: in all, and in proportion to the team.

        The second alone lets a linear programme take a fraction of a holder. Two more rows, valid
        for whole numbers, say that any team needs one, and how many the last one allows.
        """
        options, rules = self.problem.options, self.problem.team_rules
        first = c.starts_of(options.request, len(self.problem.requests))
        count = (first[rules.request + 1] - first[rules.request]).astype(np.int64)
        option = c.ranges(first[rules.request], count)
        rule = np.repeat(np.arange(len(rules)), count)
        least, share = rules.min_people[rule], rules.per_people[rule]
        seats = np.minimum(self.problem.posts.seats[self.problem.slots.post], self.candidates)
        size = np.bincount(self.problem.slots.option, seats, len(options))[option]
        steps = np.ceil(size / np.maximum(share, 1))
        last = size - share * (steps - 1)
        one = np.ones(len(rule))
        # Rows holders * a - people * b - served * d >= 0.
        self._holders(option, rule, least > 0, one, 0 * one, least)
        self._holders(option, rule, share > 0, share, one, 0 * one)
        self._holders(option, rule, share > 0, one, 0 * one, one)
        self._holders(
            option, rule, (share > 1) & (last > 0), last, one, (last - share) * (steps - 1)
        )

    def _holders(
        self,
        option: c.Longs,
        rule: c.Longs,
        where: c.Bools,
        of_holders: npt.ArrayLike,
        of_people: npt.ArrayLike,
        of_served: npt.ArrayLike,
    ) -> None:
        ruled = np.flatnonzero(where)
        row = self._new(len(ruled), 0, _UNBOUNDED)
        team, arc = self._arcs_at(option[ruled])
        qualification = self.problem.team_rules.qualification[rule[ruled[team]]]
        holds = holders(self.problem, self.arcs, arc, qualification)
        weight = np.asarray(of_holders)[ruled[team]] * holds - np.asarray(of_people)[ruled[team]]
        self._arcs(row[team], arc, weight)
        self._served(row, option[ruled], -np.asarray(of_served, np.float64)[ruled])

    def _arcs_at(self, option: c.Longs) -> tuple[c.Longs, c.Longs]:
        """Return, for each of the options, its arcs: which option, and the arc."""
        order = np.argsort(self.arc_option, kind="stable")
        first = c.starts_of(self.arc_option[order], len(self.problem.options))
        count = first[option + 1] - first[option]
        return np.repeat(np.arange(len(option)), count), order[c.ranges(first[option], count)]

    def _pairs(self) -> None:
        """On a request, both or neither of a pair that is together; never both of one apart."""
        pairs = self.problem.pairs
        first = c.starts_of(self.arcs.volunteer, len(self.problem.volunteers))
        parts = []
        for sign, who in ((1.0, pairs.a), (-1.0, pairs.b)):
            count = first[who + 1] - first[who]
            arc = c.ranges(first[who], count)
            pair = np.repeat(np.arange(len(pairs)), count)
            parts.append((pair, arc, np.full(len(arc), sign)))
        pair, arc, side = (np.concatenate(column) for column in zip(*parts, strict=True))
        meeting = np.unique(c.combine(pair, self.arc_option[arc]), return_inverse=True)
        together = pairs.together[meeting[0] >> 32]
        row = self._new(
            len(together), np.where(together, 0.0, -_UNBOUNDED), np.where(together, 0.0, 1.0)
        )
        self._arcs(row[meeting[1]], arc, np.where(pairs.together[pair], side, 1.0))

    def _quotas(self) -> None:
        """An organisation's volunteers, over its tree, serve no more often than its quota."""
        organisations = self.problem.organisations
        limited = organisations.limited
        row_of = np.full(len(organisations) + 1, -1)
        row_of[:-1][limited] = self._new(
            int(limited.sum()), -_UNBOUNDED, organisations.max_seats[limited]
        )
        parent = np.append(organisations.parent, -1)
        # Climb the tree from every arc's organisation, one level at a time for all arcs.
        arc = np.arange(len(self.arcs))
        at = self.problem.volunteers.organisation[self.arcs.volunteer]
        while len(arc):
            arc, at = arc[at >= 0], at[at >= 0]
            counted = row_of[at] >= 0
            self._arcs(row_of[at[counted]], arc[counted])
            at = parent[at]

    def _pins(self) -> None:
        """What is pinned stays, at its option or at any."""
        pins = self.problem.pins
        row = self._new(len(pins), 1, _UNBOUNDED)
        which, arc = pinned_arcs(self.problem, self.arcs)
        self._arcs(row[which], arc)
        self._filled(row, len(self.seat_slot) + np.arange(len(pins)), 1.0)


def most_people(problem: Problem, volunteer: c.Ints, group: c.Ints | c.Longs, size: int) -> c.Longs:
    """Return how many different volunteers of each group could serve at once within the quotas.

    Parameters
    ----------
    volunteer, group : int arrays of equal length
        Who belongs to which group.
    size : int
        How many groups there are.
    """
    organisations = problem.organisations
    parent, limit = organisations.parent, organisations.max_seats
    depth, above = np.zeros(len(parent) + 1, np.int64), np.append(parent, -1)
    depth[-1] = -1  # of no organisation
    while (above >= 0).any():
        depth += above >= 0
        above = np.where(above >= 0, parent[above], -1)
    person = np.unique(c.combine(group, volunteer))
    of = (person >> 32).astype(np.int64)
    at = problem.volunteers.organisation[(person & 0xFFFFFFFF) - 1]
    people = np.ones(len(person), np.int64)
    # From the lowest level up: no more pass on to the organisation above than the quota lets.
    for level in range(int(depth.max()), -1, -1):
        here = depth[at] == level
        key, which = np.unique(c.combine(of[here], at[here]), return_inverse=True)
        at_key = (key & 0xFFFFFFFF) - 1
        passed = np.minimum(np.bincount(which, people[here], len(key)), limit[at_key])
        of, at = np.append(of[~here], key >> 32), np.append(at[~here], parent[at_key])
        people = np.append(people[~here], passed.astype(np.int64))
    return np.bincount(of, people, minlength=size).astype(np.int64)


def _matrix(parts: list[tuple[npt.ArrayLike, ...]], shape: tuple[int, int]) -> sparse.csr_array:
    expanded = [np.broadcast_arrays(*part) for part in parts]
    row, column, weight = (np.concatenate(x) for x in zip(*expanded, strict=True))
    return sparse.csr_array((weight.astype(float), (row, column)), shape=shape)
