"""What the clock cuts short: flows that are not finished, loops that are not compiled."""

from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest

from matching import Problem, Progress, engine, solve
from matching.arcs.eligibility import eligible
from matching.arcs.value import quality
from matching.bounds import pricing
from matching.bounds.certificate import bound
from matching.bounds.pricing import Weeks
from matching.flow import relaxation, residual
from matching.flow.relaxation import relax
from matching.solvers import incumbent, search
from matching.solvers.construction import construct
from matching.solvers.construction.construct import Construction
from matching.solvers.construction.greedy import fill
from matching.solvers.neighbourhoods.repair import repair
from matching.solvers.subproblems import reduced_mip
from matching.synthetic import generate
from tests.oracle.reading import WEEK, read
from tests.support.laws import best, judged, problem_of
from tests.support.words import world
from tests.support.worlds import SMALL, full_world, tree_world
from tests.test_maximal import left_out

Given = tuple[Problem, Weeks, np.ndarray]


def given_of(problem: Problem) -> Given:
    arcs = eligible(problem)
    return problem, Weeks(problem, arcs), quality(problem, arcs)


def names(given: Given, chosen: np.ndarray) -> list[str]:
    """Return whom some arcs have serve where, as `ann r`."""
    problem, weeks, _ = given
    who = problem.volunteers.id.gather(weeks.arcs.volunteer[chosen])
    where = problem.requests.id.gather(problem.slots.request[weeks.arcs.slot[chosen]])
    return sorted(f"{one} {there}" for one, there in zip(who, where, strict=True))


@pytest.fixture
def in_small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let small worlds look at the clock as often as cities do."""
    monkeypatch.setattr(relaxation, "_FEW_ARCS", 0)
    monkeypatch.setattr(residual, "_SEATS_AT_ONCE", 1)
    monkeypatch.setattr(residual, "_SECONDS_AT_ONCE", 0.0)


class Jumping:
    """A clock that stands still, and jumps when told to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 0.0
        fake = SimpleNamespace(perf_counter=lambda: self.now)
        monkeypatch.setattr(engine, "time", fake)
        monkeypatch.setattr(incumbent, "time", fake)


