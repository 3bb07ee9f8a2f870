"""What tables say of each other: references, posts that exist, trees without cycles."""

from collections.abc import Collection, Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from matching.schema import DEFAULT_POST, TABLES, key_of, meta
from matching.tables.faults import Message, faults_at, no_faults
from matching.tables.indices import positions

# What is referred to comes before what refers, so that one pass sets aside all that hangs on a row.
_ORDER = ("organisations", "stations", "menu", "menu_posts", "volunteers", "requests")
_NAMES_A_POST = ("menu_qualifications", "post_qualifications", "assignments", "affinities")
# Tables whose rows say how something is to be served. Without one it would be planned wrongly, so
# a faulty row sets aside what it refers to.
_SAYS_HOW = {
    "menu": ("menu_posts", "menu_qualifications", "team_rules"),
    "requests": ("options", "sessions", "posts", "post_qualifications", "team_rules"),
}


def check_references(
    tables: dict[str, pl.DataFrame], raw: Mapping[str, pl.DataFrame], unread: Collection[str] = ()
) -> list[pl.DataFrame]:
    """Take out of the tables, in place, every row that refers to nothing; return the faults.

    A table that was not given at all cannot be referred to wrongly; nothing of ``unread`` ones
    could be read. ``raw`` is what the clean tables were made of, with ``row``.
    """
    given = _Given(tables, raw, unread)
    faults = given.owners_aside()
    while True:
        faults += given.faults()
        # A post that does not exist may be a misspelt one, which now lacks its requirements.
        more = given.owners_aside()
        if not more:
            return faults
        faults += more


def take_out(
    tables: dict[str, pl.DataFrame],
    raw: Mapping[str, pl.DataFrame],
    name: str,
    bad: pl.Series,
    columns: tuple[str, ...],
    rule: str,
    message: Message,
) -> pl.DataFrame:
    """Take the rows out of a table, in place; return their faults."""
    if not bad.any():
        return no_faults()
    rows = tables[name]
    tables[name] = rows.filter(~bad)
    return faults_at(name, raw[name], rows["row"].filter(bad), columns, rule, message)


