"""The best team of a request: against every team there is, and by hand."""

import random
from itertools import combinations, product

import numpy as np
import polars as pl
import pytest
from hypothesis import event

from matching import Prices, Week
from matching.arcs.eligibility import eligible
from matching.bounds.teams import best_teams
from matching.week import Post
from tests.oracle.reading import Arc, Request, Row, World, read
from tests.support.laws import SEEDS, law, problem_of, some_prices
from tests.support.worlds import Tables, full_worlds

Price = dict[tuple[str, str, str | None, str | None], float]


def priced(world: World, frame: pl.DataFrame) -> dict[Arc, float]:
    """Return the price of every arc: its own, else its post's, else nothing."""
    rows = frame.filter(pl.col("organisation_id").is_null()).to_dicts()
    columns = ("request_id", "post", "option", "volunteer_id")
    of: Price = {tuple(row[k] for k in columns): row["price"] for row in rows}
    return {
        arc: of.get((*arc.key[1:], arc.volunteer), of.get((*arc.key[1:], None), 0.0))
        for arc in world.arcs
    }


def best_team(world: World, request: Request, price: dict[Arc, float], most_rules: int) -> float:
    """Try every set of people on every post at every option, each post by itself.

    Team rules about more than so many qualifications are left out.
    """
    ruled = {qualification for qualification, _, _ in request.team_rules}
    rules = request.team_rules if len(ruled) <= most_rules else ()
    best = 0.0
    for service in request.services:
        posts: list[list[tuple[Arc, ...]]] = []
        for post in request.posts.values():
            arcs = [arc for arc in price if (arc.service, arc.post) == (service, post.name)]
            sizes = range(post.min_seats, min(post.seats, len(arcs)) + 1)
            posts.append([some for size in sizes for some in combinations(arcs, size)])
        for people in product(*posts):
            team = [arc for some in people for arc in some]
            if len(team) >= request.min_people and all(
                holding >= least and (not per or holding * per >= len(team))
                for qualification, least, per in rules
                for holding in [sum(world.holds(a.volunteer, qualification, service) for a in team)]
            ):
                filled = zip(request.posts.values(), people, strict=True)
                seats = sum(sum(post.values[: len(some)]) for post, some in filled)
                bonus = request.bonus if team else 0
                best = max(best, bonus + seats - sum(price[arc] for arc in team))
    return best


@law(80, tables=full_worlds(), seed=SEEDS)
def test_the_best_team_is_the_best_of_all_teams(tables: Tables, seed: int) -> None:
    world, problem = read(tables), problem_of(tables)
    frame = some_prices(world, seed)
    price = priced(world, frame)
    found = best_teams(problem, eligible(problem), Prices.from_frame(problem, frame))
    for name, value in zip(problem.requests.id, found, strict=True):
        request = world.requests[name]
        # Rules about one qualification are kept; of several, each by itself.
        several = len({qualification for qualification, _, _ in request.team_rules}) > 1
        with_rules = best_team(world, request, price, most_rules=9)
        if several:
            without = best_team(world, request, price, most_rules=1)
            assert with_rules - 1e-6 <= value <= without + 1e-6
        else:
            assert value == pytest.approx(with_rules, abs=1e-6)
        if request.team_rules:
            event("several" if several else "somebody" if value else "nobody")


# --- larger teams ---------------------------------------------------------------------------------


