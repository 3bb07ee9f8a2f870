"""What is said of a reading, by name, in both languages; a sentence is a text in English."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from functools import cache
from importlib.resources import files


@cache
def texts() -> dict[str, dict[str, str]]:
    """Return every text by name and language."""
    return tomllib.loads(files(__package__).joinpath("sentences.toml").read_text(encoding="utf-8"))


class Sentence(str):
    """A text in English that knows what it says, and so can say it in another language."""

    key: str
    values: dict[str, object]

    def told(self, language: str) -> str:
        """Return the text in a language."""
        said = {name: in_language(value, language) for name, value in self.values.items()}
        return texts()[self.key][language].format(**said)


def sentence(key: str, **values: object) -> Sentence:
    """Return a sentence by its name; its values may be sentences, and lists of them."""
    said = {name: in_language(value, "en") for name, value in values.items()}
    made = Sentence(texts()[key]["en"].format(**said))
    made.key, made.values = key, values
    return made


def in_language(value: object, language: str) -> object:
    """Return a sentence in a language, or several: a list of parts or a tuple of names."""
    if isinstance(value, Sentence):
        return value.told(language)
    if isinstance(value, (list, tuple)):
        joints = ("；", "、") if language == "zh" else ("; ", ", ")
        joint = joints[isinstance(value, tuple)]
        return joint.join(str(in_language(one, language)) for one in value)
    return value


def by_place(sentences: Iterable[Sentence], language: str) -> list[str]:
    """Return sentences below the name of their sheet, which then none repeats."""
    found: dict[str, list[str]] = {"": []}
    for one in sentences:
        where = place = one.values.get("where")
        while isinstance(place, Sentence) and "where" in place.values:
            place = place.values["where"]
        name, text = str(in_language(place or "", language)), one.told(language)
        if where is not None and text.startswith(name):
            text = text.removeprefix(name).lstrip(" ,:：")
        found.setdefault(name, []).append(text)
    lines = found.pop("")
    for name, texts_there in found.items():
        lines += [name, *(f"  {text}" for text in texts_there)]
    return lines
