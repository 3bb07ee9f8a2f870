"""What to install where a part of the library needs more packages: one message for all."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, requires

# Modules by the extra that brings them; the requirements name the packages to install.
_EXTRAS = {
    "sqlalchemy": "sql",
    "psycopg": "sql",
    "pymysql": "sql",
    "fastexcel": "xlsx",
    "python_calamine": "xlsx",
    "xlsxwriter": "xlsx",
    "fsspec": "remote",
    "icalendar": "calendars",
    "recurring_ical_events": "calendars",
    "jinja2": "report",
    "vl_convert": "report",
    "chinese_calendar": "national",
    "cryptography": "certificates",
    "distributed": "dask",
}


@contextmanager
def needing(what: str) -> Iterator[None]:
    """Say what to install where a package is missing; ``what`` needs it and begins the sentence."""
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] == "matching":
            raise
        from matching.errors import UsageError  # which loads Polars, and a command's help need not

        raise UsageError(f"{what} needs {missing(error.name.partition('.')[0])}") from None


def missing(module: str) -> str:
    """Return what to do about a module that is not there: from a clone, and from a wheel."""
    extra = _EXTRAS.get(module)
    if extra is None:
        return f"the package {module!r}, which is not installed: install it with pip"
    return (
        f"the package {module!r}, which is not installed: pip install {' '.join(packages(extra))}; "
        f"or, in a clone of this library, pip install '.[{extra}]'"
    )


def packages(extra: str) -> list[str]:
    """Return the requirements of an extra, each quoted for a shell."""
    try:
        every = requires("volunteer-matching") or []
    except PackageNotFoundError:
        every = []
    of_extra = (line.partition(";") for line in every)
    names = [name.strip() for name, _, when in of_extra if _names(when, extra)]
    return [f"'{name}'" for name in names] or sorted(m for m, e in _EXTRAS.items() if e == extra)


def _names(marker: str, extra: str) -> bool:
    return re.search(rf"extra\s*==\s*['\"]{re.escape(extra)}['\"]", marker) is not None
