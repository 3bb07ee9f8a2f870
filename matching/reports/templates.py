"""Templates of HTML, filled in: whatever is text of the data is escaped."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jinja2 import Environment


def environment(package: str) -> Environment:
    """Return what fills in the templates of a package."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    from matching.reports.page.texts import day_text  # whose room fills in a template itself

    made = Environment(
        loader=PackageLoader(package, "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["day_text"] = day_text
    return made
