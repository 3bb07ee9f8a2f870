"""The flow an expert would write: every eligible arc into OR-Tools' `SimpleMinCostFlow`.

For worlds with the ``network`` rules: services at fixed half days, so that a volunteer does one
service a period at most. It takes the arcs and their worth as given, and shares no code with
`matching.network` or the solvers.
"""

from __future__ import annotations

import numpy as np
from ortools.graph.python import min_cost_flow

from matching.columns import Ints, Longs
from matching.eligibility import Arcs
from matching.problem import Problem
from matching.value import first_load, seat_value

SOURCE, SINK = 0, 1


def solve(problem: Problem, arcs: Arcs, quality: Longs) -> int:
    """Return the value of the optimum over all arcs."""
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
    add(above[of_arc], post[problem.slots.post[arcs.slot]], 1, -quality)
    seat_of = np.repeat(np.arange(len(posts), dtype=np.int32), posts.seats)
    nth = np.arange(amount) - np.repeat(np.cumsum(posts.seats) - posts.seats, posts.seats)
    add(post[seat_of], SINK, 1, -seat_value(problem, seat_of, nth + 1))
    add(np.array([SOURCE]), SINK, amount, 0)

    tail, head, capacity, cost = map(np.concatenate, zip(*edges, strict=True))
    solver = min_cost_flow.SimpleMinCostFlow()
    solver.add_arcs_with_capacity_and_unit_cost(
        tail.astype(np.int32), head.astype(np.int32), capacity, cost
    )
    solver.set_nodes_supplies(np.array([SOURCE, SINK], np.int32), np.array([amount, -amount]))
    status = solver.solve()
    if status != solver.OPTIMAL:
        raise RuntimeError(f"the flow ended as {status.name}")
    return -int(solver.optimal_cost())
