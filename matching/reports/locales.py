"""How a reader's region writes days and times; the language is English or Chinese."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time
from functools import cached_property

import babel
import polars as pl
from babel.dates import format_skeleton, format_time

from matching.errors import UsageError
from matching.guards.urls import shown_value
from matching.reports.sheets import Language

_VARIABLES = ("LC_ALL", "LC_TIME", "LANG")
# Where nobody says a region, and for regions that English is not written in.
_PLAIN, _ELSEWHERE = "en_GB", "en_150"


@dataclass(frozen=True)
class Locale:
    """A language, and the region that says how days and times are written in it.

    Attributes
    ----------
    language : {"en", "zh"}
    region : str
        A locale of English, as ``en_US``.
    """

    language: Language = "en"
    region: str = _PLAIN

    @cached_property
    def has_half_days(self) -> bool:
        """Whether the clock of the region has twelve hours."""
        if self.language == "zh":
            return False
        return "a" in babel.Locale.parse(self.region).time_formats["short"].pattern

    def english(self) -> Locale:
        """Return the same region's English."""
        return Locale("en", self.region)

    def time(self, moment: time) -> str:
        """Return a time of day, as ``9:00 AM``."""
        if self.language == "zh":
            return f"{moment:%H:%M}"
        # Some regions take a narrow blank, for which text messages have no letter.
        return format_time(moment, "short", locale=self.region).replace("\u202f", " ")

    def day(self, day: date) -> str:
        """Return a day in English, as ``Mon, Nov 30``."""
        return format_skeleton("MMMEd", day, locale=self.region)

    def times(self, column: str) -> pl.Expr:
        """Return a column of datetimes as times of day."""
        return pl.col(column).dt.time().map_batches(self._times, return_dtype=pl.String)

    def days(self, column: str) -> pl.Expr:
        """Return a column of dates as days in English."""
        return pl.col(column).map_batches(self._days, return_dtype=pl.String)

    def _times(self, moments: pl.Series) -> pl.Series:
        known = moments.drop_nulls().unique()
        said = pl.Series([self.time(one) for one in known], dtype=pl.String)
        return moments.replace_strict(known, said, default=None, return_dtype=pl.String)

    def _days(self, days: pl.Series) -> pl.Series:
        known = days.drop_nulls().unique()
        said = pl.Series([self.day(one) for one in known], dtype=pl.String)
        return days.replace_strict(known, said, default=None, return_dtype=pl.String)


def locale_of(name: str | None, environment: Mapping[str, str] | None = None) -> Locale:
    """Return the locale of a name such as ``en-US`` or ``zh_CN.UTF-8``, or of the environment.

    Other languages are told in English, with the days and times of their region.

    Raises
    ------
    UsageError
        If the name is none of a locale.
    """
    found = os.environ if environment is None else environment
    given = name or next((found[key] for key in _VARIABLES if found.get(key)), "")
    language, _, region = given.partition(".")[0].partition("@")[0].replace("-", "_").partition("_")
    region = region.rpartition("_")[2]  # zh_Hant_TW
    if name is not None and not (language.isalpha() and 2 <= len(language) <= 3):
        raise UsageError(f"locale = {shown_value(name)}: write a language and a region, as en-US")
    if language == "zh":
        return Locale("zh")
    if not (region.isalnum() and len(region) in (2, 3)):
        return Locale()
    try:
        return Locale("en", str(babel.Locale.parse(f"en_{region.upper()}")))
    except babel.UnknownLocaleError:
        return Locale("en", _ELSEWHERE)
