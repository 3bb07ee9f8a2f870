"""The menu as a promise has it: every seat with what its holder must show, rules of teams too."""

from __future__ import annotations

from typing import NamedTuple

import polars as pl

from matching.schema import DEFAULT_POST, SUBJECTS

_POST = SUBJECTS[5]


class Piece(NamedTuple):
    """Some seats of a post that ask for the same.

    Attributes
    ----------
    post : str
        As the menu calls it.
    seats : int
    needs : dict of str to int
        Level by qualification.
    """

    post: str
    seats: int
    needs: dict[str, int]


def teams(tables: dict[str, pl.DataFrame]) -> tuple[dict[str, list[Piece]], dict[str, str]]:
    """Return the whole team of each menu item, and why others have none that can be promised.

    What a rule of the team asks for is asked of some seats, of the largest post first: whoever
    fills these keeps the rule, whatever the rest of the team holds.
    """
    needs: dict[tuple[str, str], dict[str, int]] = {}
    asks = tables["menu_qualifications"].select("menu_item", "post", "qualification", "level")
    for item, post, qualification, level in asks.iter_rows():
        needs.setdefault((item, post), {})[qualification] = level or 1
    posts = tables["menu_posts"].select("menu_item", "post", "seats").rows_by_key("menu_item")
    rules = tables["team_rules"].drop_nulls("menu_item")
    rules = rules.select("menu_item", "qualification", "min_people", "per_people")
    of_teams = rules.rows_by_key("menu_item")
    found, refused = {}, {}
    for item, least in tables["menu"].select("menu_item", "min_people").iter_rows():
        pieces = [
            Piece(post, seats, needs.get((item, post), {}))
            for post, seats in posts.get(item, [(DEFAULT_POST, 1)])
        ]
        team = sum(piece.seats for piece in pieces)
        short = False
        for qualification, people, per in of_teams.get(item, ()):
            wanted = max(people or 0, -(-team // per) if per else 0)
            pieces, missing = _with_holders(pieces, qualification, wanted)
            short |= missing > 0
        if (least or 0) > team or short:
            refused[item] = "min_people" if (least or 0) > team else "team_rule"
        else:
            found[item] = pieces
    return found, refused


def _with_holders(pieces: list[Piece], qualification: str, wanted: int) -> tuple[list[Piece], int]:
    """Ask a qualification of so many seats; also return for how many there are no seats."""
    wanted -= sum(piece.seats for piece in pieces if qualification in piece.needs)
    made = []
    for piece in sorted(pieces, key=lambda piece: -piece.seats):
        asked = 0 if qualification in piece.needs else max(0, min(wanted, piece.seats))
        wanted -= asked
        if asked:
            made.append(Piece(piece.post, asked, piece.needs | {qualification: 1}))
        if asked < piece.seats:
            made.append(piece._replace(seats=piece.seats - asked))
    return made, max(0, wanted)


def menu_of(
    found: dict[str, list[Piece]], tables: dict[str, pl.DataFrame]
) -> dict[str, pl.DataFrame]:
    """Return the clean tables with a menu of these teams, without minimums and rules of teams."""
    rows = [
        (item, piece.post if number == 0 else f"{piece.post}+{number}", piece)
        for item, pieces in found.items()
        for number, piece in enumerate(pieces)
    ]
    posts = pl.DataFrame(
        [(item, post, piece.post, piece.seats) for item, post, piece in rows],
        schema={"menu_item": pl.String, "post": pl.String, "base": pl.String, "seats": pl.Int64},
        orient="row",
    )
    needs = pl.DataFrame(
        [(item, post, *need) for item, post, piece in rows for need in piece.needs.items()],
        schema=dict(zip(("menu_item", "post", "qualification"), [pl.String] * 3, strict=True))
        | {"level": pl.Int64},
        orient="row",
    )
    # Who said never to a post said it to each of its pieces.
    likes, is_post = tables["preferences"], pl.col("subject").cast(pl.String) == _POST
    names = posts.select("base", "post").unique(maintain_order=True)
    of_posts = likes.filter(is_post).join(names, left_on="value", right_on="base")
    of_posts = of_posts.with_columns(value=pl.col("post")).select(likes.columns)
    return tables | {
        "menu": tables["menu"].with_columns(min_people=pl.lit(None, dtype=pl.Int64)),
        "menu_posts": _like(tables["menu_posts"], posts.drop("base")),
        "menu_qualifications": _like(tables["menu_qualifications"], needs),
        "team_rules": tables["team_rules"].clear(),
        "preferences": pl.concat([likes.filter(~is_post), of_posts]),
    }


def _like(frame: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """Return rows with all columns of a clean table, null where nothing is said."""
    return pl.concat([frame.clear(), rows], how="diagonal")
