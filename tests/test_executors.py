"""The same plan and the same bound from any executor, and from one that loses a worker."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor
from datetime import date
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from matching import Problem, Result, certify, solve
from matching.arcs.eligibility import eligible
from matching.flow import components, relaxation
from matching.parallel.tasks import AHEAD, run_all
from matching.solvers import block_search, search
from matching.solvers.subproblems.executor import SubproblemExecutor
from matching.solvers.subproblems.mip import MIP
from matching.synthetic import generate

WEEK = date(2026, 11, 30)
PARTS = 10


@pytest.fixture
def cut_small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give small worlds away in small parts, too, and let the search go to its end."""
    monkeypatch.setattr(components, "_REQUESTS_PER_BATCH", 50)
    monkeypatch.setattr(search, "_MAX_ARCS_FOR_WHOLE_MIP", 0)
    monkeypatch.setattr(block_search, "_MIN_ARCS_FOR_BLOCKS", 0)


@pytest.fixture(scope="module")
def network() -> Problem:
    return Problem.from_tables(generate("province", volunteers=20_000, requests=500, seed=2), WEEK)


@pytest.fixture(scope="module")
def full() -> Problem:
    tables = generate("district", volunteers=600, requests=250, rules="full", seed=2)
    return Problem.from_tables(tables, WEEK)


class Counting(Executor):
    """Hands on to another executor, counts, and can break after so many tasks."""

    def __init__(self, inner: Executor, breaks_after: int | None = None) -> None:
        self.inner, self.breaks_after, self.tasks = inner, breaks_after, 0

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        self.tasks += 1
        if self.breaks_after is not None and self.tasks > self.breaks_after:
            raise BrokenExecutor("no worker is left")
        return self.inner.submit(fn, *args, **kwargs)


@pytest.fixture(scope="module")
def pool() -> Any:
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as executor:
        yield executor


def same(one: Result, other: Result) -> None:
    assert (one.value, one.bound, one.status) == (other.value, other.bound, other.status)
    assert one.bound_from_prices == other.bound_from_prices
    assert one.plan.volunteer.tolist() == other.plan.volunteer.tolist()
    assert one.plan.slot.tolist() == other.plan.slot.tolist()


def test_the_flow_in_parts_is_the_flow_of_the_whole(
    network: Problem, monkeypatch: pytest.MonkeyPatch
) -> None:
    arcs = eligible(network)
    assert not components.parts_of(network, arcs).any()
    whole = solve(network)
    monkeypatch.setattr(components, "_REQUESTS_PER_BATCH", 50)
    assert components.parts_of(network, arcs).max() == PARTS - 1
    cut = solve(network)
    assert cut.status == whole.status == "optimal"
    assert cut.value == cut.bound == whole.value
    # The bound is that of the whole, over every eligible arc.
    assert certify(network, cut.prices) == cut.bound_from_prices == cut.value


@pytest.mark.slow
@pytest.mark.usefixtures("cut_small")
def test_processes_make_the_same_flow(
    network: Problem, pool: ProcessPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relaxation, "seats_are_few", lambda *_: False)
    executor = Counting(pool)
    same(solve(network, executor=executor), solve(network))
    assert executor.tasks >= PARTS


@pytest.mark.slow
@pytest.mark.usefixtures("cut_small")
def test_processes_make_the_same_plan_under_all_rules(
    full: Problem, pool: ProcessPoolExecutor
) -> None:
    executor = Counting(pool)
    same(solve(full, executor=executor, gap=0.0), solve(full, gap=0.0))
    # Parts of the flow, and programmes of rounding, blocks or neighbourhoods.
    assert executor.tasks > 3


