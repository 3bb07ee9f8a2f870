"""A week under network rules that lives: whatever changes, the plan is the best again.

Whoever changes is taken out of the residual network and put back as they are now; what they did
finds somebody else along a shortest path, and what they can do now finds its place (`kernel`).
Nothing is solved anew. What the trees cannot say is left out, as it is in `capacities`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from matching.arcs.eligibility import Arcs
from matching.arcs.living import Crew, LivingArcs, Member
from matching.arcs.value import seat_value
from matching.bounds.exactness import is_pure_network, refuse_equity
from matching.bounds.prices import Prices
from matching.bounds.pricing import Weeks
from matching.errors import UsageError
from matching.flow.attaching import attach, beds_of
from matching.flow.capacities import build
from matching.flow.grafting import Grown, graft
from matching.flow.graph import HOME, NONE
from matching.flow.kernel import exchange, forget, open_all, reach, search
from matching.flow.living_edges import ArcEdges, SeatEdges
from matching.flow.pinned_places import PinnedPlaces, pinned_below, pinned_posts
from matching.flow.residual import NO_WAY, Residual
from matching.problem import Problem
from matching.problem import columns as c


class LivingWeek:
    """The best plan of a week, through all its changes.

    Parameters
    ----------
    problem : Problem
        Its pins have to be such that they can stay.
    arcs : Arcs, optional
        The eligible arcs, where they are at hand.
    """

    def __init__(self, problem: Problem, arcs: Arcs | None = None) -> None:
        refuse_equity(problem, "not in a week that changes, nor in answers that change one")
        self.living = LivingArcs(problem, arcs)
        arcs, pinned = self.living.arcs, self.living.pinned
        weeks = Weeks(problem, arcs)
        kept, load = np.ones(len(arcs), np.bool_), weeks.first_load
        network = build(
            problem, arcs, self.living.quality, weeks.clusters, load, kept, pinned, every=True
        )
        self.residual = Residual(network)
        # By volunteer: their node.
        self.node = np.full(len(problem.volunteers), NONE)
        self.node[network.volunteer] = network.volunteer_node
        # The rules of these are more than a tree.
        self.others = set(np.flatnonzero(~weeks.clusters.tree).tolist())
        self.all_trees = is_pure_network(problem, replace(weeks.clusters, tree=np.ones(1, bool)))
        # By post: its node, how many seats are pinned, and the edges of its seats.
        self.post_node = network.post_node.astype(np.int64)
        self.pinned = PinnedPlaces(problem, arcs, pinned, network.pinned_value)
        self.seat_edges = SeatEdges(self.residual, self.pinned, problem.posts.seats)
        self.quota_edge = np.full(len(problem.organisations), NONE)
        self.quota_edge[network.quota] = np.arange(len(network.quota)) + network.quota_edges.start
        self.quota_node = np.full(len(problem.organisations) + 1, HOME)
        self.quota_node[network.quota] = self.residual.graph.head[network.quota_edges]
        self.arc_edges = ArcEdges(self.residual, arcs)

    @property
    def problem(self) -> Problem:
        """The requests and seats as they are now, the volunteers as they were at first."""
        return self.living.problem

    def snapshot(self) -> tuple[Problem, c.Longs]:
        """Return the week as it is now, and the number of each volunteer in it."""
        return self.living.snapshot()

    # --- what can be asked ------------------------------------------------------------------------

    @property
    def value(self) -> int:
        """What the plan is worth; an upper bound, where the rules are not those of the network."""
        return self.pinned.value - int(self.residual.graph.total[0])

    @property
    def is_exact(self) -> bool:
        """Whether all rules in force are those of the network."""
        return self.all_trees and not self.others

    def plan(self) -> tuple[c.Ints, c.Ints]:
        """Return who serves where: volunteers and slots, sorted."""
        self.arc_edges.make_room()
        used = np.flatnonzero(self.residual.graph.flow[: self.residual.edges] > 0)
        used = used[self.arc_edges.slot[used] != NONE]
        pins = [(v, m.arcs.slot[m.pinned]) for v, m in self.living.members.items() if len(m.pinned)]
        base = self.residual.network.pinned
        base = base[~np.isin(self.living.arcs.volunteer[base], list(self.living.members))]
        volunteer = [self.arc_edges.volunteer[used], self.living.arcs.volunteer[base]]
        volunteer += [np.full(len(slot), v, np.int32) for v, slot in pins]
        slot = [self.arc_edges.slot[used], self.living.arcs.slot[base], *(slot for _, slot in pins)]
        who, where = np.concatenate(volunteer), np.concatenate(slot)
        order = np.argsort(c.combine(who, where))
        return who[order], where[order]

    def prices(self) -> Prices:
        """Return prices that prove the value, as long as all rules are those of the network."""
        graph, posts = self.residual.graph, self.problem.posts
        most = np.zeros(len(posts), np.int64)
        some = np.flatnonzero(posts.seats > 0).astype(np.int32)
        most[some] = seat_value(self.problem, some, np.ones_like(some))
        price = np.minimum(graph.potential[self.post_node], most)
        edges = self.quota_edge[self.quota_edge >= 0]
        quota = np.zeros(len(self.quota_edge))
        step = graph.potential[graph.head[edges]] - graph.potential[graph.tail[edges]]
        quota[self.quota_edge >= 0] = np.maximum(step, 0)
        return Prices(price[self.problem.slots.post].astype(np.float64), quota)

    def price_of_post(self, post: int) -> tuple[int, int | None]:
        """Return what a pair of hands is worth at a post: one more, and one fewer.

        The two one-sided derivatives of the value: what it gains by somebody who comes from outside
        and does this alone, and what it costs to send somebody there without a seat, or None where
        nobody can come. Any price of the post lies between them.
        """
        graph, node = self.residual.graph, int(self.post_node[post])
        gain = int(graph.potential[node]) - self._distance(node, forward=True)
        cost = self._distance(node, forward=False)
        return gain, None if cost >= NO_WAY else int(graph.potential[node]) + cost

    def worth_of(self, volunteer: int) -> int:
        """Return what the plan would lose without somebody."""
        before, member = self.value, self.living.member(volunteer)
        self.leave(volunteer)
        lost = before - self.value
        self._put(volunteer, member, Weeks(member.part, member.arcs), None)
        return lost

    def shortage(self, post: int) -> tuple[c.Ints, c.Ints] | None:
        """Return the volunteers and posts that prove that nobody can be had for a post.

        The labels of the search that found no way: whoever could serve one of the posts is among
        the volunteers, who are all busy there (Hall's condition fails).

        Returns
        -------
        volunteers, posts : int32 arrays
            Or None, if somebody can be had, at whatever cost.
        """
        graph = self.residual.graph
        found, count = reach(graph, int(self.post_node[post]))
        if found:
            return None
        self.arc_edges.make_room()
        is_short = np.zeros(self.residual.nodes, np.bool_)
        is_short[graph.labelled[:count]] = True
        rows = slice(self.residual.edges)
        into = is_short[graph.head[rows]] & (self.arc_edges.slot[rows] != NONE)
        into &= graph.capacity[rows] > 0
        who = c.distinct(self.arc_edges.volunteer[rows][into])
        return who, np.flatnonzero(is_short[self.post_node]).astype(np.int32)

    def _distance(self, node: int, *, forward: bool) -> int:
        """Return how far home is, in reduced costs."""
        best, _, count = search(self.residual.graph, node, NONE, forward, NO_WAY)
        forget(self.residual.graph, count)
        return int(best)

    # --- what can change --------------------------------------------------------------------------

    def member(self, volunteer: int) -> Problem:
        """Return the problem of one volunteer as they are now, number 0 in it."""
        return self.living.member(volunteer).part

    def change(self, volunteer: int, part: Problem) -> None:
        """Let a volunteer be another: other windows, qualifications, answers, limits.

        Parameters
        ----------
        part : Problem
            The volunteer alone; see `member`.

        Raises
        ------
        UsageError
            If something that is pinned could not stay.
        """
        before = self._holding(volunteer)
        self._put(volunteer, *self._able(part, before), before)

    def join(self, part: Problem) -> int:
        """Let somebody new take part; return their number.

        Raises
        ------
        UsageError
            If something that is pinned could not stay.
        """
        member, weeks = self._able(part, None)
        self.node = np.append(self.node, NONE)
        volunteer = len(self.node) - 1
        self._put(volunteer, member, weeks, None)
        return volunteer

    def leave(self, volunteer: int) -> None:
        """Let somebody take no part any more, whatever they are pinned to."""
        before = self.living.member(volunteer)
        gone = before.gone()
        self._put(volunteer, gone, Weeks(gone.part, gone.arcs), before)

    def set_seats(self, post: int, seats: int) -> None:
        """Let a post have another number of seats.

        Raises
        ------
        UsageError
            If more of them are pinned.
        """
        if seats < self.pinned.seats[post]:
            request = self.problem.requests.id[int(self.problem.posts.request[post])]
            raise UsageError(
                f"request {request} cannot have {seats} seats at post "
                f"{self.problem.posts.id[post]}: {self.pinned.seats[post]} are pinned"
            )
        edges = self.seat_edges.of(post)
        self.pinned.value -= self.pinned.value_of_seats(self.problem, post)
        self.living.set_seats(post, seats)
        self.pinned.value += self.pinned.value_of_seats(self.problem, post)
        self.seat_edges.set(self.problem, self.post_node, post, edges)

    def copy_request(self, request: int, request_id: str, **changes: Any) -> Crew:
        """Add a request that is like another but for what is said; return who may serve it.

        Parameters
        ----------
        request : int
            The one to copy, with its posts and options.
        request_id : str
        **changes
            Columns of `columns.Requests` and `columns.Options`, such as ``lat`` or ``start``.
        """
        old = self.problem
        crew = self.living.copy_request(request, changes | {"id": request_id})
        new_posts = np.arange(len(old.posts), len(self.problem.posts))
        # Nobody is drawn to a post before it has seats.
        nodes = self.residual.add_nodes(np.full(len(new_posts), -NO_WAY), posts=True)
        self.post_node = np.append(self.post_node, nodes)
        self.pinned.seats = np.append(self.pinned.seats, np.zeros_like(new_posts))
        first = self.residual.edges
        weeks = Weeks(crew.part, crew.arcs)
        self._attach(crew, weeks, self._roots(crew, weeks), len(old.slots))
        graph = self.residual.graph
        for post, node in zip(new_posts.tolist(), nodes.tolist(), strict=True):
            into = np.flatnonzero(graph.head[first : self.residual.edges] == node) + first
            into = into[graph.capacity[into] > 0]
            cost = graph.potential[graph.tail[into]] + graph.cost[into]
            graph.potential[node] = cost.min(initial=NO_WAY)
            self.seat_edges.set(self.problem, self.post_node, post, [])
        return crew

    def remove_request(self, request: int) -> None:
        """Let nobody serve a request any more.

        Raises
        ------
        UsageError
            If somebody is pinned to it.
        """
        posts = np.flatnonzero(self.problem.posts.request == request)
        if self.pinned.seats[posts].any():
            name = self.problem.requests.id[request]
            raise UsageError(f"request {name} cannot go: somebody is pinned to it")
        for post in posts.tolist():
            self.set_seats(post, 0)

    # --- how it changes ---------------------------------------------------------------------------

    def _able(self, part: Problem, before: Member | None) -> tuple[Member, Weeks]:
        """Return a volunteer as they will be, and their week, if what is pinned can stay."""
        member = self.living.found(part)
        weeks = Weeks(member.part, member.arcs)
        self.pinned.refuse(self.problem, member, weeks.clusters, before)
        return member, weeks

    def _holding(self, volunteer: int) -> Member | None:
        """Return a volunteer as they are now, if they are pinned anywhere."""
        return self.living.member(volunteer) if self.living.is_pinned(volunteer) else None

    def _put(self, volunteer: int, member: Member, weeks: Weeks, before: Member | None) -> None:
        """Take a volunteer out, whose pins were those of ``before``, and put them back."""
        one = np.array([volunteer])
        self._exchange(one, np.array([NONE]), one[:0])
        self.living.put(volunteer, member)
        if before is not None:
            self._pin(before, -1)
        self._pin(member, 1)
        crew = Crew(one, member.part, member.arcs, member.quality, member.pinned)
        self._attach(crew, weeks, np.array([NONE]))

    def _roots(self, crew: Crew, weeks: Weeks) -> c.Longs:
        """Return the nodes of those who can do something new beside all else: see `grafting`."""
        roots, tree = self.node[crew.volunteers], weeks.clusters.tree.copy()
        tree[crew.arcs.volunteer[crew.pinned]] = False
        tree &= ~np.isin(crew.volunteers, list(self.others)) & (len(weeks.counters) == 0)
        return np.where(tree, roots, NONE)

    def _exchange(self, volunteers: c.Longs, nodes: c.Longs, shifts: c.Longs) -> None:
        """Give volunteers other nodes, or none; see `kernel.exchange`."""
        exchange(self.residual.graph, self.node[volunteers], nodes, shifts)
        self.node[volunteers] = nodes

    def _pin(self, member: Member, times: int) -> None:
        """Take what is pinned out of seats and quotas, or give it back."""
        if not len(member.pinned):
            return
        posts = np.unique(pinned_posts(self.problem, member)).tolist()
        edges = [self.seat_edges.of(post) for post in posts]
        self.pinned.take(self.problem, member, times)
        for post, of_seats in zip(posts, edges, strict=True):
            self.seat_edges.set(self.problem, self.post_node, post, of_seats)
        room = np.maximum(self.problem.organisations.max_seats - self.pinned.below, 0)
        for at in np.flatnonzero((pinned_below(member) > 0) & (self.quota_edge != NONE)).tolist():
            self.residual.change(int(self.quota_edge[at]), capacity=int(room[at]))

    def _attach(self, crew: Crew, weeks: Weeks, roots: c.Longs, fresh: int = 0) -> None:
        """Put volunteers into the network, in the place of who they were.

        Of those whose node is among the ``roots`` only slots from ``fresh`` on are put in.
        """
        volunteers, arcs = crew.volunteers, crew.arcs
        self.others.difference_update(volunteers.tolist())
        if not len(arcs):
            return
        self.others.update(volunteers[~weeks.clusters.tree].tolist())
        beds, whole = beds_of(crew, weeks, self.quota_node, self.post_node), roots == NONE
        if not whole.all():
            at_first = self.living.first, self.living.arcs.slot, self.arc_edges.at_first
            grown = Grown(arcs.slot, fresh, volunteers, *at_first, self.arc_edges.slot)
            found = graft(self.residual, beds, grown, roots)
            self.arc_edges.name(volunteers, arcs, found.edge)
            open_all(self.residual.graph, found.shifts)
        if whole.any():
            found = attach(self.residual, beds, roots, len(arcs))
            self.arc_edges.name(volunteers, arcs, found.edge)
            self._exchange(volunteers[whole], found.node[whole], found.shifts)
