"""A desk whose week changes: every change is compared with a desk of the changed tables."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Event

import numpy as np
import polars as pl
import pytest
from hypothesis import assume

from matching import DataError, DataWarning, Desk, UsageError, Week, audit, solve
from matching.answers.given import Given
from matching.flow.living import LivingWeek
from tests.support.hand import ask, at, people
from tests.support.laws import LATER, SEEDS, law, problem_of
from tests.support.worlds import Tables, full_worlds, tree_worlds

# Worlds drawn at random may leave network rules behind: a test of its own says that it is told.
pytestmark = pytest.mark.filterwarnings("ignore:limits of hours:matching.errors.DataWarning")
MORNING = ("2026-03-02 08:00", "2026-03-02 13:00")
GIVEN: list[Given] = ["plan", "accepted", "nothing"]


def desk_of(week: Week) -> Desk:
    return Desk(solve(week.problem(), gap=0.0))


def tea_and_bus() -> Week:
    """Ann and Bob can come all morning; tea and the bus are at nine, the walk at eleven."""
    week = Week("2026-03-02")
    for name in ("ann", "bob"):
        week.volunteer(name, available=[MORNING], max_shifts=2)
    ask(week, "tea", priority=5)
    ask(week, "bus", priority=4)
    ask(week, "walk", "2 11:00", "2 12:00")
    return week


def serving(desk: Desk) -> set[tuple[str, str]]:
    problem, plan = desk.problem, desk.plan
    who = problem.volunteers.id.gather(plan.volunteer)
    return set(zip(who, problem.requests.id.gather(problem.slots.request[plan.slot]), strict=True))


def shown(desk: Desk, who: str, given: Given = "accepted") -> list[str]:
    return sorted(desk.feed(who, given=given)["request_id"])


def test_who_says_yes_is_out_of_the_feeds_of_others() -> None:
    desk = desk_of(tea_and_bus())
    assert shown(desk, "bob") == ["bus", "tea", "walk"]
    desk.accept("ann", "tea")
    assert shown(desk, "bob") == ["bus", "walk"]
    assert shown(desk, "ann") == ["walk"]
    assert ("ann", "tea") in serving(desk)
    assert ("bob", "bus") in serving(desk)
    # She said yes to tea, so the bus is not for her any more.
    with pytest.raises(UsageError, match=r"ann cannot serve bus. It overlaps .* \(tea\)"):
        desk.accept("ann", "bus")
    with pytest.raises(UsageError, match=r"bob cannot serve tea\. All its seats are pinned"):
        desk.accept("bob", "tea")
    # What was refused changed nothing.
    assert shown(desk, "bob") == ["bus", "walk"]


def test_who_says_no_is_not_asked_again() -> None:
    desk = desk_of(tea_and_bus())
    desk.accept("ann", "tea")
    desk.decline("ann", "tea")
    assert shown(desk, "ann") == ["bus", "walk"]
    assert ("bob", "tea") in serving(desk)
    assert ("ann", "bus") in serving(desk)
    with pytest.raises(UsageError, match="You declined it before"):
        desk.accept("ann", "tea")
    desk.pin("bob", "walk")
    with pytest.raises(UsageError, match="pinned"):
        desk.decline("bob", "walk")


def test_offers_keep_their_floor_after_an_answer() -> None:
    # Each of three seats should be offered to one: after ann's yes, two are left.
    desk = desk_of(tea_and_bus())
    assert sorted(desk.offers("accepted")["request_id"].unique()) == ["bus", "tea", "walk"]
    desk.accept("ann", "tea")
    assert sorted(desk.offers("accepted")["request_id"].unique()) == ["bus", "walk"]


@pytest.mark.slow
def test_people_come_change_and_go() -> None:
    desk = desk_of(tea_and_bus())
    desk.put_volunteer("cem", available=[MORNING], max_shifts=1)
    assert shown(desk, "cem") == ["bus", "tea", "walk"]
    desk.put_volunteer("cem", available=[(at("2 10:30"), at("2 13:00"))])
    assert shown(desk, "cem") == ["walk"]
    assert desk.problem.volunteers.max_shifts[2] == 1
    desk.remove_volunteer("ann")
    assert shown(desk, "ann") == []
    assert not {who for who, _ in serving(desk)} & {"ann"}
    # A window that is no window is told, and what was agreed has to be declined first.
    with pytest.raises(DataError):
        desk.put_volunteer("cem", available=[(at("2 13:00"), at("2 09:00"))])
    desk.accept("cem", "walk")
    with pytest.raises(UsageError, match="cannot stay"):
        desk.put_volunteer("cem", available=[])
    with pytest.raises(UsageError, match="no organisation 'cooks'"):
        desk.put_volunteer("cem", organisation_id="cooks")


def test_what_was_agreed_stays_when_a_limit_comes_that_no_network_knows() -> None:
    # Tea and the walk are an hour each: ann, who said yes to both, cannot have 1.5 hours at most.
    desk = desk_of(tea_and_bus())
    desk.accept("ann", "tea")
    desk.accept("ann", "walk")
    with pytest.raises(UsageError, match=r"cannot stay: .*max_hours"):
        desk.put_volunteer("ann", max_hours=1.5)
    # What was refused changed nothing: the plan is still the best, with prices of its own.
    desk.decline("ann", "walk")
    assert serving(desk) == {("ann", "tea"), ("bob", "bus"), ("bob", "walk")}


def test_fewer_services_than_were_agreed_are_refused() -> None:
    # Under network rules, too, ann's two promises are two, whoever said so and when.
    desk = desk_of(tea_and_bus())
    desk.accept("ann", "tea")
    desk.pin("ann", "walk")
    with pytest.raises(UsageError, match=r"cannot stay: .*max_shifts"):
        desk.put_volunteer("ann", max_shifts=1)
    desk.accept("bob", "bus")
    assert serving(desk) == {("ann", "tea"), ("ann", "walk"), ("bob", "bus")}
    twice = desk_of(tea_and_bus())
    for request in ("tea", "walk"):
        twice.accept("ann", request)
    with pytest.raises(UsageError, match=r"cannot stay: .*max_shifts"):
        twice.put_volunteer("ann", max_shifts=1)


def test_a_limit_that_no_network_knows_is_told() -> None:
    # Bob, with 1.5 hours, cannot do the bus and the walk: from now on what cannot stay only goes.
    desk = desk_of(tea_and_bus())
    desk.accept("ann", "tea")
    with pytest.warns(DataWarning, match=r"\(bob\): from this change on prices stay"):
        desk.put_volunteer("bob", max_hours=1.5)
    assert audit.violations(desk.problem, desk.plan).is_empty()


def test_a_request_at_a_time_that_no_network_knows_is_told() -> None:
    # Ann's 2.5 hours are enough for tea and the walk, but not for another tea at ten.
    week = Week("2026-03-02")
    week.volunteer("ann", available=[MORNING], max_hours=2.5)
    ask(week, "tea")
    ask(week, "walk", "2 11:00", "2 12:00")
    desk = desk_of(week)
    with pytest.warns(DataWarning, match=r"limits of hours, .* \(ann\)"):
        desk.copy_request("tea", "more tea", start=at("2 10:00"), end=at("2 11:00"))
    assert serving(desk) == {("ann", "tea"), ("ann", "walk")}
    assert audit.violations(desk.problem, desk.plan).is_empty()


def test_a_qualification_opens_a_post() -> None:
    week = people("ann")
    ask(week, "tea", qualifications={"cook": 2})
    desk = desk_of(week)
    assert shown(desk, "ann") == []
    desk.put_volunteer("ann", qualifications={"cook": 2})
    assert shown(desk, "ann") == ["tea"]
    assert serving(desk) == {("ann", "tea")}


def test_what_is_served_in_another_week_is_nobody_s_here() -> None:
    # Tea is on the second or on the eleventh; bob has it on the eleventh, so that a newcomer and
    # ann, whatever she says of herself now, are not to serve it here.
    week = people("ann bob")
    options = {"a": (at("2 09:00"), at("2 10:00")), "b": ("2026-03-11 09:00", "2026-03-11 10:00")}
    week.request("tea", options=options)
    week.assignment("bob", "tea", "accepted", option="b")
    desk = desk_of(week)
    desk.put_volunteer("ann", travel_km=20.0)
    desk.put_volunteer("cem", available=[MORNING])
    for name in ("ann", "cem"):
        assert shown(desk, name) == []
        assert set(desk.why_not(name, "tea")["kind"]) == {"already_served"}


def test_seats_and_requests_are_added() -> None:
    desk = desk_of(tea_and_bus())
    desk.set_seats("walk", 2)
    assert {("ann", "walk"), ("bob", "walk")} <= serving(desk)
    desk.copy_request("walk", "talk", start=at("2 12:00"), end=at("2 13:00"))
    assert "talk" in shown(desk, "ann")
    assert desk.shortlist("talk", given="nothing")["volunteer_id"].sort().to_list() == [
        "ann",
        "bob",
    ]
    desk.accept("ann", "walk")
    desk.accept("bob", "walk")
    with pytest.raises(UsageError, match="cannot have 1 seats"):
        desk.set_seats("walk", 1)
    with pytest.raises(UsageError, match="has a request 'talk' already"):
        desk.copy_request("walk", "talk")
    with pytest.raises(UsageError, match="no post 'cook': it has volunteer"):
        desk.set_seats("walk", 1, post="cook")


def test_under_the_full_rulebook_what_cannot_stand_beside_an_answer_goes() -> None:
    # Both or none at tea; bob says yes to the bus at the same time, so tea has nobody.
    week = Week("2026-03-02")
    for name in ("ann", "bob"):
        week.volunteer(name, available=[MORNING])
    ask(week, "tea", priority=5, seats=2, min_people=2)
    ask(week, "bus", priority=1)
    desk = desk_of(week)
    assert serving(desk) == {("ann", "tea"), ("bob", "tea")}
    desk.accept("bob", "bus")
    assert serving(desk) == {("bob", "bus")}
    assert shown(desk, "ann", "plan") == []


def changed(desk: Desk, random: np.random.Generator, number: int) -> None:
    """Let somebody answer, come, go or change, or let seats or a request be added."""
    people, requests = desk.problem.volunteers.id, desk.problem.requests.id
    who = people[int(random.integers(len(people)))]
    request = requests[int(random.integers(len(requests)))]
    kind = random.integers(8)
    feeds = desk.feeds(10, "accepted")
    if kind < 3 and feeds.height:
        row = feeds.row(int(random.integers(feeds.height)), named=True)
        answer = desk.accept if kind < 2 else desk.decline
        answer(row["volunteer_id"], row["request_id"], row["post"], row["option"])
    elif kind == 3:
        desk.put_volunteer(f"new{number}", available=[(n, "08:00", "20:00") for n in range(1, 8)])
    elif kind == 4:
        desk.put_volunteer(who, max_shifts=1, travel_km=5.0)
    elif kind == 5:
        desk.remove_volunteer(who)
    elif kind == 6:
        desk.copy_request(request, f"more{number}")
    else:
        q = desk.problem.requests.id.index_of(request)
        posts = desk.problem.posts.id.filter(pl.Series(desk.problem.posts.request == q))
        desk.set_seats(request, int(random.integers(1, 4)), posts[0])


@law(12, tables=tree_worlds() | full_worlds(), seed=SEEDS)
def test_a_changed_desk_is_that_of_the_changed_week(tables: Tables, seed: int) -> None:
    result = solve(problem_of(tables), gap=0.0, time_limit=0.2)
    assume(result.status not in ("infeasible", "unknown"))
    assume(len(result.problem.requests) and len(result.problem.volunteers))
    desk, random = Desk(result), np.random.default_rng(seed)
    for number in range(6):
        with suppress(UsageError):
            changed(desk, random, number)
        # The plan keeps every rule, but for teams that are still to come.
        broken = audit.violations(desk.problem, desk.plan).filter(~pl.col("rule").is_in(LATER))
        assert broken.is_empty(), broken
        # Built anew from the same week, plan and prices, it answers the same.
        again = Desk.of(desk.problem, desk.plan, desk.prices)
        for given in GIVEN:
            assert desk.feeds(10, given).equals(again.feeds(10, given))
            assert desk.offers(given).equals(again.offers(given))
        for request in desk.problem.requests.id:
            assert desk.shortlist(request).equals(again.shortlist(request))


@law(8, tables=tree_worlds())
def test_under_network_rules_the_plan_is_the_best_that_holds_what_was_agreed(
    tables: Tables,
) -> None:
    tables = {name: frame for name, frame in tables.items() if name != "assignments"}
    result = solve(problem_of(tables), gap=0.0)
    # Rest or hours may bind beyond the tree: then nothing is planned anew.
    assume(LivingWeek(result.problem, result.arcs).is_exact)
    desk = Desk(result)
    feeds = desk.feeds(1, "accepted")
    assume(feeds.height)
    row = feeds.row(feeds.height // 2, named=True)
    desk.accept(row["volunteer_id"], row["request_id"], row["post"], row["option"])
    said = {name: row[name] for name in ("volunteer_id", "request_id", "post", "option")}
    # What is accepted is worth `policy.kept` more, wherever the rest of the plan goes.
    rows = pl.DataFrame([said | {"status": "pinned"}], dict.fromkeys([*said, "status"], pl.String))
    afresh = solve(problem_of(tables | {"assignments": rows}), gap=0.0)
    assert audit.value(afresh.problem, desk.plan) == afresh.value


@pytest.mark.slow
def test_every_answer_is_of_one_week_or_of_the_other() -> None:
    # Ann accepts and declines walks in turn: whoever asks meanwhile sees a whole week. Bob sees the
    # walk if and only if nobody accepted it, and the plan has one at the walk at most.
    week = people("ann bob", max_shifts=3)
    ask(week, "tea")
    for n in range(20):
        ask(week, f"walk{n}", "3 09:00", "3 10:00")
    desk, done = desk_of(week), Event()

    def ask_on() -> int:
        asked = 0
        while not done.is_set() or not asked:
            feed = desk.feed("bob", 100, "accepted")
            assert feed["request_id"].n_unique() == feed.height
            # Whatever was accepted since, each answer has tea, and 20 walks less those accepted.
            assert 20 <= feed.height <= 21
            problem, plan = desk.problem, desk.plan
            assert len(plan) <= len(problem.slots)
            asked += 1
        return asked

    with ThreadPoolExecutor(3) as pool:
        asking = [pool.submit(ask_on) for _ in range(2)]
        for n in range(20):
            desk.accept("ann", f"walk{n}")
            desk.decline("ann", f"walk{n}")
        done.set()
        assert all(one.result() for one in asking)


@pytest.mark.parametrize(
    ("change", "taught"),
    [
        (lambda desk: desk.accept("anne", "tea"), "did you mean ann"),
        (lambda desk: desk.accept("ann", "te"), "no request 'te'"),
        (lambda desk: desk.accept("ann", "tea", option="late"), "no option 'late': it has none"),
        (lambda desk: desk.set_seats("tea", 0), "seats = 0"),
        (lambda desk: desk.put_volunteer("cem", shoes=3), "shoes"),
        (lambda desk: desk.remove_volunteer("cem"), "no volunteer 'cem'"),
        (lambda desk: desk.copy_request("tea", "two", start="2026-03-02 09:00"), "both or neither"),
        (
            lambda desk: desk.copy_request(
                "tea", "two", start="2026-04-02T09:00", end="2026-04-02T10:00"
            ),
            "not in the week",
        ),
    ],
)
def test_what_is_wrong_is_told_and_changes_nothing(
    change: Callable[[Desk], None], taught: str
) -> None:
    desk = desk_of(tea_and_bus())
    before = desk.feeds(10, "nothing")
    with pytest.raises((UsageError, DataError), match=taught):
        change(desk)
    assert desk.feeds(10, "nothing").equals(before)
