"""Progress while a command runs: where it is, what it knows, and how long it may still take."""

from __future__ import annotations

import time
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.resources import files
from typing import TYPE_CHECKING, Self

from rich.console import Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from matching.cli.language import language_of
from matching.cli.screen import Screen

if TYPE_CHECKING:
    from matching.solvers.incumbent import Progress

PLAN = ("read", "check", "pair", "solve", "write")
# The stage of a plan that a phase belongs to, and what is done in it.
PHASES: dict[str, tuple[str, str, str]] = tomllib.loads(
    files(__package__).joinpath("phases.toml").read_text(encoding="utf-8")
)
# Four times a second: it reads as alive, and costs the solver nothing.
_PER_SECOND = 4
_SIGNS = "-\\|/"


class Ticker:
    """A few lines at the terminal that say what is going on; silent where nobody looks.

    Parameters
    ----------
    stages : sequence of str
        What the command goes through, in order.
    time_limit, gap : float, optional
        Where the search ends at the latest.

    Attributes
    ----------
    timings : dict of str to float
        Seconds of the phases announced by `say`.
    """

    def __init__(
        self,
        stages: Sequence[str] = PLAN,
        time_limit: float | None = None,
        gap: float | None = None,
    ) -> None:
        self.timings: dict[str, float] = {}
        self._stages, self._time_limit, self._gap = stages, time_limit, gap
        self._phase = "start"
        self._started = self._since = time.monotonic()
        self._saying = False
        self._known: Progress | None = None
        self._deadline: float | None = None
        console = Screen(stderr=True)
        shown = console.is_terminal and not console.is_dumb_terminal
        self._live = (
            Live(
                get_renderable=lambda: self,
                console=console,
                transient=True,
                refresh_per_second=_PER_SECOND,
                redirect_stdout=False,
            )
            if shown
            else None
        )

    def __enter__(self) -> Self:
        """Begin to show."""
        if self._live:
            self._live.start()
        return self

    def __exit__(self, *error: object) -> None:
        """Leave the screen clean."""
        self._close()
        if self._live:
            self._live.stop()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Leave the screen to somebody else for a while."""
        if self._live:
            self._live.stop()
        try:
            yield
        finally:
            if self._live:
                self._live.start()

    def announce(self, phase: str) -> None:
        """Announce a phase that is not the engine's."""
        self._close()
        self._phase, self._since, self._saying = phase, time.monotonic(), True

    def on_progress(self, progress: Progress) -> None:
        """Take the engine's progress."""
        self._close()
        if self._time_limit is not None and self._deadline is None:
            self._deadline = time.monotonic() - progress.seconds + self._time_limit
        self._phase = progress.phase
        if progress.value is not None:
            self._known = progress

    def _close(self) -> None:
        if self._saying:
            self.timings[self._phase] = round(time.monotonic() - self._since, 3)
            self._saying = False

    def __rich__(self) -> RenderableType:
        """Return what is on the screen now: the stages and the clock, the phase, the figures."""
        stage, *said = PHASES.get(self._phase, ("solve", self._phase, self._phase))
        doing = said[language_of(None) == "zh"]
        at = self._stages.index(stage) if stage in self._stages else -1
        names = Text(no_wrap=True)
        for number, name in enumerate(self._stages):
            # Brackets, since colours may be off.
            text, style = (f"[{name}]", "bold cyan") if number == at else (f" {name} ", "dim")
            names.append(text, style="green" if number < at else style)
        head = Table.grid(expand=False, padding=(0, 2))
        head.add_row(names, Text(self._clock(stage), no_wrap=True))
        sign = _SIGNS[int(time.monotonic() * _PER_SECOND) % len(_SIGNS)]
        now = Text(f"{sign} {doing}", no_wrap=True, overflow="ellipsis")
        figures = self._figures()
        return Group(head, now, *([figures] if figures else []))

    def _clock(self, stage: str) -> str:
        text = spoken(time.monotonic() - self._started)
        if self._deadline is None or stage not in ("pair", "solve"):
            return text
        left = self._deadline - time.monotonic()
        return f"{text}, at most {spoken(left)} to go" if left > 0 else f"{text}, about to end"

    def _figures(self) -> Text | None:
        known = self._known
        if known is None or known.bound is None or known.gap is None:
            return None
        text = f"  value {known.value:,}   bound {known.bound:,.0f}   gap {known.gap:.3%}"
        if self._gap:
            text += f" (ends at {self._gap:.3%})"
        return Text(text, no_wrap=True, overflow="ellipsis")


def spoken(seconds: float) -> str:
    """Say how long: ``0.4 s``, ``12 s``, ``9 min 8 s``, ``2 h 5 min``."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes_left = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes_left} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
