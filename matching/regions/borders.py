"""Borders: orders that both sides may serve, settled once each side has been planned by itself.

The border is cut into tiles. In each, the orders are planned anew with everybody who lives there
and serves nothing elsewhere, from whichever region; all others stay where they are. So a tile's
plan is never worse than before, and no volunteer is in two tiles. The second turn cuts along other
lines.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from matching import audit
from matching.problem import columns as c
from matching.problem.plan import Plan, slot_keys
from matching.regions import dataset
from matching.regions.cells import SIDE, row_and_column
from matching.regions.regional import KEYS, Terms, border_name
from matching.result import Result

TURNS = 2
# The side of a tile in cells: two degrees.
_TILE = round(2 / SIDE)
# What makes a service stay that a tile must not touch: more than any seat or fit is worth.
_STAYS = 1_000_000


@dataclass(frozen=True)
class Tile:
    """Orders of a stretch of border, to be settled.

    Attributes
    ----------
    codes : tuple of str
        The regions with orders there, or with people who may reach them.
    """

    number: int
    turn: int
    work: Path
    codes: tuple[str, ...]
    terms: Terms

    @property
    def name(self) -> str:
        """What the tables of its regions are called together."""
        return border_name(self.codes)


def tile_of(cell: c.Longs, turn: int) -> c.Longs:
    """Return the tile of each cell: those of the second turn lie across those of the first."""
    row, column = row_and_column(cell)
    # Not along round degrees, where borders may lie.
    shift = _TILE // 4 + turn * _TILE // 2
    return c.combine((row + shift) // _TILE, (column + shift) // _TILE)


def settle(tile: Tile) -> int:
    """Plan a tile's orders anew; write who serves them, and their prices; return what is gained."""
    folders = [dataset.folder_of(tile.work / "borders", code) for code in tile.codes]
    homes, orders, held, beyond = (
        _concat([dataset.read(folder, name) for folder in folders])
        for name in ("homes", "orders", "held", "beyond")
    )
    homes = _inside(homes.filter(pl.col("cell") >= 0), tile)
    orders = _inside(orders.filter("border"), tile)
    cells = pl.concat([homes["cell"], orders["cell"]])
    held = latest(tile.work, held, cells.to_numpy(), tile.turn)
    here = pl.col("request_id").is_in(orders["request_id"].implode())
    elsewhere = held.filter(~here)["volunteer_id"].unique()
    held = held.filter(here)
    # Of two who come together, one may be of no border, and out of sight here.
    loose = homes.filter(~pl.col("tied"))["volunteer_id"]
    free = _in_pairs(loose.filter(~loose.is_in(elsewhere.implode())), folders)
    stay = held.filter(~pl.col("volunteer_id").is_in(free.implode()))
    people = pl.concat([free, stay["volunteer_id"]]).unique(maintain_order=True)
    # What these people are held to in other weeks goes with them.
    wanted = pl.concat([orders["request_id"], beyond["request_id"]]).unique(maintain_order=True)
    tables = dataset.joined([dataset.only(dataset.read_all(f), people, wanted) for f in folders])
    tables = _with_rest_of_quotas(_kept(tables, stay), held)
    terms = tile.terms
    problem = terms.problem(tables)
    before = audit.value(problem, Plan.from_frame(problem, held))
    result = terms.solve(problem)
    gained, now = 0, held
    if result.status in ("optimal", "feasible") and result.value > before:
        found = result.tables()["plan"].select(KEYS)
        # Who had to stay is there still, or nothing has changed.
        if not _without(stay, found).height:
            now, gained = found, result.value - before
    prices = _news(result, pl.concat([_without(held, now), _without(now, held)]))
    done = {"held": now, "prices": prices, "settled": orders.select("request_id")}
    dataset.write_all(_folder(tile.work, tile.turn, tile.number), done)
    return gained


def _in_pairs(free: pl.Series, folders: Sequence[Path]) -> pl.Series:
    """Leave out who comes together with somebody who is not free here."""
    found = [dataset.read(folder, "pairs") for folder in folders]
    keys = ("volunteer_a", "volunteer_b", "rule")
    pairs = [frame.select(keys).cast(pl.String) for frame in found if frame is not None]
    for frame in (dataset.read(folder, "groups") for folder in folders):
        if frame is not None:
            pairs.append(_links(frame.select("group_id", "volunteer_id").cast(pl.String)))
    while pairs:
        known = free.implode()
        halves = pl.concat(pairs).filter(
            pl.col("volunteer_a").is_in(known) != pl.col("volunteer_b").is_in(known),
            rule="together",
        )
        if not halves.height:
            break
        alone = pl.concat([halves["volunteer_a"], halves["volunteer_b"]])
        free = free.filter(~free.is_in(alone.implode()))
    return free


def _links(groups: pl.DataFrame) -> pl.DataFrame:
    """Return each member of a group with the next."""
    rows = groups.sort("group_id", "volunteer_id")
    after = pl.col("volunteer_id").shift(-1).over("group_id")
    links = rows.select(volunteer_a="volunteer_id", volunteer_b=after, rule=pl.lit("together"))
    return links.drop_nulls()


def _without(rows: pl.DataFrame, others: pl.DataFrame) -> pl.DataFrame:
    return rows.join(others, on=KEYS, how="anti", nulls_equal=True)


