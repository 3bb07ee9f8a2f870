"""What volunteers hold and what services ask for, with how common each is; the week's periods."""

from __future__ import annotations

import numpy as np

SOCIAL_WORKER = "role:social_worker"

# From the commonest to the rarest. The skills are the codes of the national system.
QUALIFICATIONS = (
    "adult",
    "insured",
    "trained:home_visit",
    "skill:08",
    "skill:03",
    "skill:13",
    "skill:19",
    "lang:en",
    "skill:09",
    "skill:20",
    "skill:05",
    "skill:99",
    "cert:first_aid",
    "skill:21",
    "skill:14",
    "skill:02",
    "skill:10",
    "skill:17",
    "trained:elderly_care",
    "skill:06",
    "skill:11",
    "skill:07",
    "skill:23",
    "skill:01",
    "skill:22",
    "skill:12",
    "trained:emergency",
    "skill:15",
    "skill:18",
    "cert:teacher",
    "skill:16",
    "lang:ru",
    "trained:fire_safety",
    "skill:04",
    "lang:ko",
    "cert:nurse",
    "guardian_consent",
    "lang:sign",
    "lang:mn",
    SOCIAL_WORKER,
)
NUMBER = {name: index for index, name in enumerate(QUALIFICATIONS)}

_rank = np.arange(1, len(QUALIFICATIONS) + 1, dtype=np.float64)
_drawn = np.array([name != SOCIAL_WORKER for name in QUALIFICATIONS])
# Zipf's law. Social workers are few and counted, so they are not drawn with the rest.
HELD_WEIGHTS = np.where(_drawn, 1 / _rank, 0.0)

# What a post may ask for beside a skill: formalities that many volunteers fulfil.
FORMALITIES = ("insured", "trained:home_visit", "adult", "cert:first_aid", "trained:elderly_care")
FORMALITY_WEIGHTS = (4.0, 3.0, 1.5, 1.0, 1.0)
_is_formality = np.isin(np.array(QUALIFICATIONS), [*FORMALITIES, "guardian_consent"])
# Demand is flatter than supply: this is what makes some skills short.
ASKED_WEIGHTS = np.where(_drawn & ~_is_formality, _rank**-0.4, 0.0)

CATEGORIES = {
    "0001": "社区服务",
    "0002": "扶贫减贫",
    "0003": "支教助学",
    "0004": "卫生健康",
    "0005": "法律服务",
    "0006": "环境保护",
    "0007": "科技科普",
    "0008": "文化艺术",
    "0009": "平安综治",
    "0010": "文明风尚",
    "0011": "交通引导",
    "0012": "志愿消防",
    "0013": "应急救援",
    "0014": "禁毒宣传",
    "0015": "体育健身",
    "0016": "旅游服务",
    "0017": "关爱特殊群体",
    "0018": "大型活动",
    "0019": "海外志愿服务",
    "0020": "税收服务",
    "0099": "其他",
}
CATEGORY_WEIGHTS = np.array(
    [20, 2, 6, 8, 3, 6, 2, 5, 5, 6, 5, 1, 1, 1, 3, 1, 15, 4, 0.1, 0.5, 3], dtype=np.float64
)

# The national system's 21 half days, Monday morning first: minutes from midnight.
PERIODS = 21
DAY = 24 * 60
WEEK = 7 * DAY
WINDOW_START, WINDOW_END = np.array([420, 720, 1110]), np.array([720, 1110, 1290])
SERVICE_START, SERVICE_END = np.array([540, 840, 1140]), np.array([660, 960, 1230])

# Volunteers are free in the evening and at the weekend; services are wanted by day.
_weekend = np.repeat([False, True], [15, 6])
FREE_WEIGHTS = np.where(_weekend, 1.5, 1.0) * np.tile([0.9, 1.0, 1.1], 7)
WANTED_WEIGHTS = np.where(_weekend, 1.2, 1.0) * np.tile([1.4, 1.2, 0.5], 7)
