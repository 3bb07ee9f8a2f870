"""What the terminal says, in the language that it is spoken to in."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from matching import audit
from matching.cli.language import Language, spoken_here
from matching.errors import UsageError
from matching.reports.page.texts import texts


def taught(key: str, **values: object) -> UsageError:
    """Return an error by its name, in the language that the running command speaks."""
    return UsageError(words(spoken_here())[key].format(**values))


@cache
def words(language: Language) -> Mapping[str, str]:
    """Return all texts by name: the page's, and the terminal's own in place of them."""
    own = tomllib.loads(files(__package__).joinpath("words.toml").read_text(encoding="utf-8"))
    rules = {f"rule_{rule.name}": {"en": rule.sentence} for rule in audit.RULES}
    every = texts() | {name: rules.get(name, {}) | text for name, text in own.items()}
    return {name: text[language] for name, text in every.items()}
