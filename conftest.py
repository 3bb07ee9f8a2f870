"""Hypothesis profiles, and the code blocks of the documentation as tests."""

import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from doctest import ELLIPSIS, NORMALIZE_WHITESPACE
from pathlib import Path

import pytest
from hypothesis import Phase, settings
from sybil import Example, Sybil
from sybil.parsers.myst import CodeBlockParser, PythonCodeBlockParser, SkipParser

ROOT = Path(__file__).parent
NOT_LINKED = {"build", "dist"}
# The commands that blocks of the documentation may begin with, to be run.
RUN = ("matching ", "python -m benchmarks.vmb ")

settings.register_profile("default", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
# To see whether a test fails, not why: the same examples every time, and none made smaller.
settings.register_profile(
    "mutants", deadline=None, derandomize=True, phases=[Phase.explicit, Phase.generate]
)
settings.load_profile("ci" if os.environ.get("CI") else "default")


@pytest.fixture
def ctrl_c() -> Iterator[None]:
    """Hear Ctrl-C as in a terminal: what a shell starts in the background is deaf to it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def enter(namespace: dict[str, object]) -> None:
    """Work in a folder that looks like the repository's root, so that a page may write files."""
    folder = tempfile.TemporaryDirectory(prefix="matching-docs-")
    for entry in ROOT.iterdir():
        if not entry.name.startswith(".") and entry.name not in NOT_LINKED:
            Path(folder.name, entry.name).symlink_to(entry)
    namespace["_before"] = (Path.cwd(), folder)
    namespace["tmp_path"] = Path(folder.name)
    os.chdir(folder.name)


def leave(namespace: dict[str, object]) -> None:
    before, folder = namespace["_before"]
    os.chdir(before)
    folder.cleanup()


def run_shell(example: Example) -> None:
    """Run a block that begins with one of `RUN`; `# doctest: exit=2` states another status."""
    lines = example.parsed.replace("\\\n", " ").splitlines()
    prompted = [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]
    commands = prompted or [line for line in lines if line and not line.startswith("#")]
    if not commands or not commands[0].startswith(RUN):
        return
    stated = re.search(r"# doctest: exit=(\d+)", example.parsed)
    wanted = int(stated[1]) if stated else 0
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    script = "\n".join(["set -euo pipefail", *commands])
    done = subprocess.run(
        ["bash", "-c", script], env=os.environ | {"PATH": path}, capture_output=True, text=True
    )
    assert done.returncode == wanted, (
        f"exit status {done.returncode}, not {wanted}:\n{script}\n{done.stdout}{done.stderr}"
    )


pytest_collect_file = Sybil(
    parsers=[
        PythonCodeBlockParser(doctest_optionflags=ELLIPSIS | NORMALIZE_WHITESPACE),
        CodeBlockParser(language="bash", evaluator=run_shell),
        CodeBlockParser(language="console", evaluator=run_shell),
        SkipParser(),
    ],
    patterns=["*.md"],
    excludes=["docs/reference/generated/*"],
    setup=enter,
    teardown=leave,
).pytest()
