"""The value of a plan, in one place: seats, quality, load. Whole numbers throughout."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from matching.arcs.eligibility import Arcs
from matching.arcs.meetings import Meetings, meetings_of
from matching.arcs.pair_rules import Answers, subject_codes
from matching.errors import PolicyError
from matching.problem import Problem
from matching.problem import columns as c
from matching.schema import STATUSES, SUBJECTS

_KEPT = (STATUSES.index("accepted"), STATUSES.index("published"))
# Floats hold every whole number up to here: sums below it are exact.
_EXACT = 2.0**53


def seat_value(problem: Problem, post: c.Ints, k: c.Ints | c.Longs) -> c.Longs:
    """Return the value of the k-th filled seat of each post; it falls with k.

    What a request gains by being served at all is its first seat's, where it has only one post;
    for others see `shared_bonus`.

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
    value = c.half_up(policy.seat * priority * (1 + policy.early_seat * (seats - k) / seats))
    return value + np.where(k == 1, problem.posts.bonus[post], 0)


def shared_bonus(problem: Problem) -> c.Longs:
    """Return what the first person of all its posts adds to each request, beyond a seat.

    Returns
    -------
    int64 array, shape (requests,)
    """
    requests, posts = problem.requests, problem.posts
    of_posts = np.bincount(posts.request, posts.bonus, minlength=len(requests))
    return requests.bonus.astype(np.int64) - of_posts.astype(np.int64)


def fewest_people(problem: Problem) -> c.Ints:
    """Return how many people serve each request at least, if it is said to be served.

    That is the minimum, and one where being served is worth something by itself.
    """
    fewest: c.Ints = np.maximum(problem.requests.min_people, shared_bonus(problem) > 0)
    return fewest


def next_seat(problem: Problem, filled: c.Longs, post: c.Ints) -> c.Longs:
    """Return what one more person adds by the seat at some posts, each as if it were the only one.

    Parameters
    ----------
    problem : Problem
    filled : int64 array, shape (posts,)
        How many there are at each post of the week.
    post : int32 array
    """
    request = problem.posts.request
    people = np.bincount(request, filled, minlength=len(problem.requests))
    first = np.where(people == 0, shared_bonus(problem), 0)[request[post]]
    return seat_value(problem, post, filled[post] + 1) + first


def first_load(problem: Problem) -> c.Longs:
    """Return what any service of each volunteer costs, shape (volunteers,).

    The k-th costs ``policy.load_step * (k - 1)`` more, and the first ``policy.load_first``.
    """
    policy = problem.policy
    lately = np.minimum(1.0, problem.volunteers.recent_hours / policy.load_recent_hours)
    return c.half_up(policy.load_recent * lately)


def total_load(problem: Problem, each: c.Longs, shifts: c.Longs) -> c.Longs:
    """Return the load of so many shifts of some volunteers, any of which costs each so much."""
    policy = problem.policy
    steps = shifts * (shifts - 1) // 2
    cost: c.Longs = shifts * each + policy.load_step * steps + policy.load_first * (shifts > 0)
    return cost


