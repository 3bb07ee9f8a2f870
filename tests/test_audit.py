"""Every rule on a small world: a plan that keeps it, one that just does, one that breaks it."""

import math
from datetime import date

import numpy as np
import polars as pl
import pytest

from matching.audit import (
    RULES,
    edge_rules,
    pair_rules,
    team_rules,
    value,
    violations,
    week_rules,
)
from matching.errors import UsageError
from matching.problem import Problem
from matching.problem.plan import Plan
from tests.support.words import KM, world


def planned(problem: Problem, *rows: str) -> Plan:
    """Make a plan of rows `volunteer request [post [option]]`."""
    cells = [[*row.split(), *["volunteer", None][len(row.split()) - 2 :]] for row in rows]
    names = ("volunteer_id", "request_id", "post", "option")
    frame = pl.DataFrame(cells, schema=dict.fromkeys(names, pl.String), orient="row")
    return Plan.from_frame(problem, frame)


def keeps(problem: Problem, *rows: str) -> None:
    found = violations(problem, planned(problem, *rows))
    assert found.is_empty(), found.rows()


def breaks(problem: Problem, *rows: str, named: str, detail: str) -> None:
    """Check that one violation is found: `named` is `rule request post option volunteer`."""
    found = violations(problem, planned(problem, *rows))
    told = [tuple(word or "-" for word in row[:5]) for row in found.rows()]
    assert told == [tuple(named.split())]
    assert found["detail"].item() == detail


def test_an_empty_plan_keeps_the_rules_and_is_worth_nothing() -> None:
    problem = world(
        volunteers="volunteer_id\n anna", requests="request_id start end\n r1 Mon@09:00 Mon@11:00"
    )
    found = violations(problem, Plan.empty())
    assert found.columns == ["rule", "request_id", "post", "option", "volunteer_id", "detail"]
    assert found.is_empty()
    assert value(problem, Plan.empty()) == 0


def test_every_rule_has_a_name_and_a_sentence() -> None:
    modules = (pair_rules, edge_rules, week_rules, team_rules)
    defined = [
        name
        for module in modules
        for name, find in vars(module).items()
        if (find.__doc__ or "").startswith("Find ") and find.__module__ == module.__name__
    ]
    assert sorted(defined) == sorted(rule.name for rule in RULES)
    assert all(rule.sentence for rule in RULES)


@pytest.mark.parametrize(("volunteer", "slot"), [([-1], [0]), ([1], [0]), ([0], [1]), ([0], [])])
def test_a_plan_of_another_problem_is_refused(volunteer: list[int], slot: list[int]) -> None:
    problem = world(
        volunteers="volunteer_id\n anna", requests="request_id start end\n r1 Mon@09:00 Mon@11:00"
    )
    plan = Plan(np.array(volunteer, np.int32), np.array(slot, np.int32))
    for judge in (violations, value):
        with pytest.raises(UsageError, match=r"plan\.(volunteer|slot)"):
            judge(problem, plan)


# --- one volunteer at one post -------------------------------------------------------------------


def test_duplicate() -> None:
    problem = world(
        volunteers="volunteer_id\n anna",
        requests="request_id start end\n r1 Mon@09:00 Mon@11:00",
    )
    keeps(problem, "anna r1")
    # Judged once: neither does she overlap herself nor take a second seat.
    breaks(
        problem,
        "anna r1",
        "anna r1",
        named="duplicate r1 volunteer - anna",
        detail="is in the plan 2 times",
    )


def test_qualification_level() -> None:
    problem = world(
        volunteers="volunteer_id\n low\n exact\n high\n none",
        qualifications="""volunteer_id qualification level
            low skill:18 1
            low lang:mn 5
            exact skill:18 2
            high skill:18 3""",
        requests="request_id start end\n r1 Mon@09:00 Mon@11:00",
        post_qualifications="request_id post qualification level\n r1 volunteer skill:18 2",
    )
    keeps(problem, "exact r1")
    keeps(problem, "high r1")
    for volunteer in ("low", "none"):
        breaks(
            problem,
            f"{volunteer} r1",
            named=f"qualification r1 volunteer - {volunteer}",
            detail="needs skill:18 at level 2 on 2026-11-30",
        )


def test_qualification_is_valid_on_every_day_of_the_service() -> None:
    # From Tuesday evening to Wednesday morning: both days count. To Wednesday 00:00: one does.
    problem = world(
        volunteers="volunteer_id\n both\n early\n late",
        qualifications="""volunteer_id qualification valid_from valid_until
            both insured 2026-12-01 2026-12-02
            early insured - 2026-12-01
            late insured 2026-12-02 -""",
        requests="""request_id start end
            night Tue@22:00 Wed@06:00
            evening Tue@22:00 Wed@00:00""",
        post_qualifications="""request_id post qualification
            night volunteer insured
            evening volunteer insured""",
    )
    keeps(problem, "both night")
    keeps(problem, "early evening")
    for volunteer in ("early", "late"):
        breaks(
            problem,
            f"{volunteer} night",
            named=f"qualification night volunteer - {volunteer}",
            detail="needs insured at level 1 from 2026-12-01 to 2026-12-02",
        )


