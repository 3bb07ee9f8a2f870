"""Kinds of spreadsheets, each as small as it can be: what is read out of them.

The week is that of Monday 7 December 2026 unless a sheet says another.
"""

from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from matching.errors import UsageError
from matching.stores.spreadsheets import Reading
from tests.support.sheets import asked, by_time, read, servers, sheet

ADA, BO, CLEO, DOV = "Ada Brindle", "Bo Lark", "Cleo Butter", "Dov Jasper"
SHIFTS = """
    Date      | From-To     | Task    | Needed | Skills needed
    12/7/2026 | 9am-12pm    | Pantry  | 2-3    |
    12/8/2026 | 1pm-3pm     | Van     | 1      | Drivers
    12/9/2026 | 18:00–20:00 | Kitchen | 2      | First aid
"""


def workbook(folder: Path, sheets: dict[str, list[list[Any]]], **merges: list[str]) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.active)  # type: ignore[arg-type]
    for name, rows in sheets.items():
        page = book.create_sheet(name)
        for row in rows:
            page.append([cell if cell != "" else None for cell in row])
        for cells in merges.get(name, []):
            page.merge_cells(cells)
    path = folder / "book.xlsx"
    book.save(path)
    return path


def held(reading: Reading) -> set[tuple[str, str]]:
    """Return who stands where: the service as people call it, and the name."""
    services = list(reading.services.values())
    return {
        (services[at].shown, reading.facts.people[who].name)
        for who, at, _, _ in reading.supply.held
    }


def seats(reading: Reading) -> dict[str, int | None]:
    return {service.shown: service.seats for service in reading.services.values()}


# --- lists ---------------------------------------------------------------------------------------


def test_when_people_can_come_in_their_own_words(tmp_path: Path) -> None:
    people = sheet(
        tmp_path,
        f"""
        Timestamp        | Your name | Phone          | When can you help? | Skills
        2026/11/20 09:00 | {ADA}     | (555) 555-0100 | Mon AM; Wed PM     | Driver
        2026/11/20 09:10 | {BO}      | (555) 555-0101 | any weekday        |
        2026/11/20 09:20 | {CLEO}    | (555) 555-0102 | not Tuesdays       | First aid, Driver
        2026/11/20 09:30 | {DOV}     | (555) 555-0103 | weekday evenings   | First aid
        """,
        "people.csv",
    )
    reading = read(people, sheet(tmp_path, SHIFTS, "shifts.csv"))
    # Ada is free on Monday morning; her Wednesday ends at 18:00. Nobody drives on a Tuesday.
    assert by_time(reading) == {
        "Mon 09:00": {ADA, BO, CLEO},
        "Tue 13:00": set(),
        "Wed 18:00": {CLEO, DOV},
    }
    assert reading.services["2026-12-07 09:00 Pantry"].min_seats == 2


def test_a_word_spelt_in_two_ways_is_asked_about(tmp_path: Path) -> None:
    people = sheet(tmp_path, f"Name | Availability | Skills\n{BO} | Tuesday | driver", "p.csv")
    shifts = sheet(tmp_path, SHIFTS, "s.csv")
    assert "spelling" in asked(read(people, shifts))
    assert by_time(read(people, shifts))["Tue 13:00"] == {BO}
    apart = read(people, shifts, spelling="no")
    assert by_time(apart)["Tue 13:00"] == set()
    assert any("nobody has 'Drivers'" in said for said in apart.said)


def test_the_later_answer_of_a_form_counts(tmp_path: Path) -> None:
    form = sheet(
        tmp_path,
        f"""
        Timestamp        | Name  | Email   | Mon 7 Dec 9-12 | Tue 8 Dec 9-12
        2026-11-20 09:00 | {ADA} | a@x.org | yes            |
        2026-11-21 09:00 | {BO}  | b@x.org | yes            | yes
        2026-11-22 09:00 | {ADA} | a@x.org |                | yes
        """,
    )
    reading = read(form, seats="1")
    assert by_time(reading) == {"Mon 09:00": {BO}, "Tue 09:00": {ADA, BO}}
    assert any("answered twice" in said for said in reading.said)


