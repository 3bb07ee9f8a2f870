"""Certificates of service: what they list, and whether anybody can change them unseen."""

import json
import stat
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching.errors import UsageError
from matching.records import signing
from matching.reports.certificates import certificate_page
from tests.support.commands import run

HEAD = "record_id,volunteer_id,request_id,post,start,end,status,entered_at,organisation_id"
RECORDS = f"""{HEAD},person_in_charge,category,region
r1,ada,q1,cook,2026-06-01T09:00,2026-06-01T11:30,done,2026-06-02T09:00,o1,Li,0001,3301
r2,ada,q2,,2026-07-01T09:00,2026-07-01T09:50,done,,o2,Wu,,3302
r3,ada,q1,,2026-06-01T10:00,2026-06-01T12:00,done,2026-06-03T09:00,o1,Li,0001,3301
r4,ben,q1,,2026-06-01T09:00,2026-06-01T11:30,no_show,,o1,Li,0001,3301
r5,eva,q1,,2026-06-01T09:00,2026-06-01T11:30,done,,o1,Li,0001,3301
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    files = {
        "records": RECORDS,
        "requests": "request_id,name,station_id,category,start,end\nq1,Lunch <&> talk,s1,,,\n"
        "q2,,s2,0004,,\n",
        "stations": "station_id,name\ns1,Lake House\n",
        "organisations": "organisation_id,name\no1,Helping Hands\n",
    }
    for name, text in files.items():
        (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
    (tmp_path / "people.csv").write_text("volunteer_id,name\nada,王芳 </script>\n")
    return tmp_path


def certificates(*arguments: object):
    return run("records", "certificates", *arguments)


def signed(place: Path, name: str, *more: object) -> Path:
    if not (place / "key.pem").exists():
        assert certificates("--new-key", place / "key.pem").exit_code == 0
    done = certificates(
        *(place, "--volunteer", "ada", "--issuer", "Lake", "--key", place / "key.pem"),
        *("--as-of", "2026-07-02", "--out", place / name, *more),
    )
    assert done.exit_code == 0, done.output
    return place / name


def test_a_certificate_lists_what_counts_with_all_that_is_asked_of_it(place: Path) -> None:
    (document,) = json.loads(signed(place, "ada.json").read_text(encoding="utf-8"))
    assert document.pop("signature")["algorithm"] == "Ed25519"
    # 150 and 50 minutes; r3 overlaps r1, and counts nothing. No contacts were given: no name.
    assert document == {
        "kind": "certificate of volunteer service",
        "format": 1,
        "issuer": "Lake",
        "issued_on": "2026-07-02",
        "volunteer_id": "ada",
        "from": "2026-06-01",
        "until": "2026-07-01",
        "minutes": 200,
        "hours": "3.33",
        "records": [
            {
                "record_id": "r1",
                "what": "Lunch <&> talk",
                "category": "0001",
                "post": "cook",
                "place": "Lake House",
                "start": "2026-06-01T09:00",
                "end": "2026-06-01T11:30",
                "minutes": 150,
                "hours": "2.50",
                "organisation": "Helping Hands",
                "person_in_charge": "Li",
            },
            {
                "record_id": "r2",
                "what": "q2",
                "category": "0004",
                "place": "s2",
                "start": "2026-07-01T09:00",
                "end": "2026-07-01T09:50",
                "minutes": 50,
                "hours": "0.83",
                "organisation": "o2",
                "person_in_charge": "Wu",
            },
        ],
    }


def test_a_file_is_written_for_machines_too(place: Path) -> None:
    out = place / "ada.html"
    ask = ("--volunteer", "ada", "--issuer", "Lake", "--out", out, "--json")
    told = json.loads(certificates(place, *ask).stdout)
    assert told["written"] == str(out)
    assert out.exists()


def test_days_and_people_are_chosen_and_nobody_is_left_out_in_silence(place: Path) -> None:
    done = certificates(place, "--volunteer", "ada", "--since", "2026-06-15")
    assert done.stdout.startswith("ada: 0.83 hours, 1 records")
    done = certificates(place, "--volunteer", "eva", "--volunteer", "ben")
    assert "no record counts of ben in these days" in done.stderr
    assert done.exit_code == 0
    assert certificates(place, "--volunteer", "ben").exit_code == 2
    assert certificates(place, "--all").stdout.count(" records\n") == 2
    for wrong in (("--all", "--volunteer", "ada"), (), ("--all", "--since", "June")):
        assert certificates(place, *wrong).exit_code == 2


@pytest.mark.parametrize("name", ["ada.json", "ada.jsonl", "ada.html"])
def test_a_file_is_verified_and_whoever_changes_it_is_seen(place: Path, name: str) -> None:
    path = signed(place, name, "--contacts", place / "people.csv")
    public = ("--public-key", place / "key.pem.pub")
    done = certificates("--verify", path)
    assert (done.exit_code, "unchanged since" in done.stdout) == (0, True)
    done = certificates("--verify", path, *public)
    assert (done.exit_code, "valid, signed with the key" in done.stdout) == (0, True)
    certificates("--new-key", place / "other.pem")
    done = certificates("--verify", path, "--public-key", place / "other.pem.pub")
    assert (done.exit_code, "another key" in done.stdout) == (1, True)
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("3.33", "33.3"), encoding="utf-8")
    done = certificates("--verify", path, *public)
    assert (done.exit_code, "changed since it was signed" in done.stdout) == (1, True)


def test_a_page_that_shows_other_figures_than_were_signed_is_seen(place: Path) -> None:
    path = signed(place, "ada.html")
    text = path.read_text(encoding="utf-8")
    shown, held = text.split("<script")
    path.write_text(shown.replace("3.33", "9.99") + "<script" + held, encoding="utf-8")
    done = certificates("--verify", path)
    assert (done.exit_code, "NOT as it is printed" in done.stdout) == (1, True)


def test_what_bears_no_signature_is_not_valid(place: Path) -> None:
    out = place / "eva.json"
    done = certificates(place, "--volunteer", "eva", "--issuer", "Lake", "--out", out)
    assert "not signed" in done.stderr
    done = certificates("--verify", out)
    assert (done.exit_code, "bears no signature" in done.stdout) == (1, True)


def test_a_key_is_for_its_owner_and_never_replaced(place: Path) -> None:
    key = place / "key.pem"
    done = certificates("--new-key", key)
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert "PRIVATE" not in done.output
    assert certificates("--new-key", key).exit_code == 2
    key.chmod(0o644)
    ask = ("--volunteer", "ada", "--issuer", "Lake", "--out", place / "a.json")
    assert "can be read by others" in certificates(place, *ask, "--key", key).stderr
    (place / "none.pem").write_text("-----BEGIN PRIVATE KEY-----\nsecret\n")
    done = certificates(place, *ask, "--key", place / "none.pem")
    assert (done.exit_code, "secret" in done.output) == (2, False)


@pytest.mark.parametrize("text", ["", "{}", "[]", "[1]", "{", '{"kind": 1}', "[" * 9999])
def test_a_file_without_certificates_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "x.json").write_text(text)
    done = certificates("--verify", tmp_path / "x.json")
    assert (done.exit_code, "holds no certificates" in done.stderr) == (2, True)


def test_the_page_says_it_in_both_languages_and_escapes_what_it_shows() -> None:
    record = {"start": "2026-06-01T22:00", "end": "2026-06-02T06:00", "hours": "8.00"}
    record |= {"category": "0001"}
    one = {"volunteer_id": "<b>", "from": "2026-06-01", "until": "2026-06-01", "hours": "8.00"}
    one |= {
        "issuer": "Lake",
        "issued_on": "2026-07-01",
        "records": [record | {"what": "</script>"}],
    }
    english, chinese = (certificate_page([one], language) for language in ("en", "zh"))
    assert "<h1>Certificate of Volunteer Service</h1>" in english
    assert "<h1>志愿服务记录证明</h1>" in chinese
    assert "&lt;b&gt;" in english
    assert english.count("</script>") == 1
    assert "社区服务" in chinese  # what the national tables call 0001
    assert "(2026-06-02)" in english


DOCUMENTS = st.recursive(
    st.text() | st.integers(-(2**53) + 1, 2**53 - 1),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner),
    max_leaves=6,
)
KEY = signing.private_key(signing.new_key()[0])


@pytest.mark.slow
@settings(max_examples=30)
@given(st.dictionaries(st.sampled_from(["x", "y", "z"]), DOCUMENTS, min_size=1), st.data())
def test_only_what_was_signed_verifies(document, data) -> None:
    made = json.loads(json.dumps(signing.signed(document, KEY)))
    assert signing.is_unchanged(made)
    name = data.draw(st.sampled_from(sorted(document)))
    other = data.draw(DOCUMENTS.filter(lambda value: value != document[name]))
    assert not signing.is_unchanged(made | {name: other})


@pytest.mark.parametrize("value", [1.5, True, None, 2**53, {"é": 1}])
def test_what_canonical_json_has_other_rules_for_is_never_signed(value: object) -> None:
    with pytest.raises(ValueError, match=r"."):
        signing.canonical({"x": value})


def test_a_file_that_is_no_key_is_told() -> None:
    with pytest.raises(UsageError, match="holds no key"):
        signing.public_key(b"nothing")
