"""What stands before a message, and errors in the language that is spoken."""

from __future__ import annotations

from matching.cli.language import Language

# What stands before a message.
_MARKS = {
    "error": {"en": "error: ", "zh": "错误："},
    "warning": {"en": "warning: ", "zh": "警告："},
    "stopped": {"en": "stopped: ", "zh": "已停止："},
}


def marked(kind: str, text: str, language: Language) -> str:
    """Return a message that says of which kind it is."""
    return f"{_MARKS[kind][language]}{text}"


def in_language(error: Exception, language: Language) -> str:
    """Return the text of an error, in the language where it knows how."""
    said = error.args[0] if error.args else ""
    told = getattr(said, "told", None)
    return str(told(language)) if told is not None else str(error)
