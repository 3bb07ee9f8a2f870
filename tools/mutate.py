"""Change a module in one small place at a time, and see whether the fast tests notice.

::

    python tools/mutate.py matching/arcs/value.py --sample 40 --seed 1
    python tools/mutate.py matching/arcs/value.py --line 74 --line 82 --quick
    python tools/mutate.py matching/arcs/value.py --list

A change that no test notices is printed as a diff. Either a test is missing, or nobody could see
the change; the latter are listed, with the reason, in `equivalent_mutants.toml` and left out. Each
mutant lives in a copy of the working tree, one at a time, and the examples of hypothesis are the
same in every run: no mutant lives or dies by chance.
"""

import argparse
import ast
import difflib
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
EQUIVALENT = ROOT / "tools" / "equivalent_mutants.toml"

# The tests that know a module best, those that fail fastest first; all other fast tests follow.
ARCS = [
    "tests/test_laws.py::test_arcs_and_their_quality_are_the_oracle_s",
    "tests/test_laws.py::test_only_what_is_listed_if_so_wished",
]
PRICES = [
    "tests/test_laws.py::test_prices_that_mean_nothing_are_refused",
    "tests/test_laws.py::test_prices_say_the_same_as_a_table",
    "tests/test_laws.py::test_any_prices_prove_a_bound",
]
PINS = [
    "tests/test_engine_pins.py::test_a_limit_sets_aside_only_the_pins_below_it",
    "tests/test_engine_pins.py::test_a_pin_against_a_rule_is_refused",
    "tests/test_engine_pins.py::test_pins_without_option_agree_on_one",
    "tests/test_engine_pins.py::test_or_set_aside_and_counted",
]
FIRST = {
    "audit": ["tests/test_audit.py"],
    "certificate": ["tests/test_certificate.py", *PRICES],
    "eligibility": ["tests/test_eligibility.py", "tests/test_geometry.py", *ARCS],
    "pins": ["tests/test_pins.py", *PINS],
    "prices": ["tests/test_prices.py", *PRICES],
    "teams": ["tests/test_teams.py"],
    "value": ["tests/test_value.py", *ARCS],
}

# A mutant that never ends may grow until its time is up.
MEMORY = 4 << 30

# How an operator is written, and what stands there instead.
OPERATORS: dict[type[ast.AST], tuple[str, ...]] = {
    ast.Lt: ("<", "<=", ">="),
    ast.LtE: ("<=", "<", ">"),
    ast.Gt: (">", ">=", "<="),
    ast.GtE: (">=", ">", "<"),
    ast.Eq: ("==", "!="),
    ast.NotEq: ("!=", "=="),
    ast.In: ("in", "not in"),
    ast.NotIn: ("not in", "in"),
    ast.Is: ("is", "is not"),
    ast.IsNot: ("is not", "is"),
    ast.And: ("and", "or"),
    ast.Or: ("or", "and"),
    ast.Add: ("+", "-"),
    ast.Sub: ("-", "+"),
    ast.Mult: ("*", "/"),
    ast.Div: ("/", "*"),
    ast.FloorDiv: ("//", "*"),
    ast.BitAnd: ("&", "|"),
    ast.BitOr: ("|", "&"),
    ast.LShift: ("<<", ">>"),
    ast.RShift: (">>", "<<"),
}
PAIRS = ("min max", "minimum maximum", "any all", "floor ceil", "left right", "semi anti")
OTHER = {a: b for pair in map(str.split, PAIRS) for a, b in (pair, pair[::-1])}
# Parts of a programme that do nothing; keywords that only guard, or are missed by chance alone.
IDLE = ("annotation", "returns", "decorator_list", "bases")
IDLE_KEYWORDS = ("strict", "schema", "dtype", "maintain_order")


class Mutant(NamedTuple):
    """What stands in a source from one byte to another, and at which line."""

    begin: int
    end: int
    text: str
    line: int

    def of(self, source: bytes) -> bytes:
        return source[: self.begin] + self.text.encode() + source[self.end :]


