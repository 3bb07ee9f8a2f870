"""A year in a folder: its tables, the page, and what was assumed."""

from __future__ import annotations

import os
from pathlib import Path

import polars as pl

from matching.guards.extras import needing
from matching.simulation.assumptions import Assumptions
from matching.simulation.page import render
from matching.simulation.texts import Language
from matching.simulation.year import TABLES, Year
from matching.stores.files.csv_files import write_csv
from matching.stores.files.whole import refuse_others, replacing_folder

PAGE, ASSUMED = "year.html", "assumptions.toml"
_HOLDING = (PAGE, ASSUMED, *(f"{name}.csv" for name in (*TABLES, "varied")))


def check_place(out: str | os.PathLike[str]) -> None:
    """Refuse a place that cannot be written to, before there is anything to write.

    Raises
    ------
    UsageError
        As `write_year` does.
    """
    with needing("the page"):
        import matching.simulation.charts  # noqa: F401
    refuse_others(Path(out), _HOLDING)


def write_year(
    year: Year,
    out: str | os.PathLike[str],
    varied: pl.DataFrame | None = None,
    language: Language = "en",
) -> None:
    """Write a folder or a ``.zip``, whole or not at all; it takes the place of an earlier one.

    Parameters
    ----------
    year : Year
    out : str or os.PathLike
    varied : polars.DataFrame, optional
        What `varying.vary` found.
    language : {"en", "zh"}
        Of the page.

    Raises
    ------
    UsageError
        If there is something else in the folder, or the packages of the page are not installed.
    """
    tables = year.tables() | ({} if varied is None else {"varied": varied})
    page = render(year, varied, language)
    with replacing_folder(Path(out), _HOLDING) as folder:
        for name, frame in tables.items():
            write_csv(frame, folder / f"{name}.csv")
        (folder / PAGE).write_text(page, encoding="utf-8")
        (folder / ASSUMED).write_text(_as_toml(year.assumed, language), encoding="utf-8")


def _as_toml(assumed: Assumptions, language: Language) -> str:
    return "".join(
        f"# {one['meaning']} ({one['source']})\n{one['name']} = {one['value']}\n"
        for one in assumed.told(language)
    )
