"""Why something is refused, as a sentence that says what is allowed."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from string import Formatter
from typing import Any, Literal

import polars as pl

from matching.records.bank.policy import BankPolicy

Language = Literal["en", "zh"]


def with_sentences(
    refused: pl.DataFrame, policy: BankPolicy, language: Language = "en"
) -> pl.DataFrame:
    """Return what was refused with a sentence each, in ``sentence``."""
    texts = _texts()
    words = texts["words"][language]

    def relatives(names: tuple[str, ...]) -> str:
        between: str = words["between"]
        return between.join(words[name] for name in names) or str(words["nobody"])

    redeem = "donates_and_redeems" if policy.organisations_redeem else "only_donates"
    said: dict[str, pl.Expr] = {
        "age": pl.lit(policy.redeem_from_age),
        "cap": pl.lit(policy.cap_hours),
        "months": pl.lit(policy.expires_after_months),
        "for_whom": pl.lit(relatives(policy.redeem_for)),
        "to_whom": pl.lit(relatives(policy.gift_to)),
        "organisations": pl.lit(words[redeem]),
        "at": pl.col("at").dt.strftime("%Y-%m-%d %H:%M"),
        "since": pl.col("since").dt.strftime("%Y-%m-%d %H:%M"),
    }
    sentence = pl.lit(None, pl.String)
    for code in refused["code"].unique():
        text = _formatted(texts[language][code], said)
        sentence = pl.when(pl.col("code") == code).then(text).otherwise(sentence)
    return refused.with_columns(sentence=sentence)


def _formatted(template: str, said: dict[str, pl.Expr]) -> pl.Expr:
    """Return a text whose fields are expressions, or columns of the same name."""
    parts: list[pl.Expr] = []
    for literal, name, _, _ in Formatter().parse(template):
        parts.append(pl.lit(literal))
        if name is not None:
            parts.append(said.get(name, pl.col(name)).cast(pl.String).fill_null("?"))
    return pl.concat_str(parts)


@cache
def _texts() -> dict[str, Any]:
    return tomllib.loads(files(__package__).joinpath("texts.toml").read_text(encoding="utf-8"))