def test_a_table_on_its_side_is_turned(tmp_path: Path) -> None:
    crew = sheet(
        tmp_path,
        f"""
        Name                | {ADA}          | {BO}     | {CLEO}
        Email               | a@x.org        | b@x.org  | c@x.org
        Availability        | Mon AM; Wed PM | weekends | any weekday
        Skills              | first aid      | Drivers  | first aid, Drivers
        Max shifts per week | 2              | 1        | 3
        """,
        "crew.csv",
    )
    reading = read(crew, sheet(tmp_path, SHIFTS, "shifts.csv"))
    assert by_time(reading) == {"Mon 09:00": {ADA, CLEO}, "Tue 13:00": {CLEO}, "Wed 18:00": {CLEO}}
    assert reading.tables["volunteers"]["max_shifts"].to_list() == [2, 1, 3]


def test_days_of_the_week_are_columns_of_a_member_list(tmp_path: Path) -> None:
    members = sheet(
        tmp_path,
        f"""
        Garden team: who can come
        Member | Mobile      | M | T | W | T | F | Can drive?
        {ADA}  | 0700 900001 | x |   | x |   |   | yes
        {BO}   | 0700 900002 |   | x |   |   | x | no
        """,
        "members.csv",
    )
    work = sheet(
        tmp_path,
        """
        Day    | From | To    | Shift     | How many
        Monday | 9:00 | 11:00 | Food bank | 2
        Friday | 9:00 | 11:00 | Food bank | 1
        """,
        "work.csv",
    )
    assert asked(read(members, work)) == {"week"}
    reading = read(members, work, week="2026-12-07")
    assert by_time(reading) == {"Mon 09:00": {ADA}, "Fri 09:00": {BO}}
    assert list(reading.facts.people["ada brindle"].skills) == ["Can drive"]


def test_orders_of_a_centre_and_its_volunteers_in_gb18030(tmp_path: Path) -> None:
    orders = tmp_path / "点单.csv"
    text = (
        "清河街道点单汇总表,,,,,,\n序号,站点名称,服务项目,服务日期,服务时间,人数,资质要求\n"
        "1,清河站,量血压,2026年12月8日,14:00-16:00,2,急救证\n"
        "2,云水站,理发,2026年12月9日,上午9点-11点,1,\n"
    )
    orders.write_bytes(text.encode("gb18030"))
    people = tmp_path / "志愿者.csv"
    text = (
        "姓名,联系电话,可服务时间,资质,站点\n云小舟,12000000000,周二下午、周三上午,急救证,清河站\n"
        "花知秋,12000000001,周末全天,,\n石听雨,12000000002,工作日,急救证、驾驶证,\n"
        "柳长亭,12000000003,除周三外都可以,急救证,云水站\n"
    )
    people.write_bytes(text.encode("gb18030"))
    reading = read(orders, people)
    # 云小舟 is of 清河站 alone; 柳长亭 is of 云水站, and not free on Wednesday.
    assert by_time(reading) == {"Tue 14:00": {"云小舟", "石听雨"}, "Wed 09:00": {"石听雨"}}
    assert reading.time_zone == "Asia/Shanghai"


def test_german_lists_in_windows_1252(tmp_path: Path) -> None:
    shifts = tmp_path / "Dienste.csv"
    text = (
        "Datum;Von;Bis;Aufgabe;Anzahl Helfer;Voraussetzung\n07.12.2026;08:30;11:30;Ausgabe;2;\n"
        "08.12.2026;14:00;17:00;Fahrdienst;1;Führerschein\n"
    )
    shifts.write_bytes(text.encode("cp1252"))
    people = tmp_path / "Helfer.csv"
    text = (
        "Nachname;Vorname;Verfügbarkeit;Kenntnisse\nGrün;Jörg;Mo+Mi vormittags, Fr ab 15 Uhr;\n"
        "Weiß;Bärbel;Di nachmittags; \nÖzil;Ayse;täglich außer Mo;Führerschein\n"
    ).replace("; \n", ";Führerschein\n")
    people.write_bytes(text.encode("cp1252"))
    able = by_time(read(shifts, people))
    assert able == {"Mon 08:30": {"Jörg Grün"}, "Tue 14:00": {"Bärbel Weiß", "Ayse Özil"}}


