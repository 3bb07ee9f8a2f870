"""Text from outside, made harmless for a terminal: what would steer it is escaped."""

import re

# Controls but line feed and tab; C1; marks that turn the direction of text; separators of lines
# and paragraphs; and halves of characters, which are names of files that are no UTF-8.
_STEERING = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)


def harmless(text: str) -> str:
    """Escape what would steer a terminal as JSON does, so that JSON still means the same."""
    return _STEERING.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def one_line(text: object) -> str:
    """Return a name harmless and in one line, for the middle of a sentence."""
    return harmless(str(text)).replace("\n", "\\n").replace("\t", "\\t")
