"""Grabbing ends in one fair assignment: who clicked first counts nothing, rules and need do."""

from itertools import permutations

import polars as pl
import pytest

from matching.errors import DataError, UsageError
from matching.orders import apply, settle, state_at
from tests.support.orders import events

PEOPLE = ("ann", "bo", "cy")
NOW = "2026-11-30T10:00"
# One visit on Wednesday; all three live there, are free, and are alike.
TABLES = {
    "volunteers": pl.DataFrame({"volunteer_id": PEOPLE, "lat": 0.0, "lon": 0.0}),
    "availability": pl.DataFrame(
        {"volunteer_id": PEOPLE, "start": "2026-12-02T08:00", "end": "2026-12-02T18:00"}
    ),
    "requests": pl.DataFrame(
        {
            "request_id": ["r1", "r2"],
            "start": ["2026-12-02T09:00", "2026-12-02T14:00"],
            "end": ["2026-12-02T10:00", "2026-12-02T15:00"],
            "lat": 0.0,
            "lon": 0.0,
        }
    ),
}


def grabbing(*clicks: str, order: str = "r1") -> pl.DataFrame:
    """Return a log in which people say that they are interested, in this order."""
    opened = f"""
    {order} ordered 08:00 station:s1
    {order} checked 08:05 centre:c
    {order} opened  08:10 centre:c until=10:00
    """
    said = [f"{order} interested 08:{20 + k} volunteer:{who}" for k, who in enumerate(clicks)]
    return events(opened + "\n".join(said))


def winners(log: pl.DataFrame, tables: dict = TABLES, **more: object) -> set[tuple[str, str]]:
    """Settle, apply, and return who has accepted what."""
    settled = settle(log, tables, NOW, **more)
    applied = apply(settled.events, log, tables=tables)
    assert applied.refused.is_empty()
    left = {*applied.states.offers["state"].cast(pl.String)}
    assert left <= {"accepted", "passed_over"}
    found = applied.states.offers.filter(pl.col("state").cast(pl.String) == "accepted")
    return {*found.select("request_id", "volunteer_id").rows()}


@pytest.mark.slow
def test_the_first_click_counts_nothing() -> None:
    logs = [grabbing(*clicks) for clicks in permutations(PEOPLE)]
    told = [settle(log, TABLES, NOW).events for log in logs]
    assert told[0]["event"].to_list() == ["assigned", "passed_over", "passed_over", "settled"]
    assert all(each.equals(told[0]) for each in told)


def test_among_equals_a_lot_decides_and_nobody_is_always_last() -> None:
    log = grabbing(*PEOPLE)
    told = [settle(log, TABLES, NOW, seed=seed).events for seed in (1, 2, 4)]
    assert {each.filter(event="assigned")["volunteer_id"].item() for each in told} == {*PEOPLE}


def test_who_served_a_lot_lately_stands_back() -> None:
    hours = TABLES["volunteers"].with_columns(recent_hours=pl.Series([40.0, 0.0, 40.0]))
    assert winners(grabbing(*PEOPLE), TABLES | {"volunteers": hours}) == {("r1", "bo")}


def test_a_rule_stands_against_a_click() -> None:
    needs = pl.DataFrame(
        {"request_id": ["r1"], "post": ["volunteer"], "qualification": ["trained"]}
    )
    held = pl.DataFrame({"volunteer_id": ["cy"], "qualification": ["trained"]})
    tables = TABLES | {"post_qualifications": needs, "qualifications": held}
    assert winners(grabbing(*PEOPLE), tables) == {("r1", "cy")}
    assert winners(grabbing("ann", "bo"), tables) == set()


def test_only_who_is_interested_is_assigned_and_their_word_is_consent() -> None:
    refusing = TABLES["volunteers"].with_columns(consent=pl.lit("refuse"))
    assert winners(grabbing("bo"), TABLES | {"volunteers": refusing}) == {("r1", "bo")}


def test_orders_that_close_together_are_one_assignment() -> None:
    # bo wants both and may serve once; ann wants r1 alone: so ann has r1, whoever was first.
    once = TABLES["volunteers"].with_columns(max_shifts=pl.lit(1))
    log = pl.concat([grabbing("bo", "ann"), grabbing("bo", order="r2")])
    tables = TABLES | {"volunteers": once}
    assert winners(log, tables) == winners(log, tables, seed=1) == {("r1", "ann"), ("r2", "bo")}


def test_what_somebody_has_accepted_elsewhere_counts() -> None:
    at_nine = TABLES["requests"].with_columns(
        start=pl.lit("2026-12-02T09:00"), end=pl.lit("2026-12-02T10:00")
    )
    held = events("""
    r2 ordered    08:00 station:s1
    r2 checked    08:01 centre:c
    r2 dispatched 08:02 centre:c
    r2 offered    08:03 system volunteer_id=ann
    r2 accepted   08:04 volunteer:ann
    """)
    log = pl.concat([grabbing("ann", "bo"), held])
    assert winners(log, TABLES | {"requests": at_nine}) == {("r1", "bo"), ("r2", "ann")}


def test_an_order_that_lacks_people_yet_holds_up_no_other() -> None:
    # r2 needs two and ann alone has accepted it.
    needs_two = TABLES["requests"].with_columns(min_people=pl.Series([0, 2]))
    two = pl.DataFrame({"request_id": ["r2"], "post": ["volunteer"], "seats": [2]})
    held = events("""
    r2 ordered    08:00 station:s1
    r2 checked    08:01 centre:c
    r2 dispatched 08:02 centre:c
    r2 offered    08:03 system volunteer_id=ann
    r2 accepted   08:04 volunteer:ann
    """)
    log = pl.concat([grabbing("bo"), held])
    found = winners(log, TABLES | {"requests": needs_two, "posts": two})
    assert found == {("r1", "bo"), ("r2", "ann")}


def test_before_its_time_nothing_is_settled() -> None:
    early = settle(grabbing(*PEOPLE), TABLES, "2026-11-30T09:59")
    assert early.events.is_empty()
    assert early.results == {}
    nobody = settle(grabbing(), TABLES, NOW)
    assert nobody.events["event"].to_list() == ["settled"]
    log = grabbing(*PEOPLE)
    done = pl.concat([apply(log).appended, apply(settle(log, TABLES, NOW).events, log).appended])
    assert settle(done, TABLES, NOW).events.is_empty()
    assert state_at(done).orders["state"].to_list() == ["dispatched"]


def test_an_order_without_its_tables_is_told() -> None:
    with pytest.raises(UsageError, match="not in the table requests: r9"):
        settle(grabbing("ann", order="r9"), TABLES, NOW)


def test_tables_without_people_are_told() -> None:
    only = {"requests": TABLES["requests"]}
    with pytest.raises(DataError, match="volunteers"):
        settle(grabbing("ann"), only, NOW)
