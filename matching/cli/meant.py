"""What is meant where a sentence is short: the plan of this folder, and a day of its week."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

from matching.errors import UsageError, listed
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
        raise UsageError(
            f"{len(words)} words are given: write matching {command} PLAN {what}; a name of "
            "several words stands in quotes"
        )
    here = [path for path in (Path(), *sorted(Path().iterdir())) if (path / SUMMARY).is_file()]
    if len(here) == 1:
        return str(here[0]), words[0], True
    found = f"several are here: {listed([str(path) for path in here], most=5)}"
    raise UsageError(
        f"which plan? {found if here else 'this folder holds none'}; name it: matching {command} "
        f"PLAN {shown(words[0])}"
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
        raise UsageError(
            f"--day {shown_value(text)}: write a day of the week, such as tue or 周二, or a date, "
            f"such as {monday + timedelta(days=1)}"
        ) from None
    if not monday <= day < monday + timedelta(days=7):
        raise UsageError(
            f"--day {day} is not in the week of the plan, {monday} to {monday + timedelta(days=6)}"
        )
    return day
