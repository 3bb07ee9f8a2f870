"""Slips: what each person is told, in how many text messages, and that no text can do anything."""

import csv
import re
from datetime import datetime
from html.parser import HTMLParser
from pathlib import Path

import icalendar
import polars as pl
import pytest
from typer.testing import CliRunner

from matching.cli import app
from matching.reports.facts import Facts
from matching.reports.feeds import write_feeds
from matching.reports.locales import Locale
from matching.reports.page.payload import payload_of
from matching.reports.slips import HOLDING, write_slips
from matching.reports.slips.lines import (
    messages,
    station_slips,
    team_slips,
    volunteer_slips,
)
from matching.reports.slips.paper import render
from matching.reports.workbook import write_workbook
from matching.stores import write_tables
from tests.support.facts import MONDAY, facts_of, small_world
from tests.support.workbooks import WORDS


@pytest.fixture(scope="module")
def facts() -> Facts:
    """Ann leads a visit with Bo in the north; Cy cooks alone in the south, where two are wanted."""
    return facts_of(small_world())


def but(facts: Facts, **frames: pl.DataFrame) -> Facts:
    return Facts(**{**vars(facts), **frames})


def test_a_volunteer_is_told_their_own_services(facts: Facts) -> None:
    slips = volunteer_slips(facts).rows_by_key("volunteer_id", named=True, unique=True)
    assert slips["ann"]["zh"].splitlines() == [
        "ann您好，志愿服务",
        "周一11/30 09:00-11:00 探访 visitor North 领队",
        "能来吗？回复是/否",
    ]
    assert slips["ann"]["en"].splitlines() == [
        "Hello ann, your volunteering:",
        "Mon 30 Nov 09:00-11:00 探访, visitor, North, you lead",
        "Can you come? Please answer YES or NO.",
    ]
    assert slips["bo"]["en"].splitlines()[1] == "Mon 30 Nov 09:00-11:00 探访, visitor, North"
    # "cy您好，志愿服务" has 9 characters, the second line 35, the third 9; two line ends.
    assert slips["cy"]["zh"].splitlines()[1] == "周二12/1 10:00-13:00 lunch cook South"
    assert (slips["cy"]["zh_characters"], slips["cy"]["zh_messages"]) == (55, 1)


def test_services_stand_in_the_order_of_time_and_what_is_settled_asks_nothing(
    facts: Facts,
) -> None:
    roster = facts.roster.with_columns(
        volunteer_id=pl.lit("ann"), status=pl.lit("accepted"), post=pl.lit("volunteer")
    )
    (text,) = volunteer_slips(but(facts, roster=roster))["zh"]
    assert text.splitlines() == [
        "ann您好，志愿服务",
        "周一11/30 09:00-11:00 探访 North 领队",
        "周一11/30 09:00-11:00 探访 North",
        "周二12/1 10:00-13:00 lunch South",
    ]


def test_a_service_past_midnight_says_so(facts: Facts) -> None:
    roster = facts.roster.filter(pl.col("volunteer_id") == "cy").with_columns(
        end=pl.lit(datetime(2026, 12, 2, 1, 30))
    )
    (text,) = volunteer_slips(but(facts, roster=roster))["en"]
    assert "Tue 1 Dec 10:00-01:30(+1) lunch" in text


def test_a_place_is_always_there_and_whom_to_ask_if_the_policy_says(facts: Facts) -> None:
    """Without a station there is the order to ask for."""
    roster = facts.roster.with_columns(station=pl.lit(None, pl.String))
    nowhere = but(facts, roster=roster, contact="Maria,\n555-0100 ")
    (text,) = volunteer_slips(nowhere).filter(volunteer_id="cy")["en"]
    assert text.splitlines()[1:] == [
        "Tue 1 Dec 10:00-13:00 lunch, cook, order r2",
        "Can you come? Please answer YES or NO.",
        "Questions: Maria,\\n555-0100",
    ]
    assert "咨询：Maria" in station_slips(nowhere)["zh"][0]
    assert "Maria" in render(nowhere)


