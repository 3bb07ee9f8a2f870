"""The tool that changes a module: what it changes, and what it leaves alone."""

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def tool() -> Any:
    spec = spec_from_file_location("mutate", ROOT / "tools" / "mutate.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules["mutate"] = module
    spec.loader.exec_module(module)
    return module


def mutants(tool: Any, source: str) -> set[str]:
    return {mutant.of(source.encode()).decode() for mutant in tool.mutants_of(source.encode())}


@pytest.mark.parametrize(
    ("source", "changed"),
    [
        ("a < b", {"a <= b", "a >= b"}),
        ("a == b >= c", {"a != b >= c", "a == b > c", "a == b < c"}),
        ("(a +  # the + of both\n b)", {"(a -  # the + of both\n b)"}),
        ("a and b", {"a or b"}),
        ("not a", {"a"}),
        ("~a", {"a"}),
        ("1", {"2", "(0)"}),
        ("0.5", {"1.5", "(-0.5)"}),
        ("True", {"False"}),
        ("'é' < a", {"'é' <= a", "'é' >= a"}),  # places are bytes
        ("if a: b()", {"if not a: b()", "if a: pass"}),
        ("a[b] = c", {"pass"}),
        ("a += b", {"a -= b", "pass"}),
        ("a.any()", {"a.all()", "pass"}),
        ("a = f(b, minlength=c, strict=True)", {"a = f(b, strict=True)"}),
    ],
)
def test_small_changes(tool: Any, source: str, changed: set[str]) -> None:
    assert mutants(tool, source) == changed


def test_what_does_nothing_is_left_alone(tool: Any) -> None:
    source = '''"""1 < 2."""
from a import b
def f(x: int | None) -> "1": raise KeyError(f"{x} < 1")
'''
    assert mutants(tool, source) == set()
