"""Records from files and databases: one answer, in bounded memory, with every fault told."""

from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from matching.errors import DataError, UsageError
from matching.records.people import hours_of
from matching.records.policy import RecordPolicy
from matching.stores.records import crediting, spilling
from matching.stores.records.answers import told
from matching.stores.records.crediting import credited_records
from matching.stores.registry import open_sink
from matching.synthetic.records import as_of, year_of_records
from tests.support.commands import run
from tests.support.servers import SERVERS, schema_for, server

HEAD = "record_id,volunteer_id,request_id,start,end,status,entered_at"
ROWS = """
r1,v1,q1,2026-06-01T09:00,2026-06-01T11:30,done,2026-06-02T09:00
r2,v1,q1,2026-06-01T11:00,2026-06-01T12:00,done,2026-06-02T09:05
r3,v2,q1,2026-06-01T09:00,2026-06-01T11:30,no_show,
r4,v2,q2,2026-06-31T09:00,2026-07-01T11:30,done,
r5,v3,q2,2026-06-04T09:00,2026-06-04T10:00,done,
""".strip()


@pytest.fixture
def small(tmp_path: Path) -> Path:
    (tmp_path / "records.csv").write_text(f"{HEAD}\n{ROWS}\n", encoding="utf-8")
    return tmp_path


def answers(where: object, **options: object) -> tuple[dict, pl.DataFrame, pl.DataFrame]:
    with credited_records(where, RecordPolicy(), as_of(2026), **options) as found:
        totals = {key: found.summary[key] for key in ("records", "counted", "credited", "codes")}
        return totals, told(found, "en"), hours_of(found.parts(), found.time_zone)


def same(one: tuple, other: tuple) -> None:
    assert one[0] == other[0]
    assert_frame_equal(one[1], other[1])
    assert_frame_equal(one[2], other[2])


@pytest.fixture(scope="module")
def year() -> tuple[pl.DataFrame, pl.DataFrame]:
    records, projects, _ = next(year_of_records(250, 7))
    # Some of every kind of mistake.
    wrong = pl.int_range(pl.len()) % 50
    return records.with_columns(
        end=pl.when(wrong == 1).then("start").otherwise("end"),
        record_id=pl.when(wrong == 2).then(pl.lit("twice")).otherwise("record_id"),
        request_id=pl.when(wrong == 3).then(pl.lit("nobody's")).otherwise("request_id"),
        entered_at=pl.when(wrong == 4).then("start").otherwise("entered_at"),
        start=pl.when(wrong == 5).then(None).otherwise("start"),
    ), projects


def test_files_and_databases_give_one_answer(
    tmp_path: Path, year: tuple[pl.DataFrame, pl.DataFrame]
) -> None:
    records, projects = year
    inner = tmp_path / "parquet" / "records"
    inner.mkdir(parents=True)
    for number, part in enumerate(records.iter_slices(400)):
        part.write_parquet(inner / f"{number}.parquet")
    projects.write_parquet(tmp_path / "parquet" / "projects.parquet")
    tables = {"records": records, "projects": projects}
    open_sink(tmp_path / "csv").write_tables(tables)
    open_sink(tmp_path / "one.sqlite").write_tables(tables)
    expected = answers(tmp_path / "parquet")
    assert expected[0]["records"] == records.height
    assert {"id_of_two", "ends_before_start", "unknown_project", "no_times", "overlap"} <= {
        *expected[0]["codes"]
    }
    same(answers(tmp_path / "csv"), expected)
    same(answers(tmp_path / "one.sqlite"), expected)
    same(answers(tables), expected)


@pytest.mark.parametrize("variable", SERVERS)
def test_servers_give_the_answer_of_files(
    tmp_path: Path, variable: str, year: tuple[pl.DataFrame, pl.DataFrame]
) -> None:
    tables = dict(zip(("records", "projects"), year, strict=True))
    schema = schema_for(variable, tmp_path)
    open_sink(server(variable), schema=schema).write_tables(tables)
    same(answers(server(variable), schema=schema), answers(tables))


@pytest.mark.slow
def test_the_answer_is_the_same_where_rows_go_through_the_disk(
    year: tuple[pl.DataFrame, pl.DataFrame], monkeypatch: pytest.MonkeyPatch
) -> None:
    tables = dict(zip(("records", "projects"), year, strict=True))
    expected = answers(tables)
    monkeypatch.setattr(spilling, "_HELD", 900)
    monkeypatch.setattr("matching.stores.records.sources.ROWS", 500)
    same(answers(tables), expected)


