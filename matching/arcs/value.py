"""The value of a plan, in one place: seats, quality, load. Whole numbers throughout."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from matching.arcs.eligibility import Arcs
from matching.arcs.pair_rules import Answers, subject_codes
from matching.errors import PolicyError
from matching.problem import Problem
from matching.problem import columns as c
from matching.schema import STATUSES, SUBJECTS

_KEPT = (STATUSES.index("accepted"), STATUSES.index("published"))
# Arcs times windows per batch.
_BLOCK = 1 << 22
# Floats hold every whole number up to here: sums below it are exact.
_EXACT = 2.0**53


def seat_value(problem: Problem, post: c.Ints, k: c.Ints | c.Longs) -> c.Longs:
    """Return the value of the k-th filled seat of each post; it falls with k.

    Parameters
    ----------
    problem : Problem
    post : int32 array
        Indices into ``problem.posts``.
    k : integer array of the same shape
        1 for the first seat.
    """
    policy = problem.policy
    seats = problem.posts.seats[post]
    # As floats: 32-bit integers would overflow unnoticed.
    priority = problem.requests.priority[problem.posts.request[post]].astype(np.float64)
    return c.half_up(policy.seat * priority * (1 + policy.early_seat * (seats - k) / seats))


def first_load(problem: Problem) -> c.Longs:
    """Return what any service of each volunteer costs, shape (volunteers,).

    The k-th costs ``policy.load_step * (k - 1)`` more.
    """
    policy = problem.policy
    lately = np.minimum(1.0, problem.volunteers.recent_hours / policy.load_recent_hours)
    return c.half_up(policy.load_recent * lately)


class Terms(NamedTuple):
    """What the quality of each arc is the sum of, shape (arcs,) each."""

    distance: c.Longs
    window: c.Longs
    wishes: c.Longs
    continuity: c.Longs
    affinity: c.Longs
    kept: c.Longs


def terms(problem: Problem, arcs: Arcs) -> Terms:
    """Return the terms of the quality of each arc."""
    return Terms(
        _closeness(problem, arcs),
        _window_preference(problem, arcs),
        _preference(problem, arcs),
        _continuity(problem, arcs),
        _affinity(problem, arcs),
        _kept(problem, arcs),
    )


def quality(problem: Problem, arcs: Arcs) -> c.Longs:
    """Return the quality of each arc, shape (arcs,)."""
    total = _closeness(problem, arcs)
    for term in (_window_preference, _preference, _continuity, _affinity, _kept):
        total += term(problem, arcs)
    return total


def check_exact(problem: Problem, arcs: Arcs, quality: c.Longs) -> None:
    """Refuse weights so large that values would no longer be exact.

    Raises
    ------
    PolicyError
        If all seats that somebody could fill and the quality of all arcs come to 2^53 or more.
    """
    policy, slots = problem.policy, problem.slots
    could = np.bincount(arcs.slot, minlength=len(slots))
    seats = np.minimum(could, problem.posts.seats[slots.post]).astype(np.float64)
    first = problem.requests.priority[slots.request] * (1.0 + policy.early_seat) * policy.seat
    most = float(seats @ first) + float(np.abs(quality.astype(np.float64)).sum())
    most += policy.load_step * float(seats.sum())
    if most >= _EXACT:
        raise PolicyError(
            f"policy seat = {policy.seat}, early_seat = {policy.early_seat:g}, visit = "
            f"{policy.visit}, load_step = {policy.load_step}: with these and the affinities a "
            f"week could be worth {most:.3g}, and proofs are exact below {_EXACT:.3g}; "
            f"divide all weights by {10 ** math.ceil(math.log10(most / _EXACT) + 1e-9):,}"
        )


def _closeness(problem: Problem, arcs: Arcs) -> c.Longs:
    limit = problem.volunteers.travel_km[arcs.volunteer]
    far = np.minimum(arcs.km / np.where(limit > 0, limit, np.inf), 1.0)
    return c.half_up(np.where(np.isnan(far), 0.0, problem.policy.distance * (1 - far)))


def _window_preference(problem: Problem, arcs: Arcs) -> c.Longs:
    """Weigh the lowest preference among the windows that overlap the service."""
    windows, options = problem.windows, problem.options
    first = c.starts_of(windows.volunteer, len(problem.volunteers))
    windows_of = np.diff(first)
    lowest, highest = np.zeros((2, len(problem.volunteers)), np.int32)
    some = windows_of > 0
    if len(windows):
        lowest[some] = np.minimum.reduceat(windows.preference, first[:-1][some])
        highest[some] = np.maximum.reduceat(windows.preference, first[:-1][some])
    result = lowest[arcs.volunteer].astype(np.int64)
    # Only those who prefer some windows to others need a closer look.
    mixed = np.flatnonzero((lowest != highest)[arcs.volunteer])
    counts = windows_of[arcs.volunteer[mixed]]
    blocks = np.searchsorted(np.cumsum(counts), np.arange(_BLOCK, int(counts.sum()) + 1, _BLOCK))
    for rows in np.split(mixed, blocks):
        if not len(rows):
            continue
        volunteer, option = arcs.volunteer[rows], problem.slots.option[arcs.slot[rows]]
        window = c.ranges(first[volunteer], windows_of[volunteer])
        owner = np.repeat(np.arange(len(rows)), windows_of[volunteer])
        overlaps = (windows.start[window] < options.end[option[owner]]) & (
            windows.end[window] > options.start[option[owner]]
        )
        shown = np.where(overlaps, windows.preference[window], 2)
        begin = np.cumsum(windows_of[volunteer]) - windows_of[volunteer]
        result[rows] = np.minimum.reduceat(shown, begin)
    return result * problem.policy.window_preference


def _preference(problem: Problem, arcs: Arcs) -> c.Longs:
    """Add up the matching weights, up to the limit."""
    likes = problem.preferences.take(problem.preferences.weight != 0)
    concerned = np.zeros(len(problem.volunteers), np.bool_)
    concerned[likes.volunteer] = True
    at_arc = np.flatnonzero(concerned[arcs.volunteer])
    volunteer, slot = arcs.volunteer[at_arc], arcs.slot[at_arc]
    total = np.zeros(len(arcs), np.int64)
    for subject in range(len(SUBJECTS)):
        rows = likes.take(likes.subject == subject)
        codes = subject_codes(problem, subject)[slot]
        total[at_arc] += _scores(rows.volunteer, rows.code, rows.weight, volunteer, codes)
    limit = problem.policy.preference_limit
    return np.clip(total, -limit, limit)


def _continuity(problem: Problem, arcs: Arcs) -> c.Longs:
    """Reward earlier visits to the same person."""
    bonds = problem.bonds
    beneficiary = problem.requests.beneficiary[problem.slots.request[arcs.slot]]
    visits = _scores(bonds.volunteer, bonds.beneficiary, bonds.visits, arcs.volunteer, beneficiary)
    return problem.policy.visit * np.minimum(visits, problem.policy.visits_limit)


def _affinity(problem: Problem, arcs: Arcs) -> c.Longs:
    """Add the platform's own scores: that of the post and that of the request."""
    post, request = problem.slots.post[arcs.slot], problem.slots.request[arcs.slot]
    of_post = problem.affinities.take(problem.affinities.post >= 0)
    of_request = problem.affinities.take(problem.affinities.post < 0)
    return _scores(of_post.volunteer, of_post.post, of_post.score, arcs.volunteer, post) + _scores(
        of_request.volunteer, of_request.request, of_request.score, arcs.volunteer, request
    )


def _kept(problem: Problem, arcs: Arcs) -> c.Longs:
    """Reward what had been accepted, or was published."""
    kept = np.zeros(len(arcs), np.int64)
    if np.isin(problem.earlier.status, _KEPT).any():
        kept[Answers(problem, _KEPT).among(arcs.volunteer, arcs.slot)] = problem.policy.kept
    return kept


def _scores(
    volunteer: c.Ints,
    subject: c.Ints,
    score: c.Ints,
    asked_volunteer: c.Ints,
    asked_subject: c.Ints,
) -> c.Longs:
    """Return the score of each pair; 0 where none is given."""
    result = np.zeros(len(asked_volunteer), np.int64)
    if len(volunteer):
        keys = c.combine(volunteer, subject)
        order = np.argsort(keys)
        at = c.lookup(keys[order], c.combine(asked_volunteer, asked_subject))
        result[at >= 0] = score[order][at[at >= 0]]
    return result
