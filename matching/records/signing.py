"""Certificates are signed with Ed25519, so that anybody can see offline whether they were changed.

What is signed is the certificate without its signature as canonical JSON (RFC 8785). It holds texts
and whole numbers alone, so that this is JSON with sorted keys and no blanks, in UTF-8.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Mapping
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from matching.errors import UsageError
from matching.guards.extras import needing

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (
        Ed25519PrivateKey,
        Ed25519PublicKey,
    )

ALGORITHM = "Ed25519"
# Whole numbers that every reader of JSON has the same idea of.
_LARGEST = 2**53 - 1
_NOT_ONE = "holds no key of Ed25519: name a file that matching records certificates --new-key wrote"


def canonical(document: Mapping[str, Any]) -> bytes:
    """Return the one way in which a document is written to be signed."""
    _check(document)
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode("utf-8")


def new_key() -> tuple[bytes, bytes]:
    """Return a new key as PEM: the private part, which its owner keeps, and the public one."""
    with needing("a key"):
        from cryptography.hazmat.primitives import serialization as form
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption())
    public = key.public_key().public_bytes(
        form.Encoding.PEM, form.PublicFormat.SubjectPublicKeyInfo
    )
    return private, public


def private_key(pem: bytes) -> Ed25519PrivateKey:
    """Read a private key; what it is not, is never told."""
    with needing("a signature"):
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
        from cryptography.hazmat.primitives.serialization import load_pem_private_key
    try:
        key = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise UsageError(_NOT_ONE)
    return key


def public_key(pem: bytes) -> Ed25519PublicKey:
    """Read a public key."""
    with needing("a signature"):
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
        from cryptography.hazmat.primitives.serialization import load_pem_public_key
    try:
        key = load_pem_public_key(pem)
    except ValueError:
        key = None
    if not isinstance(key, Ed25519PublicKey):
        raise UsageError(_NOT_ONE)
    return key


def signed(document: Mapping[str, Any], key: Ed25519PrivateKey) -> dict[str, Any]:
    """Return a document with its signature and the public key that it is checked with."""
    value = key.sign(canonical(document))
    signature = {
        "algorithm": ALGORITHM,
        "public_key": b64encode(key.public_key().public_bytes_raw()).decode(),
        "value": b64encode(value).decode(),
    }
    return {**document, "signature": signature}


def is_unchanged(document: Mapping[str, Any]) -> bool:
    """Tell whether a document is what was signed with the key that it names."""
    with needing("a signature"):
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    signature = document.get("signature")
    try:
        if signature["algorithm"] != ALGORITHM:  # type: ignore[index]
            return False
        raw, value = (b64decode(signature[k], validate=True) for k in ("public_key", "value"))  # type: ignore[index]
        said = {name: held for name, held in document.items() if name != "signature"}
        Ed25519PublicKey.from_public_bytes(raw).verify(value, canonical(said))
    except (InvalidSignature, KeyError, TypeError, ValueError):
        return False
    return True


def is_by(document: Mapping[str, Any], key: Ed25519PublicKey) -> bool:
    """Tell whether the key that a document names is this one."""
    raw = b64encode(key.public_bytes_raw()).decode()
    return bool(document["signature"]["public_key"] == raw)


def fingerprint(document: Mapping[str, Any]) -> str:
    """Return what is short enough of the public key to compare by eye: 80 bits of its SHA-256."""
    raw = b64decode(document["signature"]["public_key"])
    digits = sha256(raw).hexdigest()[:20]
    return " ".join(digits[at : at + 4] for at in range(0, 20, 4))


def _check(value: object, depth: int = 0) -> None:
    """Refuse what canonical JSON would have other rules for."""
    if depth > 8:
        raise ValueError("too deep")
    if isinstance(value, Mapping):
        for name, held in value.items():
            if not (isinstance(name, str) and name.isascii()):
                raise ValueError("a name that is not ASCII")
            _check(held, depth + 1)
    elif isinstance(value, list):
        for held in value:
            _check(held, depth + 1)
    elif isinstance(value, bool) or not isinstance(value, str | int):
        raise ValueError("neither text nor a whole number")
    elif isinstance(value, int) and abs(value) > _LARGEST:
        raise ValueError("a number that is too large")
