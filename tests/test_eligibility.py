"""Who may serve where, by hand: the edges of each pair rule."""

import numpy as np
import pytest

from matching import Policy, Problem, Week
from matching.arcs.eligibility import Finder, eligible, holders
from matching.arcs.layout import merged_windows
from matching.problem import columns as c
from matching.problem.plan import slot_keys
from tests.support.hand import ALWAYS, people
from tests.support.words import eligible_pairs, world
from tests.test_crowd import members

NINE, TEN = "2026-03-02 09:00", "2026-03-02 10:00"
OPTIONS = {"early": (NINE, TEN), "late": ("2026-03-02 15:00", "2026-03-02 16:00")}


def may(week: Week) -> list[str]:
    """Return where ann may serve, as `post` or `post option`."""
    problem = week.problem()
    keys = slot_keys(problem)[eligible(problem).slot]
    return [" ".join(filter(None, row)) for row in keys.select("post", "option").rows()]


def test_a_place_exactly_as_far_as_somebody_goes_is_near_enough() -> None:
    # From the equator to 0.09 degrees are some 10 km; the limit is that very number.
    week = Week("2026-03-02")
    week.volunteer("far", lat=0, lon=0, travel_km=100, available=[ALWAYS])
    week.request("r", start=NINE, end=TEN, lat=0.09, lon=0)
    ((_, km),) = eligible_pairs(week).items()
    week.volunteer("just", lat=0, lon=0, travel_km=km, available=[ALWAYS])
    week.volunteer("short", lat=0, lon=0, travel_km=km * (1 - 1e-6), available=[ALWAYS])
    assert set(eligible_pairs(week)) == {("far", "r"), ("just", "r")}


@pytest.mark.parametrize("post", ["cook", "driver"])
def test_who_is_listed_for_a_post_is_for_no_other(post: str) -> None:
    week = people("ann", Policy(only_listed=True))
    week.request("r", start=NINE, end=TEN, posts={"cook": 1, "driver": 1})
    week.affinity("ann", "r", 0, post=post)
    assert may(week) == [post]


def test_who_is_listed_for_a_request_is_for_all_its_posts() -> None:
    week = people("ann", Policy(only_listed=True))
    week.request("r", start=NINE, end=TEN, posts={"cook": 1, "driver": 1})
    week.affinity("ann", "r", 0)
    assert may(week) == ["cook", "driver"]


@pytest.mark.parametrize("declined", ["early", "late"])
def test_who_declined_one_option_may_come_at_the_other(declined: str) -> None:
    week = people("ann")
    week.request("r", options=OPTIONS)
    week.assignment("ann", "r", "declined", option=declined)
    (other,) = OPTIONS.keys() - {declined}
    assert may(week) == [f"volunteer {other}"]


def test_who_declined_without_an_option_declined_them_all() -> None:
    week = people("ann")
    week.request("r", options=OPTIONS)
    week.decline("ann", "r")
    assert may(week) == []


def test_nobody_for_nothing() -> None:
    week = Week("2026-03-02")
    week.volunteer("ann", available=[ALWAYS])
    week.request("r", start=NINE, end=TEN, qualifications=["diver"])
    arcs = eligible(week.problem())
    assert arcs.volunteer.tolist() == arcs.slot.tolist() == arcs.km.tolist() == []


# --- who and where, by the words of a table -------------------------------------------------------


def pairs(problem: Problem) -> set[str]:
    """Return who may serve where, as `volunteer request`."""
    arcs = eligible(problem)
    who = problem.volunteers.id.gather(arcs.volunteer)
    where = problem.requests.id.gather(problem.slots.request[arcs.slot])
    return {f"{v} {q}" for v, q in zip(who, where, strict=True)}


def test_all_that_is_asked_is_held_at_its_level() -> None:
    problem = world(
        volunteers="volunteer_id\n none\n low\n exact\n high\n twice\n half",
        qualifications="""volunteer_id qualification level
            low first_aid 1
            low driver 1
            exact first_aid 2
            exact driver 1
            high driver 2
            high first_aid 3
            twice first_aid 2
            twice first_aid 4
            twice driver 1
            half first_aid 2""",
        requests="""request_id start end
            both Mon@09:00 Mon@11:00
            aid Mon@09:00 Mon@11:00
            any Mon@09:00 Mon@11:00""",
        post_qualifications="""request_id post qualification level
            both volunteer first_aid 2
            both volunteer driver 1
            aid volunteer first_aid 2""",
    )
    # Who holds something twice is there once.
    assert len(eligible(problem)) == 3 + 4 + 6
    assert {pair for pair in pairs(problem) if pair.endswith("both")} == {
        "exact both",
        "high both",
        "twice both",
    }


