"""Names and phones: what is read of them, and that they reach reports alone."""

from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from matching import DataError, UsageError
from matching.cli import app
from matching.reports.contacts import COLUMNS, addressed, people, read_contacts
from matching.reports.feeds import write_feeds
from matching.stores import write_tables
from tests.support.facts import facts_of, rows, small_world

NAME, PHONE = "Annabel Quillfeather", "555-0147"


def written(folder: Path, text: str, name: str = "contacts.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_what_is_not_said_is_null_and_every_cell_is_one_line(tmp_path: Path) -> None:
    text = 'Volunteer_ID,name,language,notes\nann,"Kim\nLee",zh-CN,x\nbo,,English,\n,,,\ncy, ,fr,\n'
    found = read_contacts(written(tmp_path, text))
    assert found.columns == list(COLUMNS)
    assert found.rows() == [
        ("ann", "Kim Lee", None, "zh"),
        ("bo", None, None, "en"),
        ("cy", None, None, None),
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param("id,name\na,b\n", "contacts.csv has id, name", id="no ids"),
        pytest.param("volunteer_id\na\n", "a name or a phone, are wanted", id="nothing but ids"),
        pytest.param("volunteer_id,name\na,b\na,c\n", "keep one of them", id="twice"),
        pytest.param("volunteer_id,name\n,b\n", "a value is required", id="whose"),
        pytest.param("", "empty", id="empty"),
    ],
)
def test_what_cannot_be_contacts_is_told(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(DataError, match=told):
        read_contacts(written(tmp_path, text))


def test_no_file_of_tables(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is no file"):
        read_contacts(tmp_path / "none.csv")
    with pytest.raises(UsageError, match=r"ends in \.csv"):
        read_contacts(written(tmp_path, "ann Kim", "contacts.txt"))


def test_people_of_one_name_are_told_apart_and_the_unknown_keep_their_ids() -> None:
    """Kim and KIM look alike, and so do two ways to write é."""
    names = ["Kim", "KIM", "Ren\u00e9", "Rene\u0301", "Zoe", None]
    contacts = pl.DataFrame(
        {"volunteer_id": [*"abcdef"], "name": names, "phone": None, "language": None}
    )
    shown = people(pl.Series("volunteer_id", [*"gfedcba"]), contacts).to_list()
    assert shown == ["g", "f", "Zoe", "Rene\u0301 (d)", "Ren\u00e9 (c)", "KIM (b)", "Kim (a)"]


@pytest.mark.slow
def test_names_and_phones_reach_reports_alone(tmp_path: Path) -> None:
    """They lie among the tables, and no output of plan, check or explain has them."""
    tables = tmp_path / "tables"
    write_tables(tables, small_world())
    text = f"volunteer_id,name,phone\nann,{NAME},{PHONE}\nbo,Bo Tinker,1\ncy,Cy Dolittle,2\n"
    contacts = written(tables, text)
    plan = str(tmp_path / "plan")

    def run(*arguments: object) -> str:
        done = CliRunner().invoke(app, [str(one) for one in arguments])
        assert done.exit_code == 0, done.output
        return done.output

    said = run("plan", tables, "--week", "2026-11-30", "--out", plan)
    said += run("plan", tables, "--week", "2026-11-30", "--out", plan, "--json")
    said += run("check", tables, plan) + run("explain", plan) + run("recommend", plan, "--all")
    bare = tmp_path / "bare.html"
    said += run("report", plan, "--out", bare) + bare.read_text(encoding="utf-8")
    named = tmp_path / "named.html"
    said += run("report", plan, "--out", named, "--contacts", contacts)
    for path in Path(plan).rglob("*"):
        said += path.read_bytes().decode("utf-8", "replace") if path.is_file() else ""
    assert "ann" in said
    for secret in (NAME, PHONE, "Tinker", "Dolittle"):
        assert secret not in said
    assert NAME in named.read_text(encoding="utf-8")


def test_calendars_have_names_and_files_have_ids(tmp_path: Path) -> None:
    """The repair has no station, so its order stands in the place of one."""
    names = {"ann": "Kim", "bo": "Bo", "cy": "Xu"}
    contacts = pl.DataFrame(
        {"volunteer_id": [*names], "name": [*names.values()], "phone": PHONE, "language": "en"}
    )
    tables = small_world()
    del tables["post_qualifications"], tables["team_rules"]
    plan = rows(
        {"request_id": "r1", "post": "visitor", "volunteer_id": "ann"},
        {"request_id": "r3", "post": "volunteer", "volunteer_id": "bo"},
    )
    facts = addressed(facts_of(tables, ({"plan": plan}, {})), contacts)
    write_feeds(facts, tmp_path)
    assert sorted(path.name for path in (tmp_path / "volunteers").iterdir()) == [
        "ann.ics",
        "bo.ics",
    ]
    team = (tmp_path / "stations" / "n.ics").read_text(encoding="utf-8")
    assert "visitor: Kim" in team
    mine = (tmp_path / "volunteers" / "bo.ics").read_text(encoding="utf-8")
    assert "LOCATION:订单 Order r3" in mine
    assert PHONE not in team + mine
    assert "Kim" not in mine


def test_faulty_contacts_write_nothing(tmp_path: Path) -> None:
    tables, plan, out = tmp_path / "tables", tmp_path / "plan", tmp_path / "page.html"
    write_tables(tables, small_world())
    run = CliRunner().invoke
    run(app, ["plan", str(tables), "--week", "2026-11-30", "--out", str(plan)])
    wrong = written(tmp_path, "volunteer_id,name\nann,Kim\nann,Lee\n")
    done = run(app, ["report", str(plan), "--out", str(out), "--contacts", str(wrong)])
    assert done.exit_code == 2
    assert "contacts row 2" in done.output
    assert not out.exists()


@pytest.mark.slow
def test_a_report_guesses_no_week(tmp_path: Path) -> None:
    """A bare plan does not say its week, and next Monday's is another."""
    tables, plan = tmp_path / "tables", tmp_path / "plan"
    write_tables(tables, small_world())
    run = CliRunner().invoke
    run(app, ["plan", str(tables), "--week", "2026-11-30", "--out", str(plan)])
    (plan / "summary.json").unlink()
    bare = ["report", str(plan), "--tables", str(tables), "--out", str(tmp_path / "page.html")]
    done = run(app, bare)
    assert done.exit_code == 2
    assert "add --week" in done.output
    assert run(app, [*bare, "--week", "2026-11-30"]).exit_code == 0
