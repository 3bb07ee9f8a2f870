"""What can be ordered in the district, and what was ordered for the week."""

from __future__ import annotations

from matching.week import Post, Week

SOCIAL_WORKER = "role:social_worker"
DAYS = {
    "mon": "2026-11-30",
    "tue": "2026-12-01",
    "wed": "2026-12-02",
    "thu": "2026-12-03",
    "fri": "2026-12-04",
    "sat": "2026-12-05",
    "sun": "2026-12-06",
}


def at(day: str, clock: str) -> str:
    """Return a time of the week."""
    return f"{DAYS[day]}T{clock}"


def add_menu(week: Week) -> None:
    """Add the ten services, with the posts and qualifications they take."""
    week.menu_item(
        "meals",
        name="助餐",
        category="0001",
        minutes=120,
        posts={"driver": Post(1, 0, ["skill:03", "insured"]), "server": Post(2, 1)},
    )
    week.menu_item(
        "clinic_escort",
        name="陪同就医",
        category="0004",
        minutes=180,
        posts={"companion": Post(1, 1, ["skill:19", "adult", "insured"])},
    )
    week.menu_item(
        "home_visit",
        name="入户探访",
        category="0017",
        minutes=90,
        posts={
            "lead": Post(1, 1, [SOCIAL_WORKER, "trained:home_visit"]),
            "visitor": Post(2, 1, ["trained:home_visit"]),
        },
    )
    week.menu_item(
        "health_day",
        name="健康义诊",
        category="0004",
        minutes=180,
        min_people=3,
        posts={"medic": Post(2, 1, {"skill:01": 2}), "reception": Post(2, 1, ["skill:13"])},
    )
    week.menu_item(
        "homework",
        name="课业辅导",
        category="0003",
        minutes=120,
        posts={"tutor": Post(4, 2, ["skill:08"])},
    )
    week.team_rule("adult", menu_item="homework", per_people=3)
    week.menu_item(
        "repairs",
        name="家电维修",
        category="0001",
        minutes=150,
        posts={"repairer": Post(2, 1, {"skill:09": 2, "insured": 1, "adult": 1})},
    )
    week.menu_item(
        "legal_advice",
        name="法律咨询",
        category="0005",
        minutes=120,
        posts={"adviser": Post(1, 1, {"skill:04": 2}), "clerk": Post(1, 0, ["skill:13"])},
    )
    week.menu_item(
        "drill",
        name="应急演练",
        category="0013",
        minutes=150,
        min_people=6,
        posts={
            "instructor": Post(1, 1, ["trained:emergency", "insured", "adult"]),
            "helper": Post(6, 4, ["insured", "adult"]),
        },
    )
    week.team_rule("skill:01", menu_item="drill", min_people=1)
    week.menu_item(
        "counselling",
        name="心理疏导",
        category="0004",
        minutes=60,
        posts={"counsellor": Post(1, 1, {"skill:18": 2, "adult": 1})},
    )
    week.menu_item(
        "phone_class",
        name="手机课堂",
        category="0007",
        minutes=90,
        posts={"tutor": Post(1, 1, ["skill:05"]), "helper": Post(2, 0)},
    )


def add_orders(week: Week) -> None:
    """Add the thirty orders."""
    add_meals(week)
    add_help_for_one(week)
    add_home_visits(week)
    add_gatherings(week)
    add_advice(week)


def add_meals(week: Week) -> None:
    """Add the meals: every weekday at one station, and twice as many people at a large one."""
    for number, day in enumerate(("mon", "tue", "wed", "thu", "fri"), start=1):
        week.request(
            f"r{number:02}", menu_item="meals", station_id="s1", start=at(day, "10:30"), priority=4
        )
    # A large canteen: four servers, of whom two are needed, and two drivers.
    week.request(
        "r06", menu_item="meals", quantity=2, station_id="s5", start=at("wed", "10:30"), priority=4
    )


