"""Certificates as files: put together from credited records, written, and read to be verified."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

import dataframely as dy
import polars as pl

from matching.errors import UsageError
from matching.records.certificates import KIND, ROWS, certified, named
from matching.records.tables import Places, Projects, Teams
from matching.stores.records.beside import whole
from matching.stores.records.crediting import Credited
from matching.stores.records.sources import RecordSource
from matching.tables.cleaning import OnError

_LARGEST = 200_000_000
_IN_PAGE = re.compile(
    r'<script type="application/json" id="certificates">(.*?)</script>', re.DOTALL
)


def certificate_rows(
    credited: Credited,
    source: RecordSource,
    volunteers: list[str] | None,
    since: date | None,
    until: date | None,
    on_error: OnError = "raise",
) -> pl.DataFrame:
    """Return what certificates list, with names from the tables beside the records.

    Parameters
    ----------
    credited : Credited
    source : sources.RecordSource
        Where projects (or requests), stations and organisations are.
    volunteers : list of str or None
        Everybody, if None.
    since, until : datetime.date or None
    on_error : {"raise", "quarantine"}
    """
    zone = credited.time_zone
    wanted = None if volunteers is None else pl.Series(volunteers, dtype=pl.String)
    parts = (certified(part, wanted, since, until, zone) for part in credited.parts())
    rows = pl.concat([pl.DataFrame(schema=ROWS), *parts])
    asked = rows.select(request_id="what").unique()
    projects = None
    for name in ("projects", "requests"):
        if projects is None:
            projects = whole(source, name, Projects, zone, on_error, asked)
    beside = {
        name: whole(source, name, schema, zone, on_error)
        for name, schema in (("stations", Places), ("organisations", Teams))
    }
    return named(
        rows,
        _or_empty(projects, Projects),
        _or_empty(beside["stations"], Places),
        _or_empty(beside["organisations"], Teams),
    )


def _or_empty(table: pl.DataFrame | None, schema: type[dy.Schema]) -> pl.DataFrame:
    kinds = {name: column.dtype for name, column in schema.columns().items()}
    return pl.DataFrame(schema=kinds) if table is None else table


def write_documents(documents: Iterable[dict[str, Any]], path: Path) -> None:
    """Write certificates: one to a line in a ``.jsonl``, else as a list of JSON."""
    with path.open("w", encoding="utf-8") as file:
        if path.suffix.lower() == ".jsonl":
            for document in documents:
                file.write(json.dumps(document, ensure_ascii=False) + "\n")
        else:
            json.dump(list(documents), file, ensure_ascii=False, indent=1)
            file.write("\n")


def read_documents(path: Path) -> list[dict[str, Any]]:
    """Read certificates from JSON, lines of JSON, or a page that was printed from.

    Raises
    ------
    UsageError
        If there are none in it.
    """
    wrong = f"{path} holds no certificates: name a .json, .jsonl or .html of them"
    if not path.is_file() or path.stat().st_size > _LARGEST:
        raise UsageError(wrong)
    try:
        text = path.read_text(encoding="utf-8")
        page = _IN_PAGE.search(text)
        found: Any
        if path.suffix.lower() == ".jsonl":
            found = [json.loads(line) for line in text.splitlines() if line.strip()]
        else:
            found = json.loads(page[1] if page else text)
    except (ValueError, RecursionError):
        raise UsageError(wrong) from None
    documents = found if isinstance(found, list) else [found]
    if not documents or not all(_is_one(document) for document in documents):
        raise UsageError(wrong)
    return documents


def _is_one(document: object) -> bool:
    return isinstance(document, dict) and document.get("kind") == KIND
