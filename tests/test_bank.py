"""The time bank: what may be done with hours, and what the ledger says of it."""

from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from beancount import loader
from beancount.core.data import Balance, Transaction

from matching.errors import PolicyError
from matching.parallel.compiled import plain
from matching.records.bank import kernel, posting
from matching.records.bank.accounts import balances, broken_laws, statement
from matching.records.bank.beancount import beancount
from matching.records.bank.policy import BankPolicy, cities
from matching.records.bank.sentences import with_sentences
from matching.stores.sql.ledger import Ledger
from tests.support.bank import NOON, Bank, kin, of_age

HOUR = 60
LATER = NOON + timedelta(days=1)


def told(bank: Bank, language: str = "en") -> str:
    assert bank.refused is not None
    return "\n".join(with_sentences(bank.refused, bank.policy, language)["sentence"])


# --- deposits -------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_record_is_deposited_once_however_often_it_is_posted() -> None:
    bank = Bank()
    assert bank.post(records=(("r1", "ann", 90),)) == []
    assert bank.held("ann") == 90
    assert bank.post(records=(("r1", "ann", 90), ("r2", "ann", 30)), now=LATER) == ["posted"]
    assert bank.held("ann") == 120
    # What ann holds the region has given out.
    assert bank.held("home", account="region") == -120


def test_a_record_that_says_something_else_later_is_told() -> None:
    bank = Bank()
    bank.post(records=(("r1", "ann", 90),))
    assert bank.post(records=(("r1", "ann", 60),), now=LATER) == ["changed"]
    assert "record:r1: 90 minutes stand in the ledger, and 60 are asked now" in told(bank)
    assert bank.held("ann") == 90


def test_what_is_above_the_cap_goes_to_the_pool_or_is_refused_as_the_policy_says() -> None:
    bank = Bank(BankPolicy(cap_hours=2))
    bank.post(records=(("r1", "ann", 90),))
    # 90 + 50 are 20 more than two hours.
    assert bank.post(records=(("r2", "ann", 50),), now=LATER) == []
    assert (bank.held("ann"), bank.held("home", account="pool")) == (120, 20)
    strict = Bank(BankPolicy(cap_hours=2, over_cap="refuse"))
    strict.post(records=(("r1", "ann", 90),))
    assert strict.post(records=(("r2", "ann", 50),), now=LATER) == ["cap"]
    assert strict.held("ann") == 90
    assert "nobody may hold more than 2 hours, and ann has room for 30 minutes" in told(strict)


def test_a_service_that_has_not_ended_is_not_deposited() -> None:
    bank = Bank()
    assert bank.post(records=(("r1", "ann", 90),), served=LATER) == ["future"]


# --- redeeming, giving, donating ------------------------------------------------------------------


def test_hours_are_redeemed_from_the_age_on_for_oneself_or_a_spouse() -> None:
    bank = Bank(kin=kin(("bob", "ann", "spouse"), ("ann", "dan", "child")), ages=of_age("ann"))
    bank.post(records=(("r1", "ann", 120), ("r2", "bob", 120)))
    codes = bank.post(
        {"kind": "redeem", "minutes": 30},
        {"kind": "redeem", "minutes": 20, "to_id": "bob"},
        {"kind": "redeem", "minutes": 10, "to_id": "dan"},
        {"kind": "redeem", "minutes": 10, "account_id": "bob"},
        now=LATER,
    )
    assert sorted(codes) == ["age", "not_for_whom"]
    assert (bank.held("ann"), bank.held("bob")) == (70, 120)
    text = told(bank)
    assert "ann redeems hours for oneself, a spouse, and dan is none of them" in text
    assert "bob redeems hours from age 60" in text
    assert "bob 须年满 60 周岁" in told(bank, "zh")


def test_the_birthday_counts_and_the_day_before_does_not() -> None:
    bank = Bank(ages=of_age("ann", since=LATER.date()))
    bank.post(records=(("r1", "ann", 120),), now=NOON - timedelta(days=3))
    assert bank.post({"kind": "redeem", "minutes": 30}) == ["age"]
    assert bank.post({"kind": "redeem", "minutes": 30}, now=LATER) == []