def rising_load(problem: Problem, shift: c.Longs) -> c.Longs:
    """Return what each shift, the first is 0, costs beside the first load, where none costs less.

    Where to call somebody costs more than a second shift of theirs, that is less than the load: the
    slope, rounded down, of the line from nothing at all that touches the load from below.
    """
    policy = problem.policy
    rising = policy.load_step * shift
    if not policy.load_first:
        return rising
    rising = rising + np.where(shift == 0, policy.load_first, 0)
    if policy.load_first <= policy.load_step:
        return rising
    # On average n shifts cost load_first / n + load_step * (n - 1) / 2.
    n = np.arange(1, max(1, len(problem.requests)) + 1, dtype=np.int64)
    average = policy.load_first / n + policy.load_step * (n - 1) / 2
    least = int(np.argmin(average))
    slope = int((policy.load_first + policy.load_step * least * (least + 1) // 2) // (least + 1))
    return np.where(shift <= least, slope, rising)


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
    found = Terms(*(np.zeros(len(arcs), np.int64) for _ in _TERMS))
    for add, term in zip(_TERMS, found, strict=True):
        add(problem, arcs, term)
    return found


def quality(problem: Problem, arcs: Arcs) -> c.Longs:
    """Return the quality of each arc, shape (arcs,)."""
    total = np.zeros(len(arcs), np.int64)
    for add in _TERMS:
        add(problem, arcs, total)
    return total


def check_exact(problem: Problem, arcs: Arcs, quality: c.Longs) -> None:
    """Refuse weights so large that values would no longer be exact.

    Raises
    ------
    PolicyError
        If all seats that somebody could fill and the quality of all arcs come to 2^53 or more.
    """
    policy, slots = problem.policy, problem.slots
    could = arcs.of_slots(problem)
    seats = np.minimum(could, problem.posts.seats[slots.post]).astype(np.float64)
    first = problem.requests.priority[slots.request] * (1.0 + policy.early_seat) * policy.seat
    most = float(seats @ first) + float(np.abs(quality).sum(dtype=np.float64))
    most += (policy.load_step + policy.load_first + policy.equity) * float(seats.sum())
    most += float(problem.requests.bonus.sum(dtype=np.float64))
    if most >= _EXACT:
        raise PolicyError(
            f"policy seat = {policy.seat}, early_seat = {policy.early_seat:g}, visit = "
            f"{policy.visit}, load_step = {policy.load_step}, equity = {policy.equity}: with "
            f"these, bonuses and affinities a week could be worth {most:.3g}, and proofs are exact "
            f"below {_EXACT:.3g}; divide all weights by "
            f"{10 ** math.ceil(math.log10(most / _EXACT) + 1e-9):,}"
        )


def _add_closeness(problem: Problem, arcs: Arcs, total: c.Longs) -> None:
    limit = problem.volunteers.travel_km
    limit = np.where(limit > 0, limit, np.inf)
    for block in c.blocks(len(arcs)):
        far = np.minimum(arcs.km[block] / limit[arcs.volunteer[block]], 1.0)
        near = np.where(np.isnan(far), 0.0, problem.policy.distance * (1 - far))
        total[block] += c.half_up(near)


def _add_window_preference(problem: Problem, arcs: Arcs, total: c.Longs) -> None:
    """Weigh the lowest preference among the windows that overlap the service."""
    windows, options = problem.windows, problem.options
    first = c.starts_of(windows.volunteer, len(problem.volunteers))
    windows_of = np.diff(first)
    lowest, highest = np.zeros((2, len(problem.volunteers)), np.int32)
    some = windows_of > 0
    if len(windows):
        lowest[some] = np.minimum.reduceat(windows.preference, first[:-1][some])
        highest[some] = np.maximum.reduceat(windows.preference, first[:-1][some])
    mixed = lowest != highest
    meetings = meetings_of(problem)
    for block in c.blocks(len(arcs)):
        who = arcs.volunteer[block]
        shown = lowest[who]
        # Only those who prefer some windows to others need a closer look.
        rows = np.flatnonzero(mixed[who])
        if len(rows):
            volunteer, option = who[rows], problem.slots.option[arcs.slot[block][rows]]
            many = windows_of[volunteer]
            window = c.ranges(first[volunteer], many)
            service = np.repeat(option, many)
            overlaps = windows.start[window] < options.end[service]
            overlaps &= windows.end[window] > options.start[service]
            if len(problem.sessions):
                overlaps &= _meets(meetings, service, windows.start[window], windows.end[window])
            preference = np.where(overlaps, windows.preference[window], 2)
            shown[rows] = np.minimum.reduceat(preference, np.cumsum(many) - many)
        total[block] += problem.policy.window_preference * shown.astype(np.int64)


def _meets(meetings: Meetings, option: c.Ints, start: c.Ints, end: c.Ints) -> c.Bools:
    """Tell which windows overlap some meeting of an option each."""
    first = meetings.first
    many = first[option + 1] - first[option]
    row, meeting = np.repeat(np.arange(len(option)), many), c.ranges(first[option], many)
    overlaps = (start[row] < meetings.end[meeting]) & (meetings.start[meeting] < end[row])
    meets: c.Bools = np.bincount(row[overlaps], minlength=len(option)) > 0
    return meets


def _add_preference(problem: Problem, arcs: Arcs, total: c.Longs) -> None:
    """Add up the matching weights, up to the limit."""
    likes = problem.preferences.take(problem.preferences.weight != 0)
    if not len(likes):
        return
    at = _rows_of(problem, arcs, likes.volunteer)
    weight = np.zeros(len(at), np.int64)
    for subject in range(len(SUBJECTS)):
        some = likes.take(likes.subject == subject)
        codes = subject_codes(problem, subject)[arcs.slot[at]]
        weight += _scores(some.volunteer, some.code, some.weight, arcs.volunteer[at], codes)
    limit = problem.policy.preference_limit
    total[at] += np.clip(weight, -limit, limit)


def _add_continuity(problem: Problem, arcs: Arcs, total: c.Longs) -> None:
    """Reward earlier visits to the same person."""
    bonds = problem.bonds
    if not len(bonds):
        return
    at = _rows_of(problem, arcs, bonds.volunteer)
    beneficiary = problem.requests.beneficiary[problem.slots.request[arcs.slot[at]]]
    asked = arcs.volunteer[at], beneficiary
    visits = _scores(bonds.volunteer, bonds.beneficiary, bonds.visits, *asked)
    total[at] += problem.policy.visit * np.minimum(visits, problem.policy.visits_limit)


def _add_affinity(problem: Problem, arcs: Arcs, total: c.Longs) -> None:
    """Add the platform's own scores: that of the post and that of the request."""
    scores = problem.affinities
    if not len(scores):
        return
    at = _rows_of(problem, arcs, scores.volunteer)
    for some, names, of_slot in (
        (scores.take(scores.post >= 0), "post", problem.slots.post),
        (scores.take(scores.post < 0), "request", problem.slots.request),
    ):
        asked = arcs.volunteer[at], of_slot[arcs.slot[at]]
        total[at] += _scores(some.volunteer, getattr(some, names), some.score, *asked)


def _add_kept(problem: Problem, arcs: Arcs, total: c.Longs) -> None:
    """Reward what had been accepted, or was published."""
    if np.isin(problem.earlier.status, _KEPT).any():
        kept = Answers(problem, _KEPT).among(arcs.volunteer, arcs.slot)
        total[kept] += problem.policy.kept


# In the order of `Terms`.
_TERMS = (
    _add_closeness,
    _add_window_preference,
    _add_preference,
    _add_continuity,
    _add_affinity,
    _add_kept,
)


def _rows_of(problem: Problem, arcs: Arcs, volunteer: c.Ints) -> c.Longs:
    """Return the arcs of some volunteers."""
    concerned = np.zeros(len(problem.volunteers), np.bool_)
    concerned[volunteer] = True
    return np.flatnonzero(concerned[arcs.volunteer])


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
