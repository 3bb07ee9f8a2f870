"""Compiled code that is kept on disk is as the source says, in whatever file that stands."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from matching.parallel.compiled import compiled

ADD = """
from matching.parallel.compiled import compiled

@compiled
def add(x):
    return x + {}
"""
USE = """
from add import add
from matching.parallel.compiled import compiled

@compiled
def use(x):
    return 10 * add(x)

print(use(1), sum(use.stats.cache_hits.values()))
"""


@pytest.mark.slow
def test_a_change_in_the_file_beside_is_compiled_anew(tmp_path: Path) -> None:
    def printed(more: int) -> str:
        (tmp_path / "add.py").write_text(ADD.format(more))
        (tmp_path / "use.py").write_text(USE)
        os.utime(tmp_path / "use.py", (0, 0))
        os.utime(tmp_path / "add.py", (more, more))
        return subprocess.check_output([sys.executable, "-m", "use"], cwd=tmp_path, text=True)

    assert [printed(1), printed(1), printed(2)] == ["20 0\n", "20 1\n", "30 0\n"]


def test_a_generator_is_not_kept_on_disk() -> None:
    # Numba would load it for whoever calls it next, and fail to compile the caller.
    with pytest.raises(TypeError, match="countdown is a generator"):

        @compiled
        def countdown(n: int) -> Iterator[int]:
            while n:
                yield n
                n -= 1