# --- polls ---------------------------------------------------------------------------------------


def test_a_poll_under_merged_days(tmp_path: Path) -> None:
    poll = workbook(
        tmp_path,
        {
            "Encuesta": [
                ["Recogida", "", "", "", ""],
                ["", "Lunes 7/12", "", "Sábado 12/12", ""],
                ["Nombre", "9:00-12:00", "16:00-19:00", "9:00-12:00", "16:00-19:00"],
                ["Lucía Prado", "✓", "", "", ""],
                ["Mateo Ríos", "", "✓", "?", "✓"],
                ["Total", 1, 1, 0, 1],
            ]
        },
        Encuesta=["B2:C2", "D2:E2", "A1:E1"],
    )
    reading = read(poll, seats="1")
    assert by_time(reading) == {
        "Mon 09:00": {"Lucía Prado"},
        "Mon 16:00": {"Mateo Ríos"},
        "Sat 09:00": {"Mateo Ríos"},
        "Sat 16:00": {"Mateo Ríos"},
    }
    assert set(reading.tables["availability"]["preference"]) == {0, -1}  # "?" is liked less


def test_a_japanese_poll_in_utf_16(tmp_path: Path) -> None:
    poll = tmp_path / "出欠.tsv"
    rows = [
        ["名前", "12/7(月) 10:00〜12:00", "12/8(火) 13:00〜15:00"],
        ["はなび", "○", "△"],
        ["ゆきじ", "×", "○"],
        ["○の数", "1", "1"],
    ]
    poll.write_bytes("\n".join("\t".join(row) for row in rows).encode("utf-16"))
    reading = read(poll, seats="1")
    assert by_time(reading) == {"Mon 10:00": {"はなび"}, "Tue 13:00": {"はなび", "ゆきじ"}}


def test_half_days_without_hours_are_asked_for(tmp_path: Path) -> None:
    poll = sheet(
        tmp_path,
        f"""
        Name   | Mon 7 Dec | Tue 8 Dec
        {ADA}  | AM        | Both
        {BO}   | PM        |
        {CLEO} |           | AM
        """,
    )
    assert asked(read(poll)) == {"hours", "seats"}
    reading = read(poll, hours="AM=8-12; PM=12-17", seats="1")
    assert by_time(reading) == {
        "Mon 08:00": {ADA},
        "Mon 12:00": {BO},
        "Tue 08:00": {ADA, CLEO},
        "Tue 12:00": {ADA},
    }


def test_people_across_and_hours_down(tmp_path: Path) -> None:
    poll = sheet(
        tmp_path,
        """
        Time             | Ada | Bo
        Monday 09:00 AM  | 1   | 0
        Monday 10:00 AM  | 1   | 1
        Tuesday 09:00 AM | 0   | 1
        """,
    )
    reading = read(poll, week="2026-12-07", seats="1")
    assert by_time(reading) == {
        "Mon 09:00": {"Ada"},
        "Mon 10:00": {"Ada", "Bo"},
        "Tue 09:00": {"Bo"},
    }


def test_columns_of_work_over_days_bind_to_that_work(tmp_path: Path) -> None:
    poll = workbook(
        tmp_path,
        {
            "Poll": [
                ["", "Kitchen", "", "Front desk", ""],
                ["Name", "Sat 12 Dec", "Sun 13 Dec", "Sat 12 Dec", "Sun 13 Dec"],
                [ADA, "x", "", "", "x"],
                [BO, "", "x", "x", ""],
            ]
        },
        Poll=["B1:C1", "D1:E1"],
    )
    reading = read(poll, hours="10-14", seats="1")
    able = servers(reading)
    assert able == {
        "2026-12-12 10:00 Kitchen": {ADA},
        "2026-12-12 10:00 Front desk": {BO},
        "2026-12-13 10:00 Kitchen": {BO},
        "2026-12-13 10:00 Front desk": {ADA},
    }


# --- rosters -------------------------------------------------------------------------------------


