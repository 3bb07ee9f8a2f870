"""Places on the sphere: distances, and who lives near a point."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from matching.problem import columns as c

RADIUS_KM = 6371.0088
_BANDS = 4
_NOWHERE = 99


def distance_km(
    lat_a: c.Floats, lon_a: c.Floats, lat_b: c.Floats, lon_b: c.Floats
) -> npt.NDArray[np.float64]:
    """Return great-circle distances by the haversine formula; NaN where a place is unknown.

    Parameters
    ----------
    lat_a, lon_a, lat_b, lon_b : float64 arrays
        Degrees, WGS 84 taken as a sphere of radius 6371.0088 km.
    """
    phi_a, phi_b = np.radians(lat_a), np.radians(lat_b)
    h = np.sin((phi_b - phi_a) / 2) ** 2
    h += np.cos(phi_a) * np.cos(phi_b) * np.sin(np.radians(lon_b - lon_a) / 2) ** 2
    km: npt.NDArray[np.float64] = 2 * RADIUS_KM * np.arcsin(np.sqrt(np.minimum(h, 1.0)))
    return km


def vectors(lat: c.Floats, lon: c.Floats) -> tuple[c.Floats, c.Floats, c.Floats]:
    """Return points on the unit sphere, one array for each axis."""
    north, east = np.radians(lat), np.radians(lon)
    flat = np.cos(north)
    return flat * np.cos(east), flat * np.sin(east), np.sin(north)


@dataclass(frozen=True, eq=False)
class Stretches:
    """Stretches of points around some places, those of a place one after the other.

    Attributes
    ----------
    first : int64 array, shape (places + 1,)
        Where each place's stretches begin.
    low, high : int64 arrays, shape (stretches,)
        The first position and the one after the last; no stretch is empty.
    """

    first: c.Longs
    low: c.Longs
    high: c.Longs


class Places:
    """Points with a reach each, laid out so that those near a place are a few short stretches.

    Points are sorted by the class of their reach (a power of two), then by bands of latitude a
    quarter of that reach high, then by longitude. Within one band, the points in a box are
    neighbours: two binary searches find them, whatever subset of the points is asked.

    Parameters
    ----------
    lat, lon : float64 arrays, shape (points,)
        Degrees; NaN where unknown.
    reach_km : float64 array, shape (points,)
        How far each point reaches.
    """

    def __init__(self, lat: c.Floats, lon: c.Floats, reach_km: c.Floats) -> None:
        known = ~np.isnan(lat)
        kind = np.ceil(np.log2(np.clip(reach_km, 1.0, 32_768.0))).astype(np.int64)
        kind[~known] = _NOWHERE
        self.kinds = {
            int(k): float(np.clip(reach_km[kind == k].max(), 0.1, 32_768.0))
            for k in np.unique(kind)
            if k != _NOWHERE
        }
        band = np.zeros(len(lat), np.int64)
        for k, reach in self.kinds.items():
            band[kind == k] = _band_of(lat[kind == k], reach)
        turned = np.where(known, (lon + 180.0) / 360.0, 0.0)
        key = _key(kind, band, turned)
        self.order = np.argsort(key, kind="stable").astype(np.int32)
        self.key = key[self.order]

    def around(self, lat: c.Floats, lon: c.Floats) -> Stretches:
        """Return the points in a box around each place: all within reach, and some farther away.

        Parameters
        ----------
        lat, lon : float64 arrays
            The places; NaN where unknown: everybody reaches those.
        """
        known, unknown = np.flatnonzero(~np.isnan(lat)), np.flatnonzero(np.isnan(lat))
        none, all_ = _key(_NOWHERE, 0, 0.0), _key(_NOWHERE + 1, 0, 0.0)
        # Who has no place is near every place, and everybody is near an unknown one.
        parts = [
            (unknown, np.zeros(len(unknown), np.int64), np.full(len(unknown), all_)),
            (known, np.full(len(known), none), np.full(len(known), all_)),
        ]
        for kind, reach in self.kinds.items():
            place, low, high = _boxes(kind, reach, lat[known], lon[known])
            parts.append((known[place], low, high))
        place, low, high = (np.concatenate(column) for column in zip(*parts, strict=True))
        low, high = np.searchsorted(self.key, low), np.searchsorted(self.key, high)
        some = np.flatnonzero(low < high)
        some = some[np.argsort(place[some], kind="stable")]
        return Stretches(c.starts_of(place[some], len(lat)), low[some], high[some])


def _band_of(lat: npt.ArrayLike, reach_km: float) -> c.Longs:
    height = np.degrees(reach_km / _BANDS / RADIUS_KM)
    bands: c.Longs = np.floor((np.clip(lat, -90.0, 90.0) + 90.0) / height).astype(np.int64)
    return bands


def _key(kind: npt.ArrayLike, band: npt.ArrayLike, turned: npt.ArrayLike) -> c.Longs:
    """Return the sort key: 7 bits of kind, 24 of band, 32 of longitude as a share of the turn."""
    share = np.floor(np.asarray(turned) * (2.0**32 - 1)).astype(np.int64)
    return (np.asarray(kind, np.int64) << 56) + (np.asarray(band, np.int64) << 32) + share


def _boxes(
    kind: int, reach_km: float, lat: c.Floats, lon: c.Floats
) -> tuple[c.Longs, c.Longs, c.Longs]:
    """Return, for every band around every place: the place, first and last key in its box."""
    angle = min(reach_km * (1 + 1e-6) / RADIUS_KM, np.pi)
    low, high = lat - np.degrees(angle), lat + np.degrees(angle)
    # The widest the circle gets in longitude; all around where it holds a pole.
    cosine = np.cos(np.radians(lat))
    sine = np.sin(min(angle, np.pi / 2))
    pole = (low <= -90.0) | (high >= 90.0) | (sine >= cosine)
    half = np.where(
        pole, 180.0, np.degrees(np.arcsin(np.minimum(1.0, sine / np.maximum(cosine, 1e-12))))
    )
    first = _band_of(low, reach_km)
    count = _band_of(high, reach_km) - first + 1
    place = np.repeat(np.arange(len(lat)), count)
    band = c.ranges(first, count)
    west, east = (lon - half)[place], (lon + half)[place]
    # All around is one box; another across the date line is two: what sticks out on one side comes
    # in on the other.
    around = half[place] >= 180.0
    over = np.flatnonzero(~around & ((west < -180.0) | (east > 180.0)))
    shift = np.where(west[over] < -180.0, 360.0, -360.0)
    place, band = np.append(place, place[over]), np.append(band, band[over])
    west, east = np.append(west, west[over] + shift), np.append(east, east[over] + shift)
    a, b = (np.clip((x + 180.0) / 360.0, 0.0, 1.0) for x in (west, east))
    around = half[place] >= 180.0
    a, b = np.where(around, 0.0, a), np.where(around, 1.0, b)
    # A margin for rounding, but not so large that a neighbouring band's points come in.
    lowest, beyond = _key(kind, band, 0.0), _key(kind, band + 1, 0.0)
    low_key = np.maximum(_key(kind, band, a) - 1, lowest)
    high_key = np.minimum(_key(kind, band, b) + 2, beyond)
    return place, low_key, high_key
