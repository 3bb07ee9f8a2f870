"""The code tables: code, label and our term."""

import functools
from importlib import resources

import polars as pl

from matching.errors import UsageError

NAMES = (
    "skills",
    "categories",
    "targets",
    "slots",
    "languages",
    "language_modes",
    "stars",
    "consent",
    "training",
)


@functools.cache
def book(name: str) -> pl.DataFrame:
    """Return one code table.

    Parameters
    ----------
    name : str
        One of `NAMES`.

    Returns
    -------
    polars.DataFrame
        ``code`` and ``label`` as the national system has them, and ``term``, what our tables call
        the same; all text, one row per code, no code, label or term twice.

    Raises
    ------
    UsageError
        If there is no such table.
    """
    if name not in NAMES:
        raise UsageError(f"there is no national code table {name!r}; there are {', '.join(NAMES)}")
    file = resources.files("matching.stores.national") / "data" / f"{name}.csv"
    return pl.read_csv(file.read_bytes(), infer_schema=False)
