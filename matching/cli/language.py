"""In which language a terminal is spoken to: the one that is asked for, or else its own."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextvars import ContextVar
from typing import Annotated, Literal

import typer

from matching.cli.arguments import option

Language = Literal["en", "zh"]
# What the running command was asked to speak: errors of it are told in that, too.
_ASKED: ContextVar[Language | None] = ContextVar("language", default=None)


def ask(context: typer.Context, language: Language | None) -> Language | None:
    """Note in which language a command is to speak, until it ends; None: the environment's."""
    _ASKED.set(language)
    context.call_on_close(lambda: _ASKED.set(None))
    return language


def spoken_here() -> Language:
    """Return the language that the running command was asked to speak, or the environment's."""
    return language_of(_ASKED.get())


LanguageOption = Annotated[
    Language | None, option("Of the sentences; of the environment, if absent", callback=ask)
]
# As programs find the language of their messages.
_VARIABLES = ("LC_ALL", "LC_MESSAGES", "LANG")


def language_of(given: Language | None, environment: Mapping[str, str] | None = None) -> Language:
    """Return the language that is asked for, or else that of the environment, if it is known."""
    if given is not None:
        return given
    found = os.environ if environment is None else environment
    name = next((found[key] for key in _VARIABLES if found.get(key)), "")
    return "zh" if name.lower().startswith("zh") else "en"
