"""Waiting lists and swaps: the first who can come is promoted, and a swap keeps every rule."""

import polars as pl
import pytest

from matching.errors import UsageError
from matching.orders import apply, promotions, swapped
from tests.support.orders import DISPATCHED, events
from tests.test_settling import TABLES

NOW = "2026-11-30T10:00"
AT_NINE = TABLES | {
    "requests": TABLES["requests"].with_columns(
        start=pl.lit("2026-12-02T09:00"), end=pl.lit("2026-12-02T10:00")
    )
}


def full(order: str, who: str, *waiting: str) -> str:
    """Return an order whose one seat is taken, with a waiting list."""
    taken = f"""
    {order} offered  08:30 system volunteer_id={who}
    {order} accepted 08:31 volunteer:{who}
    """
    return (
        DISPATCHED.format(order)
        + taken
        + "".join(f"{order} waited 08:4{k} volunteer:{name}\n" for k, name in enumerate(waiting))
    )


def promoted(text: str, tables: dict = TABLES) -> list[tuple[str, str]]:
    log = events(text)
    found = promotions(log, tables, NOW)
    applied = apply(found, log, tables=tables)
    assert applied.refused.is_empty()
    # A day, as the policy says.
    assert applied.appended["until"].to_list() == [
        at.replace(day=1, month=12) for at in applied.appended["at"]
    ]
    return found.select("request_id", "volunteer_id").rows()


@pytest.mark.slow
def test_the_first_on_the_list_is_promoted_when_a_seat_falls_free() -> None:
    assert promoted(full("r1", "ann", "cy", "bo")) == []
    free = full("r1", "ann", "cy", "bo") + "r1 cancelled 09:00 volunteer:ann\n"
    assert promoted(free) == [("r1", "cy")]
    offers = apply(events(free)).states.offers
    assert offers.filter(pl.col("place").is_not_null()).select("volunteer_id", "place").rows() == [
        ("bo", 2),
        ("cy", 1),
    ]
    # As long as cy may answer, the seat is not free; then it is bo's turn.
    asked = free + "r1 promoted 09:10 system volunteer_id=cy until=10:30\n"
    assert promoted(asked) == []
    assert promoted(asked + "r1 declined 09:20 volunteer:cy\n") == [("r1", "bo")]


def test_who_cannot_come_is_passed_by_and_keeps_their_place() -> None:
    # cy has accepted r2 at the same time.
    free = full("r1", "ann", "cy", "bo") + "r1 cancelled 09:00 volunteer:ann\n" + full("r2", "cy")
    assert promoted(free, AT_NINE) == [("r1", "bo")]
    assert promoted(free) == [("r1", "cy")]


def test_a_swap_that_keeps_every_rule_is_told_as_events() -> None:
    log = events(
        full("r1", "ann")
        + "r1 put_up 09:00 volunteer:ann\nr1 applied 09:10 volunteer:bo\n"
        + full("r2", "cy")
    )
    found = swapped(log, AT_NINE, NOW, [("r1", "ann", "bo")])
    applied = apply(found, log, tables=AT_NINE)
    assert applied.refused.is_empty()
    states = dict(
        applied.states.offers.filter(request_id="r1").select("volunteer_id", "state").rows()
    )
    assert states == {"ann": "handed_over", "bo": "accepted"}
    # cy is elsewhere at nine.
    with pytest.raises(UsageError, match="would break a rule: overlap"):
        swapped(log, AT_NINE, NOW, [("r1", "ann", "cy")])
    with pytest.raises(UsageError, match="bo of r1 has not"):
        swapped(log, AT_NINE, NOW, [("r1", "bo", "cy")])


def test_two_trade_what_each_alone_could_not_take() -> None:
    text = full("r1", "ann") + full("r2", "cy")
    for order, giver, taker in (("r1", "ann", "cy"), ("r2", "cy", "ann")):
        text += f"{order} put_up 09:00 volunteer:{giver}\n{order} applied 09:10 volunteer:{taker}\n"
    log = events(text)
    trade = [("r1", "ann", "cy"), ("r2", "cy", "ann")]
    applied = apply(swapped(log, AT_NINE, NOW, trade), log, tables=AT_NINE)
    assert applied.refused.is_empty()
    held = applied.states.offers.filter(pl.col("state").cast(pl.String) == "accepted")
    assert held.select("request_id", "volunteer_id").rows() == [("r1", "cy"), ("r2", "ann")]
    with pytest.raises(UsageError, match="overlap"):
        swapped(log, AT_NINE, NOW, trade[:1])
