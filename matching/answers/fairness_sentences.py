"""Sentences about how even a plan is, made from the rows of the table ``fairness``."""

from __future__ import annotations

import polars as pl

from matching.answers.sentences import Language, texts_in

_SHARES = ("stations", "districts")
_FIGURES = ("mean", "least", "most")


def fairness_sentences(table: pl.DataFrame, language: Language = "en") -> pl.DataFrame:
    """Return what can be said of each measure: ``measure`` and ``sentence``."""
    texts, rows = texts_in(language), []
    for row in table.to_dicts():
        form = ".0%" if row["measure"] in _SHARES else ".1f"
        told = {name: "-" if row[name] is None else f"{row[name]:{form}}" for name in _FIGURES}
        gini = "-" if row["gini"] is None else f"{row['gini']:.2f}"
        text = texts[f"fair_{row['measure']}"].format(**row | told | {"gini": gini})
        rows.append((row["measure"], text))
    return pl.DataFrame(rows, dict.fromkeys(["measure", "sentence"], pl.String), orient="row")