def test_the_clock_is_the_regions(facts: Facts) -> None:
    american = Locale("en", "en_US")
    text = volunteer_slips(facts, american).filter(volunteer_id="cy")["en"].item()
    assert text.splitlines()[1] == "Tue, Dec 1 10:00 AM-1:00 PM lunch, cook, South"
    assert re.fullmatch(r"[\x20-\x7e\n]*", text), "no narrow blanks: they make messages long"
    assert "10:00 AM–1:00 PM" in render(facts, american)
    assert station_slips(facts, american)["zh"][1].splitlines()[1].startswith("10:00-13:00")


def test_people_are_greeted_by_name_and_phones_are_on_the_sheet(facts: Facts) -> None:
    """Ann and Bo are both called Kim: each is greeted as Kim, and the lists tell them apart."""
    contacts = pl.DataFrame(
        {
            "volunteer_id": ["ann", "bo"],
            "name": ["Kim", "Kim"],
            "phone": ["555-0101", None],
            "language": ["zh", None],
        }
    )
    named = but(facts, contacts=contacts)
    slips = volunteer_slips(named)
    assert slips.columns[:4] == ["volunteer_id", "name", "phone", "language"]
    assert slips.row(0)[:4] == ("ann", "Kim", "555-0101", "zh")
    assert [text.splitlines()[0] for text in slips["en"]] == [
        "Hello Kim, your volunteering:",
        "Hello Kim, your volunteering:",
        "Hello cy, your volunteering:",
    ]
    team = team_slips(named).filter(request_id="r1")["en"].item()
    assert team.splitlines()[1] == "visitor: Kim (ann)(lead) Kim (bo)"
    page = Tags(render(named))
    for text in ("Kim (ann) ★ lead", "Kim (bo)", "Phone", "555-0101"):
        assert text in page.text
    assert "Phone" not in Tags(render(facts)).text


def test_a_team_is_told_who_comes_and_how_many_are_missing(facts: Facts) -> None:
    slips = team_slips(facts).rows_by_key("request_id", named=True, unique=True)
    assert slips["r1"]["zh"].splitlines() == [
        "探访 周一11/30 09:00-11:00 North 订单r1，2人",
        "visitor: ann(领队) bo",
    ]
    assert slips["r2"]["zh"].splitlines() == [
        "lunch 周二12/1 10:00-13:00 South 订单r2，1人，缺1",
        "cook: cy",
    ]
    assert slips["r2"]["en"].splitlines() == [
        "lunch, Tue 1 Dec 10:00-13:00, South, order r2: 1 person, 1 missing",
        "cook: cy",
    ]
    assert "r3" not in slips, "nobody serves it"


def test_posts_of_a_team_are_told_apart(facts: Facts) -> None:
    roster = facts.roster.with_columns(
        post=pl.col("volunteer_id").replace({"ann": "speaker", "bo": "volunteer"})
    )
    text = team_slips(but(facts, roster=roster)).filter(request_id="r1")["en"].item()
    assert text.splitlines()[1:] == ["speaker: ann(lead)", "volunteer: bo"]


def test_a_station_is_told_its_days(facts: Facts) -> None:
    slips = station_slips(facts)
    assert slips["station_id"].to_list() == ["n", "s"]
    assert slips["zh"].to_list() == [
        "North 周一11/30\n09:00-11:00 探访 2人",
        "South 周二12/1\n10:00-13:00 lunch 1人 缺1",
    ]
    nobody = but(facts, roster=facts.roster.filter(pl.col("station_id") == "n"))
    south = station_slips(nobody).filter(station_id="s")["en"].item()
    assert south == "South Tue 1 Dec\n10:00-13:00 lunch: 0 people, 1 missing"


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        # A bracket counts twice.
        ("[" * 80, 1),
        ("[" * 81, 2),
        ("志" * 70, 1),
        ("志" * 71, 2),
        ("志" * 134, 2),
        ("志" * 135, 3),
        # One Chinese character makes all letters large.
        ("a" * 69 + "志", 1),
        ("a" * 70 + "志", 2),
        # A character beyond the first plane counts twice.
        ("𠮷" * 35, 1),
        ("𠮷" * 36, 2),
        ("Ann's é_@£\n(+1), order: 9-11 & more!", 1),
        ("", 1),
    ],
)
def test_how_many_messages_a_text_takes(text: str, number: int) -> None:
    assert pl.DataFrame({"t": [text]}).select(messages("t")).item() == number


