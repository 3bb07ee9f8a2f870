"""What is meant where a sentence is short: the plan of this folder, and a day of its week."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

from matching.cli.words import taught
from matching.errors import listed
from matching.guards.mondays import monday_of
from matching.guards.urls import shown, shown_value
from matching.stores.files.formats import SUMMARY

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_ZH = {**dict(zip("一二三四五六日", range(7), strict=True)), "天": 6}
_PREFIXES = ("星期", "礼拜", "周")
_LEAST_LETTERS = 2


def plan_and_name(words: list[str], command: str, what: str) -> tuple[str, str, bool]:
    """Return the plan, what is asked about, and whether the plan was found and not named.

    Parameters
    ----------
    words : list of str
        As they were given: a plan and a name, or a name alone.
    command, what : str
        What the command is called, and what it asks about, such as ``REQUEST``.

    Raises
    ------
    UsageError
        If there are more words, or not exactly one plan lies here.
    """
    if len(words) == 2:
        return words[0], words[1], False
    if len(words) > 2:
        raise taught("many_words", count=len(words), command=command, what=what)
    here = [path for path in (Path(), *sorted(Path().iterdir())) if (path / SUMMARY).is_file()]
    if len(here) == 1:
        return str(here[0]), words[0], True
    found = listed([str(path) for path in here], most=5)
    raise taught(
        "which_plan" if here else "no_plan", found=found, command=command, name=shown(words[0])
    )


def day_meant(text: str, week: object) -> date:
    """Return a day of a week: ``tue``, ``Tuesday``, ``周二`` or ``2026-12-01``.

    Raises
    ------
    UsageError
        If that is no day, or not of that week.
    """
    monday = monday_of(week)
    said = text.strip().casefold()
    number = next((_ZH.get(said[len(p) :]) for p in _PREFIXES if said.startswith(p)), None)
    if number is None and len(said) >= _LEAST_LETTERS and said.isalpha():
        fits = [at for at, name in enumerate(_DAYS) if name.startswith(said)]
        number = fits[0] if len(fits) == 1 else None
    if number is not None:
        return monday + timedelta(days=number)
    try:
        day = date.fromisoformat(said)
    except ValueError:
        example = monday + timedelta(days=1)
        raise taught("no_day_meant", given=shown_value(text), example=example) from None
    if not monday <= day < monday + timedelta(days=7):
        raise taught("other_week", day=day, first=monday, last=monday + timedelta(days=6))
    return day
