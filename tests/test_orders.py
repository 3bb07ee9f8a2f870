"""The life of an order: which events are legal, what they come to, and what a refusal says."""

from dataclasses import dataclass, field

import polars as pl
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from statemachine.exceptions import TransitionNotAllowed

from matching.errors import DataError, UsageError
from matching.orders import apply, due, state_at
from matching.orders.folding import run
from matching.orders.happenings import AGREED, FREED, OFF, OTHERS
from matching.orders.life import (
    ACTORS,
    BOUND,
    CAME,
    CONDITIONS,
    HOLDING,
    ROLES,
    OfferLife,
    OrderLife,
)
from matching.orders.moves import EVENTS, OFFER_EVENTS, TIMED, legal_moves
from matching.parallel.compiled import plain
from tests.support.orders import DISPATCHED, events


def seats(number: int, *orders: str) -> dict[str, pl.DataFrame]:
    """Return the tables of orders that want so many volunteers each."""
    start = pl.lit("2026-11-30T15:00")
    requests = pl.DataFrame({"request_id": orders}).with_columns(
        start=start, end=pl.lit("2026-11-30T16:00")
    )
    posts = pl.DataFrame({"request_id": orders}).with_columns(
        post=pl.lit("volunteer"), seats=pl.lit(number)
    )
    return {"requests": requests, "posts": posts}


ONE_SEAT = seats(1, "r1")


def states(frame: pl.DataFrame) -> dict:
    ids = [name for name in ("request_id", "volunteer_id") if name in frame.columns]
    return {row[:-1] if len(row) > 2 else row[0]: row[-1] for row in frame[[*ids, "state"]].rows()}


def rules(refused: pl.DataFrame) -> list[tuple[int, str]]:
    return refused.select("row", "rule").rows()


# --- what becomes of seats -----------------------------------------------------------------------

WEEK = (
    DISPATCHED.format("r1")
    + """
r1 offered     08:30 system volunteer_id=ann until=12:00
r1 offered     08:30 system volunteer_id=bo  until=12:00
r1 offered     08:30 system volunteer_id=cy  until=12:00
r1 accepted    09:00 volunteer:ann
r1 declined    09:10 volunteer:bo
r1 expired     12:00 system volunteer_id=cy
r1 stood_by    12:10 volunteer:bo
r1 cancelled   12:20 volunteer:ann
r1 called      12:30 centre:c volunteer_id=bo until=13:00
r1 accepted    12:40 volunteer:bo
r1 offered     12:50 system volunteer_id=cy until=14:00
r1 checked_in  15:00 station:s1 volunteer_id=bo
r1 checked_out 16:00 station:s1 volunteer_id=bo
r1 done        16:10 station:s1
r1 reviewed    17:00 beneficiary:p
r1 closed      18:00 centre:c
"""
)


@pytest.mark.slow
def test_an_order_from_the_menu_to_its_close() -> None:
    applied = apply(events(WEEK), tables=ONE_SEAT)
    assert applied.refused.is_empty()
    assert applied.appended.height == 19
    order = applied.states.orders.row(0, named=True)
    assert (order["state"], order["version"], order["entered_by"]) == ("closed", 19, "station")
    assert (order["came"], order["bound"], order["asked"]) == (1, 0, 0)
    # What cy was offered again and never answered came to nothing when the order was done.
    offers = states(applied.states.offers)
    assert offers == {
        ("r1", "ann"): "cancelled",
        ("r1", "bo"): "checked_out",
        ("r1", "cy"): "recalled",
    }


@pytest.mark.parametrize(
    ("at", "order", "bo"),
    [
        ("2026-11-30T08:10", "checked", None),
        ("2026-11-30T08:29", "dispatched", None),
        ("2026-11-30T08:30", "dispatched", "offered"),
        ("2026-11-30T09:10", "dispatched", "declined"),
        ("2026-11-30T12:15", "dispatched", "standby"),
        ("2026-11-30T04:35:00Z", "dispatched", "called"),  # 12:35 in Shanghai
        ("2026-11-30T16:05", "dispatched", "checked_out"),
        (None, "closed", "checked_out"),
    ],
)
def test_a_log_is_replayed_up_to_any_moment(at: str, order: str, bo: str) -> None:
    log = apply(events(WEEK)).appended.sample(fraction=1, shuffle=True, seed=1)
    found = state_at(log, at)
    assert states(found.orders) == {"r1": order}
    assert states(found.offers).get(("r1", "bo")) == bo


