"""Synthetic worlds are legal inputs, the same for the same arguments, and of the size asked for."""

import datetime as dt

import numpy as np
import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from matching import Problem
from matching.errors import UsageError
from matching.schema import TABLES, key_of, meta
from matching.synthetic import RULES, SIZES, generate
from matching.synthetic.geography import read_towns, side_by_side

MONDAY = dt.datetime(2026, 11, 30)
SUNDAY_MIDNIGHT = MONDAY + dt.timedelta(days=7)


@pytest.fixture(scope="module")
def network():
    return generate("district")


@pytest.fixture(scope="module")
def full():
    return generate("district", rules="full")


def illegal(tables):
    """Say what breaks the contract: unknown columns, wrong types, rules, keys, references."""
    found = []
    for name, table in tables.items():
        columns = TABLES[name].columns()
        found += [f"{name}.{column}" for column in table.columns if column not in columns]
        absent = [pl.lit(None).alias(column) for column in columns if column not in table.columns]
        whole = table.with_columns(absent).select(list(columns))
        _, failures = TABLES[name].filter(whole, cast=True)
        found += [f"{name}: {rule} fails" for rule in failures.counts()]
        key = key_of(name)
        if key and whole.select(key).is_duplicated().any():
            found.append(f"{name}: {key} repeated")
        for column in table.columns:
            target = meta(columns[column]).get("refers")
            if target and dangling(table[column], tables, target):
                found.append(f"{name}.{column} refers to nothing in {target}")
    return found


def dangling(values, tables, target):
    known = set(tables[target][key_of(target)[0]]) if target in tables else set()
    return not known.issuperset(values.drop_nulls())


def services(tables):
    """Start and end of every request at every option, the menu's minutes filled in."""
    requests = tables["requests"].select(pl.exclude("name", "category", "organisation_id"))
    if "menu" in tables:
        minutes = pl.col("start") + pl.duration(minutes=pl.col("minutes"))
        requests = requests.join(tables["menu"], on="menu_item", how="left")
        requests = requests.with_columns(pl.col("end").fill_null(minutes))
    times = requests.select("request_id", "start", "end").drop_nulls()
    if "options" in tables:
        times = pl.concat([times, tables["options"].select(times.columns)])
    return times


def windows(tables):
    """Availability with weekly windows dated in the week."""
    table = tables["availability"]
    if "weekday" not in table.columns:
        return table
    midnight = pl.lit(MONDAY) + pl.duration(days=pl.col("weekday") - 1)
    return table.select(
        "volunteer_id",
        pl.col("start").fill_null(midnight + pl.col("start_time").cast(pl.Duration("us"))),
        pl.col("end").fill_null(midnight + pl.col("end_time").cast(pl.Duration("us"))),
    )


# --- every world ---------------------------------------------------------------------------------


@pytest.mark.parametrize("rules", RULES)
@pytest.mark.parametrize("size", ["town", "district"])
def test_a_world_keeps_the_contract(size, rules):
    assert illegal(generate(size, rules=rules)) == []


@pytest.mark.slow
@given(
    size=st.sampled_from(list(SIZES)),
    rules=st.sampled_from(RULES),
    volunteers=st.integers(1, 400),
    requests=st.integers(1, 60),
    scarcity=st.floats(0.1, 10),
    seed=st.integers(0, 2**32),
)
@example(  # a single volunteer who holds nothing
    size="district", rules="network", volunteers=1, requests=1, scarcity=1.0, seed=497
)
@settings(max_examples=25)
def test_a_world_of_any_size_keeps_the_contract(size, volunteers, requests, **arguments):
    tables = generate(size, volunteers=volunteers, requests=requests, **arguments)
    assert illegal(tables) == []
    assert tables["volunteers"].height == volunteers
    assert tables["requests"].height == requests


@pytest.mark.parametrize("size", ["town", "district"])
def test_a_size_stands_for_its_numbers(size):
    tables = generate(size)
    assert (tables["volunteers"].height, tables["requests"].height) == SIZES[size]


