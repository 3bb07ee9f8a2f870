"""Whatever is asked of the time bank, in any order: its laws hold, and a plain twin agrees."""

from collections import Counter
from datetime import date, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from matching.records.bank import posting
from matching.records.bank.accounts import broken_laws
from matching.records.bank.policy import BankPolicy
from tests.support.bank import Bank, kin, of_age

PEOPLE = ("ann", "bob", "cy")
REGIONS = ("11", "32")
minutes = st.integers(1, 150)
people, regions = st.sampled_from(PEOPLE), st.sampled_from(REGIONS)
Account = tuple[str, str, str]


class Twin:
    """The rules of the bank as one would tell them: a purse of coins by month for each account."""

    def __init__(self, cap: int, life: int, over_cap: str) -> None:
        self.cap, self.life, self.over_cap = cap, life, over_cap
        self.purses: dict[Account, Counter[date]] = {}
        self.records: set[str] = set()

    def purse(self, account: Account) -> Counter[date]:
        return self.purses.setdefault(account, Counter())

    def gone(self, earned: date, now: datetime) -> bool:
        months = (now.year - earned.year) * 12 + now.month - earned.month
        return bool(self.life) and months > self.life

    def expire(self, now: datetime) -> None:
        for purse in self.purses.values():
            for earned in [month for month in purse if self.gone(month, now)]:
                del purse[earned]

    def move(self, source: Account, target: Account | None, m: int) -> bool:
        purse = self.purse(source)
        if not 0 < m <= purse.total():
            return False
        room = self.cap - self.purse(target).total() if target else 0
        if target and self.cap and target[0] == "person" and m > room:
            return False
        for earned in sorted(purse):
            part = min(m, purse[earned])
            purse[earned] -= part
            m -= part
            if target:
                self.purse(target)[earned] += part
        return True

    def deposit(self, record: str, who: str, region: str, m: int, served: datetime) -> bool:
        if record in self.records or self.gone(served.date().replace(day=1), self.now):
            return False
        account, pool = ("person", who, region), ("pool", region, region)
        fits = m
        if self.cap:
            fits = min(m, max(0, self.cap - self.purse(account).total()))
        if fits < m and self.over_cap == "refuse":
            return False
        self.records.add(record)
        month = served.date().replace(day=1)
        self.purse(account)[month] += fits
        self.purse(pool)[month] += m - fits
        return True

    now = datetime(2026, 1, 10)