def test_gifts_go_to_close_family_and_keep_the_month_of_their_service() -> None:
    # Dan's parent is ann: so ann's child is dan.
    bank = Bank(kin=kin(("dan", "ann", "parent"), ("ann", "eve", "sibling")))
    bank.post(records=(("r1", "ann", 120),), served=datetime(2026, 1, 5, 10))
    codes = bank.post(
        {"kind": "gift", "minutes": 30, "to_id": "dan"},
        {"kind": "gift", "minutes": 30, "to_id": "eve"},
        {"kind": "gift", "minutes": 30, "to_id": "ann"},
        now=LATER,
    )
    assert codes == ["not_to_whom", "not_to_whom"]
    assert bank.held("dan") == 30
    dans = posting.lots_of(bank.ledger).filter(pl.col("account_id") == "dan")
    assert dans["earned"].to_list() == [date(2026, 1, 1)]


def test_donations_go_to_the_pool_or_an_organisation_which_only_donates() -> None:
    bank = Bank()
    bank.post(records=(("r1", "ann", 120),))
    bank.post({"kind": "donate", "minutes": 30}, {"kind": "donate", "minutes": 40, "to_id": "o1"})
    assert bank.held("home", account="pool") == 30
    assert bank.held("o1", account="organisation") == 40
    whose = {"account": "organisation", "account_id": "o1"}
    assert bank.post(
        {"kind": "redeem", "minutes": 10, "to_id": "eve"} | whose,
        {"kind": "donate", "minutes": 10, "to_id": "o1"} | whose,
        {"kind": "donate", "minutes": 15} | whose,
        {"kind": "redeem", "minutes": 20, "account": "pool", "account_id": None, "to_id": "eve"},
        {"kind": "gift", "minutes": 1, "account": "pool", "to_id": "eve"},
        now=LATER,
    ) == ["organisation", "itself", "pool"]
    assert bank.held("home", account="pool") == 30 + 15 - 20
    assert "an organisation only donates hours" in told(bank)


def test_nobody_owes_hours() -> None:
    bank = Bank()
    bank.post(records=(("r1", "ann", 60),))
    asked = [{"kind": "redeem", "minutes": 40}, {"kind": "redeem", "minutes": 40}]
    assert bank.post(*asked, now=LATER) == ["balance"]
    assert bank.held("ann") == 20
    assert "ann has 20 minutes in home; ask for at least 1 and no more than these" in told(bank)


def test_what_comes_late_is_posted_when_its_account_was_last_moved_and_nothing_in_advance() -> None:
    bank = Bank()
    bank.post(records=(("r1", "ann", 60),))
    early = {"kind": "redeem", "minutes": 10, "at": NOON - timedelta(hours=1)}
    late = {"kind": "redeem", "minutes": 10, "at": LATER + timedelta(hours=1)}
    assert bank.post(early, late, now=LATER) == ["future"]
    assert bank.ledger.filter(pl.col("kind") == "redeem")["at"].unique().to_list() == [NOON]
    assert "2026-03-03 13:00 has not come yet" in told(bank)


# --- transfer and expiry --------------------------------------------------------------------------


def test_hours_follow_the_volunteer_to_another_region_and_stay_as_old_as_they_were() -> None:
    bank = Bank(BankPolicy(expires_after_months=12, region_digits=4))
    bank.post(records=(("r1", "ann", 60),), served=datetime(2025, 5, 5, 9), region="320106")
    bank.post(records=(("r2", "ann", 60),), served=datetime(2026, 2, 5, 9), region="3201")
    out = {"kind": "transfer_out", "minutes": 90, "region": "3201", "to_region": "110105"}
    assert bank.post(out, now=LATER) == []
    assert (bank.held("ann", "3201"), bank.held("ann", "1101", "transfer")) == (30, 90)
    arrive = {"kind": "transfer_in", "to_region": "1101"}
    assert bank.post(arrive, now=LATER + timedelta(days=1)) == []
    assert (bank.held("ann", "1101"), bank.held("ann", "1101", "transfer")) == (90, 0)
    there = posting.lots_of(bank.ledger).filter(
        (pl.col("region") == "1101") & (pl.col("account") == "person")
    )
    # The oldest went first: all 60 of May 2025, and 30 of February.
    assert there.select("earned", "minutes").rows() == [
        (date(2025, 5, 1), 60),
        (date(2026, 2, 1), 30),
    ]
    assert bank.post(arrive, now=LATER + timedelta(days=2)) == ["balance"]
    # May 2025 and twelve months more end with May 2026.
    bank.post(now=datetime(2026, 5, 31, 23))
    assert bank.held("ann", "1101") == 90
    bank.post(now=datetime(2026, 6, 1, 0))
    assert bank.held("ann", "1101") == 30
    assert bank.held("1101", "1101", "region") == 60
    bank.post(now=datetime(2026, 6, 2, 0))
    assert bank.held("ann", "1101") == 30


