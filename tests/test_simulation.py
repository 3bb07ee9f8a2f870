"""A year, made up: what is known by hand, what must hold of any, and whose luck it is."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching import Plan, Policy, Problem, audit, solve
from matching.errors import UsageError
from matching.problem.columns import Earlier
from matching.problem.part import of_requests
from matching.schema import STATUSES
from matching.simulation import METHODS, Assumptions, run
from matching.simulation.booking import Booking
from matching.simulation.choosing import Today, Weights, method_of
from matching.simulation.draws import Draw, uniform
from matching.simulation.people import People
from matching.simulation.state import State
from matching.simulation.turns import in_turn
from matching.simulation.weekly import play_week
from matching.simulation.world import World
from matching.synthetic import generate

MONDAY = date(2026, 11, 30)
# Everybody says yes to everything and comes; nobody looks at the menu.
WILLING = Assumptions(willing=20, keenness=0, fatigue=0, self_service=0, no_show=0)
SOME = ("engine", "nearest")
COUNTS = ["ordered", "matched", "lost", "seats", "filled", "served", "offers", "accepted"]


def orders(*rows: dict[str, object]) -> dict[str, pl.DataFrame]:
    """Ann and Bob are free every Monday; ann lives next to every order, and bob 1.1 km off."""
    nine = datetime(2026, 11, 30, 9)
    requests = [
        {"request_id": f"r{k}", "lat": 0.0, "lon": 0.0, "start": nine + timedelta(weeks=week)}
        | {"end": nine + timedelta(weeks=week, hours=2), "beneficiary_id": "mei"}
        | row
        for k, row in enumerate(rows)
        for week in [row.pop("week", 0)]
    ]
    return {
        "volunteers": pl.DataFrame(
            {"volunteer_id": ["ann", "bob"], "lat": [0.0, 0.01], "lon": [0.0, 0.0]}
            | {"consent": [None, "ask"]}
        ),
        "availability": pl.DataFrame(
            {"volunteer_id": ["ann", "bob"], "weekday": 1, "start_time": "08:00"}
            | {"end_time": "12:00"}
        ),
        "requests": pl.DataFrame(requests),
    }


def play(
    tables: dict[str, pl.DataFrame],
    weeks: int,
    name: str,
    weights: Weights | None = None,
    assumed: Assumptions = WILLING,
):
    world = World.of(tables, MONDAY, Policy(), weeks)
    people, state = People.of(world, assumed, 1), State.first(world)
    method = method_of(name, weights)
    figures = [play_week(world, people, state, week, method, 1)[0] for week in range(weeks)]
    return figures, state


def test_nearest_first_asks_the_same_person_every_week_and_the_engine_takes_turns():
    """Three weeks, one order of two hours each.

    The nearest is ann, always: 6 and 0 hours. The way costs bob 200 * 1.11 / 10 = 22, and
    the two hours that one of them served last week 1000 * 2 / 10 = 200, in the second week after
    1000 * 2 * 0.84 / 10 = 168: so it is ann, bob, ann.
    """
    weekly = orders({"week": 0}, {"week": 1}, {"week": 2})
    assert play(weekly, 3, "nearest")[1].hours.tolist() == [6, 0]
    figures, state = play(
        weekly, 3, "engine", Weights(Policy(load_recent=1000, load_recent_hours=10))
    )
    assert state.hours.tolist() == [4, 2]
    assert [(f.matched, f.offers, f.accepted, f.served) for f in figures] == [(1, 1, 1, 1)] * 3
    # Each of the last two knew nobody or somebody: only ann, in the third week, had been there.
    assert [(f.for_known, f.by_known) for f in figures] == [(1, 0), (1, 0), (1, 1)]
    assert state.bonds.visits.tolist() == [2, 1]


def test_who_comes_first_takes_the_only_cook_and_the_engine_keeps_her():
    """Anybody will do for r0, which came on Monday; r1 came on Tuesday and wants a cook: ann."""
    tables = orders({}, {}) | {
        "posts": pl.DataFrame({"request_id": ["r0", "r1"], "post": "help", "seats": 1}),
        "post_qualifications": pl.DataFrame(
            {"request_id": ["r1"], "post": ["help"], "qualification": ["cook"]}
        ),
        "qualifications": pl.DataFrame({"volunteer_id": ["ann"], "qualification": ["cook"]}),
    }
    asked = {}
    for name in ("engine", "nearest"):
        booking = booked(tables, [0, 0], [0, 1])
        # On the first day r1 is not known.
        assert len(asked_by(method_of(name), booking)) == 1
        rows = method_of(name)(booking, Today(1, 1, 1, 1, np.zeros(2)))
        asked[name] = [(booking.arcs.volunteer[k], booking.request[k]) for k in rows]
    assert asked == {"engine": [(0, 1), (1, 0)], "nearest": [(0, 0)]}


def test_the_plan_of_a_day_is_worth_what_solve_makes_of_the_same_week():
    """A twin: what is agreed as pins, who declined as such, and one more service for each."""
    tables = generate("town", requests=60, seed=4, weeks=1)
    world = World.of(tables, MONDAY, Policy(), 1)
    people, state, plans = People.of(world, Assumptions(), 4), State.first(world), []

    def method(booking: Booking, today: Today):
        if today.day in (3, 6):
            added = method_of("engine")(booking, today)
            rows = np.append(np.flatnonzero(booking.agreed), added)
            week = as_of(booking, today.day)
            known = np.flatnonzero(booking.known(today.day)[booking.problem.slots.request])
            slot = np.searchsorted(known, booking.arcs.slot[rows])
            plan = Plan(booking.arcs.volunteer[rows], slot.astype(np.int32))
            plans.append((audit.value(week, plan), solve(week).value, len(added)))
        return method_of("nearest")(booking, today)

    play_week(world, people, state, 0, method, 1)
    assert all(mine == best and added > 5 for mine, best, added in plans)


def as_of(booking: Booking, day: int) -> Problem:
    """Return the week as `solve` takes it."""
    known = booking.known(day)
    week = of_requests(booking.problem, np.flatnonzero(known))
    # Who declined a post of a request is not asked for another of it.
    declined = np.isin(booking.of_both, booking.of_both[booking.asked])
    answered = np.flatnonzero(declined | booking.agreed)
    posts = np.flatnonzero(known[booking.problem.posts.request])
    names = np.where(booking.agreed[answered], "pinned", "declined").tolist()
    earlier = Earlier(
        volunteer=booking.arcs.volunteer[answered],
        post=np.searchsorted(posts, booking.post[answered]).astype(np.int32),
        option=np.full(len(answered), -1, np.int32),
        status=np.array([STATUSES.index(name) for name in names], np.int32),
        row=np.arange(len(answered), dtype=np.int32),
    )
    people, more = week.volunteers, booking.shifts + booking.may_be_asked()
    most = np.minimum(people.max_shifts, more).astype(np.int32)
    older = week.requests.priority + week.policy.age_priority * booking.age[known]
    return replace(
        week,
        earlier=earlier.sorted(),
        volunteers=replace(people, max_shifts=most),
        requests=replace(week.requests, priority=older),
    )


def test_who_comes_first_is_another_each_day():
    """Of 12 weeks with an order of two hours each, nearest first gives ann all 24 hours."""
    _, state = play(orders(*({"week": week} for week in range(12))), 12, "first_come")
    assert state.hours.sum() == 24
    assert state.hours.min() >= 6


def test_who_looks_takes_a_seat_before_anybody_is_asked():
    """Both look every day and would take anything: one has the seat, and no offer is made."""
    eager = replace(WILLING, self_service=1, look_days=1)
    for name in METHODS:
        (week,), _ = play(orders({}), 1, name, assumed=eager)
        assert (week.looked_up, week.offers, week.filled, week.accepted) == (1, 0, 1, 0)


def test_every_service_is_reviewed_as_assumed():
    kind = replace(WILLING, reviewed=1, rating=4, rating_spread=0)
    weeks, _ = play(orders({"week": 0}, {"week": 1}), 2, "nearest", assumed=kind)
    assert [(week.reviews, week.stars) for week in weeks] == [(1, 4), (1, 4)]


def booked(tables, age, arrived) -> Booking:
    """Return the first week of a world, before anybody is asked."""
    world = World.of(tables, MONDAY, Policy(), 1)
    orders_of = world.ordered(0)
    idle = np.zeros(len(world.folded.volunteers))
    problem = world.problem(orders_of, world.folded.bonds, idle)
    return Booking(problem, orders_of, np.array(age, np.int32), np.array(arrived, np.int32), 1)


def asked_by(method, booking: Booking, lately=(0.0, 0.0)) -> list[tuple[int, int]]:
    rows = method(booking, Today(0, 0, 1, 1, np.array(lately)))
    return list(zip(booking.arcs.volunteer[rows], booking.request[rows], strict=True))


def test_of_two_orders_for_one_person_the_engine_fills_the_older():
    """Half a step of priority a week: 1000 * (3 + 0.5) * 1 is more than 1000 * 3."""
    tables = orders({}, {})
    tables["volunteers"] = tables["volunteers"].head(1)
    tables["availability"] = tables["availability"].head(1)
    for age, older in (([0, 1], 1), ([1, 0], 0)):
        assert asked_by(method_of("engine"), booked(tables, age, [-1, -1])) == [(0, older)]


def test_an_offer_lately_counts_as_hours_where_the_weights_say_so():
    """Ten offers, an hour each, cost ann 1000 * 10 / 10; the way costs bob 22."""
    booking = booked(orders({}), [0], [-1])
    policy = Policy(load_recent=1000, load_recent_hours=10)
    for hours, who in ((1.0, 1), (0.0, 0)):
        method = method_of("engine", Weights(policy, asked_hours=hours))
        assert asked_by(method, booking, lately=(10.0, 0.0)) == [(who, 0)]


def test_an_offer_is_half_forgotten_after_the_days_of_recovery():
    """Asked on the day that the order came in, and rested from that day to the end of the week."""
    week = replace(WILLING, recovery_days=7)
    _, state = play(orders({}), 1, "nearest", assumed=week)
    day = int(7 * uniform(1, Draw.ARRIVAL_DAY, np.array([0]))[0])
    assert state.fatigue.sum() == pytest.approx(2 ** (-(7 - day) / 7))


def test_what_waited_is_known_from_the_first_day():
    arrived = []

    def nobody(booking: Booking, today: Today):
        arrived.append(booking.arrived.tolist())
        return np.empty(0, np.int64)

    world = World.of(orders({}), MONDAY, Policy(), 1)
    people, state = People.of(world, WILLING, 1), State.first(world)
    for week in range(2):
        play_week(world, people, state, week, nobody, 1)
    assert 0 <= arrived[0][0] <= 6
    assert arrived[7:] == [[-1]] * 7


def test_hours_of_four_weeks_ago_count_half():
    state = State.first(World.of(orders({}), MONDAY, Policy(), 1))
    one = np.ones(1, np.int32)
    state.serve(0 * one, np.array([8.0]), -one)
    for _ in range(4):
        state.serve(one[:0], np.empty(0), one[:0])
    assert state.recent_hours == pytest.approx([4, 0])
    assert state.hours.tolist() == [8, 0]


def test_who_lets_the_platform_answer_says_yes_whatever_it_is():
    never = replace(WILLING, willing=-20)
    tables = orders({})
    assert play(tables, 1, "nearest", assumed=never)[0][0].accepted == 0
    automatic = tables["volunteers"].with_columns(consent=pl.lit("accept"))
    tables["volunteers"] = automatic
    assert play(tables, 1, "nearest", assumed=never)[0][0].accepted == 1
    assert play(tables, 1, "nearest", assumed=replace(never, automatic=0))[0][0].accepted == 0


def test_people_come_and_look_as_often_as_assumed():
    """2,000 people: shares are met to within four standard deviations, 4 * 0.011."""
    tables = generate("town", volunteers=2000, requests=5, weeks=1)
    world = World.of(tables, MONDAY, Policy(), 1)
    assumed = Assumptions(no_show=0.3, self_service=0.5, look_days=4)
    people, who = People.of(world, assumed, 1), np.arange(2000, dtype=np.int32)
    assert people.come(who, who.astype(np.int64)).mean() == pytest.approx(0.7, abs=0.045)
    assert people.reliability.mean() == pytest.approx(0.7, abs=0.02)
    assert people.reliability.std() > 0.05
    assert people.self_service.mean() == pytest.approx(0.5, abs=0.045)
    looks = np.mean([people.looking(day).mean() for day in range(20)])
    assert looks == pytest.approx(0.5 / 4, abs=0.02)


def test_where_everything_is_lost_none_is_matched():
    unwilling = Assumptions(willing=-20, automatic=0, self_service=0, patience_weeks=0)
    year = run("town", weeks=2, requests=5, methods=("nearest",), assumptions=unwilling)
    row = year.measures.row(0, named=True)
    assert (row["matched"], row["filled"], row["km"], row["gini_hours"]) == (0, 0, None, None)


def test_in_turn_a_pair_needs_a_seat_a_free_volunteer_and_every_quota_above():
    """Organisation 1 is below 0, which has two places left in all and 1 has one of them.

    v0 (in 1) takes post 0. v1 (in 1) finds no place left in 1. v2 (in 0) takes post 1; v0 is taken;
    v3 (in none) finds post 1 full, and takes post 0's other seat; v4 (in 0) finds no place left.
    """
    volunteer = np.array([0, 1, 2, 0, 3, 3, 4], np.int32)
    post = np.array([0, 0, 1, 1, 1, 0, 2], np.int32)
    taken = in_turn(
        volunteer,
        post,
        np.array([2, 1, 1]),
        np.ones(5, np.bool_),
        np.array([1, 1, 0, -1, 0], np.int32),
        np.array([-1, 0], np.int32),
        np.array([2, 1]),
    )
    assert taken.tolist() == [True, False, True, False, False, True, False]


def test_of_several_who_would_the_first_has_the_seat_and_all_were_asked():
    """Two offers a day for the one seat: both say yes, one serves, and neither is asked again."""
    two = replace(WILLING, offers_a_seat=2)
    for name in METHODS:
        (week,), state = play(orders({}), 1, name, assumed=two)
        assert (week.offers, week.accepted, week.filled) == (2, 1, 1)
        assert state.hours.sum() == 2


def test_what_nobody_comes_for_waits_and_is_lost():
    """At noon nobody is free: ordered in week 0, it waits through weeks 1 and 2 of patience."""
    late = datetime(2026, 11, 30, 13)
    figures, _ = play(orders({"start": late, "end": late + timedelta(hours=1)}), 4, "engine")
    assert [(f.due, f.lost, f.waiting) for f in figures] == [
        (1, 0, 1),
        (1, 0, 1),
        (1, 1, 0),
        (0, 0, 0),
    ]


def test_an_answer_is_a_matter_of_who_and_what_and_never_of_the_method():
    who, order = np.arange(1000, dtype=np.int32), np.arange(1000) % 7
    drawn = uniform(3, Draw.ANSWER, who, order)
    back = np.arange(999, -1, -1)
    assert (uniform(3, Draw.ANSWER, who[back], order[back]) == drawn[back]).all()
    assert (uniform(3, Draw.SHOW_UP, who, order) != drawn).all()
    assert (uniform(4, Draw.ANSWER, who, order) != drawn).all()
    assert len(np.unique(drawn)) == 1000


def test_draws_are_spread_evenly_and_have_nothing_to_do_with_their_neighbours():
    first = uniform(0, Draw.ANSWER, np.arange(10_000), 5)
    second = uniform(0, Draw.ANSWER, np.arange(10_000), 6)
    assert (first > 0).all()
    assert (first < 1).all()
    # 10,000 numbers in 10 bins: a thousand each, give or take 4 * 30.
    assert np.abs(np.histogram(first, 10, (0, 1))[0] - 1000).max() < 120
    for other in (second, np.roll(first, 1)):
        assert abs(np.corrcoef(first, other)[0, 1]) < 0.04


@pytest.fixture(scope="module")
def small():
    return run("town", weeks=2, seeds=(1, 2), methods=SOME, volunteers=120, requests=20, workers=1)


def test_the_same_seed_gives_the_same_year_for_any_number_of_workers(small):
    again = run("town", weeks=2, seeds=(2,), methods=SOME, volunteers=120, requests=20, workers=3)
    assert again.weeks.equals(small.weeks.filter(pl.col("seed") == 2))


@pytest.mark.slow
@settings(max_examples=4, deadline=None)
@given(
    st.sampled_from(METHODS),
    st.integers(0, 10**6),
    st.integers(1, 2),
    st.sampled_from([0.0, 0.1, 1.0]),
    st.sampled_from([-20.0, -1.0, 20.0]),
    st.sampled_from([0.0, 0.5]),
)
def test_whatever_people_are_like_rules_are_kept_and_counts_add_up(
    method, seed, each, odds, willing, fatigue
):
    assumed = Assumptions(
        willing=willing,
        fatigue=fatigue,
        offers_a_seat=each,
        no_show=odds,
        self_service=odds,
        automatic=odds,
        look_days=2,
    )
    tables = generate("town", volunteers=60, requests=10, scarcity=2, seed=seed, weeks=2)
    world = World.of(tables, MONDAY, Policy(), 2)
    people, state = People.of(world, assumed, seed), State.first(world)
    waiting = 0
    for week in range(2):
        fatigue_before = state.fatigue.sum()
        f, booking = play_week(world, people, state, week, method_of(method), 1)
        assert audit.violations(booking.problem, booking.plan()).height == f.broken == 0
        assert f.due == waiting + f.ordered == f.matched + f.lost + f.waiting
        assert f.filled == f.accepted + f.looked_up <= f.seats
        assert f.accepted <= f.offers == booking.asked.sum() == booking.offers.sum()
        assert f.served <= f.filled
        assert (booking.offers <= booking.problem.volunteers.max_offers).all()
        refuses = booking.problem.volunteers.refuses
        assert not refuses[booking.arcs.volunteer[booking.asked | booking.agreed]].any()
        assert state.fatigue.sum() <= fatigue_before + f.offers
        assert f.served == (0 if odds == 1 else f.filled if odds == 0 else f.served)
        waiting = f.waiting
    assert world.ordered(0).size + world.ordered(1).size == tables["requests"].height


def test_nobody_serves_two_places_at_once(small):
    assert small.measures["broken"].sum() == 0
    assert (small.measures["served"] > 0.1).all()


def test_gini_is_twice_the_area_above_the_line_of_shares():
    """A twin: of 100 people the line has a corner at every hundredth, and trapezes are exact."""
    year = run("town", weeks=2, volunteers=100, requests=15, methods=("nearest",))
    line = year.shares["hours"].to_numpy()
    area = ((line[1:] + line[:-1]) / 2).sum() / 100
    assert year.measures["gini_hours"][0] == pytest.approx(1 - 2 * area)


def test_measures_are_sums_over_weeks(small):
    row = small.measures.row(0, named=True)
    mine = (pl.col("method") == row["method"]) & (pl.col("seed") == row["seed"])
    total = small.weeks.filter(mine).select(COUNTS).sum().row(0, named=True)
    assert row["matched"] == total["matched"] / (total["matched"] + total["lost"])
    assert row["filled"] == total["filled"] / total["seats"]
    assert row["offers_per_yes"] == total["offers"] / total["accepted"]
    assert row["offers_a_head"] == total["offers"] / 120


def test_comparison_pairs_the_seeds(small):
    """Against the nearest first it is the mean over seeds of the ratios, not a ratio of means."""
    one = small.measures.filter(pl.col("method") == "engine").sort("seed")["km"]
    base = small.measures.filter(pl.col("method") == "nearest").sort("seed")["km"]
    found = small.comparison.filter(
        (pl.col("measure") == "km") & (pl.col("method") == "engine")
    ).row(0, named=True)
    assert found["against"] == pytest.approx((one / base - 1).mean())
    assert (found["least"], found["most"]) == (one.min(), one.max())
    goal = small.targets.filter((pl.col("measure") == "km") & (pl.col("method") == "engine"))
    assert goal["met"][0] == (found["against"] <= -0.3)


def test_what_speaks_for_a_yes_makes_more_of_them():
    def yes(**assumed: float) -> int:
        year = run(
            "town",
            weeks=1,
            volunteers=150,
            requests=40,
            methods=("nearest",),
            assumptions=Assumptions(self_service=0, **assumed),
        )
        return int(year.weeks["accepted"].sum())

    usual = yes()
    assert yes(near=4) > usual > yes(fatigue=5)


@pytest.mark.parametrize(
    ("changed", "text"),
    [
        ({"methods": ("fastest",)}, "method 'fastest' is unknown; allowed: engine, even, nearest"),
        ({"seeds": ()}, "name at least one"),
        ({"seeds": (1, 1)}, "none twice"),
        ({"weeks": 0}, "weeks 0 is out of range"),
        ({"size": "hamlet"}, "size 'hamlet' is unknown"),
    ],
)
def test_what_makes_no_year_is_refused(changed, text):
    with pytest.raises(UsageError, match=text):
        run(**({"size": "town"} | changed))


def test_assumptions_are_checked_and_read_from_a_file(tmp_path):
    file = tmp_path / "assumed.toml"
    file.write_text("fatigue = 1\nno_show = 0.2\n")
    assert Assumptions.from_toml(file) == replace(Assumptions(), fatigue=1, no_show=0.2)
    file.write_text("fatige = 1\n")
    with pytest.raises(UsageError, match="no assumption 'fatige'; the nearest is 'fatigue'"):
        Assumptions.from_toml(file)
    for bad in (1.5, float("nan"), "much", True):
        with pytest.raises(UsageError, match=r"no_show = .* must be a number from 0 to 1"):
            Assumptions(no_show=bad)
    with pytest.raises(UsageError, match="No such file"):
        Assumptions.from_toml(tmp_path / "none.toml")


def test_a_rule_that_offers_cannot_keep_is_named():
    tables = orders({"min_people": 2})
    with pytest.raises(UsageError, match="min_people: the simulation makes one offer"):
        World.of(tables, MONDAY, Policy(), 1)
