"""More kinds of spreadsheets: lists, days written short, sheets of one person, codes of shifts.

The week is that of Monday 7 December 2026 unless a sheet says another.
"""

from pathlib import Path

import pytest

from matching.errors import UsageError
from matching.stores.spreadsheets import Reading, understand
from matching.stores.spreadsheets.phrases import said_in
from tests.support.sheets import TODAY, asked, by_time, read, servers, sheet
from tests.test_spreadsheets import ADA, BO, CLEO, SHIFTS, held, seats, workbook


def text(folder: Path, content: str, name: str) -> Path:
    path = folder / name
    path.write_text(content, encoding="utf-8")
    return path


# --- when people can come ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "free"),
    [
        ("M/W/F mornings", "Mon 6-12, Wed 6-12, Fri 6-12"),
        ("TTh 3:30-5:30pm", "Tue 15.5-17.5, Thu 15.5-17.5"),
        ("evenings M-Th", "Mon 17-24, Tue 17-24, Wed 17-24, Thu 17-24"),
        ("9-5 Mon, Sat 10-12", "Mon 9-17, Sat 10-12"),
        ("Mon-Wed-Fri", "Mon 0-24, Wed 0-24, Fri 0-24"),
        ("Tues & Thurs, noon-5", "Tue 12-17, Thu 12-17"),
        ("any time after 3pm", "* 15-24"),
        ("evenings after 6", "* 18-24"),
        ("afternoons and Sat", "* 12-18, Sat 0-24"),
        ("Dec 8 & 10", "8 0-24, 10 0-24"),
        ("Dec 7 - Dec 9", "7 0-24, 8 0-24, 9 0-24"),
        ("周一、三、五上午", "Mon 6-12, Wed 6-12, Fri 6-12"),
        ("周六日", "Sat 0-24, Sun 0-24"),
        ("工作日晚上7点后", "Mon 19-24, Tue 19-24, Wed 19-24, Thu 19-24, Fri 19-24"),
        ("12月8日、10日下午", "8 12-18, 10 12-18"),
        ("vrijdagavond", "Fri 17-24"),
        ("Mo/Di/Mi 14-18 Uhr", "Mon 14-18, Tue 14-18, Wed 14-18"),
    ],
)
def test_days_and_hours_written_short(words: str, free: str) -> None:
    names = ["", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    found = [
        f"{(day.day or names[day.weekday or 0]) if day else '*'} "
        f"{window.start / 60:g}-{(window.end or 1440) / 60:g}"
        for day, window in said_in(words).free
    ]
    assert ", ".join(found) == free
    assert not said_in(words).partly


def test_words_that_may_change_a_time_are_told(tmp_path: Path) -> None:
    people = sheet(
        tmp_path,
        f"""
        Name   | Availability
        {ADA}  | every other Tuesday
        {BO}   | any day but Tuesday
        {CLEO} | when my knee allows
        """,
        "p.csv",
    )
    reading = read(people, sheet(tmp_path, SHIFTS.replace("Drivers", ""), "s.csv"))
    assert by_time(reading)["Tue 13:00"] == {ADA}
    assert by_time(reading)["Mon 09:00"] == {BO}
    assert "p.csv, row 2, column B: not all words were understood; read as Tue 00:00-24:00" in (
        reading.said
    )
    assert "p.csv, row 4, column B: no time was understood; taken for never" in reading.said
    assert not any("knee" in said for said in reading.said)


def test_who_says_when_they_cannot_come_can_at_other_times(tmp_path: Path) -> None:
    people = sheet(tmp_path, f"Name | Cannot do\n{ADA} | Tue\n{BO} | Mondays and weekends", "p.csv")
    able = by_time(read(people, sheet(tmp_path, SHIFTS.replace("First aid", ""), "s.csv")))
    assert able == {"Mon 09:00": {ADA}, "Tue 13:00": set(), "Wed 18:00": {ADA, BO}}


def test_people_name_shifts_by_their_code(tmp_path: Path) -> None:
    shifts = sheet(
        tmp_path,
        """
        Code | Date      | Start   | End      | Needed
        S1   | 12/7/2026 | 9:00 AM | 12:00 PM | 2
        S2   | 12/8/2026 | 1:00    | 4:00     | 1
        """,
        "shifts.csv",
    )
    people = sheet(tmp_path, f"Name | Shifts\n{ADA} | S1, S2\n{BO} | S2; S9", "people.csv")
    reading = read(shifts, people)
    assert by_time(reading) == {"Mon 09:00": {ADA}, "Tue 13:00": {ADA, BO}}
    assert "people.csv: no such shift: S9" in reading.said


def test_a_sheet_for_each_person_and_one_for_each_job(tmp_path: Path) -> None:
    def grid(*marked: str) -> list[list[str]]:
        days = ("Monday", "Tuesday")
        hours = [
            [time, *("x" if f"{d[:3]} {time}" in marked else "" for d in days)] for time in TIMES
        ]
        return [["Time", *days], *hours]

    shifts = sheet(tmp_path, SHIFTS.replace("Drivers", ""), "s.csv")
    persons = workbook(tmp_path, {"Ada": grid("Mon 9-12"), "Bo": grid("Mon 9-12", "Tue 13-16")})
    able = by_time(read(persons, shifts))
    assert able == {"Mon 09:00": {"Ada", "Bo"}, "Tue 13:00": {"Bo"}, "Wed 18:00": set()}
    head = ["Name", "Mon", "Tue"]
    jobs = workbook(
        tmp_path, {"Driving": [head, [ADA, "x", "x"]], "Cooking": [head, [BO, "x", ""]]}
    )
    reading = read(jobs, week="2026-12-07", hours="9-12", seats="1")
    assert servers(reading)["2026-12-07 09:00 Driving"] == {ADA}
    assert servers(reading)["2026-12-07 09:00 Cooking"] == {BO}


TIMES = ("9-12", "13-16")


# --- lists ---------------------------------------------------------------------------------------


def test_a_chat_list_of_who_signed_up(tmp_path: Path) -> None:
    chat = text(
        tmp_path,
        "#接龙\n本周志愿服务\n\n12月8日 周二 9:00-11:00 图书馆整理（3人）\n1. 张三\n"
        "2. 李四 可以早到\n\n"
        "12月12日（周六）上午8:30-11:30 义诊，需要6人\n1、王五+1\n2、\n",
        "接龙.txt",
    )
    reading = read(chat)
    assert asked(reading) == set()
    assert held(reading) == {
        ("Tue 08 Dec 09:00-11:00 图书馆整理", "张三"),
        ("Tue 08 Dec 09:00-11:00 图书馆整理", "李四"),
        ("Sat 12 Dec 08:30-11:30 义诊", "王五"),
    }
    assert seats(reading) == {
        "Tue 08 Dec 09:00-11:00 图书馆整理": 3,
        "Sat 12 Dec 08:30-11:30 义诊": 6,
    }


def test_a_chat_list_of_when_people_can_come(tmp_path: Path) -> None:
    chat = text(
        tmp_path, "请大家接龙有空的时间\n1. 张三：周二下午\n2. 李四 工作日\n3. 王五", "接龙.txt"
    )
    shifts = sheet(tmp_path, SHIFTS.replace("Drivers", ""), "s.csv")
    able = by_time(read(chat, shifts))
    assert able["Tue 13:00"] == {"张三", "李四"}
    assert able["Mon 09:00"] == {"李四"}


def test_numbered_lines_to_sign_on(tmp_path: Path) -> None:
    lines = ["Bake sale sign-up", "", '"Saturday, December 12, 2026"', "8am - 10am Setup"]
    lines += [f"1. {ADA}", "2.", "10am - 12pm Serving", f"1. {BO}", f"2. {CLEO} (brings a cake)"]
    reading = read(text(tmp_path, "\n".join(lines), "signup.csv"))
    assert seats(reading) == {
        "Sat 12 Dec 08:00-10:00 Setup": 2,
        "Sat 12 Dec 10:00-12:00 Serving": 2,
    }
    assert {name for _, name in held(reading)} == {ADA, BO, CLEO}


# --- rows of services ----------------------------------------------------------------------------


def test_a_row_of_several_days_and_one_without_a_day(tmp_path: Path) -> None:
    shifts = sheet(
        tmp_path,
        """
        Day       | Time      | Activity  | Helpers needed
        Mon-Wed   | 9-11      | Breakfast | 3
        Tue & Thu | 1:00-4:00 | Homework  | 2
        soon      | 9-11      | Party     | 1
        """,
        "s.csv",
    )
    people = sheet(tmp_path, f"Name | Availability\n{ADA} | Tuesday", "p.csv")
    reading = read(shifts, people, week="2026-12-07")
    assert [service.shown for service in reading.services.values()] == [
        "Mon 07 Dec 09:00-11:00 Breakfast",
        "Tue 08 Dec 09:00-11:00 Breakfast",
        "Tue 08 Dec 13:00-16:00 Homework",
        "Wed 09 Dec 09:00-11:00 Breakfast",
        "Thu 10 Dec 13:00-16:00 Homework",
    ]
    assert "s.csv, row 4: 'soon' is not understood as a day; the row is left out" in reading.said


def test_who_cancelled_or_waits_does_not_stand_there(tmp_path: Path) -> None:
    rows = sheet(
        tmp_path,
        f"""
        Assignment | Date       | From    | To       | Volunteer | Status    | Slots
        Pantry     | 12/07/2026 | 9:00 AM | 12:00 PM | {ADA}     | Confirmed | 3
        Pantry     | 12/07/2026 | 9:00 AM | 12:00 PM | {BO}      | Cancelled | 3
        Pantry     | 12/07/2026 | 9:00 AM | 12:00 PM | {CLEO}    | Pending   | 3
        """,
    )
    reading = read(rows)
    assert {name for _, name in held(reading)} == {ADA, CLEO}
    assert list(seats(reading).values()) == [3]
    assert "sheet.csv: not counted, as Cancelled: rows 3" in reading.said
    assert "sheet.csv: a status of Pending changes nothing" in reading.said


def test_days_by_their_number_under_a_month(tmp_path: Path) -> None:
    rota = sheet(
        tmp_path, f"Rota, December 2026 | |\nDate | Reader | Tea\n6th | {ADA} | {BO}\n13th | {BO} |"
    )
    reading = read(rota, week="2026-12-07", hours="10:00; 90 min")
    assert held(reading) == {("Sun 13 Dec 10:00-11:30 Reader", BO)}
    months = workbook(
        tmp_path,
        {
            "Club": [
                ["", "November", "December", ""],
                ["Job", "28", "5", "12"],
                ["Coach", ADA, BO, CLEO],
                ["Scorer", BO, "", ADA],
            ]
        },
        Club=["C1:D1"],
    )
    reading = read(months, week="2026-12-07", hours="9-12")
    assert {name for _, name in held(reading)} == {ADA, CLEO}


def test_numbers_are_nobodys_name(tmp_path: Path) -> None:
    needs = sheet(
        tmp_path, "Site | Date | Time | Volunteers\nHall | 7 Dec 2026 | 9-12 | 2", "n.csv"
    )
    grid = sheet(tmp_path, " | Mon 7 Dec | Tue 8 Dec\n13:00-16:00 | 2-3 | 1\n9-12 | 1 | 2", "g.csv")
    people = sheet(tmp_path, f"Name | Site | Mon 7 Dec 9-12\n{ADA} | Hall | x", "p.csv")
    assert by_time(read(needs, people)) == {"Mon 09:00": {ADA}}
    reading = read(grid, people)
    assert {person.name for person in reading.facts.people.values()} == {ADA}
    assert reading.services["2026-12-07 13:00 13:00-16:00"].min_seats == 2


def test_hours_are_asked_for_in_the_words_of_the_sheet(tmp_path: Path) -> None:
    poll = workbook(
        tmp_path,
        {
            "有空": [
                ["姓名", "周一", ""],
                ["", "上午", "下午"],
                ["云小舟", "√", ""],
                ["花知秋", "", "√"],
            ]
        },
        有空=["B1:C1", "A1:A2"],
    )
    hours = next(q for q in read(poll).questions if q.key == "hours")
    assert "上午, 下午" in hours.about
    able = by_time(read(poll, week="2026-12-07", hours="上午=8:30-11:30; 下午=14-17", seats="1"))
    assert able == {"Mon 08:30": {"云小舟"}, "Mon 14:00": {"花知秋"}}


def test_the_first_answer_of_a_form_is_no_heading(tmp_path: Path) -> None:
    form = sheet(
        tmp_path,
        f"""
        Timestamp       | Email   | Full Name | Shifts? [Monday] | Shifts? [Tuesday]
        11/20/2026 9:00 | a@x.org | {ADA}     | Morning (9-12)   | Morning (9-12)
        11/20/2026 9:10 | b@x.org | {BO}      | Morning (9-12)   |
        """,
    )
    able = by_time(read(form, week="2026-12-07", seats="1"))
    assert able == {"Mon 09:00": {ADA, BO}, "Tue 09:00": {ADA}}


# --- grids ---------------------------------------------------------------------------------------


def test_a_line_of_a_poll_says_how_many_are_needed(tmp_path: Path) -> None:
    poll = sheet(tmp_path, f"Name | Mon 4-6pm | Wed 4-6pm\nNeeded | 2 | 1-3\n{ADA} | yes | (yes)")
    reading = read(poll, week="2026-12-07")
    assert list(seats(reading).values()) == [2, 3]
    assert by_time(reading) == {"Mon 16:00": {ADA}, "Wed 16:00": {ADA}}
    assert reading.tables["availability"]["preference"].sort().to_list() == [-1, 0]


def test_days_down_under_words_that_are_no_headings(tmp_path: Path) -> None:
    rota = sheet(
        tmp_path, f"KW 50 | |\n | Früh | Spät\nMo | {ADA} | {BO}\nDi | {BO} |\nMi | frei | frei"
    )
    reading = read(rota, week="2026-12-07", hours="Früh=6-14; Spät=14-22")
    assert held(reading) == {
        ("Mon 07 Dec 06:00-14:00 Früh", ADA),
        ("Mon 07 Dec 14:00-22:00 Spät", BO),
        ("Tue 08 Dec 06:00-14:00 Früh", BO),
    }


def test_periods_under_days_and_hours_without_a_colon(tmp_path: Path) -> None:
    periods = workbook(
        tmp_path,
        {
            "空课": [
                ["姓名", "周一", "", "周二", ""],
                ["", "1", "2", "1", "2"],
                ["云小舟", "√", "", "", "√"],
            ]
        },
        空课=["B1:C1", "D1:E1", "A1:A2"],
    )
    able = by_time(read(periods, week="2026-12-07", hours="1=8-10; 2=10-12", seats="1"))
    assert {time for time, who in able.items() if who} == {"Mon 08:00", "Tue 10:00"}
    hours = sheet(tmp_path, "name | Mon 10 | Mon 11 | Tue 10\nada | 1 | 0 | 1")
    able = by_time(read(hours, week="2026-12-07", seats="1"))
    assert able == {"Mon 10:00": {"ada"}, "Mon 11:00": set(), "Tue 10:00": {"ada"}}


def test_days_in_cells_under_parts_of_a_day(tmp_path: Path) -> None:
    form = sheet(
        tmp_path,
        f"""
        Timestamp        | Name  | Free? [Morning] | Free? [Evening]
        2026-11-20 09:00 | {ADA} | Monday, Tuesday | Wednesday
        2026-11-20 09:10 | {BO}  |                 | Wednesday
        """,
        "form.csv",
    )
    shifts = sheet(tmp_path, SHIFTS.replace("Drivers", "").replace("First aid", ""), "s.csv")
    able = by_time(read(form, shifts))
    assert able == {"Mon 09:00": {ADA}, "Tue 13:00": set(), "Wed 18:00": {ADA, BO}}


def test_codes_whose_hours_stand_in_the_title(tmp_path: Path) -> None:
    poll = workbook(
        tmp_path,
        {
            "S": [
                ["Availability (AM = 9-12, PM = 1-4)"],
                ["Name", "7 Dec", "8 Dec"],
                [ADA, "AM", "PM"],
            ]
        },
    )
    reading = read(poll, seats="1")
    assert asked(reading) == set()
    assert {t for t, who in by_time(reading).items() if who} == {"Mon 09:00", "Tue 13:00"}
    assert "book.xlsx, sheet S: codes: am = AM 09:00-12:00; pm = PM 13:00-16:00" in reading.said


def test_roles_and_names_below_a_day_and_its_services(tmp_path: Path) -> None:
    lines = ["Sunday 13 December 2026 |", "9:30 Service |", f"Reader | {ADA}", f"Tea | {BO}"]
    lines += ["11:00 Service |", "Reader |", "Tea | Cleo B"]
    reading = read(sheet(tmp_path, "\n".join(lines)), hours="60 min")
    assert {(shown.split(" ")[3], name) for shown, name in held(reading)} == {
        ("09:30-10:30", ADA),
        ("09:30-10:30", BO),
        ("11:00-12:00", "Cleo B"),
    }
    assert len(reading.services) == 4


# --- overruling ----------------------------------------------------------------------------------


def test_what_a_table_is_can_be_overruled(tmp_path: Path) -> None:
    codes = workbook(
        tmp_path,
        {"Plan": [["", "7 Dec", "8 Dec"], [ADA, "E", "L"], [BO, "L", "E"], [CLEO, "E", "E"]]},
    )
    where, answers = "book.xlsx, sheet Plan", {"hours": "E=8-12; L=12-17", "seats": "1"}

    def told(kind: str) -> Reading:
        return understand([codes], answers, TODAY, kinds={where: kind})

    assert len(held(told("roster"))) == 6
    assert held(told("availability")) == set()
    assert by_time(told("availability"))["Mon 08:00"] == {ADA, CLEO}
    with pytest.raises(UsageError, match="Missing"):
        told("skip")
    with pytest.raises(UsageError, match=r"did you mean book\.xlsx, sheet Plan"):
        understand([codes], answers, TODAY, kinds={"book.xlsx, sheet plans": "roster"})


def test_a_sheet_of_odd_cells_is_read_or_refused(tmp_path: Path) -> None:
    marks = "yes | yes | no\n | yes | no\nMon | yes | yes\nTue | no | yes"
    with pytest.raises(UsageError, match="Missing"):
        read(sheet(tmp_path, marks))
    ends = "Name | Mon 7 Dec | Tue 8 Dec\nAda B | 9 | 9-12\nBo L | ab 9:00 | 9:00"
    assert asked(read(sheet(tmp_path, ends))) == {"needs"}
