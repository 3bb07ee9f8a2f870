"""The best week of a volunteer: against every week there is, and by hand."""

import random

import numpy as np
import pytest
from hypothesis import event
from hypothesis import strategies as st

from matching import Policy, Problem, Week
from matching.arcs.eligibility import eligible
from matching.arcs.value import first_load
from matching.bounds import labelling
from matching.bounds.pricing import Weeks
from matching.bounds.rosters import solve_pricing
from matching.problem import arrays
from matching.problem.plan import slot_keys
from matching.solvers.subproblems.mip import MIP
from matching.solvers.subproblems.roster_constraints import RosterConstraints
from matching.synthetic import generate
from tests.support.laws import SEEDS, law
from tests.support.rosters import WORLDS, Drawn, Ranked, listed
from tests.support.worlds import Tables


@law(50, tables=WORLDS, seed=SEEDS)
def test_the_best_week_is_the_best_of_all_weeks(tables: Tables, seed: int) -> None:
    drawn = Drawn(tables, seed)
    weeks = Weeks(drawn.problem, drawn.arcs)
    value, chosen = weeks.best(drawn.reward)
    np.testing.assert_array_equal(value, drawn.best)
    for v, possible in enumerate(drawn.weeks):
        taken = frozenset(np.flatnonzero(chosen & (drawn.arcs.volunteer == v)).tolist())
        assert possible[taken] == value[v]
    # Seen as a tree, a week may only look better.
    relaxed, _ = weeks.best(drawn.reward, relaxed=True)
    tree = weeks.clusters.tree
    assert (relaxed >= value).all()
    assert (relaxed[tree] == value[tree]).all()
    event(f"trees: {'all' if tree.all() else 'some' if tree.any() else 'none'}")


