"""The pages speak of what is there: names, files, links, all pages in the index, all columns."""

import ast
import re
import sys
from functools import cache
from itertools import chain
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
sys.path.append(str(ROOT / "docs"))

import _generate  # noqa: E402  (it lies beside the pages)

DOCS = sorted(page for page in ROOT.glob("docs/**/*.md") if "generated" not in page.parts)
PAGES = [*sorted(ROOT.glob("*.md")), *sorted(ROOT.glob("benchmarks/**/*.md")), *DOCS]
BLOCK = re.compile(r"^(`{3,}).*?^\1", re.MULTILINE | re.DOTALL)
IN_TREE = r"(?<![\w/.-])(?:matching|tests|docs|benchmarks|tools)/[\w./-]*\w"
FILE = re.compile(rf"{IN_TREE}/?|[\w/]+\.py")
DOTTED = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+")
DATA = (".csv", ".db", ".html", ".ics", ".json", ".jsonl", ".parquet", ".toml", ".xlsx", ".zip")


def bound(node: ast.AST) -> list[str]:
    """Return the names that a statement gives to something."""
    match node:
        case ast.FunctionDef() | ast.ClassDef():
            return [node.name]
        case ast.ImportFrom():
            return [alias.asname or alias.name for alias in node.names]
        case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
            return [name]
        case ast.Attribute(value=ast.Name(id="self"), attr=name):
            return [name]
    return []


def names_of_the_library() -> set[str]:
    """Return all modules and their names, and the classes' own, from ``matching.`` on."""
    names = {"matching"}
    for path in ROOT.glob("matching/**/*.py"):
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        tree = ast.parse(path.read_text(encoding="utf-8"))
        names |= {module, *(f"{module}.{name}" for name in chain(*map(bound, ast.walk(tree))))}
        for part in tree.body:
            if isinstance(part, ast.ClassDef):
                own = chain(*map(bound, ast.walk(part)))
                names |= {f"{module}.{part.name}.{name}" for name in own}
    return names


@cache
def ends() -> set[str]:
    """Return the names as a page may write them.

    It may leave out the rooms: of `matching.bounds.teams.best_teams` also `teams.best_teams`.
    """
    names = names_of_the_library()
    return {name.split(".", start)[-1] for name in names for start in range(name.count(".") + 1)}


@cache
def heads() -> set[str]:
    return {end.partition(".")[0] for end in ends() if "." in end}


def is_untrue(page: Path, code: str) -> bool:
    """Tell whether a word in backticks looks like a name or a file of ours and is none."""
    name = code.partition("(")[0]
    if FILE.fullmatch(name):
        beside = (page.parent / name, ROOT / name)
        return not any(path.exists() for path in beside) and not any(
            ROOT.glob(f"matching/**/{name}")
        )
    if DOTTED.fullmatch(name) and not name.endswith(DATA):
        return name.partition(".")[0] in heads() and name not in ends()
    return False


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page_names_what_there_is(page: Path) -> None:
    whole = page.read_text(encoding="utf-8")
    text = BLOCK.sub("", whole)
    assert [code for code in re.findall(r"`([^`\n]+)`", text) if is_untrue(page, code)] == []
    links = re.findall(r"\]\((?!\w+:)([^)#\s]+)", text)
    assert [link for link in links if not (page.parent / link).exists()] == []
    files = re.findall(IN_TREE, whole)
    assert [file for file in files if is_untrue(page, file)] == []


def test_what_is_told_apart() -> None:
    page = ROOT / "README.md"
    true = ["Result.to", "week.Week", "bounds.teams", "matching.solve(problem)", "plan.csv", "a.b"]
    assert not any(is_untrue(page, code) for code in [*true, "teams.py", "tests/test_pages.py"])
    false = ["Result.unto", "bounds.nothing", "matching.dissolve()", "nothing.py", "docs/nothing/"]
    assert all(is_untrue(page, code) for code in false)


def test_every_page_stands_in_the_index_once() -> None:
    index = (ROOT / "docs/index.md").read_text(encoding="utf-8")
    named = re.findall(r"^([\w-]+/[\w/-]+)$", index, re.MULTILINE)
    pages = [page.relative_to(ROOT / "docs").with_suffix("") for page in DOCS]
    assert sorted(name for name in named if "generated" not in name) == sorted(
        str(page) for page in pages if len(page.parts) > 1 and page.parts[0] != "examples"
    )


@pytest.mark.parametrize("name", _generate.TRACKED)
def test_a_reference_page_is_that_of_the_code(name: str) -> None:
    page = (ROOT / "docs/reference" / name).read_text(encoding="utf-8")
    assert page == _generate.TRACKED[name](), "make reference writes it anew"
