"""Addresses of stores without their secrets: for messages, and for what a summary remembers.

A database's URL is read as SQLAlchemy reads it, whose passwords may hold ``/``, ``#``, ``?`` and
``:`` as they are, and a raw ``@`` besides: a password is all from the first colon to the last
``@``. Of parameters only those are shown that say how to reach a place, by their names. So more
may be hidden than had to be, never less.
"""

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote, unquote_plus

HIDDEN = "***"
# A scheme typed with too few slashes has a password behind it all the same.
_SCHEME = re.compile(r"(?:[\w.+-]+::)*([\w.+-]+):/*")
_LATE_AT = re.compile(r"[?&][\w.-]+=.*@", re.DOTALL)
_DATABASE = re.compile(r"(postgres|mysql|mariadb|sqlite|oracle|mssql|duckdb)")
_SECRET_NAME = re.compile(r"pass|pwd|secret|token|key|sig|cred|auth|cert|storage", re.IGNORECASE)
_HARMLESS = re.compile(
    "application_name|charset|client_encoding|connect_timeout|format|host|hostaddr|mode|port|"
    "read_timeout|region|sslmode|ssl_verify_cert|target_session_attrs|timeout|unix_socket|uri|"
    "user|username|versionid|write_timeout"
)
# A shorter text may stand in a message by chance.
_TELLING = 4


@dataclass(frozen=True)
class _Parts:
    scheme: str
    user: str
    place: str
    harmless: tuple[str, ...]
    hidden: str
    secrets: tuple[str, ...]


def is_url(where: object) -> bool:
    """Tell whether a text names a place by URL, one within another included."""
    return isinstance(where, str) and ("://" in where or "::" in where)


def is_ambiguous(url: str) -> bool:
    """Tell whether an @ of a database's URL may belong to a password, or to what is no password."""
    return url.count("@") > 1 or _LATE_AT.search(url) is not None


def shown(where: object) -> str:
    """Return a URL with its secrets hidden, fit for a message; a path as it is."""
    parts = _parts_of(str(where))
    if parts is None:
        return str(where)
    items = [*parts.harmless, *([f"{parts.hidden}={HIDDEN}"] if parts.hidden else [])]
    return parts.scheme + parts.user + parts.place + _query(items)


def remembered(url: str) -> str:
    """Return a URL that names the same place without its secrets."""
    parts = _parts_of(url)
    if parts is None:
        return url
    user = parts.user.replace(f":{HIDDEN}", "").replace(f"{HIDDEN}@", "")
    return parts.scheme + user + parts.place + _query(parts.harmless)


def scrubbed(text: str, url: str) -> str:
    """Return a text from elsewhere, such as a driver, without the secrets of a URL."""
    parts = _parts_of(url)
    forms: set[str] = set()
    for secret in () if parts is None else parts.secrets:
        forms |= {secret, unquote(secret), unquote_plus(secret), quote(unquote(secret))}
    # Whole, or in the pieces that a reader of URLs makes of it.
    forms |= {piece for form in forms for piece in re.findall(r"[^\W_]+", form)}
    for form in sorted(forms, key=lambda form: (-len(form), form)):
        if len(form) >= _TELLING:
            text = text.replace(form, HIDDEN)
    return text


def is_secret(name: str) -> bool:
    """Tell whether an option of this name may hold a secret."""
    return bool(_SECRET_NAME.search(name))


def shown_option(text: str) -> str:
    """Return ``NAME=VALUE`` without a value that may be secret."""
    name, equals, value = text.partition("=")
    if not equals:
        return HIDDEN if is_secret(text) else shown(text)
    return f"{name}={HIDDEN if is_secret(name) else shown(value)}"


def shown_value(value: Any) -> str:
    """Return a value that is not what was wanted: short, and without secrets."""
    if value is None or isinstance(value, bool | int | float | bytes | complex):
        text = repr(value)
    elif isinstance(value, str):
        text = repr(shown(value))
    else:
        text = repr(value) if value in ([], {}, ()) else f"a {type(value).__name__}"
    return text if len(text) <= 80 else f"{text[:77]}..."


def _query(items: tuple[str, ...] | list[str]) -> str:
    return f"?{'&'.join(items)}" if items else ""


def _parts_of(where: str) -> _Parts | None:
    match = _SCHEME.match(where)
    if match is None:
        return None
    scheme, rest = match[0], where[match.end() :]
    database = _DATABASE.match(match[1].lower()) is not None
    user, secrets = "", []
    head, at, tail = rest.rpartition("@")
    name, colon, word = head.partition(":")
    if at and colon:
        user = f"{name}:{HIDDEN}@" if database else f"{HIDDEN}@"
        secrets.append(word)
        if _LATE_AT.search(rest):
            secrets.append(tail)  # the @ may stand in a parameter
            tail = HIDDEN
    elif at and not re.search(r"[/?#]", head):
        user = f"{head}@" if database else f"{HIDDEN}@"
        secrets += [] if database else [head]
    else:
        tail = rest
    # What stands where a port should may be half of a password.
    port = re.match(r"([^/?#:\[\]@]*):(?!:|\d*(?:[/?#]|$))([^/?#]*)", tail) if not at else None
    if port is not None and (database or is_url(where)):
        secrets += [port[2], tail[port.start(2) :]]
        tail = f"{port[1]}:{HIDDEN}"
    place, _, query = tail.partition("?")
    if match[1].lower() in ("http", "https"):
        place, _, fragment = place.partition("#")
        secrets.append(fragment)
    harmless, hidden = [], ""
    for item in filter(None, query.split("&")):
        key, equals, value = item.partition("=")
        if equals and _HARMLESS.fullmatch(key.lower()) and "#" not in value:
            harmless.append(item)
        else:
            # What follows may be the rest of a secret that holds an &: only what is known is shown.
            named = not hidden and equals and re.fullmatch(r"[\w.-]+", key)
            hidden = hidden or (key if named else "...")
            secrets.append(value if named else item)
    return _Parts(scheme, user, place, tuple(harmless), hidden, tuple(filter(None, secrets)))
