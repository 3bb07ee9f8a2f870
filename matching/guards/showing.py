"""How an object shows itself: in one line, in a few, and as a table of a notebook."""

from html import escape

from matching.guards.harmless import one_line

_IN_A_LINE = 4


class Shown:
    """Has a one-line `repr`, a short summary as `str`, and a table in a notebook."""

    __slots__ = ()

    def _figures(self) -> dict[str, object]:
        """Return the figures by name, the most important first."""
        raise NotImplementedError

    def __repr__(self) -> str:
        parts = [f"{one_line(name)} {_text(value)}" for name, value in self._figures().items()]
        return f"<{type(self).__name__}: {', '.join(parts[:_IN_A_LINE])}>"

    def __str__(self) -> str:
        figures = {one_line(name): value for name, value in self._figures().items()}
        width = max(map(len, figures), default=0)
        lines = [f"  {name:<{width}}  {_text(value)}" for name, value in figures.items()]
        return "\n".join([type(self).__name__, *lines])

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><th style='text-align: left'>{escape(one_line(name))}</th>"
            f"<td>{escape(_text(value))}</td></tr>"
            for name, value in self._figures().items()
        )
        return f"<table><caption>{type(self).__name__}</caption>{rows}</table>"


def _text(value: object) -> str:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return f"{value:,}" if number else one_line(value)