def mutants_of(source: bytes) -> list[Mutant]:
    """Return every small change of a module that leaves it a programme, by place."""
    starts = [0]
    for line in source.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    changes = {
        Mutant(begin, end, text, source.count(b"\n", 0, begin) + 1)
        for node in _working(ast.parse(source))
        for begin, end, text in _changes(node, source, starts)
    }
    return sorted(mutant for mutant in changes if _parses(mutant.of(source)))


def _working(node: ast.AST) -> Iterator[ast.AST]:
    """Yield all that does something: no annotation, docstring, import or message."""
    if isinstance(node, (ast.Import, ast.ImportFrom, ast.JoinedStr)):
        return
    if isinstance(node, ast.keyword) and node.arg in IDLE_KEYWORDS:
        return
    yield node
    for name, value in ast.iter_fields(node):
        if name not in IDLE:
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST):
                    yield from _working(child)


def _changes(node: Any, source: bytes, starts: list[int]) -> Iterator[tuple[int, int, str]]:
    def span(part: Any) -> tuple[int, int]:
        begin = starts[part.lineno - 1] + part.col_offset
        return begin, starts[part.end_lineno - 1] + part.end_col_offset

    def operators(operands: list[Any], ops: list[Any], end: str = "") -> Iterator[Any]:
        for (left, right), op in zip(pairwise(operands), ops, strict=True):
            old, *new = OPERATORS.get(type(op), ("",))
            begin, until = span(left)[1], span(right)[0]
            blank = re.sub(rb"#.*", lambda comment: b" " * len(comment[0]), source[begin:until])
            at = begin + blank.index((old + end).encode())
            yield from ((at, at + len(old), text) for text in new)

    match node:
        case ast.Compare(left=left, ops=ops, comparators=others):
            yield from operators([left, *others], ops)
        case ast.BinOp(left=left, op=op, right=right):
            yield from operators([left, right], [op])
        case ast.BoolOp(op=op, values=values):
            yield from operators(values, [op] * (len(values) - 1))
        case ast.AugAssign(target=left, op=op, value=right):
            yield from operators([left, right], [op], "=")
            yield *span(node), "pass"
        case ast.UnaryOp(operand=operand):
            yield span(node)[0], span(operand)[0], ""
        case ast.Assign(targets=[ast.Subscript()]) | ast.Expr(value=ast.Call()):
            yield *span(node), "pass"
        case ast.If(test=test) | ast.IfExp(test=test) | ast.While(test=test):
            if not isinstance(test, (ast.Compare, ast.UnaryOp)):
                yield span(test)[0], span(test)[0], "not "
        case ast.Constant(value=bool(value)):
            yield *span(node), str(not value)
        case ast.Constant(value=int(value) | float(value)):
            yield *span(node), repr(value + 1)
            yield *span(node), f"({value - 1 if isinstance(value, int) else -value or -1.0!r})"
        case ast.Constant(value=str(value)) if value in OTHER:
            yield *span(node), f'"{OTHER[value]}"'
        case ast.Name(id=name) | ast.Attribute(attr=name) if name in OTHER:
            yield span(node)[1] - len(name), span(node)[1], OTHER[name]
        case ast.Call(func=func, args=args, keywords=keywords) if args:
            for before, keyword in pairwise([func, *args, *keywords][len(args) :]):
                if isinstance(keyword, ast.keyword) and keyword.arg not in IDLE_KEYWORDS:
                    yield span(before)[1], span(keyword)[1], ""


def _parses(source: bytes) -> bool:
    try:
        ast.parse(source)
    except SyntaxError:
        return False
    return True


def diff(path: Path, source: bytes, mutant: Mutant) -> list[str]:
    old, new = source.decode().splitlines(), mutant.of(source).decode().splitlines()
    return list(difflib.unified_diff(old, new, str(path), str(path), lineterm="", n=0))


def equivalent(path: Path) -> set[tuple[str, str]]:
    """Return the changes of a module that nobody could see: a line before, and after or ""."""
    rows = tomllib.loads(EQUIVALENT.read_text(encoding="utf-8")).get(str(path), [])
    return {(row["old"], row.get("new", "")) for row in rows}


