"""``matching start`` at a terminal: what it asks, shows, writes, and what it never replaces."""

import tomllib
from pathlib import Path
from string import Formatter
from unittest.mock import patch

import openpyxl
import pytest
from click.testing import Result
from typer.testing import CliRunner

from matching.cli.language import spoken_here
from matching.stores.spreadsheets import understand
from matching.stores.spreadsheets.sentences import texts
from matching.stores.spreadsheets.template import LANGUAGES
from tests.support.commands import COMMAND, contents, run
from tests.support.sheets import servers, sheet

POLL = """
    Poll about the winter fair
    Name  | Email   | Mon 7 Dec 2026 9-12 | Tue 8 Dec 2026 9-12
    Ada B | a@x.org | x                   |
    Bo L  | b@x.org | x                   | x
"""


@pytest.fixture(autouse=True)
def a_machine_in_berlin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Europe/Berlin")


def typed(lines: str, *arguments: object) -> Result:
    """Run a command with lines typed in."""
    with patch("typer.testing._get_command", return_value=COMMAND):
        done = CliRunner().invoke(COMMAND, [str(one) for one in arguments], input=lines)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exc_info
    return done


def test_it_asks_shows_and_plans(tmp_path: Path) -> None:
    poll, out = sheet(tmp_path, POLL), tmp_path / "out"
    done = typed("many\n1\ny\n", "start", poll, "--out", out)
    assert done.exit_code == 0, done.output
    assert "a whole number from 1" in done.output  # what was typed first
    for shown in ("2, of whom 2", "2 with 2 seats", "Monday 07 December 2026", "2 of 2 seats"):
        assert shown in done.output
    assert f"matching report {out / 'plan'}" in done.output
    assert set(contents(out / "tables")) == {
        f"{name}.csv" for name in ("volunteers", "availability", "requests", "posts")
    }
    assert "x.org" not in done.output
    answers = tomllib.loads((out / "reading.toml").read_text("utf-8"))["answers"]
    assert answers == {"seats": "1", "time-zone": "Europe/Berlin"}


def test_the_time_zone_is_asked_for_where_the_machine_keeps_that_of_no_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "Etc/UTC")
    poll, out = sheet(tmp_path, POLL), tmp_path / "out"
    done = typed("1\nMars\nAmerica/New_York\ny\n", "start", poll, "--out", out)
    assert done.exit_code == 0, done.output
    assert "? Whose clock the times are by" in done.output
    assert "write a time zone such as Europe/Berlin" in done.output  # of Mars
    assert (out / "policy.toml").read_text("utf-8") == 'time_zone = "America/New_York"\n'
    yes = run("start", poll, "--yes", "--answer", "seats=1", "--out", tmp_path / "more")
    assert "Etc/UTC, from this machine; --time-zone says another" in yes.output


def test_a_chinese_terminal_is_spoken_to_in_chinese(tmp_path: Path) -> None:
    poll, out = sheet(tmp_path, POLL), tmp_path / "out"
    done = typed("many\n1\ny\n", "start", poll, "--out", out, "--language", "zh")
    assert done.exit_code == 0, done.output
    for words in (
        "每个时段需要几个人",
        "请写 从 1 起的整数",
        "2 人，其中 2 人有时间",
        "名额 2 / 2 已满足",
    ):
        assert words in done.output, words
    asked = run("start", tmp_path / "shet.csv", "--out", out, "--language", "zh")
    assert "错误：找不到" in asked.output
    assert spoken_here() == "en"  # what a command was asked to speak ends with it
    assert "error: " in run("start", tmp_path / "shet.csv", "--out", out).output
    with patch.dict("os.environ", {"LC_ALL": "zh_CN.UTF-8"}):
        gone = run("start", tmp_path / "shet.csv", "--out", out)
        assert gone.exit_code == 2
        assert "错误：找不到" in gone.output
        assert "是不是" in gone.output  # sheet.csv
        bare = run("start", sheet(tmp_path, "Name | Phone\nAda B | 555", "b.csv"), "--yes")
        assert "缺少：各人何时有空" in bare.output


def test_every_sentence_is_in_both_languages_with_the_same_values() -> None:
    for name, text in texts().items():
        assert set(text) == {"en", "zh"}, name
        fields = [
            {field.partition(":")[0] for _, field, _, _ in Formatter().parse(one) if field}
            for one in text.values()
        ]
        assert fields[0] == fields[1], name


def test_who_says_no_gets_the_reading_to_change(tmp_path: Path) -> None:
    poll, out = sheet(tmp_path, POLL), tmp_path / "out"
    done = typed("1\nn\n", "start", poll, "--out", out)
    assert done.exit_code == 1
    assert set(contents(out)) == {"reading.toml"}
    reading = out / "reading.toml"
    text = reading.read_text("utf-8")
    assert 'D = "across"' in text
    # Tuesday is left out, and one seat is enough.
    reading.write_text(text.replace('D = "across"', 'D = "skip"'), "utf-8")
    again = run("start", poll, "--reading", reading, "--yes", "--out", out)
    assert again.exit_code == 0, again.output
    assert "1 of 1 seats" in again.output


def test_what_must_be_known_is_told_with_the_option_that_says_it(tmp_path: Path) -> None:
    poll, out = sheet(tmp_path, POLL), tmp_path / "out"
    for done in (run("start", poll, "--yes", "--out", out), typed("", "start", poll, "--out", out)):
        assert done.exit_code == 2
        assert "--answer seats=2" in done.output
        assert not out.exists()
    assert run("start", poll, "--yes", "--answer", "seats", "--out", out).exit_code == 2


def test_another_weeks_plan_is_kept(tmp_path: Path) -> None:
    poll, out = sheet(tmp_path, POLL), tmp_path / "out"
    start = ("start", poll, "--yes", "--answer", "seats=1", "--out", out)
    assert run(*start).exit_code == 0
    before = contents(out / "tables"), contents(out / "plan")
    sheet(tmp_path, POLL.replace("7 Dec", "14 Dec").replace("8 Dec", "15 Dec"))
    done = run(*start)
    assert done.exit_code == 2
    assert "--force" in done.output
    assert (contents(out / "tables"), contents(out / "plan")) == before
    assert run(*start, "--force").exit_code == 0


def test_a_reading_that_is_none_teaches(tmp_path: Path) -> None:
    poll = sheet(tmp_path, POLL)
    for text, named in (
        ("no toml [", "TOML"),
        ('[columns."sheet.csv"]\nA = "whim"', "whim"),
        ("[other]", "other"),
    ):
        (tmp_path / "reading.toml").write_text(text, "utf-8")
        done = run("start", poll, "--yes", "--reading", tmp_path / "reading.toml")
        assert done.exit_code == 2
        assert named in done.output
    assert run("start", poll, "--reading", tmp_path / "none.toml").exit_code == 2


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_blank_workbook_is_read_without_a_question(tmp_path: Path, language: str) -> None:
    blank = tmp_path / "blank.xlsx"
    assert run("template", "--language", language, "--out", blank).exit_code == 0
    book = openpyxl.load_workbook(blank)
    assert [len(page.data_validations.dataValidation) > 1 for page in book] == [True, True]
    reading = understand([blank])
    assert reading.questions == []
    # On Monday morning the first two can serve, the second alone drives; on Saturday two others.
    assert [len(able) for able in servers(reading).values()] == [2, 1, 2]
    assert run("template", "--out", blank).exit_code == 2  # never overwritten
    assert run("template", "--out", tmp_path / "blank.csv").exit_code == 2
