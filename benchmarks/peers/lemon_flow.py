"""The network of `raw_flow` in LEMON's network simplex, by ``pylmcf``: ``network`` rules only."""

from __future__ import annotations

import numpy as np

from benchmarks.peers import raw_flow
from benchmarks.peers.proposal import Proposal, of_network
from matching.arcs.eligibility import Arcs
from matching.problem import Problem
from matching.problem.columns import Longs


def propose(problem: Problem, arcs: Arcs, worth: Longs, seconds: float) -> Proposal:
    """Solve the flow, which takes no limit; refuse a week whose rules are not a network's."""
    from pylmcf.pylmcf_cpp import lmcf

    net = raw_flow.network(problem, arcs, worth)
    supply = np.zeros(max(net.tail.max(), net.head.max()) + 1, np.int64)
    supply[[raw_flow.SOURCE, raw_flow.SINK]] = net.amount, -net.amount
    # It takes no cost below zero. Whoever flows passes one arc and one seat, or the way past both:
    # what is added to both, and their sum to the way past, is the same for every plan.
    least = min(int(net.cost.min()), 0)
    ends = net.head == raw_flow.SINK
    times = ends * np.where(net.tail == raw_flow.SOURCE, 2, 1)
    times[net.arcs] += 1
    cost = net.cost - least * times
    flow = lmcf(supply, net.tail, net.head, net.capacity, cost)
    return Proposal(of_network(problem, arcs, flow[net.arcs]), -int(flow @ net.cost))