def test_roles_across_and_days_down_with_merged_dates(tmp_path: Path) -> None:
    rota = workbook(
        tmp_path,
        {
            "Rota": [
                ["Meals on Wheels rota"],
                [],
                ["Date", "Time", "Driver 1", "Driver 2", "Cook", "Notes"],
                [datetime(2026, 12, 7), "9am-12pm", ADA, BO, CLEO, ""],
                ["", "12pm-3pm", f"{DOV} 0700 900123", "", "TBC", "snow?"],
                [datetime(2026, 12, 8), "9am-12pm", "", ADA, DOV, ""],
            ]
        },
        Rota=["A4:A5", "A1:F1"],
    )
    reading = read(rota)
    assert held(reading) == {
        ("Mon 07 Dec 09:00-12:00 Driver", ADA),
        ("Mon 07 Dec 09:00-12:00 Driver", BO),
        ("Mon 07 Dec 09:00-12:00 Cook", CLEO),
        ("Mon 07 Dec 12:00-15:00 Driver", DOV),
        ("Tue 08 Dec 09:00-12:00 Driver", ADA),
        ("Tue 08 Dec 09:00-12:00 Cook", DOV),
    }
    assert seats(reading)["Mon 07 Dec 12:00-15:00 Driver"] == 2
    # Whoever does a role on one day may do it on another.
    assert servers(reading)["2026-12-07 12:00 Cook"] == {CLEO, DOV}


def test_two_lines_of_days_and_a_shift_with_its_hours(tmp_path: Path) -> None:
    roster = workbook(
        tmp_path,
        {
            "第50周": [
                ["服务站值班表", "", "", ""],
                ["班次", "周一", "周二", "周日"],
                ["", "12月7日", "12月8日", "12月13日"],
                ["早班 8:00-12:00", "云小舟、花知秋", "石听雨", "休息"],
                ["晚班 14:00-18:00", "石听雨", "", "休息"],
                ["合计", "3", "1", "0"],
            ]
        },
    )
    reading = read(roster)
    assert seats(reading) == {  # two is the most that stands anywhere; Sunday is closed
        "Mon 07 Dec 08:00-12:00 早班": 2,
        "Mon 07 Dec 14:00-18:00 晚班": 2,
        "Tue 08 Dec 08:00-12:00 早班": 2,
        "Tue 08 Dec 14:00-18:00 晚班": 2,
    }
    assert len(held(reading)) == 4


def test_a_sheet_for_each_day_and_one_for_each_job(tmp_path: Path) -> None:
    head = ["Horaire", "Poste", "Bénévole 1", "Bénévole 2"]
    days = workbook(
        tmp_path,
        {
            "Lundi 7 décembre 2026": [head, ["9h-12h", "Accueil", "Aubane B", "Briac C"]],
            "Mardi 8 décembre 2026": [head, ["14h-18h", "Accueil", "", "Aubane B"]],
        },
    )
    assert held(read(days)) == {
        ("Mon 07 Dec 09:00-12:00 Accueil", "Aubane B"),
        ("Mon 07 Dec 09:00-12:00 Accueil", "Briac C"),
        ("Tue 08 Dec 14:00-18:00 Accueil", "Aubane B"),
    }
    head = ["Date", "Time", "Volunteer 1", "Volunteer 2"]
    jobs = workbook(
        tmp_path,
        {
            "Kitchen": [head, [datetime(2026, 12, 7), "9:00-12:00", ADA, BO]],
            "Reception": [head, [datetime(2026, 12, 7), "9:00-12:00", CLEO, ""]],
        },
    )
    assert seats(read(jobs)) == {
        "Mon 07 Dec 09:00-12:00 Kitchen": 2,
        "Mon 07 Dec 09:00-12:00 Reception": 2,
    }