class _Given(NamedTuple):
    """Clean tables, to be changed in place; what they were made of; and what could not be read."""

    tables: dict[str, pl.DataFrame]
    raw: Mapping[str, pl.DataFrame]
    unread: Collection[str]

    def faults(self) -> list[pl.DataFrame]:
        """Take out what refers to nothing, once through all tables."""
        faults = []
        for name in (*_ORDER, *(name for name in TABLES if name not in _ORDER)):
            for column, kind in TABLES[name].columns().items():
                target = meta(kind).get("refers")
                if target in self.unread:
                    text = f"the table {target} could not be read"
                    bad = self.tables[name][column].is_not_null()
                    faults.append(self.take_out(name, bad, (column,), "set_aside", text))
                elif target in self.raw:
                    faults += self.dangling(name, column, str(target))
            if name == "organisations" and name in self.raw:
                faults += self.cycles(name)
            if name == "requests":
                faults.append(self.no_time())
            if name in _NAMES_A_POST:
                faults.append(self.no_post(name))
            if name == "assignments":
                faults.append(self.no_option(name))
            if name == "sessions":
                faults += self.no_meetings(name)
            if name == "groups":
                faults += self.too_small(name)
        return faults

    def take_out(
        self, name: str, bad: pl.Series, columns: tuple[str, ...], rule: str, message: str
    ) -> pl.DataFrame:
        return take_out(self.tables, self.raw, name, bad, columns, rule, message)

    def owners_aside(self) -> list[pl.DataFrame]:
        """Set aside the requests and menu items that a faulty row of another table refers to."""
        faults = []
        for owner, names in _SAYS_HOW.items():
            key = key_of(owner)[0]
            for name in names:
                ids, rows = self.tables[owner][key], self.tables[name]
                if name in self.unread:
                    bad, text = ids.is_not_null(), f"the table {name} could not be read"
                elif name in self.raw and self.raw[name].height > rows.height:
                    faulty = self.raw[name].filter(~pl.col("row").is_in(rows["row"].implode()))
                    named = _as_ids(faulty[key]) if key in faulty.columns else ids.clear()
                    bad, text = ids.is_in(named.implode()), f"its row in {name} has a fault"
                else:
                    continue
                if bad.any():
                    faults.append(self.take_out(owner, bad, (key,), "set_aside", text))
        return faults

    def dangling(self, name: str, column: str, target: str) -> list[pl.DataFrame]:
        key = key_of(target)[0]
        nowhere = f"{target} has no such {key}; add it there, or correct it here"
        hanging = f"its row in {target} has a fault of its own"
        faults: list[pl.DataFrame] = []
        # A parent that is set aside takes its children along, level by level.
        while True:
            rows = self.tables[name][column]
            if rows.null_count() == len(rows):
                return faults
            at = positions(rows, self.tables[target][key])
            if at.null_count() == rows.null_count():
                return faults
            bad = rows.is_not_null() & at.is_null()
            aside = rows.is_in(_as_ids(self.raw[target][key]).implode()).filter(bad)
            numbers = self.tables[name]["row"].filter(bad)
            for rule, text, here in (("reference", nowhere, ~aside), ("set_aside", hanging, aside)):
                found = faults_at(name, self.raw[name], numbers.filter(here), (column,), rule, text)
                faults.append(found)
            self.tables[name] = self.tables[name].filter(~bad)
            if target != name:
                return faults

    def cycles(self, name: str) -> list[pl.DataFrame]:
        rows = self.tables[name]
        parent = _found(rows, ["parent_id"], rows.select(parent_id="organisation_id"))
        up = np.append(np.where(parent < 0, rows.height, parent), rows.height)
        # Doubling the jump reaches the root, the extra last index, from every row that has one, and
        # from the others a row of the cycle.
        for _ in range(max(1, rows.height.bit_length())):
            up = up[up]
        endless = up[:-1] != rows.height
        columns, around = ("organisation_id", "parent_id"), np.zeros(rows.height, dtype=np.bool_)
        around[up[:-1][endless]] = True
        above, below = pl.Series(around), pl.Series((endless & ~around)[~around])
        text = "its chain of parents comes back to it; take one parent_id out of the chain"
        into = "its chain of parents runs into a cycle"
        return [
            self.take_out(name, above, columns, "cycle", text),
            self.take_out(name, below, columns, "set_aside", into),
        ]

    def no_post(self, name: str) -> pl.DataFrame:
        rows = self.tables[name]
        if rows.is_empty():
            return no_faults()
        owner = "menu_item" if name == "menu_qualifications" else "request_id"
        keys = [owner, "post"]
        known = self.tables["menu_posts"] if owner == "menu_item" else posts_of(self.tables)
        bad = pl.Series(_found(rows, keys, known.select(keys)) < 0) & rows["post"].is_not_null()
        text = f"this {owner.removesuffix('_id').replace('_', ' ')} has no such post"
        return self.take_out(name, bad, (owner, "post"), "post_exists", text)

    def no_option(self, name: str) -> pl.DataFrame:
        rows, keys = self.tables[name], ("request_id", "option")
        known = [self.tables[one].select(keys) for one in ("options", "sessions")]
        missing = pl.Series(_found(rows, [*keys], pl.concat(known)) < 0)
        text = "this request has no such option; leave the cell empty if any will do"
        return self.take_out(
            name, missing & rows["option"].is_not_null(), keys, "option_exists", text
        )

    def no_meetings(self, name: str) -> list[pl.DataFrame]:
        """Refuse sessions that overlap, or of which nobody can say which option they are of."""
        rows = self.tables[name]
        if rows.is_empty():
            return []
        at = ["request_id", "option"]
        given = self.tables["options"].select(at)
        window = given.with_columns(pl.col("option").str.strip_suffix("+0"))
        window = window.join(given, on=at, how="anti")
        of_window = pl.Series(_found(rows, at, window) >= 0) & rows["option"].is_not_null()
        text = "this option is a window of starts; write each start as an option of its own"
        faults = [self.take_out(name, of_window, (*at, "session"), "sessions_of_a_window", text)]
        rows = self.tables[name]
        named = pl.concat([given, rows.select(at)]).drop_nulls("option")["request_id"]
        unnamed = rows["option"].is_null() & rows["request_id"].is_in(named.implode())
        text = "this request has options; say which of them the session belongs to"
        faults.append(self.take_out(name, unnamed, (*at, "session"), "session_s_option", text))
        rows = self.tables[name].sort(*at, "start", "end", "row")
        before = pl.col("end").cum_max().shift(1).over(at)
        late = rows.filter(pl.col("start") < before)["row"]
        overlaps = self.tables[name]["row"].is_in(late.implode())
        text = "it begins before another session of the same people has ended"
        columns = ("request_id", "start", "end")
        faults.append(self.take_out(name, overlaps, columns, "sessions_overlap", text))
        return faults

    def too_small(self, name: str) -> list[pl.DataFrame]:
        """Refuse groups of one, and set aside who is left of others."""
        rows = self.tables[name]
        if rows.is_empty():
            return []
        alone = ~rows["group_id"].is_duplicated()
        raw = self.raw[name].select(pl.col("group_id").cast(pl.String))
        written = raw.filter(raw.is_duplicated()).to_series()
        others = rows["group_id"].is_in(written.implode())
        text = "a group has two people or more; add a row for each of the others, or take it out"
        left = "its rows of all others in the group have faults"
        first = alone & ~others
        found = self.take_out(name, first, ("group_id", "volunteer_id"), "several_people", text)
        rest = (alone & others).filter(~first)
        return [found, self.take_out(name, rest, ("group_id", "volunteer_id"), "set_aside", left)]

    def no_time(self) -> pl.DataFrame:
        """Refuse a request that no option and no time of its own says when to serve."""
        requests, menu = self.tables["requests"], self.tables["menu"]
        timed_items = menu.filter(pl.col("minutes").is_not_null())["menu_item"]
        lasts = requests["end"].is_not_null()
        lasts |= requests["menu_item"].is_in(timed_items.implode()).fill_null(False)
        others = [self.tables[name]["request_id"] for name in ("options", "sessions")]
        optional = requests["request_id"].is_in(pl.concat(others).implode())
        bad = ~optional & ~(requests["start"].is_not_null() & lasts)
        text = (
            "give start and end, or rows in options or sessions; a menu item with minutes makes up "
            "for the end"
        )
        return self.take_out("requests", bad, ("start", "end"), "when", text)


