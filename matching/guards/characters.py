"""Characters of names: invisible ones, and those of two names that look the same."""

import unicodedata
from collections.abc import Callable
from itertools import takewhile

import polars as pl

# Control and format characters, ends of lines and paragraphs, and all that Unicode wants ignored
# where it cannot be shown: fillers, joiners, variation selectors, tags. Signs such as the Arabic
# number sign are format characters too, and seen.
INVISIBLE = (
    r"[[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]"
    r"--\p{Prepended_Concatenation_Mark}]"
)
# What text that is not in the normal form has one of: marks, parts of Hangul syllables, and (with
# others around them) the characters that the normal form replaces.
MAY_DIFFER = (
    r"[\p{M}\x{374}-\x{387}\x{958}-\x{F69}\x{1161}-\x{11C2}\x{1F71}-\x{1FFD}\x{2000}\x{2001}"
    r"\x{2126}-\x{232A}\x{2ADC}\x{F900}-\x{FB4E}\x{1D15E}-\x{1D1C0}\x{2F800}-\x{2FA1D}]"
)
# What a spreadsheet runs; what was made harmless gets one apostrophe more, so that it comes back.
_RUN, _HARMLESS = r"^('*[=+\-@\t\r])", r"^'('*[=+\-@\t\r])"
_FIRST = rf"(?s)^(?<before>.*?)(?<found>{INVISIBLE})"
_UNNAMED = {"\t": "TAB", "\n": "LINE FEED", "\r": "CARRIAGE RETURN"}
_SHOWN = 8


def harmless(text: pl.Expr) -> pl.Expr:
    """Return text with an apostrophe before what a spreadsheet would run."""
    return text.str.replace(_RUN, "'$1")


def unharmed(text: pl.Expr) -> pl.Expr:
    """Return text without the apostrophe that `harmless` puts before it."""
    return text.str.replace(_HARMLESS, "$1")


def unseen(cells: pl.Series) -> pl.Series:
    """Say of each text which invisible character it holds first, and where; null if none."""
    parts = cells.str.extract_groups(_FIRST).struct.unnest()
    names = {one: _named(one) for one in parts["found"].drop_nulls().unique()}
    return parts.select(
        pl.format(
            "remove {}, which nobody sees: character {} of {}",
            pl.col("found").replace(names),
            pl.col("before").str.len_chars() + 1,
            cells.str.len_chars(),
        )
    ).to_series()


def _named(character: str) -> str:
    name = unicodedata.name(character, None) or _UNNAMED.get(character, "(no name)")
    return f"{points_of(character)} {name}"


def points_of(text: str) -> str:
    """Return the code points of the text, the first ones of a long text."""
    more = " ..." if len(text) > _SHOWN else ""
    return " ".join(f"U+{ord(one):04X}" for one in text[:_SHOWN]) + more


def alike(here: str, there: str) -> str:
    """Say how two names differ that look the same."""
    first = _shared(here, there)
    last = _shared(here[first:][::-1], there[first:][::-1])
    ours, theirs = (points_of(text[first : len(text) - last]) for text in (here, there))
    return (
        f"is equal to another name only after Unicode NFC: from character {first + 1} on it has "
        f"{ours or 'nothing'}, the other {theirs or 'nothing'}; write both the same way"
    )


def _shared(one: str, other: str) -> int:
    """Return how many characters two texts begin with alike."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def abnormal(texts: pl.Series) -> pl.Series:
    """Return the texts that are not in the normal form, each once."""
    # Where nothing is wrong, each text is read once and none is made; ASCII is always normal.
    some = texts.filter(texts.str.len_bytes() > texts.str.len_chars()) if len(texts) else texts
    some = some.filter(some.str.contains(MAY_DIFFER)) if len(some) else some
    some = some.unique() if len(some) else some
    return some.filter(normal(some) != some) if len(some) else some


def normal(texts: pl.Series) -> pl.Series:
    """Return Unicode's normal form C, in which what looks the same is the same."""
    return texts.str.normalize("NFC")


def missing(known: pl.Series, otherwise: str) -> Callable[[pl.Series], pl.Series]:
    """Return a function that says what is wrong with unknown names, of all others ``otherwise``."""

    def say(cells: pl.Series) -> pl.Series:
        forms = pl.DataFrame({"known": known, "form": normal(known)}).drop_nulls()
        forms = forms.filter(pl.col("form").is_in(normal(cells).implode())).unique("form")
        there = dict(forms.select("form", "known").iter_rows())
        twins = {
            cell: alike(cell, there[form])
            for cell, form in zip(cells, normal(cells), strict=True)
            if form in there and there[form] != cell
        }
        twin = cells.replace_strict(twins, default=None, return_dtype=pl.String)
        return unseen(cells).fill_null(twin).fill_null(otherwise)

    return say
