"""What words mean: of headers, of cells, of times, in the languages of `words.toml`."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

_NUMBERED = re.compile(r"^\s*(?:q?\d{1,2}\s*[、.．:：)）]|\*|•)\s*")
_HINT = re.compile(r"[(（\[【][^)）\]】]*[)）\]】]")
_SIGNS = re.compile(r"[\s_\-/:：*?？!！.。,，;；'\"“”‘’#、&…·]+")


@cache
def book() -> dict[str, Any]:
    """Return the file of words."""
    return tomllib.loads(files(__package__).joinpath("words.toml").read_text(encoding="utf-8"))


@lru_cache(maxsize=1 << 16)
def plain(text: str) -> str:
    """Return a text in small letters and ordinary characters, with one blank between words."""
    text = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(text.split())


def bare(text: str) -> str:
    """Return a header's words: without its number, its hints in brackets, and signs."""
    text = _NUMBERED.sub("", plain(text))
    short = _HINT.sub(" ", text).strip()
    return _SIGNS.sub(" ", short or text).strip()


def header_words(meaning: str) -> list[str]:
    """Return what headers of one meaning are called, in all languages."""
    return [word for words in book()["headers"][meaning].values() for word in words]


@cache
def _headers() -> dict[str, tuple[str, ...]]:
    """Return all header words with their meanings; the longest first."""
    found: dict[str, list[str]] = {}
    for meaning, languages in book()["headers"].items():
        for words in languages.values():
            for word in words:
                known = found.setdefault(_SIGNS.sub(" ", plain(word)).strip(), [])
                if meaning not in known:
                    known.append(meaning)
    return {w: tuple(found[w]) for w in sorted(found, key=len, reverse=True)}


@cache
def meanings(header: str) -> tuple[tuple[str, ...], bool]:
    """Return what a header may mean, and whether it is exactly a known word."""
    name = bare(header)
    if not name:
        return (), False
    known = _headers()
    if name in known:
        return known[name], True
    if singular(name) in known:
        return known[singular(name)], True
    if camel := re.sub(r"(?<=[a-z])(?=[A-Z])", " ", header) if header != header.upper() else "":
        name = bare(camel)
        if name in known:
            return known[name], True
    # What is private stays so, whatever else its name holds.
    hits = [(word, known[word]) for word in known if holds(name, word)]
    private = [m for word, m in hits if "private" in m and len(word) > 2]
    if private:
        return private[0], False
    return (hits[0][1], False) if hits else ((), False)


def singular(word: str) -> str:
    """Return a word without the ending of its plural."""
    return (
        re.sub(r"(?<=[a-z]{2})(?:ies)$", "y", word)
        if word.endswith("ies")
        else (
            word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word
        )
    )


def holds(text: str, word: str) -> bool:
    """Tell whether a text holds a word: whole words of letters, any place of Chinese ones."""
    if eastern(word):
        return len(word) > 1 and word in text
    if len(word) < 3:
        return False
    at = text.find(word)
    while at >= 0:
        end = at + len(word)
        if not text[at - 1 : at].isalpha() and not text[end : end + 1].isalpha():
            return True
        at = text.find(word, at + 1)
    return False


def eastern(text: str) -> bool:
    """Tell whether a text has Chinese, Japanese or Korean characters."""
    return re.search(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]", text) is not None


@cache
def phrase(name: str) -> frozenset[str]:
    """Return the words of one list of `phrases` or `marks`."""
    lists = book()["phrases"] | book()["marks"] | book()["daysets"]
    return frozenset(plain(word) for word in lists[name])


def is_any(text: str, name: str) -> bool:
    """Tell whether a cell is one of a list's words; (yes) is a maybe."""
    text = plain(text)
    bracketed = name == "maybe" and len(text) > 2 and text[0] == "(" and text[-1] == ")"
    return text in phrase(name) or (bracketed and text[1:-1] in phrase("yes"))


def begins(text: str, name: str) -> bool:
    """Tell whether a cell begins with one of a list's words."""
    text = plain(text)
    return any(
        text.startswith(word) and (eastern(word) or not text[len(word) :][:1].isalpha())
        for word in phrase(name)
    )


def mentions(text: str, name: str) -> bool:
    """Tell whether a text holds one of a list's words."""
    text = plain(text)
    return any(holds(text, word) or (eastern(word) and word in text) for word in phrase(name))
