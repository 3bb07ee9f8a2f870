"""A report in the format that is asked for, whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

from matching.errors import UsageError
from matching.guards.extras import needing
from matching.guards.urls import shown_value
from matching.reports.contacts import addressed, read_contacts
from matching.reports.facts import Facts
from matching.stores.files.whole import replacing, replacing_folder
from matching.stores.registry import check_target

if TYPE_CHECKING:
    from matching.result import Result

ReportFormat = Literal["html", "xlsx", "slips", "ics"]
FORMATS: tuple[ReportFormat, ...] = get_args(ReportFormat)
# Those that say why seats are empty, and who could come.
ASKED = ("html", "xlsx")


def write_report(
    facts: Facts,
    out: str | os.PathLike[str],
    format: str | None = None,
    sequence: int = 0,
    result: Result | None = None,
    contacts: str | os.PathLike[str] | None = None,
    locale: str | None = None,
) -> None:
    """Write a report, which takes the place of an earlier one.

    Parameters
    ----------
    facts : Facts
    out : str or os.PathLike
        A file; for ``slips`` and ``ics`` a folder or a ``.zip``.
    format : {"html", "xlsx", "slips", "ics"}, optional
        A page, a workbook to edit, texts to send, or calendars; if absent, the end of the name
        says it.
    sequence : int
        Of texts and calendars: how often the week was sent out before.
    result : Result, optional
        Is asked why seats are empty and who could come, where the format has a place for it.
    contacts : str or os.PathLike, optional
        A table of what people are called; see `contacts.read_contacts`.
    locale : str, optional
        Of workbooks, slips and sheets: their language and the clock of a region, as ``zh-CN`` or
        ``en-US``; of the environment, if absent. A page follows its reader's browser.

    Raises
    ------
    UsageError
        If the format is not known, a package that it needs is not installed, or something else
        than a report stands there.
    """
    write = prepared(out, format, sequence, locale)
    if contacts is not None:
        facts = addressed(facts, read_contacts(Path(contacts)))
    if result is not None and format_of(Path(out), format) in ASKED:
        from matching.reports.asking import answers_of

        facts = replace(facts, answers=answers_of(result, facts))
    write(facts)


def prepared(
    out: str | os.PathLike[str],
    format: str | None = None,
    sequence: int = 0,
    locale: str | None = None,
) -> Callable[[Facts], None]:
    """Return what writes a report, so that what is missing is told before anything is read."""
    path = Path(out)
    kind = format_of(path, format)
    with needing(f"a report as {kind}"):
        write, holding = _writer(kind, sequence, locale)

    def written(facts: Facts) -> None:
        if holding:
            check_target(path)
        place = replacing_folder(path, holding) if holding else replacing(path)
        with needing(f"a report as {kind}"), place as part:
            write(facts, part)

    return written


def format_of(path: Path, format: str | None) -> ReportFormat:
    """Return the format that is asked for, by its name or by the end of a file's."""
    asked = path.suffix.lower().removeprefix(".") if format is None else format
    for known in FORMATS:
        if known == asked and (format is not None or known in ("html", "xlsx")):
            return known
    where = f"format = {shown_value(format)}" if format is not None else shown_value(str(path))
    if format is None and path.is_dir():
        where += " is a folder; name a file to write to"
    raise UsageError(
        f"{where}: name a file that ends in .html or .xlsx, or say format='slips' or "
        f"format='ics' with a folder or a .zip; formats are {', '.join(FORMATS)}"
    )


def _writer(
    format: ReportFormat, sequence: int, locale: str | None
) -> tuple[Callable[[Facts, Path], None], tuple[str, ...]]:
    """Return what writes a format, and what a folder of it holds; nothing where it is a file."""
    match format:
        case "html":
            from matching.reports.page import write_page

            return write_page, ()
        case "xlsx":
            from matching.reports.locales import locale_of
            from matching.reports.workbook import write_workbook

            return partial(write_workbook, locale=locale_of(locale)), ()
        case "slips":
            from matching.reports.locales import locale_of
            from matching.reports.slips import HOLDING, write_slips

            return partial(write_slips, sequence=sequence, locale=locale_of(locale)), HOLDING
        case "ics":
            from matching.reports.feeds import KINDS, write_feeds

            return partial(write_feeds, sequence=sequence), KINDS
