"""What the sheets of a plan's workbook are called, and their columns, in one language.

The writer and the reader of workbooks share these names, and so do the messages about an edit.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection
from dataclasses import dataclass
from importlib.resources import files
from typing import Literal, get_args

Language = Literal["en", "zh"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
# Hidden sheets under plain names: the rosters as they were written, so that an edit can be told
# from what was there; whom a list offers for each seat; and what people are called.
ORIGINAL, LISTS, PEOPLE = "_plan", "_lists", "_people"
# What an edit of the roster may change; the other columns only tell.
EDITABLE = ("day", "start", "end", "post", "volunteer_id", "status", "request_id", "option")
NEEDED = ("post", "volunteer_id", "request_id")
_WORDS = tomllib.loads(files(__package__).joinpath("sheets.toml").read_text(encoding="utf-8"))
ADVICE: dict[str, str] = _WORDS["advice"]


@dataclass(frozen=True)
class Words:
    """The words of a workbook.

    Attributes
    ----------
    language : {"en", "zh"}
    sheets, headers, statuses : dict of str to str
        By our name.
    changes : dict of str to str
        What people are told of an edit; see `telling`.
    guide : list of str
        How to edit the roster.
    whole_day : str
        In place of hours, from midnight to midnight.
    """

    language: Language
    sheets: dict[str, str]
    headers: dict[str, str]
    statuses: dict[str, str]
    changes: dict[str, str]
    guide: list[str]
    whole_day: str

    @property
    def roster(self) -> str:
        """What the sheet is called that is edited."""
        return self.sheets["roster"]


def words(language: Language) -> Words:
    """Return the words of a language."""
    said = _WORDS[language]
    return Words(
        language=language,
        sheets=said["sheets"],
        headers=said["headers"],
        statuses=said["statuses"],
        changes=said["changes"],
        guide=said["lines"]["guide"],
        whole_day=said["lines"]["whole_day"],
    )


def words_of(names: Collection[str]) -> Words | None:
    """Return the words of a workbook with sheets of these names; None if it is none of ours."""
    every = (words(language) for language in LANGUAGES)
    return next((one for one in every if one.roster in names), None)
