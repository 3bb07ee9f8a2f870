"""A plan in force, planned anew: who is told what, what it costs, and that nothing beats it."""

import random
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import assume

from matching import audit, solve
from matching.orders.replanning import Replan, replan
from tests.oracle import judge, replanned
from tests.oracle.reading import WEEK, Row, read
from tests.support.laws import SEEDS, law, problem_of
from tests.support.worlds import Tables, full_world, tree_world

ZONE = ZoneInfo("Asia/Shanghai")
EVENT = ("request_id", "event", "volunteer_id", "post", "option")
EARLIER = {"seat": 150, "distance": 400, "window_preference": 300}


# --- laws -----------------------------------------------------------------------------------------


def minutes(moment: datetime) -> int:
    return int(moment.replace(tzinfo=ZONE).timestamp() // 60)


class Case:
    """A plan in force of a random world, and what happened since."""

    def __init__(self, tables: Tables, seed: int) -> None:
        draw = random.Random(seed)
        # Other weights than today's: the plan in force is not the best.
        before = problem_of(tables, EARLIER)
        made = solve(before, gap=0.0)
        assume(made.status != "infeasible")
        self.plan = made.tables()["plan"]
        self.now = draw.choice(
            [None, *(datetime.combine(WEEK, datetime.min.time()) + timedelta(hours=h, minutes=1)
                     for h in (-20, 10, 40, 70))]
        )  # fmt: skip
        rows = self.plan.to_dicts()
        draw.shuffle(rows)
        own = rows[: draw.choice([0, 1, 1, 2])]
        agreed = [row for row in rows[len(own) :] if draw.random() < 0.25]
        self.tables = self.answered(tables, own, agreed)
        # Who took back what is off anyway is told like all others.
        others = sorted({row["request_id"] for row in rows} - {row["request_id"] for row in own})
        off = draw.choice([None, None, *others])
        if off is not None:
            self.tables = without_request(self.tables, off)
        self.events = pl.DataFrame(
            [
                *(self.event(row, "cancelled") for row in own),
                *(self.event(row, "accepted") for row in agreed),
                *([{"request_id": off, "event": "withdrawn"}] if off is not None else ()),
            ],
            schema=dict.fromkeys(
                ("request_id", "event", "volunteer_id", "post", "option"), pl.String
            ),
        )
        pairs = {(row["volunteer_id"], row["request_id"]) for row in own}
        told = [r for r in rows if (r["volunteer_id"], r["request_id"]) not in pairs]
        self.force = [
            row | {"start": minutes(row["start"]), "end": minutes(row["end"])} for row in told
        ]

    def event(self, row: Row, event: str) -> Row:
        names = ("request_id", "volunteer_id", "post", "option")
        return {name: row[name] for name in names} | {"event": event}

    def answered(self, tables: Tables, own: list[Row], agreed: list[Row]) -> Tables:
        """Let the tables know of who takes back what, and who agrees."""
        schema = dict.fromkeys(
            ("volunteer_id", "request_id", "post", "option", "status"), pl.String
        )
        known = pl.DataFrame(tables.get("assignments", pl.DataFrame(schema=schema)))
        known = known.select(
            pl.col(n).cast(pl.String) if n in known.columns else pl.lit(None, pl.String).alias(n)
            for n in schema
        )
        said = pl.DataFrame([*own, *agreed], schema=schema) if own or agreed else known.clear()
        known = known.join(said, on=["volunteer_id", "request_id"], how="anti")
        no = [
            {"volunteer_id": r["volunteer_id"], "request_id": r["request_id"], "post": post,
             "status": "declined"}
            for r in own
            for post in posts_of(tables, r["request_id"])
        ]  # fmt: skip
        names = ("volunteer_id", "request_id", "post", "option")
        yes = [{n: r[n] for n in names} | {"status": "accepted"} for r in agreed]
        more = pl.DataFrame([*no, *yes], schema=schema)
        return tables | {"assignments": pl.concat([known, more])}


def posts_of(tables: Tables, request: str) -> list[str]:
    problem = problem_of(tables)
    at = problem.requests.id.index_of(request)
    return problem.posts.id.filter(pl.Series(problem.posts.request == at)).to_list()


def without_request(tables: Tables, request: str) -> Tables:
    names = ("requests", "posts", "options", "post_qualifications", "team_rules", "assignments",
             "affinities")  # fmt: skip
    return tables | {
        name: tables[name].filter(pl.col("request_id").ne_missing(request))
        for name in names
        if name in tables and "request_id" in tables[name].columns
    }


def checked(case: Case, *, brute: bool = False) -> Replan:
    """Plan anew from the tables, and hold the plan against the oracles."""
    problem = problem_of(case.tables)
    world = read(case.tables, {})
    force = replanned.Force(world, case.force, None if case.now is None else minutes(case.now))
    best = replanned.optimum(force)
    assume(best is not None)
    found = replan(problem, case.plan, now=case.now)
    made = found.plan.to_frame(found.problem, found.plan.slot * 0)
    assert judge.faults(world, made) == []
    assert audit.violations(found.problem, found.plan).is_empty()
    arcs = {arc.key: arc for arc in world.arcs}
    chosen = [arcs[key] for key in judge.keys(made)]
    assert found.value == judge.value_of(world, chosen)
    assert found.cost == force.cost(chosen) == found.changes["cost"].sum()
    kept = sum(arc.key in force.stays for arc in chosen)
    assert (kept, found.net) == best
    assert found.net <= found.bound + 1e-6
    if brute and (tried := replanned.by_trial(force)) is not None:
        assert tried == best
    return found


@law(40, seed=SEEDS)
def test_no_plan_is_worth_more_less_costs_under_network_rules(seed: int) -> None:
    found = checked(Case(tree_world(seed, 12, 8), seed))
    assert found.bound == found.net


@law(40, seed=SEEDS)
def test_no_plan_is_worth_more_less_costs_under_all_rules(seed: int) -> None:
    found = checked(Case(full_world(seed, 10, 8), seed))
    assert found.bound == pytest.approx(found.net)


@law(25, seed=SEEDS)
def test_trying_every_plan_finds_no_better(seed: int) -> None:
    checked(Case((tree_world if seed % 2 else full_world)(seed, 3, 4), seed), brute=True)
