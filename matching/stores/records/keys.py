"""Keys in files: the private one is for its owner's eyes alone."""

from __future__ import annotations

import os
import stat
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from matching.errors import DataWarning, UsageError
from matching.records import signing

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (
        Ed25519PrivateKey,
        Ed25519PublicKey,
    )

_LARGEST = 10_000


def write_new_key(path: Path) -> Path:
    """Make a key, and return where its public part is: beside it, with ``.pub`` after its name.

    Raises
    ------
    UsageError
        If one of the files is there: a key that is lost cannot be made again.
    """
    public = path.with_name(f"{path.name}.pub")
    for place in (path, public):
        if place.exists():
            raise UsageError(
                f"{place} is there, and a key is never replaced: what it signed could not be "
                "checked any more; name another file"
            )
    secret, open_ = signing.new_key()
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    with os.fdopen(os.open(path, flags, 0o600), "wb") as file:
        file.write(secret)
    public.write_bytes(open_)
    return public


def read_key(path: Path) -> Ed25519PrivateKey:
    """Read a private key, and warn if others than its owner may."""
    key = signing.private_key(_read(path))
    if os.name == "posix" and path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        text = f"{path} can be read by others, who could sign in your name: chmod 600 {path}"
        warnings.warn(text, DataWarning, stacklevel=2)
    return key


def read_public_key(path: Path) -> Ed25519PublicKey:
    """Read a public key."""
    return signing.public_key(_read(path))


def _read(path: Path) -> bytes:
    if not path.is_file():
        raise UsageError(f"{path} is no file; --new-key {path} makes a key, and {path}.pub")
    with path.open("rb") as file:
        return file.read(_LARGEST)