def test_qualification_that_nobody_holds() -> None:
    problem = world(
        volunteers="volunteer_id\n anna",
        requests="request_id start end\n r1 Mon@09:00 Mon@11:00",
        post_qualifications="request_id post qualification\n r1 volunteer diver",
    )
    breaks(
        problem,
        "anna r1",
        named="qualification r1 volunteer - anna",
        detail="needs diver at level 1 on 2026-11-30",
    )


def test_availability() -> None:
    # 09:00 to 12:00 is 180 minutes. Touching: 8-10 and 10-12. Overlapping: 8-11 and 10-12, with a
    # short window inside the first. Gap: 8-10 and 10:30-12 leave 60 + 90 = 150 minutes.
    problem = world(
        volunteers="volunteer_id\n exact\n touching\n overlapping\n gap\n early\n other\n absent",
        availability="""volunteer_id start end
            exact Mon@09:00 Mon@12:00
            touching Mon@10:00 Mon@12:00
            touching Mon@08:00 Mon@10:00
            overlapping Mon@08:00 Mon@11:00
            overlapping Mon@08:30 Mon@09:30
            overlapping Mon@10:00 Mon@12:00
            gap Mon@08:00 Mon@10:00
            gap Mon@10:30 Mon@12:00
            early Mon@08:00 Mon@11:59
            other Tue@09:00 Tue@12:00
            absent Sun@09:00 Sun@12:00""",
        # Tuesday's is there so that Tuesday's window is, and adds nothing to Monday's minutes.
        requests="""request_id start end
            r1 Mon@09:00 Mon@12:00
            r2 Tue@09:00 Tue@12:00""",
    )
    for volunteer in ("exact", "touching", "overlapping"):
        keeps(problem, f"{volunteer} r1")
    for volunteer, minutes in (("gap", 150), ("early", 179), ("other", 0), ("absent", 0)):
        breaks(
            problem,
            f"{volunteer} r1",
            named=f"availability r1 volunteer - {volunteer}",
            detail=f"serves Mon 09:00 to Mon 12:00, available for {minutes} of 180 minutes",
        )


def test_times_are_told_as_the_clock_shows_them() -> None:
    # New York turns its clocks back on Sunday 1 November 2026 at 02:00: the day has 25 hours.
    problem = world(
        week=date(2026, 10, 26),
        policy={"time_zone": "America/New_York"},
        volunteers="volunteer_id\n anna",
        availability="volunteer_id start end\n anna Sun@09:00 Sun@10:00",
        requests="request_id start end\n r1 Sun@09:00 Sun@11:00",
    )
    breaks(
        problem,
        "anna r1",
        named="availability r1 volunteer - anna",
        detail="serves Sun 09:00 to Sun 11:00, available for 60 of 120 minutes",
    )


def test_distance() -> None:
    problem = world(
        policy={"travel_km": KM},
        volunteers=f"""volunteer_id lat lon travel_km
            usual 45 126 -
            exact 45 126 {KM!r}
            short 45 126 {KM - 0.0005!r}
            nowhere - - 0""",
        requests="""request_id lat lon start end
            r1 45.09 126 Mon@09:00 Mon@11:00
            remote - - Mon@09:00 Mon@11:00""",
    )
    for row in ("usual r1", "exact r1", "nowhere r1", "short remote"):
        keeps(problem, row)
    # 10.00755... km, rounded up to the metre.
    breaks(
        problem,
        "short r1",
        named="distance r1 volunteer - short",
        detail=f"is 10.008 km away, goes at most {KM - 0.0005!r} km",
    )


def test_whole_kilometres_are_told_as_whole() -> None:
    # Along a meridian, but for what floats make of it.
    lat = 45 + math.degrees(10 / 6371.0088)
    problem = world(
        volunteers="volunteer_id lat lon travel_km\n anna 45 126 9",
        requests=f"request_id lat lon start end\n r1 {lat!r} 126 Mon@09:00 Mon@11:00",
    )
    breaks(
        problem,
        "anna r1",
        named="distance r1 volunteer - anna",
        detail="is 10.0 km away, goes at most 9.0 km",
    )


def test_distance_on_the_sphere() -> None:
    # Haversine from (45, 126) to (45, 126.1): 2 R asin(cos 45 sin 0.05) = 7.8627... km.
    km = 2 * 6371.0088 * math.asin(math.cos(math.radians(45)) * math.sin(math.radians(0.05)))
    problem = world(
        volunteers=f"""volunteer_id lat lon travel_km
            exact 45 126 {km!r}
            short 45 126 7.862""",
        requests="request_id lat lon start end\n r1 45 126.1 Mon@09:00 Mon@11:00",
    )
    keeps(problem, "exact r1")
    breaks(
        problem,
        "short r1",
        named="distance r1 volunteer - short",
        detail="is 7.863 km away, goes at most 7.862 km",
    )


