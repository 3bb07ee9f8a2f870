"""The oracles agree with each other, and with plans that were computed by hand."""

import random
from typing import Any

import polars as pl
import pytest
from hypothesis import assume

from tests.oracle import brute, flow, judge, milp
from tests.oracle.bound import bound
from tests.oracle.reading import Row, World, read
from tests.support.laws import SEEDS, law
from tests.support.worlds import (
    SMALL,
    Tables,
    full_world,
    full_worlds,
    permuted,
    policies,
    renamed,
    tree_policies,
    tree_world,
    tree_worlds,
)


def some_prices(world: World, seed: int) -> list[Row]:
    draw = random.Random(seed)
    rows: list[Row] = [
        {"request_id": s.request, "post": post, "option": s.option, "volunteer_id": volunteer}
        for request in world.requests.values()
        for s in request.services
        for post in request.posts
        for volunteer in (None, *world.volunteers)
        if volunteer is None or draw.random() < 0.3
    ]
    rows += [{"organisation_id": organisation} for organisation in world.quotas]
    return [row | {"price": draw.choice([0, 300, 1500.5, 4000])} for row in rows]


# --- the oracles against each other ---------------------------------------------------------------


@law(150, tables=full_worlds(), policy=policies())
def test_programme_finds_the_optimum(tables: Tables, policy: Row) -> None:
    world = read(tables, policy)
    assume(len(world.arcs) <= 25)
    best, programme = brute.optimum(world), milp.optimum(world)
    assert best is not None
    assert programme is not None
    assert programme[0] == best[0]
    for value, plan in (best, programme):
        assert judge.faults(world, plan) == []
        assert judge.value(world, plan) == value


@law(150, tables=tree_worlds(), policy=tree_policies())
def test_flow_finds_the_optimum(tables: Tables, policy: Row) -> None:
    world = read(tables, policy)
    assume(len(world.arcs) <= 25)
    value, plan = flow.optimum(world)
    assert judge.faults(world, plan) == []
    assert judge.value(world, plan) == value
    assert [brute.optimum(world)[0], milp.optimum(world)[0]] == [value, value]


@pytest.mark.parametrize("seed", range(6))
def test_flow_and_programme_agree_on_more_people(seed: int) -> None:
    world = read(tree_world(seed, **SMALL))
    value, plan = flow.optimum(world)
    assert judge.faults(world, plan) == []
    assert milp.optimum(world)[0] == judge.value(world, plan) == value


@pytest.mark.parametrize("seed", range(6))
def test_programme_keeps_every_rule_with_more_people(seed: int) -> None:
    world = read(full_world(seed, **SMALL))
    value, plan = milp.optimum(world)
    assert judge.faults(world, plan) == []
    assert judge.value(world, plan) == value


@law(150, tables=full_worlds(), seed=SEEDS)
def test_no_prices_bound_below_the_optimum(tables: Tables, seed: int) -> None:
    world = read(tables)
    assert bound(world, some_prices(world, seed)) >= milp.optimum(world)[0] - 1e-6


@law(150, tables=full_worlds(), seed=SEEDS)
def test_names_and_order_do_not_matter(tables: Tables, seed: int) -> None:
    value = milp.optimum(read(tables))[0]
    assert milp.optimum(read(renamed(tables, seed)))[0] == value
    assert milp.optimum(read(permuted(tables, seed)))[0] == value


@law(150, tables=full_worlds(typed=True))
def test_text_reads_like_types(tables: Tables) -> None:
    text = {name: pl.read_csv(frame.write_csv().encode()) for name, frame in tables.items()}
    rows = {name: frame.cast(pl.String).to_dicts() for name, frame in text.items()}
    world = read(tables)
    assert read(rows).arcs == world.arcs
    assert read(rows).requests == world.requests


# --- by hand --------------------------------------------------------------------------------------

NEXT = "2026-03-09T00:00"


def at(clock: str, day: int = 2) -> str:
    return f"2026-03-{day:02}T{clock}"


