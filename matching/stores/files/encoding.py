"""Whether the bytes of a text file are UTF-8, and what they are if not."""

import codecs
import re
from contextlib import suppress
from pathlib import Path

import numpy as np

from matching.errors import UsageError

_STEP = 1 << 24
_ASCII = re.compile(r"[\x00-\x7f]+")
_KNOWN_SHARE, _COMMON_SHARE = 0.9, 0.67
# The first byte of a character of the second level is at least this.
_SECOND_LEVEL = 0xD8
# The longer mark first: that of UTF-16 is the beginning of that of UTF-32.
_MARKS = {
    codecs.BOM_UTF32_LE: "UTF-32",
    codecs.BOM_UTF32_BE: "UTF-32",
    codecs.BOM_UTF16_LE: "UTF-16",
    codecs.BOM_UTF16_BE: "UTF-16",
}
# What is no text at all: the beginnings of packed files, and of a workbook, which is a zip.
_PACKED = {
    b"\x1f\x8b": "gzip",
    b"PK\x03\x04": "zip, or a workbook",
    b"BZh": "bzip2",
    b"\xfd7zXZ\0": "xz",
    b"\x28\xb5\x2f\xfd": "zstandard",
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
    for mark, packed in _PACKED.items():
        if data.startswith(mark):
            return f"the file is packed as {packed}, whatever its name says; unpack it first"
    nul = data.find(b"\0")
    if nul >= 0:
        line = data.count(b"\n", 0, nul) + 1
        return f"line {line} holds a NUL byte: the file is UTF-16, or no text; save it as UTF-8"
    return None


def decoded(data: bytearray, encoding: str | None) -> tuple[bytearray, str]:
    """Turn the bytes into UTF-8, in place where they are already; U+FFFD stands for what cannot be.

    The hint says what the bytes look like and what to do; it is empty if all could be read.
    """
    if encoding is not None and codecs.lookup(encoding).name != "utf-8":
        try:
            return bytearray(data.decode(encoding).encode()), ""
        except UnicodeDecodeError:
            text = data.decode(encoding, errors="replace")
            hint = f"the bytes are not {encoding}, which was declared; declare what they are"
            return bytearray(text.encode()), hint
    if _is_utf8(data):
        return data, ""
    hint = "the bytes are not UTF-8; save the file as UTF-8"
    with suppress(UnicodeDecodeError):
        chinese = "" if encoding else data.decode("gb18030")
        if chinese and _is_plainly_chinese(chinese):
            return bytearray(chinese.encode()), ""
        if chinese:
            hint += ", or declare encoding='gb18030' if it is GB18030 (GBK)"
    return bytearray(data.decode(errors="replace").encode()), hint


def check_encoding(encoding: str | None) -> None:
    """Refuse an encoding that Python does not know."""
    try:
        "".encode(encoding or "utf-8")
    except (LookupError, TypeError):
        text = f"encoding = {encoding!r}: write utf-8, gb18030 or another that Python knows"
        raise UsageError(text) from None


def _is_plainly_chinese(text: str) -> bool:
    """Tell whether what is not ASCII are common characters and their punctuation.

    Any bytes may happen to be GB18030, but those of other encodings come out as rare characters.
    GB 2312 holds the 6,763 in use, of which names need few beyond; its first level, with the signs,
    holds the 3,755 that most texts are made of.
    """
    foreign = _ASCII.sub("", text)
    known = np.frombuffer(foreign.encode("gb2312", errors="ignore"), np.uint8)[::2]
    common = int(np.count_nonzero(known < _SECOND_LEVEL))
    return len(known) >= _KNOWN_SHARE * len(foreign) and common >= _COMMON_SHARE * len(foreign)


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