def test_weeks_below_each_other_and_weeks_by_their_monday(tmp_path: Path) -> None:
    stacked = sheet(
        tmp_path,
        f"""
        Shop rota |            |
                  | Mon 7 Dec  | Wed 9 Dec
        10-12     | {ADA}      | {BO}
        2-4       |            | {CLEO}

                  | Mon 14 Dec | Wed 16 Dec
        10-12     | {BO}       |
        2-4       | {ADA}      | {CLEO}
        """.replace("\n\n", "\n | | \n"),
    )
    assert {name for _, name in held(read(stacked, week="2026-12-07"))} == {ADA, BO, CLEO}
    assert len(held(read(stacked, week="2026-12-14"))) == 3
    weekly = workbook(
        tmp_path,
        {
            "Term": [
                ["Week commencing", "Monday", "Friday"],
                [datetime(2026, 11, 30), ADA, BO],
                [datetime(2026, 12, 7), BO, ""],
                [datetime(2026, 12, 14), ADA, BO],
            ]
        },
    )
    reading = read(weekly, week="2026-12-07", hours="16:00; 60 min")
    assert held(reading) == {("Mon 07 Dec 16:00-17:00", BO)}
    assert len(reading.services) == 2


def test_codes_with_a_legend_below_or_on_another_sheet(tmp_path: Path) -> None:
    days = ["", "Mon 7 Dec", "Tue 8 Dec", "Wed 9 Dec"]
    rows = [days, [ADA, "D", "D", "O"], [BO, "N", "O", "D"], [CLEO, "O", "N", ""]]
    below = [*rows, [], ["D = Day 07:00-15:00; N = Night 22:00-06:00; O = Off"]]
    beside = [["Code", "Meaning", "Time"], ["D", "Day", "07:00-15:00"]]
    beside += [["N", "Night", "22:00-06:00"], ["O", "Off", ""]]
    for sheets in ({"Week": below}, {"Week": rows, "Legend": beside}):
        reading = read(workbook(tmp_path, sheets), seats="1")
        assert held(reading) == {
            ("Mon 07 Dec 07:00-15:00 Day", ADA),
            ("Mon 07 Dec 22:00-06:00 Night", BO),
            ("Tue 08 Dec 07:00-15:00 Day", ADA),
            ("Tue 08 Dec 22:00-06:00 Night", CLEO),
            ("Wed 09 Dec 07:00-15:00 Day", BO),
        }
        able = by_time(reading)
        assert able["Mon 07:00"] == {ADA, BO}  # Cleo is off
        assert able["Wed 22:00"] == {BO, CLEO}


def test_a_calendar_with_times_and_names_in_the_days(tmp_path: Path) -> None:
    calendar = workbook(
        tmp_path,
        {
            "Dec": [
                ["DECEMBER 2026"],
                ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"],
                ["", "", "1\n9-12 Ada B.", 2, "3\n9-12 Cleo", 4, 5],
                ["6\n10-12 Ada B., Cleo", 7, "8\n9-12 Bo L.\n1-4", 9, 10, 11, 12],
                [13, 14, 15, 16, 17, 18, 19],
                [20, 21, 22, 23, "24 CLOSED", "25 CLOSED", 26],
                [27, 28, 29, 30, 31, "", ""],
            ]
        },
        Dec=["A1:G1"],
    )
    reading = read(calendar, week="2026-12-07")
    assert held(reading) == {("Tue 08 Dec 09:00-12:00 9-12", "Bo L.")}
    assert len(reading.services) == 2  # that, and an open 1-4
    assert held(read(calendar, week="2026-11-30")) >= {("Sun 06 Dec 10:00-12:00 10-12", "Cleo")}


def test_a_grid_of_numbers_says_how_many_are_needed(tmp_path: Path) -> None:
    book = workbook(
        tmp_path,
        {
            "Needs": [
                ["Job", "Mon 7 Dec", "Tue 8 Dec"],
                ["Kitchen 9-12", 2, ""],
                ["Desk 13:00-17:00", 1, 3],
            ],
            "People": [
                ["Name", "Available", "Can do"],
                [ADA, "Mon, Tue", "Kitchen"],
                [BO, "any weekday", "Desk, Kitchen"],
            ],
        },
    )
    reading = read(book)
    assert seats(reading) == {
        "Mon 07 Dec 09:00-12:00 Kitchen": 2,
        "Mon 07 Dec 13:00-17:00 Desk": 1,
        "Tue 08 Dec 13:00-17:00 Desk": 3,
    }
    assert servers(reading)["2026-12-07 09:00 Kitchen"] == {ADA, BO}
    assert servers(reading)["2026-12-07 13:00 Desk"] == {BO}


