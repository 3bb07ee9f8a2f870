"""A living week: after any change the plan is the best again, as if solved afresh."""

from contextlib import suppress
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume

from matching import DataError, UsageError, Week, certify, solve
from matching.audit import value, violations
from matching.audit.pins import settled
from matching.flow.graph import GONE, edges_of
from matching.flow.living import LivingWeek
from matching.flow.worth import worth_of_qualification, worth_of_seat, worth_of_volunteer
from matching.parallel.compiled import plain
from matching.problem import Problem
from matching.problem import columns as c
from matching.problem.part import joined
from matching.problem.plan import Plan
from matching.schema import STATUSES
from tests.support.hand import ALWAYS, ask, at, people
from tests.support.laws import SEEDS, law, problem_of
from tests.support.worlds import SMALL, tree_world

ONE = np.ones(1, np.int32)
NO_DAY = 9999


def answered(part: Problem, post: int, status: str) -> Problem:
    """The volunteer says yes or no to a post."""
    others = part.earlier.take(part.earlier.post != post)
    answer = c.Earlier(0 * ONE, post * ONE, -ONE, STATUSES.index(status) * ONE, 0 * ONE)
    return replace(part, earlier=joined(others, answer))


def free(part: Problem, option: int, preference: int = 0) -> Problem:
    """The volunteer has time for an option, too."""
    options = part.options
    window = c.Windows(0 * ONE, options.start[[option]], options.end[[option]], preference * ONE)
    windows = joined(part.windows, window)
    return replace(part, windows=windows.take(np.argsort(windows.start, kind="stable")))


def skilled(part: Problem, qualification: int) -> Problem:
    """The volunteer has learned something."""
    learned = c.Holdings(qualification * ONE, 0 * ONE, 5 * ONE, -NO_DAY * ONE, NO_DAY * ONE)
    return replace(part, holdings=joined(part.holdings, learned).sorted())


def one_fewer(table: c.Columns, random: np.random.Generator) -> c.Columns:
    return table.take(np.sort(random.permutation(len(table))[1:]))


def changed(living: LivingWeek, random: np.random.Generator) -> str:
    """Change something at random; return what."""
    problem, who = living.problem, int(random.integers(len(living.node)))
    part, arcs = living.member(who), living.living.member(who).arcs
    option, post = (int(random.integers(len(x))) for x in (problem.options, problem.posts))
    match kind := str(random.choice(KINDS)):
        case "leave":
            living.leave(who)
        case "back":
            living.change(who, part)
        case "join":
            living.join(part)
        case "free":
            living.change(who, free(part, option, int(random.integers(-2, 3))))
        case "busy" if len(part.windows):
            living.change(who, replace(part, windows=one_fewer(part.windows, random)))
        case "learn" if len(problem.qualification_ids):
            learned = int(random.integers(len(problem.qualification_ids)))
            living.change(who, skilled(part, learned))
        case "forget" if len(part.holdings):
            living.change(who, replace(part, holdings=one_fewer(part.holdings, random)))
        case "decline" if len(arcs):
            slot = int(random.choice(arcs.slot))
            living.change(who, answered(part, int(problem.slots.post[slot]), "declined"))
        case "pin":
            volunteers, slots = living.plan()
            if len(mine := slots[volunteers == who]):
                post = int(problem.slots.post[random.choice(mine)])
                living.change(who, answered(part, post, "pinned"))
        case "seats":
            living.set_seats(post, max(int(random.integers(5)), int(living.pinned.seats[post])))
        case "request":
            another(living, random, option)
        case "no request":
            living.remove_request(int(random.integers(len(problem.requests))))
    return kind


KINDS = ["leave", "back", "join", "free", "busy", "learn", "forget", "decline", "pin", "seats"]
KINDS += ["request", "no request"]


def assert_as_if_afresh(living: LivingWeek) -> None:
    """The plan keeps the rules and is worth what the best is; the prices prove it."""
    now, number = living.snapshot()
    volunteer, slot = living.plan()
    order = np.argsort(number)
    plan = Plan(order[np.searchsorted(number[order], volunteer)].astype(np.int32), slot)
    assert living.value == LivingWeek(now).value
    if living.is_exact:
        assert violations(now, plan).is_empty()
        result = solve(now)
        assert (result.status, result.value) == ("optimal", value(now, plan))
        assert result.value == living.value
        if not len(now.pins):
            assert certify(now, living.prices()) == living.value