GRABBING = """
r1 ordered     08:00 organisation:o1
r1 checked     08:10 centre:c
r1 opened      08:20 centre:c until=10:00
r1 interested  08:30 volunteer:ann
r1 interested  08:31 volunteer:bo
"""


def test_grabbing_is_closed_at_its_time_and_not_before() -> None:
    first = apply(events(GRABBING), tables=ONE_SEAT)
    assert first.refused.is_empty()
    early = events("r1 assigned 09:59 system version=6 volunteer_id=bo")
    late = events("r1 interested 10:00 volunteer:cy version=6")
    for attempt, said in ((early, "grabbing closes at"), (late, "grabbing closed at")):
        (message,) = apply(attempt, first.appended).refused["message"]
        assert said in message
        assert "2026-11-30T10:00" in message
    closing = """
    r1 assigned    10:00 system version=6 volunteer_id=bo
    r1 passed_over 10:00 system volunteer_id=ann
    r1 settled     10:00 system
    """
    closed = apply(events(closing), first.appended, tables=ONE_SEAT)
    assert closed.refused.is_empty()
    assert states(closed.states.orders) == {"r1": "dispatched"}
    assert states(closed.states.offers) == {("r1", "ann"): "passed_over", ("r1", "bo"): "accepted"}


def test_nobody_is_left_without_a_word_when_grabbing_closes() -> None:
    log = apply(events(GRABBING)).appended
    closing = events("r1 settled 10:00 system version=6")
    assert rules(apply(closing, log).refused) == [(1, "all_answered")]


FULL = (
    DISPATCHED.format("r1")
    + """
r1 offered  08:30 system volunteer_id=ann until=12:00
r1 accepted 08:40 volunteer:ann
"""
)


def test_a_waiting_list_is_promoted_with_a_deadline_and_a_reserve_is_called_last() -> None:
    text = (
        FULL
        + """
    r1 waited      08:50 volunteer:bo
    r1 waited      08:55 volunteer:cy
    r1 reserved    08:58 volunteer:di
    r1 cancelled   09:00 volunteer:ann
    r1 promoted    09:05 system volunteer_id=bo until=09:30
    r1 expired     09:30 system volunteer_id=bo
    r1 promoted    09:30 system volunteer_id=cy until=10:00
    r1 declined    09:40 volunteer:cy
    r1 called_last 09:50 system volunteer_id=di until=11:00
    r1 accepted    10:00 volunteer:di
    """
    )
    applied = apply(events(text), tables=ONE_SEAT)
    assert applied.refused.is_empty()
    assert states(applied.states.offers)["r1", "di"] == "accepted"
    # After ann has cancelled, after bo has not answered, after cy has declined.
    for version, kind in {9: "to_promote", 11: "to_promote", 13: "reserve_to_call"}.items():
        so_far = events(text).filter(pl.col("version") <= version)
        found = due(so_far, "2026-11-30T09:45", tables=ONE_SEAT)
        assert found["due"].to_list() == [kind]
    # As long as somebody waits, no reserve is called.
    early = events(text).filter(pl.col("version") < 9)
    attempt = events("r1 called_last 09:02 system version=9 volunteer_id=di until=11:00")
    assert rules(apply(attempt, early).refused) == [(1, "nobody_else")]


def test_a_seat_is_swapped_if_somebody_gives_it_and_somebody_takes_it() -> None:
    swap = """
    r1 put_up      09:00 volunteer:ann version=6
    r1 applied     09:10 volunteer:bo
    r1 handed_over 09:20 centre:c volunteer_id=ann
    r1 took_over   09:20 centre:c volunteer_id=bo
    """
    log = apply(events(FULL), tables=ONE_SEAT).appended
    applied = apply(events(swap), log, tables=ONE_SEAT)
    assert applied.refused.is_empty()
    assert states(applied.states.offers) == {("r1", "ann"): "handed_over", ("r1", "bo"): "accepted"}
    asked = pl.concat([log, applied.appended.filter(pl.col("version") < 8)])
    assert due(asked, "2026-11-30T09:15")["due"].to_list() == ["swap_to_approve"]
    # Who put up a seat still comes, unless somebody takes it; and may keep it.
    alone = apply(
        events("r1 put_up 09:00 volunteer:ann version=6\nr1 kept 09:30 volunteer:ann"), log
    )
    assert states(alone.states.offers) == {("r1", "ann"): "accepted"}
    nobody_gives = apply(events("r1 applied 09:30 volunteer:bo version=6"), log)
    assert rules(nobody_gives.refused) == [(1, "somebody_gives")]
    too_soon = apply(events("r1 took_over 09:30 centre:c version=8 volunteer_id=bo"), asked)
    assert rules(too_soon.refused) == [(1, "handed")]