@pytest.mark.parametrize("rules", RULES)
def test_the_same_arguments_give_the_same_frames(rules):
    one, other = (generate("town", rules=rules, seed=7) for _ in range(2))
    assert list(one) == list(other)
    for name in one:
        assert_frame_equal(one[name], other[name])


def test_seeds_differ_in_every_part():
    one, other = generate("town", seed=1), generate("town", seed=2)
    assert [name for name in one if one[name].equals(other[name])] == []


def test_the_week_moves_the_times_and_nothing_else(full):
    later = generate("district", rules="full", week=dt.date(2026, 12, 7))
    moved = later["requests"].with_columns(pl.col("start", "end") - pl.duration(days=7))
    assert_frame_equal(moved, full["requests"])
    assert_frame_equal(later["volunteers"], full["volunteers"])


@pytest.mark.parametrize("rules", RULES)
def test_services_and_windows_lie_in_the_week(rules):
    tables = generate("district", rules=rules)
    for times in (services(tables), windows(tables)):
        assert (times["end"] > times["start"]).all()
        assert times["start"].min() >= MONDAY
        assert times["end"].max() <= SUNDAY_MIDNIGHT


def test_places_lie_in_the_district(network):
    km_north = (network["volunteers"]["lat"] - 45.75).abs() * 111.2
    assert km_north.quantile(0.9) < 15
    assert network["stations"]["region"].str.starts_with("230102").all()
    assert 0.1 < network["volunteers"]["lat"].null_count() / 20_000 < 0.3


@pytest.mark.parametrize("rules", RULES)
@pytest.mark.parametrize("scarcity", [0.2, 1.5, 4.0])
def test_scarcity_multiplies_seats_and_nothing_else(rules, scarcity):
    plain = generate("town", rules=rules)
    scarce = generate("town", rules=rules, scarcity=scarcity)
    for name in ("posts", "menu_posts"):
        if name in plain:
            seats = (plain[name]["seats"] * scarcity + 0.5).floor().clip(1).cast(pl.Int64)
            assert scarce[name]["seats"].to_list() == seats.to_list()
    for name in ("volunteers", "availability", "qualifications", "stations"):
        assert_frame_equal(scarce[name], plain[name])


def test_a_province_has_all_towns_and_people():
    towns = read_towns("province")
    assert towns.code.len() == 1346
    assert towns.people.sum() == pytest.approx(31_850_088)  # the census of 2020
    assert not np.isnan([towns.lat, towns.lon]).any()


def test_copies_lie_side_by_side_and_are_as_dense():
    one = read_towns("district")
    many = side_by_side(one, 6)
    size = one.kind.size
    assert many.code.n_unique() == 6 * size
    assert many.people.sum() == pytest.approx(6 * one.people.sum())
    assert sorted(np.unique(many.county)) == list(range(6))

    def away(towns, first):
        lat, lon = towns.lat[first : first + size], towns.lon[first : first + size]
        north = (lat[:, None] - lat) * 111.2
        east = (lon[:, None] - lon) * 111.2 * np.cos(np.radians(lat))
        return np.hypot(north, east)

    # Nothing is stretched, in whatever row of the grid; rounding moves a town by a metre.
    for copy in range(6):
        assert away(many, copy * size) == pytest.approx(away(one, 0), rel=1e-3, abs=0.005)
    # Two rows of three: no copy lies on another.
    for copy in (1, 2, 4, 5):
        assert many.lon[copy * size :][:size].min() > many.lon[(copy - 1) * size :][:size].max()
    assert many.lat[3 * size :].min() > many.lat[: 3 * size].max()


def test_copies_have_people_and_orders_of_all():
    tables = generate("town", copies=3)
    assert (tables["volunteers"].height, tables["requests"].height) == (900, 120)
    assert tables["stations"]["region"].str.slice(0, 2).unique().sort().to_list() == [
        *("00", "01", "02")
    ]
    with pytest.raises(UsageError, match="copies 101 is out of range; allowed: 1 to 100"):
        generate("town", copies=101)