class Days(RuleBasedStateMachine):
    @initialize(
        cap=st.sampled_from([0, 4]),
        life=st.sampled_from([0, 2]),
        over_cap=st.sampled_from(["pool", "refuse"]),
    )
    def opens(self, cap: int, life: int, over_cap: str) -> None:
        policy = BankPolicy(
            cap_hours=cap, expires_after_months=life, over_cap=over_cap, region_digits=2
        )
        family = kin(("ann", "bob", "spouse"), ("cy", "ann", "parent"))
        self.bank = Bank(policy, family, of_age(*PEOPLE))
        self.twin = Twin(60 * cap, life, over_cap)
        self.now = datetime(2026, 1, 10, 9)
        self.records = 0

    def asks(self, expected: bool, *asked: dict[str, Any], **more: Any) -> None:
        refused = self.bank.post(*asked, now=self.now, **more)
        assert len(refused) == (not expected)

    def tick(self) -> datetime:
        self.now += timedelta(minutes=1)
        self.twin.now = self.now
        self.twin.expire(self.now)
        return self.now

    @rule(days=st.integers(1, 70))
    def waits(self, days: int) -> None:
        self.now += timedelta(days=days)
        self.tick()
        self.asks(True)

    @rule(who=people, region=regions, m=minutes, age=st.integers(0, 100), again=st.booleans())
    def deposits(self, who: str, region: str, m: int, age: int, again: bool) -> None:
        self.records += not again or not self.records
        record, now = f"r{self.records}", self.tick()
        served = now - timedelta(days=age)
        done = self.twin.deposit(record, who, region, m, served)
        self.asks(done, records=((record, who, m),), served=served, region=region)

    @rule(who=people, region=regions, m=minutes)
    def redeems(self, who: str, region: str, m: int) -> None:
        self.tick()
        done = self.twin.move(("person", who, region), None, m)
        self.asks(done, {"kind": "redeem", "account_id": who, "region": region, "minutes": m})

    @rule(who=people, to=people, region=regions, m=minutes)
    def gives(self, who: str, to: str, region: str, m: int) -> None:
        self.tick()
        close = {"ann": {"bob", "cy"}, "bob": {"ann"}, "cy": {"ann"}}
        source, target = ("person", who, region), ("person", to, region)
        done = to in close[who] and self.twin.move(source, target, m)
        asked = {"kind": "gift", "account_id": who, "region": region, "minutes": m, "to_id": to}
        self.asks(done, asked)

    @rule(who=people, region=regions, m=minutes)
    def donates(self, who: str, region: str, m: int) -> None:
        self.tick()
        done = self.twin.move(("person", who, region), ("pool", region, region), m)
        self.asks(done, {"kind": "donate", "account_id": who, "region": region, "minutes": m})

    @rule(who=people, region=regions, m=minutes)
    def leaves(self, who: str, region: str, m: int) -> None:
        self.tick()
        to = REGIONS[1 - REGIONS.index(region)]
        done = self.twin.move(("person", who, region), ("transfer", who, to), m)
        asked = {"kind": "transfer_out", "account_id": who, "region": region, "minutes": m}
        self.asks(done, asked | {"to_region": to})

    @rule(who=people, region=regions, all_=st.booleans(), m=minutes)
    def arrives(self, who: str, region: str, all_: bool, m: int) -> None:
        self.tick()
        source = ("transfer", who, region)
        total = self.twin.purse(source).total() if all_ else m
        done = self.twin.move(source, ("person", who, region), total)
        asked = {"kind": "transfer_in", "account_id": who, "to_region": region}
        self.asks(done, asked | ({} if all_ else {"minutes": m}))

    @invariant()
    def keeps_every_law(self) -> None:
        if not hasattr(self, "bank"):
            return
        assert broken_laws(self.bank.ledger, self.bank.policy).rows() == []
        kept = posting.lots_of(self.bank.ledger).filter(
            (pl.col("account") != "region") & (pl.col("minutes") != 0)
        )
        told = {
            ((row["account"], row["account_id"], row["region"]), row["earned"]): row["minutes"]
            for row in kept.to_dicts()
        }
        assert told == {
            (account, month): m
            for account, purse in self.twin.purses.items()
            for month, m in purse.items()
            if m
        }


def examples(count: int, steps: int) -> None:
    run_state_machine_as_test(
        Days,
        settings=settings(
            max_examples=count,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.slow
def test_the_laws_of_the_bank_hold_whatever_is_asked() -> None:
    examples(5, 10)


@pytest.mark.slow
def test_the_laws_of_the_bank_hold_whatever_is_asked_for_long() -> None:
    examples(60, 40)


def test_posted_day_by_day_or_at_once_the_accounts_are_the_same() -> None:
    """What is asked is the same, and only the order of time decides."""
    policy = BankPolicy(cap_hours=2, expires_after_months=2)
    start = datetime(2026, 1, 10, 9)
    asked = [
        {"kind": kind, "minutes": m, "at": start + timedelta(days=day), "transaction_id": f"t{day}"}
        for day, kind, m in (
            (1, "redeem", 30),
            (20, "donate", 25),
            (40, "redeem", 90),
            (95, "redeem", 10),
            (96, "donate", 5),
        )
    ]
    records = (("r1", "ann", 100), ("r2", "ann", 50))
    daily, once = Bank(policy), Bank(policy)
    for bank in (daily, once):
        bank.post(records=records, now=start)
    late = start + timedelta(days=100)
    for each in asked:
        daily.post(each, now=each["at"])
    daily.post(now=late)
    once.post(*asked, now=late)
    kept = [
        posting.lots_of(bank.ledger).drop("last").filter(pl.col("minutes") != 0)
        for bank in (daily, once)
    ]
    # All that is left has run out by April.
    assert kept[0].rows() == kept[1].rows() == []
    assert daily.ledger["kind"].value_counts().sort("kind").rows() == (
        once.ledger["kind"].value_counts().sort("kind").rows()
    )
