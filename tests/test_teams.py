"""The best team of a request: against every team there is, and by hand."""

from itertools import combinations, product

import numpy as np
import polars as pl
import pytest
from hypothesis import event

from matching import Prices, Week
from matching.eligibility import eligible
from matching.teams import best_teams
from matching.week import Post
from tests.oracle.reading import Arc, Request, Row, World, read
from tests.test_laws import SEEDS, law, problem_of, some_prices
from tests.worlds import Tables, full_worlds

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


def best_team(request: Request, price: dict[Arc, float]) -> float:
    """Try every set of people on every post at every option, each post by itself."""
    best = 0.0
    for service in request.services:
        teams: list[list[tuple[int, float]]] = []
        for post in request.posts.values():
            costs = [
                p for arc, p in price.items() if (arc.service, arc.post) == (service, post.name)
            ]
            sizes = range(post.min_seats, min(post.seats, len(costs)) + 1)
            teams.append(
                [
                    (size, sum(post.values[:size]) - sum(people))
                    for size in sizes
                    for people in combinations(costs, size)
                ]
            )
        for team in product(*teams):
            if sum(size for size, _ in team) >= request.min_people:
                best = max(best, sum(value for _, value in team))
    return best


@law(60, tables=full_worlds(), seed=SEEDS)
def test_the_best_team_is_the_best_of_all_teams(tables: Tables, seed: int) -> None:
    world, problem = read(tables), problem_of(tables)
    frame = some_prices(world, seed)
    price = priced(world, frame)
    found = best_teams(problem, eligible(problem), Prices.from_frame(problem, frame))
    wanted = [best_team(world.requests[name], price) for name in problem.requests.id]
    np.testing.assert_allclose(found, wanted, atol=1e-6)
    event("somebody" if found.any() else "nobody")


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