# --- what is refused, and what is told -----------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (
            "Volunteer | Date | Hours served\nAda B | 2026-10-03 | 2.5\nBo L | 2026-10-04 | 3",
            "record",
        ),
        ("Date | Start | End | Task | Needed\n2026-12-07 | 9:00 | 12:00 | Tea | 2", "nobody to"),
        ("Item | Price\nTea | 1.20\nCake | 2.50", "no people"),
        ("", "no table"),
    ],
)
def test_what_no_plan_can_come_of_is_refused_by_name(tmp_path: Path, text: str, named: str) -> None:
    with pytest.raises(UsageError, match=named) as error:
        read(sheet(tmp_path, text or " "))
    assert "Missing" in str(error.value)


@pytest.mark.parametrize(
    ("key", "given"),
    [("seats", "some"), ("seats", "0"), ("hours", "early"), ("week", "soon"), ("day", "Friday 99")],
)
def test_an_answer_that_is_none_says_how_one_is_written(
    tmp_path: Path, key: str, given: str
) -> None:
    sheets = {
        "seats": "Name | Mon 7 Dec 9-12 | Tue 8 Dec 9-12\nAda | x | x\nBo | x |",
        "hours": "Name | Mon 7 Dec | Tue 8 Dec\nAda | AM | PM\nBo | PM | AM",
        "week": "Name | Mon 9-12 | Tue 9-12\nAda | x | x\nBo | x |",
        "day": "Name | Available | Email\nAda | 9-10, 10-11 | a@x.org\nBo | 9-10, 11-12 | b@x.org",
    }
    with pytest.raises(UsageError, match=f"answer {key}"):
        read(sheet(tmp_path, sheets[key]), **{key: given})


def test_a_file_that_is_no_spreadsheet_teaches(tmp_path: Path) -> None:
    for name, content in (("a.xlsx", b"no"), ("b.csv", b"PK\x03\x04xx"), ("c.pdf", b"%PDF")):
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(UsageError, match=name[0]):
            read(path)
    with pytest.raises(UsageError, match="not there"):
        read(tmp_path / "none.csv")


def test_a_poll_with_people_across_and_comments_below_in_shift_jis(tmp_path: Path) -> None:
    poll = tmp_path / "調整.csv"
    rows = ["忘年会の手伝い", "", "日程,はなび,ゆきじ", "12/7(月) 19:00〜21:00,◯,×"]
    rows += ["12/8(火) 19:00〜21:00,△,◯", "コメント,,遅れます"]
    poll.write_bytes("\r\n".join(rows).encode("cp932"))
    reading = read(poll, seats="1")
    assert by_time(reading) == {"Mon 19:00": {"はなび"}, "Tue 19:00": {"はなび", "ゆきじ"}}


def test_a_form_whose_answers_end_in_a_sign(tmp_path: Path) -> None:
    form = sheet(
        tmp_path,
        f"""
        ID | Start time       | Completion time  | Name  | Times available           | Do you drive?
        1  | 2026-11-20 09:00 | 2026-11-20 09:05 | {ADA}  | Mon 7 Dec 9-12;Mon 7 Dec 13-16; | Yes
        2  | 2026-11-20 09:10 | 2026-11-20 09:15 | {BO}   | Tue 8 Dec 9-12;                 | No
        """,
    )
    reading = read(form, seats="1")
    assert by_time(reading) == {"Mon 09:00": {ADA}, "Mon 13:00": {ADA}, "Tue 09:00": {BO}}
    assert list(reading.facts.people["ada brindle"].skills) == ["drive"]


