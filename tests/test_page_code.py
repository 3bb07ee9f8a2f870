"""What the pages of the documentation do not show by running: a shell, and another language."""

import re
import shutil
import sys
from pathlib import Path

import pytest

from tests.support.pages import ROOT, blocks, in_shell


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash is installed")
def test_the_commands_of_the_readme_run_in_a_shell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other pages call the same commands without a process of their own."""
    assert shutil.which("matching", path=str(Path(sys.executable).parent))
    monkeypatch.chdir(tmp_path)
    (script,) = [code for _, code in blocks(ROOT / "README.md", "bash") if "matching plan" in code]
    done = in_shell(script)
    assert (done.returncode, done.stderr) == (0, "")
    assert "written to town.html" in done.stdout
    written = {"town", "town-plan", "town.html", "feeds.csv"}
    assert {path.name for path in tmp_path.iterdir()} == written


def without_comments(code: str) -> list[str]:
    return [line for line in re.sub(r"\s*#.*", "", code).splitlines() if line]


def test_the_chinese_readme_has_the_code_of_the_english_one() -> None:
    english, chinese = (
        [
            (language, without_comments(code))
            for language, code in blocks(ROOT / name, "python", "bash", "console")
        ]
        for name in ("README.md", "README.zh-CN.md")
    )
    assert len(english) > 8
    assert chinese == english