@pytest.mark.usefixtures("cut_small")
@pytest.mark.filterwarnings("ignore:the executor lost a task:RuntimeWarning")
@pytest.mark.parametrize("breaks_after", [0, pytest.param(3, marks=pytest.mark.slow)])
def test_a_broken_executor_costs_time_and_nothing_else(
    network: Problem,
    full: Problem,
    pool: ProcessPoolExecutor,
    breaks_after: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(relaxation, "seats_are_few", lambda *_: False)
    for problem in (network, full):
        executor = Counting(pool, breaks_after)
        same(solve(problem, executor=executor, gap=0.0), solve(problem, gap=0.0))
        assert executor.tasks > breaks_after


@pytest.mark.slow
def test_a_killed_process_is_told_and_its_task_done_here() -> None:
    with (
        ProcessPoolExecutor(1, mp_context=get_context("spawn")) as executor,
        pytest.warns(RuntimeWarning, match="the executor lost a task"),
    ):
        done = list(run_all(executor, _unless_a_worker, [(os.getpid(), n) for n in range(4)]))
    assert done == [0, 1, 4, 9]


def _unless_a_worker(task: tuple[int, int]) -> int:
    """Square a number; kill the process at the third, unless it is that of the test."""
    home, number = task
    if number == 2 and os.getpid() != home:
        os.kill(os.getpid(), signal.SIGKILL)
    return number * number


@pytest.mark.slow
def test_what_a_task_raises_is_raised(pool: ProcessPoolExecutor) -> None:
    with pytest.raises(ZeroDivisionError):
        list(run_all(pool, _inverse, [1, 0]))


def _inverse(number: int) -> float:
    return 1 / number


@pytest.mark.slow
def test_tasks_are_taken_up_a_few_at_a_time(pool: ProcessPoolExecutor) -> None:
    taken: list[int] = []

    def tasks() -> Any:
        for number in range(100):
            taken.append(number)
            yield number + 1

    found = run_all(pool, _inverse, tasks())
    assert next(found) == 1.0
    assert len(taken) == AHEAD
    assert len(list(found)) == 99


def test_a_programme_that_is_away_is_given_up_when_it_is_time_to_stop() -> None:
    class Lost(Executor):
        def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
            return Future()

    answer = SubproblemExecutor(1, Lost()).solve(_programme(), 60.0, 0.0, lambda: True)
    assert (answer.x, answer.bound, answer.proved) == (None, np.inf, False)


def _programme() -> MIP:
    from scipy import sparse

    # Two of three things, worth 3, 2 and 1.
    return MIP(
        sparse.csc_array(np.ones((1, 3))),
        np.array([-np.inf]),
        np.array([2.0]),
        np.array([3.0, 2.0, 1.0]),
        np.zeros(3),
        np.ones(3),
        np.ones(3, np.bool_),
    )


# --- a cluster of processes ----------------------------------------------------------------------


@pytest.fixture
def cluster() -> Any:
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(
            n_workers=3, threads_per_worker=1, processes=True, dashboard_address=None
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        client.wait_for_workers(3)
        yield client


@pytest.mark.slow
@pytest.mark.usefixtures("cut_small")
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
def test_a_cluster_that_loses_a_worker_makes_the_same_plan(
    network: Problem, full: Problem, cluster: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relaxation, "seats_are_few", lambda *_: False)
    for number, problem in enumerate((network, full)):
        alone = solve(problem, gap=0.0)
        flag = tmp_path / f"{number}"
        executor = _Deadly(cluster.get_executor(), str(flag))
        same(solve(problem, executor=executor, gap=0.0), alone)
        # A worker was killed while it had the second task, which another did again.
        assert flag.exists()


class _Deadly(Counting):
    """Makes the worker that takes up the second task kill itself, once."""

    def __init__(self, inner: Executor, flag: str) -> None:
        super().__init__(inner)
        self.flag = flag

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        self.tasks += 1
        if self.tasks == 2:
            return self.inner.submit(_killed_once, self.flag, fn, *args, **kwargs)
        return self.inner.submit(fn, *args, **kwargs)


def _killed_once(flag: str, fn: Callable[..., Any], *args: Any) -> Any:
    if not Path(flag).exists():
        Path(flag).touch()
        time.sleep(0.2)
        os.kill(os.getpid(), signal.SIGKILL)
    return fn(*args)