@pytest.mark.slow
@pytest.mark.parametrize("rules", RULES)
def test_a_province_is_made_whole(rules):
    tables = generate("province", rules=rules)
    assert (tables["volunteers"].height, tables["requests"].height) == SIZES["province"]
    assert tables["stations"]["region"].n_unique() == 1346


# --- rules="network" -----------------------------------------------------------------------------


def test_a_network_has_nothing_that_no_tree_can_hold(network):
    forbidden_tables = {"options", "pairs", "team_rules", "assignments", "affinities", "menu"}
    forbidden_columns = {"max_hours", "min_rest_hours", "min_seats", "min_people"}
    assert forbidden_tables.isdisjoint(network)
    assert forbidden_columns.isdisjoint(column for t in network.values() for column in t.columns)
    assert network["volunteers"]["travel_km"].max() <= 15


def test_services_of_a_network_are_the_same_or_hours_apart(network):
    times = services(network).select("start", "end").unique().sort("start")
    assert times.height == 21
    pause = times["start"].shift(-1) - times["end"]
    # Two services within 15 km of home lie 30 km apart at most: an hour and a half at 20 km/h.
    assert pause.drop_nulls().min() >= dt.timedelta(hours=1.5)


def test_a_network_is_abundant_but_some_skills_are_short(network):
    assert 3.5 < network["posts"]["seats"].sum() / 500 < 4.6
    held = network["qualifications"]["qualification"].value_counts()["count"]
    assert held.max() > 20 * held.min()
    assert 0.02 < social_workers(network) / 20_000 < 0.03


def social_workers(tables):
    return tables["qualifications"].filter(qualification="role:social_worker").height


# --- rules="full" --------------------------------------------------------------------------------


def test_full_rules_use_every_table_but_those_that_few_rosters_need(full):
    assert set(full) == set(TABLES) - {"affinities", "groups", "limits", "sessions", "travel"}
    used = {(name, column) for name, t in full.items() for column in t.columns}
    allowed = {(name, column) for name in full for column in TABLES[name].columns()}
    # No world has windows of starts: an option is one time.
    rare = {("assignments", "option"), ("options", "latest_start")}
    rare |= {("requests", name) for name in ("bonus", "waited")}
    days = ("max_days", "max_consecutive_days", "max_in_days", "in_days")
    assert allowed - used == rare | {("volunteers", name) for name in days}
    assert [(n, c) for n, c in used if full[n][c].null_count() == full[n].height] == []


def test_minimums_never_exceed_the_seats_even_when_few():
    tables = generate("district", rules="full", scarcity=0.2)
    room = tables["posts"].group_by("request_id").agg(pl.col("seats").sum())
    own = tables["requests"].filter(pl.col("min_people") > 0).join(room, on="request_id")
    assert own.height > 0
    assert (own["min_people"] <= own["seats"]).all()
    room = tables["menu_posts"].group_by("menu_item").agg(pl.col("seats").sum())
    menu = tables["menu"].drop_nulls("min_people").join(room, on="menu_item")
    assert (menu["min_people"] <= menu["seats"]).all()


def test_options_of_a_request_differ_and_stand_for_its_time(full):
    options = full["options"]
    assert not options.select("request_id", "start").is_duplicated().any()
    count = options.group_by("request_id").len()
    assert set(count["len"]) == {2, 3}
    timed = full["requests"].join(count, on="request_id", how="semi")
    assert timed["start"].null_count() == timed.height


def test_a_volunteer_is_in_one_pair_at_most(full):
    pairs = full["pairs"]
    people = pl.concat([pairs["volunteer_a"], pairs["volunteer_b"]])
    assert not people.is_duplicated().any()
    assert 0.008 < 2 * pairs.filter(rule="together").height / 20_000 <= 0.01


