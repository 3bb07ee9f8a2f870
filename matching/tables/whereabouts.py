"""Places that keep the contract and look wrong: unknown ones, strays, and a clock from far away."""

import warnings
from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import polars as pl

from matching.errors import DataWarning
from matching.policy import Unsaid
from matching.tables.faults import faults_at

Floats = npt.NDArray[np.float64]
Longs = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

Words = Callable[[pl.DataFrame], pl.DataFrame]
_KEYS = {"stations": "station_id", "volunteers": "volunteer_id", "requests": "request_id"}
_SHOWN = 5
_RADIUS_KM = 6371.0088
# A place is far from the others if its distance from their middle is this many times the median
# distance, and at least this many kilometres.
_TIMES, _LEAST_KM = 3.0, 30.0
# The middle is that of at most this many places, spread over the tables.
_SAMPLE = 100_000
# So many places are computed with at once: what comes of them stays near the processor.
_BLOCK = 1 << 14
# A turned place counts as home if it is at least this many times nearer to another place.
_NEARER = 4.0
# Strays that no turn explains are reported from this distance on, of places to come to.
_LOST_KM = 1000.0
# Places that are compared with every other one.
_MOST_COMPARED = 50
# A zone's meridian, in degrees for each hour of its offset, and how far off is another clock.
_DEGREES_PER_HOUR, _MOST_DEGREES = 15.0, 45.0
# Common mistakes, the likeliest first, and what each makes of lat and lon.
_TURNS: dict[str, Callable[[Floats, Floats], tuple[Floats, Floats]]] = {
    "lat and lon swapped": lambda lat, lon: (lon, lat),
    "the other sign of lat": lambda lat, lon: (-lat, lon),
    "the other sign of lon": lambda lat, lon: (lat, -lon),
    "the other signs of both": lambda lat, lon: (-lat, -lon),
    "lat and lon swapped, then the other sign of lat": lambda lat, lon: (-lon, lat),
    "lat and lon swapped, then the other sign of lon": lambda lat, lon: (lon, -lat),
    "lat and lon swapped, then the other signs of both": lambda lat, lon: (-lon, -lat),
}


def warn_of_places(
    tables: Mapping[str, pl.DataFrame],
    raw: Mapping[str, pl.DataFrame],
    week: date,
    time_zone: str,
    words: Words | None = None,
) -> None:
    """Warn of what the tables say of places and leave to be guessed, or what looks wrong.

    That is: stations that are not given, ways in one direction alone, places far from all others,
    and a foreign clock.

    ``raw`` is what the clean tables were made of, with ``row``; the week says which offset the time
    zone has, and ``words`` put faults into those of the store.
    """
    for name in ("volunteers", "requests"):
        if "stations" not in raw and tables[name]["station_id"].is_not_null().any():
            _warn(f"{name}.station_id is filled, but no table stations tells where that is")
    if (text := _one_way(tables["travel"])) is not None:
        _warn(text)
    placed = {n: tables[n].select("row", "lat", "lon").drop_nulls() for n in _KEYS}
    sizes = [rows.height for rows in placed.values()]
    if not sum(sizes):
        return
    lat, lon = (pl.concat([t[n] for t in placed.values()]).to_numpy() for n in ("lat", "lon"))
    if (text := foreign_clock(lon, week, time_zone)) is not None:
        _warn(text)
    table = np.repeat(np.arange(len(sizes)), sizes)
    strays = _strays(lat, lon, table)
    first = np.cumsum([0, *sizes])
    for number, (name, rows) in enumerate(placed.items()):
        own = strays.filter(pl.col("table") == number)
        if own.height:
            own = own.with_columns(row=rows["row"].gather(own["place"] - first[number]))
            _warn(_of_strays(name, own, raw[name], words))


def _warn(text: str) -> None:
    warnings.warn(text, DataWarning, stacklevel=6)


def _one_way(travel: pl.DataFrame) -> str | None:
    """Say which ways are given in one direction only, and what the other is taken to be."""
    ends = ["from_station", "to_station"]
    alone = travel.join(
        travel, left_on=ends, right_on=ends[::-1], how="anti", maintain_order="left"
    )
    if not alone.height:
        return None
    some = alone.head(_SHOWN)
    named = ", ".join(f"{here} to {there}" for here, there in some.select(ends).iter_rows())
    more = f" and {alone.height - some.height:,} more" if alone.height > some.height else ""
    return (
        f"travel gives {alone.height:,} of its {travel.height:,} ways in one direction only, and "
        f"the way back is taken to be as long: {named}{more}; if one is not, add its row"
    )


def foreign_clock(lon: Floats, week: date, time_zone: str, what: str = "places") -> str | None:
    """Say if most places lie more than three hours from the meridian of the clock they live by.

    Longitudes are in degrees; ``what`` is what lies there.
    """
    offset = datetime.combine(week, time(12), ZoneInfo(time_zone)).utcoffset()
    hours = 0.0 if offset is None else offset.total_seconds() / 3600
    away = _around(lon - hours * _DEGREES_PER_HOUR)
    far = np.abs(away) > _MOST_DEGREES
    if 2 * np.count_nonzero(far) <= len(lon):
        return None
    there = round(float(_around(hours * _DEGREES_PER_HOUR + np.median(away[far]))))
    whose = "the policy's" if not isinstance(time_zone, Unsaid) else "the default"
    return (
        f"{np.count_nonzero(far):,} of {len(lon):,} {what} lie more than three hours of longitude "
        f"away from the clock of {time_zone} ({whose} time_zone): around longitude {there}, where "
        f"the sun keeps UTC{there / _DEGREES_PER_HOUR:+.0f}, and the clock is at UTC{hours:+g}; "
        "every time without an offset is read by that clock. If that is wrong, write the right "
        "time_zone into a policy file"
    )