# --- what is refused -----------------------------------------------------------------------------

OFFERED = DISPATCHED.format("r1") + "r1 offered 08:30 system volunteer_id=ann until=12:00\n"


@pytest.mark.parametrize(
    ("line", "rule", "column", "said"),
    [
        ("r1 checked 09:00 centre:c", "legal_in_its_state", "event", "dispatched (by centre, sys"),
        ("r1 checked_in 09:00 volunteer:ann", "legal_in_its_state", "event", "accepted (by volunt"),
        ("r1 accepted 09:00 volunteer:bo", "legal_in_its_state", "event", "has no offer yet"),
        ("r2 checked 09:00 centre:c", "legal_in_its_state", "event", "is not there yet"),
        ("r1 accepted 12:00 volunteer:ann", "in_time", "at", "stood until 2026-11-30T12:00"),
        (
            "r1 expired 11:59 system volunteer_id=ann",
            "overdue",
            "at",
            "stands until 2026-11-30T12:00",
        ),
        ("r1 expired 12:00 station:s1 volunteer_id=ann", "who_may", "actor_role", "centre or syst"),
        ("r1 done 09:00 station:s1", "somebody_came", "event", "lapsed or withdrawn"),
        ("r1 interested 09:00 volunteer:bo", "while_opened", "event", "legal there: dispatched"),
        ("r1 recalled 08:29 system volunteer_id=ann", "not_backwards", "at", "order of time"),
        ("r1 declined 09:00 volunteer:ann post=cook", "post_of_the_offer", "post", "leave post em"),
    ],
)
def test_what_is_not_legal_is_refused_with_what_would_be(
    line: str, rule: str, column: str, said: str
) -> None:
    log = apply(events(OFFERED)).appended
    version = 1 if line.startswith("r2") else 5
    applied = apply(events(f"{line} version={version}"), log)
    assert applied.appended.is_empty()
    (refused,) = applied.refused.to_dicts()
    assert (refused["rule"], refused["column"], refused["row"]) == (rule, column, 1)
    assert said in refused["message"]


def test_a_seat_is_taken_once_and_free_again_when_it_is_given_up() -> None:
    two = OFFERED + "r1 offered 08:30 system volunteer_id=bo until=12:00\n"
    two += "r1 accepted 09:00 volunteer:ann\n"
    log = apply(events(two), tables=ONE_SEAT).appended
    word = events("r1 accepted 09:30 volunteer:bo version=7")
    assert rules(apply(word, log, tables=ONE_SEAT).refused) == [(1, "seat_free")]
    # Nothing is known of the seats of other orders, nor of these where no table is given.
    assert apply(word, log).refused.is_empty()
    free = events("r1 cancelled 09:20 volunteer:ann version=7\nr1 accepted 09:30 volunteer:bo")
    assert apply(free, log, tables=ONE_SEAT).refused.is_empty()
    # A log stays true if seats are taken away afterwards.
    none = ONE_SEAT | {"posts": ONE_SEAT["posts"].with_columns(post=pl.lit("cook"))}
    assert rules(apply(word, log, tables=none).refused) == [(1, "seat_free")]
    other = events("r1 offered 09:30 system version=7 volunteer_id=cy post=cook")
    assert rules(apply(other, log, tables=ONE_SEAT).refused) == [(1, "post_exists")]


def test_what_follows_a_refusal_is_refused_in_this_order_alone() -> None:
    text = """
    r1 ordered 08:00 station:s1
    r1 done    08:10 station:s1
    r1 checked 08:20 centre:c
    r2 ordered 08:00 station:s1
    """
    applied = apply(events(text))
    assert rules(applied.refused) == [(2, "legal_in_its_state"), (3, "after_a_refusal")]
    assert applied.appended["request_id"].to_list() == ["r1", "r2"]


@pytest.mark.parametrize("again", [[1], [1, 1], [1, 2, 3, 4]])
def test_what_is_delivered_again_changes_nothing(again: list[int]) -> None:
    every = events(OFFERED)
    log = apply(every).appended
    rows = pl.concat([every.filter(pl.col("version") == version) for version in again])
    applied = apply(rows, log)
    assert (applied.appended.height, applied.refused.height) == (0, 0)
    assert applied.repeated["version"].to_list() == again
    # What was left to the policy is the same event, whatever the policy says now.
    bare = every.with_columns(until=pl.lit(None, dtype=pl.String))
    assert apply(bare, log).repeated.height == 4


