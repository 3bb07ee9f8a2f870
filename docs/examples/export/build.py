"""Make the export of a volunteer system, and the same world in our own tables.

Both are told from the same made-up people, each in its own way; neither is made from the other.
"""

import csv
import random
from collections.abc import Iterable, Sequence
from pathlib import Path

HERE = Path(__file__).parent
SEED = 2026
STATIONS = [
    ("Z01", "第一服务站", 126.640, 45.757, "230103002"),
    ("Z02", "第二服务站", 126.652, 45.762, "230103006"),
    ("Z03", "第三服务站", 126.668, 45.749, "230103008"),
]
TEAMS = [("T1", "区志愿者协会", ""), ("T2", "邻里互助队", "T1"), ("T3", "青年服务队", "T1")]
LANGUAGES = {"4887": "lang:zh", "4932": "lang:mn", "4889": "lang:en"}
CATEGORIES = {"0001": "社区服务", "0004": "卫生健康", "0017": "关爱特殊群体"}
# What orders are for, the skill they ask for, and how many come.
KINDS = [("0001", "", 3), ("0004", "01", 2), ("0017", "19", 2), ("0017", "18", 1)]
URGENCY = {"一般": "3", "紧急": "4", "特急": "5"}
CONSENT = {"0": "ask", "1": "accept", "2": "refuse"}
CLOCKS = [("07:00", "12:00"), ("12:00", "19:00"), ("19:00", "21:00")]
TIMES = [("9:00", "11:00"), ("8:30", "11:30"), ("14:00", "16:30"), ("19:00", "20:30")]

Row = dict[str, object]


def main() -> None:
    draw = random.Random(SEED)
    people = [person(draw, number) for number in range(1, 41)]
    orders = [order(draw, number) for number in range(1, 15)]
    write_theirs(people, orders)
    write_ours(people, orders)


def person(draw: random.Random, number: int) -> Row:
    _, _, lon, lat, _ = place = draw.choice(STATIONS)
    return {
        "id": f"P{draw.randrange(10**7):07d}{number:02d}",
        "team": draw.choice(TEAMS),
        "station": place[0],
        "lon": round(lon + draw.uniform(-0.02, 0.02), 3),
        "lat": round(lat + draw.uniform(-0.02, 0.02), 3),
        "km": draw.choice([2.0, 3.5, 5.0]),
        "hours": draw.choice([2.5, 4.0, 8.0, None]),
        "skills": sorted(draw.sample(["01", "03", "18", "19", "23"], draw.randint(0, 3))),
        "languages": ["4887", *draw.sample(["4932", "4889"], draw.randint(0, 1))],
        "slots": sorted(draw.sample(range(1, 22), draw.randint(2, 8))),
        "stars": draw.choice([None, 1, 2, 3]),
        "consent": draw.choice("00112"),
        "likes": sorted(draw.sample(sorted(CATEGORIES), draw.randint(0, 2))),
        "left": draw.random() < 0.1,
    }


def order(draw: random.Random, number: int) -> Row:
    category, skill, people = draw.choice(KINDS)
    start, end = draw.choice(TIMES)
    return {
        "id": f"D{draw.randrange(10**6):06d}{number:02d}",
        "category": category,
        "skill": skill,
        "people": people,
        "station": draw.choice(STATIONS)[0],
        "day": draw.randint(0, 6),
        "start": start,
        "end": end,
        "urgency": draw.choice(list(URGENCY)),
        "cancelled": draw.random() < 0.1,
    }