def request(name: str, start: str, end: str, **more: Any) -> Row:
    return {"request_id": name, "start": at(start), "end": at(end), **more}


def hand(volunteers: list[Row], requests: list[Row], **tables: list[Row]) -> World:
    """Everybody is available through the week, unless told otherwise."""
    always = [
        {"volunteer_id": v["volunteer_id"], "start": at("00:00"), "end": NEXT} for v in volunteers
    ]
    given_tables = {"volunteers": volunteers, "requests": requests, "availability": always}
    return read(given_tables | tables)


def people(*names: str, **more: Any) -> list[Row]:
    return [{"volunteer_id": name, **more} for name in names]


def optimum(world: World) -> int | None:
    """Return what both oracles say."""
    best, programme = brute.optimum(world), milp.optimum(world)
    assert (best and best[0]) == (programme and programme[0])
    return best and best[0]


def test_one_seat() -> None:
    # 1000 * 3 * (1 + 0.5 * (1 - 1) / 1) = 3000; the places are unknown and add nothing.
    assert optimum(hand(people("a"), [request("r", "09:00", "10:00")])) == 3000


def test_early_seats_and_load() -> None:
    # Two of three seats at priority 2: 2000 * (1 + 0.5 * 2/3) = 2666.67 and 2000 * (1 + 0.5 / 3) =
    # 2333.33. Recent hours 0.2 of 40 cost round(0.5) = 1 a service, 33 of 40 round(82.5) = 83.
    both = [{"volunteer_id": "a", "recent_hours": 0.2}, {"volunteer_id": "b", "recent_hours": 33}]
    posts = [{"request_id": "r", "post": "p", "seats": 3}]
    world = hand(both, [request("r", "09:00", "10:00", priority=2)], posts=posts)
    assert optimum(world) == 2667 + 2333 - 1 - 83
    # Three services of one person: 3 * 3000 - (0 + 100 + 200).
    day = [request("r", "09:00", "10:00"), request("s", "10:00", "11:00")]
    assert optimum(hand(people("a"), [*day, request("t", "12:00", "13:00")])) == 9000 - 300


def test_quality_is_every_term() -> None:
    # A degree of latitude is 111.195 km: 0.05 of it 5.5597 km, 200 * (1 - 0.55597) = 88.8 -> 89.
    # The lower of two windows that touch in the service: -1 * 50. Weights 80 + 70 are cut to 100.
    # 12 visits count as 10 * 20 = 200. Affinity -7. Accepted 300.
    request_row = request("r", "09:00", "11:00", lat=0.05, lon=0, category="c", beneficiary_id="b")
    windows = [
        {"volunteer_id": "a", "start": at("08:00"), "end": at("10:00"), "preference": 2},
        {"volunteer_id": "a", "start": at("10:00"), "end": at("11:00"), "preference": -1},
        {"volunteer_id": "a", "start": at("11:00"), "end": at("12:00"), "preference": -2},
    ]
    likes = [
        {"volunteer_id": "a", "subject": "category", "value": "c", "weight": 80},
        {"volunteer_id": "a", "subject": "post", "value": "volunteer", "weight": 70},
        {"volunteer_id": "a", "subject": "station", "value": "c", "weight": -100},
    ]
    triple = {"volunteer_id": "a", "request_id": "r", "post": "volunteer"}
    world = hand(
        people("a", lat=0, lon=0),
        [request_row],
        availability=windows,
        preferences=likes,
        bonds=[{"volunteer_id": "a", "beneficiary_id": "b", "visits": 12}],
        affinities=[{"volunteer_id": "a", "request_id": "r", "score": -7}],
        assignments=[triple | {"status": "accepted"}],
    )
    assert world.arcs[0].quality == 89 - 50 + 100 + 200 - 7 + 300
    assert optimum(world) == 3000 + 632
    assert world.arcs[0].status == "accepted"


