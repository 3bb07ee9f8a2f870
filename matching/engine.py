"""From a problem to a plan and its proof."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager, nullcontext
from functools import partial
from operator import itemgetter

import numpy as np

from matching.arcs.crowd import reached
from matching.arcs.eligibility import Arcs, Finder, eligible
from matching.arcs.pinned import pinned_arcs
from matching.arcs.unfilled import unfilled
from matching.arcs.value import check_exact, quality
from matching.audit.pins import settled
from matching.bounds.certificate import bound
from matching.bounds.exactness import is_pure_network, refuse_equity
from matching.bounds.prices import Prices
from matching.bounds.pricing import Weeks
from matching.bounds.unsettled import unsettled
from matching.errors import UsageError
from matching.flow.kernel import repair_all
from matching.flow.relaxation import relax, takes_loops
from matching.guards.defaults import RELATIVE_GAP, TIME_LIMIT_SECONDS, WORKERS
from matching.guards.doors import door
from matching.parallel.compiled import is_at_hand, is_loaded
from matching.parallel.interrupts import breaking_off, unless_heard_already
from matching.parallel.memory import give_back, peak_memory_mb
from matching.parallel.tasks import both
from matching.policy import Policy
from matching.problem import Problem
from matching.problem import columns as c
from matching.problem.plan import Plan
from matching.result import Phase, Result, Status, Termination
from matching.solvers.construction.construct import Construction
from matching.solvers.construction.greedy import fill
from matching.solvers.incumbent import Incumbent, Progress
from matching.solvers.neighbourhoods.repair import repair
from matching.solvers.search import is_one_programme, search, search_at_once
from matching.solvers.subproblems.executor import SubproblemExecutor
from matching.week import Week

_COUNTS = ("seed", "workers")
# Of so few arcs the flow's prices are found in no time, too, and may prove more.
_FEW_ARCS = 1_000
# Seconds that must be left to compile the loops of the flow, and those that complete plans.
_TO_COMPILE_FLOW, _TO_COMPILE = 8.0, 30.0


@door
def solve(
    problem: Problem | Week,
    policy: Policy | None = None,
    *,
    time_limit: float = TIME_LIMIT_SECONDS,
    gap: float = RELATIVE_GAP,
    workers: int = WORKERS,
    executor: Executor | None = None,
    seed: int = 0,
    start: Plan | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    on_improvement: Callable[[Progress], None] | None = None,
    interrupted: Callable[[], bool] | None = None,
) -> Result:
    """Make the best plan of a week, with a proof of how good it is.

    Ctrl-C ends the search with the best plan so far; a second one raises KeyboardInterrupt, and so
    does the first while loops are compiled that the first plan needs.

    Parameters
    ----------
    problem : Problem or Week
        A week is checked first; see `Week.problem`.
    policy : Policy, optional
        Other weights than the problem was read with.
    time_limit : float
        Seconds the search may take. Finding the arcs and completing a first plan are not cut
        short; the flow before it is, where no more time is left than that takes.
    gap : float
        Relative gap at which the search may end where it is not over anyway.
    workers : int
        Threads; the plan is the same for any number.
    executor : concurrent.futures.Executor, optional
        Solves parts of the work, such as a process pool or a cluster. The plan is the same with
        any executor, and without one.
    seed : int
        The same seed gives the same plan, if nothing is left undone for want of time.
    start : Plan, optional
        Where the search may begin: what of it keeps the rules is a plan that the result is at
        least as good as. Under network rules nothing is gained by it, unless time is short.
    on_progress : callable, optional
        Receives a `Progress` at every step.
    on_improvement : callable, optional
        Receives a `Progress` whenever the plan or the bound has become better.
    interrupted : callable, optional
        Asked between steps; once true, the search ends with the best plan so far.

    Returns
    -------
    Result

    Raises
    ------
    DataError
        If a pinned assignment is against the rules, unless faults are to be set aside; or if a
        week has faults.
    UsageError
        If an argument is out of its range.
    PolicyError
        If the weights are so large that values would not be exact.
    """
    _check(time_limit=time_limit, gap=gap, seed=seed)
    _check(1, workers=workers)
    if isinstance(problem, Week):
        problem = problem.problem()
    with unless_heard_already() as asked:
        clock = _Clock(
            on_progress or _ignore, lambda: asked() or (interrupted is not None and interrupted())
        )
        return _solved(
            problem if policy is None else problem.under(policy),
            partial(
                Incumbent,
                started=clock.started,
                time_limit=time_limit,
                gap=gap,
                interrupted=clock.interrupted,
                on_progress=clock.on_progress,
                on_improvement=on_improvement or _ignore,
            ),
            SubproblemExecutor(workers, executor),
            seed,
            clock,
            start,
        )


def _solved(
    problem: Problem,
    new_incumbent: Callable[[Problem, Arcs], Incumbent],
    executor: SubproblemExecutor,
    seed: int,
    clock: _Clock,
    start: Plan | None,
) -> Result:
    with clock.phase("pins"):
        problem = settled(problem)
    with clock.phase("eligibility"), clock.loading("pairs", reached):
        finder = Finder(problem)
        arcs = eligible(problem, executor.workers, finder=finder)
    weeks, incumbent = Weeks(problem, arcs), new_incumbent(problem, arcs)
    with clock.phase("value"):
        arc_quality, _ = both(
            executor.workers, lambda: quality(problem, arcs), lambda: weeks.clusters
        )
        check_exact(problem, arcs, arc_quality)
    price_bound, prices = _searched(weeks, arc_quality, incumbent, executor, seed, clock, start)
    plan, has_plan = incumbent.plan_of(incumbent.chosen), incumbent.value is not None
    with clock.phase("unfilled"):
        empty = unfilled(
            problem,
            arcs,
            arc_quality,
            plan,
            executor.workers,
            found=has_plan,
            unsettled=None if incumbent.proved else unsettled(problem, arcs, prices, plan),
            finder=finder,
        )
    infeasible = not has_plan and incumbent.bound < _least_value(problem, weeks, arc_quality)
    return Result(
        problem=problem,
        arcs=arcs,
        status=_status(incumbent, infeasible),
        termination="proved" if infeasible else _termination(incumbent),
        plan=plan,
        quality=arc_quality[incumbent.chosen],
        km=arcs.km[incumbent.chosen],
        prices=prices,
        value=incumbent.value or 0,
        # Where there is no plan any bound is true: that of the prices can be read.
        bound=math.floor(price_bound if infeasible else incumbent.bound),
        bound_from_prices=price_bound,
        unfilled=empty,
        phases=tuple(clock.phases),
        seed=seed,
    )


def _searched(
    weeks: Weeks,
    arc_quality: c.Longs,
    incumbent: Incumbent,
    executor: SubproblemExecutor,
    seed: int,
    clock: _Clock,
    start: Plan | None,
) -> tuple[float, Prices]:
    """Solve the flow, and search where it overlooks rules; return the best bound and its prices."""
    problem = weeks.problem
    pure_network = is_pure_network(problem, weeks.clusters)
    if not pure_network:
        refuse_equity(problem, "this week has others, such as minimums, options or travel time")
    construction = Construction(
        problem,
        weeks,
        arc_quality,
        partial(clock.compiling, incumbent),
        lambda: incumbent.seconds_left > _TO_COMPILE,
    )

    def certified(prices: Prices, stop: Callable[[], bool]) -> tuple[float, Prices]:
        proved = bound(problem, weeks, arc_quality, prices, stop)
        incumbent.prove(proved, "certify")
        return proved, prices

    at_once = not pure_network and is_one_programme(weeks)
    if at_once:
        # A flow and a plan near it take as long as the whole.
        incumbent.complete = construction.complete
        with clock.phase("search"):
            found = search_at_once(weeks, arc_quality, incumbent, seed)
            incumbent.stop()  # notes whether the clock has run out
        # However large a gap is allowed, nobody serving is no plan.
        is_enough = incumbent.near_enough and start is None and len(incumbent.chosen) > 0
        if found is not None and (incumbent.proved or is_enough):
            with clock.phase("certify"):
                best = certified(found, incumbent.overdue)
                if len(weeks.arcs) <= _FEW_ARCS:
                    prices = relax(problem, weeks, arc_quality).prices
                    best = min(certified(prices, incumbent.overdue), best, key=itemgetter(0))
                return best
    pinned = pinned_arcs(problem, weeks.arcs)[1] if pure_network else None
    hurried = incumbent.seconds_left < _TO_COMPILE_FLOW and not is_at_hand(repair_all)
    compiles = takes_loops(problem, weeks, pinned, hurried=hurried)
    with clock.phase("flow"), clock.loading("flow", repair_all) if compiles else nullcontext():
        enough = incumbent.leaves_time_for_a_plan()
        given = problem, weeks, arc_quality, enough, executor.remote, pinned
        relaxation = relax(*given, hurried=hurried)
        flow = relaxation.chosen
        if not relaxation.complete:
            incumbent.timed_out |= hurried
            flow = fill(problem, weeks, arc_quality, flow)
    if pure_network:
        with clock.phase("certify"):
            patience = incumbent.patience()
            proved, _ = both(
                executor.workers,
                lambda: bound(problem, weeks, arc_quality, relaxation.prices, patience),
                lambda: relaxation.complete and incumbent.offer(flow, "flow"),
            )
            incumbent.prove(proved, "certify")
        best = proved, relaxation.prices
        if len(problem.pins) and relaxation.complete:
            # Prices bound the plans that leave the pins, too; the flow is the best of those that
            # keep them.
            incumbent.prove(relaxation.value, "flow")
        if incumbent.proved:  # nothing can be added to the best of all with a gain
            return best
    incumbent.complete = construction.complete
    with clock.phase("construction"):
        if pure_network and relaxation.complete:
            incumbent.offer(flow, "flow")
            return best
        made = repair(problem, weeks, arc_quality, flow)
        incumbent.offer(made, "construction")
        if start is not None:
            chosen = c.lookup(
                c.combine(weeks.arcs.volunteer, weeks.arcs.slot),
                c.combine(start.volunteer, start.slot),
            )
            kept = repair(problem, weeks, arc_quality, chosen[chosen >= 0])
            incumbent.offer(kept, "construction")
        if pure_network:
            return best
    with clock.phase("certify"):
        patience = incumbent.overdue if at_once else incumbent.patience()
        best = certified(relaxation.prices, patience)
    if at_once:
        if found is None:
            return best
        with clock.phase("certify again"):
            return min(certified(found, incumbent.overdue), best, key=itemgetter(0))
    if weeks.are_long:
        with clock.phase("search"):
            begun = construction.improve(
                incumbent.chosen,
                seed,
                lambda: not incumbent.goes_on(),
                lambda chosen: incumbent.offer(chosen, "construction"),
            )
            incumbent.timed_out |= not begun
    else:
        with clock.phase("search"):
            found = search(problem, weeks, arc_quality, relaxation, incumbent, seed, executor)
            incumbent.stop()  # notes whether the clock has run out
        if found is not relaxation.prices:
            with clock.phase("certify again"):
                best = min(certified(found, incumbent.overdue), best, key=itemgetter(0))
    return best


def _least_value(problem: Problem, weeks: Weeks, arc_quality: c.Longs) -> float:
    """Return what any plan is worth at least: a bound below it says that there is none."""
    volunteer, people = weeks.arcs.volunteer, problem.volunteers
    shifts = np.minimum(np.bincount(volunteer, minlength=len(people)), people.max_shifts)
    steps = float((shifts * (shifts - 1) // 2).sum())
    value = float(np.minimum(arc_quality - weeks.first_load[volunteer], 0).sum())
    calls = problem.policy.load_first * float(np.count_nonzero(shifts))
    return value - problem.policy.load_step * steps - calls


def _check(low: int = 0, **arguments: float) -> None:
    for name, value in arguments.items():
        if not value >= low:
            raise UsageError(f"{name} = {value!r} must be at least {low}")
        if name in _COUNTS and not float(value).is_integer():
            raise UsageError(f"{name} = {value!r} must be a whole number")


def _status(incumbent: Incumbent, infeasible: bool) -> Status:
    if incumbent.value is None:
        return "infeasible" if infeasible else "unknown"
    return "optimal" if incumbent.proved else "feasible"


def _termination(incumbent: Incumbent) -> Termination:
    if incumbent.proved:
        return "proved"
    if incumbent.near_enough:
        return "gap_limit"
    if incumbent.interrupted():
        return "interrupted"
    return "time_limit" if incumbent.timed_out else "exhausted"


def _ignore(progress: Progress) -> None:
    pass


class _Clock:
    """Measures the phases and passes on progress."""

    def __init__(
        self, on_progress: Callable[[Progress], None], interrupted: Callable[[], bool]
    ) -> None:
        self.on_progress, self.interrupted = on_progress, interrupted
        self.started = time.perf_counter()
        self.phases: list[Phase] = []

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Measure what happens inside."""
        start = time.perf_counter()
        self.announce(name)
        yield
        give_back()
        self.phases.append(Phase(name, time.perf_counter() - start, peak_memory_mb()))

    @contextmanager
    def loading(self, what: str, function: Callable[..., object]) -> Iterator[None]:
        """Announce that a function is compiled inside, if it is; Ctrl-C then leaves it.

        There is no plan yet to end with.

        Raises
        ------
        KeyboardInterrupt
        """
        if is_loaded(function):
            yield
            return
        if not is_at_hand(function):
            self.announce(f"compile {what}")
        with breaking_off(self.interrupted):
            yield
            return
        raise KeyboardInterrupt

    @contextmanager
    def compiling(self, incumbent: Incumbent) -> Iterator[None]:
        """Announce that loops are compiled; Ctrl-C then leaves it."""
        self.announce("compile plans")
        with breaking_off(incumbent.interrupted):
            yield

    def announce(self, name: str) -> None:
        """Pass on what begins."""
        self.on_progress(Progress(name, time.perf_counter() - self.started, None, None))
