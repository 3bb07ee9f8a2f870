"""Random numbers with an address: each is a function of the seed and of what it decides.

Whoever is asked for an order answers with the same number under every method, in any order, on any
number of cores. So methods are compared on the same people with the same moods (common random
numbers), and what differs is what the method did.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numpy.typing import ArrayLike

from matching.problem import columns as c

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)


class Draw(IntEnum):
    """What a number decides. Append, never reorder."""

    KEENNESS = 1
    SELF_SERVICE = 2
    RELIABILITY = 3
    ARRIVAL_DAY = 4
    ARRIVAL_TURN = 5
    LOOKS_TODAY = 6
    COMES_FIRST = 7
    TASTE = 8
    ANSWER = 9
    SHOW_UP = 10
    REVIEW = 11
    RATING = 12


def uniform(seed: int, what: Draw, *keys: ArrayLike) -> c.Floats:
    """Return numbers strictly between 0 and 1, one for each row of the keys.

    Parameters
    ----------
    seed : int
        At least 0.
    what : Draw
    *keys : int or int arrays, shape (n,)
        Whom and what the number is about; at least one is an array.
    """
    state = _mixed(np.array([seed], np.uint64), np.uint64(what))
    for key in keys:
        state = _mixed(state, np.atleast_1d(np.asarray(key)).astype(np.uint64))
    uniform: c.Floats = ((state >> np.uint64(12)).astype(np.float64) + 0.5) * 2.0**-52
    return uniform


def _mixed(state: c.Bits, key: c.Bits | np.uint64) -> c.Bits:
    """Mix a key into the state, as SplitMix64 ends: each bit of both moves half of the bits."""
    mixed = (state ^ key) * _FIRST + _GOLDEN
    mixed = (mixed ^ (mixed >> np.uint64(30))) * _FIRST
    mixed = (mixed ^ (mixed >> np.uint64(27))) * _SECOND
    result: c.Bits = mixed ^ (mixed >> np.uint64(31))
    return result
