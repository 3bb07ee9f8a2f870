"""The menu: services that communities order by name, with the posts and people they take."""

from __future__ import annotations

import numpy as np
import polars as pl

from matching.synthetic.draws import Ints
from matching.synthetic.sources import read

# ``weight`` is how often an item is ordered; ``min_people`` is 0 for no minimum.
ITEMS = read("menu")
# The last item belongs to an organisation: only its own volunteers serve there.
OWNED = ITEMS.height - 1
ITEM_WEIGHTS, MINUTES = ITEMS["weight"].to_numpy(), ITEMS["minutes"].to_numpy()
# Of each item the last post is the usual one. ``needs`` lists qualifications, ``name@level`` where
# the level is above one.
ITEM_POSTS = read("menu_posts")
USUAL = ITEM_POSTS.group_by("menu_item", maintain_order=True).last()
_need = ITEM_POSTS.select("menu_item", "post", pl.col("needs").str.split(" ")).explode("needs")
NEEDS = _need.select(
    *("menu_item", "post"),
    qualification=pl.col("needs").str.split("@").list.first(),
    level=pl.col("needs").str.extract(r"@(\d+)").cast(pl.Int64).fill_null(1),
)
# Those without an item are for requests outside the menu, the last for those that a social worker
# advises.
TEAM_RULES = read("team_rules")


def multiplied(seats: Ints, scarcity: float) -> Ints:
    """Return the seats of posts (all at least 1) under a scarcity: rounded half up, at least 1."""
    result: Ints = np.floor(seats * scarcity + 0.5).astype(np.int64).clip(min=1)
    return result


def menu_tables(owner_id: str, scarcity: float) -> dict[str, pl.DataFrame]:
    """Return `menu`, `menu_posts`, `menu_qualifications`; minimums never exceed the seats."""
    seats = pl.Series(multiplied(ITEM_POSTS["seats"].to_numpy(), scarcity))
    posts = ITEM_POSTS.drop("needs").with_columns(seats=seats)
    room = posts.group_by("menu_item").agg(room=pl.col("seats").sum())
    owner = pl.when(pl.int_range(pl.len()) == OWNED).then(pl.lit(owner_id))
    people = pl.when(pl.col("min_people") > 0).then(pl.min_horizontal("min_people", "room"))
    menu = ITEMS.join(room, on="menu_item", maintain_order="left").select(
        *("menu_item", "name", "category", owner.alias("organisation_id"), "minutes"),
        people.alias("min_people"),
    )
    posts = posts.with_columns(min_seats=pl.min_horizontal("min_seats", "seats"))
    return {"menu": menu, "menu_posts": posts, "menu_qualifications": NEEDS}
