"""Feeds and shortlists: by hand, and what they promise on random worlds."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import assume
from hypothesis import strategies as st

from matching import Desk, Plan, Result, UsageError, Week, audit, solve
from matching.answers.elsewhere import elsewhere, tops_of
from matching.answers.given import Given
from matching.answers.ledger import Ledger
from matching.arcs.value import quality
from matching.bounds.prices import Prices
from matching.problem.plan import slot_keys
from tests.support.hand import ask, people
from tests.support.laws import LATER, SEEDS, law, problem_of
from tests.support.rosters import WORLDS, Drawn
from tests.support.worlds import Tables, full_worlds, tree_worlds

TERMS = ("distance", "window", "wishes", "continuity", "affinity", "kept")
WEEKS = {rule.name for rule in audit.RULES if rule.about == "week"}
ABSENT = ("option", "volunteer_id", "organisation_id")
KEYS = ["request_id", "post", "option", "volunteer_id"]
STANDS: dict[Given, list[str]] = {
    "plan": ["pinned", "accepted", "published", "proposed"],
    "accepted": ["pinned", "accepted"],
    "nothing": [],
}


def solved(week: Week) -> Result:
    return solve(week.problem(), gap=0.0)


def morning() -> Result:
    """Solve a week in which Ann, served lately for 20 of 40 hours, and Bob share two requests."""
    week = Week("2026-03-02")
    for name, more in (("ann", {"recent_hours": 20}), ("bob", {})):
        week.volunteer(name, available=[("2026-03-02 08:00", "2026-03-02 13:00")], **more)
    ask(week, "early", priority=5)
    ask(week, "late", "2 11:00", "2 12:00", seats=2)
    ask(week, "clash", "2 09:30", "2 10:30", priority=1)
    week.prefer("ann", "category", "tea", weight=30)
    return solved(week)


def test_a_feed_is_fit_and_need_less_load() -> None:
    # Nothing stands: for Bob `clash`, which goes to nobody, since whoever could serve it serves
    # `early` (5000) or is free: one of the two.
    desk = Desk(morning())
    feed = desk.feed("bob", given="nothing")
    price = dict(desk.prices.to_frame(desk.problem).select("request_id", "price").rows())
    assert sorted(feed["request_id"]) == ["clash", "early", "late"]
    assert feed["rank"].to_list() == [1, 2, 3]
    for row in feed.to_dicts():
        assert row["fit"] == sum(row[term] for term in TERMS) == 0
        assert row["need"] == price[row["request_id"]]
        assert row["score"] == row["fit"] + row["need"] - row["load"]


def test_what_is_given_up_is_named() -> None:
    # Ann can serve one of two at nine; the plan has her at the dearer one (5000 against 1000).
    week = people("ann")
    ask(week, "dear", priority=5)
    ask(week, "cheap", priority=1)
    ask(week, "noon", "2 12:00", "2 13:00", priority=1)
    desk = Desk(solved(week))
    assert desk.feed("ann").is_empty()
    rows = {row["request_id"]: row for row in desk.feed("ann", given="nothing").to_dicts()}
    cheap, dear = rows["cheap"], rows["dear"]
    # What goes is `dear` alone: its price. The load is that of a second service, 100, either way.
    assert (cheap["busy"], cheap["gives_up"]) == ("dear", dear["need"] - 100.0)
    assert (dear["busy"], dear["gives_up"], cheap["load"]) == (None, 0.0, 100.0)


def test_what_is_accepted_stands() -> None:
    week = people("ann bob")
    ask(week, "nine")
    ask(week, "ten", "2 09:30", "2 10:30")
    week.accept("ann", "nine")
    desk = Desk(solved(week))
    # Bob is only proposed for `ten`; Ann said yes to `nine`, which overlaps it.
    assert desk.feed("ann", given="accepted").is_empty()
    assert desk.feed("bob", given="accepted")["request_id"].to_list() == ["ten"]
    assert desk.shortlist("ten", given="accepted")["volunteer_id"].to_list() == ["bob"]
    assert desk.shortlist("nine", given="accepted").is_empty()


def test_who_comes_first_is_worth_least_elsewhere() -> None:
    # At the same hour `tea` is priced at 1000 and `bus`, which only Ann can drive, at 5000. Her
    # best week is worth 5000, with `tea` 1000, of which 1000 is the service: elsewhere 5000. Bob's
    # is worth 1000 either way: elsewhere 1000. Nobody has a place or a wish: the fit is 0.
    week = people("bob")
    week.volunteer("ann", available=[("2026-03-02 08:00", "2026-03-02 13:00")])
    week.qualification("ann", "driver")
    ask(week, "tea")
    ask(week, "bus", qualifications=["driver"])
    problem = week.problem()
    prices = {"request_id": ["tea", "bus"], "post": "volunteer", "price": [1000.0, 5000.0]}
    absent = [pl.lit(None, pl.String).alias(name) for name in ABSENT]
    plan = pl.DataFrame(
        {"request_id": ["tea", "bus"], "post": "volunteer", "volunteer_id": ["bob", "ann"]}
    )
    desk = Desk.of(problem, plan, pl.DataFrame(prices).with_columns(absent))
    rows = desk.shortlist("tea", given="nothing")
    found = rows.select("rank", "volunteer_id", "elsewhere", "score", "busy").rows()
    assert found == [(1, "bob", 1000.0, -1000.0, None), (2, "ann", 5000.0, -5000.0, "bus")]


def test_an_unknown_id_is_told_with_one_like_it() -> None:
    desk = Desk(morning())
    with pytest.raises(UsageError, match="no volunteer 'anne': did you mean ann"):
        desk.feed("anne")
    with pytest.raises(UsageError, match="no request 'latte': did you mean late"):
        desk.shortlist("latte")
    with pytest.raises(UsageError, match="top = 0"):
        desk.feed("ann", top=0)


def test_another_result_changes_all_answers() -> None:
    week = people("ann")
    ask(week, "tea")
    desk = Desk(solved(week))
    assert desk.feed("ann").is_empty()
    ask(week, "coffee", "2 12:00", "2 13:00")
    free = replace(solved(week), plan=Plan.empty())
    desk.renew(free)
    assert sorted(desk.feed("ann")["request_id"]) == ["coffee", "tea"]


@law(6, tables=full_worlds() | tree_worlds() | full_worlds(volunteers=15, requests=8))
def test_whatever_is_recommended_keeps_every_rule(tables: Tables) -> None:
    result = solve(problem_of(tables), time_limit=1.0)
    assume(result.status not in ("infeasible", "unknown"))
    desk, planned = Desk(result), result.tables()["plan"]
    for given in STANDS:
        stands = planned.filter(planned["status"].is_in(STANDS[given])).select(KEYS)
        lists = [desk.shortlist(request, 1, given) for request in result.problem.requests.id]
        rows = [*desk.feeds(2, given).to_dicts(), *(row for one in lists for row in one.to_dicts())]
        for row in rows:
            assert row["fit"] == sum(row[term] for term in TERMS)
            one = pl.DataFrame([{key: row[key] for key in KEYS}], schema=stands.schema)
            broken = audit.violations(result.problem, stands.vstack(one))
            assert set(broken["rule"]) <= (set() if given == "plan" else LATER)
            # In their own plan, what is named makes place.
            theirs = planned.filter(planned["volunteer_id"] == row["volunteer_id"])
            theirs = theirs.filter(~theirs["request_id"].is_in((row["busy"] or "").split(", ")))
            week = audit.violations(result.problem, theirs.select(KEYS).vstack(one).unique())
            assert not set(week["rule"]) & WEEKS


@law(30, tables=WORLDS, seed=SEEDS, share=st.sampled_from([0.0, 0.5]))
def test_elsewhere_is_the_best_week_without(tables: Tables, seed: int, share: float) -> None:
    drawn = Drawn(tables, seed)
    some = np.random.default_rng(seed)
    # Somebody's plan is one of their weeks, of which some is given.
    weeks = [list(weeks)[some.integers(len(weeks))] for weeks in drawn.weeks]
    planned = np.array(sorted(arc for week in weeks for arc in week), np.int64)
    plan = Plan(drawn.arcs.volunteer[planned], drawn.arcs.slot[planned])
    prices = Prices(np.zeros(len(drawn.problem.slots)), np.zeros(len(drawn.problem.organisations)))
    ledger = Ledger.of(drawn.problem, drawn.arcs, plan, prices)
    book = ledger.book._replace(reward=drawn.reward)
    standing = ledger.beside("nothing").standing
    forced = some.random(len(planned)) < share
    standing = standing._replace(forced=forced)
    given = set(standing.arc[forced].tolist())
    tops = tops_of(ledger.weeks, book.reward)
    for arc in range(len(drawn.arcs)):
        mine = drawn.weeks[drawn.arcs.volunteer[arc]]
        must = given & {a for week in mine for a in week}
        without = [value for week, value in mine.items() if must <= week]
        with_it = [value for week, value in mine.items() if must | {arc} <= week]
        if with_it and arc not in given:
            one = np.array([arc])
            found = elsewhere(ledger.weeks, book, standing, tops, one)[0]
            assert found == pytest.approx(max(without) - (max(with_it) - drawn.reward[arc]))


@law(30, tables=WORLDS, seed=SEEDS)
def test_what_is_given_up_is_the_least(tables: Tables, seed: int) -> None:
    drawn = Drawn(tables, seed)
    some, request = np.random.default_rng(seed), drawn.problem.slots.request[drawn.arcs.slot]
    # Nobody serves a request at two of its options.
    weeks = [
        [week for week in weeks if len({request[arc] for arc in week}) == len(week)]
        for weeks in drawn.weeks
    ]
    plans = [of[some.integers(len(of))] for of in weeks]
    planned = np.array(sorted(arc for week in plans for arc in week), np.int64)
    plan = Plan(drawn.arcs.volunteer[planned], drawn.arcs.slot[planned])
    prices = Prices(np.zeros(len(drawn.problem.slots)), np.zeros(len(drawn.problem.organisations)))
    feeds = Desk.of(drawn.problem, plan, prices, drawn.arcs).feeds(100, "nothing")
    fit = quality(drawn.problem, drawn.arcs)

    def value(who: str, week: frozenset[int]) -> float:
        load = sum(drawn.world.load(who, k + 1) for k in range(len(week)))
        return float(fit[list(week)].sum()) - load

    slots = slot_keys(drawn.problem)[drawn.arcs.slot].rows()
    at = {
        (int(v), *slot): n
        for n, (v, slot) in enumerate(zip(drawn.arcs.volunteer, slots, strict=True))
    }
    for row in feeds.to_dicts():
        who = row["volunteer_id"]
        v = drawn.volunteers.index(who)
        arc = at[v, row["request_id"], row["post"], row["option"]]
        mine = plans[v] - {arc}
        kept = [week for week in weeks[v] if arc in week and week <= mine | {arc}]
        if mine | {arc} in kept:
            kept = [mine | {arc}]
        # Taking it changes the week's value by its score less what is given up.
        change = max(value(who, week) for week in kept) - value(who, mine)
        assert row["score"] - row["gives_up"] == pytest.approx(change)
