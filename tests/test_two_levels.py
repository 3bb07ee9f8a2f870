"""Two-level dispatch: organisations first, then their people; and the price by hand."""

import numpy as np
import polars as pl
import pytest

from matching import Problem, audit
from matching.errors import DataError, UsageError
from matching.orders import dispatched
from tests.oracle import reading
from tests.support.worlds import SMALL, full_world

WEEK = "2026-11-30"
NINE = {"start": "2026-12-02T09:00", "end": "2026-12-02T10:00"}
# ann and bo are of A, cy of B; ann likes the post by 100, bo dislikes it by 100, cy likes it by 50.
NO_PINS = dict.fromkeys(("volunteer_id", "request_id", "post", "status"), pl.String())
LIKES = {"ann": 100, "bo": -100, "cy": 50}
TABLES = {
    "organisations": pl.DataFrame({"organisation_id": ["A", "B"]}),
    "volunteers": pl.DataFrame({"volunteer_id": [*LIKES], "organisation_id": ["A", "A", "B"]}),
    "availability": pl.DataFrame(
        {"volunteer_id": [*LIKES], "start": "2026-12-02T08:00", "end": "2026-12-02T18:00"}
    ),
    "preferences": pl.DataFrame(
        {
            "volunteer_id": [*LIKES],
            "subject": "post",
            "value": "volunteer",
            "weight": [*LIKES.values()],
        }
    ),
    "requests": pl.DataFrame({"request_id": ["r1"], **NINE}),
}


def week(**more: pl.DataFrame) -> Problem:
    return Problem.from_tables(TABLES | more, WEEK)


def served(problem: Problem, plan) -> set[str]:
    return {*problem.volunteers.id.gather(plan.volunteer)}


def test_the_average_hides_the_best_and_the_price_says_so() -> None:
    # A fits by (100 - 100) / 2 = 0 on the average, B by 50: B gets the seat. Of all, ann fits best.
    found = dispatched(week())
    assert found.shares.rows() == [("r1", "volunteer", "B", 1, 1)]
    assert served(found.problem, found.plan) == {"cy"}
    assert (found.price, found.price_at_most) == (50, 50)
    assert found.gap == 50 / found.free.value


@pytest.mark.slow
def test_quotas_come_first() -> None:
    quota = TABLES["organisations"].with_columns(max_seats=pl.Series([None, 0]))
    found = dispatched(week(organisations=quota))
    assert found.shares.rows() == [("r1", "volunteer", "A", 1, 1)]
    assert found.price == 0
    # A quota of the organisation above holds for both.
    above = pl.DataFrame(
        {
            "organisation_id": ["A", "B", "C"],
            "parent_id": ["C", "C", None],
            "max_seats": [None, None, 1],
        }
    )
    two = pl.DataFrame({"request_id": ["r1", "r2"], **NINE})
    assert dispatched(week(organisations=above, requests=two)).shares["seats"].sum() == 1


def test_no_organisation_gets_more_at_a_time_than_it_has_people() -> None:
    # Three at nine: A has two people, B one. At another time of the day the same ones can come.
    three = pl.DataFrame({"request_id": ["r1", "r2", "r3"], **NINE})
    found = dispatched(week(requests=three))
    assert found.shares.group_by("organisation_id").agg(pl.col("seats").sum()).sort(
        "organisation_id"
    ).rows() == [("A", 2), ("B", 1)]
    assert len(found.plan) == 3
    assert found.price == 0


def test_a_team_that_is_counted_together_stays_with_one_organisation() -> None:
    three = TABLES["requests"].with_columns(min_people=pl.lit(3))
    posts = pl.DataFrame({"request_id": ["r1"], "post": ["volunteer"], "seats": [3]})
    found = dispatched(week(requests=three, posts=posts))
    # Neither has three people; all together they have.
    assert len(found.plan) == 0
    assert len(found.free.plan) == 3
    assert found.price == found.free.value
    split = dispatched(week(posts=posts))
    assert sorted(split.shares["seats"]) == [1, 2]
    assert split.price == 0