NIGHTS = {
    # From Tuesday evening to Wednesday morning: both days count. To Wednesday 00:00: one does.
    "volunteers": "volunteer_id\n both\n early\n late",
    "qualifications": """volunteer_id qualification valid_from valid_until
        both insured 2026-12-01 2026-12-02
        early insured - 2026-12-01
        late insured 2026-12-02 -""",
    "requests": """request_id start end
        night Tue@22:00 Wed@06:00
        evening Tue@22:00 Wed@00:00""",
}


def coming(problem: Problem, slots: c.Ints, *, any_time: bool = True) -> set[str]:
    """Return who may come to which of the slots, before places and windows are looked at."""
    finder = Finder(problem)
    return {
        f"{problem.volunteers.id[int(finder.crowd.who[x])]} {problem.requests.id[int(s)]}"
        for group in finder.groups(slots, any_time=any_time)
        for x in members(group.mask)
        for s in group.slots
    }


def test_what_is_asked_is_valid_on_every_day() -> None:
    problem = world(
        post_qualifications="""request_id post qualification
            night volunteer insured
            evening volunteer insured""",
        **NIGHTS,
    )
    assert pairs(problem) == {"both night", "both evening", "early evening"}
    # Where the time does not count the days still do.
    slots = np.arange(2, dtype=np.int32)
    assert coming(problem, slots) == {"both night", "both evening", "early evening"}


def test_a_holder_holds_on_every_day() -> None:
    problem = world(team_rules="request_id qualification min_people\n night insured 1", **NIGHTS)
    arcs = eligible(problem)
    every = np.arange(len(arcs))
    held = holders(problem, arcs, every, np.zeros(len(arcs), np.int32))
    who = problem.volunteers.id.gather(arcs.volunteer[held]).to_list()
    where = problem.requests.id.gather(problem.slots.request[arcs.slot[held]]).to_list()
    assert sorted(zip(who, where, strict=True)) == [
        ("both", "evening"),
        ("both", "night"),
        ("early", "evening"),
    ]


def test_windows_that_touch_or_overlap_are_one() -> None:
    # From 9 to 12. The windows of one end where those of the next begin: they are not joined. Half
    # an hour later, and two hours shorter, are looked at together with it.
    problem = world(
        volunteers="volunteer_id\n exact\n touching\n nested\n gap\n early\n late\n never",
        availability="""volunteer_id start end
            exact Mon@09:00 Mon@12:00
            touching Mon@08:00 Mon@10:00
            touching Mon@10:00 Mon@12:00
            nested Mon@08:00 Mon@11:00
            nested Mon@08:30 Mon@09:30
            nested Mon@10:00 Mon@12:00
            gap Mon@08:00 Mon@10:00
            gap Mon@10:01 Mon@12:00
            early Mon@08:00 Mon@11:59
            late Mon@09:01 Mon@12:00
            never Mon@12:00 Mon@13:00""",
        requests="""request_id start end
            r Mon@09:00 Mon@12:00
            half Mon@09:30 Mon@12:00
            short Mon@09:00 Mon@10:00
            s Mon@12:00 Mon@13:00""",
    )
    always = {
        f"{who} {q}" for who in ("exact", "touching", "nested") for q in ("r", "half", "short")
    }
    assert pairs(problem) == {*always, "late half", "gap short", "early short", "never s"}
    who, start, end = merged_windows(problem.windows)
    names = problem.volunteers.id.gather(who)
    hours = {name: [] for name in names}
    for name, begin, until in zip(names, start / 60, end / 60, strict=True):
        hours[name].append((begin, until))
    assert hours["exact"] == [(9, 12)]
    assert hours["touching"] == hours["nested"] == [(8, 12)]
    assert hours["gap"] == [(8, 10), (pytest.approx(10 + 1 / 60), 12)]


def test_organisations_serve_their_own() -> None:
    problem = world(
        volunteers="volunteer_id organisation_id\n red redcross\n blue bluesky\n none -",
        menu="menu_item organisation_id\n meal redcross",
        requests="""request_id organisation_id menu_item start end
            own redcross - Mon@09:00 Mon@11:00
            item - meal Mon@09:00 Mon@11:00
            both bluesky meal Mon@09:00 Mon@11:00
            any - - Mon@09:00 Mon@11:00""",
    )
    assert pairs(problem) == {"red own", "red item", "red any", "blue any", "none any"}