@pytest.mark.parametrize("seed", range(4))
def test_pins_can_be_kept(seed):
    tables = generate("district", rules="full", seed=seed)
    pins = tables["assignments"].filter(status="pinned")
    assert pins.height > 0
    assert not pins["volunteer_id"].is_duplicated().any()  # hence no overlap, within every limit
    assert not pins["request_id"].is_duplicated().any()  # hence within every post's seats
    when = pins.join(services(tables), on="request_id")
    assert when.height == pins.height  # no options

    free = when.join(windows(tables), on="volunteer_id", suffix="_free").filter(
        pl.col("start_free") <= pl.col("start"), pl.col("end") <= pl.col("end_free")
    )
    assert free["request_id"].n_unique() == pins.height

    who = when.join(tables["volunteers"], on="volunteer_id").join(
        tables["requests"], on="request_id", suffix="_there"
    )
    assert who["station_id"].to_list() == who["station_id_there"].to_list()
    assert who.select("lat", "lat_there", "organisation_id").null_count().sum_horizontal()[0] == (
        3 * pins.height
    )

    needs = asked_of(tables, pins)
    held = needs.join(
        tables["qualifications"], on=["volunteer_id", "qualification"], suffix="_held"
    ).filter(
        pl.col("level_held").fill_null(1) >= pl.col("level").fill_null(1),
        pl.col("valid_until").is_null(),
    )
    assert held.height == needs.height


def asked_of(tables, pins):
    """What the posts of these assignments ask for, from the menu or the request itself."""
    own = pins.join(tables["post_qualifications"], on=["request_id", "post"])
    item = tables["requests"].select("request_id", "menu_item")
    ordered = pins.join(item, on="request_id").join(
        tables["menu_qualifications"], on=["menu_item", "post"]
    )
    columns = ["volunteer_id", "qualification", "level"]
    return pl.concat([own.select(columns), ordered.select(columns)])


# --- bad arguments -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "taught"),
    [
        ({"size": "village"}, "'village'.*town, district, city, province"),
        ({"rules": "all"}, "'all'.*network, full"),
        ({"volunteers": 0}, "volunteers 0.*1 to"),
        ({"requests": -3}, "requests -3.*1 to"),
        ({"scarcity": 0.0}, r"scarcity 0\.0.*above 0"),
        ({"scarcity": float("nan")}, "scarcity nan.*above 0"),
        ({"seed": -1}, "seed -1.*0 and above"),
        (
            {"week": dt.date(2026, 12, 1)},
            "2026-12-01: a week starts with a Monday, such as 2026-11-30",
        ),
    ],
)
def test_a_bad_argument_is_named_with_what_is_allowed(arguments, taught):
    with pytest.raises(UsageError, match=taught):
        generate(**{"size": "town"} | arguments)


@pytest.mark.parametrize("rules", RULES)
def test_weeks_in_a_row_are_legal_and_each_can_be_planned(rules):
    tables = generate("town", rules=rules, weeks=3, requests=10, seed=2)
    assert illegal(tables) == []
    assert tables["requests"].height == 30
    start = tables["requests"]["start"].drop_nulls()
    week = (start - MONDAY).dt.total_days() // 7
    # Ids ascend with the weeks; windows are of no week.
    assert week.is_sorted()
    assert week.unique().to_list() == [0, 1, 2]
    assert tables["availability"]["start"].null_count() == tables["availability"].height
    left_out = [
        Problem.from_tables(tables, MONDAY.date() + dt.timedelta(weeks=k)).left_out
        for k in range(3)
    ]
    # Each request is in one of the three weeks; one with options may reach into two.
    assert sum(30 - left for left in left_out) >= 30


def test_a_quota_is_of_one_week_however_many_there_are():
    one, two = (generate("district", requests=n, weeks=w) for n, w in ((500, 1), (500, 2)))
    quotas = [t["organisations"]["max_seats"].drop_nulls().mean() for t in (one, two)]
    assert quotas[0] == pytest.approx(quotas[1], rel=0.05)


def test_weeks_are_between_one_and_ten_years():
    for weeks in (0, 521):
        with pytest.raises(UsageError, match=f"weeks {weeks} is out of range; allowed: 1 to 520"):
            generate("town", weeks=weeks)
