"""Two paths change places in one step, which Python has no function for."""

import ctypes
import errno
import os
import sys
from pathlib import Path

# Of Linux's renameat2 and macOS's renamex_np; the folder that relative paths start from.
_SWAP, _HERE = 2, -100
_NO_WAY = (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP)


def exchange(one: Path, other: Path) -> bool:
    """Let two paths of one file system change places; False where the system has no way to."""
    if os.name == "nt":
        return False
    library = ctypes.CDLL(None, use_errno=True)
    paths = os.fsencode(one), os.fsencode(other)
    sys.audit("os.rename", *paths, -1, -1)  # as Python's own functions say what they do
    if hasattr(library, "renameat2"):
        failed = library.renameat2(_HERE, paths[0], _HERE, paths[1], _SWAP)
    elif hasattr(library, "renamex_np"):
        failed = library.renamex_np(*paths, _SWAP)
    else:
        return False
    number = ctypes.get_errno()
    if failed and number not in _NO_WAY:
        raise OSError(number, os.strerror(number), str(other))
    return not failed
