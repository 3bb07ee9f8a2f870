"""The peers keep the rules and find the optimum where they claim to; one command compares."""

import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import polars as pl
import pytest

from benchmarks.peers.proposal import NoPlan
from benchmarks.vmb import comparing, drawing
from benchmarks.vmb.comparing import ENTRANTS, Entrant
from benchmarks.vmb.nearest import nearest_first
from benchmarks.vmb.peer import propose
from benchmarks.vmb.running import ROW, append
from benchmarks.vmb.worlds import world_of
from matching import Plan, Problem, Week, audit, solve
from matching.errors import UsageError
from matching.stores import read_plan, write_tables

MORNING = ("mon", "08:00", "12:00")
ANYTIME = ("mon", "08:00", "18:00")
TOWN = "vmb1-town-network-balanced-1"


def at(start: str, end: str, day: int = 30) -> dict[str, str]:
    return {"start": f"2026-11-{day} {start}", "end": f"2026-11-{day} {end}"}


def a_network() -> Week:
    # Only `skilled` may nurse, so `plain` has to cook, although either could. In the afternoon one
    # of them comes again. Each seat is worth 3,000, and a second service costs 100.
    week = Week("2026-11-30")
    week.volunteer("plain", available=[ANYTIME])
    week.volunteer("skilled", available=[ANYTIME], qualifications=["skill:1"])
    week.request("cook", **at("09:00", "11:00"))
    week.request("nurse", **at("09:00", "11:00"), qualifications=["skill:1"])
    week.request("walk", **at("14:00", "16:00"))
    return week


NETWORK = 3 * 3_000 - 100


def a_full_week() -> Week:
    # `a` and `b` like the party best (50 each) and must not meet, so `c` goes with one of them: two
    # seats of priority 5 are worth 6,250 and 5,000. Whoever is left does the errand (1,000). The
    # visit (3,000) would overlap on Monday; on Tuesday `a` can come and likes to (50), as a second
    # service (-100).
    week = Week("2026-11-30")
    week.volunteer("a", available=[MORNING, ("tue", "08:00", "12:00", 1)])
    week.volunteer("b", available=[MORNING])
    week.volunteer("c", available=[MORNING])
    week.apart("a", "b")
    week.request("party", **at("09:00", "11:00"), seats=2, min_people=2, priority=5)
    week.affinity("a", "party", 50)
    week.affinity("b", "party", 50)
    week.request("errand", **at("10:00", "12:00"), priority=1)
    week.request(
        "visit",
        options={
            "monday": ("2026-11-30 10:00", "2026-11-30 11:00"),
            "tuesday": ("2026-12-01 09:00", "2026-12-01 10:00"),
        },
    )
    return week


FULL = 6_250 + 5_000 + 50 + 1_000 + 3_050 - 100


def test_the_optima_are_what_was_reckoned() -> None:
    for week, value in ((a_network(), NETWORK), (a_full_week(), FULL)):
        result = solve(week.problem(), gap=0.0)
        assert (result.value, result.bound) == (value, value)


# --- each peer ------------------------------------------------------------------------------------


@pytest.mark.parametrize("peer", ["flow", "networkx", "lemon", "cp-sat", "milp"])
def test_who_proves_finds_the_optimum_of_a_network(peer: str) -> None:
    problem = a_network().problem()
    plan, bound = propose(peer, problem, 10)
    assert audit.violations(problem, plan).is_empty()
    assert (audit.value(problem, plan), bound) == (NETWORK, NETWORK)


@pytest.mark.parametrize("peer", ["cp-sat", "milp"])
def test_who_knows_all_rules_finds_the_optimum(peer: str) -> None:
    problem = a_full_week().problem()
    plan, bound = propose(peer, problem, 10)
    assert audit.violations(problem, plan).is_empty()
    assert audit.value(problem, plan) == FULL
    assert bound == pytest.approx(FULL)


def test_what_the_flow_breaks_is_mended_and_its_value_is_a_bound() -> None:
    # It sends `a` and `b` to the party: 50 more than any plan may have. They must not meet, so the
    # party is called off. Errand and visit are left, and `a` then comes only once.
    problem = a_full_week().problem()
    plan, bound = propose("flow", problem, 10)
    assert bound == FULL + 50
    assert audit.violations(problem, plan).is_empty()
    assert audit.value(problem, plan) == 1_000 + 3_050


@pytest.mark.parametrize("peer", ["networkx", "lemon"])
def test_a_flow_alone_refuses_what_is_no_network(peer: str) -> None:
    with pytest.raises(NoPlan, match="no network's: apart"):
        propose(peer, a_full_week().problem(), 10)


