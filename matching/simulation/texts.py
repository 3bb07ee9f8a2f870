"""What the page of a year and the command say, in both languages."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Literal

Language = Literal["en", "zh"]
LANGUAGES: tuple[Language, ...] = ("en", "zh")


@cache
def texts(language: Language = "en") -> Mapping[str, str]:
    """Return all texts by name."""
    file = files(__package__).joinpath("texts.toml")
    every = tomllib.loads(file.read_text(encoding="utf-8"))
    return {name: text[language] for name, text in every.items()}


def named(kind: str, language: Language = "en") -> dict[str, str]:
    """Return what the methods, the measures, ... are called, by their keys."""
    prefix = f"{kind}_"
    return {
        name.removeprefix(prefix): text
        for name, text in texts(language).items()
        if name.startswith(prefix)
    }