@law(60, seed=SEEDS)
def test_any_changes_leave_the_best_plan_and_prices_that_prove_it(seed: int) -> None:
    random = np.random.default_rng(seed)
    problem = problem_of(tree_world(seed, **(SMALL if seed % 4 == 0 else {})))
    assume(len(problem.options) and len(problem.volunteers))
    try:
        living = LivingWeek(settled(problem))
    except DataError:
        assume(False)
    for _ in range(6):
        # What is pinned has to stay: not everything can happen.
        with suppress(UsageError):
            changed(living, random)
    assert_as_if_afresh(living)


def another(living: LivingWeek, random: np.random.Generator, option: int) -> None:
    """A request comes that is like another, at the time of an option."""
    problem = living.problem
    times = ("start", "end", "day", "last_day", "first_end", "minutes")
    moved = {name: getattr(problem.options, name)[option] for name in times}
    request = int(random.integers(len(problem.requests)))
    living.copy_request(request, f"new {len(problem.requests)}", **moved)


@law(60, seed=SEEDS)
def test_requests_that_come_find_the_best_beside_limits_of_days_and_weeks(seed: int) -> None:
    random, week = np.random.default_rng(seed), Week("2026-03-02")
    for who in ["ada", "bo", "cy", "di"]:
        a, b = sorted(int(hour) for hour in random.choice(24, 2, replace=False))
        free = [(at(f"{day} {a:02}:00"), at(f"{day} {b:02}:00")) for day in (2, 3)]
        limits = {"max_shifts": int(random.integers(1, 5)), "recent_hours": int(random.integers(9))}
        a_day = int(random.integers(1, 4))
        week.volunteer(who, available=free, max_shifts_per_day=a_day, **limits)
    for day, hour in ((2, 8), (2, 11), (2, 14), (2, 17), (3, 11)):
        name, most = f"{day} {hour}", int(random.integers(1, 3))
        ask(week, name, f"{day} {hour:02}:00", f"{day} {hour + 2:02}:00", seats=most)
        if random.integers(4) == 0:
            week.pin(str(random.choice(["ada", "bo", "cy", "di"])), name)
    # Pins that cannot stay are set aside.
    living = LivingWeek(settled(week.problem(on_error="quarantine")))
    for _ in range(8):
        another(living, random, int(random.integers(5)))
        if random.integers(4) == 0:
            living.change(who := int(random.integers(4)), living.member(who))
        assert living.value == LivingWeek(living.snapshot()[0]).value
    assert_as_if_afresh(living)


def three() -> LivingWeek:
    """Ada, Bo and Cy are free all week; lunch needs one person, and so does tea."""
    week = people("ada bo cy")
    ask(week, "lunch", "2 12:00", "2 13:00")
    ask(week, "tea", "2 12:30", "2 13:30")
    return LivingWeek(week.problem())


def test_a_request_that_comes_finds_its_people_beside_pins_from_the_start() -> None:
    week = people("ann bo cat")
    ask(week, "r")
    ask(week, "s", seats=2)
    week.pin("ann", "r")
    living = LivingWeek(week.problem())
    # Ann is at r (3,000), Bo and Cat are at s: the first of two seats is worth 3,750, the second
    # 3,000.
    assert living.value == 3000 + 3750 + 3000
    # At the same hour, a first seat gains 750 more than a second one: Bo or Cat moves.
    living.copy_request(1, "new")
    assert living.value == 3000 + 3750 + 3750
    assert_as_if_afresh(living)
    # Without Ann nobody is at r: 3,000 less. Cat, who is back, finds the same as before.
    living.leave(0)
    living.change(2, living.member(2))
    assert living.value == 3750 + 3750
    # A third at the same hour is one too many for two people.
    living.copy_request(0, "newer")
    assert living.value == 3750 + 3750
    assert_as_if_afresh(living)
    # Ann comes back, and is pinned to r as she was.
    living.change(0, living.member(0))
    assert living.value == 3000 + 3750 + 3750
    assert_as_if_afresh(living)


def test_who_leaves_is_replaced_and_who_is_not_needed_is_worth_nothing() -> None:
    living = three()
    (ada, bo), _ = living.plan()
    worth, before = living.worth_of(int(ada)), living.value
    # Another is free, and as good.
    assert worth == 0
    living.leave(int(ada))
    assert living.value == before
    # Nobody else is left: a seat of priority 3 in which no time is spent is worth 3,000.
    assert living.worth_of(int(bo)) == 3000
    living.leave(int(bo))
    assert living.value == before - 3000


