"""The example of a district: its tables load without a word, and its README tells the truth."""

import re
import subprocess
import sys
from datetime import date
from functools import cache
from pathlib import Path

import polars as pl
import pytest

from matching.arcs.eligibility import eligible
from matching.problem import Problem
from matching.schema import TABLES as CONTRACT
from tests.oracle import judge, milp
from tests.oracle.reading import read

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "docs" / "examples" / "district"
README = (FOLDER / "README.md").read_text(encoding="utf-8")
MONDAY = date(2026, 11, 30)
CODES = {
    "0001": "社区服务",
    "0003": "支教助学",
    "0004": "卫生健康",
    "0005": "法律服务",
    "0007": "科技科普",
    "0008": "文化艺术",
    "0013": "应急救援",
    "0017": "关爱特殊群体",
    "skill:01": "医疗急救",
    "skill:03": "驾驶运输",
    "skill:04": "法律服务",
    "skill:05": "信息技术",
    "skill:08": "教育培训",
    "skill:09": "电器维修",
    "skill:13": "客服接待",
    "skill:17": "音乐",
    "skill:18": "心理咨询",
    "skill:19": "护理照护",
    "skill:21": "文化艺术",
    "skill:23": "摄像摄影",
}
TABLES = {path.stem: pl.read_csv(path, infer_schema=False) for path in FOLDER.glob("tables/*.csv")}
ASKED = ("menu_qualifications", "post_qualifications", "team_rules")


@cache
def problem() -> Problem:
    """Read the committed tables; any warning fails the test."""
    return Problem.from_tables(TABLES, MONDAY)


@cache
def best() -> pl.DataFrame:
    """Return a best plan, by an integer programme that shares nothing with the library."""
    world = read(TABLES, week=MONDAY)
    found = milp.optimum(world)
    assert found is not None
    assert judge.faults(world, found[1]) == []
    return pl.DataFrame(found[1], infer_schema_length=None)


@cache
def eligible_pairs() -> pl.DataFrame:
    week, arcs = problem(), eligible(problem())
    return pl.DataFrame(
        {
            "request": week.requests.id.gather(week.slots.request[arcs.slot]),
            "post": week.posts.id.gather(week.slots.post[arcs.slot]),
            "volunteer": week.volunteers.id.gather(arcs.volunteer),
        }
    )


def who_can(request: str, post: str) -> set[str]:
    """Return who is eligible for a post, at any option."""
    return set(eligible_pairs().filter(request=request, post=post)["volunteer"])


def holders(qualification: str) -> set[str]:
    rows = TABLES["qualifications"].filter(pl.col("qualification") == qualification)
    return set(rows["volunteer_id"])


def days_of(volunteer: str) -> set[str]:
    """Return the weekdays a volunteer of the weekly form is free on."""
    return set(TABLES["availability"].filter(pl.col("volunteer_id") == volunteer)["weekday"])


# --- the tables -----------------------------------------------------------------------------------


def test_tables_load_without_fault_or_warning() -> None:
    week = problem()
    assert week.faults.is_empty()
    assert (week.left_out, len(week.volunteers), len(week.requests)) == (0, 120, 30)
    assert len(week.pairs) == 2
    assert len(week.earlier) == 3
    assert len(week.bonds) == TABLES["bonds"].height


def test_every_table_but_a_few_is_there() -> None:
    assert set(CONTRACT) - set(TABLES) == {"affinities", "groups", "limits", "sessions", "travel"}
    assert sum(path.stat().st_size for path in FOLDER.glob("tables/*.csv")) < 60_000
    assert not (FOLDER / "policy.toml").exists()


@pytest.mark.slow
def test_building_it_again_changes_nothing(tmp_path: Path) -> None:
    script = f"import sys; sys.path[:0] = {[str(FOLDER), str(ROOT)]}; import build; build.main()"
    command = [sys.executable, "-B", "-c", script, "--out", str(tmp_path)]
    subprocess.run(command, check=True, capture_output=True)
    built = {path.name: path.read_bytes() for path in (tmp_path / "tables").iterdir()}
    assert built == {path.name: path.read_bytes() for path in FOLDER.glob("tables/*.csv")}


def test_codes_are_those_of_the_national_system() -> None:
    categories = pl.concat([TABLES["menu"]["category"], TABLES["requests"]["category"]])
    used = set(categories.drop_nulls())
    for name in ("qualifications", *ASKED):
        used |= set(TABLES[name]["qualification"])
    coded = {code for code in used if code[0] == "0" or code.startswith("skill:")}
    assert coded == set(CODES)
    for code, label in CODES.items():
        assert f"`{code}` | {label} |" in README
    for other in used - coded:
        assert f"`{other}`" in README


def test_places_are_in_the_district() -> None:
    for name in ("stations", "volunteers"):
        places = (
            TABLES[name].drop_nulls(["lat", "lon"]).cast({"lat": pl.Float64, "lon": pl.Float64})
        )
        assert places["lat"].is_between(45.63, 45.78).all()
        assert places["lon"].is_between(126.50, 126.72).all()
    stations = TABLES["stations"]
    assert stations["region"].str.contains(r"^230103\d{3}$").all()
    assert stations["grid"].is_unique().all()
    assert (stations["grid"].str.head(9) == stations["region"]).all()


def test_organisations_are_one_tree_with_one_quota() -> None:
    organisations = TABLES["organisations"]
    assert organisations["parent_id"].null_count() == 1
    assert organisations.drop_nulls("max_seats")["organisation_id"].to_list() == ["o4"]