@pytest.mark.parametrize(("only", "who"), [("redcross", "red"), ("bluesky", "blue")])
def test_where_every_request_has_an_organisation(only: str, who: str) -> None:
    problem = world(
        volunteers="volunteer_id organisation_id\n red redcross\n blue bluesky\n none -",
        requests=f"request_id organisation_id start end\n own {only} Mon@09:00 Mon@11:00",
    )
    assert pairs(problem) == {f"{who} own"}


@pytest.mark.parametrize(
    ("subject", "excluded"),
    [
        ("category", "food"),
        ("menu_item", "meal"),
        ("station", "s1"),
        ("organisation", "redcross"),
        ("beneficiary", "b1"),
        ("post", "cook"),
    ],
)
def test_nobody_serves_what_they_excluded(subject: str, excluded: str) -> None:
    # ben only dislikes it, and cem has nothing to say.
    problem = world(
        volunteers="""volunteer_id organisation_id
            anna redcross
            ben redcross
            cem redcross""",
        menu="menu_item category\n meal food\n walk sport",
        requests="""request_id menu_item station_id beneficiary_id organisation_id start end
            r1 meal s1 b1 redcross Mon@09:00 Mon@11:00
            r2 walk s2 b2 - Mon@09:00 Mon@11:00""",
        posts="request_id post seats\n r1 cook 1\n r2 driver 1",
        stations="station_id\n s1\n s2",
        preferences=f"""volunteer_id subject value never weight
            anna {subject} {excluded} true -
            ben {subject} {excluded} false -50""",
    )
    assert pairs(problem) == {"anna r2", "ben r1", "ben r2", "cem r1", "cem r2"}


def test_what_is_excluded_is_of_one_kind() -> None:
    # The first category is that of r1, the first station that of r2.
    problem = world(
        volunteers="volunteer_id\n anna\n ben",
        requests="""request_id category station_id start end
            r1 food s2 Mon@09:00 Mon@11:00
            r2 sport s1 Mon@09:00 Mon@11:00""",
        stations="station_id\n s1\n s2",
        preferences="""volunteer_id subject value never
            anna category food true
            ben station s1 true""",
    )
    assert pairs(problem) == {"anna r2", "ben r1"}


def test_who_refuses_serves_what_they_agreed_to() -> None:
    problem = world(
        volunteers="volunteer_id consent\n anna refuse\n ben ask\n cem refuse\n dan refuse",
        requests="request_id start end\n r1 Mon@09:00 Mon@11:00\n r2 Tue@09:00 Tue@11:00",
        assignments="""volunteer_id request_id post status
            anna r1 volunteer accepted
            cem r2 volunteer pinned
            dan r1 volunteer published""",
    )
    assert pairs(problem) == {"anna r1", "ben r1", "ben r2", "cem r2"}


@pytest.mark.parametrize("batch", [1, 3, 1 << 20])
def test_arcs_are_sorted_however_they_were_found(
    batch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Three requests on two days and at three times, so that several groups of slots are looked at.
    monkeypatch.setattr("matching.arcs.eligibility._BATCH", batch)
    problem = world(
        volunteers="volunteer_id\n anna\n ben",
        requests="""request_id start end
            r1 Wed@09:00 Wed@11:00
            r2 Mon@09:00 Mon@11:00
            r3 Mon@20:00 Mon@21:00""",
        posts="request_id post seats\n r1 a 1\n r1 b 1\n r2 a 1\n r3 a 1",
    )
    for workers in (1, 2):
        arcs = eligible(problem, workers)
        assert arcs.volunteer.tolist() == [0] * 4 + [1] * 4
        assert arcs.slot.tolist() == [0, 1, 2, 3] * 2


def test_at_any_time_only_the_time_does_not_count() -> None:
    # anna qualifies but never comes when r is; ben does not qualify.
    problem = world(
        volunteers="volunteer_id\n anna\n ben",
        availability="volunteer_id start end\n anna Tue@09:00 Tue@11:00",
        qualifications="volunteer_id qualification\n anna driver",
        requests="request_id start end\n r Mon@09:00 Mon@11:00\n s Tue@09:00 Tue@11:00",
        post_qualifications="request_id post qualification\n r volunteer driver",
    )
    slot = np.zeros(1, np.int32)
    assert coming(problem, slot, any_time=False) == set()
    assert coming(problem, slot) == {"anna r"}
    two = np.arange(2, dtype=np.int32)
    assert coming(problem, two) == {"anna r", "anna s", "ben s"}
