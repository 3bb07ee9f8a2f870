"""What the sheets of a plan's workbook are called, and their columns: Chinese and English at once.

The writer and the reader of workbooks share these names, and so do the messages about an edit.
"""

from __future__ import annotations

import tomllib
from importlib.resources import files

_WORDS = tomllib.loads(files(__package__).joinpath("sheets.toml").read_text(encoding="utf-8"))
_NAMES = ("roster", "unfilled", "coverage", "stations", "volunteers", "summary", "guide")
ROSTER, UNFILLED, COVERAGE, STATIONS, VOLUNTEERS, SUMMARY, GUIDE = (
    _WORDS["sheets"][name] for name in _NAMES
)
# The rosters as they were written: hidden, so that an edit can be told from what was there.
ORIGINAL = "_plan"
HEADERS: dict[str, str] = _WORDS["headers"]
STATUSES: dict[str, str] = _WORDS["statuses"]
# How to edit the roster: each line in both languages.
GUIDE_LINES: list[dict[str, str]] = _WORDS["guide"]
ADVICE: dict[str, str] = _WORDS["advice"]
# What an edit of the roster may change; the other columns only tell.
EDITABLE = ("day", "start", "end", "post", "volunteer_id", "status", "request_id", "option")
NEEDED = ("post", "volunteer_id", "request_id")
