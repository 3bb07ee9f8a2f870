"""The flow an expert would write: every eligible arc into OR-Tools' `SimpleMinCostFlow`.

For worlds with the ``network`` rules: services at fixed half days, so that a volunteer does one
service a period at most. It takes the arcs and their worth as given, and shares no code with
`matching.flow` or the solvers. Under other rules it is a relaxation: its value is a bound, and what
its plan breaks has to be mended (`mended`).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from ortools.graph.python import min_cost_flow

from benchmarks.peers.proposal import Proposal, of_arcs
from benchmarks.vmb.nearest import first_come, in_order, pinned
from matching import Plan, audit
from matching.arcs.eligibility import Arcs
from matching.arcs.value import first_load, seat_value
from matching.problem import Problem
from matching.problem.columns import Ints, Longs

SOURCE, SINK = 0, 1


class Network(NamedTuple):
    """Edges of a flow of ``amount`` from SOURCE to SINK; cost is minus value."""

    tail: Longs
    head: Longs
    capacity: Longs
    cost: Longs
    amount: int
    arcs: slice  # the edges that stand for arcs, in their order


class Flow(NamedTuple):
    """The optimum over all arcs, and the arcs it takes."""

    value: int
    chosen: Longs


def network(problem: Problem, arcs: Arcs, quality: Longs) -> Network:
    """Write every arc, its volunteer and its post into one network."""
    people, posts = problem.volunteers, problem.posts
    edges: list[tuple[Longs, ...]] = []
    nodes = 2

    def add(*columns: Longs | Ints | int) -> None:
        rows = np.broadcast_arrays(*columns)
        edges.append(tuple(np.asarray(row, np.int64) for row in rows))

    # Quotas: organisation below organisation, volunteers below theirs. No quota, no edge limit.
    size = len(problem.organisations)
    organisation = np.append(np.arange(nodes, nodes + size), SOURCE)
    nodes += size
    amount = int(posts.seats.sum(dtype=np.int64))
    limit = np.where(problem.organisations.limited, problem.organisations.max_seats, amount)
    add(organisation[problem.organisations.parent], organisation[:-1], limit, 0)

    # One edge per shift, each dearer than the last; no more shifts than periods one could come.
    _, period = np.unique(problem.options.start, return_inverse=True)
    busy, of_arc = np.unique(
        arcs.volunteer * np.int64(period.max() + 1) + period[problem.slots.option[arcs.slot]],
        return_inverse=True,
    )
    owner, busy_period = np.divmod(busy, period.max() + 1)
    who, node_of, periods = np.unique(owner, return_inverse=True, return_counts=True)
    volunteer = np.arange(nodes, nodes + len(who))
    nodes += len(who)
    shifts = np.minimum(people.max_shifts[who], periods)
    each = np.repeat(np.arange(len(who)), shifts)
    nth = np.arange(len(each)) - np.repeat(np.cumsum(shifts) - shifts, shifts)
    load = first_load(problem)[who[each]] + problem.policy.load_step * nth
    add(organisation[people.organisation[who[each]]], volunteer[each], 1, load)

    # A node between a volunteer and a day, only where there is a limit by the day.
    day_of = np.zeros(period.max() + 1, np.int64)
    day_of[period] = problem.options.day
    above = volunteer[node_of]
    limited = people.max_shifts_per_day[owner] < np.minimum(periods, 3)[node_of]
    days, at = np.unique(owner[limited] * 7 + day_of[busy_period[limited]], return_inverse=True)
    day = np.arange(nodes, nodes + len(days))
    nodes += len(days)
    per_day = people.max_shifts_per_day[days // 7]
    add(volunteer[np.searchsorted(who, days // 7)], day, per_day, 0)
    above[limited] = day[at]

    # A node of capacity one above what somebody could do at one time, where it is a choice.
    several = np.bincount(of_arc) > 1
    once = np.arange(nodes, nodes + int(several.sum()))
    nodes += len(once)
    add(above[several], once, 1, 0)
    above[several] = once

    # The arcs, then the seats, each worth less than the one before, and a way past all of it.
    post = np.arange(nodes, nodes + len(posts))
    nodes += len(posts)
    before = sum(len(part[0]) for part in edges)
    add(above[of_arc], post[problem.slots.post[arcs.slot]], 1, -quality)
    seat_of = np.repeat(np.arange(len(posts), dtype=np.int32), posts.seats)
    nth = np.arange(amount) - np.repeat(np.cumsum(posts.seats) - posts.seats, posts.seats)
    add(post[seat_of], SINK, 1, -seat_value(problem, seat_of, nth + 1))
    add(np.array([SOURCE]), SINK, amount, 0)

    tail, head, capacity, cost = map(np.concatenate, zip(*edges, strict=True))
    edges_of_arcs = slice(before, before + len(arcs))
    return Network(tail, head, capacity, cost, amount, edges_of_arcs)


def solve(problem: Problem, arcs: Arcs, quality: Longs) -> Flow:
    """Return the optimum over all arcs."""
    net = network(problem, arcs, quality)
    solver = min_cost_flow.SimpleMinCostFlow()
    edges = solver.add_arcs_with_capacity_and_unit_cost(
        net.tail.astype(np.int32), net.head.astype(np.int32), net.capacity, net.cost
    )
    supplies = np.array([net.amount, -net.amount])
    solver.set_nodes_supplies(np.array([SOURCE, SINK], np.int32), supplies)
    status = solver.solve()
    if status != solver.OPTIMAL:
        raise RuntimeError(f"the flow ended as {status.name}")
    return Flow(-int(solver.optimal_cost()), np.flatnonzero(solver.flows(edges[net.arcs])))


def propose(problem: Problem, arcs: Arcs, worth: Longs, seconds: float) -> Proposal:
    """Solve the flow, which takes no limit; mend its plan where it breaks rules.

    For the plan a request keeps the time at which the flow has most people. Then the flow is solved
    again with what is still served, as long as that helps: people of teams that were called off are
    free for others.
    """
    flow = solve(problem, arcs, worth)
    bound, plan = flow.value, of_arcs(arcs, flow.chosen)
    if not audit.violations(problem, plan).height:
        return Proposal(plan, bound)
    time_of = _times(problem, plan)
    rows, best = np.isin(problem.slots.option[arcs.slot], time_of), Plan.empty()
    while True:
        arcs, worth = arcs.take(rows), worth[rows]
        flow = solve(problem, arcs, worth)
        plan = mended(problem, arcs, worth, flow.chosen, time_of)
        if audit.value(problem, plan) <= audit.value(problem, best):
            return Proposal(best, bound)
        best = plan
        rows = np.isin(problem.slots.option[arcs.slot], problem.slots.option[plan.slot])


def _times(problem: Problem, plan: Plan) -> Longs:
    """Return, for each request, the time that is pinned or at which a plan has most people."""
    options, pins = problem.options, problem.pins
    people = np.bincount(problem.slots.option[plan.slot], minlength=len(options))
    people[pins.option[pins.option >= 0]] = len(problem.volunteers) + 1
    order = np.lexsort([-people, options.request])
    first = np.searchsorted(options.request[order], np.arange(len(problem.requests)))
    times: Longs = order[first]
    return times


def mended(problem: Problem, arcs: Arcs, worth: Longs, chosen: Longs, time_of: Longs) -> Plan:
    """Let those of the flow come first, and whom it left at home fill in; call off broken teams."""
    first = np.zeros(len(arcs), np.bool_)
    first[chosen] = True
    idle = ~np.isin(arcs.volunteer, arcs.volunteer[chosen])
    rows = np.flatnonzero(first | idle | pinned(problem, arcs))
    rank = np.empty(len(rows), np.int64)
    rank[np.lexsort([-worth[rows], ~first[rows]])] = np.arange(len(rows))
    return first_come(problem, in_order(problem, arcs.take(rows), time_of, rank))