def test_organisation() -> None:
    problem = world(
        volunteers="volunteer_id organisation_id\n red redcross\n blue bluesky\n none -",
        menu="menu_item organisation_id\n meal redcross",
        requests="""request_id organisation_id menu_item start end
            own redcross - Mon@09:00 Mon@11:00
            item - meal Mon@09:00 Mon@11:00
            both bluesky meal Mon@09:00 Mon@11:00
            any - - Mon@09:00 Mon@11:00""",
    )
    for row in ("red own", "red item", "none any", "blue any"):
        keeps(problem, row)
    for row, only in (
        ("blue own", "redcross"),
        ("none own", "redcross"),
        ("blue item", "redcross"),
        ("red both", "bluesky"),
        ("blue both", "redcross"),
    ):
        volunteer, request = row.split()
        breaks(
            problem,
            row,
            named=f"organisation {request} volunteer - {volunteer}",
            detail=f"only volunteers of {only} serve here",
        )


@pytest.mark.parametrize(
    ("subject", "matching", "other"),
    [
        ("category", "food", "sport"),
        ("menu_item", "meal", "walk"),
        ("station", "s1", "s2"),
        ("organisation", "redcross", "bluesky"),
        ("beneficiary", "b1", "b2"),
        ("post", "cook", "driver"),
    ],
)
def test_never(subject: str, matching: str, other: str) -> None:
    # r2 has all the other values, so that each of them is known in the week.
    problem = world(
        volunteers="volunteer_id organisation_id\n anna redcross\n ben redcross",
        menu="menu_item category organisation_id\n meal food redcross\n walk sport bluesky",
        requests="""request_id menu_item station_id beneficiary_id start end
            r1 meal s1 b1 Mon@09:00 Mon@11:00
            r2 walk s2 b2 Mon@09:00 Mon@11:00""",
        posts="request_id post seats\n r1 cook 1\n r2 driver 1",
        stations="station_id\n s1\n s2",
        preferences=f"""volunteer_id subject value never weight
            anna {subject} {matching} true -
            ben {subject} {matching} false -50
            ben {subject} {other} true -""",
    )
    keeps(problem, "ben r1 cook")
    breaks(
        problem,
        "anna r1 cook",
        named="never r1 cook - anna",
        detail=f"said never to this {subject.replace('_', ' ')}",
    )


def test_never_an_organisation_that_orders_itself() -> None:
    # The request's own organisation counts, not that of its menu item.
    problem = world(
        volunteers="volunteer_id organisation_id\n anna redcross\n ben redcross",
        menu="menu_item organisation_id\n meal -\n talk bluesky",
        requests="""request_id menu_item organisation_id start end
            r1 meal redcross Mon@09:00 Mon@11:00
            r2 talk - Mon@09:00 Mon@11:00""",
        preferences="""volunteer_id subject value never
            anna organisation redcross true
            ben organisation bluesky true""",
    )
    keeps(problem, "ben r1")
    breaks(
        problem,
        "anna r1",
        named="never r1 volunteer - anna",
        detail="said never to this organisation",
    )


def test_declined() -> None:
    problem = world(
        volunteers="volunteer_id\n anna\n ben\n cem",
        requests="request_id\n r1",
        options="request_id option start end\n r1 a Mon@09:00 Mon@11:00\n r1 b Tue@09:00 Tue@11:00",
        posts="request_id post seats\n r1 cook 1\n r1 driver 1",
        assignments="""volunteer_id request_id post option status
            anna r1 cook - declined
            ben r1 cook a declined
            cem r1 cook a offered""",
    )
    for row in ("anna r1 driver a", "ben r1 cook b", "cem r1 cook a"):
        keeps(problem, row)
    for volunteer, option in (("anna", "a"), ("anna", "b"), ("ben", "a")):
        breaks(
            problem,
            f"{volunteer} r1 cook {option}",
            named=f"declined r1 cook {option} {volunteer}",
            detail="declined this before",
        )


def test_consent() -> None:
    problem = world(
        volunteers="volunteer_id consent\n anna refuse\n ben ask\n cem refuse\n dan refuse",
        requests="""request_id start end
            r1 Mon@09:00 Mon@11:00
            r2 Tue@09:00 Tue@11:00""",
        posts="request_id post seats\n r1 volunteer 3\n r2 volunteer 3",
        assignments="""volunteer_id request_id post status
            anna r1 volunteer accepted
            cem r2 volunteer pinned
            dan r1 volunteer published""",
    )
    keeps(problem, "anna r1", "ben r1", "cem r2")
    for volunteer, request in (("anna", "r2"), ("cem", "r1"), ("dan", "r1")):
        breaks(
            problem,
            "cem r2",
            f"{volunteer} {request}",
            named=f"consent {request} volunteer - {volunteer}",
            detail="refuses proposals, and is neither pinned nor accepted",
        )


