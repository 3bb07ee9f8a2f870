"""The one way to the terminal: whatever stands in names and cells is shown, and never obeyed."""

from __future__ import annotations

import sys
from typing import Any

from rich.console import Console, ConsoleOptions, ConsoleRenderable, RenderHook, RenderResult
from rich.segment import Segment

from matching.guards.harmless import harmless


class Screen(Console):
    """A console on which text from outside moves no cursor, rings no bell and turns no line."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.push_render_hook(_Hook())


class _Hook(RenderHook):
    """Puts every renderable into one that is harmless, just before it is drawn."""

    def process_renderables(self, renderables: list[ConsoleRenderable]) -> list[ConsoleRenderable]:
        return [one if isinstance(one, _Harmless) else _Harmless(one) for one in renderables]


class _Harmless:
    """Draws what another draws, its text made harmless; colours and lines are rich's own."""

    def __init__(self, renderable: ConsoleRenderable) -> None:
        self.renderable = renderable

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for text, style, control in console.render(self.renderable, options):
            yield Segment(text if control else harmless(text), style, control)


def tell(text: str, style: str) -> None:
    """Write to standard error, in colour if it is a terminal and NO_COLOR is not set.

    At a terminal lines end between words, elsewhere they stay whole.
    """
    console = Screen(stderr=True)
    whole = not console.is_terminal
    with console.capture() as written:
        console.print(text, style=style, markup=False, highlight=False, soft_wrap=whole)
    # Not by the console itself: what shows progress stands between it and the screen.
    sys.stderr.write(written.get())
