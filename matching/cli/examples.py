"""The examples at the end of each command's help."""

from __future__ import annotations

import tomllib
from importlib.resources import files


def _page(text: str) -> str:
    """Give a text of comments and commands the look of a help page."""
    lines = ["[bold]Examples[/bold]"]
    for line in text.strip().splitlines():
        lines += ["", f"[dim]{line}[/dim]"] if line.startswith("#") else [f"  {line}"]
    return "\n".join(lines)


_TEXTS = tomllib.loads(files(__package__).joinpath("examples.toml").read_text(encoding="utf-8"))
EXAMPLES = {command: _page(text) for command, text in _TEXTS.items()}