def test_only_listed() -> None:
    texts = {
        "volunteers": "volunteer_id\n anna\n ben\n cem",
        "requests": "request_id start end\n r1 Mon@09:00 Mon@11:00\n r2 Tue@09:00 Tue@11:00",
        "posts": "request_id post seats\n r1 cook 1\n r1 driver 1\n r2 cook 1",
        "affinities": "volunteer_id request_id post score\n anna r1 - 0\n ben r1 cook -5",
    }
    problem = world(policy={"only_listed": True}, **texts)
    for row in ("anna r1 cook", "anna r1 driver", "ben r1 cook"):
        keeps(problem, row)
    for row in ("ben r1 driver", "anna r2 cook", "cem r1 cook"):
        volunteer, request, post = row.split()
        breaks(
            problem,
            row,
            named=f"only_listed {request} {post} - {volunteer}",
            detail="is not listed in affinities",
        )
        keeps(world(**texts), row)


# --- one volunteer's week ------------------------------------------------------------------------


def test_overlap() -> None:
    problem = world(
        volunteers="volunteer_id\n anna\n ben",
        requests="""request_id start end
            dawn Mon@06:00 Mon@07:00
            long Mon@09:00 Mon@12:00
            inner Mon@09:30 Mon@10:00
            late Mon@11:59 Mon@13:00
            next Mon@12:00 Mon@13:00""",
    )
    # [9, 12) and [12, 13) touch; two volunteers do not concern each other.
    keeps(problem, "anna long", "anna next", "ben late")
    breaks(
        problem,
        "anna long",
        "anna late",
        named="overlap late volunteer - anna",
        detail="starts Mon 11:59, long ends Mon 12:00",
    )
    # Neither an earlier service nor another volunteer's stands in between.
    for who in ("anna", "ben"):
        breaks(
            problem,
            *("anna dawn", f"{who} long", f"{who} late"),
            named=f"overlap late volunteer - {who}",
            detail="starts Mon 11:59, long ends Mon 12:00",
        )
    # The short service in between does not hide the long one.
    found = violations(problem, planned(problem, "anna late", "anna inner", "anna long"))
    assert found.select("rule", "request_id").rows() == [("overlap", "inner"), ("overlap", "late")]


def test_overlap_at_two_posts_of_a_request() -> None:
    problem = world(
        volunteers="volunteer_id\n anna\n ben",
        requests="request_id start end\n r1 Mon@09:00 Mon@12:00",
        posts="request_id post seats\n r1 cook 1\n r1 driver 1",
    )
    keeps(problem, "anna r1 cook", "ben r1 driver")
    breaks(
        problem,
        "anna r1 cook",
        "anna r1 driver",
        named="overlap r1 driver - anna",
        detail="starts Mon 09:00, r1 ends Mon 12:00",
    )


def test_travel() -> None:
    # At twice KM an hour, the way takes 30 minutes.
    texts = {
        "volunteers": "volunteer_id\n anna",
        "requests": """request_id lat lon start end
            first 45 126 Mon@09:00 Mon@10:00
            ok 45.09 126 Mon@10:30 Mon@11:00
            late 45.09 126 Mon@10:29 Mon@11:00
            remote - - Mon@10:00 Mon@11:00
            same 45 126 Mon@10:00 Mon@11:00""",
    }
    problem = world(policy={"travel_kmh": 2 * KM}, **texts)
    for request in ("ok", "remote", "same"):
        keeps(problem, "anna first", f"anna {request}")
    breaks(
        problem,
        "anna late",
        "anna first",
        named="travel late volunteer - anna",
        detail="first ends Mon 10:00, next starts Mon 10:29, travel takes 30 min",
    )
    keeps(world(policy={"travel_kmh": math.inf}, **texts), "anna first", "anna late")


def test_travel_of_two_hours() -> None:
    # At half KM an hour: a minute short, no minute at all, and none where services overlap.
    problem = world(
        policy={"travel_kmh": KM / 2},
        volunteers="volunteer_id\n anna",
        requests="""request_id lat lon start end
            first 45 126 Mon@09:00 Mon@10:00
            short 45.09 126 Mon@11:59 Mon@13:00
            touching 45.09 126 Mon@10:00 Mon@11:00
            within 45.09 126 Mon@09:59 Mon@11:00""",
    )
    for request, clock in (("short", "11:59"), ("touching", "10:00")):
        breaks(
            problem,
            *("anna first", f"anna {request}"),
            named=f"travel {request} volunteer - anna",
            detail=f"first ends Mon 10:00, next starts Mon {clock}, travel takes 120 min",
        )
    breaks(
        problem,
        *("anna first", "anna within"),
        named="overlap within volunteer - anna",
        detail="starts Mon 09:59, first ends Mon 10:00",
    )


