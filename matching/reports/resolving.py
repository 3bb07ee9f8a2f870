"""The rows of an edited roster as posts and times of the week, or as faults of the sheet."""

from __future__ import annotations

import numpy as np
import polars as pl

from matching.guards.characters import missing
from matching.problem import Problem
from matching.problem.plan import local_times, slot_keys
from matching.reports.edits import PAIR, WHEN, Edits, sheet_faults, stands
from matching.reports.sheets import Words
from matching.tables.faults import Message, no_faults


class _Checked:
    """Rows that passed every check so far, and the faults of those that did not."""

    def __init__(self, rows: pl.DataFrame, words: Words) -> None:
        self.rows, self.words, self.faults = rows, words, [no_faults()]

    def refuse(self, wrong: pl.Expr, columns: tuple[str, ...], rule: str, text: Message) -> None:
        """Take out the rows of which `wrong` is true, and say why."""
        marked = self.rows.with_columns(wrong=wrong.fill_null(False))
        self.rows = marked.filter(~pl.col("wrong")).drop("wrong")
        cells = marked.filter("wrong").with_columns(pl.col(f"cell_{n}").alias(n) for n in columns)
        self.faults.append(sheet_faults(self.words, cells, columns, rule, text))


def resolved(problem: Problem, edits: Edits) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the rows with ``post_index`` and ``option_index``, and what is wrong with them.

    Rows without a volunteer are open seats, of which nothing is asked.
    """
    rows = edits.rows
    checked = _Checked(
        rows.filter(pl.col("volunteer_id").is_not_null(), ~pl.col("unknown")), edits.words
    )
    _check_ids(problem, checked)
    _check_posts(problem, checked)
    checked.rows = _with_options(problem, checked.rows, edits.original)
    _check_times(checked)
    open_seats = rows.filter(pl.col("volunteer_id").is_null())
    return pl.concat([checked.rows, open_seats], how="diagonal"), pl.concat(checked.faults)


def _check_ids(problem: Problem, checked: _Checked) -> None:
    text = "a row with a volunteer needs an order; write its id, or delete the row"
    checked.refuse(pl.col("request_id").is_null(), ("request_id",), "nullability", text)
    people = "the table volunteers has no such volunteer_id; write an id that it has"
    orders = "the week has no such order; write the id of a request that starts in the week"
    for name, known, text in (
        ("volunteer_id", problem.volunteers.id, people),
        ("request_id", problem.requests.id, orders),
    ):
        unknown = ~pl.col(name).is_in(known.implode())
        checked.refuse(unknown, (name,), "reference", missing(known, text))


def post_keys(problem: Problem) -> pl.DataFrame:
    """Return ``request_id``, ``post`` and ``post_index`` of every post."""
    return pl.DataFrame(
        {
            "request_id": problem.requests.id.gather(problem.posts.request),
            "post": problem.posts.id,
            "post_index": np.arange(len(problem.posts), dtype=np.int32),
        }
    )


def _check_posts(problem: Problem, checked: _Checked) -> None:
    """Find each row's post; where a request has one post, its name may be left out."""
    posts = post_keys(problem)
    only = posts.filter(pl.len().over("request_id") == 1)
    only = only.select("request_id", only_post="post", only_index="post_index")
    rows = checked.rows.join(posts, on=["request_id", "post"], how="left", maintain_order="left")
    rows = rows.join(only, on="request_id", how="left", maintain_order="left")
    checked.rows = rows = rows.with_columns(
        post_index=pl.when(pl.col("post").is_null()).then("only_index").otherwise("post_index"),
        post=pl.coalesce("post", "only_post"),
    )
    lost = rows.filter(pl.col("post_index").is_null())["request_id"].unique()
    names = posts.filter(pl.col("request_id").is_in(lost.implode()))["post"].unique().sort()
    text = f"the order has no such post; posts of these orders are {', '.join(names.head(10))}"
    checked.refuse(pl.col("post_index").is_null(), ("post",), "reference", text)


def _with_options(problem: Problem, rows: pl.DataFrame, original: pl.DataFrame) -> pl.DataFrame:
    """Find each row's option: by its cell, or where that is as it was, by day and time.

    ``no_option`` and ``no_time`` mark what cannot be found. A row that says neither may be at any.
    """
    rows = rows.join(_candidates(problem, rows), on="row", how="left", maintain_order="left")
    was = {f"was_{name}": name for name in ("option", *WHEN)}
    written = original.unique("request_id", keep="first").select("request_id", **was, was=True)
    rows = rows.join(written, on="request_id", how="left", maintain_order="left")
    option, named = pl.col("option"), pl.col("named").is_not_null()
    silent = pl.all_horizontal(pl.col(WHEN).is_null())
    renamed = pl.col("was") & option.is_not_null() & option.ne_missing(pl.col("was_option"))
    renamed = renamed.fill_null(False)
    untouched = pl.all_horizontal(pl.col(n).eq_missing(pl.col(f"was_{n}")) for n in WHEN)
    by_cell = silent | pl.col("named_fits").fill_null(False) | (renamed & untouched)
    known = option.is_not_null() | named
    by_time = pl.when(~silent & ~renamed).then("timed")
    return rows.with_columns(
        no_option=option.is_not_null() & ~named,
        option_index=pl.when(by_cell & known).then("named").otherwise(by_time),
    ).with_columns(no_time=~silent & pl.col("option_index").is_null() & ~pl.col("no_option"))


def _candidates(problem: Problem, rows: pl.DataFrame) -> pl.DataFrame:
    """Return for each row the option it names, whether it says its time, and the first that does.

    As ``named``, ``named_fits`` and ``timed``. A cell of a time that is empty fits any.
    """
    times = local_times(problem)
    options = slot_keys(problem).select(
        "request_id", own="option", index=pl.Series(problem.slots.option)
    )
    options = options.unique("index", maintain_order=True)
    at = times[options["index"]]
    options = options.with_columns(
        at_day=at["start"].dt.date(), at_start=at["start"].dt.time(), at_end=at["end"].dt.time()
    )
    keys = rows.select("row", "request_id", "option", *WHEN)
    pairs = keys.join(options, on="request_id", maintain_order="left_right")
    fits = pl.all_horizontal(pl.col(n).is_null() | (pl.col(n) == pl.col(f"at_{n}")) for n in WHEN)
    named = pl.col("own").eq_missing(pl.col("option"))
    return pairs.group_by("row").agg(
        named=pl.col("index").filter(named).first(),
        named_fits=(named & fits).any(),
        timed=pl.col("index").filter(fits).first(),
    )


def _check_times(checked: _Checked) -> None:
    text = "the order has no such option; write one that it has, or leave the cell as it was"
    checked.refuse(pl.col("no_option"), ("option",), "reference", text)
    text = (
        "the order has no such time; write one of its times, or change the tables requests or "
        "options"
    )
    checked.refuse(pl.col("no_time"), WHEN, "time", text)
    option = pl.when(stands()).then("option_index")
    several = option.drop_nulls().n_unique().over("request_id") > 1
    text = "the rows of one order have several times; give all of them the same"
    checked.refuse(stands() & several, ("request_id", "day", "start"), "one_option", text)
    twice = pl.struct(*PAIR, stands()).is_duplicated()
    text = "this volunteer stands in several rows of the order; keep one of them"
    checked.refuse(stands() & twice, ("request_id", "volunteer_id"), "unique", text)