def add_help_for_one(week: Week) -> None:
    """Add the orders for one person: at the clinic, and to be listened to."""
    escort = {"menu_item": "clinic_escort", "priority": 4}
    week.request("r07", **escort, station_id="s2", start=at("mon", "08:30"), beneficiary_id="b01")
    week.request("r08", **escort, station_id="s3", start=at("tue", "13:30"), beneficiary_id="b02")
    week.request(
        "r09",
        **escort,
        station_id="s4",
        start=at("thu", "08:30"),
        beneficiary_id="b03",
        posts={"companion": Post(qualifications=["lang:mn"])},
    )
    week.request(
        "r10",
        **escort,
        station_id="s6",
        options={
            "tue": (at("tue", "08:30"), at("tue", "11:30")),
            "fri": (at("fri", "08:30"), at("fri", "11:30")),
        },
        beneficiary_id="b04",
    )
    talk = {"menu_item": "counselling"}
    week.request("r11", **talk, station_id="s2", start=at("wed", "19:00"), beneficiary_id="b05")
    week.request(
        "r12",
        **talk,
        station_id="s7",
        start=at("sat", "10:00"),
        beneficiary_id="b06",
        priority=4,
        posts={"counsellor": Post(qualifications=["lang:sign"])},
    )


def add_home_visits(week: Week) -> None:
    """Add the visits: a social worker leads; on Thursday morning three are asked for at once."""
    visit = {"menu_item": "home_visit"}
    week.request(
        "r13",
        **visit,
        station_id="s3",
        start=at("mon", "14:00"),
        beneficiary_id="b07",
        priority=5,
    )
    week.request("r14", **visit, station_id="s6", start=at("tue", "09:00"), beneficiary_id="b08")
    thursday = {"start": at("thu", "09:00")}
    week.request("r15", **visit, **thursday, station_id="s2", beneficiary_id="b09", priority=5)
    week.request("r16", **visit, **thursday, station_id="s4", beneficiary_id="b10", priority=4)
    week.request("r17", **visit, **thursday, station_id="s7", beneficiary_id="b11", priority=2)
    week.request(
        "r18",
        **visit,
        station_id="s5",
        start=at("fri", "14:00"),
        beneficiary_id="b12",
        posts={"visitor": Post(qualifications=["lang:mn"])},
    )


def add_gatherings(week: Week) -> None:
    """Add what many come to: clinics, homework, drills, classes, and one thing off the menu."""
    week.request("r19", menu_item="health_day", station_id="s5", start=at("sat", "09:00"))
    week.request(
        "r20",
        menu_item="health_day",
        station_id="s8",
        options={
            "sat": (at("sat", "13:30"), at("sat", "16:30")),
            "sun": (at("sun", "09:00"), at("sun", "12:00")),
        },
    )
    week.request("r21", menu_item="homework", station_id="s1", start=at("wed", "16:30"))
    week.request("r22", menu_item="homework", station_id="s4", start=at("thu", "16:30"))
    week.request(
        "r23",
        menu_item="homework",
        station_id="s3",
        options={
            "sat": (at("sat", "14:00"), at("sat", "16:00")),
            "sun": (at("sun", "14:00"), at("sun", "16:00")),
        },
        priority=2,
    )
    week.request("r24", menu_item="drill", station_id="s4", start=at("sat", "13:30"))
    week.request("r25", menu_item="phone_class", station_id="s2", start=at("tue", "14:00"))
    week.request("r26", menu_item="phone_class", station_id="s8", start=at("thu", "14:00"))
    week.request(
        "r27",
        name="民族团结联欢会",
        category="0008",
        station_id="s1",
        start=at("sun", "14:00"),
        end=at("sun", "17:00"),
        min_people=4,
        posts={
            "host": Post(1, 1, ["lang:mn", "skill:21"]),
            "musician": Post(3, 1, ["skill:17"]),
            "photographer": Post(1, 0, ["skill:23"]),
        },
    )
    week.team_rule("adult", request_id="r27", min_people=2)


def add_advice(week: Week) -> None:
    """Add repairs and legal advice, one of the repairs in a village far from the town."""
    week.request("r28", menu_item="repairs", station_id="s7", start=at("sat", "09:00"))
    week.request("r29", menu_item="repairs", station_id="s9", start=at("tue", "09:00"), priority=4)
    week.request("r30", menu_item="legal_advice", station_id="s1", start=at("sat", "14:00"))
