"""Names that are equal only after Unicode normalisation: reported wherever names are compared.

Two volunteers, a reference, what somebody never does: a letter with an accent may be one character
or two, and nobody sees which. A name that stands alone may be written either way.
"""

from collections.abc import Mapping
from functools import partial
from typing import NamedTuple

import dataframely as dy
import polars as pl

from matching.guards.characters import abnormal, alike, normal
from matching.schema import SUBJECTS, TABLES, key_of, meta
from matching.tables.indices import hardly_repeated
from matching.tables.references import take_out


class _Place(NamedTuple):
    """A column of names; of a value of preferences or limits, the rows of one subject."""

    table: str
    column: str
    subject: str | None = None

    def rows(self, tables: Mapping[str, pl.DataFrame]) -> pl.Series:
        """Return the names, null where another subject's stand."""
        frame = tables[self.table]
        if self.subject is None:
            return frame[self.column]
        ours = pl.col("subject").cast(pl.String) == self.subject
        return frame.select(pl.when(ours).then(self.column)).to_series()


def _places() -> dict[str, list[_Place]]:
    """Return where each kind of name stands: the key that a column refers to, or its own."""
    found: dict[str, list[_Place]] = {}
    for table, schema in TABLES.items():
        for name, column in schema.columns().items():
            # Text without more to say of it is shown to people, and compared with nothing.
            if not isinstance(column, dy.String) or not meta(column) or name == "value":
                continue
            target = meta(column).get("refers")
            found.setdefault(key_of(target)[0] if target else name, []).append(_Place(table, name))
    for subject in SUBJECTS:
        kind = subject if subject in found else f"{subject}_id"
        found[kind] += [_Place(table, "value", subject) for table in ("preferences", "limits")]
    return found


_PLACES = _places()
_HOMES = {key_of(name)[0]: name for name in TABLES if len(key_of(name)) == 1}


def check_spelling(
    tables: dict[str, pl.DataFrame], raw: Mapping[str, pl.DataFrame]
) -> list[pl.DataFrame]:
    """Take out of the tables, in place, every row with a name written in a way of its own.

    The right way is that of the table whose key the name is; of names without such a table, the
    normal form. Two rows of one table are both at fault. ``raw`` is what the clean tables were made
    of, with ``row``.
    """
    faults = []
    for kind, places in _PLACES.items():
        places = [place for place in places if place.table in raw]
        wrong = _wrong(kind, places, tables)
        for place in places if wrong.height else ():
            at_home = place.table == _HOMES.get(kind) and key_of(place.table) == [place.column]
            words = wrong if at_home else wrong.filter(~pl.col("twice"))
            bad = place.rows(tables).is_in(words["text"].implode()).fill_null(False)
            say, shown = partial(_messages, words=words), (place.column,)
            faults.append(take_out(tables, raw, place.table, bad, shown, "normal_form", say))
    return faults


def _messages(cells: pl.Series, words: pl.DataFrame) -> pl.Series:
    asked = pl.DataFrame({"text": cells})
    return asked.join(words, on="text", how="left", maintain_order="left")["message"]


def _wrong(kind: str, places: list[_Place], tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Return each ``text`` that is at fault, with a ``message``, and if it is a key ``twice``."""
    names = [place.rows(tables) for place in places]
    nothing = pl.DataFrame(schema={"text": pl.String, "message": pl.String, "twice": pl.Boolean})
    odd = abnormal(pl.concat([nothing["text"], *map(hardly_repeated, names)]))
    if odd.is_empty():
        return nothing
    text = pl.concat([name.drop_nulls().unique() for name in names]).unique()
    ways = pl.DataFrame({"text": text, "form": normal(text)})
    ways = ways.filter(pl.col("form").is_in(normal(odd).implode()), pl.len().over("form") > 1)
    home = _HOMES.get(kind)
    keys = tables[home][kind] if home else text.clear()
    ways = ways.with_columns(key=pl.col("text").is_in(keys.implode()))
    ways = ways.with_columns(keys=pl.col("key").sum().over("form"))
    right = pl.when(keys=0).then(pl.col("text") == pl.col("form")).when(keys=1).then("key")
    ways = ways.with_columns(right=right.otherwise(False)).sort(
        "form", "right", "text", descending=[False, True, False]
    )
    first, last = (end.over("form") for end in (pl.col("text").first(), pl.col("text").last()))
    ways = ways.with_columns(
        other=pl.when(pl.col("text") == first).then(last).otherwise(first), twice=pl.col("keys") > 1
    ).filter(~pl.col("right"))
    messages = [alike(*pair) for pair in ways.select("text", "other").iter_rows()]
    return ways.select("text", pl.Series("message", messages, dtype=pl.String), "twice")