def test_to_where_they_are_hours_do_not_go() -> None:
    bank = Bank()
    bank.post(records=(("r1", "ann", 60),), region="320106")
    out = {"kind": "transfer_out", "minutes": 9, "region": "3201", "to_region": "320199"}
    assert bank.post(out, now=LATER) == ["same_region"]


def test_hours_of_long_ago_are_not_deposited_and_what_runs_out_is_told_before() -> None:
    policy = BankPolicy(expires_after_months=12)
    bank = Bank(policy)
    assert bank.post(records=(("r1", "ann", 60),), served=datetime(2025, 1, 31, 9)) == ["run_out"]
    assert "12 months after that of the service, which ended these on 2026-02-01" in told(bank)
    bank.post(records=(("r2", "ann", 60),), served=datetime(2025, 5, 31, 9))
    bank.post(records=(("r3", "ann", 45),), served=datetime(2025, 9, 1, 9))
    held = balances(posting.lots_of(bank.ledger), policy, NOON)
    mine = held.filter(pl.col("account") == "person")
    assert mine.select("minutes", "next_minutes", "next_expiry").rows() == [
        (105, 60, date(2026, 6, 1))
    ]
    assert balances(posting.lots_of(bank.ledger), policy, datetime(2026, 6, 1)).filter(
        pl.col("account") == "person"
    )["minutes"].to_list() == [45]


# --- the ledger as others read it -----------------------------------------------------------------


def busy(store: Ledger | None = None) -> Bank:
    policy = BankPolicy(cap_hours=2, expires_after_months=12)
    family = kin(("ann", 'b"ob\\', "spouse"), ("ann", "陈", "child"))
    bank = Bank(policy, family, store=store)
    bank.post(records=(("r1", "ann", 100), ("r/2", 'b"ob\\', 60)), served=datetime(2025, 4, 1))
    bank.post(records=(("r3", "ann", 100),), region="3201")
    bank.post(
        {"kind": "gift", "minutes": 30, "to_id": 'b"ob\\'},
        {"kind": "gift", "minutes": 20, "to_id": "陈"},
        {"kind": "redeem", "minutes": 10, "request_id": "tea 1"},
        {"kind": "transfer_out", "minutes": 50, "region": "3201", "to_region": "11"},
        now=LATER,
    )
    # Nobody asks anything of what ann and the others have had for a year.
    bank.post(records=(("r4", "zoe", 10),), now=datetime(2026, 6, 1))
    return bank


def test_a_ledger_in_a_database_says_what_one_in_memory_does(tmp_path: Path) -> None:
    kept = busy(Ledger(tmp_path / "bank.db")).ledger
    assert kept.rows() == busy().ledger.rows()
    assert {"expiry", "gift", "transfer_out"} <= {*kept["kind"]}


def test_a_statement_has_the_balance_after_each_movement() -> None:
    bank = Bank()
    bank.post(records=(("r1", "ann", 60), ("r2", "ann", 30)))
    bank.post({"kind": "redeem", "minutes": 70, "request_id": "tea"}, now=LATER)
    mine = statement(bank.ledger.filter(pl.col("account") == "person"))
    assert mine.select("kind", "minutes", "balance", "record_id", "request_id").rows() == [
        ("deposit", 60, 60, "r1", None),
        ("deposit", 30, 90, "r2", None),
        ("redeem", -70, 20, None, "tea"),
    ]


def test_beancount_finds_no_error_and_the_same_balances() -> None:
    bank = busy()
    assert {"expiry", "gift", "transfer_out"} <= {*bank.ledger["kind"]}
    entries, errors, _ = loader.load_string("".join(beancount(bank.ledger)))
    assert errors == []
    transactions = [entry for entry in entries if isinstance(entry, Transaction)]
    assert {entry.narration for entry in transactions} == {*bank.ledger["transaction_id"]}
    told = sorted(int(entry.amount.number) for entry in entries if isinstance(entry, Balance))
    ours = bank.ledger.group_by("account", "account_id", "region").agg(pl.col("minutes").sum())
    assert told == sorted(ours["minutes"])


