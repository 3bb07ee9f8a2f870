"""How much is unpacked of what is packed: a few kilobytes may hold more than any memory does."""

import lzma
import os
import struct
import zipfile
import zlib

from matching.errors import UsageError

# What the library of zip archives and its decompressors raise over bytes that are not what they
# should be; that of bzip2 is an OSError.
BROKEN = (
    *(zipfile.BadZipFile, NotImplementedError, RuntimeError, zlib.error, lzma.LZMAError),
    *(struct.error, EOFError, MemoryError, OSError, ValueError),
)
# A store of a province is a tenth of it.
_DEFAULT, VARIABLE = 2_000, "MATCHING_UNPACKED_MB"


def check_unpacked(what: object, size: int) -> None:
    """Refuse what unpacks to more bytes than the variable of the environment allows."""
    text = os.environ.get(VARIABLE, "") or str(_DEFAULT)
    if not text.isascii() or not text.isdigit() or len(text) > 12:
        raise UsageError(f"{VARIABLE} = {text!r}: write a whole number of megabytes, as {_DEFAULT}")
    if size > int(text) * 1_000_000:
        raise UsageError(
            f"{what} unpacks to {-(-size // 1_000_000):,} MB, and {int(text):,} MB are allowed; "
            f"if that is right, set {VARIABLE} to more"
        )
