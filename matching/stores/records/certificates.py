"""Certificates as files: put together from credited records, written, and read to be verified."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from matching.errors import UsageError
from matching.records.certificates import KIND, ROWS, certified, named
from matching.records.tables import Places, Projects, Teams
from matching.stores.records.beside import rows_of
from matching.stores.records.crediting import Credited
from matching.stores.records.sources import RecordSource

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
    """
    zone = credited.time_zone
    wanted = None if volunteers is None else pl.Series(volunteers, dtype=pl.String)
    parts = (certified(part, wanted, since, until, zone) for part in credited.parts())
    rows = pl.concat([pl.DataFrame(schema=ROWS), *parts])
    asked = rows.select(request_id="what").unique()
    theirs = [pl.DataFrame(schema={n: c.dtype for n, c in Projects.columns().items()})]
    for name in ("projects", "requests"):
        found = [
            some.drop("row").join(asked, on="request_id", how="semi")
            for some in rows_of(source, name, Projects, zone)
        ]
        theirs += found
        if found:
            break
    stations = _small(source, "stations", Places, zone)
    return named(rows, pl.concat(theirs), stations, _small(source, "organisations", Teams, zone))


def _small(source: RecordSource, name: str, schema: Any, time_zone: str) -> pl.DataFrame:
    empty = pl.DataFrame(schema={n: c.dtype for n, c in schema.columns().items()})
    found = [rows.drop("row") for rows in rows_of(source, name, schema, time_zone)]
    return pl.concat([empty, *found])


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