def _around(degrees: npt.ArrayLike) -> Floats:
    """Return the same angles between -180 and 180."""
    return (np.asarray(degrees, np.float64) + 180.0) % 360.0 - 180.0


def _strays(lat: Floats, lon: Floats, table: Longs) -> pl.DataFrame:
    """Return the places that lie far from all others, and what would bring them near.

    ``place``, ``table``, ``km`` from the nearest of the others, ``turn`` and the ``lat`` and
    ``lon`` that it gives: null where none helps, and the kilometres too where nobody compared.
    """
    step = max(1, len(lat) // _SAMPLE)
    middle = np.median(_vectors(lat[::step], lon[::step]), axis=0)
    middle /= max(float(np.linalg.norm(middle)), 1e-9)
    km = np.empty(len(lat))
    blocks = [slice(at, at + _BLOCK) for at in range(0, len(lat), _BLOCK)]
    for block in blocks:
        km[block] = _km_of(_vectors(lat[block], lon[block]) @ middle)
    usual = max(_TIMES * float(np.median(km[::step])), _LEAST_KM)
    far = np.flatnonzero(km > usual)
    turned = np.array([turn(lat[far], lon[far]) for turn in _TURNS.values()])
    some = [np.unique(_cell(lat[block], lon[block])) for block in blocks if len(far)]
    cells = np.unique(np.concatenate([far[:0], *some]))
    home = _settled(turned[:, 0], turned[:, 1], cells)
    home &= np.abs(turned[:, 0]) <= 90.0
    served = table[far] != list(_KEYS).index("volunteers")
    asked = np.flatnonzero(home.any(axis=0) | (served & (km[far] > _LOST_KM)))
    # Mostly nobody asks where all places are.
    at = _vectors(lat, lon) if len(asked) else np.empty((0, 3))
    others = at[km <= usual] if len(asked) else at
    rows: list[tuple[object, ...]] = []
    for index in asked[:_MOST_COMPARED]:
        own = _nearest(at[far[index]], others)
        turns = {n: _vectors(*turned[n, :, index]) for n in np.flatnonzero(home[:, index])}
        # Where the others are so far away, a turn that leads to them leads far away.
        leads = {n: to for n, to in turns.items() if 2 * _nearest(to, at[[far[index]]]) > own}
        # Of two strays one may be the other one turned: the others come first.
        for near_what in (others, at):
            found = [(_nearest(to, near_what), number) for number, to in leads.items()]
            near, number = min(found, default=(np.inf, 0))
            if near * _NEARER <= own:
                rows.append((far[index], own, list(_TURNS)[number], *turned[number, :, index]))
                break
        else:
            if served[index] and own > _LOST_KM:
                rows.append((far[index], own, None, None, None))
    rows += [(far[index], None, None, None, None) for index in asked[_MOST_COMPARED:]]
    schema = {"place": pl.Int64, "km": pl.Float64, "turn": pl.String}
    frame = pl.DataFrame(rows, {**schema, "lat": pl.Float64, "lon": pl.Float64}, orient="row")
    return frame.with_columns(table=pl.Series(table[frame["place"].to_numpy()], dtype=pl.Int64))


def _vectors(lat: npt.ArrayLike, lon: npt.ArrayLike) -> Floats:
    """Return points on the unit sphere, shape (..., 3)."""
    north, east = np.radians(lat), np.radians(lon)
    flat = np.cos(north)
    return np.stack([flat * np.cos(east), flat * np.sin(east), np.sin(north)], axis=-1)


def _km_of(cosine: npt.ArrayLike) -> Floats:
    km: Floats = _RADIUS_KM * np.arccos(np.clip(cosine, -1.0, 1.0))
    return km


def _nearest(point: Floats, others: Floats) -> float:
    return float(_km_of((others @ point).max(initial=-1.0)))


def _cell(lat: npt.ArrayLike, lon: npt.ArrayLike) -> Longs:
    """Return a number for each square of one degree."""
    south, west = np.floor(np.asarray(lat)), np.floor(np.asarray(lon))
    number: Longs = (south * 1000 + west).astype(np.int64)
    return number


def _settled(lat: Floats, lon: Floats, cells: Longs) -> Bools:
    """Tell whether a point's square or one beside it has places."""
    near = [
        np.isin(_cell(lat + north, _around(lon + east)), cells)
        for north in (-1, 0, 1)
        for east in (-1, 0, 1)
    ]
    found: Bools = np.any(near, axis=0)
    return found


def _of_strays(name: str, strays: pl.DataFrame, raw: pl.DataFrame, words: Words | None) -> str:
    """Name the strays of one table, as the store that it came from calls them."""
    shown = strays.drop_nulls("km").head(_SHOWN)
    key = _KEYS[name]
    texts = []
    for stray in shown.iter_rows(named=True):
        found = faults_at(name, raw, pl.Series([stray["row"]]), (key,), "stray", "")
        found = found if words is None else words(found)
        name = found["table"][0]
        text = f"row {found['row'][0]} ({found['value'][0]}) is {stray['km']:,.0f} km from all "
        text += "other places"
        if stray["turn"] is not None:
            text += f"; with {stray['turn']} (lat {stray['lat']:g}, lon {stray['lon']:g}) it "
            text += "would lie among them"
        texts.append(text)
    more = strays.height - shown.height
    last = [f"and {more:,} more look alike"] if more else []
    return f"{name}: {'. '.join([*texts, *last])}. Mend what is wrong: nobody serves so far away"
