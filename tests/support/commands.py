"""Commands in the process of the test, and what they leave in a folder."""

from pathlib import Path
from unittest.mock import patch

from click.testing import Result
from typer.main import get_command
from typer.testing import CliRunner

from matching.cli import app

WEEK = "2026-11-30"
COMMAND = get_command(app)
COMMANDS = tuple(COMMAND.commands)
# Those of groups, by both names.
GROUPED = {
    f"{name} {inner}": command
    for name, group in COMMAND.commands.items()
    for inner, command in getattr(group, "commands", {}).items()
}


def run(*arguments: object) -> Result:
    """Run a command in this process; whatever goes wrong must end in an exit status."""
    # Typer would make the command from its functions anew: ten milliseconds a call.
    with patch("typer.testing._get_command", return_value=COMMAND):
        done = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exc_info
    assert "Traceback" not in done.output
    return done


def planned(folder: Path, out: Path, *more: object) -> Result:
    return run("plan", folder, "--week", WEEK, "--out", out, *more)


def contents(folder: Path) -> dict[str, bytes]:
    """Return the files of a folder, hidden ones too; of none, nothing."""
    return {path.name: path.read_bytes() for path in sorted(folder.glob("*"))}