def test_rest() -> None:
    # From Monday 22:00 to Tuesday 09:00: 11 hours. `night` starts on Monday and ends on Tuesday.
    problem = world(
        volunteers="volunteer_id min_rest_hours\n anna 11\n ben -",
        requests="""request_id start end
            early Mon@06:00 Mon@07:00
            evening Mon@20:00 Mon@22:00
            night Mon@22:00 Tue@02:00
            soon Tue@08:59 Tue@10:00
            later Tue@09:00 Tue@10:00
            eve Mon@22:00 Tue@00:00
            midnight Tue@00:00 Tue@02:00
            within Tue@01:59 Tue@03:00""",
    )
    keeps(problem, "anna early", "anna evening", "anna later")
    keeps(problem, "anna evening", "anna night")
    keeps(problem, "ben night", "ben soon")
    breaks(
        problem,
        "anna evening",
        "anna soon",
        named="rest soon volunteer - anna",
        detail="evening ends Mon 22:00, next starts Tue 08:59: 10.98 h of rest, needs 11.0 h",
    )
    breaks(
        problem,
        "anna night",
        "anna later",
        named="rest later volunteer - anna",
        detail="night ends Tue 02:00, next starts Tue 09:00: 7.0 h of rest, needs 11.0 h",
    )
    # Who is still there does not rest too little, but is in two places.
    breaks(
        problem,
        "anna night",
        "anna within",
        named="overlap within volunteer - anna",
        detail="starts Tue 01:59, night ends Tue 02:00",
    )
    # No minute between them is too little rest, as any other gap is.
    breaks(
        problem,
        "anna eve",
        "anna midnight",
        named="rest midnight volunteer - anna",
        detail="eve ends Tue 00:00, next starts Tue 00:00: 0.0 h of rest, needs 11.0 h",
    )


def test_limits_of_the_week() -> None:
    # r1, r2 on Monday: 2 + 1.5 hours; r3, r4 on Tuesday: 0.5 + 1 hours.
    texts = {
        "volunteers": """volunteer_id max_shifts max_hours max_shifts_per_day
            shifts 2 - -
            hours - 4 -
            day - - 1
            usual - - -""",
        "requests": """request_id start end
            r1 Mon@09:00 Mon@11:00
            r2 Mon@22:30 Tue@00:00
            r3 Tue@09:00 Tue@09:30
            r4 Tue@22:00 Tue@23:00""",
    }
    problem = world(policy={"max_shifts": 3}, **texts)
    keeps(problem, "shifts r1", "shifts r2")
    keeps(problem, "hours r1", "hours r2", "hours r3")
    keeps(problem, "day r2", "day r3")
    keeps(problem, "usual r1", "usual r2", "usual r3")
    for broken, detail in (
        ("max_shifts shifts r1 r2 r3", "3 services, at most 2"),
        ("max_shifts usual r1 r2 r3 r4", "4 services, at most 3"),
        ("max_hours hours r1 r2 r4", "4.5 h, at most 4.0 h"),
        ("max_shifts_per_day day r1 r2", "2 services on 2026-11-30, at most 1"),
    ):
        rule, volunteer, *requests = broken.split()
        rows = [f"{volunteer} {request}" for request in requests]
        breaks(problem, *rows, named=f"{rule} - - - {volunteer}", detail=detail)


# --- a request's team ----------------------------------------------------------------------------


def test_one_option() -> None:
    problem = world(
        volunteers="volunteer_id\n anna\n ben",
        requests="request_id\n r1",
        options="request_id option start end\n r1 a Mon@09:00 Mon@11:00\n r1 b Tue@09:00 Tue@11:00",
        posts="request_id post seats\n r1 cook 2",
    )
    keeps(problem, "anna r1 cook b", "ben r1 cook b")
    breaks(
        problem,
        "anna r1 cook a",
        "ben r1 cook b",
        named="one_option r1 - - -",
        detail="is served at 2 options, one is allowed",
    )


def test_seats_and_minimums() -> None:
    problem = world(
        volunteers="volunteer_id\n anna\n ben\n cem\n dan",
        requests="request_id min_people start end\n r1 3 Mon@09:00 Mon@11:00",
        posts="request_id post seats min_seats\n r1 cook 2 1\n r1 driver 2 1",
    )
    keeps(problem)
    keeps(problem, "anna r1 cook", "ben r1 cook", "cem r1 driver")
    breaks(
        problem,
        *("anna r1 cook", "ben r1 cook", "cem r1 cook", "dan r1 driver"),
        named="seats r1 cook - -",
        detail="3 people on 2 seats",
    )
    breaks(
        problem,
        *("anna r1 cook", "ben r1 driver"),
        named="min_people r1 - - -",
        detail="2 of 3 people in all",
    )
    # A post that nobody fills is seen too.
    found = violations(problem, planned(problem, "anna r1 cook", "ben r1 cook"))
    assert found.select("rule", "post", "detail").rows() == [
        ("min_seats", "driver", "0 of 1 people"),
        ("min_people", None, "2 of 3 people in all"),
    ]