def write_theirs(people: list[Row], orders: list[Row]) -> None:
    """Write what the system exports: its headers, codes, units and formats, in GB18030."""
    folder = HERE / "export"
    head = "志愿者编号 所属团体 注册站点 坐标 服务半径(米) 每周时长(分钟) 技能特长 服务语言 "
    head += "可服务时间 志愿者星级 被邀请设置 意向服务类别 状态"
    rows = [
        (
            p["id"],
            p["team"][1],
            p["station"],
            f"{p['lon']},{p['lat']}",
            int(p["km"] * 1000),
            "" if p["hours"] is None else int(p["hours"] * 60),
            ",".join(p["skills"]),
            ",".join(p["languages"]),
            ",".join(f"{slot:02d}" for slot in p["slots"]),
            p["stars"] or "",
            p["consent"],
            "、".join(CATEGORIES[code] for code in p["likes"]),
            "注销" if p["left"] else "正常",
        )
        for p in people
    ]
    write(folder / "志愿者.csv", head.split(), rows, "gb18030")
    head = "点单编号 服务类别 站点编号 服务日期 开始时间 结束时间 需求人数 技能要求 紧急程度 状态"
    rows = [
        (
            o["id"],
            CATEGORIES[o["category"]],
            o["station"],
            day(o).replace("-", "/"),
            o["start"],
            o["end"],
            o["people"],
            o["skill"],
            o["urgency"],
            "已取消" if o["cancelled"] else "待派单",
        )
        for o in orders
    ]
    write(folder / "点单.csv", head.split(), rows, "gb18030")
    write(
        folder / "站点.csv",
        ["站点编号", "站点名称", "经度", "纬度", "区划代码"],
        STATIONS,
        "gb18030",
    )
    write(folder / "团体.csv", ["团体编号", "团体名称", "上级团体"], TEAMS, "gb18030")


def write_ours(people: list[Row], orders: list[Row]) -> None:
    """Write the tables of the contract."""
    folder = HERE / "tables"
    people = [p for p in people if not p["left"]]
    orders = [o for o in orders if not o["cancelled"]]
    ids = "volunteer_id organisation_id station_id lat lon travel_km max_hours consent"
    rows: Iterable[Sequence[object]] = [
        (
            p["id"],
            p["team"][0],
            p["station"],
            p["lat"],
            p["lon"],
            p["km"],
            p["hours"],
            CONSENT[p["consent"]],
        )
        for p in people
    ]
    write(folder / "volunteers.csv", ids.split(), rows)
    held = [(p["id"], f"skill:{skill}", "") for p in people for skill in p["skills"]]
    held += [(p["id"], LANGUAGES[code], "") for p in people for code in p["languages"]]
    held += [(p["id"], "star", p["stars"]) for p in people if p["stars"]]
    write(folder / "qualifications.csv", ["volunteer_id", "qualification", "level"], held)
    rows = [(p["id"], (s - 1) // 3 + 1, *CLOCKS[(s - 1) % 3]) for p in people for s in p["slots"]]
    write(folder / "availability.csv", ["volunteer_id", "weekday", "start_time", "end_time"], rows)
    rows = [(p["id"], "category", code, 30) for p in people for code in p["likes"]]
    write(folder / "preferences.csv", ["volunteer_id", "subject", "value", "weight"], rows)
    rows = [
        (
            o["id"],
            o["category"],
            o["station"],
            *(f"{day(o)}T{o[clock]:0>5}" for clock in ("start", "end")),
            URGENCY[o["urgency"]],
        )
        for o in orders
    ]
    names = "request_id category station_id start end priority"
    write(folder / "requests.csv", names.split(), rows)
    rows = [(o["id"], "volunteer", o["people"]) for o in orders]
    write(folder / "posts.csv", ["request_id", "post", "seats"], rows)
    rows = [(o["id"], "volunteer", f"skill:{o['skill']}") for o in orders if o["skill"]]
    write(folder / "post_qualifications.csv", ["request_id", "post", "qualification"], rows)
    rows = [(code, name, lon, lat, region) for code, name, lon, lat, region in STATIONS]
    write(folder / "stations.csv", ["station_id", "name", "lon", "lat", "region"], rows)
    write(folder / "organisations.csv", ["organisation_id", "name", "parent_id"], TEAMS)


def day(order: Row) -> str:
    return "2026-11-30" if order["day"] == 0 else f"2026-12-{order['day']:02d}"


def write(
    path: Path, head: Sequence[str], rows: Iterable[Sequence[object]], encoding: str = "utf-8"
) -> None:
    path.parent.mkdir(exist_ok=True)
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(head)
        writer.writerows(rows)


if __name__ == "__main__":
    main()