def _news(result: Result, changed: pl.DataFrame) -> pl.DataFrame:
    """Return the prices of posts whose people have changed: of the others the region knows more.

    Where fewer could come than there are seats, those who serve elsewhere set the price.
    """
    problem = result.problem
    eligible = result.arcs.of_slots(problem)
    enough = pl.Series(eligible > problem.posts.seats[problem.slots.post], dtype=pl.Boolean)
    prices = slot_keys(problem).with_columns(price=pl.Series(result.prices.slot))
    return prices.filter(enough).join(changed, on=KEYS[:3], how="semi", nulls_equal=True)


def latest(work: Path, held: pl.DataFrame, cells: c.Longs, turns: int) -> pl.DataFrame:
    """Return who serves what, for orders that were settled since as their tiles have it.

    Parameters
    ----------
    held : polars.DataFrame
        As each region planned it.
    cells : int64 array
        Of all orders and volunteers that matter.
    turns : int
        The turns that are over.
    """
    for folder in _settled(work, cells, turns):
        settled = pl.read_parquet(folder / "settled.parquet")["request_id"]
        old = pl.col("request_id").is_in(settled.implode())
        found = pl.read_parquet(folder / "held.parquet")
        held = pl.concat([held.filter(~old), found], how="vertical_relaxed")
    return held


def lowest(work: Path, prices: pl.DataFrame, cells: c.Longs, turns: int) -> pl.DataFrame:
    """Return the prices, those of posts that changed in their tiles no higher than there."""
    found = [pl.read_parquet(f / "prices.parquet") for f in _settled(work, cells, turns)]
    if not found:
        return prices
    of_tile = pl.concat(found).group_by(KEYS[:3]).agg(of_tile=pl.col("price").min())
    joined = prices.join(of_tile, on=KEYS[:3], how="left", nulls_equal=True, maintain_order="left")
    # What a volunteer or a quota is charged is known to the region alone.
    lower = pl.when(pl.col("volunteer_id").is_null()).then(pl.min_horizontal("price", "of_tile"))
    return joined.with_columns(price=lower.otherwise("price")).drop("of_tile")


def _settled(work: Path, cells: c.Longs, turns: int) -> Iterator[Path]:
    """Yield the folders of tiles that are done, in the order of their turns."""
    for turn in range(turns):
        for number in np.unique(tile_of(cells[cells >= 0], turn)).tolist():
            folder = _folder(work, turn, number)
            if folder.is_dir():
                yield folder


def _folder(work: Path, turn: int, number: int) -> Path:
    return work / f"turn{turn}" / str(number)


def _concat(frames: Sequence[pl.DataFrame | None]) -> pl.DataFrame:
    return pl.concat([frame for frame in frames if frame is not None], how="vertical_relaxed")


def _inside(rows: pl.DataFrame, tile: Tile) -> pl.DataFrame:
    here = tile_of(rows["cell"].to_numpy(), tile.turn) == tile.number
    return rows.filter(pl.Series(here, dtype=pl.Boolean))


def _kept(tables: dataset.Frames, stay: pl.DataFrame) -> dataset.Frames:
    """Let volunteers keep some services and take no others."""
    kept = stay.group_by("volunteer_id").agg(kept=pl.len())
    people = tables["volunteers"].join(kept, on="volunteer_id", how="left", maintain_order="left")
    limit = pl.col("max_shifts") if "max_shifts" in people.columns else pl.lit(None)
    # A pin would do, but a week with pins is no flow.
    score = stay.select(*KEYS[:2], "volunteer_id", score=pl.lit(_STAYS, dtype=pl.Int64))
    known = [tables["affinities"]] if "affinities" in tables else []
    together = pl.concat([*known, score], how="diagonal_relaxed")
    keys = ["volunteer_id", "request_id", "post"]
    return tables | {
        "volunteers": people.with_columns(
            max_shifts=pl.col("kept").cast(pl.Int64).fill_null(limit)
        ).drop("kept"),
        "affinities": together.group_by(keys, maintain_order=True).agg(
            pl.col("score").sum().clip(upper_bound=_STAYS)
        ),
    }


def _with_rest_of_quotas(tables: dataset.Frames, held: pl.DataFrame) -> dataset.Frames:
    """Leave organisations what they use here now: the rest may be somebody else's to use."""
    rows = tables.get("organisations")
    if rows is None or "max_seats" not in rows.columns:
        return tables
    people = tables["volunteers"]
    own = pl.col("organisation_id") if "organisation_id" in people.columns else pl.lit(None)
    member = people.select("volunteer_id", own.cast(pl.String).alias("organisation_id"))
    at = held.join(member, on="volunteer_id").select(organisation_id="organisation_id")
    parent = pl.col("parent_id") if "parent_id" in rows.columns else pl.lit(None, dtype=pl.String)
    above = rows.select("organisation_id", parent.alias("parent_id"))
    levels = [at.drop_nulls()]
    while levels[-1].height:
        up = levels[-1].join(above, on="organisation_id").drop_nulls("parent_id")
        levels.append(up.select(organisation_id="parent_id"))
    used = pl.concat(levels).group_by("organisation_id").agg(used=pl.len())
    rows = rows.join(used, on="organisation_id", how="left", maintain_order="left")
    most = pl.min_horizontal(pl.col("max_seats"), pl.col("used").fill_null(0).cast(pl.Int64))
    limited = pl.when(pl.col("max_seats").is_not_null()).then(most)
    return tables | {"organisations": rows.with_columns(max_seats=limited).drop("used")}
