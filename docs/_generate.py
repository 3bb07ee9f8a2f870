"""Write the reference pages from the code: tables, policy keys, commands, public names."""

import dataclasses
import importlib
import inspect
import json
import re
from collections.abc import Callable, Iterable, Sequence
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import dataframely as dy
import typer

from matching.policy import Policy
from matching.records.bank.policy import BankPolicy
from matching.records.bank.tables import BANK_TABLES, Postings
from matching.records.policy import RecordPolicy
from matching.records.tables import RECORD_TABLES
from matching.schema import TABLES

TYPE_WORDS = {
    "String": "text",
    "Boolean": "true or false",
    "Date": "date",
    "Time": "time of day",
    "Datetime": "date and time",
}


def write(folder: Path) -> None:
    """Write all pages; a page that stays as it was is left alone, so that Sphinx skips it."""
    import matching
    from matching.cli import app

    built = {
        "command-line.md": command_line_page(app),
        "api.md": api_page(matching),
        "stores.md": stores_page(),
    }
    pages = {folder / "generated" / name: text for name, text in built.items()}
    pages |= {folder / name: page() for name, page in TRACKED.items()}
    for path, text in pages.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def tables_page() -> str:
    """Return the page of all tables, one section each."""
    parts = ["# Tables", "A column that is not required may be absent or null."]
    for name, schema in TABLES.items():
        parts += _table(name, schema)
    return _page(parts)


def _table(name: str, schema: type[dy.Schema]) -> list[str]:
    heads = ("column", "type", "", "range", "unit", "default", "meaning")
    rows = [_column_row(name, column) for name, column in schema.columns().items()]
    return [f"## `{name}`", inspect.getdoc(schema) or "", _grid(heads, rows)]


def _column_row(name: str, column: dy.Column) -> tuple[str, ...]:
    notes = column.metadata or {}
    need = "required" if notes.get("required", not column.nullable) else ""
    need = "key" if notes.get("key") or column.primary_key else need
    meaning = column.description or ""
    if "refers" in notes:
        meaning += f" (a row of `{notes['refers']}`)"
    unit, default = str(notes.get("unit", "")), notes.get("default")
    shown = {None: "", "policy": "the policy's"}.get(default, f"`{default}`")
    return (f"`{name}`", _type(column), need, _range(column), unit, shown, meaning)


def _type(column: dy.Column) -> str:
    kind = type(column).__name__
    if kind == "Enum":
        return "one of " + ", ".join(f"`{value}`" for value in column.categories)
    if re.match(r"U?Int", kind):
        return "whole number"
    return TYPE_WORDS.get(kind, "number" if kind.startswith("Float") else kind)


def _range(column: dy.Column) -> str:
    low, high = getattr(column, "min", None), getattr(column, "max", None)
    above, below = getattr(column, "min_exclusive", None), getattr(column, "max_exclusive", None)
    signs = {"≥": low, ">": above, "≤": high, "<": below}
    if low is not None and high is not None:
        return f"{low:,.15g} to {high:,.15g}"
    return ", ".join(f"{sign} {bound:,.15g}" for sign, bound in signs.items() if bound is not None)


def policy_page() -> str:
    """Return the page of all policy keys, with their defaults as a policy file writes them."""
    said = "A key that the policy file leaves out has its default."
    return _page(["# Policy", said, _keys_of(Policy)])


def records_page() -> str:
    """Return the page of what records are: tables, and the keys of their policy."""
    parts = ["# Records", "What was served, and the rules by which it counts."]
    for name, schema in RECORD_TABLES.items():
        parts += _table(name, schema)
    said = "The commands of `matching records` read a file of their own with these keys."
    parts += ["## Policy of records", said, _keys_of(RecordPolicy)]
    for name, schema in {**BANK_TABLES, "postings": Postings}.items():
        parts += _table(name, schema) if name != "qualifications" else []
    said = "`matching bank` takes the name of a city, or a file of its own with these keys."
    return _page([*parts, "## Policy of the time bank", said, _keys_of(BankPolicy)])


def _keys_of(policy: type) -> str:
    rows = [
        (
            f"`{field.name}`",
            f"`{_toml(_default(field))}`",
            field.metadata.get("unit", ""),
            field.metadata.get("doc", ""),
        )
        for field in dataclasses.fields(policy)
    ]
    return _grid(("key", "default", "unit", "meaning"), rows)


def _default(field: dataclasses.Field) -> object:
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    return field.default


def _toml(value: object) -> str:
    if isinstance(value, tuple | list | set | frozenset):
        return f"[{', '.join(map(_toml, value))}]"
    return str(value) if isinstance(value, float) else json.dumps(value, ensure_ascii=False)


def orders_page() -> str:
    """Return the page of the life of an order, drawn from its machines."""
    from matching.orders.life import CONDITIONS, ROLES, OfferLife, OrderLife
    from matching.orders.moves import legal_moves
    from matching.orders.pairings import Pairings
    from matching.orders.tables import Events

    about = "Drawn from the state machines that judge events; words in brackets are conditions."
    parts = ["# The life of an order", about, *_table("events", Events)]
    rows = legal_moves().group_by("of", "event", "conditions", maintain_order=True).all()
    names = {"order": "An order", "offer": "An offer to one volunteer"}
    for (of, title), machine in zip(names.items(), (OrderLife, OfferLife), strict=True):
        drawing = f"{machine:mermaid}".strip()
        parts += [f"## {title}", f"```mermaid\n{drawing}\n```"]
        table = [
            (
                f"`{row['event']}`",
                ", ".join(row["state"]),
                row["to"][0],
                ", ".join(row["conditions"]),
                ", ".join(ROLES[row["event"]]),
            )
            for row in rows.filter(of=of).to_dicts()
        ]
        parts.append(_grid(("event", "from", "to", "if", "caused by"), table))
    said = [(f"`{name}`", text) for name, text in CONDITIONS.items()]
    parts += ["## Conditions", _grid(("condition", "what a refusal says"), said)]
    return _page([*parts, *_table("pairings", Pairings)])


