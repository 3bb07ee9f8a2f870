"""Instances that others published end in their known optimum, through the same engine."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.public import dimacs, orlib, reviewers
from benchmarks.public.instances import DATA, FLOWS, INSTANCES, Entry, needs_data, parameters
from benchmarks.public.tables import SCORES_ALONE, WEEK, Instance
from matching import Problem, Result, audit, certify, solve
from matching.flow.min_cost_flow import potentials, solve_flow


def solved(instance: Instance) -> Result:
    """Solve an instance to its proof, and check plan and prices without the solver."""
    result = solve(Problem.from_tables(instance.tables, WEEK, SCORES_ALONE), gap=0.0)
    assert (result.status, result.value) == ("optimal", result.bound)
    assert audit.violations(result.problem, result.plan).is_empty()
    assert audit.value(result.problem, result.plan) == result.value
    bound = certify(result.problem, result.prices)
    assert bound == pytest.approx(result.bound_from_prices)
    # Prices alone prove all but the roster, whose volunteers are kept apart two by two.
    assert bound >= result.value if "pairs" in instance.tables else bound == result.value
    return result


@needs_data
@pytest.mark.parametrize("entry", parameters())
def test_the_known_optimum(entry: Entry) -> None:
    instance = entry.load()
    plan = solved(instance).tables()["plan"]
    assert plan.height == instance.filled
    assert instance.worth_of(plan) == pytest.approx(instance.known, abs=instance.accuracy + 1e-6)
    assert instance.specialised() == pytest.approx(instance.known, abs=1e-6)


@needs_data
def test_a_shortage_is_not_infeasible() -> None:
    # 24 reviewers take 6 papers each: 144 of the 156 seats that 52 papers have.
    assert DATA is not None
    instance = reviewers.read(DATA / "reviewer_assignment/preflib2.npz", known=np.nan, filled=144)
    result = solved(instance)
    plan = result.tables()["plan"]
    assert plan.height == 144
    # No value is published; an integer programme without us finds the same.
    assert instance.worth_of(plan) == instance.specialised()
    assert int((result.unfilled["seats"] - result.unfilled["filled"]).sum()) == 12


@needs_data
def test_the_roster_keeps_its_least_numbers() -> None:
    # The first seven volunteers are the shifts that must be, and work all of them.
    instance = INSTANCES["workforce"].load()
    worked = solved(instance).tables()["plan"].group_by("volunteer_id").len()
    people = instance.tables["volunteers"].join(worked, on="volunteer_id", how="left")
    must = people.head(7)
    assert must["len"].to_list() == must["max_shifts"].to_list() == [6, 6, 6, 5, 6, 5, 6]


@needs_data
@pytest.mark.parametrize("name", FLOWS)
def test_the_flow_kernel(name: str) -> None:
    assert DATA is not None
    file = dimacs.read(DATA / "dimacs_mcf" / name)
    network = dimacs.network_of(file)
    flow = solve_flow(network)
    assert flow[-1] == 0, "nothing takes the bypass"
    cost = int((flow * network.cost).sum())
    assert cost == FLOWS[name] == dimacs.raw(file)
    # The kernel's own prices prove that nothing is cheaper.
    assert dimacs.least_cost(network, potentials(network, flow)) == cost


# --- the converters, by hand ----------------------------------------------------------------------


def test_an_assignment_of_two(tmp_path: Path) -> None:
    # Both diagonals fill all: 1 + 1 or 9 + 2. The bonus is 2 * 9 + 1 = 19, so 2 * 19 - 2 = 36.
    (tmp_path / "two.txt").write_text(" 2\n 1 9\n 2 1\n")
    instance = orlib.read(tmp_path / "two.txt", known=2)
    result = solved(instance)
    assert (result.value, instance.worth_of(result.tables()["plan"])) == (36, 2)
    assert instance.specialised() == 2


def test_listed_pairs_come_before_cheap_ones(tmp_path: Path) -> None:
    # Only v0 may take r1, so v0 leaves the cheap r0 to v1: 5 + 7, and all are filled.
    (tmp_path / "listed.txt").write_text("2\n1 1 0\n1 2 5\n2 1 7\n")
    instance = orlib.read(tmp_path / "listed.txt", known=12)
    plan = solved(instance).tables()["plan"]
    assert set(plan.select("volunteer_id", "request_id").rows()) == {("v0", "r1"), ("v1", "r0")}
    assert instance.worth_of(plan) == instance.specialised() == 12


def test_a_flow_of_two_paths(tmp_path: Path) -> None:
    # Three units from node 1 to node 3: two by node 2 for 1 + 1 each, one straight for 5.
    lines = ["c", "p min 3 3", "n 1 3", "n 3 -3", "a 1 2 0 2 1", "a 2 3 0 9 1", "a 1 3 0 9 5"]
    (tmp_path / "three.min").write_text("\n".join(lines))
    file = dimacs.read(tmp_path / "three.min")
    network = dimacs.network_of(file)
    flow = solve_flow(network)
    assert flow[:3].tolist() == [2, 2, 1]
    assert dimacs.raw(file) == int((flow * network.cost).sum()) == 9
    assert dimacs.least_cost(network, potentials(network, flow)) == 9
    # Other potentials prove less, never more: with none at all, that it costs nothing.
    assert dimacs.least_cost(network, np.zeros(network.nodes, np.int64)) == 0


def test_a_lower_bound_is_refused(tmp_path: Path) -> None:
    (tmp_path / "low.min").write_text("p min 2 1\nn 1 1\nn 2 -1\na 1 2 1 2 1\n")
    with pytest.raises(ValueError, match=r"low\.min: an edge has a lower bound"):
        dimacs.read(tmp_path / "low.min")