def test_menu_fills_in_what_the_request_leaves_open() -> None:
    # Twice the menu's two seats: values 3000 * (1 + 0.5 * (4 - k) / 4) = 4125, 3750, 3375, 3000.
    # Three of four hold the lead at level 2 on both days of the night shift, but 2 * 2 people are
    # needed: nobody comes.
    item = {"menu_item": "m", "minutes": 180, "min_people": 2}
    asked = {"menu_item": "m", "post": "p", "qualification": "lead", "level": 2}
    held = [{"volunteer_id": v, "qualification": "lead", "level": 2} for v in "abc"]
    held.append({"volunteer_id": "d", "qualification": "lead", "level": 1})
    night = {"request_id": "r", "menu_item": "m", "quantity": 2, "start": at("22:00")}
    menu = {
        "menu": [item],
        "menu_posts": [{"menu_item": "m", "post": "p", "seats": 2}],
        "menu_qualifications": [asked],
        "qualifications": held,
    }
    assert optimum(hand(people(*"abcd"), [night], **menu)) == 0
    # With min_people of its own it is served by three.
    assert optimum(hand(people(*"abcd"), [night | {"min_people": 3}], **menu)) == 4125 + 3750 + 3375
    # Valid until the Monday only: the service ends on the Tuesday at 01:00.
    held[0]["valid_until"] = "2026-03-02"
    assert optimum(hand(people(*"abcd"), [night | {"min_people": 3}], **menu)) == 0
    assert optimum(hand(people(*"abcd"), [night | {"min_people": 0}], **menu)) == 4125 + 3750
    # It ends on the Tuesday at 00:00, which is not a minute of the Tuesday.
    early = night | {"min_people": 3, "start": at("21:00")}
    assert optimum(hand(people(*"abcd"), [early], **menu)) == 4125 + 3750 + 3375


def test_windows_join_and_the_lowest_counts() -> None:
    # Two hours lie in the union of three windows, one of them within another: -2 * 50.
    spans = ("08:00", "09:30", 1), ("08:30", "08:45", -1), ("09:30", "10:30", -2)
    windows = [
        {"volunteer_id": "a", "start": at(start), "end": at(end), "preference": liked}
        for start, end, liked in spans
    ]
    monday = [request("r", "08:30", "10:30")]
    assert optimum(hand(people("a"), monday, availability=windows)) == 2900
    assert optimum(hand(people("a"), [request("r", "08:30", "10:31")], availability=windows)) == 0
    # From 08:45 the second is only touched, as the third is until 09:30: 1 * 50.
    monday = [request("r", "08:45", "09:30")]
    assert optimum(hand(people("a"), monday, availability=windows)) == 3050
    # The week's form: until midnight, then the next day's.
    weekly = [
        {"volunteer_id": "a", "weekday": 1, "start_time": "20:00", "end_time": "00:00"},
        {"volunteer_id": "a", "weekday": 2, "start_time": "00:00", "end_time": "02:00"},
    ]
    night = [{"request_id": "r", "start": at("21:00"), "end": at("02:00", 3)}]
    assert optimum(hand(people("a"), night, availability=weekly)) == 3000


def test_hours_are_those_of_the_clock_that_changes() -> None:
    # In New York the hour from 02:00 on 8 March 2026 does not exist: 01:00 to 04:00 are two hours.
    sunday = {"request_id": "r", "start": at("01:00", 8), "end": "2026-03-08T04:00-04:00"}
    always = {"volunteer_id": "a", "start": at("00:00"), "end": NEXT}
    for most, value in ((2, 3000), (1.9, 0)):
        person = {"volunteer_id": "a", "max_hours": most}
        tables = {"volunteers": [person], "requests": [sunday], "availability": [always]}
        assert optimum(read(tables, {"time_zone": "America/New_York"})) == value


