"""Whether the bytes of a text file are UTF-8, and what they are if not."""

from __future__ import annotations

import codecs
from pathlib import Path

_STEP = 1 << 24
# The longer mark first: that of UTF-16 is the beginning of that of UTF-32.
_MARKS = {
    codecs.BOM_UTF32_LE: "UTF-32",
    codecs.BOM_UTF32_BE: "UTF-32",
    codecs.BOM_UTF16_LE: "UTF-16",
    codecs.BOM_UTF16_BE: "UTF-16",
}


def load(path: Path) -> bytearray:
    """Return the bytes of a file, to be changed in place."""
    data = bytearray(path.stat().st_size)
    done = 0
    with path.open("rb", buffering=0) as file, memoryview(data) as view:
        while done < len(view) and (count := file.readinto(view[done:])):
            done += count
    del data[done:]
    return data


def refusal(data: bytearray) -> str | None:
    """Say why no row of the file can be read; None if its rows can be told apart."""
    for mark, encoding in _MARKS.items():
        if data.startswith(mark):
            return f"the file is {encoding}; save it as UTF-8"
    nul = data.find(b"\0")
    if nul >= 0:
        line = data.count(b"\n", 0, nul) + 1
        return f"line {line} holds a NUL byte: the file is UTF-16, or no text; save it as UTF-8"
    return None


def repair(data: bytearray) -> tuple[bytearray, str]:
    """Put U+FFFD for every byte that is not UTF-8.

    Returns
    -------
    data : bytearray
        The same object, if it was UTF-8 all along.
    hint : str
        What the bytes look like and what to do; empty if they were UTF-8.
    """
    if _is_utf8(data):
        return data, ""
    try:
        data.decode("gb18030")
        hint = "the bytes are not UTF-8 and look like GB18030 (GBK); save the file as UTF-8"
    except UnicodeDecodeError:
        hint = "the bytes are not UTF-8; save the file as UTF-8"
    return bytearray(data.decode(errors="replace").encode()), hint


def _is_utf8(data: bytearray) -> bool:
    # In steps: the decoded text of a large file would take as much room again.
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        with memoryview(data) as view:
            for start in range(0, len(view), _STEP):
                decoder.decode(view[start : start + _STEP])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True
