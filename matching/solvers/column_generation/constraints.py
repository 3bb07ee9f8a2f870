"""The constraints of the master problem: its `rows`, one method per rule."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy import sparse

from matching.arcs.companions import companions
from matching.arcs.eligibility import Arcs, holders
from matching.arcs.pinned import pinned_arcs
from matching.arcs.value import fewest_people, seat_value, shared_bonus
from matching.problem import Problem
from matching.problem import columns as c
from matching.solvers.column_generation.quota_bounds import most_people
from matching.solvers.column_generation.rows import Rows

# The penalty of a missed pin, relative to the largest request or affinity, and at least.
_PIN_PENALTY_FACTOR, _MIN_PIN_PENALTY = 10.0, 1e6


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
        self._parties_on_posts()
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
        row = self._new(len(seat), -np.inf, 0)
        self._filled(row, seat, 1.0)
        self._served(row, self.problem.slots.option[self.seat_slot[seat]], -1.0)

    def _one_option(self) -> None:
        """A request is served at one option at most."""
        request = self.problem.options.request
        count = np.bincount(request, minlength=len(self.problem.requests))
        several = np.flatnonzero(count[request] > 1)
        requests, which = np.unique(request[several], return_inverse=True)
        row = self._new(len(requests), -np.inf, 1)
        self._served(row[which], several, 1.0)

    def _people(self) -> None:
        """If served, a request has at least its people in total."""
        slots, options = self.problem.slots, self.problem.options
        wanted = fewest_people(self.problem)[options.request]
        base = np.bincount(slots.option, self.needed, minlength=len(options))
        option = np.flatnonzero(wanted > np.maximum(base, 0))
        row_of = np.full(len(options), -1)
        row = self._new(len(option), 0, np.inf)
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
        row = self._new(len(ruled), 0, np.inf)
        team, arc = self._arcs_at(option[ruled])
        qualification = self.problem.team_rules.qualification[rule[ruled[team]]]
        holds = holders(self.problem, self.arcs, arc, qualification)
        weight = np.asarray(of_holders)[ruled[team]] * holds - np.asarray(of_people)[ruled[team]]
        self._arcs(row[team], arc, weight)
        self._served(row, option[ruled], -np.asarray(of_served, np.float64)[ruled])

    def _arcs_at(self, option: c.Longs) -> tuple[c.Longs, c.Longs]:
        """Return, for each of the options, its arcs: which option, and the arc."""
        count = np.diff(self._of_option.start)[option]
        return np.repeat(np.arange(len(option)), count), self._of_option.of(option)

    @cached_property
    def _of_option(self) -> c.Groups:
        """The arcs of each option."""
        return c.Groups(self.arc_option, len(self.problem.options))

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
            len(together), np.where(together, 0.0, -np.inf), np.where(together, 0.0, 1.0)
        )
        self._arcs(row[meeting[1]], arc, np.where(pairs.together[pair], side, 1.0))

    def _parties_on_posts(self) -> None:
        """Of a party that serves, no more are on a post than it has seats.

        Without this a linear programme halves two friends who are eligible at a single seat alone,
        and fills it with the halves.
        """
        slots, whose = self.problem.slots, self.arcs.volunteer
        party, size = companions(self.problem)
        # The first of a party stands for it: at an option they serve all, or none.
        leader = np.unique(party, return_index=True)[1][party]
        arc = np.flatnonzero(size[party[whose]] > 1)
        key, of_key, count = np.unique(
            c.combine(leader[whose[arc]], self.arcs.slot[arc]),
            return_inverse=True,
            return_counts=True,
        )
        slot = (key & 0xFFFFFFFF) - 1
        seats = self.problem.posts.seats[slots.post[slot]]
        crowded = np.flatnonzero(count > seats)
        row = np.full(len(key), -1)
        row[crowded] = self._new(len(crowded), -np.inf, 0)
        there = np.flatnonzero(row[of_key] >= 0)
        self._arcs(row[of_key[there]], arc[there])
        first = c.starts_of(whose, len(self.problem.volunteers))
        leads = key[crowded] >> 32
        many = first[leads + 1] - first[leads]
        theirs, at = c.ranges(first[leads], many), np.repeat(crowded, many)
        here = self.arc_option[theirs] == slots.option[slot[at]]
        self._arcs(row[at[here]], theirs[here], -seats[at[here]])

    def _quotas(self) -> None:
        """An organisation's volunteers, over its tree, serve no more often than its quota."""
        organisations = self.problem.organisations
        limited = organisations.limited
        row_of = np.full(len(organisations), -1)
        row_of[limited] = self._new(int(limited.sum()), -np.inf, organisations.max_seats[limited])
        # Climb the tree from every arc's organisation, one quota at a time for all arcs.
        nearest = organisations.nearest_limited
        at = nearest[self.problem.volunteers.organisation[self.arcs.volunteer]]
        arc = np.flatnonzero(at >= 0)
        at = at[arc]
        while len(arc):
            self._arcs(row_of[at], arc)
            at = nearest[organisations.parent[at]]
            arc, at = arc[at >= 0], at[at >= 0]

    def _pins(self) -> None:
        """What is pinned stays, at its option or at any."""
        pins = self.problem.pins
        row = self._new(len(pins), 1, np.inf)
        which, arc = pinned_arcs(self.problem, self.arcs)
        self._arcs(row[which], arc)
        self._filled(row, len(self.seat_slot) + np.arange(len(pins)), 1.0)


def _matrix(parts: list[tuple[npt.ArrayLike, ...]], shape: tuple[int, int]) -> sparse.csr_array:
    expanded = [np.broadcast_arrays(*part) for part in parts]
    row, column, weight = (np.concatenate(x) for x in zip(*expanded, strict=True))
    return sparse.csr_array((weight.astype(float), (row, column)), shape=shape)
