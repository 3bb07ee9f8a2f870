"""Clean tables become columns: ids become indices, defaults are filled in, menus unfolded.

Indices follow the ids, never the rows: whoever gives the same rows in another order gets the same
columns, and so the same plan, down to the ties.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
import polars as pl

from matching.problem import columns as c
from matching.problem.ground import IN_WEEK, Ground
from matching.problem.series import NULL, floats, index_in, ints, statuses, truths
from matching.schema import COUNTY, KEPT, PAIR_RULES, SUBJECTS
from matching.tables.cells import to_local
from matching.tables.references import posts_of


class Builder(Ground):
    """Turns the clean tables of one week into columns, one method per kind."""

    def volunteers(self) -> c.Volunteers:
        """Fill in the policy's limits, and the station's place where no other is given."""
        t = self._placed(self.tables["volunteers"])
        hours = t["max_hours"].fill_null(c.NO_LIMIT / 60).to_numpy()
        rest = floats(t["min_rest_hours"], 0.0)
        return c.Volunteers(
            id=t["volunteer_id"],
            organisation=index_in(t["organisation_id"], self.organisation_ids),
            station=index_in(t["station_id"], self.tables["stations"]["station_id"]),
            lat=floats(t["lat"]),
            lon=floats(t["lon"]),
            travel_km=floats(t["travel_km"], self.policy.travel_km),
            max_shifts=ints(t["max_shifts"], self.policy.max_shifts),
            max_minutes=np.floor(hours * 60 + 1e-6).astype(np.int32),
            max_shifts_per_day=ints(t["max_shifts_per_day"], c.NO_LIMIT),
            max_days=ints(t["max_days"], c.NO_LIMIT),
            max_consecutive_days=ints(t["max_consecutive_days"], c.NO_LIMIT),
            max_in_days=ints(t["max_in_days"], c.NO_LIMIT),
            in_days=ints(t["in_days"], 1),
            min_rest=np.ceil(rest * 60 - 1e-6).astype(np.int32),
            recent_hours=floats(t["recent_hours"], 0.0),
            max_offers=ints(t["max_offers"], self.policy.max_offers),
            show_up=floats(t["show_up"]),
            refuses=truths(t["consent"] == "refuse"),
        )

    def travel(self) -> c.Travel:
        """Give every way its way back, which takes as long where nothing else is said."""
        t = self.tables["travel"]
        here, there = (index_in(t[f"{one}_station"], self.stop_ids) for one in ("from", "to"))
        given, minutes = c.combine(here, there), ints(t["minutes"])
        back = c.lookup(np.sort(given), c.combine(there, here)) < 0
        return c.Travel(
            np.append(here, there[back]),
            np.append(there, here[back]),
            np.append(minutes, minutes[back]),
        ).sorted()

    def windows(self) -> c.Windows:
        """Keep the windows that can hold a service of the week."""
        t = self.tables["availability"].select(
            self._minutes("start").cast(pl.Int32),
            self._minutes("end").cast(pl.Int32),
            pl.col("preference").fill_null(0).cast(pl.Int32),
            volunteer=pl.Series(self._of_volunteers("availability")),
        )
        last = self.times.select(self._minutes("end"))["end"].max()
        t = t.filter(pl.col("end") > 0, pl.col("start") < pl.lit(last, dtype=pl.Int64))
        names = ("volunteer", "start", "end", "preference")
        return c.Windows(*(ints(t[name]) for name in names)).sorted()

    def holdings(self) -> c.Holdings:
        """Count validity in days from the Monday."""
        t = self.tables["qualifications"]
        first = (pl.col("valid_from") - self.monday).dt.total_days().fill_null(-c.NO_LIMIT)
        last = (pl.col("valid_until") - self.monday).dt.total_days().fill_null(c.NO_LIMIT)
        t = t.select(
            qualification=pl.Series(index_in(t["qualification"], self.qualification_ids)),
            volunteer=pl.Series(self._of_volunteers("qualifications")),
            level=pl.col("level").fill_null(1).cast(pl.Int32),
            first=first.cast(pl.Int32),
            last=last.cast(pl.Int32),
        )
        return c.Holdings(*(ints(t[name]) for name in t.columns)).sorted()

    @cached_property
    def codes(self) -> dict[str, pl.Series]:
        """The values that requests of the week have, of each subject of preferences."""
        t = self.requests_in_week
        values = {
            "category": self._category(),
            "menu_item": t["menu_item"],
            "station": t["station_id"],
            "organisation": self._organisation(),
            "beneficiary": t["beneficiary_id"],
            "post": self.posts_in_week["post"],
        }
        return {subject: column.drop_nulls().unique().sort() for subject, column in values.items()}

    def _category(self) -> pl.Series:
        t = self.requests_in_week
        return t["category"].fill_null(t["menu_category"])

    def _organisation(self) -> pl.Series:
        t = self.requests_in_week
        return t["organisation_id"].fill_null(t["menu_organisation"])

    def requests(self) -> c.Requests:
        """Fill in what the menu item says where the request does not."""
        t = self._placed(self.requests_in_week)
        regions = self.tables["stations"].select("station_id", "region")
        district = (
            t.select("station_id")
            .join(regions, on="station_id", how="left", maintain_order="left")["region"]
            .str.slice(0, COUNTY)
        )
        people = t["min_people"].fill_null(
            t["menu_people"].cast(pl.Int64) * t["quantity"].fill_null(1)
        )
        return c.Requests(
            id=t["request_id"],
            priority=ints(t["priority"], 3)
            + self.policy.age_priority * ints(t["waited"], 0).astype(np.float64),
            organisation=index_in(t["organisation_id"], self.organisation_ids),
            menu_organisation=index_in(t["menu_organisation"], self.organisation_ids),
            ordering_organisation=index_in(self._organisation(), self.codes["organisation"]),
            lat=floats(t["lat"]),
            lon=floats(t["lon"]),
            stop=self._stops(self.requests_in_week),
            min_people=ints(people, 0),
            bonus=ints(t["bonus"], 0),
            category=index_in(self._category(), self.codes["category"]),
            menu_item=index_in(t["menu_item"], self.codes["menu_item"]),
            station=index_in(t["station_id"], self.codes["station"]),
            district=index_in(district, district.drop_nulls().unique().sort()),
            beneficiary=index_in(t["beneficiary_id"], self.codes["beneficiary"]),
            row=ints(t["row"]),
        )

    def options(self) -> c.Options:
        """Sort the times of the week by request, and count the days they touch."""
        # A service that ends at midnight does not touch the day that begins there.
        last = to_local(pl.col("end") - pl.duration(minutes=1), self.zone).dt.date() - self.monday
        t = self.times.with_columns(first_end="end", minutes=pl.col("end") - pl.col("start"))
        if self.tables["sessions"].height:
            at = ["request_id", "option"]
            first = pl.col("end").sort_by("start").first()
            length = (pl.col("end") - pl.col("start")).sum()
            met = self.tables["sessions"].group_by(at).agg(first_end=first, minutes=length)
            t = t.join(
                met, on=at, how="left", nulls_equal=True, maintain_order="left", suffix="_met"
            ).with_columns(
                pl.coalesce("first_end_met", "first_end").alias("first_end"),
                pl.coalesce("minutes_met", "minutes").alias("minutes"),
            )
        t = t.with_columns(
            self._minutes("start"),
            self._minutes("end"),
            self._minutes("first_end"),
            pl.col("minutes").dt.total_minutes().clip(0, c.NO_LIMIT),
            last_day=last.dt.total_days(),
            request=pl.Series(index_in(self.times["request_id"], self.request_ids)),
        ).sort("request", "start", "option")
        names = ("request", "start", "end", "day", "last_day", "first_end", "minutes")
        return c.Options(t["option"], *(ints(t[name]) for name in names))

    def sessions(self, options: c.Options) -> c.Sessions:
        """Keep the meetings of the week's options that have several."""
        t = self.tables["sessions"]
        t = t.filter(pl.len().over("request_id", "option") > 1)
        request = index_in(t["request_id"], self.request_ids)
        option = self._find(t, "option", request, options.id, options.request, nulls_equal=True)
        t = t.with_columns(
            self._minutes("start"), self._minutes("end"), day=self._day, option=pl.Series(option)
        )
        t = t.filter(pl.col("option") >= 0).sort("option", "start")
        option, start, end, day = (ints(t[name]) for name in ("option", "start", "end", "day"))
        return c.Sessions(option, start, end, day, t["session"])

    @cached_property
    def posts_in_week(self) -> pl.DataFrame:
        """The posts of the week's requests, sorted by request."""
        posts = posts_of(self.tables)
        chosen = pl.DataFrame({"request_id": self.request_ids})
        return posts.join(chosen, on="request_id", how="semi", maintain_order="left")

    def posts(self) -> c.Posts:
        """Give every request its posts."""
        t = self.posts_in_week
        request = index_in(t["request_id"], self.request_ids)
        alone = np.bincount(request, minlength=len(self.request_ids))[request] == 1
        return c.Posts(
            id=t["post"],
            request=request,
            seats=ints(t["seats"]),
            min_seats=ints(t["min_seats"]),
            bonus=ints(self.requests_in_week["bonus"], 0)[request] * alone,
            name=index_in(t["post"], self.codes["post"]),
        )

    def needs(self) -> c.Needs:
        """Join what the post asks and what its menu item asks; the higher level holds."""
        posts = self.posts_in_week.select("request_id", "post").with_row_index("index")
        own = self.tables["post_qualifications"].select(
            "request_id", "post", "qualification", "level"
        )
        items = self.requests_in_week.select("request_id", "menu_item")
        menu = self.tables["menu_qualifications"].join(items, on="menu_item").select(own.columns)
        every = pl.concat([own, menu]).with_columns(pl.col("level").fill_null(1))
        t = every.join(posts, on=["request_id", "post"])
        t = t.group_by("index", "qualification").agg(pl.col("level").max())
        t = t.sort("index", "qualification")
        asked = index_in(t["qualification"], self.qualification_ids)
        return c.Needs(ints(t["index"]), asked, ints(t["level"]))

    def team_rules(self) -> c.TeamRules:
        """Give every request its own rules and its menu item's, times its quantity."""
        t = self.tables["team_rules"]
        wanted = ["request_id", "qualification", "min_people", "per_people"]
        own = t.drop_nulls("request_id").select(wanted)
        items = self.requests_in_week.select("request_id", "menu_item", "quantity")
        people = pl.col("min_people").cast(pl.Int64) * pl.col("quantity").fill_null(1)
        menu = t.drop("request_id").join(items, on="menu_item").with_columns(min_people=people)
        t = pl.concat([own, menu.select(wanted)])
        t = t.with_columns(request=pl.Series(index_in(t["request_id"], self.request_ids)))
        t = t.filter(pl.col("request") >= 0)
        t = t.sort("request", "qualification", "min_people", "per_people")
        return c.TeamRules(
            ints(t["request"]),
            index_in(t["qualification"], self.qualification_ids),
            ints(t["min_people"], 0),
            ints(t["per_people"], 0),
        )

    def _subjects(self, table: str) -> tuple[c.Ints, c.Ints]:
        """Return the subject of each row, and the code of its value among the week's."""
        t = self.tables[table]
        subject = ints(t["subject"].cast(pl.String).replace_strict(SUBJECTS, range(len(SUBJECTS))))
        code = np.full(len(t), NULL, dtype=np.int32)
        for number, name in enumerate(SUBJECTS):
            rows = np.flatnonzero(subject == number)
            code[rows] = index_in(t["value"].gather(rows), self.codes[name])
        return subject, code

    def preferences(self) -> c.Preferences:
        """Keep the preferences for something that is ordered this week."""
        t = self.tables["preferences"]
        subject, code = self._subjects("preferences")
        every = c.Preferences(
            self._of_volunteers("preferences"),
            subject,
            code,
            ints(t["weight"], 0),
            truths(t["never"]),
        )
        return every.take(code >= 0).sorted()

    @cached_property
    def group_ids(self) -> pl.Series:
        """The groups, whose order numbers them."""
        return self.tables["groups"]["group_id"].unique().sort()

    def members(self) -> c.Members:
        """Sort the members of groups."""
        group = index_in(self.tables["groups"]["group_id"], self.group_ids)
        return c.Members(group, self._of_volunteers("groups")).sorted()

    def limits(self) -> c.Limits:
        """Keep the limits of something that is ordered this week."""
        t = self.tables["limits"]
        subject, code = self._subjects("limits")
        first_day = np.zeros(len(t), np.int32)
        every = c.Limits(
            self._of_volunteers("limits"),
            subject,
            code,
            first_day,
            first_day + 6,
            ints(t["max_shifts"]),
            np.zeros(len(t), np.bool_),
        )
        return every.take((code >= 0) | t["value"].is_null().to_numpy()).sorted()

    def pairs(self, members: c.Members) -> c.Pairs:
        """Keep each pair once, whichever way round it was given, and link the members of groups."""
        t = self.tables["pairs"]
        a, b = (self._of_volunteers("pairs", f"volunteer_{one}") for one in "ab")
        together = (t["rule"].cast(pl.String) == PAIR_RULES[0]).to_numpy()
        rows = np.stack([np.minimum(a, b), np.maximum(a, b), together.astype(np.int32)])
        a, b, kind = np.unique(rows, axis=1).astype(np.int32)
        link = np.flatnonzero(members.group[1:] == members.group[:-1])
        return c.Pairs(
            np.append(a, members.volunteer[link]),
            np.append(b, members.volunteer[link + 1]),
            np.append(kind == 1, np.ones(len(link), np.bool_)),
            np.append(np.full(len(a), NULL, np.int32), members.group[link]),
        )

    def bonds(self) -> c.Bonds:
        """Keep the bonds to beneficiaries of the week."""
        t = self.tables["bonds"]
        beneficiary = index_in(t["beneficiary_id"], self.codes["beneficiary"])
        every = c.Bonds(self._of_volunteers("bonds"), beneficiary, ints(t["visits"], 0))
        return every.take(beneficiary >= 0).sorted()

    def earlier(self, posts: c.Posts, options: c.Options) -> c.Earlier:
        """Find the post and the option that each earlier assignment speaks of."""
        t = self.tables["assignments"]
        request = index_in(t["request_id"], self.request_ids)
        every = c.Earlier(
            volunteer=self._of_volunteers("assignments"),
            post=self._find(t, "post", request, posts.id, posts.request),
            option=self._find(t, "option", request, options.id, options.request),
            status=statuses(t["status"]),
            row=ints(t["row"]),
        )
        # An option that is not in this week was named and not found.
        elsewhere = (every.option < 0) & t["option"].is_not_null().to_numpy()
        return every.take((every.post >= 0) & ~elsewhere).sorted()

    def other_weeks(self) -> c.OtherWeeks:
        """Find what people are held to at times outside the week.

        Without an option a row speaks of the times in the week; if there are none, of all others.
        """
        t = self.tables["assignments"].filter(pl.col("status").cast(pl.String).is_in(KEPT))
        times = self._meetings().rename({"option": "at"})
        t = t.select("volunteer_id", "request_id", "option", "status", "row").join(
            times, on="request_id", maintain_order="left"
        )
        t = t.filter(pl.col("option").is_null() | (pl.col("option") == pl.col("at")))
        t = t.filter(~IN_WEEK.any().over("row"))
        requests = self.tables["requests"]
        places = self._placed(requests).select(
            "request_id", "lat", "lon", stop=pl.Series(self._stops(requests))
        )
        t = t.join(places, on="request_id", maintain_order="left")
        t = t.with_columns(
            self._minutes("start"),
            self._minutes("end"),
            day=self._day,
            volunteer=pl.Series(index_in(t["volunteer_id"], self.volunteer_ids)),
        ).sort("volunteer", "start", "end", "request_id")
        return c.OtherWeeks(
            volunteer=ints(t["volunteer"]),
            request_id=t["request_id"],
            request=index_in(t["request_id"], self.request_ids),
            option=t["at"],
            status=statuses(t["status"]),
            start=ints(t["start"]),
            end=ints(t["end"]),
            day=ints(t["day"]),
            lat=floats(t["lat"]),
            lon=floats(t["lon"]),
            stop=ints(t["stop"]),
            later=truths(t["later"]),
        )

    def organisations(self) -> c.Organisations:
        """Return every organisation that is named, those without a row without a limit."""
        ids = pl.DataFrame({"organisation_id": self.organisation_ids})
        t = ids.join(
            self.tables["organisations"], on="organisation_id", how="left", maintain_order="left"
        )
        parent = index_in(t["parent_id"], self.organisation_ids)
        return c.Organisations(t["organisation_id"], parent, ints(t["max_seats"], c.NO_LIMIT))

    def affinities(self, posts: c.Posts) -> c.Affinities:
        """Keep the scores of the week's requests."""
        t = self.tables["affinities"]
        request = index_in(t["request_id"], self.request_ids)
        post = self._find(t, "post", request, posts.id, posts.request)
        every = c.Affinities(self._of_volunteers("affinities"), request, post, ints(t["score"]))
        return every.take(request >= 0).sorted()


def slots_of(posts: c.Posts, options: c.Options) -> c.Slots:
    """Pair every post with every option of its request."""
    first = c.starts_of(options.request, int(posts.request.max(initial=-1)) + 1)
    count = first[posts.request + 1] - first[posts.request]
    post = np.repeat(np.arange(len(posts), dtype=np.int32), count)
    option = c.ranges(first[posts.request], count).astype(np.int32)
    return c.Slots(post, option, posts.request[post])
