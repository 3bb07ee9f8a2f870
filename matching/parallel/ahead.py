"""Modules that are loaded while something else is waited for."""

from __future__ import annotations

from contextlib import suppress
from importlib import import_module
from threading import Thread


def load_ahead(*names: str) -> None:
    """Begin to load modules beside what comes next; who imports one waits until it is there."""
    Thread(target=_load, args=(names,), daemon=True).start()


def _load(names: tuple[str, ...]) -> None:
    for name in names:
        # Who imports it is told what is wrong.
        with suppress(Exception):
            import_module(name)
