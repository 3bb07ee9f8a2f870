"""The optimum of a tiny world by trying every plan: up to some 4 volunteers and 4 requests.

``optimum(world)`` is the value and a plan (rows), or None where no plan keeps the pins. Weeks that
break a volunteer's own rules are left out, and so are branches that cannot beat the best plan even
if every further service filled a first seat, or if all seats that are left were filled.
"""

from collections import Counter
from itertools import product

from tests.oracle.judge import faults, rows_of, value_of, week_faults
from tests.oracle.reading import Arc, Row, World


def optimum(world: World) -> tuple[int, list[Row]] | None:
    weeks = {
        v: [(dream(world, week), week) for week in weeks_of(world, v) if fits(world, week)]
        for v in world.volunteers
    }
    for ranked in weeks.values():
        ranked.sort(key=lambda pair: -pair[0])
    # Those with the fewest weeks come first; what the others could add is at most `hope`, and
    # `calm` without the seats.
    order = sorted(weeks, key=lambda v: len(weeks[v]))
    most = [weeks[v][0][0] for v in order]
    likes = [max(value_of(world, week, seats=False) for _, week in weeks[v]) for v in order]
    hope = [sum(most[n:]) for n in range(len(order) + 1)]
    calm = [sum(likes[n:]) for n in range(len(order) + 1)]
    best: tuple[int, list[Row]] | None = None

    def extend(n: int, arcs: list[Arc]) -> None:
        nonlocal best
        worth = value_of(world, arcs)
        further = min(hope[n], calm[n] + seats_left(world, arcs))
        if best and worth + further <= best[0]:
            return
        if n == len(order):
            if not faults(world, rows_of(arcs)):
                best = worth, rows_of(arcs)
            return
        for _, week in weeks[order[n]]:
            if fits(world, arcs + week):
                extend(n + 1, arcs + week)

    extend(0, [])
    return best


def weeks_of(world: World, v: str) -> list[list[Arc]]:
    """Return every week that keeps the volunteer's own rules."""
    weeks: list[list[Arc]] = [[]]
    for arc in world.arcs:
        if arc.volunteer == v:
            weeks += [[*week, arc] for week in weeks if not clash(week, arc)]
    who = world.volunteers[v]
    return [week for week in weeks if not week_faults(world, who, week)]


def clash(week: list[Arc], new: Arc) -> bool:
    return any(
        a.start < b.end and b.start < a.end
        for arc in week
        for a, b in product(new.service.meetings, arc.service.meetings)
    )


def dream(world: World, week: list[Arc]) -> int:
    """Return what a week would be worth if each service filled the first seat of its post."""
    requests = [(world.requests[a.service.request], a.post) for a in week]
    seats = sum(request.bonus + request.posts[post].values[0] for request, post in requests)
    return seats + value_of(world, week, seats=False)


def seats_left(world: World, arcs: list[Arc]) -> int:
    """Return what the seats are worth that nobody fills yet."""
    filled = Counter((arc.service.request, arc.post) for arc in arcs)
    posts = ((q.id, post) for q in world.requests.values() for post in q.posts.values())
    served = {arc.service.request for arc in arcs}
    bonuses = sum(q.bonus for q in world.requests.values() if q.id not in served)
    return bonuses + sum(sum(post.values[filled[q, post.name] :]) for q, post in posts)


def fits(world: World, arcs: list[Arc]) -> bool:
    """Tell whether a plan that goes on from here can still keep options and seats."""
    option: dict[str, str | None] = {}
    filled: Counter[tuple[str, str]] = Counter()
    for arc in arcs:
        q = arc.service.request
        filled[q, arc.post] += 1
        if option.setdefault(q, arc.service.option) != arc.service.option:
            return False
        if filled[q, arc.post] > world.requests[q].posts[arc.post].seats:
            return False
    return True
