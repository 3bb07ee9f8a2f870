"""``matching records certificates``: what somebody served, signed, printed and verified."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from matching.cli import arguments as arg
from matching.cli.answering import print_tables, write_table
from matching.cli.conduct import Outcome, say, teaching, tell
from matching.cli.given import print_json
from matching.cli.language import Language, LanguageOption, language_of
from matching.cli.records.opened import (
    AsOfOption,
    BesideOption,
    RecordPolicyOption,
    beside,
    day_of,
    opened,
    record_policy,
)

if TYPE_CHECKING:
    import polars as pl

_KEYS = "Keys and signatures"


def certificates(
    records: Annotated[
        str | None, typer.Argument(help="Where the records are, as for hours")
    ] = None,
    volunteer: Annotated[
        list[str] | None, arg.option("Whose; once for each", "ID", "--volunteer")
    ] = None,
    everybody: Annotated[bool, arg.option("Of all who have hours", None, "--all")] = False,
    since: Annotated[str | None, arg.option("First day of service", "DATE")] = None,
    until: Annotated[str | None, arg.option("Last day of service", "DATE")] = None,
    issuer: Annotated[str, arg.option("Who certifies it; needed to write certificates")] = "",
    key: Annotated[
        Path | None, arg.option("The issuer's key, to sign with", "FILE", rich_help_panel=_KEYS)
    ] = None,
    new_key: Annotated[
        Path | None,
        arg.option(
            "Make a key in this file, to be kept, and FILE.pub, to be given to everybody",
            "FILE",
            "--new-key",
            rich_help_panel=_KEYS,
        ),
    ] = None,
    verify: Annotated[
        Path | None,
        arg.option(
            "Say whether certificates are as they were signed", "FILE", rich_help_panel=_KEYS
        ),
    ] = None,
    public_key: Annotated[
        Path | None,
        arg.option(
            "With --verify: the key they are to be signed with",
            "FILE",
            "--public-key",
            rich_help_panel=_KEYS,
        ),
    ] = None,
    policy: RecordPolicyOption = None,
    as_of: AsOfOption = None,
    on_error: arg.OnErrorOption = "raise",
    tables: BesideOption = None,
    contacts: arg.ContactsOption = None,
    language: LanguageOption = None,
    out: Annotated[
        Path | None,
        arg.option(
            "A file to write: .json or .jsonl to hand on, .html to print, or .csv, .parquet or "
            ".xlsx with a row for each record",
            "FILE",
            "--out",
        ),
    ] = None,
    json: arg.JsonOption = False,
    option: arg.OptionOption = None,
) -> None:
    """Certify what people served: content, date, place, hours, organisation, person in charge.

    Signed with a key, a certificate shows offline whether it was changed, also as a page.
    With --verify, exit status 0 if all are as they were signed, 1 if not.
    """
    with teaching(json) as outcome:
        from matching.errors import UsageError

        spoken = language_of(language)
        if new_key is not None:
            _make(new_key, outcome, spoken)
            return
        if verify is not None:
            good = _verified(verify, public_key, json, spoken)
            if not good:
                raise typer.Exit(1)
            return
        if records is None:
            raise UsageError("name the records, or --verify a file, or make a --new-key")
        whose = _whose(volunteer, everybody)
        days = day_of("--since", since), day_of("--until", until)
        form = _form(out)
        if form in ("documents", "page") and not issuer.strip():
            raise UsageError(
                "say with --issuer who certifies it, as --issuer 'Station of the Lake'"
            )
        chosen, source = record_policy(policy), beside(records, tables, option)
        from matching.stores.records.certificates import certificate_rows

        with opened(records, chosen, as_of, on_error, option) as credited:
            rows = certificate_rows(credited, source, whose, *days, on_error)
            issued_on = credited.today
        _tell_of_nobody(rows, whose)
        if form == "table":
            write_table("certificates", rows, out, outcome)
        elif form is not None and out is not None:
            _write(rows, out, form, issuer, issued_on, key, contacts, spoken, outcome)
        if json:
            print_tables({"certificates": rows}, **({} if out is None else {"written": str(out)}))
        elif out is None:
            _summarise(rows, spoken)
        else:
            from matching.cli.records.telling import words

            people = rows["volunteer_id"].n_unique()
            say(words(spoken)["certified"].format(people=f"{people:,}", out=out))


def _whose(volunteers: list[str] | None, everybody: bool) -> list[str] | None:
    from matching.errors import UsageError

    if everybody == bool(volunteers):
        raise UsageError("say whose: --volunteer ID, once for each, or --all")
    return None if everybody else volunteers


def _form(out: Path | None) -> str | None:
    """Return whether a file is of documents, a page or a table, by the end of its name."""
    from matching.errors import UsageError

    if out is None:
        return None
    ends = {".json": "documents", ".jsonl": "documents", ".html": "page"}
    ends |= dict.fromkeys((".csv", ".parquet", ".xlsx"), "table")
    if out.suffix.lower() not in ends:
        raise UsageError(f"--out {out}: end the name in {', '.join(ends)}")
    return ends[out.suffix.lower()]


def _tell_of_nobody(rows: pl.DataFrame, whose: list[str] | None) -> None:
    """Refuse to certify nothing, and name those of whom nothing can be certified."""
    from matching.errors import UsageError, listed

    found = {*rows["volunteer_id"]}
    missing = [one for one in whose or () if one not in found]
    text = f"no record counts of {listed(missing) if missing else 'anybody'} in these days"
    if not found:
        raise UsageError(f"{text}: there is nothing to certify; records check says why")
    if missing:
        tell(f"warning: {text}; records check says why", "yellow")


def _summarise(rows: pl.DataFrame, language: Language) -> None:
    from matching.cli.records.telling import certificates as sentences

    for line in sentences(rows, language):
        say(line)


def _write(
    rows: pl.DataFrame,
    out: Path,
    form: str,
    issuer: str,
    issued_on: date,
    key: Path | None,
    contacts: Path | None,
    language: Language,
    outcome: Outcome,
) -> None:
    from matching.records.certificates import documents
    from matching.records.signing import signed
    from matching.stores.files.whole import replacing
    from matching.stores.records.certificates import write_documents
    from matching.stores.records.keys import read_key

    names: dict[str, str] = {}
    if contacts is not None:
        from matching.reports.contacts import read_contacts

        named = read_contacts(contacts).drop_nulls("name")
        names = dict(named.select("volunteer_id", "name").iter_rows())
    made = documents(rows, issuer.strip(), issued_on, names)
    if key is None:
        tell(
            "warning: not signed, so that nobody can see whether it was changed; make a key with "
            "--new-key, and sign with --key",
            "yellow",
        )
    else:
        signing = read_key(key)
        made = (signed(document, signing) for document in made)
    with outcome.writing(out), replacing(out) as place:
        if form == "documents":
            write_documents(made, place)
        else:
            from matching.reports.certificates import certificate_page

            place.write_text(certificate_page([*made], language), encoding="utf-8")


def _make(path: Path, outcome: Outcome, language: Language) -> None:
    from matching.cli.records.telling import words
    from matching.stores.records.keys import write_new_key

    public = write_new_key(path)
    outcome.text = f"a new key is in {path}"
    say(words(language)["new_key"].format(path=path, public=public))


def _verified(path: Path, public_key: Path | None, json: bool, language: Language) -> bool:
    """Say of each certificate in a file whether it is as it was signed, and by whom."""
    from matching.cli.records.telling import verdict
    from matching.records.signing import is_by, is_unchanged
    from matching.stores.records.certificates import read_documents
    from matching.stores.records.keys import read_public_key

    wanted = None if public_key is None else read_public_key(public_key)
    found: list[dict[str, Any]] = []
    documents = read_documents(path)
    good = [is_unchanged(document) for document in documents]
    shown = True
    if path.suffix.lower() == ".html" and all(good):
        from matching.reports.certificates import is_as_printed

        shown = is_as_printed(path.read_text(encoding="utf-8"), documents)
    for document, unchanged in zip(documents, good, strict=True):
        by = None if wanted is None or not unchanged else is_by(document, wanted)
        found.append(verdict(document, unchanged, by, shown, language))
    if json:
        print_json({"certificates": found})
    else:
        for one in found:
            say(one["sentence"])
    return all(one["valid"] for one in found)
