"""A draft as TOML, with comments on what is missing, unsure and not used."""

import json
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from matching.stores.mapping.cells import text_of
from matching.stores.mapping.guessing import Guess, headers, likeness, plain


@dataclass
class Section:
    """A block of a draft: one of our tables, from one of the store's."""

    ours: str
    table: str
    guesses: list[Guess] = field(default_factory=list)
    lacking: list[str] = field(default_factory=list)


def draft_text(
    where: str,
    frames: dict[str, pl.DataFrame],
    sections: list[Section],
    used: dict[str, set[str]],
    missing: list[str],
) -> str:
    """Return the file; ``used`` are the columns of the store that are taken, by its table."""
    lines = [
        f"# A draft of how {_comment(where)[2:]} says what the tables of volunteer-matching say.",
        "# Read every line; those with ? are guesses. Left of = is our column, right the store's.",
        "",
    ]
    if missing:
        lines += ["# Missing:", *(_comment(f"  {text}") for text in missing), ""]
    names = [section.ours for section in sections]
    written: dict[str, list[str]] = {}
    for section in sections:
        twice = names.count(section.ours) > 1
        head = f"[[{section.ours}]]" if twice else f"[{section.ours}]"
        body = [head, f"table = {_toml(section.table)}"]
        body += [f"# {name} = ?   needed: which column is it?" for name in section.lacking]
        for item in section.guesses:
            doubt = f"  {_comment('? ' + '; '.join(item.doubts))}" if item.doubts else ""
            body.append(f"{item.ours} = {_toml(_short(item.content))}{doubt}")
        written.setdefault(section.table, []).append("\n".join(body) + "\n")
    for table, blocks in written.items():
        lines += blocks
        rest = [name for name in frames[table].columns if name not in used[table]]
        for name in (n for n in rest if likeness(n, headers()["special"]["state"]) == 1):
            cells = text_of(frames[table][name]).drop_nulls().unique().sort().head(12).to_list()
            lines.append(
                f"# Do all rows count? If not, keep some of them: where = {_toml({name: cells})}"
            )
        if rest:
            lines += [_comment(f"Not used of {table}: {', '.join(rest)}"), ""]
    for table, frame in frames.items():
        if table not in written:
            lines += [_comment(f"Not used: the table {table} ({', '.join(frame.columns)})"), ""]
    if sections:
        told = "# With this section the plan is written in the store's names too."
        lines += [told, "[plan]", 'table = "plan"']
    return "\n".join(lines).rstrip() + "\n"


def _short(content: dict[str, Any]) -> Any:
    if len(content.get("split", ())) == 1:
        content = content | {"split": content["split"][0]}
    return content["column"] if set(content) == {"column"} else content


def _comment(text: str) -> str:
    """Return a comment; what stands in a header must not end the line."""
    return f"# {''.join(c if c.isprintable() else ' ' for c in text)}"


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{_key(k)} = {_toml(v)}" for k, v in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    return _quoted(value)


def _key(name: str) -> str:
    bare = name.isascii() and plain(name) == name.lower().replace("_", "") and name
    return name if bare else _quoted(name)


def _quoted(value: object) -> str:
    # What JSON escapes in a text, TOML escapes alike; one sign more must be.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
