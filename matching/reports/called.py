"""Whom a person means: an id, or a name that the contacts know; and what people call things."""

from __future__ import annotations

import difflib

import polars as pl

from matching.errors import UsageError, listed
from matching.guards.characters import normal
from matching.guards.urls import shown_value
from matching.problem import Problem

_MOST = 20_000


def id_called(name: str, ids: pl.Series, contacts: pl.DataFrame | None) -> str:
    """Return the id of a volunteer who is named by it, or by what the contacts call them.

    What is an id is one, whoever else may be called so. What is none, and nobody's name without
    contacts, is given back.

    Raises
    ------
    UsageError
        If several are called so, or nobody is.
    """
    if contacts is None or name in ids:
        return name
    known = contacts.filter(pl.col("volunteer_id").is_in(ids.implode())).drop_nulls("name")
    alike = normal(known["name"]).str.to_lowercase()
    asked = _plain(name)
    found = known["volunteer_id"].filter(alike == asked)
    if len(found) == 1:
        return str(found[0])
    if len(found):
        text = f"{len(found)} people are called {shown_value(name)}"
        raise UsageError(f"{text}: {listed(found, most=10)}; say which, by the id")
    near = difflib.get_close_matches(asked[:80], alike.head(_MOST).to_list(), n=3, cutoff=0.6)
    rows = known.filter(alike.is_in(near)) if near else known.clear()
    like = [f"{row['name']} ({row['volunteer_id']})" for row in rows.head(3).to_dicts()]
    hint = f"did you mean {' or '.join(like)}?" if like else "names are as in the contacts"
    raise UsageError(f"nobody of the week is called {shown_value(name)}, nor has that id: {hint}")


def request_meant(name: str, problem: Problem) -> str:
    """Return the id of a request that is named by it, or by its name where no other has that.

    What is neither is given back.

    Raises
    ------
    UsageError
        If several are called so.
    """
    ids, known = problem.requests.id, problem.names.get("requests")
    if known is None or name in ids:
        return name
    known = known.filter(pl.col("request_id").is_in(ids.implode())).drop_nulls("name")
    alike = normal(known["name"]).str.to_lowercase()
    found = known["request_id"].filter(alike == _plain(name))
    if len(found) > 1:
        text = f"{len(found)} requests are called {shown_value(name)}"
        raise UsageError(f"{text}: {listed(found, most=10)}; say which, by the id")
    return str(found[0]) if len(found) else name


def _plain(name: str) -> str:
    return str(normal(pl.Series([" ".join(name.split())])).str.to_lowercase()[0])


def requests_called(ids: pl.Series, problem: Problem) -> pl.Series:
    """Return what people call each request: its name, or its menu item's, with the id.

    An id that has the name in it says enough.
    """
    requests, menu = problem.names.get("requests"), problem.names.get("menu")
    if requests is None:
        return ids
    known = requests.select("request_id", "name", "menu_item")
    if menu is not None:
        items = menu.select("menu_item", item="name")
        known = known.join(items, on="menu_item", how="left").with_columns(
            name=pl.coalesce("name", "item")
        )
    says_it = pl.col("request_id").str.contains(pl.col("name"), literal=True)
    named = known.select(
        "request_id",
        said=pl.when(~says_it).then(pl.format("{} ({})", "name", "request_id")),
    )
    found = pl.DataFrame({"request_id": ids}).join(
        named.unique("request_id"), on="request_id", how="left", maintain_order="left"
    )
    return found.select(pl.coalesce("said", "request_id")).to_series().alias(ids.name)