def test_team_has_holders() -> None:
    # Any level counts, validity must hold: old's has run out.
    problem = world(
        volunteers="volunteer_id\n anna\n ben\n old\n dan",
        qualifications="""volunteer_id qualification level valid_until
            anna lead 1 2026-11-30
            anna lead 3 2026-11-30
            ben lead 2 -
            old lead 5 2026-11-29""",
        requests="request_id start end\n r1 Mon@09:00 Mon@11:00",
        posts="request_id post seats\n r1 volunteer 4",
        team_rules="request_id qualification min_people\n r1 lead 2",
    )
    keeps(problem, "anna r1", "ben r1")
    keeps(problem, "anna r1", "ben r1", "old r1", "dan r1")
    breaks(
        problem,
        *("anna r1", "old r1", "dan r1"),
        named="team r1 - - -",
        detail="1 of 2 holders of lead in a team of 3",
    )


def test_team_has_a_holder_for_every_so_many() -> None:
    # One for every 2: a team of 2 needs 1, of 3 needs 2.
    problem = world(
        volunteers="volunteer_id\n anna\n ben\n cem\n dan",
        qualifications="volunteer_id qualification\n anna adult\n ben adult",
        menu="menu_item\n walk",
        menu_posts="menu_item post seats\n walk volunteer 4",
        requests="request_id menu_item start end\n r1 walk Mon@09:00 Mon@11:00",
        team_rules="menu_item qualification per_people\n walk adult 2",
    )
    keeps(problem, "anna r1", "cem r1")
    keeps(problem, "anna r1", "ben r1", "cem r1", "dan r1")
    breaks(
        problem,
        *("anna r1", "cem r1", "dan r1"),
        named="team r1 - - -",
        detail="1 of 2 holders of adult in a team of 3",
    )


def test_team_of_holders_alone() -> None:
    # One for every one: everybody is a holder.
    problem = world(
        volunteers="volunteer_id\n anna\n ben\n cem",
        qualifications="volunteer_id qualification\n anna adult\n ben adult",
        requests="request_id start end\n r1 Mon@09:00 Mon@11:00",
        posts="request_id post seats\n r1 volunteer 2",
        team_rules="request_id qualification per_people\n r1 adult 1",
    )
    keeps(problem, "anna r1", "ben r1")
    breaks(
        problem,
        *("anna r1", "cem r1"),
        named="team r1 - - -",
        detail="1 of 2 holders of adult in a team of 2",
    )


def test_team_without_any_holder() -> None:
    problem = world(
        volunteers="volunteer_id\n anna",
        requests="request_id start end\n r1 Mon@09:00 Mon@11:00",
        team_rules="request_id qualification min_people\n r1 lead 1",
    )
    breaks(
        problem,
        "anna r1",
        named="team r1 - - -",
        detail="0 of 1 holders of lead in a team of 1",
    )


# --- what joins volunteers -----------------------------------------------------------------------


def test_quota_over_the_tree() -> None:
    # city: 3, over district and street; street: 1; elsewhere: no limit.
    problem = world(
        volunteers="""volunteer_id organisation_id
            anna city
            ben district
            cem street
            dan elsewhere""",
        organisations="""organisation_id parent_id max_seats
            city - 3
            district city -
            street district 1
            elsewhere - -""",
        requests="""request_id start end
            r1 Mon@09:00 Mon@11:00
            r2 Tue@09:00 Tue@11:00""",
        posts="request_id post seats\n r1 volunteer 4\n r2 volunteer 4",
    )
    keeps(problem, "anna r1", "ben r1", "cem r1", "dan r1", "dan r2")
    breaks(
        problem,
        *("anna r1", "ben r1", "ben r2", "cem r1"),
        named="quota - - - -",
        detail="city and all below it: 4 services, at most 3",
    )
    breaks(
        problem,
        *("cem r1", "cem r2"),
        named="quota - - - -",
        detail="street and all below it: 2 services, at most 1",
    )


def test_together_and_apart() -> None:
    problem = world(
        volunteers="volunteer_id\n anna\n ben\n cem\n dan",
        pairs="volunteer_a volunteer_b rule\n ben anna together\n cem dan apart",
        requests="request_id start end\n r1 Mon@09:00 Mon@11:00\n r2 Tue@09:00 Tue@11:00",
        posts="request_id post seats\n r1 cook 2\n r1 driver 2\n r2 cook 2",
    )
    keeps(problem, "anna r1 cook", "ben r1 driver", "cem r1 cook", "dan r2 cook")
    breaks(
        problem,
        *("anna r1 cook", "ben r1 driver", "ben r2 cook"),
        named="together r2 - - ben",
        detail="serves without anna",
    )
    breaks(
        problem,
        *("cem r1 cook", "dan r1 driver"),
        named="apart r1 - - cem",
        detail="serves with dan",
    )