@pytest.mark.parametrize("rules", ["network", "full"])
def test_weeks_are_the_same_in_blocks_of_any_length(
    rules: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Work goes block by block, and no volunteer is cut in two."""
    tables = generate("town", rules=rules, seed=6, week="2026-11-30")
    problem = Problem.from_tables(tables, "2026-11-30")
    arcs = eligible(problem)

    def found(block: int) -> list[np.ndarray]:
        monkeypatch.setattr(arrays, "_BLOCK", block)
        weeks = Weeks(problem, arcs)
        best = weeks.best(np.random.default_rng(6).integers(-99, 999, len(arcs)).astype(float))
        return [*best, *vars(weeks.clusters).values()]

    for block in (1, 7):
        for here, there in zip(found(block), found(1 << 16), strict=True):
            np.testing.assert_array_equal(here, there, strict=True)


@law(40, tables=WORLDS, seed=SEEDS, most=st.integers(1, 4))
def test_the_best_rosters_are_weeks_and_the_first_is_the_best(
    tables: Tables, seed: int, most: int
) -> None:
    drawn = Drawn(tables, seed)
    draw = random.Random(seed)
    above = np.array([draw.choice([0.0, 100.0, 700.0, best]) for best in np.maximum(drawn.best, 0)])
    every, load = np.arange(len(drawn.arcs)), first_load(drawn.problem)
    found = solve_pricing(drawn.problem, drawn.arcs, every, drawn.reward, load, above, most)
    of: dict[int, Ranked] = {}
    for v, arcs, value in listed(found):
        assert drawn.weeks[v][arcs] == value > above[v]
        assert arcs not in of.setdefault(v, {})
        assert value <= min(of[v].values(), default=np.inf)
        of[v][arcs] = value
    for v, best in enumerate(drawn.best):
        if best > above[v]:
            assert max(of[v].values()) == best
            assert len(of[v]) <= most
        else:
            assert v not in of


@law(40, tables=WORLDS, seed=SEEDS)
def test_the_rows_of_weeks_say_what_a_week_is(tables: Tables, seed: int) -> None:
    drawn = Drawn(tables, seed)
    load = first_load(drawn.problem)[drawn.arcs.volunteer]
    rows = RosterConstraints(drawn.problem, drawn.arcs)
    matrix, low, high = rows.rows()
    columns = matrix.shape[1]
    programme = MIP(
        matrix.tocsc(),
        low,
        high,
        np.concatenate([drawn.reward - load, -rows.cost]),
        np.zeros(columns),
        np.ones(columns),
        np.arange(columns) < len(drawn.arcs),
    )
    answer = programme.solve(60.0, 0.0, lambda: False)
    # One integer programme finds everybody's best week.
    assert answer.bound == pytest.approx(drawn.best.sum())
    assert answer.x is not None
    chosen = np.flatnonzero(answer.x[: len(drawn.arcs)] > 0.5)
    assert not len(Weeks(drawn.problem, drawn.arcs).infeasible_rosters(chosen))


@law(40, tables=WORLDS, seed=SEEDS)
def test_infeasible_rosters_are_what_makes_no_week(tables: Tables, seed: int) -> None:
    drawn = Drawn(tables, seed)
    draw = np.random.default_rng(seed)
    chosen = np.flatnonzero(draw.random(len(drawn.arcs)) < 0.4)
    of = [chosen[drawn.arcs.volunteer[chosen] == v] for v in range(len(drawn.volunteers))]
    wrong = [arcs for v, arcs in enumerate(of) if frozenset(arcs.tolist()) not in drawn.weeks[v]]
    found = Weeks(drawn.problem, drawn.arcs).infeasible_rosters(chosen)
    assert sorted(found.tolist()) == sorted(int(arc) for arcs in wrong for arc in arcs)


# --- by hand --------------------------------------------------------------------------------------


class Ann:
    """One volunteer who can always come, and services at clock times of Monday to Sunday."""

    def __init__(self, policy: Policy | None = None, **limits: float) -> None:
        self.week = Week("2026-03-02", policy=policy)
        always = ("2026-03-01 00:00", "2026-03-11 00:00")
        self.week.volunteer("ann", available=[always], **limits)
        self.rewards: dict[str, float] = {}

    def service(self, name: str, start: str, end: str, reward: float, **place: float) -> None:
        """Add a service; times are such as `2 09:00`, on the second of March."""
        at, until = (f"2026-03-0{clock}" for clock in (start, end))
        self.week.request(name, start=at, end=until, **place)
        self.rewards[name] = reward

    def best(self) -> tuple[float, str]:
        """Return the value of her best week and the names of its services."""
        problem = self.week.problem()
        arcs = eligible(problem)
        names = slot_keys(problem)["request_id"].gather(arcs.slot).to_list()
        reward = np.array([self.rewards[name] for name in names])
        (value,), chosen = Weeks(problem, arcs).best(reward)
        return float(value), " ".join(np.array(names)[chosen])


def test_services_that_touch_go_together() -> None:
    ann = Ann()
    ann.service("a", "2 09:00", "2 10:00", 1000)
    ann.service("b", "2 10:00", "2 11:00", 1000)
    # The second of a week costs 100.
    assert ann.best() == (1900, "a b")


def test_services_that_share_a_minute_do_not() -> None:
    ann = Ann()
    ann.service("a", "2 09:00", "2 10:01", 1000)
    ann.service("b", "2 10:00", "2 11:00", 1001)
    assert ann.best() == (1001, "b")


def test_a_chain_of_touching_services_crosses_midnight() -> None:
    ann = Ann(max_shifts_per_day=2)
    ann.service("a", "2 22:00", "2 23:00", 1000)
    ann.service("b", "2 23:00", "3 01:00", 1000)
    ann.service("c", "3 01:00", "3 02:00", 1000)
    # b belongs to the day it starts on, so Monday has two and Tuesday one: 3000 - (0 + 100 + 200).
    assert ann.best() == (2700, "a b c")


def test_each_day_has_its_limit() -> None:
    ann = Ann(max_shifts_per_day=1)
    ann.service("a", "2 09:00", "2 10:00", 500)
    ann.service("b", "2 12:00", "2 13:00", 800)
    ann.service("c", "3 09:00", "3 10:00", 300)
    assert ann.best() == (800 + 300 - 100, "b c")


def test_a_night_s_rest_is_for_another_day() -> None:
    # From 22:00 to 07:00 are nine hours.
    for rest, best in ((9, (1900, "early late")), (9.25, (1000, "late"))):
        ann = Ann(min_rest_hours=rest)
        ann.service("late", "2 20:00", "2 22:00", 1000)
        ann.service("early", "3 07:00", "3 08:00", 1000)
        assert ann.best() == best
    # On the same day nobody rests.
    ann = Ann(min_rest_hours=9.25)
    ann.service("a", "2 08:00", "2 09:00", 1000)
    ann.service("b", "2 09:00", "2 10:00", 1000)
    assert ann.best() == (1900, "a b")


def test_rest_counts_from_the_end_of_a_service_over_midnight() -> None:
    # From 01:00 to 08:00 on Tuesday are seven hours, but night belongs to Monday.
    for rest, best in ((7, (1900, "morning night")), (7.5, (1000, "night"))):
        ann = Ann(min_rest_hours=rest)
        ann.service("night", "2 23:00", "3 01:00", 1000)
        ann.service("morning", "3 08:00", "3 09:00", 1000)
        assert ann.best() == best


def test_two_short_services_beat_a_long_one_within_the_hours() -> None:
    ann = Ann(max_hours=4)
    ann.service("long", "2 08:00", "2 12:00", 1500)
    ann.service("short", "3 08:00", "3 10:00", 900)
    ann.service("brief", "4 08:00", "4 10:00", 800)
    # 900 + 800 - 100 for the second; with an hour less only one of them, and the long one not.
    assert ann.best() == (1600, "brief short")
    ann = Ann(max_hours=3)
    ann.service("long", "2 08:00", "2 12:00", 1500)
    ann.service("short", "3 08:00", "3 10:00", 900)
    ann.service("brief", "4 08:00", "4 10:00", 800)
    assert ann.best() == (900, "short")


def test_each_further_service_costs_more() -> None:
    ann = Ann(recent_hours=20)
    for day in (2, 3, 4):
        ann.service(f"r{day}", f"{day} 09:00", f"{day} 10:00", 230)
    # Half of what counts as a lot lately costs 50 each: 180, then 80, then -20.
    value, services = ann.best()
    assert (value, len(services.split())) == (260, 2)


def test_nobody_serves_at_a_loss_or_beyond_the_limit() -> None:
    ann = Ann()
    ann.service("a", "2 09:00", "2 10:00", -1)
    ann.service("b", "3 09:00", "3 10:00", 0)
    assert ann.best() == (0, "")
    ann = Ann(max_shifts=0)
    ann.service("a", "2 09:00", "2 10:00", 1000)
    assert ann.best() == (0, "")


NEAR, FAR = {"lat": 0.0, "lon": 0.0}, {"lat": 0.09, "lon": 0.0}


def test_travel_takes_time() -> None:
    # 0.09 degrees of latitude are 10.0075 km: at 20 km/h 30 minutes and a second.
    for start, best in (("10:31", (1900, "a b")), ("10:30", (1000, "a"))):
        ann = Ann(travel_km=100)
        ann.service("a", "2 09:00", "2 10:00", 1000, **NEAR)
        ann.service("b", f"2 {start}", "2 12:00", 1000, **FAR)
        assert ann.best() == best
    for speed, best in ((float("inf"), (1900, "a b")), (1.0, (1000, "a"))):
        ann = Ann(Policy(travel_kmh=speed), travel_km=100)
        ann.service("a", "2 09:00", "2 10:00", 1000, **NEAR)
        ann.service("b", "2 10:05", "2 12:00", 1000, **FAR)
        assert ann.best() == best


def test_a_remote_stop_voids_the_travel() -> None:
    # Half an hour would be needed, ten minutes are there; but nobody knows how far the call in
    # between is. It loses 200 and is worth it: 1000 - 200 + 1000 - (0 + 100 + 200).
    ann = Ann(travel_km=100)
    ann.service("a", "2 09:00", "2 10:00", 1000, **NEAR)
    ann.service("call", "2 10:00", "2 10:10", -200)
    ann.service("b", "2 10:10", "2 12:00", 1000, **FAR)
    assert ann.best() == (1500, "a b call")
    ann.rewards["call"] = -701
    assert ann.best() == (1000, "a")


def test_a_stop_on_the_way_takes_its_time() -> None:
    # A known place half-way saves nothing: 9:00, then 5 km, then 5 km more.
    ann = Ann(travel_km=100)
    ann.service("a", "2 09:00", "2 10:00", 1000, **NEAR)
    ann.service("half-way", "2 10:16", "2 10:17", 150, lat=0.045, lon=0.0)
    ann.service("b", "2 10:34", "2 12:00", 1000, **FAR)
    # 34 minutes are enough for all three: 2150 - 300 < 2000 - 100, so the stop is left out.
    assert ann.best() == (1900, "a b")
    ann.rewards["half-way"] = 250
    assert ann.best() == (1950, "a b half-way")


def test_a_week_without_services_is_worth_nothing() -> None:
    problem = Ann().week.problem()
    value, chosen = Weeks(problem, eligible(problem)).best(np.empty(0))
    assert value.tolist() == [0.0]
    assert chosen.size == 0


def test_nobody_at_all() -> None:
    week = Week("2026-03-02")
    week.request("r", start="2026-03-02 09:00", end="2026-03-02 10:00")
    problem: Problem = week.problem()
    value, chosen = Weeks(problem, eligible(problem)).best(np.empty(0))
    assert value.size == chosen.size == 0


@law(25, tables=WORLDS, seed=SEEDS)
def test_leaving_out_hopeless_paths_changes_no_best_week(tables: Tables, seed: int) -> None:
    drawn = Drawn(tables, seed)
    with pytest.MonkeyPatch.context() as patch:
        # As if these few ways were very many, with two paths to begin with.
        patch.setattr(labelling, "_MIN_PAIRS_FOR_BOUNDING", 0)
        patch.setattr(labelling, "_BEAM_WIDTH", 2)
        every, above = np.arange(len(drawn.arcs)), np.zeros(len(drawn.volunteers))
        load = first_load(drawn.problem)
        found = solve_pricing(drawn.problem, drawn.arcs, every, drawn.reward, load, above)
    value = np.zeros(len(drawn.volunteers))
    for v, arcs, worth in listed(found):
        assert drawn.weeks[v][arcs] == worth
        value[v] = worth
    np.testing.assert_array_equal(value, drawn.best)