def test_nobody_can_be_reached_through_it() -> None:
    for path in FOLDER.glob("tables/*.csv"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"\w@\w|https?:|www\.|\b1\d{10}\b", text)


def test_hazards_are_for_adults_with_insurance() -> None:
    asked = TABLES["menu_qualifications"].filter(pl.col("menu_item").is_in(["drill", "repairs"]))
    for _, rows in asked.group_by("menu_item", "post"):
        assert {"adult", "insured"} <= set(rows["qualification"])


# --- what the README says -------------------------------------------------------------------------


def test_rows_are_those_stated() -> None:
    stated = re.findall(r"^\| `(\w+)` \| (\d+) \|$", README, re.M)
    assert dict(stated) == {name: str(table.height) for name, table in TABLES.items()}


def test_menu_is_the_one_stated() -> None:
    orders = TABLES["requests"]["menu_item"].drop_nulls().to_list()
    stated = re.findall(r"^\| `(\w+)` \| (\w+) \| (\d+) \|", README, re.M)
    items = TABLES["menu"].select("menu_item", "name").rows()
    assert set(stated) == {(item, name, str(orders.count(item))) for item, name in items}
    assert "民族团结联欢会" in README
    assert (
        TABLES["requests"].filter(pl.col("menu_item").is_null())["name"].item() == "民族团结联欢会"
    )


def test_what_to_look_at_is_there() -> None:
    assert set(TABLES["options"]["request_id"]) == {"r10", "r20", "r23"}
    assert TABLES["requests"].drop_nulls("quantity").select("request_id", "quantity").rows() == [
        ("r06", "2")
    ]
    more = TABLES["post_qualifications"].filter(pl.col("qualification").str.starts_with("lang:"))
    assert set(more["request_id"]) == {"r09", "r12", "r18", "r27"}
    assert TABLES["pairs"].rows() == [("v023", "v024", "together"), ("v051", "v053", "apart")]
    bond = TABLES["bonds"].filter(pl.col("volunteer_id") == "v001")
    assert bond.select("beneficiary_id", "visits").rows() == [("b07", "7")]
    assert TABLES["assignments"].select("volunteer_id", "request_id", "status").rows() == [
        ("v001", "r13", "pinned"),
        ("v005", "r09", "accepted"),
        ("v067", "r07", "declined"),
    ]
    assert "2026-12-02" in set(TABLES["qualifications"]["valid_until"])
    assert 0 < TABLES["availability"]["weekday"].null_count() < TABLES["availability"].height


def test_a_social_worker_leads_every_home_visit() -> None:
    visits = TABLES["requests"].filter(pl.col("menu_item") == "home_visit")["request_id"]
    assert visits.to_list() == [f"r{n}" for n in range(13, 19)]
    assert holders("role:social_worker") == {"v001", "v002", "v003", "v004"}
    for visit in visits:
        assert who_can(visit, "lead") <= holders("role:social_worker")


def test_what_was_settled_and_whom_they_know_can_be() -> None:
    assert "v001" in who_can("r13", "lead")
    assert who_can("r09", "companion") == {"v005"}
    assert "v067" not in who_can("r07", "companion")
    for volunteer, beneficiary in TABLES["bonds"].select("volunteer_id", "beneficiary_id").rows():
        theirs = (
            TABLES["requests"].filter(pl.col("beneficiary_id") == beneficiary)["request_id"].item()
        )
        posts = ("companion", "lead", "visitor")
        assert any(volunteer in who_can(theirs, post) for post in posts)


def test_three_orders_stay_unfilled() -> None:
    unserved = set(TABLES["requests"]["request_id"]) - set(best()["request_id"])
    assert unserved == {"r12", "r17", "r29"}
    stated = re.findall(r"^\| `(r\d\d)` \| \w", README, re.M)
    assert set(stated) == unserved


def test_nobody_holds_what_one_order_asks() -> None:
    assert holders("lang:sign") == set()


def test_all_who_could_lead_another_are_taken() -> None:
    thursday = [who_can(visit, "lead") for visit in ("r15", "r16", "r17")]
    assert thursday == [{"v001", "v002"}] * 3
    times = TABLES["requests"].filter(pl.col("request_id").is_in(["r15", "r16", "r17"]))
    assert times["start"].unique().to_list() == ["2026-12-03T09:00"]
    assert times["priority"].to_list() == ["5", "4", "2"]


def test_a_third_is_too_far_or_at_the_wrong_time() -> None:
    repairers = holders("skill:09")
    travel = dict(TABLES["volunteers"].select("volunteer_id", "travel_km").iter_rows())
    free = {v for v in repairers if "2" in days_of(v)}
    assert len(repairers) == 6
    assert {travel[v] for v in free} == {"6.0"}
    assert len(free) == 4
    assert {v: days_of(v) for v in repairers - free} == {"v014": {"6"}, "v015": {"6"}}
    assert travel["v014"] == "20.0"
    assert who_can("r29", "repairer") == set()


def test_drivers_are_few() -> None:
    assert who_can("r03", "driver") | who_can("r06", "driver") == who_can("r06", "driver")
    assert len(who_can("r06", "driver")) == 2
    assert who_can("r05", "driver") == set()


def test_the_quota_binds() -> None:
    organisation, rows = "o4", TABLES["organisations"]
    below = rows.filter(pl.col("parent_id") == organisation)["organisation_id"]
    tree = [organisation, *below]
    members = TABLES["volunteers"].filter(pl.col("organisation_id").is_in(tree))["volunteer_id"]
    served = best().filter(pl.col("volunteer_id").is_in(members.implode())).height
    quota = rows.filter(pl.col("organisation_id") == organisation)["max_seats"].item()
    assert served == int(quota)