@pytest.mark.usefixtures("in_small_steps")
@pytest.mark.parametrize("rules", ["network", "full"])
@pytest.mark.parametrize("phase", ["eligibility", "flow", "construction", "certify"])
def test_wherever_the_clock_jumps_there_is_a_plan_with_nobody_left_to_add(
    rules: str, phase: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for seed in (1, 6):
        tables = (full_world if rules == "full" else tree_world)(seed, 5, 3)
        clock, whole = Jumping(monkeypatch), read(tables)

        def told(progress: Progress, clock: Jumping = clock) -> None:
            clock.now += 100.0 if progress.phase == phase else 0.0

        result = solve(problem_of(tables), gap=0.0, time_limit=50.0, on_progress=told)
        assert judged(result, whole) <= best(whole) <= result.bound
        assert left_out(whole, result) == []
        assert result.termination in ("time_limit", "proved")


@pytest.mark.usefixtures("in_small_steps")
@pytest.mark.parametrize("seats", [0, 1, 40])
def test_a_flow_cut_short_says_so_and_its_prices_prove_a_bound(seats: int) -> None:
    given = given_of(
        Problem.from_tables(generate("town", rules="network", seed=5, week=WEEK), WEEK)
    )
    looks = iter(range(1_000))
    cut, whole = relax(*given, lambda: next(looks) >= seats), relax(*given)
    assert (cut.complete, whole.complete) == (False, True)
    assert len(cut.chosen) == seats < len(whole.chosen)
    assert bound(*given, cut.prices) >= whole.value


@pytest.mark.usefixtures("in_small_steps")
@pytest.mark.parametrize("hurried", [False, True])
def test_parts_that_were_not_begun_leave_the_flow_unfinished(hurried: bool) -> None:
    # Three seats for two people who can do one shift each: not few, so that OR-Tools would do it.
    given = given_of(
        world(
            volunteers="volunteer_id max_shifts\nann 1\nbo 1",
            requests="request_id start end\nr Mon@09:00 Mon@10:00",
            posts="request_id post seats\nr helper 3",
        )
    )
    cut = relax(*given, lambda: True, hurried=hurried)
    assert (len(cut.chosen), cut.complete) == (0, False)
    assert names(given, relax(*given, hurried=hurried).chosen) == ["ann r", "bo r"]


def test_in_a_hurry_no_loops_are_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    given = given_of(
        Problem.from_tables(generate("town", rules="network", seed=5, week=WEEK), WEEK)
    )
    whole = relax(*given)
    monkeypatch.setattr(relaxation, "MOST_PLAIN_ARCS", 0)
    monkeypatch.setattr(relaxation, "Residual", None)
    # With hardly a candidate for each seat some are missed, and brought back in a second round.
    few = partial(relaxation.best_candidates, more=-2)
    monkeypatch.setattr(relaxation, "best_candidates", few)
    hurried = relax(*given, hurried=True)
    assert hurried.complete
    assert hurried.value == whole.value == round(bound(*given, hurried.prices))
    monkeypatch.setattr(relaxation, "_LONG_SECONDS", -1.0)
    cut = relax(*given, hurried=True)
    assert not cut.complete
    assert cut.value <= whole.value <= bound(*given, cut.prices)


@pytest.mark.parametrize(("seconds", "compiled"), [(5.0, False), (300.0, True)])
def test_loops_of_the_flow_are_compiled_only_where_there_is_time(
    seconds: float, compiled: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relaxation, "MOST_PLAIN_ARCS", 0)
    monkeypatch.setattr(search, "_MAX_ARCS_FOR_WHOLE_MIP", 0)
    for asked in ("is_at_hand", "is_loaded"):
        monkeypatch.setattr(engine, asked, lambda loops: loops is not engine.repair_all)
    told: list[str] = []
    problem = problem_of(full_world(6, **SMALL))
    solve(problem, time_limit=seconds, on_progress=lambda step: told.append(step.phase))
    assert ("compile flow" in told) == compiled


def test_a_flow_left_in_a_hurry_says_that_the_clock_ended_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    problem = Problem.from_tables(generate("town", rules="network", seed=5, week=WEEK), WEEK)
    whole = solve(problem)
    monkeypatch.setattr(relaxation, "MOST_PLAIN_ARCS", 0)
    for asked in ("is_at_hand", "is_loaded"):
        monkeypatch.setattr(engine, asked, lambda loops: loops is not engine.repair_all)
    # Some candidates are missed, and any round takes too long for a second one.
    few = partial(relaxation.best_candidates, more=-2)
    monkeypatch.setattr(relaxation, "best_candidates", few)
    monkeypatch.setattr(relaxation, "_LONG_SECONDS", -1.0)
    cut = solve(problem, time_limit=5.0, gap=0.0)
    assert (cut.status, cut.termination) == ("feasible", "time_limit")
    assert cut.value <= whole.value <= cut.bound


@pytest.mark.parametrize(("at_hand", "ends"), [(True, "exhausted"), (False, "time_limit")])
def test_rounds_that_never_began_for_want_of_time_are_not_exhausted(
    at_hand: bool, ends: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ann's hour is given away; long weeks overlook that, and prove no more than three seats."""
    monkeypatch.setattr(pricing, "MOST_SERVICES", 0)
    monkeypatch.setattr(construct, "is_at_hand", lambda loops: at_hand)
    # Where there are loops, all of their rounds are idle.
    monkeypatch.setattr(construct._Plan, "run", lambda *given: (construct._IDLE_ROUNDS, 0))
    problem = world(
        volunteers="volunteer_id max_hours\nann 1",
        requests="""
        request_id start      end
        r          Mon@09:00  Mon@10:00
        s          Mon@11:00  Mon@12:00
        t          Mon@13:00  Mon@14:00
        """,
    )
    result = solve(problem, time_limit=20.0, gap=0.0)
    assert (len(result.plan), result.status, result.termination) == (1, "feasible", ends)


@pytest.mark.usefixtures("in_small_steps")
def test_a_flow_cut_short_is_no_worse_than_the_plan_to_start_from() -> None:
    """Nobody but ann can come on Tuesday. Whoever fills seats in order puts her on Monday's."""
    problem = world(
        volunteers="volunteer_id max_shifts\nann 1\nbo 1",
        availability="volunteer_id start end\nbo Mon@00:00 Tue@00:00",
        requests="""
        request_id start      end        priority
        r          Mon@09:00  Mon@10:00  3
        s          Tue@09:00  Tue@10:00  3
        """,
    )
    # Two seats of 3000 each; without a plan to start from, there is no time but for one.
    best_of_all = solve(problem)
    assert best_of_all.value == 6000
    assert solve(problem, time_limit=1e-9).value == 3000
    assert solve(problem, time_limit=1e-9, start=best_of_all.plan).value == 6000


def test_what_is_left_of_the_seats_goes_to_those_who_do_nothing_yet() -> None:
    """The flow had put ann at r. Of the others bo, who is pinned at t, is out of the question."""
    given = given_of(
        world(
            volunteers="volunteer_id\nann\nbo\ncat\ndan",
            requests="""
            request_id start      end
            r          Mon@09:00  Mon@10:00
            s          Mon@09:00  Mon@10:00
            t          Tue@09:00  Tue@10:00
            """,
            posts="request_id post seats\nr helper 2\ns helper 1\nt helper 1",
            assignments="volunteer_id request_id post status\nbo t helper pinned",
        )
    )
    problem, weeks, _ = given
    first = np.flatnonzero(
        (weeks.arcs.volunteer == 0) & (problem.slots.request[weeks.arcs.slot] == 0)
    )
    found = names(given, fill(*given, first))
    assert sorted(name.split()[0] for name in found) == ["ann", "bo", "cat", "dan"]
    assert sorted(name.split()[1] for name in found) == ["r", "r", "s", "t"]
    assert {"ann r", "bo t"} < set(found)


def test_a_quota_counts_members_of_all_levels_together() -> None:
    """Ann is a member of the whole, bo of its part: a quota of one is for both, not for each."""
    given = given_of(
        world(
            organisations="organisation_id parent_id max_seats\nwhole - 1\npart whole -",
            volunteers="volunteer_id organisation_id\nann whole\nbo part",
            requests="request_id start end\nr Mon@09:00 Mon@10:00\ns Tue@09:00 Tue@10:00",
        )
    )
    problem, weeks, _ = given
    both = np.flatnonzero(weeks.arcs.volunteer == problem.slots.request[weeks.arcs.slot])
    assert names(given, both) == ["ann r", "bo s"]
    assert len(repair(*given, both)) == 1


def test_nobody_is_looked_at_for_the_time_at_which_they_serve() -> None:
    """Ann serves at r until ten: s overlaps by half an hour, t begins as r ends."""
    given = given_of(
        world(
            volunteers="volunteer_id\nann\nbo",
            requests="""
            request_id start      end
            r          Mon@09:00  Mon@10:00
            s          Mon@09:30  Mon@11:00
            t          Mon@10:00  Mon@11:00
            """,
        )
    )
    problem, weeks, _ = given
    at_r = np.flatnonzero(
        (weeks.arcs.volunteer == 0) & (problem.slots.request[weeks.arcs.slot] == 0)
    )
    could = Construction(*given)._could_join(at_r)
    assert names(given, could) == ["ann t", "bo s", "bo t"]


@pytest.mark.parametrize(("seconds", "ends"), [(1e9, "time_limit"), (0.0, "proved")])
def test_a_large_programme_is_not_begun_when_hardly_any_time_is_left(
    seconds: float, ends: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However little is left to do, it would go on past the limit."""
    monkeypatch.setattr(reduced_mip, "_LARGE_COLUMNS", 0)
    monkeypatch.setattr(reduced_mip, "_SECONDS_PER_COLUMN", seconds)
    tables = full_world(21, **SMALL)
    result = solve(problem_of(tables), gap=0.0)
    assert result.termination == ends
    assert judged(result, read(tables)) <= result.bound