def test_another_event_under_the_same_version_is_a_conflict() -> None:
    log = apply(events(OFFERED)).appended
    text = """
    r1 offered  08:31 system version=4 volunteer_id=bo
    r1 accepted 08:40 volunteer:bo
    """
    applied = apply(events(text), log)
    # The second was written by somebody who knew of the first.
    assert rules(applied.refused) == [(1, "conflict"), (2, "after_a_refusal")]
    other = events(
        "r1 ordered 08:00 station:s1\nr1 refused 08:10 centre:c\n"
        "r1 checked 08:10 centre:c version=2"
    )
    assert rules(apply(other).refused) == [(3, "conflict")]


@pytest.mark.slow
def test_versions_have_no_gaps() -> None:
    first = "r1 ordered 08:00 station:s1"
    applied = apply(events(f"{first}\nr1 checked 08:10 centre:c version=3"))
    assert rules(applied.refused) == [(2, "without_gaps")]
    assert "last version is 1, so the next is 2" in applied.refused["message"][0]
    assert rules(apply(events("r9 ordered 08:00 station:s1 version=2")).refused)[0][1] == (
        "without_gaps"
    )


def test_a_log_that_is_not_legal_is_told_with_its_rows() -> None:
    log = events(OFFERED).filter(pl.col("version") != 2)
    with pytest.raises(DataError, match=r"events of the log row 2, version = '3'"):
        state_at(log)


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ("r1 offered 09:00 system", "names_its_volunteer"),
        ("r1 checked 09:00 centre:c volunteer_id=ann", "names_its_volunteer"),
        ("r1 accepted 09:00 volunteer:ann volunteer_id=bo", "answers_for_themselves"),
        ("r1 accepted 09:00 centre:c volunteer_id=ann reason=", "says_who_told_it"),
        ("r1 offered 09:00 system volunteer_id=ann until=09:00", "stands_until"),
        ("r1 checked 09:00 centre:c until=10:00", "stands_until"),
        ("r1 cheked 09:00 centre:c", "type"),
        ("r1 checked 09:00 boss:c", "type"),
    ],
)
def test_a_cell_that_breaks_the_table_is_a_fault(line: str, rule: str) -> None:
    with pytest.raises(DataError) as caught:
        apply(events(line))
    assert caught.value.faults.select("table", "row", "rule").rows() == [("events", 1, rule)]


def test_every_event_has_its_roles_and_the_numbers_have_room() -> None:
    assert {*ROLES} == {*EVENTS}
    # What each event means for a plan in force is said, too.
    assert {*FREED, *AGREED, *OFF, *OTHERS} == {*EVENTS}
    assert {role for roles in ROLES.values() for role in roles} == {*ACTORS}
    asked = legal_moves().explode("conditions").drop_nulls("conditions")
    assert {*asked["conditions"]} == {*CONDITIONS}
    assert max(len(ACTORS), len(CONDITIONS)) < 31
    # An event depends on the same conditions wherever it starts from.
    kinds = legal_moves().group_by("event").agg(pl.col("conditions").n_unique())
    assert kinds["conditions"].max() == 1


# --- what needs somebody ------------------------------------------------------------------------


@pytest.mark.slow
def test_what_is_due_is_told_with_the_events_that_would_see_to_it() -> None:
    log = events(
        OFFERED  # ann has until noon
        + "r2 ordered 08:00 station:s1\n"
        + DISPATCHED.format("r3")
        + DISPATCHED.format("r4")
        + "r4 stood_by 08:30 volunteer:bo\n"
        + GRABBING.replace("r1", "r5")  # until ten
        + "r6 ordered 08:00 station:s1\nr6 checked 08:05 centre:c\n"
        + DISPATCHED.format("r7")
        + "r7 offered 08:30 system volunteer_id=cy until=09:00\nr7 accepted 08:40 volunteer:cy\n"
    )
    tables = seats(2, "r7", "r8")
    told = [
        ("grabbing_over", "r5", None, None, "assigned, passed_over, settled"),
        ("nobody_took_it", "r3", None, None, "offered, opened, lapsed"),
        ("standby_to_call", "r4", None, None, "called"),
        ("seats_open", "r7", None, 1, "offered, opened"),
        ("offer_expiring", "r1", "ann", None, "accepted, declined"),
        ("to_check", "r2", None, None, "checked, refused"),
        ("to_dispatch", "r6", None, None, "dispatched, opened"),
    ]
    columns = ("due", "request_id", "volunteer_id", "seats", "events")
    found = due(log, "2026-11-30T10:00", tables=tables)
    assert found.select(columns).rows() == told
    later = due(log, "2026-11-30T15:00", tables=tables)
    assert later.select(columns).rows()[:3] == [
        ("offer_expired", "r1", "ann", None, "expired"),
        told[0],
        ("not_checked_in", "r7", "cy", None, "checked_in, no_show"),
    ]
    # Nothing is due before anything has happened, and without tables no seat is known.
    assert due(log, "2026-11-30T07:59", tables=tables).is_empty()
    assert "r7" not in {*due(log, "2026-11-30T10:00")["request_id"]}
    # An offer is about to end if it ends within the hours that are named.
    assert due(log, "2026-11-30T10:00", soon_hours=1.9).height == 5


