"""What the page says, in both languages."""

from __future__ import annotations

import tomllib
from datetime import date
from importlib.resources import files

LANGUAGES = {"en": "en", "zh": "zh-CN"}
WEEKDAYS = {
    "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
    "zh": ("周一", "周二", "周三", "周四", "周五", "周六", "周日"),
}
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def texts() -> dict[str, dict[str, str]]:
    """Return every text by name and language."""
    return tomllib.loads(files(__package__).joinpath("texts.toml").read_text(encoding="utf-8"))


def day_text(day: date) -> dict[str, str]:
    """Return a day as each language writes it."""
    return {
        "en": f"{WEEKDAYS['en'][day.weekday()]} {day.day} {_MONTHS[day.month - 1]}",
        "zh": f"{day.month}月{day.day}日 {WEEKDAYS['zh'][day.weekday()]}",
    }
