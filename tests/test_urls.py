"""Secrets of a URL: shown nowhere, however it is written; what names the place stays."""

from __future__ import annotations

import json
import re
import traceback
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from matching import MatchingError, Problem, UsageError
from matching.guards.urls import remembered, scrubbed, shown, shown_option
from matching.reports.origin import Origin
from matching.stores.registry import open_sink, open_source
from tests.support.commands import run
from tests.support.tiny import MONDAY

# Pieces that no other text holds, with all between them that means something in a URL.
PIECES = ("sEcA1", "sEcB2", "sEcC3")
_BETWEEN = st.sampled_from([*"/#?@%:&=+; []", "?x=", "&y=", "%40", "://", "::", "é", "%%"])
passwords = st.tuples(_BETWEEN, _BETWEEN, st.sampled_from(["", *"/#?%:="])).map(
    lambda between: "".join(map("".join, zip(PIECES, between, strict=True)))
)
written = st.sampled_from([str, quote, quote_plus, lambda text: quote(text, safe="")])
# 127.0.0.1:1 answers nobody, at once.
PLACES = [
    "postgresql://me:{}@127.0.0.1:1/d",
    "postgresql+psycopg://me:{}@127.0.0.1:1/d?connect_timeout=2",
    "postgresql://me@127.0.0.1:1/d?password={}",
    "postgresql://127.0.0.1:1/d?user=me&password={}&connect_timeout=2",
    "postgresql://me@127.0.0.1:1/d?sslpassword={}",
    "mariadb://me:{}@127.0.0.1:1/d",
    "mariadb://me@127.0.0.1:1/d?passwd={}",
    "mariadb://me@127.0.0.1:1/d?password={}&bogus=1",
    "mysql://me@127.0.0.1:1/d?ssl_key_password={}",
    "postgresql:/me:{}@127.0.0.1:1/d",
    "gopher://me:{}@host/x",
    "memory://me:{}@host/x",
    "memory://host/x?X-Amz-Signature={}",
    "simplecache::memory://me:{}@host/x",
    "oracle://me:{}@127.0.0.1/x",
    "nothing://me:{}@127.0.0.1/x?token={}",
]


def leaks(text: str) -> list[str]:
    return [piece for piece in PIECES if piece.lower() in text.lower()]


@pytest.mark.parametrize("place", PLACES)
@settings(max_examples=4, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
@given(password=passwords, write=written)
def test_no_password_is_told_by_an_error(place: str, password: str, write) -> None:  # type: ignore[no-untyped-def]
    where, told = place.replace("{}", write(password)), []
    for reach in (
        lambda: open_source(where).read_tables(),
        lambda: open_sink(where).read_result(),
        lambda: Problem.from_source(where, MONDAY),
    ):
        try:
            reach()
        except MatchingError as error:
            told.append(error)
    for error in told:
        assert not leaks("".join(traceback.format_exception_only(error))), where
        assert error.__cause__ is None
        assert error.__suppress_context__ or error.__context__ is None
    if "://" not in place:
        return  # refused, so never remembered
    origin = Origin.of(where, {"token": password, "storage": password, "schema": "s"}, "raise")
    assert not leaks(json.dumps(origin.to_json()))
    assert not leaks(repr(shown(where)))
    assert not leaks(shown_option(f"password={password}"))


@pytest.mark.parametrize("place", PLACES)
def test_no_command_prints_a_password(place: str, tmp_path: Path) -> None:
    # As it is written by who does not know that a URL has rules, and as the rules have it.
    passwords = ("sEcA1/sEcB2#sEcC3", "sEcA1?sEcB2@sEcC3", "sEcA1%2FsEcB2%40sEcC3")
    where = place.replace("{}", passwords[PLACES.index(place) % 3])
    for command in (
        ["plan", where, "--out", str(tmp_path / "plan"), "--json"],
        ["plan", str(tmp_path), "--out", where],
        ["check", where, where],
        ["report", where, "--out", str(tmp_path / "page.html")],
        ["map", where, "--out", str(tmp_path / "map.toml")],
        ["generate", "town", "--volunteers", "3", "--requests", "1", "--out", where],
    ):
        assert not leaks(run(*command).output), command


@settings(deadline=None)
@given(password=passwords, name=st.sampled_from(["me", "a.b", "x%40y"]))
def test_what_sqlalchemy_reads_as_a_password_is_hidden(password: str, name: str) -> None:
    url = sa.make_url(f"postgresql://{name}:{quote(password, safe='')}@host:5/d?sslmode=require")
    assert url.password == password
    text = url.render_as_string(hide_password=False)
    assert shown(text) == url.render_as_string(hide_password=True)
    assert remembered(text) == f"postgresql://{name}@host:5/d?sslmode=require"
    assert not leaks(scrubbed(f"no such host as {password} or {quote(password)}", text))


def test_half_a_url_hides_what_may_be_a_password() -> None:
    assert shown("postgresql://me:sEcA1/sEcB2") == "postgresql://me:***"
    with pytest.raises(UsageError, match=r"postgresql://me:\*\*\*: is no URL of a database"):
        open_source("postgresql://me:sEcA1/sEcB2")
    with pytest.raises(UsageError, match=r"a URL has two slashes after postgresql:"):
        open_source("postgresql:me:sEcA1@host/d")


@pytest.mark.parametrize(
    ("where", "told"),
    [
        ("mariadb://me@127.0.0.1:1/d?bogus=1", "mariadb.pymysql cannot connect with these parame"),
        ("sqlite:///{}/x.db?bogus=1", "'bogus' are not accepted"),
        ("postgresql://me@127.0.0.1:1/d?bogus=1", 'invalid connection option "bogus"'),
        ("mariadb://me@127.0.0.1:1/d?read_timeout=soon", "cannot connect with these parameters"),
        ("mariadb://me@127.0.0.1:1/d?ssl_ca=/nowhere", "No such file"),
        ("mariadb://me@127.0.0.1:1/d?charset=bogus", "cannot connect with these parameters"),
    ],
)
def test_a_parameter_that_a_driver_does_not_know_is_told(
    where: str, told: str, tmp_path: Path
) -> None:
    where = where.replace("{}", str(tmp_path))
    done = run("plan", tmp_path, "--out", where)
    assert done.exit_code == 2
    assert re.search(told, done.output), done.output


@pytest.mark.parametrize(
    "where",
    [
        "postgresql://me@host:5432/d?sslmode=require&application_name=roster",
        "postgresql:///d?host=/var/run/postgresql",
        "postgresql+psycopg://[::1]:5432/d",
        "sqlite:////srv/roster@home/platform.db",
        "s3://bucket/weeks@2026/a.zip",
        "https://host:8080/tables.zip",
        "zip://tables::memory://x/a.zip",
        "/srv/roster@home/tables",
        "tables",
    ],
)
def test_a_place_without_secrets_is_told_as_it_is(where: str) -> None:
    assert shown(where) == where
    assert remembered(where) == where