def test_travel_speaks_of_the_next_service() -> None:
    # 0.09 degrees are 10.0 km, half an hour; there are twenty minutes: one of the two.
    spots = {"lat": 0, "lon": 0}, {"lat": 0.09, "lon": 0}
    first = request("r", "09:00", "10:00", **spots[0])
    last = request("t", "10:20", "11:20", **spots[1])
    assert optimum(hand(people("a"), [first, last])) == 3000
    # A service nobody knows the place of, in between, takes no travel: 9000 - 300.
    assert optimum(hand(people("a"), [first, request("s", "10:00", "10:20"), last])) == 8700
    # Half an hour is enough for 0.0899 degrees.
    later = request("t", "10:30", "11:30", lat=0.0899, lon=0)
    assert optimum(hand(people("a"), [first, later])) == 5900


def test_rest_is_for_services_of_different_days() -> None:
    # From 23:00 to 08:00 are nine hours, from 10:00 to 20:00 ten hours of one day.
    services = [request("r", "09:00", "10:00"), request("s", "20:00", "23:00")]
    services.append({"request_id": "t", "start": at("08:00", 3), "end": at("09:00", 3)})
    assert optimum(hand(people("a", min_rest_hours=9), services)) == 8700
    assert optimum(hand(people("a", min_rest_hours=9.5), services)) == 5900
    assert optimum(hand(people("a", min_rest_hours=24), services)) == 5900
    assert optimum(hand(people("a", max_hours=3.5), services)) == 5900
    assert optimum(hand(people("a", max_shifts_per_day=1, max_hours=2), services)) == 5900
    assert optimum(hand(people("a", max_shifts=1), services)) == 3000


def test_days_and_kinds_are_counted() -> None:
    services = [
        {"request_id": name, "start": at("09:00", day), "end": at("10:00", day)}
        for day, name in enumerate("rstu", 2)
    ]
    assert optimum(hand(people("a", max_days=2), services)) == 5900
    # Two on, one off: r, s and u.
    assert optimum(hand(people("a", max_consecutive_days=2), services)) == 8700
    assert optimum(hand(people("a", max_in_days=1, in_days=3), services)) == 5900
    for service, kind in zip(services, "aabb", strict=True):
        service["category"] = kind
    each = {"volunteer_id": None, "subject": "category", "value": None, "max_shifts": 1}
    assert optimum(hand(people("a"), services, limits=[each])) == 5900
    assert optimum(hand(people("a"), services, limits=[each | {"value": "a"}])) == 8700


def test_teams() -> None:
    # Three people, one holder for every two: two holders are needed, and there is one. Two people
    # then: values 3000 * (1 + 0.5 * (3 - k) / 3) = 4000, 3500, 3000.
    rule = {"request_id": "r", "qualification": "lead", "per_people": 2}
    tables: dict[str, list[Row]] = {
        "posts": [{"request_id": "r", "post": "p", "seats": 3}],
        "qualifications": [{"volunteer_id": "a", "qualification": "lead"}],
        "team_rules": [rule],
    }
    one = [request("r", "09:00", "10:00")]
    assert optimum(hand(people(*"abc"), one, **tables)) == 7500
    tables["team_rules"] = [rule | {"min_people": 2}]
    assert optimum(hand(people(*"abc"), one, **tables)) == 0
    tables["team_rules"] = []
    tables["pairs"] = [{"volunteer_a": "a", "volunteer_b": "c", "rule": "apart"}]
    assert optimum(hand(people(*"abc"), one, **tables)) == 7500
    tables["pairs"][0]["rule"] = "together"
    assert optimum(hand(people(*"abc"), one, **tables)) == 10500
    # c is away, so a may not come either.
    always = [{"volunteer_id": v, "start": at("00:00"), "end": NEXT} for v in "ab"]
    assert optimum(hand(people(*"abc"), one, availability=always, **tables)) == 4000


