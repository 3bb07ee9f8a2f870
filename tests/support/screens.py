"""What a person sees: a command in a pseudo-terminal, and the screen it leaves."""

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios

import pyte

COMMAND = (sys.executable, "-c", "from matching.cli import app; app()")
ROWS = 100


def drawn(written: bytes, columns: int) -> list[str]:
    """Return the lines that a terminal shows after these bytes."""
    screen = pyte.Screen(columns, ROWS)
    pyte.ByteStream(screen).feed(written)
    lines = [line.rstrip() for line in screen.display]
    return lines[: max((n + 1 for n, line in enumerate(lines) if line), default=0)]


def at_terminal(*arguments: object, columns: int = 80, **environment: str) -> tuple[int, bytes]:
    """Run `matching` where input, output and errors are one terminal; return status and bytes."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, columns, 0, 0))
    # What says how wide a terminal is, or whether it has colours, shall be the terminal alone.
    kept = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "LINES", "NO_COLOR", "CI")}
    with subprocess.Popen(
        [*COMMAND, *map(str, arguments)],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=kept | {"TERM": "xterm-256color"} | environment,
    ) as running:
        os.close(theirs)
        written = b""
        while part := _read(ours):
            written += part
        status = running.wait(timeout=60)
    os.close(ours)
    return status, written


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # so Linux says that nobody writes any more
        return b""