def test_who_is_pinned_stays_and_people_of_no_organisation_serve_too() -> None:
    pinned = pl.DataFrame(
        {"volunteer_id": ["bo"], "request_id": ["r1"], "post": ["volunteer"], "status": ["pinned"]}
    )
    assert served(week(), dispatched(week(assignments=pinned)).plan) == {"bo"}
    alone = TABLES["volunteers"].with_columns(organisation_id=pl.Series(["A", "A", None]))
    assert dispatched(week(volunteers=alone)).shares.rows() == [("r1", "volunteer", None, 1, 1)]


@pytest.mark.slow
def test_pins_of_two_organisations_that_bind_each_other_are_told() -> None:
    posts = pl.DataFrame({"request_id": ["r1"], "post": ["volunteer"], "seats": [3]})
    bound = pl.DataFrame({"volunteer_a": ["ann"], "volunteer_b": ["cy"], "rule": ["together"]})
    pinned = pl.DataFrame(
        {"volunteer_id": ["ann"], "request_id": ["r1"], "post": ["volunteer"], "status": ["pinned"]}
    )
    # Where only ann's organisation is given seats, cy cannot come along.
    none = TABLES["organisations"].with_columns(max_seats=pl.Series([None, 0]))
    problem = week(posts=posts, pairs=bound, assignments=pinned)
    assert served(problem, dispatched(problem).plan) == {"ann", "bo", "cy"}
    problem = week(posts=posts, pairs=bound, assignments=pinned, organisations=none)
    with pytest.raises((UsageError, DataError)):
        dispatched(problem)


def test_where_nobody_could_serve_nothing_is_given() -> None:
    away = TABLES["availability"].with_columns(end=pl.lit("2026-12-02T08:30"))
    found = dispatched(week(availability=away))
    assert (found.shares.height, len(found.plan), found.price, found.gap) == (0, 0, 0, 0.0)


def test_a_rule_between_organisations_is_kept_at_a_price() -> None:
    posts = pl.DataFrame({"request_id": ["r1"], "post": ["volunteer"], "seats": [3]})
    apart = pl.DataFrame({"volunteer_a": ["ann"], "volunteer_b": ["cy"], "rule": ["apart"]})
    found = dispatched(week(posts=posts, pairs=apart))
    assert audit.violations(found.problem, found.plan).is_empty()
    # ann and cy came from two organisations that knew nothing of each other.
    assert found.left_out == 1
    assert len(served(found.problem, found.plan) & {"ann", "cy"}) == 1
    inside = apart.with_columns(volunteer_b=pl.lit("bo"))
    assert dispatched(week(posts=posts, pairs=inside)).left_out == 0


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 30))
def test_whatever_the_week_every_rule_is_kept_and_no_plan_beats_the_free_bound(seed: int) -> None:
    # Without pins: those of two organisations may be bound to each other.
    tables = full_world(seed, **SMALL) | {"assignments": pl.DataFrame(schema=NO_PINS)}
    problem = Problem.from_tables(tables, reading.WEEK)
    found = dispatched(problem, time_limit=10)
    assert audit.violations(problem, found.plan).is_empty()
    assert found.value == audit.value(problem, found.plan)
    assert found.value <= found.free.bound
    shares = found.shares
    assert (shares["filled"] <= shares["seats"]).all()
    assert shares["filled"].sum() == len(found.plan)
    given = shares.group_by("request_id", "post").agg(pl.col("seats").sum())
    names = pl.DataFrame(
        {
            "request_id": problem.requests.id[problem.posts.request],
            "post": problem.posts.id,
            "wanted": problem.posts.seats.astype(np.int64),
        }
    )
    joined = given.join(names, on=["request_id", "post"], how="left")
    assert (joined["wanted"] >= joined["seats"]).all()
