"""In which language a running command speaks; what stands before a message; errors."""

from __future__ import annotations

from typing import get_args

import click

from matching.cli.language import Language, language_of

# What stands before a message.
_MARKS = {
    "error": {"en": "error: ", "zh": "错误："},
    "warning": {"en": "warning: ", "zh": "警告："},
    "stopped": {"en": "stopped: ", "zh": "已停止："},
}


def spoken_here() -> Language:
    """Return the language that the running command was asked to speak, or the environment's."""
    context = click.get_current_context(silent=True)
    given = context.params.get("language") if context is not None else None
    return language_of(given if given in get_args(Language) else None)


def marked(kind: str, text: str, language: Language) -> str:
    """Return a message that says of which kind it is."""
    return f"{_MARKS[kind][language]}{text}"


def in_language(error: Exception, language: Language) -> str:
    """Return the text of an error, in the language where it knows how."""
    said = error.args[0] if error.args else ""
    told = getattr(said, "told", None)
    return str(told(language)) if told is not None else str(error)
