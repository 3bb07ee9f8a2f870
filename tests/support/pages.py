"""Pages of the documentation: their blocks of code, and the commands in them, run where they say.

Each page works in a folder of its own that looks like the repository's root. Commands run in the
process of the test, also with `> told.json` behind them; what only a shell understands runs in one.
"""

import os
import re
import shlex
import subprocess
import sys
import tempfile
from importlib import import_module
from pathlib import Path

from sybil import Example
from typer.testing import CliRunner

ROOT = Path(__file__).parents[2]
NOT_LINKED = {"build", "dist"}
# The commands that a block may begin with, to be run, and the module that has their app.
RUN = {"matching ": "matching.cli", "python -m benchmarks.vmb ": "benchmarks.vmb.__main__"}
_SHELL = re.compile(r"[|&;<>$`*]")
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.M | re.S)


def blocks(page: Path, *languages: str) -> list[tuple[str, str]]:
    """Return the blocks of code of a page in these languages, each with its language."""
    found: list[tuple[str, str]] = _BLOCK.findall(page.read_text(encoding="utf-8"))
    return [block for block in found if block[0] in languages]


def enter(namespace: dict[str, object]) -> None:
    folder = tempfile.TemporaryDirectory(prefix="matching-docs-")
    for entry in ROOT.iterdir():
        if not entry.name.startswith(".") and entry.name not in NOT_LINKED:
            Path(folder.name, entry.name).symlink_to(entry)
    namespace["_before"] = (Path.cwd(), folder)
    namespace["tmp_path"] = Path(folder.name)
    os.chdir(folder.name)


def leave(namespace: dict[str, object]) -> None:
    before, folder = namespace["_before"]  # type: ignore[misc]
    os.chdir(before)
    folder.cleanup()


def run_block(example: Example) -> None:
    """Run a block that begins with one of `RUN`; `# doctest: exit=2` states another status.

    After a prompt, what is shown below the command is what it prints.
    """
    lines = example.parsed.replace("\\\n", " ").splitlines()
    prompted = [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]
    commands = prompted or [line for line in lines if line and not line.startswith("#")]
    if not commands or not commands[0].startswith(tuple(RUN)):
        return
    stated = re.search(r"# doctest: exit=(\d+)", example.parsed)
    printed = ""
    for number, command in enumerate(commands, start=1):
        status, told = run_command(command)
        wanted = int(stated[1]) if stated and number == len(commands) else 0
        assert status == wanted, f"exit status {status}, not {wanted}:\n{command}\n{told}"
        printed += told
    for line in lines if prompted else []:
        assert line.startswith("$ ") or line in printed, f"not printed: {line}\n{printed}"


def run_command(command: str) -> tuple[int, str]:
    """Return the exit status of a command, and all that it prints."""
    start = next((start for start in RUN if command.startswith(start)), None)
    words = shlex.split(command.removeprefix(start or ""), comments=True)
    file = words.pop() if words[-2:-1] == [">"] else None
    words = words[:-1] if file else words
    if start is None or any(_SHELL.search(word) for word in words):
        done = in_shell(command)
        return done.returncode, done.stdout + done.stderr
    ended = CliRunner(env=_here()).invoke(import_module(RUN[start]).app, words)
    if ended.exception and not isinstance(ended.exception, SystemExit):
        raise ended.exception
    if file is None:
        return ended.exit_code, ended.output
    Path(file).write_text(ended.stdout, encoding="utf-8")
    return ended.exit_code, ended.stderr


def in_shell(script: str) -> subprocess.CompletedProcess[str]:
    """Run lines as a reader would who copies them, with the commands of this environment."""
    return subprocess.run(
        ["bash", "-c", f"set -euo pipefail\n{script}"],
        env=os.environ | _here(),
        capture_output=True,
        text=True,
    )


def _here() -> dict[str, str]:
    """Return the search path on which the commands of this environment come first."""
    return {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
