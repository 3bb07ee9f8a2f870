"""Rows of text files: their encoding and separator are seen from their bytes."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from pathlib import Path

from matching.errors import UsageError
from matching.stores.spreadsheets.sentences import sentence

_SEPARATORS = ",;\t|"
_MARKS = {
    b"\xef\xbb\xbf": "utf-8-sig",
    b"\xff\xfe": "utf-16",
    b"\xfe\xff": "utf-16",
}
_EAST = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff\uff01-\uff5e\u3001-\u3011]")
_KANA = re.compile(r"[\u3040-\u30fe]")


def rows_of(path: Path) -> list[list[str]]:
    """Read the rows of a file; the separator is the one that cuts most rows alike."""
    content = text_of(path)
    if not content.strip():
        return []
    tries = {sign: _cut(content, sign) for sign in _SEPARATORS}
    return max(tries.values(), key=_evenness)


def text_of(path: Path) -> str:
    """Return the text of a file: UTF-8, UTF-16, an encoding of East Asia, or Windows-1252."""
    data = path.read_bytes()
    if data[:4] in (b"PK\x03\x04", b"\xd0\xcf\x11\xe0"):
        raise UsageError(sentence("misnamed", path=path))
    for mark, name in _MARKS.items():
        if data.startswith(mark):
            return data.decode(name, errors="replace")
    zeros = data[:4000].count(0)
    if zeros > len(data[:4000]) // 4:
        return data.decode("utf-16-le" if data[1:2] == b"\0" else "utf-16-be", errors="replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return max(_decoded(data), key=lambda pair: pair[0])[1]


def _decoded(data: bytes) -> list[tuple[float, str]]:
    """Return how well each encoding fits, and the text in it."""
    # Letters with accents stand alone between letters of ASCII; characters of two bytes do not.
    runs = [len(run) for run in re.findall(rb"[\x80-\xff]+", data)]
    alone = sum(run == 1 for run in runs) / max(1, len(runs))
    found = [(alone + 0.01, data.decode("cp1252", errors="replace"))]
    for name, common in (("gb18030", "gb2312"), ("big5", "big5"), ("cp932", "shift_jis")):
        try:
            text = data.decode(name)
        except UnicodeDecodeError:
            continue
        strange = [c for c in text if ord(c) > 127]
        east = [c for c in strange if _EAST.match(c) and c.encode(common, "ignore")]
        kana = sum(1 for c in strange if _KANA.match(c)) / max(1, len(strange))
        fit = len(east) / max(1, len(strange)) - alone
        found.append((fit + (kana / 2 if name == "cp932" else 0), text))
    return found


def _cut(content: str, sign: str) -> list[list[str]]:
    try:
        return list(csv.reader(io.StringIO(content, newline=""), delimiter=sign))
    except csv.Error:
        return [[line] for line in content.splitlines()]


def _evenness(rows: list[list[str]]) -> tuple[float, int]:
    """Return the share of rows of the most frequent width, of those wider than one, and it."""
    widths = Counter(len(row) for row in rows if any(row))
    wide = {width: count for width, count in widths.items() if width > 1}
    if not wide:
        return 0.0, 1
    width, count = max(wide.items(), key=lambda pair: (pair[1], pair[0]))
    return count / sum(widths.values()), width