def _as_ids(column: pl.Series) -> pl.Series:
    text = column.dtype in (pl.String, pl.Categorical, pl.Enum) or column.dtype.is_integer()
    return column.cast(pl.String) if text else pl.Series(dtype=pl.String)


def _found(rows: pl.DataFrame, keys: list[str], known: pl.DataFrame) -> npt.NDArray[np.int64]:
    """Return where the keys of each row stand among the known ones; -1 where they do not."""
    known = known.unique(keys, maintain_order=True).with_row_index("found")
    joined = rows.select(keys).join(known, on=keys, how="left", maintain_order="left")
    return joined["found"].cast(pl.Int64).fill_null(-1).to_numpy()


def posts_of(tables: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """Return the posts of every request: its own, else its menu item's, else the default one.

    ``request_id``, ``post``, ``seats``, ``min_seats``; requests in the order of their table.
    """
    requests = tables["requests"].select("request_id", "menu_item", "quantity")
    counts = [pl.col("seats"), pl.col("min_seats").fill_null(0)]
    own = tables["posts"].select("request_id", "post", *counts)
    rest = requests.join(own, on="request_id", how="anti")
    times = pl.col("quantity").fill_null(1)
    menu = rest.join(tables["menu_posts"], on="menu_item").select(
        "request_id", "post", *(count * times for count in counts)
    )
    default = rest.join(menu, on="request_id", how="anti").select(
        "request_id",
        post=pl.lit(DEFAULT_POST),
        seats=pl.lit(1, dtype=pl.Int64),
        min_seats=pl.lit(0, dtype=pl.Int64),
    )
    every = pl.concat([own, menu, default])
    order = requests.select("request_id").with_row_index("order")
    return every.join(order, on="request_id").sort("order", "post").drop("order")


def times_of(tables: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """Return the times of every request: those of its options, else its own.

    ``request_id``, ``option`` (null for a request's own time), ``start``, ``end``: of several
    sessions the first start and the last end.
    """
    at = ["request_id", "option"]
    options = tables["options"].select(*at, "start", "end")
    sessions = tables["sessions"]
    if sessions.height:
        whole = sessions.group_by(at, maintain_order=True).agg(pl.min("start"), pl.max("end"))
        options = pl.concat([options.join(whole, on=at, how="anti"), whole])
    own = tables["requests"].join(options, on="request_id", how="anti")
    minutes = tables["menu"].select("menu_item", "minutes")
    own = own.join(minutes, on="menu_item", how="left").select(
        "request_id",
        option=pl.lit(None, dtype=pl.String),
        start="start",
        end=pl.col("end").fill_null(pl.col("start") + pl.duration(minutes=pl.col("minutes"))),
    )
    return pl.concat([own, options])