def test_what_is_due_after_the_service() -> None:
    # cy was offered a seat until two o'clock, and nobody has said yet that it expired.
    told = {
        "15:30": ["offer_expired"],
        "16:01": ["offer_expired", "not_checked_out"],
        "16:05": ["offer_expired", "to_end"],
        "16:30": ["to_review"],
        "17:30": ["to_close"],
        "18:00": [],
    }
    log = events(WEEK).with_columns(at=pl.col("at").str.replace("T16:00", "T16:02"))
    found = {at: due(log, f"2026-11-30T{at}", tables=ONE_SEAT)["due"].to_list() for at in told}
    assert found == told


@pytest.mark.parametrize("now", ["noon", "2026-11-30T25:00", ""])
def test_a_now_that_is_no_moment_is_told(now: str) -> None:
    with pytest.raises(UsageError, match=r"now = .*write a time such as 2026-11-30T09:00"):
        due(events(OFFERED), now)


# --- the machines themselves as the oracle -------------------------------------------------------

PEOPLE = ("ann", "bo", "cy")
SEATS = 2


@dataclass
class Offer:
    """A volunteer as the machine of offers sees them."""

    book: "Book"
    state: str = "none"
    until: int = 0


@dataclass
class Book:
    """An order and its volunteers as the machines see them; times are minutes."""

    state: str = "new"
    until: int = 0
    now: int = 0
    hands: int = 0
    offers: dict[str, Offer] = field(default_factory=dict)

    def among(self, states: tuple) -> int:
        return sum(offer.state in states for offer in self.offers.values())

    def holds(self, name: str, offer: Offer | None) -> bool:
        return {
            "while_dispatched": self.state == "dispatched",
            "while_opened": self.state == "opened",
            "while_looking": self.state in ("dispatched", "opened"),
            "in_time": offer is not None and self.now < offer.until,
            "overdue": offer is not None and self.now >= offer.until,
            "order_in_time": self.now < self.until,
            "order_overdue": self.now >= self.until,
            "seat_free": self.among(HOLDING) < SEATS,
            "nobody_else": not self.among(
                ("offered", "interested", "called", "standby", "waiting", "applying")
            ),
            "somebody_gives": self.among(("put_up",)) > 0,
            "somebody_takes": self.among(("applying",)) > 0,
            "handed": self.hands > 0,
            "all_answered": not self.among(("interested",)),
            "nobody_bound": not self.among(BOUND),
            "nobody_came": not self.among(CAME),
            "somebody_came": self.among(CAME) > 0,
        }[name]

    def send(self, event: str, role: str, who: str | None, until: int | None) -> bool:
        """Cause an event; tell whether the machines allow it."""
        about = self if who is None else self.offers[who]
        machine = (OrderLife if who is None else OfferLife)(model=about)
        try:
            machine.send(event)
        except TransitionNotAllowed:
            return False
        about.until = 10**6 if until is None else until
        self.hands += (event == "handed_over") - (event == "took_over")
        return True


for _name in CONDITIONS:
    setattr(Book, _name, property(lambda book, name=_name: book.holds(name, None)))
    setattr(Offer, _name, property(lambda offer, name=_name: offer.book.holds(name, offer)))