def test_an_id_of_two_volunteers_counts_for_neither_however_they_are_spread(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(spilling, "_HELD", 1)
    monkeypatch.setattr("matching.stores.records.sources.ROWS", 1)
    row = {"record_id": "r1", "start": "2026-01-05T09:00", "end": "2026-01-05T10:00"}
    rows = [row | {"volunteer_id": f"v{n}", "status": "done"} for n in range(9)]
    totals, _, _ = answers({"records": pl.DataFrame(rows)})
    assert totals["codes"] == {"id_of_two": 9}


def test_a_row_that_cannot_be_read_is_told_with_its_place(small: Path) -> None:
    with pytest.raises(DataError, match=r"records row 4, start = '2026-06-31T09:00'"):
        answers(small)
    totals, refused, _ = answers(small, on_error="quarantine")
    assert (totals["records"], totals["counted"]) == (5, 2)
    bad = refused.filter(code="unreadable")
    assert bad["record_id"].to_list() == ["r4"]
    assert "row 4, start = 2026-06-31T09:00" in bad["sentence"].item()


def test_a_row_that_the_file_itself_breaks_counts_once_and_is_no_record(small: Path) -> None:
    with (small / "records.csv").open("a") as file:
        file.write("r6,v3,q2,2026-06-05T09:00,2026-06-05T10:00,done,,one cell too many\n")
    totals, refused, _ = answers(small, on_error="quarantine")
    assert (totals["records"], totals["counted"]) == (6, 2)
    assert totals["codes"]["unreadable"] == 2
    assert refused.filter(code="unreadable")["sentence"].str.contains("row 6").sum() == 1


def test_faulty_rows_beside_the_records_are_told_and_set_aside_if_asked(small: Path) -> None:
    (small / "requests.csv").write_text(
        "request_id,start,end\nq1,2026-06-01T09:00,2026-06-01T12:00\nq2,2026-06-04,\nq2,,\n"
    )
    done = run("records", "hours", small)
    assert (done.exit_code, "requests row 2, start = '2026-06-04'" in done.stderr) == (2, True)
    assert "--on-error quarantine" in done.stderr
    done = run("records", "check", small, "--as-of", "2026-07-01")
    assert "rows of requests are set aside" in done.stderr
    assert "r5 is of q2, which is in no row" in done.stdout


def test_a_key_in_two_batches_is_in_two_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("matching.stores.records.sources.ROWS", 1)
    row = {"record_id": "r1", "volunteer_id": "v1", "status": "done"}
    projects = pl.DataFrame({"request_id": ["q1", "q1"]})
    with pytest.raises(DataError, match="2 faults"):
        answers({"records": pl.DataFrame([row]), "projects": projects})


def test_what_was_kept_is_the_answer_again(small: Path) -> None:
    expected = answers(small, on_error="quarantine", keep=small / "kept")
    same(answers(small / "kept"), expected)
    with (
        pytest.raises(UsageError, match="credited with rounding = 'none'"),
        credited_records(small / "kept", RecordPolicy(rounding="half_hours"), as_of()),
    ):
        pass


def test_nothing_is_kept_of_what_fails(small: Path) -> None:
    with pytest.raises(DataError):
        answers(small, keep=small / "kept")
    assert not (small / "kept").exists()


def test_a_place_without_records_says_what_is_wanted(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="called records"):
        answers(tmp_path)
    (tmp_path / "records.parquet").write_bytes(b"PAR1 and not")
    with pytest.raises(DataError, match="not a Parquet file"):
        answers(tmp_path)
    (tmp_path / "records.csv").write_text("record_id\n")
    with pytest.raises(UsageError, match="both records"):
        answers(tmp_path)


def test_check_tells_each_record_and_whether_anything_is_to_be_mended(small: Path) -> None:
    done = run("records", "check", small, "--as-of", "2026-07-01")
    assert done.exit_code == 1
    assert "5 records: 2 count, 3.50 hours" in done.stdout
    assert "r2 from 2026-06-01 11:00 to 2026-06-01 12:00 overlaps r1" in done.stdout
    assert "r3" not in done.stdout  # who did not come needs no mending
    done = run("records", "check", small, "--out", small / "refused.csv")
    refused = pl.read_csv(small / "refused.csv")
    assert refused["code"].to_list() == ["overlap", "no_show", "unreadable"]


def test_hours_are_asked_as_of_a_day_and_kept_for_other_commands(small: Path) -> None:
    done = run("records", "hours", small, "--as-of", "2026-06-03", "--on-error", "quarantine")
    assert "v1: 2.50 hours, 1 of 2 records" in done.stdout
    assert "v3: 0 hours, none of 1 records" in done.stdout
    assert run("records", "hours", small).exit_code == 2
    kept = small / "kept"
    done = run("records", "hours", small, "--on-error", "quarantine", "--keep", kept)
    assert done.exit_code == 0
    assert {path.name for path in kept.iterdir()} <= set(crediting.NAMES)
    done = run("records", "hours", kept)
    assert "v3: 1.00 hours" in done.stdout
    assert "records as they were credited as of" in done.stderr
    done = run("records", "due", kept, "--as-of", "2026-07-01")
    assert (done.exit_code, "and --as-of says 2026-07-01" in done.stderr) == (2, True)


@pytest.mark.parametrize("text", ["2026-13-01", "yesterday", "9999-12-31", ""])
def test_a_moment_that_is_none_is_refused(small: Path, text: str) -> None:
    done = run("records", "hours", small, "--as-of", text)
    assert done.exit_code == 2
    assert "--as-of" in done.stderr
