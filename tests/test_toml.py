"""TOML files: their lines, and what would take all time or memory refused."""

from pathlib import Path

import pytest

from matching import Policy
from matching.errors import MatchingError, PolicyError, UsageError
from matching.guards.toml import read_toml
from matching.stores.mapping import Mapping

PARTS = 100_000


@pytest.mark.parametrize("reader", [Policy, Mapping])
@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("seat = " + "[" * PARTS, "holds lists or tables in one another, far too deep"),
        ("seat = " + "[" * 300 + "]" * 300, "far too deep"),
        ("seat = " + "{a = " * PARTS, "far too deep"),
        ("seat = " + "9" * 5_000, "a whole number of more than 64 bits; write it as text"),
        ("seat = 0x" + "f" * 5_000, "a whole number of more than 64 bits"),
        ("\n" + ".".join("a" * PARTS) + " = 1", "line 2: a key has over 32 parts"),
        ("[" + " . ".join(["'a b'"] * PARTS) + "]", "line 1: a key has over 32 parts"),
        ("seat = { " + ".".join(['"a"'] * PARTS) + " = 1 }", "line 1: a key has over 32 parts"),
        ("#" * 16_000_001, "has over 16 MB: is it the right file?"),
        ('"' * PARTS, "is not TOML"),
    ],
)
def test_what_no_one_writes_by_hand_is_refused_at_once(
    tmp_path: Path, reader: type[Policy] | type[Mapping], text: str, told: str
) -> None:
    path = tmp_path / "file.toml"
    path.write_text(text)
    with pytest.raises(MatchingError, match=told) as caught:
        reader.from_toml(path)
    assert isinstance(caught.value, PolicyError if reader is Policy else UsageError)
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize(
    "text", [f"{'x' * 100_000} = 1", f"seat = [{'1, ' * 100_000}]", f"seat = '{'x' * 100_000}'"]
)
def test_a_message_shows_the_beginning_of_what_is_long(tmp_path: Path, text: str) -> None:
    path = tmp_path / "file.toml"
    path.write_text(text)
    for reader in (Policy, Mapping):
        with pytest.raises(MatchingError) as caught:
            reader.from_toml(path)
        assert len(str(caught.value)) < 600


def test_sections_and_keys_have_lines(tmp_path: Path) -> None:
    text = """\ufeff# a comment
[volunteers]
table = "a.b"
'max_shifts' = { column = "x" }

[[posts]]
[[ posts ]]   # the second
post = "p"
[codes."好"]
a.b = 1
"""
    path = tmp_path / "file.toml"
    path.write_text(text, encoding="utf-8")
    table, place = read_toml(path, "mapping")
    assert list(table) == ["volunteers", "posts", "codes"]
    assert place.at("volunteers", 0, "max_shifts") == f"mapping {path} line 4"
    assert place.at("posts", 1) == f"mapping {path} line 7"
    assert place.at("posts", 1, "post") == f"mapping {path} line 8"
    assert place.at("posts", 1, "none such") == f"mapping {path} line 7"
    assert place.at("codes.好", 0, "a") == f"mapping {path} line 10"
    assert place.at("none such") == f"mapping {path}"
