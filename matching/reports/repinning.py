"""Edited rosters become pins of the week that is planned anew, or faults in the sheet's words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from matching.audit import violations
from matching.errors import DataError
from matching.guards.characters import missing
from matching.pins.settling import settled
from matching.problem import Problem
from matching.problem import columns as c
from matching.problem.build import index_in
from matching.problem.plan import Plan, local_times, slot_keys
from matching.reports import sheets
from matching.reports.edits import PAIR, Edits, sheet_faults, stands
from matching.schema import STATUSES
from matching.tables.rules import Message, no_faults

_PINNED, _DECLINED = STATUSES.index("pinned"), STATUSES.index("declined")
_TEAM_RULES = ("min_seats", "min_people", "team", "together")
_NO_ROW = -1

# What a coordinator can do about a pin that is against a rule.
_ADVICE = {
    "qualification": "choose somebody who holds what the post asks for",
    "availability": "choose somebody who is available then",
    "distance": "choose somebody who lives nearer",
    "organisation": "choose a volunteer of that organisation",
    "never": "choose somebody else: this volunteer has excluded it",
    "declined": "choose somebody else, or take the declined assignment out of the tables",
    "only_listed": "choose a pair that the table affinities lists",
    "already_served": "take the row off: the order has its time in another week",
    "other_week": "choose somebody else, or take the other week's assignment out of the tables",
    **dict.fromkeys(("overlap", "travel", "rest"), "take the volunteer off one of the two"),
    **dict.fromkeys(("max_shifts", "max_hours"), "take the volunteer off one of the rows"),
    "max_shifts_per_day": "take the volunteer off one of that day's rows",
    "seats": "take one of these rows off, or add a seat in the tables",
    "one_option": "give all rows of the order the same time",
    "quota": "take a row of the organisation off, or raise its quota in the tables",
    "together": "take the row off, or give the other person a way to come along",
    "apart": "take one of the two off",
}


@dataclass(frozen=True)
class Repinned:
    """A problem with the pins of an edited workbook.

    Attributes
    ----------
    problem : Problem
    kept, added, set_aside, taken_off : int
        Rows as they were, rows with somebody new there, rows that are against a rule or cannot be
        read, and people who do not come back.
    """

    problem: Problem
    kept: int
    added: int
    set_aside: int
    taken_off: int
    _rows: pl.DataFrame
    _touched: pl.Series

    def counts(self) -> dict[str, int]:
        """Return the counts by name, as the summary has them."""
        return {
            "kept": self.kept,
            "added": self.added,
            "set_aside": self.set_aside,
            "taken_off": self.taken_off,
        }

    def unserved(self) -> DataError | None:
        """Return what keeps edited requests from being served, as the pins alone stand.

        For when no plan was found: each order that the edit touched and that lacks somebody.
        """
        plan = _plan_of(self.problem)
        broken = violations(self.problem, plan).filter(
            pl.col("rule").is_in(_TEAM_RULES), pl.col("request_id").is_in(self._touched.implode())
        )
        if broken.is_empty():
            return None
        found = self._rows.select("row", "request_id").unique("request_id", keep="first")
        found = found.join(broken, on="request_id", maintain_order="right")
        faults = [
            sheet_faults(
                rows,
                ("request_id",),
                f"pinned_{rule}",
                "the rows of this order lack somebody, and nobody can be added under the rules; "
                "put somebody there who fits, or take all rows of the order off",
            ).with_columns(message=pl.format("{}: {}", rows["detail"], pl.col("message")))
            for (rule,), rows in found.group_by("rule", maintain_order=True)
        ]
        return DataError(pl.concat(faults).sort("row"))


def repinned(problem: Problem, edits: Edits) -> Repinned:
    """Return the problem with the workbook's rows as pins.

    Every row that stands stays; who was taken off a request does not come back to it; what the
    tables say of these assignments gives way to the workbook.

    Parameters
    ----------
    problem : Problem
        As the tables have it.
    edits : Edits

    Raises
    ------
    DataError
        If a row cannot be understood or breaks a rule, unless the problem sets faults aside.
    """
    rows, faults = _resolved(problem, edits)
    every = pl.concat([edits.faults, faults]).sort("row", "column", maintain_order=True)
    if every.height and problem.on_error == "raise":
        raise DataError(every)
    rows = rows.filter(~pl.col("row").is_in(every["row"].implode()))
    standing = rows.filter(pl.col("volunteer_id").is_not_null(), stands())
    gone = edits.taken_off()
    base = int(problem.earlier.row.max(initial=0)) + 1
    before = _superseded(problem, standing, gone)
    pins = c.Earlier(
        volunteer=index_in(standing["volunteer_id"], problem.volunteers.id),
        post=standing["post_index"].to_numpy().astype(np.int32),
        option=standing["option_index"].fill_null(-1).to_numpy().astype(np.int32),
        status=np.full(standing.height, _PINNED, np.int32),
        row=(standing["row"].to_numpy() + base).astype(np.int32),
    )
    earlier = c.Earlier(
        *(
            np.concatenate([getattr(part, name) for part in (before, pins, _bans(problem, gone))])
            for name in ("volunteer", "post", "option", "status", "row")
        )
    )
    problem = replace(problem, earlier=earlier, faults=pl.concat([problem.faults, every]))
    with _in_the_words_of_the_sheet(standing, base) as told:
        problem = settled(problem)
        problem = replace(problem, faults=told(problem.faults))
    # What is pinned in the end counts: rules may have set rows aside.
    aside = problem.faults.filter(pl.col("table") == sheets.ROSTER)["row"].unique()
    pinned = standing.filter(~pl.col("row").is_in(aside.implode()))
    new = standing.join(edits.original, on=[*PAIR, "post"], how="anti")
    added = pinned.join(new, on="row", how="semi").height
    touched = pl.concat([gone["request_id"], new["request_id"]])
    return Repinned(
        problem,
        kept=pinned.height - added,
        added=added,
        set_aside=len(aside),
        taken_off=gone.height,
        _rows=standing,
        _touched=touched.unique(),
    )


def _plan_of(problem: Problem) -> Plan:
    """Return the plan of the pins alone, those without an option at the first."""
    pins = problem.pins
    slots = pl.DataFrame({"post": problem.slots.post, "option": problem.slots.option})
    rows = pl.DataFrame({"volunteer": pins.volunteer, "post": pins.post, "option": pins.option})
    fits = (pl.col("option") < 0) | (pl.col("option") == pl.col("option_right"))
    found = rows.with_row_index("pin").join(slots.with_row_index("slot"), on="post").filter(fits)
    found = found.sort("pin", "slot").unique("pin", keep="first", maintain_order=True)
    return Plan(found["volunteer"].to_numpy(), found["slot"].to_numpy().astype(np.int32))


def _superseded(problem: Problem, standing: pl.DataFrame, gone: pl.DataFrame) -> c.Earlier:
    """Return what the tables say of other pairs, and what was declined."""
    earlier, posts = problem.earlier, problem.posts
    theirs = pl.DataFrame(
        {
            "request_id": problem.requests.id.gather(posts.request[earlier.post]),
            "volunteer_id": problem.volunteers.id.gather(earlier.volunteer),
            "declined": earlier.status == _DECLINED,
        }
    ).with_row_index("at")
    ours = pl.concat([standing.select(PAIR), gone.select(PAIR)])
    kept = theirs.join(ours, on=PAIR, how="anti")["at"]
    declined = theirs.filter("declined")["at"]
    return earlier.take(np.union1d(kept.to_numpy(), declined.to_numpy()))


def _bans(problem: Problem, gone: pl.DataFrame) -> c.Earlier:
    """Return a refusal of every post of the request for each pair."""
    posts = problem.posts
    known = pl.DataFrame(
        {
            "request_id": problem.requests.id.gather(posts.request),
            "post": np.arange(len(posts), dtype=np.int32),
        }
    )
    volunteer = pl.Series(index_in(gone["volunteer_id"], problem.volunteers.id))
    found = gone.select("request_id", volunteer=volunteer).filter(pl.col("volunteer") >= 0)
    found = found.join(known, on="request_id", how="inner", maintain_order="left")
    return c.Earlier(
        volunteer=found["volunteer"].to_numpy(),
        post=found["post"].to_numpy(),
        option=np.full(found.height, -1, np.int32),
        status=np.full(found.height, _DECLINED, np.int32),
        row=np.full(found.height, _NO_ROW, np.int32),
    )


# --- rows into posts and options ------------------------------------------------------------------


def _resolved(problem: Problem, edits: Edits) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the rows with ``post_index`` and ``option_index``, and what is wrong with them.

    Rows without a volunteer are open seats, of which nothing is asked.
    """
    rows = edits.rows
    named = rows.filter(pl.col("volunteer_id").is_not_null(), ~pl.col("unknown"))
    faults = [no_faults()]

    def refuse(wrong: pl.DataFrame, columns: tuple[str, ...], rule: str, text: Message) -> None:
        """Take rows out, and say why."""
        nonlocal named
        shown = wrong.with_columns(pl.col(f"cell_{name}").alias(name) for name in columns)
        faults.append(sheet_faults(shown, columns, rule, text))
        named = named.filter(~pl.col("row").is_in(wrong["row"].implode()))

    refuse(
        named.filter(pl.col("request_id").is_null()),
        ("request_id",),
        "nullability",
        "a row with a volunteer needs an order; write its id, or delete the row",
    )
    people = "the table volunteers has no such volunteer_id; write an id that it has"
    orders = "the week has no such order; write the id of a request that starts in the week"
    for name, known, text in (
        ("volunteer_id", problem.volunteers.id, people),
        ("request_id", problem.requests.id, orders),
    ):
        unknown = named.filter(~pl.col(name).is_in(known.implode()))
        refuse(unknown, (name,), "reference", missing(known, text))
    named, text = _with_posts(problem, named)
    refuse(named.filter(pl.col("post_index").is_null()), ("post",), "reference", text)
    named = _with_options(problem, named, edits.original)
    refuse(
        named.filter("no_option"),
        ("option",),
        "reference",
        "the order has no such option; write one that it has, or leave the cell as it was",
    )
    refuse(
        named.filter("no_time"),
        ("day", "start", "end"),
        "time",
        "the order has no such time; write one of its times, or change the tables requests or "
        "options",
    )
    standing = named.filter(stands())
    several = pl.col("option_index").drop_nulls().n_unique().over("request_id") > 1
    refuse(
        standing.filter(several),
        ("request_id", "day", "start"),
        "one_option",
        "the rows of one order have several times; give all of them the same",
    )
    refuse(
        standing.filter(pl.struct(PAIR).is_duplicated()),
        ("request_id", "volunteer_id"),
        "unique",
        "this volunteer stands in several rows of the order; keep one of them",
    )
    open_seats = rows.filter(pl.col("volunteer_id").is_null())
    return pl.concat([named, open_seats], how="diagonal"), pl.concat(faults)


