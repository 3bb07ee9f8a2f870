"""What becomes of a command where its output, its disk or its user gives way."""

import gc
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl
import pytest
import typer

from matching.cli.conduct import teaching
from matching.stores.files.whole import replacing
from matching.stores.registry import open_sink
from tests.support.slow import first_fast

FULL = pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
COMMAND = f"{sys.executable} -m matching"
FRAMES = {"plan": pl.DataFrame({"request_id": [f"request {n}" for n in range(1_000)]})}


def shell(command: str) -> subprocess.CompletedProcess[str]:
    script = f"set -o pipefail; {command}"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=120)
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
    return done


@pytest.mark.parametrize(
    ("where", "status", "told"),
    [
        (">&-", 2, "error: standard output is closed; send it somewhere, as > /dev/null\n"),
        pytest.param("> /dev/full", 2, "error: standard output: No space", marks=FULL),
        ("| true", 141, ""),
        ("2>&-", 0, ""),
    ],
)
@pytest.mark.parametrize("command", ["--version", "--help"])
def test_output_that_goes_nowhere(command: str, where: str, status: int, told: str) -> None:
    # Slow to begin, so that `true` has left when there is something to say.
    done = shell(f"{COMMAND} {command} {where}")
    assert done.returncode == status
    assert done.stderr.startswith(told)


@pytest.mark.slow
@FULL
def test_what_was_written_is_told_where_the_screen_is_full(tmp_path: Path) -> None:
    out = tmp_path / "town"
    done = shell(f"{COMMAND} generate town --out {out} > /dev/full")
    assert done.returncode == 2
    assert done.stderr.endswith(f"No space left on device; all was written to {out}\n")
    assert (out / "volunteers.csv").exists()
    lost = shell(f"{COMMAND} check {out} {tmp_path} 2> /dev/full")
    assert lost.returncode == 2


PRESSED = """
import signal, sys
from importlib.abc import MetaPathFinder
from pathlib import Path

class Press(MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name == chosen:
            sys.meta_path.remove(self)
            signal.raise_signal(signal.SIGINT)

chosen = sys.argv[1]
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.meta_path.insert(0, Press())
from matching.__main__ import main
sys.argv[:] = ["matching", "check", "tables", "plan"]
main()
"""


@pytest.mark.parametrize("module", ["typer", "matching.cli.arguments", "rich.console", "polars"])
def test_ctrl_c_while_modules_load(module: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PRESSED, module], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 130
    assert done.stderr == "stopped: nothing was written\n"


@contextmanager
def small_files(size: int) -> Iterator[None]:
    """Let the system refuse larger files, as a full disk would; Python hears an error."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


# XlsxWriter leaves a temporary file open where it fails.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize(
    "format", first_fast(["csv", "parquet", "jsonl", "xlsx", "plan.zip", "plan.xlsx"], 2)
)
def test_a_full_disk_is_told_of_the_place_and_leaves_the_old_plan(
    tmp_path: Path, format: str
) -> None:
    out = tmp_path / (format if "." in format else "plan")
    sink = open_sink(out) if "." in format else open_sink(out, format=format)
    sink.write_result({"plan": FRAMES["plan"][:1]}, {"mark": "old"})
    with small_files(100), pytest.raises(OSError, match="File too large") as caught:
        sink.write_result(FRAMES, {"mark": "new"})
    assert caught.value.filename == str(out)
    del caught
    gc.collect()
    assert sink.read_result()[1]["mark"] == "old"
    assert [name for name in os.listdir(tmp_path) if name.startswith(".")] == []


def test_a_full_disk_is_a_message_with_advice(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def write() -> None:
        out = tmp_path / "page.html"
        with teaching() as outcome, outcome.writing(out), replacing(out):
            raise OSError(28, "No space left on device")

    with pytest.raises(typer.Exit) as ended:
        write()
    assert ended.value.exit_code == 2
    assert capsys.readouterr().err == (
        f"error: {tmp_path}/page.html: No space left on device; make room there, or name another "
        "place\n"
    )


@pytest.mark.usefixtures("ctrl_c")
def test_ctrl_c_says_what_is_there(capsys: pytest.CaptureFixture[str]) -> None:
    def stop(when: str) -> str:
        def command() -> None:
            with teaching() as outcome:
                if when == "before":
                    signal.raise_signal(signal.SIGINT)
                with outcome.writing("plan"):
                    if when == "while":
                        signal.raise_signal(signal.SIGINT)
                signal.raise_signal(signal.SIGINT)

        with pytest.raises(typer.Exit) as ended:
            command()
        assert ended.value.exit_code == 130
        return capsys.readouterr().err

    assert stop("before") == "stopped: nothing was written\n"
    assert stop("while") == (
        "stopped: plan holds what it held before, or all that was to be written\n"
    )
    assert stop("after") == "stopped: all was written to plan\n"
