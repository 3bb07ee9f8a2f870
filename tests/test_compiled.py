"""Compiled code that is kept on disk is as the source says, in whatever file that stands."""

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from matching.parallel.compiled import compiled, plain

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


class Inner:
    """A function that another one calls; whoever looks for its source is told of it."""

    def __init__(self) -> None:
        self.heard: list[int] = []

    @property
    def py_func(self) -> object:
        if not self.heard:
            self.heard.append(0)
            with ThreadPoolExecutor() as others:
                self.heard.append(others.submit(lambda: plain(outer)(2)).result(timeout=10))
        return double


def double(x: int) -> int:
    return 2 * x


inner_one = Inner()


@compiled
def outer(x: int) -> int:
    return inner_one(x) + 1  # type: ignore[operator, no-any-return]


def test_a_plain_form_is_whole_for_every_thread_that_asks_for_it() -> None:
    """Another thread asks while the first one has only begun: 2 * 2 + 1 is what it gets, too."""
    assert plain(outer)(2) == 5
    assert inner_one.heard == [0, 5]
