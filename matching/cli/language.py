"""In which language a terminal is spoken to: the one that is asked for, or else its own."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Annotated, Literal

from matching.cli.arguments import option

Language = Literal["en", "zh"]
LanguageOption = Annotated[
    Language | None, option("Of the sentences; of the environment, if absent")
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
