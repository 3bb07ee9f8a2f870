"""The menu: services that communities order by name, with the posts and people they take."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import polars as pl

from matching.synthetic.draws import NONE, Ints, name_by, only
from matching.synthetic.sources import read


class Post(NamedTuple):
    """A post; ``needs`` lists qualifications, ``name@level`` where the level is above one."""

    name: str
    seats: int
    min_seats: int
    needs: str


class Item(NamedTuple):
    """A service; ``weight`` is how often it is ordered, ``min_people`` 0 for no minimum."""

    id: str
    name: str
    category: str
    minutes: int
    weight: float
    min_people: int
    posts: list[Post]


def _read_items() -> list[Item]:
    posts: dict[str, list[Post]] = {}
    for item, *post in read("menu_posts").iter_rows():
        posts.setdefault(item, []).append(Post(*post))
    return [Item._make((*row, posts[row[0]])) for row in read("menu").iter_rows()]


ITEMS = _read_items()
# The last item belongs to an organisation: only its own volunteers serve there.
OWNED = len(ITEMS) - 1

# Item, qualification, minimum of holders, people per holder.
TEAM_RULES: tuple[tuple[str, str, int | None, int | None], ...] = (
    ("m06", "insured", None, 4),
    ("m16", "adult", None, 5),
)

ITEM_WEIGHTS = np.array([item.weight for item in ITEMS])
MINUTES = np.array([item.minutes for item in ITEMS])


def parse(needs: str) -> list[tuple[str, int]]:
    """Return the qualifications and levels that a post's ``needs`` stand for."""
    parts = (need.partition("@") for need in needs.split())
    return [(name, int(level or 1)) for name, _, level in parts]


def multiplied(seats: Ints, scarcity: float) -> Ints:
    """Return the seats of posts (all at least 1) under a scarcity: rounded half up, at least 1."""
    result: Ints = np.floor(seats * scarcity + 0.5).astype(np.int64).clip(min=1)
    return result


def menu_tables(owner_id: str, scarcity: float) -> dict[str, pl.DataFrame]:
    """Return `menu`, `menu_posts`, `menu_qualifications`; minimums never exceed the seats."""
    number = np.array([k for k, item in enumerate(ITEMS) for _ in item.posts])
    posts = [post for item in ITEMS for post in item.posts]
    seats = multiplied(np.array([post.seats for post in posts]), scarcity)
    room = np.bincount(number, seats).astype(np.int64)
    ids = pl.Series([item.id for item in ITEMS])
    people = np.minimum([item.min_people for item in ITEMS], room)
    owner = np.where(np.arange(len(ITEMS)) == OWNED, 0, NONE)
    needs = [(k, *need) for k, post in enumerate(posts) for need in parse(post.needs)]
    at_post = [need[0] for need in needs]
    names = pl.Series([post.name for post in posts])
    return {
        "menu": pl.DataFrame(
            {
                "menu_item": ids,
                "name": [item.name for item in ITEMS],
                "category": [item.category for item in ITEMS],
                "organisation_id": name_by(owner, [owner_id]),
                "minutes": MINUTES,
                "min_people": only(people, people > 0),
            }
        ),
        "menu_posts": pl.DataFrame(
            {
                "menu_item": ids.gather(number),
                "post": names,
                "seats": seats,
                "min_seats": np.minimum([post.min_seats for post in posts], seats),
            }
        ),
        "menu_qualifications": pl.DataFrame(
            {
                "menu_item": ids.gather(number[at_post]),
                "post": names.gather(at_post),
                "qualification": [need[1] for need in needs],
                "level": [need[2] for need in needs],
            }
        ),
    }