def _with_posts(problem: Problem, rows: pl.DataFrame) -> tuple[pl.DataFrame, str]:
    """Find each row's post; where a request has one post, its name may be left out."""
    posts = pl.DataFrame(
        {
            "request_id": problem.requests.id.gather(problem.posts.request),
            "post": problem.posts.id,
            "post_index": np.arange(len(problem.posts), dtype=np.int32),
        }
    )
    only = posts.filter(pl.len().over("request_id") == 1)
    only = only.select("request_id", only_post="post", only_index="post_index")
    rows = rows.join(posts, on=["request_id", "post"], how="left", maintain_order="left")
    rows = rows.join(only, on="request_id", how="left", maintain_order="left")
    unsaid = pl.col("post").is_null()
    rows = rows.with_columns(
        post_index=pl.when(unsaid).then("only_index").otherwise("post_index"),
        post=pl.coalesce("post", "only_post"),
    )
    lost = rows.filter(pl.col("post_index").is_null())["request_id"].unique()
    names = posts.filter(pl.col("request_id").is_in(lost.implode()))["post"].unique().sort()
    text = f"the order has no such post; posts of these orders are {', '.join(names.head(10))}"
    return rows, text


def _with_options(problem: Problem, rows: pl.DataFrame, original: pl.DataFrame) -> pl.DataFrame:
    """Find each row's option: by its cell, or where that is as it was, by day and time.

    ``no_option`` and ``no_time`` mark what cannot be found. A row that says neither may be at any.
    """
    times = local_times(problem)
    slots = problem.slots
    options = (
        slot_keys(problem)
        .select("request_id", "option", option_index=pl.Series(slots.option))
        .unique("option_index", maintain_order=True)
    )
    at = times[options["option_index"]]
    options = options.with_columns(
        at_day=at["start"].dt.date(), at_start=at["start"].dt.time(), at_end=at["end"].dt.time()
    )
    by_name = rows.select("row", "request_id", "option").join(
        options, on=["request_id", "option"], nulls_equal=True
    )
    by_time = rows.select("row", "request_id", "day", "start", "end").join(options, on="request_id")
    fits = [pl.col(n).is_null() | (pl.col(n) == pl.col(f"at_{n}")) for n in ("day", "start", "end")]
    by_time = by_time.filter(pl.all_horizontal(fits)).unique("row", keep="first")
    written = original.unique("request_id", keep="first").select(
        "request_id", was_option="option", was_day="day", was_start="start", was_end="end", was=True
    )
    rows = (
        rows.join(
            by_name.select("row", named="option_index", **{f"n_{n}": f"at_{n}" for n in _AT}),
            on="row",
            how="left",
            maintain_order="left",
        )
        .join(
            by_time.select("row", timed="option_index"), on="row", how="left", maintain_order="left"
        )
        .join(written, on="request_id", how="left", maintain_order="left")
    )
    silent = pl.all_horizontal(pl.col(_AT).is_null())
    renamed = pl.col("was") & pl.col("option").is_not_null()
    renamed = (renamed & pl.col("option").ne_missing(pl.col("was_option"))).fill_null(False)
    untouched = pl.all_horizontal(pl.col(n).eq_missing(pl.col(f"was_{n}")) for n in _AT)
    same_time = pl.all_horizontal(
        pl.col(n).is_null() | (pl.col(n) == pl.col(f"n_{n}")) for n in _AT
    )
    by_cell = silent | same_time | (renamed & untouched)
    unnamed = pl.col("option").is_null() & pl.col("named").is_null()
    return rows.with_columns(
        no_option=pl.col("option").is_not_null() & pl.col("named").is_null(),
        option_index=pl.when(by_cell & ~unnamed)
        .then("named")
        .when(~silent & ~renamed)
        .then("timed"),
    ).with_columns(no_time=~silent & pl.col("option_index").is_null() & ~pl.col("no_option"))


