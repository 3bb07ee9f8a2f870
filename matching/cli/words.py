"""What the terminal says, in the language that it is spoken to in."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from matching import audit
from matching.cli.language import Language
from matching.reports.page.texts import texts


@cache
def words(language: Language) -> Mapping[str, str]:
    """Return all texts by name: the page's, and the terminal's own in place of them."""
    own = tomllib.loads(files(__package__).joinpath("words.toml").read_text(encoding="utf-8"))
    rules = {f"rule_{rule.name}": {"en": rule.sentence} for rule in audit.RULES}
    every = texts() | {name: rules.get(name, {}) | text for name, text in own.items()}
    return {name: text[language] for name, text in every.items()}