def test_a_batch_is_the_best_assignment_and_the_week_need_not_be() -> None:
    problem = a_network().problem()
    plan, bound = propose("scipy", problem, 10)
    assert (audit.value(problem, plan), bound) == (NETWORK, None)
    # `a` and `b` are the best of the first batch, at nine, and are called off at the end. The visit
    # is taken at the first of its times, where `c` alone is left: for it, not for the errand.
    problem = a_full_week().problem()
    plan, _ = propose("scipy", problem, 10)
    assert audit.violations(problem, plan).is_empty()
    assert audit.value(problem, plan) == 3_000


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("java") is None, reason="there is no Java")
@pytest.mark.parametrize(
    ("peer", "package"), [("timefold", "timefold"), ("solverforge", "solverforge_legacy")]
)
def test_a_local_search_keeps_all_rules(peer: str, package: str, tmp_path: Path) -> None:
    if find_spec(package) is None:
        pytest.skip(f"the package {package} is not installed")
    for name, week, best in (("n", a_network(), NETWORK), ("f", a_full_week(), FULL)):
        tables, out = tmp_path / name / "tables", tmp_path / name / "out"
        write_tables(tables, week.tables())
        words = [sys.executable, "-m", "benchmarks.vmb.peer", peer, tables, out]
        subprocess.run([*words, "2026-11-30", "4"], check=True)
        problem = week.problem()
        plan = Plan.from_frame(problem, read_plan(out))
        assert audit.violations(problem, plan).is_empty()
        # How far a search gets in four seconds is the machine's affair.
        start = audit.value(problem, nearest_first(problem))
        assert start <= audit.value(problem, plan) <= best


@pytest.mark.parametrize("name", ["vmb1-town-full-balanced-1", "vmb1-town-network-scarce-1"])
@pytest.mark.parametrize("peer", ["flow", "scipy", "milp"])
def test_towns_are_planned_within_the_rules(name: str, peer: str) -> None:
    world = world_of(name)
    problem = Problem.from_tables(world.make(), world.week)
    plan, bound = propose(peer, problem, 30)
    assert audit.violations(problem, plan).is_empty()
    value = audit.value(problem, plan)
    assert 0 < value <= (bound or value)


# --- the comparison -------------------------------------------------------------------------------


def test_whoever_lacks_something_is_skipped_with_a_reason(tmp_path: Path) -> None:
    entrants = [
        Entrant("one", "true {tables} {out}", modules=("no_such_module",)),
        Entrant("other", "true {tables} {out}", programs=("no-such-program",)),
    ]
    said = list(comparing.measure([world_of(TOWN)], entrants, 5, tmp_path))
    assert said == [
        "one: skipped, the package no_such_module is missing; install the extra `peers`",
        "other: skipped, there is no program no-such-program on this machine",
    ]
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_what_was_measured_is_not_measured_again(tmp_path: Path) -> None:
    worlds = [world_of(TOWN), world_of("vmb1-town-full-balanced-1")]
    entrant = ENTRANTS["nearest first"]
    said = list(comparing.measure(worlds, [entrant], 5, tmp_path))
    assert [line.rpartition(",")[0] for line in said] == [
        "nearest first: vmb1-town-network-balanced-1, kept",
        "nearest first: vmb1-town-full-balanced-1, kept",
    ]
    assert list(comparing.measure(worlds, [entrant], 5, tmp_path)) == []
    rows = comparing.collect(tmp_path)
    assert rows.select("entrant", "size", "rules", "supply").rows() == [
        ("nearest first", "town", "network", "balanced"),
        ("nearest first", "town", "full", "balanced"),
    ]


def a_row(world: str, **changes: object) -> dict[str, object]:
    row = {"world": world, "status": "kept", "value": 100, "gap": 0.0, "claimed": 100}
    return (
        dict.fromkeys(ROW)
        | row
        | {"seconds": 1.0, "cpu_seconds": 1.5, "memory_mb": 1_200}
        | changes
    )


def test_the_table_tells_gaps_proofs_and_failures(tmp_path: Path) -> None:
    rows = {
        "HiGHS": a_row(TOWN),
        "CP-SAT": a_row(TOWN, gap=0.0004, claimed=140),
        "NetworkX": a_row(
            TOWN,
            status="no plan",
            value=None,
            gap=None,
            claimed=None,
            detail="stopped by the clock",
        ),
    }
    for name, row in rows.items():
        append(comparing.file_of(tmp_path, ENTRANTS[name]), row)
    collected = comparing.collect(tmp_path)
    assert comparing.table(collected).splitlines() == [
        "| network rules | town balanced<br>449,038 |",
        "|---|---:|",
        "| HiGHS | 0 ∎<br>1.0 s (1.5), 1,200 MB |",
        "| CP-SAT | 0.04 %<br>1.0 s (1.5), 1,200 MB |",
        "| NetworkX | no plan, stopped<br>1.0 s (1.5), 1,200 MB |",
    ]
    drawing.write(collected, tmp_path)
    assert {path.name for path in tmp_path.glob("peers-*")} == {
        "peers-network.svg",
        "peers-network.png",
    }
    drawn = drawing.draw(collected, "network").axes
    # Value and gap of the two with a plan; time and memory of all three.
    assert [sum(len(part.get_offsets()) for part in axes.collections) for axes in drawn] == [
        2,
        2,
        3,
        3,
    ]


def test_the_readme_shows_what_was_measured() -> None:
    folder = Path(comparing.__file__).parent
    rows = pl.read_csv(folder / "measured" / "peers.csv")
    assert set(rows["entrant"]) == set(ENTRANTS)
    assert comparing.table(rows) in (folder.parent / "README.md").read_text()


def test_an_unknown_entrant_is_named() -> None:
    assert comparing.entrants_of(None) == list(ENTRANTS.values())
    with pytest.raises(UsageError, match="entrant = 'SAT': write one of matching"):
        comparing.entrants_of(["SAT"])
