"""A terminal is spoken to in its own language: in English, or in Chinese."""

import json
import re
import tomllib
from pathlib import Path

import pytest

from matching import audit
from matching.arcs.unfilled import REASONS
from matching.cli.language import language_of
from matching.cli.ticker import PHASES
from matching.cli.words import words
from matching.stores import write_tables
from tests.support.commands import COMMAND, run
from tests.support.hand import ask, people

ROOT = Path(__file__).parents[1]
TEXTS = ("matching/cli/words.toml", "matching/answers/texts.toml")
SENTENCES = ("plan", "check", "who", "replace", "explain", "advise", "what-if", "promise")


@pytest.mark.parametrize(
    ("environment", "found"),
    [
        ({}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANG": "C", "LC_MESSAGES": "zh_TW"}, "zh"),
        ({"LANG": "zh_HK", "LC_ALL": ""}, "zh"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
    ],
)
def test_the_language_of_the_environment(environment: dict[str, str], found: str) -> None:
    assert language_of(None, environment) == found
    assert language_of("zh", environment) == "zh"


@pytest.mark.parametrize("file", TEXTS)
def test_both_languages_say_the_same_figures(file: str) -> None:
    for name, text in tomllib.loads((ROOT / file).read_text("utf-8")).items():
        if name.startswith("rule_"):
            continue
        fields = [sorted(re.findall(r"{\w*}", text[language])) for language in ("en", "zh")]
        assert fields[0] == fields[1], name


def test_every_rule_reason_and_phase_has_its_words() -> None:
    said = words("zh")
    names = [*(f"rule_{rule.name}" for rule in audit.RULES), *(f"reason_{r}" for r in REASONS)]
    for name in names:
        assert re.search("[\u4e00-\u9fff]", said[name]), name
        assert words("en")[name].isascii()
    assert all(re.search("[\u4e00-\u9fff]", zh) for _, _, zh in PHASES.values())


@pytest.mark.parametrize("name", [*SENTENCES, "standby", "fairness"])
def test_what_says_sentences_takes_a_language(name: str) -> None:
    assert any("--language" in option.opts for option in COMMAND.commands[name].params)


@pytest.fixture
def tables(tmp_path: Path) -> Path:
    """Ada does tea on Tuesday; nobody is left for lunch at the same time."""
    week = people("ada")
    for request in ("tea", "lunch"):
        ask(week, request, "3 09:00", "3 10:00")
    week.affinity("ada", "tea", 1)
    write_tables(tmp_path / "tables", week.tables())
    return tmp_path / "tables"


@pytest.mark.slow
def test_plan_and_check_in_chinese(tables: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tables.parent / "plan"
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    told = run("plan", tables, "--week", "2026-03-02", "--out", out).stdout
    assert told.splitlines()[0] == "名额 1 / 2 已满足；空缺 1；1 个订单无人"
    assert "3月3日 周二 09:00-10:00" in told
    assert "可服务者在别处价值更高，或受规则限制" in told
    assert f"已写入 {out}" in told
    told = run("check", tables, out).stdout
    assert told.splitlines()[-1] == "规则全部符合"
    # What is asked for goes before what the environment says.
    assert run("check", tables, out, "--language", "en").stdout.endswith("every rule holds\n")
    told = run("replace", out, "ada", "--day", "周二").stdout
    assert "ada 不再参加 tea（volunteer, 2026-03-03 09:00-10:00）：不能来。" in told


def test_json_is_the_same_in_every_language(tables: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tables.parent / "plan"
    run("plan", tables, "--week", "2026-03-02", "--out", out)
    found = [json.loads(run("check", tables, out, "--json").stdout)]
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    found.append(json.loads(run("check", tables, out, "--json").stdout))
    assert found[0] == found[1]
