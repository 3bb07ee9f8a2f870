"""Ctrl-C as a request to end: the first asks for it, the second forces it."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


class AtOnce:
    """Ctrl-C while modules load, where an exception could come up anywhere: end the process.

    Nothing is there to clean up. What begins to work calls `raise_from_now_on`.

    Parameters
    ----------
    leave : callable
        Does not return.
    """

    def __init__(self, leave: Callable[[], None]) -> None:
        self._leave = leave

    def __call__(self, number: int, frame: FrameType | None) -> None:
        """Leave."""
        self._leave()


def raise_from_now_on() -> None:
    """Let Ctrl-C raise KeyboardInterrupt, unless the caller hears it in a way of their own."""
    if isinstance(signal.getsignal(signal.SIGINT), AtOnce):
        signal.signal(signal.SIGINT, signal.default_int_handler)


@contextmanager
def listening(heard: Callable[[], None] = lambda: None) -> Iterator[Callable[[], bool]]:
    """Give a function that tells whether Ctrl-C was pressed; a second one raises as usual.

    Only the main thread hears signals: elsewhere nothing is ever asked.

    Parameters
    ----------
    heard : callable
        Called at the first time.
    """
    asked = False

    def ask(number: int, frame: object) -> None:
        nonlocal asked
        if asked:
            raise KeyboardInterrupt
        asked = True
        heard()

    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    before = signal.signal(signal.SIGINT, ask)
    try:
        yield lambda: asked
    finally:
        signal.signal(signal.SIGINT, before)


class BrokenOff(KeyboardInterrupt):
    """Ctrl-C in the middle of what cannot ask."""


@contextmanager
def breaking_off(stop: Callable[[], bool]) -> Iterator[None]:
    """Leave what is inside as soon as Ctrl-C asks for the end: compiling takes seconds.

    Parameters
    ----------
    stop : callable
        Tells, after whoever listens has heard of it, whether the end was asked for.
    """
    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(before):
        yield
        return

    def leave(number: int, frame: FrameType | None) -> None:
        before(number, frame)
        if stop():
            raise BrokenOff

    signal.signal(signal.SIGINT, leave)
    try:
        yield
    except BrokenOff:
        pass
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def unless_heard_already() -> Iterator[Callable[[], bool]]:
    """Listen, unless the caller hears Ctrl-C in a way of their own."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        with listening() as asked:
            yield asked
    else:
        yield lambda: False