def command_line_page(app: typer.Typer) -> str:
    """Return the page of all commands, with their arguments and options."""
    root = typer.main.get_command(app)
    parts = ["# Command line", root.help or "", _examples(root.epilog or "")]
    for name, command in _leaves(root):
        context = typer.Context(command, info_name=f"matching {name}")
        usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
        records = [
            parameter.get_help_record(context)
            for parameter in command.params
            if not getattr(parameter, "hidden", False)
        ]
        rows = [(f"`{term}`", text) for term, text in filter(None, records)]
        parts += [f"## `matching {name}`", inspect.cleandoc(command.help or "")]
        parts += [f"```text\n{usage}\n```", _grid(("argument or option", "meaning"), rows)]
        parts.append(_examples(command.epilog or ""))
    return _page(parts)


def _leaves(group: Any, above: str = "") -> Iterable[tuple[str, Any]]:
    """Return every command by its whole name, those in groups too."""
    for name, command in getattr(group, "commands", {}).items():
        if not command.hidden:
            yield f"{above}{name}", command
            yield from _leaves(command, f"{above}{name} ")


def _examples(epilog: str) -> str:
    """Return the examples of a command's help as a block, without the markup."""
    from rich.text import Text

    text = Text.from_markup(epilog).plain.removeprefix("Examples")
    return f"```text\n{inspect.cleandoc(text)}\n```" if text else ""


def api_page(package: Any) -> str:
    """Return the page of the public names of `package`, by kind."""
    kinds: dict[str, tuple[str, Callable[[object], bool]]] = {
        "Functions": ("autofunction", inspect.isfunction),
        "Classes": ("autoclass", lambda item: inspect.isclass(item) and not _is_error(item)),
        "Errors": ("autoexception", _is_error),
    }
    parts = ["# Python API", f"What `import {package.__name__}` offers."]
    for title, (directive, belongs) in kinds.items():
        names = [name for name in package.__all__ if belongs(getattr(package, name))]
        if names:
            parts += [f"## {title}", *(_auto(directive, package, name) for name in names)]
    audit = package.audit
    parts += ["## The audit", inspect.getdoc(audit) or ""]
    parts += [_auto("autofunction", audit, name) for name in audit.__all__ if name.islower()]
    rules = [(f"`{rule.name}`", rule.sentence) for rule in audit.RULES]
    return _page([*parts, _grid(("rule", "what it demands"), rules)])


def stores_page() -> str:
    """Return the page of the stores: what chooses each, its options; the protocols; the kit."""
    from matching.stores import mapping, testing
    from matching.stores import registry as adapters
    from matching.stores.mapping import shapes

    parts = [
        "# Stores",
        "`Problem.from_source`, `Result.to` and the command line choose a store by the scheme of "
        "a URL or by the end of a path. Options of a source go to `Problem.from_source` or "
        "`--option`, those of a sink to `Result.to` or `--out-option`.",
    ]
    homes: dict[str, list[str]] = {}
    for point in sorted(entry_points(group=adapters.GROUP), key=lambda point: point.name):
        homes.setdefault(point.value, []).append(f"`{point.name}`")
    rows = []
    for home, names in homes.items():
        module = importlib.import_module(home)
        about = (inspect.getdoc(module) or "").partition("\n")[0].removeprefix("The adapter of ")
        takes = map(adapters.options_of, (module.open_source, module.open_sink))
        options = [", ".join(f"`{option}`" for option in each) for each in takes]
        rows.append((about.rstrip("."), ", ".join(names), *options))
    parts.append(_grid(("store", "chosen by", "options of a source", "options of a sink"), rows))
    parts += ["## Protocols", *(_auto("autoclass", adapters, n) for n in ("Source", "Sink"))]
    parts += [_auto("autofunction", adapters, name) for name in ("open_source", "open_sink")]
    parts += ["## Mappings", _auto("autoclass", adapters, "OwnSource")]
    parts += [
        _auto("autoclass", mapping, name) for name in ("Mapping", "MappedSource", "MappedSink")
    ]
    parts += [_auto("autoclass", shapes, "Column")]
    parts += [_auto("autofunction", mapping, n) for n in ("mapped_source", "mapped_sink", "draft")]
    parts += ["## The kit", *(_auto("autoclass", testing, name) for name in testing.__all__)]
    return _page(parts)


def _auto(directive: str, package: object, name: str) -> str:
    members = "" if directive == "autofunction" else "\n:members:"
    item = f".. {directive}:: {package.__name__}.{name}" + members.replace("\n", "\n   ")
    return f"```{{eval-rst}}\n{item}\n```"


def _is_error(item: object) -> bool:
    return inspect.isclass(item) and issubclass(item, BaseException)


def _grid(heads: Sequence[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a Markdown table without the columns that no row fills."""
    rows = [[str(cell).replace("|", r"\|").replace("\n", " ") for cell in row] for row in rows]
    filled = [index for index in range(len(heads)) if any(row[index] for row in rows)]
    if not filled:
        return ""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line[index] for index in filled)} |" for line in lines)


def _page(parts: Iterable[str]) -> str:
    return "\n\n".join(part for part in parts if part) + "\n"


# Pages that lie in the repository, to be read where nothing is built.
TRACKED: dict[str, Callable[[], str]] = {
    "tables.md": tables_page,
    "orders.md": orders_page,
    "records.md": records_page,
    "policy.md": policy_page,
}


if __name__ == "__main__":
    write(Path(__file__).parent / "reference")