def test_a_schedule_holds_people_to_their_hours(tmp_path: Path) -> None:
    schedule = sheet(
        tmp_path,
        f"""
        Weekly Shift Schedule     |                   |                   |
        Week of 7 December 2026   |                   |                   |
        Employee                  | Monday            | Tuesday           | Total Hours
        {ADA}                     | 9:00 AM - 1:00 PM | OFF               | 4
        {BO}                      | 9:00 AM - 1:00 PM | 1:00 PM - 5:00 PM | 8
        """,
    )
    reading = read(schedule)
    assert seats(reading) == {
        "Mon 07 Dec 09:00-13:00 09:00-13:00": 2,
        "Tue 08 Dec 13:00-17:00 13:00-17:00": 1,
    }
    assert {name for _, name in held(reading)} == {ADA, BO}


def test_days_as_lines_of_their_own_and_roles_under_days(tmp_path: Path) -> None:
    fair = workbook(
        tmp_path,
        {
            "Fair": [
                ["Time", "Task", "Needed", "Helpers"],
                ["Monday 7 December 2026"],
                ["9:00-12:00", "Set-up", 3, f"{ADA}, {BO}"],
                ["Tuesday 8 December 2026"],
                ["16:00-18:00", "Clean-up", 2, ADA],
            ]
        },
        Fair=["A2:D2", "A4:D4"],
    )
    assert seats(read(fair)) == {
        "Mon 07 Dec 09:00-12:00 Set-up": 3,
        "Tue 08 Dec 16:00-18:00 Clean-up": 2,
    }
    rota = workbook(
        tmp_path,
        {
            "Rota": [
                ["", "Mon 7 Dec", "", "Tue 8 Dec", ""],
                ["Shift", "Lead", "Helper", "Lead", "Helper"],
                ["18:00-22:00", ADA, BO, CLEO, ""],
            ]
        },
        Rota=["B1:C1", "D1:E1"],
    )
    reading = read(rota)
    assert held(reading) == {
        ("Mon 07 Dec 18:00-22:00 Lead", ADA),
        ("Mon 07 Dec 18:00-22:00 Helper", BO),
        ("Tue 08 Dec 18:00-22:00 Lead", CLEO),
    }
    assert servers(reading)["2026-12-08 18:00 Helper"] == {BO}


def test_days_and_the_part_of_the_day_in_two_columns(tmp_path: Path) -> None:
    members = sheet(
        tmp_path,
        f"""
        Full name | Email   | Preferred days | Preferred time | Site          | Work with
        {ADA}     | a@x.org | Mon, Wed       | Morning        | North         |
        {BO}      | b@x.org | Any            | Afternoon      | North & South | {ADA}
        {CLEO}    | c@x.org | Weekends       | All day        | South         |
        """,
        "members.csv",
    )
    shifts = sheet(
        tmp_path,
        """
        Site  | Activity | Date       | Start | End   | Number required
        North | Tea      | 07/12/2026 | 09:00 | 12:00 | 1
        North | Tea      | 09/12/2026 | 13:00 | 16:00 | 1
        South | Market   | 13/12/2026 | 10:00 | 14:00 | 2
        """,
        "shifts.csv",
    )
    reading = read(members, shifts)
    # 13/12 tells that days stand before months; Bo's afternoon begins at 12.
    assert by_time(reading) == {"Mon 09:00": {ADA}, "Wed 13:00": {BO}, "Sun 10:00": {CLEO}}
    assert reading.tables["pairs"].rows() == [(ADA, BO, "together")]


def test_rows_of_a_name_and_a_time_beside_what_is_needed(tmp_path: Path) -> None:
    free = sheet(
        tmp_path,
        f"""
        Name  | Date       | From  | To
        {ADA} | 2026-12-07 | 09:00 | 13:00
        {ADA} | 2026-12-08 | 14:00 | 18:00
        {BO}  | 2026-12-07 | 08:00 | 12:00
        {BO}  | 2026-12-12 |       |
        """,
        "free.csv",
    )
    shifts = sheet(
        tmp_path,
        """
        Shift  | Date       | Start | End   | Spots
        Pantry | 2026-12-07 | 09:00 | 12:00 | 2
        Tea    | 2026-12-08 | 15:00 | 17:00 | 1
        Market | 2026-12-12 | 10:00 | 12:00 | 1
        """,
        "shifts.csv",
    )
    able = by_time(read(free, shifts))
    assert able == {"Mon 09:00": {ADA, BO}, "Tue 15:00": {ADA}, "Sat 10:00": {BO}}