def test_options_pins_and_consent() -> None:
    # b comes at the second option only; two seats of 3000 * 1.25 = 3750 and 3000.
    options = [
        {"request_id": "r", "option": "x", "start": at("09:00"), "end": at("10:00")},
        {"request_id": "r", "option": "y", "start": at("15:00"), "end": at("16:00")},
    ]
    windows = [{"volunteer_id": "a", "start": at("09:00"), "end": at("16:00")}]
    windows.append({"volunteer_id": "b", "start": at("14:00"), "end": at("16:00")})
    tables = {
        "options": options,
        "availability": windows,
        "posts": [{"request_id": "r", "post": "p", "seats": 2}],
    }
    both = [{"volunteer_id": "a"}, {"volunteer_id": "b", "consent": "refuse"}]
    pin: Row = {"volunteer_id": "a", "request_id": "r", "post": "p", "status": "pinned"}
    agreed = pin | {"volunteer_id": "b", "status": "accepted"}
    assert optimum(hand(both, [{"request_id": "r"}], **tables)) == 3750
    # b agrees: 300 more.
    tables["assignments"] = [pin, agreed]
    assert optimum(hand(both, [{"request_id": "r"}], **tables)) == 3750 + 3000 + 300
    tables["assignments"] = [pin | {"option": "x"}, agreed]
    assert optimum(hand(both, [{"request_id": "r"}], **tables)) == 3750
    tables["assignments"] = [agreed | {"status": "pinned", "option": "x"}]
    assert optimum(hand(both, [{"request_id": "r"}], **tables)) is None
    tables["assignments"] = [pin | {"status": "declined", "option": "y"}]
    assert optimum(hand(both, [{"request_id": "r"}], **tables)) == 3750


def test_quotas_hold_over_the_tree() -> None:
    tree = [
        {"organisation_id": "top", "max_seats": 1},
        {"organisation_id": "low", "parent_id": "top"},
    ]
    members = [{"volunteer_id": "a", "organisation_id": "low"}]
    members.append({"volunteer_id": "b", "organisation_id": "top"})
    services = [request("r", "09:00", "10:00"), request("s", "09:00", "10:00", priority=4)]
    world = hand(members, services, organisations=tree)
    assert optimum(world) == flow.optimum(world)[0] == 4000
    # A request of the top is not for the low's volunteers.
    services[1]["organisation_id"] = "top"
    tree[0]["max_seats"] = 2
    assert optimum(hand(members[:1], services, organisations=tree)) == 3000


def test_bound_by_hand() -> None:
    # One seat of 3000 and two people. At 2900 both would come: 2 * 2900, and the request gains
    # 3000 - 2900 by one; at 0 nobody asks for anything and the request is worth its seat.
    world = hand(people("a", "b"), [request("r", "09:00", "10:00")])
    row: Row = {"request_id": "r", "post": "volunteer", "option": None}
    assert bound(world, []) == 3000
    assert bound(world, [row | {"price": 2900}]) == 2 * 2900 + 100
    own = row | {"volunteer_id": "b", "price": -50}
    assert bound(world, [row | {"price": 2900}, own]) == 2900 + 3050
    # A quota of one on both: at 500 each is worth 2400 to the request, and the quota 500.
    members = people("a", "b", organisation_id="o")
    quota = [{"organisation_id": "o", "max_seats": 1}]
    world = hand(members, [request("r", "09:00", "10:00")], organisations=quota)
    priced = [row | {"price": 2900}, {"organisation_id": "o", "price": 500}]
    assert bound(world, priced) == 2 * 2400 + 500 + 100


def test_judge_names_what_is_broken() -> None:
    services = [request("r", "09:00", "10:00", min_people=2), request("s", "09:30", "10:30")]
    world = hand(people("a", max_shifts=1), services)
    rows = [{"volunteer_id": "a", "request_id": q, "post": "volunteer"} for q in "rs"]
    broken = judge.faults(world, rows)
    assert sorted(broken) == ["a: r and s overlap", "a: too many services", "r: too few people"]
    assert "not eligible" in judge.faults(world, [rows[0] | {"post": "cook"}])[0]