class Lives(RuleBasedStateMachine):
    """One order; whatever is tried, legal or not, becomes an order of its own at the end."""

    @initialize()
    def begin(self) -> None:
        self.book = Book()
        self.book.offers = {name: Offer(self.book) for name in PEOPLE}
        self.log: list[dict] = []
        self.tries: list[tuple[list[dict], dict, bool, str]] = []

    def attempt(self, event: str, role: str, who: str, wait: int, stands: int) -> None:
        book = self.book
        about = who if event in OFFER_EVENTS else None
        now = book.now + wait
        until = now + stands if event in TIMED else None
        row = {
            "request_id": "",
            "version": len(self.log) + 1,
            "event": event,
            "at": clock(now),
            "actor_role": role,
            "actor_id": who if role == "volunteer" and about else "x",
            "volunteer_id": about,
            "until": None if until is None else clock(until),
            "reason": "told",
        }
        before, book.now = book.now, now
        may = role in ROLES[event] and book.send(event, role, about, until)
        state = book.offers[who].state if about else book.state
        self.tries.append(([*self.log], row, may, state))
        if may:
            self.log.append(row)
        else:
            book.now = before

    @rule(data=st.data(), who=st.sampled_from(PEOPLE), wait=st.integers(0, 3))
    def legal(self, data: st.DataObject, who: str, wait: int) -> None:
        moves = legal_moves()
        states = {"order": self.book.state, "offer": self.book.offers[who].state}
        found = [e for of, s, e in moves[["of", "state", "event"]].rows() if states[of] == s]
        if found:
            event = data.draw(st.sampled_from(found))
            role = data.draw(st.sampled_from(ROLES[event]))
            self.attempt(event, role, who, wait, data.draw(st.integers(1, 4)))

    @precondition(lambda self: self.log)
    @rule(
        event=st.sampled_from(EVENTS),
        role=st.sampled_from(ACTORS),
        who=st.sampled_from(PEOPLE),
        wait=st.integers(0, 3),
    )
    def anything(self, event: str, role: str, who: str, wait: int) -> None:
        self.attempt(event, role, who, wait, 2)

    def teardown(self) -> None:
        if not getattr(self, "tries", None):
            return
        rows = [
            each | {"request_id": f"r{number:03}"}
            for number, (log, row, _, _) in enumerate(self.tries)
            for each in (*log, row)
        ]
        tables = seats(SEATS, *(f"r{number:03}" for number in range(len(self.tries))))
        applied = apply(pl.DataFrame(rows, infer_schema_length=None), tables=tables)
        kept = {*applied.appended.select("request_id", "version").rows()}
        orders = states(applied.states.orders)
        for number, (log, row, may, state) in enumerate(self.tries):
            name = f"r{number:03}"
            assert all((name, each["version"]) in kept for each in log)
            assert ((name, row["version"]) in kept) == may, (row, log)
            if may and row["volunteer_id"] is None:
                assert orders[name] == state
        assert applied.refused.height == sum(not may for _, _, may, _ in self.tries)
        self.check_offers(applied.states.offers)

    def check_offers(self, offers: pl.DataFrame) -> None:
        """The whole log's offers stand where the machines do, but for what the end recalls."""
        if self.log:
            rows = pl.DataFrame(self.log, infer_schema_length=None)
            found = state_at(rows.with_columns(request_id=pl.lit("r"))).offers
            loose = ("offered", "interested", "called", "applying", "standby", "waiting", "reserve")
            looking = self.book.state in ("ordered", "checked", "opened", "dispatched")
            told = {
                ("r", name): "recalled" if offer.state in loose and not looking else offer.state
                for name, offer in self.book.offers.items()
                if offer.state != "none"
            }
            assert states(found) == told


def clock(minutes: int) -> str:
    return f"2026-11-30T{8 + minutes // 60:02}:{minutes % 60:02}"


TestLives = Lives.TestCase
TestLives.settings = settings(max_examples=8, stateful_step_count=25, deadline=None)


@pytest.mark.slow
class TestManyLives(Lives.TestCase):
    settings = settings(max_examples=600, stateful_step_count=50, deadline=None)


def test_the_compiled_fold_is_the_python_it_is_written_in(monkeypatch: pytest.MonkeyPatch) -> None:
    text = (
        WEEK + GRABBING.replace("r1", "r2") + OFFERED.replace("r1", "r3").replace("08:20", "08:05")
    )
    compiled = apply(events(text), tables=ONE_SEAT)
    monkeypatch.setattr("matching.orders.folding.run", plain(run))
    written = apply(events(text), tables=ONE_SEAT)
    assert compiled.refused.equals(written.refused)
    assert compiled.states.orders.equals(written.states.orders)
    assert compiled.states.offers.equals(written.states.offers)
    assert written.refused.height == 2
