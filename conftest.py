"""Hypothesis profiles, and the code blocks of the documentation as tests."""

import os
import signal
from collections.abc import Iterator
from doctest import ELLIPSIS, NORMALIZE_WHITESPACE

import pytest
from hypothesis import Phase, settings
from sybil import Sybil
from sybil.parsers.myst import CodeBlockParser, PythonCodeBlockParser, SkipParser

from tests.support.pages import enter, leave, run_block

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


pytest_collect_file = Sybil(
    parsers=[
        PythonCodeBlockParser(doctest_optionflags=ELLIPSIS | NORMALIZE_WHITESPACE),
        CodeBlockParser(language="bash", evaluator=run_block),
        CodeBlockParser(language="console", evaluator=run_block),
        SkipParser(),
    ],
    patterns=["*.md"],
    # The code of the Chinese page is that of the English one: see tests/test_page_code.py.
    excludes=["docs/reference/generated/*", "README.zh-CN.md"],
    setup=enter,
    teardown=leave,
).pytest()
