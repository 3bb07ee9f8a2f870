"""The page's template, filled in."""

from __future__ import annotations

from matching.errors import UsageError
from matching.reports.facts import Facts


def render(facts: Facts) -> str:
    """Return the page as HTML; all text of the data is escaped.

    Raises
    ------
    UsageError
        If the packages of the extra ``report`` are not installed.
    """
    try:
        from jinja2 import Environment, PackageLoader, StrictUndefined
    except ModuleNotFoundError as error:
        raise UsageError(
            f"the page needs the package {error.name!r}, which is not installed: "
            "pip install 'volunteer-matching[report]'"
        ) from None
    environment = Environment(
        loader=PackageLoader("matching.reports.page", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html").render(facts=facts)