def test_beancount_would_find_a_minute_that_is_lost() -> None:
    text = "".join(beancount(busy().ledger))
    lost = text.replace("  -30 MIN", "  -29 MIN", 1)
    assert lost != text
    _, errors, _ = loader.load_string(lost)
    assert errors != []


def test_a_broken_law_is_found() -> None:
    bank = busy()
    assert broken_laws(bank.ledger, bank.policy).rows() == []
    gift = bank.ledger.filter(pl.col("kind") == "gift")
    deposit = bank.ledger.filter(pl.col("transaction_id") == "record:r3")
    broken = {
        "sums_to_zero": bank.ledger.filter(~((pl.col("kind") == "gift") & (pl.col("leg") == 2))),
        "never_negative": pl.concat([bank.ledger, gift, gift, gift, gift]),
        "one_deposit": pl.concat([bank.ledger, deposit]),
        "cap": pl.concat([deposit, deposit]),
    }
    for law, ledger in broken.items():
        assert law in set(broken_laws(ledger, bank.policy)["law"]), law


# --- columns and policies -------------------------------------------------------------------------


def test_compiled_or_plain_the_loop_does_the_same() -> None:
    rng = np.random.default_rng(1)
    n, people = 400, 12
    steps = np.zeros((n, 7), np.int64)
    steps[:, kernel.SOURCE], steps[:, kernel.TARGET] = rng.integers(0, people, (2, n))
    steps[rng.random(n) < 0.4, kernel.SOURCE] = 0  # which gives out hours
    steps[:, kernel.TARGET] += steps[:, kernel.TARGET] == steps[:, kernel.SOURCE]
    steps[:, kernel.SPILL] = np.where(rng.random(n) < 0.5, 1, -1)
    steps[:, kernel.MINUTES] = rng.integers(-1, 90, n)
    steps[:, kernel.NOW] = steps[:, kernel.AT] = np.sort(rng.integers(24, 60, n))
    steps[:, kernel.MONTH] = steps[:, kernel.NOW] - rng.integers(0, 16, n)
    accounts = np.zeros((people + 1, 7), np.int64)
    accounts[:, kernel.HEAD] = accounts[:, kernel.ISSUER] = -1
    accounts[1:, kernel.ISSUER] = 0
    accounts[:, kernel.LIMIT] = np.where(np.arange(people + 1) > 3, 100, -1)
    lots = np.empty((4, 3), np.int64)
    outcomes = [
        loop(steps, accounts.copy(), lots.copy(), 0, 12) for loop in (kernel.run, plain(kernel.run))
    ]
    for compiled, written in zip(*outcomes, strict=True):
        assert np.array_equal(compiled, written)
    legs, verdicts, _ = outcomes[0]
    assert legs[:, kernel.EXPIRED].any()
    assert {*verdicts} >= {kernel.DONE, kernel.BALANCE, kernel.CAP, kernel.RUN_OUT}


def test_the_policies_of_cities_say_their_sources_and_what_is_assumed() -> None:
    assert cities() == ["beijing-2022", "nanjing-2019"]
    nanjing, beijing = (BankPolicy.named(f"{name}") for name in ("nanjing-2019", "beijing-2022"))
    assert (nanjing.cap_hours, nanjing.redeem_from_age, nanjing.over_cap) == (1500, 60, "pool")
    assert nanjing.redeem_for == beijing.redeem_for == ("self", "spouse")
    assert nanjing.assumed == ["gift_to", "expires_after_months"]
    assert "cap_hours" in beijing.assumed


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("cap_hour = 3", "the nearest is 'cap_hours'"),
        ("cap_hours = -3", "must be from 0"),
        ("cap_hours = true", "must be a whole number"),
        ('gift_to = ["friend"]', "must be a list of some of spouse, parent"),
        ('over_cap = "burn"', "must be one of pool, refuse"),
        ('[sources]\ncap = "law"', "names cap; keys are name"),
    ],
)
def test_a_policy_that_is_not_allowed_says_what_is(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "bank.toml").write_text(text)
    with pytest.raises(PolicyError, match=says):
        BankPolicy.named(tmp_path / "bank.toml")


def test_a_policy_that_is_not_there_names_those_that_are() -> None:
    with pytest.raises(PolicyError, match=r"known are beijing-2022, nanjing-2019, or name a file"):
        BankPolicy.named("shanghai-2020")
