"""What all columns are built on: the tables of a week, sorted; its clock, ids, times and places."""

from __future__ import annotations

from datetime import date
from functools import cached_property

import numpy as np
import polars as pl

from matching.policy import Policy
from matching.problem import columns as c
from matching.problem.series import NULL, by_id, index_in, ints
from matching.tables.cells import to_local, to_utc, week_start
from matching.tables.indices import positions
from matching.tables.references import times_of

IN_WEEK = pl.col("day").is_between(0, 6)


class Ground:
    """The clean tables of one week, and what the columns of several kinds are made of."""

    def __init__(self, tables: dict[str, pl.DataFrame], week: date, policy: Policy) -> None:
        self.tables = tables | {
            "volunteers": by_id(tables["volunteers"], "volunteer_id"),
            "requests": by_id(tables["requests"], "request_id"),
            "stations": by_id(tables["stations"], "station_id"),
        }
        tables = self.tables
        self.policy = policy
        self.zone = policy.time_zone
        monday = pl.select(to_utc(week_start(week), self.zone)).item()
        self.monday_utc = pl.lit(monday, dtype=pl.Datetime("us"))
        self.monday = pl.lit(week)
        self.volunteer_ids = tables["volunteers"]["volunteer_id"]
        self.organisation_ids = self._all_ids("organisation_id")
        self.qualification_ids = self._all_qualifications()
        self.all_times = self._times()
        self.times = self.all_times.filter(IN_WEEK)
        chosen = self.times["request_id"].unique()
        requests = tables["requests"].join(
            tables["menu"].select(
                "menu_item",
                menu_category="category",
                menu_organisation="organisation_id",
                menu_people="min_people",
            ),
            on="menu_item",
            how="left",
            maintain_order="left",
        )
        self.requests_in_week = requests.filter(pl.col("request_id").is_in(chosen.implode()))
        self.left_out = requests.height - self.requests_in_week.height
        self.request_ids = self.requests_in_week["request_id"]

    def _all_ids(self, column: str) -> pl.Series:
        """Return all that are named: an organisation without a row counts for preferences."""
        t = self.tables
        named = [t[name][column] for name in ("organisations", "volunteers", "requests", "menu")]
        return pl.concat(named).drop_nulls().unique().sort()

    def _all_qualifications(self) -> pl.Series:
        """Return every qualification that is held or asked for."""
        names = ("qualifications", "menu_qualifications", "post_qualifications", "team_rules")
        return pl.concat([self.tables[n]["qualification"].unique() for n in names]).unique().sort()

    def _meetings(self) -> pl.DataFrame:
        """Return all times, those of several meetings one by one: the first, and the ``later``.

        The day is that of the first.
        """
        every, sessions = self.all_times.with_columns(later=False), self.tables["sessions"]
        if sessions.is_empty():
            return every
        at = ["request_id", "option"]
        whole = every.join(sessions, on=at, how="anti", nulls_equal=True)
        begin = every.select(*at, "day", first="start")
        met = sessions.select(*at, "start", "end")
        met = met.join(begin, on=at, nulls_equal=True, maintain_order="left")
        met = met.with_columns(later=pl.col("start") > pl.col("first"))
        return pl.concat([whole, met.select(whole.columns)])

    def _times(self) -> pl.DataFrame:
        """Return all times, of options and of requests, with the day they start on."""
        return times_of(self.tables).with_columns(day=self._day)

    @property
    def _day(self) -> pl.Expr:
        """The day of a start, counted from the Monday."""
        return (to_local(pl.col("start"), self.zone).dt.date() - self.monday).dt.total_days()

    def _minutes(self, column: str) -> pl.Expr:
        minutes = (pl.col(column) - self.monday_utc).dt.total_minutes()
        return minutes.clip(-c.NO_LIMIT, c.NO_LIMIT).alias(column)

    def _of_volunteers(self, table: str, column: str = "volunteer_id") -> c.Ints:
        return index_in(self.tables[table][column], self.volunteer_ids)

    @cached_property
    def stop_ids(self) -> pl.Series:
        """The stations that ``travel`` names."""
        travel = self.tables["travel"]
        return pl.concat([travel["from_station"], travel["to_station"]]).unique().sort()

    def _stops(self, rows: pl.DataFrame) -> c.Ints:
        """Return the stop of what takes place at its station: it has no place of its own."""
        return np.where(rows["lat"].is_null(), index_in(rows["station_id"], self.stop_ids), NULL)

    def _placed(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return the rows with the place of their station where they have none of their own."""
        stations, nowhere = self.tables["stations"], rows["lat"].is_null()
        at = positions(rows["station_id"].filter(nowhere), stations["station_id"])
        where = nowhere.arg_true()
        return rows.with_columns(
            rows[name].scatter(where, stations[name].gather(at)) for name in ("lat", "lon")
        )

    @staticmethod
    def _find(
        t: pl.DataFrame,
        column: str,
        request: c.Ints,
        names: pl.Series,
        owners: c.Ints,
        *,
        nulls_equal: bool = False,
    ) -> c.Ints:
        asked = pl.DataFrame({"request": request, "name": t[column]})
        known = pl.DataFrame({"request": owners, "name": names}).with_row_index("index")
        joined = asked.join(
            known,
            on=["request", "name"],
            how="left",
            nulls_equal=nulls_equal,
            maintain_order="left",
        )
        return ints(joined["index"])
