"""The menu: services that communities order by name, with the posts and people they take."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import polars as pl

from matching.synthetic.draws import NONE, Ints, name_by, only


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
    posts: tuple[Post, ...]


_LEAD = Post("lead", 1, 1, "role:social_worker")

ITEMS = (
    Item("m01", "独居老人上门探访", "0017", 90, 9, 0,
         (Post("volunteer", 2, 2, "trained:home_visit skill:19"),)),
    Item("m02", "老年助餐送餐", "0001", 60, 7, 0,
         (Post("driver", 1, 0, "skill:03 insured"),
          Post("volunteer", 2, 0, "skill:13 insured"))),
    Item("m03", "陪同就医", "0004", 180, 5, 0,
         (Post("volunteer", 1, 0, "skill:19 insured"),)),
    Item("m04", "社区义诊", "0004", 180, 5, 0,
         (Post("medic", 2, 0, "skill:01"), Post("volunteer", 3, 0, "skill:13 insured"))),
    Item("m05", "心理疏导", "0004", 60, 3, 0,
         (Post("counsellor", 1, 0, "skill:18@2"),)),
    Item("m06", "课后学业辅导", "0003", 120, 6, 0,
         (Post("tutor", 3, 0, "skill:08@2 adult"),)),
    Item("m07", "困境儿童关爱小组", "0017", 120, 6, 4,
         (_LEAD, Post("volunteer", 4, 2, "skill:08 trained:home_visit"))),
    Item("m08", "老年手机课堂", "0007", 90, 5, 0,
         (Post("tutor", 2, 0, "skill:05"), Post("volunteer", 2, 0, "skill:22"))),
    Item("m09", "家电便民维修", "0001", 150, 5, 0,
         (Post("volunteer", 2, 0, "skill:09@2"), Post("reception", 1, 0, "skill:13 insured"))),
    Item("m10", "法律咨询", "0005", 120, 3, 0,
         (Post("adviser", 1, 0, "skill:04"),)),
    Item("m11", "普法宣传", "0005", 90, 2, 0,
         (Post("adviser", 1, 0, "skill:04"), Post("volunteer", 2, 0, "skill:15"))),
    Item("m12", "环境清洁与垃圾分类", "0006", 120, 6, 0,
         (Post("volunteer", 4, 0, "skill:14 insured"),)),
    Item("m13", "路口交通引导", "0011", 120, 5, 4,
         (Post("volunteer", 4, 4, "skill:10 insured"),)),
    Item("m14", "邻里纠纷调解", "0009", 90, 2, 2,
         (_LEAD, Post("volunteer", 1, 0, "skill:07 adult"))),
    Item("m15", "治安巡逻", "0009", 120, 4, 0,
         (Post("volunteer", 3, 0, "skill:10 adult"),)),
    Item("m16", "社区文艺演出", "0008", 150, 4, 5,
         (Post("musician", 3, 2, "skill:17"), Post("performer", 3, 0, "skill:21"),
          Post("photographer", 1, 0, "skill:23"))),
    Item("m17", "手工非遗课堂", "0008", 90, 3, 0,
         (Post("tutor", 1, 0, "skill:20@2"), Post("volunteer", 2, 0, "skill:20 insured"))),
    Item("m18", "广场健身指导", "0015", 60, 3, 0,
         (Post("coach", 2, 0, "skill:02 cert:first_aid"),)),
    Item("m19", "消防安全入户宣传", "0012", 120, 2, 2,
         (Post("volunteer", 2, 2, "trained:fire_safety"),)),
    Item("m20", "失能老人家庭照护支持", "0017", 120, 6, 3,
         (_LEAD, Post("volunteer", 2, 2, "skill:19 trained:home_visit@2"))),
    Item("m21", "禁毒宣讲", "0014", 90, 1, 0,
         (Post("speaker", 1, 0, "skill:08@3"), Post("volunteer", 2, 0, "skill:13 adult"))),
    Item("m22", "手语与无障碍陪伴", "0017", 90, 1, 0,
         (Post("volunteer", 1, 0, "lang:sign"),)),
    Item("m23", "大型活动保障", "0018", 240, 3, 6,
         (Post("medic", 1, 1, "cert:first_aid insured"), Post("usher", 5, 3, "skill:13 adult"),
          Post("guard", 2, 0, "skill:10"))),
    Item("m24", "防灾应急演练", "0013", 180, 2, 4,
         (Post("trainer", 1, 1, "trained:emergency"), Post("volunteer", 4, 0, "skill:99 insured"))),
    Item("m25", "联合会困难家庭帮扶", "0002", 120, 2, 0,
         (Post("volunteer", 2, 0, "adult"),)),
)  # fmt: skip
# The last item belongs to an organisation: only its own volunteers serve there.
OWNED = len(ITEMS) - 1

# Item, qualification, at least so many, one for every so many.
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
