"""A real browser for the tests: Debian's `chromium`, or the one that MATCHING_CHROMIUM names."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, sync_playwright


@contextmanager
def launched() -> Iterator[Browser]:
    """Start the browser; skip the test if there is none."""
    path = os.environ.get("MATCHING_CHROMIUM") or shutil.which("chromium")
    if path is None:
        pytest.skip("no chromium is installed (Debian: apt install chromium fonts-noto-cjk)")
    # As root, as in a container, its sandbox cannot start.
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=arguments)
        yield browser
        browser.close()
