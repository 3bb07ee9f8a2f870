"""Certificates of service as a page to print, which can be verified from its file."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Sequence
from importlib.resources import files
from typing import Any, get_args

from matching.guards.extras import needing
from matching.records.signing import fingerprint
from matching.reports.sheets import Language
from matching.stores.national.books import book


def certificate_page(documents: Sequence[dict[str, Any]], language: Language) -> str:
    """Return certificates as one page of HTML, each on paper of its own.

    Parameters
    ----------
    documents : sequence of dict
        As `matching.records.certificates.documents` gives them, signed or not.
    language : {"en", "zh"}

    Raises
    ------
    UsageError
        If the packages of the extra ``report`` are not installed.
    """
    with needing("the page"):
        from matching.reports.templates import environment

        page = environment("matching.reports.certificates")
    text = files(__package__).joinpath("texts.toml").read_text(encoding="utf-8")
    held = json.dumps(documents, ensure_ascii=False)
    for sign in "<>&":
        held = held.replace(sign, f"\\u{ord(sign):04x}")
    # What the national code tables call a category, where it is one of their codes.
    label = {"en": "term", "zh": "label"}[language]
    labels = dict(book("categories").select("code", label).iter_rows())
    shown = [
        {
            **document,
            "has_post": any("post" in record for record in document["records"]),
            "fingerprint": fingerprint(document) if "signature" in document else None,
        }
        for document in documents
    ]
    return page.get_template("page.html").render(
        documents=shown,
        held=held,
        labels=labels,
        texts=tomllib.loads(text)[language],
        language={"en": "en", "zh": "zh-CN"}[language],
    )


def is_as_printed(page: str, documents: Sequence[dict[str, Any]]) -> bool:
    """Tell whether a page shows what its certificates say, as they are printed here."""
    return any(page == certificate_page(documents, language) for language in get_args(Language))