def test_everything_is_in_the_folder(tmp_path: Path, facts: Facts) -> None:
    write_slips(facts, tmp_path, sequence=2)
    assert {path.name for path in tmp_path.iterdir()} == set(HOLDING)
    assert (tmp_path / "volunteers.zh.txt").read_text(encoding="utf-8").split("\n\n") == [
        *volunteer_slips(facts)["zh"][:2],
        volunteer_slips(facts)["zh"][2] + "\n",
    ]
    with (tmp_path / "volunteers.csv").open(encoding="utf-8-sig", newline="") as file:
        table = list(csv.DictReader(file))
    assert [row["volunteer_id"] for row in table] == ["ann", "bo", "cy"]
    assert table[2]["zh_characters"] == "55"
    event = icalendar.Calendar.from_ical((tmp_path / "calendars" / "bo.ics").read_bytes()).events[0]
    assert event["SEQUENCE"] == 2


def test_a_plan_in_which_nobody_serves(tmp_path: Path) -> None:
    nobody = {
        "plan": pl.DataFrame(
            schema=dict.fromkeys(["request_id", "post", "volunteer_id"], pl.String)
        )
    }
    facts = facts_of(small_world(), (nobody, {}))
    write_slips(facts, tmp_path)
    assert (tmp_path / "volunteers.zh.txt").read_text() == ""
    assert (tmp_path / "teams.csv").read_text(encoding="utf-8-sig").count("\n") == 1
    assert station_slips(facts)["zh"].to_list() == [
        "North 周一11/30\n09:00-11:00 探访 0人 缺2",
        "South 周二12/1\n10:00-13:00 lunch 0人 缺2",
    ]


