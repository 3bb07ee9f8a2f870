"""A TOML file, with the lines its keys stand on; settings; what takes all memory is refused."""

import difflib
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from matching.errors import MatchingError, UsageError, quoted

_LARGEST = 16_000_000
_DEEPEST = 32
_PART = r"""(?:"(?:[^"\\\n]|\\.)*+"|'[^'\n]*+'|[\w-]++)"""
# The parser's memory grows with the square of a key's parts.
_LONG_KEY = re.compile(rf"(?<![\w-]){_PART}(?:[ \t]*+\.[ \t]*+{_PART}){{{_DEEPEST}}}")
_HEADER = re.compile(rf"\s*(\[\[?)\s*({_PART}(?:\s*\.\s*{_PART})*)\s*\]")
_KEY = re.compile(rf"\s*({_PART})\s*[=.]")


@dataclass(frozen=True)
class Place:
    """What errors call a file, and where in it something is said.

    ``lines`` has, of a section, its number among those of its name from 0, and a key of it or "":
    the line.
    """

    name: str
    lines: Mapping[tuple[str, int, str], int] = field(default_factory=dict)

    def at(self, section: str, number: int = 0, key: str = "") -> str:
        """Return the name, with the line of the key, or else of its section, if it is known."""
        line = self.lines.get((section, number, key), self.lines.get((section, number, "")))
        return self.name if line is None else f"{self.name} line {line}"

    def __str__(self) -> str:
        return self.name


def read_toml(
    path: str | Path, what: str, error: type[MatchingError] = UsageError
) -> tuple[dict[str, Any], Place]:
    """Read a TOML file, which messages call ``what`` and its path.

    What is no TOML, or larger or deeper than what is written by hand, is raised as ``error``; a
    file that does not open is an OSError.
    """
    name = f"{what} {path}"
    with Path(path).open("rb") as file:
        data = file.read(_LARGEST + 1)
    if len(data) > _LARGEST:
        raise error(f"{name} has over {_LARGEST // 1_000_000} MB: is it the right file?")
    try:
        text = data.decode("utf-8-sig")
        long = _LONG_KEY.search(text)
        if long is not None:
            line = text.count("\n", 0, long.start()) + 1
            raise error(
                f"{name} line {line}: a key has over {_DEEPEST} parts, and none has so many"
            )
        table = tomllib.loads(text)
        _check_values(table)
    except RecursionError:
        raise error(f"{name} holds lists or tables in one another, far too deep") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise error(f"{name} is not TOML: {problem}") from None
    except ValueError:  # the integers that Python refuses to read or are not TOML's 64 bits
        raise error(f"{name} holds a whole number of more than 64 bits; write it as text") from None
    return table, Place(name, _lines(text))


def _check_values(value: object, depth: int = 0) -> None:
    """Refuse numbers and nesting that no message could show."""
    if depth > 3 * _DEEPEST:
        raise RecursionError
    if isinstance(value, int) and not -(1 << 63) <= value < 1 << 63:
        raise ValueError
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            _check_values(item, depth + 1)


def _lines(text: str) -> dict[tuple[str, int, str], int]:
    """Return where sections and their keys stand; the first line of several."""
    found: dict[tuple[str, int, str], int] = {}
    section, number, counts = "", 0, dict[str, int]()
    for line, content in enumerate(text.splitlines(), start=1):
        header, key = _HEADER.match(content), _KEY.match(content)
        if header is not None:
            section = ".".join(_names(header[2]))
            number = counts.get(section, 0)
            counts[section] = number + 1
            found.setdefault((section, number, ""), line)
        elif key is not None:
            found.setdefault((section, number, _names(key[1])[0]), line)
    return found


def _names(key: str) -> list[str]:
    """Return the parts of a key without their quotes."""
    names: list[str] = []
    try:
        table: Any = tomllib.loads(f"{key} = 0")
    except tomllib.TOMLDecodeError:
        return [key]
    while isinstance(table, dict):
        name, table = next(iter(table.items()))
        names.append(name)
    return names


def read_settings(path: str | Path, what: str, error: type[MatchingError], each: str) -> Any:
    """Read a file of settings, of which ``each`` has a default.

    What is no TOML, and a file that does not open, is raised as ``error``.
    """
    try:
        return read_toml(path, what, error)[0]
    except OSError as problem:
        raise error(
            f"{what} {path}: {problem.strerror}; name one that is there, or none: "
            f"every {each} has a default"
        ) from None


def check_keys(
    table: Mapping[str, Any], known: Iterable[str], lacks: str, error: type[MatchingError]
) -> None:
    """Raise ``error`` for a key that is not known: it names the nearest, and all.

    ``lacks`` begins the sentence: "policy has no key".
    """
    names = [*known]
    for name in table:
        if name not in names:
            near = difflib.get_close_matches(str(name)[:60], names, n=1, cutoff=0.0)[0]
            raise error(f"{lacks} {quoted(name)}; the nearest is {near!r}; all: {', '.join(names)}")