def large_team(seed: int) -> tuple[Week, list[Row]]:
    """Draw a request of up to three posts and a rule, two dozen people, and everybody's price."""
    draw = random.Random(seed)
    week = Week("2026-03-02")
    always = [("2026-03-01 00:00", "2026-03-11 00:00")]
    names = [f"p{n}" for n in range(draw.randint(1, 3))]
    posts = {}
    for name in names:
        seats = draw.randint(1, 7)
        posts[name] = Post(seats, draw.choice([0, 0, 1, seats // 2]), [f"can:{name}"])
    prices: list[Row] = []
    for n in range(draw.randint(3, 24)):
        can = [f"can:{name}" for name in names if draw.random() < 0.6]
        held = ["lead"] if draw.random() < 0.4 else []
        week.volunteer(f"v{n}", available=always, qualifications=can + held)
        dearer = draw.choice([0, 0, 1500]) if held else 0
        for name in names:
            price = draw.choice([2000, 2500, 3000, 3500, draw.uniform(-500, 6000)]) + dearer
            prices.append({"post": name, "volunteer_id": f"v{n}", "price": float(price)})
    people = draw.choice([0, 0, 3, 8])
    week.request("r", start=NINE, end=TEN, posts=posts, min_people=people)
    least, per = draw.choice([(1, None), (3, None), (None, 1), (None, 2), (None, 4), (2, 3)])
    week.team_rule("lead", request_id="r", min_people=least, per_people=per)
    return week, prices


def best_of_table(week: Week, prices: list[Row]) -> float:
    """Fill a table of the best by holders and people, post after post."""
    world = read(week.tables())
    request = world.requests["r"]
    (service,) = request.services
    price = {(row["post"], row["volunteer_id"]): row["price"] for row in prices}
    table = {(0, 0): 0.0}
    for post in request.posts.values():
        arcs = [arc for arc in world.arcs if arc.post == post.name]
        pools: tuple[list[float], list[float]] = ([], [])
        for arc in arcs:
            holds = world.holds(arc.volunteer, "lead", service)
            pools[holds].append(price[post.name, arc.volunteer])
        others, holders = (sorted(pool) for pool in pools)
        longer: dict[tuple[int, int], float] = {}
        for (had, came), value in table.items():
            for h, o in product(range(len(holders) + 1), range(len(others) + 1)):
                if post.min_seats <= h + o <= post.seats:
                    key = (had + h, came + h + o)
                    gain = sum(post.values[: h + o]) - sum(holders[:h]) - sum(others[:o])
                    longer[key] = max(longer.get(key, -np.inf), value + gain)
        table = longer
    ((_, least, per),) = request.team_rules
    return max(
        value * (people > 0)
        for (h, people), value in (table | {(0, 0): 0.0}).items()
        if people == 0
        or (people >= request.min_people and h >= least and (not per or h * per >= people))
    )


@pytest.mark.parametrize("many", [20, pytest.param(1500, marks=pytest.mark.slow)])
def test_larger_teams_are_the_best_by_holders_and_people(many: int) -> None:
    for seed in range(many):
        week, prices = large_team(seed)
        assert best(week, *prices) == pytest.approx(best_of_table(week, prices)), seed


@pytest.mark.parametrize("seed", range(10))
def test_counts_of_holders_tried_as_one_bound_the_best(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    week, prices = large_team(seed)
    exact = best(week, *prices)
    monkeypatch.setattr("matching.bounds.teams._MAX_COUNTS", 2)
    assert best(week, *prices) >= exact - 1e-6


# --- by hand --------------------------------------------------------------------------------------

NINE, TEN, LATE = "2026-03-02 09:00", "2026-03-02 10:00", "2026-03-02 20:00"


def people(names: str) -> Week:
    """Let each of the letters be a volunteer who can always come."""
    week = Week("2026-03-02")
    for name in names:
        week.volunteer(name, available=[("2026-03-01 00:00", "2026-03-11 00:00")])
    return week


def best(week: Week, *prices: Row) -> float:
    """Return the value of the best team of the only request, `r`."""
    problem = week.problem()
    text = ("request_id", "post", "option", "volunteer_id", "organisation_id")
    schema = dict.fromkeys(text, pl.String) | {"price": pl.Float64}
    rows = [{"request_id": "r", "post": "volunteer"} | row for row in prices]
    read_prices = Prices.from_frame(problem, pl.DataFrame(rows, schema=schema))
    (value,) = best_teams(problem, eligible(problem), read_prices)
    return float(value)


def test_seats_are_filled_while_they_are_worth_their_price() -> None:
    # Three seats at priority 3: 3000 * (1 + 0.5 * (3 - k) / 3) = 4000, 3500, 3000.
    week = people("abcd")
    week.request("r", start=NINE, end=TEN, seats=3)
    assert best(week) == 10_500
    assert best(week, {"price": 3200}) == 4000 + 3500 - 2 * 3200
    assert best(week, {"price": 4000}) == 0
    assert best(week, {"price": -100}) == 10_500 + 3 * 100


def test_no_more_come_than_are_eligible() -> None:
    week = people("ab")
    week.request("r", start=NINE, end=TEN, seats=3)
    assert best(week) == 4000 + 3500


def test_all_or_nothing() -> None:
    # 4000 + 3500 + 3000 for all three, and nothing for fewer.
    week = people("abc")
    week.request("r", start=NINE, end=TEN, seats=3, min_seats=3)
    assert best(week, {"price": 3400}) == 10_500 - 3 * 3400
    assert best(week, {"price": 3500}) == best(week, {"price": 3501}) == 0
    # There are only two.
    week = people("ab")
    week.request("r", start=NINE, end=TEN, seats=3, min_seats=3)
    assert best(week) == 0


def test_people_in_total_join_where_they_cost_least() -> None:
    # Two posts of two seats at priority 3: 3750 and 3000 each. At 3500 one on each gains 250; the
    # third person loses 500 wherever they join.
    week = people("abcd")
    week.request("r", start=NINE, end=TEN, posts={"cook": 2, "guide": 2}, min_people=3)
    both = [{"post": "cook", "price": 3500.0}, {"post": "guide", "price": 3500.0}]
    assert best(week, *both) == 0
    # The guide's second seat costs 3100: 250 + (3750 - 3100) + (3000 - 3100).
    assert best(week, both[0], {"post": "guide", "price": 3100.0}) == 250 + 650 - 100


def test_a_post_s_minimum_may_lose() -> None:
    # The lead costs 5000 and is worth 3000, the helper gains 3000.
    week = people("abcd")
    posts = {"lead": Post(1, min_seats=1), "helper": Post(1)}
    week.request("r", start=NINE, end=TEN, posts=posts)
    assert best(week, {"post": "lead", "price": 5000.0}) == 3000 - 2000
    assert best(week, {"post": "lead", "price": 6001.0}) == 0


def test_the_better_option_is_chosen_not_both() -> None:
    week = people("ab")
    options = {"x": (NINE, TEN), "y": (TEN, LATE)}
    week.request("r", options=options, seats=2)
    # 3750 + 3000 at one of them; the late one is dearer.
    assert best(week) == 6750
    prices = ({"option": "x", "price": 1000.0}, {"option": "y", "price": 2000.0})
    assert best(week, *prices) == 6750 - 2000
    assert best(week, {"option": "x", "price": 5000.0}, prices[1]) == 6750 - 4000


def test_the_cheapest_people_come_first() -> None:
    # Seats of 4000, 3500, 3000. b is paid for coming, c costs little, the rest 3600.
    week = people("abcd")
    week.request("r", start=NINE, end=TEN, seats=3)
    own = ({"volunteer_id": "b", "price": -50.0}, {"volunteer_id": "c", "price": 400.0})
    assert best(week, {"price": 3600}, *own) == 4050 + 3100
    assert best(week, {"price": 2900}, *own) == 4050 + 3100 + 100


@pytest.mark.parametrize("cheaper", ["cook", "guide"])
def test_a_price_at_one_post_is_none_at_another(cheaper: str) -> None:
    # One seat each, worth 3000: at the one b comes for 100, the other costs 2000 whoever comes.
    week = people("abc")
    week.request("r", start=NINE, end=TEN, posts={"cook": 1, "guide": 1})
    posts = [{"post": post, "price": 2000.0} for post in ("cook", "guide")]
    own = {"post": cheaper, "volunteer_id": "b", "price": 100.0}
    assert best(week, *posts, own) == 6000 - 100 - 2000


def test_a_price_of_who_is_not_eligible_changes_nothing() -> None:
    week = people("a")
    week.volunteer("away")
    week.request("r", start=NINE, end=TEN)
    assert best(week, {"volunteer_id": "away", "price": -9000.0}) == 3000


@pytest.mark.parametrize("many", [1, 3])
def test_nobody_is_a_team_of_no_value(many: int) -> None:
    week = people("")
    week.request("r", start=NINE, end=TEN, seats=3, min_people=many)
    assert best(week) == 0


# --- team rules by hand ---------------------------------------------------------------------------


def with_holders(names: str, holders: str, qualification: str) -> Week:
    """Let each of the letters be a volunteer who can always come; some hold a qualification."""
    week = Week("2026-03-02")
    for name in names:
        held = [qualification] if name in holders else []
        week.volunteer(
            name, available=[("2026-03-01 00:00", "2026-03-11 00:00")], qualifications=held
        )
    return week


def test_a_leader_comes_though_they_cost_more() -> None:
    # Seats of 4000, 3500, 3000. At 2900 all three are filled; the leader costs 3900.
    week = with_holders("abcd", "d", "role:lead")
    week.request("r", start=NINE, end=TEN, seats=3)
    prices = ({"price": 2900.0}, {"volunteer_id": "d", "price": 3900.0})
    assert best(week, *prices) == 10_500 - 3 * 2900
    week.team_rule("role:lead", request_id="r", min_people=1)
    assert best(week, *prices) == 10_500 - 2 * 2900 - 3900
    # The two others gain 1100 + 600 at most, with the third seat 100 more: not enough for 5800,
    # which is 1800 more than the first seat is worth.
    assert best(week, prices[0], {"volunteer_id": "d", "price": 5800.0}) == 0


def test_nobody_comes_without_a_leader() -> None:
    week = with_holders("abc", "", "role:lead")
    week.request("r", start=NINE, end=TEN, seats=3)
    week.team_rule("role:lead", request_id="r", min_people=1)
    assert best(week) == 0


def test_one_adult_for_every_two_people() -> None:
    # Four seats at priority 3: 4125, 3750, 3375, 3000. Minors cost 1000, the adults a, b 3500.
    week = with_holders("abcdef", "ab", "age:adult")
    week.request("r", start=NINE, end=TEN, seats=4)
    week.team_rule("age:adult", request_id="r", per_people=2)
    adults = [{"volunteer_id": name, "price": 3500.0} for name in "ab"]
    # One adult and one minor: 7875 - 4500 = 3375. Two and two: 14250 - 9000 = 5250.
    assert best(week, {"price": 1000.0}, *adults) == 5250
    # The second adult at 6000: two and two gain 14250 - 11500 = 2750, less than one and one.
    adults[1]["price"] = 6000.0
    assert best(week, {"price": 1000.0}, *adults) == 3375
    # Three people have to come: one adult is not enough for them.
    week = with_holders("abcdef", "ab", "age:adult")
    week.request("r", start=NINE, end=TEN, seats=4, min_people=3)
    week.team_rule("age:adult", request_id="r", per_people=2)
    assert best(week, {"price": 1000.0}, *adults) == 2750


def test_somebody_else_goes_to_another_post_for_the_leader() -> None:
    # One seat to cook, one to guide, each worth 3000. Only d leads, and d can only cook.
    week = with_holders("ab", "", "role:lead")
    always = [("2026-03-01 00:00", "2026-03-11 00:00")]
    week.volunteer("d", available=always, qualifications=["role:lead", "skill:cook"])
    week.volunteer("c", available=always, qualifications=["skill:cook"])
    posts = {"cook": Post(1, qualifications=["skill:cook"]), "guide": Post(1)}
    week.request("r", start=NINE, end=TEN, posts=posts)
    week.team_rule("role:lead", request_id="r", min_people=1)
    prices = [
        {"post": "cook", "price": 500.0},
        {"post": "cook", "volunteer_id": "d", "price": 2500.0},
        {"post": "guide", "price": 1000.0},
        {"post": "guide", "volunteer_id": "d", "price": 9000.0},
    ]
    # d cooks for 2500, another guides for 1000.
    assert best(week, *prices) == 6000 - 3500


def test_a_post_s_minimum_loses_beside_a_rule_too() -> None:
    # The driver costs 5000 for a seat worth 3000, but has to come. An adult helps for 500, b for
    # 400; one adult is needed.
    week = with_holders("ab", "a", "age:adult")
    always = [("2026-03-01 00:00", "2026-03-11 00:00")]
    week.volunteer("d", available=always, qualifications=["skill:drive"])
    posts = {"drive": Post(1, 1, ["skill:drive"]), "help": Post(1)}
    week.request("r", start=NINE, end=TEN, posts=posts)
    prices = [
        {"post": "drive", "price": 5000.0},
        {"post": "help", "price": 400.0},
        {"post": "help", "volunteer_id": "a", "price": 500.0},
        {"post": "help", "volunteer_id": "d", "price": 9000.0},
    ]
    assert best(week, *prices) == 6000 - 5000 - 400
    week.team_rule("age:adult", request_id="r", min_people=1)
    assert best(week, *prices) == 6000 - 5000 - 500


def test_who_is_replaced_is_gone_and_nobody_else_is() -> None:
    # Two seats to cook are worth 3750 and 3000, one to guide 3000. The guide e costs 2900, so to
    # vacate that seat would cost least. Two leaders are needed: both cook, for 1100 and 1200.
    week = Week("2026-03-02")
    always = [("2026-03-01 00:00", "2026-03-11 00:00")]
    for name in "abcd":
        held = ["role:lead"] if name in "cd" else []
        week.volunteer(name, available=always, qualifications=["skill:cook", *held])
    week.volunteer("e", available=always, qualifications=["skill:guide"])
    posts = {"cook": Post(2, None, ["skill:cook"]), "guide": Post(1, None, ["skill:guide"])}
    week.request("r", start=NINE, end=TEN, posts=posts)
    week.team_rule("role:lead", request_id="r", min_people=2)
    cooks = {"a": 900.0, "b": 1000.0, "c": 1100.0, "d": 1200.0}
    own = [{"post": "cook", "volunteer_id": name, "price": p} for name, p in cooks.items()]
    assert best(week, {"post": "guide", "price": 2900.0}, *own) == 6750 - 1100 - 1200 + 100


def test_two_rules_about_one_qualification_are_one() -> None:
    # Four seats are worth 14250. Minors cost 1000, adults 3000. Half of the team are adults: two.
    week = with_holders("abcdef", "abc", "age:adult")
    week.request("r", start=NINE, end=TEN, seats=4)
    week.team_rule("age:adult", request_id="r", per_people=2)
    adults = [{"volunteer_id": name, "price": 3000.0} for name in "abc"]
    assert best(week, {"price": 1000.0}, *adults) == 14_250 - 2 * 3000 - 2 * 1000
    # And three at least, as another rule says.
    week = with_holders("abcdef", "abc", "age:adult")
    week.menu_item("walk", seats=4, minutes=60)
    week.request("r", start=NINE, end=TEN, menu_item="walk")
    week.team_rule("age:adult", menu_item="walk", per_people=2)
    week.team_rule("age:adult", request_id="r", min_people=3)
    assert best(week, {"price": 1000.0}, *adults) == 14_250 - 3 * 3000 - 1000


def test_of_two_qualifications_the_dearer_rule_counts() -> None:
    # Two seats of 3750 and 3000; a leads at 2000, b knows first aid at 2500, the others cost 500.
    week = people("cd")
    always = [("2026-03-01 00:00", "2026-03-11 00:00")]
    week.volunteer("a", available=always, qualifications=["role:lead"])
    week.volunteer("b", available=always, qualifications=["skill:aid"])
    week.request("r", start=NINE, end=TEN, seats=2)
    week.team_rule("role:lead", request_id="r", min_people=1)
    week.team_rule("skill:aid", request_id="r", min_people=1)
    own = ({"volunteer_id": "a", "price": 2000.0}, {"volunteer_id": "b", "price": 2500.0})
    # With both, 6750 - 4500 = 2250; the bound takes the worse of a with c, and b with c.
    assert best(week, {"price": 500.0}, *own) == 6750 - 2500 - 500


def test_a_very_large_team_takes_no_longer_than_it_should() -> None:
    # 3000 seats, one holder for every two: more numbers of holders than are tried one by one.
    week = Week("2026-03-02")
    always = [("2026-03-01 00:00", "2026-03-11 00:00")]
    for n in range(600):
        held = ["age:adult"] if n % 2 else []
        week.volunteer(f"v{n}", available=always, qualifications=held)
    week.request("r", start=NINE, end=TEN, seats=3000)
    week.team_rule("age:adult", request_id="r", per_people=2)
    adults = [{"volunteer_id": f"v{n}", "price": 4000.0} for n in range(1, 600, 2)]
    # The k-th seat is worth 3000 + 0.5 * (3000 - k): pairs cost 4000 + 500.
    seats = [3000 + (3000 - k) // 2 + (3000 - k) % 2 for k in range(1, 601)]
    exact = sum(seats) - 300 * 4500
    found = best(week, {"price": 500.0}, *adults)
    assert exact <= found < 1.02 * exact
