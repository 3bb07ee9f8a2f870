"""The command ``matching``: what holds before anything is loaded, and when all is said."""

from __future__ import annotations

import os
import signal
import sys

from matching.parallel.interrupts import AtOnce, raise_from_now_on

# As the shell has it of a process that SIGPIPE or Ctrl-C ended.
BROKEN_PIPE, INTERRUPTED = 128 + 13, 128 + 2


def main() -> None:
    """Run the command line; nothing that becomes of the terminal's streams gives a traceback."""
    loading = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if loading:
        signal.signal(signal.SIGINT, AtOnce(_leave))
    if _opened_streams():
        _write("error: standard output is closed; send it somewhere, as > /dev/null")
        sys.exit(2)
    from matching.cli import app

    try:
        app()
    except SystemExit as end:
        flushed = _flushed()
        if isinstance(end.__context__, BrokenPipeError):
            sys.exit(BROKEN_PIPE)
        if not flushed and end.code in (None, 0, 1):
            sys.exit(2)
        raise
    except OSError as error:  # of help and version; of commands `conduct` speaks
        _write(f"error: standard output: {error.strerror}")
        _flushed()
        sys.exit(2)
    finally:  # for whoever calls this in a program of their own, and no command was run
        raise_from_now_on()


def _leave() -> None:
    _write("stopped: nothing was written")
    os._exit(INTERRUPTED)


def _write(text: str) -> None:
    try:  # noqa: SIM105 - contextlib would be one more module to load first
        os.write(2, f"{text}\n".encode())
    except OSError:
        pass  # nobody can be told


def _opened_streams() -> bool:
    """Open the null device in place of closed streams, so that no file takes their numbers.

    Returns whether standard output was closed.
    """
    closed = [name for name in ("stdin", "stdout", "stderr") if getattr(sys, name) is None]
    for name in closed:
        setattr(sys, name, open(os.devnull, "r" if name == "stdin" else "w"))  # noqa: SIM115
    return "stdout" in closed


def _flushed() -> bool:
    """Flush both streams; drop what cannot be written, so that Python does not complain."""
    whole = True
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            whole = False
            empty = os.open(os.devnull, os.O_WRONLY)
            os.dup2(empty, stream.fileno())
            os.close(empty)
    return whole


if __name__ == "__main__":
    main()
