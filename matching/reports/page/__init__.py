"""One page for any browser: everything is in the file, and no request leaves it."""

from __future__ import annotations

from pathlib import Path

from matching.reports.facts import Facts
from matching.reports.page.rendering import render


def write_page(facts: Facts, path: Path) -> None:
    """Write the page; see `render`."""
    path.write_text(render(facts), encoding="utf-8", errors="replace")
