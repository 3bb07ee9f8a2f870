"""National code tables, and weekly half-days as windows of a week."""

import sys
from datetime import date, datetime, time

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching import UsageError
from matching.stores.national import NAMES, SlotRules, book, slots_of, windows_of

PLAIN = date(2026, 11, 30)
# 1 to 7 October 2026 are off, a Thursday to a Wednesday; Saturday the 10th is worked.
GOLDEN, AFTER = date(2026, 9, 28), date(2026, 10, 5)


@pytest.mark.parametrize(
    ("name", "rows", "code", "label", "term"),
    [
        ("skills", 24, "18", "心理咨询", "skill:18"),
        ("categories", 21, "0017", "关爱特殊群体", "0017"),
        ("targets", 13, "03", "老年人", "target:03"),
        ("slots", 24, "01", "星期一上午", "monday-morning"),
        ("slots", 24, "24", "节假日晚上", "holiday-evening"),
        ("languages", 68, "4932", "蒙古语", "lang:mn"),
        ("language_modes", 2, "2", "笔译", "language:translation"),
        ("stars", 5, "5", "五星级", "5"),
        ("consent", 3, "2", "默认拒绝邀请", "refuse"),
        ("training", 3, "1", "通用培训", "trained:general"),
    ],
)
def test_code_tables(name: str, rows: int, code: str, label: str, term: str) -> None:
    table = book(name)
    assert table.height == rows
    assert table.filter(code=code).row(0) == (code, label, term)


@pytest.mark.parametrize("name", NAMES)
def test_a_code_a_label_and_a_term_stand_for_each_other(name: str) -> None:
    table = book(name)
    assert table.columns == ["code", "label", "term"]
    assert all(table[column].n_unique() == table.height for column in table.columns)
    assert table.null_count().row(0) == (0, 0, 0)


def test_a_table_that_is_not_there() -> None:
    with pytest.raises(UsageError, match="no national code table 'skill'; there are skills, "):
        book("skill")


def test_a_plain_week_has_twenty_one_half_days() -> None:
    windows = windows_of(PLAIN)
    assert windows.height == 21
    assert windows.row(0) == ("monday-morning", *on(PLAIN, 7, 12))
    assert windows.row(20) == ("sunday-evening", *on(date(2026, 12, 6), 19, 21))
    assert set(windows["slot"]) | set(book("slots")["term"].tail(3)) == set(book("slots")["term"])


def test_a_holiday_has_slots_of_its_own() -> None:
    windows = windows_of(GOLDEN)
    days = windows.group_by("slot", maintain_order=True).agg(pl.col("start").dt.date())
    meant = dict(days.iter_rows())
    # Monday to Wednesday as ever; Thursday the 1st to Sunday the 4th are holidays.
    assert meant["monday-morning"] == [date(2026, 9, 28)]
    assert meant["holiday-morning"] == [date(2026, 10, day) for day in (1, 2, 3, 4)]
    assert "thursday-morning" not in meant
    assert "sunday-evening" not in meant


def test_a_weekend_day_that_is_worked_has_none_unless_kept() -> None:
    assert not windows_of(AFTER)["slot"].str.starts_with("saturday").any()
    kept = windows_of(AFTER, SlotRules(keep_worked=True))
    assert kept.filter(pl.col("slot") == "saturday-morning").row(0)[1:] == on(
        date(2026, 10, 10), 7, 12
    )


def test_parts_and_holidays_of_ones_own() -> None:
    rules = SlotRules(
        {"evening": (time(18), time(22))}, (date(2026, 12, 1),), worked=(date(2026, 12, 5),)
    )
    windows = windows_of(PLAIN, rules)
    assert windows.row(2) == ("monday-evening", *on(PLAIN, 18, 22))
    assert windows["slot"][3:6].to_list() == [
        "holiday-morning",
        "holiday-afternoon",
        "holiday-evening",
    ]
    assert not windows["slot"].str.starts_with("saturday").any()


def test_a_year_that_is_not_announced_says_what_to_do() -> None:
    with pytest.raises(UsageError, match=r"knows 2004 to \d{4}.*pip install -U chinesecalendar"):
        windows_of(date(2098, 1, 6))
    assert windows_of(date(2098, 1, 6), SlotRules(holidays=())).height == 21
    with pytest.raises(UsageError, match="a week starts with a Monday"):
        windows_of(date(2026, 12, 1))


def test_without_the_calendar_the_holidays_may_be_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "chinese_calendar", None)
    with pytest.raises(UsageError, match="who does not give the holidays of China"):
        windows_of(PLAIN)
    assert windows_of(PLAIN, SlotRules(holidays=())).height == 21


def test_windows_cover_slots_from_beginning_to_end() -> None:
    day = date(2026, 9, 28)
    windows = pl.DataFrame(
        [
            ("b", *on(day, 6, 10)),  # together Monday 6 to 13: the morning
            ("b", *on(day, 10, 13)),
            ("a", *on(day, 8, 20)),  # the afternoon alone
            ("c", *on(date(2026, 10, 1), 7, 21)),  # one of four holidays
        ],
        {"volunteer_id": pl.String, "start": pl.Datetime("us"), "end": pl.Datetime("us")},
        orient="row",
    )
    assert slots_of(windows, GOLDEN).rows() == [("b", "monday-morning"), ("a", "monday-afternoon")]
    assert slots_of(windows.clear(), GOLDEN).is_empty()


@settings(max_examples=30)
@given(
    st.dictionaries(
        st.sampled_from("abcd"), st.sets(st.sampled_from(book("slots")["term"].to_list()))
    ),
    st.sampled_from([PLAIN, GOLDEN, AFTER]),
)
def test_slots_to_windows_and_back(chosen: dict[str, set[str]], week: date) -> None:
    known = windows_of(week)
    asked = pl.DataFrame(
        [(who, slot) for who, slots in chosen.items() for slot in slots],
        {"volunteer_id": pl.String, "slot": pl.String},
        orient="row",
    )
    windows = asked.join(known, on="slot").select("volunteer_id", "start", "end")
    # A slot that the week does not have leaves no trace in it.
    there = {(who, slot) for who, slot in asked.rows() if slot in set(known["slot"])}
    assert set(slots_of(windows, week).rows()) == there


def on(day: date, start: int, end: int) -> tuple[datetime, datetime]:
    return datetime.combine(day, time(start)), datetime.combine(day, time(end))