class Tags(HTMLParser):
    """What a page consists of."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.text += data


def test_a_sheet_per_station_with_room_to_sign(facts: Facts) -> None:
    """North, South, and one sheet for what has no station: nobody is left without a line."""
    page = Tags(render(facts))
    assert page.tags.count("section") == page.tags.count("h1") == 3
    for text in ("North", "09:00–11:00", "ann ★ lead", "1 open", "Signature", "Services", "repair"):
        assert text in page.text
    # Three lines a day for those who come without being planned, on three days.
    assert page.text.count("walk-in") == 9
    assert not {"script", "img", "link", "a"} & set(page.tags)
    assert not {"src", "href"} & page.attributes
    assert "签到" in Tags(render(facts, Locale("zh"))).text
    assert not re.search("[签岗]", page.text), "one language"


HOSTILE = (
    '=HYPERLINK("http://evil")\r\n周一11/30 09:00 fake\n\nSTOP\u2028x\x00</td><script>alert(1)'
    "</script><img src=x onerror=y>{{7*7}}\u202e"
)
COLUMNS = ("service", "station", "post", "volunteer_id", "request_id", "station_id", "status")


@pytest.mark.parametrize("column", COLUMNS)
def test_no_text_is_markup_a_formula_or_another_line(
    tmp_path: Path, facts: Facts, column: str
) -> None:
    # A station that has no name is called by its id.
    columns = [column, "station"] if column == "station_id" else [column]
    hostile = but(
        facts,
        roster=facts.roster.with_columns(pl.lit(HOSTILE).alias(name) for name in columns),
        unfilled=facts.unfilled.with_columns(
            pl.lit(HOSTILE).alias(name) for name in columns if name in facts.unfilled.columns
        ),
    )
    write_slips(hostile, tmp_path)
    for slips in (volunteer_slips(hostile), team_slips(hostile), station_slips(hostile)):
        for language in ("zh", "en"):
            for text in slips[language]:
                # The head, and a line for each service, post or order; three rows in all.
                assert len(text.splitlines()) == text.count("\n") + 1 <= 5
                assert not set(text) & set("\r\x00\u2028\u202e")
    for path in tmp_path.glob("*.csv"):
        with path.open(encoding="utf-8-sig", newline="") as file:
            cells = [cell for row in csv.reader(file) for cell in row]
        assert not any(cell[:1] in ("=", "+", "-", "@", "\t", "\r") for cell in cells if cell)
    page, clean = Tags((tmp_path / "stations.html").read_text("utf-8")), Tags(render(facts))
    assert set(page.tags) == set(clean.tags)
    assert page.attributes == clean.attributes
    assert "49" not in page.text
    inside = [path.parent for path in (tmp_path / "calendars").rglob("*.ics")]
    assert set(inside) == {tmp_path / "calendars"}


NAMELESS = {
    "no column name": lambda stations: stations.drop("name"),
    "an empty name": lambda stations: stations.with_columns(name=pl.lit(None, pl.String)),
    "a blank name": lambda stations: stations.with_columns(name=pl.lit("  ")),
    "no table stations": None,
}


@pytest.mark.parametrize("case", NAMELESS)
@pytest.mark.filterwarnings("ignore:requests.station_id is filled")
def test_a_station_without_a_name_is_called_by_its_id_everywhere(tmp_path: Path, case: str) -> None:
    """Stations n and s: in every slip, sheet of paper, sheet of the workbook, feed and page."""
    tables, change = small_world(), NAMELESS[case]
    stations = tables.pop("stations")
    facts = facts_of(tables if change is None else tables | {"stations": change(stations)})
    told = volunteer_slips(facts).rows_by_key("volunteer_id", named=True, unique=True)
    assert told["bo"]["zh"].splitlines()[1] == "周一11/30 09:00-11:00 探访 visitor n"
    assert told["cy"]["en"].splitlines()[1] == "Tue 1 Dec 10:00-13:00 lunch, cook, s"
    assert team_slips(facts).filter(request_id="r1")["zh"].item().startswith("探访 周一11/30")
    assert " n 订单r1" in team_slips(facts).filter(request_id="r1")["zh"].item()
    assert station_slips(facts)["en"].str.split(" ").list.first().to_list() == ["n", "s"]
    headings = re.findall("<h1>(.*?)</h1>", render(facts))
    assert headings == ["n", "s", "Services"]
    assert payload_of(facts)["station"]["name"] == ["n", "s"]
    write_workbook(facts, tmp_path / "plan.xlsx")
    for sheet in (WORDS.roster, WORDS.sheets["unfilled"], WORDS.sheets["stations"]):
        shown = pl.read_excel(tmp_path / "plan.xlsx", sheet_name=sheet, infer_schema_length=0)
        names = shown[WORDS.headers["station"]].drop_nulls()
        assert names.to_list() == shown[WORDS.headers["station_id"]].drop_nulls().to_list()
        assert len(names)
    write_feeds(facts, tmp_path / "feeds")
    (feed,) = icalendar.Calendar.from_ical(
        (tmp_path / "feeds/volunteers/cy.ics").read_bytes()
    ).events
    assert feed["LOCATION"] == "s"


@pytest.mark.slow
def test_from_the_command_line(tmp_path: Path) -> None:
    def run(*arguments: str) -> None:
        done = CliRunner().invoke(app, [*arguments])
        assert done.exit_code == 0, done.output

    write_tables(tmp_path / "tables", small_world())
    plan, out = str(tmp_path / "plan"), tmp_path / "slips"
    run("plan", str(tmp_path / "tables"), "--week", MONDAY.isoformat(), "--out", plan)
    for _ in range(2):
        run("report", plan, "--format", "slips", "--out", str(out))
    assert {path.name for path in out.iterdir()} == set(HOLDING)