def test_times_down_with_the_names_of_all_who_could(tmp_path: Path) -> None:
    poll = sheet(
        tmp_path,
        """
        时间                    | 可参加人员
        12月7日上午9:00-11:00   | 云小舟、花知秋、石听雨
        12月8日下午14:00-16:00  | 花知秋
        """,
    )
    reading = read(poll, seats="1")
    assert by_time(reading) == {
        "Mon 09:00": {"云小舟", "花知秋", "石听雨"},
        "Tue 14:00": {"花知秋"},
    }
    assert held(reading) == set()


def test_headings_that_say_how_many_are_needed(tmp_path: Path) -> None:
    poll = sheet(
        tmp_path,
        f"""
        Volunteer | Sat 12 Dec (10am-12pm) [3 needed] | Sun 13 Dec (1pm-3pm) [2 needed]
        {ADA}     | Yes                               | If needed
        {BO}      | No                                | Yes
        """,
    )
    reading = read(poll)
    assert list(seats(reading).values()) == [3, 2]
    assert by_time(reading) == {"Sat 10:00": {ADA}, "Sun 13:00": {ADA, BO}}


def test_italian_first_and_last_names(tmp_path: Path) -> None:
    people = sheet(
        tmp_path,
        """
        Nome  | Cognome | Telefono     | Disponibilità
        Anna  | Rossi   | 333 11111111 | lunedì e mercoledì mattina
        Carla | Verdi   | 333 11111113 | tutti i giorni
        """,
        "p.csv",
    )
    able = by_time(read(people, sheet(tmp_path, SHIFTS, "s.csv")))
    assert able["Mon 09:00"] == {"Anna Rossi", "Carla Verdi"}


def test_a_roster_that_calls_people_by_their_first_names(tmp_path: Path) -> None:
    book = workbook(
        tmp_path,
        {
            "Members": [["Name", "Trained for"], [ADA, "Till, Kitchen"], [BO, "Kitchen"]],
            "Rota": [
                ["", "Mon 7 Dec", "Tue 8 Dec"],
                ["Till 9-12", "Ada", ""],
                ["Kitchen 9-12", "", "Bo"],
            ],
        },
    )
    reading = read(book)
    assert held(reading) == {
        ("Mon 07 Dec 09:00-12:00 Till", ADA),
        ("Tue 08 Dec 09:00-12:00 Kitchen", BO),
    }
    assert servers(reading)["2026-12-08 09:00 Till"] == {ADA}
    assert "Ada on the roster is taken for Ada Brindle" in reading.said


def test_one_qualification_has_one_spelling(tmp_path: Path) -> None:
    people = sheet(
        tmp_path,
        f"""
        Name   | Availability | Skills
        {ADA}  | Tuesday      | Drivers
        {BO}   | Tuesday      | driver
        {CLEO} | Tuesday      | Driver
        {DOV}  | Tuesday      | driver
        """,
        "p.csv",
    )
    shifts = sheet(tmp_path, SHIFTS, "s.csv")
    reading = read(people, shifts)
    assert by_time(reading)["Tue 13:00"] == {ADA, BO, CLEO, DOV}
    assert "'Driver' is read as 'driver'" in reading.said
    assert "spelling" in asked(reading)
    apart = read(people, shifts, spelling="no")
    assert by_time(apart)["Tue 13:00"] == {ADA}


def test_equal_rows_of_services_add_to_it_and_it_is_said(tmp_path: Path) -> None:
    people = sheet(tmp_path, f"Name | Availability\n{BO} | Tuesday", "p.csv")
    twice = """
        Shift | Date       | Time    | Needed
        Tea   | 2026-12-08 | 9am-1pm | 2
        Tea   | 2026-12-08 | 9am-1pm | 3
        """
    reading = read(people, sheet(tmp_path, twice, "s.csv"))
    assert [service.seats for service in reading.services.values()] == [5]
    assert any("several rows, whose seats are added up (Tea)" in said for said in reading.said)
