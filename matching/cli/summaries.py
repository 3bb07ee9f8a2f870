"""What each command does, in the language of the terminal."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files

from matching.cli.language import language_of


@cache
def _summaries() -> dict[str, str]:
    return tomllib.loads(files(__package__).joinpath("summaries.toml").read_text(encoding="utf-8"))


def summary_of(command: str) -> str | None:
    """Return what a command does in Chinese; None where its own docstring is in the language."""
    return _summaries().get(command) if language_of(None) == "zh" else None