def test_pinned() -> None:
    problem = world(
        volunteers="volunteer_id\n anna\n ben",
        requests="request_id\n r1",
        options="request_id option start end\n r1 a Mon@09:00 Mon@11:00\n r1 b Tue@09:00 Tue@11:00",
        posts="request_id post seats\n r1 cook 1\n r1 driver 1",
        assignments="""volunteer_id request_id post option status
            anna r1 cook a pinned
            ben r1 driver - pinned""",
    )
    keeps(problem, "anna r1 cook a", "ben r1 driver a")
    breaks(
        problem,
        *("anna r1 cook b", "ben r1 driver b"),
        named="pinned r1 cook a anna",
        detail="is pinned here and not in the plan",
    )
    breaks(
        problem,
        "anna r1 cook a",
        named="pinned r1 driver - ben",
        detail="is pinned here and not in the plan",
    )


# --- value ---------------------------------------------------------------------------------------


def worth(problem: Problem, *rows: str) -> int:
    return value(problem, planned(problem, *rows))


def test_value_of_seats() -> None:
    # Priority 3 (the default), 2 seats: 3000 (1 + 0.5 / 2) = 3750, then 3000 (1 + 0) = 3000.
    # Priority 5, 1 seat: 5000.
    problem = world(
        volunteers="volunteer_id\n anna\n ben\n cem\n dan",
        requests="""request_id priority start end
            r1 - Mon@09:00 Mon@11:00
            r2 5 Tue@09:00 Tue@11:00""",
        posts="request_id post seats\n r1 volunteer 2\n r2 volunteer 1",
    )
    assert worth(problem, "anna r1") == 3750
    assert worth(problem, "anna r1", "ben r1") == 3750 + 3000
    assert worth(problem, "anna r1", "ben r1", "cem r2") == 3750 + 3000 + 5000
    # Who comes when all seats are taken fills none; a row that repeats fills one.
    assert worth(problem, "anna r1", "ben r1", "dan r1") == 3750 + 3000
    assert worth(problem, "anna r1", "anna r1") == 3750


def test_value_of_seats_rounds_halves_up() -> None:
    # 3 seats at 3 each: 3 (1 + 1/3) = 4, 3 (1 + 1/6) = 3.5, so 4, and 3.
    problem = world(
        policy={"seat": 1},
        volunteers="volunteer_id\n anna\n ben\n cem",
        requests="request_id start end\n r1 Mon@09:00 Mon@11:00",
        posts="request_id post seats\n r1 volunteer 3",
    )
    assert worth(problem, "anna r1", "ben r1") == 4 + 4
    assert worth(problem, "anna r1", "ben r1", "cem r1") == 4 + 4 + 3


@pytest.mark.parametrize(
    ("volunteer", "policy", "quality"),
    [
        (f"45 126 {4 * KM!r}", {}, 150),  # 200 (1 - 1/4)
        (f"45 126 {2 * KM!r}", {"distance": 1}, 1),  # 0.5, halves up
        (f"45 126 {KM!r}", {}, 0),
        ("45.09 126 0", {}, 200),  # goes nowhere, and is there
        ("45 126 -", {"travel_km": math.inf}, 200),
        ("- - 5", {}, 0),  # the place is unknown
        ("- - 0", {}, 0),
    ],
)
def test_value_of_distance(volunteer: str, policy: dict[str, object], quality: int) -> None:
    problem = world(
        policy={"seat": 0, **policy},
        volunteers=f"volunteer_id lat lon travel_km\n anna {volunteer}",
        requests="request_id lat lon start end\n r1 45.09 126 Mon@09:00 Mon@11:00",
    )
    assert worth(problem, "anna r1") == quality


def test_value_of_windows() -> None:
    # The service is [9, 11). The lowest of what overlaps it counts; touching does not overlap.
    problem = world(
        policy={"seat": 0},
        volunteers="volunteer_id\n anna\n ben\n cem\n dan",
        availability="""volunteer_id start end preference
            anna Mon@08:00 Mon@10:00 2
            anna Mon@10:00 Mon@12:00 1
            anna Mon@06:00 Mon@09:00 -2
            anna Mon@11:00 Mon@12:00 -2
            ben Mon@08:00 Mon@12:00 2
            ben Mon@10:00 Mon@10:30 -1
            cem Mon@08:00 Mon@12:00 -""",
        # The later one is there so that the windows which only touch the first are.
        requests="""request_id start end
            r1 Mon@09:00 Mon@11:00
            later Mon@11:00 Mon@12:00""",
    )
    assert worth(problem, "anna r1") == 50 * 1
    assert worth(problem, "ben r1") == 50 * -1
    assert worth(problem, "cem r1") == 0


