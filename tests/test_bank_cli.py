"""``matching bank``: what is posted, told and written, and what is refused with its reason."""

import json
from pathlib import Path

import pytest
from beancount import loader

from tests.support.commands import run

TABLES = {
    "records": "record_id,volunteer_id,start,end,status,region\n"
    "r1,ann,2026-03-02T09:00,2026-03-02T11:00,done,320106\n"
    "r2,bob,2026-03-03T09:00,2026-03-03T10:00,done,320106\n"
    "r3,bob,2026-03-04T09:00,2026-03-04T10:00,no_show,320106\n",
    "movements": "transaction_id,at,kind,account_id,region,minutes,to_id,to_region\n"
    "m1,2026-03-05T09:00,redeem,ann,3201,60,,\n"
    "m2,2026-03-05T09:00,redeem,bob,3201,30,,\n"
    "m3,2026-03-06T09:00,gift,ann,3201,30,bob,\n",
    "kin": "volunteer_id,relative_id,relation\nbob,ann,spouse\n",
    "qualifications": "volunteer_id,qualification,valid_from\nann,age_60,2021-04-01\n",
}


@pytest.fixture
def platform(tmp_path: Path) -> Path:
    for name, text in TABLES.items():
        (tmp_path / f"{name}.csv").write_text(text)
    return tmp_path


def post(platform: Path, *more: object) -> object:
    ledger = platform / "bank.db"
    return run("bank", "post", ledger, platform, "--as-of", "2026-03-10", *more)


def test_posting_twice_posts_once_and_says_what_is_refused(platform: Path) -> None:
    done = post(platform, "--policy", "nanjing-2019")
    assert done.exit_code == 1
    assert done.stderr.startswith("warning: no table projects or requests")
    assert done.stdout.splitlines() == [
        "deposit: 2 posted, 3 h 00 min",
        "gift: 1 posted, 0 h 30 min",
        "redeem: 1 posted, 1 h 00 min",
        "The policy Nanjing 2019 assumes gift_to, expires_after_months: no source says so.",
        "1 refused:",
        "m2: bob redeems hours from age 60; a row of qualifications, bob with age_60 valid from "
        "that birthday, shows it.",
    ]
    again = post(platform, "--policy", "nanjing-2019", "--json")
    told = json.loads(again.stdout)
    assert (told["posted"], told["posted_before"], told["rows"]) == ({}, 4, {"refused": 1})
    # 120 - 60 - 30 of ann's are left, 60 + 30 of bob's.
    held = run("bank", "balance", platform / "bank.db")
    assert held.output.splitlines() == [
        "ann (person, 3201): 0 h 30 min",
        "bob (person, 3201): 1 h 30 min",
        "3201 (region, 3201): -2 h 00 min",
    ]
    anns = run("bank", "statement", platform / "bank.db", "ann", "--language", "zh")
    assert "赠与 m3，用于 bob；余额 0 小时 30 分" in anns.output


def test_the_export_is_what_beancount_takes(platform: Path) -> None:
    post(platform)
    text = run("bank", "export", platform / "bank.db").output
    out = platform / "bank.beancount"
    assert run("bank", "export", platform / "bank.db", "--out", out).exit_code == 0
    assert out.read_text() == text
    assert loader.load_file(str(out))[1] == []
    done = run("bank", "check", platform / "bank.db")
    assert (done.exit_code, done.output) == (0, "4 transactions, 8 postings: every law holds.\n")


def test_a_moment_that_has_not_come_is_told(platform: Path) -> None:
    done = run("bank", "post", platform / "bank.db", platform, "--as-of", "2199-03-10")
    assert "2199-03-10 has not come yet; hours that run out by then are gone" in done.stderr


def test_refusals_go_to_a_file(platform: Path) -> None:
    out = platform / "refused.csv"
    assert post(platform, "--out", out).exit_code == 1
    assert out.read_text().splitlines()[1].startswith("m2,")


def test_a_faulty_movement_is_told_where_it_stands_and_nothing_is_posted(platform: Path) -> None:
    rows = platform / "movements.csv"
    rows.write_text(rows.read_text() + "m4,2026-03-05T09:00,gift,ann,3201,-5,,\nm4,,steal,,,,,\n")
    done = post(platform)
    assert done.exit_code == 2
    for said in (
        "movements row 4, minutes = '-5': must be from 1",
        "movements row 5, kind = 'steal': must be one of redeem, gift, donate",
        "a gift needs to_id: whom it is for",
    ):
        assert said in done.output, done.output
    assert "There is no such account" in run("bank", "balance", platform / "bank.db").output


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("balance", "none.db"), "does not exist"),
        (("post", "bank", "."), "a ledger lies in a database"),
        (("post", "bank.db", "nowhere"), "does not exist"),
        (("post", "bank.db", ".", "--policy", "shanghai"), "known are beijing-2022, nanjing-2019"),
        (("post", "bank.db", ".", "--as-of", "soon"), "write 2026-06-30"),
        (("post", "bank.db", "."), "holds neither records nor movements"),
        (("statement", "bank.db", "ann", "--out", "x.doc"), "end the name in"),
    ],
)
def test_what_cannot_be_asked_says_what_can(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], says: str
) -> None:
    monkeypatch.chdir(tmp_path)
    done = run("bank", *arguments)
    assert done.exit_code == 2
    assert says in done.output
