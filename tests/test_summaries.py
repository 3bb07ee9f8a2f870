"""What the commands do, in Chinese: each has its line, and no line is without a command."""

import pytest

from matching.cli.summaries import _summaries, summary_of
from tests.support.commands import COMMAND, run


def test_every_command_says_in_chinese_what_it_does(monkeypatch: pytest.MonkeyPatch) -> None:
    assert summary_of("plan") is None
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    assert set(COMMAND.commands) == set(_summaries()) - {"matching"}
    assert "排出一周的班" in run("plan", "--help").output