def test_value_of_preferences() -> None:
    # anna 30 + 25 - 10 = 45; ben 80 + 70 is clipped to 100, cem -90 - 20 to -100; dan's are for
    # another request.
    problem = world(
        policy={"seat": 0},
        volunteers="volunteer_id\n anna\n ben\n cem\n dan",
        menu="menu_item category\n meal food\n walk sport",
        requests="""request_id menu_item beneficiary_id start end
            r1 meal b1 Mon@09:00 Mon@11:00
            r2 walk b2 Mon@09:00 Mon@11:00""",
        preferences="""volunteer_id subject value weight
            anna category food 30
            anna menu_item meal 25
            anna post volunteer -10
            anna category sport 99
            ben beneficiary b1 80
            ben menu_item meal 70
            cem category food -90
            cem post volunteer -20
            dan beneficiary b2 50
            dan category meal 50""",
    )
    assert [worth(problem, f"{who} r1") for who in ("anna", "ben", "cem", "dan")] == [
        45,
        100,
        -100,
        0,
    ]


def test_value_of_bonds_and_affinities() -> None:
    # 20 a visit, of 10 at most; a score for the post adds to one for the request.
    problem = world(
        policy={"seat": 0},
        volunteers="volunteer_id\n anna\n ben\n cem",
        requests="""request_id beneficiary_id start end
            r1 b1 Mon@09:00 Mon@11:00
            r2 - Mon@09:00 Mon@11:00""",
        posts="request_id post seats\n r1 cook 1\n r1 driver 1\n r2 cook 1",
        bonds="volunteer_id beneficiary_id visits\n anna b1 3\n ben b1 12\n cem b2 5",
        affinities="""volunteer_id request_id post score
            cem r1 - 7
            cem r1 cook -12
            ben r2 cook 4""",
    )
    assert worth(problem, "anna r1 cook") == 60
    assert worth(problem, "ben r1 cook") == 200
    assert worth(problem, "cem r1 cook") == 7 - 12
    assert worth(problem, "cem r1 driver") == 7
    assert worth(problem, "anna r2 cook") == 0
    assert worth(problem, "ben r2 cook") == 4


def test_value_of_what_was_agreed_before() -> None:
    problem = world(
        policy={"seat": 0},
        volunteers="volunteer_id\n anna\n ben\n cem\n dan\n eva",
        requests="request_id\n r1",
        options="request_id option start end\n r1 a Mon@09:00 Mon@11:00\n r1 b Tue@09:00 Tue@11:00",
        assignments="""volunteer_id request_id post option status
            anna r1 volunteer a accepted
            anna r1 volunteer - published
            ben r1 volunteer a published
            cem r1 volunteer - accepted
            dan r1 volunteer a offered
            eva r1 volunteer a pinned""",
    )
    for who, at_a, at_b in (
        ("anna", 300, 300),  # once, though both rows mean option a
        ("ben", 300, 0),
        ("cem", 300, 300),
        ("dan", 0, 0),
        ("eva", 0, 0),
    ):
        assert worth(problem, f"{who} r1 volunteer a") == at_a
        assert worth(problem, f"{who} r1 volunteer b") == at_b


def test_value_of_load() -> None:
    # The k-th costs 100 (k - 1). fresh: 0 + 100 + 200 = 300. tired: 10 of 40 hours are 25 each.
    # spent: 60 of 40 count as 40: 100 each. hardly: 0.2 of 40 are 0.5, so 1.
    problem = world(
        policy={"seat": 0},
        volunteers="volunteer_id recent_hours\n fresh -\n tired 10\n spent 60\n hardly 0.2",
        requests="""request_id start end
            r1 Mon@09:00 Mon@11:00
            r2 Tue@09:00 Tue@11:00
            r3 Wed@09:00 Wed@11:00""",
        posts="request_id post seats\n r1 volunteer 4\n r2 volunteer 4\n r3 volunteer 4",
    )
    assert worth(problem, "fresh r3", "fresh r1", "fresh r2") == -300
    assert worth(problem, "tired r1", "tired r2") == -(25 + 125)
    assert worth(problem, "spent r1", "fresh r1", "fresh r2") == -(100 + 0 + 100)
    assert worth(problem, "hardly r1") == -1


def test_the_order_of_the_rows_does_not_matter() -> None:
    # The worth: seats 3750 + 3000 + 3000; anna's second shift costs 100.
    problem = world(
        volunteers="volunteer_id max_shifts\n anna 1\n ben -",
        requests="request_id start end\n r1 Mon@09:00 Mon@11:00\n r2 Mon@10:00 Mon@11:00",
        posts="request_id post seats\n r1 volunteer 2\n r2 volunteer 1",
    )
    plan = planned(problem, "anna r1", "ben r1", "anna r2")
    assert value(problem, plan) == 9650
    assert violations(problem, plan)["rule"].to_list() == ["overlap", "max_shifts"]
    for order in ([2, 1, 0], [1, 2, 0], [0, 2, 1]):
        other = plan.take(np.array(order))
        assert value(problem, other) == 9650
        assert violations(problem, other).equals(violations(problem, plan))