def test_prices_are_both_derivatives() -> None:
    living = three()
    # One more pair of hands at lunch frees a person whom nobody needs; one fewer brings Cy.
    assert living.price_of_post(0) == (0, 0)
    living.leave(2)
    # Now whoever comes to lunch from outside frees nobody whom tea would not lose.
    assert living.price_of_post(0) == (0, 3000)
    living.set_seats(0, 2)
    # The second seat of two is worth 3,000, the first 3,750.
    gain, cost = living.price_of_post(0)
    assert gain == cost == 3000


def test_a_seat_a_volunteer_and_a_qualification_have_both_derivatives() -> None:
    living = three()
    # Two seats at lunch are worth 3,750 and 3,000, one is worth 3,000; Cy is free for either.
    assert worth_of_seat(living, 0) == (3750, 3000)
    assert worth_of_volunteer(living, 2) == (0, 0)
    living.leave(2)
    # Nobody is left for a second one, but the first of two gains more: 3,750 instead of 3,000.
    assert worth_of_seat(living, 0) == (750, 3000)
    assert worth_of_volunteer(living, 0) == (0, 3000)
    living.leave(1)
    # Ada alone: another like her could take what she leaves.
    assert worth_of_volunteer(living, 0) == (3000, 3000)
    assert (living.value, living.plan()[0].tolist()) == (3000, [0])


def test_what_it_is_worth_to_learn_and_to_forget() -> None:
    week = people("ada bo")
    week.volunteer("cook", available=[ALWAYS], qualifications=["cooking"])
    ask(week, "soup", qualifications=["cooking"])
    living = LivingWeek(week.problem())
    ada, cook = (living.problem.volunteers.id.to_list().index(name) for name in ("ada", "cook"))
    # The cook makes the soup (3,000); a second cook is not needed, and without one it is not made.
    assert worth_of_qualification(living, cook, 0) == (0, 3000)
    assert worth_of_qualification(living, ada, 0) == (0, 0)
    living.leave(cook)
    assert worth_of_qualification(living, ada, 0) == (3000, 0)
    living.change(ada, skilled(living.member(ada), 0))
    living.change(ada, answered(living.member(ada), 0, "pinned"))
    # What is pinned has to stay: the soup's cook cannot forget, nor the soup go.
    assert worth_of_qualification(living, ada, 0) == (0, None)
    assert worth_of_seat(living, 0).fewer is None
    with pytest.raises(UsageError, match="soup cannot go"):
        living.remove_request(0)


@law(25, seed=SEEDS)
def test_derivatives_are_those_of_weeks_solved_afresh(seed: int) -> None:
    problem = problem_of(tree_world(seed, **SMALL))
    assume(len(problem.posts) and len(problem.volunteers) and not len(problem.pins))
    living, random = LivingWeek(problem), np.random.default_rng(seed)
    post, who = int(random.integers(len(problem.posts))), int(random.integers(len(living.node)))
    seats = problem.posts.seats.copy()
    seats[post] += 1
    more = replace(problem, posts=replace(problem.posts, seats=seats))
    assert worth_of_seat(living, post).more == LivingWeek(more).value - living.value
    without = replace(problem, windows=problem.windows.take(problem.windows.volunteer != who))
    assert worth_of_volunteer(living, who).fewer == living.value - LivingWeek(without).value
    assert_as_if_afresh(living)


def test_what_is_gone_is_unlinked_and_searches_stay_short() -> None:
    living = three()

    def gone() -> int:
        graph = living.residual.graph
        edges = plain(edges_of)(graph, int(living.post_node[0]))
        return sum(graph.capacity[e] == GONE for e in edges)

    for _ in range(20):
        living.change(0, living.member(0))
    # Each change gave Ada another edge into lunch and closed the one before.
    assert gone() == 20
    living.price_of_post(0)
    # The first stands where it can be found without a list.
    assert gone() == 1


def test_a_shortage_names_who_is_busy_where() -> None:
    living = three()
    assert living.shortage(0) is None
    living.leave(2)
    # All who could come serve at lunch and tea, and each could serve at the other.
    who, posts = living.shortage(0) or ([], [])
    assert (list(who), list(posts)) == ([0, 1], [0, 1])


def test_a_pinned_seat_cannot_be_taken_away() -> None:
    living = three()
    living.change(0, answered(living.member(0), 0, "pinned"))
    with pytest.raises(UsageError, match=r"lunch cannot have 0 seats .*: 1 are pinned"):
        living.set_seats(0, 0)
    with pytest.raises(UsageError, match=r"cannot stay: request lunch has no seat"):
        living.change(1, answered(living.member(1), 0, "pinned"))
    part = living.member(0)
    with pytest.raises(UsageError, match=r"what is pinned cannot stay: .*rule availability"):
        living.change(0, replace(part, windows=part.windows.take(slice(0))))