def lines_of(shown: list[str]) -> tuple[str, str]:
    old, new = (" ".join(x[1:].strip() for x in shown[3:] if x[0] == sign) for sign in "-+")
    return old, new


def batches(path: Path, quick: bool) -> list[list[str]]:
    """Return the tests to run one after the other; no names are all tests."""
    first = FIRST.get(path.stem) or FIRST.get(path.parent.name) or []
    there = [test for test in first if (ROOT / test.split("::")[0]).exists()]
    return [there] if there and quick else [there, []] if there else [[]]


def passes(tree: Path, tests: list[str], limit: float | None) -> bool:
    """Run tests until one fails or time is up; what they started ends with them."""
    options = ["-x", "-q", "-p", "no:cacheprovider", "--hypothesis-profile=mutants"]
    run = subprocess.Popen(
        [sys.executable, "-m", "pytest", *options, *tests],
        cwd=tree,
        env=os.environ | {"PYTHONPATH": str(tree)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY)),
    )
    try:
        return run.wait(limit) == 0
    except subprocess.TimeoutExpired:
        return False
    finally:
        if run.poll() is None:
            os.killpg(run.pid, signal.SIGKILL)
            run.wait()


def copy_to(tree: Path) -> None:
    """Copy what git knows of the working tree, or would be told of."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, tree / name)


def write(target: Path, source: bytes) -> None:
    """Write a module, and forget its bytecode: two mutants may share size and second."""
    target.write_bytes(source)
    for old in target.parent.glob(f"__pycache__/{target.stem}.*.pyc"):
        old.unlink()


def main() -> int:
    parser = argparse.ArgumentParser(description=str(__doc__).split("\n")[0])
    parser.add_argument("module", type=Path, help="such as matching/arcs/value.py")
    parser.add_argument("--sample", type=int, help="try so many mutants; without it, all")
    parser.add_argument("--seed", type=int, default=1, help="which of them")
    parser.add_argument("--line", type=int, action="append", help="only mutants of this line")
    parser.add_argument("--quick", action="store_true", help="only the tests that know it best")
    parser.add_argument("--list", action="store_true", help="show the mutants, and try none")
    given = parser.parse_args()
    path = given.module.resolve().relative_to(ROOT)
    source, unseen = (ROOT / path).read_bytes(), equivalent(path)
    shown = {mutant: diff(path, source, mutant) for mutant in mutants_of(source)}
    changed = {mutant: lines_of(shown[mutant]) for mutant in shown}
    mutants = [m for m, (old, new) in changed.items() if not {(old, new), (old, "")} & unseen]
    for old, new in unseen - {*changed.values(), *((old, "") for old, _ in changed.values())}:
        print(f"listed as equivalent, but not there: {old} -> {new or '?'}", file=sys.stderr)
    if given.line:
        mutants = [mutant for mutant in mutants if mutant.line in given.line]
    if given.sample is not None and given.sample < len(mutants):
        mutants = sorted(random.Random(given.seed).sample(mutants, given.sample))
    if given.list:
        print(*(line for mutant in mutants for line in shown[mutant][2:]), sep="\n")
        return 0
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        tree = Path(folder)
        copy_to(tree)
        limits: list[tuple[list[str], float]] = []
        for tests in batches(path, given.quick):
            began = time.monotonic()
            if not passes(tree, tests, None):
                print("tests fail without a mutant:", *tests or ["all"], file=sys.stderr)
                return 2
            limits.append((tests, 10 + 3 * (time.monotonic() - began)))
        alive = 0
        for n, mutant in enumerate(mutants, 1):
            write(tree / path, mutant.of(source))
            lives = all(passes(tree, tests, limit) for tests, limit in limits)
            alive += lives
            verdict = ["ALIVE", *shown[mutant]] if lives else ["killed"]
            print(f"{n}/{len(mutants)} {path}:{mutant.line}", "\n".join(verdict), flush=True)
    killed = len(mutants) - alive
    print(f"{killed} of {len(mutants)} killed: {100 * killed / max(1, len(mutants)):.1f} %")
    return int(alive > 0)


if __name__ == "__main__":
    sys.exit(main())