_AT = ("day", "start", "end")


def _in_headers(column: str) -> pl.Expr:
    """Return what cells hold, such as ``post=cook``, under the sheet's names of the columns."""
    text = pl.col(column)
    for name in ("volunteer_id", "request_id", "post"):
        text = text.str.replace(rf"(^|, ){name}=", f"${{1}}{sheets.HEADERS[name]}=")
    return text


# --- faults in the words of the sheet -------------------------------------------------------------


@contextmanager
def _in_the_words_of_the_sheet(
    standing: pl.DataFrame, base: int
) -> Iterator[Callable[[pl.DataFrame], pl.DataFrame]]:
    """Turn faults of our rows of ``assignments`` into faults of the sheet, also those raised."""

    def told(faults: pl.DataFrame) -> pl.DataFrame:
        ours = (pl.col("table") == "assignments") & (pl.col("row") >= base)
        headers = ", ".join(sheets.HEADERS[name] for name in ("volunteer_id", "request_id", "post"))
        rule = pl.col("rule").str.strip_prefix("pinned_")
        advice = rule.replace_strict(_ADVICE, default="change the row, or the tables")
        return faults.with_columns(
            table=pl.when(ours).then(pl.lit(sheets.ROSTER)).otherwise("table"),
            row=pl.when(ours).then(pl.col("row") - base).otherwise("row"),
            column=pl.when(ours).then(pl.lit(headers)).otherwise("column"),
            value=pl.when(ours).then(_in_headers("value")).otherwise("value"),
            message=pl.when(ours).then(pl.format("{}; {}", "message", advice)).otherwise("message"),
        )

    try:
        yield told
    except DataError as error:
        raise DataError(told(error.faults)) from None
