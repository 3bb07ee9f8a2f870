"""A week's problem: what volunteers can do and when, what communities ordered, under a policy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import numpy as np
import polars as pl

from matching.errors import UsageError
from matching.guards.doors import constructor, door
from matching.guards.mondays import Day, monday_of
from matching.guards.showing import Shown
from matching.parallel.memory import give_back
from matching.policy import READ_WITH, Policy
from matching.problem import columns as c
from matching.problem.build import Builder, slots_of
from matching.schema import STATUSES
from matching.tables.cleaning import OnError, Tables, Words, clean

PINNED = STATUSES.index("pinned")
# The columns that hold names for reports, in the clean tables.
_NAMES = {
    "organisations": ("organisation_id", "name", "max_seats"),
    "stations": ("station_id", "name", "lat", "lon", "region"),
    "menu": ("menu_item", "name", "category"),
    "requests": ("request_id", "name", "category", "menu_item", "station_id"),
}


@constructor
@dataclass(frozen=True, eq=False, repr=False)
class Problem(Shown):
    """Frozen, validated, integer-indexed columns. See `columns` for what each index means.

    Attributes
    ----------
    week : datetime.date
        The Monday the week starts with.
    policy : Policy
        The weights and limits in force.
    left_out : int
        Requests of the tables that do not start in the week.
    faults : polars.DataFrame
        What was set aside, in the layout of `DataError`.
    on_error : {"raise", "quarantine"}
        What to do with a pin that turns out to be against the rules.
    kind : str
        The kind of dataframes that the tables came in, and a plan goes back as.
    words : tables.Words, optional
        Puts faults of ``assignments`` into the words of the store they came from.
    names : dict of str to polars.DataFrame
        What a report calls organisations, stations, menu items and requests.
    """

    week: date
    policy: Policy
    volunteers: c.Volunteers
    windows: c.Windows
    holdings: c.Holdings
    requests: c.Requests
    options: c.Options
    sessions: c.Sessions
    posts: c.Posts
    needs: c.Needs
    slots: c.Slots
    team_rules: c.TeamRules
    preferences: c.Preferences
    limits: c.Limits
    limits_for_all: c.Limits
    pairs: c.Pairs
    members: c.Members
    bonds: c.Bonds
    earlier: c.Earlier
    other_weeks: c.OtherWeeks
    travel: c.Travel
    organisations: c.Organisations
    affinities: c.Affinities
    qualification_ids: pl.Series
    group_ids: pl.Series
    left_out: int
    faults: pl.DataFrame
    on_error: OnError
    kind: str = "polars"
    words: Words | None = None
    names: Mapping[str, pl.DataFrame] = field(default_factory=dict)

    def _figures(self) -> dict[str, object]:
        return {
            "week": self.week,
            "volunteers": len(self.volunteers),
            "requests": len(self.requests),
            "seats": int(self.posts.seats.astype(np.int64).sum()),
            "qualifications": len(self.qualification_ids),
            "organisations": len(self.organisations),
            "pinned": len(self.pins),
            "outside the week": self.left_out,
            "set aside": self.faults.height,
        }

    @classmethod
    @door
    def from_tables(
        cls,
        tables: Mapping[str, pl.DataFrame],
        week: Day,
        policy: Policy | None = None,
        on_error: OnError = "raise",
    ) -> Problem:
        """Check the tables of the contract and index them.

        Parameters
        ----------
        tables : Mapping of str to polars.DataFrame
            Tables by name; cells may be text, as a CSV file gives them, or typed.
        week : datetime.date, str or numpy.datetime64
            The Monday to plan from; see `mondays`.
        policy : Policy, optional
            Weights and limits; the model's defaults, if absent.
        on_error : {"raise", "quarantine"}
            Refuse faulty tables, or set the faulty rows aside and go on with the rest.

        Returns
        -------
        Problem

        Raises
        ------
        DataError
            With every fault of every table, unless they are to be set aside.
        UsageError
            If ``week`` is not a day, or not a Monday.
        """
        policy = policy or Policy()
        week = monday_of(week)
        cleaned, faults = clean(
            tables,
            week=week,
            time_zone=policy.time_zone,
            option_minutes=policy.option_minutes,
            on_error=on_error,
        )
        problem = cls.from_clean(cleaned, faults, week, policy, on_error)
        words = tables.words if isinstance(tables, Tables) else None
        return problem if words is None else replace(problem, words=words.only("assignments"))

    @classmethod
    @door
    def from_clean(
        cls,
        cleaned: dict[str, pl.DataFrame],
        faults: pl.DataFrame,
        week: Day,
        policy: Policy,
        on_error: OnError = "raise",
    ) -> Problem:
        """Index what `tables.clean` gave back for this week, for callers who need the tables too.

        Parameters
        ----------
        cleaned : dict of str to polars.DataFrame
        faults : polars.DataFrame
        week : datetime.date, str or numpy.datetime64
        policy : Policy
        on_error : {"raise", "quarantine"}
            What to do with a pin that turns out to be against the rules.

        Returns
        -------
        Problem

        Raises
        ------
        UsageError
            If ``week`` is not a day, or not a Monday.
        """
        week = monday_of(week)
        give_back()
        build = Builder(cleaned, week, policy)
        posts, options = build.posts(), build.options()
        members, limits = build.members(), build.limits()
        return cls(
            week=week,
            policy=policy,
            volunteers=build.volunteers(),
            windows=build.windows(),
            holdings=build.holdings(),
            requests=build.requests(),
            options=options,
            sessions=build.sessions(options),
            posts=posts,
            needs=build.needs(),
            slots=slots_of(posts, options),
            team_rules=build.team_rules(),
            preferences=build.preferences(),
            limits=limits.take(limits.volunteer >= 0),
            limits_for_all=limits.take(limits.volunteer < 0),
            pairs=build.pairs(members),
            members=members,
            bonds=build.bonds(),
            earlier=build.earlier(posts, options),
            other_weeks=build.other_weeks(),
            travel=build.travel(),
            organisations=build.organisations(),
            affinities=build.affinities(posts),
            qualification_ids=build.qualification_ids,
            group_ids=build.group_ids,
            left_out=build.left_out,
            faults=faults,
            on_error=on_error,
            names={table: cleaned[table].select(names) for table, names in _NAMES.items()},
        )

    @classmethod
    @door
    def from_source(
        cls,
        source: object,
        week: Day,
        policy: Policy | None = None,
        on_error: OnError = "raise",
        mapping: object = None,
        **options: Any,
    ) -> Problem:
        """Read the tables from any store, check and index them; see `matching.read`.

        Parameters
        ----------
        source : object
        week : datetime.date, str or numpy.datetime64
        policy : Policy, optional
        on_error : {"raise", "quarantine"}
        mapping : path, dict or mapping.Mapping, optional
        **options

        Returns
        -------
        Problem

        Raises
        ------
        DataError
            With every fault of every table, unless they are to be set aside.
        UsageError
            If the store cannot be read, the mapping makes no sense, or ``week`` is no Monday.
        """
        # Loaded only when called: a caller with tables needs nothing of the edge.
        from matching.stores.weeks import read

        return read(source, week, policy, on_error, mapping, **options)

    @property
    def pins(self) -> c.Earlier:
        """The assignments that must stay."""
        return self.earlier.take(self.earlier.status == PINNED)

    def set_aside(self) -> dict[str, int]:
        """Return how many rows of each table were set aside."""
        rows = self.faults.group_by("table").agg(pl.col("row").n_unique()).sort("table")
        return dict(rows.iter_rows())

    @door
    def under(self, policy: Policy) -> Problem:
        """Return the problem under other weights.

        Raises
        ------
        UsageError
            If the policy differs in what the tables were read with.
        """
        for name in READ_WITH:
            old, new = getattr(self.policy, name), getattr(policy, name)
            if old != new:
                raise UsageError(
                    f"policy {name} = {new!r}, but the tables were read with {old!r}; "
                    "give the policy to Problem.from_tables"
                )
        return replace(self, policy=policy)

    def without_earlier(self, rows: c.Ints, faults: pl.DataFrame) -> Problem:
        """Return the problem without these rows of ``assignments``, their faults added."""
        kept = self.earlier.take(~np.isin(self.earlier.row, rows))
        return replace(self, earlier=kept, faults=pl.concat([self.faults, faults]))
