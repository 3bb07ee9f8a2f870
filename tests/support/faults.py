"""Folders of faulty tables, and the faults that are to be told of each."""

import shutil
from datetime import date
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "data" / "faults"
BASE = FOLDER / "_base"
MONDAY = date(2026, 11, 30)
ZONES = dict.fromkeys(
    ("skipped_hour", "repeated_hour", "skipped_hour_of_a_week"), "America/New_York"
)
WEEKS = {"skipped_hour_of_a_week": date(2026, 3, 2)}

# table, row, column, value as read, rule
Fault = tuple[str, int | None, str | None, str | None, str]
FAULTS: dict[str, list[Fault]] = {
    "latin1_bytes": [("organisations", 1, "name", "Qu\ufffd", "encoding")],
    "replacement_character": [("organisations", 1, "name", "Qu\ufffd", "encoding")],
    "utf16": [("volunteers", None, None, "volunteers.csv", "encoding")],
    "utf16_without_mark": [("availability", None, None, "availability.csv", "encoding")],
    "utf32": [("pairs", None, None, "pairs.csv", "encoding")],
    "nul_byte": [("bonds", None, None, "bonds.csv", "encoding")],
    "byte_order_mark_inside": [("volunteers", 6, "volunteer_id", "\ufeffvolunteer_id", "encoding")],
    "empty_file": [("requests", None, None, "requests.csv", "empty_file")],
    "only_line_breaks": [("pairs", None, None, None, "empty_file")],
    "ragged_short": [("volunteers", 6, None, "v6,o1", "ragged")],
    "ragged_long": [
        (
            "requests",
            3,
            None,
            "r3,,,Visit, once,care,o1,,b2,31.24,121.47,2026-12-02T09:00,2...",
            "ragged",
        )
    ],
    "unclosed_quote": [("menu", None, None, None, "unclosed_quote")],
    "quote_closed_in_a_later_row": [
        ("organisations", 4, "name", 'Lane,,\no5,Yard,,\no6,Gate"', "unclosed_quote")
    ],
    "semicolons": [
        ("preferences", None, None, "volunteer_id;subject;value;weight;never", "delimiter")
    ],
    "tabs": [("stations", None, None, "station_id\tname\tlat\tlon\tgrid\tregion", "delimiter")],
    "header_twice": [("posts", None, "seats", "request_id,post,seats,seats", "header")],
    "header_without_name": [
        ("bonds", None, None, "volunteer_id,beneficiary_id,visits,last_visit,", "header")
    ],
    "broken_parquet": [("volunteers", None, None, "volunteers.parquet", "parquet")],
    "csv_and_parquet": [("pairs", None, None, "pairs.csv, pairs.parquet", "one_file")],
    "required_column_missing": [("requests", None, "request_id", None, "required_column")],
    "required_column_missing_of_a_side_table": [("posts", None, "seats", None, "required_column")],
    "id_empty": [("volunteers", 6, "volunteer_id", None, "nullability")],
    "id_made_a_number": [("volunteers", 6, "volunteer_id", "1.00E+05", "not_a_spreadsheet_number")],
    "id_with_a_space_after": [("volunteers", 6, "volunteer_id", "v6 ", "no_outer_space")],
    "id_with_an_invisible_character": [
        ("volunteers", 6, "volunteer_id", "v\u200b6", "no_invisible_character")
    ],
    "id_with_a_control_character": [
        ("stations", 3, "station_id", "s\x073", "no_invisible_character")
    ],
    "id_too_long": [("organisations", 4, "organisation_id", "o" * 60 + "...", "max_length")],
    "id_twice": [
        ("stations", 3, "station_id", "s3", "unique"),
        ("stations", 4, "station_id", "s3", "unique"),
    ],
    "key_twice": [
        ("posts", 2, "request_id, post", "request_id=r3, post=helper", "unique"),
        ("posts", 3, "request_id, post", "request_id=r3, post=helper", "unique"),
    ],
    "key_twice_without_option": [
        (
            "assignments",
            1,
            "volunteer_id, request_id, post, option",
            "volunteer_id=v1, request_id=r1, post=cook, option=",
            "unique",
        ),
        (
            "assignments",
            4,
            "volunteer_id, request_id, post, option",
            "volunteer_id=v1, request_id=r1, post=cook, option=",
            "unique",
        ),
    ],
    "name_too_long": [("menu", 1, "name", "x" * 60 + "...", "max_length")],
    "nan_latitude": [("volunteers", 1, "lat", "NaN", "nan")],
    "infinite_hours": [("volunteers", 1, "max_hours", "inf", "inf")],
    "latitude_91": [("stations", 1, "lat", "91", "max")],
    "longitude_181": [("requests", 3, "lon", "-181", "min")],
    "latitude_alone": [("stations", 2, "lat, lon", "lat=31.26, lon=", "lat_and_lon")],
    "decimal_comma": [("volunteers", 1, "travel_km", "7,5", "type")],
    "thousands_separator": [("bonds", 1, "visits", "1,000", "type")],
    "text_in_a_number": [("volunteers", 3, "max_shifts", "two", "type")],
    "fraction_of_a_person": [("posts", 2, "seats", "2.5", "type")],
    "negative_seats": [("menu_posts", 1, "seats", "-1", "min")],
    "quantity_0": [("requests", 1, "quantity", "0", "min")],
    "priority_6": [("requests", 1, "priority", "6", "max")],
    "level_0": [("qualifications", 3, "level", "0", "min")],
    "level_6": [("menu_qualifications", 2, "level", "6", "max")],
    "show_up_90": [("volunteers", 1, "show_up", "90", "max")],
    "preference_3": [("availability", 1, "preference", "3", "max")],
    "weight_101": [("preferences", 1, "weight", "101", "max")],
    "score_too_large": [("affinities", 1, "score", "1000001", "max")],
    "neither_true_nor_false": [("preferences", 2, "never", "maybe", "type")],
    "unknown_consent": [("volunteers", 2, "consent", "yes", "type")],
    "unknown_subject": [("preferences", 1, "subject", "colour", "type")],
    "unknown_pair_rule": [("pairs", 1, "rule", "with", "type")],
    "unknown_status": [("assignments", 1, "status", "confirmed", "type")],
    "hour_24": [("requests", 3, "end", "2026-12-02T24:00", "type")],
    "day_for_a_time": [("requests", 3, "start", "2026-12-02", "type")],
    "seconds": [("availability", 1, "start", "2026-11-30T08:00:30", "type")],
    "month_13": [("options", 1, "start", "2026-13-01T16:00", "type")],
    "february_30": [("bonds", 1, "last_visit", "2026-02-30", "type")],
    "day_first": [("qualifications", 2, "valid_from", "01/02/2026", "type")],
    "offset_nonsense": [("availability", 2, "end", "2026-12-01T12:00+99:99", "type")],
    "weekday_8": [("availability", 3, "weekday", "8", "max")],
    "weekday_in_words": [("availability", 3, "weekday", "Monday", "type")],
    "clock_24": [("availability", 4, "end_time", "24:00", "type")],
    "weekly_and_dated": [
        (
            "availability",
            1,
            "start, end, weekday, start_time, end_time",
            "start=2026-11-30T08:00, end=2026-11-30T20:00, weekday=1, start_time=, end_time=",
            "dated_or_weekly",
        )
    ],
    "weekly_in_part": [
        (
            "availability",
            3,
            "start, end, weekday, start_time, end_time",
            "start=, end=, weekday=1, start_time=08:00, end_time=",
            "dated_or_weekly",
        )
    ],
    "window_across_midnight": [
        (
            "availability",
            5,
            "start_time, end_time",
            "start_time=22:00, end_time=12:00",
            "end_time_after_start_time",
        )
    ],
    "end_before_start": [
        (
            "options",
            2,
            "start, end",
            "start=2026-12-01T18:00, end=2026-12-01T17:00",
            "end_after_start",
        )
    ],
    "end_equals_start": [
        (
            "requests",
            3,
            "start, end",
            "start=2026-12-02T09:00, end=2026-12-02T09:00",
            "end_after_start",
        )
    ],
    "valid_until_before_from": [
        (
            "qualifications",
            2,
            "valid_from, valid_until",
            "valid_from=2026-01-01, valid_until=2025-12-31",
            "until_not_before_from",
        )
    ],
    "skipped_hour": [("requests", 3, "start", "2026-03-08T02:30", "exists_in_time_zone")],
    "repeated_hour": [("requests", 3, "start", "2026-11-01T01:30", "exists_in_time_zone")],
    "skipped_hour_of_a_week": [
        (
            "availability",
            3,
            "weekday, start_time, end_time",
            "weekday=7, start_time=02:30, end_time=20:00",
            "exists_in_time_zone",
        )
    ],
    "without_time_or_options": [
        ("requests", 4, "start, end", "start=, end=2026-12-05T01:00", "when")
    ],
    "without_end_or_minutes": [
        ("requests", 4, "start, end", "start=2026-12-04T23:00, end=", "when")
    ],
    "pair_with_oneself": [
        ("pairs", 3, "volunteer_a, volunteer_b", "volunteer_a=v5, volunteer_b=v5", "two_people")
    ],
    "neither_weight_nor_never": [
        ("preferences", 1, "weight, never", "weight=, never=", "weight_or_never")
    ],
    "window_without_days": [
        (
            "volunteers",
            1,
            "max_in_days, in_days",
            "max_in_days=9, in_days=",
            "max_in_days_and_in_days",
        )
    ],
    "eight_days_a_week": [("volunteers", 1, "max_days", "8", "max")],
    "limit_twice_for_all": [
        (
            "limits",
            row,
            "volunteer_id, subject, value",
            "volunteer_id=, subject=menu_item, value=",
            "unique",
        )
        for row in (1, 3)
    ],
    "limit_without_number": [("limits", 1, "max_shifts", None, "nullability")],
    "limit_of_a_weekday": [("limits", 1, "subject", "weekday", "type")],
    "team_rule_asks_nothing": [
        (
            "team_rules",
            1,
            "min_people, per_people",
            "min_people=, per_people=",
            "asks_for_something",
        )
    ],
    "team_rule_of_both": [
        (
            "team_rules",
            1,
            "request_id, menu_item",
            "request_id=r3, menu_item=m1",
            "request_or_menu_item",
        )
    ],
    "team_rule_of_neither": [
        (
            "team_rules",
            2,
            "request_id, menu_item",
            "request_id=, menu_item=",
            "request_or_menu_item",
        )
    ],
    "min_seats_above_seats": [
        ("posts", 1, "min_seats, seats", "min_seats=2, seats=1", "min_seats_within_seats")
    ],
    "organisations_in_a_circle": [
        (
            "organisations",
            1,
            "organisation_id, parent_id",
            "organisation_id=o1, parent_id=o2",
            "cycle",
        ),
        (
            "organisations",
            2,
            "organisation_id, parent_id",
            "organisation_id=o2, parent_id=o1",
            "cycle",
        ),
    ],
    "parent_of_itself": [
        (
            "organisations",
            2,
            "organisation_id, parent_id",
            "organisation_id=o2, parent_id=o2",
            "cycle",
        )
    ],
    "unknown_organisation": [("volunteers", 1, "organisation_id", "o9", "reference")],
    "unknown_parent": [("organisations", 1, "parent_id", "o9", "reference")],
    "unknown_station": [("requests", 1, "station_id", "s9", "reference")],
    "unknown_menu_item": [("requests", 2, "menu_item", "m9", "reference")],
    "unknown_menu_item_of_a_post": [("menu_posts", 4, "menu_item", "m9", "reference")],
    "unknown_volunteer": [("availability", 5, "volunteer_id", "v9", "reference")],
    "unknown_volunteer_of_a_pair": [("pairs", 2, "volunteer_b", "v9", "reference")],
    "group_of_one": [
        ("groups", 2, "group_id, volunteer_id", "group_id=g2, volunteer_id=v3", "several_people")
    ],
    "sessions_overlap": [
        (
            "sessions",
            2,
            "request_id, start, end",
            "request_id=r3, start=2026-12-02T10:30, end=2026-12-02T12:00",
            "sessions_overlap",
        )
    ],
    "session_without_its_option": [
        (
            "sessions",
            1,
            "request_id, option, session",
            "request_id=r2, option=, session=1",
            "session_s_option",
        )
    ],
    "unknown_station_of_a_way": [("travel", 3, "to_station", "s9", "reference")],
    "two_times_for_one_way": [
        ("travel", n, "from_station, to_station", "from_station=s1, to_station=s2", "unique")
        for n in (1, 3)
    ],
    "unknown_request": [("posts", 3, "request_id", "r9", "reference")],
    "unknown_request_of_an_option": [("options", 2, "request_id", "r9", "reference")],
    "unknown_post": [
        ("assignments", 1, "request_id, post", "request_id=r1, post=driver2", "post_exists")
    ],
    "unknown_post_of_a_menu_item": [
        ("menu_qualifications", 1, "menu_item, post", "menu_item=m1, post=pilot", "post_exists")
    ],
    "unknown_post_of_an_affinity": [
        ("affinities", 1, "request_id, post", "request_id=r1, post=pilot", "post_exists")
    ],
    "unknown_option": [
        ("assignments", 2, "request_id, option", "request_id=r2, option=noon", "option_exists")
    ],
    "option_of_a_request_without": [
        ("assignments", 1, "request_id, option", "request_id=r1, option=early", "option_exists")
    ],
}


def world(tmp_path: Path, fault: str) -> Path:
    folder = tmp_path / fault
    shutil.copytree(BASE, folder)
    for path in (FOLDER / fault).iterdir():
        (folder / f"{path.stem}.csv").unlink(missing_ok=True)
    shutil.copytree(FOLDER / fault, folder, dirs_exist_ok=True)
    return folder


# One fault of each rule.
ONE_OF_EACH_RULE = set({told[0][-1]: name for name, told in FAULTS.items()}.values())
