"""A workbook as the zip archive of XML that it is: where its sheets are, how it counts days."""

import io
import posixpath
import re
import zipfile
from dataclasses import dataclass
from typing import IO
from xml.etree import ElementTree
from xml.etree.ElementTree import Element
from xml.parsers import expat

from matching.errors import UsageError
from matching.stores.files import limits

# What reading a part raises: damaged bytes, an unknown way of packing, a password.
BROKEN = (*limits.BROKEN, expat.ExpatError, ElementTree.ParseError)
# A cell that is an error, up to its name.
_ERROR = re.compile(
    rb"""(<c [^>]*\bt=["']e["'][^>]*>(?:<f[^>]*/>|<f.*?</f>)?<v>)[^<]*""", re.DOTALL
)
_BOOK, _RELATIONS = "xl/workbook.xml", "xl/_rels/workbook.xml.rels"


@dataclass(frozen=True)
class Package:
    """What the parts of a workbook say."""

    # The name in the archive by the name of the sheet.
    parts: dict[str, str]
    # Whether days are counted from 1904, not from 1900.
    since_1904: bool
    # Whether whoever wrote it left all formulas to be calculated by whoever opens it.
    uncalculated: bool


def package_of(name: str, file: IO[bytes]) -> Package:
    """Read the parts that tell of the others; what has none is no workbook."""
    try:
        with zipfile.ZipFile(file) as archive:
            limits.check_unpacked(name, sum(part.file_size for part in archive.infolist()))
            names = {n.casefold().replace("\\", "/"): n for n in archive.namelist()}
            book = ElementTree.fromstring(archive.read(names[_BOOK]))
            relations = ElementTree.fromstring(archive.read(names[_RELATIONS]))
    except (KeyError, *BROKEN) as error:
        reason = "it lacks the parts of one" if isinstance(error, KeyError) else str(error)
        text = f"{name} is no workbook, or a broken one ({reason}); save it as .xlsx"
        raise UsageError(text) from None
    targets = {item.get("Id"): item.get("Target", "") for item in relations}
    parts = {}
    for sheet in book.iterfind("{*}sheets/{*}sheet"):
        key = next((value for name, value in sheet.items() if name.endswith("}id")), None)
        part = posixpath.normpath(posixpath.join("/xl", targets.get(key, ""))).lstrip("/")
        if part.casefold() in names:
            parts[sheet.get("name", "")] = names[part.casefold()]
    return Package(
        parts,
        _flag(book.find("{*}workbookPr"), "date1904"),
        _flag(book.find("{*}calcPr"), "fullCalcOnLoad"),
    )


def with_known_errors(book: bytes, part: str) -> bytes:
    """Return the workbook with every error of a sheet as one that readers of values know."""
    whole = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book)) as old, zipfile.ZipFile(whole, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            new.writestr(name, _ERROR.sub(rb"\1#N/A", data) if name == part else data)
    return whole.getvalue()


def _flag(element: Element | None, name: str) -> bool:
    return element is not None and element.get(name) in ("1", "true", "on")
